// That this connection will end, why and when: a line for each reason, with the time that is left.
//
// Why is told once to who listens instead of looking; the time that is left only shows.
//
// Never here: what can be done about it (see play.js), an end that has come (see overlay.js).

import { make, part, say } from "../page.js";
import { clock, sayNotice } from "../told.js";

/** @typedef {import("../../sdk/index.js").Notice["reason"]} Reason */
/** @typedef {{ root: HTMLElement, left: HTMLElement, untilMs: number }} Line */

export class Notices {
  constructor() {
    this.root = part("notices");
    /** @type {Map<Reason, Line>} */
    this.lines = new Map();
  }

  /**
   * It will end in so many seconds. What was told of that reason before is not true any more.
   * @param {import("../../sdk/index.js").Notice} notice
   * @param {number} nowMs
   */
  tell({ reason, seconds }, nowMs) {
    this.done(reason);
    const left = make("b", "");
    left.setAttribute("aria-live", "off");
    const root = make("p", "notice-line");
    root.append(make("span", "", sayNotice(reason)), left);
    this.lines.set(reason, { root, left, untilMs: nowMs + 1000 * seconds });
    this.show(nowMs);
    this.root.append(root);
  }

  /** It will not end for that reason any more. @param {Reason} reason */
  done(reason) {
    this.lines.get(reason)?.root.remove();
    this.lines.delete(reason);
  }

  /** @param {number} nowMs */
  show(nowMs) {
    for (const { left, untilMs } of this.lines.values()) say(left, clock((untilMs - nowMs) / 1000));
  }

  /** The connection is another one. */
  clear() {
    for (const reason of this.lines.keys()) this.done(reason);
  }
}
