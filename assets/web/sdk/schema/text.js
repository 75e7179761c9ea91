// A bounded text: bytes of UTF-8, and their codes: the length, then three bytes to a code, lowest first.
//
// Never here: what a name or a chat line may hold (the game's business).

/**
 * As much of a text as fits, cut at a character.
 * @param {string} text
 * @param {number} bytes how many may be taken
 * @returns {Uint8Array}
 */
export function textBytes(text, bytes) {
  const whole = new TextEncoder().encode(text);
  if (whole.length <= bytes) return whole;
  let cut = bytes;
  while (cut > 0 && (whole[cut] & 0xc0) === 0x80) cut -= 1;
  return whole.subarray(0, cut);
}

/**
 * The codes of a text of at most so many bytes. Inverse of `textOfCodes`.
 * @param {string} text
 * @param {number} bytes
 * @returns {number[]}
 */
export function textCodes(text, bytes) {
  const taken = textBytes(text, bytes);
  const codes = [taken.length];
  for (let at = 0; at < bytes; at += 3) {
    codes.push((taken[at] ?? 0) | ((taken[at + 1] ?? 0) << 8) | ((taken[at + 2] ?? 0) << 16));
  }
  return codes;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The text of some codes, which begin at `at`. Bytes that are not UTF-8 (a hostile peer's) give an empty text.
 * @param {number} bytes how many it can have
 * @param {ArrayLike<number>} codes
 * @param {number} at
 * @returns {string}
 */
export function textOfCodes(bytes, codes, at) {
  const taken = new Uint8Array(Math.min(Math.max(codes[at], 0), bytes));
  for (let byte = 0; byte < taken.length; byte++) {
    taken[byte] = codes[at + 1 + Math.floor(byte / 3)] >>> (8 * (byte % 3));
  }
  try {
    return decoder.decode(taken);
  } catch {
    return "";
  }
}
