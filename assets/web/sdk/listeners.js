// Who wants to be told what. One that throws does not keep the others from being told.
//
// Never here: what there is to tell.

/** Listeners by name. */
export class Listeners {
  /** @param {(error: unknown) => void} thrown is told what a listener threw */
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
        for (const what of replay()) if (entries.has(entry)) this.#call(entry, what);
      });
    }
    return () => void entries.delete(entry);
  }

  /**
   * @param {string} name
   * @param {any} what
   */
  tell(name, what) {
    for (const entry of [...(this.named.get(name) ?? [])]) if (!entry.late) this.#call(entry, what);
  }

  /**
   * @param {{ listener: (what: any) => void }} entry
   * @param {any} what
   */
  #call({ listener }, what) {
    try {
      listener(what);
    } catch (error) {
      this.thrown(error);
    }
  }
}
