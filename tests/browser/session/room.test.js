// A room over a socket and a clock of the test's own: every end, every way back, a hidden page, a full line.

import { beforeEach, test } from "node:test";
import assert from "node:assert/strict";
import { CLOSE_CODES, connect } from "../../../assets/web/sdk/index.js";
import { ControlWriter } from "../../../assets/web/sdk/wire/control.js";
import { xxh3 } from "../../../assets/web/sdk/bits/xxh3.js";
import { Session } from "../../../assets/web/sdk/session.js";
import { SILENT_MS } from "../../../assets/web/sdk/line.js";
import { FakeSocket, FakeTimers, SCHEMA_BYTES, TICK_MS, full, golden, keepAlive, reply, step, welcome } from "./fakes.js";

/** @typedef {import("../../../assets/web/sdk/types.js").ConnectOptions} ConnectOptions */

const URL_PLAIN = "wss://play.example.org";

beforeEach(() => void (FakeSocket.all.length = 0));

/** What a room is given in these tests, and all that it told. @param {ConnectOptions} [options] */
function story(options = {}) {
  const timers = new FakeTimers();
  /** @type {[string, any][]} */
  const told = [];
  /** @type {Record<string, (what: any) => void>} */
  const on = {};
  for (const name of ["connect", "spawn", "despawn", "snapshot", "event", "drop", "reconnect", "leave", "error"]) {
    on[name] = (what) => told.push([name, what]);
  }
  /** @type {any} */
  const all = { WebSocket: FakeSocket, fetch: () => Promise.reject(new TypeError("no")), timers, random: () => 1, page: null, on, ...options };
  const names = () => told.map(([name]) => name).filter((name) => name !== "snapshot");
  return { timers, told, names, all, joining: connect(URL_PLAIN, { room: "lobby", name: "Ada", ...all }) };
}

/** The same, and the room is in. @param {ConnectOptions} [options] */
async function playing(options) {
  const { timers, told, names, all, joining } = story(options);
  FakeSocket.last.letIn();
  await timers.advance(0);
  return { timers, told, names, all, room: await joining };
}

/**
 * Goes on for so many ticks, with a frame for each.
 * @param {FakeTimers} timers
 * @param {number} from
 * @param {number} count
 */
async function run(timers, from, count) {
  for (let tick = from; tick < from + count; tick++) {
    FakeSocket.last.say(step(tick));
    await timers.advance(TICK_MS);
  }
}

/** @param {Promise<unknown>} promise */
async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return /** @type {any} */ (error);
  }
  throw new Error("it did not fail");
}

test("a room is joined where and as the page says", async () => {
  const { room, names } = await playing({ ticket: "abc.def" });
  assert.equal(FakeSocket.last.url, "wss://play.example.org/play/lobby");
  assert.deepEqual(FakeSocket.last.protocols, ["tickwire.v1", "ticket.abc.def"]);
  assert.equal(FakeSocket.last.binaryType, "arraybuffer");
  assert.equal(FakeSocket.last.sent()[0].name, "Ada");
  assert.deepEqual([room.state, room.agreement?.schema.game, names()], ["playing", "golden", ["connect"]]);
});

test("every close code that says never ends it at once, and says whose fault it is", async () => {
  for (const { number, name, fault, reason } of CLOSE_CODES.filter(({ retry }) => retry === "Never")) {
    const { timers, told, names } = await playing({ onOutdated: () => {} });
    FakeSocket.last.end(number, reason);
    await timers.advance(120_000);
    assert.deepEqual(names(), ["connect", "leave"], name);
    const { code, text, ...ending } = told.at(-1)?.[1];
    assert.deepEqual(ending, { name, reason, fault: fault.toLowerCase(), comeAgain: "never" });
    assert.ok(code === number && text.includes(reason), text);
    assert.equal(FakeSocket.all.length, 1);
    FakeSocket.all.length = 0;
  }
});

test("every other close code, and a cut without a word, is come back from", async () => {
  const numbers = CLOSE_CODES.filter(({ retry }) => retry !== "Never").map(({ number }) => number);
  for (const code of [...numbers, 1005, 1006, 1012, 3999, 4999]) {
    const { timers, names, told, room } = await playing();
    await timers.advance(1_000);
    FakeSocket.last.end(code);
    assert.equal(room.state, "reconnecting");
    await timers.advance(300);
    FakeSocket.last.letIn({ tick: 2_000 });
    await timers.advance(0);
    assert.deepEqual(names(), ["connect", "drop", "reconnect", "connect"], `${code}`);
    const [, drop] = /** @type {[string, any]} */ (told.find(([name]) => name === "drop"));
    assert.ok(drop.code === code && drop.text !== "" && drop.retryInMs <= 250, JSON.stringify(drop));
    assert.deepEqual([FakeSocket.all.length, room.state, room.stats.reconnects], [2, "playing", 1]);
    FakeSocket.all.length = 0;
  }
});

test("attempts are farther and farther apart, and end after a minute", async () => {
  const { timers, told, names, room } = await playing();
  await timers.advance(6_000);
  FakeSocket.last.end(1006);
  for (let attempt = 0; attempt < 40 && room.state !== "over"; attempt++) {
    const count = FakeSocket.all.length;
    const begun = timers.now();
    while (FakeSocket.all.length === count && timers.now() - begun < 6_000) await timers.advance(10);
    if (FakeSocket.all.length > count) FakeSocket.last.end(1006);
  }
  const waits = told.filter(([name]) => name === "drop").map(([, { retryInMs }]) => retryInMs);
  assert.deepEqual(waits.slice(0, 6), [250, 500, 1_000, 2_000, 4_000, 5_000]);
  assert.ok(Math.max(...waits) === 5_000 && waits.length < 20, `${waits}`);
  assert.equal(names().at(-1), "leave");
  assert.ok(timers.now() < 6_000 + 61_000, `${timers.now()}`);
});

test("chance spreads those who come back", async () => {
  const { timers, told } = await playing({ random: () => 0.5 });
  FakeSocket.last.end(1001);
  assert.equal(told.at(-1)?.[1].retryInMs, 125);
  await timers.advance(124);
  assert.equal(FakeSocket.all.length, 1);
  await timers.advance(1);
  assert.equal(FakeSocket.all.length, 2);
});

test("a network that is there again is tried at once, once", async () => {
  const network = new EventTarget();
  const { timers, room } = await playing({ network });
  network.dispatchEvent(new Event("online"));
  await timers.advance(1_000);
  assert.equal(FakeSocket.all.length, 1, "who is in needs nothing");
  for (let attempt = 0; attempt < 4; attempt++) {
    FakeSocket.last.end(1006);
    await timers.advance(attempt === 3 ? 10 : 6_000);
  }
  assert.equal(FakeSocket.all.length, 4);
  network.dispatchEvent(new Event("online"));
  await timers.advance(0);
  assert.equal(FakeSocket.all.length, 5);
  FakeSocket.last.letIn();
  await timers.advance(10_000);
  assert.deepEqual([FakeSocket.all.length, room.stats.reconnects], [6, 1], "and then silence");
});

test("what nobody thought of is a broken connection, and no broken page", async () => {
  const { timers, told, names } = await playing();
  const { handleFrame } = Session.prototype;
  Session.prototype.handleFrame = () => {
    throw new RangeError("nobody thought of this");
  };
  FakeSocket.last.say(step(1_002));
  Session.prototype.handleFrame = handleFrame;
  await timers.advance(10);
  assert.deepEqual(names().slice(0, 3), ["connect", "error", "drop"]);
  assert.equal(told[1][1].code, "broken");
  assert.match(told[1][1].message, /nobody thought of this/);
});

test("who comes again holds schema and tables already, and what was held down is held down", async () => {
  const { timers, room } = await playing();
  room.sendInput({ step: 1, pick: true });
  FakeSocket.last.end(1006);
  room.sendInput({ tool: "Lamp" });
  await timers.advance(300);
  FakeSocket.last.open();
  await timers.advance(0);
  assert.equal(FakeSocket.last.sent()[0].schema, xxh3(SCHEMA_BYTES));
  FakeSocket.last.say(welcome({ tick: 2_000, schema: null, tables: null }));
  FakeSocket.last.say(full(2_001));
  await timers.advance(100);
  const inputs = FakeSocket.last.sent().filter(({ kind }) => kind === "input");
  assert.deepEqual(inputs[0].codes, [2, 2, 0], "the press is over");
});

test("without retry the first cut is the end, and says what it was", async () => {
  const { timers, told, names } = await playing({ retry: false });
  FakeSocket.last.end(1006);
  await timers.advance(60_000);
  assert.deepEqual(names(), ["connect", "leave"]);
  assert.deepEqual([told.at(-1)?.[1].name, told.at(-1)?.[1].fault], ["Cut", "path"]);
});

/**
 * @param {string} url
 * @param {string} ticket
 */
function redirect(url, ticket) {
  const out = new ControlWriter();
  out.u8(5);
  out.text(url);
  out.text(ticket);
  out.integer(0);
  return out.intoBytes();
}

test("the server moves us, and we go there with the ticket that it gave", async () => {
  const { timers, room } = await playing();
  FakeSocket.last.say(redirect("wss://b.example:4433/play/meadow", "t1"));
  FakeSocket.last.end(4013);
  await timers.advance(0);
  assert.equal(FakeSocket.last.url, "wss://b.example:4433/play/meadow");
  assert.deepEqual(FakeSocket.last.protocols, ["tickwire.v1", "ticket.t1"]);
  FakeSocket.last.letIn();
  await timers.advance(0);
  assert.equal(room.state, "playing");
});

test("who is sent to where everybody could listen, or nowhere, stays", async () => {
  for (const url of ["ws://b.example/play/meadow", "javascript:alert(1)", "b.example"]) {
    const { timers, told } = await playing();
    FakeSocket.last.say(redirect(url, ""));
    FakeSocket.last.end(4013);
    await timers.advance(250);
    assert.equal(FakeSocket.last.url, "wss://play.example.org/play/lobby");
    assert.ok(told.some(([name, { code }]) => name === "error" && code === "broken"));
  }
});

test("an end that sends us on and on is given up", async () => {
  const { timers, names } = await playing();
  for (let move = 0; move < 100 && names().at(-1) !== "leave"; move++) {
    FakeSocket.last.open();
    FakeSocket.last.say(redirect(`wss://${move}.example/play/meadow`, ""));
    FakeSocket.last.end(4013);
    await timers.advance(5_000);
  }
  assert.equal(names().at(-1), "leave");
  assert.ok(FakeSocket.all.length < 40, `${FakeSocket.all.length}`);
});

test("an old page is told that it is old, once, whoever finds out", async () => {
  for (const find of ["code", "welcome"]) {
    /** @type {any[]} */
    const outdated = [];
    const { timers, joining } = story({ onOutdated: (ending) => outdated.push(ending) });
    FakeSocket.last.open();
    if (find === "code") FakeSocket.last.end(4000, "no protocol version in common; load the newest client");
    else FakeSocket.last.say(welcome({ protocol: 99 }));
    await timers.advance(10_000);
    const error = await failure(joining);
    assert.equal(outdated.length, 1, find);
    assert.equal(outdated[0].name, "WrongVersion");
    assert.match(error.message, /protocol version/);
    assert.equal(FakeSocket.all.length, 1);
    FakeSocket.all.length = 0;
  }
});

test("a hidden page pauses, reads keep-alives only, and gets one fresh world on return", async () => {
  /** @type {() => void} */
  let changed = () => {};
  const page = { visibilityState: "visible", addEventListener: (/** @type {any} */ _, /** @type {any} */ hear) => (changed = hear), removeEventListener: () => {} };
  const { timers, room, told } = await playing({ page });
  await run(timers, 1_002, 10);
  FakeSocket.last.sent();
  page.visibilityState = "hidden";
  changed();
  assert.deepEqual(FakeSocket.last.sent().filter(({ kind }) => kind === "pause"), [{ kind: "pause", on: true }]);
  assert.equal(room.state, "paused");
  // Timers stand still in a hidden page: what is confirmed is confirmed as it comes.
  for (let second = 1; second <= 20; second++) {
    timers.ms += 1_000;
    FakeSocket.last.say(keepAlive(1_011 + 30 * second));
    for (const [number, { wake }] of [...timers.timers].slice(-1)) {
      timers.timers.delete(number);
      wake();
    }
  }
  const confirmed = FakeSocket.last.sent().filter(({ kind }) => kind === "confirm");
  assert.ok(confirmed.length >= 19, `${confirmed.length}`);
  page.visibilityState = "visible";
  changed();
  assert.ok(FakeSocket.last.sent().some(({ kind, on }) => kind === "pause" && on === false));
  told.length = 0;
  FakeSocket.last.say(full(1_640));
  await timers.advance(100);
  assert.deepEqual(told.map(([name, { full }]) => [name, full]), [["snapshot", true]]);
  assert.deepEqual([room.state, room.stats.digestsWrong, room.stats.resyncs], ["playing", 0, 0]);
});

test("a backlog that came while we slept is not replayed: from its full frame on it counts", async () => {
  const { timers, room } = await playing();
  await run(timers, 1_002, 5);
  timers.ms += 20_000;
  for (let tick = 1_007; tick < 1_107; tick++) FakeSocket.last.say(step(tick));
  FakeSocket.last.say(full(1_600));
  FakeSocket.last.say(step(1_601));
  await timers.advance(10);
  assert.equal(room.stats.tick, 1_601);
  assert.equal(room.stats.framesTrimmed, 100);
  assert.equal(room.state, "playing", "who slept was not silent");
});

test("a backlog without end is handed on in parts", async () => {
  const { timers, room } = await playing();
  timers.ms += 5_000;
  for (let tick = 1_002; tick < 1_002 + 5_000; tick++) FakeSocket.last.say(step(tick));
  await timers.advance(10);
  assert.equal(room.stats.tick, 6_001);
});

test("a full line sheds inputs, and says the newest and the press when it is free again", async () => {
  const { timers, room } = await playing();
  await run(timers, 1_002, 10);
  FakeSocket.last.sent();
  FakeSocket.last.bufferedAmount = 5_000;
  room.sendInput({ step: 1, pick: true });
  await run(timers, 1_012, 20);
  room.sendInput({ step: -1 });
  assert.deepEqual(FakeSocket.last.sent().filter(({ kind }) => kind === "input"), []);
  assert.ok(room.stats.inputsShed >= 15, `${room.stats.inputsShed}`);
  assert.equal(room.stats.bufferedBytes, 5_000);
  FakeSocket.last.bufferedAmount = 0;
  await run(timers, 1_032, 3);
  const inputs = FakeSocket.last.sent().filter(({ kind }) => kind === "input");
  assert.deepEqual([inputs[0].codes, inputs[1].codes], [[0, 0, 1], [0, 0, 0]]);
});

test("a wrong digest is counted, told, and mended by a fresh world", async () => {
  const { timers, room, told } = await playing();
  FakeSocket.last.say(step(1_002, { digest: 0xbeef }));
  await timers.advance(50);
  assert.deepEqual([room.stats.digestsWrong, room.stats.resyncs], [1, 1]);
  assert.deepEqual(told.filter(([name]) => name === "error").map(([, { code, fault }]) => [code, fault]), [["broken", "server"]]);
  FakeSocket.last.say(full(1_003));
  await run(timers, 1_004, 5);
  assert.deepEqual([room.state, room.stats.tick, room.stats.digestsWrong, room.stats.resyncs], ["playing", 1_008, 1, 1]);
});

test("a path that says nothing is cut from our side, and come back from", async () => {
  const { timers, told, names } = await playing();
  await run(timers, 1_002, 5);
  await timers.advance(SILENT_MS + 1_500);
  assert.deepEqual(names(), ["connect", "drop"]);
  assert.equal(told.at(-1)?.[1].name, "Silent");
  assert.equal(FakeSocket.all.length, 2);
});

test("an attempt that takes too long is given up and the next one made", async () => {
  const { timers, names } = await playing({ timeoutMs: 3_000 });
  FakeSocket.last.end(1006);
  await timers.advance(250);
  FakeSocket.last.open();
  await timers.advance(3_000);
  assert.deepEqual(names(), ["connect", "drop", "error", "drop"]);
  await timers.advance(500);
  assert.equal(FakeSocket.all.length, 3);
});

test("a server that cannot be understood is left, and its fault named", async () => {
  const { timers, told } = await playing({ retry: false });
  FakeSocket.last.onmessage?.({ data: "hello" });
  await timers.advance(3_000);
  const [[, error], [, ending]] = told.slice(-2);
  assert.deepEqual([error.code, error.fault], ["broken", "server"]);
  assert.deepEqual([ending.name, ending.fault], ["Broken", "server"]);
});

test("requests get their answer, and fail when the line is cut", async () => {
  const { timers, room } = await playing();
  const [one, two] = [room.request("Rename", { name: "Zoë" }), room.request("Rename")];
  const lost = failure(room.request("Rename"));
  FakeSocket.last.say(reply(1, 7));
  FakeSocket.last.say(reply(0, null));
  await timers.advance(10);
  assert.deepEqual(await Promise.all([one, two]), [{ done: true }, { done: false, reason: 7 }]);
  FakeSocket.last.end(1006);
  assert.deepEqual([(await lost).code, (await failure(room.request("Rename"))).code], ["dropped", "dropped"]);
});

test("a request that the game does not have, or too many of them, is the page's fault", async () => {
  const { room } = await playing();
  assert.match((await failure(room.request("Fly"))).message, /no request Fly: it has Rename/);
  assert.match((await failure(room.request("Rename", { name: 5 }))).message, /Rename\.name must be/);
  for (let at = 0; at < 16; at++) void room.request("Rename").catch(() => {});
  assert.match((await failure(room.request("Rename"))).message, /16 requests wait/);
});

test("who leaves says goodbye and is told once that it is over", async () => {
  const { timers, names, room } = await playing();
  const left = room.leave();
  assert.equal(FakeSocket.last.sent().at(-1).kind, "bye");
  FakeSocket.last.end(1000, "goodbye");
  await left;
  await timers.advance(60_000);
  assert.deepEqual([names(), room.state, FakeSocket.all.length], [["connect", "leave"], "over", 1]);
  await room.leave();
});

test("who leaves is gone even if the server does not answer, or while it is coming back", async () => {
  const { timers, names, room } = await playing();
  void room.leave();
  await timers.advance(2_100);
  assert.deepEqual([names(), room.state], [["connect", "leave"], "over"]);
  const other = await playing();
  FakeSocket.last.end(1006);
  await other.room.leave();
  await other.timers.advance(60_000);
  assert.deepEqual([other.names(), other.room.state], [["connect", "drop", "leave"], "over"]);
});

test("a signal gives up joining, or leaves", async () => {
  const giving = new AbortController();
  const { joining } = story({ signal: giving.signal });
  giving.abort();
  assert.equal((await failure(joining)).code, "left");
  const leaving = new AbortController();
  const { timers, names } = await playing({ signal: leaving.signal });
  leaving.abort();
  await timers.advance(2_100);
  assert.deepEqual(names(), ["connect", "leave"]);
  assert.equal((await failure(connect(URL_PLAIN, { signal: AbortSignal.abort() }))).code, "left");
});

test("a listener that throws keeps no other from being told, and is told as an error", async () => {
  const { timers, room, told } = await playing();
  room.on("snapshot", () => {
    throw new Error("oops");
  });
  let heard = 0;
  const off = room.on("snapshot", () => heard++);
  FakeSocket.last.say(step(1_002));
  off();
  FakeSocket.last.say(step(1_003));
  await timers.advance(1);
  assert.equal(heard, 1);
  assert.deepEqual(told.filter(([name]) => name === "error").map(([, { code, fault }]) => [code, fault]), [["listener", "page"], ["listener", "page"]]);
  assert.throws(() => room.on(/** @type {any} */ ("spwan"), () => {}), /no event "spwan": it has connect, spawn/);
});

test("the golden world is told: who is there, who comes and goes, what happened", async () => {
  const { timers, told, joining } = story();
  FakeSocket.last.open();
  FakeSocket.last.say(welcome({ tick: 70_000 }));
  FakeSocket.last.say(golden("state_full"));
  await timers.advance(0);
  const room = await joining;
  assert.deepEqual([...room.entities.keys()], [5, 17]);
  const walker = room.me;
  assert.deepEqual([walker?.id, walker?.kind, walker?.components.Purse], [5, "walker", { coins: 12 }]);
  /** @type {number[]} */
  const late = [];
  room.on("spawn", ({ id }) => late.push(id));
  await timers.advance(0);
  assert.deepEqual(late, [5, 17], "who listens late is told what is there");
  told.length = 0;
  FakeSocket.last.say(golden("state_step"));
  await timers.advance(1);
  assert.deepEqual(told.map(([name, what]) => [name, what.id ?? what.name ?? what.tick]), [
    ["despawn", 17],
    ["spawn", 17],
    ["event", "Found"],
    ["snapshot", 70_002],
  ]);
  assert.deepEqual(told[2][1], { name: "Found", values: { who: 5, coins: 50 }, tick: 70_002 });
  assert.equal(room.me, walker, "the same object as long as it is held");
  assert.equal(walker?.components.Purse?.coins, 62);
  assert.equal(told[0][1].kind, "stone", "who left still has its values");
  assert.deepEqual(told[0][1].components.Place, { at: { x: 4095, y: 0 } });
});

test("the world of before is shown until the next one is there, and then goes", async () => {
  const { timers, told, joining } = story();
  FakeSocket.last.open();
  FakeSocket.last.say(welcome({ tick: 70_000 }));
  FakeSocket.last.say(golden("state_full"));
  await timers.advance(0);
  const room = await joining;
  FakeSocket.last.end(1006);
  await timers.advance(300);
  assert.deepEqual([room.entities.size, room.view().entities.size], [2, 2]);
  told.length = 0;
  FakeSocket.last.letIn({ tick: 80_000 });
  await timers.advance(0);
  assert.deepEqual(told.map(([name]) => name), ["despawn", "despawn", "reconnect", "connect"]);
  assert.equal(room.entities.size, 0);
});

test("a prediction that throws leaves the game playable, and says so", async () => {
  const predict = { truth: () => { throw new Error("no body"); }, step: (/** @type {any} */ state) => state, place: () => ({ x: 0, y: 0 }) };
  const { timers, told, joining } = story({ predict });
  FakeSocket.last.open();
  FakeSocket.last.say(welcome({ tick: 70_000 }));
  FakeSocket.last.say(golden("state_full"));
  await timers.advance(0);
  const room = await joining;
  assert.deepEqual(told.filter(([name]) => name === "error").map(([, { code, fault }]) => [code, fault]), [["listener", "page"]]);
  assert.match(room.unpredicted ?? "", /no body/);
  assert.equal(room.state, "playing");
});
