// A client as a state machine, without sockets: the stories of client-sim/src/session.rs.

import { test } from "node:test";
import assert from "node:assert/strict";
import { Session } from "../../../assets/web/sdk/session.js";
import { CLIENT_MESSAGE_BYTES_MAX } from "../../../assets/web/sdk/limits.js";
import { SHED_BYTES } from "../../../assets/web/sdk/session/playing.js";
import { writeHello, writeRequest } from "../../../assets/web/sdk/wire/client_message.js";
import { SCHEMA, SCHEMA_BYTES, TABLES_BYTES, TICK_MS, full, golden, keepAlive, pong, readClientMessage, reply, step, welcome } from "./fakes.js";
import { BitWriter } from "../../../assets/web/sdk/bits/writer.js";
import { xxh3 } from "../../../assets/web/sdk/bits/xxh3.js";
import { PROTOCOL } from "../../../assets/web/sdk/wire/version.js";

/** @typedef {import("../../../assets/web/sdk/session.js").SessionConfig} SessionConfig */

/** @param {Session} session */
function sent(session) {
  const messages = [];
  for (let bytes = session.pollFrame(); bytes !== undefined; bytes = session.pollFrame()) messages.push(readClientMessage(bytes));
  return /** @type {any[]} */ (messages);
}

/** @param {Session} session */
function events(session) {
  const told = [];
  for (let event = session.pollEvent(); event !== undefined; event = session.pollEvent()) told.push(event);
  return /** @type {any[]} */ (told);
}

/** @param {Partial<SessionConfig>} [config] */
function fresh(config = {}) {
  return new Session({ name: "ann", watch: false, predict: null, known: null, ...config });
}

/**
 * A session that is in: welcomed at tick 1000, a full frame of tick 1001 taken in at 40 ms.
 * @param {Partial<SessionConfig>} [config]
 */
function playing(config) {
  const session = fresh(config);
  session.handleTick(0);
  const [hello] = sent(session);
  assert.deepEqual([hello.kind, hello.name], ["hello", "ann"]);
  session.handleFrame(welcome(), 20);
  session.handleFrame(full(1_001), 40);
  assert.ok(session.isIn);
  assert.deepEqual(events(session).map(({ kind }) => kind), ["welcomed", "world", "frame", "complete"]);
  return session;
}

test("how far ahead inputs may be is kept to what makes sense, whatever the server says", () => {
  for (const [said, kept] of [[0, 1], [1, 1], [64, 64], [65, 64], [4_000_000_000, 64]]) {
    const session = fresh();
    session.handleTick(0);
    session.handleFrame(welcome({ ahead: said }), 20);
    assert.equal(session.playing?.agreement.limits.inputAheadTicks, kept, `${said}`);
  }
});

/** Flips all bits of the digest's last byte. @param {Uint8Array} frame */
function wronged(frame) {
  const bytes = frame.slice();
  bytes[bytes.length - 2] ^= 0xff;
  return bytes;
}

/** @param {Uint8Array} frame */
function broken(frame) {
  return Uint8Array.of(...frame, 0xff);
}

test("inputs run ahead of the server one per tick and confirm the newest frame", () => {
  const session = playing();
  const ticks = [];
  for (let tick = 0; tick < 30; tick++) {
    session.handleFrame(step(1_002 + tick), 40 + tick * TICK_MS);
    session.handleTick(50 + tick * TICK_MS);
    for (const message of sent(session)) {
      if (message.kind !== "input") continue;
      assert.equal(message.newest, 1_002 + tick);
      assert.deepEqual(message.codes, ticks.length === 0 ? [1, 0, 0] : "same", "the neutral step of -1 to 1, then the same");
      ticks.push(message.tick);
    }
  }
  for (let at = 1; at < ticks.length; at++) assert.equal(ticks[at], ticks[at - 1] + 1);
  assert.ok(ticks.length >= 28, `${ticks}`);
  const ahead = ticks[ticks.length - 1] - 1_031;
  assert.ok(ahead >= 1 && ahead <= 4, `${ahead} ticks ahead`);
});

test("of more events than anybody polls the game's oldest are lost, and never what is held", () => {
  const session = fresh();
  session.handleTick(0);
  session.handleFrame(welcome({ tick: 70_000 }), 20);
  const replica = session.playing?.replica;
  assert.ok(replica);
  const apply = replica.apply.bind(replica);
  const many = Array.from({ length: 3_000 }, (_, coins) => ({ kind: 0, name: "Found", codes: [-1, coins], values: { who: null, coins } }));
  replica.apply = (bytes) => Object.assign(apply(bytes), { events: many });
  session.handleFrame(golden("state_full"), 40);
  const told = events(session);
  assert.deepEqual(told.slice(0, 2).map(({ kind }) => kind), ["welcomed", "world"]);
  assert.deepEqual(told[1].spawned.map((/** @type {any} */ { id }) => id), [5, 17]);
  assert.deepEqual(told.slice(-3).map(({ kind }) => kind), ["event", "frame", "complete"]);
  assert.deepEqual([told.length, told.at(-3).values.coins, session.counters.eventsDropped], [1_024, 2_999, 3_000 - 1_020]);
});

test("who never polls holds no more than so many events", () => {
  const session = playing();
  for (let tick = 1_002; tick < 3_002; tick++) session.handleFrame(step(tick), tick);
  const told = events(session);
  assert.deepEqual([told.length, told.at(-1).tick], [1_024, 3_001]);
});

test("the effect of an input is timed and a stand-in is counted as late", () => {
  const session = playing();
  session.handleTick(120);
  const named = sent(session).filter(({ kind }) => kind === "input").map(({ tick }) => tick);
  const covered = named[1] - 1_001;
  session.handleFrame(step(named[1], { covered, own: 1 << (covered - 1) }), 200);
  assert.deepEqual(events(session).filter(({ kind }) => kind === "input-seen"), [{ kind: "input-seen", tick: named[1], ms: 80 }]);
  assert.deepEqual([session.counters.inputsUsed, session.counters.inputsLate], [1, 1]);
  assert.equal(session.counters.ticksSkipped, covered - 1);
});

test("who only looks on says so and confirms without inputs", () => {
  const session = fresh({ watch: true });
  session.handleTick(0);
  assert.equal(sent(session)[0].role, "spectator");
  session.handleFrame(welcome(), 20);
  session.handleFrame(full(1_001), 40);
  session.handleTick(100);
  assert.deepEqual(sent(session), [{ kind: "confirm", newest: 1_001 }]);
  session.handleTick(400);
  assert.deepEqual(sent(session), []);
});

test("a mismatch is answered by one resync per second until a full frame comes", () => {
  const session = playing({ watch: true });
  session.handleFrame(wronged(step(1_002)), 80);
  assert.equal(session.counters.digestMismatches, 1);
  assert.deepEqual(events(session).map(({ kind }) => kind).filter((kind) => kind !== "input-seen"), ["lost"]);
  let resyncs = 0;
  for (let ms = 81; ms < 2_700; ms += 20) {
    session.handleFrame(step(1_003), ms);
    session.handleTick(ms);
    resyncs += sent(session).filter(({ kind, tick }) => kind === "resync" && tick === 1_002).length;
  }
  assert.equal(resyncs, 3);
  session.handleFrame(full(1_050), 2_700);
  session.handleTick(9_000);
  assert.ok(!sent(session).some(({ kind }) => kind === "resync"));
  assert.ok(session.isIn);
});

test("a broken frame is not confirmed and moves no clock but asks for everything anew", () => {
  const session = playing({ watch: true });
  session.handleTick(100);
  assert.deepEqual(sent(session), [{ kind: "confirm", newest: 1_001 }]);
  // A header that reads well, of ticks that were never sent, and something wrong behind it.
  for (const frame of [step(31_000), full(61_000)]) session.handleFrame(broken(frame), 110);
  assert.deepEqual([session.counters.framesBroken, session.counters.ticksSkipped], [2, 0]);
  assert.ok(events(session).every(({ kind }) => kind === "lost"));
  session.handleTick(200);
  assert.deepEqual(sent(session).map(({ kind }) => kind), ["resync"]);
  // What comes while the world is lost was sent, so it is confirmed, and ticks are still counted from there.
  session.handleFrame(step(1_003), 210);
  session.handleTick(300);
  assert.deepEqual(sent(session), [{ kind: "confirm", newest: 1_003 }]);
  session.handleFrame(full(1_004), 310);
  assert.equal(session.playing?.replica.tick, 1_004);
  session.handleTick(400);
  assert.deepEqual(sent(session), [{ kind: "confirm", newest: 1_004 }]);
});

test("a frame that does not prove what it left behind is confirmed all the same", () => {
  const session = playing({ watch: true });
  session.handleFrame(wronged(step(1_002)), 80);
  session.handleTick(200);
  assert.deepEqual(sent(session), [{ kind: "resync", tick: 1_002 }, { kind: "confirm", newest: 1_002 }]);
});

test("what waited before a full frame is not read and nothing is asked for", () => {
  const session = playing();
  const waited = Array.from({ length: 9 }, (_, tick) => step(1_002 + tick));
  // Broken behind its header: whoever read it would be lost.
  waited[4] = broken(waited[4]);
  let between = 0;
  session.handleBacklog([...waited, full(1_050), step(1_051)], 1_700, () => between++);
  session.handleTick(1_700);
  assert.ok(!sent(session).some(({ kind }) => kind === "resync"));
  const { framesTrimmed, framesIgnored, framesBroken } = session.counters;
  assert.deepEqual([framesTrimmed, framesIgnored, framesBroken, between], [9, 9, 0, 11]);
  assert.equal(session.playing?.replica.tick, 1_051);
});

test("a backlog without a full frame is read whole", () => {
  const session = playing();
  session.handleBacklog([step(1_002), step(1_003), step(1_004)], 1_700);
  assert.equal(session.counters.framesApplied, 4);
  assert.equal(session.playing?.replica.tick, 1_004);
});

test("inputs stop when the server is silent before they could be out of place", () => {
  const session = playing();
  let newest = 0;
  for (let ms = 41; ms < 10_000; ms++) {
    session.handleTick(ms);
    for (const message of sent(session)) if (message.kind === "input") newest = Math.max(newest, message.tick);
  }
  assert.equal(newest, 1_001 + 64);
});

test("while the socket holds unsent bytes inputs are shed and their presses wait", () => {
  const session = playing();
  session.playing?.hands?.want({ step: 1, pick: true });
  session.handleTick(200, SHED_BYTES + 1);
  assert.deepEqual(sent(session).filter(({ kind }) => kind !== "ping"), []);
  assert.ok(session.counters.inputsShed >= 1, `${session.counters.inputsShed}`);
  session.playing?.hands?.want({ step: -1 });
  session.handleTick(300, SHED_BYTES);
  const [first, ...rest] = sent(session).filter(({ kind }) => kind === "input");
  assert.deepEqual(first.codes, [0, 0, 1], "the newest values, and the press");
  assert.deepEqual(rest[0].codes, [0, 0, 0], "once");
});

test("a pause sends no inputs and confirms keep-alives, and its end begins a fresh world", () => {
  const session = playing();
  session.handleTick(60);
  sent(session);
  session.pause(true);
  session.pause(true);
  assert.deepEqual(sent(session), [{ kind: "pause", on: true }]);
  for (let second = 1; second <= 3; second++) {
    session.handleFrame(keepAlive(1_001 + 30 * second), 1_000 * second);
    session.handleTick(1_000 * second);
    const said = sent(session).filter(({ kind }) => kind !== "ping");
    assert.deepEqual(said, [{ kind: "confirm", newest: 1_001 + 30 * second }]);
  }
  session.pause(false);
  assert.deepEqual(sent(session), [{ kind: "pause", on: false }]);
  session.handleFrame(full(1_095), 3_100);
  session.handleTick(3_150);
  assert.ok(sent(session).some(({ kind }) => kind === "input"));
  assert.deepEqual([session.counters.keepAlives, session.counters.resyncs, session.counters.digestMismatches], [3, 0, 0]);
});

test("new tables that come in time are taken, and named by the next Hello", () => {
  const session = playing();
  const tables = Uint8Array.of(1, ...TABLES_BYTES.subarray(1));
  const message = new BitWriter();
  message.write(6, 8);
  message.write(1_003, 32);
  session.handleFrame(Uint8Array.of(...message.intoBytes(), ...tables), 50);
  assert.equal(session.playing?.agreement.known.tablesFingerprint, xxh3(tables));
  const again = fresh({ known: session.playing?.agreement.known ?? null });
  again.handleTick(0);
  assert.deepEqual([sent(again)[0].tables, session.phase], [xxh3(tables), "playing"]);
});

test("tables that are no use end the session with the server's fault named", () => {
  const session = playing();
  session.handleFrame(Uint8Array.of(6, 0xea, 3, 0, 0, 1, 2, 3), 50);
  const [failed] = events(session);
  assert.deepEqual([failed.kind, failed.error.name, session.phase], ["failed", "TablesRefused", "over"]);
});

test("a ping measures the round trip, and who gets no answer does not ping again", () => {
  const session = playing({ watch: true });
  session.handleTick(1_020);
  const { stamp } = sent(session).find(({ kind }) => kind === "ping");
  session.handleFrame(pong(stamp), 1_120);
  // A quarter of the way from the Welcome's 20 ms to 100 ms.
  assert.equal(session.playing?.roundTripMs, 40);
  let pings = 0;
  for (let ms = 1_130; ms < 9_000; ms += 10) {
    if (session.nextWakeMs(ms) <= ms) session.handleTick(ms);
    pings += sent(session).filter(({ kind }) => kind === "ping").length;
  }
  assert.equal(pings, 1);
  assert.ok(session.nextWakeMs(9_000) > 9_000, "nobody is woken for a ping that is not due");
});

test("requests are numbered and at most sixteen wait", () => {
  const session = playing();
  const numbers = Array.from({ length: 20 }, () => session.playing?.request(0, new Array(3).fill(0)));
  assert.deepEqual(numbers, [...Array(16).keys(), null, null, null, null]);
  assert.equal(sent(session)[0].kind, "confirm", "what is named means what it meant in a frame that we are known to have");
  session.handleFrame(reply(0, 7), 50);
  assert.deepEqual(events(session).at(-1), { kind: "reply", number: 0, reason: 7 });
  assert.equal(session.playing?.request(0, new Array(3).fill(0)), 16);
  session.handleFrame(reply(900, null), 50);
  assert.deepEqual(events(session), [], "an answer to nothing is none");
});

test("what makes no sense ends the session with the server's fault named", () => {
  for (const [bytes, says] of /** @type {[Uint8Array, RegExp][]} */ ([
    [step(5), /a state frame at the wrong time/],
    [pong(1), /Pong at the wrong time/],
    [welcome({ protocol: 99 }), /protocol version 99/],
    [welcome({ tick: 2 ** 32 - 1 }), /tick is 4294967295/],
    [welcome({ tickRateHz: 0 }), /tick rate is 0/],
    [welcome({ schema: null }), /left out the schema/],
    [welcome({ tables: null }), /left out the code tables/],
    [welcome({ schemaFingerprint: 1n }), /fingerprint/],
    [Uint8Array.of(99), /99/],
    [new Uint8Array(0), /message kind/],
    [new Uint8Array(300_000).fill(2), /message is 300000/],
  ])) {
    const session = fresh();
    session.handleTick(0);
    session.handleFrame(bytes, 1);
    const [failed, ...more] = events(session);
    assert.equal(failed.kind, "failed");
    assert.match(failed.error.message, says);
    assert.deepEqual([more, session.phase], [[], "over"]);
    session.handleFrame(welcome(), 2);
    assert.deepEqual(events(session), [], "nothing comes after the end");
  }
  const session = playing();
  session.handleFrame(golden("audit"), 50);
  assert.match(events(session)[0].error.message, /Audit at the wrong time/);
});

test("any bytes come to an error or to nothing, and never to anything else", () => {
  let state = 1;
  const byte = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 24;
  for (let round = 0; round < 3_000; round++) {
    const session = playing();
    const template = [golden("state_full"), step(1_002), full(1_002), golden("new_tables"), golden("welcome"), golden("redirect")][round % 6];
    const bytes = template.slice(0, 1 + (byte() % template.length));
    for (let flips = 0; flips < 3; flips++) bytes[byte() % bytes.length] ^= 1 << (byte() % 8);
    session.handleFrame(bytes, 50);
    session.handleTick(100);
    assert.ok(["playing", "over"].includes(session.phase));
  }
});

test("a schema held on to need not be sent again", () => {
  const first = playing();
  const session = fresh({ known: first.playing?.agreement.known ?? null });
  session.handleTick(0);
  assert.equal(sent(session)[0].schema, xxh3(SCHEMA_BYTES));
  session.handleFrame(welcome({ schema: null, tables: null }), 20);
  assert.equal(session.playing?.agreement.schema.game, "golden");
});

test("a prediction that throws is told once and not asked again", () => {
  const session = fresh({ predict: () => { throw new Error("no map"); } });
  session.handleTick(0);
  session.handleFrame(welcome(), 20);
  assert.deepEqual(events(session).map(({ kind }) => kind), ["welcomed", "thrown"]);
  assert.match(session.playing?.screen.refusal ?? "", /no map/);
  session.handleFrame(full(1_001), 40);
  assert.ok(session.isIn);
});

test("a message that no server takes is not written, and the caller is told", () => {
  const hello = { protocolMin: PROTOCOL, protocolMax: PROTOCOL, schema: null, tables: null, features: 0, role: /** @type {const} */ ("player"), resume: null, extensions: [] };
  const rest = writeHello({ ...hello, name: "n".repeat(4_000) }).length - 4_000;
  assert.equal(writeHello({ ...hello, name: "n".repeat(CLIENT_MESSAGE_BYTES_MAX - rest) }).length, CLIENT_MESSAGE_BYTES_MAX);
  const long = () => writeHello({ ...hello, name: "n".repeat(CLIENT_MESSAGE_BYTES_MAX - rest + 1) });
  assert.throws(long, { name: "TickwireError", code: "usage", message: /Hello has 4097 bytes: .*4096/ });
  // Of a game that asks for more than any real one may: every part of a request counts.
  const [request] = SCHEMA.requests;
  const fields = Array.from({ length: 2_000 }, () => request.fields[0]);
  const schema = Object.assign(Object.create(SCHEMA), { requests: [{ ...request, fields }] });
  const codes = fields.flatMap(({ parts }) => parts.map(() => 0));
  assert.throws(() => writeRequest(schema, 0, 0, codes), { name: "TickwireError", code: "usage", message: /Request Rename has \d+ bytes/ });
});
