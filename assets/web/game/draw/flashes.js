// What is seen for a moment: lines of rifles, rings of bursts, the trails of rockets. Bounded; the oldest make way.
// The twin of client-sim/src/game/terminal/picture/lately.rs, as far as it is about light.
//
// Never here: what happened (see news.js, watcher.js).

import { SPLASH_UNITS } from "../constants.js";
import { FIRE, TRACE } from "./palette.js";

/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {import("./camera.js").Camera} Camera */

/** Flashes of each kind at once. */
const FLASHES_MAX = 64;
/** Milliseconds for which the line of a shot glows. */
const TRACE_MS = 150;
/** Milliseconds that a burst takes. */
const BURST_MS = 380;
/** World units of a rocket's trail. */
const TRAIL_UNITS = 30;

/** @typedef {{ fromX: number, fromY: number, toX: number, toY: number, beganMs: number, colour: string }} Trace */
/** @typedef {{ x: number, y: number, beganMs: number }} Burst */

export class Flashes {
  constructor() {
    /** @type {Trace[]} */
    this.traces = [];
    /** @type {Burst[]} */
    this.bursts = [];
    this.nextTrace = 0;
    this.nextBurst = 0;
  }

  /**
   * A rifle drew a line.
   * @param {number} fromX
   * @param {number} fromY
   * @param {number} toX
   * @param {number} toY
   * @param {number} nowMs
   * @param {string} [colour]
   */
  trace(fromX, fromY, toX, toY, nowMs, colour = TRACE) {
    this.traces[this.nextTrace] = { fromX, fromY, toX, toY, beganMs: nowMs, colour };
    this.nextTrace = (this.nextTrace + 1) % FLASHES_MAX;
  }

  /** Something burst. @param {number} x @param {number} y @param {number} nowMs */
  burst(x, y, nowMs) {
    this.bursts[this.nextBurst] = { x, y, beganMs: nowMs };
    this.nextBurst = (this.nextBurst + 1) % FLASHES_MAX;
  }

  /** @param {Context} context @param {Camera} camera @param {number} nowMs */
  draw(context, camera, nowMs) {
    context.lineCap = "round";
    for (const trace of this.traces) {
      const age = (nowMs - trace.beganMs) / TRACE_MS;
      if (age >= 0 && age < 1) drawTrace(context, camera, trace, age);
    }
    for (const burst of this.bursts) {
      const age = (nowMs - burst.beganMs) / BURST_MS;
      if (age >= 0 && age < 1) drawBurst(context, camera, burst, age);
    }
    context.globalAlpha = 1;
  }
}

/** @param {Context} context @param {Camera} camera @param {Trace} trace @param {number} age */
function drawTrace(context, camera, { fromX, fromY, toX, toY, colour }, age) {
  // Its tail runs after its head.
  const tail = age * age;
  const [x, y] = [camera.screenX(fromX + (toX - fromX) * tail), camera.screenY(fromY + (toY - fromY) * tail)];
  context.strokeStyle = colour;
  for (const [width, alpha] of [[3.2, 0.16], [1.1, 0.9]]) {
    context.globalAlpha = alpha * (1 - age);
    context.lineWidth = width * camera.scale * (1 - 0.5 * age);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(camera.screenX(toX), camera.screenY(toY));
    context.stroke();
  }
}

/** @param {Context} context @param {Camera} camera @param {Burst} burst @param {number} age */
function drawBurst(context, camera, burst, age) {
  const [x, y] = [camera.screenX(burst.x), camera.screenY(burst.y)];
  const grown = 1 - (1 - age) ** 3;
  const radius = SPLASH_UNITS * grown * camera.scale;
  if (age < 0.5) {
    context.globalAlpha = 0.85 * (1 - age * 2);
    context.fillStyle = FIRE[age < 0.16 ? 0 : 1];
    context.beginPath();
    context.arc(x, y, radius * 0.45, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 0.14 * (1 - age);
  context.fillStyle = FIRE[2];
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
  context.globalAlpha = 0.8 * (1 - age);
  context.strokeStyle = FIRE[2];
  context.lineWidth = Math.max(3 * camera.scale * (1 - age), 1);
  context.stroke();
}

/**
 * A rocket and its trail.
 * @param {Context} context
 * @param {Camera} camera
 * @param {number} x
 * @param {number} y
 * @param {number} towardsX of length 1
 * @param {number} towardsY
 */
export function drawRocket(context, camera, x, y, towardsX, towardsY) {
  const [atX, atY] = [camera.screenX(x), camera.screenY(y)];
  const trail = TRAIL_UNITS * camera.scale;
  context.lineCap = "round";
  for (const [share, width, alpha, colour] of TRAIL) {
    context.globalAlpha = alpha;
    context.strokeStyle = colour;
    context.lineWidth = width * camera.scale;
    context.beginPath();
    context.moveTo(atX - towardsX * trail * share, atY - towardsY * trail * share);
    context.lineTo(atX, atY);
    context.stroke();
  }
  context.globalAlpha = 1;
  context.fillStyle = FIRE[0];
  context.beginPath();
  context.arc(atX, atY, 2 * camera.scale, 0, 2 * Math.PI);
  context.fill();
}

/** Lines of a trail: how long, how wide in units, how bright. @type {[number, number, number, string][]} */
const TRAIL = [[1, 1.6, 0.18, FIRE[3]], [0.6, 2.6, 0.3, FIRE[2]], [0.25, 3.2, 0.75, FIRE[1]]];
