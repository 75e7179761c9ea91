// Whoever is dead reads here by whom, with what, and when the next life begins.
//
// Never here: how that is found out (see cause.js).

import { RESPAWN_MS } from "../constants.js";
import { part, reveal, say } from "../page.js";
import { back } from "../told.js";

/** How we died: in words, and when that was; NaN: we were not there to see it. @typedef {{ who: string, how: string, atMs: number }} Death */

export class Fallen {
  constructor() {
    this.root = part("fallen");
    this.who = part("fallen-who");
    this.how = part("fallen-how");
    this.wait = part("fallen-wait");
  }

  /** @param {Death | null} death null: we live, or only look on @param {number} nowMs */
  show(death, nowMs) {
    reveal(this.root, death !== null);
    if (death === null) return;
    say(this.who, death.who);
    say(this.how, death.how);
    reveal(this.how, death.how !== "");
    say(this.wait, back(death.atMs + RESPAWN_MS - nowMs));
  }
}
