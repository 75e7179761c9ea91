// Bits into bytes: least significant bit first, as PROTOCOL.md's "Bits" says.
//
// Never here: what the bits mean.

/** Writes bits into a growing buffer. */
export class BitWriter {
  constructor() {
    this.buffer = new Uint8Array(64);
    /** Bits written so far. */
    this.bitLength = 0;
  }

  /**
   * Writes the low bits (0 to 32) of a number. Inverse of `BitReader.read`.
   * @param {number} value a whole number that has no more bits
   * @param {number} bits
   */
  write(value, bits) {
    if (bits < 32 ? value >>> bits !== 0 : value !== value >>> 0 && value !== (value | 0)) {
      throw new RangeError(`${value} does not fit ${bits} bits`);
    }
    this.reserve(bits);
    let left = bits;
    let rest = value;
    while (left > 0) {
      const over = this.bitLength & 7;
      const take = Math.min(8 - over, left);
      this.buffer[this.bitLength >>> 3] |= (rest & ((1 << take) - 1)) << over;
      rest >>>= take;
      left -= take;
      this.bitLength += take;
    }
  }

  /**
   * Writes one bit. Inverse of `BitReader.readBool`.
   * @param {boolean} value
   */
  writeBool(value) {
    this.write(value ? 1 : 0, 1);
  }

  /** Zero bits up to the next whole byte. Inverse of `BitReader.align`. */
  align() {
    this.bitLength = (this.bitLength + 7) & ~7;
  }

  /**
   * Whole bytes, aligned first. Inverse of `BitReader.readBytes`.
   * @param {Uint8Array} bytes
   */
  writeBytes(bytes) {
    this.align();
    this.reserve(8 * bytes.length);
    this.buffer.set(bytes, this.bitLength >>> 3);
    this.bitLength += 8 * bytes.length;
  }

  /**
   * What was written, the last byte filled with zero bits.
   * @returns {Uint8Array} a copy
   */
  intoBytes() {
    return this.buffer.slice(0, (this.bitLength + 7) >>> 3);
  }

  /** @param {number} bits */
  reserve(bits) {
    const bytes = (this.bitLength + bits + 7) >>> 3;
    if (bytes <= this.buffer.length) return;
    const larger = new Uint8Array(2 * bytes);
    larger.set(this.buffer);
    this.buffer = larger;
  }
}
