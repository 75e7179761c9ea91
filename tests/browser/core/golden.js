// The golden files that the Rust tests write, and what the tests of the SDK's core share.

import { readFileSync } from "node:fs";
import { readServerMessage } from "../../../assets/web/sdk/wire/server_message.js";
import { settle } from "../../../assets/web/sdk/agreement.js";
import { MASK_SHIFT, CLASS_SHIFT, FRACTION, STATE } from "../../../assets/web/sdk/codec/plan.js";

/**
 * Bytes in hexadecimal.
 * @param {string} text
 */
export function bytesOf(text) {
  return Uint8Array.from(text.match(/[0-9a-f]{2}/g) ?? [], (byte) => parseInt(byte, 16));
}

/** @param {Uint8Array} bytes */
export function hexadecimal(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The text of a file of the repository.
 * @param {string} path from its root
 */
export function textOf(path) {
  return readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
}

/**
 * The bytes of a golden message.
 * @param {string} name
 */
export function golden(name) {
  const lines = textOf(`tests/golden/${name}.hex`).split("\n");
  return bytesOf(lines.filter((line) => !line.startsWith("#")).join(" "));
}

/**
 * Golden numbers.
 * @param {string} name
 */
export function numbers(name) {
  return JSON.parse(textOf(`tests/golden/${name}.json`));
}

/** What the golden Welcome settles. */
export function agreement() {
  const message = readServerMessage(golden("welcome"));
  if (message.kind !== "welcome") throw new Error("the golden Welcome is none");
  return settle(message.welcome);
}

/**
 * Numbers that are the same for ever.
 * @param {number} seed
 * @returns {(bound: number) => number} below a bound
 */
export function draws(seed) {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/**
 * The hash of every facet that is held, as tests/tests/golden_match.rs computes it.
 * @param {import("../../../assets/web/sdk/replica.js").Replica} replica
 */
export function worldOf({ holdings, layout }) {
  let hash = 0x811c9dc5;
  /** @param {number} word */
  const add = (word) => (hash = Math.imul(hash ^ word, 0x01000193));
  for (let slot = 0; slot < layout.slots; slot++) {
    const facet = holdings.facetOf(slot);
    if (facet === null) continue;
    [slot, facet.number, holdings.anchorOf[slot], holdings.freshOf[slot]].forEach(add);
    for (let part = 0; part < facet.parts.length; part++) {
      const at = holdings.statesOf[slot] + STATE * part;
      const [code, speed, past] = holdings.rows.states.subarray(at, at + STATE);
      [code, speed, past & FRACTION, (past >> CLASS_SHIFT) & 7, past >> MASK_SHIFT].forEach(add);
    }
  }
  return hash >>> 0;
}
