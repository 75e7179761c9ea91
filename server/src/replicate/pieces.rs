//! The changes of the last ticks, ready to be copied: one bit string per changed facet and tick, shared by all.
//!
//! A client that missed a few ticks gets their pieces out of this ring, for the slots it held all the while; nothing is
//! ever encoded again. Beyond [`CATCH_UP_TICKS`] a full frame is smaller.

use shared::bits::{BitSpan, BitWriter};
use shared::ids::{Slot, Tick};
use shared::limits::CATCH_UP_TICKS;
use shared::schema::Section;
use shared::slot_set::SlotSet;

/// One facet's piece.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// Whose.
    pub slot: Slot,
    /// Where its bits are.
    pub span: BitSpan,
}

/// The pieces of one section, by slot.
#[derive(Debug)]
pub struct SectionPieces {
    /// Which slots have one.
    pub changed: SlotSet,
    /// Ascending by slot.
    pub pieces: Vec<Piece>,
    /// Bits of all of them.
    pub bits: usize,
    /// Per slot that has one: which of them it is.
    at: Vec<u16>,
}

/// All pieces of one tick.
#[derive(Debug)]
pub struct TickPieces {
    tick: Tick,
    bits: BitWriter,
    /// Bits of the pieces that were added.
    end: usize,
    bytes: Vec<u8>,
    sections: [SectionPieces; 4],
}

impl TickPieces {
    fn new(slots: usize) -> Self {
        let section =
            || SectionPieces { changed: SlotSet::new(slots), pieces: Vec::new(), bits: 0, at: vec![0; slots] };
        Self {
            tick: Tick(0),
            bits: BitWriter::new(),
            end: 0,
            bytes: Vec::new(),
            sections: [section(), section(), section(), section()],
        }
    }

    /// Where pieces are written; [`TickPieces::add`] says what was.
    pub const fn bits_mut(&mut self) -> &mut BitWriter {
        &mut self.bits
    }

    /// The bits since the piece before are the piece of `slot`. Slots come ascending.
    ///
    /// # Panics
    /// If they do not: our own bug, for clients read pieces in the order of slots.
    #[inline]
    pub fn add(&mut self, section: Section, slot: Slot) {
        let pieces = &mut self.sections[section.index()];
        assert!(pieces.pieces.last().is_none_or(|last| last.slot < slot), "pieces come by slot");
        pieces.changed.insert(slot);
        // Each slot has one at most, and slots are 16 bits.
        pieces.at[slot.index()] = pieces.pieces.len() as u16;
        let start = std::mem::replace(&mut self.end, self.bits.bit_length());
        let length = self.end - start;
        pieces.pieces.push(Piece { slot, span: BitSpan { start, length } });
        pieces.bits += length;
    }

    /// The bytes that spans point into.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// One section's pieces.
    #[must_use]
    pub fn section(&self, section: Section) -> &SectionPieces {
        &self.sections[section.index()]
    }

    /// Number of pieces of all sections.
    #[must_use]
    pub fn count(&self) -> usize {
        self.sections.iter().map(|section| section.pieces.len()).sum()
    }

    fn begin(&mut self, tick: Tick) {
        self.tick = tick;
        self.bits = BitWriter::after(std::mem::take(&mut self.bytes));
        self.bits.clear();
        self.end = 0;
        for section in &mut self.sections {
            section.changed.clear();
            section.pieces.clear();
            section.bits = 0;
        }
    }

    fn finish(&mut self) {
        self.bytes = std::mem::take(&mut self.bits).into_bytes();
    }

    #[cfg(feature = "sabotage")]
    fn drop_one(&mut self) -> bool {
        let Some(section) = self.sections.iter_mut().find(|section| !section.pieces.is_empty()) else { return false };
        let dropped = section.pieces.remove(0);
        section.changed.remove(dropped.slot);
        section.pieces.iter().for_each(|left| section.at[left.slot.index()] -= 1);
        true
    }
}

impl SectionPieces {
    /// The piece of a slot, which must have one.
    #[inline]
    pub(super) fn piece(&self, slot: Slot) -> &Piece {
        &self.pieces[usize::from(self.at[slot.index()])]
    }

    /// Calls `each` for the pieces of those slots that `fresh` has, ascending.
    pub fn of(&self, fresh: &SlotSet, mut each: impl FnMut(&Piece)) {
        for (at, (&changed, &fresh)) in self.changed.words().iter().zip(fresh.words()).enumerate() {
            let mut wanted = changed & fresh;
            while wanted != 0 {
                let bit = wanted & wanted.wrapping_neg();
                wanted ^= bit;
                each(self.piece(Slot((at * 64) as u16 + bit.trailing_zeros() as u16)));
            }
        }
    }
}

/// The pieces of the last [`CATCH_UP_TICKS`] ticks.
#[derive(Debug)]
pub struct Ring {
    ticks: Vec<TickPieces>,
}

impl Ring {
    /// An empty ring.
    #[must_use]
    pub fn new(slots: usize) -> Self {
        Self { ticks: (0..CATCH_UP_TICKS).map(|_| TickPieces::new(slots)).collect() }
    }

    /// The pieces of `tick`, emptied to be packed; then call [`Ring::finish`].
    pub fn begin(&mut self, tick: Tick) -> &mut TickPieces {
        let at = self.place(tick);
        let pieces = &mut self.ticks[at];
        pieces.begin(tick);
        pieces
    }

    /// The pieces of `tick` are packed.
    pub fn finish(&mut self, tick: Tick) {
        let at = self.place(tick);
        self.ticks[at].finish();
    }

    /// The pieces of a tick, while they are kept.
    #[must_use]
    pub fn of(&self, tick: Tick) -> Option<&TickPieces> {
        self.ticks.get(self.place(tick)).filter(|pieces| pieces.tick == tick)
    }

    fn place(&self, tick: Tick) -> usize {
        tick.0 as usize % self.ticks.len()
    }

    /// Drops one piece of `tick`, as if it had never been made; false if there is none.
    #[cfg(feature = "sabotage")]
    pub fn sabotage_drop_piece(&mut self, tick: Tick) -> bool {
        let at = self.place(tick);
        self.ticks[at].drop_one()
    }
}
