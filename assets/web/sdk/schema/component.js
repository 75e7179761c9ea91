// One declaration (a component, input, event or request), and its values as codes.
//
//   { at: { x: 1000, y: 2000 }, awake: true, name: "Ada" }  ─ codesOf ─►  1000 2000 1 3 6382657 0      ◄─ valuesOf ─
//
// What a value is: `bool` a boolean; `unsigned`, `signed` and `fixed` a whole number (the simulation's integers: divide by the field's
// `unit` for world units); `angle` in 1/65,536 turn; `choice` one of its names; `vector2` {x, y}; `vector3` {x, y, z}; `rotation`
// {x, y, z, w} of length 32,768; `reference` the slot of an anchor, or null; `text` a string.
//
// Never here: bits (see codec and wire).

import { angleCode, angleValue, codeOfValue, valueOfCode } from "./quantise.js";
import { IDENTITY, rotationCodes, rotationOfCodes } from "./rotation.js";
import { textCodes, textOfCodes } from "./text.js";

/** @typedef {import("./field.js").Field} Field */

/** @typedef {{ x: number, y: number }} Vector2 */
/** @typedef {{ x: number, y: number, z: number }} Vector3 */

/**
 * The value of one field.
 * @typedef {boolean | number | string | null | Vector2 | Vector3 | import("./rotation.js").Rotation} Value
 */

/**
 * The values of a declaration, by the names of its fields.
 * @typedef {Record<string, Value>} Values
 */

/**
 * A name and fields, in order.
 * @typedef {object} Declaration
 * @property {string} name
 * @property {Field[]} fields
 * @property {number} partCount of all fields
 */

/**
 * What was wrong with a value that is to be sent. Whoever wrote the page must mend it.
 *
 * - `unknown-field`: the declaration has no such field
 * - `wrong-type`: it is of another type than the field
 * - `unknown-name`: a choice has no such name
 *
 * @typedef {"unknown-field" | "wrong-type" | "unknown-name"} ValueErrorKind
 */

/** A value that no field can hold. The fault of whoever wrote the page. */
export class ValueError extends Error {
  /**
   * @param {ValueErrorKind} kind
   * @param {string} field declaration and field
   * @param {string} says
   */
  constructor(kind, field, says) {
    super(says);
    this.name = "ValueError";
    /** @type {ValueErrorKind} */
    this.kind = kind;
    /** Which field, with its declaration. */
    this.field = field;
  }
}

/**
 * The codes of some values: what is left out is neutral (0, false, nothing, the first name), what is out of range is clamped. Inverse of
 * `valuesOf`, up to quantising.
 * @param {Declaration} declaration
 * @param {Partial<Values>} values
 * @returns {Int32Array}
 * @throws {ValueError}
 */
export function codesOf(declaration, values) {
  const codes = new Int32Array(declaration.partCount);
  for (const name of Object.keys(values)) {
    if (!declaration.fields.some((field) => field.name === name)) {
      const known = declaration.fields.map((field) => field.name).join(", ") || "none";
      throw new ValueError("unknown-field", `${declaration.name}.${name}`, `${declaration.name} has no field ${name}; it has ${known}`);
    }
  }
  let at = 0;
  for (const field of declaration.fields) {
    writeValue(declaration, field, Object.hasOwn(values, field.name) ? values[field.name] : undefined, codes, at);
    at += field.parts.length;
  }
  return codes;
}

/**
 * The values of some codes, which begin at `from`.
 * @param {Declaration} declaration
 * @param {ArrayLike<number>} codes
 * @param {number} [from]
 * @returns {Values}
 */
export function valuesOf(declaration, codes, from = 0) {
  /** @type {Values} */
  const values = {};
  let at = from;
  for (const field of declaration.fields) {
    put(values, field.name, valueOf(field, codes, at));
    at += field.parts.length;
  }
  return values;
}

/**
 * Puts a value where a declaration's name says. All names that Rust has are allowed, also those that objects give a sense of their own.
 * @param {Record<string, any>} values
 * @param {string} name
 * @param {any} value
 */
export function put(values, name, value) {
  if (name === "__proto__") Object.defineProperty(values, name, { value, writable: true, enumerable: true, configurable: true });
  else values[name] = value;
}

/**
 * The value of one field, whose codes begin at `at`.
 * @param {Field} field
 * @param {ArrayLike<number>} codes
 * @param {number} at
 * @returns {Value}
 */
export function valueOf({ kind }, codes, at) {
  const code = codes[at];
  switch (kind.word) {
    case "bool":
      return code !== 0;
    case "unsigned":
      return code >>> 0;
    case "signed":
      return (kind.min + code) | 0;
    case "fixed":
      return valueOfCode(kind, code);
    case "angle":
      return angleValue(code, kind.bits);
    case "choice":
      return kind.names[code];
    case "vector2":
      return { x: valueOfCode(kind, code), y: valueOfCode(kind, codes[at + 1]) };
    case "vector3":
      return { x: valueOfCode(kind, code), y: valueOfCode(kind, codes[at + 1]), z: valueOfCode(kind, codes[at + 2]) };
    case "rotation":
      return rotationOfCodes(kind.bits, codes, at);
    case "reference":
      return code < 0 ? null : code;
    case "text":
      return textOfCodes(kind.bytes, codes, at);
  }
}

/**
 * @param {Declaration} declaration
 * @param {Field} field
 * @param {Value | undefined} value
 * @param {Int32Array} codes
 * @param {number} at
 */
function writeValue(declaration, field, value, codes, at) {
  const { kind } = field;
  /** @param {string} expected @returns {never} */
  const refuse = (expected) => {
    const name = `${declaration.name}.${field.name}`;
    throw new ValueError("wrong-type", name, `${name} must be ${expected}, and is ${describe(value)}`);
  };
  /** @param {unknown} number @param {string} expected */
  const whole = (number, expected) =>
    typeof number === "number" && Number.isFinite(number) ? Math.round(number) : refuse(expected);
  switch (kind.word) {
    case "bool":
      if (value !== undefined && typeof value !== "boolean") refuse("a boolean");
      codes[at] = value ? 1 : 0;
      return;
    case "unsigned":
      codes[at] = Math.min(Math.max(whole(value ?? 0, "a number"), 0), kind.max);
      return;
    case "signed":
      codes[at] = Math.min(Math.max(whole(value ?? 0, "a number"), kind.min), kind.max) - kind.min;
      return;
    case "fixed":
      codes[at] = codeOfValue(kind, whole(value ?? 0, "a number"));
      return;
    case "angle":
      codes[at] = angleCode(whole(value ?? 0, "a number (1/65,536 turn)"), kind.bits);
      return;
    case "choice": {
      const code = value === undefined ? 0 : kind.names.indexOf(/** @type {string} */ (value));
      if (code < 0) {
        const name = `${declaration.name}.${field.name}`;
        throw new ValueError("unknown-name", name, `${name} is one of ${kind.names.join(", ")}, and not ${describe(value)}`);
      }
      codes[at] = code;
      return;
    }
    case "vector2":
    case "vector3": {
      const axes = kind.word === "vector2" ? ["x", "y"] : ["x", "y", "z"];
      const vector = axesOf(value ?? { x: 0, y: 0, z: 0 }, axes, refuse);
      vector.forEach((axis, place) => (codes[at + place] = codeOfValue(kind, axis)));
      return;
    }
    case "rotation": {
      const [x, y, z, w] = axesOf(value ?? IDENTITY, ["x", "y", "z", "w"], refuse);
      codes.set(rotationCodes({ x, y, z, w }, kind.bits), at);
      return;
    }
    case "reference":
      codes[at] = value === undefined || value === null ? -1 : whole(value, "the slot of an entity, or null") & 0xffff;
      return;
    case "text":
      if (value !== undefined && typeof value !== "string") refuse("a string");
      codes.set(textCodes(/** @type {string} */ (value ?? ""), kind.bytes), at);
      return;
  }
}

/**
 * @param {Value} value
 * @param {string[]} axes
 * @param {(expected: string) => never} refuse
 * @returns {number[]}
 */
function axesOf(value, axes, refuse) {
  const parts = /** @type {Record<string, unknown>} */ (typeof value === "object" && value !== null ? value : {});
  return axes.map((axis) => {
    const part = parts[axis];
    return typeof part === "number" && Number.isFinite(part) ? Math.round(part) : refuse(`{${axes.join(", ")}}, all numbers`);
  });
}

/** @param {unknown} value */
function describe(value) {
  return typeof value === "string" ? JSON.stringify(value) : typeof value === "object" && value !== null ? "an object" : String(value);
}
