// Which tick is it for us? A little ahead of the server, so that inputs arrive just in time.
//
// Every frame says how early our newest input came (in 1/16 tick). We want that to be one tick and twice its spread: less, and jitter
// makes inputs late; more, and the player waits. Small errors change the pace, which nobody sees; large ones (a stall of the server, a
// changed route) are jumped over.
//
//   server   ────┬────t────┬───t+1───┬──►        input t+1 sent ─┐
//   client   ──────────t+2────────t+3───────►                    └── travels ──► arrives, `early` before step t+1
//
// Never here: the time of day. `nowMs` is whatever steady clock the caller has.

import { TICK_MAX } from "./ids.js";

/** Ticks by which an input should come before its step, beside twice the spread of what was seen. */
export const LEAD_TICKS = 1;
/** At most this much is added for the spread: beyond it the link is so bad that late inputs are the lesser evil. */
const SPREAD_TICKS_MAX = 6;
/** An error of this many ticks is jumped over at once; steering it away would take seconds. */
const JUMP_TICKS = 2.5;
/** Share of the pace that one tick of error changes: two seconds to settle at 30 Hz. */
const PACE_PER_TICK = 0.02;
/** The pace stays within this much of real time. */
const PACE_MAX = 0.08;
/** How much a new observation weighs. */
const WEIGHT = 1 / 8;
/**
 * Bunches of frames over which we look how far ahead of the server we are. A frame alone is a bunch, too; after a stall, a bunch of old
 * ones comes first.
 */
const BUNCHES = 4;
/**
 * We may be this many ticks further ahead of the frames than round trip and lead explain. What `early` says ends at eight ticks, so a
 * server that falls far behind its rate is seen here.
 */
const AHEAD_SLACK_TICKS = 8;
/** Observations before a jump: one alone may be an outlier. */
const JUMP_AFTER = 3;

/** A clock in ticks, steered by what the server says of our inputs. */
export class Clock {
  /**
   * A clock that guesses: the server was at `newest` half a round trip ago.
   * @param {number} tickRateHz
   * @param {number} newest
   * @param {number} roundTripMs
   * @param {number} nowMs
   */
  constructor(tickRateHz, newest, roundTripMs, nowMs) {
    /** Milliseconds of one tick. */
    this.tickMs = 1000 / Math.max(tickRateHz, 1);
    this.base = newest + clamp(roundTripMs / this.tickMs, 0, 15) + LEAD_TICKS + 1;
    this.atMs = nowMs;
    this.pace = 1;
    this.seen = 0;
    this.early = LEAD_TICKS;
    this.spread = 0.5;
    /** What was sent before a jump says nothing about the time after it. */
    this.deafUntilMs = nowMs;
    /** By how many ticks we were ahead of the last frame of each of the last bunches when it came. */
    this.ahead = new Array(BUNCHES).fill(0);
    this.bunches = 0;
    this.frameMs = -Infinity;
  }

  /**
   * The tick whose input is due now, and how far we are into it.
   * @param {number} nowMs
   */
  ticks(nowMs) {
    return this.base + (Math.max(nowMs - this.atMs, 0) / this.tickMs) * this.pace;
  }

  /**
   * The newest tick whose input should have been sent.
   * @param {number} nowMs
   */
  due(nowMs) {
    return clamp(Math.floor(this.ticks(nowMs)), 0, TICK_MAX);
  }

  /**
   * When the input for `tick` is due.
   * @param {number} tick
   */
  dueMs(tick) {
    return this.atMs + ((tick - this.base) * this.tickMs) / this.pace;
  }

  /** How early inputs come, in ticks, smoothed; null before the server said so. */
  get leadTicks() {
    return this.seen > 0 ? this.early : null;
  }

  /**
   * Takes in how early our newest input came. `roundTripMs` is how long a change takes to be seen.
   * @param {number} earlySixteenths
   * @param {number} roundTripMs
   * @param {number} nowMs
   */
  feedback(earlySixteenths, roundTripMs, nowMs) {
    if (nowMs < this.deafUntilMs) return;
    const early = earlySixteenths / 16;
    if (this.seen === 0) this.early = early;
    this.seen += 1;
    this.spread += (Math.abs(early - this.early) - this.spread) * WEIGHT;
    this.early += (early - this.early) * WEIGHT;
    this.#advanceTo(nowMs);
    const error = this.#targetTicks() - this.early;
    if (Math.abs(error) > JUMP_TICKS && this.seen >= JUMP_AFTER) {
      this.#jump(error, roundTripMs, nowMs);
      this.early += error;
    } else {
      this.pace = 1 + clamp(error * PACE_PER_TICK, -PACE_MAX, PACE_MAX);
    }
  }

  /**
   * Takes in that the frame of `tick` came: we must not be further ahead of it than the way there and back explains.
   * @param {number} tick
   * @param {number} roundTripMs
   * @param {number} nowMs
   */
  frame(tick, roundTripMs, nowMs) {
    if (nowMs - this.frameMs >= this.tickMs / 4) {
      const least = Math.min(...this.ahead);
      const explained = roundTripMs / this.tickMs + this.#targetTicks();
      if (this.bunches >= BUNCHES && least > explained + AHEAD_SLACK_TICKS) {
        this.#advanceTo(nowMs);
        this.#jump(explained - least, roundTripMs, nowMs);
      }
      this.bunches += 1;
    }
    this.frameMs = nowMs;
    this.ahead[this.bunches % BUNCHES] = this.ticks(nowMs) - tick;
  }

  /** Ticks by which inputs should come early. */
  #targetTicks() {
    return LEAD_TICKS + Math.min(2 * this.spread, SPREAD_TICKS_MAX);
  }

  /**
   * @param {number} ticks
   * @param {number} roundTripMs
   * @param {number} nowMs
   */
  #jump(ticks, roundTripMs, nowMs) {
    this.base += ticks;
    this.pace = 1;
    this.seen = 0;
    for (let at = 0; at < BUNCHES; at++) this.ahead[at] += ticks;
    this.deafUntilMs = nowMs + roundTripMs + 4 * this.tickMs;
  }

  /**
   * A new pace must not change the past.
   * @param {number} nowMs
   */
  #advanceTo(nowMs) {
    this.base = this.ticks(nowMs);
    this.atMs = Math.max(this.atMs, nowMs);
  }
}

/**
 * @param {number} value
 * @param {number} min
 * @param {number} max
 */
function clamp(value, min, max) {
  return Math.min(Math.max(value, min), max);
}
