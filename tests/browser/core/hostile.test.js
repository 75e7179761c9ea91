// A server's bytes are no better than anybody's: whatever comes ends in a typed error or a wrong digest, soon, and a full frame mends it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { settle } from "../../../assets/web/sdk/agreement.js";
import { DecodeError } from "../../../assets/web/sdk/bits/reader.js";
import { Replica, ReplicaError } from "../../../assets/web/sdk/replica.js";
import { readServerMessage } from "../../../assets/web/sdk/wire/server_message.js";
import { agreement, bytesOf, draws, golden, numbers, worldOf } from "./golden.js";

/** Messages of a match. @param {string} name */
function heard(name) {
  const lines = numbers(name).filter((/** @type {any} */ line) => line.bytes);
  return lines.map((/** @type {{ bytes: string }} */ line) => readServerMessage(bytesOf(line.bytes)));
}

/**
 * A replica that heard so many messages.
 * @param {ReturnType<typeof heard>} messages
 * @param {number} count
 */
function after(messages, count) {
  const replica = new Replica(settle(messages[0].welcome));
  for (const message of messages.slice(1, count)) {
    if (message.kind === "tables") replica.takeTables(message.from, message.bytes);
    if (message.kind === "state") replica.apply(message.bytes);
  }
  return replica;
}

/**
 * Looks at everything that is left, as a page would.
 * @param {Replica} replica
 */
function look(replica) {
  for (const slot of replica.anchors()) assert.ok(replica.entity(slot));
  assert.ok(replica.heldCount >= replica.freshCount);
}

for (const name of ["match_zoo", "match_arena"]) {
  test(`frames of ${name} that are cut off or have bits turned end in an error, a wrong digest, or the right world`, () => {
    const below = draws(name.length);
    const messages = heard(name);
    // Up to better tables: the first frame is in the codes of those before.
    const until = messages.findIndex((/** @type {any} */ message) => message.kind === "tables");
    const states = [...messages.keys()].filter((at) => messages[at].kind === "state" && (until < 0 || at < until));
    const full = messages[states[0]].bytes;
    let seen = 0;
    for (let round = 0; round < 300; round++) {
      const place = states[below(states.length)];
      const replica = after(messages, place);
      const right = after(messages, place + 1);
      const { bytes } = messages[place];
      const wrong = round % 3 === 0 ? bytes.slice(0, below(bytes.length)) : bytes.slice();
      if (round % 3 > 0) for (let bits = 1 + below(3); bits > 0; bits--) wrong[below(wrong.length)] ^= 1 << below(8);
      const applied = replica.apply(wrong);
      look(replica);
      if (applied.error !== null) {
        seen += 1;
        assert.ok(applied.error instanceof ReplicaError && replica.lost);
        if (applied.error.kind === "decode") assert.ok(applied.error.cause instanceof DecodeError);
      } else if (applied.digest === "right" && applied.tick === right.tick) {
        // 16 bits of digest let one wrong world in 65,536 pass.
        assert.equal(worldOf(replica), worldOf(right), `round ${round}`);
      }
      assert.equal(replica.apply(full).digest, "right", "a full frame begins anew");
      look(replica);
    }
    assert.ok(seen > 150, `${seen} of 300 were found out`);
  });
}

test("any bytes behind any header are refused or applied, and the next full frame is right", () => {
  const below = draws(77);
  const full = golden("state_full");
  const replica = new Replica(agreement());
  for (let round = 0; round < 20_000; round++) {
    if (round % 4 === 0) replica.apply(full);
    const bytes = Uint8Array.from({ length: 1 + below(60) }, () => below(256));
    if (below(2) === 0) bytes[0] = 128 | below(128);
    else bytes[0] = 2;
    const applied = replica.apply(bytes);
    assert.ok(applied.error === null || applied.error instanceof ReplicaError);
    if (round % 100 === 0) look(replica);
  }
  assert.equal(replica.apply(full).digest, "right");
  assert.deepEqual(replica.anchors(), [5, 17]);
});

test("any bytes are a message or a typed error", () => {
  const below = draws(78);
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from({ length: below(80) }, () => (below(3) === 0 ? 250 + below(6) : below(256)));
    if (bytes.length > 0) bytes[0] = 1 + below(7);
    try {
      readServerMessage(bytes);
    } catch (error) {
      assert.ok(error instanceof DecodeError, String(error));
    }
  }
});

test("the largest message of a server takes no longer than a moment, whatever it says", () => {
  const messages = heard("match_zoo");
  const below = draws(79);
  for (let round = 0; round < 6; round++) {
    const replica = after(messages, 3);
    const bytes = Uint8Array.from({ length: 262_144 }, () => (round < 3 ? below(256) : round === 3 ? 255 : 0));
    bytes.set(messages.find((message) => message.kind === "state").bytes.subarray(0, 8));
    const began = performance.now();
    replica.apply(bytes);
    look(replica);
    assert.ok(performance.now() - began < 2_000);
  }
});
