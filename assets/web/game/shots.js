// Who shot since this was asked last, and with what: a count that grew, and rockets that were not there before.
// The twin of client-sim/src/game/terminal/picture/shots.rs.
//
//   what is drawn ─► first all rockets ─► who launched one
//                └─► then all players  ─► whose count grew by more than that shot with the rifle
//
// Never here: our own shots (they are predicted), lines and rings (see draw/flashes.js).

/**
 * @typedef {object} Fired
 * @property {number[]} rifles ids of those who shot with the rifle
 * @property {number[]} launches ids of rockets that are new
 * @property {{ x: number, y: number }[]} bursts where rockets burst: where they were drawn last
 */

export class Shots {
  constructor() {
    /** @type {Map<number, { x: number, y: number, seen: number }>} */
    this.flying = new Map();
    /** @type {Map<number, number>} */
    this.counts = new Map();
    this.look = 0;
    /** @type {Fired} */
    this.fired = { rifles: [], launches: [], bursts: [] };
    /** @type {Map<number, number>} */
    this.launched = new Map();
  }

  /** Nothing that was seen counts any more. */
  clear() {
    this.flying.clear();
    this.counts.clear();
  }

  /**
   * This is drawn now. What it gives is good until the next time.
   * @param {import("./scene.js").Rocket[]} rockets
   * @param {number} rocketCount
   * @param {import("./scene.js").Figure[]} figures
   * @param {number} figureCount
   */
  see(rockets, rocketCount, figures, figureCount) {
    const { fired, launched } = this;
    fired.rifles.length = fired.launches.length = fired.bursts.length = 0;
    launched.clear();
    this.look += 1;
    for (let at = 0; at < rocketCount; at++) this.seeRocket(rockets[at]);
    for (const [id, place] of this.flying) {
      if (place.seen === this.look) continue;
      fired.bursts.push({ x: place.x, y: place.y });
      this.flying.delete(id);
    }
    for (let at = 0; at < figureCount; at++) {
      const { id, shots } = figures[at];
      const before = this.counts.get(id) ?? shots;
      if (shots - before > (launched.get(id) ?? 0)) fired.rifles.push(id);
      this.counts.set(id, shots);
    }
    if (this.counts.size > 4 * figureCount + 64) this.counts.clear();
    return fired;
  }

  /** @param {import("./scene.js").Rocket} rocket */
  seeRocket(rocket) {
    const known = this.flying.get(rocket.id);
    if (known !== undefined) {
      known.x = rocket.x;
      known.y = rocket.y;
      known.seen = this.look;
      return;
    }
    this.flying.set(rocket.id, { x: rocket.x, y: rocket.y, seen: this.look });
    this.fired.launches.push(rocket.id);
    if (rocket.shooter !== null) this.launched.set(rocket.shooter, (this.launched.get(rocket.shooter) ?? 0) + 1);
  }
}
