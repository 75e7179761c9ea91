// What a client says: it asks, it never tells the state. One writer per message; each gives a whole WebSocket message.
//
//   1 Hello     bincode                                              first, once
//   2 Input     tick · newest frame · view tick · the same? · values once per tick while playing
//   3 Confirm   newest frame                                         where no input says it
//   4 Pause     on or off                                            a hidden tab
//   5 Resync    tick of the frame that was found wrong
//   6 Ping      32 bits that come back
//   7 Request   number · kind · values                               answered
//   8 Bye                                                            the player leaves
//   9 Renew     bincode                                              a new ticket
//
// A server closes who sends it a message of more than 4 KiB: such a one is not written.
//
// PROTOCOL.md, "Client". Never here: when a message is due (see session).

import { BitWriter } from "../bits/writer.js";
import { usage } from "../errors.js";
import { tickLow } from "../ids.js";
import { CLIENT_MESSAGE_BYTES_MAX, TICKET_BYTES_MAX } from "../limits.js";
import { ControlWriter, writeHello as writeHelloFields } from "./control.js";
import { writeValues } from "./values.js";

/** @typedef {import("../schema/component.js").Declaration} Declaration */
/** @typedef {import("../schema/registry.js").Schema} Schema */

/**
 * What was drawn when the player acted: between which two frames, and where between them.
 * @typedef {object} ViewTick
 * @property {number} older the tick of the older of the two frames
 * @property {number} span ticks from the older to the newer, 0 to `SPAN_MAX`
 * @property {number} sixteenths where between them, in 1/16 tick from the older: 0 to 16 × span
 */

/** Ticks that may lie between the two frames of a view. */
export const SPAN_MAX = 31;

/**
 * One tick's input.
 * @typedef {object} Input
 * @property {number} tick the tick that it is meant for
 * @property {number} newest the newest frame received, of whatever kind: this confirms it and all before
 * @property {ViewTick} view what the player saw
 * @property {ArrayLike<number>} codes of the schema's input: see `codesOf` in schema/component.js
 */

/**
 * The first message.
 * @param {import("./control.js").Hello} hello
 * @returns {Uint8Array}
 * @throws {import("../errors.js").TickwireError} it is too long
 */
export function writeHello(hello) {
  const out = new ControlWriter();
  out.u8(1);
  writeHelloFields(out, hello);
  return bounded("Hello", out.intoBytes());
}

/**
 * The input of a tick.
 * @param {Schema} schema
 * @param {Input} input
 * @param {ArrayLike<number> | null} before the codes of the input that was sent before this one on this connection; null: there was none
 * @returns {Uint8Array}
 * @throws {import("../errors.js").TickwireError} it is too long
 */
export function writeInput(schema, input, before) {
  const out = new BitWriter();
  out.write(2, 8);
  out.write(tickLow(input.tick), 16);
  out.write(tickLow(input.newest), 16);
  out.write(tickLow(input.view.older), 16);
  out.write(input.view.span, 5);
  out.write(input.view.sixteenths, 9);
  const same = before !== null && areSame(before, input.codes);
  out.writeBool(same);
  if (!same) writeValues(out, schema.input, input.codes);
  return bounded("Input", out.intoBytes());
}

/**
 * The newest frame received.
 * @param {number} newest its tick
 * @returns {Uint8Array}
 */
export function writeConfirm(newest) {
  return small(3, tickLow(newest), 16);
}

/**
 * Keep-alives only, or go on.
 * @param {boolean} on
 * @returns {Uint8Array}
 */
export function writePause(on) {
  return small(4, on ? 1 : 0, 1);
}

/**
 * The frame of this tick was wrong: send all anew.
 * @param {number} tick
 * @returns {Uint8Array}
 */
export function writeResync(tick) {
  return small(5, tickLow(tick), 16);
}

/**
 * Send this back.
 * @param {number} stamp of 32 bits
 * @returns {Uint8Array}
 */
export function writePing(stamp) {
  return small(6, stamp, 32);
}

/**
 * Something that the player asks for.
 * @param {Schema} schema
 * @param {number} number numbered from 0 up, wrapping at 65,536; the Reply names it
 * @param {number} kind position in the schema's requests
 * @param {ArrayLike<number>} codes see `codesOf` in schema/component.js
 * @returns {Uint8Array}
 * @throws {import("../errors.js").TickwireError} it is too long
 */
export function writeRequest(schema, number, kind, codes) {
  const out = new BitWriter();
  out.write(7, 8);
  out.write(number, 16);
  out.write(kind, 8);
  writeValues(out, schema.requests[kind], codes);
  return bounded(`Request ${schema.requests[kind].name}`, out.intoBytes());
}

/**
 * The player leaves.
 * @returns {Uint8Array}
 */
export function writeBye() {
  return Uint8Array.of(8);
}

/**
 * A new ticket, before the old one ends.
 * @param {string} ticket
 * @returns {Uint8Array}
 * @throws {import("../errors.js").TickwireError} it is too long
 */
export function writeRenew(ticket) {
  const { length } = new TextEncoder().encode(ticket);
  if (length > TICKET_BYTES_MAX) throw usage(`the ticket has ${length} bytes`, `at most ${TICKET_BYTES_MAX} fit`);
  const out = new ControlWriter();
  out.u8(9);
  out.text(ticket);
  out.list([], () => {});
  return bounded("Renew", out.intoBytes());
}

/**
 * @param {number} kind
 * @param {number} value
 * @param {number} bits
 */
function small(kind, value, bits) {
  const out = new BitWriter();
  out.write(kind, 8);
  out.write(value, bits);
  return out.intoBytes();
}

/**
 * @param {string} what
 * @param {Uint8Array} bytes
 */
function bounded(what, bytes) {
  if (bytes.length <= CLIENT_MESSAGE_BYTES_MAX) return bytes;
  throw usage(`the message ${what} has ${bytes.length} bytes`, `a server takes at most ${CLIENT_MESSAGE_BYTES_MAX}: say less`);
}

/**
 * @param {ArrayLike<number>} one
 * @param {ArrayLike<number>} other
 */
function areSame(one, other) {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}
