// Which input is due: the stories of client-sim/src/input_sender.rs. And what the player wants: presses are neither lost nor counted twice.

import { test } from "node:test";
import assert from "node:assert/strict";
import { Hands } from "../../../assets/web/sdk/hands.js";
import { TICK_MAX } from "../../../assets/web/sdk/ids.js";
import { InputSender, REMEMBERED } from "../../../assets/web/sdk/input_sender.js";
import { SCHEMA } from "./fakes.js";

const FAR = TICK_MAX;

test("each tick is named once and in order", () => {
  const sender = new InputSender(10, 0);
  assert.equal(sender.takeDue(9, FAR), null);
  assert.equal(sender.takeDue(11, FAR), 10);
  assert.equal(sender.takeDue(11, FAR), 11);
  assert.equal(sender.takeDue(11, FAR), null);
});

test("what is long past is left out and the limit holds", () => {
  const sender = new InputSender(10, 0);
  assert.equal(sender.takeDue(100, FAR), 96);
  assert.equal(sender.takeDue(200, 98), 97);
  assert.equal(sender.takeDue(200, 98), 98);
  assert.equal(sender.takeDue(200, 98), null);
});

test("at the end of all ticks it stops", () => {
  const sender = new InputSender(FAR - 2, 0);
  const named = [];
  for (let tick = sender.takeDue(FAR, FAR); tick !== null && named.length < 100; tick = sender.takeDue(FAR, FAR)) named.push(tick);
  assert.deepEqual(named, [FAR - 2, FAR - 1]);
  assert.ok(!sender.goesOn(FAR), "nobody is woken for it either");
  assert.equal(sender.sentMs(FAR), null, "what was never sent was sent at no time");
});

test("a clock that went back names no tick twice", () => {
  const sender = new InputSender(10, 0);
  assert.equal(sender.takeDue(10, FAR), 10);
  assert.equal(sender.takeDue(7, FAR), null);
  assert.equal(sender.takeDue(11, FAR), 11);
});

test("what was sent is remembered for a while", () => {
  const sender = new InputSender(0, 0);
  sender.sent(5, 3, [1], 70);
  assert.equal(sender.sentMs(5), 70);
  assert.equal(sender.sentMs(6), null);
  sender.sent(5 + REMEMBERED, 3, [1], 90);
  assert.equal(sender.sentMs(5), null);
});

test("a frame that no input confirms is owed a confirm", () => {
  const sender = new InputSender(0, 0);
  assert.ok(!sender.owesConfirm(3, 50, 20));
  assert.ok(sender.owesConfirm(3, 50, 60));
  sender.confirm(3, 60);
  assert.ok(!sender.owesConfirm(3, 50, 600));
  assert.ok(sender.owesConfirm(4, 50, 600));
});

test("a press that was let go before the next input still goes out with it, once", () => {
  const hands = new Hands(SCHEMA.input);
  hands.want({ step: 1, pick: true });
  hands.want({ pick: false, tool: "Lamp" });
  assert.deepEqual([...hands.take()], [2, 2, 1]);
  hands.carried();
  assert.deepEqual([...hands.take()], [2, 2, 0], "the press is over, all else is held");
});

test("an input that was not sent keeps its press for the next", () => {
  const hands = new Hands(SCHEMA.input);
  hands.want({ pick: true });
  hands.take();
  assert.deepEqual([...hands.take()], [1, 0, 1]);
});

test("what no input can hold is refused, by name, as the page's fault, and changes nothing", () => {
  const hands = new Hands(SCHEMA.input);
  hands.want({ step: -1 });
  for (const [values, says] of /** @type {[any, RegExp][]} */ ([
    [{ stepp: 1 }, /no field stepp; it has step, tool, pick/],
    [{ step: "1" }, /Will\.step must be/],
    [{ step: NaN }, /Will\.step must be/],
    [{ tool: "Hammer" }, /Hammer/],
    [null, /must be an object/],
  ])) {
    assert.throws(() => hands.want(values), (/** @type {any} */ error) => {
      assert.match(error.message, says);
      assert.deepEqual([error.name, error.code, error.fault], ["TickwireError", "usage", "page"]);
      return true;
    });
  }
  assert.deepEqual([...hands.take()], [0, 0, 0]);
  hands.want({ step: 99 });
  assert.deepEqual([...hands.take()], [2, 0, 0], "out of range is clamped");
});
