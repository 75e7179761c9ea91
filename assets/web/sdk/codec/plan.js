// What guessing and correcting the parts of each kind of facet takes, as one array of numbers: made once per layout, so that nothing is
// looked up by name and nothing allocated when frames come.
//
//   header   one per kind of facet, 2^PLAN_SHIFT numbers each: where its lists begin and end
//   parts    2^PART_SHIFT numbers each         what correcting a part takes
//   steps    STEP numbers each                 the parts that may go on by themselves; who holds is not among them
//   follows  FOLLOW_STEP numbers each          the parts that go on by another
//   groups   two numbers each                  first context of its masks, number of its first part
//
// The state of a part is STATE numbers of an array of states: its code, its speed, and its past: mask << 13 | class << 10 | fraction. Those of a
// facet stand behind each other, and in front of them one more: 1 if they are not as they were when that was last asked.
//
// Never here: what is done with it (see piece, predictor, turn and record).

import { ALPHA_BETA, ALPHA_BETA_BITS, FOLLOW, FOLLOW_BITS, HOLD, TURNING, TURN_BITS, WHOLE } from "../schema/field.js";
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
// What a header says, in order: what its facet takes (see below); where alpha-beta steps, other steps (behind them), follows, groups and parts
// begin and end; how many parts follow nobody, follow nobody or another, may change, and are there; 1 if the facet has only one group; the
// context of its past.
export const TAKES = 0;
export const STEPS = 1;
export const OTHER_STEPS = 2;
export const STEPS_END = 3;
export const FOLLOWS = 4;
export const FOLLOWS_END = 5;
export const GROUPS = 6;
export const GROUPS_END = 7;
export const PARTS = 8;
export const STEPPING = 9;
export const FOLLOWING = 10;
export const MOVING = 11;
export const COUNT = 12;
export const LONE = 13;
export const PAST = 14;

/** It never goes on by itself. */
export const TAKES_NOTHING = 0;
/** All of it goes on before anything of it is corrected. */
export const TAKES_STEPS = 1;
/** Something of it goes on by what may just have been corrected. */
export const TAKES_ORDER = 2;
/** The same, and it has rotations. */
export const TAKES_ROTATIONS = 3;

/** Numbers of a part, as a shift. */
export const PART_SHIFT = 3;
// What is said of a part: its way (see below), the context of its residuals, its largest code (as 32 bits) and speed, the bits and the middle of
// its fraction, the code that stands for 0, and, if it wraps, its largest residual.
export const WAY = 0;
export const RESIDUAL = 1;
export const LAST = 2;
export const SPEED_MAX = 3;
export const FRACTION_BITS = 4;
export const MIDDLE = 5;
export const ZERO = 6;
export const RESIDUAL_MAX = 7;

/** Of a way: its motion. */
export const WAY_MOTION = 15;
/** Of a way: what is above is calm. */
export const WAY_CALM = 5;
/** Of a way: it wraps and has 2^n codes, n up to 16. */
export const WAY_WRAPS = 16;

/** Numbers of a step: where its state is, its largest code, what of a code is left where it wraps (0: it does not), codes per tick. */
export const STEP = 4;
/** Numbers of a follow: where its state is, where its lead's is, the lead's zero, times, shift (and 32 if lead × times can be 2^31 or more), its
 * largest code, what is left of a code. */
export const FOLLOW_STEP = 7;

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
    const steps = [...facet.parts.slice(0, facet.stepping).entries()].filter(([, part]) => part.motion !== HOLD);
    const others = steps.filter(([, part]) => part.motion !== ALPHA_BETA);
    /** @param {[number, Part]} step */
    const addStep = ([at, part]) => plan.push(STATE * at, part.last | 0, aroundOf(part), part.step);
    say(STEPS, plan.length);
    steps.filter((step) => !others.includes(step)).forEach(addStep);
    say(OTHER_STEPS, plan.length);
    others.forEach(addStep);
    say(STEPS_END, plan.length);
    say(FOLLOWS, plan.length);
    for (const [at, part] of facet.parts.slice(0, facet.following).entries()) {
      if (at < facet.stepping) continue;
      const { zero, last } = facet.parts[part.lead];
      // Of a lead that has all 32-bit integers the product fits these where it is the lead itself.
      const large = part.times === 1 || (last + Math.abs(zero)) * Math.abs(part.times) < 2 ** 31 ? 0 : 32;
      plan.push(STATE * at, STATE * part.lead, zero, part.times, part.shift | large, part.last | 0, aroundOf(part));
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
    say(TAKES, takenBy(facet));
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
  const around = aroundOf(part);
  numbers[WAY] = part.motion | (part.calm << WAY_CALM) | (around > 0 ? WAY_WRAPS : 0);
  numbers[RESIDUAL] = contexts.residual(facet.context + at);
  numbers[LAST] = part.last | 0;
  numbers[SPEED_MAX] = speedMax(part);
  numbers[FRACTION_BITS] = bits;
  numbers[MIDDLE] = (1 << bits) >> 1;
  numbers[ZERO] = part.zero;
  // A residual goes the short way round, half a circle as a positive one.
  numbers[RESIDUAL_MAX] = (around + 1) >> 1;
  return numbers;
}

/**
 * What of a code is left where it wraps: it has 2^n codes. 0: it does not wrap, or has all 2^32, which wrap by themselves.
 * @param {Part} part
 */
function aroundOf(part) {
  return part.wrap && part.last !== WHOLE ? part.last : 0;
}

/**
 * What it takes to move a facet on.
 * @param {FacetLayout} facet
 */
function takenBy({ parts, stepping, following, moving }) {
  if (following < moving) return TAKES_ROTATIONS;
  // A lead that is constant is never corrected.
  if (parts.slice(stepping, following).some((part) => part.lead < moving)) return TAKES_ORDER;
  return following > stepping || parts.slice(0, stepping).some((part) => part.motion !== HOLD) ? TAKES_STEPS : TAKES_NOTHING;
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
