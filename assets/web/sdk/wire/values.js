// Values of a declaration, raw: inputs, events and requests, where nothing is guessed.
//
// Each part's code in as many bits as its range needs; a reference as one bit and, if it points at something, a slot of 16 bits. Reading
// checks every code's range, so that what comes out may be used as it is.
//
// Never here: what the codes mean (see schema/component.js).

/** @typedef {import("../bits/reader.js").BitReader} BitReader */
/** @typedef {import("../bits/writer.js").BitWriter} BitWriter */
/** @typedef {import("../schema/component.js").Declaration} Declaration */

/** A reference that points at nothing. */
export const NO_REFERENCE = -1;

/**
 * Writes the codes of a declaration; references as slots or `NO_REFERENCE`. Inverse of `readValues`.
 * @param {BitWriter} writer
 * @param {Declaration} declaration
 * @param {ArrayLike<number>} codes as many as it has parts, each in its range
 */
export function writeValues(writer, declaration, codes) {
  let at = 0;
  for (const field of declaration.fields) {
    if (field.kind.word === "reference") {
      const slot = codes[at++];
      writer.writeBool(slot !== NO_REFERENCE);
      if (slot !== NO_REFERENCE) writer.write(slot, 16);
      continue;
    }
    for (const part of field.parts) writer.write(codes[at++], part.bits);
  }
}

/**
 * Reads the codes of a declaration.
 * @param {BitReader} reader
 * @param {Declaration} declaration
 * @returns {number[]}
 */
export function readValues(reader, declaration) {
  const codes = [];
  for (const field of declaration.fields) {
    if (field.kind.word === "reference") {
      codes.push(reader.readBool("reference") ? reader.read(16, "reference") : NO_REFERENCE);
      continue;
    }
    for (const part of field.parts) codes.push(reader.readAtMost(part.last, part.bits, "value") | 0);
  }
  return codes;
}
