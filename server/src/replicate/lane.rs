//! What one thread needs to make frames: whatever is changed by making one, so that the rest can be shared.
//!
//! ```text
//!   &Replicator (read by all lanes) ─┐
//!                                    ├─► publish(client) ─► frame        one lane per thread; one lane is the same code
//!   &mut Lane · &mut Client ─────────┘
//! ```
//!
//! All of it is used again tick after tick: in the steady state a client's frame allocates nothing. A frame stays here until
//! the next is made, for whoever sends it to copy.
//!
//! Never here: what is in a frame (see `assemble`), threads.

use super::alike::Alike;
use super::choose::Wanted;
use super::demoting::Demoting;
use super::facets::Facets;
use super::parking::Load;
use super::pieces::Ring;
use super::records::Records;
use super::sections::{Made, Sections};
use super::shadow::Shadow;
use super::survey::Survey;
use super::weights::Weights;
use crate::counts::Counts;
use shared::bits::{BitSpan, BitWriter};
use shared::codec::Tables;
use shared::ids::{Slot, Tick};
use shared::schema::{Layout, Schema};
use shared::slot_set::SlotSet;

/// What all frames of a tick are made of, whichever lane makes them.
#[derive(Clone, Copy)]
pub struct Shared<'a> {
    /// The tick.
    pub tick: Tick,
    /// What the game declares.
    pub schema: &'a Schema,
    /// Its layout.
    pub layout: &'a Layout,
    /// The codes in force.
    pub tables: &'a Tables,
    /// Who is alive.
    pub facets: &'a Facets,
    /// Their states.
    pub shadow: &'a Shadow,
    /// The changes of the last ticks.
    pub ring: &'a Ring,
    /// How important they are.
    pub weights: &'a Weights,
    /// Distance hides nothing: then most clients see the same, even where the game's own rule hides some from some.
    pub far: bool,
}

/// A record that was chosen for a frame.
#[derive(Clone, Copy, Debug)]
pub struct Chosen {
    pub(super) slot: Slot,
    pub(super) span: BitSpan,
    pub(super) new: bool,
}

/// One thread's share of a tick.
#[derive(Debug)]
pub struct Lane {
    tick: Tick,
    /// Whole states, made when someone in this lane needs them.
    pub(super) records: Records,
    /// What happened in this lane since it was last emptied.
    pub counts: Counts,
    /// The frame under way.
    pub(super) writer: BitWriter,
    /// Scratch: what the client of the frame under way holds, by section.
    pub(super) surveys: [Survey; 4],
    /// Scratch: what the frame under way tells, and the codes of one event.
    pub(super) telling: BitWriter,
    pub(super) codes: Vec<i32>,
    /// Scratch: positions to be written.
    pub(super) positions: Vec<u32>,
    /// What the frame under way demotes.
    pub(super) demoting: Demoting,
    /// Scratch: whom the client of the frame under way is near to.
    pub(super) near: SlotSet,
    /// Scratch: slots that a section sends pieces of.
    pub(super) sending: SlotSet,
    /// Scratch: what the pieces of slots take.
    pub(super) load: Vec<Load>,
    /// Scratch: slots that are not parked, and their importance.
    pub(super) others: Vec<(u32, Slot)>,
    /// Scratch: records that are wanted.
    pub(super) wanted: Vec<Wanted>,
    /// Scratch: the records of the frame under way, by section.
    pub(super) chosen: [Vec<Chosen>; 4],
    /// Sections that several clients get.
    pub(super) sections: Sections,
    /// Scratch: which of these the frame under way has.
    pub(super) made: [Option<Made>; 4],
    /// What changes for clients that hold the same.
    pub(super) alike: Alike,
    /// Scratch: where in it what the frame under way changes is, by section.
    pub(super) like: [Option<usize>; 4],
}

impl Lane {
    /// A lane for a pool of `slots` slots.
    #[must_use]
    pub fn new(slots: usize) -> Self {
        Self {
            tick: Tick(0),
            records: Records::new(slots),
            counts: Counts::default(),
            writer: BitWriter::new(),
            surveys: Default::default(),
            telling: BitWriter::new(),
            codes: Vec::new(),
            positions: Vec::new(),
            demoting: Demoting::new(slots),
            near: SlotSet::new(slots),
            sending: SlotSet::new(slots),
            load: Vec::new(),
            others: Vec::new(),
            wanted: Vec::new(),
            chosen: Default::default(),
            sections: Sections::default(),
            made: [None; 4],
            alike: Alike::default(),
            like: [None; 4],
        }
    }

    /// Begins a tick, if it is not this one already: what was made for another is old.
    pub(super) fn follow(&mut self, tick: Tick) {
        if self.tick != tick {
            self.tick = tick;
            self.records.next_tick();
            self.sections.next_tick();
            self.alike.next_tick();
        }
    }

    /// The frame that was made last; nothing, where there was none to be made.
    pub fn frame(&mut self) -> &[u8] {
        self.writer.bytes()
    }
}
