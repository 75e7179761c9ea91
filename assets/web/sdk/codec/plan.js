// What guessing and correcting the parts of each kind of facet takes, as one array of numbers: made once per layout, so that nothing is
// looked up by name and nothing allocated when frames come.
//
//   header   one per kind of facet, PLAN_HEADER numbers each: where its lists begin and end
//   parts    PART numbers each                 what correcting a part takes
//   steps    STEP numbers each                 the parts that may go on by themselves; who holds is not among them
//   follows  FOLLOW_STEP numbers each          the parts that go on by another
//   groups   two numbers each                  first context of its masks, number of its first part
//
// The state of a part is STATE numbers of an array of states: its code, its speed, and its past: mask << 13 | class << 10 | fraction.
//
// Never here: what is done with it (see piece, predictor, turn and record).

import { ALPHA_BETA, ALPHA_BETA_BITS, FOLLOW, FOLLOW_BITS, HOLD, LINEAR, TICK, TURNING, TURN_BITS, WHOLE } from "../schema/field.js";
import { turnLength } from "../schema/rotation.js";
import * as contexts from "./contexts.js";

/** @typedef {import("../schema/facet.js").Layout} Layout */
/** @typedef {import("../schema/facet.js").FacetLayout} FacetLayout */
/** @typedef {import("../schema/field.js").Part} Part */

/** Numbers of a part's state: code, speed, past. */
export const STATE = 3;
/** Where in a past the fraction ends and the class begins. */
export const CLASS_SHIFT = 10;
/** Where in a past the class ends and the mask begins. */
export const MASK_SHIFT = 13;
/** The fraction of a past. */
export const FRACTION = (1 << CLASS_SHIFT) - 1;

/** Numbers of a header, as a shift: the header of the facet kind `f` begins at `f << PLAN_SHIFT`. */
export const PLAN_SHIFT = 4;
// What a header says, in order: where steps, follows and groups begin and end, where the parts begin, how many of them follow nobody, follow
// nobody or another, may change, and are there; 1 if the facet has only one group; contexts of its first part and of its past.
export const STEPS = 0;
export const STEPS_END = 1;
export const FOLLOWS = 2;
export const FOLLOWS_END = 3;
export const GROUPS = 4;
export const GROUPS_END = 5;
export const PARTS = 6;
export const STEPPING = 7;
export const FOLLOWING = 8;
export const MOVING = 9;
export const COUNT = 10;
export const LONE = 11;
export const CONTEXT = 12;
export const PAST = 13;

/** Numbers of a part, as a shift. */
export const PART_SHIFT = 4;
// What is said of a part: how it is corrected, its motion, its largest code (as 32 bits) and speed, the bits of its fraction, the context of
// its residuals, calm, step; how many codes it wraps at (0: it does not; or it has all 2^32), whether it has all 2^32, the code that stands
// for 0; its lead (a part of the same facet), times, shift.
export const WAY = 0;
export const MOTION = 1;
export const LAST = 2;
export const SPEED_MAX = 3;
export const FRACTION_BITS = 4;
export const RESIDUAL = 5;
export const CALM = 6;
export const TICK_STEP = 7;
export const WRAP = 8;
export const IS_WHOLE = 9;
export const ZERO = 10;
export const LEAD = 11;
export const TIMES = 12;
export const SHIFT = 13;
export const MIDDLE = 14;

/** Ways in which a part goes on and is corrected: what most take is done in place, the rest by `predictor`. */
export const WAY_HOLD = 0;
/** It does not wrap. */
export const WAY_LINEAR = 1;
/** It does not wrap. */
export const WAY_ALPHA_BETA = 2;
/** It does not wrap, and products are below 2^31. */
export const WAY_FOLLOW = 3;
/** Whatever takes more. */
export const WAY_OTHER = 4;
/** One of a rotation's four. */
export const WAY_TURN = 5;

/** Numbers of a step: way, where its state is, its largest code, the place of its part in the plan. */
export const STEP = 4;
/** Numbers of a follow: way, where its state is, its largest code, the place of its part, where the lead's state is, the lead's zero. */
export const FOLLOW_STEP = 6;

/**
 * Makes the plan of a layout.
 * @param {Layout} layout
 * @returns {Int32Array}
 */
export function planOf(layout) {
  /** @type {number[]} */
  const plan = new Array(layout.facets.length << PLAN_SHIFT).fill(0);
  for (const facet of layout.facets) {
    const header = facet.number << PLAN_SHIFT;
    /** @param {number} what @param {number} value */
    const say = (what, value) => (plan[header + what] = value);
    say(PARTS, plan.length);
    facet.parts.forEach((part, at) => plan.push(...partNumbers(facet, part, at)));
    say(STEPS, plan.length);
    facet.parts.slice(0, facet.stepping).forEach((part, at) => {
      if (part.motion === HOLD) return;
      plan.push(wayOf(facet, part), STATE * at, part.last | 0, plan[header + PARTS] + (at << PART_SHIFT));
    });
    say(STEPS_END, plan.length);
    say(FOLLOWS, plan.length);
    for (let at = facet.stepping; at < facet.following; at++) {
      const part = facet.parts[at];
      const place = plan[header + PARTS] + (at << PART_SHIFT);
      plan.push(wayOf(facet, part), STATE * at, part.last | 0, place, STATE * part.lead, facet.parts[part.lead].zero);
    }
    say(FOLLOWS_END, plan.length);
    say(GROUPS, plan.length);
    let first = 0;
    for (const group of facet.groups) {
      plan.push(contexts.mask(layout, group), first);
      first += group.parts;
    }
    say(GROUPS_END, plan.length);
    say(STEPPING, facet.stepping);
    say(FOLLOWING, facet.following);
    say(MOVING, facet.moving);
    say(COUNT, facet.parts.length);
    say(LONE, facet.groups.length === 1 ? 1 : 0);
    say(CONTEXT, facet.context);
    say(PAST, contexts.past(layout, facet.number));
  }
  return Int32Array.from(plan);
}

/**
 * @param {FacetLayout} facet
 * @param {Part} part
 * @param {number} at
 * @returns {number[]}
 */
function partNumbers(facet, part, at) {
  const bits = fractionBits(part);
  const numbers = new Array(1 << PART_SHIFT).fill(0);
  numbers[WAY] = wayOf(facet, part);
  numbers[MOTION] = part.motion;
  numbers[LAST] = part.last | 0;
  numbers[SPEED_MAX] = speedMax(part);
  numbers[FRACTION_BITS] = bits;
  numbers[RESIDUAL] = contexts.residual(facet.context + at);
  numbers[CALM] = part.calm;
  numbers[TICK_STEP] = part.step;
  numbers[WRAP] = part.wrap && part.last !== WHOLE ? part.last + 1 : 0;
  numbers[IS_WHOLE] = part.last === WHOLE ? 1 : 0;
  numbers[ZERO] = part.zero;
  numbers[LEAD] = part.lead;
  numbers[TIMES] = part.times;
  numbers[SHIFT] = part.shift;
  numbers[MIDDLE] = (1 << bits) >> 1;
  return numbers;
}

/**
 * Bits of the fraction that a part keeps.
 * @param {Part} part
 */
function fractionBits({ motion, axis }) {
  if (motion === ALPHA_BETA) return ALPHA_BETA_BITS;
  if (motion === FOLLOW) return FOLLOW_BITS;
  return motion === TURNING && axis > 0 ? TURN_BITS : 0;
}

/**
 * The largest speed, up or down, that a part can come to.
 * @param {Part} part
 */
function speedMax(part) {
  if (part.motion === TURNING) return Math.floor(turnLength(part.last >> 1) / 2);
  // Within the bound are all speeds whose whole codes are.
  if (part.motion === ALPHA_BETA) return (part.jump << ALPHA_BETA_BITS) + (1 << ALPHA_BETA_BITS) - 1;
  return part.jump;
}

/**
 * How a part goes on and is corrected.
 * @param {FacetLayout} facet
 * @param {Part} part
 */
function wayOf(facet, part) {
  if (part.motion === TURNING) return WAY_TURN;
  if (part.wrap || part.motion === TICK) return WAY_OTHER;
  if (part.motion === LINEAR) return WAY_LINEAR;
  if (part.motion === ALPHA_BETA) return WAY_ALPHA_BETA;
  if (part.motion !== FOLLOW) return WAY_HOLD;
  const leading = facet.parts[part.lead];
  const most = leading.last + Math.abs(leading.zero);
  return most * Math.abs(part.times) < 2 ** 30 ? WAY_FOLLOW : WAY_OTHER;
}
