// How many of the simulation's whole numbers make one unit of the world: what a page divides by to draw.
//
// Never here: values (see schema/component.js).

import { usage } from "./errors.js";

/**
 * The unit of a component's field: 1 where whole numbers are all there is.
 * @param {import("./schema/registry.js").Schema} schema
 * @param {string} component
 * @param {string} field
 * @returns {number}
 * @throws {import("./errors.js").TickwireError} the game has no such field, or it is nothing that has a unit
 */
export function unitOf(schema, component, field) {
  const found = named(schema.components, component, `the game ${schema.game} has no component ${component}`);
  const { kind } = named(found.fields, field, `${component} has no field ${field}`);
  if ("unit" in kind) return kind.unit;
  if (kind.word === "unsigned" || kind.word === "signed") return 1;
  throw usage(`${component}.${field} has no unit: it is of the kind ${kind.word}`, "see Values in README.md for what it is");
}

/**
 * @template {{ name: string }} T
 * @param {T[]} all
 * @param {string} name
 * @param {string} says
 */
function named(all, name, says) {
  const found = all.find((one) => one.name === name);
  if (found === undefined) throw usage(says, `it has ${all.map((one) => one.name).join(", ") || "none"}`);
  return found;
}
