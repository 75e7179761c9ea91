// The names of bytes: xxh3 with 64 bits (Collet, github.com/Cyan4973/xxHash), by which schemas, code tables and maps are called when only
// their name travels. Seed 0 and the default secret; as BigInts, because nothing hashed here comes every tick.
//
// Never here: what is hashed, and the digest of what is held (see codec/digest.js).

const MASK = (1n << 64n) - 1n;
const PRIME32 = [0x9e3779b1n, 0x85ebca77n, 0xc2b2ae3dn];
const PRIME64 = [0x9e3779b185ebca87n, 0xc2b2ae3d27d4eb4fn, 0x165667b19e3779f9n, 0x85ebca77c2b2ae63n, 0x27d4eb2f165667c5n];
const MIX = [0x165667919e3779f9n, 0x9fb21c651e98df25n];

const SECRET = new DataView(
  Uint8Array.from(
    (
      "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248e" +
      "e03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d8a" +
      "51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8f" +
      "f8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
    )
      .match(/../g)
      ?.map((byte) => parseInt(byte, 16)) ?? [],
  ).buffer,
);

/** Bytes of a stripe, and of the accumulators. */
const STRIPE = 64;
/** Stripes of a block: the secret moves on by 8 bytes for each. */
const STRIPES = (SECRET.byteLength - STRIPE) / 8;

/**
 * The hash of some bytes.
 * @param {Uint8Array} bytes
 * @returns {bigint} of 64 bits
 */
export function xxh3(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length;
  if (length <= 16) return ofFew(bytes, view, length);
  if (length <= 128) return ofSome(view, length);
  if (length <= 240) return ofMore(view, length);
  return ofMany(view, length);
}

/** @param {number} at */
const secret = (at) => SECRET.getBigUint64(at, true);

/** @param {bigint} hash */
function avalanche(hash) {
  let mixed = hash ^ (hash >> 37n);
  mixed = (mixed * MIX[0]) & MASK;
  return mixed ^ (mixed >> 32n);
}

/** @param {bigint} hash */
function avalanche64(hash) {
  let mixed = hash ^ (hash >> 33n);
  mixed = (mixed * PRIME64[1]) & MASK;
  mixed ^= mixed >> 29n;
  mixed = (mixed * PRIME64[2]) & MASK;
  return mixed ^ (mixed >> 32n);
}

/**
 * The product of two numbers of 64 bits, its halves folded into one.
 * @param {bigint} one
 * @param {bigint} other
 */
function fold(one, other) {
  const product = one * other;
  return (product & MASK) ^ (product >> 64n);
}

/**
 * @param {bigint} value
 * @param {bigint} bits
 */
function rotate(value, bits) {
  return ((value << bits) | (value >> (64n - bits))) & MASK;
}

/**
 * @param {Uint8Array} bytes
 * @param {DataView} view
 * @param {number} length
 */
function ofFew(bytes, view, length) {
  const size = BigInt(length);
  if (length > 8) {
    const low = view.getBigUint64(0, true) ^ (secret(24) ^ secret(32));
    const high = view.getBigUint64(length - 8, true) ^ (secret(40) ^ secret(48));
    return avalanche((size + swapped(low) + high + fold(low, high)) & MASK);
  }
  if (length >= 4) {
    const [first, last] = [view.getUint32(0, true), view.getUint32(length - 4, true)];
    const keyed = (BigInt(last) + (BigInt(first) << 32n)) ^ (secret(8) ^ secret(16));
    let mixed = keyed ^ rotate(keyed, 49n) ^ rotate(keyed, 24n);
    mixed = (mixed * MIX[1]) & MASK;
    mixed ^= ((mixed >> 35n) + size) & MASK;
    mixed = (mixed * MIX[1]) & MASK;
    return mixed ^ (mixed >> 28n);
  }
  if (length === 0) return avalanche64(secret(56) ^ secret(64));
  const [first, middle, last] = [bytes[0], bytes[length >> 1], bytes[length - 1]];
  const combined = BigInt(((first << 16) | (middle << 24) | last | (length << 8)) >>> 0);
  return avalanche64(combined ^ BigInt((SECRET.getUint32(0, true) ^ SECRET.getUint32(4, true)) >>> 0));
}

/** @param {bigint} value */
function swapped(value) {
  let turned = 0n;
  for (let byte = 0n; byte < 64n; byte += 8n) turned = (turned << 8n) | ((value >> byte) & 255n);
  return turned;
}

/**
 * @param {DataView} view
 * @param {number} at
 * @param {number} key
 */
function mix16(view, at, key) {
  return fold(view.getBigUint64(at, true) ^ secret(key), view.getBigUint64(at + 8, true) ^ secret(key + 8));
}

/**
 * @param {DataView} view
 * @param {number} length
 */
function ofSome(view, length) {
  let sum = BigInt(length) * PRIME64[0];
  for (let at = ((length - 1) >> 5) * 16; at >= 0; at -= 16) {
    sum += mix16(view, at, 2 * at) + mix16(view, length - 16 - at, 2 * at + 16);
  }
  return avalanche(sum & MASK);
}

/**
 * @param {DataView} view
 * @param {number} length
 */
function ofMore(view, length) {
  let sum = BigInt(length) * PRIME64[0];
  for (let at = 0; at < 128; at += 16) sum += mix16(view, at, at);
  sum = avalanche(sum & MASK);
  for (let at = 128; at + 16 <= length; at += 16) sum += mix16(view, at, at - 128 + 3);
  sum += mix16(view, length - 16, 136 - 17);
  return avalanche(sum & MASK);
}

/**
 * @param {DataView} view
 * @param {number} length
 */
function ofMany(view, length) {
  const sums = [PRIME32[2], PRIME64[0], PRIME64[1], PRIME64[2], PRIME64[3], PRIME32[1], PRIME64[4], PRIME32[0]];
  const stripes = Math.floor((length - 1) / STRIPE);
  for (let stripe = 0; stripe < stripes; stripe++) {
    accumulate(sums, view, STRIPE * stripe, 8 * (stripe % STRIPES));
    if (stripe % STRIPES === STRIPES - 1) scramble(sums);
  }
  accumulate(sums, view, length - STRIPE, SECRET.byteLength - STRIPE - 7);
  let sum = (BigInt(length) * PRIME64[0]) & MASK;
  for (let at = 0; at < 8; at += 2) sum += fold(sums[at] ^ secret(11 + 8 * at), sums[at + 1] ^ secret(19 + 8 * at));
  return avalanche(sum & MASK);
}

/**
 * @param {bigint[]} sums
 * @param {DataView} view
 * @param {number} at
 * @param {number} key
 */
function accumulate(sums, view, at, key) {
  for (let lane = 0; lane < 8; lane++) {
    const value = view.getBigUint64(at + 8 * lane, true);
    const keyed = value ^ secret(key + 8 * lane);
    sums[lane ^ 1] = (sums[lane ^ 1] + value) & MASK;
    sums[lane] = (sums[lane] + (keyed & 0xffffffffn) * (keyed >> 32n)) & MASK;
  }
}

/** @param {bigint[]} sums */
function scramble(sums) {
  for (let lane = 0; lane < 8; lane++) {
    const sum = sums[lane] ^ (sums[lane] >> 47n) ^ secret(SECRET.byteLength - STRIPE + 8 * lane);
    sums[lane] = (sum * PRIME32[0]) & MASK;
  }
}
