// What Arena tells the SDK's prediction: the truth that a step begins with, the step, and who is to blame for a difference.

import assert from "node:assert/strict";
import { test } from "node:test";
import { predicting } from "../../../assets/web/game/predicting.js";
import { golden, readMap } from "./golden.js";

const agreement = { schema: { game: "arena" }, tickRateHz: 30 };
const NAMES = ["Rifle", "RocketLauncher"];

function world(walk, { hp = 100, map = walk.map } = {}) {
  const [x, y, velocityX, velocityY, weapon, rounds, rockets, shotIn, dashIn] = walk.start;
  const body = { at: { x, y }, velocity: { x: velocityX, y: velocityY }, weapon: NAMES[weapon], rounds, rockets, shot_in: shotIn, dash_in: dashIn, touched: 0 };
  const me = { id: 1, kind: "player", components: { Body: body, Health: { hp } } };
  const match = { id: 2, kind: "match", components: { Match: { map, round: 3, phase: "Play" } } };
  return [me, { entities: new Map([[1, me], [2, match]]), tick: 0 }];
}

const shelfOf = (...names) => {
  const maps = names.map((name) => readMap(`${name}.tmx`));
  return { maps, position: (name) => maps.findIndex((map) => map.name === name) };
};

const walk = golden("movement.json").find(({ map, rate }) => map === "gardens" && rate === 30);

test("steps from the truth come to the server's numbers", () => {
  const { truth, step, place } = predicting(shelfOf("courtyard", "gardens"))(agreement);
  let state = truth(...world(walk));
  assert.deepEqual(place(state), { x: walk.start[0], y: walk.start[1] });
  let launched = 0;
  for (const packed of walk.inputs.slice(0, walk.every)) {
    const input = {
      thrust: { x: packed % 3 - 1, y: Math.floor(packed / 3) % 3 - 1 }, aim: 0, weapon: NAMES[Math.floor(packed / 9) % 2],
      fire: Math.floor(packed / 18) % 2 === 1, dash: packed >= 36,
    };
    const before = structuredClone(state);
    const after = step(state, input, () => { launched += 1; });
    assert.deepEqual(state, before, "a step leaves the old state alone");
    state = after;
  }
  const { x, y, velocityX, velocityY, weapon, rounds, rockets, shotIn, dashIn } = state;
  assert.deepEqual([x, y, velocityX, velocityY, weapon, rounds, rockets, shotIn, dashIn], walk.looks[0].body);
  assert.equal(launched, walk.start[6] - rockets);
});

test("the dead do not move, and without the map nobody is predicted", () => {
  const { truth, step } = predicting(shelfOf("gardens"))(agreement);
  const dead = truth(...world(walk, { hp: 0 }));
  assert.equal(step(dead, { thrust: { x: 1, y: 0 }, aim: 0, weapon: "Rifle", fire: true, dash: true }, assert.fail), dead);
  assert.equal(truth(...world(walk, { map: "courtyard" })), null);
});

test("another game is not predicted", () => {
  assert.equal(predicting(shelfOf())({ schema: { game: "tag" }, tickRateHz: 30 }), null);
});

test("what others did is told from what we did", () => {
  const { truth, isTouched, isTold, launched } = predicting(shelfOf("gardens"))(agreement);
  const [me, around] = world(walk);
  const state = truth(me, around);
  assert.equal(isTouched(state, { ...state, x: 0 }), false);
  for (const other of [{ touched: 9 }, { health: 75 }, { round: 4 }, { phase: "Result" }, { map: 1 }]) assert.equal(isTouched(state, { ...state, ...other }), true);
  assert.equal(isTold({ name: "Hit", values: { target: 1, shooter: 2 } }, me), true);
  assert.equal(isTold({ name: "Hit", values: { target: 2, shooter: 1 } }, me), false);
  assert.equal(isTold({ name: "Kill", values: { victim: 1 } }, me), true);
  assert.equal(isTold({ name: "Taken", values: { sort: "Health" } }, me), true);
  around.entities.set(5, { id: 5, kind: "projectile", components: { Projectile: { shooter: 1, shot_at: 44 } } });
  assert.equal(launched(around, me, 300), 5);
  assert.equal(launched(around, me, 301), null);
});
