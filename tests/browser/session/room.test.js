// A room over a socket and a clock of the test's own: what it tells, a hidden page, a full line, requests.

import { beforeEach, test } from "node:test";
import assert from "node:assert/strict";
import { connect } from "../../../assets/web/sdk/index.js";
import { TICKET_BYTES_MAX } from "../../../assets/web/sdk/limits.js";
import { EVENTS_HELD_MAX } from "../../../assets/web/sdk/room.js";
import { FakeSocket, SCHEMA, TICK_MS, full, golden, keepAlive, notice, reply, step, welcome } from "./fakes.js";
import { URL_PLAIN, failure, playing, run, story } from "./story.js";

beforeEach(() => void (FakeSocket.all.length = 0));

test("a room is joined where and as the page says", async () => {
  const { room, names } = await playing({ ticket: "abc.def" });
  assert.equal(FakeSocket.last.url, "wss://play.example.org/play/lobby");
  assert.deepEqual(FakeSocket.last.protocols, ["tickwire.v1", "ticket.abc.def"]);
  assert.equal(FakeSocket.last.binaryType, "arraybuffer");
  assert.equal(FakeSocket.last.sent()[0].name, "Ada");
  assert.deepEqual([room.state, room.agreement?.schema.game, names()], ["playing", "golden", ["connect"]]);
});

test("a page is told that its ticket ends, and hands in another, which the next connection takes, too", async () => {
  const { room, told } = await playing({ ticket: "old" });
  FakeSocket.last.say(notice(2, 300));
  assert.deepEqual(told.filter(([name]) => name === "notice"), [["notice", { reason: "ticket-ends", seconds: 300 }]]);
  FakeSocket.last.sent();
  room.renew("new");
  assert.deepEqual(FakeSocket.last.sent().filter(({ kind }) => kind === "renew"), [{ kind: "renew", ticket: "new" }]);
  assert.throws(() => room.renew("two words"), { name: "TickwireError", code: "usage" });
  assert.throws(() => room.renew("t".repeat(TICKET_BYTES_MAX + 1)), { name: "TickwireError", code: "usage" });
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
  assert.equal(room.stats.tick, 6_001, "nobody waits until it ends");
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

test("a full line that hears nothing any more is cut after the limit of silence, and nobody is woken without end", async () => {
  const { timers, room, told } = await playing();
  await run(timers, 1_002, 10);
  FakeSocket.last.bufferedAmount = 5_000;
  FakeSocket.last.say(step(1_012));
  let wakes = 0;
  const { setTimeout } = timers;
  timers.setTimeout = (wake, ms) => setTimeout(() => (wakes++, wake()), ms);
  await timers.advance(7_900);
  assert.equal(room.state, "playing");
  assert.ok(wakes > 7 && wakes < 8 * 31, `${wakes} wakes in 7.9 seconds`);
  await timers.advance(200);
  assert.deepEqual(told.filter(([name]) => name === "drop").map(([, { code }]) => code), [4005]);
});

test("what a full line kept from being confirmed is confirmed a tick after it is free again", async () => {
  const { timers } = await playing({ watch: true });
  await run(timers, 1_002, 3);
  FakeSocket.last.sent();
  FakeSocket.last.bufferedAmount = 5_000;
  FakeSocket.last.say(step(1_005));
  await timers.advance(900);
  assert.deepEqual(FakeSocket.last.sent().filter(({ kind }) => kind === "confirm"), []);
  FakeSocket.last.bufferedAmount = 0;
  await timers.advance(TICK_MS + 1);
  assert.deepEqual(FakeSocket.last.sent().filter(({ kind }) => kind === "confirm"), [{ kind: "confirm", newest: 1_005 }]);
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

test("what a listener threw reaches the platform where nobody listens to errors", async (t) => {
  const said = t.mock.method(console, "error", () => {});
  const oops = new Error("oops");
  const { timers, room } = await playing({ on: { connect: () => { throw oops; } } });
  assert.deepEqual(said.mock.calls.map(({ arguments: [cause] }) => cause), [oops]);
  const reported = t.mock.fn();
  Object.assign(globalThis, { reportError: reported });
  t.after(() => void Reflect.deleteProperty(globalThis, "reportError"));
  room.on("snapshot", () => { throw oops; });
  FakeSocket.last.say(step(1_002));
  await timers.advance(1);
  assert.deepEqual(reported.mock.calls.map(({ arguments: [cause] }) => cause), [oops]);
  const off = room.on("error", () => {});
  FakeSocket.last.say(step(1_003));
  await timers.advance(1);
  assert.equal(reported.mock.callCount(), 1, "who listens to errors is told, and nobody else");
  off();
  FakeSocket.last.say(step(1_004));
  await timers.advance(1);
  assert.deepEqual([reported.mock.callCount(), said.mock.callCount()], [2, 1]);
});

test("a listener to errors that throws itself is reported once and keeps nobody from joining", async (t) => {
  const said = t.mock.method(console, "error", () => {});
  const [oops, again] = [new Error("oops"), new Error("again")];
  let heard = 0;
  const { room } = await playing({ on: { connect: () => { throw oops; }, error: () => { heard += 1; throw again; } } });
  assert.deepEqual([room.state, heard], ["playing", 1]);
  assert.deepEqual(said.mock.calls.map(({ arguments: [cause] }) => cause), [again]);
});

test("what the network or the server did wrong is no error of the page", async (t) => {
  const said = t.mock.method(console, "error", () => {});
  const { timers, room } = await playing({ on: {} });
  FakeSocket.last.say(step(1_002, { digest: 0xbeef }));
  await timers.advance(50);
  assert.deepEqual([room.stats.digestsWrong, said.mock.callCount()], [1, 0]);
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

test("a field's unit is asked for by name, and what the game does not have is named", async () => {
  const { room } = await playing();
  const units = SCHEMA.components.flatMap(({ name, fields }) => fields.filter(({ kind }) => "unit" in kind).map((field) => /** @type {const} */ ([name, field])));
  assert.ok(units.length > 0);
  for (const [name, field] of units) assert.equal(room.unitOf(name, field.name), "unit" in field.kind && field.kind.unit);
  assert.equal(room.unitOf("Purse", "coins"), 1);
  assert.throws(() => room.unitOf("Wings", "at"), { code: "usage", message: /the game golden has no component Wings: it has .*Place/ });
  assert.throws(() => room.unitOf("Place", "where"), { code: "usage", message: /Place has no field where: it has at/ });
  const [owner, whole] = SCHEMA.components.flatMap(({ name, fields }) => fields.filter(({ kind }) => kind.word === "reference").map((field) => [name, field.name]))[0];
  assert.throws(() => room.unitOf(owner, whole), { code: "usage", message: /has no unit: it is of the kind reference/ });
});

/** A golden frame after which not all is there yet. @param {"state_full" | "state_step"} name */
function unfinished(name) {
  const bytes = golden(name).slice();
  if (name === "state_full") bytes[6] ^= 0x40;
  else bytes[3] ^= 0x04;
  return bytes;
}

/** @param {Uint8Array[]} frames */
function welcomedWith(...frames) {
  FakeSocket.last.open();
  for (const bytes of [welcome({ tick: 70_000 }), ...frames]) FakeSocket.last.say(bytes);
}

test("what the game tells before the world is there is told after it, at first and when we come again", async () => {
  const { timers, told, joining, names } = story();
  welcomedWith(unfinished("state_full"));
  await timers.advance(0);
  assert.deepEqual(told, []);
  FakeSocket.last.say(golden("state_step"));
  await timers.advance(1);
  const room = await joining;
  assert.deepEqual(names(), ["spawn", "spawn", "connect", "event"]);
  assert.deepEqual(told[3][1], { name: "Found", values: { who: 5, coins: 50 }, tick: 70_002 });
  FakeSocket.last.end(1006);
  await timers.advance(300);
  told.length = 0;
  welcomedWith(unfinished("state_full"), unfinished("state_step"));
  await timers.advance(10);
  assert.deepEqual([told, room.state], [[], "reconnecting"]);
  FakeSocket.last.say(golden("state_full"));
  await timers.advance(10);
  assert.deepEqual(names(), ["despawn", "despawn", "spawn", "spawn", "reconnect", "connect", "event"]);
});

test("what a connection told that never got in is not told by the next", async () => {
  const { timers, names } = await playing();
  FakeSocket.last.end(1006);
  await timers.advance(300);
  welcomedWith(unfinished("state_full"), unfinished("state_step"));
  await timers.advance(10);
  FakeSocket.last.end(1006);
  await timers.advance(600);
  welcomedWith(golden("state_full"));
  await timers.advance(10);
  assert.deepEqual(names(), ["connect", "drop", "drop", "spawn", "spawn", "reconnect", "connect"]);
});

test("a server that tells without end before the world is there is not listened to for ever", async () => {
  const { timers, joining, names } = story();
  welcomedWith(unfinished("state_full"), ...Array.from({ length: 300 }, () => unfinished("state_step")));
  await timers.advance(1);
  FakeSocket.last.say(golden("state_full"));
  await timers.advance(1);
  const room = await joining;
  assert.equal(names().filter((name) => name === "event").length, EVENTS_HELD_MAX);
  assert.equal(room.stats.eventsLost, 300 - EVENTS_HELD_MAX);
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
