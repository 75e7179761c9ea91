// The schema that travels, its layout, and values as codes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DecodeError } from "../../../assets/web/sdk/bits/reader.js";
import { xxh3 } from "../../../assets/web/sdk/bits/xxh3.js";
import { ValueError, codesOf, valueOf, valuesOf } from "../../../assets/web/sdk/schema/component.js";
import { EVERYONE, Layout, REFERENCES } from "../../../assets/web/sdk/schema/facet.js";
import { readSchema } from "../../../assets/web/sdk/schema/fingerprint.js";
import { SchemaError } from "../../../assets/web/sdk/schema/registry.js";
import { ONE, towards } from "../../../assets/web/sdk/schema/rotation.js";
import { bytesOf, golden, hexadecimal, numbers } from "./golden.js";

/** @param {string} text */
const said = (text) => text.length.toString(16).padStart(2, "0") + hexadecimal(new TextEncoder().encode(text));

test("the golden schema says what its game declares", () => {
  const schema = readSchema(golden("schema"));
  assert.equal(schema.game, "golden");
  assert.deepEqual(schema.components.map(({ name, fields }) => [name, fields.map((field) => field.name)]), [
    ["Place", ["at"]],
    ["Look", ["angle", "awake", "name"]],
    ["Purse", ["coins"]],
    ["Following", ["whom"]],
  ]);
  assert.deepEqual(schema.kinds, [{ name: "walker", components: [0, 1, 2, 3] }, { name: "stone", components: [0] }]);
  const [at] = schema.components[0].fields;
  assert.deepEqual(at.kind, { word: "vector2", min: 0, max: 4_095, step: 1, unit: 16 });
  assert.deepEqual([at.audience, at.predictor, at.marks.position], ["everyone", { word: "linear" }, true]);
  assert.equal(schema.components[2].fields[0].audience, "owner");
  assert.deepEqual(schema.input.fields.map((field) => field.kind), [
    { word: "signed", min: -1, max: 1 },
    { word: "choice", names: ["Hand", "Rope", "Lamp"] },
    { word: "bool" },
  ]);
  assert.equal(schema.input.fields[2].marks.press, true);
  assert.deepEqual([schema.events[0].name, schema.requests[0].name], ["Found", "Rename"]);
});

test("facets are laid out by audience, references by themselves, parts in the order in which they move", () => {
  const layout = new Layout(readSchema(golden("schema")), 6);
  assert.deepEqual(layout.kinds.map((facets) => facets.map((facet) => facet.section)), [[EVERYONE, 2, REFERENCES], [EVERYONE]]);
  const [walker, purse, following] = layout.kinds[0];
  // x, y, angle, awake; and a name of a length and two codes, which is constant.
  assert.deepEqual([walker.parts.length, walker.groups.map((group) => group.parts)], [7, [4]]);
  assert.deepEqual([purse.number, following.number, layout.kinds[1][0].number], [1, 2, 3]);
  assert.equal(following.parts[0].last, 63);
  const walks = numbers("walks").map((/** @type {{ schema: string }} */ walk) => new Layout(readSchema(bytesOf(walk.schema)), 6).facets[0]);
  assert.deepEqual([walks[3].stepping, walks[3].following, walks[3].moving], [3, 5, 5]);
  assert.deepEqual([walks[4].stepping, walks[4].moving, walks[4].parts.length, walks[4].parts[0].lead], [0, 2, 5, 2]);
  assert.deepEqual([walks[5].following, walks[5].moving], [3, 15]);
});

test("values are the codes that they are in Rust, and come back", () => {
  const [{ schema: bytes, fingerprint }, ...cases] = numbers("values");
  const schema = readSchema(bytesOf(bytes));
  assert.equal(xxh3(bytesOf(bytes)).toString(16).padStart(16, "0"), fingerprint);
  const [{ fields }] = schema.components;
  assert.equal(cases.length, fields.length);
  for (const [place, { field: name, values }] of cases.entries()) {
    const field = fields[place];
    assert.equal(field.name, name);
    const declaration = { name: "one", fields: [field], partCount: field.parts.length };
    for (const [given, codes, read] of values) {
      assert.deepEqual([...codesOf(declaration, { [name]: given })], codes, `${field.kind.word} ${JSON.stringify(given)}`);
      assert.deepEqual(valueOf(field, codes, 0), read);
      assert.deepEqual(valuesOf(declaration, [99, ...codes], 1), { [name]: read });
    }
  }
});

test("what is left out is neutral, and what no field can hold is the page's fault", () => {
  const { input, requests, events } = readSchema(golden("schema"));
  assert.deepEqual([...codesOf(input, {})], [1, 0, 0]);
  assert.deepEqual([...codesOf(input, { step: -1, tool: "Lamp", pick: true })], [0, 2, 1]);
  assert.deepEqual([...codesOf(input, { step: 99 })], [2, 0, 0]);
  assert.deepEqual([...codesOf(events[0], {})], [-1, 0]);
  assert.deepEqual([...codesOf(requests[0], { name: "Zoë" })], [4, 0xc36f5a, 0xab]);
  for (const [values, kind] of /** @type {const} */ ([
    [{ stride: 1 }, "unknown-field"],
    [{ step: "left" }, "wrong-type"],
    [{ step: NaN }, "wrong-type"],
    [{ tool: "Saw" }, "unknown-name"],
    [{ pick: 1 }, "wrong-type"],
  ])) {
    assert.throws(() => codesOf(input, /** @type {any} */ (values)), (error) => error instanceof ValueError && error.kind === kind && /Will\./.test(error.field));
  }
  assert.throws(() => codesOf(requests[0], { name: /** @type {any} */ (7) }), ValueError);
});

test("bytes that are not UTF-8 are an empty text", () => {
  const [{ schema: bytes }] = numbers("values");
  const field = readSchema(bytesOf(bytes)).components[0].fields.at(-1);
  assert.ok(field);
  assert.equal(valueOf(field, [3, 0xffffff, 0, 0, 0], 0), "");
  assert.equal(valueOf(field, [3, 0x636261, 0, 0, 0], 0), "abc");
});

test("a rotation goes the short way to another", () => {
  const quarter = { x: 0, y: 0, z: 23_170, w: 23_170 };
  const turned = towards({ x: 0, y: 0, z: 0, w: ONE }, { x: 0, y: 0, z: -23_170, w: -23_170 }, 8, 16);
  assert.ok(turned.z > 12_000 && turned.z < 13_000 && turned.w > 30_000, JSON.stringify(turned));
  assert.deepEqual(towards(quarter, quarter, 3, 16), { x: 0, y: 0, z: 23_171, w: 23_171 });
});

test("a word that this client does not know is named", () => {
  const whole = hexadecimal(golden("schema"));
  for (const [word, other] of [["angle", "swirl"], ["linear", "magica"], ["everyone", "somebody"], ["signed", "tested"]]) {
    const bytes = bytesOf(whole.replaceAll(said(word), said(other)));
    assert.throws(() => readSchema(bytes), (error) => error instanceof SchemaError && error.kind === "unknown" && error.message.includes(other));
  }
  assert.throws(() => readSchema(bytesOf(`09${whole.slice(2)}`)), (error) => error instanceof SchemaError && error.message.includes("form"));
});

test("a schema that no codec can carry is refused", () => {
  const whole = hexadecimal(golden("schema"));
  /** @type {[string, string, string][]} */
  const wrongs = [
    [said("Look"), said("Purs"), "ok"],
    [said("Look"), said(""), "name"],
    [said("Look"), said("Place"), "twice"],
    [said("stone"), said("walker"), "twice"],
    [`${said("stone")}0100`, `${said("stone")}0109`, "unknown-component"],
    [`${said("walker")}0400010203`, `${said("walker")}0400010302`, "twice"],
    [`${said("awake")}`, `${said("angle")}`, "twice"],
    // The largest of `at` below its smallest; an angle of 17 bits; a text of 97 bytes; a reference for its owner.
    ["00000000ff0f0000", "00000000ffffffff", "range"],
    ["0108000000", "0111000000", "range"],
    [`${said("text")}0106000000`, `${said("text")}0161000000`, "range"],
    [`${said("reference")}0000${said("everyone")}`, `${said("reference")}0000${said("owner")}`, "audience"],
    [`${said("bool")}0000${said("everyone")}${said("hold")}`, `${said("bool")}0000${said("everyone")}${said("linear")}`, "predictor"],
  ];
  for (const [from, to, kind] of wrongs) {
    assert.ok(whole.includes(from), from);
    const read = () => readSchema(bytesOf(whole.replace(from, to)));
    if (kind === "ok") read();
    else assert.throws(read, (error) => error instanceof SchemaError && error.kind === kind, `${kind}`);
  }
});

test("more facets and parts than can be told apart are refused", () => {
  const { components, ...schema } = readSchema(bytesOf(numbers("values")[0].schema));
  const one = components[0].fields.find((field) => field.kind.word === "bool");
  const reference = components[0].fields.find((field) => field.kind.word === "reference");
  const text = components[0].fields.find((field) => field.kind.word === "text");
  assert.ok(one && reference && text);
  /** @param {number} kinds @param {import("../../../assets/web/sdk/schema/field.js").Field[]} fields */
  const laidOut = (kinds, fields) => {
    const component = { name: "all", fields, partCount: fields.reduce((sum, field) => sum + field.parts.length, 0) };
    const kind = { name: "kind", components: [0] };
    return new Layout({ ...schema, components: [component], kinds: new Array(kinds).fill(kind) }, 6);
  };
  const owners = { ...one, audience: /** @type {const} */ ("owner") };
  const teams = { ...one, audience: /** @type {const} */ ("team") };
  const five = [one, owners, teams, reference, reference];
  assert.equal(laidOut(51, five).facets.length, 255);
  const refused = (/** @type {() => void} */ make) =>
    assert.throws(make, (error) => error instanceof SchemaError && error.kind === "too-many");
  refused(() => laidOut(52, five));
  refused(() => laidOut(1, [one, ...new Array(8).fill(reference)]));
  assert.equal(laidOut(1, [one, ...new Array(7).fill(reference)]).facets.length, 8);
  refused(() => laidOut(1, new Array(14).fill(text)));
  assert.equal(laidOut(1, new Array(12).fill(text)).facets[0].parts.length, 60);
});

test("a schema that is cut off or has a bit turned is read, or refused with a typed error", () => {
  const bytes = golden("schema");
  const read = (/** @type {Uint8Array} */ wrong) => {
    try {
      new Layout(readSchema(wrong), 6);
    } catch (error) {
      assert.ok(error instanceof DecodeError || error instanceof SchemaError, String(error));
    }
  };
  for (let length = 0; length < bytes.length; length++) read(bytes.subarray(0, length));
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const wrong = bytes.slice();
    wrong[bit >>> 3] ^= 1 << (bit & 7);
    read(wrong);
  }
});
