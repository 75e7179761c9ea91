// Shots that are shown before the server has them: the stories of client-sim/src/ghosts.rs.

import { test } from "node:test";
import assert from "node:assert/strict";
import { GHOSTS_MAX, GRACE_TICKS, Ghosts } from "../../../assets/web/sdk/ghosts.js";

const LAUNCH = { at: { x: 10, y: 20 }, perTick: { x: 2, y: -1 }, ticks: 50 };

function oneShot() {
  const ghosts = new Ghosts();
  ghosts.predict(100, LAUNCH);
  return ghosts;
}

test("a ghost flies from its tick on until its flight is over", () => {
  const ghosts = oneShot();
  assert.deepEqual(ghosts.shown(98.9), []);
  assert.deepEqual(ghosts.shown(99.5), [{ x: 10, y: 20, shotAt: 100 }]);
  assert.deepEqual(ghosts.shown(110.5), [{ x: 31, y: 9.5, shotAt: 100 }]);
  assert.deepEqual(ghosts.shown(150.1), []);
});

test("it stands in for what came of it and hides that until nobody draws it any more", () => {
  const ghosts = oneShot();
  const there = (/** @type {number} */ tick) => (tick === 100 ? 7 : null);
  ghosts.confirm(99, there);
  assert.ok(!ghosts.hides(7));
  ghosts.confirm(101, there);
  assert.ok(ghosts.hides(7) && !ghosts.hides(8) && ghosts.shown(105).length === 1);
  ghosts.confirm(120, () => null);
  assert.ok(ghosts.hides(7) && ghosts.shown(125).length === 0);
  ghosts.forget(119);
  assert.ok(ghosts.hides(7));
  ghosts.forget(120);
  assert.ok(!ghosts.hides(7) && ghosts.refused === 0);
});

test("what the server did not shoot is gone after a while", () => {
  const ghosts = oneShot();
  ghosts.confirm(99 + GRACE_TICKS, () => null);
  assert.equal(ghosts.shown(110).length, 1);
  ghosts.confirm(100 + GRACE_TICKS, () => null);
  assert.deepEqual([ghosts.shown(110).length, ghosts.refused], [0, 1]);
});

test("a replay moves a ghost or takes it back", () => {
  const ghosts = oneShot();
  ghosts.predict(100, { ...LAUNCH, at: { x: 0, y: 0 } });
  assert.deepEqual([ghosts.shown(100), ghosts.launched], [[{ x: 0, y: 0, shotAt: 100 }], 1]);
  ghosts.predict(100, null);
  assert.deepEqual([ghosts.shown(100).length, ghosts.refused], [0, 1]);
});

test("there are never more than so many", () => {
  const ghosts = new Ghosts();
  for (let tick = 0; tick < 200; tick++) ghosts.predict(tick, LAUNCH);
  assert.equal(ghosts.shown(200).length, GHOSTS_MAX);
});
