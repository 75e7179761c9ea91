// The fingerprint of a file: xxh3, 64 bits, without a seed, as the server takes it of a map's bytes.
//
// In whole numbers of any length (BigInt): a map has some ten kilobytes and is hashed once, so plain beats quick.
//
// Never here: what is done with a fingerprint (see maps.js).

const MASK = 0xFFFFFFFFFFFFFFFFn;
const PRIME32_1 = 0x9E3779B1n;
const PRIME32_2 = 0x85EBCA77n;
const PRIME32_3 = 0xC2B2AE3Dn;
const PRIME64_1 = 0x9E3779B185EBCA87n;
const PRIME64_2 = 0xC2B2AE3D27D4EB4Fn;
const PRIME64_3 = 0x165667B19E3779F9n;
const PRIME64_4 = 0x85EBCA77C2B2AE63n;
const PRIME64_5 = 0x27D4EB2F165667C5n;

/** Bytes of the accumulators. */
const STRIPE = 64;
/** Bytes by which the secret moves on per stripe. */
const CONSUMED = 8;

const SECRET = new DataView(Uint8Array.from([
  0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
  0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
  0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
  0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
  0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
  0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
  0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
  0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
  0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
  0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
  0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
  0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
]).buffer);

/**
 * The xxh3 (64 bits) of `bytes`.
 * @param {Uint8Array} bytes
 * @returns {bigint}
 */
export function xxh3(bytes) {
  const input = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.byteLength;
  if (length === 0) return avalanche64(secret64(56) ^ secret64(64));
  if (length <= 3) return ofUpTo3(input);
  if (length <= 8) return ofUpTo8(input);
  if (length <= 16) return ofUpTo16(input);
  if (length <= 128) return ofUpTo128(input);
  return length <= 240 ? ofUpTo240(input) : ofMore(input);
}

/** @param {DataView} input */
function ofUpTo3(input) {
  const length = input.byteLength;
  const [first, middle, last] = [input.getUint8(0), input.getUint8(length >> 1), input.getUint8(length - 1)];
  const combined = BigInt((first << 16 | middle << 24 | last | length << 8) >>> 0);
  return avalanche64(combined ^ secret32(0) ^ secret32(4));
}

/** @param {DataView} input */
function ofUpTo8(input) {
  const length = input.byteLength;
  const low = BigInt(input.getUint32(length - 4, true));
  const high = BigInt(input.getUint32(0, true)) << 32n;
  let value = low + high ^ secret64(8) ^ secret64(16);
  value ^= rotated(value, 49n) ^ rotated(value, 24n);
  value = wrapped(value * 0x9FB21C651E98DF25n);
  value ^= (value >> 35n) + BigInt(length);
  value = wrapped(value * 0x9FB21C651E98DF25n);
  return value ^ value >> 28n;
}

/** @param {DataView} input */
function ofUpTo16(input) {
  const length = input.byteLength;
  const low = read(input, 0) ^ secret64(24) ^ secret64(32);
  const high = read(input, length - 8) ^ secret64(40) ^ secret64(48);
  return avalanche(wrapped(BigInt(length) + reversed(low) + high + folded(low, high)));
}

/** @param {DataView} input */
function ofUpTo128(input) {
  const length = input.byteLength;
  let sum = BigInt(length) * PRIME64_1;
  for (let pair = (length - 1) >> 5; pair >= 0; pair--) {
    sum += mixed(input, 16 * pair, 32 * pair) + mixed(input, length - 16 * (pair + 1), 32 * pair + 16);
  }
  return avalanche(wrapped(sum));
}

/** @param {DataView} input */
function ofUpTo240(input) {
  const length = input.byteLength;
  let sum = BigInt(length) * PRIME64_1;
  for (let round = 0; round < 8; round++) sum += mixed(input, 16 * round, 16 * round);
  sum = avalanche(wrapped(sum));
  for (let round = 8; round < length >> 4; round++) sum += mixed(input, 16 * round, 16 * (round - 8) + 3);
  return avalanche(wrapped(sum + mixed(input, length - 16, 136 - 17)));
}

/** @param {DataView} input */
function ofMore(input) {
  const length = input.byteLength;
  const sums = [PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1];
  const stripes = (SECRET.byteLength - STRIPE) / CONSUMED;
  const block = STRIPE * stripes;
  const blocks = Math.floor((length - 1) / block);
  for (let at = 0; at < blocks; at++) {
    for (let stripe = 0; stripe < stripes; stripe++) accumulate(sums, input, at * block + stripe * STRIPE, stripe * CONSUMED);
    sums.forEach((sum, lane) => {
      const key = secret64(SECRET.byteLength - STRIPE + 8 * lane);
      sums[lane] = wrapped((sum ^ sum >> 47n ^ key) * PRIME32_1);
    });
  }
  const left = Math.floor((length - 1 - block * blocks) / STRIPE);
  for (let stripe = 0; stripe < left; stripe++) accumulate(sums, input, blocks * block + stripe * STRIPE, stripe * CONSUMED);
  accumulate(sums, input, length - STRIPE, SECRET.byteLength - STRIPE - 7);
  let result = BigInt(length) * PRIME64_1;
  for (let pair = 0; pair < 4; pair++) {
    result += folded(sums[2 * pair] ^ secret64(11 + 16 * pair), sums[2 * pair + 1] ^ secret64(19 + 16 * pair));
  }
  return avalanche(wrapped(result));
}

/**
 * @param {bigint[]} sums
 * @param {DataView} input
 * @param {number} at
 * @param {number} secret
 */
function accumulate(sums, input, at, secret) {
  for (let lane = 0; lane < 8; lane++) {
    const value = read(input, at + 8 * lane);
    const keyed = value ^ secret64(secret + 8 * lane);
    sums[lane ^ 1] = wrapped(sums[lane ^ 1] + value);
    sums[lane] = wrapped(sums[lane] + (keyed & 0xFFFFFFFFn) * (keyed >> 32n));
  }
}

/**
 * Sixteen bytes with sixteen of the secret.
 * @param {DataView} input
 * @param {number} at
 * @param {number} secret
 */
function mixed(input, at, secret) {
  return folded(read(input, at) ^ secret64(secret), read(input, at + 8) ^ secret64(secret + 8));
}

/** @param {bigint} one @param {bigint} other */
function folded(one, other) {
  const product = one * other;
  return wrapped(product) ^ product >> 64n;
}

/** @param {bigint} value */
function avalanche(value) {
  const mixedOnce = wrapped((value ^ value >> 37n) * 0x165667919E3779F9n);
  return mixedOnce ^ mixedOnce >> 32n;
}

/** @param {bigint} value */
function avalanche64(value) {
  let mixing = wrapped((value ^ value >> 33n) * PRIME64_2);
  mixing = wrapped((mixing ^ mixing >> 29n) * PRIME64_3);
  return mixing ^ mixing >> 32n;
}

/** @param {bigint} value @param {bigint} bits */
function rotated(value, bits) {
  return wrapped(value << bits) | value >> 64n - bits;
}

/** The bytes the other way round. @param {bigint} value */
function reversed(value) {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setBigUint64(0, value);
  return bytes.getBigUint64(0, true);
}

/** @param {DataView} input @param {number} at */
function read(input, at) {
  return input.getBigUint64(at, true);
}

/** @param {number} at */
function secret64(at) {
  return SECRET.getBigUint64(at, true);
}

/** @param {number} at */
function secret32(at) {
  return BigInt(SECRET.getUint32(at, true));
}

/** @param {bigint} value */
function wrapped(value) {
  return value & MASK;
}
