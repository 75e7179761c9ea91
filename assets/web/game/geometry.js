// Directions in fixed point: the same whole numbers as on the server. The twin of shared/src/game/geometry.rs.
//
// An angle is in 1/65,536 turn; 0 points along x, a quarter along y (down on the screen).
//
// Never here: pictures; these may turn with Math.sin.

/** Length of a direction. */
export const DIRECTION_ONE = 4096;
/** A whole turn. */
export const TURN = 1 << 16;
const QUARTER = 1 << 14;
const HALF = 1 << 15;

/**
 * The sine of `angle`, times {@link DIRECTION_ONE}: Bhaskara's. No product leaves what a number holds exactly.
 * @param {number} angle
 */
export function sine(angle) {
  const along = angle % HALF;
  const product = along * (HALF - along);
  const value = Math.floor(16 * product * DIRECTION_ONE / (5 * HALF * HALF - 4 * product));
  return angle % TURN < HALF ? value : -value | 0;
}

/**
 * The cosine of `angle`, times {@link DIRECTION_ONE}: what a direction has along x, as the sine is what it has along y.
 * @param {number} angle
 */
export function cosine(angle) {
  return sine((angle + QUARTER) % TURN);
}
