// The movement step's twin against long walks that Rust walked on the real maps, at four tick rates.

import assert from "node:assert/strict";
import { test } from "node:test";
import { tuningAt } from "../../../assets/web/game/constants.js";
import { step } from "../../../assets/web/game/movement.js";
import { golden, readMap } from "./golden.js";

/** @param {number} packed */
function unpacked(packed) {
  return {
    thrustX: packed % 3 - 1,
    thrustY: Math.floor(packed / 3) % 3 - 1,
    weapon: Math.floor(packed / 9) % 2,
    fire: Math.floor(packed / 18) % 2 === 1,
    dash: Math.floor(packed / 36) === 1,
  };
}

/** @param {number[]} numbers */
function bodyOf([x, y, velocityX, velocityY, weapon, rounds, rockets, shotIn, dashIn]) {
  return { x, y, velocityX, velocityY, weapon, rounds, rockets, shotIn, dashIn };
}

const walks = golden("movement.json");

test("there are walks on every map at every rate", () => {
  assert.equal(walks.length, 12);
  assert.ok(walks.every((walk) => walk.inputs.length === 600 && walk.looks.length === 24));
});

for (const { map: name, rate, start, inputs, every, looks } of walks) {
  test(`a walk on ${name} at ${rate} Hz comes to the server's numbers in every tick`, () => {
    const map = readMap(`${name}.tmx`);
    const tuning = tuningAt(rate);
    const body = bodyOf(start);
    let sum = 0;
    inputs.forEach((packed, at) => {
      const shot = step(body, unpacked(packed), map, tuning);
      for (const number of [...Object.values(body), shot]) {
        assert.ok(!Object.is(number, -0), "no number is a 0 with a sign");
        sum = (Math.imul(sum, 31) + number) >>> 0;
      }
      if ((at + 1) % every === 0) {
        assert.deepEqual({ body: Object.values(body), sum }, looks[(at + 1) / every - 1], `after tick ${at + 1}`);
      }
    });
  });
}
