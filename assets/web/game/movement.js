// The movement step: what a body does in one tick. The twin of shared/src/game/movement.rs, to the last bit; a file of long walks
// that Rust writes holds them equal (tests/golden/movement.json).
//
//   friction ─► thrust ─► dash ─► along x until a wall ─► along y until a wall ─► trigger, cooldowns
//
// All whole numbers; every division rounds towards 0 and every product stays below 2^53.
//
// Never here: which ticks are replayed (see the SDK's predict.js).

import { PLAYER_RADIUS, TILE, VELOCITY_MAX } from "./constants.js";
import { ROCKET_LAUNCHER } from "./weapon.js";

/** @typedef {import("./constants.js").Tuning} Tuning */
/** @typedef {import("./map.js").Map} Map */

/**
 * The exact state that the step needs: places in 1/256 unit, speeds in 1/256 unit per tick.
 * @typedef {object} Body
 * @property {number} x
 * @property {number} y
 * @property {number} velocityX
 * @property {number} velocityY
 * @property {number} weapon what it chose last
 * @property {number} rounds
 * @property {number} rockets
 * @property {number} shotIn ticks until the next shot
 * @property {number} dashIn ticks until the next dash
 */

/**
 * One tick of a player's will.
 * @typedef {object} Will
 * @property {number} thrustX -1, 0 or 1
 * @property {number} thrustY -1, 0 or 1
 * @property {number} weapon
 * @property {boolean} fire
 * @property {boolean} dash
 */

/** What a place of somebody else is off at the most, in 1/256 unit: it travels in sixteenths, and is drawn between two. */
const ROUNDED = 32;
/** Nothing was shot. */
export const NO_SHOT = -1;
/** Length of a wish. */
const WISH_ONE = 256;
/** The square root of one half, of {@link WISH_ONE}. */
const WISH_DIAGONAL = 181;

/**
 * One tick of a living body, which is changed. Returns what it shot with, or {@link NO_SHOT}.
 * @param {Body} body
 * @param {Will} will
 * @param {Map} map
 * @param {Tuning} tuning
 */
export function step(body, will, map, tuning) {
  const length = will.thrustX !== 0 && will.thrustY !== 0 ? WISH_DIAGONAL : WISH_ONE;
  const wishX = Math.sign(will.thrustX) * length;
  const wishY = Math.sign(will.thrustY) * length;
  let velocityX = slowed(body.velocityX, tuning.friction) + quotient(wishX * tuning.acceleration, WISH_ONE);
  let velocityY = slowed(body.velocityY, tuning.friction) + quotient(wishY * tuning.acceleration, WISH_ONE);
  if (will.dash && body.dashIn === 0 && (wishX !== 0 || wishY !== 0)) {
    velocityX += quotient(wishX * tuning.dash, WISH_ONE);
    velocityY += quotient(wishY * tuning.dash, WISH_ONE);
    body.dashIn = tuning.dashTicks;
  } else {
    body.dashIn = Math.max(body.dashIn - 1, 0);
  }
  velocityX = Math.min(Math.max(velocityX, -VELOCITY_MAX), VELOCITY_MAX);
  velocityY = Math.min(Math.max(velocityY, -VELOCITY_MAX), VELOCITY_MAX);

  const x = sweep(map, true, body.x, body.y, velocityX);
  body.velocityX = x === body.x + velocityX ? velocityX : 0;
  body.x = x;
  const y = sweep(map, false, body.y, body.x, velocityY);
  body.velocityY = y === body.y + velocityY ? velocityY : 0;
  body.y = y;
  return pull(body, will, tuning);
}

/**
 * The trigger: a shot leaves if it is held, the weapon has cooled and there is something to shoot.
 * @param {Body} body
 * @param {Will} will
 * @param {Tuning} tuning
 */
function pull(body, will, tuning) {
  body.weapon = will.weapon;
  const left = will.weapon === ROCKET_LAUNCHER ? body.rockets : body.rounds;
  if (!will.fire || body.shotIn > 0 || left === 0) {
    body.shotIn = Math.max(body.shotIn - 1, 0);
    return NO_SHOT;
  }
  if (will.weapon === ROCKET_LAUNCHER) {
    body.rockets -= 1;
    body.shotIn = tuning.rocketTicks;
  } else {
    body.rounds -= 1;
    body.shotIn = tuning.rifleTicks;
  }
  return will.weapon;
}

/**
 * Speed after friction. What is lost is rounded up, so that everything comes to rest.
 * @param {number} speed
 * @param {number} friction
 */
function slowed(speed, friction) {
  const size = Math.abs(speed);
  const lost = quotient(size * friction + 255, 256);
  return speed - Math.sign(speed) * Math.min(lost, size);
}

/**
 * Where a circle at (`along`, `across`) comes to that wants to go by `by` along one axis.
 * @param {Map} map
 * @param {boolean} alongX
 * @param {number} along
 * @param {number} across
 * @param {number} by
 */
function sweep(map, alongX, along, across, by) {
  const direction = Math.sign(by);
  let to = along + by;
  if (direction === 0) return to;
  const first = Math.floor((across - PLAYER_RADIUS) / TILE);
  const last = Math.floor((across + PLAYER_RADIUS - 1) / TILE);
  for (let row = first; row <= last; row++) {
    const reach = reachInto(across, row);
    const end = Math.floor((to + direction * reach) / TILE);
    for (let tile = Math.floor(along / TILE); (end - tile) * direction >= 0; tile += direction) {
      if (!(alongX ? map.isWall(tile, row) : map.isWall(row, tile))) continue;
      const edge = direction > 0 ? tile * TILE : (tile + 1) * TILE;
      let stop = edge - direction * reach;
      // Never back: rounding must not push a body that already touches.
      if ((stop - along) * direction < 0) stop = along;
      to = direction > 0 ? Math.min(to, stop) : Math.max(to, stop);
      break;
    }
  }
  return to;
}

/**
 * Where a player comes to that went from one place straight to another, and along the walls where there are some: what was drawn between
 * frames, or beyond the newest, was never a step.
 * @param {Map} map
 * @param {{ x: number, y: number }} from
 * @param {{ x: number, y: number }} to
 */
export function slide(map, from, to) {
  const x = sweep(map, true, from.x, from.y, to.x - from.x);
  return { x, y: sweep(map, false, from.y, x, to.y - from.y) };
}

/**
 * Whether a player at a place would stand in a wall: deeper than what rounding a place for the wire comes to.
 * @param {Map} map
 * @param {number} x
 * @param {number} y
 */
export function isInWall(map, x, y) {
  const reach = PLAYER_RADIUS - ROUNDED;
  for (let row = Math.floor((y - reach) / TILE); row * TILE < y + reach; row++) {
    for (let column = Math.floor((x - reach) / TILE); column * TILE < x + reach; column++) {
      if (!map.isWall(column, row)) continue;
      const asideX = Math.max(column * TILE - x, x - (column + 1) * TILE, 0);
      const asideY = Math.max(row * TILE - y, y - (row + 1) * TILE, 0);
      if (asideX * asideX + asideY * asideY < reach * reach) return true;
    }
  }
  return false;
}

/**
 * How far ahead of its centre the circle reaches within a row of tiles, rounded up.
 * @param {number} across
 * @param {number} row
 */
function reachInto(across, row) {
  const low = row * TILE;
  const aside = Math.max(low - across, across - (low + TILE), 0);
  return Math.ceil(Math.sqrt(PLAYER_RADIUS * PLAYER_RADIUS - aside * aside));
}

/**
 * Towards 0, and never a 0 with a sign.
 * @param {number} dividend
 * @param {number} divisor
 */
function quotient(dividend, divisor) {
  return Math.trunc(dividend / divisor) + 0;
}
