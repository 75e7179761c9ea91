// What the server says.
//
//   1 Welcome    bincode                          the answer to Hello
//   2 State      see state_frame                  one per tick; 128 and above: a step
//   3 Pong       the 32 bits of the Ping
//   4 Reply      request number · outcome
//   5 Redirect   bincode                          go on elsewhere
//   6 Tables     tick u32 · code tables           in force from that tick on
//   7 Audit      bincode                          to auditors only, behind each frame
//   8 Notice     reason · seconds                 this connection will end, and why
//
// PROTOCOL.md, "Server". A state frame can only be read with the replica that it changes, so it comes out whole.

import { BitReader, DecodeError } from "../bits/reader.js";
import { SERVER_MESSAGE_BYTES_MAX } from "../limits.js";
import { readAudit } from "./audit.js";
import { readRedirect, readWelcome } from "./control.js";

/** The first byte of a full frame and of a keep-alive. */
export const STATE = 2;

/** The bit of the first byte that only steps have: the other seven are a part of their header. */
export const STEP = 0x80;

/** Why a connection will end, by number, from 1 on. @type {NoticeReason[]} */
export const NOTICE_REASONS = ["unchanged", "ticket-ends", "going-away"];

/** @typedef {"unchanged" | "ticket-ends" | "going-away"} NoticeReason */

/**
 * A message of the server.
 *
 * - `state`: for `Replica.apply`
 * - `reply`: `reason` is null if the request was done; else the game's own number, 255 if the game has no answer to it
 * - `tables`: for `Replica.takeTables`
 *
 * @typedef {{ kind: "welcome", welcome: import("./control.js").Welcome }
 *   | { kind: "state", bytes: Uint8Array }
 *   | { kind: "pong", stamp: number }
 *   | { kind: "reply", number: number, reason: number | null }
 *   | { kind: "redirect", redirect: import("./control.js").Redirect }
 *   | { kind: "tables", from: number, bytes: Uint8Array }
 *   | { kind: "audit", audit: import("./audit.js").Audit }
 *   | { kind: "notice", reason: NoticeReason, seconds: number }} ServerMessage
 */

/**
 * Reads a message.
 * @param {Uint8Array} bytes a whole WebSocket message
 * @returns {ServerMessage}
 * @throws {DecodeError} the server's fault, or it is newer than we are: the connection cannot go on
 */
export function readServerMessage(bytes) {
  const size = bytes.length;
  if (size > SERVER_MESSAGE_BYTES_MAX) throw DecodeError.outOfRange("message", size, 1, SERVER_MESSAGE_BYTES_MAX);
  if (size === 0) throw DecodeError.truncated("message kind");
  const kind = bytes[0];
  if (kind === STATE || kind >= STEP) return { kind: "state", bytes };
  const body = bytes.subarray(1);
  if (kind === 1) return { kind: "welcome", welcome: readWelcome(body) };
  if (kind === 5) return { kind: "redirect", redirect: readRedirect(body) };
  if (kind === 7) return { kind: "audit", audit: readAudit(body) };
  const reader = new BitReader(body);
  if (kind === 6) return { kind: "tables", from: reader.read(32, "first tick"), bytes: body.subarray(4) };
  /** @type {ServerMessage} */
  let message;
  if (kind === 3) {
    message = { kind: "pong", stamp: reader.read(32, "stamp") };
  } else if (kind === 4) {
    const number = reader.read(16, "request number");
    message = { kind: "reply", number, reason: reader.readBool("outcome") ? null : reader.read(8, "reason") };
  } else if (kind === 8) {
    const reason = reader.read(8, "reason of the notice");
    if (reason < 1 || reason > NOTICE_REASONS.length) {
      throw DecodeError.outOfRange("reason of the notice", reason, 1, NOTICE_REASONS.length);
    }
    message = { kind: "notice", reason: NOTICE_REASONS[reason - 1], seconds: reader.read(16, "seconds") };
  } else {
    throw DecodeError.unknownMessage(kind);
  }
  reader.finish();
  return message;
}
