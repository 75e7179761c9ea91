// How keys turn the aim: towards where they point, slowly at first, so that a tap is a small correction, and then quickly.
//
// Pure: no events, no page.
//
// Never here: which key is which (see keyboard.js).

import { TURN } from "../geometry.js";

/** Turns per second at a key's first touch, and once it is held. */
const [SLOW, FAST] = [0.12, 1.1];
/** Milliseconds of holding from the one to the other. */
const GAINS_MS = 350;
/** Milliseconds that one picture may turn for: who did not look for longer does not spin. */
const PICTURE_MS_MAX = 100;

export class Turning {
  constructor() {
    this.heldMs = 0;
    /** @type {number | null} when it was asked last; null: nothing was held */
    this.beforeMs = null;
  }

  /**
   * The aim after this picture, if keys point along (`x`, `y`); 0 and 0: none is held.
   * @param {number} aim in 1/65,536 turn
   * @param {number} x
   * @param {number} y
   * @param {number} nowMs
   */
  turn(aim, x, y, nowMs) {
    if (x === 0 && y === 0) {
      [this.heldMs, this.beforeMs] = [0, null];
      return aim;
    }
    const forMs = this.beforeMs === null ? 0 : Math.min(Math.max(nowMs - this.beforeMs, 0), PICTURE_MS_MAX);
    this.beforeMs = nowMs;
    this.heldMs += forMs;
    const perSecond = SLOW + (FAST - SLOW) * Math.min(this.heldMs / GAINS_MS, 1);
    const most = perSecond * TURN * forMs / 1000;
    const wanted = Math.atan2(y, x) / (2 * Math.PI) * TURN;
    // The shorter way round; half a turn goes anticlockwise.
    const off = (wanted - aim + 2.5 * TURN) % TURN - TURN / 2;
    const by = Math.abs(off) <= most ? off : Math.sign(off) * most;
    return (Math.round(aim + by) + TURN) % TURN;
  }
}
