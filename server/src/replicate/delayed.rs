//! The World as it was a while ago, entity by entity in codes, and how its facets and rows follow it.
//!
//! The twin of `extract` for who is fed from a ring: the same order, the same rules (`put`), but what is read whole is read from here,
//! because the World has gone on.
//!
//! Never here: how long ago (see `feed`).

use super::changes::{Came, Changes, Reassigned};
use super::extract::{Put, follow_references, forget_references, put};
use super::facets::{Facets, Tracked};
use super::rows::Rows;
use crate::sim::Sim;
use shared::ids::EntityId;
use shared::schema::Layout;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// The codes of all entities, as they were.
#[derive(Debug)]
pub struct Delayed {
    layout: Arc<Layout>,
    /// Where a component's codes are among those of its entity, which has room for all components.
    places: Vec<Range<usize>>,
    entities: BTreeMap<EntityId, Vec<i32>>,
    /// See `extract`.
    references: BTreeMap<(EntityId, usize), EntityId>,
}

impl Delayed {
    /// Nobody was there.
    #[must_use]
    pub fn new(sim: &Sim, layout: Arc<Layout>) -> Self {
        let mut places: Vec<Range<usize>> = Vec::new();
        for column in sim.columns() {
            let start = places.last().map_or(0, |place| place.end);
            places.push(start..start + column.part_count());
        }
        Self { places, layout, entities: BTreeMap::new(), references: BTreeMap::new() }
    }

    /// Brings facets and rows on by one tick.
    pub fn run(&mut self, changes: &Changes, facets: &mut Facets, rows: &mut Rows) {
        for &id in &changes.gone {
            facets.untrack(id);
            self.entities.remove(&id);
            forget_references(&mut self.references, id);
        }
        let placed = facets.place_waiting();
        let room = self.places.last().map_or(0, |place| place.end);
        for &Came { id, kind, team } in &changes.came {
            self.entities.insert(id, vec![0; room]);
            facets.track(id, Tracked::new(kind, None, team));
        }
        for (id, component, codes) in changes.noted() {
            let kept = self.entities.get_mut(&id).zip(self.places.get(component));
            if let Some(place) = kept.and_then(|(kept, place)| kept.get_mut(place.clone())) {
                place.copy_from_slice(codes);
            }
        }
        for came in &changes.came {
            self.read_whole(facets, rows, came.id);
        }
        self.follow_codes(changes, facets, rows);
        for id in placed {
            self.read_whole(facets, rows, id);
        }
        for &Reassigned { id, team } in &changes.reassigned {
            if facets.assign(id, None, team) {
                self.read_whole(facets, rows, id);
            }
        }
        follow_references(&self.references, facets, rows);
    }

    fn follow_codes(&mut self, changes: &Changes, facets: &mut Facets, rows: &mut Rows) {
        let mut renewed = Vec::new();
        for (id, component, codes) in changes.noted() {
            let Some(tracked) = facets.get(id) else { continue };
            for route in self.layout.routes(tracked.kind).iter().filter(|route| route.component == component) {
                let own = &codes[route.source..route.source + route.count];
                let found = put(&self.layout, &mut self.references, (&*facets, tracked), rows, id, route, own);
                if found == Put::Constant {
                    renewed.push((id, route.facet));
                }
            }
        }
        for (id, place) in renewed {
            facets.renew(id, place);
            self.read_whole(facets, rows, id);
        }
    }

    /// Puts all components of an entity into the rows of its living facets; what was born in this tick starts from nothing.
    fn read_whole(&mut self, facets: &Facets, rows: &mut Rows, id: EntityId) {
        let Self { layout, places, entities, references } = self;
        let (Some(tracked), Some(kept)) = (facets.get(id), entities.get(&id)) else { return };
        for &slot in tracked.slots.iter().flatten().filter(|&&slot| facets.born().contains(slot)) {
            rows.clear(slot);
        }
        for route in layout.routes(tracked.kind) {
            let start = places[route.component].start + route.source;
            put(layout, references, (facets, tracked), rows, id, route, &kept[start..start + route.count]);
        }
    }
}
