// Arena's own step for the SDK's prediction: a living body, moved by movement.js. The twin of client-sim/src/game/twin.rs.
//
//   state = the numbers of Body · health · map · round · phase        the dead do not move
//
// What lies about is not predicted: who takes it is told, as who is hit.
//
// Never here: which ticks are replayed (see the SDK's predict.js).

import { tuningAt } from "./constants.js";
import { NO_SHOT, step } from "./movement.js";
import { flight } from "./rocket.js";
import { RIFLE, ROCKET_LAUNCHER } from "./weapon.js";

/** @typedef {import("./arena.js").ArenaGame} ArenaGame */
/** @typedef {import("./map_shelf.js").MapShelf} MapShelf */

/**
 * What is predicted. Everything in it is compared with the truth.
 * @typedef {import("./movement.js").Body & { touched: number, health: number, map: number, round: number, phase: string }} State
 */

/**
 * The prediction of Arena on the maps of a shelf. Null: something else is played.
 * @param {MapShelf} shelf
 * @returns {(agreement: import("../sdk/agreement.js").Agreement) => import("../sdk/types.js").Prediction<State, any> | null}
 */
export function predicting(shelf) {
  return (agreement) => {
    if (agreement.schema.game !== "arena") return null;
    const tuning = tuningAt(agreement.tickRateHz);
    return {
      truth: (me, world) => truth(me, world, shelf),
      step: (state, input, launch) => stepped(state, input, launch, shelf, tuning),
      place: ({ x, y }) => ({ x, y }),
      // A new life with the same health (a round begins) says so by its counter, also where the event that told of it is late.
      isTouched: (expected, found) =>
        expected.touched !== found.touched ||
        expected.health !== found.health ||
        expected.map !== found.map ||
        expected.round !== found.round ||
        expected.phase !== found.phase,
      isTold: ({ name, values }, me) =>
        name === "Taken" || (name === "Hit" && values.target === me.id) || (name === "Kill" && values.victim === me.id),
      launched,
    };
  };
}

/**
 * @param {import("./arena.js").ArenaEntity} me
 * @param {import("../sdk/types.js").World<ArenaGame>} world
 * @param {MapShelf} shelf
 * @returns {State | null}
 */
function truth(me, world, shelf) {
  const { Body: body, Health: health } = me.components;
  const match = matchOf(world.entities);
  if (body === undefined || health === undefined || match === null) return null;
  const map = shelf.position(match.map);
  if (map < 0) return null;
  return {
    x: body.at.x,
    y: body.at.y,
    velocityX: body.velocity.x,
    velocityY: body.velocity.y,
    weapon: body.weapon === "RocketLauncher" ? ROCKET_LAUNCHER : RIFLE,
    rounds: body.rounds,
    rockets: body.rockets,
    shotIn: body.shot_in,
    dashIn: body.dash_in,
    touched: body.touched,
    health: health.hp,
    map,
    round: match.round,
    phase: match.phase,
  };
}

/**
 * @param {State} before
 * @param {import("./arena.js").Input} input
 * @param {(launch: import("../sdk/types.js").Launch) => void} launch
 * @param {MapShelf} shelf
 * @param {import("./constants.js").Tuning} tuning
 * @returns {State}
 */
function stepped(before, input, launch, shelf, tuning) {
  const map = shelf.maps[before.map];
  if (before.health === 0 || map === undefined) return before;
  const state = { ...before };
  const weapon = input.weapon === "RocketLauncher" ? ROCKET_LAUNCHER : RIFLE;
  const will = { thrustX: input.thrust.x, thrustY: input.thrust.y, weapon, fire: input.fire, dash: input.dash };
  const shot = step(state, will, map, tuning);
  if (shot !== NO_SHOT && shot === ROCKET_LAUNCHER) launch(flight(state.x, state.y, input.aim, map, tuning));
  return state;
}

/**
 * The rocket that came of what was launched in a tick, if it is there.
 * @param {import("../sdk/types.js").World<ArenaGame>} world
 * @param {import("./arena.js").ArenaEntity} me
 * @param {number} tick
 */
function launched(world, me, tick) {
  for (const { id, components: { Projectile: projectile } } of world.entities.values()) {
    if (projectile !== undefined && projectile.shooter === me.id && projectile.shot_at === tick % 256) return id;
  }
  return null;
}

/**
 * The match that is played; null before it is known.
 * @param {ReadonlyMap<number, import("./arena.js").ArenaEntity>} entities
 */
export function matchOf(entities) {
  for (const { components: { Match: match } } of entities.values()) {
    if (match !== undefined) return match;
  }
  return null;
}
