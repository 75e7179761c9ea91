// Where a field is between two frames: every example of the golden file that the Rust tests write, digit by digit.

import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { interpolate, jumps, snap } from "../../../assets/web/sdk/interpolation.js";
import { partsOf } from "../../../assets/web/sdk/schema/field.js";

const EXAMPLES = JSON.parse(readFileSync(new URL("../../golden/interpolation.json", import.meta.url), "utf8"));

/**
 * @param {string} word
 * @param {number[]} numbers as a schema has them
 * @param {boolean} holds
 * @returns {import("../../../assets/web/sdk/schema/field.js").Field}
 */
function field(word, numbers, holds) {
  const [min, max, step, unit, snap = 0] = numbers;
  /** @type {Record<string, any>} */
  const kinds = {
    bool: {},
    unsigned: { max: min },
    signed: { min, max },
    angle: { bits: min },
    rotation: { bits: min },
    choice: { names: ["one", "two", "three"] },
    reference: {},
    text: { bytes: min },
  };
  const kind = { word, ...(kinds[word] ?? { min, max, step, unit }) };
  const marks = { predicted: false, position: false, press: false, constant: false, priority: 0, tolerance: 0, snap };
  const predictor = /** @type {const} */ ({ word: holds ? "hold" : "linear" });
  return { name: word, kind, audience: "everyone", predictor, marks, parts: partsOf(kind, predictor, marks) };
}

/**
 * @param {import("../../../assets/web/sdk/schema/field.js").Field} field
 * @param {number[]} older
 * @param {number[]} newer
 * @param {number} span
 * @param {number} sixteenths
 */
function drawn(field, older, newer, span, sixteenths) {
  /** @type {number[]} */
  const out = new Array(older.length).fill(-1);
  interpolate(field, { codes: older, at: 0 }, { codes: newer, at: 0 }, { span, sixteenths }, out, 0);
  return out;
}

test("every golden example is drawn to the last digit", () => {
  assert.ok(EXAMPLES.length >= 100);
  for (const { drawn: expected, holds, kind, newer, numbers, older, sixteenths, span } of EXAMPLES) {
    const got = drawn(field(kind, numbers, holds), older, newer, span, sixteenths);
    assert.deepEqual(got, expected, JSON.stringify({ kind, numbers, older, newer, span, sixteenths }));
  }
});

test("a jump is cut whole and more ticks allow a longer way", () => {
  const place = field("vector2", [0, 65_520, 16, 256, 159], false);
  assert.deepEqual(drawn(place, [100, 100], [110, 100], 1, 15), [1_600, 1_600], "160 in one tick is a jump");
  assert.deepEqual(drawn(place, [100, 100], [110, 100], 1, 16), [1_760, 1_600]);
  assert.deepEqual(drawn(place, [100, 100], [110, 100], 2, 16), [1_680, 1_600], "160 in two ticks is not");
  assert.ok(!jumps(field("unsigned", [100], true), { codes: [0], at: 0 }, { codes: [99], at: 0 }, 1));
  assert.equal(snap(field("vector2", [0, 65_520, 16, 256], false)), 255 * 16, "without a word it is a sixteenth of the range");
});

test("what is counted or named holds until the end", () => {
  const health = field("unsigned", [100], true);
  assert.deepEqual(drawn(health, [100], [0], 1, 15), [100]);
  assert.deepEqual(drawn(health, [100], [0], 1, 16), [0]);
  const text = field("text", [6], true);
  assert.deepEqual(drawn(text, [1, 65, 0], [2, 66, 7], 4, 63), [1, 65, 0]);
  assert.deepEqual(drawn(text, [1, 65, 0], [2, 66, 7], 4, 64), [2, 66, 7]);
});

test("one frame alone is drawn as it is", () => {
  assert.deepEqual(drawn(field("vector2", [0, 65_520, 16, 256], false), [7, 8], [7, 8], 0, 0), [112, 128]);
});
