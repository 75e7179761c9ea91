// Everything that a symbol's code may depend on, numbered.
//
// A context is what both sides know before a symbol is read: which part it is of and how large that part's last residual was, which parts
// of a group the last piece corrected, what a count counts. Tables say which code stands for which context.
//
//   numbers  0 ..            one for each use
//   kinds    8               which kind of facet a record is of
//   residual                 part × class of its last residual
//   code, speed, class       part: what records say of it
//   mask                     group × mask of the facet's last piece, and one for records
//   past                     kind of facet: whether a record is of one that is no longer as it was born

/** @typedef {import("../schema/facet.js").Layout} Layout */
/** @typedef {import("../schema/facet.js").Group} Group */

/** How many facets of a section have a piece; the context of the gaps between them is the next. */
export const PIECES = 0;
/** How many facets leave a section; then the gaps. */
export const LEAVES = 2;
/** How many facets of a section become stale; then the gaps. */
export const DEMOTIONS = 4;
/** How many records a section has. */
export const RECORD_COUNT = 6;
/** How many events a frame has. */
export const EVENT_COUNT = 7;
/** A record's kind of facet. */
export const KIND = 8;

/** Where the contexts of parts begin. */
const PARTS = 9;
/** Number of residual classes. */
export const CLASSES = 6;
/** Contexts that each part has: one for each class, and its code, speed and class in a record. */
const PART_CONTEXTS = CLASSES + 3;

/** Symbols of a code for numbers: 16 direct ones and two for each of the 28 higher bits. */
export const NUMBER_SYMBOLS = 72;

/**
 * The context of a residual of the layout's `part`-th part after one of class 0; those after the others follow.
 * @param {number} part
 */
export function residual(part) {
  return PARTS + part * PART_CONTEXTS;
}

/**
 * The context of a part's code in a record.
 * @param {number} part
 */
export function code(part) {
  return residual(part) + CLASSES;
}

/**
 * The context of a part's speed in a record.
 * @param {number} part
 */
export function speed(part) {
  return residual(part) + CLASSES + 1;
}

/**
 * The context of a part's size class in a record.
 * @param {number} part
 */
export function sizeClass(part) {
  return residual(part) + CLASSES + 2;
}

/**
 * The context of a group's mask after the mask 0; those after the others follow.
 * @param {Layout} layout
 * @param {Group} group
 */
export function mask(layout, group) {
  return residual(layout.partContexts) + group.context;
}

/**
 * The context of the mask of a group's last piece in a record.
 * @param {Layout} layout
 * @param {Group} group
 */
export function pastMask(layout, group) {
  return mask(layout, group) + (1 << group.parts);
}

/**
 * The context of whether a facet of a kind is no longer as it was born, in a record.
 * @param {Layout} layout
 * @param {number} kind
 */
export function past(layout, kind) {
  return residual(layout.partContexts) + layout.maskContexts + kind;
}

/**
 * How many symbols each context has, in their order.
 * @param {Layout} layout
 * @returns {number[]}
 */
export function symbolCounts(layout) {
  const counts = new Array(KIND).fill(NUMBER_SYMBOLS);
  counts.push(Math.max(layout.facets.length, 1));
  for (let part = 0; part < layout.partContexts; part++) {
    for (let context = 0; context < PART_CONTEXTS; context++) {
      counts.push(context === PART_CONTEXTS - 1 ? CLASSES : NUMBER_SYMBOLS);
    }
  }
  for (const { groups } of layout.facets) {
    // The mask of a facet's only group is never empty.
    const lone = groups.length === 1 ? 1 : 0;
    for (const group of groups) {
      const masks = 1 << group.parts;
      for (let last = 0; last < masks; last++) counts.push(masks - lone);
      counts.push(masks);
    }
  }
  for (let facet = 0; facet < layout.facets.length; facet++) counts.push(2);
  return counts;
}
