// One facet's change in one tick: what was not as predicted, as one bit string that serves every client.
//
//   per group of parts:  mask symbol                 which parts were guessed wrong; context: the mask of its last piece
//   per such part:       residual - 1, zigzagged     by how much; context: the size class of its last residual
//
// A facet that moved exactly as predicted has no piece. PROTOCOL.md, "Pieces".
//
// Parts stand in the order in which they move: those that follow nobody, those that follow, rotations. So all of the first may be moved before
// any of them is corrected, and those that follow once all of the first are right. Most facets have nothing that waits for a correction:
// these are moved all at once, and corrected then.

import { DecodeError } from "../bits/reader.js";
import { ALPHA_BETA, FOLLOW, LINEAR } from "../schema/field.js";
import * as plans from "./plan.js";
import { accepts, advanceFollows, advanceSteps, correctPart, damped, shortWay } from "./predictor.js";
import { ENTRY_BITS as ENTRY } from "./prefix_code.js";
import { advanceTurn, correctTurn, leaveOut } from "./turn.js";

/** @typedef {import("../bits/reader.js").BitReader} BitReader */
/** @typedef {import("./tables.js").Tables} Tables */

// What a module takes from another it looks up each time; what is its own it knows.
const { STATE, FRACTION, CLASS_SHIFT, MASK_SHIFT, PART_SHIFT, PLAN_SHIFT } = plans;
const { TAKES, GROUPS, GROUPS_END, PARTS, STEPPING, FOLLOWING, MOVING, LONE } = plans;
const { LAST, SPEED_MAX, RESIDUAL, WAY, WAY_MOTION, WAY_WRAPS, WAY_CALM } = plans;
const [IS_LINEAR, IS_ALPHA_BETA, IS_FOLLOW] = [LINEAR, ALPHA_BETA, FOLLOW];
const ENTRY_BITS = ENTRY;
/** The length of a word in its entry. */
const LENGTH = (1 << ENTRY_BITS) - 1;
const { TAKES_STEPS, TAKES_ROTATIONS } = plans;
const BELOW_MASK = (1 << MASK_SHIFT) - 1;

/** What a piece says of the three of a rotation, until all are read. */
const turned = new Int32Array(3);

/**
 * Moves facets of one kind to their guesses, whose states lie one behind the other: once per tick if they have no piece.
 * @param {Int32Array} plan
 * @param {number} header where the kind's plan begins
 * @param {Int32Array} states
 * @param {number} begin where the states of the first begin
 * @param {number} count facets
 * @param {number} stride from one to the next
 */
export function advance(plan, header, states, begin, count, stride) {
  advanceSteps(plan, header, states, begin, count, stride);
  advanceFollows(plan, header, states, begin, count, stride);
  if (plan[header + TAKES] !== TAKES_ROTATIONS) return;
  for (let at = 0; at < count; at++) advanceTurns(plan, header, states, begin + at * stride);
}

/**
 * @param {Int32Array} plan
 * @param {number} header
 * @param {Int32Array} states
 * @param {number} first
 */
function advanceTurns(plan, header, states, first) {
  for (let index = plan[header + FOLLOWING]; index < plan[header + MOVING]; index += 4) {
    const at = first + STATE * index;
    if (advanceTurn(plan, plan[header + PARTS] + (index << PART_SHIFT), states, at)) states[first - 1] = 1;
  }
}

/**
 * Reads the pieces of facets of a list: of which something goes on by what may just have been corrected are moved as they are read, all others
 * were moved before.
 * @param {BitReader} reader
 * @param {Tables} tables
 * @param {Int32Array} plan
 * @param {Int32Array} states
 * @param {Int32Array} entries two numbers per facet: its slot and kind, and where its states begin
 * @param {Int32Array} positions of those that have a piece
 * @param {number} count how many have
 * @throws {DecodeError} truncated, or a value outside its part's range: the states are then half corrected
 */
export function readPieces(reader, tables, plan, states, entries, positions, count) {
  let at = 0;
  while (at < count) {
    at = readCorrections(reader, tables, plan, states, entries, positions, at, count);
    if (at === count) return;
    const header = (entries[2 * positions[at]] & 255) << PLAN_SHIFT;
    readPiece(reader, tables, plan, header, states, entries[2 * positions[at] + 1]);
    at += 1;
  }
}

/**
 * Reads pieces of facets that were moved to their guesses, up to the first that was not: corrects the parts that they name. All in place,
 * without a call: what is read here is most of what a client reads.
 * @param {BitReader} reader
 * @param {Tables} tables
 * @param {Int32Array} plan
 * @param {Int32Array} states
 * @param {Int32Array} entries
 * @param {Int32Array} positions
 * @param {number} from
 * @param {number} to
 * @returns {number} the first that was not moved, or `to`
 */
function readCorrections(reader, tables, plan, states, entries, positions, from, to) {
  const { view, end } = reader;
  const { lookUp, places } = tables;
  let bit = reader.at;
  for (let piece = from; piece < to; piece++) {
    const header = (entries[2 * positions[piece]] & 255) << PLAN_SHIFT;
    if (plan[header + TAKES] > TAKES_STEPS) {
      reader.at = bit;
      return piece;
    }
    const first = entries[2 * positions[piece] + 1];
    const parts = plan[header + PARTS];
    const groupsEnd = plan[header + GROUPS_END];
    let any = 0;
    states[first - 1] = 1;
    for (let group = plan[header + GROUPS]; group < groupsEnd; group += 2) {
      const begin = plan[group + 1];
      const head = first + STATE * begin + 2;
      const headPast = states[head];
      const place = 2 * (plan[group] + (headPast >> MASK_SHIFT));
      const symbol = lookUp[places[place] + ((view.getUint32(bit >>> 3, true) >>> (bit & 7)) & places[place + 1])];
      bit += symbol & LENGTH;
      if (bit > end) throw DecodeError.truncated("change mask");
      let mask = (symbol >>> ENTRY_BITS) + plan[header + LONE];
      states[head] = (headPast & BELOW_MASK) | (mask << MASK_SHIFT);
      any |= mask;
      for (; mask !== 0; mask &= mask - 1) {
        const index = begin + 31 - Math.clz32(mask & -mask);
        const part = parts + (index << PART_SHIFT);
        const at = first + STATE * index;
        const past = states[at + 2];
        const spot = 2 * (plan[part + RESIDUAL] + ((past >> CLASS_SHIFT) & 7));
        const found = lookUp[places[spot] + ((view.getUint32(bit >>> 3, true) >>> (bit & 7)) & places[spot + 1])];
        bit += found & LENGTH;
        let number = found >>> ENTRY_BITS;
        if (number >= 16) {
          // As `readRest` does; what lies behind the end reads as zeros, and is refused below.
          const raw = 3 + ((number - 16) >>> 1);
          const low = view.getUint32(bit >>> 3, true) >>> (bit & 7);
          const high = (bit & 7) === 0 ? 0 : view.getUint8((bit >>> 3) + 4) << (32 - (bit & 7));
          number = (((2 | (number & 1)) << raw) | ((low | high) & ((1 << raw) - 1))) >>> 0;
          bit += raw;
        }
        if (bit > end) throw DecodeError.truncated("residual");
        const signed = (number + 1) >>> 0;
        const residual = (signed >>> 1) ^ -(signed & 1);
        const way = plan[part + WAY];
        const last = plan[part + LAST];
        const code = states[at];
        const next = code + residual;
        if (next >>> 0 > last >>> 0 || residual === 0 || (way & WAY_WRAPS) !== 0) {
          if (!accepts(plan, part, code, residual)) throw outOfRange(plan, part, code, residual);
        }
        states[at] = (way & WAY_WRAPS) === 0 ? next : next & last;
        const size = residual < 0 ? -residual : residual;
        const kind = size < 4 ? (size < 2 ? 1 : 2) : size < 8 ? 3 : size < 32 ? 4 : 5;
        const motion = way & WAY_MOTION;
        let fraction = past & FRACTION;
        if (motion === IS_ALPHA_BETA) {
          const speed = states[at + 1] + damped(residual, kind, way >> WAY_CALM);
          const most = plan[part + SPEED_MAX];
          states[at + 1] = speed > most || speed < -most ? 0 : speed;
          fraction = residual === 1 ? 0 : residual === -1 ? 15 : 8;
        } else if (motion === IS_LINEAR) {
          const sum = states[at + 1] + residual;
          const speed = (way & WAY_WRAPS) === 0 ? sum : shortWay(last, sum);
          const most = plan[part + SPEED_MAX];
          states[at + 1] = speed > most || speed < -most ? 0 : speed;
        } else if (motion === IS_FOLLOW) {
          fraction = residual === 1 ? 0 : residual === -1 ? 255 : 128;
        }
        states[at + 2] = (states[at + 2] & ~BELOW_MASK) | (kind << CLASS_SHIFT) | fraction;
      }
    }
    if (any === 0) throw DecodeError.inconsistent("change mask");
  }
  reader.at = bit;
  return to;
}

/**
 * Reads what a part was guessed wrong by.
 * @param {BitReader} reader
 * @param {Tables} tables
 * @param {Int32Array} plan
 * @param {number} part where it stands in the plan
 * @param {Int32Array} states
 * @param {number} at where its state is
 */
function readResidual(reader, tables, plan, part, states, at) {
  const context = plan[part + RESIDUAL] + ((states[at + 2] >> CLASS_SHIFT) & 7);
  const number = tables.readNumber(reader, context, "residual") + 1;
  const residual = (number >>> 1) ^ -(number & 1);
  if (!accepts(plan, part, states[at], residual)) {
    throw outOfRange(plan, part, states[at], residual);
  }
  return residual;
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

/**
 * Reads a piece of any facet: moves every part to its guess and corrects those that the piece names.
 * @param {BitReader} reader
 * @param {Tables} tables
 * @param {Int32Array} plan
 * @param {number} header
 * @param {Int32Array} states
 * @param {number} first
 * @throws {DecodeError} truncated, or a value outside its part's range: the states are then half corrected
 */
export function readPiece(reader, tables, plan, header, states, first) {
  const parts = plan[header + PARTS];
  const stepping = plan[header + STEPPING];
  const following = plan[header + FOLLOWING];
  let followed = stepping === following;
  let any = 0;
  // The rotation that is being read.
  let turning = -1;
  states[first - 1] = 1;
  advanceSteps(plan, header, states, first, 1, 1);
  advanceTurns(plan, header, states, first);
  for (let group = plan[header + GROUPS]; group < plan[header + GROUPS_END]; group += 2) {
    const begin = plan[group + 1];
    const head = first + STATE * begin + 2;
    const past = states[head];
    const mask = tables.readSymbol(reader, plan[group] + (past >> MASK_SHIFT), "change mask") + plan[header + LONE];
    states[head] = (past & BELOW_MASK) | (mask << MASK_SHIFT);
    any |= mask;
    for (let left = mask; left !== 0; left &= left - 1) {
      const index = begin + 31 - Math.clz32(left & -left);
      const part = parts + (index << PART_SHIFT);
      const at = first + STATE * index;
      if (index >= stepping && !followed) {
        advanceFollows(plan, header, states, first, 1, 1);
        followed = true;
      }
      const place = index < following ? 0 : (index - following) & 3;
      if (index >= following && turning !== index - place) {
        endTurn(plan, header, states, first, turning);
        turning = index - place;
      }
      const residual = readResidual(reader, tables, plan, part, states, at);
      if (place > 0) {
        turned[place - 1] = residual;
        continue;
      }
      if (index >= following) leaveOut(plan, part, states, at, states[at] + residual);
      correctPart(plan, part, states, at, residual);
    }
  }
  if (!followed) advanceFollows(plan, header, states, first, 1, 1);
  endTurn(plan, header, states, first, turning);
  if (any === 0) throw DecodeError.inconsistent("change mask");
}

/**
 * Corrects the three of the rotation that was read, and forgets what was said of them.
 * @param {Int32Array} plan
 * @param {number} header
 * @param {Int32Array} states
 * @param {number} first
 * @param {number} index its first part; -1: none was read
 */
function endTurn(plan, header, states, first, index) {
  if (index >= 0) correctTurn(plan, plan[header + PARTS] + (index << PART_SHIFT), states, first + STATE * index, turned);
  turned.fill(0);
}
