// Replicas and whole matches: what a client heard, and what it must hold after each message.

import assert from "node:assert/strict";
import { test } from "node:test";
import { settle } from "../../../assets/web/sdk/agreement.js";
import { DecodeError } from "../../../assets/web/sdk/bits/reader.js";
import { DEMOTIONS, LEAVES, PIECES } from "../../../assets/web/sdk/codec/contexts.js";
import { PLAN_SHIFT, TAKES } from "../../../assets/web/sdk/codec/plan.js";
import { Tables } from "../../../assets/web/sdk/codec/tables.js";
import { TablesRefused } from "../../../assets/web/sdk/epochs.js";
import { Replica } from "../../../assets/web/sdk/replica.js";
import { Layout } from "../../../assets/web/sdk/schema/facet.js";
import { readSchema } from "../../../assets/web/sdk/schema/fingerprint.js";
import { readServerMessage } from "../../../assets/web/sdk/wire/server_message.js";
import { FrameHeader } from "../../../assets/web/sdk/wire/state_frame.js";
import { Author } from "./author.js";
import { agreement, bytesOf, golden, numbers, worldOf } from "./golden.js";

/** @param {string} name @param {Replica} replica */
function apply(name, replica) {
  const applied = replica.apply(golden(name));
  assert.equal(applied.error, null, name);
  return applied;
}

function replica(wholeDigest = false) {
  return new Replica({ ...agreement(), wholeDigest });
}

test("the golden frames make the world that they tell of", () => {
  const held = replica();
  assert.deepEqual([held.tick, held.lost, held.me, held.anchors()], [70_000, true, null, []]);
  const full = apply("state_full", held);
  assert.deepEqual([full.kind, full.digest, full.complete, full.sound, full.spawned, full.despawned], ["full", "right", true, true, [5, 17], []]);
  assert.deepEqual([held.lost, held.me, held.heldCount, held.freshCount, full.changed], [false, 5, 4, 4, 4]);
  assert.deepEqual(held.entity(5), {
    slot: 5,
    kind: "walker",
    components: {
      __proto__: null,
      Place: { at: { x: 1_000, y: 2_000 } },
      Look: { angle: 0x4000, awake: true, name: "Ada" },
      Purse: { coins: 12 },
      Following: { whom: 17 },
    },
  });
  assert.deepEqual(held.entity(17), { slot: 17, kind: "stone", components: { __proto__: null, Place: { at: { x: 4_095, y: 0 } } } });
  assert.deepEqual([held.entity(9), held.kind(9), held.has(9), held.has(99)], [null, null, false, false]);
  assert.equal(held.read(17, "Purse"), null);
  assert.equal(held.read(5, "Nothing"), null);

  const step = apply("state_step", held);
  assert.deepEqual([step.tick, step.covered, step.own, step.appliedOwn, step.standIns, step.early], [70_002, 2, 1, 1, 1, -3]);
  assert.deepEqual([step.spawned, step.despawned, held.left], [[17], [17], [17, 9]]);
  assert.deepEqual(step.events, [{ kind: 0, name: "Found", codes: [5, 50], values: { who: 5, coins: 50 } }]);
  assert.deepEqual(held.read(5, "Place"), { at: { x: 1_006, y: 1_998 } });
  assert.deepEqual(held.read(5, "Following"), { whom: null });
  assert.deepEqual(held.read(5, "Purse"), { coins: 62 });
  assert.deepEqual(held.read(17, "Place"), { at: { x: 16, y: 32 } });

  const lost = apply("state_events_lost", held);
  assert.deepEqual([lost.eventsLost, lost.events], [true, []]);
  assert.deepEqual([apply("state_ordinary", held).early, held.read(5, "Place")], [18, { at: { x: 1_014, y: 1_996 } }]);
  const alive = apply("state_keep_alive", held);
  assert.deepEqual([alive.kind, alive.tick, alive.digest, alive.sound, held.tick, held.heard], ["keep-alive", 70_032, "unchecked", true, 70_004, 70_032]);
});

test("the whole digest proves the same world, and any bit that is turned is seen or changes nothing", () => {
  const right = replica(true);
  assert.equal(apply("state_full_digest", right).digest, "right");
  const bytes = golden("state_full_digest");
  let seen = 0;
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const wrong = bytes.slice();
    wrong[bit >>> 3] ^= 1 << (bit & 7);
    const other = replica(true);
    const applied = other.apply(wrong);
    if (applied.digest === "right") assert.equal(worldOf(other), worldOf(right), `bit ${bit}`);
    else seen += 1;
  }
  assert.ok(seen > 200, `${seen}`);
});

test("the whole digest proves nothing unless both halves of it are right", () => {
  const held = replica(true);
  apply("state_full_digest", held);
  for (const half of /** @type {const} */ (["proofA", "proofB"])) {
    assert.equal(held.isProven(), true);
    held.header[half] = (held.header[half] ^ 1) >>> 0;
    assert.equal(held.isProven(), false, half);
    held.header[half] = (held.header[half] ^ 1) >>> 0;
  }
});

test("who comes into the slot of our own entity that left is not us", () => {
  const held = replica();
  apply("state_full", held);
  held.told = 17;
  assert.equal(held.me, 17);
  const step = apply("state_step", held);
  assert.deepEqual([step.despawned, step.spawned, held.kind(17) !== null, held.me], [[17], [17], true, null]);
});

test("a frame that goes on from elsewhere loses the world until a full one, and events are told all the same", () => {
  const held = replica();
  const early = held.apply(golden("state_step"));
  assert.deepEqual([early.ignored, early.sound, early.digest, early.error], [true, true, "unchecked", null]);
  assert.deepEqual(early.events[0].values, { who: null, coins: 50 });
  assert.deepEqual([held.heard, held.tick], [70_002, 70_000]);
  apply("state_full", held);
  const gap = held.apply(golden("state_ordinary"));
  assert.deepEqual([gap.error?.kind, gap.sound, held.lost], ["gap", false, true]);
  assert.equal(held.apply(golden("state_step")).ignored, true);
  apply("state_full", held);
  assert.deepEqual([held.lost, apply("state_step", held).digest], [false, "right"]);
});

test("what is no frame, and events that do not end where they say, are refused by name", () => {
  const held = replica();
  apply("state_full", held);
  const none = held.apply(Uint8Array.of(9, 0, 0, 0, 0));
  assert.deepEqual([none.kind, none.error?.kind, causeOf(none), held.lost], ["broken", "decode", "unknown-message", true]);
  apply("state_full", held);
  apply("state_step", held);
  const longer = golden("state_events_lost");
  longer[longer.length - 1] |= 128;
  const wrong = held.apply(longer);
  assert.deepEqual([wrong.kind, causeOf(wrong), wrong.sound], ["step", "trailing-bits", false]);
});

test("an event that the schema does not have is refused by name, whichever bit of the events is turned", () => {
  const fields = new Set();
  for (let bit = 0; bit < 40; bit++) {
    const held = replica();
    apply("state_full", held);
    const wrong = golden("state_step");
    // Behind a header of seven bytes and the length of the events.
    wrong[9 + (bit >>> 3)] ^= 1 << (bit & 7);
    const { error, digest } = held.apply(wrong);
    assert.ok(error !== null || digest === "right");
    fields.add(/** @type {{ field?: string } | undefined} */ (error?.cause)?.field);
  }
  assert.ok(fields.has("event kind"), [...fields].join());
});

test("nothing of what was dropped is found again", () => {
  const held = replica();
  apply("state_full", held);
  assert.deepEqual([held.holdings.member(5, 1), held.holdings.member(5, 2), held.isExact(5)], [40, 9, true]);
  held.holdings.dropAll();
  assert.deepEqual([held.holdings.member(5, 1), held.holdings.member(5, 2), held.isExact(5), held.me], [-1, -1, false, null]);
});

/** @param {import("../../../assets/web/sdk/replica.js").Applied} applied */
function causeOf({ error }) {
  return /** @type {{ kind?: string } | undefined} */ (error?.cause)?.kind;
}

test("a full frame drops everything and says so", () => {
  const held = replica();
  apply("state_full", held);
  apply("state_step", held);
  const again = apply("state_full", held);
  assert.deepEqual([again.despawned, again.spawned, held.me], [[5, 17], [5, 17], 5]);
  assert.deepEqual(held.read(5, "Place"), { at: { x: 1_000, y: 2_000 } });
});

test("a world that is not what the server says is found out by the digest", () => {
  const held = replica();
  apply("state_full", held);
  held.holdings.rows.states[held.holdings.statesOf[5]] ^= 1;
  held.holdings.rows.states[held.holdings.statesOf[5] - 1] = 1;
  const wrong = held.apply(golden("state_step"));
  assert.deepEqual([wrong.error?.kind, wrong.digest, wrong.sound, held.lost], ["digest", "wrong", true, true]);
  assert.deepEqual(wrong.events[0].values, { who: null, coins: 50 }, "what it names may be something else by now");
});

test("new tables are taken in their order and refused out of it", () => {
  const held = replica();
  apply("state_full", held);
  const message = readServerMessage(golden("new_tables"));
  assert.ok(message.kind === "tables");
  const refused = (/** @type {number} */ from, /** @type {Uint8Array} */ bytes, /** @type {string} */ kind) =>
    assert.throws(() => held.takeTables(from, bytes), (error) => error instanceof TablesRefused && error.kind === kind, kind);
  refused(70_000, message.bytes, "too-late");
  refused(70_010, golden("tables"), "same-epoch");
  refused(70_010, Uint8Array.of(1), "broken");
  const of = (/** @type {number} */ epoch) => {
    const bytes = golden("tables");
    bytes[0] = epoch;
    return bytes;
  };
  for (let epoch = 1; epoch <= 4; epoch++) held.takeTables(70_010 + epoch, of(epoch));
  refused(70_012, of(9), "too-late");
  refused(70_099, of(9), "too-many");
  assert.deepEqual([70_010, 70_011, 70_013, 80_000].map((tick) => held.epochs.at(tick).epoch), [0, 1, 3, 4]);
  held.epochs.settle(70_000, 70_028);
  assert.deepEqual([held.epochs.coming.length, held.epochs.at(70_012).epoch], [2, 2]);
  held.epochs.settle(70_014, 70_014);
  assert.deepEqual([held.epochs.coming.length, held.epochs.at(70_014).epoch], [0, 4]);
});

test("what moves in any way is moved on in every tick, whether it had a piece in the one before or not", () => {
  const [{ schema: bytes, tables: codes, slot_bits, things }, ...frames] = numbers("herd_frames");
  const schema = readSchema(bytesOf(bytes));
  const layout = new Layout(schema, slot_bits);
  const tables = Tables.fromBytes(bytesOf(codes), layout);
  const held = new Replica(/** @type {any} */ ({ schema, layout, tables, tick: 1_000, wholeDigest: true }));
  const ways = layout.facets.map((_, kind) => held.holdings.plan[(kind << PLAN_SHIFT) + TAKES]);
  assert.deepEqual([...new Set(ways)].sort(), [0, 1, 2, 3], "not at all, all at once, by what waits for a correction, as rotations");
  for (const [at, frame] of frames.entries()) {
    const { digest, error } = held.apply(bytesOf(frame));
    assert.deepEqual([digest, error], ["right", null], `frame ${at}`);
  }
  for (const [slot, codes] of things) {
    const states = new Int32Array(codes.length);
    held.holdings.copyCodes(slot, 0, codes.length, states, 0);
    assert.deepEqual([...states], codes);
  }
});

// Kinds of facets in the golden schema: what a walker is for everyone, for its owner, and whom it follows; a stone.
const [WALKER, PURSE, FOLLOWED, STONE] = [0, 1, 2, 3];

/**
 * What is held once these records were taken in.
 * @param {(author: Author) => Author} everyone its count of records and these
 * @param {(author: Author) => Author} [owner]
 * @param {number} [epoch] that the frame names
 */
function withRecords(everyone, owner, epoch = 0) {
  const { tables, layout, ...rest } = agreement();
  const author = everyone(new Author(tables, layout)).align();
  owner?.(author).align();
  const held = new Replica({ ...rest, tables, layout });
  const header = Object.assign(new FrameHeader(), { kind: "full", tick: 70_001, sections: owner ? 5 : 1, epoch });
  held.holdings.change(held.epochs, header, author.reader());
  return held;
}

test("a record is refused unless the anchor of its entity is held", () => {
  const walker = (/** @type {Author} */ author) => author.records(2).record("new", WALKER, 5, 5).record("new", STONE, 8, 8);
  const purse = (/** @type {number} */ anchor) => (/** @type {Author} */ author) => author.records(1).record("new", PURSE, 6, anchor);
  assert.deepEqual([withRecords(walker, purse(5)).read(5, "Purse"), withRecords(walker, purse(5)).heldCount], [{ coins: 0 }, 3]);
  const refused = refusedAs("record");
  assert.throws(() => withRecords(walker, purse(7)), refused, "nothing is there");
  assert.throws(() => withRecords(walker, purse(8)), refused, "another kind of entity");
  const two = (/** @type {Author} */ author) => author.records(2).record("new", PURSE, 6, 5).record("new", PURSE, 7, 6);
  assert.throws(() => withRecords(walker, two), refused, "a facet that is no anchor");
});

test("a record is refused that is new where something is held, refreshes what is not, or makes something else of it", () => {
  /** @param {(author: Author) => Author} then */
  const after = (then) => () => withRecords((author) => then(author.records(2).record("new", WALKER, 5, 5)));
  assert.equal(after((author) => author.record("refresh", WALKER, 5, 5))().heldCount, 1);
  const refused = refusedAs("record");
  assert.throws(after((author) => author.record("new", WALKER, 5, 5)), refused);
  assert.throws(after((author) => author.record("refresh", WALKER, 6, 6)), refused);
  assert.throws(after((author) => author.record("refresh", STONE, 5, 5)), refused);
  assert.throws(after((author) => author.record("new", PURSE, 6, 5)), refused, "its section is another");
  const walkers = (/** @type {Author} */ author) => author.records(2).record("new", WALKER, 5, 5).record("new", WALKER, 9, 9);
  const purses = (/** @type {number} */ anchor) => (/** @type {Author} */ author) => author.records(2).record("new", PURSE, 6, 5).record("refresh", PURSE, 6, anchor);
  assert.equal(withRecords(walkers, purses(5)).heldCount, 3);
  assert.throws(() => withRecords(walkers, purses(9)), refused, "its anchor is another");
});

test("a section has no more records than the room has slots", () => {
  const { slots } = agreement().layout;
  const records = (/** @type {number} */ count) => (/** @type {Author} */ author) => {
    author.records(count).record("new", WALKER, 5, 5);
    for (let left = count - 1; left > 0; left--) author.record("refresh", WALKER, 5, 5);
    return author;
  };
  assert.equal(withRecords(records(slots)).heldCount, 1);
  assert.throws(() => withRecords(records(slots + 1)), refusedAs("records"));
});

test("however many records a section has, each stands in its place", () => {
  for (let count = 1; count <= 40; count++) {
    const slots = Array.from({ length: count }, (_, at) => at);
    // The last first: they are put into their order.
    const held = withRecords((author) => slots.toReversed().reduce((author, slot) => author.record("new", STONE, slot, slot), author.records(count)));
    assert.deepEqual([held.anchors(), held.freshCount], [slots, count]);
  }
});

test("a full frame is refused whose table epoch is another, though its lowest bit is the same", () => {
  const none = (/** @type {Author} */ author) => author.records(0);
  assert.equal(withRecords(none).heldCount, 0);
  for (const epoch of [1, 2, 128]) assert.throws(() => withRecords(none, undefined, epoch), refusedAs("table epoch"));
});

test("a record's codes are in the range of their parts", () => {
  const stone = (/** @type {number} */ x) => withRecords((author) => author.records(1).record("new", STONE, 8, 8, [x, 0]));
  assert.deepEqual(stone(4_095).read(8, "Place"), { at: { x: 4_095, y: 0 } });
  assert.throws(() => stone(4_096), (error) => error instanceof DecodeError && error.kind === "out-of-range" && error.field === "code");
});

test("a record's speeds are no jumps, neither upwards nor downwards", () => {
  const stone = (/** @type {number} */ speed) => withRecords((author) => author.records(1).record("new", STONE, 8, 8, [9, 9], [speed, 0]));
  for (const speed of [255, -255]) assert.equal(stone(speed).heldCount, 1);
  for (const speed of [256, -256]) {
    assert.throws(() => stone(speed), (error) => error instanceof DecodeError && error.kind === "out-of-range" && error.field === "speed");
  }
});

test("nothing follows the last section", () => {
  assert.throws(() => withRecords((author) => author.records(0).align().bits(0, 8)), (error) => error instanceof DecodeError && error.kind === "trailing-bits");
});

test("who comes into the slot of an anchor that left has nothing of what it had", () => {
  const held = withRecords(
    (author) => author.records(1).record("new", WALKER, 5, 5),
    (author) => author.records(1).record("new", PURSE, 6, 5, [7]),
  );
  assert.deepEqual(held.read(5, "Purse"), { coins: 7 });
  const { tables, layout } = agreement();
  const author = new Author(tables, layout).number(LEAVES, 1).bits(0, 1).number(LEAVES + 1, 0).align();
  author.number(PIECES, 0).number(DEMOTIONS, 0).records(1).record("new", WALKER, 5, 5);
  const header = Object.assign(new FrameHeader(), { kind: "step", tick: 70_002, covered: 1, leaves: 1, sections: 1 });
  held.holdings.change(held.epochs, header, author.reader());
  assert.deepEqual([held.kind(5), held.read(5, "Purse"), held.heldCount], ["walker", null, 2]);
});

/** @param {string} field what does not fit */
function refusedAs(field) {
  return (/** @type {unknown} */ error) => error instanceof DecodeError && error.kind === "inconsistent" && error.field === field;
}

for (const name of ["match_zoo", "match_arena"]) {
  test(`after every message of ${name} the same is held as in Rust`, () => {
    const lines = numbers(name);
    /** @type {Replica | null} */
    let held = null;
    let frames = 0;
    const anchors = new Set();
    for (const [number, line] of lines.entries()) {
      if (line.rows) {
        assert.ok(held);
        assert.deepEqual(rowsOf(held), line.rows);
        continue;
      }
      const message = readServerMessage(bytesOf(line.bytes));
      if (message.kind === "welcome") held = new Replica(settle(message.welcome));
      if (message.kind === "tables") held?.takeTables(message.from, message.bytes);
      if (message.kind !== "state") continue;
      assert.ok(held);
      const applied = held.apply(message.bytes);
      frames += 1;
      assert.equal(applied.error, null, `line ${number}: ${applied.error}`);
      assert.deepEqual(
        {
          kind: applied.kind,
          tick: applied.tick,
          covered: applied.covered,
          own: applied.appliedOwn,
          early: applied.early,
          complete: applied.complete,
          events: applied.events.map((event) => [event.kind, event.codes]),
          me: held.me,
          held: held.heldCount,
          fresh: held.freshCount,
          world: worldOf(held),
        },
        withoutBytes(line),
        `line ${number}`,
      );
      if (applied.kind !== "keep-alive") assert.equal(applied.digest, "right");
      for (const slot of applied.despawned) assert.ok(anchors.delete(slot), `line ${number}: ${slot} left that never came`);
      for (const slot of applied.spawned) assert.ok(!anchors.has(slot) && anchors.add(slot), `line ${number}: ${slot} came twice`);
      assert.deepEqual([...anchors].sort((one, other) => one - other), held.anchors());
    }
    assert.ok(frames > 60);
  });
}

/** @param {any} line */
function withoutBytes({ bytes: _, ...line }) {
  return line;
}

/**
 * The codes of all components of all entities, as tests/tests/golden_match.rs says them.
 * @param {Replica} held
 */
function rowsOf(held) {
  return held.anchors().map((slot) => {
    const kind = held.schema.kinds[held.kindNumber(slot)];
    const rows = kind.components.map((component) => {
      const codes = new Int32Array(held.schema.components[component].partCount);
      return [component, held.row(slot, component, codes) ? [...codes] : null];
    });
    assert.deepEqual(held.entity(slot)?.kind, kind.name);
    return [slot, kind.name, rows];
  });
}
