// Ticks: what orders, what wraps, and how the bits that travel become whole again.
//
// A tick is a number from 0 to 2^32 - 1 and never wraps; its low 16 bits travel, of a step's the low 5 (PROTOCOL.md, "Ticks").
//
// Never here: how an id is written in bits (see wire).

/** The newest tick there can be. */
export const TICK_MAX = 2 ** 32 - 1;

/**
 * The 16 bits that travel.
 * @param {number} tick
 */
export function tickLow(tick) {
  return tick & 0xffff;
}

/**
 * The tick nearest to `now` whose low 16 bits are `low`. Below tick 0 there is nothing, so it is clamped there. Inverse of `tickLow`.
 * @param {number} now
 * @param {number} low
 */
export function unwrapNear(now, low) {
  const ahead = ((low - (now & 0xffff)) << 16) >> 16;
  return Math.min(Math.max(now + ahead, 0), TICK_MAX);
}

/**
 * The tick from 15 before `now` to 16 after it whose low 5 bits are `low`: right for a step, which goes on from the newest frame or one
 * before it and covers at most 16 ticks.
 * @param {number} now
 * @param {number} low
 */
export function unwrapStep(now, low) {
  const ahead = (low - now) & 31;
  return ahead > 16 ? Math.max(now - (32 - ahead), 0) : Math.min(now + ahead, TICK_MAX);
}
