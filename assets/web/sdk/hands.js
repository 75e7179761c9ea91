// What the player wants: the newest values of every field, and presses that are kept until an input has carried them.
//
//   want({ thrust })   want({ dash: true })        take ─► codes of the input for this tick      carried ─► the presses are over
//
// A page says what it wants whenever a key moves, many times per tick or not for seconds. A press between two ticks must not be lost, nor
// counted twice; and one that was let go before the next input was still a press.
//
// Never here: when an input goes out (see session).

import { ValueError, codesOf } from "./schema/component.js";
import { usage } from "./errors.js";

/** @typedef {import("./schema/component.js").Declaration} Declaration */

/** Collects what is wanted. */
export class Hands {
  /** @param {Declaration} declaration the schema's input */
  constructor(declaration) {
    this.declaration = declaration;
    /** The neutral input. */
    this.neutral = codesOf(declaration, {});
    /** By part: it is a press. @type {boolean[]} */
    this.presses = declaration.fields.flatMap((field) => field.parts.map(() => field.marks.press));
    this.codes = this.neutral.slice();
  }

  /**
   * From now on it is wanted that way; fields that are not named stay as they are.
   * @param {Record<string, any>} values
   * @throws {import("./errors.js").TickwireError} no such field, or not such a value
   */
  want(values) {
    const codes = checked(this.declaration, values);
    let at = 0;
    for (const field of this.declaration.fields) {
      const named = Object.hasOwn(values, field.name) && values[field.name] !== undefined;
      for (let end = at + field.parts.length; at < end; at++) {
        const kept = field.marks.press && codes[at] === this.neutral[at];
        if (named && !kept) this.codes[at] = codes[at];
      }
    }
  }

  /**
   * What was held down on another connection is still held down; presses are over.
   * @param {Record<string, any>} values
   */
  wantAgain(values) {
    for (const { name, marks } of this.declaration.fields) {
      if (!marks.press && values[name] !== undefined) this.want({ [name]: values[name] });
    }
  }

  /** The codes of the input that goes out now. */
  take() {
    return this.codes.slice();
  }

  /** It went out: presses are over. */
  carried() {
    for (let at = 0; at < this.codes.length; at++) if (this.presses[at]) this.codes[at] = this.neutral[at];
  }
}

/**
 * The codes of values that a page gave; an error says what is wrong with them.
 * @param {Declaration} declaration
 * @param {Record<string, any>} values
 */
export function checked(declaration, values) {
  if (typeof values !== "object" || values === null) {
    throw usage(`the values of ${declaration.name} must be an object, and are ${values}`, "give { field: value }");
  }
  try {
    return codesOf(declaration, values);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw usage(error.message, "the page must give what the game declares");
  }
}
