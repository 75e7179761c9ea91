// Coming back to the seat that the server keeps, over a socket and a clock of the test's own: asked for where and with what, what goes on,
// and what becomes of it where the seat is gone.

import { beforeEach, test } from "node:test";
import assert from "node:assert/strict";
import { keptRoom } from "../../../assets/web/sdk/index.js";
import { xxh3 } from "../../../assets/web/sdk/bits/xxh3.js";
import { CUT_UNITS } from "../../../assets/web/sdk/predict.js";
import { ControlWriter } from "../../../assets/web/sdk/wire/control.js";
import { FakeSocket, SCHEMA_BYTES, TABLES_BYTES, full, golden, secretOf, step, welcome } from "./fakes.js";
import { URL_PLAIN, playing, run, story } from "./story.js";

beforeEach(() => void (FakeSocket.all.length = 0));

const SHORT = { schema: null, tables: null };
const DOOR = "wss://play.example.org/play/lobby?resume";

/** What the newest socket's client said first. */
function hello() {
  FakeSocket.last.open();
  return FakeSocket.last.sent()[0];
}

/**
 * What a room told by one name.
 * @param {[string, any][]} told
 * @param {string} name
 */
const all = (told, name) => told.filter(([one]) => one === name).map(([, what]) => what);

/** A store that a page and the next one share, and the window that says when the page goes. */
class Tab extends EventTarget {
  /** @type {Map<string, string>} */
  kept = new Map();
  getItem = (/** @type {string} */ key) => this.kept.get(key) ?? null;
  setItem = (/** @type {string} */ key, /** @type {string} */ value) => void this.kept.set(key, value);
  removeItem = (/** @type {string} */ key) => void this.kept.delete(key);

  /** The page goes. */
  unload() {
    this.dispatchEvent(new Event("pagehide"));
  }
}

test("who is cut off asks for its seat at its room's door, names what it holds, and is back in it", async () => {
  const { timers, told, names, room } = await playing({ ticket: "a.b" }, { secret: 1, player: 9 });
  FakeSocket.last.end(1006);
  assert.deepEqual([room.state, all(told, "drop")[0].seatKept], ["reconnecting", true]);
  await timers.advance(300);
  assert.deepEqual([FakeSocket.last.url, FakeSocket.last.protocols], [DOOR, ["tickwire.v1", "ticket.a.b"]]);
  const said = hello();
  assert.deepEqual([said.resume, said.schema, said.tables], [secretOf(1), xxh3(SCHEMA_BYTES), xxh3(TABLES_BYTES)]);
  FakeSocket.last.say(welcome({ ...SHORT, secret: 2, player: 9, tick: 1_030 }));
  FakeSocket.last.say(full(1_031));
  await timers.advance(0);
  assert.deepEqual(names(), ["connect", "drop", "reconnect", "resume", "connect"]);
  assert.deepEqual([all(told, "reconnect")[0].resumed, all(told, "resume")], [true, [{ resumed: true, why: null }]]);
  assert.deepEqual([room.state, room.agreement?.player, room.stats.resumed, room.stats.reconnects], ["playing", 9, 1, 1]);
});

test("each cut asks with the secret of the newest welcome, also where the world did not come any more", async () => {
  const { timers, told } = await playing({}, { secret: 1 });
  const asked = [];
  for (const [secret, comes] of /** @type {[number, boolean][]} */ ([[2, true], [3, false], [4, true], [5, true]])) {
    FakeSocket.last.end(1006);
    await timers.advance(5_000);
    asked.push(hello().resume[0]);
    FakeSocket.last.say(welcome({ ...SHORT, secret }));
    if (comes) FakeSocket.last.say(full(1_001));
    await timers.advance(100);
  }
  assert.deepEqual(asked, [1, 2, 3, 4]);
  assert.deepEqual(all(told, "resume").map(({ resumed }) => resumed), [true, true, true]);
});

test("an attempt that never came to a welcome costs no secret", async () => {
  const { timers, told } = await playing({}, { secret: 1 });
  for (const code of [1006, 4003, 4005, 1011]) {
    FakeSocket.last.end(code);
    await timers.advance(5_000);
    assert.deepEqual([hello().resume, FakeSocket.last.url], [secretOf(1), DOOR], `${code}`);
  }
  FakeSocket.last.say(welcome({ ...SHORT, secret: 2 }));
  FakeSocket.last.say(full(1_001));
  await timers.advance(0);
  assert.deepEqual(all(told, "resume"), [{ resumed: true, why: null }]);
});

test("who is refused the seat is somebody new at once, on the same connection, and that is told", async () => {
  const { timers, told, names, room } = await playing({}, { secret: 1, player: 4 });
  FakeSocket.last.end(1006);
  await timers.advance(300);
  hello();
  FakeSocket.last.say(welcome({ ...SHORT, secret: 2, player: 5 }));
  FakeSocket.last.say(full(1_001));
  await timers.advance(0);
  assert.deepEqual(names(), ["connect", "drop", "reconnect", "resume", "connect"]);
  assert.deepEqual([all(told, "reconnect")[0].resumed, all(told, "resume")[0]], [false, { resumed: false, why: "gone" }]);
  assert.deepEqual([room.state, room.stats.resumed, FakeSocket.all.length], ["playing", 0, 2]);
  FakeSocket.last.end(1006);
  await timers.advance(600);
  assert.deepEqual(hello().resume, secretOf(2), "the seat that it has now is asked for the next time");
});

test("a full room in which there is no seat any more is joined the ordinary way, without the secret", async () => {
  const { timers, told } = await playing({}, { secret: 1, player: 4 });
  FakeSocket.last.end(1006);
  await timers.advance(300);
  hello();
  FakeSocket.last.end(4008, "the room is full");
  assert.equal(all(told, "drop")[1].seatKept, false);
  await timers.advance(600);
  assert.deepEqual([hello().resume, FakeSocket.last.url], [null, "wss://play.example.org/play/lobby"]);
  FakeSocket.last.say(welcome({ ...SHORT, secret: 2, player: 5 }));
  FakeSocket.last.say(full(1_001));
  await timers.advance(0);
  assert.deepEqual(all(told, "resume"), [{ resumed: false, why: "gone" }]);
});

test("the same number in another life of the room is another player", async () => {
  const { timers, told, room } = await playing({}, { secret: 1, player: 4, incarnation: 7n });
  await run(timers, 1_002, 30);
  FakeSocket.last.end(1006);
  await timers.advance(300);
  hello();
  FakeSocket.last.say(welcome({ ...SHORT, secret: 2, player: 4, incarnation: 8n, tick: 5 }));
  FakeSocket.last.say(full(6));
  await timers.advance(200);
  assert.deepEqual(all(told, "resume"), [{ resumed: false, why: "other-room" }]);
  const inputs = FakeSocket.last.sent().filter(({ kind }) => kind === "input");
  assert.ok(inputs.length > 0 && inputs[0].tick < 20, "nothing goes on from before");
  assert.equal(room.stats.resumed, 0);
});

test("who was welcomed as somebody new and cut before it saw the world is told so all the same", async () => {
  const { timers, told } = await playing({}, { secret: 1, player: 4 });
  FakeSocket.last.end(1006);
  await timers.advance(300);
  hello();
  FakeSocket.last.say(welcome({ ...SHORT, secret: 2, player: 5 }));
  FakeSocket.last.end(1006);
  await timers.advance(600);
  assert.deepEqual(hello().resume, secretOf(2));
  FakeSocket.last.say(welcome({ ...SHORT, secret: 3, player: 5 }));
  FakeSocket.last.say(full(1_001));
  await timers.advance(0);
  assert.deepEqual(all(told, "resume"), [{ resumed: false, why: "gone" }]);
});

test("no tick's input and no request is named twice, and the first input says its values", async () => {
  const { timers, room } = await playing({}, { secret: 1 });
  room.sendInput({ step: 1 });
  await run(timers, 1_002, 30);
  const asking = room.request("Rename", { name: "Zoë" }).catch((error) => error.code);
  const before = FakeSocket.last.sent();
  const last = before.filter(({ kind }) => kind === "input").at(-1).tick;
  assert.deepEqual(before.filter(({ kind }) => kind === "request").map(({ number }) => number), [0]);
  FakeSocket.last.end(1006);
  assert.equal(await asking, "dropped");
  await timers.advance(250);
  hello();
  // The server is not as far as we were when we were cut off.
  FakeSocket.last.say(welcome({ ...SHORT, secret: 2, tick: last - 5 }));
  FakeSocket.last.say(full(last - 4));
  await timers.advance(400);
  void room.request("Rename", { name: "Ada" }).catch(() => {});
  const after = FakeSocket.last.sent();
  const inputs = after.filter(({ kind }) => kind === "input");
  assert.deepEqual([inputs[0].tick, inputs[0].codes], [last + 1, [2, 0, 0]], "what was held down is held down");
  assert.deepEqual(after.filter(({ kind }) => kind === "request").map(({ number }) => number), [1]);
});

test("no seat is promised where the server goes, the room has ended or we were at fault, nor while nobody answers after it", async () => {
  for (const [code, kept] of /** @type {[number, boolean][]} */ ([[1006, true], [4005, true], [4007, true], [1011, true], [1001, false], [4009, false], [4003, false]])) {
    const { timers, told } = await playing({}, { secret: 1 });
    FakeSocket.last.end(code);
    await timers.advance(300);
    FakeSocket.last.end(1006);
    assert.deepEqual(all(told, "drop").map(({ seatKept }) => seatKept), [kept, kept], `${code}`);
    await timers.advance(600);
    assert.deepEqual(hello().resume, secretOf(1), "it is asked for all the same");
    FakeSocket.all.length = 0;
  }
});

test("a server that keeps no seats is come back to as ever", async () => {
  const { timers, told, names } = await playing();
  FakeSocket.last.end(1006);
  assert.equal(all(told, "drop")[0].seatKept, false);
  await timers.advance(300);
  assert.deepEqual([FakeSocket.last.url, hello().resume], ["wss://play.example.org/play/lobby", null]);
  FakeSocket.last.say(welcome({ player: 2 }));
  FakeSocket.last.say(full(1_001));
  await timers.advance(0);
  assert.deepEqual([names(), all(told, "reconnect")[0].resumed], [["connect", "drop", "reconnect", "connect"], false]);
});

test("who was sent to any room comes back to the one in which it was", async () => {
  const { timers } = story({ room: undefined });
  assert.equal(FakeSocket.last.url, "wss://play.example.org/play");
  FakeSocket.last.letIn({ secret: 1, room: "main-2" });
  await timers.advance(0);
  FakeSocket.last.end(1006);
  await timers.advance(300);
  assert.equal(FakeSocket.last.url, "wss://play.example.org/play/main-2?resume");
});

test("a room's name that is none opens no door", async () => {
  for (const room of ["../admin", "a?b", "", "A", "x".repeat(33)]) {
    const { timers, told } = await playing({}, { secret: 1, room });
    FakeSocket.last.end(1006);
    await timers.advance(300);
    assert.deepEqual([FakeSocket.last.url, hello().resume, all(told, "drop")[0].seatKept], ["wss://play.example.org/play/lobby", null, false]);
    FakeSocket.all.length = 0;
  }
});

test("who is moved to another server has no seat there to ask for", async () => {
  const { timers } = await playing({}, { secret: 1 });
  const out = new ControlWriter();
  out.u8(5);
  out.text("wss://b.example/play/meadow");
  out.text("t1");
  out.integer(0);
  FakeSocket.last.say(out.intoBytes());
  FakeSocket.last.end(4013);
  await timers.advance(0);
  assert.deepEqual([FakeSocket.last.url, hello().resume], ["wss://b.example/play/meadow", null]);
});

test("what was shown of us is corrected and does not leap, unless it is too far away", async () => {
  for (const [farUnits, leaps] of /** @type {[number, boolean][]} */ ([[10, false], [CUT_UNITS + 5, true]])) {
    let at = 1_000;
    const predict = {
      truth: () => ({ x: at }),
      step: (/** @type {any} */ state) => ({ ...state }),
      place: (/** @type {any} */ { x }) => ({ x, y: 2_000 }),
    };
    const { timers, joining } = story({ predict });
    FakeSocket.last.open();
    FakeSocket.last.say(welcome({ tick: 70_000, secret: 1 }));
    FakeSocket.last.say(golden("state_full"));
    await timers.advance(0);
    const room = await joining;
    const x = () => room.view().me?.components.Place.at.x;
    await timers.advance(200);
    assert.equal(x(), 1_000);
    FakeSocket.last.end(1006);
    await timers.advance(300);
    assert.equal(x(), 1_000, "it stands while nobody says anything");
    at = 1_000 + farUnits * 16;
    hello();
    FakeSocket.last.say(welcome({ ...SHORT, tick: 70_000, secret: 2 }));
    FakeSocket.last.say(golden("state_full"));
    await timers.advance(1);
    const seen = [x()];
    for (let picture = 0; picture < 60; picture++) {
      await timers.advance(1_000 / 60);
      seen.push(x());
    }
    const steps = seen.slice(1).map((place, index) => Math.abs(place - seen[index]) / 16);
    if (leaps) assert.ok(steps.filter((units) => units > 0).length === 1 && seen[20] === at, `what is too far away is shown where it is: ${seen}`);
    else assert.ok(Math.abs(seen[0] - 1_000) < 80 && Math.max(...steps) < 3, `${seen}`);
    assert.ok(Math.abs(/** @type {number} */ (seen.at(-1)) - at) < 1, `${seen}`);
    FakeSocket.all.length = 0;
  }
});

test("a page that goes leaves its seat behind for the next one, cuts the line without saying goodbye, and no address says the secret", async () => {
  const tab = new Tab();
  const first = await playing({ network: tab, seatStore: tab }, { secret: 1, player: 9 });
  await run(first.timers, 1_002, 30);
  assert.equal(tab.kept.size, 0, "while a page is there nobody else finds anything");
  assert.equal(keptRoom(tab, URL_PLAIN), null);
  tab.unload();
  assert.deepEqual([FakeSocket.all[0].closing, keptRoom(tab, "https://play.example.org")], [{ code: undefined, reason: undefined }, "lobby"]);
  const { input } = JSON.parse([...tab.kept.values()][0]);
  // The first page is gone, and its timers with it.
  const second = story({ network: tab, seatStore: tab });
  assert.deepEqual([FakeSocket.last.url, tab.kept.size], [DOOR, 0]);
  assert.deepEqual(hello().resume, secretOf(1));
  FakeSocket.last.say(welcome({ secret: 2, player: 9, tick: input - 3 }));
  FakeSocket.last.say(full(input - 2));
  await second.timers.advance(300);
  assert.deepEqual(second.names(), ["resume", "connect"]);
  assert.deepEqual([all(second.told, "resume")[0].resumed, (await second.joining).stats.resumed], [true, 1]);
  assert.equal(FakeSocket.last.sent().filter(({ kind }) => kind === "input")[0].tick, input);
  assert.ok(FakeSocket.all.every(({ url, protocols }) => !/01.?01/.test(`${url}${protocols}`)));
});

test("a page that was only put aside takes back what it left behind", async () => {
  const tab = new Tab();
  const { timers, told } = await playing({ network: tab, seatStore: tab }, { secret: 1 });
  tab.unload();
  assert.equal(tab.kept.size, 1);
  await timers.advance(300);
  assert.deepEqual([tab.kept.size, hello().resume], [0, secretOf(1)]);
  FakeSocket.last.say(welcome({ ...SHORT, secret: 2 }));
  FakeSocket.last.say(full(1_001));
  await timers.advance(0);
  assert.deepEqual(all(told, "resume"), [{ resumed: true, why: null }]);
});

test("who leaves on purpose leaves nothing behind, also when the page goes right after it", async () => {
  const tab = new Tab();
  const { timers, room } = await playing({ network: tab, seatStore: tab }, { secret: 1 });
  void room.leave();
  tab.unload();
  await timers.advance(3_000);
  assert.deepEqual([room.state, tab.kept.size], ["over", 0]);
});

test("without a store nothing is left behind, and the browser closes the line as it likes", async () => {
  const tab = new Tab();
  await playing({ network: tab }, { secret: 1 });
  tab.unload();
  assert.deepEqual([tab.kept.size, FakeSocket.last.closing], [0, null]);
});

test("what is stored counts only where it can be ours: for that room, of not long ago, and whole", async () => {
  const tab = new Tab();
  const good = { room: "lobby", secret: [...secretOf(1)], incarnation: "7", player: 1, input: 5, request: 0, atMs: Date.now() };
  const bad = [
    { ...good, room: "elsewhere" }, { ...good, atMs: Date.now() - 700_000 }, { ...good, atMs: undefined }, { ...good, secret: [1, 2] },
    { ...good, secret: "1".repeat(16) }, { ...good, player: -1 }, { ...good, input: 1.5 }, { ...good, incarnation: "x" }, { ...good, room: "../x" },
  ];
  for (const stored of [...bad.map((one) => JSON.stringify(one)), "", "null", "{", "[]"]) {
    tab.kept.set("tickwire.seat.play.example.org", stored);
    story({ network: tab, seatStore: tab }).joining.catch(() => {});
    assert.deepEqual([FakeSocket.last.url, hello().resume, tab.kept.size], ["wss://play.example.org/play/lobby", null, 0], stored);
  }
  tab.kept.set("tickwire.seat.play.example.org", JSON.stringify({ ...good, input: Number.MAX_SAFE_INTEGER }));
  const { timers } = story({ network: tab, seatStore: tab });
  FakeSocket.last.letIn({ secret: 2 });
  await timers.advance(3_000);
  for (let tick = 1_002; tick < 1_100; tick++) FakeSocket.last.say(step(tick));
  await timers.advance(1_000);
  assert.ok(FakeSocket.last.sent().some(({ kind }) => kind === "input"), "no number in a store keeps a player from playing");
});

test("where the seat's door stays shut for a page that was loaded anew, the ordinary one is tried once, and then it is refused", async () => {
  const tab = new Tab();
  tab.kept.set(
    "tickwire.seat.play.example.org",
    JSON.stringify({ room: "lobby", secret: [...secretOf(1)], incarnation: "7", player: 1, input: 5, request: 0, atMs: Date.now() }),
  );
  const { timers, joining } = story({ network: tab, seatStore: tab });
  FakeSocket.last.end(1006);
  await timers.advance(0);
  assert.deepEqual([FakeSocket.all.length, FakeSocket.last.url], [2, "wss://play.example.org/play/lobby"]);
  FakeSocket.last.end(1006);
  await assert.rejects(joining, (/** @type {any} */ error) => error.code === "unreachable" || error.code === "refused");
  assert.equal(FakeSocket.all.length, 2);
});
