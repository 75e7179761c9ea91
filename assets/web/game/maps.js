// The maps of a room: fetched from the server by their names, and proven to be the ones that it plays on.
//
//   names of the Welcome ─► /maps/NAME.tmx ─► fingerprint of all = maps_hash? ─► parsed, in order
//
// See PROTOCOL.md, "Server": who has another file for a map must not predict on it.
//
// Never here: what is in a map (see map_file.js).

import { MAP_BYTES_MAX } from "./constants.js";
import { MapError, parseMap } from "./map_file.js";
import { xxh3 } from "./xxh3.js";

/** @typedef {import("./map.js").Map} GameMap */

/** What a map's name may be made of: it becomes part of an address. */
const NAME = /^[A-Za-z0-9_-]{1,16}$/;
/** Maps that a rotation may have. */
const ROTATION_MAX = 16;

/**
 * The fingerprint of the files that are played on in this order.
 * @param {Uint8Array[]} files
 */
export function rotationHash(files) {
  const hashes = new DataView(new ArrayBuffer(8 * files.length));
  files.forEach((file, at) => hashes.setBigUint64(8 * at, xxh3(file), true));
  return xxh3(new Uint8Array(hashes.buffer));
}

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
  const files = await Promise.all(names.map((name) => fetchFile(name, get)));
  if (rotationHash(files) !== hash) {
    throw new MapError(names.join(", "), "the server plays on other files than it serves: reload the page");
  }
  return files.map((file, at) => parseMap(`${names[at]}.tmx`, new TextDecoder().decode(file)));
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
