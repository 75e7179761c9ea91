// The page's own clock and timers. Tests bring others.
//
// Never here: what is timed.

/** @import { Timers } from "./types.js" */

/** @type {Timers} */
export const pageTimers = {
  now: () => performance.now(),
  setTimeout: (wake, ms) => setTimeout(wake, ms),
  clearTimeout: (timer) => clearTimeout(timer),
  soon,
};

/** What waits for its turn. @type {(() => void)[]} */
const waiting = [];
/** @type {MessagePort | null} */
let port = null;

/**
 * Runs something after what waits already. A timer would be held back in a hidden page, a message to ourselves is not.
 * @param {() => void} run
 */
function soon(run) {
  const { setImmediate } = /** @type {{ setImmediate?: (run: () => void) => void }} */ (globalThis);
  if (setImmediate !== undefined) {
    setImmediate(run);
    return;
  }
  if (port === null) {
    const channel = new MessageChannel();
    channel.port2.onmessage = () => waiting.shift()?.();
    port = channel.port1;
  }
  waiting.push(run);
  port.postMessage(0);
}
