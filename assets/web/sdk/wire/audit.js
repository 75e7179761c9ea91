// What an auditor is told beside each of its frames: who may see what. A page is no auditor; a tool that runs in node can be one.
//
// Never here: the rule itself (each side has its own).

import { DecodeError } from "../bits/reader.js";
import { AUDIT_BYTES_MAX } from "../limits.js";
import { ControlReader } from "./control.js";

/**
 * To whom an event went: everyone, a team, a player, or those who may see an entity (its anchor's slot; null: it has none).
 * @typedef {{ kind: "everyone" } | { kind: "team", team: number } | { kind: "player", player: number }
 *   | { kind: "seeing", anchor: number | null }} AuditedAudience
 */

/**
 * What is true of one tick (PROTOCOL.md, "Auditors").
 * @typedef {object} Audit
 * @property {number} tick
 * @property {boolean} gap
 * @property {{ player: number, entity: number | null, team: number | null }[]} players
 * @property {{ anchor: number, owner: number | null, team: number | null }[]} entities
 * @property {{ player: number, anchors: number[] }[]} hidden
 * @property {{ tick: number, to: AuditedAudience, kind: number, codes: number[] }[]} events
 * @property {import("./control.js").Extension[]} extensions
 */

/**
 * Reads an Audit.
 * @param {Uint8Array} bytes behind the kind of message
 * @returns {Audit}
 */
export function readAudit(bytes) {
  if (bytes.length > AUDIT_BYTES_MAX) throw DecodeError.control("audit");
  const from = new ControlReader(bytes, "audit");
  const audit = {
    tick: from.u32(),
    gap: from.bool(),
    players: from.list(() => ({
      player: from.u32(),
      entity: from.option(() => from.u16()),
      team: from.option(() => from.u8()),
    })),
    entities: from.list(() => ({
      anchor: from.u16(),
      owner: from.option(() => from.u32()),
      team: from.option(() => from.u8()),
    })),
    hidden: from.list(() => ({ player: from.u32(), anchors: from.list(() => from.u16()) })),
    events: from.list(() => ({
      tick: from.u32(),
      to: readAudience(from),
      kind: from.u8(),
      codes: from.list(() => from.i32()),
    })),
    extensions: from.extensions(),
  };
  from.finish();
  return audit;
}

/**
 * @param {ControlReader} from
 * @returns {AuditedAudience}
 */
function readAudience(from) {
  const kind = from.oneOf(["everyone", "team", "player", "seeing"]);
  if (kind === "team") return { kind, team: from.u8() };
  if (kind === "player") return { kind, player: from.u32() };
  if (kind === "seeing") return { kind, anchor: from.option(() => from.u16()) };
  return { kind };
}
