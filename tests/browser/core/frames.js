// Frames in a file, as `client-sim codec --frames OUT` writes them, and recorded worlds (.twt): what a client would have got, and what it
// must then hold.
//
//   TWFRAME1 · u32 length · JSON · u32 length · tables · u32 length · full frame of the tick before
//   per tick: u32 length · header · u32 length · body
//
// The JSON is the recorded world's header, and what else a client knows from joining: the entity numbers by slot, the predictors.

import { Tables } from "../../../assets/web/sdk/codec/tables.js";
import { Layout } from "../../../assets/web/sdk/schema/facet.js";
import { partsOf } from "../../../assets/web/sdk/schema/field.js";
import { checkSchema } from "../../../assets/web/sdk/schema/registry.js";

/** @typedef {import("../../../assets/web/sdk/schema/registry.js").Schema} Schema */
/** @typedef {import("../../../assets/web/sdk/schema/field.js").FieldKind} FieldKind */
/** @typedef {import("../../../assets/web/sdk/schema/field.js").Predictor} Predictor */
/** @typedef {{ name: string, min: number, max: number, wrap?: boolean, constant?: boolean }} TraceField */
/** @typedef {{ name: string, fields: TraceField[], groups?: { kind: string }[] }} Archetype */

/** Takes bytes from the front. */
class Taker {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  u32() {
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  i32() {
    this.at += 4;
    return this.view.getInt32(this.at - 4, true);
  }

  /** @param {number} count */
  take(count) {
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  part() {
    return this.take(this.u32());
  }

  /** @param {string} magic */
  expect(magic) {
    const found = new TextDecoder().decode(this.take(magic.length));
    if (found !== magic) throw new Error(`this does not begin with ${magic}`);
  }
}

/**
 * What a client needs to read the frames, and the frames: the first is a full one, of the tick before the first.
 * @param {Uint8Array} bytes
 */
export function readFrames(bytes) {
  const from = new Taker(bytes);
  from.expect("TWFRAME1");
  const header = JSON.parse(new TextDecoder().decode(from.part()));
  const schema = schemaOf(header);
  const slotBits = Math.max(32 - Math.clz32(header.entities.length - 1), 6);
  const layout = new Layout(schema, slotBits);
  const tables = Tables.fromBytes(from.part(), layout);
  const frames = [from.part()];
  for (let tick = 0; tick < header.ticks; tick++) {
    const [head, body] = [from.part(), from.part()];
    const frame = new Uint8Array(head.length + body.length);
    frame.set(head);
    frame.set(body, head.length);
    frames.push(frame);
  }
  const zeros = header.archetypes.map((/** @type {Archetype} */ archetype) => archetype.fields.map(zeroOf));
  const agreement = { schema, layout, tables, tick: 0, wholeDigest: false };
  return { header, agreement, frames, zeros, entities: /** @type {number[]} */ (header.entities) };
}

/**
 * A recorded world: per tick its rows, sorted by entity.
 * @param {Uint8Array} bytes
 */
export function readTrace(bytes) {
  const from = new Taker(bytes);
  from.expect("TWTRACE1");
  const header = JSON.parse(new TextDecoder().decode(from.part()));
  const ticks = [];
  for (let tick = 0; tick < header.ticks; tick++) {
    const number = from.u32();
    const rows = [];
    for (let left = from.u32(); left > 0; left--) {
      const entity = from.u32();
      const [archetype, count] = from.take(2);
      const values = [];
      for (let field = 0; field < count; field++) values.push(from.i32());
      rows.push({ entity, archetype, values });
    }
    ticks.push({ number, rows });
  }
  return { header, ticks };
}

/**
 * A recorded world's header as a schema: an archetype is a component and a kind of entity of the same name.
 * @param {{ name: string, archetypes: Archetype[], predictors: unknown[][] }} header
 * @returns {Schema}
 */
function schemaOf({ name, archetypes, predictors }) {
  const components = archetypes.map((archetype, at) => {
    if (archetype.groups?.some((group) => group.kind === "quat3")) throw new Error("rotations are not read here");
    const fields = archetype.fields.map((field, place) => {
      const kind = kindOf(field);
      const predictor = predictorOf(predictors[at][place]);
      const constant = field.constant ?? false;
      const marks = { predicted: false, position: false, press: false, constant, priority: 0, tolerance: 0, snap: 0 };
      return { name: field.name, kind, audience: /** @type {const} */ ("everyone"), predictor, marks, parts: partsOf(kind, predictor, marks) };
    });
    return { name: archetype.name, fields, partCount: fields.length };
  });
  const kinds = components.map((component, at) => ({ name: component.name, components: [at] }));
  const schema = { game: name, components, kinds, input: { name: "none", fields: [], partCount: 0 }, events: [], requests: [] };
  checkSchema(schema);
  return schema;
}

/**
 * @param {TraceField} field
 * @returns {FieldKind}
 */
function kindOf({ min, max, wrap }) {
  const codes = max - min + 1;
  const bits = Math.log2(codes);
  if (wrap && Number.isInteger(bits) && bits >= 1 && bits <= 16) return { word: "angle", bits };
  if (codes > 1 << 26) return { word: "signed", min: -(2 ** 31), max: 2 ** 31 - 1 };
  return { word: "signed", min, max };
}

/**
 * The value that a field's code 0 stands for.
 * @param {TraceField} field
 */
function zeroOf({ min, max }) {
  return max - min + 1 > 1 << 26 ? -(2 ** 31) : min;
}

/**
 * @param {any} guess
 * @returns {Predictor}
 */
function predictorOf(guess) {
  if (guess === "hold" || guess === "linear") return { word: guess };
  if (guess.alpha_beta) return { word: "alpha-beta", calm: guess.alpha_beta.calm };
  if (guess.follow) return { word: "follow", ...guess.follow };
  return { word: "tick", step: guess.tick.step };
}
