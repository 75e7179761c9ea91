//! What one thread needs to make frames: whatever is changed by making one, so that the rest can be shared.
//!
//! ```text
//!   &Replicator (read by all lanes) ─┐
//!                                    ├─► publish(client) ─► frame        one lane per thread; one lane is the same code
//!   &mut Lane · &mut Client ─────────┘
//! ```
//!
//! All of it is used again tick after tick: in the steady state a client's frame allocates nothing. Frames leave as slices
//! of one buffer, whose memory comes back when the last of them was sent.
//!
//! Never here: what is in a frame (see `assemble`), threads.

use super::choose::Wanted;
use super::demoting::Demoting;
use super::facets::Facets;
use super::parking::Load;
use super::pieces::Ring;
use super::records::Records;
use super::sections::{Made, Sections};
use super::shadow::Shadow;
use super::weights::Weights;
use crate::counts::Counts;
use bytes::{Bytes, BytesMut};
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
    /// Scratch: positions to be written.
    pub(super) positions: Vec<u32>,
    /// What the frame under way demotes.
    pub(super) demoting: Demoting,
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
    frames: Frames,
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
            positions: Vec::new(),
            demoting: Demoting::new(slots),
            sending: SlotSet::new(slots),
            load: Vec::new(),
            others: Vec::new(),
            wanted: Vec::new(),
            chosen: Default::default(),
            sections: Sections::default(),
            made: [None; 4],
            frames: Frames::default(),
        }
    }

    /// Begins a tick, if it is not this one already: what was made for another is old.
    pub(super) fn follow(&mut self, tick: Tick) {
        if self.tick != tick {
            self.tick = tick;
            self.records.next_tick();
            self.sections.next_tick();
            self.frames.next_tick();
        }
    }

    /// The frame under way is finished: its bytes, to be sent.
    pub(super) fn finish_frame(&mut self) -> Bytes {
        let frame = self.frames.keep(self.writer.bytes());
        self.writer.clear();
        frame
    }
}

/// Bytes that frames are cut from at the least: a tick of a few hundred clients.
const FRAMES_BYTES_MIN: usize = 64 * 1024;

/// Finished frames, in memory that is used again when they were sent.
#[derive(Debug, Default)]
struct Frames {
    buffer: BytesMut,
    /// Bytes of the whole buffer, those of frames included.
    allocated: usize,
    /// Bytes of this tick's frames.
    used: usize,
}

impl Frames {
    /// Takes back the memory of what was sent. A buffer that a burst has blown up is given away.
    fn next_tick(&mut self) {
        let wanted = (std::mem::take(&mut self.used) * 2).max(FRAMES_BYTES_MIN);
        if self.allocated > wanted * 4 || !self.buffer.try_reclaim(wanted) {
            self.allocate(wanted);
        }
    }

    fn keep(&mut self, frame: &[u8]) -> Bytes {
        if !self.buffer.try_reclaim(frame.len()) {
            self.allocate(frame.len().max(FRAMES_BYTES_MIN));
        }
        self.used += frame.len();
        self.buffer.extend_from_slice(frame);
        self.buffer.split().freeze()
    }

    fn allocate(&mut self, bytes: usize) {
        self.buffer = BytesMut::with_capacity(bytes);
        self.allocated = bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_cut_from_one_buffer_that_is_used_again() {
        let mut frames = Frames::default();
        frames.next_tick();
        let first = frames.keep(&[1; 100]).as_ptr();
        for tick in 0..1_000 {
            frames.next_tick();
            let kept: Vec<Bytes> = (0..100).map(|_| frames.keep(&[tick as u8; 500])).collect();
            assert!(kept.iter().all(|frame| frame[..] == [tick as u8; 500]));
            assert!(frames.allocated <= 2 * 100 * 500, "{}", frames.allocated);
        }
        assert!(!first.is_null());
    }

    #[test]
    fn what_a_burst_took_is_given_back() {
        let mut frames = Frames::default();
        for bytes in [10_000_000, 100, 100] {
            frames.next_tick();
            frames.keep(&vec![0; bytes]);
        }
        assert_eq!(frames.allocated, FRAMES_BYTES_MIN);
    }

    #[test]
    fn a_frame_that_waits_keeps_its_bytes() {
        let mut frames = Frames::default();
        let waits = frames.keep(&[7; 1000]);
        for _ in 0..1_000 {
            frames.next_tick();
            frames.keep(&[8; 1000]);
        }
        assert_eq!(waits[..], [7; 1000]);
    }
}
