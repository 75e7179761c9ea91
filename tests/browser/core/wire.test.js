// Every message against its golden bytes, and the page that describes them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { hello, mapsHash, settle, Disagreement, holdTables } from "../../../assets/web/sdk/agreement.js";
import { BitReader, DecodeError } from "../../../assets/web/sdk/bits/reader.js";
import { xxh3 } from "../../../assets/web/sdk/bits/xxh3.js";
import * as limits from "../../../assets/web/sdk/limits.js";
import { codesOf } from "../../../assets/web/sdk/schema/component.js";
import { readSchema } from "../../../assets/web/sdk/schema/fingerprint.js";
import * as write from "../../../assets/web/sdk/wire/client_message.js";
import { CLOSE_CODES, closeCode } from "../../../assets/web/sdk/wire/close_code.js";
import { ControlWriter, FEATURE_AUDIT, FEATURE_FULL_DIGEST, readHello } from "../../../assets/web/sdk/wire/control.js";
import { readServerMessage } from "../../../assets/web/sdk/wire/server_message.js";
import { FrameHeader, isFull, isStep } from "../../../assets/web/sdk/wire/state_frame.js";
import { readValues } from "../../../assets/web/sdk/wire/values.js";
import { PROTOCOL, PROTOCOL_OLDEST, SUBPROTOCOL } from "../../../assets/web/sdk/wire/version.js";
import { agreement, draws, golden, hexadecimal, textOf } from "./golden.js";

const schema = readSchema(golden("schema"));
const TICK = 70_000;

/** @param {Uint8Array} bytes @param {string} name */
const is = (bytes, name) => assert.equal(hexadecimal(bytes), hexadecimal(golden(name)), name);

/** @returns {import("../../../assets/web/sdk/wire/control.js").Welcome} */
function welcome(name = "welcome") {
  const message = readServerMessage(golden(name));
  assert.equal(message.kind, "welcome");
  return /** @type {any} */ (message).welcome;
}

test("a client's messages are the golden bytes", () => {
  is(write.writeHello(hello({ name: "Ada" })), "hello");
  const known = { schema: new Uint8Array(0), schemaFingerprint: 0x0123456789abcdefn, tables: new Uint8Array(0), tablesFingerprint: 0xfedcba9876543210n };
  const again = hello({ name: "Zoë", wholeDigest: true, known, resume: Uint8Array.from({ length: 16 }, (_, at) => at) });
  is(write.writeHello({ ...again, extensions: [{ id: 300, bytes: Uint8Array.of(1, 2, 3) }] }), "hello_again");
  is(write.writeHello(hello({ name: "Sue", watch: true })), "hello_spectator");
  is(write.writeHello(hello({ name: "auditor", audit: true })), "hello_auditor");
  const codes = codesOf(schema.input, { step: -1, tool: "Lamp", pick: true });
  const view = { older: 69_997, span: 1, sixteenths: 9 };
  is(write.writeInput(schema, { tick: 70_005, newest: TICK, view, codes }, null), "input");
  is(write.writeConfirm(TICK), "confirm");
  is(write.writePause(true), "pause");
  is(write.writeResync(TICK), "resync");
  is(write.writePing(0xc0ffee01), "ping");
  is(write.writeRequest(schema, 513, 0, codesOf(schema.requests[0], { name: "Zoë" })), "request");
  is(write.writeBye(), "bye");
  is(write.writeRenew("another ticket"), "renew");
});

test("an input like the one before says its values in a bit", () => {
  const codes = codesOf(schema.input, { step: 1 });
  const input = { tick: 70_006, newest: TICK, view: { older: TICK, span: 0, sixteenths: 0 }, codes };
  const [first, same] = [write.writeInput(schema, input, null), write.writeInput(schema, input, codes.slice())];
  assert.deepEqual([first.length, same.length], [10, 9]);
  assert.deepEqual(write.writeInput(schema, input, codesOf(schema.input, {})), first);
});

test("a Hello is what it was read as", () => {
  const { features, extensions, resume, ...read } = readHello(golden("hello_again").subarray(1));
  assert.deepEqual(read, { protocolMin: 4, protocolMax: 4, schema: 0x0123456789abcdefn, tables: 0xfedcba9876543210n, role: "player", name: "Zoë" });
  assert.deepEqual([features, extensions.length, extensions[0].id, resume?.[15]], [FEATURE_FULL_DIGEST, 1, 300, 15]);
  assert.equal(readHello(golden("hello_spectator").subarray(1)).role, "spectator");
  assert.equal(readHello(golden("hello_auditor").subarray(1)).features, FEATURE_AUDIT);
});

test("the server's messages are read as they were meant", () => {
  const { limits: settled, ...read } = welcome();
  assert.deepEqual(
    [read.protocol, read.incarnation, read.player, read.tickRateHz, read.tick, read.slotBits],
    [4, 0x1122334455667788n, 7, 30, TICK, 6],
  );
  assert.deepEqual([read.schema, read.tables], [golden("schema"), golden("tables")]);
  assert.equal(read.schemaFingerprint, xxh3(golden("schema")));
  assert.deepEqual([read.tablesFingerprint, read.mapsHash, read.maps, read.features, read.delayMs], [0x99aabbccddeeff00n, 0x42n, "meadow", 0, 0]);
  assert.deepEqual([read.resume?.length, read.extensions], [16, []]);
  assert.deepEqual(settled, { messageBytes: 4_096, messagesPerSecond: 300, inputAheadTicks: 64, catchUpTicks: 16, viewEnterUnits: 80, viewLeaveUnits: 88 });
  const { schema: left, tables, resume } = welcome("welcome_again");
  assert.deepEqual([left, tables, resume], [null, null, null]);
  assert.deepEqual(readServerMessage(golden("pong")), { kind: "pong", stamp: 0xc0ffee01 });
  assert.deepEqual(readServerMessage(golden("reply_done")), { kind: "reply", number: 513, reason: null });
  assert.deepEqual(readServerMessage(golden("reply_refused")), { kind: "reply", number: 513, reason: 7 });
  const redirect = { url: "wss://b.example:4433/play/meadow", ticket: "a ticket", extensions: [] };
  assert.deepEqual(readServerMessage(golden("redirect")), { kind: "redirect", redirect });
  assert.deepEqual(readServerMessage(golden("notice")), { kind: "notice", reason: "ticket-ends", seconds: 300 });
  const newer = golden("tables");
  newer[0] = 1;
  assert.deepEqual(readServerMessage(golden("new_tables")), { kind: "tables", from: 70_001, bytes: newer });
  for (const name of ["state_full", "state_step", "state_keep_alive"]) {
    assert.deepEqual(readServerMessage(golden(name)), { kind: "state", bytes: golden(name) });
  }
});

test("an Audit says who may see what", () => {
  const audit = {
    tick: 70_002,
    gap: false,
    players: [{ player: 7, entity: 5, team: 1 }, { player: 9, entity: null, team: null }],
    entities: [{ anchor: 5, owner: 7, team: 1 }],
    hidden: [{ player: 7, anchors: [17, 20] }],
    events: [
      { tick: 70_001, to: { kind: "player", player: 7 }, kind: 0, codes: [5, 50] },
      { tick: 70_002, to: { kind: "seeing", anchor: 5 }, kind: 0, codes: [5, 50] },
    ],
    extensions: [],
  };
  assert.deepEqual(readServerMessage(golden("audit")), { kind: "audit", audit });
});

test("headers are read as they were meant, and only in their shortest form", () => {
  const header = new FrameHeader();
  const read = (/** @type {Uint8Array} */ bytes, whole = false) => header.read(new BitReader(bytes), TICK, whole);
  read(golden("state_full"));
  assert.deepEqual([header.kind, header.tick, header.epoch, header.early, header.me, header.complete, header.sections], ["full", TICK, 0, null, 5, true, 0b1101]);
  read(golden("state_step"));
  assert.deepEqual([header.kind, header.tick, header.covered, header.own, header.early, header.events], ["step", 70_002, 2, 1, -3, true]);
  read(golden("state_ordinary"));
  assert.deepEqual([header.kind, header.tick, header.covered, header.own, header.early, header.complete], ["step", 70_004, 1, 1, 18, true]);
  read(golden("state_keep_alive"));
  assert.deepEqual([header.kind, header.tick, header.early, header.me], ["keep-alive", 70_032, null, null]);
  read(golden("state_full_digest"), true);
  assert.deepEqual([header.proofA !== 0, header.proofB !== 0], [true, true]);
  // An ordinary step that does not say so: one tick, its own input used.
  const long = [0x91, 0b10000, 0, 0, 0, 0];
  assert.throws(() => read(Uint8Array.from(long)), (error) => error instanceof DecodeError && error.kind === "not-shortest");
  assert.deepEqual(["state_full", "state_step", "state_keep_alive"].map((name) => [isFull(golden(name)), isStep(golden(name))]), [[true, false], [false, true], [false, false]]);
});

test("values survive in as many bits as their ranges need", () => {
  const codes = [2, 1, 1];
  const message = write.writeInput(schema, { tick: 1, newest: 1, view: { older: 1, span: 0, sixteenths: 0 }, codes }, null);
  const reader = new BitReader(message);
  reader.skip(8 + 48 + 14 + 1, "head");
  assert.deepEqual(readValues(reader, schema.input), codes);
  reader.finish();
});

test("whatever is no message is refused with a typed error", () => {
  for (const [bytes, kind] of /** @type {const} */ ([
    [[], "truncated"],
    [[0], "unknown-message"],
    [[9], "unknown-message"],
    [[8, 0, 1, 0], "out-of-range"],
    [[8, 4, 1, 0], "out-of-range"],
    [[8, 1, 1], "truncated"],
    [[127], "unknown-message"],
    [[3, 1, 2, 3], "truncated"],
    [[3, 1, 2, 3, 4, 5], "trailing-bits"],
    [[1], "control"],
    [[5, 250], "control"],
    [[7, 0, 2], "control"],
    [[6, 0], "truncated"],
  ])) {
    assert.throws(() => readServerMessage(Uint8Array.from(bytes)), (error) => error instanceof DecodeError && error.kind === kind, `${bytes}`);
  }
  const huge = new Uint8Array(limits.SERVER_MESSAGE_BYTES_MAX + 1).fill(2);
  assert.throws(() => readServerMessage(huge), (error) => error instanceof DecodeError && error.kind === "out-of-range");
  const moon = Uint8Array.of(5, 253, 255, 255, 255, 255, 255, 255, 255, 255);
  assert.throws(() => readServerMessage(moon), DecodeError);
});

test("golden messages that are cut off or have a bit turned are read, or refused with a typed error", () => {
  const below = draws(9);
  for (const name of ["welcome", "welcome_again", "pong", "reply_done", "reply_refused", "redirect", "new_tables", "audit", "notice"]) {
    const bytes = golden(name);
    for (let round = 0; round < 400; round++) {
      const wrong = round < 200 ? bytes.slice(0, below(bytes.length)) : bytes.slice();
      if (wrong.length > 0) wrong[below(wrong.length)] ^= 1 << below(8);
      try {
        const message = readServerMessage(wrong);
        if (message.kind === "welcome") settle(message.welcome);
      } catch (error) {
        assert.ok(error instanceof DecodeError || error instanceof Disagreement, `${name}: ${error}`);
      }
    }
  }
});

test("more extensions than are kept are refused, unknown ones are skipped", () => {
  const bytes = (/** @type {number} */ length) => {
    const out = new ControlWriter();
    out.u8(5);
    out.text("wss://a");
    out.text("");
    out.integer(1);
    out.integer(77);
    out.integer(length);
    out.raw(new Uint8Array(length));
    return out.intoBytes();
  };
  const message = readServerMessage(bytes(limits.EXTENSION_BYTES_MAX - 2));
  assert.equal(message.kind === "redirect" && message.redirect.extensions[0].id, 77);
  assert.throws(() => readServerMessage(bytes(limits.EXTENSION_BYTES_MAX - 1)), DecodeError);
});

test("what is settled is what the Welcome says, and what nobody can play on is refused", () => {
  const settled = agreement();
  assert.deepEqual([settled.player, settled.tick, settled.maps, settled.wholeDigest, settled.layout.slots], [7, TICK, ["meadow"], false, 64]);
  const { known } = settled;
  assert.equal(settle(welcome("welcome_again"), { known }).schema.game, "golden");
  const refused = (/** @type {any} */ change, /** @type {any} */ asked, /** @type {string} */ kind) =>
    assert.throws(() => settle({ ...welcome(), ...change }, asked), (error) => error instanceof Disagreement && error.kind === kind, kind);
  refused({ protocol: 5 }, {}, "version");
  refused({ tickRateHz: 0 }, {}, "number");
  refused({ slotBits: 17 }, {}, "number");
  refused({ tick: 2 ** 32 - 1 }, {}, "number");
  refused({ schema: null }, {}, "left-out");
  refused({ tables: null }, { known: { ...known, tablesFingerprint: 1n } }, "left-out");
  refused({ schemaFingerprint: 1n }, {}, "fingerprint");
  refused({ schema: Uint8Array.of(2, 0) }, {}, "schema");
  refused({ schema: Uint8Array.of(3) }, {}, "newer");
  refused({ tables: Uint8Array.of(0) }, {}, "tables");
  refused({}, { audit: true }, "no-audit");
  holdTables(known, Uint8Array.of(1, 2, 3));
  assert.equal(known.tablesFingerprint, xxh3(Uint8Array.of(1, 2, 3)));
});

test("maps have one hash, in their order", () => {
  const [one, two] = [Uint8Array.of(1), Uint8Array.of(2)];
  assert.notEqual(mapsHash([one, two]), mapsHash([two, one]));
  const { mapsHash: hash } = { mapsHash: mapsHash([one]) };
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setBigUint64(0, xxh3(one), true);
  assert.equal(hash, xxh3(new Uint8Array(bytes.buffer)));
});

test("PROTOCOL.md's close codes are ours", () => {
  const table = textOf("shared/PROTOCOL.md").split("\n## Close codes\n")[1].split("\n## ")[0];
  const rows = table.split("\n").filter((line) => /^\| \d/.test(line)).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  assert.ok(rows.length > 20);
  assert.deepEqual(CLOSE_CODES.map(({ number, name, fault, retry, reason }) => [`${number}`, name, fault, retry, reason]), rows);
  assert.equal(closeCode(4_008)?.name, "RoomFull");
  assert.equal(closeCode(1_005), undefined);
});

test("version, sub-protocol and limits are those of the server", () => {
  const version = textOf("shared/src/wire/version.rs");
  assert.ok(version.includes(`PROTOCOL: u16 = ${PROTOCOL};`) && version.includes(`PROTOCOL_OLDEST: u16 = ${PROTOCOL_OLDEST};`));
  assert.ok(version.includes(`"${SUBPROTOCOL}"`));
  const rust = textOf("shared/src/limits.rs");
  for (const [name, value] of Object.entries(limits)) {
    const said = new RegExp(`pub const ${name}: \\w+ = ([^;]+);`).exec(rust)?.[1];
    assert.ok(said, name);
    const factors = said.replaceAll("_", "").split(/ (\*|<<) /);
    const number = factors.length === 1 ? Number(factors[0]) : factors[1] === "*" ? Number(factors[0]) * Number(factors[2]) : Number(factors[0]) << Number(factors[2]);
    assert.equal(value, number, name);
  }
});
