// Sides differ by the shape of their marks, on the map in the corner as in the arena.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fillMark } from "../../../assets/web/game/draw/marks.js";

/** What is filled, as corners. */
function filled(faction, x, y, size) {
  const corners = [];
  let fills = 0;
  const context = { beginPath() {}, closePath() {}, lineTo: (...corner) => corners.push(corner), fill: () => { fills += 1; } };
  fillMark(context, faction, x, y, size);
  assert.equal(fills, 1);
  return corners;
}

test("a team is told from the other by its mark's shape, whatever their colours", () => {
  const [red, blue, alone] = ["Red", "Blue", "Alone"].map((faction) => filled(faction, 0, 0, 1));
  assert.deepEqual([red.length, blue.length, alone.length], [3, 4, 4]);
  const across = (corners) => Math.max(...corners.map(([x]) => x)) - Math.min(...corners.map(([x]) => x));
  const down = (corners) => Math.max(...corners.map(([, y]) => y)) - Math.min(...corners.map(([, y]) => y));
  assert.ok(down(blue) > 2 * across(blue), "a bar");
  assert.equal(across(alone), down(alone), "a square");
});

test("a mark stands where it should, as large as it should", () => {
  assert.deepEqual(filled("Alone", 10, 20, 4), [[8, 18], [12, 18], [12, 22], [8, 22]]);
});
