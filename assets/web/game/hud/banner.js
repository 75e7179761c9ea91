// What everybody must read now: one thing at a time, for a while.
//
// Never here: errors that end the game (see overlay.js).

import { part, say } from "../page.js";

export class Banner {
  constructor() {
    this.root = part("banner");
    this.untilMs = 0;
    this.text = "";
  }

  /**
   * Shows something for a while.
   * @param {string} text
   * @param {number} forMs
   * @param {number} nowMs
   */
  tell(text, forMs, nowMs) {
    this.text = text;
    this.untilMs = nowMs + forMs;
  }

  /**
   * What is shown where nothing was told.
   * @param {string} standing
   * @param {number} nowMs
   */
  show(standing, nowMs) {
    const calm = nowMs >= this.untilMs;
    say(this.root, calm ? standing : this.text);
    this.root.classList.toggle("calm", calm);
  }
}
