//! A second look at the World, against forgotten changes: some entities each tick are quantised anew and compared.
//!
//! Extract trusts change ticks; a system that writes past them would leave clients with a world that is proven and wrong.
//! The scrub reads by another path (entity by entity, no change ticks). What it finds is counted, and mended in the same
//! tick: the row is put right, and the next piece carries it. In tests it looks at everything.

use super::extract::{Extract, Put, put};
use super::facets::Facets;
use super::rows::Rows;
use crate::room::counts::Counts;
use crate::sim::{EntityIds, Sim};
use shared::ids::EntityId;
use shared::schema::{Layout, Section};
use std::collections::BTreeMap;

/// Where the next look begins.
#[derive(Debug)]
pub struct Scrub {
    entities: usize,
    next: EntityId,
}

impl Scrub {
    /// A scrub that looks at up to `entities` entities per tick.
    #[must_use]
    pub const fn new(entities: usize) -> Self {
        Self { entities, next: EntityId(0) }
    }

    /// Looks at the next entities, and puts right what was forgotten.
    pub fn run(
        &mut self,
        sim: &Sim,
        layout: &Layout,
        extract: &Extract,
        facets: &Facets,
        rows: &mut Rows,
        counts: &mut Counts,
    ) {
        let after = facets.tracked().filter(|&(id, _)| id >= self.next).map(|(id, _)| id);
        let chosen: Vec<EntityId> = after.take(self.entities).collect();
        // At the end of the list it begins anew; a room smaller than the portion is seen whole in every tick.
        self.next = match chosen.last() {
            Some(last) if chosen.len() == self.entities => EntityId(last.0 + 1),
            _ => EntityId(0),
        };
        for id in chosen {
            counts.missed_extracts += look(sim, layout, extract, facets, rows, id);
        }
    }
}

/// Compares one entity; returns how many runs of codes were not as the World is.
fn look(sim: &Sim, layout: &Layout, extract: &Extract, facets: &Facets, rows: &mut Rows, id: EntityId) -> u64 {
    let entity = sim.world().resource::<EntityIds>().entity(id);
    let (Some(tracked), Some(entity)) = (facets.get(id), entity) else { return 0 };
    let mut missed = 0;
    for route in layout.routes(tracked.kind) {
        let column = &extract.columns()[route.component];
        let mut codes = vec![0; column.part_count()];
        let kind = layout.facets_of(tracked.kind)[route.facet];
        let is_reference = layout.facet(kind).is_some_and(|facet| facet.section == Section::References);
        if is_reference || !column.one(sim.world(), entity, &mut codes) {
            continue;
        }
        let own = &codes[route.source..route.source + route.count];
        let found = put(layout, &mut BTreeMap::new(), facets, rows, id, route, own);
        missed += u64::from(found != Put::Same);
    }
    missed
}
