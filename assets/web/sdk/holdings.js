// The facets that a replica holds, and how the sections of a frame change them.
//
//   all leaves ─► per section: per covered tick: advance every fresh facet, apply that tick's pieces ─► demotions ─► records
//
// The states of all facets lie in rows, kind by kind; what a slot holds is a few numbers in arrays by slot; what a section holds is a list of
// slots in order, by which frames address it. Hashes are brought up to date when they are asked for, of what changed since.
//
// Never here: headers, digests that travelled, what a frame means for the client (see replica).

import { DecodeError } from "./bits/reader.js";
import { DEMOTIONS, LEAVES, PIECES, RECORD_COUNT } from "./codec/contexts.js";
import { freshHash, lanes, staleHash } from "./codec/digest.js";
import { advance, readPieces } from "./codec/piece.js";
import { COUNT, PLAN_SHIFT, STATE, TAKES, TAKES_STEPS, planOf } from "./codec/plan.js";
import { readPositions } from "./codec/positions.js";
import { Record } from "./codec/record.js";
import { Rows } from "./rows.js";
import { SECTIONS } from "./schema/facet.js";
import { SlotList } from "./slot_list.js";

/** @typedef {import("./bits/reader.js").BitReader} BitReader */
/** @typedef {import("./codec/tables.js").Tables} Tables */
/** @typedef {import("./epochs.js").Epochs} Epochs */
/** @typedef {import("./schema/facet.js").FacetLayout} FacetLayout */
/** @typedef {import("./schema/facet.js").Layout} Layout */
/** @typedef {import("./wire/state_frame.js").FrameHeader} FrameHeader */

/** So many records are put into their place one by one; more at once are sorted in. */
const FEW = 32;

/** What is held of one section: all of it, and those of it that are exactly the server's. */
class Section {
  constructor() {
    this.held = new SlotList();
    this.fresh = new SlotList();
  }
}

/** Everything that is held. */
export class Holdings {
  /** @param {Layout} layout */
  constructor(layout) {
    const { slots, facets } = layout;
    this.layout = layout;
    this.plan = planOf(layout);
    this.sections = Array.from({ length: SECTIONS }, () => new Section());
    this.rows = new Rows(this.plan, facets.length);
    /** Per section, the kinds that may move on all at once, and those which move on one by one where one has a piece. */
    this.movers = Array.from({ length: SECTIONS }, (_, section) => {
      const here = facets.filter((facet) => facet.section === section);
      /** @param {(takes: number) => boolean} which */
      const kinds = (which) => here.map((facet) => facet.number).filter((kind) => which(this.plan[(kind << PLAN_SHIFT) + TAKES]));
      return { together: kinds((takes) => takes === TAKES_STEPS), apart: kinds((takes) => takes > TAKES_STEPS) };
    });
    /** Per slot, its kind of facet; -1: nothing is held. */
    this.kinds = new Int16Array(slots).fill(-1);
    /** Per slot, the slot of its entity's anchor. */
    this.anchorOf = new Uint16Array(slots);
    /** Per slot, where its states begin. */
    this.statesOf = new Int32Array(slots);
    /** Per slot, 1 if it is exactly the server's. */
    this.freshOf = new Uint8Array(slots);
    /** Per slot, the lanes of its hash. */
    this.hashes = new Int32Array(2 * slots);
    /** Facets of an entity beside its anchor, at the most. */
    this.membersMax = layout.kinds.reduce((most, kind) => Math.max(most, kind.length - 1), 0);
    /** Per anchor, the slots of its entity's other facets by their place; -1: not held. */
    this.members = new Int32Array(slots * this.membersMax).fill(-1);
    /** Sums of the hashes of all that is held, as of the last `prove`. */
    this.sumA = 0;
    /** See `sumA`. */
    this.sumB = 0;
    /** What left with the newest change. @type {number[]} */
    this.left = [];
    /** Anchors among these, and with a full frame all that were held. @type {number[]} */
    this.despawned = [];
    /** Anchors that came with the newest change. @type {number[]} */
    this.spawned = [];
    // Memory that is used again by every frame.
    this.positions = new Int32Array(slots);
    this.named = new Uint8Array(slots);
    this.record = new Record();
    this.recordStates = new Int32Array(STATE * facets.reduce((most, facet) => Math.max(most, facet.parts.length), 0));
  }

  /**
   * Changes what is held as a frame's sections say, which are all that is left to be read.
   * @param {Epochs} epochs
   * @param {FrameHeader} header not of a keep-alive
   * @param {BitReader} reader
   * @throws {DecodeError} what is held is not to be relied on until everything is dropped
   */
  change(epochs, header, reader) {
    const step = header.kind === "step";
    this.left = [];
    this.despawned = step ? [] : this.anchors();
    this.spawned = [];
    if (!step) this.dropAll();
    const newest = epochs.at(header.tick);
    if ((step ? newest.epoch & 1 : newest.epoch) !== header.epoch) throw DecodeError.inconsistent("table epoch");
    try {
      this.readSections(epochs, header, reader);
    } catch (error) {
      // Whoever looks at what is left finds all of it.
      for (let section = 0; section < SECTIONS; section++) this.sortIn(section);
      throw error;
    }
  }

  /**
   * @param {Epochs} epochs
   * @param {FrameHeader} header
   * @param {BitReader} reader
   */
  readSections(epochs, header, reader) {
    const { tick, covered } = header;
    const newest = epochs.at(tick);
    for (let section = 0; section < SECTIONS; section++) {
      if ((header.leaves & (1 << section)) === 0) continue;
      this.readLeaves(reader, newest, this.sections[section]);
      reader.align();
    }
    for (let section = 0; section < SECTIONS; section++) {
      if ((header.sections & (1 << section)) === 0) {
        for (let left = covered; left > 0; left--) this.advance(section, 0);
        continue;
      }
      if (covered > 0) {
        this.readPieces(reader, epochs, section, covered, tick);
        this.readDemotions(reader, newest, this.sections[section]);
      }
      this.readRecords(reader, newest, section);
      reader.align();
    }
    reader.finish();
  }

  /** Brings the sums up to what is held now; says how many facets are not as they were. */
  prove() {
    const { kinds, anchorOf } = this;
    const { states } = this.rows;
    let changed = 0;
    for (const { fresh } of this.sections) {
      const { entries, count } = fresh;
      for (let at = 0; at < 2 * count; at += 2) {
        const first = entries[at + 1];
        if (states[first - 1] === 0) continue;
        states[first - 1] = 0;
        changed += 1;
        const slot = entries[at] >>> 8;
        const kind = kinds[slot];
        freshHash(slot, kind, anchorOf[slot], states, first, this.plan[(kind << PLAN_SHIFT) + COUNT]);
        this.rehash(slot);
      }
    }
    return changed;
  }

  /**
   * Whether something is held there.
   * @param {number} slot
   */
  has(slot) {
    return this.kinds[slot] >= 0;
  }

  /**
   * What is held there.
   * @param {number} slot
   * @returns {FacetLayout | null}
   */
  facetOf(slot) {
    return this.kinds[slot] >= 0 ? this.layout.facets[this.kinds[slot]] : null;
  }

  /**
   * Whether it is exactly the server's.
   * @param {number} slot
   */
  isFresh(slot) {
    return this.freshOf[slot] === 1;
  }

  /**
   * The slot of a facet of the entity with this anchor, by its place among the facets of its kind; -1 if it is not held.
   * @param {number} anchor
   * @param {number} place
   * @returns {number}
   */
  member(anchor, place) {
    return place === 0 ? anchor : this.members[anchor * this.membersMax + place - 1];
  }

  /**
   * The slots of all anchors, ascending.
   * @returns {number[]}
   */
  anchors() {
    const anchors = [];
    // Anchors are everyone's, whoever may see their other facets.
    const { held } = this.sections[0];
    for (let at = 0; at < held.count; at++) {
      const slot = held.slot(at);
      if (this.facetOf(slot)?.anchor) anchors.push(slot);
    }
    return anchors;
  }

  /** Facets held, of all sections. */
  get heldCount() {
    return this.sections.reduce((sum, section) => sum + section.held.count, 0);
  }

  /** Facets held that are exactly the server's. */
  get freshCount() {
    return this.sections.reduce((sum, section) => sum + section.fresh.count, 0);
  }

  /**
   * Copies the codes of some parts of a facet that is held.
   * @param {number} slot
   * @param {number} part the first
   * @param {number} count
   * @param {Int32Array} codes
   * @param {number} at where they go
   */
  copyCodes(slot, part, count, codes, at) {
    const from = this.statesOf[slot] + STATE * part;
    for (let place = 0; place < count; place++) codes[at + place] = this.rows.states[from + STATE * place];
  }

  /** Drops everything: a full frame begins. */
  dropAll() {
    for (const { held, fresh } of this.sections) {
      held.clear();
      fresh.clear();
    }
    this.kinds.fill(-1);
    this.freshOf.fill(0);
    this.hashes.fill(0);
    this.members.fill(-1);
    this.rows.clear();
    this.sumA = this.sumB = 0;
  }

  /**
   * @param {BitReader} reader
   * @param {Tables} tables
   * @param {Section} section
   */
  readLeaves(reader, tables, { held, fresh }) {
    const count = readPositions(reader, tables, LEAVES, held.count, this.positions);
    const begin = this.left.length;
    for (let at = 0; at < count; at++) this.left.push(held.slot(this.positions[at]));
    held.removeAt(this.positions, count);
    let exact = 0;
    for (let at = begin; at < this.left.length; at++) {
      const slot = this.left[at];
      if (this.freshOf[slot] === 1) this.positions[exact++] = fresh.position(slot);
      this.forget(slot);
    }
    fresh.removeAt(this.positions, exact);
  }

  /**
   * Nothing is held there any more; the lists are seen to.
   * @param {number} slot
   */
  forget(slot) {
    const facet = this.layout.facets[this.kinds[slot]];
    const anchor = this.anchorOf[slot];
    this.sumA = (this.sumA - this.hashes[2 * slot]) | 0;
    this.sumB = (this.sumB - this.hashes[2 * slot + 1]) | 0;
    this.hashes[2 * slot] = this.hashes[2 * slot + 1] = 0;
    this.rows.give(this.block(slot), this.statesOf[slot]);
    this.kinds[slot] = -1;
    this.freshOf[slot] = 0;
    const own = slot * this.membersMax;
    if (facet.anchor) {
      this.members.fill(-1, own, own + this.membersMax);
      this.despawned.push(slot);
      return;
    }
    const place = anchor * this.membersMax + facet.place - 1;
    if (this.members[place] === slot) this.members[place] = -1;
  }

  /**
   * Moves what is fresh of a section on by a tick, but for those that have a piece and are moved as it is read.
   * @param {number} section
   * @param {number} pieces how many of `positions` have one
   */
  advance(section, pieces) {
    const { plan, rows, positions, named } = this;
    const { together, apart } = this.movers[section];
    for (const kind of together) {
      advance(plan, kind << PLAN_SHIFT, rows.states, rows.begins[kind], rows.used[kind], rows.strides[kind]);
    }
    if (apart.length === 0) return;
    const { entries, count } = this.sections[section].fresh;
    for (let at = 0; at < pieces; at++) named[positions[at]] = 1;
    for (let at = 0; at < count; at++) {
      const header = (entries[2 * at] & 255) << PLAN_SHIFT;
      if (named[at] === 0 && plan[header + TAKES] > TAKES_STEPS) advance(plan, header, rows.states, entries[2 * at + 1], 1, 1);
    }
    for (let at = 0; at < pieces; at++) named[positions[at]] = 0;
  }

  /**
   * Pieces are in the codes of their own tick, everything else is in those of the frame's.
   * @param {BitReader} reader
   * @param {Epochs} epochs
   * @param {number} section
   * @param {number} covered
   * @param {number} tick
   */
  readPieces(reader, epochs, section, covered, tick) {
    // The list of what is fresh stands for all covered ticks: nothing enters or leaves in between.
    const { entries, count } = this.sections[section].fresh;
    const newest = epochs.at(tick);
    for (let back = covered - 1; back >= 0; back--) {
      const pieces = readPositions(reader, newest, PIECES, count, this.positions);
      this.advance(section, pieces);
      readPieces(reader, epochs.at(tick - back), this.plan, this.rows.states, entries, this.positions, pieces);
    }
  }

  /**
   * @param {BitReader} reader
   * @param {Tables} tables
   * @param {Section} section
   */
  readDemotions(reader, tables, { fresh }) {
    const count = readPositions(reader, tables, DEMOTIONS, fresh.count, this.positions);
    for (let at = 0; at < count; at++) {
      const slot = fresh.slot(this.positions[at]);
      this.lay(slot, 0);
      staleHash(slot, this.kinds[slot], this.anchorOf[slot]);
      this.rehash(slot);
    }
    fresh.removeAt(this.positions, count);
  }

  /**
   * @param {BitReader} reader
   * @param {Tables} tables
   * @param {number} section
   */
  readRecords(reader, tables, section) {
    const count = tables.readNumber(reader, RECORD_COUNT, "records");
    if (count > this.layout.slots) throw DecodeError.inconsistent("records");
    for (let left = count; left > 0; left--) {
      const isNew = reader.readBool("new or refresh");
      this.record.read(reader, tables, this.layout, this.plan, this.recordStates);
      this.enter(section, isNew, count <= FEW);
    }
    if (count > FEW) this.sortIn(section);
  }

  /**
   * Takes the record in that was just read. New for a slot that is held, refresh for one that is not: a mismatch like a wrong digest.
   * @param {number} number of its section
   * @param {boolean} isNew
   * @param {boolean} place put it into the lists, too
   */
  enter(number, isNew, place) {
    const { slot, kind, anchor } = this.record;
    const facet = this.layout.facets[kind];
    if (facet.section !== number || this.has(slot) === isNew) throw DecodeError.inconsistent("record");
    const entity = this.facetOf(anchor);
    if (!facet.anchor && !(entity?.anchor && entity.kind === facet.kind)) throw DecodeError.inconsistent("record");
    const wasFresh = this.freshOf[slot] === 1;
    if (isNew) {
      const at = this.take(kind);
      this.kinds[slot] = kind;
      this.anchorOf[slot] = anchor;
      this.statesOf[slot] = at;
      this.freshOf[slot] = 1;
      if (facet.anchor) this.spawned.push(slot);
      else this.members[anchor * this.membersMax + facet.place - 1] = slot;
    } else {
      if (this.kinds[slot] !== kind || this.anchorOf[slot] !== anchor) throw DecodeError.inconsistent("record");
      if (!wasFresh) this.lay(slot, 1);
    }
    const { states, strides } = this.rows;
    const first = this.statesOf[slot];
    states[first - 1] = 1;
    for (let at = 0; at < strides[kind] - 1; at++) states[first + at] = this.recordStates[at];
    const { held, fresh } = this.sections[number];
    if (place && isNew) held.insert(slot, kind, first);
    if (place && !wasFresh) fresh.insert(slot, kind, first);
  }

  /**
   * The block of rows in which a slot's states lie.
   * @param {number} slot
   */
  block(slot) {
    return this.freshOf[slot] === 1 ? this.kinds[slot] : this.rows.kinds + this.kinds[slot];
  }

  /**
   * A row of a block, where its states begin.
   * @param {number} block
   */
  take(block) {
    const { rows } = this;
    if (rows.isFull(block)) {
      const { kinds } = this;
      const far = rows.grow(block);
      for (let slot = 0; slot < kinds.length; slot++) {
        if (kinds[slot] >= 0 && this.block(slot) === block) this.statesOf[slot] += far;
      }
      if (block < rows.kinds) this.sortIn(this.layout.facets[block].section);
    }
    return rows.take(block);
  }

  /**
   * Lays a slot's states where the fresh are, or where the stale are.
   * @param {number} slot
   * @param {number} fresh 1 if it is so from now on, and was not before; 0 if not any more
   */
  lay(slot, fresh) {
    const kind = this.kinds[slot];
    const to = this.take(fresh === 1 ? kind : this.rows.kinds + kind);
    const from = this.statesOf[slot];
    this.rows.states.copyWithin(to, from, from + this.rows.strides[kind] - 1);
    this.rows.give(this.block(slot), from);
    this.statesOf[slot] = to;
    this.freshOf[slot] = fresh;
  }

  /**
   * Makes the lists of a section anew.
   * @param {number} number
   */
  sortIn(number) {
    const { held, fresh } = this.sections[number];
    held.clear();
    fresh.clear();
    for (let slot = 0; slot < this.layout.slots; slot++) {
      const kind = this.kinds[slot];
      if (kind < 0 || this.layout.facets[kind].section !== number) continue;
      held.append(slot, kind, this.statesOf[slot]);
      if (this.freshOf[slot] === 1) fresh.append(slot, kind, this.statesOf[slot]);
    }
  }

  /**
   * Puts the hash that was just made in the place of the one before.
   * @param {number} slot
   */
  rehash(slot) {
    this.sumA = (this.sumA - this.hashes[2 * slot] + lanes[0]) | 0;
    this.sumB = (this.sumB - this.hashes[2 * slot + 1] + lanes[1]) | 0;
    this.hashes[2 * slot] = lanes[0];
    this.hashes[2 * slot + 1] = lanes[1];
  }
}
