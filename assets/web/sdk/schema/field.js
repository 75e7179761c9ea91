// One field of a declaration: what it holds, who may see it, how the next value is guessed.
//
// A field is one value to the author and one or more *parts* to the codec: a vector has a part per axis, a text one per three bytes. A part
// is a code from 0 to `last`; everything after quantising works on parts only.
//
// Never here: bits (see codec), values (see component).

import { codeCount } from "./quantise.js";
import { turnHalf } from "./rotation.js";

/**
 * What a field holds: `unit` says how many of the simulation's integers make one world unit; an angle is in 1/65,536 turn.
 * @typedef {{ word: "bool" } | { word: "unsigned", max: number } | { word: "signed", min: number, max: number }
 *   | { word: "fixed" | "vector2" | "vector3", min: number, max: number, step: number, unit: number }
 *   | { word: "angle", bits: number } | { word: "choice", names: string[] } | { word: "rotation", bits: number }
 *   | { word: "reference" } | { word: "text", bytes: number }} FieldKind
 */

/** @typedef {"everyone" | "team" | "owner"} Audience */

/**
 * How the next value is guessed.
 * @typedef {{ word: "hold" } | { word: "linear" } | { word: "alpha-beta", calm: number }
 *   | { word: "follow", field: number, times: number, shift: number } | { word: "tick", step: number }} Predictor
 */

/**
 * What else is said of a field.
 * @typedef {object} Marks
 * @property {boolean} predicted the client predicts it for its own entity
 * @property {boolean} position it is the entity's place
 * @property {boolean} press in an input: it is an edge ("pressed in this tick")
 * @property {boolean} constant it never changes in the life of its entity
 * @property {number} priority 0 to 15
 * @property {number} tolerance how far clients may be off while it moves, in codes
 * @property {number} snap how far it may move in a tick and still be drawn on its way, in the simulation's integers; 0: the jump
 */

/**
 * One field of a component, input, event or request.
 * @typedef {object} Field
 * @property {string} name
 * @property {FieldKind} kind
 * @property {Audience} audience
 * @property {Predictor} predictor
 * @property {Marks} marks
 * @property {Part[]} parts in the order in which values are codes
 */

/** How a part moves. */
export const HOLD = 0;
/** See `HOLD`. */
export const LINEAR = 1;
/** See `HOLD`. */
export const ALPHA_BETA = 2;
/** It moves by another part of its facet. */
export const FOLLOW = 3;
/** It moves by as much in every tick. */
export const TICK = 4;
/** It is one of the four parts of a rotation, which move as one. */
export const TURNING = 5;

/** The `calm` of what never goes on turning. */
export const STILL = 255;

/** Bits of an alpha-beta fraction. */
export const ALPHA_BETA_BITS = 4;
/** Bits behind the point of what follows. */
export const FOLLOW_BITS = 8;
/** Bits of the fraction of a rotation's three. */
export const TURN_BITS = 6;

/** With this as its last code every 32-bit integer is a code, kept as its bits, and codes wrap. */
export const WHOLE = 2 ** 32 - 1;

/** So that a speed in 1/16 code stays far inside 32 bits. */
const JUMP_MAX = 1 << 26;

/** One scalar of a field, as the codec sees it: a code from 0 to `last`. */
export class Part {
  /**
   * A part that holds.
   * @param {number} codes 1 to 2^32
   */
  constructor(codes) {
    /** The largest code. */
    this.last = codes - 1;
    /** Bits of a raw code. */
    this.bits = 32 - Math.clz32(this.last);
    /** The code that stands for the value 0 where values can be negative; else 0. */
    this.zero = 0;
    /** The last code is next to the first. */
    this.wrap = this.last === WHOLE;
    /** How it is guessed. */
    this.motion = HOLD;
    /** How slowly small residuals change its speed (alpha-beta, turning). */
    this.calm = 0;
    /** Codes per tick (tick). */
    this.step = 0;
    /** The part of the same facet that leads (follow). */
    this.lead = 0;
    /** It moves by the leader's value × times >> shift per tick, in 1/256 code (follow). */
    this.times = 0;
    /** See `times`. */
    this.shift = 0;
    /** 0: which of x, y, z and w is the largest. 1 to 3: the others (turning). */
    this.axis = 0;
    /** How far clients may be off while it moves, in codes. */
    this.tolerance = 0;
  }

  /** Codes per tick beyond which a move is a teleport. */
  get jump() {
    return Math.min(Math.max(Math.floor(this.last / 16), 1), JUMP_MAX);
  }
}

/**
 * A part of so many codes, `min` the value of the first.
 * @param {number} min
 * @param {number} codes
 * @param {number} step
 */
function signed(min, codes, step) {
  const part = new Part(codes);
  if (min < 0) part.zero = codes > 2 ** 31 - 1 ? min : Math.min(Math.trunc(-min / step), 2 ** 31 - 1);
  return part;
}

/**
 * The parts of a field. What follows another field holds until a layout knows where the leader stands.
 * @param {FieldKind} kind
 * @param {Predictor} predictor
 * @param {Marks} marks
 * @returns {Part[]}
 */
export function partsOf(kind, predictor, marks) {
  if (kind.word === "rotation") return turningParts(kind.bits, predictor);
  const parts = [];
  for (let axis = 0; axis < partCount(kind); axis++) {
    const part = axis > 0 && kind.word === "text" ? new Part(1 << 24) : firstPart(kind);
    if (predictor.word === "linear") part.motion = LINEAR;
    if (predictor.word === "alpha-beta") [part.motion, part.calm] = [ALPHA_BETA, predictor.calm];
    if (predictor.word === "tick") [part.motion, part.step] = [TICK, Math.trunc(predictor.step / stepOf(kind))];
    part.tolerance = marks.tolerance;
    parts.push(part);
  }
  return parts;
}

/** @param {FieldKind} kind */
function firstPart(kind) {
  switch (kind.word) {
    case "bool":
      return new Part(2);
    case "unsigned":
      return new Part(kind.max + 1);
    case "signed":
      return signed(kind.min, kind.max - kind.min + 1, 1);
    case "fixed":
    case "vector2":
    case "vector3":
      return signed(kind.min, codeCount(kind), kind.step);
    case "angle": {
      const part = new Part(2 ** kind.bits);
      part.wrap = true;
      return part;
    }
    case "choice":
      return new Part(Math.max(kind.names.length, 1));
    case "text":
      return new Part(kind.bytes + 1);
    default:
      // The bits of a slot are the room's choice; the layout fills them in.
      return new Part(1 << 16);
  }
}

/**
 * @param {number} bits
 * @param {Predictor} predictor
 */
function turningParts(bits, predictor) {
  const half = turnHalf(bits);
  const calm = predictor.word === "alpha-beta" ? predictor.calm : predictor.word === "linear" ? 0 : STILL;
  return [0, 1, 2, 3].map((axis) => {
    const part = axis === 0 ? new Part(4) : signed(-half, 2 * half + 1, 1);
    [part.motion, part.axis, part.calm] = [TURNING, axis, calm];
    return part;
  });
}

/**
 * What one code more means, in the simulation's integers.
 * @param {FieldKind} kind
 */
export function stepOf(kind) {
  return "step" in kind ? kind.step : 1;
}

/**
 * Number of parts.
 * @param {FieldKind} kind
 */
export function partCount(kind) {
  switch (kind.word) {
    case "vector2":
      return 2;
    case "vector3":
      return 3;
    case "rotation":
      return 4;
    case "text":
      return 1 + Math.ceil(kind.bytes / 3);
    default:
      return 1;
  }
}

/**
 * Whether its values are numbers that can move.
 * @param {FieldKind} kind
 */
export function isNumber(kind) {
  return !["bool", "choice", "reference", "text", "rotation"].includes(kind.word);
}
