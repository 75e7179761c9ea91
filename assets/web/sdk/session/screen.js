// What a player would see: ourselves ahead of the server, others behind it.
//
//   frame ─► predict: was it what we thought?       input ─► predict: it moves us now
//     └────► interpolate: one frame more            moment drawn ─► ViewTick of the input
//
// Never here: pictures, bytes.

import { Entities } from "../entities.js";
import { Interpolator } from "../interpolate.js";
import { Predictor } from "../predict.js";
import { codesOf } from "../schema/component.js";

/** @import { Entity, Predict, Prediction, View } from "../types.js" */
/** @typedef {import("../agreement.js").Agreement} Agreement */
/** @typedef {import("../replica.js").Applied} Applied */
/** @typedef {import("../replica.js").Replica} Replica */

/** Milliseconds after the last picture from which on nobody looks: inputs then say the newest frame as what was seen. */
const LOOKS_MS = 250;

/** Prediction and interpolation of one client; the former may be missing. */
export class Screen {
  /**
   * @param {Agreement} agreement
   * @param {Predict | null} predict
   * @param {Replica} replica
   */
  constructor(agreement, predict, replica) {
    this.replica = replica;
    this.entities = new Entities(agreement.schema);
    this.interpolator = new Interpolator(agreement.schema, agreement.tickRateHz);
    /** @type {Predictor | null} */
    this.predictor = null;
    /** Why there is no prediction, where one was asked for. @type {string | null} */
    this.refusal = null;
    /** What the page's prediction threw, until somebody takes it. @type {unknown} */
    this.thrown = null;
    this.drawnMs = -Infinity;
    const { input } = agreement.schema;
    this.#guard(() => {
      const twin = typeof predict === "function" ? predict(agreement) : predict;
      if (typeof twin === "string") this.refusal = twin;
      else if (twin !== null) this.predictor = new Predictor(checked(twin), input, codesOf(input, {}));
    });
  }

  /** The entity that our inputs drive, if it is held. */
  get me() {
    const { me } = this.replica;
    return me === null ? null : (this.entities.held.get(me) ?? null);
  }

  /** What a prediction may look at. */
  get world() {
    return { entities: /** @type {Map<number, Entity>} */ (this.entities.held), tick: this.replica.tick };
  }

  /**
   * A frame was applied: who came and who left.
   * @param {Applied} applied
   * @param {number} nowMs
   */
  frame(applied, nowMs) {
    const changed = this.entities.update(this.replica, applied);
    const begins = applied.kind === "full";
    this.interpolator.frame(applied.tick, this.entities.held.values(), begins, nowMs);
    const { me } = this;
    const confirmed = {
      tick: applied.tick,
      own: begins ? null : { covered: applied.covered, own: applied.own },
      me,
      exact: me !== null && this.replica.isExact(me.id),
      events: applied.events,
    };
    this.#predicting((predictor) => {
      predictor.unit = me?.snapshot.shape.position?.unit ?? 1;
      predictor.drawn(this.viewTick(applied.tick, nowMs).older);
      predictor.confirm(this.world, confirmed);
    });
    return changed;
  }

  /**
   * We are back in our seat: what the screen of before showed of us goes on from where it was.
   * @param {Screen} before
   * @param {number} nowMs
   */
  goOnFrom(before, nowMs) {
    const was = before.predictor?.shown(Infinity, nowMs) ?? null;
    if (was !== null) this.#predicting((predictor) => predictor.goOnFrom(was));
  }

  /**
   * An input goes out.
   * @param {number} tick
   * @param {ArrayLike<number>} codes
   * @param {number} nowMs
   */
  act(tick, codes, nowMs) {
    this.#predicting((predictor) => predictor.act(tick, codes, nowMs));
  }

  /**
   * What came is shown from now on.
   * @param {number} nowMs
   */
  settle(nowMs) {
    this.#predicting((predictor) => predictor.settle(nowMs));
  }

  /**
   * What is drawn, for an input; `newest` if nothing is.
   * @param {number} newest
   * @param {number} nowMs
   */
  viewTick(newest, nowMs) {
    const looks = nowMs - this.drawnMs < LOOKS_MS;
    return (looks ? this.interpolator.view : null) ?? { older: newest, span: 0, sixteenths: 0 };
  }

  /**
   * Draws everything now. `ticks` is where the clock stands.
   * @param {number} ticks
   * @param {number} nowMs
   * @returns {View}
   */
  draw(ticks, nowMs) {
    this.drawnMs = nowMs;
    this.interpolator.draw(nowMs);
    this.settle(nowMs);
    /** @type {Map<number, any>} */
    const entities = this.interpolator.entities();
    /** @type {View} */
    const view = { tick: this.interpolator.moment?.at ?? this.replica.tick, entities, me: null, state: null, ghosts: [] };
    this.#predicting((predictor) => {
      for (const id of entities.keys()) if (predictor.ghosts.hides(id)) entities.delete(id);
      view.ghosts = predictor.ghostsShown(ticks);
      view.state = predictor.state ?? null;
      const shown = predictor.shown(ticks, nowMs);
      const { me } = this;
      if (me !== null && shown !== null) entities.set(me.id, placed(me, shown));
    });
    view.me = entities.get(this.replica.me ?? -1) ?? null;
    return view;
  }

  /** @param {(predictor: Predictor) => void} run */
  #predicting(run) {
    const { predictor } = this;
    if (predictor !== null) this.#guard(() => run(predictor));
  }

  /**
   * Runs what the page wrote. What throws is not asked again.
   * @param {() => void} run
   */
  #guard(run) {
    try {
      run();
    } catch (error) {
      this.predictor = null;
      this.refusal = `the page's prediction threw: ${error instanceof Error ? error.message : error}`;
      this.thrown = error;
    }
  }
}

/**
 * An entity as it is held, but at another place.
 * @param {{ id: number, kind: string, components: Record<string, any>, snapshot: import("../entities.js").Snapshot }} me
 * @param {import("../types.js").Vector2} place
 * @returns {Entity}
 */
function placed({ id, kind, components, snapshot }, place) {
  const { position } = snapshot.shape;
  if (position === null || components[position.component] === undefined) return { id, kind, components };
  const values = components[position.component];
  const moved = { ...values, [position.field]: { ...values[position.field], ...place } };
  return { id, kind, components: Object.assign(Object.create(null), components, { [position.component]: moved }) };
}

/**
 * @param {Prediction} twin
 * @returns {Prediction}
 */
function checked(twin) {
  for (const name of /** @type {const} */ (["truth", "step", "place"])) {
    if (typeof twin?.[name] !== "function") throw new TypeError(`predict.${name} is no function`);
  }
  return twin;
}
