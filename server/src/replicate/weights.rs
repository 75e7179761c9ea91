//! How important is a facet to one client? What its schema says of it, and how near it is.
//!
//! ```text
//!   weight of the facet (1 + the largest `priority` of its fields)   ×   nearness (16 where the client is … 1 across the world)
//! ```
//!
//! Nearness is of anchors with a `position` field, to the anchor that the client drives; without either it is that of the middle of
//! the way. Half of it is gone at a sixteenth of the world.
//!
//! Never here: how long something has waited (see `choose`), what may be seen at all (see `view`).

use super::facets::Facets;
use super::shadow::Shadow;
use shared::ids::Slot;
use shared::schema::{Field, FieldKind, Kind, Layout, Schema};

/// Nearness of what is where the client is.
const NEAREST: i64 = 16;
/// Nearness of what has no place, or for who has none.
const NOWHERE: i64 = 4;
/// Distances are in so many parts of a unit.
const UNIT_PARTS: i64 = 16;
/// Axes that a place may have.
const AXES_MAX: usize = 3;

/// What a schema says of importance.
#[derive(Clone, Debug)]
pub struct Weights {
    /// Per kind of facet.
    facets: Vec<u32>,
    /// Per kind of facet, of anchors: where its place stands in it.
    places: Vec<Vec<Axis>>,
    /// Extent of the largest world that places can name.
    extent: i64,
}

/// One axis of a place: a part of the anchor, and what its codes mean.
#[derive(Clone, Copy, Debug)]
struct Axis {
    part: usize,
    min: i64,
    step: i64,
    unit: i64,
}

/// Where something is.
#[derive(Clone, Copy, Debug)]
pub struct Place([i64; AXES_MAX]);

impl Axis {
    const fn place(&self, code: i32) -> i64 {
        (self.min + code as i64 * self.step) * UNIT_PARTS / self.unit
    }
}

impl Weights {
    /// What `schema`, laid out so, says.
    #[must_use]
    pub fn new(schema: &Schema, layout: &Layout) -> Self {
        let facets = layout.facets().len();
        let mut weights = Self { facets: vec![1; facets], places: vec![Vec::new(); facets], extent: 1 };
        for number in 0..schema.kinds.len() {
            let kind = Kind(number as u8);
            for route in layout.routes(kind) {
                let Some(field) = field_of(schema, route.component, route.source) else { continue };
                let facet = layout.facets_of(kind)[route.facet];
                let weight = &mut weights.facets[usize::from(facet.0)];
                *weight = (*weight).max(1 + u32::from(field.marks.priority));
                if route.facet == 0 && field.marks.position {
                    weights.add_axes(usize::from(facet.0), field, route.part, route.count);
                }
            }
        }
        weights
    }

    fn add_axes(&mut self, facet: usize, field: &Field, part: usize, count: usize) {
        let (min, max, step, unit) = match &field.kind {
            FieldKind::Fixed { quantiser, unit }
            | FieldKind::Vector2 { quantiser, unit }
            | FieldKind::Vector3 { quantiser, unit } => (quantiser.min, quantiser.max, quantiser.step, *unit),
            FieldKind::Signed { min, max } => (*min, *max, 1, 1),
            FieldKind::Unsigned { max } => (0, i32::try_from(*max).unwrap_or(i32::MAX), 1, 1),
            _ => return,
        };
        let unit = i64::from(unit).max(1);
        let axis = |part| Axis { part, min: i64::from(min), step: i64::from(step), unit };
        self.places[facet].extend((part..part + count).map(axis));
        self.places[facet].truncate(AXES_MAX);
        self.extent = self.extent.max((i64::from(max) - i64::from(min)) * UNIT_PARTS / unit);
    }

    /// Where an entity with this anchor is, if it has a place.
    #[must_use]
    pub fn place_at(&self, anchor: Slot, facets: &Facets, shadow: &Shadow) -> Option<Place> {
        let kind = facets.alive(anchor)?.record.kind;
        let axes = self.places.get(usize::from(kind.0)).filter(|axes| !axes.is_empty())?;
        let states = shadow.states(anchor);
        let mut place = Place([0; AXES_MAX]);
        for (at, axis) in place.0.iter_mut().zip(axes) {
            *at = axis.place(states[axis.part].code);
        }
        Some(place)
    }

    /// How important a facet is to who is at `viewer`: 1 to 256.
    #[must_use]
    pub fn importance(&self, slot: Slot, viewer: Option<Place>, facets: &Facets, shadow: &Shadow) -> u32 {
        let Some(alive) = facets.alive(slot) else { return 1 };
        let weight = self.facets.get(usize::from(alive.record.kind.0)).copied().unwrap_or(1);
        weight * self.nearness(viewer, self.place_at(alive.record.anchor, facets, shadow))
    }

    fn nearness(&self, viewer: Option<Place>, target: Option<Place>) -> u32 {
        let (Some(Place(viewer)), Some(Place(target))) = (viewer, target) else { return NOWHERE as u32 };
        let along = viewer.iter().zip(target).map(|(viewer, target)| (viewer - target).abs());
        let distance = along.max().unwrap_or(0);
        (NEAREST * self.extent / (self.extent + NEAREST * distance)).max(1) as u32
    }
}

/// The field of a component whose codes begin at `source`.
fn field_of(schema: &Schema, component: usize, source: usize) -> Option<&Field> {
    let mut begins = 0;
    schema.components.get(component)?.fields.iter().find(|field| {
        let here = begins == source;
        begins += field.part_count();
        here
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::game::{PLAYER, schema};

    #[test]
    fn what_the_schema_marks_weighs_more() {
        let schema = schema();
        let layout = Layout::new(&schema, 8).unwrap();
        let weights = Weights::new(&schema, &layout);
        let of = |facet: usize| weights.facets[usize::from(layout.facets_of(PLAYER)[facet].0)];
        assert_eq!(of(0), 9, "a player's place has priority 8");
        assert!(weights.facets.iter().all(|&weight| (1..=16).contains(&weight)));
    }

    #[test]
    fn what_is_near_counts_more_and_what_is_nowhere_something() {
        let weights = Weights { facets: Vec::new(), places: Vec::new(), extent: 16_000 };
        let here = Some(Place([5_000, 5_000, 0]));
        let at = |x| weights.nearness(here, Some(Place([x, 5_000, 0])));
        assert_eq!([at(5_000), at(6_000), at(8_000), at(21_000)], [16, 8, 4, 1]);
        assert_eq!([weights.nearness(None, here), weights.nearness(here, None)], [4, 4]);
    }
}
