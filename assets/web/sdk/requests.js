// What the page asked the game and has no answer to yet.
//
//   ask ─► number ─► Reply with that number ─► the promise          the line is cut ─► all of them fail: nobody will answer
//
// Never here: bytes (see session/playing).

import { TickwireError, usage } from "./errors.js";
import { checked } from "./hands.js";
import { REQUESTS_WAITING_MAX } from "./limits.js";

/** @typedef {import("./session/playing.js").Playing} Playing */
/** @typedef {{ done: true } | { done: false, reason: number }} Answer */

/** Requests of one room, over all its connections. */
export class Requests {
  /** @type {Map<number, { resolve: (answer: Answer) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();

  /**
   * Asks; it goes out with the next wake.
   * @param {Playing} playing
   * @param {string} kind
   * @param {Record<string, any>} values
   * @returns {Promise<Answer>}
   * @throws {TickwireError} it cannot be asked
   */
  ask(playing, kind, values) {
    const { requests } = playing.agreement.schema;
    const number = requests.findIndex(({ name }) => name === kind);
    if (number < 0) {
      const known = requests.map(({ name }) => name).join(", ") || "none";
      throw usage(`the game has no request ${kind}`, `it has ${known}`);
    }
    if (playing.hands === null) throw usage("who only looks on asks for nothing", "join without `watch`");
    const asked = playing.request(number, checked(requests[number], values));
    if (asked === null) throw usage(`${REQUESTS_WAITING_MAX} requests wait for their answer already`, "wait for some of them");
    return new Promise((resolve, reject) => this.#waiting.set(asked, { resolve, reject }));
  }

  /**
   * The game answered. `reason` is why not; null: it was done.
   * @param {number} number
   * @param {number | null} reason
   */
  answer(number, reason) {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    waiting?.resolve(reason === null ? { done: true } : { done: false, reason });
  }

  /** The connection is gone, and with it all answers. */
  refuse() {
    const error = new TickwireError("dropped", "path", "the connection was lost before the answer came", "ask again when connected");
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
