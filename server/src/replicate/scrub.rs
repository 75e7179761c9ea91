//! A second look at the World, against forgotten changes: some entities each tick are quantised anew and compared.
//!
//! Extract trusts change ticks; a system that writes past them would leave clients with a world that is proven and wrong.
//! The scrub reads by another path (entity by entity, no change ticks). What it finds is counted, and mended in the same
//! tick: the row is put right, and the next piece carries it. In tests it looks at everything.

use super::extract::Extract;
use super::facets::Facets;
use super::rows::Rows;
use crate::counts::Counts;
use crate::sim::Sim;
use shared::ids::EntityId;

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
    pub fn run(&mut self, sim: &Sim, extract: &mut Extract, facets: &mut Facets, rows: &mut Rows, counts: &mut Counts) {
        let chosen: Vec<EntityId> = facets.tracked_from(self.next).take(self.entities).collect();
        // At the end of the list it begins anew; a room smaller than the portion is seen whole in every tick.
        self.next = match chosen.last() {
            Some(last) if chosen.len() == self.entities => EntityId(last.0 + 1),
            _ => EntityId(0),
        };
        let missed = chosen.into_iter().map(|id| extract.look_again(sim, facets, rows, id, counts)).sum::<u64>();
        if missed > 0 {
            counts.missed_extracts += missed;
            extract.follow_references(facets, rows);
        }
    }
}
