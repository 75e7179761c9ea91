// What we shot and the server has not shown yet: it flies on our screen in the tick of the key press, ahead of the server as we are.
//
//   a predicted step launches ─► ghost ─► a frame has the server's own ─► in its place ─► gone with it
//                                  └────► some frames later still none: refused, gone
//
// A ghost stands in for what came of it until that is gone: the server's own is drawn a round trip later, and would jump back. What is
// drawn of others is behind by a delay: for so long a ghost that is gone still hides what came of it.
//
// Never here: which step launches what (see predict), pictures.

/** @import { Ghost, Launch } from "./types.js" */

/** Ghosts at a time; a game that launches more sees the newest. */
export const GHOSTS_MAX = 32;
/** Ticks that the server's own may come late, as records do where bytes are scarce. Whose did not come by then was refused. */
export const GRACE_TICKS = 8;

/**
 * One ghost. `slot`: of what came of it, once it was there. `gone`: the tick since when that is not there any more.
 * @typedef {{ tick: number, launch: Launch, slot: number | null, gone: number | null }} Shot
 */

/** All ghosts of one client, by tick. */
export class Ghosts {
  constructor() {
    /** @type {Shot[]} */
    this.shots = [];
    /** Shots that were predicted, and so shown. */
    this.launched = 0;
    /** Of these, those of which nothing came: shown, and taken back. */
    this.refused = 0;
  }

  /**
   * What `tick` was predicted to launch, perhaps not for the first time.
   * @param {number} tick
   * @param {Launch | null} launch
   */
  predict(tick, launch) {
    const at = this.shots.findIndex((shot) => shot.tick === tick);
    if (at >= 0) {
      if (launch !== null) {
        this.shots[at].launch = launch;
      } else {
        this.shots.splice(at, 1);
        this.refused += 1;
      }
    } else if (launch !== null) {
      if (this.shots.length === GHOSTS_MAX) this.shots.shift();
      this.shots.push({ tick, launch, slot: null, gone: null });
      this.launched += 1;
    }
  }

  /**
   * The frame of tick `newest` is there; `find` gives what came of a shot in some tick, if it is there.
   * @param {number} newest
   * @param {(tick: number) => number | null} find
   */
  confirm(newest, find) {
    this.shots = this.shots.filter((shot) => {
      if (newest < shot.tick || shot.gone !== null) return true;
      const found = find(shot.tick);
      if (found !== null) {
        shot.slot = found;
      } else if (shot.slot !== null) {
        shot.gone = newest;
      } else if (newest - shot.tick >= GRACE_TICKS) {
        this.refused += 1;
        return false;
      }
      return true;
    });
  }

  /**
   * Others are drawn as of `drawn` or later: what was gone by then needs no hiding.
   * @param {number} drawn
   */
  forget(drawn) {
    this.shots = this.shots.filter((shot) => shot.gone === null || shot.gone > drawn);
  }

  /**
   * Whether a ghost stands in for this entity: it is not to be drawn.
   * @param {number} slot
   */
  hides(slot) {
    return this.shots.some((shot) => shot.slot === slot);
  }

  /**
   * Where ghosts are at a moment, in ticks and fractions of them.
   * @param {number} moment
   * @returns {Ghost[]}
   */
  shown(moment) {
    const shown = [];
    for (const { tick, launch, gone } of this.shots) {
      const flown = moment - tick;
      if (gone !== null || flown <= -1 || flown > launch.ticks) continue;
      const way = Math.max(flown, 0);
      shown.push({ x: launch.at.x + launch.perTick.x * way, y: launch.at.y + launch.perTick.y * way, shotAt: tick });
    }
    return shown;
  }
}
