// A touch screen: a stick to go on the left, one to aim and shoot on the right, buttons for the rest. Shown once somebody touches.
//
// Never here: what a hand does (see hands.js).

import { DEAD_ZONE } from "./hands.js";

/** How far the aiming stick must be pushed to shoot, too. */
const FIRE_ZONE = 0.62;

export class Touch {
  /**
   * @param {{ game: HTMLElement, touch: HTMLElement, go: HTMLElement, aim: HTMLElement, dash: HTMLElement, swap: HTMLElement,
   *   menu: HTMLElement, chat: HTMLElement, score: HTMLElement }} parts
   * @param {import("./hands.js").Hands} hands
   * @param {(act: import("./keyboard.js").Act) => void} act
   * @param {() => boolean} listens false while somebody types or a menu is open
   * @param {() => void} shown the sticks are there now
   */
  constructor(parts, hands, act, listens, shown) {
    this.hands = hands;
    this.listens = listens;
    this.parts = parts;
    this.aims = false;
    this.shown = shown;
    addEventListener("touchstart", () => this.show(), { passive: true, once: true });
    stick(parts.go, (x, y) => listens() ? hands.go("touch", x, y) : hands.go("touch", 0, 0));
    stick(parts.aim, (x, y) => listens() ? this.aim(x, y) : this.aim(0, 0));
    press(parts.dash, () => {
      if (listens()) hands.leap();
      act("next");
    });
    press(parts.swap, () => { if (listens()) hands.choose(); });
    press(parts.menu, () => act("menu"));
    press(parts.chat, () => act("chat"));
    hold(parts.score, (on) => act(on ? "score" : "scoreEnd"));
  }

  /** From now on the sticks are there. */
  show() {
    this.parts.touch.hidden = false;
    this.parts.game.classList.add("with-touch");
    this.shown();
  }

  /** Whether somebody touched. */
  get isShown() {
    return !this.parts.touch.hidden;
  }

  /** @param {number} x @param {number} y */
  aim(x, y) {
    const far = Math.hypot(x, y);
    this.aims = far > 0;
    if (far > DEAD_ZONE) this.hands.aimAlong(x, y);
    this.hands.pull("touch", far > FIRE_ZONE);
  }
}

/**
 * A stick tells how far it is pushed, from -1 to 1 on each axis; 0 and 0 when it is let go.
 * @param {HTMLElement} pad
 * @param {(x: number, y: number) => void} tell
 */
function stick(pad, tell) {
  const knob = /** @type {HTMLElement} */ (pad.firstElementChild);
  /** @type {number | null} */
  let finger = null;
  /** @param {PointerEvent} event */
  const move = (event) => {
    const box = pad.getBoundingClientRect();
    const reach = box.width / 2;
    const [x, y] = [(event.clientX - box.left) / reach - 1, (event.clientY - box.top) / reach - 1];
    const far = Math.max(Math.hypot(x, y), 1);
    knob.style.setProperty("transform", `translate(${x / far * reach * 0.6}px, ${y / far * reach * 0.6}px)`);
    tell(x / far, y / far);
  };
  const end = () => {
    finger = null;
    knob.style.removeProperty("transform");
    tell(0, 0);
  };
  pad.addEventListener("pointerdown", (event) => {
    finger = event.pointerId;
    pad.setPointerCapture(event.pointerId);
    move(event);
  });
  pad.addEventListener("pointermove", (event) => { if (event.pointerId === finger) move(event); });
  pad.addEventListener("pointerup", end);
  pad.addEventListener("pointercancel", end);
}

/**
 * A button acts when a finger comes down on it; and when something else presses it: a screen reader, a switch, a key.
 * @param {HTMLElement} button
 * @param {() => void} act
 */
function press(button, act) {
  button.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    act();
  });
  button.addEventListener("click", (event) => { if (isMadeUp(event)) act(); });
}

/**
 * A button that is held; who can only press it presses once more to let go.
 * @param {HTMLElement} button
 * @param {(on: boolean) => void} tell
 */
function hold(button, tell) {
  let isOn = false;
  /** @param {boolean} on */
  const turn = (on) => {
    isOn = on;
    tell(on);
  };
  button.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    button.setPointerCapture(event.pointerId);
    turn(true);
  });
  for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) button.addEventListener(end, () => turn(false));
  button.addEventListener("click", (event) => { if (isMadeUp(event)) turn(!isOn); });
}

/** Whether no finger and no mouse made this click: those count their clicks. @param {MouseEvent} event */
function isMadeUp(event) {
  return event.detail === 0;
}
