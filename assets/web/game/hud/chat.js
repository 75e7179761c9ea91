// What was said, and the line to say something.
//
// Names and words come from players: they go in as text.
//
// Never here: what is let through (the server decides that).

import { SAY_BYTES_MAX } from "../constants.js";
import { cut, make, part } from "../page.js";
import { sentence } from "../told.js";

/** Lines at once. */
const LINES_MAX = 8;
/** Milliseconds for which a line stays while nobody types. */
const STAYS_MS = 12_000;

/** @typedef {{ name: string, side: string, team: boolean, text: string }} Line */

export class Chat {
  /**
   * @param {(text: string, team: boolean) => void} tell
   * @param {() => void} closed the player is back at the arena
   */
  constructor(tell, closed) {
    this.list = part("chat-lines");
    this.form = /** @type {HTMLFormElement} */ (part("chat-form"));
    this.input = /** @type {HTMLInputElement} */ (part("chat-input"));
    this.to = part("chat-to");
    this.tell = tell;
    this.closed = closed;
    this.team = false;
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
      event.stopPropagation();
    });
    this.input.addEventListener("blur", () => this.close());
  }

  get isOpen() {
    return !this.form.hidden;
  }

  /** @param {boolean} team only to the own team */
  open(team) {
    this.team = team;
    this.to.textContent = team ? "team" : "all";
    this.form.hidden = false;
    for (const line of this.list.children) line.classList.remove("old");
    this.input.value = "";
    this.input.focus();
  }

  close() {
    if (!this.isOpen) return;
    this.form.hidden = true;
    for (const line of this.list.children) this.age(/** @type {HTMLElement} */ (line));
    this.closed();
  }

  /** @param {Event} event */
  submit(event) {
    event.preventDefault();
    const text = cut(this.input.value.trim(), SAY_BYTES_MAX);
    if (text !== "") this.tell(text, this.team);
    this.close();
  }

  /** @param {Line} line */
  add({ name, side, team, text }) {
    const element = make("li", "");
    if (team) element.append(make("span", "team-mark", "team "));
    element.append(make("span", `name ${side}`, name), `: ${text}`);
    this.append(element);
  }

  /** The game itself has something to say. @param {string} text */
  note(text) {
    const said = sentence(text);
    if (this.list.lastElementChild?.textContent === said) this.list.lastElementChild.remove();
    this.append(make("li", "note", said));
  }

  /** @param {HTMLElement} element */
  append(element) {
    this.list.append(element);
    while (this.list.children.length > LINES_MAX) this.list.firstElementChild?.remove();
    this.age(element);
  }

  /** A line fades after a while, unless somebody types. @param {HTMLElement} element */
  age(element) {
    setTimeout(() => {
      if (!this.isOpen) element.classList.add("old");
    }, STAYS_MS);
  }

  clear() {
    this.list.replaceChildren();
  }
}
