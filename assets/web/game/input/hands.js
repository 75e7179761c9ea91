// What the player's hands do, whatever they hold: keys and mouse, a gamepad, a touch screen; as the input of a tick.
//
//   devices ─► go (each its own) · aim (whoever aimed last) · trigger (any) · presses ─► what is sent
//
// Pure: no events, no page.
//
// Never here: which key is which (see keyboard.js).

import { TURN } from "../geometry.js";

/** @typedef {"keys" | "pad" | "touch"} Device */

/** How far a stick must be pushed to count. */
export const DEAD_ZONE = 0.28;

export class Hands {
  constructor() {
    /** @type {Record<Device, { x: number, y: number, fire: boolean }>} */
    this.held = { keys: rest(), pad: rest(), touch: rest() };
    /** In 1/65,536 turn. */
    this.aim = 0;
    /** @type {"Rifle" | "RocketLauncher"} */
    this.weapon = "Rifle";
    this.leaps = false;
    this.sent = "";
  }

  /**
   * A device goes somewhere: from -1 to 1 on each axis.
   * @param {Device} device
   * @param {number} x
   * @param {number} y
   */
  go(device, x, y) {
    this.held[device].x = x;
    this.held[device].y = y;
  }

  /** @param {Device} device @param {boolean} fire */
  pull(device, fire) {
    this.held[device].fire = fire;
  }

  /** Aims along a line. @param {number} x @param {number} y */
  aimAlong(x, y) {
    if (x === 0 && y === 0) return;
    const turn = Math.round(Math.atan2(y, x) / (2 * Math.PI) * TURN);
    this.aim = (turn + TURN) % TURN;
  }

  /** Leaps, once. */
  leap() {
    this.leaps = true;
  }

  /** @param {"Rifle" | "RocketLauncher"} [weapon] none: the other one */
  choose(weapon = this.weapon === "Rifle" ? "RocketLauncher" : "Rifle") {
    this.weapon = weapon;
  }

  /** Lets go of everything: the page lost the keys, somebody types, a new life. */
  drop() {
    for (const held of Object.values(this.held)) Object.assign(held, rest());
    this.leaps = false;
  }

  /** A new connection knows nothing yet: all is new to it. */
  begin() {
    this.sent = "";
  }

  /** Where to: -1, 0 or 1 on each axis. */
  thrust() {
    const { keys, pad, touch } = this.held;
    return { x: eighth(keys.x + pad.x + touch.x, keys.y + pad.y + touch.y), y: eighth(keys.y + pad.y + touch.y, keys.x + pad.x + touch.x) };
  }

  /** Whether any device pulls the trigger. */
  get fires() {
    const { keys, pad, touch } = this.held;
    return keys.fire || pad.fire || touch.fire;
  }

  /** What is new since this was asked last; null if nothing is. */
  take() {
    const values = { thrust: this.thrust(), aim: this.aim, weapon: this.weapon, fire: this.fires };
    // What travels of the aim is 1/1024 turn.
    const key = `${values.thrust.x} ${values.thrust.y} ${values.aim >> 6} ${values.weapon} ${values.fire}`;
    if (key === this.sent && !this.leaps) return null;
    this.sent = key;
    const dash = this.leaps;
    this.leaps = false;
    return dash ? { ...values, dash } : values;
  }
}

function rest() {
  return { x: 0, y: 0, fire: false };
}

/**
 * One axis of the nearest of eight directions: 0 if the other axis is much stronger, or neither counts.
 * @param {number} axis
 * @param {number} other
 */
function eighth(axis, other) {
  if (Math.hypot(axis, other) < DEAD_ZONE) return 0;
  return Math.abs(axis) * 2.414 > Math.abs(other) ? Math.sign(axis) : 0;
}
