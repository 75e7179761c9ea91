// The ground behind the lobby: a piece of an arena that nobody plays on, drawn once.
//
// Never here: maps of rooms (see maps.js).

import { TILE } from "./constants.js";
import { Ground } from "./draw/ground.js";
import { Camera } from "./draw/camera.js";
import { Map } from "./map.js";

/** A wall is `#`, undergrowth `"`. */
const ROWS = [
  "....................................",
  "..####......#......##########.......",
  "..#.........#...............#...##..",
  "..#....#....#..\"\"\"\".........#...##..",
  "..#....#.......\"\"\"\".....#...........",
  ".......#...##..\"\"\"\".....#....#......",
  "....####...##..........##....#......",
  ".............................####...",
  "..##.....#####....\"\"\"...............",
  "..##.........#....\"\"\"....#####......",
  ".............#...........#..........",
  "......#......#...##......#....##....",
  "......#..........##...........##....",
  "......####..........####............",
  "....................................",
  "..#####......#................###...",
  "......#......#####....##............",
  "......................##............",
];

/** @param {HTMLCanvasElement} canvas */
export function drawBackdrop(canvas) {
  const context = canvas.getContext("2d", { alpha: false });
  if (context === null) return;
  const camera = new Camera();
  canvas.width = innerWidth;
  canvas.height = innerHeight;
  camera.resize(canvas.width, canvas.height);
  const map = piece(Math.ceil(canvas.width / camera.scale / 16) + 2, Math.ceil(canvas.height / camera.scale / 16) + 2);
  camera.follow(map.width * 8, map.height * 8, 0, 0, 0, null);
  new Ground(map, camera.scale, false).draw(context, camera);
}

/** So many tiles of it, again and again. @param {number} width @param {number} height */
function piece(width, height) {
  const walls = new Uint8Array(width * height);
  const map = new Map("backdrop", width, height, walls);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const row = ROWS[y % ROWS.length];
      const sign = row[x % row.length];
      if (sign === "#") walls[y * width + x] = 1;
      if (sign === '"') map.stealth.push({ lowX: x * TILE, lowY: y * TILE, highX: (x + 1) * TILE, highY: (y + 1) * TILE });
    }
  }
  return map;
}
