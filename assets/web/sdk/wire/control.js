// Rare messages with texts and lists: Hello, Welcome, Redirect. bincode 2 in its standard form, as PROTOCOL.md's "Control messages" says.
//
// Lengths are believed only as far as there are bytes. Each message ends in extensions, each with its length, so that a newer side can say
// more and an older one skips it.
//
// Numbers of 64 bits are BigInts: fingerprints and the like, which are only compared.
//
// Never here: what is settled by them (see agreement).

import { DecodeError } from "../bits/reader.js";
import { EXTENSION_BYTES_MAX } from "../limits.js";

/** A bit in `features`: frames carry all 64 bits of the digest. */
export const FEATURE_FULL_DIGEST = 1;
/** A bit in `features`: it sees everything, is told who may see what, and plays nothing. */
export const FEATURE_AUDIT = 2;
/** The extension of a Welcome that says what the room is called, in bytes of UTF-8: who was sent to any room comes back to this one. */
export const EXTENSION_ROOM = 1;

/**
 * Something a newer side says that a message had no place for.
 * @typedef {object} Extension
 * @property {number} id
 * @property {Uint8Array} bytes
 */

/**
 * The first message of a client.
 * @typedef {object} Hello
 * @property {number} protocolMin oldest protocol version it speaks
 * @property {number} protocolMax newest protocol version it speaks
 * @property {bigint | null} schema fingerprint of the schema that it holds already
 * @property {bigint | null} tables fingerprint of the code tables that it holds already
 * @property {number} features `FEATURE_…` bits
 * @property {"player" | "spectator"} role
 * @property {string} name at most 32 bytes of UTF-8
 * @property {Uint8Array | null} resume the secret (16 bytes) of the seat that it wants back
 * @property {Extension[]} extensions
 */

/**
 * What a client must respect.
 * @typedef {object} WelcomeLimits
 * @property {number} messageBytes largest message
 * @property {number} messagesPerSecond in the long run
 * @property {number} inputAheadTicks how many ticks ahead of the room an input may be named
 * @property {number} catchUpTicks how many ticks one step may cover
 * @property {number} viewEnterUnits within this distance something enters the view, in world units; 0: distance does not matter
 * @property {number} viewLeaveUnits beyond this distance it leaves the view
 */

/**
 * The answer to Hello: all that a client must know before the first frame.
 * @typedef {object} Welcome
 * @property {number} protocol the version spoken from here on
 * @property {bigint} incarnation names this life of the room
 * @property {number} player our number in the room; it is no slot
 * @property {number} tickRateHz
 * @property {number} tick the newest finished tick
 * @property {number} slotBits
 * @property {bigint} schemaFingerprint
 * @property {Uint8Array | null} schema unless we said that we hold it
 * @property {bigint} tablesFingerprint
 * @property {Uint8Array | null} tables unless we said that we hold them
 * @property {bigint} mapsHash see `mapsHash` in agreement.js; 0 without a map
 * @property {string} maps the names of the maps, in order, with commas between
 * @property {number} features those that were granted
 * @property {WelcomeLimits} limits
 * @property {number} delayMs how long after the players a spectator sees things; 0 for everybody else
 * @property {Uint8Array | null} resume the secret that gives this seat back, if the server keeps seats
 * @property {Extension[]} extensions
 */

/**
 * Go on at another server.
 * @typedef {object} Redirect
 * @property {string} url
 * @property {string} ticket empty if none is needed
 * @property {Extension[]} extensions
 */

/**
 * Writes a Hello, behind the kind of message. Inverse of `readHello`.
 * @param {ControlWriter} out
 * @param {Hello} hello
 */
export function writeHello(out, hello) {
  out.integer(hello.protocolMin);
  out.integer(hello.protocolMax);
  out.option(hello.schema, (fingerprint) => out.integer(fingerprint));
  out.option(hello.tables, (fingerprint) => out.integer(fingerprint));
  out.integer(hello.features);
  out.integer(hello.role === "spectator" ? 1 : 0);
  out.text(hello.name);
  out.option(hello.resume, (secret) => out.raw(secret));
  out.list(hello.extensions, (extension) => {
    out.integer(extension.id);
    out.integer(extension.bytes.length);
    out.raw(extension.bytes);
  });
}

/**
 * Reads a Hello: nobody says one to a client, but whoever writes a thing also reads it.
 * @param {Uint8Array} bytes behind the kind of message
 * @returns {Hello}
 */
export function readHello(bytes) {
  const from = new ControlReader(bytes, "hello");
  /** @type {Hello} */
  const hello = {
    protocolMin: from.u16(),
    protocolMax: from.u16(),
    schema: from.option(() => from.u64()),
    tables: from.option(() => from.u64()),
    features: from.u32(),
    role: from.oneOf(["player", "spectator"]),
    name: from.text(),
    resume: from.option(() => from.raw(16)),
    extensions: from.extensions(),
  };
  from.finish();
  return hello;
}

/**
 * Reads a Welcome.
 * @param {Uint8Array} bytes behind the kind of message
 * @returns {Welcome}
 */
export function readWelcome(bytes) {
  const from = new ControlReader(bytes, "welcome");
  /** @type {Welcome} */
  const welcome = {
    protocol: from.u16(),
    incarnation: from.u64(),
    player: from.u32(),
    tickRateHz: from.u16(),
    tick: from.u32(),
    slotBits: from.u8(),
    schemaFingerprint: from.u64(),
    schema: from.option(() => from.bytes()),
    tablesFingerprint: from.u64(),
    tables: from.option(() => from.bytes()),
    mapsHash: from.u64(),
    maps: from.text(),
    features: from.u32(),
    limits: {
      messageBytes: from.u32(),
      messagesPerSecond: from.u32(),
      inputAheadTicks: from.u32(),
      catchUpTicks: from.u32(),
      viewEnterUnits: from.u32(),
      viewLeaveUnits: from.u32(),
    },
    delayMs: from.u32(),
    resume: from.option(() => from.raw(16)),
    extensions: from.extensions(),
  };
  from.finish();
  return welcome;
}

/**
 * Reads a Redirect.
 * @param {Uint8Array} bytes behind the kind of message
 * @returns {Redirect}
 */
export function readRedirect(bytes) {
  const from = new ControlReader(bytes, "redirect");
  const redirect = { url: from.text(), ticket: from.text(), extensions: from.extensions() };
  from.finish();
  return redirect;
}

/** Writes bincode. */
export class ControlWriter {
  constructor() {
    /** @type {number[]} */
    this.out = [];
  }

  /** @param {number} byte */
  u8(byte) {
    this.out.push(byte & 0xff);
  }

  /**
   * A whole number from 0 up, of at most 64 bits, in as few bytes as it fits.
   * @param {number | bigint} value
   */
  integer(value) {
    const number = BigInt(value);
    if (number < 0n || number >= 1n << 64n) throw new RangeError(`${value} is no number of 64 bits`);
    if (number <= 250n) return this.u8(Number(number));
    const size = number < 1n << 16n ? 0 : number < 1n << 32n ? 1 : 2;
    this.u8(251 + size);
    for (let byte = 0; byte < 2 << size; byte++) this.u8(Number((number >> BigInt(8 * byte)) & 255n));
  }

  /** @param {Uint8Array} bytes */
  raw(bytes) {
    for (const byte of bytes) this.u8(byte);
  }

  /** @param {string} text */
  text(text) {
    const bytes = new TextEncoder().encode(text);
    this.integer(bytes.length);
    this.raw(bytes);
  }

  /**
   * @template T
   * @param {T | null} value
   * @param {(value: T) => void} write
   */
  option(value, write) {
    this.u8(value === null ? 0 : 1);
    if (value !== null) write(value);
  }

  /**
   * @template T
   * @param {T[]} items
   * @param {(item: T) => void} write
   */
  list(items, write) {
    this.integer(items.length);
    items.forEach(write);
  }

  /** @returns {Uint8Array} */
  intoBytes() {
    return Uint8Array.from(this.out);
  }
}

/** Reads bincode out of hostile hands: whatever is wrong is a DecodeError of kind `control`. */
export class ControlReader {
  /**
   * @param {Uint8Array} from
   * @param {string} message what is read
   */
  constructor(from, message) {
    this.from = from;
    this.view = new DataView(from.buffer, from.byteOffset, from.byteLength);
    this.at = 0;
    this.message = message;
  }

  /** @returns {never} */
  refuse() {
    throw DecodeError.control(this.message);
  }

  /**
   * Where so many bytes begin, which are then taken.
   * @param {number} bytes
   */
  advance(bytes) {
    const at = this.at;
    if (bytes > this.from.length - at) this.refuse();
    this.at = at + bytes;
    return at;
  }

  u8() {
    return this.from[this.advance(1)];
  }

  u16() {
    const first = this.u8();
    if (first <= 250) return first;
    if (first === 251) return this.view.getUint16(this.advance(2), true);
    return this.refuse();
  }

  u32() {
    const first = this.u8();
    if (first <= 250) return first;
    if (first === 251) return this.view.getUint16(this.advance(2), true);
    if (first === 252) return this.view.getUint32(this.advance(4), true);
    return this.refuse();
  }

  /** @returns {bigint} */
  u64() {
    const first = this.u8();
    if (first <= 250) return BigInt(first);
    if (first === 251) return BigInt(this.view.getUint16(this.advance(2), true));
    if (first === 252) return BigInt(this.view.getUint32(this.advance(4), true));
    if (first === 253) return this.view.getBigUint64(this.advance(8), true);
    return this.refuse();
  }

  /** A varint of a zigzag. */
  i32() {
    const value = this.u32();
    return (value >>> 1) ^ -(value & 1);
  }

  bool() {
    const byte = this.u8();
    return byte > 1 ? this.refuse() : byte === 1;
  }

  /** A length: no more than there are bytes. */
  length() {
    const length = this.u64();
    return length > BigInt(this.from.length - this.at) ? this.refuse() : Number(length);
  }

  /** @param {number} count */
  raw(count) {
    const at = this.advance(count);
    return this.from.slice(at, at + count);
  }

  bytes() {
    return this.raw(this.length());
  }

  text() {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.bytes());
    } catch (error) {
      if (error instanceof DecodeError) throw error;
      return this.refuse();
    }
  }

  /**
   * @template T
   * @param {() => T} read
   * @returns {T | null}
   */
  option(read) {
    return this.bool() ? read() : null;
  }

  /**
   * A list; each of its items takes a byte at least.
   * @template T
   * @param {() => T} read
   * @returns {T[]}
   */
  list(read) {
    /** @type {T[]} */
    const items = [];
    for (let left = this.length(); left > 0; left--) items.push(read());
    return items;
  }

  /**
   * @template {string} T
   * @param {T[]} names
   * @returns {T}
   */
  oneOf(names) {
    const number = this.u32();
    return number < names.length ? names[number] : this.refuse();
  }

  /** @returns {Extension[]} */
  extensions() {
    const extensions = this.list(() => ({ id: this.u16(), bytes: this.bytes() }));
    const total = extensions.reduce((sum, extension) => sum + extension.bytes.length + 2, 0);
    return total > EXTENSION_BYTES_MAX ? this.refuse() : extensions;
  }

  finish() {
    if (this.at !== this.from.length) throw DecodeError.trailingBits(8 * (this.from.length - this.at));
  }
}
