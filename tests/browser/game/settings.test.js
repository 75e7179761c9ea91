// Settings are kept, and a store that is broken or lies does no harm.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Settings } from "../../../assets/web/game/settings.js";

function store(kept) {
  const items = new Map(kept === undefined ? [] : [["tickwire.settings", kept]]);
  return { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => items.set(key, value), removeItem: (key) => items.delete(key) };
}

test("what was chosen is there at the next visit", () => {
  const kept = store();
  new Settings(kept).choose({ name: "Ada", volume: 10 });
  const { choices } = new Settings(kept);
  assert.deepEqual([choices.name, choices.volume, choices.sound], ["Ada", 10, true]);
});

test("what is kept counts only as far as it makes sense", () => {
  for (const kept of ["", "no JSON", "null", "[]", '"text"', "17"]) assert.equal(new Settings(store(kept)).choices.volume, 60, kept);
  const { choices } = new Settings(store('{"volume":1e9,"name":"a name that is far too long","sound":"yes","other":1,"__proto__":{"shake":false}}'));
  assert.deepEqual([choices.volume, choices.name.length, choices.sound, choices.shake, "other" in choices], [100, 16, true, true, false]);
});

test("a store that refuses is like none", () => {
  const refusing = { getItem: () => { throw new Error("no"); }, setItem: () => { throw new Error("full"); }, removeItem: () => {} };
  for (const broken of [refusing, null]) {
    const settings = new Settings(broken);
    let told = 0;
    settings.follow(() => { told += 1; });
    settings.choose({ sound: false });
    assert.deepEqual([settings.choices.sound, told], [false, 2]);
  }
});
