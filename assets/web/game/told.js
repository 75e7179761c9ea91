// What the game told, in words. The twin of client-sim/src/game/terminal/picture/told.rs.
//
// Never here: where it is shown (see hud/).

import { SAY_REFUSED } from "./arena.js";

/** What we took, in words. */
export const TAKEN = { Health: "+ health", Rounds: "+ rounds", Rockets: "+ rockets" };

/** Why the game refused to pass something on. @param {number | undefined} reason */
export function sayRefusal(reason) {
  if (reason === SAY_REFUSED.empty) return "Not said: nothing of it can be shown.";
  if (reason === SAY_REFUSED.tooFast) return "Not said: too much at once, wait a little.";
  if (reason === SAY_REFUSED.noTeam) return "Not said: there is no team.";
  return "The server refused that.";
}

/** Whose fault something was. @type {Record<import("../sdk/errors.js").Fault, string>} */
const WHOSE = {
  page: "this page's fault: ", client: "this side's fault: ", path: "the network's fault: ", server: "the server's fault: ", nobody: "",
};

/** What went wrong, whose fault it was and what to do. @param {import("../sdk/errors.js").TickwireError} error */
export function sayFault({ fault, message }) {
  return sentence(WHOSE[fault] + message);
}

/** As a sentence: with a capital, and a full stop if nothing else ends it. @param {string} text */
export function sentence(text) {
  const said = text.trim();
  if (said === "") return "";
  return said[0].toUpperCase() + said.slice(1) + (/[.!?…]$/.test(said) ? "" : ".");
}

/**
 * Which of two endings of a connection is told: what the server said stays, whatever silence came after it.
 * @param {import("../sdk/types.js").Ending | null} before
 * @param {import("../sdk/types.js").Ending} now
 */
export function truer(before, now) {
  return before !== null && before.fault !== "path" && now.fault === "path" ? before : now;
}

/** That there is another attempt, and when. @param {number} attempt @param {number} inMs */
export function sayAttempt(attempt, inMs) {
  const soon = inMs < 1000 ? "" : ` in ${(inMs / 1000).toFixed(0)} s`;
  return `Trying again${soon} (attempt ${attempt}).`;
}

/** That the connection will end, and why; how long that is still is told beside it. @param {import("../sdk/index.js").Notice["reason"]} reason */
export function sayNotice(reason) {
  if (reason === "unchanged") return "Nothing done for long: move, or you are out in";
  return reason === "ticket-ends" ? "Your ticket ends in" : "The server goes away in";
}

/** What became of the seat that was kept for us. @param {import("../sdk/index.js").Resumed} resumed */
export function sayResumed({ resumed, why }) {
  if (resumed) return "You are back where you were.";
  return why === "gone" ? "Your seat was not kept any longer: you begin anew." : "The room is another one by now: you begin anew.";
}

/** How we died. @param {string} killer their name @param {import("./cause.js").Means} means */
export function sayDeath(killer, means) {
  if (means === "gave-up") return { who: "You gave up this life", how: "" };
  if (means === "own-rocket") return { who: "You died", how: "by your own rocket" };
  const how = means === "rocket" ? "with a rocket" : means === "rifle" ? "with the rifle" : "";
  return { who: `${killer} got you`, how };
}

/** When the next life begins: never later than this, if the way to the server is as long as before. @param {number} inMs NaN: it is not known */
export function back(inMs) {
  if (Number.isNaN(inMs)) return "A new life begins within two seconds.";
  return inMs <= 0 ? "Back any moment." : `Back in ${(Math.ceil(inMs / 100) / 10).toFixed(1)} s`;
}

/**
 * What somebody alone in a room can do. The command is for who has the sources; it goes where this page came from.
 * @param {string | undefined} room
 * @param {string} host
 */
export function sayAlone(room, host) {
  const at = HOSTS_AT_FIRST.has(host) ? "" : ` --url wss://${host}`;
  const where = room === undefined || room === ROOM_AT_FIRST ? "" : ` --room ${room}`;
  return `Nobody else is here yet. Send somebody the address, or send bots:\n${BOTS}${at}${where}`;
}

/** What sends bots. */
const BOTS = "cargo run --release -p client-sim -- swarm --behaviour fight";
/** Where it sends them if nothing is said. */
const HOSTS_AT_FIRST = new Set(["127.0.0.1:4433", "localhost:4433"]);
/** The room that a server begins with. */
const ROOM_AT_FIRST = "main";

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
