// An arena: walls, things to take and undergrowth to hide in. The twin of shared/src/game/map.rs, as far as a client needs it.
//
// What is beyond the edge counts as wall. All lengths are in 1/256 unit.
//
// Never here: files and what can be wrong with them (see map_file.js), pictures (see draw/ground.js).

import { TILE } from "./constants.js";

/**
 * A rectangle: from the low corner on, up to but without the high one.
 * @typedef {{ lowX: number, lowY: number, highX: number, highY: number }} Area
 */

/** A place where a life may begin: whose it is. @typedef {{ x: number, y: number, type: string }} Place */

export class Map {
  /**
   * @param {string} name the file's name without its ending
   * @param {number} width in tiles
   * @param {number} height in tiles
   * @param {Uint8Array} walls 1 for each tile that is a wall, row by row
   */
  constructor(name, width, height, walls) {
    this.name = name;
    this.width = width;
    this.height = height;
    this.walls = walls;
    /** @type {Area[]} undergrowth */
    this.stealth = [];
    /** @type {Place[]} what lies where */
    this.pickups = [];
    /** @type {Place[]} where a life begins, and for which team alone */
    this.spawns = [];
    /** Tiles for the eye, row by row, 0 for none; empty if nobody drew a floor. */
    this.floor = new Uint8Array(0);
  }

  /**
   * Whether a tile is a wall; beyond the edge all is.
   * @param {number} x
   * @param {number} y
   */
  isWall(x, y) {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return true;
    return this.walls[y * this.width + x] !== 0;
  }

  /**
   * Whether a point lies in a wall.
   * @param {number} x
   * @param {number} y
   */
  isWallAt(x, y) {
    return this.isWall(Math.floor(x / TILE), Math.floor(y / TILE));
  }

  /**
   * Whether a point lies in undergrowth.
   * @param {number} x
   * @param {number} y
   */
  isStealthAt(x, y) {
    return this.stealth.some((area) => x >= area.lowX && y >= area.lowY && x < area.highX && y < area.highY);
  }

  /**
   * How far from a point one can look along a direction until a wall, in the lengths of that point; at most `range`.
   * @param {number} x
   * @param {number} y
   * @param {number} towardsX of length 1
   * @param {number} towardsY
   * @param {number} range
   */
  sight(x, y, towardsX, towardsY, range) {
    let tileX = Math.floor(x / TILE);
    let tileY = Math.floor(y / TILE);
    const stepX = Math.sign(towardsX);
    const stepY = Math.sign(towardsY);
    const perX = stepX === 0 ? Infinity : TILE / Math.abs(towardsX);
    const perY = stepY === 0 ? Infinity : TILE / Math.abs(towardsY);
    let nextX = stepX === 0 ? Infinity : ((tileX + (stepX > 0 ? 1 : 0)) * TILE - x) / towardsX;
    let nextY = stepY === 0 ? Infinity : ((tileY + (stepY > 0 ? 1 : 0)) * TILE - y) / towardsY;
    let gone = 0;
    while (gone < range && !this.isWall(tileX, tileY)) {
      if (nextX < nextY) {
        gone = nextX;
        nextX += perX;
        tileX += stepX;
      } else {
        gone = nextY;
        nextY += perY;
        tileY += stepY;
      }
    }
    return Math.min(gone, range);
  }
}
