// The way of rockets against what the reference client makes of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { tuningAt } from "../../../assets/web/game/constants.js";
import { flight } from "../../../assets/web/game/rocket.js";
import { golden, readMap } from "./golden.js";

test("a rocket flies as the server's does, until the same wall", () => {
  const flights = golden("flights.json");
  assert.equal(flights.length, 240);
  const maps = new Map();
  for (const { map: name, rate, x, y, aim, at, per_tick: perTick, ticks } of flights) {
    if (!maps.has(name)) maps.set(name, readMap(`${name}.tmx`));
    const way = flight(x, y, aim, maps.get(name), tuningAt(rate));
    // The file counts in units of the world.
    const inUnits = ({ x, y }) => [x / 256, y / 256];
    assert.deepEqual({ at: inUnits(way.at), perTick: inUnits(way.perTick), ticks: way.ticks }, { at, perTick, ticks });
  }
});
