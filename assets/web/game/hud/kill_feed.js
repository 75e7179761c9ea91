// Who killed whom lately.
//
// Names come from players: they go in as text.
//
// Never here: who won (see banner.js).

import { make, part } from "../page.js";

/** Lines at once. */
const LINES_MAX = 6;
/** Milliseconds for which a line stays. */
const STAYS_MS = 6000;
/** Milliseconds in which it fades. */
const FADES_MS = 400;

/** @typedef {{ name: string, faction: import("../arena.js").Faction, isOwn: boolean }} Somebody */

export class KillFeed {
  constructor() {
    this.list = part("kill-feed");
  }

  /**
   * @param {Somebody | null} killer null: it was its own doing
   * @param {Somebody} victim
   */
  add(killer, victim) {
    const line = make("li", killer?.isOwn || victim.isOwn ? "own" : "");
    if (killer !== null) line.append(nameOf(killer));
    line.append(make("i", "", killer === null ? "✕" : "→"), nameOf(victim));
    this.list.append(line);
    while (this.list.children.length > LINES_MAX) this.list.firstElementChild?.remove();
    setTimeout(() => line.classList.add("old"), STAYS_MS);
    setTimeout(() => line.remove(), STAYS_MS + FADES_MS);
  }

  clear() {
    this.list.replaceChildren();
  }
}

/** @param {Somebody} somebody */
function nameOf({ name, faction, isOwn }) {
  const side = faction === "Red" ? "red" : faction === "Blue" ? "blue" : "";
  return make("span", `name ${side}${isOwn ? " me" : ""}`, name);
}
