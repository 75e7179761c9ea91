//! What a room sends, counted: what better code tables are made of.
//!
//! Every few ticks the symbols of that tick are counted as if one client saw everything: the pieces where they are written,
//! who is addressed, who leaves, and a record of what was born and of one more, in turn, for those who join late. Where clients
//! see less than everything, addresses and records are those of a client that stands where some entity is, now one, now
//! another: there most records are of what comes into view, and few stand between one change and the next. Whoever wants
//! tables takes the counts away and trains on them (`shared::codec::training`); a room that nobody studies counts nothing.
//!
//! Never here: training (too long for a tick), when tables are replaced (see `room`).

use super::audiences::{Audience, AudienceKey};
use super::facets::Facets;
use super::grid::Grid;
use super::interest::{Around, Interest, Seen, Viewer};
use super::pieces::TickPieces;
use super::shadow::Shadow;
use shared::codec::Tally;
use shared::codec::contexts::{Sink, Use, number};
use shared::codec::positions::{PositionsOf, tally_positions};
use shared::codec::record::write_record;
use shared::ids::{EntityId, PlayerId, Slot, Tick};
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
    /// Where clients see less than everything.
    sample: Option<Sample>,
}

/// Ticks that a sample stays with one entity.
const SAMPLE_TICKS: u32 = 128;

/// A client that is made up: it stands where an entity is.
#[derive(Debug)]
struct Sample {
    entity: EntityId,
    since: Tick,
    interest: Interest,
    /// What it saw in the tick before.
    before: SlotSet,
    kept: SlotSet,
    other: SlotSet,
}

impl Study {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(layout: &Layout) -> Self {
        Self { tally: Tally::new(layout), next: Slot(0), positions: Vec::new(), sample: None }
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

    /// Counts what frames of this tick have beside pieces, for clients that see everything of these sections.
    pub fn look(
        &mut self,
        layout: &Layout,
        facets: &Facets,
        shadow: &Shadow,
        pieces: &TickPieces,
        sections: impl Iterator<Item = Section>,
    ) {
        for section in sections {
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

    /// Once per tick, where clients see less than everything: counts what the sample's frame has beside pieces.
    pub fn look_around(&mut self, layout: &Layout, around: Around<'_>, shadow: &Shadow, pieces: &TickPieces) {
        let Around { facets, grid, tick, .. } = around;
        let sample = self
            .sample
            .take()
            .filter(|sample| tick.since(sample.since) < SAMPLE_TICKS && facets.anchor(sample.entity).is_some());
        let Some(mut sample) = sample.or_else(|| Sample::at_random(facets, grid, tick)) else { return };
        let Sample { entity, since, interest, before, kept, other } = &mut sample;
        interest.look(around, Viewer { player: PlayerId(u32::MAX), entity: Some(*entity), team: None }, other);
        let everybody = facets.visible(Section::Everyone, AudienceKey::All);
        let seen = match interest.of(Section::Everyone) {
            Seen::Some(seen) => Some(seen),
            Seen::All => everybody,
            Seen::Nothing => None,
        };
        if let Some(seen) = seen {
            // Who has just come gets all of it at once; that is rare.
            if *since != tick {
                kept.copy_from(before);
                kept.intersect(seen);
                kept.subtract(facets.born());
                other.copy_from(before);
                other.subtract(kept);
                let Self { tally, positions, .. } = self;
                if !other.is_empty() {
                    positions.clear();
                    kept.ranks_with(other, positions);
                    tally_positions(tally, PositionsOf::Leaves, positions);
                }
                positions.clear();
                kept.ranks(&pieces.section(Section::Everyone).changed, positions);
                tally_positions(tally, PositionsOf::Pieces, positions);
                tally_positions(tally, PositionsOf::Demotions, &[]);
                other.copy_from(seen);
                other.subtract(kept);
                tally.number(number(Use::RecordCount), other.count() as u32);
                for slot in other.iter() {
                    self.count_record(layout, facets, shadow, slot);
                }
            }
            before.copy_from(seen);
            self.sample = Some(sample);
        }
    }

    fn count_addresses(&mut self, section: Section, audience: &Audience, facets: &Facets, pieces: &TickPieces) {
        let Self { tally, positions, .. } = self;
        positions.clear();
        audience.slots.ranks(&pieces.section(section).changed, positions);
        tally_positions(tally, PositionsOf::Pieces, positions);
        tally_positions(tally, PositionsOf::Demotions, &[]);
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

impl Sample {
    /// One that stands where an entity with a position is: now this one, now that.
    fn at_random(facets: &Facets, grid: &Grid, tick: Tick) -> Option<Self> {
        let slots = grid.placed().words().len() * 64;
        // Slots are drawn at random, so any order of them is as good as another.
        let from = Slot((tick.0.wrapping_mul(40_503) as usize % slots.max(1)) as u16);
        let anchor = grid.placed().iter().find(|&slot| slot >= from).or_else(|| grid.placed().iter().next())?;
        let none = || SlotSet::new(slots);
        let entity = facets.alive(anchor)?.entity;
        Some(Self { entity, since: tick, interest: Interest::new(slots), before: none(), kept: none(), other: none() })
    }
}
