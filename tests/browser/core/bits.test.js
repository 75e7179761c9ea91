// Bits, small numbers and the names of bytes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BitReader, DecodeError } from "../../../assets/web/sdk/bits/reader.js";
import { readNumber, unzigzag, writeNumber, zigzag } from "../../../assets/web/sdk/bits/varint.js";
import { BitWriter } from "../../../assets/web/sdk/bits/writer.js";
import { xxh3 } from "../../../assets/web/sdk/bits/xxh3.js";
import { tickLow, unwrapNear, unwrapStep } from "../../../assets/web/sdk/ids.js";
import { draws, numbers } from "./golden.js";

/**
 * What is thrown with these bytes is a DecodeError of this kind.
 * @param {string} kind
 */
const refused = (kind) => (/** @type {unknown} */ error) => error instanceof DecodeError && error.kind === kind;

test("what was written in any number of bits is read", () => {
  const below = draws(1);
  for (let round = 0; round < 200; round++) {
    const writer = new BitWriter();
    const values = Array.from({ length: below(200) }, () => {
      const bits = below(33);
      return { bits, value: below(2 ** bits) };
    });
    for (const { bits, value } of values) writer.write(value, bits);
    const bytes = writer.intoBytes();
    assert.equal(bytes.length, Math.ceil(values.reduce((sum, { bits }) => sum + bits, 0) / 8));
    const reader = new BitReader(bytes);
    for (const { bits, value } of values) assert.equal(reader.read(bits, "value"), value);
    reader.finish();
  }
});

test("the least significant bit comes first, and bytes are aligned", () => {
  const writer = new BitWriter();
  writer.writeBool(true);
  writer.write(0x1ff, 9);
  writer.writeBytes(Uint8Array.of(7, 8));
  writer.write(-1, 32);
  assert.deepEqual([...writer.intoBytes()], [0xff, 3, 7, 8, 255, 255, 255, 255]);
  const reader = new BitReader(writer.intoBytes());
  assert.equal(reader.readBool("one"), true);
  assert.equal(reader.read(9, "nine"), 0x1ff);
  assert.deepEqual([...reader.readBytes(2, "two")], [7, 8]);
  assert.equal(reader.read(32, "all"), 2 ** 32 - 1);
});

test("a number with more bits than it is written in is our own fault and is said to be", () => {
  assert.throws(() => new BitWriter().write(4, 2), RangeError);
  assert.throws(() => new BitWriter().write(-1, 16), RangeError);
  assert.throws(() => new BitWriter().write(2 ** 32, 32), RangeError);
});

test("behind the end nothing is read", () => {
  for (let bits = 1; bits <= 32; bits++) {
    const reader = new BitReader(new Uint8Array(Math.ceil(bits / 8) - 1));
    assert.throws(() => reader.read(bits, "value"), refused("truncated"));
  }
  assert.throws(() => new BitReader(Uint8Array.of(1)).readBytes(2, "bytes"), refused("truncated"));
});

test("bits left over must be zero, and bytes must be read", () => {
  const reader = new BitReader(Uint8Array.of(0b100));
  reader.read(2, "two");
  assert.throws(() => reader.finish(), refused("trailing-bits"));
  assert.throws(() => new BitReader(Uint8Array.of(0)).finish(), refused("trailing-bits"));
  assert.throws(() => new BitReader(Uint8Array.of(9)).readAtMost(5, 4, "four"), refused("out-of-range"));
});

test("a reader that is used again sees nothing of what was there before", () => {
  const reader = new BitReader(Uint8Array.of(255, 255, 255, 255, 255));
  reader.take(Uint8Array.of(1));
  assert.equal(reader.peek(32), 1);
  reader.take(new Uint8Array(1000).fill(255));
  assert.equal(reader.bitsLeft, 8000);
  assert.equal(reader.read(32, "value"), 2 ** 32 - 1);
});

test("a reader that is used again has room to look ahead behind bytes of any length", () => {
  for (let length = 0; length <= 20; length++) {
    const reader = new BitReader(Uint8Array.of(1, 2, 3));
    reader.take(new Uint8Array(length).fill(255));
    assert.equal(reader.bitsLeft, 8 * length);
    for (let left = length; left > 0; left--) assert.equal(reader.read(8, "value"), 255);
    assert.equal(reader.peek(32), 0);
  }
});

test("small numbers and signs survive, and no number is longer than needed", () => {
  for (const number of [0, 1, 15, 16, 255, 256, 70_000, 2 ** 31, 2 ** 32 - 1]) {
    const writer = new BitWriter();
    writeNumber(writer, number);
    assert.equal(readNumber(new BitReader(writer.intoBytes()), "number"), number);
  }
  const long = new BitWriter();
  [3, 0].forEach((nibble, at) => (long.write(nibble, 4), long.writeBool(at === 0)));
  assert.throws(() => readNumber(new BitReader(long.intoBytes()), "number"), refused("out-of-range"));
  for (const value of [0, -1, 1, -2, 2, 2 ** 31 - 1, -(2 ** 31)]) assert.equal(unzigzag(zigzag(value)), value);
  assert.deepEqual([0, -1, 1, -2].map(zigzag), [0, 1, 2, 3]);
});

test("ticks come back from the bits that travel, and nothing lies before tick 0", () => {
  for (const base of [0, 5, 40_000, 65_535, 65_536, 1_000_000, 2 ** 32 - 8]) {
    for (const ahead of [-32_768, -300, -1, 0, 1, 300, 32_767]) {
      const tick = base + ahead;
      if (tick >= 0 && tick < 2 ** 32) assert.equal(unwrapNear(base, tickLow(tick)), tick);
    }
    for (let ahead = -15; ahead <= 16; ahead++) {
      const tick = base + ahead;
      if (tick >= 0 && tick < 2 ** 32) assert.equal(unwrapStep(base, tick & 31), tick);
    }
  }
  assert.equal(unwrapNear(3, 65_535), 0);
  assert.equal(unwrapNear(2 ** 32 - 4, 5), 2 ** 32 - 1, "there is no later tick");
});

test("bytes of every length are called what Rust calls them", () => {
  const bytes = Uint8Array.from({ length: 2_500 }, (_, at) => at * at * 31 + at * 7 + 3);
  const cases = numbers("fingerprints");
  assert.ok(cases.length > 30);
  for (const [length, name] of cases) {
    assert.equal(xxh3(bytes.subarray(0, length)).toString(16).padStart(16, "0"), name, `${length} bytes`);
  }
});
