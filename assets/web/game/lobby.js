// The lobby: a name, one button to play, the rooms, a room of one's own.
//
// Names of rooms come from players: they go in as text.
//
// Never here: the match (see play.js).

import { make, part, say } from "./page.js";
import { ROOM_NAME, Rooms } from "./rooms.js";

/** Milliseconds between two looks at the rooms. */
const EVERY_MS = 2000;

/** What somebody wants. `isAny`: that room was only a proposal. @typedef {{ room?: string, name: string, watch: boolean, isAny?: boolean }} Wish */

export class Lobby {
  /**
   * @param {import("./settings.js").Settings} settings
   * @param {(wish: Wish) => void} enter
   */
  constructor(settings, enter) {
    this.settings = settings;
    this.enter = enter;
    this.rooms = new Rooms();
    this.root = part("lobby");
    this.backdrop = part("backdrop");
    this.status = part("lobby-status");
    this.list = part("rooms");
    this.empty = part("rooms-empty");
    this.ping = part("ping");
    this.hint = part("room-hint");
    this.name = /** @type {HTMLInputElement} */ (part("name"));
    this.roomName = /** @type {HTMLInputElement} */ (part("room-name"));
    this.name.value = settings.choices.name;
    this.play = part("play");
    this.shown = "";
    /** @type {import("./rooms.js").Room[]} */
    this.known = [];
    part("play-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.go({ room: this.rooms.liveliest(this.known), isAny: true });
    });
    part("create-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.goTo(this.roomName.value.trim());
    });
    this.look();
  }

  /** Whoever is here sees the lobby. @param {boolean} open */
  show(open) {
    this.root.hidden = !open;
    this.backdrop.hidden = !open;
    if (!open) return;
    (this.name.value === "" ? this.name : this.play).focus();
    this.look();
  }

  /** @param {string} room */
  goTo(room) {
    const fits = ROOM_NAME.test(room);
    this.hint.classList.toggle("wrong", !fits);
    this.roomName.setAttribute("aria-invalid", String(!fits));
    if (fits) this.go({ room });
    else this.roomName.focus();
  }

  /** @param {{ room?: string, watch?: boolean, isAny?: boolean }} where */
  go({ room, watch = false, isAny = false }) {
    const name = this.name.value.trim();
    this.settings.choose({ name });
    this.enter({ ...(room === undefined ? {} : { room }), name, watch, isAny });
  }

  /** Asks for the rooms, and again after a while, as long as somebody looks. */
  async look() {
    clearTimeout(this.timer);
    if (this.root.hidden) return;
    if (document.visibilityState === "visible") await this.ask();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), EVERY_MS);
  }

  async ask() {
    try {
      this.known = await this.rooms.ask();
      this.fill(this.known);
      say(this.status, "");
      const ping = this.rooms.pingMs;
      say(this.ping, ping === null ? "" : `ping ${ping < 10 ? ping.toFixed(1) : ping.toFixed(0)} ms`);
    } catch {
      say(this.status, "The server does not answer. It may have been stopped; this page goes on asking.");
      say(this.ping, "");
      this.forget();
    }
  }

  /** Nobody knows any more which rooms there are, and who plays: what is old is not shown. */
  forget() {
    this.empty.hidden = true;
    this.shown = "";
    this.known = [];
    if (this.list.contains(document.activeElement)) this.play.focus();
    this.list.replaceChildren();
  }

  /** @param {import("./rooms.js").Room[]} rooms */
  fill(rooms) {
    this.empty.hidden = rooms.length > 0;
    const key = JSON.stringify(rooms);
    if (key === this.shown) return;
    this.shown = key;
    // Who has the keys on a button keeps them there.
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.key : undefined;
    this.list.replaceChildren(...rooms.map((room) => this.row(room)));
    if (focused !== undefined) {
      const buttons = /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll("button")]);
      buttons.find((button) => button.dataset.key === focused)?.focus();
    }
  }

  /** @param {import("./rooms.js").Room} room */
  row({ name, players, cap }) {
    const line = make("li", "room");
    const count = make("span", "room-players", `${players} / ${cap}`);
    count.setAttribute("aria-label", `${players} of ${cap} players`);
    const join = make("button", "button", "Join");
    join.disabled = players >= cap;
    const watch = make("button", "button", "Watch");
    for (const [button, verb, looksOn] of /** @type {[HTMLButtonElement, string, boolean][]} */ ([[join, "Join", false], [watch, "Watch", true]])) {
      button.type = "button";
      button.dataset.key = `${verb} ${name}`;
      button.setAttribute("aria-label", `${verb} ${name}`);
      button.addEventListener("click", () => this.go({ room: name, watch: looksOn }));
    }
    line.append(make("span", "room-name", name), count, watch, join);
    return line;
  }
}
