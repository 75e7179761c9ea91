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
// Codes and speeds are 32-bit integers that wrap; the one product is below 2^53, exact in a number. What wraps has 2^n codes, so that a bit
// mask brings a code back into its range.
//
// This is where a client's time goes: numbers in arrays, no call inside of a loop, nothing allocated.

import { ALPHA_BETA, FOLLOW, LINEAR } from "../schema/field.js";
import * as plans from "./plan.js";

// What a module takes from another it looks up each time; what is its own it knows.
const { CLASS_SHIFT, FRACTION, MASK_SHIFT, STEP, FOLLOW_STEP, STEPS, OTHER_STEPS, STEPS_END, FOLLOWS, FOLLOWS_END } = plans;
const { WAY, WAY_MOTION, WAY_WRAPS, WAY_CALM, LAST, SPEED_MAX, RESIDUAL_MAX } = plans;
const [IS_LINEAR, IS_ALPHA_BETA, IS_FOLLOW] = [LINEAR, ALPHA_BETA, FOLLOW];
/** The mask of a past. */
const MASK = -1 << MASK_SHIFT;

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
 * Moves the parts that follow nobody to their guesses: of all facets of one kind whose states lie one behind the other. What is known of the
 * kind is looked up once for all of them.
 * @param {Int32Array} plan
 * @param {number} header where the kind's plan begins
 * @param {Int32Array} states
 * @param {number} begin where the states of the first begin
 * @param {number} count facets
 * @param {number} stride from one to the next
 */
export function advanceSteps(plan, header, states, begin, count, stride) {
  const others = plan[header + OTHER_STEPS];
  const end = plan[header + STEPS_END];
  let step = plan[header + STEPS];
  for (; step < others; step += STEP) {
    const offset = plan[step];
    const last = plan[step + 1];
    const around = plan[step + 2];
    for (let at = begin + offset, behind = at + count * stride; at < behind; at += stride) {
      const speed = states[at + 1];
      if (speed === 0) continue;
      const past = states[at + 2];
      // Speeds in 1/16 of a code have the fraction added, of which what runs over is whole codes.
      const along = speed + (past & FRACTION);
      const next = states[at] + (along >> 4);
      states[at - offset - 1] = 1;
      states[at + 2] = (past & ~FRACTION) | (along & 15);
      if (next >>> 0 <= last >>> 0) {
        states[at] = next;
      } else if (around > 0) {
        states[at] = next & around;
      } else {
        // There are no codes there, so it stays at the last one.
        states[at] = next < 0 ? 0 : last;
        states[at + 1] = 0;
        states[at + 2] = (past & ~FRACTION) | 8;
      }
    }
  }
  for (; step < end; step += STEP) {
    const offset = plan[step];
    const last = plan[step + 1];
    const around = plan[step + 2];
    const tick = plan[step + 3];
    for (let at = begin + offset, behind = at + count * stride; at < behind; at += stride) {
      const speed = tick + states[at + 1];
      if (speed === 0) continue;
      const next = states[at] + speed;
      states[at - offset - 1] = 1;
      if (next >>> 0 <= last >>> 0) {
        states[at] = next;
      } else if (around > 0) {
        states[at] = next & around;
      } else {
        states[at] = next < 0 ? 0 : last;
        states[at + 1] = 0;
      }
    }
  }
}

/**
 * Moves the parts that follow others, whose codes are those of the same tick; of facets as with `advanceSteps`.
 * @param {Int32Array} plan
 * @param {number} header
 * @param {Int32Array} states
 * @param {number} begin
 * @param {number} count
 * @param {number} stride
 */
export function advanceFollows(plan, header, states, begin, count, stride) {
  const end = plan[header + FOLLOWS_END];
  for (let step = plan[header + FOLLOWS]; step < end; step += FOLLOW_STEP) {
    const offset = plan[step];
    const leading = plan[step + 1] - offset;
    const zero = plan[step + 2];
    const times = plan[step + 3];
    const shift = plan[step + 4];
    const last = plan[step + 5];
    const around = plan[step + 6];
    if (shift >= 32) {
      followFar(plan, step, states, begin, count, stride);
      continue;
    }
    for (let at = begin + offset, behind = at + count * stride; at < behind; at += stride) {
      const past = states[at + 2];
      const more = Math.imul(states[at + leading] - zero, times) >> shift;
      const along = (more & 255) + (past & FRACTION);
      const next = states[at] + (more >> 8) + (along >> 8);
      states[at - offset - 1] = 1;
      states[at + 2] = (past & ~FRACTION) | (along & 255);
      if (next >>> 0 <= last >>> 0) {
        states[at] = next;
      } else if (around > 0) {
        states[at] = next & around;
      } else {
        states[at] = next < 0 ? 0 : last;
        states[at + 2] = (past & ~FRACTION) | 128;
      }
    }
  }
}

/**
 * The same for one part whose leader times its rate can be up to 2^47: not as 32 bits, but exactly all the same.
 * @param {Int32Array} plan
 * @param {number} step where the part stands in the plan
 * @param {Int32Array} states
 * @param {number} begin
 * @param {number} count
 * @param {number} stride
 */
function followFar(plan, step, states, begin, count, stride) {
  const offset = plan[step];
  const last = plan[step + 5];
  const around = plan[step + 6];
  for (let at = begin + offset, behind = at + count * stride; at < behind; at += stride) {
    const lead = (states[at + plan[step + 1] - offset] - plan[step + 2]) | 0;
    const past = states[at + 2];
    const along = Math.floor((lead * plan[step + 3]) / (1 << (plan[step + 4] & 31))) + (past & FRACTION);
    const codes = Math.floor(along / 256);
    const next = states[at] + (codes | 0);
    states[at - offset - 1] = 1;
    states[at + 2] = (past & ~FRACTION) | (along - 256 * codes);
    if (last === -1 || (next >= 0 && next <= last)) {
      states[at] = next;
    } else if (around > 0) {
      states[at] = next & around;
    } else {
      states[at] = next < 0 ? 0 : last;
      states[at + 2] = (past & ~FRACTION) | 128;
    }
  }
}

/**
 * Whether a residual leads to a code of the part, the short way.
 * @param {Int32Array} plan
 * @param {number} part where it stands in the plan
 * @param {number} code
 * @param {number} residual
 */
export function accepts(plan, part, code, residual) {
  if (residual === 0 || plan[part + LAST] === -1) return residual !== 0;
  const next = code + residual;
  if ((plan[part + WAY] & WAY_WRAPS) === 0) return next >= 0 && next <= plan[part + LAST];
  const most = plan[part + RESIDUAL_MAX];
  return residual <= most && residual > -most;
}

/**
 * Corrects the guess by what was sent.
 * @param {Int32Array} plan
 * @param {number} part where it stands in the plan
 * @param {Int32Array} states
 * @param {number} at where its state is
 * @param {number} residual one that `accepts` takes
 */
export function correctPart(plan, part, states, at, residual) {
  const way = plan[part + WAY];
  const motion = way & WAY_MOTION;
  const past = states[at + 2];
  const kind = classOf(residual);
  const next = states[at] + residual;
  let fraction = past & FRACTION;
  states[at] = (way & WAY_WRAPS) === 0 ? next : next & plan[part + LAST];
  if (motion === IS_ALPHA_BETA) {
    const speed = states[at + 1] + damped(residual, kind, way >> WAY_CALM);
    const most = plan[part + SPEED_MAX];
    states[at + 1] = speed > most || speed < -most ? 0 : speed;
    fraction = residual === 1 ? 0 : residual === -1 ? 15 : 8;
  } else if (motion === IS_LINEAR) {
    const sum = states[at + 1] + residual;
    const speed = (way & WAY_WRAPS) === 0 ? sum : shortWay(plan[part + LAST], sum);
    const most = plan[part + SPEED_MAX];
    states[at + 1] = speed > most || speed < -most ? 0 : speed;
  } else if (motion === IS_FOLLOW) {
    fraction = residual === 1 ? 0 : residual === -1 ? 255 : 128;
  }
  states[at + 2] = (past & MASK) | (kind << CLASS_SHIFT) | fraction;
}

/**
 * By how much a residual changes a speed in 1/16 code: the larger the surprise, the likelier a turn and not noise.
 * @param {number} residual
 * @param {number} kind its size class
 * @param {number} calm 1 to 4
 */
export function damped(residual, kind, calm) {
  return kind < 5 ? (residual << 4) >> (calm >> (kind - 1)) : residual * 16;
}

/**
 * The same step the short way round a part that wraps; exactly half a circle is positive.
 * @param {number} last its largest code, 2^n - 1
 * @param {number} step
 */
export function shortWay(last, step) {
  const rest = step & last;
  return rest > (last + 1) >> 1 ? rest - last - 1 : rest;
}
