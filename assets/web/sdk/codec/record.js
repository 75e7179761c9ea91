// One facet's whole state, for who does not have it.
//
//   facet kind · slot · anchor's slot (unless it is the anchor) · per part: code · as born or not
//   if not: per group: mask of the last piece · per part of it: [speed] [fraction] class
//
// It is the state *after* its tick, with everything that the next guess and the next context depend on. PROTOCOL.md, "Records".

import { DecodeError } from "../bits/reader.js";
import { unzigzag } from "../bits/varint.js";
import { ALPHA_BETA, LINEAR, TURNING } from "../schema/field.js";
import { CLASSES, KIND } from "./contexts.js";
import * as plans from "./plan.js";

/** @typedef {import("../bits/reader.js").BitReader} BitReader */
/** @typedef {import("../schema/facet.js").FacetLayout} FacetLayout */
/** @typedef {import("../schema/facet.js").Layout} Layout */
/** @typedef {import("./tables.js").Tables} Tables */

const { STATE, CLASS_SHIFT, MASK_SHIFT, PART_SHIFT, PLAN_SHIFT } = plans;
const { PARTS, COUNT, PAST, GROUPS, GROUPS_END, MOVING } = plans;
const { LAST, RESIDUAL, ZERO, MIDDLE, WAY, WAY_MOTION, FRACTION_BITS, SPEED_MAX } = plans;

/** What a record names, before its states. One object is read into again and again. */
export class Record {
  constructor() {
    /** The facet's slot. */
    this.slot = 0;
    /** Its kind of facet. */
    this.kind = 0;
    /** The slot of its entity's anchor; its own, if it is the anchor. */
    this.anchor = 0;
  }

  /**
   * Reads a record, and its states into `states`.
   * @param {BitReader} reader
   * @param {Tables} tables
   * @param {Layout} layout
   * @param {Int32Array} plan
   * @param {Int32Array} states has room for the largest facet's
   * @throws {DecodeError} truncated, no such facet, or a value out of range
   */
  read(reader, tables, layout, plan, states) {
    this.kind = tables.readSymbol(reader, KIND, "facet kind");
    const facet = layout.facets[this.kind];
    if (facet === undefined) throw DecodeError.inconsistent("facet kind");
    this.slot = reader.read(layout.slotBits, "slot");
    this.anchor = facet.anchor ? this.slot : reader.read(layout.slotBits, "anchor");
    const header = this.kind << PLAN_SHIFT;
    const count = plan[header + COUNT];
    let part = plan[header + PARTS];
    for (let at = 0; at < STATE * count; at += STATE) {
      // The contexts of a part: those of its residuals, its code, its speed, its class.
      const number = tables.readNumber(reader, plan[part + RESIDUAL] + CLASSES, "code");
      const zero = plan[part + ZERO];
      const code = zero === 0 ? number : (unzigzag(number) + zero) >>> 0;
      if (code > plan[part + LAST] >>> 0) throw DecodeError.outOfRange("code", code, 0, plan[part + LAST] >>> 0);
      states[at] = code;
      states[at + 1] = 0;
      states[at + 2] = plan[part + MIDDLE];
      part += 1 << PART_SHIFT;
    }
    if (tables.readSymbol(reader, plan[header + PAST], "past") !== 0) readPast(reader, tables, plan, header, states);
  }
}

/**
 * What a facet went through since it was born.
 * @param {BitReader} reader
 * @param {Tables} tables
 * @param {Int32Array} plan
 * @param {number} header
 * @param {Int32Array} states
 */
function readPast(reader, tables, plan, header, states) {
  const moving = plan[header + MOVING];
  let group = plan[header + GROUPS];
  for (let index = 0; index < moving; index++) {
    let mask = 0;
    if (group < plan[header + GROUPS_END] && plan[group + 1] === index) {
      const behind = group + 2 < plan[header + GROUPS_END] ? plan[group + 3] : moving;
      mask = tables.readSymbol(reader, plan[group] + (1 << (behind - index)), "last mask");
      group += 2;
    }
    const part = plan[header + PARTS] + (index << PART_SHIFT);
    const at = STATE * index;
    if (hasSpeed(plan, part)) {
      const speed = unzigzag(tables.readNumber(reader, plan[part + RESIDUAL] + CLASSES + 1, "speed"));
      const most = plan[part + SPEED_MAX];
      if (speed > most || speed < -most) throw DecodeError.outOfRange("speed", speed, -most, most);
      states[at + 1] = speed;
    }
    const fraction = reader.read(plan[part + FRACTION_BITS], "fraction");
    const kind = tables.readSymbol(reader, plan[part + RESIDUAL] + CLASSES + 2, "class");
    states[at + 2] = (mask << MASK_SHIFT) | (kind << CLASS_SHIFT) | fraction;
  }
}

/**
 * Whether a part keeps a speed.
 * @param {Int32Array} plan
 * @param {number} part
 */
function hasSpeed(plan, part) {
  const motion = plan[part + WAY] & WAY_MOTION;
  // Of a rotation's four the three that are not named, which have a fraction.
  return motion === LINEAR || motion === ALPHA_BETA || (motion === TURNING && plan[part + FRACTION_BITS] !== 0);
}
