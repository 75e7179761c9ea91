//! What one viewer holds, and the frame that brings it up to a tick.
//!
//! ```text
//!   header · [ leaves ] · [ positions · pieces · no demotions · count · records ]        one section: all is for everyone
//! ```
//!
//! A viewer here is never skipped and has no budget: what it sees it holds, and what it holds is fresh. Who sees all is a viewer,
//! too. The inverse is [`crate::replica`], which is the client's own.
//!
//! Never here: what it sees (see `interest`), what anything is (see `shadow`).

use super::packed::{Pieces, Records};
use super::shadow::Shadow;
use shared::bits::BitWriter;
use shared::codec::contexts::{Sink, Use, number};
use shared::codec::positions::{PositionsOf, tally_positions, write_positions};
use shared::codec::record::write_record;
use shared::codec::{Packer, Tables};
use shared::ids::Tick;
use shared::schema::{Layout, Section};
use shared::slot_set::SlotSet;
use shared::wire::state_frame::Proof;
use shared::wire::{Digest, FrameHeader, FrameKind};

/// Bits of a header's mask of sections: the only one that there is.
const EVERYONE: u8 = 1 << Section::Everyone.index();

/// What one viewer holds, and what it is to be told in this tick.
pub(super) struct Viewer {
    held: SlotSet,
    leaves: Vec<u32>,
    /// How many were held before they left.
    held_before: u32,
    positions: Vec<u32>,
    changed: SlotSet,
    stayed_count: u32,
    new: SlotSet,
    leaving: SlotSet,
}

/// Bits of a body, by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BodyBits {
    /// Who left.
    pub(super) leaves: usize,
    /// Who has a piece.
    pub(super) positions: usize,
    /// The pieces.
    pub(super) pieces: usize,
    /// The records, and how many.
    pub(super) records: usize,
    /// Up to whole bytes.
    pub(super) padding: usize,
}

impl std::ops::AddAssign for BodyBits {
    fn add_assign(&mut self, other: Self) {
        self.leaves += other.leaves;
        self.positions += other.positions;
        self.pieces += other.pieces;
        self.records += other.records;
        self.padding += other.padding;
    }
}

/// What the frames of a tick are made of.
pub(super) struct Shared<'a> {
    pub(super) layout: &'a Layout,
    pub(super) tables: &'a Tables,
    pub(super) shadow: &'a Shadow<'a>,
    pub(super) pieces: &'a Pieces,
    pub(super) records: &'a mut Records,
}

impl Viewer {
    /// A viewer that holds `held`.
    pub(super) fn new(held: SlotSet) -> Self {
        let empty = SlotSet::new(held.words().len() * 64);
        Self {
            leaves: Vec::new(),
            held_before: 0,
            positions: Vec::new(),
            changed: empty.clone(),
            stayed_count: 0,
            new: empty.clone(),
            leaving: empty,
            held,
        }
    }

    /// What it holds.
    pub(super) const fn held(&self) -> &SlotSet {
        &self.held
    }

    /// Decides what it is told: who leaves because it went or is no longer seen, who changed, who enters.
    pub(super) fn turn(&mut self, visible: &SlotSet, gone: &SlotSet, changed: &SlotSet) {
        self.leaves.clear();
        self.positions.clear();
        for (((leaving, held), visible), gone) in
            self.leaving.words_mut().iter_mut().zip(self.held.words()).zip(visible.words()).zip(gone.words())
        {
            *leaving = held & (gone | !visible);
        }
        self.held_before = self.held.count() as u32;
        self.held.ranks(&self.leaving, &mut self.leaves);
        self.held.subtract(&self.leaving);
        self.stayed_count = self.held_before - self.leaves.len() as u32;
        self.changed.clone_from(changed);
        self.changed.intersect(&self.held);
        self.held.ranks(&self.changed, &mut self.positions);
        self.new.clone_from(visible);
        self.new.subtract(&self.held);
        self.held.unite(&self.new);
    }

    /// Counts what its frame would say, but for the pieces: those are counted once for all.
    pub(super) fn tally(&self, sink: &mut impl Sink, layout: &Layout, shadow: &Shadow<'_>) {
        if !self.leaves.is_empty() {
            tally_positions(sink, PositionsOf::Leaves, &self.leaves);
        }
        if self.is_quiet() {
            return;
        }
        tally_positions(sink, PositionsOf::Pieces, &self.positions);
        tally_positions(sink, PositionsOf::Demotions, &[]);
        sink.number(number(Use::RecordCount), self.new.count() as u32);
        for slot in self.new.iter() {
            write_record(sink, layout, shadow.record(slot), shadow.states(slot));
        }
    }

    /// Nothing changed and nobody entered.
    fn is_quiet(&self) -> bool {
        self.positions.is_empty() && self.new.is_empty()
    }

    /// Writes the body of a step frame behind what is in `out`.
    pub(super) fn write_body(&self, out: &mut BitWriter, shared: &mut Shared<'_>) -> BodyBits {
        let mut bits = BodyBits::default();
        let mut at = out.bit_length();
        let mut since = |out: &BitWriter| out.bit_length() - std::mem::replace(&mut at, out.bit_length());
        if !self.leaves.is_empty() {
            let mut packer = Packer { writer: out, tables: shared.tables };
            write_positions(&mut packer, PositionsOf::Leaves, &self.leaves, self.held_before);
            bits.leaves = since(out);
            out.align();
            bits.padding = since(out);
        }
        if self.is_quiet() {
            return bits;
        }
        let mut packer = Packer { writer: out, tables: shared.tables };
        write_positions(&mut packer, PositionsOf::Pieces, &self.positions, self.stayed_count);
        bits.positions = since(out);
        for slot in self.changed.iter() {
            shared.pieces.copy(slot, out);
        }
        bits.pieces = since(out);
        let mut packer = Packer { writer: out, tables: shared.tables };
        write_positions(&mut packer, PositionsOf::Demotions, &[], self.stayed_count);
        bits.positions += since(out);
        self.write_records(out, shared, &self.new);
        bits.records = since(out);
        out.align();
        bits.padding += since(out);
        bits
    }

    fn write_records(&self, out: &mut BitWriter, shared: &mut Shared<'_>, slots: &SlotSet) {
        let count = slots.count() as u32;
        Packer { writer: out, tables: shared.tables }.number(number(Use::RecordCount), count);
        for slot in slots.iter() {
            out.write_bool(true);
            shared.records.copy(slot, out, shared.shadow, shared.layout, shared.tables);
        }
    }

    /// The header of its step frame for `tick`: its own input was used and came in time.
    pub(super) fn header(&self, shared: &Shared<'_>, tick: Tick) -> FrameHeader {
        let quiet = self.is_quiet();
        let kind = FrameKind::Step { covered: 1, applied: 1 };
        FrameHeader {
            kind,
            tick,
            epoch: kind.epoch(shared.tables.epoch),
            early: Some(0),
            me: None,
            complete: true,
            leaves: if self.leaves.is_empty() { 0 } else { EVERYONE },
            sections: if quiet { 0 } else { EVERYONE },
            events: false,
            proof: Proof::of(shared.shadow.sum(&self.held), Digest::Folded),
        }
    }

    /// A whole full frame: all that it holds, after `tick`.
    pub(super) fn full(&self, shared: &mut Shared<'_>, tick: Tick) -> Vec<u8> {
        let header = FrameHeader {
            kind: FrameKind::Full,
            epoch: FrameKind::Full.epoch(shared.tables.epoch),
            leaves: 0,
            sections: if self.held.is_empty() { 0 } else { EVERYONE },
            ..self.header(shared, tick)
        };
        let mut out = BitWriter::new();
        header.write(&mut out);
        if !self.held.is_empty() {
            self.write_records(&mut out, shared, &self.held);
        }
        out.into_bytes()
    }
}
