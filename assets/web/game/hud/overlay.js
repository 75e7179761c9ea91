// What stops the game: connecting, a lost line, a refusal, the end. It says whose fault it is and what to do.
//
// Never here: when (see play.js).

import { part, say } from "../page.js";
import { sentence } from "../told.js";
import { keepKeysWithin } from "./keys_within.js";

/** Milliseconds for which a notice is deaf to keys: they were meant for the game. */
const HASTY_MS = 600;

/** @typedef {{ title: string, text: string, waits?: boolean, again?: boolean }} Notice */

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
    this.shownMs = 0;
    /** What cannot be reached while it is there. */
    this.others = [part("arena"), part("hud")];
    keepKeysWithin(this.root);
    this.again.addEventListener("click", (event) => { if (this.isMeant(event)) again(); });
    this.lobby.addEventListener("click", (event) => { if (this.isMeant(event)) lobby(); });
    // A key that is still held from before presses nothing.
    this.root.addEventListener("keydown", (event) => { if (event.repeat && event.code !== "Tab") event.preventDefault(); });
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** @param {Notice} notice */
  show({ title, text, waits = false, again = false }) {
    if (!this.isOpen) this.shownMs = performance.now();
    say(this.title, title);
    say(this.text, sentence(text));
    this.spinner.hidden = !waits;
    this.again.hidden = !again;
    this.root.hidden = false;
    for (const other of this.others) other.inert = true;
    this.focus();
  }

  hide() {
    this.root.hidden = true;
    for (const other of this.others) other.inert = false;
  }

  /** Keys go to what one most likely wants now; to nothing if nothing is shown. */
  focus() {
    if (this.isOpen) (this.again.hidden ? this.lobby : this.again).focus();
  }

  /** Whoever clicks means it; a key may have been for the game that was there a moment ago. @param {MouseEvent} event */
  isMeant(event) {
    return event.detail > 0 || performance.now() - this.shownMs > HASTY_MS;
  }
}
