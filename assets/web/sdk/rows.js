// Where the states of facets lie: those of one kind one behind the other, so that all of them are moved on in one go.
//
//   states   │ kind 0: exact │ kind 0: stale │ kind 1: exact │ …          each row: 1 if it moved, then its parts
//
// What is exact moves on in every tick, what is stale stays as it was last known; so they lie apart. A row that is free is all zeros: it is
// moved on with the others, and nobody looks.
//
// Never here: whose states they are (see holdings).

import { COUNT, PLAN_SHIFT, STATE } from "./codec/plan.js";

/** Rows that a kind begins with. */
const ROWS_MIN = 8;

/** The states of all facets. A *block* is a kind of facet, or that many more: the same kind, stale. */
export class Rows {
  /**
   * @param {Int32Array} plan
   * @param {number} kinds of facets
   */
  constructor(plan, kinds) {
    this.kinds = kinds;
    this.states = new Int32Array(1024);
    /** Where in these nothing was ever put. */
    this.end = 0;
    /** Per block, from one row to the next. */
    this.strides = Int32Array.from({ length: 2 * kinds }, (_, block) => 1 + STATE * plan[((block % kinds) << PLAN_SHIFT) + COUNT]);
    /** Per block, where the states of its first row begin. */
    this.begins = new Int32Array(2 * kinds);
    /** Per block, for how many rows there is room. */
    this.room = new Int32Array(2 * kinds);
    /** Per block, how many of these were ever in use. */
    this.used = new Int32Array(2 * kinds);
    /** Per block, those among them that are free: where their states begin, counted from the block's. @type {number[][]} */
    this.free = Array.from({ length: 2 * kinds }, () => []);
  }

  /** Nothing is in use any more. */
  clear() {
    this.end = 0;
    this.states.fill(0);
    this.room.fill(0);
    this.used.fill(0);
    for (const free of this.free) free.length = 0;
  }

  /**
   * Whether a block has no room for one more row: see `grow`.
   * @param {number} block
   */
  isFull(block) {
    return this.free[block].length === 0 && this.used[block] === this.room[block];
  }

  /**
   * Makes room in a block. Its rows lie elsewhere after this.
   * @param {number} block
   * @returns {number} how far they moved
   */
  grow(block) {
    const stride = this.strides[block];
    const room = Math.max(2 * this.room[block], ROWS_MIN);
    const begin = this.end + 1;
    this.end += room * stride;
    if (this.end >= this.states.length) {
      const larger = new Int32Array(2 * this.end);
      larger.set(this.states);
      this.states = larger;
    }
    const before = this.begins[block];
    if (this.used[block] > 0) {
      this.states.copyWithin(begin - 1, before - 1, before - 1 + this.used[block] * stride);
      this.states.fill(0, before - 1, before - 1 + this.used[block] * stride);
    }
    this.begins[block] = begin;
    this.room[block] = room;
    return begin - before;
  }

  /**
   * A row of a block that is not full.
   * @param {number} block
   * @returns {number} where its states begin
   */
  take(block) {
    const freed = this.free[block].pop();
    if (freed !== undefined) return this.begins[block] + freed;
    this.used[block] += 1;
    return this.begins[block] + (this.used[block] - 1) * this.strides[block];
  }

  /**
   * Gives a row back.
   * @param {number} block
   * @param {number} at where its states begin
   */
  give(block, at) {
    this.states.fill(0, at - 1, at - 1 + this.strides[block]);
    this.free[block].push(at - this.begins[block]);
  }
}
