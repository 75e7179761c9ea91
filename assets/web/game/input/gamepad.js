// Gamepads: the left stick goes, the right one aims, as the standard mapping has them. Asked once per picture: a gamepad tells nothing by
// itself.
//
// Never here: what a hand does (see hands.js).

import { DEAD_ZONE } from "./hands.js";

/** Buttons of the standard mapping. */
const BUTTON = { dash: 0, swap: 3, fireLeft: 5, fire: 7, score: 8, menu: 9, leap: 6, swapToo: 4 };

export class Pads {
  /**
   * @param {import("./hands.js").Hands} hands
   * @param {(act: import("./keyboard.js").Act) => void} act
   */
  constructor(hands, act) {
    this.hands = hands;
    this.act = act;
    /** @type {boolean[]} */
    this.before = [];
    this.present = false;
    addEventListener("gamepadconnected", () => { this.present = true; });
    addEventListener("gamepaddisconnected", () => { hands.go("pad", 0, 0); hands.pull("pad", false); });
  }

  /** Looks what the first gamepad does. Returns whether it aims. */
  look() {
    if (!this.present || typeof navigator.getGamepads !== "function") return false;
    const pad = navigator.getGamepads().find((one) => one !== null && one.connected);
    if (!pad) return false;
    const [goX = 0, goY = 0, aimX = 0, aimY = 0] = pad.axes;
    this.hands.go("pad", goX, goY);
    const aims = Math.hypot(aimX, aimY) > DEAD_ZONE;
    if (aims) this.hands.aimAlong(aimX, aimY);
    const pressed = pad.buttons.map((button) => button.pressed);
    this.hands.pull("pad", pressed[BUTTON.fire] || pressed[BUTTON.fireLeft] || false);
    /** @param {number} button */
    const fresh = (button) => pressed[button] && !this.before[button];
    if (fresh(BUTTON.dash) || fresh(BUTTON.leap)) this.hands.leap();
    if (fresh(BUTTON.swap) || fresh(BUTTON.swapToo)) this.hands.choose();
    if (fresh(BUTTON.score)) this.act("score");
    if (!pressed[BUTTON.score] && this.before[BUTTON.score]) this.act("scoreEnd");
    if (fresh(BUTTON.menu)) this.act("menu");
    this.before = pressed;
    return aims;
  }
}
