// Names that Rust has no sense for and JavaScript's objects have: a game may use them all the same.

import { beforeEach, test } from "node:test";
import assert from "node:assert/strict";
import { xxh3 } from "../../../assets/web/sdk/bits/xxh3.js";
import { Shape, Snapshot } from "../../../assets/web/sdk/entities.js";
import { Interpolator } from "../../../assets/web/sdk/interpolate.js";
import { readSchema } from "../../../assets/web/sdk/schema/fingerprint.js";
import { codesOf, valuesOf } from "../../../assets/web/sdk/schema/component.js";
import { FakeSocket, SCHEMA_BYTES, TICK_MS, golden, welcome } from "./fakes.js";
import { story } from "./story.js";

beforeEach(() => void (FakeSocket.all.length = 0));

/**
 * The golden schema, with other names. Only declarations and fields are named so: the words of the schema are others.
 * @param {Record<string, string>} names
 */
function renamed(names) {
  const said = (/** @type {string} */ text) => String.fromCharCode(text.length) + text;
  let text = Buffer.from(SCHEMA_BYTES).toString("latin1");
  for (const [from, to] of Object.entries(names)) {
    assert.ok(text.includes(said(from)), from);
    text = text.replaceAll(said(from), said(to));
  }
  return Uint8Array.from(Buffer.from(text, "latin1"));
}

/** A game all of whose names mean something in JavaScript. */
const BYTES = renamed({
  Place: "toString", at: "__proto__", Look: "valueOf", awake: "constructor", name: "hasOwnProperty", Purse: "constructor", coins: "__proto__",
  Following: "__proto__", whom: "isPrototypeOf", walker: "constructor", stone: "__proto__", step: "constructor", tool: "__proto__",
  pick: "valueOf", Found: "__proto__", who: "constructor", Rename: "toString",
});

/** A room of that game. @param {any} [options] */
async function playing(options) {
  const { timers, told, joining } = story(options);
  FakeSocket.last.open();
  FakeSocket.last.say(welcome({ tick: 70_000, schema: BYTES, schemaFingerprint: xxh3(BYTES) }));
  FakeSocket.last.say(golden("state_full"));
  await timers.advance(0);
  return { timers, told, room: await joining };
}

/** What an object has of its own. @param {any} of */
const own = (of) => Object.fromEntries(Object.entries(of).map(([name, value]) => [`own ${name}`, value]));

test("what is left out is left out, whatever it is called", () => {
  const { input, events, requests } = readSchema(BYTES);
  assert.deepEqual([...codesOf(input, {})], [1, 0, 0]);
  assert.deepEqual([...codesOf(input, { constructor: -1, ["__proto__"]: "Rope" })], [0, 1, 0]);
  assert.deepEqual([...codesOf(requests[0], {})], [0, 0, 0]);
  const values = valuesOf(events[0], [5, 50]);
  assert.deepEqual(own(values), { "own constructor": 5, "own __proto__": 50 });
  assert.equal(Object.getPrototypeOf(values), Object.prototype);
});

test("a game whose names are JavaScript's is held, told and drawn like any other", async () => {
  const predict = {
    truth: () => ({ x: 7 }),
    step: (/** @type {any} */ state) => state,
    place: () => ({ x: 7, y: 8 }),
  };
  const { timers, told, room } = await playing({ predict });
  assert.equal(room.unpredicted, null);
  assert.equal(room.me?.kind, "constructor");
  assert.deepEqual(Object.keys(room.me?.components ?? {}), ["toString", "valueOf", "constructor", "__proto__"]);
  assert.deepEqual(own(room.me?.components.constructor), { "own __proto__": 12 });
  FakeSocket.last.say(golden("state_step"));
  await timers.advance(1);
  const [, event] = /** @type {[string, any]} */ (told.find(([name]) => name === "event"));
  assert.deepEqual([event.name, own(event.values)], ["__proto__", { "own constructor": 5, "own __proto__": 50 }]);
  const stone = /** @type {any} */ (told.find(([name]) => name === "despawn"))[1];
  assert.deepEqual([stone.kind, stone.components.constructor, stone.components.valueOf], ["__proto__", undefined, undefined]);
  for (const wait of [1, 20, 40]) {
    await timers.advance(wait);
    const { entities, me } = room.view();
    assert.deepEqual(own(me?.components.toString), { "own __proto__": { x: 7, y: 8 } });
    for (const drawn of entities.values()) {
      const held = room.entities.get(drawn.id);
      const names = Object.keys(held?.components ?? {});
      for (const name of names) assert.deepEqual(Object.keys(drawn.components[name] ?? {}), Object.keys(held?.components[name] ?? {}), name);
      assert.equal(drawn.components.hasOwnProperty, undefined);
    }
  }
});

test("what moves is drawn between two frames under such names", () => {
  const schema = readSchema(BYTES);
  const drawing = new Interpolator(schema, 30);
  const shape = new Shape(schema, 1);
  const who = { id: 4, snapshot: new Snapshot(shape, Int32Array.of(100, 40, 1)) };
  drawing.frame(11, [who], false, 0);
  who.snapshot = new Snapshot(shape, Int32Array.of(108, 40, 1));
  drawing.frame(12, [who], false, TICK_MS);
  drawing.moment = { at: 11.5, ms: 0 };
  const { components } = /** @type {any} */ (drawing.entities().get(4));
  assert.deepEqual([Object.keys(components), own(components.toString)], [["toString"], { "own __proto__": { x: 104, y: 40 } }]);
  assert.equal(components.constructor, undefined);
});

test("inputs of such names say what was given, also after coming again, and nothing else", async () => {
  const { timers, room } = await playing();
  room.sendInput(/** @type {any} */ ({ ["__proto__"]: "Lamp" }));
  room.sendInput(/** @type {any} */ ({ valueOf: true }));
  await timers.advance(100);
  const codes = () => FakeSocket.last.sent().filter(({ kind }) => kind === "input")[0].codes;
  assert.deepEqual(codes(), [1, 2, 1]);
  FakeSocket.last.end(1006);
  await timers.advance(300);
  FakeSocket.last.open();
  FakeSocket.last.say(welcome({ tick: 70_000, schema: BYTES, schemaFingerprint: xxh3(BYTES) }));
  FakeSocket.last.say(golden("state_full"));
  await timers.advance(100);
  assert.deepEqual(codes(), [1, 2, 0], "the press is over");
});
