// What is held, as a page sees it: one object per entity for as long as it is held, with its values as of the newest frame.
//
//   replica ─► snapshot (codes, and values once somebody asks) ─► Entity.components
//                 └────────────────────────────────────────────► interpolate: the same snapshot, some frames later
//
// A snapshot is never changed: what stays the same from frame to frame stays the same snapshot, and is made into values once.
//
// Never here: what is between two frames (see interpolate).

import { valuesOf } from "./schema/component.js";
import { NO_REFERENCE } from "./wire/values.js";

/** @typedef {import("./replica.js").Replica} Replica */
/** @typedef {import("./schema/registry.js").Schema} Schema */

/**
 * A component of a kind: its position in the schema, and where its codes begin in a snapshot.
 * @typedef {{ component: number, at: number, count: number }} Place
 */

/** The codes of an entity in one frame: those of its components, one after the other, and behind them a 1 for each that is for us. */
export class Snapshot {
  /**
   * @param {Shape} shape
   * @param {Int32Array} codes
   */
  constructor(shape, codes) {
    this.shape = shape;
    this.codes = codes;
    /** @type {Record<string, any> | null} */
    this.decoded = null;
  }

  /** By component, those that are for us. */
  get components() {
    if (this.decoded === null) {
      // Nothing but components: one that is not for us is not found, whatever it is called.
      /** @type {Record<string, any>} */
      const decoded = Object.create(null);
      for (const place of this.shape.places) {
        const declaration = this.shape.schema.components[place.component];
        if (this.has(place)) decoded[declaration.name] = valuesOf(declaration, this.codes, place.at);
      }
      this.decoded = decoded;
    }
    return this.decoded;
  }

  /**
   * Whether a component is for us.
   * @param {Place} place
   */
  has(place) {
    return this.codes[this.shape.partCount + this.shape.places.indexOf(place)] === 1;
  }
}

/** What snapshots of one kind look like. */
export class Shape {
  /**
   * @param {Schema} schema
   * @param {number} kind
   */
  constructor(schema, kind) {
    this.schema = schema;
    this.kind = schema.kinds[kind];
    let at = 0;
    /** @type {Place[]} */
    this.places = this.kind.components.map((component) => {
      const count = schema.components[component].partCount;
      at += count;
      return { component, at: at - count, count };
    });
    this.partCount = at;
    /** Where the codes stand that an entity keeps for life, by component. */
    this.constants = this.places.map((place) => constantsOf(schema.components[place.component], place.at));
    /** The first field that is marked as its place. */
    this.position = positionOf(schema, this.kind.components);
    this.scratch = new Int32Array(at + this.places.length);
  }

  /**
   * What the replica holds of an entity now; `before` if it is the same.
   * @param {Replica} replica
   * @param {number} slot
   * @param {Snapshot | null} before
   */
  snapshot(replica, slot, before) {
    const { scratch, places, partCount } = this;
    places.forEach(({ component, at, count }, place) => {
      const found = replica.row(slot, component, scratch, at);
      scratch[partCount + place] = found ? 1 : 0;
      if (!found) scratch.fill(0, at, at + count);
    });
    if (before !== null && before.shape === this && areSame(before.codes, scratch)) return before;
    return new Snapshot(this, scratch.slice());
  }

  /**
   * Whether two snapshots can be of the same entity: nothing that it keeps for life differs, as far as both say it.
   * @param {Snapshot} one
   * @param {Snapshot} other
   */
  areAlike(one, other) {
    return this.places.every((place, at) => {
      if (!one.has(place) || !other.has(place)) return true;
      return this.constants[at].every(({ code, refers }) => {
        const [before, after] = [one.codes[code], other.codes[code]];
        // What it refers to need not be in view all the time.
        return before === after || (refers && (before === NO_REFERENCE || after === NO_REFERENCE));
      });
    });
  }
}

/** An entity as it is held: an `Entity` of types.js. */
class Held {
  /**
   * @param {number} id
   * @param {Snapshot} snapshot
   */
  constructor(id, snapshot) {
    this.id = id;
    this.kind = snapshot.shape.kind.name;
    this.snapshot = snapshot;
  }

  get components() {
    return this.snapshot.components;
  }
}

/** All that is held, by id. */
export class Entities {
  /** @param {Schema} schema */
  constructor(schema) {
    this.shapes = schema.kinds.map((_, kind) => new Shape(schema, kind));
    /** @type {Map<number, Held>} */
    this.held = new Map();
    /** Whether nothing came since all was dropped. */
    this.empty = true;
  }

  /**
   * A frame was applied: what came into view and what left it. What is still there after a full frame, of the same kind
   * and with the same constants, is the same; else another came in its slot.
   * @param {Replica} replica
   * @returns {{ spawned: Held[], despawned: Held[] }}
   * @param {{ kind: string, spawned: number[], despawned: number[] }} applied
   */
  update(replica, applied) {
    const despawned = [];
    const spawned = [];
    const again = applied.kind === "full";
    for (const slot of applied.despawned) {
      const held = this.held.get(slot);
      if (held === undefined || (again && this.#goesOn(replica, held))) continue;
      this.held.delete(slot);
      despawned.push(held);
    }
    for (const slot of replica.anchors()) {
      const shape = this.shapes[replica.kindNumber(slot)];
      const held = this.held.get(slot);
      const snapshot = shape.snapshot(replica, slot, held?.snapshot ?? null);
      if (held !== undefined) {
        held.snapshot = snapshot;
        continue;
      }
      const born = new Held(slot, snapshot);
      this.held.set(slot, born);
      spawned.push(born);
    }
    return { spawned, despawned };
  }

  /**
   * Whether what is in an entity's slot now can be that entity.
   * @param {Replica} replica
   * @param {Held} held
   */
  #goesOn(replica, { id, snapshot }) {
    const { shape } = snapshot;
    if (this.shapes[replica.kindNumber(id)] !== shape) return false;
    return shape.areAlike(snapshot, shape.snapshot(replica, id, snapshot));
  }
}

/**
 * @param {import("./schema/component.js").Declaration} declaration
 * @param {number} at where its codes begin
 */
function constantsOf({ fields }, at) {
  let code = at;
  return fields.flatMap(({ kind, marks, parts }) => {
    const own = parts.map(() => ({ code: code++, refers: kind.word === "reference" }));
    return marks.constant ? own : [];
  });
}

/**
 * @param {Schema} schema
 * @param {number[]} components
 */
function positionOf(schema, components) {
  for (const component of components) {
    const { name, fields } = schema.components[component];
    for (const field of fields) {
      if (!field.marks.position) continue;
      return { component: name, field: field.name, unit: "unit" in field.kind ? field.kind.unit : 1 };
    }
  }
  return null;
}

/**
 * @param {Int32Array} one
 * @param {Int32Array} other
 */
function areSame(one, other) {
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}
