// A schema laid out for the codec: facets, parts and groups.
//
// A facet is those fields of one entity that have one audience. Each facet has its own slot, change mask, hash, piece and record.
//
//   kind "player":  Position{x,y} Health{hp}   Ammo{count: owner}   Aim{target: reference}
//   facets:         0 everyone (the anchor)    1 owner              2 references
//   parts:          x  y  hp                   count                the target's anchor slot
//   groups:         [x y hp]                   [count]              [slot]          at most six parts share a mask symbol
//
// The first facet of a kind is its anchor, perhaps without fields; the others are visible only while it is.
//
// Never here: states and bits (see codec).

import { ENTITY_FACETS_MAX, FACET_KINDS_MAX, FACET_PARTS_MAX, GROUP_PARTS_MAX } from "../limits.js";
import { FOLLOW, Part, TURNING, stepOf } from "./field.js";
import { checkCount } from "./registry.js";

/** @typedef {import("./component.js").Declaration} Declaration */
/** @typedef {import("./field.js").Field} Field */
/** @typedef {import("./registry.js").Schema} Schema */

/** A frame's sections, in their order: for everyone, for the team, for the owner, references. */
export const SECTIONS = 4;
/** For everyone who may see the entity. */
export const EVERYONE = 0;
/** For those who may see both ends of a reference. */
export const REFERENCES = 3;

/**
 * Where a run of parts comes from: `count` codes of a component, from its code `source` on, stand at `part`.
 * @typedef {object} Route
 * @property {number} facet position among the facets of the kind
 * @property {number} component position in the schema's components
 * @property {number} source first code in the component's row
 * @property {number} part first part in the facet
 * @property {number} count how many
 */

/**
 * Up to six parts, one after the other, that share one mask symbol.
 * @typedef {object} Group
 * @property {number} parts how many
 * @property {number} context the number of its first context among those of all groups: one for each mask that the last piece can have
 *   had, and one for the mask of a record
 */

/**
 * One kind of facet.
 * @typedef {object} FacetLayout
 * @property {number} number its position among all facets: the facet kind that travels
 * @property {number} kind the kind of entity that it belongs to
 * @property {number} place position among the facets of its kind; 0 is the anchor
 * @property {number} section where it travels
 * @property {boolean} anchor it is the entity's first facet
 * @property {Part[]} parts in the order in which they move: those that follow nobody, those that follow others, those of rotations,
 *   constant ones
 * @property {number} stepping how many parts follow nobody and may change: they come first
 * @property {number} following how many parts follow nobody or another part
 * @property {number} moving how many parts may change: those, and rotations of four parts each
 * @property {Group[]} groups the parts that may change, six to a group; the last may have fewer
 * @property {number} context the number of its first part among all parts of the layout: contexts count from here
 */

/** All facets of a schema. */
export class Layout {
  /**
   * Lays a schema out for a room whose pool has 2^`slotBits` slots.
   * @param {Schema} schema
   * @param {number} slotBits
   * @throws {import("./registry.js").SchemaError}
   */
  constructor(schema, slotBits) {
    /** @type {FacetLayout[]} */
    this.facets = [];
    /** Per kind of entity its facets, the anchor first. @type {FacetLayout[][]} */
    this.kinds = [];
    /** Per kind of entity where the codes of its components go. @type {Route[][]} */
    this.routes = [];
    this.slotBits = slotBits;
    /** Number of slots in the pool. */
    this.slots = 2 ** slotBits;
    /** Number of parts of all facets. */
    this.partContexts = 0;
    /** Number of contexts of the groups of all facets. */
    this.maskContexts = 0;
    for (const kind of schema.kinds) addKind(this, schema, kind);
    checkCount("facets of all kinds", this.facets.length, FACET_KINDS_MAX);
  }
}

/**
 * A facet that is being put together.
 * @typedef {{ section: number, parts: Part[], constant: boolean[] }} Draft
 */

/**
 * @param {Layout} layout
 * @param {Schema} schema
 * @param {import("./registry.js").EntityKind} kind
 */
function addKind(layout, schema, kind) {
  /** @type {Draft[]} */
  const drafts = [{ section: EVERYONE, parts: [], constant: [] }];
  /** @type {Route[]} */
  const routes = [];
  for (const component of kind.components) {
    const declaration = schema.components[component];
    let source = 0;
    /** Per field: its draft and its first part. @type {[number, number][]} */
    const places = [];
    for (const field of declaration.fields) {
      const facet = draftFor(drafts, field);
      const draft = drafts[facet];
      const parts = partsIn(field, layout.slotBits);
      const part = draft.parts.length;
      places.push([facet, part]);
      routes.push({ facet, component, source, part, count: parts.length });
      draft.parts.push(...parts);
      parts.forEach(() => draft.constant.push(field.marks.constant));
      source += parts.length;
      checkCount(`${kind.name} (parts for one audience)`, draft.parts.length, FACET_PARTS_MAX);
      checkCount(`${kind.name} (facets)`, drafts.length, ENTITY_FACETS_MAX);
    }
    follow(declaration, places, drafts);
  }
  drafts.forEach((draft, facet) => {
    const places = arrange(draft);
    // All parts of a field move alike: they stay together.
    for (const route of routes) if (route.facet === facet && route.count > 0) route.part = places[route.part];
  });
  layout.kinds.push(drafts.map((draft, place) => addFacet(layout, layout.kinds.length, place, draft)));
  layout.routes.push(routes);
}

/**
 * Copies of a field's parts: a leader's place is that of one facet only.
 * @param {Field} field
 * @param {number} slotBits
 * @returns {Part[]}
 */
function partsIn(field, slotBits) {
  if (field.kind.word !== "reference") return field.parts.map((part) => Object.assign(new Part(1), part));
  return [new Part(2 ** slotBits)];
}

/**
 * @param {Layout} layout
 * @param {number} kind
 * @param {number} place
 * @param {Draft} draft
 * @returns {FacetLayout}
 */
function addFacet(layout, kind, place, { section, parts, constant }) {
  const moving = constant.filter((is) => !is).length;
  const following = parts.slice(0, moving).filter((part) => part.motion !== TURNING).length;
  const stepping = parts.slice(0, following).filter((part) => part.motion !== FOLLOW).length;
  /** @type {Group[]} */
  const groups = [];
  for (let first = 0; first < moving; first += GROUP_PARTS_MAX) {
    const group = { parts: Math.min(moving - first, GROUP_PARTS_MAX), context: layout.maskContexts };
    // One more: the mask of a record.
    layout.maskContexts += (1 << group.parts) + 1;
    groups.push(group);
  }
  const context = layout.partContexts;
  layout.partContexts += parts.length;
  const number = layout.facets.length;
  const facet = { number, kind, place, section, anchor: place === 0, parts, stepping, following, moving, groups, context };
  layout.facets.push(facet);
  return facet;
}

/**
 * The draft that a field goes into, made if there is none yet.
 * @param {Draft[]} drafts
 * @param {Field} field
 * @returns {number}
 */
function draftFor(drafts, field) {
  const section = field.kind.word === "reference" ? REFERENCES : ["everyone", "team", "owner"].indexOf(field.audience);
  const known = section === REFERENCES ? -1 : drafts.findIndex((draft) => draft.section === section);
  return known >= 0 ? known : drafts.push({ section, parts: [], constant: [] }) - 1;
}

/**
 * Tells the parts of fields that follow others where those stand.
 * @param {Declaration} declaration
 * @param {[number, number][]} places per field its draft and first part
 * @param {Draft[]} drafts
 */
function follow(declaration, places, drafts) {
  declaration.fields.forEach((field, at) => {
    if (field.predictor.word !== "follow") return;
    const leading = declaration.fields[field.predictor.field];
    const [draft, first] = places[at];
    const [same, lead] = places[field.predictor.field];
    // A schema that was checked has both in one facet, with as many parts.
    if (same !== draft) return;
    const [times, shift] = followRate(field, leading);
    field.parts.forEach((_, axis) => {
      Object.assign(drafts[draft].parts[first + axis], { motion: FOLLOW, lead: lead + axis, times, shift });
    });
  });
}

/**
 * By how many 1/256 codes a field moves per code of its leader: as times >> shift, with as many digits as fit.
 * @param {Field} field
 * @param {Field} leading
 * @returns {[number, number]}
 */
function followRate({ kind, predictor }, leading) {
  if (predictor.word !== "follow") return [0, 0];
  const above = (BigInt(predictor.times) * BigInt(stepOf(leading.kind))) << 32n;
  let rate = above / (BigInt(stepOf(kind)) << BigInt(predictor.shift));
  let digits = 24;
  while (digits > 0 && (rate % 2n === 0n || rate >= 32_768n || rate <= -32_768n)) {
    rate /= 2n;
    digits -= 1;
  }
  const most = 32_767n;
  return [Number(rate > most ? most : rate < -most ? -most : rate), digits];
}

/**
 * Puts the parts in the order in which they move. Says, for each place before, which it is now.
 * @param {Draft} draft
 * @returns {number[]}
 */
function arrange(draft) {
  /** @param {number} at */
  const rank = (at) => {
    const { motion } = draft.parts[at];
    return draft.constant[at] ? 8 + (motion === TURNING ? 4 : 0) + (motion === FOLLOW ? 2 : 0) : motion === TURNING ? 4 : motion === FOLLOW ? 2 : 0;
  };
  const order = draft.parts.map((_, at) => at).sort((one, other) => rank(one) - rank(other) || one - other);
  const places = new Array(order.length).fill(0);
  order.forEach((at, place) => (places[at] = place));
  draft.parts = order.map((at) => draft.parts[at]);
  draft.constant = order.map((at) => draft.constant[at]);
  for (const part of draft.parts) if (part.motion === FOLLOW) part.lead = places[part.lead];
  return places;
}
