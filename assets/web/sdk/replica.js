// What the server says we hold, and the proof that we do.
//
// A replica changes only by state frames. Each names exactly what must be held after it; each is checked against the digest it carries. A
// frame that does not decode, does not fit or does not prove what it left behind makes the replica *lost*: it applies and checks nothing
// until a full frame starts it anew (the session asks for one: Resync).
//
//   step   leaves ─► per covered tick: advance every fresh facet, apply that tick's pieces ─► demotions ─► records ─► check
//   full   drop everything ─► records ─► check
//
// An entity is named by its anchor's slot: the same for as long as it is held, and perhaps another's after it left.
//
// Never here: sockets, clocks (see session), what is drawn (see interpolate and games).

import { BitReader, DecodeError } from "./bits/reader.js";
import { EVENT_COUNT } from "./codec/contexts.js";
import { Tables } from "./codec/tables.js";
import { Epochs, TablesRefused } from "./epochs.js";
import { Holdings } from "./holdings.js";
import { REFERENCES } from "./schema/facet.js";
import { valuesOf } from "./schema/component.js";
import { FrameHeader } from "./wire/state_frame.js";
import { NO_REFERENCE, readValues } from "./wire/values.js";

/** @typedef {import("./schema/component.js").Values} Values */

/**
 * Why a frame left the replica lost. Each is answered alike: Resync.
 *
 * - `decode`: the frame's bytes are broken or do not fit what is held; `cause` says how
 * - `gap`: the frame goes on from another tick than the newest one held
 * - `digest`: what is held is not what the server says it is
 *
 * @typedef {"decode" | "gap" | "digest"} ReplicaErrorKind
 */

/** A frame left the replica lost. */
export class ReplicaError extends Error {
  /**
   * @param {ReplicaErrorKind} kind
   * @param {string} says
   * @param {DecodeError} [cause]
   */
  constructor(kind, says, cause) {
    super(says, { cause });
    this.name = "ReplicaError";
    /** @type {ReplicaErrorKind} */
    this.kind = kind;
  }
}

/**
 * Something that the game told once.
 * @typedef {object} Event
 * @property {number} kind position in the schema's events
 * @property {string} name as declared
 * @property {number[]} codes
 * @property {Values} values by the names of its fields; a reference is the slot of an anchor, or null
 */

/**
 * What a frame did.
 * @typedef {object} Applied
 * @property {"step" | "full" | "keep-alive" | "broken"} kind `broken`: not even its header could be read
 * @property {number} tick its newest tick; of a broken one, the newest that is held
 * @property {boolean} sound its header may be believed: the clock may learn from it, and the tick is to be confirmed. Not so if the frame
 *   was broken behind it, or goes on from a tick that we do not hold
 * @property {number | null} early how early our newest input came, in 1/16 tick, negative: too late; null: none came since the last frame
 * @property {number} covered ticks that a step covers: (tick - covered, tick]; else 0
 * @property {number} own per covered tick, oldest in the lowest bit: our own input was used, not a stand-in
 * @property {number} appliedOwn how many of these
 * @property {number} standIns covered ticks in which something stood in for our input
 * @property {"right" | "wrong" | "unchecked"} digest `unchecked`: a keep-alive, an ignored or a broken frame
 * @property {boolean} ignored the replica is lost and the frame could not mend it: nothing but its events was taken
 * @property {boolean} complete everything that may be seen is held, exactly or not
 * @property {boolean} eventsLost events before these were lost while we paused
 * @property {Event[]} events in order
 * @property {number[]} despawned anchors that were held before this frame and left (with a full frame: all). Their slots mean nothing now,
 *   or what is in `spawned`
 * @property {number[]} spawned anchors that are new with this frame. After a full frame: all; what had this slot and kind before is
 *   most likely the same entity
 * @property {number} changed facets whose state is not as it was, or that are new
 * @property {ReplicaError | null} error it left the replica lost: ask for a Resync. `spawned` and `despawned` say what is held all the same
 */

/**
 * An entity as plain values.
 * @typedef {object} Entity
 * @property {number} slot of its anchor
 * @property {string} kind as declared
 * @property {Record<string, Values>} components by name; one of which a part is not for us is left out
 */

/** The world as far as we may see it. */
export class Replica {
  /** @param {import("./agreement.js").Agreement} agreement */
  constructor({ schema, layout, tables, tick, wholeDigest }) {
    this.schema = schema;
    this.layout = layout;
    this.wholeDigest = wholeDigest;
    this.epochs = new Epochs(tables);
    this.holdings = new Holdings(layout);
    this.reader = new BitReader(new Uint8Array(0));
    this.header = new FrameHeader();
    /** The newest tick held. */
    this.tick = tick;
    /** The newest tick heard of in a frame that could be read, held or not. */
    this.heard = tick;
    /** Everything that may be seen is held. */
    this.complete = false;
    /** Nothing is applied until a full frame comes: nothing can be built on nothing, so it begins so. */
    this.lost = true;
    /** The anchor that we were told is our own. @type {number | null} */
    this.told = null;
    /** Room for the codes of one component. */
    this.codes = new Int32Array(Math.max(1, ...schema.components.map((component) => component.partCount)));
  }

  /** The anchor of the entity that our inputs drive, if it is held. */
  get me() {
    return this.told !== null && this.holdings.has(this.told) ? this.told : null;
  }

  /**
   * Applies one state frame (a whole message) and checks its digest. Whatever the bytes are, it does not throw: see `Applied.error`.
   * @param {Uint8Array} bytes
   * @returns {Applied}
   */
  apply(bytes) {
    const applied = this.nothing();
    try {
      this.reader.take(bytes);
      this.header.read(this.reader, this.heard, this.wholeDigest);
      this.note(applied);
      this.epochs.settle(this.tick, this.heard);
      if (this.header.events) this.readEvents(applied);
      this.applyState(applied);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.lose(applied, new ReplicaError("decode", `frame after tick ${this.tick}: ${error.message}`, error));
    }
    if (applied.error !== null || applied.ignored) this.forgetReferences(applied);
    return applied;
  }

  /**
   * Better tables came: the pieces of ticks from `from` on are in their codes.
   * @param {number} from
   * @param {Uint8Array} bytes
   * @throws {TablesRefused} the server's fault: the connection cannot go on
   */
  takeTables(from, bytes) {
    let tables;
    try {
      tables = Tables.fromBytes(bytes, this.layout);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw new TablesRefused("broken", `code tables: ${error.message}`, error);
    }
    this.epochs.add(from, tables, this.heard);
  }

  /** Applies nothing but what is told until the next full frame, which is known to come: what lies before it is not worth reading. */
  skipToFull() {
    this.lost = true;
  }

  /**
   * The slots of the anchors of all entities held, ascending.
   * @returns {number[]}
   */
  anchors() {
    return this.holdings.anchors();
  }

  /**
   * Whether an entity with this anchor is held.
   * @param {number} anchor
   */
  has(anchor) {
    return this.kind(anchor) !== null;
  }

  /**
   * What the entity of an anchor is; null if none is held.
   * @param {number} anchor
   * @returns {string | null}
   */
  kind(anchor) {
    const kind = this.kindNumber(anchor);
    return kind < 0 ? null : this.schema.kinds[kind].name;
  }

  /**
   * The same as a position in the schema's kinds; -1 if none is held.
   * @param {number} anchor
   */
  kindNumber(anchor) {
    const facet = this.holdings.facetOf(anchor);
    return facet === null || !facet.anchor ? -1 : facet.kind;
  }

  /**
   * An entity as plain values; null if none with this anchor is held.
   * @param {number} anchor
   * @returns {Entity | null}
   */
  entity(anchor) {
    const kind = this.kindNumber(anchor);
    if (kind < 0) return null;
    /** @type {Record<string, Values>} */
    const components = Object.create(null);
    for (const component of this.schema.kinds[kind].components) {
      const declaration = this.schema.components[component];
      if (this.row(anchor, component, this.codes)) components[declaration.name] = valuesOf(declaration, this.codes);
    }
    return { slot: anchor, kind: this.schema.kinds[kind].name, components };
  }

  /**
   * A component of the entity with this anchor; null if it has none, or a part of it is not for us.
   * @param {number} anchor
   * @param {string} component its name
   * @returns {Values | null}
   */
  read(anchor, component) {
    const place = this.schema.components.findIndex((declaration) => declaration.name === component);
    if (place < 0 || !this.row(anchor, place, this.codes)) return null;
    return valuesOf(this.schema.components[place], this.codes);
  }

  /**
   * Writes the codes of a component of the entity with this anchor behind `at` of `codes`. A reference to what is not held reads -1.
   * @param {number} anchor
   * @param {number} component its position in the schema
   * @param {Int32Array} codes
   * @param {number} [at]
   * @returns {boolean} false, and whatever in `codes`, if there is no such component or a part of it is not for us
   */
  row(anchor, component, codes, at = 0) {
    const kind = this.kindNumber(anchor);
    if (kind < 0) return false;
    let found = false;
    for (const route of this.layout.routes[kind]) {
      if (route.component !== component) continue;
      const facet = this.layout.kinds[kind][route.facet];
      const slot = this.holdings.member(anchor, route.facet);
      const reference = facet.section === REFERENCES;
      if (slot < 0 && !reference) return false;
      found = true;
      if (slot >= 0) this.holdings.copyCodes(slot, route.part, route.count, codes, at + route.source);
      // With a small budget a reference may be here before its target.
      if (reference && (slot < 0 || !this.holdings.has(codes[at + route.source]))) codes[at + route.source] = NO_REFERENCE;
    }
    return found;
  }

  /** The slots that left with the newest frame, of all sections: whoever knew one of these knows it no more. */
  get left() {
    return this.holdings.left;
  }

  /**
   * Whether every facet held of the entity with this anchor is exactly the server's.
   * @param {number} anchor
   */
  isExact(anchor) {
    const kind = this.kindNumber(anchor);
    if (kind < 0) return false;
    const slots = this.layout.kinds[kind].map((facet) => this.holdings.member(anchor, facet.place));
    return slots.every((slot) => slot < 0 || this.holdings.isFresh(slot));
  }

  /** Facets held, of all sections. */
  get heldCount() {
    return this.holdings.heldCount;
  }

  /** Facets held that are exactly the server's. */
  get freshCount() {
    return this.holdings.freshCount;
  }

  /**
   * What a frame did that did nothing.
   * @returns {Applied}
   */
  nothing() {
    return {
      kind: "broken",
      tick: this.tick,
      sound: false,
      early: null,
      covered: 0,
      own: 0,
      appliedOwn: 0,
      standIns: 0,
      digest: "unchecked",
      ignored: false,
      complete: false,
      eventsLost: false,
      events: [],
      despawned: [],
      spawned: [],
      changed: 0,
      error: null,
    };
  }

  /**
   * What the header says.
   * @param {Applied} applied
   */
  note(applied) {
    const { kind, tick, early, covered, own, complete } = this.header;
    let count = 0;
    for (let bits = own; bits !== 0; bits &= bits - 1) count += 1;
    Object.assign(applied, { kind, tick, early, covered, own, complete, appliedOwn: count, standIns: covered - count });
  }

  /**
   * What follows the events: the world.
   * @param {Applied} applied
   */
  applyState(applied) {
    const { header, reader } = this;
    if (header.kind === "step" && this.lost) {
      applied.ignored = true;
    } else if (header.kind === "step" && (header.tick - header.covered) >>> 0 !== this.tick) {
      const from = (header.tick - header.covered) >>> 0;
      return this.lose(applied, new ReplicaError("gap", `frame goes on from tick ${from}, held is tick ${this.tick}`));
    }
    if (header.kind === "keep-alive" || applied.ignored) {
      this.heard = header.tick;
      applied.sound = true;
      return;
    }
    if (header.kind === "full") {
      this.lost = false;
      this.told = null;
    }
    reader.align();
    try {
      this.holdings.change(this.epochs, header, reader);
    } finally {
      if (this.told !== null && this.holdings.left.includes(this.told)) this.told = null;
      applied.despawned = this.holdings.despawned;
      applied.spawned = this.holdings.spawned;
    }
    this.tick = this.heard = header.tick;
    this.complete = header.complete;
    if (header.me !== null) this.told = header.me;
    applied.changed = this.holdings.prove();
    applied.sound = true;
    if (this.isProven()) {
      applied.digest = "right";
      return;
    }
    applied.digest = "wrong";
    this.lose(applied, new ReplicaError("digest", `frame of tick ${header.tick} left a world that does not match its digest`));
  }

  /** Whether what is held is what the frame's digest says. */
  isProven() {
    const { sumA, sumB } = this.holdings;
    const { proofA, proofB } = this.header;
    if (this.wholeDigest) return proofA === sumA >>> 0 && proofB === sumB >>> 0;
    return proofA === ((sumA ^ sumB) & 0xffff);
  }

  /**
   * Reads what is told, whether what follows can be used or not.
   * @param {Applied} applied
   */
  readEvents(applied) {
    const length = this.reader.read(16, "length of the events");
    const reader = new BitReader(this.reader.readBytes(length, "events"));
    const lost = reader.readBool("events lost");
    /** @type {Event[]} */
    const events = [];
    for (let left = this.epochs.at(this.header.tick).readNumber(reader, EVENT_COUNT, "events"); left > 0; left--) {
      const kind = reader.read(8, "event kind");
      const declaration = this.schema.events[kind];
      if (declaration === undefined) throw DecodeError.inconsistent("event kind");
      const codes = readValues(reader, declaration);
      events.push({ kind, name: declaration.name, codes, values: valuesOf(declaration, codes) });
    }
    reader.finish();
    [applied.eventsLost, applied.events] = [lost, events];
  }

  /**
   * Whatever the events name may be something else by now, so their references read "none".
   * @param {Applied} applied
   */
  forgetReferences({ events }) {
    for (const event of events) {
      const declaration = this.schema.events[event.kind];
      let at = 0;
      for (const field of declaration.fields) {
        if (field.kind.word === "reference") event.codes[at] = NO_REFERENCE;
        at += field.parts.length;
      }
      event.values = valuesOf(declaration, event.codes);
    }
  }

  /**
   * @param {Applied} applied
   * @param {ReplicaError} error
   */
  lose(applied, error) {
    this.lost = true;
    applied.error = error;
  }
}
