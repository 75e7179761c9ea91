//! Whole states, made at most once per tick and facet, when the first client needs one; shared by all who do.

use super::facets::Facets;
use super::shadow::Shadow;
use shared::bits::{BitSpan, BitWriter};
use shared::codec::record::write_record;
use shared::codec::{Packer, Tables};
use shared::ids::Slot;
use shared::schema::Layout;

/// The records of this tick, as far as they were needed.
#[derive(Debug)]
pub struct Records {
    bits: BitWriter,
    /// Per slot: this tick's record, if it was made. Bits are whole bytes apart.
    spans: Vec<Option<BitSpan>>,
    made: Vec<Slot>,
    bytes: Vec<u8>,
}

impl Records {
    /// No records yet.
    #[must_use]
    pub fn new(slots: usize) -> Self {
        Self { bits: BitWriter::new(), spans: vec![None; slots], made: Vec::new(), bytes: Vec::new() }
    }

    /// A new tick: what was made is old.
    pub fn next_tick(&mut self) {
        for slot in self.made.drain(..) {
            self.spans[slot.index()] = None;
        }
        self.bytes.clear();
    }

    /// The record of a living facet, as a span of [`Records::bytes`]; `None` if nothing lives there.
    pub fn of(
        &mut self,
        slot: Slot,
        layout: &Layout,
        tables: &Tables,
        facets: &Facets,
        shadow: &Shadow,
    ) -> Option<BitSpan> {
        if let Some(span) = self.spans[slot.index()] {
            return Some(span);
        }
        let record = facets.alive(slot)?.record;
        self.bits.clear();
        write_record(&mut Packer { writer: &mut self.bits, tables }, layout, record, shadow.states(slot));
        let length = self.bits.bit_length();
        let span = BitSpan { start: self.bytes.len() * 8, length };
        self.bytes.extend_from_slice(self.bits.bytes());
        self.spans[slot.index()] = Some(span);
        self.made.push(slot);
        Some(span)
    }

    /// The bytes that spans point into.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many were made in this tick.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.made.len()
    }
}
