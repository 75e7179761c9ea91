//! A schema laid out for the codec: facets, parts and groups.
//!
//! A facet is those fields of one entity that have one audience. Each facet has its own slot, change mask, hash, piece and
//! record, so that visibility per component, entering, leaving and proving follow one rule.
//!
//! ```text
//!   kind "player":  Position{x,y} Health{hp}   Ammo{count: owner}   Aim{target: reference}
//!   facets:         0 everyone (the anchor)    1 owner              2 references
//!   parts:          x  y  hp                   count                the target's anchor slot
//!   groups:         [x y hp]                   [count]              [slot]          at most six parts share a mask symbol
//! ```
//!
//! The first facet of a kind is its anchor, perhaps without fields; the others are visible only while it is.
//!
//! Never here: states and bits (see `codec`).

use super::component::Declaration;
use super::field::{
    ALPHA_BETA_BITS, Audience, FOLLOW_BITS, FOLLOW_TIMES_MAX, Field, FieldKind, Motion, Part, Predictor,
};
use super::registry::{Kind, Schema, SchemaError};
use crate::limits::{ENTITY_FACETS_MAX, FACET_KINDS_MAX, FACET_PARTS_MAX, GROUP_PARTS_MAX};

/// A kind of facet: a position in [`Layout::facets`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FacetKind(pub u16);

/// Which of a frame's four sections a facet travels in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// For everyone who may see the entity.
    Everyone = 0,
    /// For the entity's team.
    Team = 1,
    /// For the entity's owner.
    Owner = 2,
    /// For those who may see both ends of a reference.
    References = 3,
}

impl Section {
    /// All sections, in the order in which they stand in a frame.
    pub const ALL: [Self; 4] = [Self::Everyone, Self::Team, Self::Owner, Self::References];

    /// The section as an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// Where a run of parts comes from: `count` codes of a component, from its code `source` on, stand at `part`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Position among the facets of the kind.
    pub facet: usize,
    /// Position in [`Schema::components`].
    pub component: usize,
    /// First code in the component's row.
    pub source: usize,
    /// First part in the facet.
    pub part: usize,
    /// How many.
    pub count: usize,
}

/// Up to six parts, one after the other, that share one mask symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// How many parts.
    pub parts: usize,
    /// The number of its first context among those of all groups of the layout: one for each mask that the last piece can have
    /// had, and one for the mask of a record.
    pub context: usize,
}

impl Group {
    /// Number of masks.
    #[must_use]
    pub const fn masks(&self) -> usize {
        1 << self.parts
    }
}

/// What most parts take: their guess is the code that is held and its speed added, in codes or parts of one; what it was wrong by
/// is added to both, where speeds are whole codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// That is all that its guess takes, as long as the sum is below this; 0 if it takes more.
    pub codes: u32,
    /// In so many bits behind the point its speed is; 0 for whole codes.
    pub fraction_bits: u32,
    /// That is all that its correction takes.
    pub plain: bool,
    /// The largest speed that it then may have, else it has none; 0 for what holds.
    pub speed_max: u32,
    /// The part, for whatever takes more.
    pub part: Part,
}

impl Step {
    const fn of(part: &Part) -> Self {
        let (holds, linear) = (matches!(part.motion, Motion::Hold), matches!(part.motion, Motion::Linear));
        let plain = (holds || linear) && !part.wrap;
        let calm = matches!(part.motion, Motion::AlphaBeta { .. }) && !part.wrap;
        // With 2^32 codes there is nothing that all are below.
        let codes = if holds || plain || calm { part.last.wrapping_add(1) } else { 0 };
        let fraction_bits = if calm { ALPHA_BETA_BITS } else { 0 };
        Self { codes, fraction_bits, plain, speed_max: if linear { part.jump() } else { 0 }, part: *part }
    }
}

/// One kind of facet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetLayout {
    /// The kind of entity it belongs to.
    pub kind: Kind,
    /// Where it travels.
    pub section: Section,
    /// It is the entity's first facet.
    pub anchor: bool,
    /// Its parts, in the order in which they move: those that follow nobody, those that follow others, those of rotations,
    /// constant ones.
    pub parts: Vec<Part>,
    /// The parts that follow nobody and may change, which come first.
    pub steps: Vec<Step>,
    /// How many parts follow nobody or another part.
    pub following: usize,
    /// How many parts may change: those, and rotations of four parts each.
    pub moving: usize,
    /// All that change are in `steps`, and none may be off by anything.
    pub simple: bool,
    /// The parts that may change, [`GROUP_PARTS_MAX`] to a group; the last may have fewer.
    pub groups: Vec<Group>,
    /// The number of its first part among all parts of the layout: contexts count from here.
    pub context: usize,
}

impl FacetLayout {
    /// Whether a part never changes in the facet's life.
    #[must_use]
    pub const fn is_constant(&self, part: usize) -> bool {
        part >= self.moving
    }

    /// Where rotations that may change begin.
    pub fn turns(&self) -> impl Iterator<Item = usize> + use<> {
        (self.following..self.moving).step_by(4)
    }
}

/// All facets of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    facets: Vec<FacetLayout>,
    sections: Vec<Section>,
    kinds: Vec<Vec<FacetKind>>,
    routes: Vec<Vec<Route>>,
    slot_bits: u32,
    parts_max: usize,
    part_contexts: usize,
    mask_contexts: usize,
}

impl Layout {
    /// Lays `schema` out for a room whose pool has `1 << slot_bits` slots.
    ///
    /// # Errors
    /// [`SchemaError::TooMany`] if an entity has too many facets, a facet too many parts, or all kinds together too many facets.
    pub fn new(schema: &Schema, slot_bits: u32) -> Result<Self, SchemaError> {
        let mut layout = Self {
            facets: Vec::new(),
            sections: Vec::new(),
            kinds: Vec::new(),
            routes: Vec::new(),
            slot_bits,
            parts_max: 0,
            part_contexts: 0,
            mask_contexts: 0,
        };
        for (number, kind) in schema.kinds.iter().enumerate() {
            let components: Vec<_> = kind
                .components
                .iter()
                .map(|&index| (usize::from(index), &schema.components[usize::from(index)]))
                .collect();
            layout.add_kind(Kind(number as u8), &kind.name, &components)?;
        }
        if layout.facets.len() > FACET_KINDS_MAX {
            let what = "facets of all kinds".to_owned();
            return Err(SchemaError::TooMany { what, count: layout.facets.len(), max: FACET_KINDS_MAX });
        }
        let has_facets = |section: &Section| layout.facets.iter().any(|facet| facet.section == *section);
        layout.sections = Section::ALL.into_iter().filter(has_facets).collect();
        Ok(layout)
    }

    /// All facets; a [`FacetKind`] is a position here.
    #[must_use]
    pub fn facets(&self) -> &[FacetLayout] {
        &self.facets
    }

    /// The sections that any facet travels in, in order: of the others there is never anything to say.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// One kind of facet, if there is such a one.
    #[must_use]
    pub fn facet(&self, kind: FacetKind) -> Option<&FacetLayout> {
        self.facets.get(usize::from(kind.0))
    }

    /// The facets of a kind of entity, its anchor first.
    #[must_use]
    pub fn facets_of(&self, kind: Kind) -> &[FacetKind] {
        self.kinds.get(usize::from(kind.0)).map_or(&[], Vec::as_slice)
    }

    /// Where the codes of the components of a kind of entity go.
    #[must_use]
    pub fn routes(&self, kind: Kind) -> &[Route] {
        self.routes.get(usize::from(kind.0)).map_or(&[], Vec::as_slice)
    }

    /// Bits of a slot.
    #[must_use]
    pub const fn slot_bits(&self) -> u32 {
        self.slot_bits
    }

    /// Number of slots in the pool.
    #[must_use]
    pub const fn slots(&self) -> usize {
        1 << self.slot_bits
    }

    /// Parts of the largest facet: the stride of per-slot arrays.
    #[must_use]
    pub const fn parts_max(&self) -> usize {
        self.parts_max
    }

    /// Number of parts of all facets.
    #[must_use]
    pub const fn part_contexts(&self) -> usize {
        self.part_contexts
    }

    /// Number of contexts of the groups of all facets.
    #[must_use]
    pub const fn mask_contexts(&self) -> usize {
        self.mask_contexts
    }

    fn add_kind(&mut self, kind: Kind, name: &str, components: &[(usize, &Declaration)]) -> Result<(), SchemaError> {
        let mut drafts: Vec<Draft> = vec![Draft::new(Section::Everyone)];
        let mut routes = Vec::new();
        for &(component, declaration) in components {
            let mut source = 0;
            let mut places = Vec::with_capacity(declaration.fields.len());
            for field in &declaration.fields {
                let facet = if matches!(field.kind, FieldKind::Reference) {
                    drafts.push(Draft::new(Section::References));
                    drafts.len() - 1
                } else {
                    draft_for(&mut drafts, section_of(field.audience))
                };
                let mut parts = field.parts();
                if matches!(field.kind, FieldKind::Reference) {
                    parts = vec![Part { wrap: false, ..Part::holding(1 << self.slot_bits) }];
                }
                let draft = &mut drafts[facet];
                let count = parts.len();
                places.push((facet, draft.parts.len()));
                routes.push(Route { facet, component, source, part: draft.parts.len(), count });
                draft.constant.resize(draft.parts.len() + count, field.marks.constant);
                draft.parts.append(&mut parts);
                source += count;
            }
            follow(declaration, &places, &mut drafts);
        }
        for (facet, draft) in drafts.iter_mut().enumerate() {
            let places = draft.arrange();
            for route in routes.iter_mut().filter(|route| route.facet == facet && route.count > 0) {
                // All parts of a field move alike: they stay together.
                route.part = places[route.part];
            }
        }
        if drafts.len() > ENTITY_FACETS_MAX {
            let what = format!("{name} (facets)");
            return Err(SchemaError::TooMany { what, count: drafts.len(), max: ENTITY_FACETS_MAX });
        }
        let mut of_kind = Vec::with_capacity(drafts.len());
        for (place, draft) in drafts.into_iter().enumerate() {
            if draft.parts.len() > FACET_PARTS_MAX {
                let what = format!("{name} (parts for one audience)");
                return Err(SchemaError::TooMany { what, count: draft.parts.len(), max: FACET_PARTS_MAX });
            }
            of_kind.push(FacetKind(self.facets.len() as u16));
            self.add_facet(kind, place == 0, draft);
        }
        self.kinds.push(of_kind);
        self.routes.push(routes);
        Ok(())
    }

    fn add_facet(&mut self, kind: Kind, anchor: bool, draft: Draft) {
        let Draft { section, parts, constant } = draft;
        let moving = constant.iter().filter(|&&constant| !constant).count();
        let following = parts[..moving].iter().filter(|part| !part.turns()).count();
        let steps: Vec<Step> = parts[..following].iter().filter(|part| !part.follows()).map(Step::of).collect();
        let simple = steps.len() == moving && parts.iter().all(|part| part.tolerance == 0);
        let mut groups = Vec::new();
        for parts in parts[..moving].chunks(GROUP_PARTS_MAX) {
            let group = Group { parts: parts.len(), context: self.mask_contexts };
            // One more: the mask of a record.
            self.mask_contexts += group.masks() + 1;
            groups.push(group);
        }
        self.parts_max = self.parts_max.max(parts.len());
        let context = self.part_contexts;
        self.part_contexts += parts.len();
        self.facets.push(FacetLayout {
            kind,
            section,
            anchor,
            parts,
            steps,
            following,
            moving,
            simple,
            groups,
            context,
        });
    }
}

/// Tells the parts of fields that follow others where those stand. `places`: per field its draft and first part.
fn follow(declaration: &Declaration, places: &[(usize, usize)], drafts: &mut [Draft]) {
    for (field, &(draft, first)) in declaration.fields.iter().zip(places) {
        let Predictor::Follow { field: leader, .. } = field.predictor else { continue };
        let (Some(leading), Some(&(same, lead))) =
            (declaration.fields.get(usize::from(leader)), places.get(usize::from(leader)))
        else {
            continue;
        };
        // A schema that was checked has both in one facet, with as many parts.
        if same != draft {
            continue;
        }
        let (times, shift) = follow_rate(field, leading);
        for axis in 0..field.part_count() {
            if let Some(part) = drafts[draft].parts.get_mut(first + axis) {
                part.motion = Motion::Follow { lead: (lead + axis) as u8, times, shift };
            }
        }
    }
}

/// By how many 1/256 codes a field moves per code of its leader: as `times >> shift`, with as many digits as fit.
fn follow_rate(field: &Field, leading: &Field) -> (i32, u8) {
    let Predictor::Follow { times, shift, .. } = field.predictor else { return (0, 0) };
    let above = (i128::from(times) * i128::from(leading.step())) << (FOLLOW_BITS + RATE_DIGITS);
    let mut rate = above / (i128::from(field.step()) << shift);
    let mut digits = RATE_DIGITS;
    while digits > 0 && (rate % 2 == 0 || rate.abs() >= i128::from(FOLLOW_TIMES_MAX)) {
        rate /= 2;
        digits -= 1;
    }
    let most = i128::from(FOLLOW_TIMES_MAX) - 1;
    (rate.clamp(-most, most) as i32, digits as u8)
}

/// Binary digits that a rate may have behind the point.
const RATE_DIGITS: u32 = 24;

struct Draft {
    section: Section,
    parts: Vec<Part>,
    constant: Vec<bool>,
}

impl Draft {
    const fn new(section: Section) -> Self {
        Self { section, parts: Vec::new(), constant: Vec::new() }
    }

    /// Puts the parts in the order in which they move. Says, for each place before, which it is now.
    fn arrange(&mut self) -> Vec<usize> {
        let rank = |&at: &usize| (self.constant[at], self.parts[at].turns(), self.parts[at].follows(), at);
        let mut order: Vec<usize> = (0..self.parts.len()).collect();
        order.sort_by_key(rank);
        let mut places = vec![0; order.len()];
        for (place, &at) in order.iter().enumerate() {
            places[at] = place;
        }
        self.parts = order.iter().map(|&at| self.parts[at]).collect();
        self.constant = order.iter().map(|&at| self.constant[at]).collect();
        for part in &mut self.parts {
            if let Motion::Follow { lead, .. } = &mut part.motion {
                *lead = places[usize::from(*lead)] as u8;
            }
        }
        places
    }
}

const fn section_of(audience: Audience) -> Section {
    match audience {
        Audience::Everyone => Section::Everyone,
        Audience::Team => Section::Team,
        Audience::Owner => Section::Owner,
    }
}

fn draft_for(drafts: &mut Vec<Draft>, section: Section) -> usize {
    drafts.iter().position(|draft| draft.section == section).unwrap_or_else(|| {
        drafts.push(Draft::new(section));
        drafts.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Marks;
    use crate::schema::registry::EntityKind;

    /// Kinds of five facets each: everyone's, team's, owner's and one per reference.
    fn kinds(count: usize) -> Schema {
        let field = |(number, audience): (usize, Audience)| Field {
            name: format!("field {number}"),
            kind: if number > 2 { FieldKind::Reference } else { FieldKind::Bool },
            audience,
            predictor: Predictor::Hold,
            marks: Marks::default(),
        };
        let audiences = [Audience::Everyone, Audience::Team, Audience::Owner, Audience::Everyone, Audience::Everyone];
        Schema {
            game: "many".to_owned(),
            components: vec![Declaration {
                name: "all".to_owned(),
                fields: audiences.into_iter().enumerate().map(field).collect(),
            }],
            kinds: (0..count)
                .map(|number| EntityKind { name: format!("kind {number}"), components: vec![0] })
                .collect(),
            input: Declaration { name: "input".to_owned(), fields: Vec::new() },
            events: Vec::new(),
            requests: Vec::new(),
        }
    }

    #[test]
    fn a_schema_of_more_facets_than_tables_can_tell_apart_is_refused() {
        assert_eq!(Layout::new(&kinds(51), 6).map(|layout| layout.facets().len()), Ok(FACET_KINDS_MAX));
        let refused = Layout::new(&kinds(52), 6).expect_err("260 of them");
        assert_eq!(
            refused,
            SchemaError::TooMany { what: "facets of all kinds".to_owned(), count: 260, max: FACET_KINDS_MAX }
        );
    }
}
