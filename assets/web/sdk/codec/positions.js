// Ascending positions in a list that both sides know, as gaps or as a bitmap, whichever is shorter.
//
//   count · 0 · gap gap gap …       (position minus the one before, minus 1)
//   count · 1 · one bit per position of the list
//
// A count of 0 ends there. PROTOCOL.md, "Positions".

import { DecodeError } from "../bits/reader.js";

/** @typedef {import("../bits/reader.js").BitReader} BitReader */
/** @typedef {import("./tables.js").Tables} Tables */

/**
 * Reads ascending positions below `among`. Work is bounded by `among`, whatever the bytes say.
 * @param {BitReader} reader
 * @param {Tables} tables
 * @param {number} of the context of their count; that of the gaps is the next
 * @param {number} among
 * @param {Int32Array} positions has room for `among` of them
 * @returns {number} how many there are
 */
export function readPositions(reader, tables, of, among, positions) {
  const count = tables.readNumber(reader, of, "count");
  if (count > among) throw DecodeError.inconsistent("count");
  if (count === 0) return 0;
  if (reader.readBool("bitmap")) {
    if (readBitmap(reader, among, positions) !== count) throw DecodeError.inconsistent("bitmap");
    return count;
  }
  let next = 0;
  for (let at = 0; at < count; at++) {
    const position = next + tables.readNumber(reader, of + 1, "gap");
    if (position >= among) throw DecodeError.inconsistent("position");
    positions[at] = position;
    next = position + 1;
  }
  return count;
}

/** Bits of a bitmap that are looked at together. */
const WORD = 24;

/**
 * The positions below `among` whose bits are set.
 * @param {BitReader} reader
 * @param {number} among
 * @param {Int32Array} positions
 */
function readBitmap(reader, among, positions) {
  let count = 0;
  for (let from = 0; from < among; from += WORD) {
    for (let bits = reader.read(Math.min(among - from, WORD), "bitmap"); bits !== 0; bits &= bits - 1) {
      positions[count++] = from + 31 - Math.clz32(bits & -bits);
    }
  }
  return count;
}
