// Value ↔ code: the only place where precision is given up.
//
//   value   min ······ min+step ······ min+2·step ·· max      (rounded half up, out of range: clamped)
//   code     0            1               2       ·· codes-1
//
// Values are the simulation's integers; a field's `unit` says how many of them make one world unit on a screen.
//
// Never here: bits (see bits).

/**
 * A range of values with a step.
 * @typedef {object} Quantiser
 * @property {number} min the value of code 0
 * @property {number} max the largest value that is not clamped
 * @property {number} step the distance between two codes, at least 1
 */

/**
 * Number of codes.
 * @param {Quantiser} quantiser
 */
export function codeCount({ min, max, step }) {
  return Math.trunc((max - min + Math.trunc(step / 2)) / step) + 1;
}

/**
 * The code nearest to a value, half rounded up. Inverse of `valueOfCode`.
 * @param {Quantiser} quantiser
 * @param {number} value
 */
export function codeOfValue({ min, max, step }, value) {
  const inside = Math.min(Math.max(value, min), max);
  return Math.trunc((inside - min + Math.trunc(step / 2)) / step);
}

/**
 * The value that a code stands for; a code outside the range gives the nearest end's value.
 * @param {Quantiser} quantiser
 * @param {number} code
 */
export function valueOfCode({ min, max, step }, code) {
  return Math.min(Math.max(min + code * step, min), max);
}

/** Parts of a full turn that an angle's value has. */
export const TURN = 1 << 16;

/**
 * The code of an angle in 1/65,536 turn, rounded to `bits` bits (1 to 16); wraps. Inverse of `angleValue`.
 * @param {number} angle a whole number
 * @param {number} bits
 */
export function angleCode(angle, bits) {
  const shift = 16 - bits;
  const half = (1 << shift) >> 1;
  return (((angle & 0xffff) + half) >> shift) & ((1 << bits) - 1);
}

/**
 * The angle that a code of `bits` bits stands for, in 1/65,536 turn.
 * @param {number} code
 * @param {number} bits
 */
export function angleValue(code, bits) {
  return (code << (16 - bits)) & 0xffff;
}
