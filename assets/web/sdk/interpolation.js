// Where a field is between two frames: the one function by which clients draw others and by which the server finds out what a client drew.
//
//   codes of the older frame ●────────────┼──────────● codes of the newer frame
//                            0            k          16 × span          in 1/16 tick (see `ViewTick`)
//
//   fixed, vector      the straight line, whole; a jump is cut      ●            ●───●   the older until the end
//   angle              the short way round
//   rotation           the short way, as a quaternion
//   unsigned, signed   hold, unless they have a predictor that moves: half a kill was never there
//   all others         hold: the older until the end
//
// What comes out are values (the simulation's integers; an angle in 1/65,536 turn; a rotation's x, y, z, w), not codes: between two codes
// there is room. Fields that hold for good give their codes as they are. Digit by digit what Rust comes to: every product is below 2^53
// and every division rounds towards 0. The examples are in the golden file interpolation.json; PROTOCOL.md, "Between two frames".
//
// Never here: which two frames (see interpolate), what is beyond the newer one.

import { angleValue, valueOfCode } from "./schema/quantise.js";
import { rotationOfCodes, towards } from "./schema/rotation.js";
import { stepOf } from "./schema/field.js";

/** @typedef {import("./schema/field.js").Field} Field */

/**
 * Codes of a field, from `at` on.
 * @typedef {{ codes: ArrayLike<number>, at: number }} Codes
 */

/**
 * Where something is drawn between an older and a newer frame: ticks between them, and 1/16 ticks since the older.
 * @typedef {{ span: number, sixteenths: number }} Between
 */

/**
 * Whether it is at the newer frame, or there is but one.
 * @param {Between} between
 */
export function isAtEnd({ span, sixteenths }) {
  return sixteenths >= 16 * span;
}

/**
 * Where a field is: writes a value for each part, from `at` of `out` on.
 * @param {Field} field
 * @param {Codes} older
 * @param {Codes} newer
 * @param {Between} between
 * @param {number[] | Float64Array} out
 * @param {number} at
 */
export function interpolate(field, older, newer, between, out, at) {
  const { kind } = field;
  const atEnd = isAtEnd(between);
  const [from, to] = [older.codes[older.at], newer.codes[newer.at]];
  switch (kind.word) {
    case "fixed":
    case "vector2":
    case "vector3": {
      const stays = !atEnd && jumps(field, older, newer, between.span);
      for (let axis = 0; axis < field.parts.length; axis++) {
        const begin = valueOfCode(kind, older.codes[older.at + axis]);
        out[at + axis] = stays ? begin : line(begin, valueOfCode(kind, newer.codes[newer.at + axis]), between);
      }
      return;
    }
    case "angle": {
      const begin = angleValue(from, kind.bits);
      const short = ((angleValue(to, kind.bits) - begin) << 16) >> 16;
      out[at] = (begin + line(0, short, between)) & 0xffff;
      return;
    }
    case "rotation": {
      const end = rotationOfCodes(kind.bits, newer.codes, newer.at);
      const begin = atEnd ? end : rotationOfCodes(kind.bits, older.codes, older.at);
      const turned = atEnd ? end : towards(begin, end, between.sixteenths, 16 * between.span);
      [out[at], out[at + 1], out[at + 2], out[at + 3]] = [turned.x, turned.y, turned.z, turned.w];
      return;
    }
    case "signed":
    case "unsigned": {
      // All 32-bit integers may be codes: then they are bits, and wrap as the codec's do.
      const [begin, end] = kind.word === "signed" ? [(kind.min + from) | 0, (kind.min + to) | 0] : [from, to];
      const holds = field.predictor.word === "hold";
      out[at] = holds ? (atEnd ? end : begin) : line(begin, end, between);
      return;
    }
    default:
      for (let part = 0; part < field.parts.length; part++) {
        out[at + part] = atEnd ? newer.codes[newer.at + part] : older.codes[older.at + part];
      }
  }
}

/**
 * Between two values that stand for numbers, rounded towards the older.
 * @param {number} older
 * @param {number} newer
 * @param {Between} between
 */
function line(older, newer, between) {
  if (isAtEnd(between)) return newer;
  // Adding 0 makes 0 of -0.
  return older + Math.trunc(((newer - older) * between.sixteenths) / (16 * between.span)) + 0;
}

/**
 * Whether a field is somewhere else after so many ticks, rather than on its way: a teleport, a new life. One axis that jumps is enough, a
 * place is one value. Only vectors and fixed-point numbers jump.
 * @param {Field} field
 * @param {Codes} older
 * @param {Codes} newer
 * @param {number} ticks
 */
export function jumps(field, older, newer, ticks) {
  const { kind } = field;
  if (kind.word !== "fixed" && kind.word !== "vector2" && kind.word !== "vector3") return false;
  const most = snap(field) * ticks;
  for (let axis = 0; axis < field.parts.length; axis++) {
    const way = valueOfCode(kind, newer.codes[newer.at + axis]) - valueOfCode(kind, older.codes[older.at + axis]);
    if (Math.abs(way) > most) return true;
  }
  return false;
}

/**
 * How far a field may move in one tick and still be drawn on its way, in the simulation's integers: what it declares, else what the codec
 * takes for a jump.
 * @param {Field} field
 */
export function snap(field) {
  return field.marks.snap > 0 ? field.marks.snap : field.parts[0].jump * stepOf(field.kind);
}
