// A schema from bytes, and its name: the fingerprint.
//
// The schema is described by words, not by numbers that only we know: a kind of field that this build does not understand is refused by
// name (PROTOCOL.md, "Schema").
//
// Never here: what the schema means (see field).

import { BitReader, DecodeError } from "../bits/reader.js";
import { NAME_BYTES_MAX } from "../limits.js";
import { partCount, partsOf } from "./field.js";
import { SchemaError, checkSchema } from "./registry.js";

/** @typedef {import("./field.js").FieldKind} FieldKind */
/** @typedef {import("./field.js").Predictor} Predictor */

/** The form of the bytes; a schema in another form is refused. */
const FORM = 2;

/** Bytes of a field at the least: its length, its words' lengths, its lists' lengths, marks. Parts of a huge field are not made before it
 * was checked how many there are. */
const TEXT_PARTS_MAX = 33;

/**
 * The schema of some bytes, checked.
 * @param {Uint8Array} bytes
 * @returns {import("./registry.js").Schema}
 * @throws {DecodeError | SchemaError}
 */
export function readSchema(bytes) {
  const reader = new BitReader(bytes);
  const form = reader.read(8, "schema form");
  if (form !== FORM) throw unknown("schema form", `${form}`);
  const schema = {
    game: readText(reader),
    components: readList(reader, readDeclaration),
    kinds: readList(reader, () => ({
      name: readText(reader),
      components: readList(reader, () => reader.read(8, "component")),
    })),
    input: readDeclaration(reader),
    events: readList(reader, readDeclaration),
    requests: readList(reader, readDeclaration),
  };
  reader.finish();
  checkSchema(schema);
  return schema;
}

/**
 * @param {BitReader} reader
 * @returns {import("./component.js").Declaration}
 */
function readDeclaration(reader) {
  const name = readText(reader);
  const fields = readList(reader, readField);
  return { name, fields, partCount: fields.reduce((sum, field) => sum + field.parts.length, 0) };
}

/**
 * @param {BitReader} reader
 * @returns {import("./field.js").Field}
 */
function readField(reader) {
  const name = readText(reader);
  const word = readText(reader);
  const numbers = readList(reader, () => reader.read(32, "schema number") | 0);
  // A 0 that nobody writes would give one schema two forms.
  const snaps = ["fixed", "vector2", "vector3"].includes(word) && numbers.length === 5 && numbers[4] !== 0;
  const snap = snaps ? /** @type {number} */ (numbers.pop()) >>> 0 : 0;
  const names = readList(reader, readText);
  // Names that nobody reads would give one schema two forms, and two fingerprints.
  if (names.length > 0 && word !== "choice") throw DecodeError.inconsistent("names of a field");
  const kind = understand(word, numbers, names);
  if (kind === null) throw unknown("kind of field", word);
  const audience = readText(reader);
  if (audience !== "everyone" && audience !== "team" && audience !== "owner") throw unknown("audience", audience);
  const guess = readText(reader);
  const predictor = understandPredictor(
    guess,
    readList(reader, () => reader.read(32, "predictor's number") | 0),
  );
  if (predictor === null) throw unknown("predictor", guess);
  const marks = {
    predicted: reader.readBool("mark"),
    position: reader.readBool("mark"),
    press: reader.readBool("mark"),
    constant: reader.readBool("mark"),
    priority: reader.read(4, "priority"),
    tolerance: reader.read(16, "tolerance"),
    snap,
  };
  // Of a field that will be refused nothing is made.
  const parts = canBeCut(kind) ? partsOf(kind, predictor, marks) : [];
  return { name, kind, audience, predictor, marks, parts };
}

/**
 * Whether a field can be cut into parts at all; what cannot is refused when the schema is checked.
 * @param {FieldKind} kind
 */
function canBeCut(kind) {
  if (kind.word === "text") return partCount(kind) <= TEXT_PARTS_MAX;
  if ("step" in kind) return kind.step >= 1 && kind.min <= kind.max;
  return kind.word !== "signed" || kind.min <= kind.max;
}

/**
 * The kind of field that a word, numbers and names describe; null if we do not know it.
 * @param {string} word
 * @param {number[]} numbers
 * @param {string[]} names
 * @returns {FieldKind | null}
 */
function understand(word, numbers, names) {
  const [first, second, step, unit] = numbers;
  switch (`${word} ${numbers.length}`) {
    case "bool 0":
      return { word: "bool" };
    case "unsigned 1":
      return { word: "unsigned", max: first >>> 0 };
    case "signed 2":
      return { word: "signed", min: first, max: second };
    case "fixed 4":
      return { word: "fixed", min: first, max: second, step, unit: unit >>> 0 };
    case "vector2 4":
      return { word: "vector2", min: first, max: second, step, unit: unit >>> 0 };
    case "vector3 4":
      return { word: "vector3", min: first, max: second, step, unit: unit >>> 0 };
    case "angle 1":
      return { word: "angle", bits: first >>> 0 };
    case "choice 0":
      return { word: "choice", names };
    case "rotation 1":
      return { word: "rotation", bits: first >>> 0 };
    case "reference 0":
      return { word: "reference" };
    case "text 1":
      return { word: "text", bytes: first >>> 0 };
    default:
      return null;
  }
}

/**
 * The predictor that a word and numbers describe; null if we do not know it.
 * @param {string} word
 * @param {number[]} numbers
 * @returns {Predictor | null}
 */
function understandPredictor(word, numbers) {
  const [first, times, shift] = numbers;
  /** @param {number} number */
  const isByte = (number) => number >= 0 && number <= 255;
  switch (`${word} ${numbers.length}`) {
    case "hold 0":
      return { word: "hold" };
    case "linear 0":
      return { word: "linear" };
    case "alpha-beta 1":
      return isByte(first) ? { word: "alpha-beta", calm: first } : null;
    case "follow 3":
      return isByte(first) && isByte(shift) ? { word: "follow", field: first, times, shift } : null;
    case "tick 1":
      return { word: "tick", step: first };
    default:
      return null;
  }
}

/**
 * @param {string} what
 * @param {string} name
 */
function unknown(what, name) {
  return new SchemaError("unknown", `this client does not know the ${what} ${JSON.stringify(name)}; a newer one is needed`);
}

/** @param {BitReader} reader */
function readText(reader) {
  const length = reader.readAtMost(NAME_BYTES_MAX, 8, "length of a name");
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = reader.read(8, "name");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw DecodeError.notText("name");
  }
}

/**
 * @template T
 * @param {BitReader} reader
 * @param {(reader: BitReader) => T} read
 * @returns {T[]}
 */
function readList(reader, read) {
  const items = [];
  for (let left = reader.read(8, "length of a list"); left > 0; left--) items.push(read(reader));
  return items;
}
