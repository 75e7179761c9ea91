// What lies about: a disc with a sign that hovers a little; an empty ring where it comes again.
//
// Never here: what it gives.

import { DARK, SORTS } from "./palette.js";

/** World units of a sign, from its middle. */
const REACH = 7;

export class Pickups {
  constructor() {
    /** @type {Map<string, HTMLCanvasElement>} */
    this.looks = new Map();
    this.scale = 0;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("./camera.js").Camera} camera
   * @param {import("../scene.js").Lying} lying
   * @param {number} nowMs
   */
  draw(context, camera, lying, nowMs) {
    if (this.scale !== camera.scale) this.looks.clear();
    this.scale = camera.scale;
    const key = `${lying.sort} ${lying.present}`;
    let look = this.looks.get(key);
    if (look === undefined) {
      look = drawLook(camera.scale, lying.sort, lying.present);
      this.looks.set(key, look);
    }
    const hover = lying.present ? Math.sin(nowMs / 420 + lying.id) * 0.9 : 0;
    const [x, y] = [camera.screenX(lying.x), camera.screenY(lying.y + hover)];
    context.drawImage(look, Math.round(x - look.width / 2), Math.round(y - look.height / 2));
  }
}

/**
 * @param {number} scale
 * @param {import("../arena.js").Sort} sort
 * @param {boolean} present
 */
function drawLook(scale, sort, present) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.ceil(2 * REACH * scale);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(scale, 0, 0, scale, canvas.width / 2, canvas.height / 2);
  const colour = SORTS[sort] ?? SORTS.Health;
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  context.arc(0, 0, 4.8, 0, 2 * Math.PI);
  if (!present) {
    context.globalAlpha = 0.25;
    context.setLineDash([2, 2]);
    context.stroke();
    return canvas;
  }
  context.fillStyle = DARK;
  context.fill();
  context.stroke();
  context.fillStyle = colour;
  sign(context, sort);
  return canvas;
}

/** @param {CanvasRenderingContext2D} context @param {import("../arena.js").Sort} sort */
function sign(context, sort) {
  if (sort === "Health") {
    context.fillRect(-0.9, -2.8, 1.8, 5.6);
    context.fillRect(-2.8, -0.9, 5.6, 1.8);
  } else if (sort === "Rounds") {
    for (const x of [-2.2, 0, 2.2]) context.fillRect(x - 0.65, -2.2, 1.3, 4.4);
  } else {
    context.beginPath();
    context.moveTo(0, -3);
    context.lineTo(1.8, 0.4);
    context.lineTo(1.8, 2.6);
    context.lineTo(-1.8, 2.6);
    context.lineTo(-1.8, 0.4);
    context.fill();
  }
}
