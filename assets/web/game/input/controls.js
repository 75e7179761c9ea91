// All devices together, and the hands that they move.
//
// Never here: what a single device does (see its file), what is sent (see the SDK).

import { part } from "../page.js";
import { TURN } from "../geometry.js";
import { Pads } from "./gamepad.js";
import { Hands } from "./hands.js";
import { Keyboard } from "./keyboard.js";
import { Touch } from "./touch.js";

/** @typedef {import("./keyboard.js").Act} Act */

export class Controls {
  /**
   * @param {HTMLElement} game
   * @param {HTMLElement} surface
   * @param {(act: Act) => void} act
   * @param {() => boolean} listens whether keys are for the game now
   * @param {() => void} covered the sticks are there, and cover a part of the picture
   */
  constructor(game, surface, act, listens, covered) {
    this.hands = new Hands();
    this.keyboard = new Keyboard(surface, this.hands, act, listens);
    this.pads = new Pads(this.hands, act, listens);
    this.touch = new Touch({
      game, touch: part("touch"), go: part("stick-move"), aim: part("stick-aim"), dash: part("touch-dash"),
      swap: part("touch-weapon"), menu: part("touch-menu"), chat: part("touch-chat"), score: part("touch-score"),
    }, this.hands, act, listens, covered);
  }

  /**
   * Looks at what tells nothing by itself; once per picture. Where the mouse points, in pixels of the page; null where something else aimed last.
   * @param {number} nowMs
   */
  look(nowMs) {
    if (this.pads.look() || this.touch.aims) this.keyboard.pointer = null;
    this.keyboard.aim(nowMs);
    return this.keyboard.pointer;
  }

  /** Nothing is held any more. */
  drop() {
    this.keyboard.drop();
  }

  /** Where the hands aim, in radians. */
  get aim() {
    return this.hands.aim / TURN * 2 * Math.PI;
  }
}
