// Keys and the mouse.
//
// Keys go by their place, not their letter, so that WASD is where it is on any keyboard. While somebody types, keys are letters.
//
// Never here: what a hand does (see hands.js), what is open (see play.js).

/** Where each key goes. @type {Record<string, [number, number]>} */
const WAYS = {
  KeyW: [0, -1], KeyA: [-1, 0], KeyS: [0, 1], KeyD: [1, 0],
  ArrowUp: [0, -1], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowRight: [1, 0],
};

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
    /** @type {{ x: number, y: number } | null} in pixels of the page */
    this.pointer = null;
    addEventListener("keydown", (event) => this.press(event));
    addEventListener("keyup", (event) => this.release(event));
    addEventListener("blur", () => this.drop());
    surface.addEventListener("pointermove", (event) => this.move(event));
    surface.addEventListener("pointerdown", (event) => this.button(event, true));
    addEventListener("pointerup", (event) => this.button(event, false));
    surface.addEventListener("contextmenu", (event) => event.preventDefault());
    surface.addEventListener("wheel", (event) => this.listens() && event.deltaY !== 0 && hands.choose(), { passive: true });
  }

  /** Nothing is held any more. */
  drop() {
    this.down.clear();
    this.hands.drop();
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (!this.listens() || event.ctrlKey || event.altKey || event.metaKey) return;
    const { code } = event;
    const known = code in WAYS || code in ACTS || code === "Space" || code === "KeyQ" || code === "Digit1" || code === "Digit2";
    if (!known) return;
    event.preventDefault();
    if (event.repeat) return;
    if (code in WAYS) {
      this.down.add(code);
      this.walk();
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
    if (this.down.delete(event.code)) this.walk();
  }

  walk() {
    let [x, y] = [0, 0];
    for (const code of this.down) {
      x += WAYS[code][0];
      y += WAYS[code][1];
    }
    this.hands.go("keys", Math.sign(x), Math.sign(y));
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
    if (event.button === 0) this.hands.pull("keys", down);
    if (event.button === 2 && down) this.hands.leap();
    if (down) this.act("next");
  }
}
