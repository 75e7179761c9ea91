// The facets that a replica holds, and how the sections of a frame change them.
//
//   all leaves ─► per section: per covered tick: advance every fresh facet, apply that tick's pieces ─► demotions ─► records
//
// Never here: headers, digests that travelled, what a frame means for the client (see replica).

/** @typedef {import("./bits/reader.js").BitReader} BitReader */
/** @typedef {import("./epochs.js").Epochs} Epochs */
/** @typedef {import("./schema/facet.js").FacetLayout} FacetLayout */
/** @typedef {import("./schema/facet.js").Layout} Layout */
/** @typedef {import("./wire/state_frame.js").FrameHeader} FrameHeader */

/** Everything that is held. */
export class Holdings {
  /** @param {Layout} layout */
  constructor(layout) {
    this.layout = layout;
    /** Sums of the hashes of all that is held, as of the last `prove`. */
    this.sumA = 0;
    /** See `sumA`. */
    this.sumB = 0;
    /** What left with the newest change. @type {number[]} */
    this.left = [];
    /** Anchors among these. @type {number[]} */
    this.despawned = [];
    /** Anchors that came with the newest change. @type {number[]} */
    this.spawned = [];
    this.heldCount = 0;
    this.freshCount = 0;
  }

  /**
   * Changes what is held as a frame's sections say.
   * @param {Epochs} _epochs
   * @param {FrameHeader} _header
   * @param {BitReader} _reader
   */
  change(_epochs, _header, _reader) {}

  /** Brings the sums up to what is held now; says how many facets are not as they were. */
  prove() {
    return 0;
  }

  /**
   * @param {number} _slot
   * @returns {boolean}
   */
  has(_slot) {
    return false;
  }

  /**
   * @param {number} _slot
   * @returns {FacetLayout | null}
   */
  facetOf(_slot) {
    return null;
  }

  /**
   * @param {number} _slot
   * @returns {boolean}
   */
  isFresh(_slot) {
    return false;
  }

  /**
   * @param {number} _anchor
   * @param {number} _place
   * @returns {number}
   */
  member(_anchor, _place) {
    return -1;
  }

  /** @returns {number[]} */
  anchors() {
    return [];
  }

  /**
   * @param {number} _slot
   * @param {number} _part
   * @param {number} _count
   * @param {Int32Array} _codes
   * @param {number} _at
   */
  copyCodes(_slot, _part, _count, _codes, _at) {}
}
