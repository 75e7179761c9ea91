// A clock that goes when it is told, and sockets whose other end is the test: so that a minute of trouble takes a millisecond.
//
//   FakeTimers.advance(ms) ─► timers due, in order          FakeSocket: what the client sent ─► sent()     welcome(), full(), step() ─► client
//
// Never here: a server's rules.

import { readFileSync } from "node:fs";
import { BitReader } from "../../../assets/web/sdk/bits/reader.js";
import { BitWriter } from "../../../assets/web/sdk/bits/writer.js";
import { xxh3 } from "../../../assets/web/sdk/bits/xxh3.js";
import { ControlReader, ControlWriter, readHello } from "../../../assets/web/sdk/wire/control.js";
import { readSchema } from "../../../assets/web/sdk/schema/fingerprint.js";
import { readValues } from "../../../assets/web/sdk/wire/values.js";
import { PROTOCOL } from "../../../assets/web/sdk/wire/version.js";

/**
 * A golden file's bytes.
 * @param {string} name
 */
export function golden(name) {
  const text = readFileSync(new URL(`../../golden/${name}.hex`, import.meta.url), "utf8");
  const lines = text.split("\n").filter((line) => !line.startsWith("#"));
  return Uint8Array.from(lines.join(" ").match(/[0-9a-f]{2}/g) ?? [], (byte) => parseInt(byte, 16));
}

export const SCHEMA_BYTES = golden("schema");
export const TABLES_BYTES = golden("tables");
export const SCHEMA = readSchema(SCHEMA_BYTES);
/** Milliseconds of a tick at 30 Hz. */
export const TICK_MS = 1000 / 30;

/** Time that stands still until the test moves it. */
export class FakeTimers {
  constructor() {
    this.ms = 0;
    this.numbers = 0;
    /** @type {Map<number, { at: number, wake: () => void }>} */
    this.timers = new Map();
    this.now = () => this.ms;
    /** @type {(wake: () => void, ms: number) => number} */
    this.setTimeout = (wake, ms) => {
      this.timers.set(++this.numbers, { at: this.ms + Math.max(ms, 0), wake });
      return this.numbers;
    };
    /** @type {(timer: number) => void} */
    this.clearTimeout = (timer) => void this.timers.delete(timer);
    /** @type {(run: () => void) => void} */
    this.soon = (run) => void this.setTimeout(run, 0);
  }

  /**
   * Lets time pass; what is due runs in its order, and promises settle between.
   * @param {number} ms
   */
  async advance(ms) {
    const end = this.ms + ms;
    await settled();
    for (;;) {
      const due = [...this.timers].filter(([, timer]) => timer.at <= end).sort(([, one], [, other]) => one.at - other.at)[0];
      if (due === undefined) break;
      this.timers.delete(due[0]);
      this.ms = Math.max(this.ms, due[1].at);
      due[1].wake();
      await settled();
    }
    this.ms = end;
    await settled();
  }
}

/** Promises that are settled run what waits for them. */
export async function settled() {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

/** A WebSocket whose other end is the test. `all` holds every one that was made. */
export class FakeSocket {
  /** @type {FakeSocket[]} */
  static all = [];

  /**
   * @param {string} url
   * @param {string[]} protocols
   */
  constructor(url, protocols) {
    this.url = url;
    this.protocols = protocols;
    this.binaryType = "blob";
    this.readyState = 0;
    this.bufferedAmount = 0;
    /** @type {Uint8Array[]} */
    this.messages = [];
    /** @type {{ code: number | undefined, reason: string | undefined } | null} */
    this.closing = null;
    /** @type {((event: any) => void) | null} */
    this.onopen = null;
    /** @type {((event: any) => void) | null} */
    this.onmessage = null;
    /** @type {((event: any) => void) | null} */
    this.onclose = null;
    /** @type {((event: any) => void) | null} */
    this.onerror = null;
    FakeSocket.all.push(this);
  }

  /** The newest one. */
  static get last() {
    return /** @type {FakeSocket} */ (FakeSocket.all.at(-1));
  }

  /** @param {Uint8Array} bytes */
  send(bytes) {
    this.messages.push(bytes);
  }

  /**
   * @param {number} [code]
   * @param {string} [reason]
   */
  close(code, reason) {
    this.closing = { code, reason };
    this.readyState = 2;
  }

  open() {
    this.readyState = 1;
    this.onopen?.({});
  }

  /** @param {Uint8Array} bytes */
  say(bytes) {
    this.onmessage?.({ data: bytes.slice().buffer });
  }

  /**
   * The end, as a browser tells it.
   * @param {number} code
   * @param {string} [reason]
   */
  end(code, reason = "") {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }

  /**
   * What the client sent since we last looked, read.
   * @returns {any[]}
   */
  sent() {
    return this.messages.splice(0).map((bytes) => readClientMessage(bytes));
  }

  /** Opens, greets and brings an empty world: the client is in. @param {Parameters<typeof welcome>[0]} [what] */
  letIn(what = {}) {
    this.open();
    this.say(welcome(what));
    this.say(full((what.tick ?? 1_000) + 1));
  }
}

/**
 * A message of the client. Ticks are their low 16 bits.
 * @param {Uint8Array} bytes
 */
export function readClientMessage(bytes) {
  const reader = new BitReader(bytes);
  const kind = reader.read(8, "kind");
  switch (kind) {
    case 1:
      return { kind: "hello", ...readHello(bytes.subarray(1)) };
    case 2: {
      const [tick, newest, older] = [0, 0, 0].map(() => reader.read(16, "tick"));
      const [span, sixteenths] = [reader.read(5, "span"), reader.read(9, "place")];
      const codes = reader.readBool("same") ? "same" : readValues(reader, SCHEMA.input);
      return { kind: "input", tick, newest, view: { older, span, sixteenths }, codes };
    }
    case 3:
      return { kind: "confirm", newest: reader.read(16, "tick") };
    case 4:
      return { kind: "pause", on: reader.readBool("on") };
    case 5:
      return { kind: "resync", tick: reader.read(16, "tick") };
    case 6:
      return { kind: "ping", stamp: reader.read(32, "stamp") };
    case 7:
      return { kind: "request", number: reader.read(16, "number"), request: reader.read(8, "kind") };
    case 9:
      return { kind: "renew", ticket: new ControlReader(bytes.subarray(1), "renew").text() };
    default:
      return { kind: kind === 8 ? "bye" : `unknown ${kind}` };
  }
}

/**
 * A Welcome to the golden game.
 * @param {{ tick?: number, protocol?: number, schema?: Uint8Array | null, tables?: Uint8Array | null, schemaFingerprint?: bigint,
 *   tickRateHz?: number, ahead?: number, incarnation?: bigint, player?: number, secret?: number | null, room?: string }} [what]
 *   `secret`: 16 times this byte gives the seat back
 */
export function welcome(what = {}) {
  const { tick = 1_000, protocol = PROTOCOL, schema = SCHEMA_BYTES, tables = TABLES_BYTES, tickRateHz = 30, ahead = 64 } = what;
  const { incarnation = 7n, player = 1, secret = null, room = "lobby" } = what;
  const out = new ControlWriter();
  out.u8(1);
  out.integer(protocol);
  out.integer(incarnation);
  out.integer(player);
  out.integer(tickRateHz);
  out.integer(tick);
  // A whole byte, not a varint.
  out.u8(6);
  out.integer(what.schemaFingerprint ?? xxh3(SCHEMA_BYTES));
  out.option(schema, (bytes) => (out.integer(bytes.length), out.raw(bytes)));
  out.integer(xxh3(TABLES_BYTES));
  out.option(tables, (bytes) => (out.integer(bytes.length), out.raw(bytes)));
  out.integer(0);
  out.text("");
  out.integer(0);
  for (const limit of [4096, 300, ahead, 16, 0, 0]) out.integer(limit);
  out.integer(0);
  out.option(secret, (byte) => out.raw(secretOf(byte)));
  out.list(secret === null ? [] : [room], (name) => (out.integer(1), out.text(name)));
  return out.intoBytes();
}

/**
 * The secret of a seat in these tests.
 * @param {number} byte
 */
export function secretOf(byte) {
  return new Uint8Array(16).fill(byte);
}

/**
 * A full frame of an empty world.
 * @param {number} tick
 * @param {{ complete?: boolean, digest?: number }} [what]
 */
export function full(tick, { complete = true, digest = 0 } = {}) {
  const out = new BitWriter();
  out.write(2, 8);
  out.write(1, 2);
  out.write(tick & 0xffff, 16);
  out.write(0, 8);
  rest(out, null, complete, digest, 4);
  return out.intoBytes();
}

/**
 * A step of an empty world.
 * @param {number} tick
 * @param {{ covered?: number, own?: number, early?: number | null, digest?: number }} [what] `early` in 1/16 tick
 */
export function step(tick, { covered = 1, own = 1, early = 16, digest = 0 } = {}) {
  const out = new BitWriter();
  const ordinary = covered === 1 && own === 1;
  out.write((tick & 31) | (ordinary ? 32 : 0) | 128, 8);
  if (!ordinary) {
    out.write(covered - 1, 4);
    out.write(own, covered);
  }
  rest(out, early, true, digest, 8);
  return out.intoBytes();
}

/** @param {number} tick */
export function keepAlive(tick) {
  const out = new BitWriter();
  out.write(2, 8);
  out.write(2, 2);
  out.write(tick & 0xffff, 16);
  return out.intoBytes();
}

/**
 * @param {BitWriter} out
 * @param {number | null} early
 * @param {boolean} complete
 * @param {number} digest
 * @param {number} sections flags of leaves and sections, all unset
 */
function rest(out, early, complete, digest, sections) {
  if (early === null) {
    out.write(1, 2);
  } else {
    out.writeBool(early < 0 || early > 31);
    if (early < 0 || early > 31) out.write(1 | ((early & 255) << 1), 9);
    else out.write(early, 5);
  }
  out.writeBool(false);
  out.writeBool(false);
  out.writeBool(complete);
  out.write(0, sections);
  out.writeBool(false);
  out.write(digest, 16);
}

/** @param {number} stamp */
export function pong(stamp) {
  const out = new BitWriter();
  out.write(3, 8);
  out.write(stamp, 32);
  return out.intoBytes();
}

/**
 * @param {number} number
 * @param {number | null} reason
 */
export function reply(number, reason) {
  const out = new BitWriter();
  out.write(4, 8);
  out.write(number, 16);
  out.writeBool(reason === null);
  if (reason !== null) out.write(reason, 8);
  return out.intoBytes();
}

/**
 * @param {number} reason
 * @param {number} seconds
 */
export function notice(reason, seconds) {
  const out = new BitWriter();
  out.write(8, 8);
  out.write(reason, 8);
  out.write(seconds, 16);
  return out.intoBytes();
}

/** Chance that is the same every time: a linear congruence (Numerical Recipes). */
export function seeded(seed = 7) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
