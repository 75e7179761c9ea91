// The maps of a room: fetched from the server by their names, and proven to be the ones that it plays on.
//
//   names of the Welcome ─► /maps/NAME.tmx ─► fingerprint of all = maps_hash? ─► parsed, in order
//
// See PROTOCOL.md, "Server": who has another file for a map must not predict on it.
//
// Never here: what is in a map (see map_file.js).

import { mapsHash } from "../sdk/agreement.js";
import { MAP_BYTES_MAX } from "./constants.js";
import { MapError, parseMap } from "./map_file.js";

/** @typedef {import("./map.js").Map} GameMap */

/** What the name of a map's file may be made of: it becomes part of an address. The ending may be missing. */
const NAME = /^([A-Za-z0-9_-]{1,16})(\.tmx)?$/;
/** Maps that a rotation may have. */
const ROTATION_MAX = 16;

/**
 * Fetches the maps with these names, in order.
 * @param {string[]} names
 * @param {bigint} hash what the server says that they come to
 * @param {(url: string) => Promise<Response>} [get]
 * @returns {Promise<GameMap[]>}
 */
export async function fetchMaps(names, hash, get = fetch) {
  if (names.length > ROTATION_MAX || !names.every((name) => NAME.test(name))) {
    throw new MapError(names.join(", ").slice(0, 64), "the server's maps have names that no map may have");
  }
  const stems = names.map((name) => name.replace(/\.tmx$/, ""));
  const files = await Promise.all(stems.map((stem) => fetchFile(stem, get)));
  if (mapsHash(files) !== hash) {
    throw new MapError(names.join(", "), "the server plays on other files than it serves: reload the page");
  }
  return files.map((file, at) => parseMap(`${stems[at]}.tmx`, new TextDecoder().decode(file)));
}

/**
 * @param {string} name
 * @param {(url: string) => Promise<Response>} get
 */
async function fetchFile(name, get) {
  const answer = await get(`/maps/${name}.tmx`);
  if (!answer.ok) throw new MapError(`${name}.tmx`, `the server answers ${answer.status}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (bytes.length > MAP_BYTES_MAX) throw new MapError(`${name}.tmx`, `has ${bytes.length} bytes, allowed are ${MAP_BYTES_MAX}`);
  return bytes;
}
