// What hands do with keys, sticks and presses, and how keys turn them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Hands } from "../../../assets/web/game/input/hands.js";
import { Turning } from "../../../assets/web/game/input/turning.js";

test("what is new is told once", () => {
  const hands = new Hands();
  assert.deepEqual(hands.take(), { thrust: { x: 0, y: 0 }, aim: 0, weapon: "Rifle", fire: false });
  assert.equal(hands.take(), null);
  hands.go("keys", 1, -1);
  assert.deepEqual(hands.take()?.thrust, { x: 1, y: -1 });
  hands.pull("touch", true);
  assert.equal(hands.take()?.fire, true);
  hands.choose();
  assert.equal(hands.take()?.weapon, "RocketLauncher");
  hands.choose();
  assert.equal(hands.take()?.weapon, "Rifle");
});

test("a leap is told once, also where nothing else is new", () => {
  const hands = new Hands();
  hands.take();
  hands.leap();
  assert.equal(hands.take()?.dash, true);
  assert.equal(hands.take(), null);
});

test("a stick goes into the nearest of eight directions, and a little push nowhere", () => {
  const hands = new Hands();
  for (let at = 0; at < 64; at++) {
    const angle = at / 64 * 2 * Math.PI;
    hands.go("pad", Math.cos(angle) * 0.9, Math.sin(angle) * 0.9);
    const { x, y } = hands.thrust();
    const off = Math.abs(Math.atan2(Math.sin(angle - Math.atan2(y, x)), Math.cos(angle - Math.atan2(y, x))));
    assert.ok(off <= Math.PI / 8 + 1e-3, `${at}: ${x} ${y}`);
  }
  hands.go("pad", 0.1, 0.2);
  assert.deepEqual(hands.thrust(), { x: 0, y: 0 });
});

test("an aim is in 1/65,536 turn, clockwise from the right", () => {
  const hands = new Hands();
  for (const [x, y, aim] of [[1, 0, 0], [0, 1, 16_384], [-1, 0, 32_768], [0, -1, 49_152]]) {
    hands.aimAlong(x, y);
    assert.equal(hands.aim, aim);
  }
  hands.aimAlong(0, 0);
  assert.equal(hands.aim, 49_152, "nowhere is no direction");
});

test("who lets go of everything does nothing", () => {
  const hands = new Hands();
  hands.go("keys", 1, 1);
  hands.pull("keys", true);
  hands.leap();
  hands.drop();
  assert.deepEqual(hands.take(), { thrust: { x: 0, y: 0 }, aim: 0, weapon: "Rifle", fire: false });
});

test("keys turn the aim the shorter way, and stop where they point", () => {
  for (const [from, x, y, wanted] of [[0, 0, 1, 16_384], [0, 0, -1, 49_152], [60_000, 1, 0, 0], [5_000, 0, -1, 49_152], [0, -1, 0, 32_768]]) {
    const turning = new Turning();
    let aim = from;
    let way = 0;
    for (let nowMs = 0; nowMs < 2000; nowMs += 16) {
      const next = turning.turn(aim, x, y, nowMs);
      way += Math.abs((next - aim + 98_304) % 65_536 - 32_768);
      aim = next;
    }
    assert.equal(aim, wanted);
    assert.ok(way <= 32_768, `${from} to ${wanted}: ${way}`);
  }
});

test("a tap on a key turns the aim a little, one that is held turns it quickly, and none leaves it", () => {
  const after = (ms) => {
    const turning = new Turning();
    let aim = 0;
    for (let nowMs = 0; nowMs <= ms; nowMs += 10) aim = turning.turn(aim, -1, 0, nowMs);
    return Math.min(aim, 65_536 - aim) / 65_536 * 360;
  };
  assert.ok(after(60) > 1 && after(60) < 8, `${after(60)} degrees by a tap`);
  assert.ok(after(500) > 90, `${after(500)} degrees in half a second`);
  assert.equal(new Turning().turn(1234, 0, 0, 50), 1234);
});

test("who did not look for long does not spin when it does", () => {
  const turning = new Turning();
  turning.turn(0, 0, 1, 0);
  assert.ok(turning.turn(0, 0, 1, 60_000) < 16_384);
});

test("a new connection is told all anew, also what did not change", () => {
  const hands = new Hands();
  hands.choose("RocketLauncher");
  const before = hands.take();
  assert.equal(hands.take(), null);
  hands.begin();
  assert.deepEqual([hands.take(), hands.take()], [before, null]);
});
