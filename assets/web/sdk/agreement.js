// What Hello and Welcome settle: the protocol, the schema and its layout, the tables, the rates and the limits.
//
// The server describes its own game, so a client that was never built for it can play. What we cannot speak is refused here, by name,
// before the first frame; after this nobody asks again.
//
// Never here: what happens with it (see session).

import { DecodeError } from "./bits/reader.js";
import { xxh3 } from "./bits/xxh3.js";
import { Tables } from "./codec/tables.js";
import { INPUT_AHEAD_TICKS_MAX } from "./limits.js";
import { Layout } from "./schema/facet.js";
import { readSchema } from "./schema/fingerprint.js";
import { SchemaError } from "./schema/registry.js";
import { FEATURE_AUDIT, FEATURE_FULL_DIGEST } from "./wire/control.js";
import { PROTOCOL, PROTOCOL_OLDEST } from "./wire/version.js";

/** @typedef {import("./wire/control.js").Hello} Hello */
/** @typedef {import("./wire/control.js").Welcome} Welcome */

/**
 * The newest tick that a room can be at where we join it: ticks do not wrap, and beyond this one no room goes on long enough to be worth
 * joining.
 */
const TICK_MAX = 2 ** 32 - 1 - (1 << 24);

/**
 * Why we cannot play on this server. All but `version` are the server's fault.
 *
 * - `version`: it speaks another protocol than we offered: load the newest client
 * - `newer`: its schema has a word that this build does not know: load the newest client
 * - `left-out`: it left out the schema or the tables, which we do not hold
 * - `schema`: its schema is broken or cannot be used
 * - `fingerprint`: its schema is not the one that its fingerprint names
 * - `tables`: its code tables are broken
 * - `no-audit`: it was asked to let us audit, and takes us for a player
 * - `number`: a number is out of any sense
 *
 * @typedef {"version" | "newer" | "left-out" | "schema" | "fingerprint" | "tables" | "no-audit" | "number"} DisagreementKind
 */

/** We cannot play on this server. */
export class Disagreement extends Error {
  /**
   * @param {DisagreementKind} kind
   * @param {string} says
   * @param {unknown} [cause]
   */
  constructor(kind, says, cause) {
    super(says, { cause });
    this.name = "Disagreement";
    /** @type {DisagreementKind} */
    this.kind = kind;
  }
}

/**
 * Schema and tables that a client held on to: with them the next Welcome is short.
 * @typedef {object} Known
 * @property {Uint8Array} schema
 * @property {bigint} schemaFingerprint
 * @property {Uint8Array} tables
 * @property {bigint} tablesFingerprint
 */

/**
 * Everything that is settled before the first frame.
 * @typedef {object} Agreement
 * @property {number} protocol the version spoken
 * @property {import("./schema/registry.js").Schema} schema what is played
 * @property {Layout} layout laid out for the codec
 * @property {Tables} tables the prefix codes
 * @property {boolean} wholeDigest frames carry all 64 bits of the digest
 * @property {number} player our number in the room
 * @property {bigint} incarnation names this life of the room
 * @property {number} tickRateHz
 * @property {number} tick the newest finished tick when the Welcome was written
 * @property {string[]} maps the names of the maps, in order; empty without any
 * @property {bigint} mapsHash see `mapsHash`
 * @property {import("./wire/control.js").WelcomeLimits} limits what we must respect
 * @property {number} delayMs how long after the players we see things: above 0 only for a spectator
 * @property {Known} known to hold on to for the next time
 */

/**
 * The Hello of a client.
 * @param {object} wishes
 * @param {string} wishes.name at most 32 bytes of UTF-8
 * @param {boolean} [wishes.watch] only to look on
 * @param {boolean} [wishes.audit] to see everything and to be told who may see what; only where the server allows it
 * @param {boolean} [wishes.wholeDigest] frames shall carry all 64 bits of the digest
 * @param {Uint8Array | null} [wishes.resume] the secret of the seat that it wants back
 * @param {Known | null} [wishes.known] what it held on to
 * @returns {Hello} for `writeHello` in wire/client_message.js
 */
export function hello({ name, watch = false, audit = false, wholeDigest = false, resume = null, known = null }) {
  return {
    protocolMin: PROTOCOL_OLDEST,
    protocolMax: PROTOCOL,
    schema: known && known.schemaFingerprint,
    tables: known && known.tablesFingerprint,
    features: (wholeDigest ? FEATURE_FULL_DIGEST : 0) | (audit ? FEATURE_AUDIT : 0),
    role: watch ? "spectator" : "player",
    name,
    resume,
    extensions: [],
  };
}

/**
 * What a Welcome settles, given what we asked for and held when we said Hello.
 * @param {Welcome} welcome
 * @param {object} [asked]
 * @param {boolean} [asked.audit]
 * @param {Known | null} [asked.known]
 * @returns {Agreement}
 * @throws {Disagreement} we cannot play here
 */
export function settle(welcome, { audit = false, known = null } = {}) {
  const { protocol, tickRateHz, slotBits, tick } = welcome;
  if (protocol < PROTOCOL_OLDEST || protocol > PROTOCOL) {
    const ours = PROTOCOL_OLDEST === PROTOCOL ? `${PROTOCOL}` : `${PROTOCOL_OLDEST} to ${PROTOCOL}`;
    throw new Disagreement("version", `the server speaks protocol version ${protocol}; this client speaks ${ours}`);
  }
  checkNumber("tick rate", tickRateHz, 1, 1_000);
  checkNumber("slot bits", slotBits, 1, 16);
  checkNumber("tick", tick, 0, TICK_MAX);
  if (audit && (welcome.features & FEATURE_AUDIT) === 0) {
    throw new Disagreement("no-audit", "the server let us in as a player, not as an auditor");
  }
  const held = settleKnown(welcome, known);
  const { schema, layout } = read("schema", () => {
    const schema = readSchema(held.schema);
    return { schema, layout: new Layout(schema, slotBits) };
  });
  if (xxh3(held.schema) !== welcome.schemaFingerprint) {
    throw new Disagreement("fingerprint", "the server's schema is not the one that its fingerprint names");
  }
  const tables = read("tables", () => Tables.fromBytes(held.tables, layout));
  const ahead = Math.min(Math.max(welcome.limits.inputAheadTicks, 1), INPUT_AHEAD_TICKS_MAX);
  return {
    protocol,
    schema,
    layout,
    tables,
    wholeDigest: (welcome.features & FEATURE_FULL_DIGEST) !== 0,
    player: welcome.player,
    incarnation: welcome.incarnation,
    tickRateHz,
    tick,
    maps: welcome.maps === "" ? [] : welcome.maps.split(","),
    mapsHash: welcome.mapsHash,
    limits: { ...welcome.limits, inputAheadTicks: ahead },
    delayMs: welcome.delayMs,
    known: held,
  };
}

/**
 * Holds on to these tables in place of those before.
 * @param {Known} known
 * @param {Uint8Array} bytes
 */
export function holdTables(known, bytes) {
  known.tables = bytes.slice();
  known.tablesFingerprint = xxh3(bytes);
}

/**
 * The hash of maps that are played on in this order: the xxh3 of the xxh3s of their files, 8 bytes each, lowest first. 0 without a map is
 * the Welcome's own.
 * @param {Uint8Array[]} files
 * @returns {bigint}
 */
export function mapsHash(files) {
  const hashes = new DataView(new ArrayBuffer(8 * files.length));
  files.forEach((file, at) => hashes.setBigUint64(8 * at, xxh3(file), true));
  return xxh3(new Uint8Array(hashes.buffer));
}

/**
 * @param {string} what
 * @param {number} got
 * @param {number} min
 * @param {number} max
 */
function checkNumber(what, got, min, max) {
  if (got < min || got > max) throw new Disagreement("number", `the server's welcome: ${what} is ${got}`);
}

/**
 * @template T
 * @param {"schema" | "tables"} what
 * @param {() => T} make
 * @returns {T}
 */
function read(what, make) {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof DecodeError || error instanceof SchemaError)) throw error;
    const kind = error.kind === "unknown" ? "newer" : what;
    throw new Disagreement(kind, `the server's ${what === "schema" ? "schema" : "code tables"}: ${error.message}`, error);
  }
}

/**
 * Schema and tables as the Welcome brings them, or as we hold them.
 * @param {Welcome} welcome
 * @param {Known | null} known
 * @returns {Known}
 */
function settleKnown(welcome, known) {
  const { schemaFingerprint, tablesFingerprint } = welcome;
  const schema = welcome.schema ?? (known?.schemaFingerprint === schemaFingerprint ? known.schema : null);
  if (schema === null) throw new Disagreement("left-out", "the server left out the schema, which this client does not hold");
  const tables = welcome.tables ?? (known?.tablesFingerprint === tablesFingerprint ? known.tables : null);
  if (tables === null) throw new Disagreement("left-out", "the server left out the code tables, which this client does not hold");
  return { schema, schemaFingerprint, tables, tablesFingerprint };
}
