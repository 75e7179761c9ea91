// Keys and the mouse. Keys alone are enough to play: the arrows aim, and F shoots.
//
// Keys go by their place, not their letter, so that WASD is where it is on any keyboard. While somebody types, keys are letters.
//
// Never here: what a hand does (see hands.js), what is open (see play.js).

import { Turning } from "./turning.js";

/** Where each key goes. @type {Record<string, [number, number]>} */
const WAYS = { KeyW: [0, -1], KeyA: [-1, 0], KeyS: [0, 1], KeyD: [1, 0] };

/** Where each key aims. @type {Record<string, [number, number]>} */
const AIMS = { ArrowUp: [0, -1], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowRight: [1, 0] };

/** What shoots. */
const FIRE = "KeyF";

/** What is done at once. @type {Set<string>} */
const PRESSES = new Set(["Space", "KeyQ", "Digit1", "Digit2"]);

/**
 * What else is done: told once per press; `score` also when it is let go.
 * @typedef {"chat" | "teamChat" | "score" | "scoreEnd" | "net" | "mute" | "menu" | "next"} Act
 */

/** @type {Record<string, Act>} */
const ACTS = { Enter: "chat", KeyT: "teamChat", Tab: "score", F3: "net", KeyM: "mute", Escape: "menu" };

export class Keyboard {
  /**
   * @param {HTMLElement} surface where the mouse aims
   * @param {import("./hands.js").Hands} hands
   * @param {(act: Act) => void} act
   * @param {() => boolean} listens false while somebody types or a menu is open
   */
  constructor(surface, hands, act, listens) {
    this.hands = hands;
    this.act = act;
    this.listens = listens;
    /** @type {Set<string>} */
    this.down = new Set();
    this.turning = new Turning();
    this.shoots = { key: false, mouse: false };
    /** @type {{ x: number, y: number } | null} where the mouse aims, in pixels of the page; null: something else aims */
    this.pointer = null;
    addEventListener("keydown", (event) => this.press(event));
    addEventListener("keyup", (event) => this.release(event));
    addEventListener("blur", () => this.drop());
    surface.addEventListener("pointermove", (event) => this.move(event));
    surface.addEventListener("pointerdown", (event) => this.button(event, true));
    for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) addEventListener(end, (event) => this.button(event, false));
    surface.addEventListener("contextmenu", (event) => event.preventDefault());
    surface.addEventListener("wheel", (event) => this.listens() && event.deltaY !== 0 && hands.choose(), { passive: true });
  }

  /** Nothing is held any more. */
  drop() {
    this.down.clear();
    this.shoots = { key: false, mouse: false };
    this.hands.drop();
    this.act("scoreEnd");
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (!this.listens() || event.ctrlKey || event.altKey || event.metaKey) return;
    const { code } = event;
    if (!(code in WAYS || code in AIMS || code in ACTS || code === FIRE || PRESSES.has(code))) return;
    event.preventDefault();
    if (event.repeat) return;
    if (code in WAYS || code in AIMS) {
      this.down.add(code);
      this.walk();
    } else if (code === FIRE) {
      this.pull("key", true);
    } else if (code === "Space") {
      this.hands.leap();
      this.act("next");
    } else if (code === "KeyQ") {
      this.hands.choose();
    } else if (code === "Digit1" || code === "Digit2") {
      this.hands.choose(code === "Digit1" ? "Rifle" : "RocketLauncher");
    } else {
      this.act(ACTS[code]);
    }
  }

  /** @param {KeyboardEvent} event */
  release(event) {
    if (event.code === "Tab") this.act("scoreEnd");
    if (event.code === FIRE) this.pull("key", false);
    if (this.down.delete(event.code)) this.walk();
  }

  walk() {
    const [x, y] = this.along(WAYS);
    this.hands.go("keys", x, y);
  }

  /** Aims as far as the arrows turn it until this picture. @param {number} nowMs */
  aim(nowMs) {
    const [x, y] = this.along(AIMS);
    if (x !== 0 || y !== 0) this.pointer = null;
    this.hands.aim = this.turning.turn(this.hands.aim, x, y, nowMs);
  }

  /** Where those keys that are held point together. @param {Record<string, [number, number]>} keys */
  along(keys) {
    let [x, y] = [0, 0];
    for (const code of this.down) {
      x += keys[code]?.[0] ?? 0;
      y += keys[code]?.[1] ?? 0;
    }
    return [x, y];
  }

  /** @param {"key" | "mouse"} with_ @param {boolean} down */
  pull(with_, down) {
    this.shoots[with_] = down;
    this.hands.pull("keys", this.shoots.key || this.shoots.mouse);
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (event.pointerType === "touch") return;
    this.pointer = { x: event.clientX, y: event.clientY };
  }

  /** @param {PointerEvent} event @param {boolean} down */
  button(event, down) {
    if (event.pointerType === "touch" || (down && !this.listens())) return;
    if (down) this.move(event);
    if (event.button === 0 || event.type === "pointercancel") this.pull("mouse", down);
    if (event.button === 2 && down) this.hands.leap();
    if (down) this.act("next");
  }
}
