// What is to be drawn: one moment of the game as plain numbers, lengths in world units. Made anew from each view, in memory that is
// used again: a picture allocates next to nothing.
//
// Never here: how it looks (see draw/), what happened (see shots.js, flashes).

import { TURN } from "./geometry.js";
import { TILE, UNIT } from "./constants.js";
import { isInWall, slide } from "./movement.js";

/**
 * Somebody.
 * @typedef {object} Figure
 * @property {number} id
 * @property {number} x
 * @property {number} y
 * @property {number} aim in radians
 * @property {import("./arena.js").Faction} faction
 * @property {string} name
 * @property {number} hp
 * @property {number} shots shots of its life with both weapons
 * @property {number} kills
 * @property {number} deaths
 * @property {boolean} isOwn
 */

/** Something that flies. @typedef {{ id: number, x: number, y: number, towardsX: number, towardsY: number, shooter: number | null }} Rocket */
/** A rocket of ours that only we see yet. @typedef {{ x: number, y: number, towardsX: number, towardsY: number, seen: boolean }} Launched */
/** Something that lies about. @typedef {{ id: number, x: number, y: number, sort: import("./arena.js").Sort, present: boolean }} Lying */

/** Beyond this somebody did not walk there, in 1/256 unit. */
const NEAR = 4 * TILE;
/** Others whose last place is remembered. */
const STOOD_MAX = 512;
const RADIANS = 2 * Math.PI / TURN;

export class Scene {
  constructor() {
    /** @type {Figure[]} the living and the dead; the first `figureCount` count */
    this.figures = [];
    this.figureCount = 0;
    /** @type {Rocket[]} */
    this.rockets = [];
    this.rocketCount = 0;
    /** @type {Lying[]} */
    this.pickups = [];
    this.pickupCount = 0;
    /** @type {Figure | null} ourselves */
    this.own = null;
    /** @type {import("./arena.js").Components["Match"] | null} */
    this.match = null;
    /** @type {Map<number, Launched>} what we launched and the server has not shown yet, by the tick of the shot */
    this.launched = new Map();
    /** @type {Map<number, { x: number, y: number }>} where others were drawn last, outside walls, in 1/256 unit */
    this.stood = new Map();
  }

  /**
   * Takes in a view.
   * @param {import("./arena.js").ArenaView} view
   * @param {import("./roster.js").Roster} roster
   * @param {import("./map.js").Map | null} [map] what nobody is drawn in the walls of
   */
  take(view, roster, map = null) {
    this.figureCount = this.rocketCount = this.pickupCount = 0;
    this.own = null;
    this.match = null;
    const me = view.me?.id ?? -1;
    for (const entity of view.entities.values()) {
      const { Position: position, Match: match, Nameplate: plate, Projectile: projectile, Pickup: pickup } = entity.components;
      if (match !== undefined) this.match = match;
      if (position === undefined) continue;
      const at = plate === undefined || map === null || entity.id === me ? position.at : this.outside(map, entity.id, position.at);
      if (plate !== undefined) this.takeFigure(entity, at, me, roster);
      else if (projectile !== undefined) this.takeRocket(entity.id, position.at, projectile);
      else if (pickup !== undefined) this.takeLying(entity.id, position.at, pickup);
    }
  }

  /**
   * Where somebody else is drawn: as told, but when frames are late a place that merely goes on ends at the wall that it goes to.
   * @param {import("./map.js").Map} map
   * @param {number} id
   * @param {import("./arena.js").Place} at
   * @returns {import("./arena.js").Place}
   */
  outside(map, id, at) {
    if (this.stood.size > STOOD_MAX) this.stood.clear();
    let stood = this.stood.get(id);
    if (stood === undefined) this.stood.set(id, stood = { x: at.x, y: at.y });
    const walked = Math.hypot(at.x - stood.x, at.y - stood.y) < NEAR && !isInWall(map, stood.x, stood.y);
    const place = walked && isInWall(map, at.x, at.y) ? slide(map, stood, at) : at;
    stood.x = place.x;
    stood.y = place.y;
    return place;
  }

  /**
   * @param {import("./arena.js").ArenaEntity} entity
   * @param {import("./arena.js").Place} at
   * @param {number} me
   * @param {import("./roster.js").Roster} roster
   */
  takeFigure(entity, at, me, roster) {
    const figure = this.figures[this.figureCount] ??= {
      id: 0, x: 0, y: 0, aim: 0, faction: "Alone", name: "", hp: 0, shots: 0, kills: 0, deaths: 0, isOwn: false,
    };
    const { Aim: aim, Health: health, Score: score, Nameplate: plate, Side: side } = entity.components;
    figure.id = entity.id;
    figure.x = at.x / UNIT;
    figure.y = at.y / UNIT;
    figure.aim = (aim?.angle ?? 0) * RADIANS;
    figure.faction = side?.faction ?? "Alone";
    figure.name = plate?.name ?? "";
    figure.hp = health?.hp ?? 0;
    figure.shots = score?.shots ?? 0;
    figure.kills = score?.kills ?? 0;
    figure.deaths = score?.deaths ?? 0;
    figure.isOwn = entity.id === me;
    if (figure.isOwn) this.own = figure;
    roster.note(entity.id, figure.name, figure.faction);
    this.figureCount += 1;
  }

  /**
   * @param {number} id
   * @param {import("./arena.js").Place} at
   * @param {import("./arena.js").Components["Projectile"]} projectile
   */
  takeRocket(id, at, projectile) {
    const rocket = this.rockets[this.rocketCount] ??= { id: 0, x: 0, y: 0, towardsX: 0, towardsY: 0, shooter: null };
    const speed = Math.hypot(projectile.velocity.x, projectile.velocity.y) || 1;
    rocket.id = id;
    rocket.x = at.x / UNIT;
    rocket.y = at.y / UNIT;
    rocket.towardsX = projectile.velocity.x / speed;
    rocket.towardsY = projectile.velocity.y / speed;
    rocket.shooter = projectile.shooter;
    this.rocketCount += 1;
  }

  /**
   * @param {number} id
   * @param {import("./arena.js").Place} at
   * @param {import("./arena.js").Components["Pickup"]} pickup
   */
  takeLying(id, at, pickup) {
    const lying = this.pickups[this.pickupCount] ??= { id: 0, x: 0, y: 0, sort: "Health", present: false };
    lying.id = id;
    lying.x = at.x / UNIT;
    lying.y = at.y / UNIT;
    lying.sort = pickup.sort;
    lying.present = pickup.present;
    this.pickupCount += 1;
  }

  /**
   * Takes in what we launched. Where it flies to is seen from where it was before. What is gone is told: it burst.
   * @param {readonly import("../sdk/types.js").Ghost[]} ghosts
   * @param {(x: number, y: number) => void} gone
   */
  takeGhosts(ghosts, gone) {
    for (const launched of this.launched.values()) launched.seen = false;
    for (const { x, y, shotAt } of ghosts) {
      const [atX, atY] = [x / UNIT, y / UNIT];
      const known = this.launched.get(shotAt);
      if (known === undefined) {
        const aim = this.own?.aim ?? 0;
        this.launched.set(shotAt, { x: atX, y: atY, towardsX: Math.cos(aim), towardsY: Math.sin(aim), seen: true });
        continue;
      }
      const way = Math.hypot(atX - known.x, atY - known.y);
      if (way > 0.5) [known.towardsX, known.towardsY] = [(atX - known.x) / way, (atY - known.y) / way];
      [known.x, known.y, known.seen] = [atX, atY, true];
    }
    for (const [shotAt, launched] of this.launched) {
      if (launched.seen) continue;
      gone(launched.x, launched.y);
      this.launched.delete(shotAt);
    }
  }

  /** The rockets of ours that only we see yet. */
  ownRockets() {
    return this.launched.values();
  }

  /** The figure with an id; null if it is not drawn. @param {number | null} id */
  find(id) {
    for (let at = 0; at < this.figureCount; at++) if (this.figures[at].id === id) return this.figures[at];
    return null;
  }
}
