// What others look like now: between the two frames around the moment that is drawn, a little in the past.
//
//   frames    ──●────────●────────●────────●          the newest has just come
//               t-3      t-2      t-1      t
//   drawn                    ▲ at        ├─────────┤ delay: the longest that a frame lately let us wait, and a margin
//
// *Delay.* A frame is needed when the moment drawn passes the frame before it; how long after the one before's tick it came is what it let us
// *wait*. The delay is the third longest wait of the last WAITS frames and MARGIN_TICKS more, so jitter that grows makes it longer within a
// second or two, and jitter that ends makes it shorter when the last WAITS frames are through. Of frames that come together only the first
// counts: the others waited behind it. It is never more than JITTER_MS_MAX above the shortest wait: what came later than that was a stall,
// which no delay hides. The moment drawn goes at the pace of time, up to PACE_MAX faster or slower until it is where it should be, and jumps
// only over more than JUMP_TICKS.
//
// *Beyond the newest frame* (an underrun: counted) places go on for at most EXTRAPOLATE_MS_MAX as they went, then stand; all else holds.
// *Cut* is what jumped (see interpolation), what is new in its slot, and what a full frame began anew.
//
// The `ViewTick` that an input carries is what was drawn when it was made. What was drawn beyond the newest frame counts as that frame.
//
// Never here: which input is due (see clock), our own entity (see predict), pictures.

import { interpolate } from "./interpolation.js";
import { put, valueOf } from "./schema/component.js";
import { SPAN_MAX } from "./wire/client_message.js";

/** @typedef {import("./entities.js").Snapshot} Snapshot */
/** @typedef {import("./schema/registry.js").Schema} Schema */
/** @typedef {import("./schema/field.js").Field} Field */
/** @typedef {import("./wire/client_message.js").ViewTick} ViewTick */

/** Waits that are remembered: four seconds at 30 Hz. */
const WAITS = 128;
/** How many of these may be longer than the delay. */
const OUTLIERS = 2;
/** Ticks that the delay is longer than the waits ask for: a machine that is a little late must not show. */
export const MARGIN_TICKS = 0.25;
/** The same, more, until so many frames have come that their jitter is known. */
const MARGIN_UNKNOWN_TICKS = 0.75;
/** Frames after which it is. */
const KNOWN_AFTER = 16;
/** Milliseconds of jitter that the delay hides at the most. */
export const JITTER_MS_MAX = 150;
/** The pace at which the moment drawn moves stays within this much of real time. */
const PACE_MAX = 0.1;
/** How much of an error is steered away per tick. */
const PACE_PER_TICK = 0.1;
/** An error of more ticks than this is jumped over. */
const JUMP_TICKS = 6;
/** Milliseconds beyond the newest frame for which places go on as they went. */
export const EXTRAPOLATE_MS_MAX = 100;
/** Frames that are remembered: more than the longest delay at 128 Hz. */
const FRAMES = 48;
/** Frames that come within this many milliseconds come together. */
const TOGETHER_MS = 3;

/**
 * What a frame showed of one entity. `who` is the same as long as it is the same entity.
 * @typedef {{ who: { id: number }, snapshot: Snapshot }} Seen
 */

/** @typedef {{ tick: number, seen: Map<number, Seen> }} Shown */

/** Draws what is held, later. */
export class Interpolator {
  /**
   * Nothing to draw yet.
   * @param {Schema} schema
   * @param {number} tickRateHz
   */
  constructor(schema, tickRateHz) {
    this.schema = schema;
    /** By component: everyone sees all of it, and it can change. */
    this.drawn = schema.components.map(
      ({ fields }) => fields.every((field) => field.audience === "everyone") && !fields.every((field) => field.marks.constant),
    );
    this.tickMs = 1000 / Math.max(tickRateHz, 1);
    /** @type {Shown[]} */
    this.frames = [];
    /** @type {number[]} */
    this.waits = [];
    /** The newest frame and when it came. @type {{ tick: number, ms: number } | null} */
    this.heard = null;
    /** Ticks by which the moment drawn should be behind time. */
    this.delay = 0;
    /** The moment drawn, and when it was. @type {{ at: number, ms: number } | null} */
    this.moment = null;
    this.counts = {
      /** Pictures. */
      drawn: 0,
      /** Of these, drawn when the newer frame was missing. */
      underruns: 0,
      /** Times that the moment drawn jumped. */
      jumps: 0,
    };
    this.out = new Float64Array(Math.max(1, ...schema.components.map((component) => component.partCount)));
  }

  /** How far what is drawn is behind the newest frame when that comes without delay, in milliseconds; null before the first frame. */
  get delayMs() {
    return this.waits.length === 0 ? null : (this.delay - Math.min(...this.waits) + 1) * this.tickMs;
  }

  /**
   * A frame was applied. `begins`: it was a full one.
   * @param {number} tick
   * @param {Iterable<{ id: number, snapshot: Snapshot }>} held
   * @param {boolean} begins
   * @param {number} nowMs
   */
  frame(tick, held, begins, nowMs) {
    if (begins) {
      this.frames.length = 0;
      this.heard = null;
    }
    const newest = this.frames.at(-1);
    if (newest !== undefined && newest.tick >= tick) return;
    this.listen(tick, nowMs);
    const seen = new Map();
    for (const who of held) seen.set(who.id, { who, snapshot: who.snapshot });
    this.frames.push({ tick, seen });
    if (this.frames.length > FRAMES) this.frames.shift();
    this.moment ??= { at: nowMs / this.tickMs - this.delay, ms: nowMs };
  }

  /**
   * Learns from when a frame came how long frames let us wait.
   * @param {number} tick
   * @param {number} nowMs
   */
  listen(tick, nowMs) {
    const before = this.heard;
    this.heard = { tick, ms: nowMs };
    const together = before !== null && nowMs - before.ms < TOGETHER_MS;
    const wait = nowMs / this.tickMs - (before === null ? tick - 1 : before.tick);
    if (!together) {
      const shortest = Math.min(wait, ...this.waits);
      if (this.waits.length === WAITS) this.waits.shift();
      this.waits.push(Math.min(wait, shortest + JITTER_MS_MAX / this.tickMs));
    }
    const known = this.waits.length >= KNOWN_AFTER;
    const longest = this.waits.slice().sort((one, other) => other - one);
    this.delay = known ? longest[OUTLIERS] + MARGIN_TICKS : Math.max(longest[0] ?? wait, wait) + MARGIN_UNKNOWN_TICKS;
  }

  /**
   * Moves the moment drawn to `nowMs`: everything is drawn now.
   * @param {number} nowMs
   */
  draw(nowMs) {
    const newest = this.frames.at(-1);
    if (this.moment === null || newest === undefined) return;
    const passed = Math.max(nowMs - this.moment.ms, 0) / this.tickMs;
    const wanted = nowMs / this.tickMs - this.delay;
    const error = wanted - (this.moment.at + passed);
    // Nothing is drawn of what lies farther beyond the newest frame than places go on.
    const end = newest.tick + EXTRAPOLATE_MS_MAX / this.tickMs;
    let next = wanted;
    if (Math.abs(error) > JUMP_TICKS) this.counts.jumps += 1;
    else next = this.moment.at + passed * (1 + Math.min(Math.max(error * PACE_PER_TICK, -PACE_MAX), PACE_MAX));
    this.moment = { at: Math.min(next, end), ms: nowMs };
    this.counts.drawn += 1;
    if (this.moment.at > newest.tick) this.counts.underruns += 1;
  }

  /**
   * Between which frames the moment drawn lies, and where between them; null before the first frame.
   * @returns {ViewTick | null}
   */
  get view() {
    const around = this.around();
    if (around === null || this.moment === null) return null;
    const { older, newer } = around;
    const span = newer.tick - older.tick;
    const sixteenths = Math.floor(Math.min(Math.max((this.moment.at - older.tick) * 16, 0), 16 * span));
    return { older: older.tick, span, sixteenths };
  }

  /**
   * The frames before and after the moment drawn; the same one twice where there is but one, or they lie too far apart to say where between.
   * @returns {{ older: Shown, newer: Shown } | null}
   */
  around() {
    if (this.moment === null || this.frames.length === 0) return null;
    const { at } = this.moment;
    let after = this.frames.length;
    while (after > 0 && this.frames[after - 1].tick > at) after -= 1;
    const older = this.frames[Math.max(after - 1, 0)];
    const newer = after > 0 ? this.frames[after] : undefined;
    return { older, newer: newer !== undefined && newer.tick - older.tick <= SPAN_MAX ? newer : older };
  }

  /**
   * What is drawn: each entity of the older frame, with the values of its components by name. What everybody does not see, or what never
   * changes, is as in the newest frame.
   * @returns {Map<number, { id: number, kind: string, components: Record<string, any> }>}
   */
  entities() {
    const drawn = new Map();
    const around = this.around();
    const view = this.view;
    if (around === null || view === null) return drawn;
    const newest = /** @type {Shown} */ (this.frames.at(-1));
    for (const [id, { who, snapshot }] of around.older.seen) {
      const then = around.newer.seen.get(id);
      // What leaves before the newer frame stays where it was until then.
      const to = then !== undefined && then.who === who ? then.snapshot : snapshot;
      const last = newest.seen.get(id);
      const now = last !== undefined && last.who === who ? last.snapshot : to;
      const still = to === snapshot && now === to && !this.goesOn(id, who);
      const components = still ? snapshot.components : this.between(id, snapshot, to, now, view);
      drawn.set(id, { id, kind: snapshot.shape.kind.name, components });
    }
    return drawn;
  }

  /**
   * Whether an entity moved in the last frame and is drawn beyond it.
   * @param {number} id
   * @param {object} who
   */
  goesOn(id, who) {
    const [before, newest] = [this.frames.at(-2), this.frames.at(-1)];
    if (this.moment === null || before === undefined || newest === undefined || this.moment.at <= newest.tick) return false;
    const [then, now] = [before.seen.get(id), newest.seen.get(id)];
    return then?.who === who && now?.who === who && then.snapshot !== now.snapshot;
  }

  /**
   * @param {number} id
   * @param {Snapshot} from
   * @param {Snapshot} to
   * @param {Snapshot} now
   * @param {ViewTick} view
   */
  between(id, from, to, now, view) {
    /** @type {Record<string, any>} */
    const components = Object.create(null);
    for (const place of from.shape.places) {
      const { name } = this.schema.components[place.component];
      if (!this.drawn[place.component]) {
        if (now.has(place)) components[name] = now.components[name];
      } else if (from.has(place)) {
        const end = to.has(place) ? to : from;
        components[name] = this.values(id, place, from, end, view);
      }
    }
    return components;
  }

  /**
   * @param {number} id
   * @param {import("./entities.js").Place} place
   * @param {Snapshot} from
   * @param {Snapshot} to
   * @param {ViewTick} view
   */
  values(id, { component, at }, from, to, view) {
    const { out } = this;
    /** @type {Record<string, any>} */
    const values = {};
    let part = at;
    for (const field of this.schema.components[component].fields) {
      interpolate(field, { codes: from.codes, at: part }, { codes: to.codes, at: part }, view, out, 0);
      this.goOn(id, field, part);
      put(values, field.name, valueDrawn(field, out));
      part += field.parts.length;
    }
    return values;
  }

  /**
   * Beyond the newest frame places go on as they went between the last two.
   * @param {number} id
   * @param {Field} field
   * @param {number} part where its codes begin in a snapshot
   */
  goOn(id, field, part) {
    const isPlace = field.kind.word === "vector2" || field.kind.word === "vector3";
    const [before, newest] = [this.frames.at(-2), this.frames.at(-1)];
    if (!field.marks.position || !isPlace || this.moment === null || before === undefined || newest === undefined) return;
    const beyond = this.moment.at - newest.tick;
    const span = newest.tick - before.tick;
    const [then, now] = [before.seen.get(id), newest.seen.get(id)];
    if (beyond <= 0 || span === 0 || span > SPAN_MAX || then === undefined || then.who !== now?.who) return;
    const codes = /** @type {const} */ ([{ codes: then.snapshot.codes, at: part }, { codes: now.snapshot.codes, at: part }]);
    const [begun, half] = [new Float64Array(3), new Float64Array(3)];
    // What jumped stands half way where it began: it has no speed.
    interpolate(field, ...codes, { span, sixteenths: 0 }, begun, 0);
    interpolate(field, ...codes, { span, sixteenths: 8 * span }, half, 0);
    for (let axis = 0; axis < field.parts.length; axis++) {
      this.out[axis] += Math.trunc((((half[axis] - begun[axis]) * 2) / span) * beyond);
    }
  }
}

/**
 * What was drawn of a field as a value.
 * @param {Field} field
 * @param {Float64Array} out
 */
function valueDrawn(field, out) {
  switch (field.kind.word) {
    case "vector2":
      return { x: out[0], y: out[1] };
    case "vector3":
      return { x: out[0], y: out[1], z: out[2] };
    case "rotation":
      return { x: out[0], y: out[1], z: out[2], w: out[3] };
    case "fixed":
    case "angle":
    case "signed":
      return out[0];
    case "unsigned":
      return out[0] >>> 0;
    default:
      return valueOf(field, out, 0);
  }
}
