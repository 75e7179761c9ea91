//! What a tick changes for those who hold just the same of a section: looked at and written once per tick and lane.
//!
//! Where distance hides nothing, most clients hold the same of what is everyone's, even where the game's own rule hides somebody
//! from some. What is new to one of them (a record) may differ; the pieces, which stand before it, do not.
//!
//! ```text
//!   section · what is fresh of it  ─►  the sum of that · pieces, as bits: whole bytes if no record follows, spliced if one does
//! ```
//!
//! Only frames that cover one tick, and only clients that hold nothing inexact of the section. Equal sets mean equal bits: a set
//! is compared, never trusted.
//!
//! Never here: who may share by name alone (see `sections`), what one client holds (see `survey`).

use super::survey::Survey;
use shared::bits::{BitSpan, BitWriter};
use shared::codec::Lanes;
use shared::schema::Section;
use shared::slot_set::SlotSet;

/// What is kept at most. Beyond, each client's is written for it alone.
const KEPT_MAX: usize = 32;

/// What a tick changes for all who hold just this of a section.
#[derive(Debug)]
pub(super) struct Changes {
    section: Section,
    fresh: SlotSet,
    /// The sum of all that is fresh.
    pub(super) sum: Lanes,
    /// How many are fresh.
    pub(super) fresh_count: u32,
    /// How many of these have a piece.
    pub(super) pieces: usize,
    /// Bits of the pieces alone.
    pub(super) piece_bits: usize,
    /// Where its bytes are, with a count of no records at their end.
    start: usize,
    end: usize,
    /// Bits before that count.
    bits: usize,
}

/// What was made in this tick so far.
#[derive(Debug, Default)]
pub(super) struct Alike {
    /// Those beyond `count` are of an older tick.
    all: Vec<Changes>,
    count: usize,
    bytes: Vec<u8>,
    /// While one is written: the frame that it is for, so far.
    aside: BitWriter,
}

impl Alike {
    /// A new tick: what was made is old.
    pub(super) fn next_tick(&mut self) {
        self.count = 0;
        self.bytes.clear();
    }

    /// What was made for those who hold just this of a section.
    pub(super) fn find(&self, section: Section, fresh: &SlotSet) -> Option<usize> {
        self.all[..self.count].iter().position(|known| known.section == section && known.fresh == *fresh)
    }

    /// What [`Alike::find`] found.
    pub(super) fn at(&self, place: usize) -> &Changes {
        &self.all[place]
    }

    /// No more are kept in this tick.
    pub(super) const fn is_full(&self) -> bool {
        self.count >= KEPT_MAX
    }

    /// What is written until [`Alike::finish`] is what a tick changes.
    pub(super) fn begin(&mut self, writer: &mut BitWriter) {
        std::mem::swap(writer, &mut self.aside);
    }

    /// What was written since [`Alike::begin`], `bits` of it before the count of no records, is kept for all who hold what `found`
    /// was looked at in; the writer goes on where it was.
    pub(super) fn finish(
        &mut self,
        writer: &mut BitWriter,
        bits: usize,
        section: Section,
        (fresh, found): (&SlotSet, &Survey),
    ) -> usize {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(writer.bytes());
        writer.clear();
        std::mem::swap(writer, &mut self.aside);
        let (place, end) = (self.count, self.bytes.len());
        let (sum, pieces, piece_bits) = (found.sum, found.changed.len(), found.bits);
        let fresh_count = found.fresh;
        let made = |fresh| Changes { section, fresh, sum, fresh_count, pieces, piece_bits, start, end, bits };
        match self.all.get_mut(place) {
            Some(old) => {
                let mut kept = std::mem::take(&mut old.fresh);
                kept.copy_from(fresh);
                *old = made(kept);
            }
            None => self.all.push(made(fresh.clone())),
        }
        self.count += 1;
        place
    }

    /// Writes the whole section: nothing follows the pieces.
    pub(super) fn write_whole(&self, place: usize, writer: &mut BitWriter) {
        let Changes { start, end, .. } = self.all[place];
        writer.write_bytes(&self.bytes[start..end]);
    }

    /// Writes what stands before the records. The writer is at a whole byte: a section begins.
    pub(super) fn write_changes(&self, place: usize, writer: &mut BitWriter) {
        let Changes { start, bits, .. } = self.all[place];
        let (whole, rest) = (start + bits / 8, bits % 8);
        writer.write_bytes(&self.bytes[start..whole]);
        writer.append(&self.bytes, BitSpan { start: whole * 8, length: rest });
    }
}
