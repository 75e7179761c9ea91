// The map in a corner: we, our team, who shoots, what the camera sees. Enemies who keep quiet are not on it.
// Sides differ by their marks as well as by their colours, as in the arena.
//
// Never here: the ground itself (see ground.js).

import { HP_MAX, TILE_UNITS } from "../constants.js";
import { drawSmall } from "./ground.js";
import { fillMark } from "./marks.js";
import { OWN, TEXT, colourOf } from "./palette.js";

/** Pixels of its longer side, before the screen's own ratio; on a small screen, too. */
const [SIDE, SIDE_SMALL] = [132, 84];
/** Below so many pixels of its shorter side a screen is small. */
const SMALL = 560;
/** Milliseconds between two of its pictures: it is small, and nobody aims by it. */
const EVERY_MS = 66;
/** Milliseconds for which who shot is on it. */
const SHOT_MS = 1200;

export class Minimap {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    /** @type {import("../map.js").Map | null} */
    this.map = null;
    /** @type {HTMLCanvasElement | null} */
    this.ground = null;
    this.drawnMs = 0;
    this.side = SIDE;
    this.pixels = SIDE;
    /** @type {Map<number, number>} when each shot last */
    this.shots = new Map();
    addEventListener("resize", () => { this.ground = null; });
  }

  /** Somebody shot. @param {number} id @param {number} nowMs */
  shot(id, nowMs) {
    if (this.shots.size > 256) this.shots.clear();
    this.shots.set(id, nowMs);
  }

  /**
   * @param {import("../map.js").Map} map
   * @param {import("../scene.js").Scene} scene
   * @param {import("./camera.js").Camera} camera
   * @param {boolean} showsAll for who only looks on
   * @param {number} nowMs
   */
  draw(map, scene, camera, showsAll, nowMs) {
    if (nowMs - this.drawnMs < EVERY_MS && this.map === map) return;
    this.drawnMs = nowMs;
    if (this.map !== map || this.ground === null) this.begin(map);
    const { context, canvas, pixels } = this;
    const scale = canvas.width / (map.width * TILE_UNITS);
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (this.ground !== null) context.drawImage(this.ground, 0, 0);
    context.strokeStyle = "rgba(232, 237, 247, 0.35)";
    context.lineWidth = 1;
    context.strokeRect(camera.worldX(0) * scale, camera.worldY(0) * scale, camera.width / camera.scale * scale, camera.height / camera.scale * scale);
    const side = scene.own?.faction ?? "Alone";
    for (let at = 0; at < scene.figureCount; at++) {
      const figure = scene.figures[at];
      const allied = side !== "Alone" && figure.faction === side;
      const loud = nowMs - (this.shots.get(figure.id) ?? -SHOT_MS) < SHOT_MS;
      if (figure.hp === 0 || !(figure.isOwn || allied || showsAll || loud)) continue;
      const size = (figure.isOwn ? 5 : 4.4) * pixels / this.side;
      context.fillStyle = figure.isOwn ? (figure.hp < HP_MAX / 4 ? TEXT : OWN) : colourOf(figure);
      fillMark(context, figure.faction, figure.x * scale, figure.y * scale, size);
      if (figure.isOwn) ringAround(context, figure.x * scale, figure.y * scale, size);
    }
  }

  /** Another map, or another size of the screen. @param {import("../map.js").Map} map */
  begin(map) {
    this.map = map;
    this.side = Math.min(innerWidth, innerHeight) < SMALL ? SIDE_SMALL : SIDE;
    this.pixels = Math.round(this.side * Math.min(globalThis.devicePixelRatio || 1, 2));
    this.ground = drawSmall(map, this.pixels);
    this.canvas.width = this.ground.width;
    this.canvas.height = this.ground.height;
    const longer = Math.max(map.width, map.height);
    this.canvas.style.setProperty("width", `${this.side * map.width / longer}px`);
    this.canvas.style.setProperty("height", `${this.side * map.height / longer}px`);
  }
}

/** Where we are, whatever mark we have. @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} size */
function ringAround(context, x, y, size) {
  context.strokeStyle = TEXT;
  context.beginPath();
  context.arc(x, y, size * 1.1, 0, 2 * Math.PI);
  context.stroke();
}
