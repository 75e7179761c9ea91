// Colours of the arena. Who is who differs in lightness as well as in hue, and the teams carry a mark of their own, so that nobody
// needs to tell red from green.
//
// Never here: the pages' colours (see style/base.css).

export const INK = "#0b101d";
export const FLOOR = "#172136";
export const FLOOR_SEAM = "#1d2a44";
export const FLOOR_MARK = "#22304d";
export const WALL_TOP = "#3a4b72";
export const WALL_LIGHT = "#5670a4";
export const WALL_SIDE = "#232f4b";
export const WALL_SHADOW = "rgba(4, 8, 18, 0.5)";
export const LEAVES = ["#1d5145", "#256353", "#2f7a62", "#184238"];
export const OWN = "#63d2ff";
export const RED = "#ff7a52";
export const BLUE = "#5aa9ff";
export const TEXT = "#e8edf7";
export const DARK = "#0b101d";
export const GOOD = "#5fd3a2";
export const GOLD = "#f2c14e";
export const FIRE = ["#fff3cf", "#ffd166", "#ff9a4d", "#e05a3a"];
export const TRACE = "#fff0c2";

/** Of pickups. */
export const SORTS = { Health: GOOD, Rounds: GOLD, Rockets: "#ff9a76" };

/** Where everybody is everybody's enemy: warm colours that stay apart for colour-blind eyes, too. */
const FOES = ["#f2a541", "#f0e06a", "#e28bc0", "#ee7b4f", "#c9b3f5"];

/**
 * The colour of somebody.
 * @param {import("../scene.js").Figure} figure
 */
export function colourOf(figure) {
  if (figure.faction === "Red") return RED;
  if (figure.faction === "Blue") return BLUE;
  return figure.isOwn ? OWN : FOES[figure.id % FOES.length];
}
