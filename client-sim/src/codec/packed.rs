//! One tick's pieces and records as bits, made once and copied to every viewer.
//!
//! Pieces are made for all, records when the first viewer needs one: as in the server's `replicate/pieces.rs` and
//! `replicate/records.rs`.

use super::shadow::Shadow;
use shared::bits::{BitSpan, BitWriter};
use shared::codec::record::write_record;
use shared::codec::{Packer, Tables};
use shared::ids::Slot;
use shared::schema::Layout;
use shared::slot_set::SlotSet;

/// The pieces of a tick.
pub(super) struct Pieces {
    bits: BitWriter,
    bytes: Vec<u8>,
    spans: Vec<BitSpan>,
    changed: SlotSet,
}

impl Pieces {
    pub(super) fn new(slots: usize) -> Self {
        Self {
            bits: BitWriter::new(),
            bytes: Vec::new(),
            spans: vec![BitSpan::default(); slots],
            changed: SlotSet::new(slots),
        }
    }

    /// Moves the shadow one tick on and packs what was not as predicted.
    pub(super) fn pack(&mut self, shadow: &mut Shadow<'_>, tables: &Tables) {
        self.bits = BitWriter::after(std::mem::take(&mut self.bytes));
        self.bits.clear();
        self.changed.clear();
        let Self { bits, spans, changed, .. } = self;
        shadow.predict(|slot, missed| {
            let start = bits.bit_length();
            missed.write(&mut Packer { writer: bits, tables });
            spans[slot.index()] = BitSpan { start, length: bits.bit_length() - start };
            changed.insert(slot);
        });
        self.bytes = std::mem::take(&mut self.bits).into_bytes();
    }

    /// Which slots have one.
    pub(super) const fn changed(&self) -> &SlotSet {
        &self.changed
    }

    /// Copies a slot's.
    pub(super) fn copy(&self, slot: Slot, out: &mut BitWriter) {
        out.append(&self.bytes, self.spans[slot.index()]);
    }
}

/// The records of a tick, as far as they were needed.
pub(super) struct Records {
    bits: BitWriter,
    bytes: Vec<u8>,
    spans: Vec<Option<BitSpan>>,
}

impl Records {
    pub(super) fn new(slots: usize) -> Self {
        Self { bits: BitWriter::new(), bytes: Vec::new(), spans: vec![None; slots] }
    }

    /// A new tick: what was made is old.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.spans.fill(None);
    }

    /// Copies a slot's, made now if nobody needed it before.
    pub(super) fn copy(
        &mut self,
        slot: Slot,
        out: &mut BitWriter,
        shadow: &Shadow<'_>,
        layout: &Layout,
        tables: &Tables,
    ) {
        let span = self.spans[slot.index()].unwrap_or_else(|| {
            self.bits.clear();
            let packer = &mut Packer { writer: &mut self.bits, tables };
            write_record(packer, layout, shadow.record(slot), shadow.states(slot));
            let span = BitSpan { start: self.bytes.len() * 8, length: self.bits.bit_length() };
            self.bytes.extend_from_slice(self.bits.bytes());
            self.spans[slot.index()] = Some(span);
            span
        });
        out.append(&self.bytes, span);
    }
}
