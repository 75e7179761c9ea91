// Which code tables are in force at which tick.
//
// Tables can be replaced by better ones at a marked tick: they come ahead of the first frame that needs them. A step may cover ticks before
// and after it, and each piece is in the codes of its own tick, so a replica keeps both until no frame can reach back behind the mark.
//
//   tick    ──┬────────────┬──────────────►
//   tables    │ epoch 0     │ epoch 1             a step over the mark needs both
//
// Never here: what tables are (see codec/tables.js).

import { CATCH_UP_TICKS, TABLES_WAITING_MAX } from "./limits.js";

/** @typedef {import("./codec/tables.js").Tables} Tables */

/**
 * Why new tables are no use.
 *
 * - `broken`: they cannot be read
 * - `too-late`: of their first tick there was a frame already, or tables that came earlier begin later
 * - `same-epoch`: they have the epoch of those before
 * - `too-many`: more are to come than any server has use for
 *
 * @typedef {"broken" | "too-late" | "same-epoch" | "too-many"} TablesRefusedKind
 */

/** New tables are no use: the server's fault, and the connection cannot go on. */
export class TablesRefused extends Error {
  /**
   * @param {TablesRefusedKind} kind
   * @param {string} says
   * @param {unknown} [cause]
   */
  constructor(kind, says, cause) {
    super(says, { cause });
    this.name = "TablesRefused";
    /** @type {TablesRefusedKind} */
    this.kind = kind;
  }
}

/** Tables and from which tick on each is in force. */
export class Epochs {
  /** @param {Tables} tables in force until others are */
  constructor(tables) {
    this.inForce = tables;
    /** Later ones, ascending. @type {{ from: number, tables: Tables }[]} */
    this.coming = [];
  }

  /**
   * The tables of a tick.
   * @param {number} tick
   * @returns {Tables}
   */
  at(tick) {
    for (let at = this.coming.length - 1; at >= 0; at--) {
      if (this.coming[at].from <= tick) return this.coming[at].tables;
    }
    return this.inForce;
  }

  /**
   * Others are in force from `from` on; of `heard` there was a frame already.
   * @param {number} from
   * @param {Tables} tables
   * @param {number} heard
   * @throws {TablesRefused}
   */
  add(from, tables, heard) {
    const last = this.coming.at(-1);
    const after = Math.max(last ? last.from : heard, heard);
    if (from <= after) throw new TablesRefused("too-late", `code tables from tick ${from} on, after tick ${after}`);
    if (tables.epoch === (last ? last.tables : this.inForce).epoch) {
      throw new TablesRefused("same-epoch", `code tables of epoch ${tables.epoch}, which is the one before theirs`);
    }
    if (this.coming.length >= TABLES_WAITING_MAX) {
      throw new TablesRefused("too-many", `more than ${TABLES_WAITING_MAX} code tables at once`);
    }
    this.coming.push({ from, tables });
  }

  /**
   * Lets go of tables that no frame can need any more: the next one goes on from `held`, or covers at most 16 ticks after `heard`'s time,
   * or starts anew.
   * @param {number} held
   * @param {number} heard
   */
  settle(held, heard) {
    const oldest = Math.max(held, heard - CATCH_UP_TICKS);
    while (this.coming.length > 0 && this.coming[0].from <= oldest) {
      this.inForce = /** @type {{ tables: Tables }} */ (this.coming.shift()).tables;
    }
  }
}
