// One picture of the arena, from below to above:
//
//   ground ─► what lies about ─► rockets ─► players ─► flashes ─► particles ─► names ─► who is far ─► the pointer
//
// Never here: where things are (see scene.js), numbers and words around it (see hud/).

import { RIFLE_RANGE_UNITS, TILE_UNITS, UNIT } from "../constants.js";
import { drawArrow } from "./arrow.js";
import { Camera } from "./camera.js";
import { Figures } from "./figures.js";
import { Flashes, drawRocket } from "./flashes.js";
import { Ground } from "./ground.js";
import { Labels } from "./labels.js";
import { INK, OWN, TEXT, colourOf } from "./palette.js";
import { Particles } from "./particles.js";
import { Pickups } from "./pickups.js";

/** @typedef {import("../scene.js").Scene} Scene */

/** Pixels of the screen per pixel of the page, at most: more costs and shows little. */
const RATIO_MAX = 2;
/** World units from somebody to where its aim is drawn, if it has no pointer. */
const AHEAD_UNITS = 70;

export class Picture {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
    this.camera = new Camera();
    this.figures = new Figures();
    this.flashes = new Flashes();
    this.labels = new Labels();
    this.particles = new Particles();
    this.pickups = new Pickups();
    /** @type {Ground | null} */
    this.ground = null;
    this.ratio = 1;
    this.showsNames = true;
    this.beforeMs = 0;
  }

  /** Takes the size that the page gives it. */
  fit() {
    const { canvas } = this;
    this.ratio = Math.min(globalThis.devicePixelRatio || 1, RATIO_MAX);
    const [width, height] = [Math.round(canvas.clientWidth * this.ratio), Math.round(canvas.clientHeight * this.ratio)];
    if (width === 0 || height === 0) return;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const style = getComputedStyle(canvas);
    /** @param {string} edge */
    const covered = (edge) => (Number.parseFloat(style.getPropertyValue(`--covered-${edge}`)) || 0) * this.ratio;
    this.camera.resize(width, height, { top: covered("top"), bottom: covered("bottom") });
  }

  /**
   * Looks at a place of the world.
   * @param {number} x
   * @param {number} y
   * @param {{ x: number, y: number } | null} pointer in pixels of the page
   * @param {import("../map.js").Map | null} map
   * @param {number} nowMs
   */
  look(x, y, pointer, map, nowMs) {
    const { camera } = this;
    const [leanX, leanY] = pointer === null ? [0, 0] :
      [(pointer.x * this.ratio - camera.width / 2) / camera.scale, (pointer.y * this.ratio - camera.height / 2) / camera.scale];
    const land = map === null ? null : { width: map.width * TILE_UNITS, height: map.height * TILE_UNITS };
    camera.follow(x, y, leanX, leanY, Math.min(Math.max(nowMs - this.beforeMs, 0), 100), land);
    this.beforeMs = nowMs;
  }

  /**
   * @param {Scene} scene
   * @param {import("../map.js").Map | null} map
   * @param {{ x: number, y: number } | null} pointer in pixels of the page
   * @param {number} nowMs
   */
  draw(scene, map, pointer, nowMs) {
    const { context, camera } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    if (map === null || !covers(camera, map)) {
      context.fillStyle = INK;
      context.fillRect(0, 0, camera.width, camera.height);
    }
    if (map !== null) {
      const teams = scene.match?.mode === "Teams";
      if (this.ground === null || !this.ground.fits(map, camera.scale, teams)) this.ground = new Ground(map, camera.scale, teams);
      this.ground.draw(context, camera);
    }
    for (let at = 0; at < scene.pickupCount; at++) {
      const lying = scene.pickups[at];
      if (camera.sees(lying.x, lying.y, 10)) this.pickups.draw(context, camera, lying, nowMs);
    }
    this.drawRockets(scene);
    this.drawFigures(scene, map, nowMs);
    this.flashes.draw(context, camera, nowMs);
    this.particles.draw(context, camera, nowMs);
    this.drawNames(scene);
    if (scene.own !== null) drawArrow(context, camera, scene, scene.own);
    if (pointer !== null && scene.own !== null) this.drawPointer(pointer, scene.own.hp > 0);
  }

  /** @param {Scene} scene */
  drawRockets(scene) {
    const { context, camera } = this;
    for (let at = 0; at < scene.rocketCount; at++) {
      const { x, y, towardsX, towardsY } = scene.rockets[at];
      if (camera.sees(x, y, 40)) drawRocket(context, camera, x, y, towardsX, towardsY);
    }
    for (const { x, y, towardsX, towardsY } of scene.ownRockets()) drawRocket(context, camera, x, y, towardsX, towardsY);
  }

  /** @param {Scene} scene @param {import("../map.js").Map | null} map @param {number} nowMs */
  drawFigures(scene, map, nowMs) {
    for (let at = 0; at < scene.figureCount; at++) {
      if (!scene.figures[at].isOwn) this.drawFigure(scene.figures[at], map, nowMs);
    }
    // Nobody stands on oneself.
    if (scene.own !== null) this.drawFigure(scene.own, map, nowMs);
  }

  /** @param {import("../scene.js").Figure} figure @param {import("../map.js").Map | null} map @param {number} nowMs */
  drawFigure(figure, map, nowMs) {
    if (figure.hp === 0 || !this.camera.sees(figure.x, figure.y, 14)) return;
    const hidden = map !== null && map.isStealthAt(figure.x * UNIT, figure.y * UNIT);
    this.figures.draw(this.context, this.camera, figure, nowMs, hidden ? 0.55 : 1);
  }

  /** @param {Scene} scene */
  drawNames(scene) {
    const { camera } = this;
    if (!this.showsNames) return;
    const size = Math.max(Math.min(4.6 * camera.scale, 15 * this.ratio), 10 * this.ratio);
    for (let at = 0; at < scene.figureCount; at++) {
      const figure = scene.figures[at];
      if (figure.hp === 0 || figure.isOwn || !camera.sees(figure.x, figure.y, 14)) continue;
      this.labels.draw(this.context, figure.name, colourOf(figure), size, camera.screenX(figure.x), camera.screenY(figure.y - 9.5));
    }
  }

  /** Where somebody aims who has no pointer, in pixels of the page. @param {import("../scene.js").Figure} figure */
  ahead({ x, y, aim }) {
    const { camera, ratio } = this;
    return { x: camera.screenX(x + Math.cos(aim) * AHEAD_UNITS) / ratio, y: camera.screenY(y + Math.sin(aim) * AHEAD_UNITS) / ratio };
  }

  /** @param {{ x: number, y: number }} pointer @param {boolean} lives */
  drawPointer(pointer, lives) {
    const { context, ratio } = this;
    const [x, y] = [pointer.x * ratio, pointer.y * ratio];
    context.globalAlpha = lives ? 0.95 : 0.4;
    context.strokeStyle = lives ? OWN : TEXT;
    context.lineWidth = 1.6 * ratio;
    context.lineCap = "round";
    context.beginPath();
    for (const [towardsX, towardsY] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + towardsX * 5 * ratio, y + towardsY * 5 * ratio);
      context.lineTo(x + towardsX * 11 * ratio, y + towardsY * 11 * ratio);
    }
    context.stroke();
    context.fillStyle = TEXT;
    context.fillRect(x - ratio, y - ratio, 2 * ratio, 2 * ratio);
    context.globalAlpha = 1;
  }

  /**
   * Where the line of a rifle ends that nobody has judged yet: at a wall, or at whom it meets on the picture.
   * @param {Scene} scene
   * @param {import("../map.js").Map | null} map
   * @param {import("../scene.js").Figure} shooter
   */
  reach(scene, map, shooter) {
    const [towardsX, towardsY] = [Math.cos(shooter.aim), Math.sin(shooter.aim)];
    const range = RIFLE_RANGE_UNITS;
    let free = map === null ? range : map.sight(shooter.x * UNIT, shooter.y * UNIT, towardsX, towardsY, range * UNIT) / UNIT;
    for (let at = 0; at < scene.figureCount; at++) {
      const { id, hp, x, y } = scene.figures[at];
      const along = (x - shooter.x) * towardsX + (y - shooter.y) * towardsY;
      const aside = Math.abs((x - shooter.x) * towardsY - (y - shooter.y) * towardsX);
      if (hp > 0 && id !== shooter.id && along > 0 && aside < 6 && along < free) free = along;
    }
    return { x: shooter.x + towardsX * free, y: shooter.y + towardsY * free };
  }
}

/**
 * Whether the ground fills the whole screen.
 * @param {Camera} camera
 * @param {import("../map.js").Map} map
 */
function covers(camera, map) {
  return camera.worldX(0) >= 0 && camera.worldY(0) >= 0 &&
    camera.worldX(camera.width) < map.width * TILE_UNITS && camera.worldY(camera.height) < map.height * TILE_UNITS;
}
