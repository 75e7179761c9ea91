// Who wants to be told what. One that throws does not keep the others from being told.
//
// What went wrong must be seen by somebody: what no listener hears goes to the platform, as if nothing had caught it.
//
// Never here: when anything is told (see room).

import { usage } from "./errors.js";

/** What a room tells. */
const NAMES = ["connect", "spawn", "despawn", "snapshot", "event", "notice", "drop", "reconnect", "resume", "leave", "error"];

/** Listeners by name. */
export class Listeners {
  /** @param {(error: unknown, name: string) => void} thrown is told what a listener threw, and to what it listens */
  constructor(thrown) {
    this.thrown = thrown;
    /** @type {Map<string, Set<{ listener: (what: any) => void, late: boolean }>>} */
    this.named = new Map();
  }

  /**
   * Adds one; gives the function that ends it. `replay` gives what it missed: it is told that soon, and until then nothing else.
   * @param {string} name
   * @param {(what: any) => void} listener
   * @param {(() => Iterable<any>) | null} replay
   */
  add(name, listener, replay) {
    const entry = { listener, late: replay !== null };
    let entries = this.named.get(name);
    if (entries === undefined) this.named.set(name, (entries = new Set()));
    entries.add(entry);
    if (replay !== null) {
      queueMicrotask(() => {
        entry.late = false;
        for (const what of replay()) if (entries.has(entry)) this.#call(name, entry, what);
      });
    }
    return () => void entries.delete(entry);
  }

  /**
   * Tells all who listen; whether anybody does.
   * @param {string} name
   * @param {any} what
   */
  tell(name, what) {
    const told = [...(this.named.get(name) ?? [])].filter(({ late }) => !late);
    for (const entry of told) this.#call(name, entry, what);
    return told.length > 0;
  }

  /**
   * @param {string} name
   * @param {{ listener: (what: any) => void }} entry
   * @param {any} what
   */
  #call(name, { listener }, what) {
    try {
      listener(what);
    } catch (error) {
      this.thrown(error, name);
    }
  }
}

/**
 * @param {string} name
 * @throws {import("./errors.js").TickwireError} a room tells nothing of that name
 */
export function checkedEvent(name) {
  if (NAMES.includes(name)) return name;
  throw usage(`a room has no event ${JSON.stringify(name)}`, `it has ${NAMES.join(", ")}`);
}

/**
 * Hands something that was thrown to the platform: a page's `error` event, or the console.
 * @param {unknown} cause
 */
export function report(cause) {
  if (typeof globalThis.reportError === "function") globalThis.reportError(cause);
  else console.error(cause);
}
