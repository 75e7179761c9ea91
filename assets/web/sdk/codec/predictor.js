// How a part is guessed, and what is remembered for guessing.
//
// Each tick a part first moves to its guess, on both sides alike; if the guess was wrong, a residual corrects it. So what moves as predicted
// costs no bits at all.
//
//   hold        code stays
//   linear      code += speed                        residual: speed += residual
//   alpha-beta  code.fraction += speed               residual: speed += residual × gain, by its size (both in 1/16 code)
//   follow      code.fraction += lead × times >> shift   the lead part's value in this tick (in 1/256 code)
//   tick        code += step
//   turn        four parts as one: see turn
//
// Here is what holds for any part. What most parts take is done in place by `piece`, and comes to the same. Codes and speeds are 32-bit
// integers that wrap; the one product is below 2^53, exact in a number.

import { ALPHA_BETA, ALPHA_BETA_BITS, FOLLOW, FOLLOW_BITS, LINEAR, TICK } from "../schema/field.js";
import {
  CALM,
  CLASS_SHIFT,
  FRACTION,
  IS_WHOLE,
  LAST,
  MASK_SHIFT,
  MIDDLE,
  MOTION,
  SHIFT,
  SPEED_MAX,
  TICK_STEP,
  TIMES,
  WRAP,
} from "./plan.js";

/** Size classes by the number of bits of a residual's size. */
const CLASS_OF_BITS = Uint8Array.from({ length: 33 }, (_, bits) => (bits < 4 ? bits : bits < 6 ? 4 : 5));

/**
 * The size class of a residual: |r| = 0, 1, 2 to 3, 4 to 7, 8 to 31, more: 0 to 5.
 * @param {number} residual
 */
export function classOf(residual) {
  return CLASS_OF_BITS[32 - Math.clz32(residual < 0 ? -residual : residual)];
}

/**
 * Where in its code a value is that was guessed so many codes off: at the near edge after ±1, else in the middle.
 * @param {number} residual
 * @param {number} bits
 */
export function edge(residual, bits) {
  return residual === 1 ? 0 : residual === -1 ? (1 << bits) - 1 : 1 << (bits - 1);
}

/**
 * Moves a part to the guess for the next tick, if it follows no other.
 * @param {Int32Array} plan
 * @param {number} part where it stands in the plan
 * @param {Int32Array} states
 * @param {number} at where its state is
 */
export function advancePart(plan, part, states, at) {
  const speed = states[at + 1];
  if (plan[part + MOTION] === TICK) {
    go(plan, part, states, at, plan[part + TICK_STEP]);
  } else if (speed !== 0) {
    const step = plan[part + MOTION] === ALPHA_BETA ? carry(states, at, speed, ALPHA_BETA_BITS) : speed;
    go(plan, part, states, at, step);
  }
}

/**
 * The same if it follows another: `lead` is that one's value in the next tick.
 * @param {Int32Array} plan
 * @param {number} part
 * @param {Int32Array} states
 * @param {number} at
 * @param {number} lead
 */
export function followPart(plan, part, states, at, lead) {
  const more = Math.floor((lead * plan[part + TIMES]) / 2 ** plan[part + SHIFT]);
  go(plan, part, states, at, carry(states, at, more, FOLLOW_BITS));
}

/**
 * Adds to the fraction; what runs over is whole codes, as 32 bits.
 * @param {Int32Array} states
 * @param {number} at
 * @param {number} more
 * @param {number} bits
 */
function carry(states, at, more, bits) {
  const sum = (states[at + 2] & FRACTION) + more;
  const whole = Math.floor(sum / (1 << bits));
  states[at + 2] = (states[at + 2] & ~FRACTION) | (sum - whole * (1 << bits));
  return whole | 0;
}

/**
 * Moves by a step, as far as there are codes.
 * @param {Int32Array} plan
 * @param {number} part
 * @param {Int32Array} states
 * @param {number} at
 * @param {number} step
 */
function go(plan, part, states, at, step) {
  if (plan[part + IS_WHOLE] !== 0 || plan[part + WRAP] !== 0) {
    states[at] = around(plan, part, states[at] + step);
    return;
  }
  const next = states[at] + step;
  const inside = Math.min(Math.max(next, 0), plan[part + LAST]);
  states[at] = inside;
  if (inside === next) return;
  states[at + 1] = 0;
  states[at + 2] = (states[at + 2] & ~FRACTION) | plan[part + MIDDLE];
}

/**
 * Corrects the guess by what was sent.
 * @param {Int32Array} plan
 * @param {number} part
 * @param {Int32Array} states
 * @param {number} at
 * @param {number} residual one that `accepts` takes
 */
export function correctPart(plan, part, states, at, residual) {
  const wraps = plan[part + IS_WHOLE] !== 0 || plan[part + WRAP] !== 0;
  const code = states[at] + residual;
  states[at] = wraps ? around(plan, part, code) : code;
  const kind = classOf(residual);
  let fraction = states[at + 2] & FRACTION;
  const motion = plan[part + MOTION];
  if (motion === LINEAR) {
    const sum = Math.min(Math.max(states[at + 1] + residual, -(2 ** 31)), 2 ** 31 - 1);
    states[at + 1] = bounded(plan, part, wraps ? nearest(plan, part, sum) : sum);
  } else if (motion === ALPHA_BETA) {
    // The larger the surprise, the likelier a turn and not noise.
    const calm = plan[part + CALM];
    const shift = kind === 1 ? calm : kind === 2 ? calm >> 1 : kind === 3 ? calm >> 2 : 0;
    const damped = Math.floor((residual * (1 << ALPHA_BETA_BITS)) / (1 << shift));
    states[at + 1] = bounded(plan, part, states[at + 1] + damped);
    fraction = edge(residual, ALPHA_BETA_BITS);
  } else if (motion === FOLLOW) {
    fraction = edge(residual, FOLLOW_BITS);
  }
  const mask = (states[at + 2] >> MASK_SHIFT) << MASK_SHIFT;
  states[at + 2] = mask | (kind << CLASS_SHIFT) | fraction;
}

/**
 * Whether a residual leads to a code of the part, the short way.
 * @param {Int32Array} plan
 * @param {number} part
 * @param {number} code
 * @param {number} residual
 */
export function accepts(plan, part, code, residual) {
  if (residual === 0) return false;
  if (plan[part + IS_WHOLE] !== 0) return true;
  if (plan[part + WRAP] !== 0) return nearest(plan, part, residual) === residual;
  const next = code + residual;
  return next >= 0 && next <= plan[part + LAST];
}

/**
 * A speed, or none if it is beyond the largest.
 * @param {Int32Array} plan
 * @param {number} part
 * @param {number} speed
 */
function bounded(plan, part, speed) {
  return Math.abs(speed) > plan[part + SPEED_MAX] ? 0 : speed;
}

/**
 * A code brought back into the range of a part that wraps.
 * @param {Int32Array} plan
 * @param {number} part
 * @param {number} code
 */
function around(plan, part, code) {
  const codes = plan[part + WRAP];
  if (codes === 0) return code | 0;
  const rest = (code | 0) % codes;
  return rest < 0 ? rest + codes : rest;
}

/**
 * The same step the short way round a part that wraps; exactly half a circle is positive.
 * @param {Int32Array} plan
 * @param {number} part
 * @param {number} step
 */
function nearest(plan, part, step) {
  const codes = plan[part + WRAP];
  if (codes === 0) return step | 0;
  const rest = step % codes;
  const around = rest < 0 ? rest + codes : rest;
  return around > codes >> 1 ? around - codes : around;
}
