// What the player has left: health, rounds, rockets, the wait for the next leap.
//
// The page is touched only where a number changed.
//
// Never here: where it comes from (see play.js).

import { HP_MAX } from "../constants.js";
import { part, reveal, say } from "../page.js";

/** @typedef {{ hp: number, weapon: number, rounds: number, rockets: number, dashIn: number, dashTicks: number }} Left */

export class Vitals {
  constructor() {
    this.root = part("vitals");
    this.health = part("health");
    this.bar = part("health-bar");
    this.rifle = part("rifle");
    this.rocket = part("rocket");
    this.rounds = part("rounds");
    this.rockets = part("rockets");
    this.dash = part("dash");
    this.dashBar = part("dash-bar");
    this.shown = "";
  }

  /** @param {Left | null} left null: there is nobody to show */
  show(left) {
    reveal(this.root, left !== null);
    if (left === null) return;
    const waited = 1 - left.dashIn / left.dashTicks;
    const key = `${left.hp} ${left.weapon} ${left.rounds} ${left.rockets} ${left.dashIn}`;
    if (key === this.shown) return;
    this.shown = key;
    const share = left.hp / HP_MAX;
    say(this.health, String(left.hp));
    this.bar.style.setProperty("transform", `scaleX(${share})`);
    this.bar.parentElement?.classList.toggle("low", share <= 0.6);
    this.bar.parentElement?.classList.toggle("critical", share <= 0.3);
    say(this.rounds, String(left.rounds));
    say(this.rockets, String(left.rockets));
    this.rifle.classList.toggle("empty", left.rounds === 0);
    this.rocket.classList.toggle("empty", left.rockets === 0);
    this.rifle.classList.toggle("chosen", left.weapon === 0);
    this.rocket.classList.toggle("chosen", left.weapon === 1);
    this.dash.classList.toggle("ready", left.dashIn === 0);
    this.dashBar.style.setProperty("transform", `scaleX(${waited})`);
  }
}
