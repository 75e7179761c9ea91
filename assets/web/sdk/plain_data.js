// Plain data (numbers, booleans, strings, null, arrays and objects of these): is it the same, and may it not be changed?
//
// Never here: what it means.

/** How deep a state may be: deeper, or going in a circle, is no plain data. */
const DEPTH_MAX = 16;

/**
 * Whether two pieces of plain data are the same, to the last number. A typed array is the same as an array of the same numbers.
 * @param {unknown} one
 * @param {unknown} other
 * @param {number} [depth]
 * @returns {boolean}
 */
export function areEqual(one, other, depth = 0) {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (depth > DEPTH_MAX) throw new TypeError(`a state that is deeper than ${DEPTH_MAX} is no plain data`);
  if (isList(one) && isList(other)) {
    if (one.length !== other.length) return false;
    for (let at = 0; at < one.length; at++) if (!areEqual(one[at], other[at], depth + 1)) return false;
    return true;
  }
  if (isList(one) || isList(other)) return false;
  const [left, right] = [/** @type {Record<string, unknown>} */ (one), /** @type {Record<string, unknown>} */ (other)];
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => name in right && areEqual(left[name], right[name], depth + 1));
}

/**
 * The same, which nobody can change any more: who changes a state that was given to it finds out at once. Typed arrays cannot be kept so.
 * @template T
 * @param {T} data
 * @param {number} [depth]
 * @returns {T}
 */
export function frozen(data, depth = 0) {
  if (typeof data !== "object" || data === null || ArrayBuffer.isView(data) || Object.isFrozen(data)) return data;
  if (depth > DEPTH_MAX) throw new TypeError(`a state that is deeper than ${DEPTH_MAX} is no plain data`);
  for (const part of Object.values(data)) frozen(part, depth + 1);
  return Object.freeze(data);
}

/**
 * @param {object} data
 * @returns {data is ArrayLike<unknown>}
 */
function isList(data) {
  return Array.isArray(data) || ArrayBuffer.isView(data);
}
