// The stage of one match: the scene, its picture, what is around it; made anew for each room that is entered, used by who fills it.
//
// Never here: the network (see play.js), what is told (see news.js), what is noticed (see watcher.js).

import { Cause } from "./cause.js";
import { Minimap } from "./draw/minimap.js";
import { Picture } from "./draw/picture.js";
import { part } from "./page.js";
import { Roster } from "./roster.js";
import { Scene } from "./scene.js";

export class Stage {
  /**
   * @param {import("./sound.js").Sound} sound
   * @param {import("./settings.js").Settings} settings
   * @param {import("./hud/hud.js").Hud} hud
   */
  constructor(sound, settings, hud) {
    this.sound = sound;
    this.settings = settings;
    this.hud = hud;
    this.scene = new Scene();
    this.roster = new Roster();
    this.picture = new Picture(/** @type {HTMLCanvasElement} */ (part("arena")));
    this.minimap = new Minimap(/** @type {HTMLCanvasElement} */ (part("minimap")));
    this.pain = part("hurt");
    this.painLeft = 0;
    this.painMs = 0;
    /** @type {number | null} our entity */
    this.me = null;
    /** Our own shots are shown before the server says so. */
    this.predicts = false;
    this.cause = new Cause();
    /** @type {import("./hud/fallen.js").Death | null} how we died last, if we were there */
    this.death = null;
    /** @type {import("./map.js").Map | null} */
    this.map = null;
  }

  /** Everything is new: a room, or a new life of it. */
  clear() {
    this.roster.clear();
    this.scene.launched.clear();
    this.me = null;
    this.cause.clear();
    this.death = null;
    this.scene.stood.clear();
    this.hud.feed.clear();
  }

  /** Somebody came into view: known by name before anything is told of it. @param {import("./arena.js").ArenaEntity} entity */
  meet({ id, components: { Nameplate: plate, Side: side } }) {
    if (plate !== undefined) this.roster.note(id, plate.name, side?.faction ?? "Alone");
  }

  /** Shakes the picture, where the player wants that. @param {number} units */
  jolt(units) {
    if (this.settings.choices.shake) this.picture.camera.jolt(units);
  }

  /** Plays a sound from a place of the world. @param {Parameters<import("./sound.js").Sound["play"]>[0]} name @param {number} x @param {number} y */
  play(name, x, y) {
    const { camera } = this.picture;
    this.sound.play(name, x - camera.x, y - camera.y);
  }

  /** The player was hurt: the edges turn red for a moment. @param {number} damage */
  hurt(damage) {
    if (this.settings.choices.shake) this.painLeft = Math.min(this.painLeft + damage / 45, 0.85);
  }

  /** Lets the pain fade. @param {number} nowMs */
  soothe(nowMs) {
    const forMs = Math.min(nowMs - this.painMs, 100);
    this.painMs = nowMs;
    if (this.painLeft === 0) return;
    this.painLeft = this.painLeft < 0.02 ? 0 : this.painLeft * Math.exp(-forMs / 160);
    this.pain.style.setProperty("visibility", this.painLeft === 0 ? "hidden" : "visible");
    this.pain.style.setProperty("opacity", this.painLeft.toFixed(2));
  }
}
