// How a rocket flies: straight and at constant speed. The twin of shared/src/game/rocket.rs, and of the flight in
// client-sim/src/game/twin.rs: what the shooter's own screen shows before the server's rocket is there.
//
// Never here: whom it meets, what its burst does: the server says so.

import { DIRECTION_ONE, cosine, sine } from "./geometry.js";

/** @typedef {import("./constants.js").Tuning} Tuning */
/** @typedef {import("./map.js").Map} Map */

/** How far a rocket gets between two looks, in 1/256 unit: less than a player's radius. */
const LOOK = 512;

/**
 * A rocket's way until a wall or its fuse stops it: places in 1/256 unit, and how many ticks (and fractions) it flies at the most.
 * @param {number} x
 * @param {number} y
 * @param {number} aim in 1/65,536 turn
 * @param {Map} map
 * @param {Tuning} tuning
 * @returns {{ at: { x: number, y: number }, perTick: { x: number, y: number }, ticks: number }}
 */
export function flight(x, y, aim, map, tuning) {
  const velocityX = Math.trunc(cosine(aim) * tuning.rocketSpeed / DIRECTION_ONE) + 0;
  const velocityY = Math.trunc(sine(aim) * tuning.rocketSpeed / DIRECTION_ONE) + 0;
  const looks = Math.floor(Math.max(Math.abs(velocityX), Math.abs(velocityY)) / LOOK) + 1;
  const most = tuning.rocketFlightTicks * looks;
  let free = 0;
  while (free < most) {
    const tick = Math.floor(free / looks);
    const look = free % looks + 1;
    const atX = x + velocityX * tick + Math.trunc(velocityX * look / looks);
    const atY = y + velocityY * tick + Math.trunc(velocityY * look / looks);
    if (map.isWallAt(atX, atY)) break;
    free += 1;
  }
  return { at: { x, y }, perTick: { x: velocityX, y: velocityY }, ticks: free / looks };
}
