// Slots in ascending order, each with two numbers beside it: what a client holds of a section, as frames address it by position.
//
// One array, so that to walk it is to walk memory; a few that come or go are put in or taken out in place, many at once are sorted in.
//
// Never here: what is held (see holdings).

/** Bits of an entry's first number that are not its slot. */
const SLOT_SHIFT = 8;

/** A list of slots. Entry `i` is two numbers: `slot << 8 | facet kind` and where its states begin. */
export class SlotList {
  constructor() {
    this.entries = new Int32Array(2 * 64);
    this.count = 0;
  }

  clear() {
    this.count = 0;
  }

  /**
   * The slot at a position.
   * @param {number} position
   */
  slot(position) {
    return this.entries[2 * position] >>> SLOT_SHIFT;
  }

  /**
   * The position of a slot, or of the first one above it.
   * @param {number} slot
   */
  position(slot) {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entries[2 * middle] >>> SLOT_SHIFT < slot) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Puts a slot in that is not in it.
   * @param {number} slot
   * @param {number} kind its kind of facet
   * @param {number} states where its states begin
   */
  insert(slot, kind, states) {
    const position = this.position(slot);
    this.reserve(this.count + 1);
    this.entries.copyWithin(2 * position + 2, 2 * position, 2 * this.count);
    this.put(position, slot, kind, states);
    this.count += 1;
  }

  /**
   * Puts a slot behind all others, which must be below it.
   * @param {number} slot
   * @param {number} kind
   * @param {number} states
   */
  append(slot, kind, states) {
    this.reserve(this.count + 1);
    this.put(this.count, slot, kind, states);
    this.count += 1;
  }

  /**
   * Takes out those at so many ascending positions. Each of the others is moved once at most.
   * @param {Int32Array} positions
   * @param {number} count
   */
  removeAt(positions, count) {
    for (let at = 0; at < count; at++) {
      const behind = at + 1 < count ? positions[at + 1] : this.count;
      this.entries.copyWithin(2 * (positions[at] - at), 2 * (positions[at] + 1), 2 * behind);
    }
    this.count -= count;
  }

  /**
   * @param {number} position
   * @param {number} slot
   * @param {number} kind
   * @param {number} states
   */
  put(position, slot, kind, states) {
    this.entries[2 * position] = (slot << SLOT_SHIFT) | kind;
    this.entries[2 * position + 1] = states;
  }

  /** @param {number} count */
  reserve(count) {
    if (2 * count <= this.entries.length) return;
    const larger = new Int32Array(2 * this.entries.length);
    larger.set(this.entries);
    this.entries = larger;
  }
}
