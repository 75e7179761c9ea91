// The maps of the room that we are in, as soon as they are there; and why they are not.
//
// A room says at the welcome which maps it plays on; they are fetched while the first frames come. Until then, and where they
// cannot be had, there is no ground to draw and nothing to predict on.
//
// Never here: how they are fetched and proven (see maps.js).

import { fetchMaps } from "./maps.js";

/** @typedef {import("./map.js").Map} GameMap */

export class MapShelf {
  constructor() {
    /** @type {GameMap[]} in the order in which they are played */
    this.maps = [];
    /** Why there are none, in words; empty if there is nothing wrong. */
    this.problem = "";
    this.asked = "";
  }

  /**
   * Fetches the maps of a room, unless they are the ones that are there.
   * @param {{ maps: string[], mapsHash: bigint }} agreement
   */
  async fill({ maps, mapsHash }) {
    const asked = `${mapsHash} ${maps.join(",")}`;
    if (asked === this.asked) return;
    this.asked = asked;
    this.maps = [];
    this.problem = "";
    try {
      const fetched = await fetchMaps(maps, mapsHash);
      if (this.asked === asked) this.maps = fetched;
    } catch (error) {
      if (this.asked !== asked) return;
      this.asked = "";
      this.problem = error instanceof Error ? error.message : String(error);
    }
  }

  /**
   * Where the map of a name stands among them; -1 if it is not there.
   * @param {string} name
   */
  position(name) {
    return this.maps.findIndex((map) => map.name === name);
  }
}
