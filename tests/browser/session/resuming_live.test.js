// Coming back to one's seat on the real server, over wss: the same entity with the same score, and who it is not given back to.

import { after, afterEach, before, test } from "node:test";
import assert from "node:assert/strict";
import { closeAll, enter, missing, openPath, pause, startServer, until, welcomes } from "./live.js";

/** @typedef {import("./live.js").Server} Server */
/** @typedef {import("../../../assets/web/sdk/index.js").Room<any>} Room */

/** @type {Server} */
let server;
const live = { skip: missing, timeout: 60_000 };

before(async () => {
  if (!missing) server = await startServer({ settings: "[resume]\nkeep_s = 3\n" });
});

afterEach(closeAll);

after(async () => {
  await server?.stop();
});

/** A tab whose page can go, and what it then left behind. */
class Tab extends EventTarget {
  /** @type {Map<string, string>} */
  kept = new Map();
  getItem = (/** @type {string} */ key) => this.kept.get(key) ?? null;
  setItem = (/** @type {string} */ key, /** @type {string} */ value) => void this.kept.set(key, value);
  removeItem = (/** @type {string} */ key) => void this.kept.delete(key);
}

/** Listeners, and what they were told. */
function listening() {
  /** @type {[string, any][]} */
  const told = [];
  const names = ["drop", "reconnect", "resume", "error", "leave"];
  const on = Object.fromEntries(names.map((name) => [name, (/** @type {any} */ what) => void told.push([name, what])]));
  return { told, on, all: (/** @type {string} */ name) => told.filter(([one]) => one === name).map(([, what]) => what) };
}

/** @param {Room} room */
function seatOf(room) {
  const { Score } = /** @type {any} */ (room.me?.components);
  return { player: room.agreement?.player, id: room.me?.id, deaths: Score.deaths };
}

/** Dies once, so that there is a score to keep; not in the warm-up, after which all scores begin anew. @param {Room} room */
async function dieOnce(room) {
  const phase = () => [...room.entities.values()].find(({ components }) => components.Match !== undefined)?.components.Match.phase;
  await until(() => phase() === "Play", "the round");
  await room.request("GiveUp");
  await until(() => room.me?.components.Score?.deaths === 1, "the score");
  await until(() => room.me?.components.Health?.hp > 0, "the next life");
}

test("over 80 ms who is cut off three times is each time back within two seconds: the same entity, the same score, a short welcome", live, async () => {
  const path = await openPath(server, { delayMs: 40, jitterMs: 10 });
  const { told, on, all } = listening();
  const room = await enter(server, { port: path.port, room: "lobby", name: "Back", on });
  const first = welcomes.at(-1) ?? 0;
  await dieOnce(room);
  const seat = seatOf(room);
  for (let round = 1; round <= 3; round++) {
    const cutMs = Date.now();
    path.cut();
    await until(() => all("resume").length === round, "to be back");
    assert.ok(Date.now() - cutMs < 2_000, `back after ${Date.now() - cutMs} ms`);
    assert.deepEqual(seatOf(room), seat);
    assert.ok((welcomes.at(-1) ?? 0) < 200 && first > 1_000, `${first} and ${welcomes.at(-1)} bytes`);
    for (let picture = 0; picture < 60; picture++) {
      room.sendInput({ thrust: { x: picture % 2, y: 0 }, aim: picture * 100 });
      room.view();
      await pause(16);
    }
  }
  assert.deepEqual(told.map(([name]) => name), ["drop", "reconnect", "resume", "drop", "reconnect", "resume", "drop", "reconnect", "resume"]);
  assert.ok(all("resume").every(({ resumed }) => resumed) && all("drop").every(({ seatKept }) => seatKept));
  const { stats } = room;
  assert.ok(stats.digestsWrong === 0 && stats.framesBroken === 0 && stats.resumed === 3, JSON.stringify(stats));
  assert.ok(stats.inputsUsed > stats.inputsLate * 4, JSON.stringify(stats));
  await room.leave();
});

test("who comes back too late is somebody new, and hears so", live, async () => {
  const path = await openPath(server);
  const { on, all } = listening();
  const room = await enter(server, { port: path.port, room: "late", name: "Late", on });
  const seat = seatOf(room);
  path.refuse(true);
  path.cut();
  await pause(3_500);
  path.refuse(false);
  await until(() => all("resume").length === 1, "to be in again");
  assert.deepEqual(all("resume"), [{ resumed: false, why: "gone" }]);
  assert.equal(all("reconnect")[0].resumed, false);
  const now = seatOf(room);
  assert.notEqual(now.player, seat.player);
  await room.leave();
});

test("a room of another life is another room, whatever number one has there", live, async () => {
  let own = await startServer({ settings: "[resume]\nkeep_s = 30\n" });
  const { on, all } = listening();
  const room = await enter(own, { room: "life", name: "Again", on });
  await own.stop({ keep: true });
  own = await startServer({ again: own, settings: "[resume]\nkeep_s = 30\n" });
  await until(() => all("resume").length === 1, "to be in again");
  assert.deepEqual(all("resume"), [{ resumed: false, why: "other-room" }]);
  await room.leave();
  await own.stop();
});

test("a page that is loaded anew has the seat of the one before, and the secret of before is then worth nothing", live, async () => {
  const tab = new Tab();
  const page = { network: tab, seatStore: tab };
  const first = await enter(server, { room: "tab", name: "Page", retry: { firstMs: 60_000, mostMs: 60_000 }, ...page });
  await dieOnce(first);
  const seat = seatOf(first);
  tab.dispatchEvent(new Event("pagehide"));
  const [[key, old]] = tab.kept;
  const { on, all } = listening();
  const second = await enter(server, { room: "tab", name: "Page", on, ...page });
  assert.deepEqual([all("resume"), seatOf(second)], [[{ resumed: true, why: null }], seat]);
  // It has confirmed frames since: only the secret of its own welcome counts now.
  await until(() => second.stats.inputsUsed > 5, "inputs");
  tab.kept.set(key, old);
  const thief = listening();
  const third = await enter(server, { room: "tab", name: "Thief", on: thief.on, ...page });
  assert.deepEqual(thief.all("resume"), [{ resumed: false, why: "gone" }]);
  assert.notEqual(seatOf(third).player, seat.player);
  assert.deepEqual([second.state, seatOf(second), all("drop")], ["playing", seat, []]);
  await Promise.all([first.leave(), second.leave(), third.leave()]);
});

test("a full room lets in who comes back, and nobody else", live, async () => {
  const own = await startServer({ settings: "[rooms]\nplayers_max = 1\n\n[resume]\nkeep_s = 20\n" });
  const path = await openPath(own);
  const { on, all } = listening();
  const room = await enter(own, { port: path.port, room: "one", name: "One", on });
  const seat = seatOf(room);
  path.refuse(true);
  path.cut();
  await pause(1_200);
  await assert.rejects(enter(own, { room: "one", name: "Two" }), (/** @type {any} */ error) => error.code === "refused" && /full/.test(error.message));
  path.refuse(false);
  await until(() => all("resume").length === 1, "to be back");
  assert.deepEqual([all("resume"), seatOf(room)], [[{ resumed: true, why: null }], seat]);
  await room.leave();
  await own.stop();
});
