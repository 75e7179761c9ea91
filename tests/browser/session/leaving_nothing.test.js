// What is over leaves nothing behind: no socket, no listener, no ghost, nothing to blame; only its counts.

import { beforeEach, test } from "node:test";
import assert from "node:assert/strict";
import { xxh3 } from "../../../assets/web/sdk/bits/xxh3.js";
import { SILENT_MS } from "../../../assets/web/sdk/line.js";
import { FakeSocket, SCHEMA_BYTES, TABLES_BYTES, full, welcome } from "./fakes.js";
import { playing, run } from "./story.js";

beforeEach(() => void (FakeSocket.all.length = 0));

/** Something of the platform's that is listened to. */
class Heard extends EventTarget {
  visibilityState = "visible";
  aborted = false;
  /** @type {string[]} */
  names = [];

  /** @param {string} name @param {any} listener */
  addEventListener(name, listener) {
    this.names.push(name);
    super.addEventListener(name, listener);
  }

  /** @param {string} name @param {any} listener */
  removeEventListener(name, listener) {
    this.names.splice(this.names.indexOf(name), 1);
    super.removeEventListener(name, listener);
  }
}

test("a socket that we gave up is closed, so that nobody keeps playing on it", async () => {
  const { timers } = await playing();
  await run(timers, 1_002, 5);
  await timers.advance(SILENT_MS + 1_500);
  assert.equal(FakeSocket.all.length, 2);
  assert.ok(FakeSocket.all[0].closing !== null && FakeSocket.all[0].readyState === 2);
});

test("a room that is over listens to nothing of the page", async () => {
  const [page, network, signal] = [new Heard(), new Heard(), new Heard()];
  const { room, timers } = await playing(/** @type {any} */ ({ page, network, signal }));
  assert.deepEqual([page.names, network.names, signal.names], [["visibilitychange"], ["online"], ["abort"]]);
  void room.leave();
  await timers.advance(2_100);
  assert.deepEqual([room.state, page.names, network.names, signal.names], ["over", [], [], []]);
});

test("who leaves while a new ticket is under way does not come again", async () => {
  /** @type {(ticket: string) => void} */
  let give = () => {};
  const renewTicket = () => new Promise((/** @type {(ticket: string) => void} */ resolve) => (give = resolve));
  const { timers, names, room } = await playing({ renewTicket });
  FakeSocket.last.end(1006);
  await timers.advance(300);
  void room.leave();
  give("abc.def");
  await timers.advance(10_000);
  assert.deepEqual([names(), FakeSocket.all.length], [["connect", "drop", "leave"], 1]);
});

test("what was held on to and may be to blame is held no more, here and in the store", async () => {
  /** @type {Map<string, string>} */
  const kept = new Map();
  const store = {
    getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => void kept.set(key, value),
    removeItem: (/** @type {string} */ key) => void kept.delete(key),
  };
  const { timers, told } = await playing({ store });
  assert.equal(kept.size, 1);
  FakeSocket.last.end(1006);
  await timers.advance(300);
  FakeSocket.last.open();
  await timers.advance(0);
  assert.equal(FakeSocket.last.sent()[0].schema, xxh3(SCHEMA_BYTES));
  // Another game by now, and the server believes that we hold it.
  FakeSocket.last.say(welcome({ schema: null, tables: null, schemaFingerprint: 5n }));
  await timers.advance(0);
  assert.equal(kept.size, 0);
  const errors = told.filter(([name]) => name === "error").map(([, { code, fault }]) => [code, fault]);
  assert.deepEqual(errors, [["disagreement", "server"]]);
  await timers.advance(600);
  assert.equal(FakeSocket.all.length, 3);
  FakeSocket.last.open();
  await timers.advance(0);
  assert.equal(FakeSocket.last.sent()[0].schema, null);
  FakeSocket.last.say(welcome({ schema: SCHEMA_BYTES, tables: TABLES_BYTES }));
  FakeSocket.last.say(full(1_001));
  await timers.advance(0);
  assert.deepEqual([told.at(-1)?.[0], kept.size], ["connect", 1]);
});

test("what was counted stays counted over all connections of a room", async () => {
  const { timers, room } = await playing();
  await run(timers, 1_002, 30);
  const { digestsChecked, inputsSent } = room.stats;
  assert.ok(digestsChecked === 31 && inputsSent >= 25, `${digestsChecked} ${inputsSent}`);
  FakeSocket.last.end(1006);
  assert.deepEqual([room.stats.digestsChecked, room.stats.inputsSent], [digestsChecked, inputsSent]);
  await timers.advance(300);
  FakeSocket.last.letIn();
  await timers.advance(0);
  assert.equal(room.stats.digestsChecked, digestsChecked + 1);
  assert.ok(room.stats.inputsSent >= inputsSent);
  FakeSocket.last.end(1006);
  await timers.advance(600);
  FakeSocket.last.letIn();
  await timers.advance(0);
  assert.deepEqual([room.stats.digestsChecked, room.stats.reconnects], [digestsChecked + 2, 2]);
});
