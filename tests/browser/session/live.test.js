// The SDK against the real server, over wss with a verified certificate: playing, cuts, stalls, a hidden page, a restart.

import { after, afterEach, before, test } from "node:test";
import assert from "node:assert/strict";
import { closeAll, enter, missing, openPath, pause, sendBots, startServer, until, welcomes } from "./live.js";

/** @typedef {import("./live.js").Server} Server */
/** @typedef {import("../../../assets/web/sdk/index.js").Room<any>} Room */

/** @type {Server} */
let server;
/** @type {() => Promise<void>} */
let stopBots = async () => {};
const live = { skip: missing, timeout: 60_000 };

before(async () => {
  if (missing) return;
  server = await startServer();
  stopBots = sendBots(server, "lobby", 10, { keep: true });
});

afterEach(closeAll);

after(async () => {
  await stopBots();
  await server?.stop();
});

/**
 * Plays for a while: runs to and fro, draws sixty times a second.
 * @param {Room} room
 * @param {number} ms
 */
async function play(room, ms) {
  const end = Date.now() + ms;
  while (Date.now() < end) {
    const right = Math.floor(Date.now() / 700) % 2 === 0;
    room.sendInput({ thrust: { x: right ? 1 : -1, y: right ? 0 : 1 }, aim: Date.now() % 65_536 });
    room.view();
    await pause(16);
  }
}

/** @param {Room} room */
function where(room) {
  return { ...room.me?.components.Position?.at };
}

test("it plays beside bots: every digest is right, inputs come in time, the world moves", live, async () => {
  /** @type {any[]} */
  const errors = [];
  const room = await enter(server, { room: "lobby", name: "Zoë", on: { error: (error) => errors.push(error) } });
  await until(() => [...room.entities.values()].filter(({ kind }) => kind === "player").length === 11, "ten bots and us");
  const begun = where(room);
  await play(room, 5_000);
  const { stats } = room;
  assert.notDeepEqual(where(room), begun);
  assert.equal(room.me?.components.Nameplate?.name, "Zoë");
  assert.ok(stats.digestsChecked >= 140 && stats.digestsWrong === 0, JSON.stringify(stats));
  assert.ok(stats.framesPerSecond >= 25 && stats.framesBroken === 0 && stats.resyncs === 0, JSON.stringify(stats));
  assert.ok(stats.inputsUsed >= 130 && stats.inputsLate <= stats.inputsUsed / 20, JSON.stringify(stats));
  assert.ok(stats.bytesInPerSecond > 0 && stats.bytesOutPerSecond > 0 && stats.rttMs > 0, JSON.stringify(stats));
  assert.ok(stats.interpolationMs > 30 && stats.interpolationMs < 150, JSON.stringify(stats));
  assert.deepEqual(errors, []);
  await room.leave();
});

test("a request is answered, and what came of it is told", live, async () => {
  /** @type {any[]} */
  const told = [];
  const room = await enter(server, { room: "duel", name: "Ada", on: { event: (event) => told.push(event) } });
  await play(room, 300);
  assert.deepEqual(await room.request("GiveUp"), { done: true });
  await until(() => told.some(({ name }) => name === "Kill"), "the event");
  const { values } = told.find(({ name }) => name === "Kill");
  assert.equal(values.killer, values.victim, "who gave up killed itself");
  assert.deepEqual(await room.request("GiveUp").then(({ done }) => done), false, "the dead cannot");
  await room.leave();
});

test("two clients see each other come, move and go", live, async () => {
  /** @type {string[]} */
  const seen = [];
  const name = (/** @type {any} */ entity) => entity.components.Nameplate?.name;
  const one = await enter(server, { room: "two", name: "One", on: { spawn: (who) => seen.push(`+${name(who)}`), despawn: (who) => seen.push(`-${name(who)}`) } });
  const two = await enter(server, { room: "two", name: "Two" });
  await until(() => seen.includes("+Two"), "Two to come");
  const other = () => [...one.view().entities.values()].find((who) => name(who) === "Two");
  await until(() => other() !== undefined, "Two to be drawn");
  const begun = { ...other()?.components.Position?.at };
  two.sendInput({ thrust: { x: 0, y: 1 } });
  await until(() => other()?.components.Position?.at.y !== begun.y || other()?.components.Position?.at.x !== begun.x, "Two to move");
  await two.leave();
  await until(() => seen.includes("-Two"), "Two to go");
  await one.leave();
});

test("over 80 ms and jitter a cut is come back from within two seconds, with the world right after it", live, async () => {
  const path = await openPath(server, { delayMs: 40, jitterMs: 10 });
  /** @type {any[]} */
  const told = [];
  const on = Object.fromEntries(["drop", "reconnect", "error", "leave"].map((name) => [name, (/** @type {any} */ what) => told.push([name, what])]));
  const room = await enter(server, { port: path.port, room: "lobby", name: "Cut", on });
  await play(room, 2_000);
  for (let round = 1; round <= 3; round++) {
    const cutMs = Date.now();
    path.cut();
    await until(() => told.filter(([name]) => name === "reconnect").length === round, "to be back");
    const ms = Date.now() - cutMs;
    assert.ok(ms < 2_000, `back after ${ms} ms`);
    assert.ok(room.me !== null && room.entities.size > 1, "the world is there at once");
    await play(room, 1_000);
  }
  assert.deepEqual(told.map(([name]) => name), ["drop", "reconnect", "drop", "reconnect", "drop", "reconnect"]);
  const { stats } = room;
  assert.ok(stats.digestsWrong === 0 && stats.framesBroken === 0 && stats.reconnects === 3, JSON.stringify(stats));
  assert.ok(stats.inputsUsed > stats.inputsLate * 4, JSON.stringify(stats));
  await room.leave();
  await path.close();
});

test("a stall of two seconds costs no connection and leaves no wrong world", live, async () => {
  const path = await openPath(server, { delayMs: 40, jitterMs: 10 });
  /** @type {string[]} */
  const told = [];
  const room = await enter(server, { port: path.port, room: "lobby", name: "Stalled", on: { drop: ({ text }) => told.push(text) } });
  await play(room, 1_500);
  path.stall(2_000);
  await play(room, 2_500);
  await until(() => room.stats.snapshotAgeMs < 100, "frames again");
  await play(room, 1_500);
  const { stats } = room;
  assert.ok(stats.digestsWrong === 0 && stats.framesBroken === 0 && stats.reconnects === 0, JSON.stringify(stats));
  assert.deepEqual(told, []);
  await room.leave();
  await path.close();
});

test("a pause costs next to nothing, and on return there is one fresh world", live, async () => {
  const room = await enter(server, { room: "lobby", name: "Hidden" });
  await play(room, 1_000);
  room.pause(true);
  await pause(2_000);
  assert.equal(room.state, "paused");
  assert.ok(room.stats.framesPerSecond <= 2 && room.stats.bytesInPerSecond < 60, JSON.stringify(room.stats));
  /** @type {boolean[]} */
  const frames = [];
  room.on("snapshot", ({ full }) => frames.push(full));
  room.pause(false);
  await until(() => frames.length > 5, "frames");
  assert.deepEqual(frames.slice(0, 2), [true, false]);
  assert.ok(room.stats.digestsWrong === 0 && room.stats.resyncs === 0, JSON.stringify(room.stats));
  await room.leave();
});

test("a server that is stopped and started again is come back to, with what was held on to", live, async () => {
  let own = await startServer();
  /** @type {any[]} */
  const told = [];
  const room = await enter(own, { name: "Back", on: { drop: ({ name }) => told.push(name), reconnect: () => told.push("back") } });
  await own.stop({ keep: true });
  own = await startServer({ again: own });
  await until(() => told.includes("back"), "to be back");
  assert.equal(told[0], "GoingAway");
  const [long, short] = welcomes.slice(-2);
  assert.ok(long > 1_000 && short < 200, `a Welcome of ${long} bytes, and then of ${short}`);
  await play(room, 500);
  assert.equal(room.stats.digestsWrong, 0);
  await room.leave();
  await own.stop();
});

test("who is refused learns why: no spectators here, nobody there", live, async () => {
  const own = await startServer({ settings: "[spectators]\nper_room_max = 0\n" });
  await assert.rejects(enter(own, { room: "lobby", watch: true }), (/** @type {any} */ error) => {
    assert.deepEqual([error.code, error.ending?.name, error.ending?.comeAgain], ["closed", "NoSpectators", "never"]);
    return true;
  });
  await own.stop();
  await assert.rejects(enter(own, {}), (/** @type {any} */ error) => {
    assert.deepEqual([error.code, error.fault], ["unreachable", "path"]);
    return true;
  });
});

test("a full room is refused with its numbers, and a spectator is let in where the operator allows it", live, async () => {
  const own = await startServer({ settings: SMALL });
  const first = await enter(own, { room: "lobby", name: "First" });
  await pause(1_100);
  await assert.rejects(enter(own, { room: "lobby", name: "Second" }), (/** @type {any} */ error) => {
    assert.equal(error.code, "refused");
    assert.match(error.message, /lobby is full: 1 of 1/);
    return true;
  });
  const watching = await enter(own, { room: "lobby", watch: true });
  await until(() => [...watching.view().entities.values()].some(({ components }) => components.Nameplate?.name === "First"), "First to be seen");
  assert.equal(watching.me, null);
  assert.throws(() => watching.sendInput({ fire: true }), /only looks on/);
  await pause(1_000);
  assert.ok(watching.stats.digestsWrong === 0 && watching.stats.digestsChecked > 20, JSON.stringify(watching.stats));
  await Promise.all([first.leave(), watching.leave()]);
  await own.stop();
});

/** A server with one place for players, and some for who looks on. */
const SMALL = "[rooms]\nplayers_max = 1\n[spectators]\nallow = true\ndelay_s = 0\n";
