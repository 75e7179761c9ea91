// What the game told, in words. The twin of client-sim/src/game/terminal/picture/told.rs.
//
// Never here: where it is shown (see hud/).

import { SAY_REFUSED } from "./arena.js";

/** What we took, in words. */
export const TAKEN = { Health: "+ health", Rounds: "+ rounds", Rockets: "+ rockets" };

/** Why the game refused to pass something on. @param {number | undefined} reason */
export function sayRefusal(reason) {
  if (reason === SAY_REFUSED.empty) return "not said: nothing of it can be shown";
  if (reason === SAY_REFUSED.tooFast) return "not said: too much at once, wait a little";
  if (reason === SAY_REFUSED.noTeam) return "not said: there is no team";
  return "the server refused that";
}

/** Whose fault something was. @type {Record<import("../sdk/errors.js").Fault, string>} */
const WHOSE = {
  page: "this page's fault: ", client: "this side's fault: ", path: "the network's fault: ", server: "the server's fault: ", nobody: "",
};

/** What went wrong, whose fault it was and what to do. @param {import("../sdk/errors.js").TickwireError} error */
export function sayFault({ fault, message }) {
  return WHOSE[fault] + message;
}

/**
 * How a round ended.
 * @param {import("./arena.js").Events["RoundOver"]} over
 * @param {string | null} best who killed most
 */
export function result(over, best) {
  const winner = over.winner === "Alone" ? null : `${over.winner === "Red" ? "Red" : "Blue"} wins`;
  const most = best === null ? null : `${best} killed most`;
  return [winner, most].filter((said) => said !== null).join("\n") || "Nobody wins";
}

/** Seconds as a clock shows them. @param {number} seconds */
export function clock(seconds) {
  const whole = Math.max(Math.ceil(seconds), 0);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
