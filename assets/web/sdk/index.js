// The browser SDK of Tickwire: joins a room and plays any game. What there is for a page is here and in types.js; see README.md.
//
// Never here: what it does (see room).

import { TickwireError } from "./errors.js";
import { Room } from "./room.js";
import { settingOf } from "./setting.js";

export { Room, TickwireError };
export { mapsHash } from "./agreement.js";
export { keptRoom } from "./seat.js";
export { CLOSE_CODES } from "./wire/close_code.js";
export { PROTOCOL, PROTOCOL_OLDEST } from "./wire/version.js";

/** @typedef {import("./types.js").Game} Game */
/**
 * @template {Game} [G=Game]
 * @typedef {import("./types.js").ConnectOptions<G>} ConnectOptions
 */

/**
 * @template {Game} [G=Game]
 * @typedef {import("./types.js").Entity<G>} Entity
 */
/**
 * @template {Game} [G=Game]
 * @typedef {import("./types.js").View<G>} View
 */
/**
 * @template [S=any]
 * @template {Game} [G=Game]
 * @typedef {import("./types.js").Prediction<S, G>} Prediction
 */
/**
 * @template {Game} [G=Game]
 * @typedef {import("./types.js").GameEvent<G>} GameEvent
 */
/**
 * @template {Game} [G=Game]
 * @typedef {import("./types.js").Predict<G>} Predict
 */
/** @typedef {import("./errors.js").ErrorCode} ErrorCode */
/** @typedef {import("./types.js").Agreement} Agreement */
/** @typedef {import("./types.js").Drop} Drop */
/** @typedef {import("./types.js").Ending} Ending */
/** @typedef {import("./types.js").Ghost} Ghost */
/** @typedef {import("./types.js").Notice} Notice */
/** @typedef {import("./types.js").Reconnected} Reconnected */
/** @typedef {import("./types.js").Resumed} Resumed */
/** @typedef {import("./types.js").Launch} Launch */
/** @typedef {import("./types.js").Snapshot} Snapshot */
/** @typedef {import("./types.js").Stats} Stats */

/**
 * Joins a room. The promise is there when the world is: after the welcome and everything that we may see.
 * @template {Game} [G=Game]
 * @param {string | URL} url `wss://HOST`, or `https://HOST`: a page's own `location.origin`
 * @param {ConnectOptions<G>} [options]
 * @returns {Promise<Room<G>>}
 * @throws {TickwireError} what is wrong, whose fault it is and what to do
 */
export async function connect(url, options = {}) {
  if (options.signal?.aborted) {
    throw new TickwireError("left", "page", "given up by the page's signal", "connect again to join", { cause: options.signal.reason });
  }
  /** @type {Room<G>} */
  const room = new Room(settingOf(url, options));
  await room.entered;
  return room;
}
