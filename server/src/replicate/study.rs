//! What a room sends, counted: what better code tables are made of.
//!
//! Every few ticks the symbols of that tick are counted as if one client saw everything: the pieces where they are written,
//! who is addressed, who leaves, and a record of what was born and of one more, in turn, for those who join late. Whoever
//! wants tables takes the counts away and trains on them (`shared::codec::training`); a room that nobody studies counts
//! nothing.
//!
//! Never here: training (too long for a tick), when tables are replaced (see `room`).

use super::audiences::Audience;
use super::facets::Facets;
use super::pieces::TickPieces;
use super::shadow::Shadow;
use shared::codec::Tally;
use shared::codec::contexts::{Sink, Use, number};
use shared::codec::positions::{PositionsOf, tally_positions};
use shared::codec::record::write_record;
use shared::ids::{Slot, Tick};
use shared::schema::{Layout, Section};
use shared::slot_set::SlotSet;

/// One tick in so many is counted: enough to know what is typical, too few to be felt.
const STUDY_EVERY_TICKS: u32 = 8;
/// Teams and owners of which addresses are counted: each is like the others.
const AUDIENCES_MAX: usize = 8;

/// The counts of one room.
#[derive(Debug)]
pub struct Study {
    tally: Tally,
    /// Whose record is counted next.
    next: Slot,
    positions: Vec<u32>,
}

impl Study {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(layout: &Layout) -> Self {
        Self { tally: Tally::new(layout), next: Slot(0), positions: Vec::new() }
    }

    /// Whether this tick is one of those that are counted.
    #[must_use]
    pub const fn looks_at(tick: Tick) -> bool {
        tick.0.is_multiple_of(STUDY_EVERY_TICKS)
    }

    /// Where the pieces of a tick that is looked at are counted.
    pub const fn tally_mut(&mut self) -> &mut Tally {
        &mut self.tally
    }

    /// Takes the counts away and begins anew.
    #[must_use]
    pub fn take(&mut self, layout: &Layout) -> Tally {
        std::mem::replace(&mut self.tally, Tally::new(layout))
    }

    /// Counts what frames of this tick have beside pieces, for clients that see everything.
    pub fn look(&mut self, layout: &Layout, facets: &Facets, shadow: &Shadow, pieces: &TickPieces) {
        for section in Section::ALL {
            for audience in facets.audiences().of(section).take(AUDIENCES_MAX) {
                self.count_addresses(section, audience, facets, pieces);
                let mut born = audience.slots.clone();
                born.intersect(facets.born());
                self.tally.number(number(Use::RecordCount), born.count() as u32);
                for slot in born.iter() {
                    self.count_record(layout, facets, shadow, slot);
                }
            }
        }
        let next = facets.alive_slots().iter().find(|&slot| slot >= self.next);
        if let Some(slot) = next {
            self.count_record(layout, facets, shadow, slot);
        }
        self.next = next.map_or(Slot(0), |slot| Slot(slot.0.wrapping_add(1)));
    }

    fn count_addresses(&mut self, section: Section, audience: &Audience, facets: &Facets, pieces: &TickPieces) {
        let Self { tally, positions, .. } = self;
        positions.clear();
        audience.slots.ranks(&pieces.section(section).changed, positions);
        tally_positions(tally, PositionsOf::Pieces, positions);
        let mut gone = SlotSet::new(audience.slots.words().len() * 64);
        for &(slot, _) in facets.retired().iter().filter(|(_, place)| *place == audience.place) {
            gone.insert(slot);
        }
        if !gone.is_empty() {
            positions.clear();
            audience.slots.ranks_with(&gone, positions);
            tally_positions(tally, PositionsOf::Leaves, positions);
        }
    }

    fn count_record(&mut self, layout: &Layout, facets: &Facets, shadow: &Shadow, slot: Slot) {
        if let Some(alive) = facets.alive(slot) {
            write_record(&mut self.tally, layout, alive.record, shadow.states(slot));
        }
    }
}
