// A rotation in space, in fixed point: what a field of a game holds, and how it becomes codes.
//
//   x y z w ─► the largest, made positive ─► which it is · the other three, in ±half codes of 1/√2 each        "smallest three"
//           ◄─ a square root of what they leave                                                             ◄─
//
// A unit quaternion and its negative are the same rotation: that is why the largest need not travel. Whole numbers only, the same in Rust
// and in JavaScript: products are below 2^53.
//
// Never here: how the next rotation is guessed (see codec/turn.js).

/**
 * A rotation as a quaternion of length `ONE`. Any other length but 0 means the same rotation.
 * @typedef {{ x: number, y: number, z: number, w: number }} Rotation
 */

/** How long a rotation is. */
export const ONE = 1 << 15;

/** Not turned. */
export const IDENTITY = Object.freeze({ x: 0, y: 0, z: 0, w: ONE });

/** Largest part, up or down: so that products stay below 2^53. */
const PART_MAX = 1 << 20;

/**
 * So many `of` parts of the way to another rotation, the short way, made as long as it should be.
 * @param {Rotation} from
 * @param {Rotation} to
 * @param {number} parts
 * @param {number} of
 * @returns {Rotation}
 */
export function towards(from, to, parts, of) {
  const [one, other] = [partsOf(from), partsOf(to)];
  const dot = one.reduce((sum, part, at) => sum + part * other[at], 0);
  const sign = dot < 0 ? -1 : 1;
  const sum = one.map((part, at) => Math.trunc((part * (of - parts) + sign * other[at] * parts) / of));
  const length = lengthOf(sum);
  return length === 0 ? from : rotationOf(sum.map((part) => rounded(part * ONE, length)));
}

/**
 * Which part is the largest, and the codes of the other three. Inverse of `rotationOfCodes`, up to quantising.
 * @param {Rotation} rotation
 * @param {number} bits
 * @returns {number[]}
 */
export function rotationCodes(rotation, bits) {
  const parts = partsOf(rotation);
  const length = lengthOf(parts);
  if (length === 0) return rotationCodes(IDENTITY, bits);
  let largest = 0;
  for (let at = 1; at < 4; at++) if (Math.abs(parts[at]) > Math.abs(parts[largest])) largest = at;
  const half = turnHalf(bits);
  const sign = Math.sign(parts[largest]);
  // Half a circle's codes, times √2, in 1/1024.
  const scale = isqrt(2 * (half * 1024) * (half * 1024));
  const codes = [largest];
  for (let at = 0; at < 4; at++) {
    if (at === largest) continue;
    const code = rounded(sign * parts[at] * scale, length * 1024);
    codes.push(Math.min(Math.max(code, -half), half) + half);
  }
  return codes;
}

/**
 * The rotation of four codes, which begin at `at`.
 * @param {number} bits
 * @param {ArrayLike<number>} codes
 * @param {number} at
 * @returns {Rotation}
 */
export function rotationOfCodes(bits, codes, at) {
  const half = turnHalf(bits);
  const square = 2 * (half * 16) * (half * 16);
  const parts = [0, 0, 0, 0];
  const largest = codes[at] & 3;
  let left = square;
  let next = at + 1;
  for (let axis = 0; axis < 4; axis++) {
    if (axis === largest) continue;
    parts[axis] = (codes[next++] - half) * 16;
    left -= parts[axis] * parts[axis];
  }
  parts[largest] = isqrt(Math.max(left, 0));
  const length = Math.max(isqrt(square), 1);
  return rotationOf(parts.map((part) => rounded(part * ONE, length)));
}

/**
 * The largest of a rotation's three, up or down, in codes.
 * @param {number} bits
 */
export function turnHalf(bits) {
  return (1 << (bits - 1)) - 1;
}

/**
 * The square of how long a unit quaternion is in 1/64 code, with so many codes on either side of 0.
 * @param {number} half
 */
export function turnSquare(half) {
  return 2 * (64 * half) * (64 * half);
}

/**
 * How long a unit quaternion is in 1/64 code.
 * @param {number} half
 */
export function turnLength(half) {
  return isqrt(turnSquare(half));
}

/**
 * The square root, rounded down, of a whole number below 2^52.
 * @param {number} square
 */
export function isqrt(square) {
  return Math.floor(Math.sqrt(square));
}

/**
 * `sum / by`, half rounded up.
 * @param {number} sum
 * @param {number} by
 */
export function rounded(sum, by) {
  return Math.floor((2 * sum + by) / (2 * by));
}

/** @param {Rotation} rotation */
function partsOf({ x, y, z, w }) {
  return [x, y, z, w].map((part) => Math.min(Math.max(part, -PART_MAX), PART_MAX));
}

/** @param {number[]} parts */
function lengthOf(parts) {
  return isqrt(parts.reduce((sum, part) => sum + part * part, 0));
}

/**
 * @param {number[]} parts
 * @returns {Rotation}
 */
function rotationOf([x, y, z, w]) {
  return { x, y, z, w };
}
