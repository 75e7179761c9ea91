// The ground: floor, undergrowth, walls. Drawn once per map and size into canvases of their own, which each picture copies.
//
//   map ─► chunks of at most 512 pixels, each drawn when it is first seen or when nothing else is to be done ─► copied
//
// Never here: what moves.

import { TILE, TILE_UNITS, UNIT } from "../constants.js";
import * as colours from "./palette.js";

/** @typedef {import("../map.js").Map} GameMap */
/** @typedef {CanvasRenderingContext2D} Context */

/** Tiles of a chunk on a side. */
const CHUNK_TILES = 12;
/** Pixels of ground that are kept, in all: more is drawn smaller and stretched. */
const PIXELS_MAX = 24e6;

/** @type {Record<string, string>} what the ground is tinted with where a team's lives begin */
const TEAM = { red: colours.RED, blue: colours.BLUE };

export class Ground {
  /**
   * @param {GameMap} map
   * @param {number} scale pixels per unit
   * @param {boolean} teams whether it shows where the teams' lives begin
   */
  constructor(map, scale, teams) {
    this.map = map;
    this.teams = teams;
    this.wanted = scale;
    const pixels = map.width * map.height * TILE_UNITS * TILE_UNITS * scale * scale;
    this.stretch = Math.max(1, Math.sqrt(pixels / PIXELS_MAX));
    this.scale = scale / this.stretch;
    this.columns = Math.ceil(map.width / CHUNK_TILES);
    this.rows = Math.ceil(map.height / CHUNK_TILES);
    /** @type {(HTMLCanvasElement | null)[]} */
    this.chunks = Array(this.columns * this.rows).fill(null);
    this.next = 0;
  }

  /**
   * Whether this is what is to be drawn.
   * @param {GameMap} map
   * @param {number} scale
   * @param {boolean} teams
   */
  fits(map, scale, teams) {
    return this.map === map && this.wanted === scale && this.teams === teams;
  }

  /**
   * Copies what the camera sees, and draws one chunk ahead of time.
   * @param {Context} context
   * @param {import("./camera.js").Camera} camera
   */
  draw(context, camera) {
    const units = CHUNK_TILES * TILE_UNITS;
    const side = units * camera.scale;
    const first = Math.max(Math.floor(camera.worldX(0) / units), 0);
    const last = Math.min(Math.floor(camera.worldX(camera.width) / units), this.columns - 1);
    const top = Math.max(Math.floor(camera.worldY(0) / units), 0);
    const bottom = Math.min(Math.floor(camera.worldY(camera.height) / units), this.rows - 1);
    for (let row = top; row <= bottom; row++) {
      for (let column = first; column <= last; column++) {
        const chunk = this.chunk(column, row);
        const x = Math.round(column * side) + camera.shiftX;
        const y = Math.round(row * side) + camera.shiftY;
        if (this.stretch === 1) context.drawImage(chunk, x, y);
        else context.drawImage(chunk, x, y, chunk.width * this.stretch, chunk.height * this.stretch);
      }
    }
    if (this.next < this.chunks.length) {
      this.chunk(this.next % this.columns, Math.floor(this.next / this.columns));
      this.next += 1;
    }
  }

  /**
   * @param {number} column
   * @param {number} row
   */
  chunk(column, row) {
    return this.chunks[row * this.columns + column] ??= drawChunk(this.map, column, row, this.scale, this.teams);
  }
}

/**
 * @param {GameMap} map
 * @param {number} column
 * @param {number} row
 * @param {number} scale
 * @param {boolean} teams
 */
function drawChunk(map, column, row, scale, teams) {
  const canvas = document.createElement("canvas");
  const units = CHUNK_TILES * TILE_UNITS;
  // From where this chunk is copied to where the next one is, in whole pixels.
  const [left, top] = [Math.round(column * units * scale), Math.round(row * units * scale)];
  canvas.width = Math.round((column + 1) * units * scale) - left;
  canvas.height = Math.round((row + 1) * units * scale) - top;
  const context = /** @type {Context} */ (canvas.getContext("2d", { alpha: false }));
  context.fillStyle = colours.INK;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.setTransform(scale, 0, 0, scale, -left, -top);
  const area = { left: column * CHUNK_TILES - 1, top: row * CHUNK_TILES - 1, right: (column + 1) * CHUNK_TILES, bottom: (row + 1) * CHUNK_TILES };
  drawFloor(context, map, area);
  if (teams) drawSpawns(context, map);
  drawUndergrowth(context, map);
  drawWalls(context, map, area);
  return canvas;
}

/** @typedef {{ left: number, top: number, right: number, bottom: number }} Tiles */

/**
 * @param {Context} context
 * @param {GameMap} map
 * @param {Tiles} area
 */
function drawFloor(context, map, area) {
  const [left, top] = [Math.max(area.left, 0), Math.max(area.top, 0)];
  const [right, bottom] = [Math.min(area.right, map.width - 1), Math.min(area.bottom, map.height - 1)];
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [atX, atY] = [x * TILE_UNITS, y * TILE_UNITS];
      context.fillStyle = shade(x, y);
      context.fillRect(atX, atY, TILE_UNITS + 0.5, TILE_UNITS + 0.5);
      if ((x + y) % 2 === 0) {
        context.fillStyle = colours.FLOOR_SEAM;
        context.fillRect(atX - 0.6, atY - 0.6, 1.2, 1.2);
      }
      if (map.floor[y * map.width + x] === 4) drawMark(context, atX + TILE_UNITS / 2, atY + TILE_UNITS / 2);
    }
  }
  context.strokeStyle = colours.FLOOR_SEAM;
  context.lineWidth = 0.5;
  context.beginPath();
  // A seam every four tiles.
  for (let x = Math.ceil(left / 4) * 4; x <= right; x += 4) line(context, x * TILE_UNITS, top * TILE_UNITS, x * TILE_UNITS, (bottom + 1) * TILE_UNITS);
  for (let y = Math.ceil(top / 4) * 4; y <= bottom; y += 4) line(context, left * TILE_UNITS, y * TILE_UNITS, (right + 1) * TILE_UNITS, y * TILE_UNITS);
  context.stroke();
}

/** The floor is not the same everywhere, but the same each time. @param {number} x @param {number} y */
function shade(x, y) {
  const draw = scattered(x >> 1, y >> 1, 7);
  return draw < 0.12 ? "#192439" : draw > 0.9 ? "#151e31" : colours.FLOOR;
}

/** @param {Context} context @param {number} x @param {number} y */
function drawMark(context, x, y) {
  context.strokeStyle = colours.FLOOR_MARK;
  context.lineWidth = 1.2;
  context.beginPath();
  line(context, x - 3, y, x + 3, y);
  line(context, x, y - 3, x, y + 3);
  context.stroke();
}

/**
 * Where a team's lives begin.
 * @param {Context} context
 * @param {GameMap} map
 */
function drawSpawns(context, map) {
  for (const { x, y, type } of map.spawns) {
    if (TEAM[type] === undefined) continue;
    context.globalAlpha = 0.07;
    context.fillStyle = TEAM[type];
    circle(context, x / UNIT, y / UNIT, 11);
    context.fill();
    context.globalAlpha = 0.22;
    context.strokeStyle = TEAM[type];
    context.lineWidth = 0.8;
    context.stroke();
  }
  context.globalAlpha = 1;
}

/**
 * @param {Context} context
 * @param {GameMap} map
 */
function drawUndergrowth(context, map) {
  for (const area of map.stealth) {
    const [left, top, right, bottom] = [area.lowX, area.lowY, area.highX, area.highY].map((part) => part / UNIT);
    context.fillStyle = "#163a36";
    context.beginPath();
    context.roundRect(left, top, right - left, bottom - top, 6);
    context.fill();
    for (let y = top + 3; y < bottom - 1; y += 4.5) {
      for (let x = left + 3; x < right - 1; x += 4.5) drawLeaf(context, x, y);
    }
  }
}

/** @param {Context} context @param {number} x @param {number} y */
function drawLeaf(context, x, y) {
  const draw = scattered(Math.round(x * 8), Math.round(y * 8), 3);
  const turn = draw * 40;
  context.fillStyle = colours.LEAVES[Math.floor(draw * 997) % colours.LEAVES.length];
  context.beginPath();
  context.ellipse(x + draw * 3 - 1.5, y + (turn % 3) - 1.5, 3.6, 1.9, turn, 0, 2 * Math.PI);
  context.fill();
}

/**
 * @param {Context} context
 * @param {GameMap} map
 * @param {Tiles} area
 */
function drawWalls(context, map, area) {
  // From below to above: what they throw on the floor, their sides, their tops.
  walls(context, map, area, colours.WALL_SHADOW, 2.4, 4.6);
  walls(context, map, area, colours.WALL_SIDE, 0, 2.6);
  walls(context, map, area, colours.WALL_TOP, 0, 0);
  context.strokeStyle = colours.WALL_LIGHT;
  context.lineWidth = 0.9;
  context.beginPath();
  each(map, area, (x, y) => {
    const [left, top] = [x * TILE_UNITS, y * TILE_UNITS];
    if (!isSolid(map, x, y - 1)) line(context, left + (isSolid(map, x - 1, y) ? 0 : 3), top + 0.45, left + TILE_UNITS - (isSolid(map, x + 1, y) ? 0 : 3), top + 0.45);
    if (!isSolid(map, x - 1, y)) line(context, left + 0.45, top + (isSolid(map, x, y - 1) ? 0 : 3), left + 0.45, top + TILE_UNITS - (isSolid(map, x, y + 1) ? 0 : 3));
  });
  context.stroke();
}

/**
 * All walls in one colour, moved by some units; corners that stand free are round.
 * @param {Context} context
 * @param {GameMap} map
 * @param {Tiles} area
 * @param {string} colour
 * @param {number} byX
 * @param {number} byY
 */
function walls(context, map, area, colour, byX, byY) {
  context.fillStyle = colour;
  context.beginPath();
  each(map, area, (x, y) => {
    const [up, down, left, right] = [isSolid(map, x, y - 1), isSolid(map, x, y + 1), isSolid(map, x - 1, y), isSolid(map, x + 1, y)];
    /** @param {boolean} one @param {boolean} other */
    const corner = (one, other) => one || other ? 0 : 3.2;
    // A little too large, so that no seam shows.
    const seam = colour === colours.WALL_SHADOW ? 0 : 0.3;
    context.roundRect(x * TILE_UNITS + byX, y * TILE_UNITS + byY, TILE_UNITS + (right ? seam : 0), TILE_UNITS + (down ? seam : 0),
      [corner(up, left), corner(up, right), corner(down, right), corner(down, left)]);
  });
  context.fill();
}

/**
 * @param {GameMap} map
 * @param {Tiles} area
 * @param {(x: number, y: number) => void} visit
 */
function each(map, area, visit) {
  for (let y = Math.max(area.top, 0); y <= Math.min(area.bottom, map.height - 1); y++) {
    for (let x = Math.max(area.left, 0); x <= Math.min(area.right, map.width - 1); x++) if (isSolid(map, x, y)) visit(x, y);
  }
}

/** @param {GameMap} map @param {number} x @param {number} y */
function isSolid(map, x, y) {
  return map.isWall(x, y);
}

/** A number from 0 to 1, the same for the same place. @param {number} x @param {number} y @param {number} seed */
function scattered(x, y, seed) {
  let mixed = Math.imul(x, 0x9E3779B1) ^ Math.imul(y, 0x85EBCA77) ^ Math.imul(seed, 0xC2B2AE3D);
  mixed = Math.imul(mixed ^ mixed >>> 15, 0x2C1B3C6D);
  return ((mixed ^ mixed >>> 13) >>> 0) / 2 ** 32;
}

/** @param {Context} context @param {number} x @param {number} y @param {number} radius */
function circle(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
}

/** @param {Context} context @param {number} fromX @param {number} fromY @param {number} toX @param {number} toY */
function line(context, fromX, fromY, toX, toY) {
  context.moveTo(fromX, fromY);
  context.lineTo(toX, toY);
}

/**
 * The whole map, small: free ground light, walls dark.
 * @param {GameMap} map
 * @param {number} pixels of the longer side
 */
export function drawSmall(map, pixels) {
  const canvas = document.createElement("canvas");
  const scale = pixels / Math.max(map.width, map.height);
  canvas.width = Math.round(map.width * scale);
  canvas.height = Math.round(map.height * scale);
  const context = /** @type {Context} */ (canvas.getContext("2d"));
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.fillStyle = "#22304d";
  context.fillRect(0, 0, map.width, map.height);
  context.fillStyle = "#2c6d5a";
  for (const area of map.stealth) context.fillRect(area.lowX / TILE, area.lowY / TILE, (area.highX - area.lowX) / TILE, (area.highY - area.lowY) / TILE);
  context.fillStyle = "#0b101d";
  for (let y = 0; y < map.height; y++) {
    for (let x = 0; x < map.width; x++) if (map.isWall(x, y)) context.fillRect(x, y, 1.02, 1.02);
  }
  return canvas;
}
