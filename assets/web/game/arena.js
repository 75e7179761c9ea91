// What Arena declares, as types for an editor: the names are those of the schema (`tickwire-server schema`). Nothing here runs.
//
// Never here: behaviour.

/** @typedef {{ x: number, y: number }} Place */
/** @typedef {"Rifle" | "RocketLauncher"} Weapon */
/** @typedef {"Alone" | "Red" | "Blue"} Faction */
/** @typedef {"Health" | "Rounds" | "Rockets"} Sort */
/** @typedef {"WarmUp" | "Play" | "Result"} Phase */

/**
 * @typedef {object} Components
 * @property {{ at: Place }} Position
 * @property {{ angle: number }} Aim
 * @property {{ hp: number }} Health
 * @property {{ kills: number, deaths: number, shots: number, respawns: number }} Score
 * @property {{ name: string }} Nameplate
 * @property {{ at: Place, velocity: Place, weapon: Weapon, rounds: number, rockets: number, shot_in: number, dash_in: number, touched: number }} Body
 * @property {{ velocity: Place, shooter: number | null, shot_at: number }} Projectile
 * @property {{ faction: Faction }} Side
 * @property {{ sort: Sort, present: boolean }} Pickup
 * @property {{ phase: Phase, ticks_left: number, round: number, mode: "FreeForAll" | "Teams", map: string, red: number, blue: number }} Match
 */

/** @typedef {{ thrust: Place, aim: number, weapon: Weapon, fire: boolean, dash: boolean }} Input */

/**
 * @typedef {object} Events
 * @property {{ target: number | null, shooter: number | null, damage: number }} Hit
 * @property {{ killer: number | null, victim: number | null }} Kill
 * @property {{ sort: Sort }} Taken
 * @property {{ speaker: number | null, name: string, team: boolean, text: string }} Said
 * @property {{ winner: Faction, best: number | null }} RoundOver
 * @property {{ shooter: number | null, from: Place, to: Place }} Traced
 */

/** @typedef {{ GiveUp: {}, Say: { team: boolean, text: string } }} Requests */
/** @typedef {{ components: any, input: any, events: any, requests: any } & { components: Components, input: Input, events: Events, requests: Requests }} ArenaGame */
/** @typedef {import("../sdk/types.js").Entity<ArenaGame>} ArenaEntity */
/** @typedef {import("../sdk/types.js").View<ArenaGame>} ArenaView */

/** Why the game says no to what was said: numbers of its replies. */
export const SAY_REFUSED = { empty: 2, tooFast: 3, noTeam: 4 };
