// What went wrong with a connection, in words for a page, and with what code we end it ourselves.
//
// Never here: what is done about it (see room), whether to come again (see reconnect).

import { Disagreement } from "./agreement.js";
import { TickwireError } from "./errors.js";
import { endingOf } from "./reconnect.js";

/** @import { Ending } from "./types.js" */

/** Protocol versions that do not meet: the page is older than the server. */
export const WRONG_VERSION = 4000;
/** How the SDK ends a connection whose server it cannot understand: to come again may help, or not. */
const BROKEN = 4001;
/** How it ends one that it cannot play on. */
const REFUSED = 1000;

/**
 * The server cannot be understood, or is not for us: in words, and with what code we end it.
 * @param {Error} cause
 */
export function faultOf(cause) {
  if (!(cause instanceof Disagreement)) {
    return { code: BROKEN, fault: new TickwireError("broken", "server", cause.message, "tell the server's operator", { cause }) };
  }
  const old = cause.kind === "version" || cause.kind === "newer";
  const advice = old ? "load the newest page" : "tell the server's operator";
  const fault = new TickwireError("disagreement", old ? "client" : "server", cause.message, advice, { cause });
  return { code: old ? WRONG_VERSION : cause.kind === "left-out" ? BROKEN : REFUSED, fault };
}

/**
 * How a connection ended.
 * @param {{ code: number, reason: string }} end
 * @param {TickwireError | null} fault why we ended it ourselves
 * @param {boolean} isMoved whether we know where else to go on
 * @returns {Ending}
 */
export function endingUnder({ code, reason }, fault, isMoved) {
  const ending = endingOf(code, reason);
  // Sent on, and nowhere to go: the same server may say it better the next time.
  if (ending.comeAgain === "elsewhere" && !isMoved) return { ...ending, comeAgain: "yes" };
  if (fault === null || code === WRONG_VERSION) return ending;
  if (fault.code === "slow") return { ...ending, name: "Slow", reason, text: fault.message };
  const comeAgain = code === BROKEN ? "yes" : "never";
  return { ...ending, name: "Broken", fault: "server", comeAgain, reason, text: fault.message };
}

/**
 * What the page's prediction threw.
 * @param {unknown} cause
 */
export function thrown(cause) {
  const says = `the page's prediction threw: ${cause instanceof Error ? cause.message : cause}`;
  return new TickwireError("listener", "page", says, "mend it; nothing is predicted any more", { cause });
}
