// Maps as they are drawn in the Tiled editor, from their text. The twin of shared/src/game/map_file.rs.
//
//   .tmx   tile layer   "walls"     any tile is a wall
//          object layer "spawns"    a point each; type "red" or "blue": for that team alone
//          object layer "pickups"   a point each; type "health", "rounds" or "rockets"
//          object layer "stealth"   a rectangle each: who stands in it is hidden
//          tile layer   "floor"     for the eye
//
// The server has looked at the map thoroughly, and the bytes are proven to be the same (see maps.js); what is refused here is what
// would make the twin differ. Work is bounded by the size of the text, which is bounded.
//
// Never here: where it comes from, pictures.

import { MAP_BYTES_MAX, MAP_TILES_MAX, TILE_UNITS, UNIT } from "./constants.js";
import { Map } from "./map.js";

/** Why a map cannot be played on: its author's to mend. */
export class MapError extends Error {
  /** @param {string} file @param {string} problem */
  constructor(file, problem) {
    super(`${file}: ${problem}`);
    this.name = "MapError";
  }
}

/**
 * @typedef {object} Tag
 * @property {string} name
 * @property {Record<string, string>} attributes
 * @property {boolean} opens
 * @property {boolean} closes
 * @property {string} text what stands behind it, up to the next
 */

/**
 * The map in `text`, a `.tmx` file; `file` is what errors call it.
 * @param {string} file
 * @param {string} text
 * @returns {Map}
 */
export function parseMap(file, text) {
  if (text.length > MAP_BYTES_MAX) throw new MapError(file, `has ${text.length} letters, allowed are ${MAP_BYTES_MAX}`);
  /** @type {Map | null} */
  let map = null;
  let layer = "";
  /** @type {Record<string, string> | null} */
  let object = null;
  for (const tag of tags(file, text)) {
    const { attributes } = tag;
    if (tag.name === "map" && tag.opens) map = begin(file, attributes);
    if (map === null) continue;
    if ((tag.name === "layer" || tag.name === "objectgroup") && tag.opens) layer = attributes.name ?? "";
    if (tag.name === "data" && tag.opens && (layer === "walls" || layer === "floor")) readTiles(file, map, layer, tag);
    if (tag.name === "object" && tag.opens) object = attributes;
    if (tag.name === "object" && tag.closes && object !== null) {
      place(map, layer, object);
      object = null;
    }
  }
  if (map === null) throw new MapError(file, "is no map that the Tiled editor wrote");
  if (map.walls.length === 0) throw new MapError(file, 'needs a tile layer called "walls"');
  return map;
}

/**
 * @param {string} file
 * @param {Record<string, string>} attributes
 */
function begin(file, attributes) {
  const [width, height] = [Number(attributes.width), Number(attributes.height)];
  const fits = [width, height].every((side) => Number.isInteger(side) && side >= 3 && side <= MAP_TILES_MAX);
  const square = Number(attributes.tilewidth) === TILE_UNITS && Number(attributes.tileheight) === TILE_UNITS;
  if (!fits || !square || (attributes.infinite ?? "0") !== "0" || (attributes.orientation ?? "orthogonal") !== "orthogonal") {
    throw new MapError(file, `must be orthogonal, finite, of 3 to ${MAP_TILES_MAX} tiles a side with ${TILE_UNITS} pixels each`);
  }
  return new Map(file.replace(/\.tmx$/, ""), width, height, new Uint8Array(0));
}

/**
 * @param {string} file
 * @param {Map} map
 * @param {string} layer
 * @param {Tag} tag
 */
function readTiles(file, map, layer, tag) {
  if (tag.attributes.encoding !== "csv") throw new MapError(file, `layer "${layer}": its data is no CSV`);
  const numbers = tag.text.split(",");
  const needed = map.width * map.height;
  if (numbers.length !== needed) throw new MapError(file, `layer "${layer}": has ${numbers.length} tiles, needed are ${needed}`);
  // The highest three bits say how a tile is turned.
  const tiles = Uint8Array.from(numbers, (number) => Math.min((Number(number) & 0x1FFFFFFF) >>> 0, 255));
  if (layer === "walls") map.walls = tiles.map((tile) => tile === 0 ? 0 : 1);
  else map.floor = tiles;
}

/**
 * @param {Map} map
 * @param {string} layer
 * @param {Record<string, string>} object
 */
function place(map, layer, object) {
  const [left, top] = [single(object.x), single(object.y)];
  const [x, y] = [inParts(left), inParts(top)];
  const type = object.type ?? object.class ?? "";
  if (layer === "spawns") map.spawns.push({ x, y, type });
  if (layer === "pickups") map.pickups.push({ x, y, type });
  if (layer === "stealth") {
    const right = Math.fround(left + single(object.width));
    const bottom = Math.fround(top + single(object.height));
    map.stealth.push({ lowX: x, lowY: y, highX: inParts(right), highY: inParts(bottom) });
  }
}

/** A number as the server's reader holds it. @param {string | undefined} text */
function single(text) {
  return Math.fround(Number(text ?? "0"));
}

/** A pixel of the editor is a unit. @param {number} pixels */
function inParts(pixels) {
  return Math.trunc(pixels * UNIT);
}

/**
 * The tags of a text in order, comments and instructions left out. Goes through it once.
 * @param {string} file
 * @param {string} text
 * @returns {Generator<Tag>}
 */
function* tags(file, text) {
  let at = text.indexOf("<");
  while (at >= 0) {
    const comment = text.startsWith("<!--", at);
    const end = comment ? text.indexOf("-->", at) : tagEnd(text, at);
    if (end < 0) throw new MapError(file, "ends in the middle of a tag");
    const next = text.indexOf("<", end);
    const inside = text.slice(at + 1, end);
    if (!comment && !inside.startsWith("?") && !inside.startsWith("!")) {
      yield readTag(inside, text.slice(end + 1, next < 0 ? text.length : next));
    }
    at = next;
  }
}

/**
 * Where the tag that begins at `at` ends: at a ">" that stands in no quotes.
 * @param {string} text
 * @param {number} at
 */
function tagEnd(text, at) {
  let quote = "";
  for (let place = at; place < text.length; place++) {
    const letter = text[place];
    if (quote !== "") {
      if (letter === quote) quote = "";
    } else if (letter === '"' || letter === "'") {
      quote = letter;
    } else if (letter === ">") {
      return place;
    }
  }
  return -1;
}

/**
 * @param {string} inside
 * @param {string} text
 * @returns {Tag}
 */
function readTag(inside, text) {
  const ends = inside.startsWith("/");
  const name = /^[\w:.-]*/.exec(ends ? inside.slice(1) : inside)?.[0] ?? "";
  /** @type {Record<string, string>} */
  const attributes = Object.create(null);
  for (const found of inside.matchAll(/([\w:.-]+)=("[^"]*"|'[^']*')/g)) attributes[found[1]] = found[2].slice(1, -1);
  return { name, attributes, opens: !ends, closes: ends || inside.endsWith("/"), text };
}
