// Writes what a server writes behind a header, in any tables: what the golden frames do not hold, because no server would send it.

import { BitReader } from "../../../assets/web/sdk/bits/reader.js";
import { BitWriter } from "../../../assets/web/sdk/bits/writer.js";
import { KIND, RECORD_COUNT, code, past, pastMask, sizeClass, speed } from "../../../assets/web/sdk/codec/contexts.js";

/** Bits in the codes of some tables. */
export class Author {
  /**
   * @param {import("../../../assets/web/sdk/codec/tables.js").Tables} tables
   * @param {import("../../../assets/web/sdk/schema/facet.js").Layout} layout
   */
  constructor(tables, layout) {
    this.tables = tables;
    this.layout = layout;
    this.writer = new BitWriter();
  }

  /**
   * A symbol in a context.
   * @param {number} context
   * @param {number} symbol
   */
  symbol(context, symbol) {
    const [start, mask] = this.tables.places.subarray(2 * context);
    const at = this.tables.lookUp.subarray(start, start + mask + 1).findIndex((entry) => entry >>> 4 === symbol);
    if (at < 0) throw new RangeError(`no symbol ${symbol} in context ${context}`);
    const length = this.tables.lookUp[start + at] & 15;
    return this.bits(at & ((1 << length) - 1), length);
  }

  /**
   * A number in a context.
   * @param {number} context
   * @param {number} number 0 to 2^32 - 1
   */
  number(context, number) {
    if (number < 16) return this.symbol(context, number);
    const raw = 30 - Math.clz32(number);
    this.symbol(context, 16 + 2 * (raw - 3) + ((number >>> raw) & 1));
    return this.bits(number % 2 ** raw, raw);
  }

  /**
   * @param {number} value
   * @param {number} bits
   */
  bits(value, bits) {
    this.writer.write(value, bits);
    return this;
  }

  align() {
    this.writer.align();
    return this;
  }

  /**
   * How many records follow.
   * @param {number} count
   */
  records(count) {
    return this.number(RECORD_COUNT, count);
  }

  /**
   * A record of a facet as it was born, or of one whose parts all move by a speed.
   * @param {"new" | "refresh"} which
   * @param {number} kind its kind of facet
   * @param {number} slot
   * @param {number} anchor
   * @param {number[]} [codes] 0, where none are said
   * @param {number[]} [speeds] as born, if none are said
   */
  record(which, kind, slot, anchor, codes = [], speeds) {
    const facet = this.layout.facets[kind];
    this.bits(which === "new" ? 1 : 0, 1);
    this.symbol(KIND, kind);
    this.bits(slot, this.layout.slotBits);
    if (!facet.anchor) this.bits(anchor, this.layout.slotBits);
    facet.parts.forEach(({ zero }, part) => {
      const above = (codes[part] ?? 0) - zero;
      this.number(code(facet.context + part), zero === 0 ? above : ((above << 1) ^ (above >> 31)) >>> 0);
    });
    this.symbol(past(this.layout, kind), speeds ? 1 : 0);
    if (speeds) this.symbol(pastMask(this.layout, facet.groups[0]), 0);
    speeds?.forEach((value, part) => {
      this.number(speed(facet.context + part), ((value << 1) ^ (value >> 31)) >>> 0);
      this.symbol(sizeClass(facet.context + part), 0);
    });
    return this;
  }

  /** A reader of all of it. */
  reader() {
    return new BitReader(this.writer.intoBytes());
  }
}
