//! The facets that a replica holds, and how the sections of a frame change them.
//!
//! ```text
//!   all leaves ─► per section: per covered tick: advance every fresh facet, apply that tick's pieces ─► demotions ─► records
//! ```
//!
//! The sum of hashes is kept up to date by what changed. The inverse of all this is the server's `replicate/assemble.rs`.
//!
//! Never here: headers, digests that travelled, what a frame means for the client (see `replica`).

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use crate::epochs::Epochs;
use shared::bits::BitReader;
use shared::codec::contexts::{Use, number};
use shared::codec::digest::{fresh_hash, stale_hash};
use shared::codec::piece::{advance, read_piece};
use shared::codec::positions::{PositionsOf, read_positions};
use shared::codec::record::read_record;
use shared::codec::{Lanes, PartState, Record, Tables};
use shared::ids::{Slot, Tick};
use shared::schema::{FacetKind, Kind, Layout, Section};
use shared::slot_set::SlotSet;
use shared::wire::state_frame::step_epoch;
use shared::wire::{DecodeError, FrameHeader, FrameKind};
use std::sync::Arc;

/// Everything that is held. It knows nothing of who holds it, so that several may hold it together (see `commons`).
#[derive(Clone, Debug)]
pub(crate) struct Holdings {
    pub(crate) layout: Arc<Layout>,
    /// Names this content among all that are held in this process, where somebody keeps count.
    version: Option<u64>,
    facets: Vec<Option<Box<Held>>>,
    sections: [Holding; 4],
    /// Facets whose states moved since they were last hashed.
    moved: SlotSet,
    sum: Lanes,
    /// What left with the newest change.
    left: Vec<Slot>,
    scratch: Scratch,
}

/// How a frame's sections are to be read, as its header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Ticks covered; `None`: drop everything first.
    covered: Option<u32>,
    /// The newest tick covered.
    to: Tick,
    epoch: u8,
    leaves: u8,
    sections: u8,
}

impl Change {
    /// The change that a frame with this header makes; a keep-alive makes none.
    pub(crate) const fn of(header: &FrameHeader) -> Option<Self> {
        let covered = match header.kind {
            FrameKind::KeepAlive => return None,
            FrameKind::Full => None,
            FrameKind::Step { covered, .. } => Some(covered),
        };
        Some(Self { covered, to: header.tick, epoch: header.epoch, leaves: header.leaves, sections: header.sections })
    }

    fn leaves(self) -> impl Iterator<Item = Section> {
        Section::ALL.into_iter().filter(move |section| self.leaves & 1 << section.index() != 0)
    }

    const fn has(self, section: Section) -> bool {
        self.sections & 1 << section.index() != 0
    }
}

/// One facet that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) record: Record,
    pub(crate) states: Vec<PartState>,
    hash: Lanes,
    /// Of an anchor: its entity's other facets that are held, ascending.
    members: Vec<Slot>,
}

/// What is held of one section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holding {
    pub(crate) held: SlotSet,
    pub(crate) fresh: SlotSet,
}

/// Memory that is used again by every frame.
#[derive(Clone, Debug, Default)]
struct Scratch {
    positions: Vec<u32>,
    order: Vec<Slot>,
    states: Vec<PartState>,
}

impl Holdings {
    pub(crate) fn new(layout: Arc<Layout>) -> Self {
        let slots = layout.slots();
        let holding = Holding { held: SlotSet::new(slots), fresh: SlotSet::new(slots) };
        Self {
            layout,
            version: None,
            facets: vec![None; slots],
            sections: [holding.clone(), holding.clone(), holding.clone(), holding],
            moved: SlotSet::new(slots),
            sum: Lanes::default(),
            left: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// What this content is called, if it has a name.
    pub(crate) const fn version(&self) -> Option<u64> {
        self.version
    }

    /// Names what this is about to become.
    pub(crate) const fn set_version(&mut self, version: u64) {
        self.version = Some(version);
    }

    /// Whether the two are the same in everything that what comes after them depends on.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.layout, &other.layout)
            && (self.sum, &self.left, &self.moved) == (other.sum, &other.left, &other.moved)
            && self.sections == other.sections
            && self.facets == other.facets
    }

    /// What left with the newest change: whoever knew one of these by its slot knows it no more, for another may have it now.
    pub(crate) fn left(&self) -> &[Slot] {
        &self.left
    }

    /// The sum of the hashes of all that is held.
    pub(crate) const fn sum(&self) -> Lanes {
        self.sum
    }

    /// Every facet held, by slot.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Held> + '_ {
        self.facets.iter().flatten().map(|held| &**held)
    }

    pub(crate) fn is_fresh(&self, slot: Slot) -> bool {
        self.sections.iter().any(|holding| holding.fresh.contains(slot))
    }

    pub(crate) fn held_count(&self) -> usize {
        self.sections.iter().map(|holding| holding.held.count()).sum()
    }

    pub(crate) fn fresh_count(&self) -> usize {
        self.sections.iter().map(|holding| holding.fresh.count()).sum()
    }

    pub(crate) fn held(&self, slot: Slot) -> Option<&Held> {
        self.facets.get(slot.index())?.as_deref()
    }

    /// What the entity of an anchor is.
    pub(crate) fn kind(&self, anchor: Slot) -> Option<Kind> {
        self.layout.facet(self.held(anchor)?.record.kind).map(|facet| facet.kind)
    }

    /// The facet of one kind of the entity with this anchor.
    pub(crate) fn member(&self, anchor: Slot, kind: FacetKind) -> Option<&Held> {
        let held = self.held(anchor)?;
        if held.record.kind == kind {
            return Some(held);
        }
        held.members.iter().filter_map(|&slot| self.held(slot)).find(|member| member.record.kind == kind)
    }

    /// Drops everything: a full frame begins.
    fn drop_all(&mut self) {
        self.facets.fill(None);
        for holding in &mut self.sections {
            holding.held.clear();
            holding.fresh.clear();
        }
        self.moved.clear();
        self.sum = Lanes::default();
    }

    /// Changes what is held as a frame's sections say, which are all of `bytes`.
    ///
    /// # Errors
    /// [`DecodeError`]: what is held is not to be relied on until everything is dropped.
    pub(crate) fn change(&mut self, tables: &Epochs, change: Change, bytes: &[u8]) -> Result<(), DecodeError> {
        let mut reader = BitReader::new(bytes);
        self.left.clear();
        if change.covered.is_none() {
            self.drop_all();
        }
        self.read_sections(&mut reader, tables, change)?;
        reader.finish()
    }

    fn read_sections(
        &mut self,
        reader: &mut BitReader<'_>,
        tables: &Epochs,
        change: Change,
    ) -> Result<(), DecodeError> {
        let covered = change.covered.unwrap_or(0);
        let newest = tables.at(change.to);
        let epoch = if change.covered.is_some() { step_epoch(newest.epoch) } else { newest.epoch };
        if epoch != change.epoch {
            return Err(DecodeError::Inconsistent { field: "table epoch" });
        }
        for section in change.leaves() {
            self.read_leaves(reader, newest, section)?;
            reader.align()?;
        }
        for section in Section::ALL {
            if change.has(section) {
                if covered > 0 {
                    self.read_pieces(reader, tables, section, (covered, change.to))?;
                    self.read_demotions(reader, newest, section)?;
                }
                self.read_records(reader, newest, section)?;
                reader.align()?;
            } else {
                for _ in 0..covered {
                    self.advance_section(section);
                }
            }
        }
        self.rehash_moved();
        Ok(())
    }

    fn read_leaves(
        &mut self,
        reader: &mut BitReader<'_>,
        tables: &Tables,
        section: Section,
    ) -> Result<(), DecodeError> {
        let Self { sections, scratch, .. } = self;
        let Some(holding) = sections.get(section.index()) else { return Ok(()) };
        read_positions(reader, tables, PositionsOf::Leaves, holding.held.count() as u32, &mut scratch.positions)?;
        let mut leaving = std::mem::take(&mut scratch.order);
        leaving.clear();
        holding.held.at_ranks(&scratch.positions, &mut leaving);
        for &slot in &leaving {
            self.forget(slot, section);
        }
        self.scratch.order = leaving;
        Ok(())
    }

    fn forget(&mut self, slot: Slot, section: Section) {
        if let Some(holding) = self.sections.get_mut(section.index()) {
            holding.held.remove(slot);
            holding.fresh.remove(slot);
        }
        self.moved.remove(slot);
        self.left.push(slot);
        let Some(held) = self.facets.get_mut(slot.index()).and_then(Option::take) else { return };
        self.sum -= held.hash;
        if held.record.anchor != slot
            && let Some(anchor) = self.facets.get_mut(held.record.anchor.index()).and_then(Option::as_mut)
        {
            anchor.members.retain(|&member| member != slot);
        }
    }

    fn advance_section(&mut self, section: Section) {
        let Self { layout, facets, sections, moved, .. } = self;
        let Some(holding) = sections.get(section.index()) else { return };
        for slot in holding.fresh.iter() {
            advance_held(layout, facets, moved, slot);
        }
    }

    /// Pieces are in the codes of their own tick, everything else is in those of the frame's.
    fn read_pieces(
        &mut self,
        reader: &mut BitReader<'_>,
        tables: &Epochs,
        section: Section,
        (covered, to): (u32, Tick),
    ) -> Result<(), DecodeError> {
        // The list of fresh slots stands for all covered ticks: nothing enters or leaves in between.
        let fresh: Vec<Slot> =
            self.sections.get(section.index()).map(|holding| holding.fresh.iter().collect()).unwrap_or_default();
        for back in (0..covered).rev() {
            let Self { layout, facets, moved, scratch, .. } = self;
            let (newest, tables) = (tables.at(to), tables.at(Tick(to.0.wrapping_sub(back))));
            read_positions(reader, newest, PositionsOf::Pieces, fresh.len() as u32, &mut scratch.positions)?;
            let mut changed = scratch.positions.iter().map(|&position| position as usize).peekable();
            for (position, &slot) in fresh.iter().enumerate() {
                if changed.next_if_eq(&position).is_none() {
                    advance_held(layout, facets, moved, slot);
                    continue;
                }
                let inconsistent = DecodeError::Inconsistent { field: "piece" };
                let held = facets.get_mut(slot.index()).and_then(Option::as_mut).ok_or(inconsistent)?;
                let facet = layout.facet(held.record.kind).ok_or(inconsistent)?;
                read_piece(reader, layout, tables, facet, &mut held.states)?;
                moved.insert(slot);
            }
        }
        Ok(())
    }

    fn read_demotions(
        &mut self,
        reader: &mut BitReader<'_>,
        tables: &Tables,
        section: Section,
    ) -> Result<(), DecodeError> {
        let Self { facets, sections, moved, sum, scratch, .. } = self;
        let Some(holding) = sections.get_mut(section.index()) else { return Ok(()) };
        read_positions(reader, tables, PositionsOf::Demotions, holding.fresh.count() as u32, &mut scratch.positions)?;
        scratch.order.clear();
        holding.fresh.at_ranks(&scratch.positions, &mut scratch.order);
        for &slot in &scratch.order {
            holding.fresh.remove(slot);
            moved.remove(slot);
            if let Some(held) = facets.get_mut(slot.index()).and_then(Option::as_mut) {
                *sum -= held.hash;
                held.hash = stale_hash(held.record);
                *sum += held.hash;
            }
        }
        Ok(())
    }

    fn read_records(
        &mut self,
        reader: &mut BitReader<'_>,
        tables: &Tables,
        section: Section,
    ) -> Result<(), DecodeError> {
        let count = tables.code(number(Use::RecordCount)).read_number(reader, "records")?;
        if count as usize > self.layout.slots() {
            return Err(DecodeError::Inconsistent { field: "records" });
        }
        for _ in 0..count {
            let new = reader.read_bool("new or refresh")?;
            let mut states = std::mem::take(&mut self.scratch.states);
            let read = read_record(reader, &self.layout, tables, &mut states);
            let entered = read.and_then(|record| self.enter(section, new, record, &states));
            self.scratch.states = states;
            entered?;
        }
        Ok(())
    }

    /// Takes a record in. New for a slot that is held, refresh for one that is not: a mismatch like a wrong digest.
    fn enter(&mut self, section: Section, new: bool, record: Record, states: &[PartState]) -> Result<(), DecodeError> {
        let inconsistent = DecodeError::Inconsistent { field: "record" };
        let facet = self.layout.facet(record.kind).ok_or(inconsistent)?;
        if facet.section != section || self.held(record.slot).is_some() == new {
            return Err(inconsistent);
        }
        if !facet.anchor && self.kind(record.anchor) != Some(facet.kind) {
            return Err(inconsistent);
        }
        let hash = fresh_hash(record, states);
        if new {
            if !facet.anchor
                && let Some(anchor) = self.facets.get_mut(record.anchor.index()).and_then(Option::as_mut)
            {
                let at = anchor.members.partition_point(|&member| member < record.slot);
                anchor.members.insert(at, record.slot);
            }
            let held = Held { record, states: states.to_vec(), hash, members: Vec::new() };
            *self.facets.get_mut(record.slot.index()).ok_or(inconsistent)? = Some(Box::new(held));
        } else {
            let held = self.facets.get_mut(record.slot.index()).and_then(Option::as_mut).ok_or(inconsistent)?;
            if held.record != record {
                return Err(inconsistent);
            }
            self.sum -= held.hash;
            held.hash = hash;
            held.states.clear();
            held.states.extend_from_slice(states);
        }
        self.sum += hash;
        self.moved.remove(record.slot);
        let holding = self.sections.get_mut(section.index()).ok_or(inconsistent)?;
        holding.held.insert(record.slot);
        holding.fresh.insert(record.slot);
        Ok(())
    }

    /// Brings the sum up to what is held now.
    fn rehash_moved(&mut self) {
        let Self { facets, moved, sum, .. } = self;
        for slot in moved.iter() {
            if let Some(held) = facets.get_mut(slot.index()).and_then(Option::as_mut) {
                *sum -= held.hash;
                held.hash = fresh_hash(held.record, &held.states);
                *sum += held.hash;
            }
        }
        moved.clear();
    }

    /// Flips the lowest bit of the first code of some fresh facet that has one; false if there is none.
    #[cfg(feature = "sabotage")]
    pub(crate) fn sabotage_flip_bit(&mut self) -> bool {
        self.version = None;
        for at in 0..self.facets.len() {
            let slot = Slot(at as u16);
            let fresh = self.is_fresh(slot);
            let Some(held) = self.facets.get_mut(at).and_then(Option::as_mut) else { continue };
            if let Some(state) = held.states.first_mut().filter(|_| fresh) {
                state.code ^= 1;
                self.moved.insert(slot);
                return true;
            }
        }
        false
    }
}

/// Moves a fresh facet that has no piece to its guess.
fn advance_held(layout: &Layout, facets: &mut [Option<Box<Held>>], moved: &mut SlotSet, slot: Slot) {
    let Some(held) = facets.get_mut(slot.index()).and_then(Option::as_mut) else { return };
    let Some(facet) = layout.facet(held.record.kind) else { return };
    if advance(facet, &mut held.states) {
        moved.insert(slot);
    }
}
