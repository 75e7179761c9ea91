// The golden files that the Rust tests write, and the maps in the box.

import { readFileSync } from "node:fs";
import { parseMap } from "../../../assets/web/game/map_file.js";

/** @param {string} file a file of tests/golden */
export function golden(file) {
  return JSON.parse(readFileSync(new URL(`../../golden/${file}`, import.meta.url), "utf8"));
}

/** @param {string} file a file of assets/maps */
export function mapBytes(file) {
  return new Uint8Array(readFileSync(new URL(`../../../assets/maps/${file}`, import.meta.url)));
}

/** @param {string} file a file of assets/maps */
export function readMap(file) {
  return parseMap(file, new TextDecoder().decode(mapBytes(file)));
}
