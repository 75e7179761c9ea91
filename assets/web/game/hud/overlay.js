// What stops the game: connecting, a lost line, a refusal, the end. It says whose fault it is and what to do.
//
// Never here: when (see play.js).

import { part, say } from "../page.js";

/** @typedef {{ title: string, text: string, waits?: boolean, again?: boolean, lobby?: boolean }} Notice */

export class Overlay {
  /**
   * @param {() => void} again
   * @param {() => void} lobby
   */
  constructor(again, lobby) {
    this.root = part("overlay");
    this.title = part("overlay-title");
    this.text = part("overlay-text");
    this.spinner = part("overlay-spinner");
    this.again = part("overlay-again");
    this.lobby = part("overlay-lobby");
    this.again.addEventListener("click", again);
    this.lobby.addEventListener("click", lobby);
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** @param {Notice} notice */
  show({ title, text, waits = false, again = false, lobby = true }) {
    say(this.title, title);
    say(this.text, text);
    this.spinner.hidden = !waits;
    this.again.hidden = !again;
    this.lobby.hidden = !lobby;
    this.root.hidden = false;
    if (again) this.again.focus();
  }

  hide() {
    this.root.hidden = true;
  }
}
