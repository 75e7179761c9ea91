// All declarations of a game, in order: the one thing that server and client must agree on. It comes with the Welcome.
//
// Order is part of the schema: ids on the wire are positions in these lists.
//
// Never here: how it travels (see fingerprint), what the codec makes of it (see facet).

import {
  COMPONENT_FIELDS_MAX,
  INPUT_PARTS_MAX,
  MESSAGE_PARTS_MAX,
  NAME_BYTES_MAX,
  PART_CODES_MAX,
  SCHEMA_ITEMS_MAX,
  TEXT_BYTES_MAX,
} from "../limits.js";
import { isNumber, partCount } from "./field.js";
import { codeCount } from "./quantise.js";

/** @typedef {import("./component.js").Declaration} Declaration */
/** @typedef {import("./field.js").Field} Field */

/**
 * One kind of entity.
 * @typedef {object} EntityKind
 * @property {string} name
 * @property {number[]} components positions in the schema's components, ascending
 */

/**
 * Everything that a game declares.
 * @typedef {object} Schema
 * @property {string} game
 * @property {Declaration[]} components
 * @property {EntityKind[]} kinds
 * @property {Declaration} input what a player sends each tick
 * @property {Declaration[]} events what the game tells players once
 * @property {Declaration[]} requests what players ask for, answered
 */

/**
 * Why a schema cannot be used.
 *
 * - `unknown`: a word that this build does not know: load a newer client
 * - `twice`, `name`, `too-many`, `range`, `mark`, `predictor`, `unknown-component`, `audience`: no server that is in order sends it
 *
 * @typedef {"unknown" | "twice" | "name" | "too-many" | "range" | "mark" | "predictor" | "unknown-component" | "audience"} SchemaErrorKind
 */

/** A schema that we cannot play by. The server's fault, or it is newer than we are (`unknown`). */
export class SchemaError extends Error {
  /**
   * @param {SchemaErrorKind} kind
   * @param {string} says
   */
  constructor(kind, says) {
    super(says);
    this.name = "SchemaError";
    /** @type {SchemaErrorKind} */
    this.kind = kind;
  }
}

/**
 * Refuses what the codec cannot carry.
 * @param {Schema} schema
 * @throws {SchemaError}
 */
export function checkSchema(schema) {
  checkName(schema.game);
  for (const [what, list] of /** @type {const} */ ([
    ["components", schema.components],
    ["events", schema.events],
    ["requests", schema.requests],
  ])) {
    checkCount(what, list.length, SCHEMA_ITEMS_MAX);
    checkUnique(list);
    for (const declaration of list) checkDeclaration(declaration, false);
  }
  for (const declaration of [...schema.events, ...schema.requests]) {
    checkCount(`${declaration.name} (parts)`, declaration.partCount, MESSAGE_PARTS_MAX);
  }
  checkCount(`${schema.input.name} (parts)`, schema.input.partCount, INPUT_PARTS_MAX);
  checkDeclaration(schema.input, true);
  checkCount("kinds", schema.kinds.length, SCHEMA_ITEMS_MAX);
  checkUnique(schema.kinds);
  for (const kind of schema.kinds) {
    checkName(kind.name);
    let before = -1;
    for (const component of kind.components) {
      if (component >= schema.components.length) {
        throw new SchemaError("unknown-component", `kind ${kind.name} names the component ${component}, which is not declared`);
      }
      if (component <= before) throw new SchemaError("twice", `kind ${kind.name} does not name its components in order`);
      before = component;
    }
  }
}

/** @param {string} name */
function checkName(name) {
  const bytes = new TextEncoder().encode(name).length;
  if (bytes === 0 || bytes > NAME_BYTES_MAX) {
    throw new SchemaError("name", `the name ${JSON.stringify(name)} must have 1 to ${NAME_BYTES_MAX} bytes`);
  }
}

/**
 * @param {string} what
 * @param {number} count
 * @param {number} max
 */
export function checkCount(what, count, max) {
  if (count > max) throw new SchemaError("too-many", `${what} has ${count}, at most ${max} fit`);
}

/** @param {{ name: string }[]} list */
function checkUnique(list) {
  const names = new Set();
  for (const { name } of list) {
    if (names.has(name)) throw new SchemaError("twice", `${name} is declared twice`);
    names.add(name);
  }
}

/**
 * @param {Declaration} declaration
 * @param {boolean} isInput
 */
function checkDeclaration(declaration, isInput) {
  checkName(declaration.name);
  checkCount(declaration.name, declaration.fields.length, COMPONENT_FIELDS_MAX);
  checkUnique(declaration.fields);
  for (const field of declaration.fields) {
    const name = `${declaration.name}.${field.name}`;
    checkName(field.name);
    const codes = codesOf(field);
    const whole = (field.kind.word === "signed" || field.kind.word === "unsigned") && codes === 2 ** 32;
    if (!whole && !(codes >= 1 && codes <= PART_CODES_MAX)) {
      throw new SchemaError("range", `${name} has ${codes} codes; 1 to ${PART_CODES_MAX} can be carried`);
    }
    if (field.kind.word === "reference" && field.audience !== "everyone") {
      throw new SchemaError("audience", `${name} is a reference, which goes to those who may see both entities`);
    }
    if (field.marks.press && !isInput) throw new SchemaError("mark", `${name}: press belongs into an input`);
    checkPredictor(declaration, field, name);
  }
}

/**
 * What moves must be a number, and who leads must move with who follows.
 * @param {Declaration} declaration
 * @param {Field} field
 * @param {string} name
 */
function checkPredictor(declaration, field, name) {
  const { kind, predictor, marks } = field;
  /** @param {boolean} right @param {string} why */
  const must = (right, why) => {
    if (!right) throw new SchemaError("predictor", `${name}: ${why}`);
  };
  const turns = kind.word === "rotation";
  must(marks.tolerance === 0 || isNumber(kind), "only numbers may be off by a tolerance");
  must(!turns || !["follow", "tick"].includes(predictor.word), "a rotation holds or turns on");
  must(predictor.word === "hold" || turns || isNumber(kind), "only numbers move on");
  if (predictor.word === "alpha-beta") must(predictor.calm >= 1 && predictor.calm <= 4, "calm is 1 to 4");
  if (predictor.word === "tick") must(Math.abs(predictor.step) <= PART_CODES_MAX, "the step of a tick is at most 2^26");
  if (predictor.word !== "follow") return;
  const small = Math.abs(predictor.times) <= 32_768 && predictor.shift <= 24;
  must(small, "it follows by at most 32,768 / 1, and at least by parts of 2^24");
  const leader = declaration.fields[predictor.field];
  must(leader !== undefined, "it follows a field that is not there");
  must(isNumber(leader.kind) && leader.predictor.word !== "follow", "it follows a field that is no number or follows itself");
  const alike = partCount(leader.kind) === partCount(kind) && leader.audience === field.audience;
  must(alike, "it follows a field with another number of axes or another audience");
}

/**
 * How many codes the field's widest part needs; 0 or less if its range is empty.
 * @param {Field} field
 */
function codesOf({ kind }) {
  switch (kind.word) {
    case "bool":
      return 2;
    case "unsigned":
      return kind.max + 1;
    case "signed":
      return kind.max - kind.min + 1;
    case "fixed":
    case "vector2":
    case "vector3":
      return kind.step >= 1 && kind.min <= kind.max && kind.unit >= 1 ? codeCount(kind) : 0;
    case "angle":
      return kind.bits >= 1 && kind.bits <= 16 ? 1 << kind.bits : 0;
    case "choice":
      return kind.names.length;
    case "rotation":
      return kind.bits >= 4 && kind.bits <= 12 ? 1 << kind.bits : 0;
    case "reference":
      return 1;
    case "text":
      return kind.bytes >= 1 && kind.bytes <= TEXT_BYTES_MAX ? 1 : 0;
  }
}
