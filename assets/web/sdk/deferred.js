// A promise that is settled from outside, or that may not take for ever.
//
// Never here: who settles it.

/** @import { Timers } from "./types.js" */

/** The longest that a timer of a platform can wait, in milliseconds. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Makes one; nobody needs to wait for it. */
export function deferred() {
  /** @type {() => void} */
  let resolve = () => {};
  /** @type {(error: Error) => void} */
  let reject = () => {};
  /** @type {Promise<void>} */
  const promise = new Promise((...both) => ([resolve, reject] = both));
  promise.catch(() => {});
  return { promise, resolve, reject };
}

/**
 * What a promise gives, unless it takes too long.
 * @template T
 * @param {T | Promise<T>} promise
 * @param {number} ms
 * @param {Timers} timers
 * @returns {Promise<T>}
 */
export async function within(promise, ms, timers) {
  const { promise: late, reject } = deferred();
  const timer = timers.setTimeout(() => reject(new Error(`nothing came in ${Math.round(ms)} ms`)), Math.min(ms, TIMER_MS_MAX));
  try {
    return /** @type {T} */ (await Promise.race([promise, late]));
  } finally {
    timers.clearTimeout(timer);
  }
}
