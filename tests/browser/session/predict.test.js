// Our own entity: the stories of client-sim/src/predict.rs.

import { test } from "node:test";
import assert from "node:assert/strict";
import { FADE_MS, Predictor, WINDOW } from "../../../assets/web/sdk/predict.js";
import { Part } from "../../../assets/web/sdk/schema/field.js";

/**
 * @param {string} name
 * @param {boolean} press
 * @returns {any}
 */
function field(name, press) {
  return { name, kind: { word: "unsigned", max: 9 }, audience: "everyone", predictor: { word: "hold" }, marks: { press }, parts: [new Part(10)] };
}

const INPUT = { name: "Go", fields: [field("go", false), field("leap", true)], partCount: 2 };
const ME = { id: 0, kind: "walker", components: {} };

/** @typedef {{ x: number, health: number }} State */

/** A walker, and the server that it plays on: at tick 100, three ticks ahead of it. */
class Story {
  /** @param {number} offBy how far its own step is wrong */
  constructor(offBy) {
    /** @type {State} */
    this.server = { x: 50, health: 9 };
    this.tick = 100;
    /** @type {import("../../../assets/web/sdk/types.js").Prediction<State>} */
    const twin = {
      truth: () => ({ ...this.server }),
      step: ({ x, health }, { go, leap }) => ({ x: x + go + 10 * leap + offBy, health }),
      place: ({ x }) => ({ x, y: 0 }),
      isTouched: (expected, truth) => expected.health !== truth.health,
      isTold: ({ name }) => name === "Hit",
    };
    this.predictor = new Predictor(twin, /** @type {any} */ (INPUT), new Int32Array(2));
    this.full();
    for (let tick = 101; tick <= 103; tick++) this.predictor.act(tick, [1, 0], 0);
  }

  full() {
    assert.equal(this.confirm(null, []), null);
    this.predictor.settle(0);
  }

  /**
   * The server steps with these inputs, and its frame says so; our own is used where `own` has a bit.
   * @param {number[][]} inputs
   * @param {number} own
   * @param {any[]} [events]
   * @param {boolean} [exact]
   */
  frame(inputs, own, events = [], exact = true) {
    for (const [go, leap] of inputs) {
      this.server.x += go + 10 * leap;
      this.tick += 1;
    }
    return this.confirm({ covered: inputs.length, own }, events, exact);
  }

  /**
   * @param {{ covered: number, own: number } | null} own
   * @param {any[]} events
   */
  confirm(own, events, exact = true) {
    const world = { entities: new Map([[0, ME]]), tick: this.tick };
    return this.predictor.confirm(world, { tick: this.tick, own, me: ME, exact, events });
  }

  get counts() {
    const { inputSubstituted, touchedByOther, unexplained } = this.predictor.counts;
    return [inputSubstituted, touchedByOther, unexplained];
  }
}

test("an input moves us when it is sent and the truth changes nothing", () => {
  const story = new Story(0);
  assert.deepEqual(story.predictor.state, { x: 53, health: 9 });
  for (let tick = 104; tick < 400; tick++) {
    story.predictor.act(tick, [1, 0], 0);
    assert.deepEqual(story.predictor.state, { x: tick - 50, health: 9 });
    assert.equal(story.frame([[1, 0]], 1), 0);
  }
  assert.equal(story.predictor.counts.compared, 296);
  assert.deepEqual([story.counts, story.predictor.counts.corrections], [[0, 0, 0], 0]);
});

test("a wrong step is unexplained once per frame", () => {
  const story = new Story(1);
  for (let tick = 104; tick < 110; tick++) {
    story.frame([[1, 0]], 1);
    story.predictor.act(tick, [1, 0], 0);
  }
  assert.deepEqual(story.counts, [0, 0, 6]);
});

test("a stand-in is to blame only for what it comes to", () => {
  const story = new Story(0);
  story.frame([[1, 0]], 1);
  story.predictor.act(104, [5, 0], 0);
  story.frame([[1, 0], [1, 0]], 3);
  assert.deepEqual(story.counts, [0, 0, 0]);
  // For tick 104 the last one stood in.
  story.frame([[1, 0]], 0);
  assert.deepEqual(story.counts, [1, 0, 0]);
  story.predictor.act(105, [5, 0], 0);
  story.frame([[7, 0]], 0);
  assert.deepEqual(story.counts, [1, 0, 1], "the last one was 1, not 7");
});

test("a late press may count for a while", () => {
  const story = new Story(0);
  story.frame([[1, 0], [1, 0], [1, 0]], 7);
  story.predictor.act(104, [1, 1], 0);
  for (let tick = 105; tick < 120; tick++) story.predictor.act(tick, [1, 0], 0);
  story.frame([[1, 0]], 0);
  story.frame([[1, 1]], 1);
  assert.deepEqual(story.counts, [2, 0, 0]);
  for (let again = 0; again < 8; again++) story.frame([[1, 0]], 1);
  story.frame([[1, 1]], 1);
  assert.deepEqual(story.counts, [2, 0, 1]);
});

test("what others did is known by what it changed, or because we were told", () => {
  const story = new Story(0);
  story.server = { x: 999, health: 0 };
  story.frame([[1, 0]], 1);
  assert.deepEqual(story.counts, [0, 1, 0]);
  story.server.x += 7;
  story.frame([[1, 0]], 1, [{ name: "Hit", values: {} }]);
  assert.deepEqual(story.counts, [0, 2, 0]);
  story.server.x += 7;
  story.frame([[1, 0]], 1, [{ name: "Rain", values: {} }]);
  assert.deepEqual(story.counts, [0, 2, 1]);
});

test("what a full frame passed over is nobody's fault, also where our entity is exact only later", () => {
  const story = new Story(0);
  const { begun } = story.predictor.counts;
  // The server took other inputs in ticks that no frame told of, and the full frame after them has nothing exact of us.
  story.server.x += 7;
  story.tick += 5;
  assert.equal(story.confirm(null, [], false), null);
  story.predictor.act(story.tick + 1, [1, 0], 0);
  assert.equal(story.frame([[1, 0]], 1), null);
  assert.deepEqual([story.counts, story.predictor.counts.begun], [[0, 0, 0], begun + 1]);
});

test("a press that a full frame passed over may count for a while", () => {
  const story = new Story(0);
  story.predictor.act(104, [1, 1], 0);
  for (let tick = 105; tick < 120; tick++) story.predictor.act(tick, [1, 0], 0);
  story.server.x += 105 - story.tick;
  story.tick = 105;
  story.full();
  story.frame([[1, 1]], 1);
  assert.deepEqual(story.counts, [1, 0, 0], "it came late, and counts now");
  for (let time = 0; time < 7; time++) story.frame([[1, 0]], 1);
  story.frame([[1, 1]], 1);
  assert.deepEqual(story.counts, [1, 0, 1], "not for ever");
});

test("while our entity is not exact nothing is compared, and then all these ticks at once", () => {
  const story = new Story(0);
  for (let tick = 104; tick < 110; tick++) story.predictor.act(tick, [1, 0], 0);
  assert.equal(story.frame([[1, 0]], 1, [], false), null);
  assert.equal(story.frame([[1, 0]], 1, [], false), null);
  assert.equal(story.predictor.counts.compared, 0);
  assert.equal(story.frame([[1, 0]], 1), 0);
  assert.deepEqual([story.predictor.counts.compared, story.predictor.counts.ticksCompared], [1, 3]);
});

test("a burst of frames is checked frame by frame and replayed once", () => {
  const story = new Story(0);
  for (let tick = 104; tick < 150; tick++) story.predictor.act(tick, [1, 0], 0);
  const before = { ...story.predictor.counts };
  story.server.health = 3;
  for (let frame = 0; frame < 40; frame++) story.frame([[1, 0]], 1);
  story.predictor.settle(0);
  const { compared, touchedByOther, replays, stepsReplayed } = story.predictor.counts;
  assert.deepEqual([compared - before.compared, touchedByOther - before.touchedByOther], [40, 1]);
  assert.deepEqual([replays - before.replays, stepsReplayed - before.stepsReplayed], [1, 9]);
});

test("beyond the window we stand still and go on when a frame comes", () => {
  const story = new Story(0);
  for (let tick = 104; tick < 900; tick++) story.predictor.act(tick, [1, 0], 0);
  assert.equal(story.predictor.state, undefined);
  assert.equal(story.predictor.shown(900, 0), null);
  [story.tick, story.server.x] = [890, 840];
  story.full();
  assert.deepEqual(story.predictor.state, { x: 849, health: 9 });
  assert.ok(story.predictor.counts.stepsReplayedMax < WINDOW);
});

test("a server a whole life ahead costs no more than the window", () => {
  const story = new Story(0);
  story.tick = 4_000_000_000;
  story.full();
  story.predictor.act(4_000_000_003, [1, 0], 0);
  assert.ok(story.predictor.counts.stepsReplayed < WINDOW);
  assert.deepEqual(story.predictor.state, { x: 51, health: 9 });
});

test("a correction fades on the screen and a new life is cut", () => {
  const story = new Story(0);
  story.server = { x: 42, health: 8 };
  story.frame([[1, 0]], 1);
  story.predictor.settle(1_000);
  const x = (/** @type {number} */ nowMs) => story.predictor.shown(104, nowMs)?.x ?? NaN;
  assert.deepEqual(story.predictor.state, { x: 45, health: 8 });
  assert.ok(Math.abs(x(1_000) - 53) < 1e-9, "where it was shown before");
  assert.ok(Math.abs(x(1_000 + FADE_MS) - 45 - 8 / Math.E) < 1e-9);
  story.server = { x: 400, health: 9 };
  story.frame([[1, 0]], 1);
  story.predictor.settle(1_100);
  assert.ok(Math.abs(x(1_100) - 402) < 1e-9);
});

test("a correction is cut by world units, however many integers make one", () => {
  const story = new Story(0);
  story.predictor.unit = 256;
  story.server = { x: 42 + 200, health: 8 };
  story.frame([[1, 0]], 1);
  story.predictor.settle(1_000);
  assert.ok(Math.abs((story.predictor.shown(104, 1_000)?.x ?? NaN) - 53) < 1e-9, "less than a unit fades");
});

test("a step that changes the state that it was given is found out at once", () => {
  const story = new Story(0);
  story.predictor.twin.step = (state) => {
    state.x += 1;
    return state;
  };
  assert.throws(() => story.predictor.act(104, [1, 0], 0), TypeError);
});
