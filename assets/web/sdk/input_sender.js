// Which input is due, what was sent when, and what the newest frame is that we have confirmed.
//
// One input per tick, named by the tick it is meant for. Nothing is sent twice: the stream is ordered and loses nothing. Inputs whose
// time has passed (our own machine slept) are left out, for the server would only count them as late.
//
// Never here: bytes (see session), which tick it is (see clock), what the player wants (see hands).

import { TICK_MAX } from "./ids.js";

/** Ticks that may be made up for when we come late ourselves; older ones are left out. */
const CATCH_UP = 4;

/** How many sent inputs are remembered: enough for the longest window at 128 Hz. */
export const REMEMBERED = 256;

/** The newest tick that an input may name. The last of all ticks has none after it: a server that goes there must not be answered for ever. */
const NEWEST = TICK_MAX - 1;

/** Names inputs and remembers them. */
export class InputSender {
  /**
   * A sender whose first input will be for `first`.
   * @param {number} first
   * @param {number} nowMs
   */
  constructor(first, nowMs) {
    /** The tick whose input comes next. */
    this.next = first;
    /** Ring by tick: which tick, and when it was sent. @type {({ tick: number, ms: number } | undefined)[]} */
    this.ring = [];
    /** The codes of the last input that went out: the next may be the same, which costs a bit. @type {ArrayLike<number> | null} */
    this.said = null;
    /** @type {number | null} */
    this.confirmed = null;
    /** When something was last confirmed. */
    this.confirmedMs = nowMs;
  }

  /**
   * Whether there will be an input to send when the next tick is due.
   * @param {number} limit
   */
  goesOn(limit) {
    return this.next <= Math.min(limit, NEWEST);
  }

  /**
   * The next tick to send an input for, if `due` has reached it; else null. Never beyond `limit`: the server would close us.
   * @param {number} due
   * @param {number} limit
   */
  takeDue(due, limit) {
    const newest = Math.min(due, limit);
    if (newest < this.next || !this.goesOn(limit)) return null;
    const tick = Math.max(this.next, newest - CATCH_UP);
    this.next = tick + 1;
    return tick;
  }

  /**
   * Notes that the input for `tick` went out with these codes, confirming `newest`.
   * @param {number} tick
   * @param {number} newest
   * @param {ArrayLike<number>} codes
   * @param {number} nowMs
   */
  sent(tick, newest, codes, nowMs) {
    this.said = codes;
    this.ring[tick % REMEMBERED] = { tick, ms: nowMs };
    this.confirm(newest, nowMs);
  }

  /**
   * When the input for `tick` was sent; null if it was not or is forgotten.
   * @param {number} tick
   */
  sentMs(tick) {
    const sent = this.ring[tick % REMEMBERED];
    return sent?.tick === tick ? sent.ms : null;
  }

  /**
   * Whether `newest` must be confirmed by itself, because no input has done so for `afterMs`.
   * @param {number} newest
   * @param {number} afterMs
   * @param {number} nowMs
   */
  owesConfirm(newest, afterMs, nowMs) {
    return (this.confirmed === null || this.confirmed < newest) && nowMs - this.confirmedMs >= afterMs;
  }

  /**
   * Notes that `newest` was confirmed.
   * @param {number} newest
   * @param {number} nowMs
   */
  confirm(newest, nowMs) {
    this.confirmed = newest;
    this.confirmedMs = nowMs;
  }
}
