// Names above players: each is written once into a canvas of its own and then copied, because writing is slow.
//
// Names come from players: they are only ever written with fillText.
//
// Never here: which names are shown.

import { DARK } from "./palette.js";

/** Names that are kept written. */
const LABELS_MAX = 256;
/** Pixels between the letters and the edge. */
const EDGE = 3;

export class Labels {
  constructor() {
    /** @type {Map<string, HTMLCanvasElement>} */
    this.written = new Map();
    this.size = 0;
  }

  /**
   * Writes `text` so that its middle is at `x`, and its foot at `y`.
   * @param {CanvasRenderingContext2D} context
   * @param {string} text
   * @param {string} colour
   * @param {number} size pixels of its letters
   * @param {number} x
   * @param {number} y
   */
  draw(context, text, colour, size, x, y) {
    if (text === "") return;
    const label = this.label(text, colour, Math.round(size));
    context.drawImage(label, Math.round(x - label.width / 2), Math.round(y - label.height));
  }

  /** @param {string} text @param {string} colour @param {number} size */
  label(text, colour, size) {
    if (size !== this.size || this.written.size > LABELS_MAX) this.written.clear();
    this.size = size;
    const key = `${colour} ${text}`;
    const known = this.written.get(key);
    if (known !== undefined) return known;
    const made = write(text, colour, size);
    this.written.set(key, made);
    return made;
  }
}

/** @param {string} text @param {string} colour @param {number} size */
function write(text, colour, size) {
  const canvas = document.createElement("canvas");
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const font = `600 ${size}px Inter, "Segoe UI", system-ui, sans-serif`;
  context.font = font;
  canvas.width = Math.min(Math.ceil(context.measureText(text).width), 40 * size) + 2 * EDGE;
  canvas.height = Math.ceil(size * 1.35) + 2 * EDGE;
  context.font = font;
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = DARK;
  context.globalAlpha = 0.75;
  context.strokeText(text, EDGE, canvas.height / 2);
  context.globalAlpha = 1;
  context.fillStyle = colour;
  context.fillText(text, EDGE, canvas.height / 2);
  return canvas;
}
