// What we died of, as far as the server's own words make it certain: a kill names who, not with what.
//
//   one frame:  rockets that ended ─► hits on us ─► the kill        more than a round takes: a rocket
//                                                                   the killer's rocket ended beside us: a rocket
//                                                                   neither, and no frame was left out: the rifle
//
// Never here: words for it (see told.js).

import { RIFLE_DAMAGE, ROCKET_SPEED, SPLASH_UNITS, TICK_RATE_MIN, UNIT } from "./constants.js";

/**
 * Empty: it is not known. `own-rocket`: one's own burst. `gave-up`: nobody's doing but one's own will.
 * @typedef {"" | "rifle" | "rocket" | "own-rocket" | "gave-up"} Means
 */

/** How far from a body a burst can be that hurt it, in units: its reach, the body's own size, and the tick that we did not see of the flight. */
const BESIDE = SPLASH_UNITS + 6 + ROCKET_SPEED / TICK_RATE_MIN;

export class Cause {
  constructor() {
    /** The newest frame before the one whose events are told now; NaN: none. */
    this.tick = NaN;
    /** @type {{ shooter: number | null, x: number, y: number }[]} rockets that ended in this frame, in units */
    this.bursts = [];
    /** @type {import("./arena.js").Events["Hit"] | null} the last hit on us in this frame */
    this.hit = null;
  }

  /** Nothing that was seen counts any more. */
  clear() {
    this.tick = NaN;
    this.bursts.length = 0;
    this.hit = null;
  }

  /** Something left the world. @param {import("./arena.js").ArenaEntity} entity */
  left({ components: { Projectile: projectile, Position: position } }) {
    if (projectile === undefined || position === undefined) return;
    this.bursts.push({ shooter: projectile.shooter, x: position.at.x / UNIT, y: position.at.y / UNIT });
  }

  /** We were hit. @param {import("./arena.js").Events["Hit"]} hit */
  hurt(hit) {
    this.hit = hit;
  }

  /** A frame is through: what comes next belongs to another one. @param {number} tick */
  frame(tick) {
    this.clear();
    this.tick = tick;
  }

  /**
   * With what `killer` killed us, who are `me` and stood at (`x`, `y`), by what a frame of this tick told.
   * @param {number | null} killer
   * @param {number | null} me
   * @param {{ x: number, y: number } | null} at in units
   * @param {number} tick
   * @returns {Means}
   */
  of(killer, me, at, tick) {
    const { hit } = this;
    if (killer === me) return hit !== null && hit.shooter === me ? "own-rocket" : "gave-up";
    if (hit === null || killer === null || hit.shooter !== killer) return "";
    if (hit.damage > RIFLE_DAMAGE) return "rocket";
    const theirs = this.bursts.filter(({ shooter }) => shooter === killer);
    if (theirs.some(({ x, y }) => at !== null && Math.hypot(x - at.x, y - at.y) < BESIDE)) return "rocket";
    // A frame that was left out may have held a rocket's whole flight.
    return theirs.length === 0 && tick === this.tick + 1 ? "rifle" : "";
  }
}
