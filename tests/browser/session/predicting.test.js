// Prediction against the real server, with Arena's own step in JavaScript: over a slow path the own player moves at once, and every truth is
// what was predicted. A step that is wrong is found out.

import { after, afterEach, before, test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parseMap } from "../../../assets/web/game/map_file.js";
import { MapShelf } from "../../../assets/web/game/map_shelf.js";
import { predicting } from "../../../assets/web/game/predicting.js";
import { closeAll, enter, missing, openPath, pause, sendBots, startServer, until } from "./live.js";

/** @typedef {import("../../../assets/web/sdk/index.js").Room<any>} Room */
/** @typedef {import("../../../assets/web/sdk/types.js").Prediction} Prediction */

/** @type {import("./live.js").Server} */
let server;
const live = { skip: missing, timeout: 60_000 };
/** Integers of a place that make a world unit. */
const UNIT = 256;
/** What a picture may move the own player by: a leap is some 16 units per tick, and 40 ms are little more than one. */
const JUMP_UNITS = 24;

before(async () => {
  if (!missing) server = await startServer();
});
afterEach(closeAll);
after(() => server?.stop());

/**
 * Arena's prediction on the maps of this repository, perhaps changed.
 * @param {(prediction: Prediction) => Prediction} [change]
 * @returns {(agreement: any) => Prediction | null}
 */
function arena(change = (prediction) => prediction) {
  return (agreement) => {
    const shelf = new MapShelf();
    const file = (/** @type {string} */ name) => readFileSync(new URL(`../../../assets/maps/${name}`, import.meta.url), "utf8");
    shelf.maps = agreement.maps.map((/** @type {string} */ name) => parseMap(name, file(name)));
    const prediction = predicting(shelf)(agreement);
    return prediction && change(prediction);
  };
}

/**
 * Runs, turns, leaps and shoots for a while, and looks sixty times a second. How far the own player was moved from one picture to
 * the next, in world units, the farthest first.
 * @param {Room} room
 * @param {number} ms
 */
async function play(room, ms) {
  const end = Date.now() + ms;
  /** @type {number[]} */
  const ways = [];
  /** @type {{ x: number, y: number, ms: number } | null} */
  let last = null;
  for (let picture = 0; Date.now() < end; picture++) {
    const turn = Math.floor(picture / 25) % 4;
    const thrust = { x: [1, 0, -1, 0][turn], y: [0, 1, 0, -1][turn] };
    room.sendInput({ thrust, aim: (picture * 700) % 65_536, fire: picture % 40 < 5, dash: picture % 90 === 0 });
    const at = room.view().me?.components.Position?.at;
    const nowMs = Date.now();
    // A machine that slept moves the picture by more, and no player would wonder.
    if (at !== undefined && last !== null && nowMs - last.ms < 40) ways.push(Math.hypot(at.x - last.x, at.y - last.y) / UNIT);
    last = at === undefined ? null : { ...at, ms: nowMs };
    await pause(16);
  }
  return ways.sort((one, other) => other - one);
}

test("over 80 ms and jitter the own player moves at once, and is where it was predicted", live, async () => {
  const path = await openPath(server, { delayMs: 40, jitterMs: 10 });
  const room = await enter(server, { port: path.port, room: "alone", name: "Ada", predict: arena() });
  assert.equal(room.unpredicted, null);
  await play(room, 1_500);
  const ways = await play(room, 4_000);
  const { prediction, corrections, rttMs } = room.stats;
  assert.ok(rttMs >= 75, `${rttMs} ms`);
  assert.ok(prediction.compared >= 100, JSON.stringify(prediction));
  // What lies about is not predicted: who runs over it was touched.
  assert.ok(prediction.unexplained === 0 && prediction.touchedByOther <= 5, JSON.stringify(prediction));
  assert.ok(corrections <= 10, `${corrections} corrections`);
  // Nothing jumps but who was touched: a new life begins elsewhere.
  const jumps = ways.filter((way) => way > JUMP_UNITS);
  assert.ok(ways[0] > 0.1 && jumps.length <= prediction.touchedByOther, `${jumps} units from one picture to the next`);
  room.sendInput({ thrust: { x: 0, y: 0 }, dash: false });
  const where = () => ({ ...room.view().me?.components.Position?.at });
  const stands = async (/** @type {any} */ before = where()) => (await pause(200), before.x === where().x && before.y === where().y);
  await until(stands, "to stand");
  const begun = where();
  const moved = () => where().x !== begun.x || where().y !== begun.y;
  // There may be a wall on one side or two.
  let ms = Infinity;
  for (const thrust of [{ x: 1, y: 0 }, { x: -1, y: 0 }, { x: 0, y: 1 }, { x: 0, y: -1 }]) {
    const from = Date.now();
    room.sendInput({ thrust });
    while (!moved() && Date.now() - from < 500) await pause(5);
    ms = moved() ? Date.now() - from : Infinity;
    if (ms < Infinity) break;
  }
  assert.ok(ms < rttMs, `it moved after ${ms} ms, which is no sooner than the server says so`);
});

test("among bots that shoot, every difference has a cause that is none of our step's", live, async () => {
  sendBots(server, "crowd", 10);
  const room = await enter(server, { room: "crowd", name: "Target", predict: arena() });
  await play(room, 6_000);
  const { prediction, digestsWrong } = room.stats;
  assert.ok(prediction.compared >= 150 && digestsWrong === 0, JSON.stringify(room.stats));
  assert.equal(prediction.unexplained, 0, JSON.stringify(prediction));
});

test("a step that is off by one is found out", live, async () => {
  const wrong = (/** @type {Prediction} */ right) => ({
    ...right,
    step: (/** @type {any} */ state, /** @type {any} */ input, /** @type {any} */ launch) => {
      const next = right.step(state, input, launch);
      return { ...next, x: next.x + 1 };
    },
  });
  const room = await enter(server, { room: "wrong", name: "Off", predict: arena(wrong) });
  await play(room, 1_500);
  assert.ok(room.stats.prediction.unexplained >= 20, JSON.stringify(room.stats.prediction));
});
