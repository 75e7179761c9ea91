// The header of a state frame: which ticks it covers, how the client's input fared, and the proof.
//
//   step        everything since the last frame, at most 16 ticks     header · events · leaves · sections
//   full        drop what you hold; what follows is the world         header · events · sections (records only)
//   keep-alive  the tick, and nothing else                            header
//
// PROTOCOL.md, "State frames". Never here: the sections (see holdings), events (see replica).

import { DecodeError } from "../bits/reader.js";
import { unwrapNear, unwrapStep } from "../ids.js";
import { CATCH_UP_TICKS } from "../limits.js";
import { EVERYONE, SECTIONS } from "../schema/facet.js";
import { STATE, STEP } from "./server_message.js";

/** @typedef {import("../bits/reader.js").BitReader} BitReader */

/** Everyone's section, among flags. */
const ONLY_EVERYONE = 1 << EVERYONE;

/** Everything in front of the sections. One object is read into again and again. */
export class FrameHeader {
  constructor() {
    /** What the frame is. @type {"step" | "full" | "keep-alive"} */
    this.kind = "keep-alive";
    /** The newest tick that it covers. */
    this.tick = 0;
    /** Ticks covered by a step, 1 to 16. */
    this.covered = 0;
    /** Per covered tick, oldest in the lowest bit: our own input was used, not a stand-in. */
    this.own = 0;
    /** Which code tables are in force at that tick: in a step only the lowest bit. */
    this.epoch = 0;
    /** How long before its tick's step our newest input came, in 1/16 tick, negative: too late; null: none came. @type {number | null} */
    this.early = null;
    /** The slot of the anchor of the entity that our inputs drive, where it is new or changed. @type {number | null} */
    this.me = null;
    /** We hold everything that we may see. */
    this.complete = false;
    /** Which sections' leaves follow, a bit for each. */
    this.leaves = 0;
    /** Which sections follow, a bit for each. */
    this.sections = 0;
    /** Events follow. */
    this.events = false;
    /** The digest: its first lane, or what is folded of both. */
    this.proofA = 0;
    /** Its second lane, if the whole of it travels. */
    this.proofB = 0;
  }

  /**
   * Reads a header; the tick is taken as near to `now`, the newest that was heard of.
   * @param {BitReader} reader
   * @param {number} now
   * @param {boolean} wholeDigest
   */
  read(reader, now, wholeDigest) {
    const first = reader.read(8, "message kind");
    this.forget();
    if (first >= STEP) {
      this.tick = unwrapStep(now, first & 31);
      this.readStep(reader, first);
    } else if (first === STATE) {
      const kind = reader.readAtMost(2, 2, "frame kind");
      this.tick = unwrapNear(now, reader.read(16, "tick"));
      if (kind === 0) throw DecodeError.outOfRange("frame kind", 0, 1, 2);
      if (kind === 2) return reader.align();
      this.kind = "full";
      this.epoch = reader.read(8, "table epoch");
    } else {
      throw DecodeError.unknownMessage(first);
    }
    this.early = readEarly(reader);
    if (reader.readBool("plain")) {
      this.complete = true;
      this.sections = ONLY_EVERYONE;
      if (this.kind !== "full" && reader.readBool("leaves")) this.leaves = ONLY_EVERYONE;
    } else {
      this.readRest(reader);
    }
    this.proofA = reader.read(wholeDigest ? 32 : 16, "digest");
    if (wholeDigest) this.proofB = reader.read(32, "digest");
    reader.align();
  }

  /** Everything as in a keep-alive. */
  forget() {
    this.kind = "keep-alive";
    this.covered = this.own = this.epoch = this.leaves = this.sections = this.proofA = this.proofB = 0;
    this.early = this.me = null;
    this.complete = this.events = false;
  }

  /**
   * @param {BitReader} reader
   * @param {number} first its first byte
   */
  readStep(reader, first) {
    this.kind = "step";
    this.epoch = (first >> 6) & 1;
    const ordinary = (first & 32) !== 0;
    this.covered = ordinary ? 1 : reader.readAtMost(CATCH_UP_TICKS - 1, 4, "covered ticks") + 1;
    this.own = ordinary ? 1 : reader.read(this.covered, "applied inputs");
    if (!ordinary && this.covered === 1 && this.own === 1) throw DecodeError.notShortest("covered ticks");
  }

  /** @param {BitReader} reader */
  readRest(reader) {
    this.me = reader.readBool("me") ? reader.read(16, "me") : null;
    this.complete = reader.readBool("complete");
    this.leaves = this.kind === "full" ? 0 : reader.read(SECTIONS, "leaves");
    this.sections = reader.read(SECTIONS, "sections");
    this.events = reader.readBool("events");
    const plain = this.sections === ONLY_EVERYONE && (this.leaves & ~ONLY_EVERYONE) === 0;
    if (plain && this.complete && this.me === null && !this.events) throw DecodeError.notShortest("frame header");
  }
}

/**
 * How early the newest input came: 0 and five bits from 0 to just below two ticks; 1, 0: none came; else 1, 1 and all of it.
 * @param {BitReader} reader
 */
function readEarly(reader) {
  if (!reader.readBool("early")) return reader.read(5, "early");
  if (!reader.readBool("early")) return null;
  const early = (reader.read(8, "early") << 24) >> 24;
  if (early >= 0 && early < 32) throw DecodeError.notShortest("early");
  return early;
}

/**
 * Whether a message is a full frame, by its first bytes: what waits before one need not be read.
 * @param {Uint8Array} message
 */
export function isFull(message) {
  return message.length > 1 && message[0] === STATE && (message[1] & 3) === 1;
}

/**
 * Whether a message is a step.
 * @param {Uint8Array} message
 */
export function isStep(message) {
  return message.length > 0 && message[0] >= STEP;
}
