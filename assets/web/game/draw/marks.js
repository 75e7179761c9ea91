// The marks of the teams, so that nobody needs to tell red from blue: a triangle, a bar, and a square for who has no team.
//
// Never here: their colours (see palette.js).

/** Corners of a mark of size 1 around its middle, by side. @type {Record<import("../arena.js").Faction, [number, number][]>} */
const CORNERS = {
  Red: [[0.75, 0], [-0.55, 0.75], [-0.55, -0.75]],
  Blue: [[-0.3, -0.8], [0.3, -0.8], [0.3, 0.8], [-0.3, 0.8]],
  Alone: [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]],
};

/**
 * Fills the mark of a side.
 * @param {CanvasRenderingContext2D} context
 * @param {import("../arena.js").Faction} faction
 * @param {number} x
 * @param {number} y
 * @param {number} size
 */
export function fillMark(context, faction, x, y, size) {
  context.beginPath();
  for (const [right, down] of CORNERS[faction]) context.lineTo(x + right * size, y + down * size);
  context.closePath();
  context.fill();
}
