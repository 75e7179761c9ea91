// The round: how long still, what it is at, what the teams have.
//
// Never here: how it ended (see banner.js).

import { part, reveal, say } from "../page.js";
import { clock } from "../told.js";

const PHASES = { WarmUp: "warm-up", Play: "", Result: "next map" };

export class Round {
  constructor() {
    this.root = part("round");
    this.clock = part("clock");
    this.phase = part("phase");
    this.red = part("score-red");
    this.blue = part("score-blue");
  }

  /**
   * @param {import("../arena.js").Components["Match"] | null} match
   * @param {number} tickRateHz
   */
  show(match, tickRateHz) {
    reveal(this.root, match !== null);
    if (match === null) return;
    const teams = match.mode === "Teams";
    say(this.clock, clock(match.ticks_left / tickRateHz));
    say(this.phase, PHASES[match.phase] || match.map);
    say(this.red, teams ? String(match.red) : "");
    say(this.blue, teams ? String(match.blue) : "");
  }
}
