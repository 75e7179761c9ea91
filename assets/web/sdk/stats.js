// How things stand, in numbers that a net graph can show.
//
//   counters of this connection + those of all before it · rates of the last second · what clock, screen and socket say now
//
// Never here: what is done about it.

import { Counters } from "./session/counters.js";

/** @import { Stats } from "./types.js" */
/** @typedef {import("./line.js").Line} Line */

/** A second in parts: a rate forgets one part after the other. */
const PARTS = 8;
const PART_MS = 1_000 / PARTS;
/** How much a new frame's jitter weighs (RFC 3550, 6.4.1). */
const WEIGHT = 1 / 16;

/** What was added within the last second. */
export class Rate {
  constructor() {
    this.parts = new Float64Array(PARTS);
    this.part = 0;
  }

  /**
   * @param {number} amount
   * @param {number} nowMs
   */
  add(amount, nowMs) {
    this.#advance(nowMs);
    this.parts[this.part % PARTS] += amount;
  }

  /** @param {number} nowMs */
  perSecond(nowMs) {
    this.#advance(nowMs);
    return this.parts.reduce((sum, part) => sum + part, 0);
  }

  /** @param {number} nowMs */
  #advance(nowMs) {
    const part = Math.floor(nowMs / PART_MS);
    if (part - this.part >= PARTS) this.parts.fill(0);
    else for (let next = this.part + 1; next <= part; next++) this.parts[next % PARTS] = 0;
    this.part = Math.max(part, this.part);
  }
}

/** Counts over all connections of a room. */
export class Gauges {
  constructor() {
    this.in = new Rate();
    this.out = new Rate();
    this.frames = new Rate();
    /** Sums of the connections before this one. */
    this.before = { ...new Counters(), ...NO_SCREEN };
    this.reconnects = 0;
    this.jitterMs = 0;
    /** @type {{ tick: number, ms: number } | null} */
    this.frame = null;
    this.welcomedMs = 0;
    this.seen = { in: 0, out: 0 };
  }

  /**
   * A state frame came.
   * @param {number} tick
   * @param {number} tickMs
   * @param {number} nowMs
   */
  noteFrame(tick, tickMs, nowMs) {
    this.frames.add(1, nowMs);
    if (this.frame !== null) {
      const late = nowMs - this.frame.ms - (tick - this.frame.tick) * tickMs;
      this.jitterMs += (Math.abs(late) - this.jitterMs) * WEIGHT;
    }
    this.frame = { tick, ms: nowMs };
  }

  /**
   * What went through the socket since we last looked.
   * @param {Line} line
   * @param {number} nowMs
   */
  noteBytes({ socket }, nowMs) {
    this.in.add(socket.bytesIn - this.seen.in, nowMs);
    this.out.add(socket.bytesOut - this.seen.out, nowMs);
    this.seen = { in: socket.bytesIn, out: socket.bytesOut };
  }

  /**
   * A connection is over.
   * @param {Line} line
   */
  fold(line) {
    this.before = this.#totals(line);
    this.seen = { in: 0, out: 0 };
    this.frame = null;
  }

  /**
   * @param {Line | null} line null: none now
   * @param {Stats["state"]} state
   * @param {number} nowMs
   * @returns {Stats}
   */
  read(line, state, nowMs) {
    const totals = line === null ? this.before : this.#totals(line);
    if (line !== null) this.noteBytes(line, nowMs);
    const playing = line?.session.playing ?? null;
    const tickMs = playing?.clock.tickMs ?? 0;
    return {
      state,
      rttMs: playing?.roundTripMs ?? 0,
      jitterMs: this.jitterMs,
      bytesInPerSecond: this.in.perSecond(nowMs),
      bytesOutPerSecond: this.out.perSecond(nowMs),
      framesPerSecond: this.frames.perSecond(nowMs),
      snapshotAgeMs: this.frame === null ? 0 : nowMs - this.frame.ms,
      interpolationMs: playing?.screen.interpolator.delayMs ?? 0,
      leadMs: (playing?.clock.leadTicks ?? 0) * tickMs,
      tick: playing?.replica.tick ?? 0,
      entityCount: playing?.screen.entities.held.size ?? 0,
      digestsChecked: totals.digestsChecked,
      digestsWrong: totals.digestMismatches,
      framesBroken: totals.framesBroken,
      resyncs: totals.resyncs,
      ticksSkipped: totals.ticksSkipped,
      framesTrimmed: totals.framesTrimmed,
      inputsSent: totals.inputsSent,
      inputsShed: totals.inputsShed,
      inputsUsed: totals.inputsUsed,
      inputsLate: totals.inputsLate,
      eventsLost: totals.eventsLost,
      underruns: totals.underruns,
      drawn: totals.drawn,
      corrections: totals.corrections,
      prediction: {
        compared: totals.compared,
        inputSubstituted: totals.inputSubstituted,
        touchedByOther: totals.touchedByOther,
        unexplained: totals.unexplained,
      },
      bufferedBytes: line?.socket.unsent ?? 0,
      reconnects: this.reconnects,
      resumed: totals.resumed,
      sessionMs: playing === null ? 0 : nowMs - this.welcomedMs,
    };
  }

  /** @param {Line} line */
  #totals({ session }) {
    const screen = session.playing?.screen;
    const now = { ...NO_SCREEN, ...session.counters, ...screen?.interpolator.counts, ...screen?.predictor?.counts };
    const sums = { ...this.before };
    for (const name of /** @type {(keyof typeof sums)[]} */ (Object.keys(sums))) sums[name] += now[name] ?? 0;
    return sums;
  }
}

/** What is counted by the screen, before there is one. */
const NO_SCREEN = Object.freeze({
  drawn: 0,
  underruns: 0,
  corrections: 0,
  compared: 0,
  inputSubstituted: 0,
  touchedByOther: 0,
  unexplained: 0,
});
