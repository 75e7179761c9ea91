// What a player would see, from the golden frames: a walker (5, our own) that gains 50 coins, and a stone (17) that another takes the place of.

import { beforeEach, test } from "node:test";
import assert from "node:assert/strict";
import { Replica } from "../../../assets/web/sdk/replica.js";
import { BACKLOG_MAX, Socket } from "../../../assets/web/sdk/socket.js";
import { FakeSocket, FakeTimers, golden, step, welcome } from "./fakes.js";
import { story } from "./story.js";

/** @typedef {import("../../../assets/web/sdk/types.js").Prediction} Prediction */

beforeEach(() => void (FakeSocket.all.length = 0));

/** Predicts that nothing changes, and shows it at 7 9. @type {Prediction} */
const STILL = {
  truth: ({ components }) => ({ coins: components.Purse?.coins }),
  step: (state) => ({ ...state }),
  place: () => ({ x: 7, y: 9 }),
};

/**
 * A room that is in, at the golden full frame; the first input, for tick 70,003, says `pick`.
 * @param {Prediction} [predict]
 */
async function walking(predict) {
  const { timers, told, joining } = story({ predict });
  FakeSocket.last.open();
  FakeSocket.last.say(welcome({ tick: 70_000 }));
  FakeSocket.last.say(golden("state_full"));
  await timers.advance(0);
  const room = await joining;
  room.sendInput({ pick: true });
  await timers.advance(100);
  return { timers, told, room };
}

test("the own player is drawn where it is predicted, all else where it was seen", async () => {
  const { room } = await walking(STILL);
  const view = room.view();
  assert.deepEqual(view.me?.components.Place, { at: { x: 7, y: 9 } });
  assert.equal(view.entities.get(5), view.me);
  assert.deepEqual(view.entities.get(17)?.components.Place, { at: { x: 4095, y: 0 } });
  assert.deepEqual([view.state, room.me?.components.Place], [{ coins: 12 }, { at: { x: 1000, y: 2000 } }]);
  const plain = (await walking()).room.view();
  assert.deepEqual([plain.me?.components.Place, plain.state], [{ at: { x: 1000, y: 2000 } }, null]);
});

test("a truth that is another is counted once, by its cause, and what is predicted goes on from it, drawn or not", async () => {
  for (const [isTold, cause] of /** @type {[Prediction["isTold"], string][]} */ ([
    [() => false, "unexplained"],
    [({ name, values }, me) => name === "Found" && values.who === me.id, "touchedByOther"],
  ])) {
    const { timers, room } = await walking({ ...STILL, place: ({ coins }) => ({ x: coins, y: 0 }), isTold });
    FakeSocket.last.say(golden("state_step"));
    await timers.advance(5);
    const { prediction, corrections } = room.stats;
    assert.deepEqual([prediction, corrections], [{ compared: 1, inputSubstituted: 0, touchedByOther: 0, unexplained: 0, [cause]: 1 }, 1]);
    assert.deepEqual(room.view().state, { coins: 62 });
  }
});

test("what we launched is drawn, and hides what the server shows of it", async () => {
  const { room, timers } = await walking({
    ...STILL,
    step: (state, input, launch) => {
      if (input.pick) launch({ at: { x: 100, y: 50 }, perTick: { x: 1, y: 0 }, ticks: 90 });
      return { ...state };
    },
    launched: (world, _, tick) => (tick === 70_003 && world.tick >= 70_003 ? 17 : null),
  });
  FakeSocket.last.say(golden("state_step"));
  assert.ok(room.view().ghosts.length === 1 && room.view().entities.has(17), "it is not there yet");
  for (const name of ["state_events_lost", "state_ordinary"]) FakeSocket.last.say(golden(name));
  const view = room.view();
  assert.deepEqual([view.ghosts.map(({ y, shotAt }) => [y, shotAt]), view.entities.has(17)], [[[50, 70_003]], false]);
  await timers.advance(1);
});

test("a fresh world brings the same entities back, and nobody is told that they went", async () => {
  const { timers, told, room } = await walking();
  const [walker, stone] = [room.entities.get(5), room.entities.get(17)];
  told.length = 0;
  FakeSocket.last.say(golden("state_full"));
  await timers.advance(1);
  assert.deepEqual(told.map(([name]) => name), ["snapshot"]);
  assert.deepEqual([room.entities.get(5) === walker, room.entities.get(17) === stone], [true, true]);
});

test("who listens while somebody comes is told of each once", async () => {
  const { timers, room } = await walking();
  /** @type {number[]} */
  const seen = [];
  room.on("spawn", ({ id }) => seen.push(id));
  FakeSocket.last.say(golden("state_step"));
  await timers.advance(1);
  assert.deepEqual(seen, [5, 17]);
});

test("while what is held of us is not exact it is no truth", async () => {
  const { timers, room } = await walking(STILL);
  const { isExact } = Replica.prototype;
  Replica.prototype.isExact = () => false;
  FakeSocket.last.say(golden("state_step"));
  Replica.prototype.isExact = isExact;
  assert.equal(room.stats.prediction.compared, 0);
  FakeSocket.last.say(golden("state_events_lost"));
  await timers.advance(1);
  assert.equal(room.stats.prediction.compared, 1);
});

test("a backlog is handed on in parts that are no larger than they may be", () => {
  const timers = new FakeTimers();
  /** @type {number[]} */
  const parts = [];
  const socket = new Socket("wss://a", [], FakeSocket, timers, { opened() {}, received: ({ length }) => parts.push(length), ended() {} });
  FakeSocket.last.open();
  for (let tick = 0; tick < 2.5 * BACKLOG_MAX; tick++) FakeSocket.last.say(step(tick + 1));
  FakeSocket.last.end(1006);
  assert.ok(Math.max(...parts.slice(0, 1)) === BACKLOG_MAX && socket.isOver, `${parts.slice(0, 3)}`);
  assert.equal(parts.reduce((sum, part) => sum + part, 0), 2.5 * BACKLOG_MAX, "and none is lost");
});
