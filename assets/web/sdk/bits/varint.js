// Numbers that are mostly small: groups of four bits, each with a bit that says whether more follow; and signed ones as unsigned.
//
// Used where no trained code exists. (The state's own numbers go through prefix codes, see codec/prefix_code.js.)

import { DecodeError } from "./reader.js";

/** @typedef {import("./reader.js").BitReader} BitReader */
/** @typedef {import("./writer.js").BitWriter} BitWriter */

/**
 * Writes a number: 5 bits below 16, 10 below 256, at most 40. Inverse of `readNumber`.
 * @param {BitWriter} writer
 * @param {number} number 0 to 2^32 - 1
 */
export function writeNumber(writer, number) {
  let rest = number >>> 0;
  do {
    writer.write(rest & 15, 4);
    rest >>>= 4;
    writer.writeBool(rest !== 0);
  } while (rest !== 0);
}

/**
 * Reads a number; refuses one that is longer than needed or has more than 32 bits.
 * @param {BitReader} reader
 * @param {string} field
 * @returns {number}
 */
export function readNumber(reader, field) {
  let number = 0;
  for (let shift = 0; shift < 32; shift += 4) {
    const nibble = reader.read(4, field);
    number = (number | (nibble << shift)) >>> 0;
    if (!reader.readBool(field)) {
      if (nibble === 0 && shift !== 0) break;
      return number;
    }
  }
  throw DecodeError.outOfRange(field, number, 0, 2 ** 32 - 1);
}

/**
 * Signed to unsigned so that small ones stay small: 0, -1, 1, -2 … become 0, 1, 2, 3 … Inverse of `unzigzag`.
 * @param {number} value of 32 bits
 * @returns {number} 0 to 2^32 - 1
 */
export function zigzag(value) {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

/**
 * Inverse of `zigzag`.
 * @param {number} value
 * @returns {number} of 32 bits, signed
 */
export function unzigzag(value) {
  return (value >>> 1) ^ -(value & 1);
}
