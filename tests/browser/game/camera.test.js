// What of the world is on the screen, at the map's edges and under thumbs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Camera } from "../../../assets/web/game/draw/camera.js";

const LAND = { width: 1600, height: 1600 };

/** Where on a telephone's screen somebody at a place is drawn. */
function drawn(x, y, covered) {
  const camera = new Camera();
  camera.resize(390, 780, covered);
  camera.follow(x, y, 0, 0, 16, LAND);
  return { x: camera.screenX(x), y: camera.screenY(y) };
}

test("who stands at the lower edge is above the sticks, and at the upper one below what is told there", () => {
  const covered = { top: 100, bottom: 172 };
  assert.ok(drawn(22, 1578, covered).y < 780 - 172, "above the sticks");
  assert.ok(drawn(22, 22, covered).y > 100, "below the numbers");
  assert.ok(drawn(22, 1578, { top: 0, bottom: 0 }).y > 780 - 172, "which it would not be if nothing were known of them");
});

test("away from the edges the player is in the middle, whatever is covered", () => {
  const { x, y } = drawn(800, 800, { top: 100, bottom: 172 });
  assert.deepEqual([Math.round(x), Math.round(y)], [195, 390]);
});

test("a map smaller than the screen is in the middle of what is free", () => {
  const camera = new Camera();
  camera.resize(390, 780, { top: 0, bottom: 0 });
  camera.follow(20, 20, 0, 0, 16, { width: 80, height: 80 });
  assert.deepEqual([Math.round(camera.x), Math.round(camera.y)], [40, 40]);
});
