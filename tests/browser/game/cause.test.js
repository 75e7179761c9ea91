// What we died of: named only where the server's words leave no doubt.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Cause } from "../../../assets/web/game/cause.js";
import { UNIT } from "../../../assets/web/game/constants.js";

const [ME, EVE, BOB] = [1, 2, 3];
const HERE = { x: 100, y: 100 };

/** A frame of tick 8, after one of tick `before`: rockets that ended in it, then a hit on us. */
function cause({ before = 7, ended = [], hit = null }) {
  const told = new Cause();
  told.frame(before);
  for (const [shooter, x, y] of ended) {
    told.left({ id: 9, kind: "projectile", components: { Position: { at: { x: x * UNIT, y: y * UNIT } }, Projectile: { velocity: { x: 0, y: 0 }, shooter, shot_at: 0 } } });
  }
  if (hit !== null) told.hurt({ target: ME, shooter: hit[0], damage: hit[1] });
  return told;
}

test("more than a round takes was a rocket", () => {
  assert.equal(cause({ hit: [EVE, 75] }).of(EVE, ME, HERE, 8), "rocket");
});

test("the last bit of a life went to what ended beside us, else to the rifle", () => {
  assert.equal(cause({ ended: [[EVE, 110, 100]], hit: [EVE, 20] }).of(EVE, ME, HERE, 8), "rocket");
  assert.equal(cause({ hit: [EVE, 25] }).of(EVE, ME, HERE, 8), "rifle");
  assert.equal(cause({ ended: [[BOB, 110, 100]], hit: [EVE, 25] }).of(EVE, ME, HERE, 8), "rifle", "somebody else's rocket");
});

test("where there is doubt nothing is named", () => {
  assert.equal(cause({ ended: [[EVE, 900, 100]], hit: [EVE, 25] }).of(EVE, ME, HERE, 8), "", "a rocket ended far away");
  assert.equal(cause({ before: 5, hit: [EVE, 25] }).of(EVE, ME, HERE, 8), "", "frames were left out");
  assert.equal(cause({}).of(EVE, ME, HERE, 8), "", "no hit was told");
  const later = cause({ hit: [EVE, 75] });
  later.frame(8);
  assert.equal(later.of(EVE, ME, HERE, 9), "", "a hit of another frame");
});

test("one's own end is one's own rocket or one's own will", () => {
  assert.equal(cause({ hit: [ME, 12] }).of(ME, ME, HERE, 8), "own-rocket");
  assert.equal(cause({}).of(ME, ME, HERE, 8), "gave-up");
});
