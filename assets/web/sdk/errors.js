// What goes wrong, whose fault it is and what to do: one class, so that a page can tell them apart by `code`.
//
// Never here: when it goes wrong.

/** @import { Ending } from "./types.js" */

/**
 * Whose doing it was: the page's author, the player's client, the network, the server, or nobody.
 * @typedef {"page" | "client" | "path" | "server" | "nobody"} Fault
 */

/**
 * What it is, in a word:
 * - `usage`: the page called the SDK wrongly
 * - `unreachable`: no answer from the server, or its certificate is not trusted
 * - `refused`: the server answers, but would not let us in
 * - `closed`: the server closed the connection (see `ending`)
 * - `slow`: it took too long
 * - `left`: the room was left, or given up, while something was waited for
 * - `dropped`: the connection was lost while something was waited for
 * - `disagreement`: the server plays something that this SDK cannot
 * - `broken`: the server sent what makes no sense
 * - `listener`: a listener or the prediction of the page threw (see `cause`)
 * @typedef {"usage" | "unreachable" | "refused" | "closed" | "slow" | "left" | "dropped" | "disagreement" | "broken" | "listener"} ErrorCode
 */

/** Something that could not be done. Its message is a sentence for people, with what to do at its end. */
export class TickwireError extends Error {
  /**
   * @param {ErrorCode} code
   * @param {Fault} fault
   * @param {string} message What is wrong.
   * @param {string} advice What to do.
   * @param {{ ending?: Ending, cause?: unknown }} [more]
   */
  constructor(code, fault, message, advice, more = {}) {
    super(`${message}: ${advice}`, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = "TickwireError";
    /** @type {ErrorCode} */
    this.code = code;
    /** @type {Fault} */
    this.fault = fault;
    /** What to do. */
    this.advice = advice;
    /** How the connection ended, if that is what happened. @type {Ending | null} */
    this.ending = more.ending ?? null;
  }
}

/**
 * The page called us wrongly.
 * @param {string} message
 * @param {string} advice
 */
export function usage(message, advice) {
  return new TickwireError("usage", "page", message, advice);
}

/**
 * The server closed the connection.
 * @param {Ending} ending
 */
export function closed(ending) {
  const says = `the connection was closed: ${ending.name} (${ending.code}), ${ending.reason || ending.text}`;
  const advice = ending.comeAgain === "never" ? "coming again would end the same way" : "try again in a moment";
  return new TickwireError("closed", ending.fault, says, advice, { ending });
}
