// How a rotation is guessed: four parts as one value, that turns on as it turned.
//
//   parts       which of x y z w is the largest · the other three, in this order              ("smallest three")
//   guess       q goes on by the turn of one tick: q + spin ⊗ q, made as long as it was; whatever is then the largest is named
//   residuals   which ─► the same guess with that one left out ─► the other three             a switch costs two bits, no jumps
//   correction  spin goes on by the turn from the guess to what was right, less if it is small
//
// Everything is counted in 1/64 of a part's code. Sums of products are below 2^38: exact in a number. PROTOCOL.md, "Rotations".
//
// Never here: what a rotation is for a game (see schema/rotation.js).

import { STILL, TURN_BITS } from "../schema/field.js";
import { isqrt, rounded, turnLength, turnSquare } from "../schema/rotation.js";
import { classOf, edge } from "./predictor.js";
import { CLASS_SHIFT, FRACTION, LAST, MASK_SHIFT, PART_SHIFT, SPEED_MAX, STATE, WAY, WAY_CALM } from "./plan.js";

/** Codes are counted in this. */
const UNITS = 1 << TURN_BITS;
/** The middle of a code. */
const MIDDLE = UNITS / 2;

/** A rotation in 1/64 code: x, y, z, w. Two of them are in use at the same time, and none outlives a call. */
const ONE = new Float64Array(4);
const OTHER = new Float64Array(4);

/**
 * Moves a rotation to the guess for the next tick. Says whether it may be other than before.
 * @param {Int32Array} plan
 * @param {number} part where the first of its four stands in the plan
 * @param {Int32Array} states
 * @param {number} at where the state of the first is
 */
export function advanceTurn(plan, part, states, at) {
  const sx = states[at + STATE + 1];
  const sy = states[at + 2 * STATE + 1];
  const sz = states[at + 3 * STATE + 1];
  if (sx === 0 && sy === 0 && sz === 0) return false;
  const last = plan[part + (1 << PART_SHIFT) + LAST];
  const half = last >> 1;
  const one = turnLength(half);
  read(half, states[at], states, at, ONE);
  const [x, y, z, w] = ONE;
  const longer = Math.max(isqrt(turnSquare(half) + sx * sx + sy * sy + sz * sz), 1);
  ONE[0] = rounded(one * x + sx * w + sy * z - sz * y, longer);
  ONE[1] = rounded(one * y + sy * w + sz * x - sx * z, longer);
  ONE[2] = rounded(one * z + sz * w + sx * y - sy * x, longer);
  ONE[3] = rounded(one * w - sx * x - sy * y - sz * z, longer);
  // The first of those that are as large, unless it is the one that was: nothing switches to and fro.
  let largest = states[at] & 3;
  for (let axis = 0; axis < 4; axis++) if (Math.abs(ONE[axis]) > Math.abs(ONE[largest])) largest = axis;
  states[at] = largest;
  put(last, ONE, largest, states, at);
  return true;
}

/**
 * The same guess with another one left out: `which` is the largest, as it turned out.
 * @param {Int32Array} plan
 * @param {number} part
 * @param {Int32Array} states
 * @param {number} at
 * @param {number} which
 */
export function leaveOut(plan, part, states, at, which) {
  if (states[at] === which) return;
  const last = plan[part + (1 << PART_SHIFT) + LAST];
  read(last >> 1, states[at], states, at, ONE);
  put(last, ONE, which & 3, states, at);
}

/**
 * Corrects the three by what was sent, and the spin by how the guess was wrong. The largest is corrected already.
 * @param {Int32Array} plan
 * @param {number} part
 * @param {Int32Array} states
 * @param {number} at
 * @param {Int32Array} residuals of the three
 */
export function correctTurn(plan, part, states, at, residuals) {
  const three = part + (1 << PART_SHIFT);
  const half = plan[three + LAST] >> 1;
  read(half, states[at], states, at, ONE);
  let most = 0;
  for (let axis = 0; axis < 3; axis++) {
    const residual = residuals[axis];
    if (residual === 0) continue;
    const state = at + STATE * (axis + 1);
    states[state] += residual;
    const mask = (states[state + 2] >> MASK_SHIFT) << MASK_SHIFT;
    states[state + 2] = mask | (classOf(residual) << CLASS_SHIFT) | edge(residual, TURN_BITS);
    most = Math.max(most, Math.abs(residual));
  }
  const calm = plan[three + WAY] >> WAY_CALM;
  if (calm === STILL) return;
  read(half, states[at], states, at, OTHER);
  const shift = most < 2 ? calm : most < 4 ? calm >> 1 : most < 8 ? calm >> 2 : 0;
  turnSpin(states, at, Math.max(turnLength(half), 1), shift, plan[three + SPEED_MAX]);
}

/**
 * Adds the turn from the guess (ONE) to what was right (OTHER) to the spin.
 * @param {Int32Array} states
 * @param {number} at
 * @param {number} one
 * @param {number} shift
 * @param {number} most
 */
function turnSpin(states, at, one, shift, most) {
  const [gx, gy, gz, gw] = ONE;
  const [x, y, z, w] = OTHER;
  const sx = states[at + STATE + 1] + (rounded(x * gw - w * gx - y * gz + z * gy, one) >> shift);
  const sy = states[at + 2 * STATE + 1] + (rounded(y * gw - w * gy - z * gx + x * gz, one) >> shift);
  const sz = states[at + 3 * STATE + 1] + (rounded(z * gw - w * gz - x * gy + y * gx, one) >> shift);
  const jumps = Math.abs(sx) > most || Math.abs(sy) > most || Math.abs(sz) > most;
  states[at + STATE + 1] = jumps ? 0 : sx;
  states[at + 2 * STATE + 1] = jumps ? 0 : sy;
  states[at + 3 * STATE + 1] = jumps ? 0 : sz;
}

/**
 * The rotation of some states.
 * @param {number} half
 * @param {number} which
 * @param {Int32Array} states
 * @param {number} at
 * @param {Float64Array} into
 */
function read(half, which, states, at, into) {
  const largest = which & 3;
  let left = turnSquare(half);
  let state = at + STATE;
  for (let axis = 0; axis < 4; axis++) {
    if (axis === largest) continue;
    const one = (states[state] - half) * UNITS + (states[state + 2] & FRACTION) - MIDDLE;
    into[axis] = one;
    left -= one * one;
    state += STATE;
  }
  into[largest] = isqrt(Math.max(left, 0));
}

/**
 * Puts a rotation into the states of the three that are not the largest.
 * @param {number} last
 * @param {Float64Array} rotation
 * @param {number} largest
 * @param {Int32Array} states
 * @param {number} at
 */
function put(last, rotation, largest, states, at) {
  const half = last >> 1;
  const sign = rotation[largest] < 0 ? -1 : 1;
  let state = at + STATE;
  for (let axis = 0; axis < 4; axis++) {
    if (axis === largest) continue;
    const place = sign * rotation[axis] + half * UNITS + MIDDLE;
    const code = place >> TURN_BITS;
    const inside = Math.min(Math.max(code, 0), last);
    const fraction = code === inside ? place & (UNITS - 1) : MIDDLE;
    states[state] = inside;
    states[state + 2] = (states[state + 2] & ~FRACTION) | fraction;
    state += STATE;
  }
}
