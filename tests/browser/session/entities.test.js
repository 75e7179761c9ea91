// Who is held from frame to frame, and who is another in the same slot.

import { test } from "node:test";
import assert from "node:assert/strict";
import { Entities } from "../../../assets/web/sdk/entities.js";
import { codesOf } from "../../../assets/web/sdk/schema/component.js";
import { SCHEMA } from "./fakes.js";

const ID = 5;

/**
 * A replica that holds a walker, or nothing. What is null is not for us.
 * @param {Record<string, Record<string, any> | null> | null} values
 */
function holding(values) {
  const kind = SCHEMA.kinds.findIndex(({ name }) => name === "walker");
  return /** @type {any} */ ({
    anchors: () => (values === null ? [] : [ID]),
    kindNumber: () => (values === null ? -1 : kind),
    row(/** @type {number} */ _, /** @type {number} */ component, /** @type {Int32Array} */ codes, /** @type {number} */ at) {
      const declaration = SCHEMA.components[component];
      const said = values?.[declaration.name];
      if (said === null) return false;
      codes.set(codesOf(declaration, said ?? {}), at);
      return true;
    },
  });
}

/** A full frame that drops all there was. */
const FULL = { kind: "full", spawned: [ID], despawned: [ID] };

/** @param {Record<string, Record<string, any> | null>} before */
function held(before) {
  const entities = new Entities(SCHEMA);
  const [first] = entities.update(holding(before), { ...FULL, despawned: [] }).spawned;
  return { entities, first };
}

test("who is still there after a full frame is the same, whatever else changed", () => {
  const { entities, first } = held({ Look: { name: "Ada", awake: true }, Purse: { coins: 5 } });
  const changed = entities.update(holding({ Look: { name: "Ada", awake: false }, Purse: { coins: 6 } }), FULL);
  assert.deepEqual(changed, { spawned: [], despawned: [] });
  assert.deepEqual([entities.held.get(ID) === first, first.components.Look.awake], [true, false]);
});

test("another in the same slot, of the same kind, is another: it differs in what is kept for life", () => {
  const { entities, first } = held({ Look: { name: "Ada" } });
  const { spawned, despawned } = entities.update(holding({ Look: { name: "Bob" } }), FULL);
  assert.deepEqual([despawned, first.components.Look.name], [[first], "Ada"]);
  assert.deepEqual(spawned.map(({ id, components }) => [id, components.Look.name]), [[ID, "Bob"]]);
  assert.ok(entities.held.get(ID) === spawned[0] && spawned[0] !== first);
});

test("what is not said proves nothing", () => {
  const { entities, first } = held({ Look: null });
  assert.deepEqual(entities.update(holding({ Look: { name: "Bob" } }), FULL), { spawned: [], despawned: [] });
  assert.ok(entities.held.get(ID) === first);
});

test("who is gone after a full frame has left", () => {
  const { entities, first } = held({});
  assert.deepEqual(entities.update(holding(null), FULL), { spawned: [], despawned: [first] });
});
