// Where our own entity will be: the inputs that nobody confirmed yet, replayed through the game's own step.
//
//   truth of frame c ─► step(input c+1) ─► step(input c+2) ─► … ─► step(input n)          n: the newest input sent
//        ▲ every frame: was it what we thought? once                     ▲ shown, and what is left of a correction beside it
//
// An input moves us in the tick in which it is sent, not a round trip later. Each frame then says where we really are: that is compared
// with what we thought, exactly once, and the frame says for every tick that it covers whether our own input was used or a stand-in. A
// difference has a cause: the server used *something else than our input* (a stand-in, or the presses of a late one), *others touched us*
// (a hit, a death, a new life), or *neither*: then our step is not the server's, which is a bug.
//
// What was wrong is replayed from the truth, once per wake and not once per frame, over at most WINDOW ticks. On the screen the difference
// fades; in the state it is gone at once.
//
// Never here: which game it is (see Prediction in types.js), others (see interpolate).

import { Ghosts } from "./ghosts.js";
import { areEqual, frozen } from "./plain_data.js";
import { valuesOf } from "./schema/component.js";

/** @import { Entity, Launch, Prediction, Vector2, World } from "./types.js" */
/** @typedef {import("./schema/component.js").Declaration} Declaration */
/** @typedef {import("./replica.js").Event} Event */

/**
 * Ticks that may be predicted at once: twice what an input may be ahead of the newest frame. It bounds what a replay costs; who hears
 * nothing for longer stands still.
 */
export const WINDOW = 128;
/** Milliseconds in which a correction on the screen fades to a third: short enough that nobody aims by it, long enough that nobody sees a jump. */
export const FADE_MS = 80;
/** A correction by more than this many world units is no correction: a new life, a teleport. It is cut. */
export const CUT_UNITS = 64;
/** Ticks for which a missing input repeats the last one. After that the neutral input stands in. */
const INPUT_REPEAT_TICKS_MAX = 15;
/** Ticks for which the presses of a late input may still count. */
const PRESS_CARRY_TICKS_MAX = 8;

/**
 * What a frame says of our own entity.
 * @typedef {object} Confirmed
 * @property {number} tick The frame's.
 * @property {{ covered: number, own: number } | null} own Of a step: the ticks that it covers, and a bit for each, oldest lowest: our own input
 *   was used. Null: a full frame, which does not say.
 * @property {Entity | null} me Our entity.
 * @property {boolean} exact All that is held of it is exactly the server's.
 * @property {Event[]} events What the frame told.
 */

/**
 * One tick that was predicted: the input we sent, or what the server will take if we sent none; what it came to (undefined before there was
 * a truth to begin with); where it was shown when it was first predicted.
 * @typedef {{ tick: number, input: ArrayLike<number>, state: any, shown: Vector2 | null }} Ahead
 */

/** Predicts one entity. */
export class Predictor {
  /**
   * Predicts nothing before the first truth.
   * @param {Prediction} twin
   * @param {Declaration} input the schema's
   * @param {Int32Array} neutral its neutral codes
   */
  constructor(twin, input, neutral) {
    this.twin = twin;
    this.input = input;
    this.neutral = neutral;
    /** By part: it is a press. */
    this.presses = input.fields.flatMap((field) => field.parts.map(() => field.marks.press));
    /** How many of the place's integers make a world unit. */
    this.unit = 1;
    /** By tick. @type {(Ahead | undefined)[]} */
    this.ring = [];
    /** The newest truth: of whom, when, what. @type {{ id: number, tick: number, state: any } | null} */
    this.truth = null;
    /** What the server used from the tick after the truth on, as far as frames told. @type {Map<number, ArrayLike<number> | null>} */
    this.served = new Map();
    /** The last input of our own that the server used, without its presses; null while we do not know. @type {ArrayLike<number> | null} */
    this.used = null;
    /** How often it took that again. */
    this.repeats = 0;
    /** The newest tick that it knows an input of. @type {number | null} */
    this.newest = null;
    /** What is in the ring does not follow from the truth any more. */
    this.stale = false;
    /** An event of a frame that could not be compared said that others touched us. */
    this.told = false;
    /** A full frame came since the truth: what the server used in the ticks before it nobody knows. */
    this.gap = false;
    /** Presses of a late input may count until this tick. */
    this.lateUntil = 0;
    /** What we sent flying. */
    this.ghosts = new Ghosts();
    /** What is left of corrections on the screen, in the place's integers, and as of when. */
    this.offset = { x: 0, y: 0 };
    this.offsetMs = 0;
    /** Where we were shown before the line was cut, until there is something to show. @type {Vector2 | null} */
    this.was = null;
    /** All of it is counted once per frame that says where we are. */
    this.counts = {
      /** Truths that were compared with what was predicted. */
      compared: 0,
      /** Ticks that these spoke for. */
      ticksCompared: 0,
      /** Times that it began anew, with nothing to compare: the first frame, a full one, a new entity. */
      begun: 0,
      /** Of those compared, wrong because the server used something else than our input. */
      inputSubstituted: 0,
      /** Wrong because others touched us. */
      touchedByOther: 0,
      /** Wrong for no reason that we know: our step is not the server's. */
      unexplained: 0,
      /** Times that where we are shown had to be corrected. */
      corrections: 0,
      /** Replays, each from the truth to the newest input. */
      replays: 0,
      /** Steps that these took. */
      stepsReplayed: 0,
      /** The most that one took. */
      stepsReplayedMax: 0,
    };
  }

  /**
   * We come back to the seat that we had, and were shown there: that is corrected as anything else is. Farther away it is no correction.
   * @param {Vector2} was
   */
  goOnFrom(was) {
    const { truth } = this;
    this.was = truth !== null && distance(was, this.twin.place(truth.state)) <= CUT_UNITS * this.unit ? was : null;
  }

  /**
   * Others are drawn as of this tick or later.
   * @param {number} tick
   */
  drawn(tick) {
    this.ghosts.forget(tick);
  }

  /**
   * The input with these codes goes out for `tick`: it moves us now.
   * @param {number} tick
   * @param {ArrayLike<number>} codes
   * @param {number} nowMs
   */
  act(tick, codes, nowMs) {
    this.#fillUntil(tick);
    // Who was filled in for before it came speaks for itself now.
    this.stale ||= this.newest !== null && tick < this.newest;
    this.#put(tick, codes);
    if (this.truth !== null && tick <= this.truth.tick) this.#noteLate(tick, codes);
    if (this.stale || this.was !== null) this.#replay(nowMs);
    else this.#predict(tick);
  }

  /** Where we will be after the newest input; undefined before the first truth, or beyond the window. */
  get state() {
    return this.newest === null ? undefined : this.#stateAt(this.newest);
  }

  /**
   * Where we are shown when the clock stands at `ticks`: on the way to where the newest input takes us, and beside it by what is left of
   * corrections. Null before the first truth, or beyond the window.
   * @param {number} ticks
   * @param {number} nowMs
   * @returns {Vector2 | null}
   */
  shown(ticks, nowMs) {
    const state = this.state;
    if (this.newest === null || state === undefined) return this.was;
    const to = this.twin.place(state);
    const before = this.#stateAt(this.newest - 1);
    const from = before === undefined ? to : this.twin.place(before);
    const way = clamp(ticks - this.newest, 0, 1);
    const offset = this.#offsetAt(nowMs);
    return { x: from.x + (to.x - from.x) * way + offset.x, y: from.y + (to.y - from.y) * way + offset.y };
  }

  /**
   * Where what we sent flying is shown at the same moment.
   * @param {number} ticks
   */
  ghostsShown(ticks) {
    if (this.newest === null) return [];
    return this.ghosts.shown(this.newest - 1 + clamp(ticks - this.newest, 0, 1));
  }

  /**
   * A frame says where we are. How far from it, in world units, we were first shown to be; null if there was nothing to compare.
   * @param {World} world
   * @param {Confirmed} confirmed
   * @returns {number | null}
   */
  confirm(world, confirmed) {
    this.#noteUsed(confirmed);
    const { tick, me, own } = confirmed;
    this.gap ||= own === null;
    if (me === null) {
      this.truth = null;
      this.told = false;
      return null;
    }
    const { twin } = this;
    this.ghosts.confirm(tick, (shotAt) => twin.launched?.(world, me, shotAt) ?? null);
    this.told ||= confirmed.events.some((event) => twin.isTold?.({ ...event, tick }, me) ?? false);
    const truth = confirmed.exact ? frozen(twin.truth(me, world) ?? null) : null;
    if (truth === null) {
      // It is there, and not exact now: the next frame that is will be compared over all these ticks.
      if (this.truth !== null && this.truth.id !== me.id) this.truth = null;
      return null;
    }
    const before = this.truth;
    let error = null;
    if (before !== null && !this.gap && before.id === me.id && tick > before.tick && tick - before.tick < WINDOW) {
      error = this.#compare(before, tick, truth);
    } else {
      this.counts.begun += 1;
      this.stale = true;
    }
    this.truth = { id: me.id, tick, state: truth };
    this.served.clear();
    [this.told, this.gap] = [false, false];
    return error;
  }

  /**
   * Brings what is shown up to the newest truth, if that was not what we thought. Once per wake, however many frames came.
   * @param {number} nowMs
   */
  settle(nowMs) {
    if (this.stale) this.#replay(nowMs);
  }

  /**
   * Learns what the server used in the ticks of a frame.
   * @param {Confirmed} confirmed
   */
  #noteUsed({ tick: newest, own }) {
    if (own === null) {
      [this.used, this.repeats] = [null, 0];
      // Without which of our inputs the server did is not said: the presses of any may count in one of the next.
      for (let tick = newest; tick > newest - PRESS_CARRY_TICKS_MAX; tick--) {
        const input = this.#ahead(tick)?.input ?? null;
        if (input !== null) this.#noteLate(tick, input);
      }
      return;
    }
    for (let place = 0; place < own.covered; place++) {
      const tick = newest - (own.covered - 1 - place);
      const input = this.#ahead(tick)?.input ?? null;
      let served;
      if ((own.own >> place) & 1) {
        [this.used, this.repeats] = [input && this.#withoutPresses(input), 0];
        served = input;
      } else {
        if (input !== null) this.#noteLate(tick, input);
        this.repeats += 1;
        served = this.repeats <= INPUT_REPEAT_TICKS_MAX ? this.used : this.neutral;
      }
      if (this.served.size < WINDOW) this.served.set(tick, served);
    }
  }

  /**
   * The server did without this input in its tick: its presses may count in one of the next.
   * @param {number} tick
   * @param {ArrayLike<number>} codes
   */
  #noteLate(tick, codes) {
    if (!areEqual(this.#withoutPresses(codes), codes)) {
      this.lateUntil = Math.max(this.lateUntil, tick + PRESS_CARRY_TICKS_MAX);
    }
  }

  /**
   * Compares what we thought with the truth, and names the cause of a difference.
   * @param {{ tick: number, state: any }} from
   * @param {number} tick
   * @param {any} truth
   * @returns {number | null}
   */
  #compare(from, tick, truth) {
    this.#fillUntil(tick + 1);
    let expected = this.stale ? undefined : this.#stateAt(tick);
    if (expected === undefined) {
      expected = from.state;
      for (let next = from.tick + 1; next <= tick; next++) expected = this.#step(expected, this.#inputAt(next)).state;
    }
    this.counts.compared += 1;
    this.counts.ticksCompared += tick - from.tick;
    if (!areEqual(expected, truth)) {
      const touched = this.told || (this.twin.isTouched?.(expected, truth) ?? false);
      if (this.#isSubstituted(from, tick, truth)) this.counts.inputSubstituted += 1;
      else if (touched) this.counts.touchedByOther += 1;
      else if (this.lateUntil >= from.tick + 1) this.counts.inputSubstituted += 1;
      else this.counts.unexplained += 1;
      this.stale = true;
    }
    const shown = this.#ahead(tick)?.shown ?? null;
    return shown === null ? null : distance(shown, this.twin.place(truth)) / this.unit;
  }

  /**
   * Whether the difference is what the stand-ins come to that the server used. Where we do not know which they were, they are to blame.
   * @param {{ tick: number, state: any }} from
   * @param {number} to
   * @param {any} truth
   */
  #isSubstituted(from, to, truth) {
    const differs = [...this.served].some(([tick, served]) => {
      return tick > from.tick && !areEqual(this.#ahead(tick)?.input ?? null, served);
    });
    if (!differs) return false;
    let { state } = from;
    for (let tick = from.tick + 1; tick <= to; tick++) {
      const served = this.served.get(tick) ?? null;
      if (served === null) return true;
      state = this.#step(state, served).state;
    }
    return areEqual(state, truth);
  }

  /**
   * Predicts everything anew from the truth, and lets what jumped by it fade on the screen.
   * @param {number} nowMs
   */
  #replay(nowMs) {
    this.stale = false;
    const before = this.#place(this.state) ?? this.was;
    if (this.truth === null || this.newest === null) return;
    let steps = 0;
    const first = Math.max(this.truth.tick + 1, 0);
    // Beyond the window nothing is predicted, however far ahead the newest input is.
    const last = Math.min(this.newest, this.truth.tick + WINDOW);
    for (let tick = first; tick <= last; tick++) steps += this.#predict(tick) ? 1 : 0;
    this.counts.replays += 1;
    this.counts.stepsReplayed += steps;
    this.counts.stepsReplayedMax = Math.max(this.counts.stepsReplayedMax, steps);
    const after = this.#place(this.state);
    if (before === null || after === null) return;
    this.was = null;
    if (before.x === after.x && before.y === after.y) return;
    this.counts.corrections += 1;
    const left = this.#offsetAt(nowMs);
    const offset = { x: left.x + before.x - after.x, y: left.y + before.y - after.y };
    this.offset = distance(offset, { x: 0, y: 0 }) > CUT_UNITS * this.unit ? { x: 0, y: 0 } : offset;
    this.offsetMs = nowMs;
  }

  /**
   * Predicts one tick from the one before; false if there is nothing to predict it from.
   * @param {number} tick
   */
  #predict(tick) {
    const before = this.#stateAt(tick - 1);
    const ahead = this.#ahead(tick);
    if (before === undefined || ahead === undefined || !this.#isWithinWindow(tick)) return false;
    const { state, launch } = this.#step(before, ahead.input);
    this.ghosts.predict(tick, launch);
    ahead.state = state;
    ahead.shown ??= this.twin.place(state);
    return true;
  }

  /**
   * @param {any} state
   * @param {ArrayLike<number>} codes
   * @returns {{ state: any, launch: Launch | null }}
   */
  #step(state, codes) {
    /** @type {{ launch: Launch | null }} */
    const launched = { launch: null };
    const next = this.twin.step(state, valuesOf(this.input, codes), (launch) => (launched.launch = launch));
    if (next === undefined || next === null) throw new TypeError("predict.step gave no state");
    return { state: frozen(next), launch: launched.launch };
  }

  /** @param {number} tick */
  #inputAt(tick) {
    return this.#ahead(tick)?.input ?? this.neutral;
  }

  /**
   * Where we are thought to be after a tick.
   * @param {number} tick
   */
  #stateAt(tick) {
    if (this.truth === null) return undefined;
    if (tick === this.truth.tick) return this.truth.state;
    return tick > this.truth.tick ? this.#ahead(tick)?.state : undefined;
  }

  /** @param {any} state @returns {Vector2 | null} */
  #place(state) {
    return state === undefined ? null : this.twin.place(state);
  }

  /** @param {number} tick */
  #isWithinWindow(tick) {
    return this.truth !== null && tick > this.truth.tick && tick - this.truth.tick < WINDOW;
  }

  /** @param {number} tick */
  #ahead(tick) {
    const ahead = tick < 0 ? undefined : this.ring[tick % WINDOW];
    return ahead?.tick === tick ? ahead : undefined;
  }

  /**
   * For ticks before `tick` that no input was sent for the server takes the last one again, without its presses.
   * @param {number} tick
   */
  #fillUntil(tick) {
    if (this.newest === null && this.truth === null) return;
    const known = Math.max(this.newest ?? 0, this.truth?.tick ?? 0);
    for (let next = Math.max(known + 1, tick - (WINDOW - 1)); next < tick; next++) {
      const last = this.#ahead(next - 1);
      this.#put(next, last === undefined ? this.neutral : this.#withoutPresses(last.input));
      if (!this.stale) this.#predict(next);
    }
  }

  /**
   * @param {number} tick
   * @param {ArrayLike<number>} input
   */
  #put(tick, input) {
    this.ring[tick % WINDOW] = { tick, input, state: undefined, shown: null };
    this.newest = Math.max(this.newest ?? tick, tick);
  }

  /** @param {ArrayLike<number>} codes */
  #withoutPresses(codes) {
    return Int32Array.from(codes, (code, at) => (this.presses[at] ? this.neutral[at] : code));
  }

  /** @param {number} nowMs */
  #offsetAt(nowMs) {
    const left = Math.exp(-Math.max(nowMs - this.offsetMs, 0) / FADE_MS);
    return { x: this.offset.x * left, y: this.offset.y * left };
  }
}

/**
 * @param {Vector2} one
 * @param {Vector2} other
 */
function distance(one, other) {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

/**
 * @param {number} value
 * @param {number} min
 * @param {number} max
 */
function clamp(value, min, max) {
  return Math.min(Math.max(value, min), max);
}
