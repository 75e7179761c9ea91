// One facet's change in one tick: what was not as predicted, as one bit string that serves every client.
//
//   per group of parts:  mask symbol                 which parts were guessed wrong; context: the mask of its last piece
//   per such part:       residual - 1, zigzagged     by how much; context: the size class of its last residual
//
// A facet that moved exactly as predicted has no piece. PROTOCOL.md, "Pieces".
//
// These two functions are where a client's time goes: what most parts take is done in place, on numbers, and nothing is allocated. The
// parts that follow nobody stand first in a facet, then those that follow, then rotations; so all of the first may be moved before any of
// them is corrected, and those that follow once all of the first are.

import { DecodeError } from "../bits/reader.js";
import * as plans from "./plan.js";
import { accepts, advancePart, classOf, correctPart, followPart } from "./predictor.js";
import { advanceTurn, correctTurn, leaveOut } from "./turn.js";

/** @typedef {import("../bits/reader.js").BitReader} BitReader */
/** @typedef {import("./tables.js").Tables} Tables */

// What a module takes from another it looks up each time; what is its own it knows.
const { STATE, CLASS_SHIFT, MASK_SHIFT, FRACTION, PART_SHIFT, STEP, FOLLOW_STEP } = plans;
const { STEPS, STEPS_END, FOLLOWS, FOLLOWS_END, GROUPS, GROUPS_END, PARTS, STEPPING, FOLLOWING, MOVING, LONE } = plans;
const { WAY, LAST, SPEED_MAX, RESIDUAL, CALM, TIMES, SHIFT, LEAD, ZERO } = plans;
const { WAY_LINEAR, WAY_ALPHA_BETA, WAY_FOLLOW, WAY_OTHER } = plans;
const PAST_BELOW_MASK = (1 << MASK_SHIFT) - 1;
/** More parts than any facet has. */
const NEVER = 1 << 16;

/** What a piece says of the three of a rotation, until all are read. */
const turned = new Int32Array(3);

/**
 * Moves every part of a facet to its guess: once per tick if it has no piece. Says whether anything may be other than before.
 * @param {Int32Array} plan
 * @param {number} header where its plan begins
 * @param {Int32Array} states
 * @param {number} at where its states begin
 */
export function advance(plan, header, states, at) {
  let moved = advanceSteps(plan, header, states, at);
  if (plan[header + FOLLOWS] !== plan[header + FOLLOWS_END]) moved |= advanceFollows(plan, header, states, at);
  for (let part = plan[header + FOLLOWING]; part < plan[header + MOVING]; part += 4) {
    if (advanceTurn(plan, plan[header + PARTS] + (part << PART_SHIFT), states, at + STATE * part)) moved = 1;
  }
  return moved !== 0;
}

/**
 * Moves the parts that follow nobody.
 * @param {Int32Array} plan
 * @param {number} header
 * @param {Int32Array} states
 * @param {number} at
 */
function advanceSteps(plan, header, states, at) {
  const end = plan[header + STEPS_END];
  let moved = 0;
  for (let step = plan[header + STEPS]; step < end; step += STEP) {
    const state = at + plan[step + 1];
    const speed = states[state + 1];
    const way = plan[step];
    if (way === WAY_ALPHA_BETA) {
      if (speed === 0) continue;
      const past = states[state + 2];
      // Speeds in parts of a code have the fraction added, of which what runs over is whole codes.
      const along = speed + (past & FRACTION);
      const next = states[state] + (along >> 4);
      if (next >>> 0 <= plan[step + 2]) {
        states[state] = next;
        states[state + 2] = (past & ~FRACTION) | (along & 15);
      } else {
        advancePart(plan, plan[step + 3], states, state);
      }
      moved = 1;
    } else if (way === WAY_LINEAR) {
      if (speed === 0) continue;
      const next = states[state] + speed;
      if (next >>> 0 <= plan[step + 2]) states[state] = next;
      else advancePart(plan, plan[step + 3], states, state);
      moved = 1;
    } else {
      advancePart(plan, plan[step + 3], states, state);
      moved = 1;
    }
  }
  return moved;
}

/**
 * Moves the parts that follow others, whose codes are those of the same tick.
 * @param {Int32Array} plan
 * @param {number} header
 * @param {Int32Array} states
 * @param {number} at
 */
function advanceFollows(plan, header, states, at) {
  const end = plan[header + FOLLOWS_END];
  for (let step = plan[header + FOLLOWS]; step < end; step += FOLLOW_STEP) {
    const state = at + plan[step + 1];
    const lead = (states[at + plan[step + 4]] - plan[step + 5]) | 0;
    const part = plan[step + 3];
    if (plan[step] === WAY_FOLLOW) {
      const past = states[state + 2];
      const along = ((lead * plan[part + TIMES]) >> plan[part + SHIFT]) + (past & FRACTION);
      const next = states[state] + (along >> 8);
      if (next >>> 0 <= plan[step + 2]) {
        states[state] = next;
        states[state + 2] = (past & ~FRACTION) | (along & 255);
        continue;
      }
    }
    followPart(plan, part, states, state, lead);
  }
  return 1;
}

/**
 * Reads a piece: moves every part to its guess and corrects those that the piece names.
 * @param {BitReader} reader
 * @param {Tables} tables
 * @param {Int32Array} plan
 * @param {number} header where the facet's plan begins
 * @param {Int32Array} states
 * @param {number} first where its states begin
 * @throws {DecodeError} truncated, or a value outside its part's range: the states are then half corrected
 */
export function readPiece(reader, tables, plan, header, states, first) {
  if (plan[header + FOLLOWING] !== plan[header + MOVING]) return readWithTurns(reader, tables, plan, header, states, first);
  const groupsEnd = plan[header + GROUPS_END];
  const follows = plan[header + FOLLOWS] !== plan[header + FOLLOWS_END];
  // Where those stand that follow: they are moved when the first of them is met, or at the end.
  const stepping = follows ? plan[header + STEPPING] : NEVER;
  let followed = !follows;
  let any = 0;
  advanceSteps(plan, header, states, first);
  for (let group = plan[header + GROUPS]; group < groupsEnd; group += 2) {
    const begin = plan[group + 1];
    const mask = readMask(reader, tables, plan, header, group, states, first);
    any |= mask;
    for (let left = mask; left !== 0; left &= left - 1) {
      const index = begin + 31 - Math.clz32(left & -left);
      if (index >= stepping && !followed) {
        advanceFollows(plan, header, states, first);
        followed = true;
      }
      correctOne(reader, tables, plan, plan[header + PARTS] + (index << PART_SHIFT), states, first + STATE * index);
    }
  }
  if (!followed) advanceFollows(plan, header, states, first);
  if (any === 0) throw DecodeError.inconsistent("change mask");
}

/**
 * Which parts of a group were guessed wrong, which is remembered.
 * @param {BitReader} reader
 * @param {Tables} tables
 * @param {Int32Array} plan
 * @param {number} header
 * @param {number} group where the group stands in the plan
 * @param {Int32Array} states
 * @param {number} first
 */
function readMask(reader, tables, plan, header, group, states, first) {
  const head = first + STATE * plan[group + 1] + 2;
  const past = states[head];
  const mask = tables.readSymbol(reader, plan[group] + (past >> MASK_SHIFT), "change mask") + plan[header + LONE];
  states[head] = (past & PAST_BELOW_MASK) | (mask << MASK_SHIFT);
  return mask;
}

/**
 * Reads what a part was wrong by and corrects it.
 * @param {BitReader} reader
 * @param {Tables} tables
 * @param {Int32Array} plan
 * @param {number} part where it stands in the plan
 * @param {Int32Array} states
 * @param {number} at where its state is
 */
function correctOne(reader, tables, plan, part, states, at) {
  const past = states[at + 2];
  const code = states[at];
  const number = (tables.readNumber(reader, plan[part + RESIDUAL] + ((past >> CLASS_SHIFT) & 7), "residual") + 1) >>> 0;
  const residual = (number >>> 1) ^ -(number & 1);
  const way = plan[part + WAY];
  if (way === WAY_OTHER) {
    if (!accepts(plan, part, code, residual)) throw outOfRange(plan, part, code, residual);
    return correctPart(plan, part, states, at, residual);
  }
  const next = code + residual;
  if (next >>> 0 > plan[part + LAST] || residual === 0) throw outOfRange(plan, part, code, residual);
  states[at] = next;
  const kind = classOf(residual);
  let fraction = past & FRACTION;
  if (way === WAY_ALPHA_BETA) {
    // The larger the surprise, the likelier a turn and not noise.
    const calm = plan[part + CALM];
    const shift = kind === 1 ? calm : kind === 2 ? calm >> 1 : kind === 3 ? calm >> 2 : 0;
    const speed = states[at + 1] + ((residual << 4) >> shift);
    const most = plan[part + SPEED_MAX];
    states[at + 1] = speed > most || speed < -most ? 0 : speed;
    fraction = residual === 1 ? 0 : residual === -1 ? 15 : 8;
  } else if (way === WAY_LINEAR) {
    const speed = states[at + 1] + residual;
    const most = plan[part + SPEED_MAX];
    states[at + 1] = speed > most || speed < -most ? 0 : speed;
  } else if (way === WAY_FOLLOW) {
    fraction = residual === 1 ? 0 : residual === -1 ? 255 : 128;
  }
  states[at + 2] = (past & ~PAST_BELOW_MASK) | (kind << CLASS_SHIFT) | fraction;
}

/**
 * The same for a facet with rotations, part by part.
 * @param {BitReader} reader
 * @param {Tables} tables
 * @param {Int32Array} plan
 * @param {number} header
 * @param {Int32Array} states
 * @param {number} first
 */
function readWithTurns(reader, tables, plan, header, states, first) {
  const following = plan[header + FOLLOWING];
  const moving = plan[header + MOVING];
  let group = plan[header + GROUPS];
  let mask = 0;
  let any = 0;
  for (let index = 0; index < moving; index++) {
    if (group < plan[header + GROUPS_END] && plan[group + 1] === index) {
      mask = readMask(reader, tables, plan, header, group, states, first);
      any |= mask;
      group += 2;
    }
    const missed = (mask & 1) !== 0;
    mask >>= 1;
    const part = plan[header + PARTS] + (index << PART_SHIFT);
    const at = first + STATE * index;
    if (index >= following) {
      const place = (index - following) & 3;
      readTurn(reader, tables, plan, part - (place << PART_SHIFT), states, at - STATE * place, place, missed);
      continue;
    }
    if (index < plan[header + STEPPING]) {
      advancePart(plan, part, states, at);
    } else {
      const lead = plan[header + PARTS] + (plan[part + LEAD] << PART_SHIFT);
      followPart(plan, part, states, at, (states[first + STATE * plan[part + LEAD]] - plan[lead + ZERO]) | 0);
    }
    if (missed) correctOne(reader, tables, plan, part, states, at);
  }
  if (any === 0) throw DecodeError.inconsistent("change mask");
}

/**
 * Reads what a piece says of one of a rotation's four parts.
 * @param {BitReader} reader
 * @param {Tables} tables
 * @param {Int32Array} plan
 * @param {number} part where the first of the four stands in the plan
 * @param {Int32Array} states
 * @param {number} at where the state of the first is
 * @param {number} place which of the four
 * @param {boolean} missed it was guessed wrong
 */
function readTurn(reader, tables, plan, part, states, at, place, missed) {
  if (place === 0) {
    advanceTurn(plan, part, states, at);
    turned.fill(0);
  }
  if (missed) {
    const own = part + (place << PART_SHIFT);
    const state = at + STATE * place;
    const context = plan[own + RESIDUAL] + ((states[state + 2] >> CLASS_SHIFT) & 7);
    const number = (tables.readNumber(reader, context, "residual") + 1) >>> 0;
    const residual = (number >>> 1) ^ -(number & 1);
    if (!accepts(plan, own, states[state], residual)) throw outOfRange(plan, own, states[state], residual);
    if (place > 0) {
      turned[place - 1] = residual;
    } else {
      leaveOut(plan, part, states, at, states[at] + residual);
      correctPart(plan, part, states, at, residual);
    }
  }
  if (place === 3) correctTurn(plan, part, states, at, turned);
}

/**
 * @param {Int32Array} plan
 * @param {number} part
 * @param {number} code
 * @param {number} residual
 */
function outOfRange(plan, part, code, residual) {
  return DecodeError.outOfRange("residual", code + residual, 0, plan[part + LAST] >>> 0);
}
