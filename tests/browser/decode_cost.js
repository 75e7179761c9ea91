// What decoding costs in JavaScript, beside a loop that reads the same symbols with the same tables and discards them.
//
//   client-sim codec --trace tests/traces/arena2d_700.twt.xz --frames FRAMES
//   node tests/browser/decode_cost.js FRAMES
//
// All frames of the file are decoded by the SDK's replica again and again, the loop reads their symbols in between, and the digest is timed
// apart. Said are medians of rounds, per entity held and per entity that changed. Exit code 1: a frame did not prove what it left behind.
//
// Never here: whether what was decoded is right (see core/arena_trace.test.js).

import { readFileSync } from "node:fs";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { BitReader } from "../../assets/web/sdk/bits/reader.js";
import { PLAN_SHIFT, TAKES, TAKES_ORDER } from "../../assets/web/sdk/codec/plan.js";
import { Tables } from "../../assets/web/sdk/codec/tables.js";
import { Replica } from "../../assets/web/sdk/replica.js";
import { readFrames } from "./core/frames.js";

const ROUNDS = 81;
/** Rounds that only warm up. */
const WARM = 40;

/** What the loop does besides reading a number in a context: read a symbol (from here on), read raw bits, begin the next frame. */
const SYMBOL = 1 << 20;
const RAW = 2 << 20;
const NEXT = 3 << 20;

if (isMainThread) {
  if (process.argv.length !== 3) {
    console.error("usage: node decode_cost.js FRAMES (made by client-sim codec --trace FILE --frames FRAMES)");
    process.exit(2);
  }
  process.exitCode = await measure(process.argv[2]);
} else {
  parentPort?.postMessage(record(workerData));
}

/**
 * @param {string} path
 * @returns {Promise<number>}
 */
async function measure(path) {
  const file = readFrames(readFileSync(path));
  // In a thread of its own: what is recorded there must not be what is compiled here.
  const symbols = await new Promise((resolve, reject) => {
    new Worker(new URL(import.meta.url), { workerData: path }).once("message", resolve).once("error", reject);
  });
  const frames = file.frames.length - 1;
  /** @type {{ decode: number, digest: number, loop: number }[]} */
  const rounds = [];
  let decoded = decodeAll(file);
  for (let round = 0; round < ROUNDS; round++) {
    const loop = readAll(file, symbols);
    decoded = decodeAll(file);
    if (round >= WARM) rounds.push({ loop, decode: decoded.ns - decoded.digest, digest: decoded.digest });
  }
  /** @param {(round: { decode: number, digest: number, loop: number }) => number} what */
  const median = (what) => rounds.map(what).sort((one, other) => one - other)[rounds.length >> 1];
  const [decode, digest, loop] = [median((round) => round.decode), median((round) => round.digest), median((round) => round.loop)];
  const times = median((round) => round.decode / round.loop);
  const perFrame = (/** @type {number} */ sum) => (sum / frames).toFixed(1);
  console.log(`${file.header.name}: ${frames} frames; per frame ${perFrame(decoded.held)} entities held, of which ${perFrame(decoded.changed)} changed`);
  console.log(`${perFrame(symbols.length - frames - 1)} symbols per frame; median of ${rounds.length} rounds, node ${process.version}`);
  console.log("");
  console.log("                        per frame   per entity held   per entity changed");
  for (const [what, ns] of /** @type {const} */ ([["decode", decode], ["digest", digest], ["loop of the symbols", loop]])) {
    const cells = [`${(ns / frames / 1000).toFixed(1)} µs`, `${(ns / decoded.held).toFixed(1)} ns`, `${(ns / decoded.changed).toFixed(1)} ns`];
    console.log(`${what.padEnd(21)}${cells[0].padStart(12)}${cells[1].padStart(18)}${cells[2].padStart(21)}`);
  }
  console.log("");
  console.log(`decode is ${times.toFixed(2)} times the loop (goal: at most 4); ${decoded.wrong} frames did not prove what they left behind`);
  return decoded.wrong === 0 ? 0 : 1;
}

/** @typedef {ReturnType<typeof readFrames>} Frames */

/**
 * Decodes all frames with a new replica.
 * @param {Frames} file
 */
function decodeAll(file) {
  const replica = new Replica(/** @type {any} */ (file.agreement));
  const { holdings } = replica;
  const prove = holdings.prove.bind(holdings);
  let digest = 0n;
  holdings.prove = () => {
    const from = process.hrtime.bigint();
    const changed = prove();
    digest += process.hrtime.bigint() - from;
    return changed;
  };
  let [held, changed, wrong] = [0, 0, replica.apply(file.frames[0]).digest === "right" ? 0 : 1];
  digest = 0n;
  const from = process.hrtime.bigint();
  for (let at = 1; at < file.frames.length; at++) {
    const applied = replica.apply(file.frames[at]);
    held += holdings.heldCount;
    changed += applied.changed;
    if (applied.digest !== "right") wrong += 1;
  }
  return { ns: Number(process.hrtime.bigint() - from), digest: Number(digest), held, changed, wrong };
}

/**
 * Reads the symbols of all frames and discards them.
 * @param {Frames} file
 * @param {Int32Array} symbols
 */
function readAll(file, symbols) {
  const { tables } = file.agreement;
  const reader = new BitReader(new Uint8Array(0));
  let frame = 0;
  const from = process.hrtime.bigint();
  for (let at = 0; at < symbols.length; at++) {
    const symbol = symbols[at];
    if (symbol < SYMBOL) tables.readNumber(reader, symbol, "number");
    else if (symbol < RAW) tables.readSymbol(reader, symbol - SYMBOL, "symbol");
    else if (symbol < NEXT) reader.read(symbol - RAW, "bits");
    else {
      reader.take(file.frames[++frame]);
      reader.at = symbol - NEXT;
    }
  }
  return Number(process.hrtime.bigint() - from);
}

/**
 * The symbols of all frames but the first, in order.
 * @param {string} path
 */
function record(path) {
  const file = readFrames(readFileSync(path));
  const replica = new Replica(/** @type {any} */ (file.agreement));
  replica.apply(file.frames[0]);
  // What is read in place cannot be listened to: all pieces take the way of those that need an order.
  const { plan, movers } = replica.holdings;
  for (const { together, apart } of movers) apart.push(...together.splice(0));
  file.agreement.layout.facets.forEach((_, kind) => (plan[(kind << PLAN_SHIFT) + TAKES] = TAKES_ORDER));
  /** @type {number[]} */
  const symbols = [];
  const { reader } = replica;
  let inside = false;
  const { readNumber, readSymbol } = Tables.prototype;
  const { read } = reader;
  Tables.prototype.readNumber = function (from, context, field) {
    if (!inside) symbols.push(context);
    inside = true;
    const number = readNumber.call(this, from, context, field);
    inside = false;
    return number;
  };
  Tables.prototype.readSymbol = function (from, context, field) {
    if (!inside) symbols.push(SYMBOL + context);
    return readSymbol.call(this, from, context, field);
  };
  reader.read = function (bits, field) {
    if (!inside) symbols.push(RAW + bits);
    return read.call(this, bits, field);
  };
  for (const frame of file.frames.slice(1)) {
    const begin = symbols.length;
    if (replica.apply(frame).digest !== "right") throw new Error("a frame was not read as it was written");
    // The header is no symbol: the loop begins behind it.
    const header = new BitReader(frame);
    replica.header.read(header, replica.heard, false);
    let bits = 0;
    let at = begin;
    while (bits < header.at) bits += symbols[at++] - RAW;
    symbols.splice(begin, at - begin, NEXT + bits);
  }
  return Int32Array.from(symbols);
}
