// Everybody, best first: while Tab is held, and when a round is over.
//
// Names come from players: they go in as text.
//
// Never here: how a round ended (see banner.js).

import { make, part, reveal, say } from "../page.js";

/** Lines at the most: who stands below them is not shown, but counted. */
const LINES_MAX = 16;
/** Milliseconds between two looks. */
const EVERY_MS = 250;

export class Scoreboard {
  constructor() {
    this.root = part("scoreboard");
    this.title = part("score-title");
    this.rows = part("score-rows");
    this.held = false;
    this.shownMs = 0;
  }

  /**
   * @param {import("../scene.js").Scene} scene
   * @param {string} room
   * @param {number} nowMs
   */
  show(scene, room, nowMs) {
    const open = this.held || scene.match?.phase === "Result";
    if (this.root.hidden === open) this.shownMs = -EVERY_MS;
    reveal(this.root, open);
    if (!open || nowMs - this.shownMs < EVERY_MS) return;
    this.shownMs = nowMs;
    const players = scene.figures.slice(0, scene.figureCount).sort((one, other) => other.kills - one.kills || one.deaths - other.deaths);
    const count = players.length === 1 ? "1 player" : `${players.length} players`;
    say(this.title, [room, scene.match?.map, count].filter(Boolean).join(" · "));
    const own = players.findIndex((player) => player.isOwn);
    const shown = players.slice(0, LINES_MAX);
    // Who stands below the last line sees itself instead of it.
    if (own >= LINES_MAX) shown[LINES_MAX - 1] = players[own];
    this.rows.replaceChildren(...shown.map(row));
  }
}

/** @param {import("../scene.js").Figure} player */
function row({ name, kills, deaths, faction, isOwn }) {
  const line = make("tr", isOwn ? "own" : "");
  const side = faction === "Red" ? "red" : faction === "Blue" ? "blue" : "";
  const cell = make("td", "");
  cell.append(make("span", `name ${side}${isOwn ? " me" : ""}`, name));
  line.append(cell, make("td", "", String(kills)), make("td", "", String(deaths)));
  return line;
}
