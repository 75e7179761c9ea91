// Players: a disc with a barrel in its colour, the mark of its team, a ring for its health. Each look is drawn once and then copied.
//
// Never here: their names (see labels.js), who they are (see scene.js).

import { HP_MAX } from "../constants.js";
import { DARK, GOLD, GOOD, RED, TEXT, colourOf } from "./palette.js";

/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {import("../scene.js").Figure} Figure */

/** World units from the middle of a look to its edge. */
const REACH = 12;
/** World units of a body. */
const BODY = 6;
/** Looks that are kept. */
const LOOKS_MAX = 64;
/** Milliseconds for which a hit shows on who was hit. */
const FLASH_MS = 110;

export class Figures {
  constructor() {
    /** @type {Map<string, HTMLCanvasElement>} */
    this.looks = new Map();
    this.scale = 0;
    /** @type {Map<number, number>} until when each flashes */
    this.flashes = new Map();
  }

  /** Somebody was hit. @param {number} id @param {number} nowMs */
  flash(id, nowMs) {
    if (this.flashes.size > 256) this.flashes.clear();
    this.flashes.set(id, nowMs + FLASH_MS);
  }

  /**
   * @param {Context} context
   * @param {import("./camera.js").Camera} camera
   * @param {Figure} figure
   * @param {number} nowMs
   * @param {number} alpha how much of it is seen: less in the undergrowth
   */
  draw(context, camera, figure, nowMs, alpha) {
    const [x, y] = [camera.screenX(figure.x), camera.screenY(figure.y)];
    const flashes = (this.flashes.get(figure.id) ?? 0) > nowMs;
    const look = this.look(camera.scale, flashes ? TEXT : colourOf(figure), figure.isOwn, figure.faction);
    const [sin, cos] = [Math.sin(figure.aim), Math.cos(figure.aim)];
    context.globalAlpha = alpha;
    context.setTransform(cos, sin, -sin, cos, x, y);
    context.drawImage(look, -look.width / 2, -look.height / 2);
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (figure.hp < HP_MAX) ring(context, x, y, camera.scale, figure.hp / HP_MAX);
    context.globalAlpha = 1;
  }

  /**
   * @param {number} scale
   * @param {string} colour
   * @param {boolean} isOwn
   * @param {import("../arena.js").Faction} faction
   */
  look(scale, colour, isOwn, faction) {
    if (this.scale !== scale || this.looks.size > LOOKS_MAX) this.looks.clear();
    this.scale = scale;
    const key = `${colour} ${isOwn} ${faction}`;
    const known = this.looks.get(key);
    if (known !== undefined) return known;
    const made = drawLook(scale, colour, isOwn, faction);
    this.looks.set(key, made);
    return made;
  }
}

/**
 * @param {number} scale
 * @param {string} colour
 * @param {boolean} isOwn
 * @param {import("../arena.js").Faction} faction
 */
function drawLook(scale, colour, isOwn, faction) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.ceil(2 * REACH * scale);
  const context = /** @type {Context} */ (canvas.getContext("2d"));
  context.setTransform(scale, 0, 0, scale, canvas.width / 2, canvas.height / 2);
  // What it throws on the floor.
  context.fillStyle = "rgba(4, 8, 18, 0.45)";
  disc(context, 0.6, 0.6, BODY + 0.9);
  // The barrel.
  context.fillStyle = DARK;
  context.beginPath();
  context.roundRect(2.5, -2.1, 7.8, 4.2, 1.4);
  context.fill();
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(3, -1.3, 6.6, 2.6, 0.9);
  context.fill();
  // The body.
  context.fillStyle = DARK;
  disc(context, 0, 0, BODY + 0.5);
  context.fillStyle = colour;
  disc(context, 0, 0, BODY - 0.5);
  context.fillStyle = "rgba(11, 16, 29, 0.62)";
  disc(context, 0, 0, BODY - 2.2);
  context.fillStyle = colour;
  mark(context, faction);
  if (isOwn) {
    context.strokeStyle = TEXT;
    context.lineWidth = 0.9;
    context.beginPath();
    context.arc(0, 0, BODY - 0.2, 0, 2 * Math.PI);
    context.stroke();
  }
  return canvas;
}

/** Teams are told apart without colours, too: red by a triangle, blue by a bar. @param {Context} context @param {import("../arena.js").Faction} faction */
function mark(context, faction) {
  context.beginPath();
  if (faction === "Red") {
    context.moveTo(2.8, 0);
    context.lineTo(-1.6, 2.5);
    context.lineTo(-1.6, -2.5);
  } else if (faction === "Blue") {
    context.rect(-1, -2.6, 2, 5.2);
  } else {
    context.arc(0, 0, 1.4, 0, 2 * Math.PI);
  }
  context.fill();
}

/** @param {Context} context @param {number} x @param {number} y @param {number} radius */
function disc(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

/**
 * The health that is left, around the body; from above, clockwise.
 * @param {Context} context
 * @param {number} x
 * @param {number} y
 * @param {number} scale
 * @param {number} share
 */
function ring(context, x, y, scale, share) {
  context.lineWidth = 1.3 * scale;
  context.strokeStyle = "rgba(11, 16, 29, 0.7)";
  context.beginPath();
  context.arc(x, y, (BODY + 2.6) * scale, 0, 2 * Math.PI);
  context.stroke();
  context.strokeStyle = share > 0.6 ? GOOD : share > 0.3 ? GOLD : RED;
  context.beginPath();
  context.arc(x, y, (BODY + 2.6) * scale, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * share);
  context.stroke();
}
