// Every end of a connection and every way back, over a socket and a clock of the test's own.

import { beforeEach, test } from "node:test";
import assert from "node:assert/strict";
import { CLOSE_CODES, connect } from "../../../assets/web/sdk/index.js";
import { ControlWriter } from "../../../assets/web/sdk/wire/control.js";
import { xxh3 } from "../../../assets/web/sdk/bits/xxh3.js";
import { Session } from "../../../assets/web/sdk/session.js";
import { SILENT_MS } from "../../../assets/web/sdk/line.js";
import { FakeSocket, SCHEMA_BYTES, full, golden, step, welcome } from "./fakes.js";
import { failure, playing, run, story } from "./story.js";

beforeEach(() => void (FakeSocket.all.length = 0));

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

/**
 * Cuts the line each time when we were in for so many ticks, until it is over.
 * @param {number} ticks
 * @param {number} cuts at the most
 */
async function cutAgainAndAgain(ticks, cuts) {
  const { timers, told, room } = await playing();
  for (let cut = 0; cut < cuts && room.state !== "over"; cut++) {
    await run(timers, 1_002, ticks);
    FakeSocket.last.end(1006);
    await timers.advance(5_000);
    if (FakeSocket.last.readyState === 0) FakeSocket.last.letIn();
    await timers.advance(0);
  }
  const drops = told.filter(([name]) => name === "drop").map(([, { retryInMs, attempt }]) => [retryInMs, attempt]);
  return { room, timers, waits: drops.map(([wait]) => wait), attempts: drops.map(([, attempt]) => attempt) };
}

test("who was in for a while waits no longer the next time, but a server that fails again and again is left after a minute", async () => {
  const { room, timers, waits, attempts } = await cutAgainAndAgain(75, 40);
  assert.equal(room.state, "over");
  assert.ok(timers.now() < 80_000, `${timers.now()}`);
  assert.ok(waits.length > 5 && waits.length < 12, `${waits}`);
  assert.deepEqual(waits, new Array(waits.length).fill(250));
  assert.deepEqual(attempts, Array.from(waits, (_, place) => place + 1), "it is one row");
});

test("who was in for longer begins the row anew, however often the line is cut", async () => {
  const { room, waits, attempts } = await cutAgainAndAgain(310, 20);
  assert.deepEqual([room.state, waits, attempts], ["playing", new Array(20).fill(250), new Array(20).fill(1)], "also after a minute of it");
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

test("a ticket that never comes does not keep us coming back for ever", async () => {
  const { timers, told, names, room } = await playing({ ticket: "old", renewTicket: () => new Promise(() => {}), retry: { totalMs: 20_000 } });
  FakeSocket.last.end(1006);
  await timers.advance(19_000);
  assert.deepEqual([room.state, FakeSocket.all.length], ["reconnecting", 1]);
  await timers.advance(1_100);
  const [[, error]] = told.filter(([name]) => name === "error");
  assert.deepEqual([error.code, error.fault], ["usage", "page"]);
  assert.match(error.message, /no new ticket: nothing came in \d+ ms/);
  // One last attempt with the ticket that we have, and then it is over.
  assert.deepEqual([FakeSocket.all.length, FakeSocket.last.protocols.at(-1)], [2, "ticket.old"]);
  FakeSocket.last.end(1006);
  await timers.advance(10);
  assert.deepEqual([names(), room.state], [["connect", "drop", "error", "leave"], "over"]);
});
