// How Arena feels: sizes, speeds and times, in one place. The twin of shared/src/game/constants.rs, as far as a client needs it.
//
// Lengths are in units of the screen's world; the simulation counts in 1/256 of one. Times are in milliseconds, speeds per second.
//
// Never here: what is done with them (see movement.js, rocket.js).

/** Parts of a unit: what the simulation's integers count. */
export const UNIT = 256;
/** Side of a map tile, in units. */
export const TILE_UNITS = 16;
/** Side of a map tile, in 1/256 unit. */
export const TILE = TILE_UNITS * UNIT;
/** Tiles that a map may have on a side. */
export const MAP_TILES_MAX = 128;
/** Bytes that a map's file may have. */
export const MAP_BYTES_MAX = 1 << 20;

/** A player is a circle. */
export const PLAYER_RADIUS = 6 * UNIT;
/** Gained per second, in units per second. */
const ACCELERATION = 960;
/** Lost, in 1/256 per 1/1536 s. */
const FRICTION = 6 * 256;
/** What a dash adds, in units per second. */
const DASH = 480;
/** Largest speed on an axis, in 1/256 unit per tick. */
export const VELOCITY_MAX = 8191;
/** Milliseconds between two dashes. */
const DASH_MS = 1500;
/** Milliseconds from a shot of the rifle to the next shot. */
const RIFLE_MS = 330;
/** Milliseconds from a rocket to the next shot. */
const ROCKET_MS = 900;
/** Rounds that one can carry. */
export const ROUNDS_MAX = 80;
/** Rounds that a new life has. */
export const ROUNDS_AT_FIRST = 40;
/** Rockets that one can carry. */
export const ROCKETS_MAX = 12;
/** Rockets that a new life has. */
export const ROCKETS_AT_FIRST = 4;
/** Speed of a rocket, in units per second. */
export const ROCKET_SPEED = 240;
/** Milliseconds that a rocket flies before it bursts by itself. */
const ROCKET_FLIGHT_MS = 3000;
/** How far a burst reaches, in units. */
export const SPLASH_UNITS = 3 * TILE_UNITS;
/** How far a rifle reaches, in units. */
export const RIFLE_RANGE_UNITS = 640;
/** Health that a hit of the rifle takes. */
export const RIFLE_DAMAGE = 25;
/** Health of a new life. */
export const HP_MAX = 100;
/** Milliseconds between death and the next life. */
export const RESPAWN_MS = 2000;
/** Bytes that one may say at once. */
export const SAY_BYTES_MAX = 96;
/** Steps per second below which speeds no longer fit their ranges. */
export const TICK_RATE_MIN = 20;
/** Steps per second above which a tick's acceleration is too few whole numbers. */
export const TICK_RATE_MAX = 128;

/**
 * The constants per tick.
 * @typedef {object} Tuning
 * @property {number} acceleration gained per tick, in 1/256 unit per tick
 * @property {number} friction lost per tick, in 1/256 of the speed
 * @property {number} dash gained by a dash, in 1/256 unit per tick
 * @property {number} dashTicks ticks between two dashes
 * @property {number} rifleTicks ticks from a shot of the rifle to the next shot
 * @property {number} rocketTicks ticks from a rocket to the next shot
 * @property {number} rocketSpeed in 1/256 unit per tick
 * @property {number} rocketFlightTicks ticks that a rocket flies
 */

/**
 * The constants at so many steps per second; a rate that is too low or too high counts as the nearest that is not.
 * @param {number} tickRateHz
 * @returns {Tuning}
 */
export function tuningAt(tickRateHz) {
  const hz = Math.min(Math.max(tickRateHz, TICK_RATE_MIN), TICK_RATE_MAX);
  /** @param {number} ms */
  const ticks = (ms) => Math.max(Math.ceil(ms * hz / 1000), 1);
  return {
    acceleration: Math.floor(ACCELERATION * UNIT / (hz * hz)),
    friction: Math.floor(FRICTION / hz),
    dash: Math.floor(DASH * UNIT / hz),
    dashTicks: ticks(DASH_MS),
    rifleTicks: ticks(RIFLE_MS),
    rocketTicks: ticks(ROCKET_MS),
    rocketSpeed: Math.floor(ROCKET_SPEED * UNIT / hz),
    rocketFlightTicks: ticks(ROCKET_FLIGHT_MS),
  };
}
