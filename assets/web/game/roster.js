// Who is who: names and sides of players by their entities, also for a while after they left our view.
//
// What a kill or a word names may have left with the same frame. Bounded: the oldest are forgotten.
//
// Never here: who stands where (see scene.js).

/** Players that are remembered. */
const PLAYERS_MAX = 512;

/** @typedef {{ name: string, faction: import("./arena.js").Faction }} Known */

/** Whom nobody can name. @type {Known} */
export const NOBODY = { name: "somebody", faction: "Alone" };

export class Roster {
  constructor() {
    /** @type {Map<number, Known>} */
    this.players = new Map();
  }

  /** All are others now: a new room, or a new life of it. */
  clear() {
    this.players.clear();
  }

  /**
   * Learns who an entity is.
   * @param {number} id
   * @param {string} name
   * @param {import("./arena.js").Faction} faction
   */
  note(id, name, faction) {
    const known = this.players.get(id);
    if (known !== undefined && known.name === name) {
      known.faction = faction;
      return;
    }
    this.players.delete(id);
    this.players.set(id, { name, faction });
    if (this.players.size > PLAYERS_MAX) {
      const oldest = this.players.keys().next();
      if (!oldest.done) this.players.delete(oldest.value);
    }
  }

  /** @param {number | null} id */
  find(id) {
    return (id === null ? undefined : this.players.get(id)) ?? NOBODY;
  }
}
