// Which code stands for which context.
//
// Each context points at one of a few codes, so that contexts that behave alike share one. Tables have an epoch, so that better ones can
// replace them at a marked tick.
//
//   epoch u8 · codes u12 · per code: symbols u8, runs of (length u4, times - 1 u3) · per context: 1, or 0 and its code u12
//
// A context that says 1 has the code of the context before it. PROTOCOL.md, "Codes".
//
// The look-ups of all codes lie in one array; per context there is where its own begins and how many bits it looks at. To read a symbol is
// two look-ups and no question but whether the bytes have ended.
//
// Never here: what contexts are (see contexts).

import { BitReader, DecodeError } from "../bits/reader.js";
import { TABLE_CODES_MAX } from "../limits.js";
import { symbolCounts } from "./contexts.js";
import { ENTRY_BITS, lookUpOf } from "./prefix_code.js";

/** @typedef {import("../schema/facet.js").Layout} Layout */

/** Longest run of equal lengths that is written at once. */
const RUN_MAX = 8;

/** The codes in force and where each is used. */
export class Tables {
  /**
   * @param {number} epoch
   * @param {Uint16Array[]} codes look-ups
   * @param {Uint16Array} places per context the position of its code
   */
  constructor(epoch, codes, places) {
    /** Which tables these are: counts up with each replacement, 8 bits travel. */
    this.epoch = epoch;
    /** The look-ups of all codes, one behind the other. */
    this.lookUp = new Uint16Array(codes.reduce((sum, code) => sum + code.length, 0));
    /** Per context two numbers: where its look-up begins, and which of the next bits lead to an entry. */
    this.places = new Int32Array(2 * places.length);
    const begin = new Int32Array(codes.length);
    let at = 0;
    for (const [place, code] of codes.entries()) {
      this.lookUp.set(code, at);
      begin[place] = at;
      at += code.length;
    }
    places.forEach((place, context) => {
      this.places[2 * context] = begin[place];
      this.places[2 * context + 1] = codes[place].length - 1;
    });
  }

  /**
   * The tables of some bytes, for a layout that must be the sender's.
   * @param {Uint8Array} bytes
   * @param {Layout} layout
   * @returns {Tables}
   * @throws {DecodeError} broken, or not made for this layout
   */
  static fromBytes(bytes, layout) {
    const reader = new BitReader(bytes);
    const epoch = reader.read(8, "table epoch");
    const count = reader.readAtMost(TABLE_CODES_MAX, 12, "number of codes");
    const codes = [];
    const symbols = [];
    for (let code = 0; code < count; code++) {
      const lengths = readLengths(reader);
      const lookUp = lookUpOf(lengths);
      if (lookUp === null) throw DecodeError.inconsistent("code lengths");
      codes.push(lookUp);
      symbols.push(lengths.length);
    }
    const places = readPlaces(reader, symbols, symbolCounts(layout));
    reader.finish();
    return new Tables(epoch, codes, places);
  }

  /**
   * Reads a symbol in a context.
   * @param {BitReader} reader
   * @param {number} context
   * @param {string} field
   * @returns {number}
   */
  readSymbol(reader, context, field) {
    const at = reader.at;
    const next = reader.view.getUint32(at >>> 3, true) >>> (at & 7);
    const entry = this.lookUp[this.places[2 * context] + (next & this.places[2 * context + 1])];
    const behind = at + (entry & ((1 << ENTRY_BITS) - 1));
    if (behind > reader.end) throw DecodeError.truncated(field);
    reader.at = behind;
    return entry >>> ENTRY_BITS;
  }

  /**
   * Reads a number in a context.
   * @param {BitReader} reader
   * @param {number} context
   * @param {string} field
   * @returns {number} 0 to 2^32 - 1
   */
  readNumber(reader, context, field) {
    const symbol = this.readSymbol(reader, context, field);
    return symbol < 16 ? symbol : readRest(reader, symbol, field);
  }
}

/**
 * The number of a symbol of 16 or more, whose low bits follow raw.
 * @param {BitReader} reader
 * @param {number} symbol
 * @param {string} field
 */
export function readRest(reader, symbol, field) {
  const rawBits = 3 + ((symbol - 16) >>> 1);
  const top = 2 | (symbol & 1);
  return ((top << rawBits) | reader.read(rawBits, field)) >>> 0;
}

/**
 * The lengths of one code's words.
 * @param {BitReader} reader
 */
function readLengths(reader) {
  const lengths = new Uint8Array(reader.read(8, "number of symbols"));
  let filled = 0;
  let before = RUN_MAX;
  while (filled < lengths.length) {
    const length = reader.read(4, "length of a code word");
    const times = reader.read(3, "run of code words") + 1;
    // A run is as long as it can be: tables have one form.
    const goesOn = filled > 0 && lengths[filled - 1] === length && before < RUN_MAX;
    if (goesOn || filled + times > lengths.length) throw DecodeError.inconsistent("code lengths");
    lengths.fill(length, filled, filled + times);
    filled += times;
    before = times;
  }
  return lengths;
}

/**
 * Per context which code it uses.
 * @param {BitReader} reader
 * @param {number[]} symbols of each code
 * @param {number[]} wanted symbols of each context
 */
function readPlaces(reader, symbols, wanted) {
  const places = new Uint16Array(wanted.length);
  let before = -1;
  for (let context = 0; context < wanted.length; context++) {
    const same = reader.readBool("place of a code");
    const place = same ? before : reader.read(12, "place of a code");
    if (same === (place !== before) || place < 0) throw DecodeError.inconsistent("place of a code");
    if (symbols[place] !== wanted[context]) throw DecodeError.inconsistent("code tables");
    places[context] = place;
    before = place;
  }
  return places;
}
