// Symbols as code words of whole bits, the frequent ones short, and back by one look-up.
//
// Canonical codes: the lengths alone define the code (RFC 1951, 3.2.2), so only lengths travel. A word's most significant bit is written
// first: words are kept turned round here, because bits are read least significant first. So the next bits of a message, as many as the
// longest word has, lead straight to an entry: the symbol, and how many of these bits are its word.
//
// Never here: which code stands where (see tables).

import { CODE_BITS_MAX } from "../limits.js";

/** A symbol stands above these bits of an entry, the length of its word in them. */
export const ENTRY_BITS = 4;

/**
 * The look-up of the code that these lengths define: 2^n entries for a longest word of n bits. A code of one symbol has length 0 and costs
 * nothing.
 * @param {Uint8Array} lengths by symbol
 * @returns {Uint16Array | null} null: they are no complete prefix code of at most 12 bits
 */
export function lookUpOf(lengths) {
  if (lengths.length === 1 && lengths[0] === 0) return new Uint16Array(1);
  const bits = lengths.reduce((longest, length) => Math.max(longest, length), 0);
  if (bits === 0 || bits > CODE_BITS_MAX || lengths.includes(0)) return null;
  const lookUp = new Uint16Array(1 << bits);
  let next = 0;
  for (let length = 1; length <= bits; length++) {
    next <<= 1;
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== length) continue;
      if (next >>> length !== 0) return null;
      const word = reversed(next, length);
      for (let at = word; at < lookUp.length; at += 1 << length) lookUp[at] = (symbol << ENTRY_BITS) | length;
      next += 1;
    }
  }
  return next === 1 << bits ? lookUp : null;
}

/**
 * @param {number} word
 * @param {number} length
 */
function reversed(word, length) {
  let turned = 0;
  for (let bit = 0; bit < length; bit++) turned = (turned << 1) | ((word >>> bit) & 1);
  return turned;
}
