// What others look like now: the stories of client-sim/src/interpolate.rs.

import { test } from "node:test";
import assert from "node:assert/strict";
import { Shape, Snapshot } from "../../../assets/web/sdk/entities.js";
import { Interpolator, JITTER_MS_MAX, MARGIN_TICKS } from "../../../assets/web/sdk/interpolate.js";
import { partsOf } from "../../../assets/web/sdk/schema/field.js";
import { TICK_MS, seeded } from "./fakes.js";

/**
 * @param {string} name
 * @param {any} kind
 * @param {boolean} position
 * @returns {any}
 */
function component(name, kind, position) {
  const predictor = { word: "linear" };
  const marks = { predicted: false, position, press: false, constant: false, priority: 0, tolerance: 0, snap: 0 };
  const parts = partsOf(kind, /** @type {any} */ (predictor), marks);
  const field = { name: position ? "at" : "angle", kind, audience: "everyone", predictor, marks, parts };
  return { name, fields: [field], partCount: parts.length };
}

/** @type {any} */
const SCHEMA = {
  components: [
    component("Position", { word: "vector2", min: 0, max: 65_520, step: 16, unit: 256 }, true),
    component("Aim", { word: "angle", bits: 8 }, false),
  ],
  kinds: [{ name: "thing", components: [0, 1] }],
};
const SHAPE = new Shape(SCHEMA, 0);

/** One thing that goes along x. */
class Story {
  constructor() {
    this.drawing = new Interpolator(SCHEMA, 30);
    /** @type {Map<number, { id: number, snapshot: Snapshot }>} */
    this.known = new Map();
  }

  /**
   * A frame in which the thing that is there since `since` is at code `x`.
   * @param {number} tick
   * @param {number} since
   * @param {number} x
   * @param {number} nowMs
   */
  frame(tick, since, x, nowMs) {
    const who = this.known.get(since) ?? { id: 4, snapshot: new Snapshot(SHAPE, new Int32Array(5)) };
    this.known.set(since, who);
    who.snapshot = new Snapshot(SHAPE, Int32Array.of(x, 0, 9, 1, 1));
    this.drawing.frame(tick, [who], false, nowMs);
  }

  /** @param {number} at */
  look(at) {
    this.drawing.moment = { at, ms: 0 };
  }

  get x() {
    return this.drawing.entities().get(4)?.components.Position.at.x;
  }
}

/**
 * Frames with jitter, drawn at 60 Hz for so many seconds: the share of underruns of the last half, and the delay.
 * @param {number} jitterMs
 * @param {number} seconds
 */
function play(jitterMs, seconds) {
  const story = new Story();
  const { drawing } = story;
  const chance = seeded(7);
  let [arrivesMs, drawMs] = [0, 0];
  let half = { ...drawing.counts };
  for (let tick = 1; tick < seconds * 30; tick++) {
    for (; drawMs < arrivesMs; drawMs += 1000 / 60) drawing.draw(drawMs);
    story.frame(tick, 1, tick * 4, arrivesMs);
    if (tick === seconds * 15) half = { ...drawing.counts };
    arrivesMs = Math.max(arrivesMs, (tick + 1) * TICK_MS + chance() * jitterMs);
  }
  const underruns = (drawing.counts.underruns - half.underruns) / (drawing.counts.drawn - half.drawn);
  return { underruns, delayMs: drawing.delayMs ?? NaN };
}

test("the delay is as long as jitter asks for and no longer", () => {
  for (const [jitterMs, least, most] of [
    [0, 33, 45],
    [15, 45, 62],
    [60, 85, 110],
  ]) {
    const { underruns, delayMs } = play(jitterMs, 30);
    assert.ok(underruns < 0.01, `${jitterMs} ms: ${underruns}`);
    assert.ok(delayMs >= least && delayMs < most, `${jitterMs} ms: ${delayMs}`);
  }
  const { delayMs } = play(900, 30);
  assert.ok(delayMs <= JITTER_MS_MAX + (1 + MARGIN_TICKS) * TICK_MS + 1e-6, `${delayMs}`);
});

test("between two frames it is on the way and the view says where", () => {
  const story = new Story();
  for (let tick = 10; tick < 14; tick++) story.frame(tick, 1, tick * 16, tick * TICK_MS);
  story.look(11.5);
  assert.deepEqual(story.drawing.view, { older: 11, span: 1, sixteenths: 8 });
  assert.equal(story.x, (16 * 16 * 23) / 2);
  assert.deepEqual([...story.drawing.entities().values()].map(({ id, kind }) => [id, kind]), [[4, "thing"]]);
});

test("beyond the newest frame it goes on for a while and then stands", () => {
  const story = new Story();
  for (let tick = 10; tick < 14; tick++) story.frame(tick, 1, tick * 16, tick * TICK_MS);
  story.drawing.draw(13 * TICK_MS);
  const { underruns } = story.drawing.counts;
  story.drawing.draw(17 * TICK_MS);
  story.drawing.draw(60 * TICK_MS);
  assert.equal(story.drawing.counts.underruns, underruns + 2);
  assert.equal(story.x, 13 * 256 + 3 * 256, "three ticks are 100 ms");
  assert.deepEqual(story.drawing.view, { older: 13, span: 0, sixteenths: 0 });
});

test("a leap and a newcomer in the slot are cut", () => {
  for (const [since, x] of [
    [1, 3_000],
    [12, 170],
  ]) {
    const story = new Story();
    story.frame(11, 1, 160, 0);
    story.frame(12, since, x, TICK_MS);
    story.look(11.9);
    assert.equal(story.x, 160 * 16);
    story.look(12);
    assert.equal(story.x, x * 16);
    story.look(14);
    assert.equal(story.x, x * 16, "and what leapt has no speed");
  }
});

test("a stall is no jitter", () => {
  const story = new Story();
  for (let tick = 1; tick < 200; tick++) story.frame(tick, 1, 0, tick * TICK_MS);
  const before = story.drawing.delayMs ?? NaN;
  for (let tick = 200; tick < 230; tick++) story.frame(tick, 1, 0, 230 * TICK_MS);
  for (let tick = 230; tick < 260; tick++) story.frame(tick, 1, 0, tick * TICK_MS);
  assert.ok(Math.abs((story.drawing.delayMs ?? NaN) - before) < 1);
});

test("what stands still is made into values once, however often it is drawn", () => {
  const story = new Story();
  const who = { id: 4, snapshot: new Snapshot(SHAPE, Int32Array.of(5, 6, 9, 1, 1)) };
  for (const tick of [1, 2, 3]) story.drawing.frame(tick, [who], false, tick * TICK_MS);
  story.look(1.5);
  assert.equal(story.drawing.entities().get(4)?.components, who.snapshot.components);
  assert.deepEqual(who.snapshot.components, { __proto__: null, Position: { at: { x: 80, y: 96 } }, Aim: { angle: 9 << 8 } });
});
