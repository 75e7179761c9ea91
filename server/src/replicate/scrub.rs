//! A second look at the World, against forgotten changes: some entities each tick are quantised anew and compared.
//!
//! Extract trusts change ticks; a system that writes past them would leave clients with a world that is proven and wrong.
//! The scrub reads by another path (entity by entity, no change ticks). What it finds is counted, and mended in the same
//! tick: the row is put right, and the next piece carries it. In tests it looks at everything.

use super::extract::{Extract, Put, put};
use super::facets::Facets;
use super::rows::Rows;
use crate::room::counts::Counts;
use crate::sim::Sim;
use shared::ids::EntityId;
use shared::schema::{Layout, Section};
use std::collections::BTreeMap;

/// Where the next look begins.
#[derive(Debug, Default)]
pub struct Scrub {
    next: EntityId,
}

impl Scrub {
    /// Looks at up to `entities` entities, and puts right what was forgotten.
    pub fn run(
        &mut self,
        entities: usize,
        sim: &Sim,
        layout: &Layout,
        extract: &Extract,
        facets: &Facets,
        rows: &mut Rows,
        counts: &mut Counts,
    ) {
        let after = facets.tracked().filter(|&(id, _)| id >= self.next).map(|(id, _)| id);
        let chosen: Vec<EntityId> = after.take(entities).collect();
        // At the end of the list it begins anew; a room smaller than the portion is seen whole in every tick.
        self.next = match chosen.last() {
            Some(last) if chosen.len() == entities => EntityId(last.0 + 1),
            _ => EntityId(0),
        };
        for id in chosen {
            counts.missed_extracts += look(sim, layout, extract, facets, rows, id);
        }
    }
}

/// Compares one entity; returns how many runs of codes were not as the World is.
fn look(sim: &Sim, layout: &Layout, extract: &Extract, facets: &Facets, rows: &mut Rows, id: EntityId) -> u64 {
    let Some(tracked) = facets.get(id) else { return 0 };
    let mut missed = 0;
    for route in layout.routes(tracked.kind) {
        let column = &extract.columns()[route.component];
        let mut codes = vec![0; column.part_count()];
        let kind = layout.facets_of(tracked.kind)[route.facet];
        let is_reference = layout.facet(kind).is_some_and(|facet| facet.section == Section::References);
        if is_reference || !column.one(sim.world(), tracked.entity, &mut codes) {
            continue;
        }
        let own = &codes[route.source..route.source + route.count];
        let found = put(layout, &mut BTreeMap::new(), facets, rows, id, route, own);
        missed += u64::from(found != Put::Same);
    }
    missed
}
