// What a player chose, kept in this browser between visits.
//
// Storage that is full, forbidden or broken is like an empty one: the game goes on with what it has.
//
// Never here: what a choice does (see sound.js, draw/, hud/).

/** Where it is kept. */
const KEY = "tickwire.settings";

/** What nobody has chosen yet. */
const DEFAULTS = { name: "", sound: true, volume: 60, shake: true, names: true, netGraph: false };

/** @typedef {typeof DEFAULTS} Choices */

export class Settings {
  /** @param {import("../sdk/types.js").Store | null} store */
  constructor(store) {
    this.store = store;
    /** @type {Choices} */
    this.choices = { ...DEFAULTS, ...read(store) };
    /** @type {(() => void)[]} */
    this.listeners = [];
  }

  /**
   * Chooses, keeps and tells.
   * @param {Partial<Choices>} choices
   */
  choose(choices) {
    Object.assign(this.choices, choices);
    try {
      this.store?.setItem(KEY, JSON.stringify(this.choices));
    } catch {
      // Full or forbidden: it is good for this visit.
    }
    for (const listener of this.listeners) listener();
  }

  /** Calls `listener` now and after each choice. @param {() => void} listener */
  follow(listener) {
    this.listeners.push(listener);
    listener();
  }
}

/** The browser's own store; null where it is forbidden. */
export function browserStore() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

/** What is kept in this tab alone, and ends with it; null where it is forbidden. */
export function tabStore() {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}

/**
 * What is kept, as far as it has the types of what can be chosen.
 * @param {import("../sdk/types.js").Store | null} store
 * @returns {Partial<Choices>}
 */
function read(store) {
  try {
    const kept = JSON.parse(store?.getItem(KEY) ?? "{}");
    const fits = Object.entries(DEFAULTS).filter(([key, value]) => typeof kept?.[key] === typeof value);
    const choices = Object.fromEntries(fits.map(([key]) => [key, kept[key]]));
    if (typeof choices.volume === "number") choices.volume = Math.min(Math.max(choices.volume, 0), 100);
    if (typeof choices.name === "string") choices.name = choices.name.slice(0, 16);
    return choices;
  } catch {
    return {};
  }
}
