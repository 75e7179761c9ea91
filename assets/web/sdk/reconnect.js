// Whether to come again, and when: exponential back-off with full jitter, and a stop where it would be the same again.
//
//   attempt      1          2          3     …            each waits for a part of the longest, by chance, so that the players of a
//   at most   250 ms     500 ms     1,000 ms … 5 s        server that fell over don't all come back at once
//
// Never here: sockets, clocks: `nowMs` is given, chance is given.

import { closeCode } from "./wire/close_code.js";

/** @import { Ending, RetryOptions } from "./types.js" */

/** The longest wait before the first attempt, in milliseconds. */
export const FIRST_MS = 250;
/** The longest wait of all. */
export const MOST_MS = 5_000;
/** After so long without being in for STEADY_MS it gives up. */
export const TOTAL_MS = 60_000;
/** Who was in for so long waits as little as the first time: nobody is overrun by it. */
export const UP_MS = 2_000;
/** Who was in for so long begins anew: what dropped it then is no row of failures. */
export const STEADY_MS = 10_000;
/** Servers that one attempt may be sent on by: more go in a circle. */
export const MOVES_MAX = 4;

/** Counts attempts. */
export class Reconnect {
  /**
   * @param {boolean | RetryOptions | undefined} options
   * @param {() => number} random from 0 to 1
   */
  constructor(options, random) {
    const { firstMs = FIRST_MS, mostMs = MOST_MS, totalMs = TOTAL_MS } = typeof options === "object" ? options : {};
    this.enabled = options !== false;
    this.firstMs = firstMs;
    this.mostMs = mostMs;
    this.totalMs = totalMs;
    this.random = random;
    /** Attempts since we were in for STEADY_MS. */
    this.attempts = 0;
    /** Of these, attempts since we were in for UP_MS. */
    this.row = 0;
    /** When the first of these was due. @type {number | null} */
    this.sinceMs = null;
    /** When we were dropped the last time. @type {number | null} */
    this.dropMs = null;
    /** When we came in. @type {number | null} */
    this.inMs = null;
    this.moves = 0;
  }

  /**
   * The connection ended: how long to wait before the next attempt. Null: it is over.
   * @param {Ending} ending
   * @param {number} nowMs
   */
  dropped(ending, nowMs) {
    if (!this.enabled || ending.comeAgain === "never") return null;
    const upMs = this.inMs === null ? 0 : nowMs - this.inMs;
    if (upMs >= UP_MS) this.row = 0;
    if (upMs >= STEADY_MS) [this.attempts, this.sinceMs, this.moves] = [0, null, 0];
    if (this.inMs !== null) this.dropMs = nowMs;
    this.inMs = null;
    this.sinceMs ??= nowMs;
    if (ending.comeAgain === "elsewhere") {
      this.moves += 1;
      if (this.moves <= MOVES_MAX) return 0;
    }
    if (nowMs - this.sinceMs >= this.totalMs) return null;
    const longest = Math.min(this.firstMs * 2 ** this.row, this.mostMs);
    this.row += 1;
    this.attempts += 1;
    return Math.min(this.random() * longest, this.sinceMs + this.totalMs - nowMs);
  }

  /**
   * How long it goes on before it gives up.
   * @param {number} nowMs
   */
  leftMs(nowMs) {
    return Math.max((this.sinceMs ?? nowMs) + this.totalMs - nowMs, 0);
  }

  /**
   * We are in; how many attempts it took, and how long.
   * @param {number} nowMs
   */
  entered(nowMs) {
    this.inMs = nowMs;
    return { attempts: Math.max(this.attempts, 1), ms: nowMs - (this.dropMs ?? nowMs) };
  }
}

/**
 * How a connection ended, in words that a page can show.
 * @param {number} code of the close event
 * @param {string} reason of the close event
 * @returns {Ending}
 */
export function endingOf(code, reason) {
  const known = closeCode(code);
  if (known !== undefined) {
    const fault = /** @type {Ending["fault"]} */ (known.fault.toLowerCase());
    const comeAgain = /** @type {Ending["comeAgain"]} */ (known.retry.toLowerCase());
    const said = reason || known.reason;
    return { code, name: known.name, reason: said, fault, comeAgain, text: sentence(said, fault, comeAgain) };
  }
  if (code === 1005 || code === 1006) {
    const said = "the connection was cut without a word";
    return { code, name: "Cut", reason, fault: "path", comeAgain: "yes", text: sentence(said, "path", "yes") };
  }
  // Codes from 3000 on are somebody else's own, the others RFC 6455's: a proxy, a newer server. To come again, with back-off, hurts nobody.
  const said = reason || `closed with code ${code}, which this client does not know`;
  return { code, name: "Unknown", reason: said, fault: "server", comeAgain: "yes", text: sentence(said, "server", "yes") };
}

/**
 * @param {string} said
 * @param {Ending["fault"]} fault
 * @param {Ending["comeAgain"]} comeAgain
 */
function sentence(said, fault, comeAgain) {
  if (fault === "nobody" && comeAgain === "never") return said;
  const whose = { nobody: "", client: "this side's fault", path: "the network's or this machine's fault", server: "the server's fault" };
  const then = { never: "coming again would end the same way", yes: "it may work again in a moment", elsewhere: "go on at the other server" };
  return `${said} (${[whose[fault], then[comeAgain]].filter((part) => part !== "").join("; ")})`;
}
