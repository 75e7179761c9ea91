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
   * @param {() => boolean} listens false while somebody types or a menu is open
   */
  constructor(hands, act, listens) {
    this.hands = hands;
    this.act = act;
    this.listens = listens;
    /** @type {boolean[]} */
    this.before = [];
    this.present = false;
    addEventListener("gamepadconnected", () => { this.present = true; });
    addEventListener("gamepaddisconnected", () => this.rest());
  }

  /** Looks what the first gamepad does. Returns whether it aims. */
  look() {
    if (!this.present || typeof navigator.getGamepads !== "function") return false;
    const pad = navigator.getGamepads().find((one) => one !== null && one.connected);
    if (!pad) return false;
    const before = this.before;
    const pressed = this.before = pad.buttons.map((button) => button.pressed);
    /** @param {number} button */
    const fresh = (button) => (pressed[button] ?? false) && !before[button];
    if (!pressed[BUTTON.score] && before[BUTTON.score]) this.act("scoreEnd");
    // What it opened it closes, too.
    if (fresh(BUTTON.menu)) this.act("menu");
    if (!this.listens()) {
      this.rest();
      return false;
    }
    const [goX = 0, goY = 0, aimX = 0, aimY = 0] = pad.axes;
    this.hands.go("pad", goX, goY);
    const aims = Math.hypot(aimX, aimY) > DEAD_ZONE;
    if (aims) this.hands.aimAlong(aimX, aimY);
    this.hands.pull("pad", pressed[BUTTON.fire] || pressed[BUTTON.fireLeft] || false);
    if (fresh(BUTTON.dash) || fresh(BUTTON.leap)) {
      this.hands.leap();
      this.act("next");
    }
    if (fresh(BUTTON.swap) || fresh(BUTTON.swapToo)) this.hands.choose();
    if (fresh(BUTTON.score)) this.act("score");
    return aims;
  }

  /** It holds nothing any more. */
  rest() {
    this.hands.go("pad", 0, 0);
    this.hands.pull("pad", false);
  }
}
