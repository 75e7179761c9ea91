// Bytes into bits, out of hostile hands: every read can fail with a DecodeError, none can fail with anything else, none allocates.
//
// The bytes are copied behind each other into a buffer of the reader's own with zeros after the end, so that to look at the next bits
// is one load and no question. A reader can be used again ([`BitReader.take`]): frame after frame, without a new buffer.
//
// Never here: what the bits mean.

/**
 * What was wrong with bytes.
 *
 * - `truncated`: they end in the middle of something
 * - `out-of-range`: a number lies outside its declared range
 * - `trailing-bits`: something follows the last field, or padding is not zero
 * - `unknown-message`: the first byte is no message's
 * - `not-text`: a text is not UTF-8
 * - `not-shortest`: it has a shorter form, and only that is allowed
 * - `control`: a control message could not be decoded
 * - `inconsistent`: a position, slot or count does not fit what is held
 *
 * @typedef {"truncated" | "out-of-range" | "trailing-bits" | "unknown-message" | "not-text" | "not-shortest" | "control"
 *   | "inconsistent"} DecodeErrorKind
 */

/** Why bytes were refused. Always the fault of who sent them: a server that is broken, hostile, or newer than we are. */
export class DecodeError extends Error {
  /**
   * @param {DecodeErrorKind} kind what is wrong
   * @param {string} field what was being read
   * @param {string} says the same as a sentence
   */
  constructor(kind, field, says) {
    super(says);
    this.name = "DecodeError";
    /** @type {DecodeErrorKind} */
    this.kind = kind;
    /** What was being read. */
    this.field = field;
  }

  /** @param {string} field */
  static truncated(field) {
    return new DecodeError("truncated", field, `the bytes end while ${field} is read`);
  }

  /**
   * @param {string} field
   * @param {number} got
   * @param {number} min
   * @param {number} max
   */
  static outOfRange(field, got, min, max) {
    return new DecodeError("out-of-range", field, `${field} is ${got}, allowed is ${min} to ${max}`);
  }

  /** @param {number} bits */
  static trailingBits(bits) {
    return new DecodeError("trailing-bits", "end", `${bits} bits follow the last field, or its padding is not zero`);
  }

  /** @param {number} kind */
  static unknownMessage(kind) {
    return new DecodeError("unknown-message", "message kind", `there is no message ${kind}`);
  }

  /** @param {string} field */
  static notText(field) {
    return new DecodeError("not-text", field, `${field} is not UTF-8`);
  }

  /** @param {string} field */
  static notShortest(field) {
    return new DecodeError("not-shortest", field, `${field} is written longer than needed`);
  }

  /** @param {string} message */
  static control(message) {
    return new DecodeError("control", message, `${message} could not be decoded`);
  }

  /** @param {string} field */
  static inconsistent(field) {
    return new DecodeError("inconsistent", field, `${field} does not fit what is held`);
  }
}

/** Zero bytes behind the end: as many as are looked at together. */
const PADDING = 8;

/** Reads bits, least significant first. */
export class BitReader {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    /** The bytes, and zeros behind them. */
    this.buffer = new Uint8Array(bytes.length + PADDING);
    /** The same. */
    this.view = new DataView(this.buffer.buffer);
    /** The next bit. */
    this.at = 0;
    /** The bit behind the last. */
    this.end = 0;
    this.take(bytes);
  }

  /**
   * Begins anew with other bytes.
   * @param {Uint8Array} bytes
   */
  take(bytes) {
    if (bytes.length + PADDING > this.buffer.length) {
      this.buffer = new Uint8Array(2 * bytes.length + PADDING);
      this.view = new DataView(this.buffer.buffer);
    }
    this.buffer.set(bytes);
    this.buffer.fill(0, bytes.length, bytes.length + PADDING);
    this.at = 0;
    this.end = 8 * bytes.length;
  }

  /** Bits that are left. */
  get bitsLeft() {
    return this.end - this.at;
  }

  /**
   * Reads so many bits (0 to 32) as a number from 0 up. Inverse of `BitWriter.write`.
   * @param {number} bits
   * @param {string} field
   * @returns {number}
   */
  read(bits, field) {
    const value = this.peek(bits);
    this.skip(bits, field);
    return value;
  }

  /**
   * Reads bits that must be at most `max`.
   * @param {number} max
   * @param {number} bits
   * @param {string} field
   */
  readAtMost(max, bits, field) {
    const value = this.read(bits, field);
    if (value > max) throw DecodeError.outOfRange(field, value, 0, max);
    return value;
  }

  /**
   * Reads one bit. Inverse of `BitWriter.writeBool`.
   * @param {string} field
   */
  readBool(field) {
    return this.read(1, field) !== 0;
  }

  /**
   * The next bits (0 to 32) without taking them; zeros behind the end.
   * @param {number} bits
   * @returns {number}
   */
  peek(bits) {
    const over = this.at & 7;
    const byte = this.at >>> 3;
    let value = this.view.getUint32(byte, true) >>> over;
    if (bits <= 25) return value & ((1 << bits) - 1);
    if (over !== 0) value |= this.buffer[byte + 4] << (32 - over);
    return (bits < 32 ? value & ((1 << bits) - 1) : value) >>> 0;
  }

  /**
   * Takes bits that were peeked at.
   * @param {number} bits
   * @param {string} field
   */
  skip(bits, field) {
    if (bits > this.end - this.at) throw DecodeError.truncated(field);
    this.at += bits;
  }

  /** Goes to the next whole byte; what lies between must be zero. Inverse of `BitWriter.align`. */
  align() {
    const over = this.at & 7;
    if (over !== 0 && this.read(8 - over, "padding") !== 0) throw DecodeError.trailingBits(8 - over);
  }

  /**
   * Whole bytes, aligned first. Inverse of `BitWriter.writeBytes`.
   * @param {number} count
   * @param {string} field
   * @returns {Uint8Array} a copy
   */
  readBytes(count, field) {
    this.align();
    const start = this.at >>> 3;
    if (count > this.bitsLeft / 8) throw DecodeError.truncated(field);
    this.at += 8 * count;
    return this.buffer.slice(start, start + count);
  }

  /** Nothing may be left but zero bits in the last byte. */
  finish() {
    this.align();
    if (this.bitsLeft !== 0) throw DecodeError.trailingBits(this.bitsLeft);
  }
}
