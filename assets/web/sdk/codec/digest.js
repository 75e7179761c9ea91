// The proof: a hash per facet, summed over what a client holds.
//
// The hash covers everything that later decoding depends on: slot, kind, anchor and, per part, all that is remembered of it. What is stale
// (held, but not exact) counts by its name only. Two lanes of 32 bits, by `Math.imul`. PROTOCOL.md, "Digest".

import * as plans from "./plan.js";

const { STATE } = plans;

/** The lanes of the hash that was made last: nothing is allocated for it. */
export const lanes = new Int32Array(2);

/**
 * The hash of a facet, into `lanes`.
 * @param {number} slot
 * @param {number} kind its kind of facet
 * @param {number} anchor
 * @param {Int32Array} states
 * @param {number} at where its states begin
 * @param {number} count how many parts count: all of a fresh facet; a stale one has none, see `staleHash`
 */
export function freshHash(slot, kind, anchor, states, at, count) {
  nameHash(slot, kind, anchor, 1);
  let a = lanes[0];
  let b = lanes[1];
  const end = at + STATE * count;
  for (let state = at; state < end; state += STATE) {
    let word = states[state];
    a = Math.imul(a ^ word, 0x85ebca6b);
    b = Math.imul(b ^ ((word << 16) | (word >>> 16)), 0xc2b2ae35);
    a ^= a >>> 13;
    b ^= b >>> 16;
    const speed = states[state + 1];
    word = ((speed << 14) | (speed >>> 18)) ^ states[state + 2];
    a = Math.imul(a ^ word, 0x85ebca6b);
    b = Math.imul(b ^ ((word << 16) | (word >>> 16)), 0xc2b2ae35);
    a ^= a >>> 13;
    b ^= b >>> 16;
  }
  lanes[0] = a;
  lanes[1] = b;
}

/**
 * The hash of a facet that is held, but perhaps not as it is now, into `lanes`.
 * @param {number} slot
 * @param {number} kind
 * @param {number} anchor
 */
export function staleHash(slot, kind, anchor) {
  nameHash(slot, kind, anchor, 0);
}

/**
 * @param {number} slot
 * @param {number} kind
 * @param {number} anchor
 * @param {number} freshness
 */
function nameHash(slot, kind, anchor, freshness) {
  let a = 0x9e3779b9 | 0;
  let b = 0x7f4a7c15;
  for (let word = (slot << 16) | anchor, left = 2; left > 0; word = (kind << 1) | freshness, left -= 1) {
    a = Math.imul(a ^ word, 0x85ebca6b);
    b = Math.imul(b ^ ((word << 16) | (word >>> 16)), 0xc2b2ae35);
    a ^= a >>> 13;
    b ^= b >>> 16;
  }
  lanes[0] = a;
  lanes[1] = b;
}
