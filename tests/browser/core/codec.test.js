// Pieces, records and digests against what Rust wrote: every predictor over long walks, what wraps, what has all 32-bit integers, rotations.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BitReader, DecodeError } from "../../../assets/web/sdk/bits/reader.js";
import { BitWriter } from "../../../assets/web/sdk/bits/writer.js";
import * as contexts from "../../../assets/web/sdk/codec/contexts.js";
import { freshHash, lanes, staleHash } from "../../../assets/web/sdk/codec/digest.js";
import { advance, readPiece, readPieces } from "../../../assets/web/sdk/codec/piece.js";
import { CLASS_SHIFT, FRACTION, MASK_SHIFT, MIDDLE, PARTS, PART_SHIFT, PLAN_SHIFT, STATE, TAKES, TAKES_STEPS, planOf } from "../../../assets/web/sdk/codec/plan.js";
import { readPositions } from "../../../assets/web/sdk/codec/positions.js";
import { classOf, shortWay } from "../../../assets/web/sdk/codec/predictor.js";
import { lookUpOf } from "../../../assets/web/sdk/codec/prefix_code.js";
import { Record } from "../../../assets/web/sdk/codec/record.js";
import { Tables } from "../../../assets/web/sdk/codec/tables.js";
import { Layout } from "../../../assets/web/sdk/schema/facet.js";
import { readSchema } from "../../../assets/web/sdk/schema/fingerprint.js";
import { Author } from "./author.js";
import { agreement, bytesOf, draws, golden, hexadecimal, numbers } from "./golden.js";

/**
 * One entity with one facet, as a golden walk says.
 * @param {{ schema: string, tables: string, slot_bits: number, first: number[] }} walk
 */
function walker({ schema, tables, slot_bits, first }) {
  const layout = new Layout(readSchema(bytesOf(schema)), slot_bits);
  const plan = planOf(layout);
  // One number in front of the states of each facet.
  const states = new Int32Array(1 + STATE * first.length);
  first.forEach((code, part) => {
    states[1 + STATE * part] = code;
    states[3 + STATE * part] = plan[plan[PARTS] + (part << PART_SHIFT) + MIDDLE];
  });
  return { layout, plan, states, tables: Tables.fromBytes(bytesOf(tables), layout), count: first.length };
}

/** @param {ReturnType<typeof walker>} walker */
const codesOf = ({ states, count }) => Array.from({ length: count }, (_, part) => states[1 + STATE * part]);

/**
 * Moves on by a tick, with or without a piece.
 * @param {ReturnType<typeof walker>} walker
 * @param {string | null} piece
 * @param {"together" | "apart"} way as most facets are moved, all first and corrected then; or as those are in which something waits
 */
function tick({ plan, states, tables }, piece, way) {
  if (piece === null) return void advance(plan, 0, states, 1, 1, states.length);
  const reader = new BitReader(bytesOf(piece));
  if (way === "apart") {
    readPiece(reader, tables, plan, 0, states, 1);
  } else {
    if (plan[TAKES] <= TAKES_STEPS) advance(plan, 0, states, 1, 1, states.length);
    readPieces(reader, tables, plan, states, Int32Array.of(0, 1), Int32Array.of(0), 1);
  }
  reader.finish();
}

for (const way of /** @type {const} */ (["together", "apart"])) {
  test(`pieces make of states what they make in Rust, read ${way}`, () => {
    for (const game of numbers("pieces")) {
      const one = walker(game);
      for (const { piece, codes } of game.ticks) {
        tick(one, piece, way);
        assert.deepEqual(codesOf(one), codes);
      }
      game.past.forEach((/** @type {number[]} */ [speed, fraction, kind, mask], /** @type {number} */ part) => {
        const [, held, past] = one.states.subarray(1 + STATE * part);
        assert.deepEqual([held, past & FRACTION, (past >> CLASS_SHIFT) & 7, past >> MASK_SHIFT], [speed, fraction, kind, mask]);
      });
    }
  });

  test(`long walks come to Rust's digests in every tick, read ${way}`, () => {
    const walks = numbers("walks");
    assert.ok(walks.length >= 7);
    for (const [number, walk] of walks.entries()) {
      const one = walker(walk);
      for (const [at, [piece, a, b]] of walk.ticks.entries()) {
        tick(one, piece, way);
        freshHash(5, 0, 5, one.states, 1, one.count);
        assert.deepEqual([lanes[0] >>> 0, lanes[1] >>> 0], [a, b], `walk ${number}, tick ${at}`);
      }
      assert.deepEqual(codesOf(one), walk.codes);
    }
  });
}

test("pieces of several kinds one behind the other are read as they were written", () => {
  const [{ schema, tables: codes, slot_bits, born, ticks }] = numbers("herd");
  const layout = new Layout(readSchema(bytesOf(schema)), slot_bits);
  const [plan, tables] = [planOf(layout), Tables.fromBytes(bytesOf(codes), layout)];
  const takes = new Set(layout.facets.map((_, kind) => plan[(kind << PLAN_SHIFT) + TAKES]));
  assert.deepEqual([...takes].sort(), [0, 1, 2, 3], "nothing, all at once, what waits for a correction, rotations");
  const states = new Int32Array(4_000);
  const entries = new Int32Array(2 * born.length);
  let end = 0;
  for (const [place, [kind, first]] of born.entries()) {
    entries.set([(place << 8) | kind, end + 1], 2 * place);
    first.forEach((/** @type {number} */ code, /** @type {number} */ part) => {
      states[end + 1 + STATE * part] = code;
      states[end + 3 + STATE * part] = plan[plan[(kind << PLAN_SHIFT) + PARTS] + (part << PART_SHIFT) + MIDDLE];
    });
    end += 1 + STATE * first.length;
  }
  for (const [at, [named, pieces, a, b]] of ticks.entries()) {
    for (const [place, [kind]] of born.entries()) {
      const waits = plan[(kind << PLAN_SHIFT) + TAKES] > TAKES_STEPS && named.includes(place);
      if (!waits) advance(plan, kind << PLAN_SHIFT, states, entries[2 * place + 1], 1, 1);
    }
    const reader = new BitReader(bytesOf(pieces));
    readPieces(reader, tables, plan, states, entries, Int32Array.from(named), named.length);
    reader.finish();
    const sum = new Int32Array(2);
    for (const [place, [, first]] of born.entries()) {
      freshHash(place, 0, place, states, entries[2 * place + 1], first.length);
      sum.set([sum[0] + lanes[0], sum[1] + lanes[1]]);
    }
    assert.deepEqual([sum[0] >>> 0, sum[1] >>> 0], [a, b], `tick ${at}`);
  }
});

test("a record is the whole state that a walk ended in", () => {
  for (const walk of [...numbers("walks"), ...numbers("pieces")]) {
    const { layout, plan, tables, states, count } = walker(walk);
    const reader = new BitReader(bytesOf(walk.record));
    const [record, read] = [new Record(), new Int32Array(STATE * count)];
    record.read(reader, tables, layout, plan, read);
    reader.finish();
    assert.deepEqual([record.slot, record.kind, record.anchor], [5, 0, 5]);
    const walked = { layout, plan, tables, states, count };
    for (const step of walk.ticks) tick(walked, Array.isArray(step) ? step[0] : step.piece, "together");
    assert.deepEqual(read, states.subarray(1));
  }
});

test("a piece that is cut off anywhere is refused", () => {
  for (const walk of numbers("walks")) {
    const { length } = walk.ticks.map((/** @type {[string | null]} */ [piece]) => piece).filter(Boolean);
    assert.ok(length > 0);
    const [piece] = walk.ticks.find((/** @type {[string | null]} */ [piece]) => piece !== null && piece.length > 4) ?? [null];
    if (piece === null) continue;
    for (let bytes = 0; bytes < piece.length / 2 - 1; bytes++) {
      for (const way of /** @type {const} */ (["together", "apart"])) {
        assert.throws(() => tick(walker(walk), piece.slice(0, 2 * bytes), way), DecodeError);
      }
    }
  }
});

/**
 * A facet that is as it was born, and how it is read when its piece says this.
 * @param {number} game of the golden walks
 * @param {(author: Author, layout: Layout) => Author} write
 */
function readingOf(game, write) {
  const one = walker(numbers("walks")[game]);
  const piece = hexadecimal(write(new Author(one.tables, one.layout), one.layout).writer.intoBytes());
  return (/** @type {"together" | "apart"} */ way) => {
    const { states, ...rest } = one;
    const moved = { ...rest, states: states.slice() };
    tick(moved, piece, way);
    return moved;
  };
}

/** @param {string} field @param {import("../../../assets/web/sdk/bits/reader.js").DecodeErrorKind} kind */
const refusedAs = (field, kind) => (/** @type {unknown} */ error) => error instanceof DecodeError && error.field === field && error.kind === kind;

test("a piece of several groups that names no part of any of them is refused", () => {
  for (const game of [5, 6]) {
    /** @param {number} last the mask of the last group */
    const reading = (last) =>
      readingOf(game, (author, layout) => {
        const { groups, context } = layout.facets[0];
        assert.ok(groups.length > 1);
        groups.forEach((group, at) => author.symbol(contexts.mask(layout, group), at + 1 === groups.length ? last : 0));
        const part = groups.slice(0, -1).reduce((sum, group) => sum + group.parts, 0);
        return last === 0 ? author : author.number(contexts.residual(context + part), 0);
      });
    for (const way of /** @type {const} */ (["together", "apart"])) {
      assert.throws(() => reading(0)(way), refusedAs("change mask", "inconsistent"), `game ${game}, ${way}`);
      if (game === 6) reading(1)(way);
    }
  }
});

test("an angle is corrected by up to half a circle upwards and less than half a circle downwards", () => {
  const half = 512;
  /** @param {number} residual */
  const reading = (residual) =>
    readingOf(0, (author, layout) => {
      const [group] = layout.facets[0].groups;
      // Its first part is an angle of ten bits; a mask of a lone group is never 0.
      author.symbol(contexts.mask(layout, group), 0);
      return author.number(contexts.residual(layout.facets[0].context), residual > 0 ? 2 * residual - 1 : -2 * residual - 2);
    });
  const { first } = numbers("walks")[0];
  for (const way of /** @type {const} */ (["together", "apart"])) {
    for (const residual of [1, half - 1, half, -1, 1 - half]) {
      assert.equal(codesOf(reading(residual)(way))[0], (first[0] + residual) & (2 * half - 1), `${residual}, ${way}`);
    }
    for (const residual of [half + 1, -half, -half - 1]) {
      assert.throws(() => reading(residual)(way), refusedAs("residual", "out-of-range"), `${residual}, ${way}`);
    }
  }
});

test("a piece is refused that names a part and corrects it by nothing", () => {
  const reading = readingOf(1, (author, layout) => {
    const [{ groups, context }] = layout.facets;
    // All 32-bit integers are codes of its first part.
    return author.symbol(contexts.mask(layout, groups[0]), 0).number(contexts.residual(context), 2 ** 32 - 1);
  });
  for (const way of /** @type {const} */ (["together", "apart"])) assert.throws(() => reading(way), refusedAs("residual", "out-of-range"), way);
});

test("the short way round goes upwards where both are as long", () => {
  assert.deepEqual([511, 512, 513, 1_023, 1_024, -1, -511, -512, -513].map((step) => shortWay(1_023, step)), [511, 512, -511, -1, 0, -1, -511, 512, 511]);
  assert.deepEqual([0, 1, 2, -1].map((step) => shortWay(1, step)), [0, 1, 0, 1]);
});

test("the digest's hash is pinned", () => {
  freshHash(7, 2, 9, Int32Array.of(5, -3, (1 << MASK_SHIFT) | (2 << CLASS_SHIFT) | 9), 0, 1);
  assert.deepEqual([lanes[0] >>> 0, lanes[1] >>> 0].map((lane) => lane.toString(16)), ["a22cfc76", "976d7945"]);
  freshHash(7, 2, 9, new Int32Array(0), 0, 0);
  const fresh = [...lanes];
  staleHash(7, 2, 9);
  assert.notDeepEqual([...lanes], fresh);
});

test("residuals are classed by their size", () => {
  assert.deepEqual([1, -1, 2, 3, -3, 4, 7, 8, 31, 32, -32, 2 ** 31 - 1, -(2 ** 31)].map(classOf), [1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 5, 5, 5]);
});

test("lengths make a complete code or none", () => {
  const below = draws(3);
  for (let round = 0; round < 2_000; round++) {
    const lengths = Uint8Array.from({ length: below(12) }, () => below(round % 2 === 0 ? 5 : 14));
    const filled = lengths.reduce((sum, length) => sum + (length === 0 ? NaN : 2 ** -length), 0);
    const lookUp = lookUpOf(lengths);
    assert.equal(lookUp !== null, (filled === 1 && lengths.every((length) => length <= 12)) || (lengths.length === 1 && lengths[0] === 0));
  }
  // 0, 10, 110, 111, turned round.
  const entries = [...(lookUpOf(Uint8Array.of(1, 2, 3, 3)) ?? [])];
  assert.deepEqual(entries.map((entry) => entry >>> 4), [0, 1, 0, 2, 0, 1, 0, 3]);
});

test("a number goes through 72 symbols and raw bits", () => {
  // A code of 72 words: 56 of 6 bits and 16 of 7.
  const lengths = Uint8Array.from({ length: 72 }, (_, symbol) => (symbol < 56 ? 6 : 7));
  const lookUp = lookUpOf(lengths);
  assert.ok(lookUp);
  const tables = new Tables(0, [lookUp], Uint16Array.of(0));
  for (const number of [0, 15, 16, 23, 24, 37, 1_000, 65_535, 2 ** 31, 2 ** 32 - 1]) {
    const writer = new BitWriter();
    const bits = 31 - Math.clz32(number);
    const symbol = number < 16 ? number : 16 + 2 * (bits - 4) + ((number >>> (bits - 1)) & 1);
    const at = lookUp.findIndex((entry) => entry >>> 4 === symbol);
    writer.write(at & ((1 << (lookUp[at] & 15)) - 1), lookUp[at] & 15);
    if (number >= 16) writer.write(number % 2 ** (bits - 1), bits - 1);
    const reader = new BitReader(writer.intoBytes());
    assert.equal(tables.readNumber(reader, 0, "number"), number);
    assert.throws(() => tables.readNumber(new BitReader(writer.intoBytes().slice(0, -1)), 0, "number"), DecodeError);
  }
});

test("positions are gaps or a bitmap, ascend, and fit the list", () => {
  const { tables, layout } = agreement();
  const positions = new Int32Array(64);
  const { LEAVES } = contexts;
  /** @param {number} count @param {0 | 1} bitmap */
  const author = (count, bitmap) => new Author(tables, layout).number(LEAVES, count).bits(bitmap, 1);
  /** @param {number} count @param {number[]} gaps */
  const gaps = (count, gaps) => gaps.reduce((author, gap) => author.number(LEAVES + 1, gap), author(count, 0)).reader();
  assert.equal(readPositions(gaps(3, [2, 0, 9]), tables, LEAVES, 14, positions), 3);
  assert.deepEqual([...positions.subarray(0, 3)], [2, 3, 13]);
  const bitmap = author(3, 1).bits(0b1011, 24).bits(0, 6).reader();
  assert.equal(readPositions(bitmap, tables, LEAVES, 30, positions), 3);
  assert.deepEqual([...positions.subarray(0, 3)], [0, 1, 3]);
  assert.equal(readPositions(new Author(tables, layout).number(LEAVES, 0).reader(), tables, LEAVES, 14, positions), 0);
  for (const wrong of [
    new Author(tables, layout).number(LEAVES, 15).reader(),
    gaps(1, [14]),
    gaps(2, [13, 0]),
    author(2, 1).bits(0b1011, 14).reader(),
  ]) {
    assert.throws(() => readPositions(wrong, tables, LEAVES, 14, positions), (error) => error instanceof DecodeError && error.kind === "inconsistent");
  }
});

/**
 * Tables of one code per number of symbols, as all contexts ask for.
 * @param {Layout} layout
 * @param {{ run?: number, repeat?: boolean, first?: boolean }} [said] how long a run may be; a code is named anew though it is the one before; the
 *   first context says that it has the code of the one before
 */
function tablesOf(layout, { run = 8, repeat = false, first = false } = {}) {
  const wanted = contexts.symbolCounts(layout);
  const counts = [...new Set(wanted)];
  const writer = new BitWriter();
  writer.write(0, 8);
  writer.write(counts.length, 12);
  for (const count of counts) {
    writer.write(count, 8);
    const bits = 31 - Math.clz32(count);
    const short = count === 1 ? 1 : 2 ** (bits + 1) - count;
    for (const [length, words] of [[bits, short], [bits + 1, count - short]]) {
      for (let left = words; left > 0; left -= run) {
        writer.write(length, 4);
        writer.write(Math.min(left, run) - 1, 3);
      }
    }
  }
  wanted.forEach((count, context) => {
    const same = context === 0 ? first : count === wanted[context - 1] && !repeat;
    writer.writeBool(same);
    if (!same) writer.write(counts.indexOf(count), 12);
  });
  return writer.intoBytes();
}

test("tables are refused that could be written shorter, or whose first code is the one before", () => {
  const { layout } = agreement();
  assert.equal(Tables.fromBytes(tablesOf(layout), layout).epoch, 0);
  assert.throws(() => Tables.fromBytes(tablesOf(layout, { run: 4 }), layout), refusedAs("code lengths", "inconsistent"));
  assert.throws(() => Tables.fromBytes(tablesOf(layout, { repeat: true }), layout), refusedAs("place of a code", "inconsistent"));
  assert.throws(() => Tables.fromBytes(tablesOf(layout, { first: true }), layout), refusedAs("place of a code", "inconsistent"));
});

test("tables have one form, and are of one layout", () => {
  const { layout } = agreement();
  const bytes = golden("tables");
  assert.equal(Tables.fromBytes(bytes, layout).epoch, 0);
  const other = new Layout(readSchema(bytesOf(numbers("walks")[0].schema)), 6);
  assert.throws(() => Tables.fromBytes(bytes, other), DecodeError);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => Tables.fromBytes(bytes.subarray(0, length), layout), DecodeError);
  }
  for (let bit = 8; bit < 8 * bytes.length; bit++) {
    const wrong = bytes.slice();
    wrong[bit >>> 3] ^= 1 << (bit & 7);
    try {
      Tables.fromBytes(wrong, layout);
    } catch (error) {
      assert.ok(error instanceof DecodeError, `bit ${bit}: ${error}`);
    }
  }
});
