// All that a room needs to know from the start: what the page said, checked, and what the platform has where it said nothing.
//
// Never here: what is done with it (see room).

import { usage } from "./errors.js";
import { recall } from "./known.js";
import { reloadOnce } from "./outdated.js";
import { refusal } from "./refusal.js";
import { KeptSeat } from "./seat.js";
import { checkedName, roomOf, targetOf } from "./target.js";
import { pageTimers } from "./timers.js";

/** @import { ConnectOptions, Ending } from "./types.js" */

/** How long one attempt may take until the world is there, in milliseconds. */
const TIMEOUT_MS = 15_000;

/** @typedef {ReturnType<typeof settingOf>} Setting */

/**
 * @param {string | URL} url
 * @param {ConnectOptions<any>} options
 * @throws {import("./errors.js").TickwireError}
 */
export function settingOf(url, options) {
  const { WebSocket = globalThis.WebSocket, fetch = globalThis.fetch, store = null, watch = false } = options;
  if (typeof WebSocket !== "function") {
    throw usage("this platform has no WebSocket", 'pass one in: import WebSocket from "ws"; connect(url, { WebSocket })');
  }
  const target = targetOf(url, options);
  /** @type {import("./types.js").Page | null} */
  const page = options.page === undefined ? (globalThis.document ?? null) : options.page;
  const window = typeof globalThis.addEventListener === "function" ? globalThis : null;
  return {
    target,
    name: checkedName(options.name ?? ""),
    watch,
    predict: options.predict ?? null,
    on: options.on ?? {},
    signal: options.signal ?? null,
    renewTicket: options.renewTicket ?? null,
    WebSocket: /** @type {import("./socket.js").SocketMaker} */ (WebSocket),
    store,
    known: recall(store, new URL(target.url).host),
    kept: new KeptSeat(options.seatStore ?? null, target, watch),
    timers: options.timers ?? pageTimers,
    random: options.random ?? Math.random,
    page,
    network: options.network === undefined ? window : options.network,
    onOutdated: options.onOutdated ?? ((/** @type {Ending} */ _) => void reloadOnce(globalThis)),
    retry: options.retry,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    /** Why a connection never came to be. @param {string} said */
    explain(said) {
      const origin = globalThis.location?.origin ?? null;
      return refusal({ url: this.target.url, room: roomOf(this.target), said, fetch: fetch ?? null, origin, timers: this.timers });
    },
  };
}
