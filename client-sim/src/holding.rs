//! What is held of one section, and how its bytes in a frame change it.
//!
//! ```text
//!   leaves ─► per covered tick: advance every fresh facet, apply that tick's pieces ─► demotions ─► records
//! ```
//!
//! Sections stand for themselves: what one comes to follows from what was held of it, from its bytes, and from the anchors that
//! its records name. So clients that see the same of one section and differ in another may hold that one together (see
//! `commons`). The sum of hashes is kept up to date by what changed.
//!
//! Never here: what several sections mean together (see `holdings`).

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
use shared::wire::DecodeError;
use std::sync::Arc;

/// What is held of one section. It knows nothing of who holds it, so that several may hold it together.
#[derive(Clone, Debug)]
pub(crate) struct Holding {
    layout: Arc<Layout>,
    section: Section,
    /// Names this content among all that are held in this process, where somebody keeps count.
    version: Option<u64>,
    /// By slot; takes no memory before the first.
    facets: Vec<Option<Box<Held>>>,
    /// Of facets that are no anchors: the anchor's slot and their own, ascending.
    members: Vec<(Slot, Slot)>,
    held: SlotSet,
    fresh: SlotSet,
    /// Facets whose states moved since they were last hashed.
    moved: SlotSet,
    sum: Lanes,
    /// Something that was not held came with the newest change.
    entered: bool,
    scratch: Scratch,
}

/// One facet that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) record: Record,
    pub(crate) states: Vec<PartState>,
    hash: Lanes,
}

/// All that decides what a section becomes, beside what is held of it, the bytes, and the anchors that are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SectionChange {
    /// Ticks covered; `None`: drop everything first.
    pub(crate) covered: Option<u32>,
    /// The newest tick covered.
    pub(crate) to: Tick,
    /// What leaves, ascending.
    pub(crate) leaving: Box<[Slot]>,
    /// The frame has bytes of it.
    pub(crate) present: bool,
}

/// Memory that is used again by every frame.
#[derive(Clone, Debug, Default)]
struct Scratch {
    positions: Vec<u32>,
    order: Vec<Slot>,
    states: Vec<PartState>,
}

impl Holding {
    pub(crate) fn new(layout: Arc<Layout>, section: Section) -> Self {
        let none = || SlotSet::new(layout.slots());
        let (held, fresh, moved) = (none(), none(), none());
        Self {
            layout,
            section,
            version: None,
            facets: Vec::new(),
            members: Vec::new(),
            held,
            fresh,
            moved,
            sum: Lanes::default(),
            entered: false,
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
            && (self.section, self.sum, self.entered) == (other.section, other.sum, other.entered)
            && (&self.held, &self.fresh, &self.moved) == (&other.held, &other.fresh, &other.moved)
            && self.members == other.members
            && self.iter().eq(other.iter())
    }

    pub(crate) const fn section(&self) -> Section {
        self.section
    }

    /// The sum of the hashes of all that is held.
    pub(crate) const fn sum(&self) -> Lanes {
        self.sum
    }

    /// Whether something came with the newest change that was not held.
    pub(crate) const fn has_entered(&self) -> bool {
        self.entered
    }

    /// What is held.
    pub(crate) const fn slots(&self) -> &SlotSet {
        &self.held
    }

    /// What of that is exactly the server's.
    pub(crate) const fn fresh(&self) -> &SlotSet {
        &self.fresh
    }

    /// Every facet held, by slot.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Held> + '_ {
        self.facets.iter().flatten().map(|held| &**held)
    }

    pub(crate) fn held(&self, slot: Slot) -> Option<&Held> {
        self.facets.get(slot.index())?.as_deref()
    }

    fn held_mut(&mut self, slot: Slot) -> Option<&mut Held> {
        self.facets.get_mut(slot.index())?.as_deref_mut()
    }

    /// What the entity of an anchor is.
    pub(crate) fn kind(&self, anchor: Slot) -> Option<Kind> {
        self.layout.facet(self.held(anchor)?.record.kind).map(|facet| facet.kind)
    }

    /// The facet of one kind of the entity with this anchor.
    pub(crate) fn member(&self, anchor: Slot, kind: FacetKind) -> Option<&Held> {
        if self.section == Section::Everyone {
            return self.held(anchor).filter(|held| held.record.kind == kind);
        }
        let first = self.members.partition_point(|&(of, _)| of < anchor);
        let members = self.members.get(first..)?.iter().take_while(|&&(of, _)| of == anchor);
        members.filter_map(|&(_, slot)| self.held(slot)).find(|member| member.record.kind == kind)
    }

    /// Which slots a frame lets leave: a list of positions in what is held.
    ///
    /// # Errors
    /// [`DecodeError`]: it is none.
    pub(crate) fn read_leaves(&self, reader: &mut BitReader<'_>, tables: &Tables) -> Result<Vec<Slot>, DecodeError> {
        let (mut positions, mut leaving) = (Vec::new(), Vec::new());
        read_positions(reader, tables, PositionsOf::Leaves, self.held.count() as u32, &mut positions)?;
        self.held.at_ranks(&positions, &mut leaving);
        Ok(leaving)
    }

    /// Whether a change without bytes leaves everything as it is.
    pub(crate) fn stays(&self, change: &SectionChange) -> bool {
        let rests = if change.covered.is_some() { &self.fresh } else { &self.held };
        !change.present && !self.entered && change.leaving.is_empty() && rests.is_empty() && self.moved.is_empty()
    }

    /// Changes what is held as a frame says, the bytes of which come next. `anchors` is what is held of everyone's section, unless
    /// it is this one.
    ///
    /// # Errors
    /// [`DecodeError`]: what is held is not to be relied on until everything is dropped.
    pub(crate) fn change(
        &mut self,
        reader: &mut BitReader<'_>,
        tables: &Epochs,
        change: &SectionChange,
        anchors: Option<&Self>,
    ) -> Result<(), DecodeError> {
        self.entered = false;
        let covered = change.covered.unwrap_or(0);
        if change.covered.is_none() {
            self.drop_all();
        }
        for &slot in &change.leaving {
            self.forget(slot);
        }
        if change.present {
            let newest = tables.at(change.to);
            if covered > 0 {
                self.read_pieces(reader, tables, (covered, change.to))?;
                self.read_demotions(reader, newest)?;
            }
            self.read_records(reader, newest, anchors)?;
            reader.align()?;
        } else {
            (0..covered).for_each(|_| self.advance_all());
        }
        self.rehash_moved();
        Ok(())
    }

    fn drop_all(&mut self) {
        self.facets.fill(None);
        self.members.clear();
        self.held.clear();
        self.fresh.clear();
        self.moved.clear();
        self.sum = Lanes::default();
    }

    fn forget(&mut self, slot: Slot) {
        self.held.remove(slot);
        self.fresh.remove(slot);
        self.moved.remove(slot);
        let Some(held) = self.facets.get_mut(slot.index()).and_then(Option::take) else { return };
        self.sum -= held.hash;
        if let Ok(at) = self.members.binary_search(&(held.record.anchor, slot)) {
            self.members.remove(at);
        }
    }

    fn advance_all(&mut self) {
        let Self { layout, facets, fresh, moved, .. } = self;
        for slot in fresh.iter() {
            advance_held(layout, facets, moved, slot);
        }
    }

    /// Pieces are in the codes of their own tick, everything else is in those of the frame's.
    fn read_pieces(
        &mut self,
        reader: &mut BitReader<'_>,
        tables: &Epochs,
        (covered, to): (u32, Tick),
    ) -> Result<(), DecodeError> {
        let Self { layout, facets, fresh, moved, scratch, .. } = self;
        // The list of fresh slots stands for all covered ticks: nothing enters or leaves in between.
        scratch.order.clear();
        scratch.order.extend(fresh.iter());
        for back in (0..covered).rev() {
            let (newest, tables) = (tables.at(to), tables.at(Tick(to.0.wrapping_sub(back))));
            let count = scratch.order.len() as u32;
            read_positions(reader, newest, PositionsOf::Pieces, count, &mut scratch.positions)?;
            let mut changed = scratch.positions.iter().map(|&position| position as usize).peekable();
            for (position, &slot) in scratch.order.iter().enumerate() {
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

    fn read_demotions(&mut self, reader: &mut BitReader<'_>, tables: &Tables) -> Result<(), DecodeError> {
        let Self { facets, fresh, moved, sum, scratch, .. } = self;
        read_positions(reader, tables, PositionsOf::Demotions, fresh.count() as u32, &mut scratch.positions)?;
        scratch.order.clear();
        fresh.at_ranks(&scratch.positions, &mut scratch.order);
        for &slot in &scratch.order {
            fresh.remove(slot);
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
        anchors: Option<&Self>,
    ) -> Result<(), DecodeError> {
        let count = tables.code(number(Use::RecordCount)).read_number(reader, "records")?;
        if count as usize > self.layout.slots() {
            return Err(DecodeError::Inconsistent { field: "records" });
        }
        for _ in 0..count {
            let new = reader.read_bool("new or refresh")?;
            let mut states = std::mem::take(&mut self.scratch.states);
            let read = read_record(reader, &self.layout, tables, &mut states);
            let entered = read.and_then(|record| self.enter(new, record, &states, anchors));
            self.scratch.states = states;
            entered?;
        }
        Ok(())
    }

    /// Takes a record in. New for a slot that is held, refresh for one that is not: a mismatch like a wrong digest.
    fn enter(
        &mut self,
        new: bool,
        record: Record,
        states: &[PartState],
        anchors: Option<&Self>,
    ) -> Result<(), DecodeError> {
        let inconsistent = DecodeError::Inconsistent { field: "record" };
        let facet = self.layout.facet(record.kind).ok_or(inconsistent)?;
        if facet.section != self.section || self.held(record.slot).is_some() == new {
            return Err(inconsistent);
        }
        if !facet.anchor && anchors.and_then(|anchors| anchors.kind(record.anchor)) != Some(facet.kind) {
            return Err(inconsistent);
        }
        let (hash, is_member) = (fresh_hash(record, states), !facet.anchor);
        if new {
            if self.facets.is_empty() {
                self.facets.resize(self.layout.slots(), None);
            }
            if is_member && let Err(at) = self.members.binary_search(&(record.anchor, record.slot)) {
                self.members.insert(at, (record.anchor, record.slot));
            }
            let held = Held { record, states: states.to_vec(), hash };
            *self.facets.get_mut(record.slot.index()).ok_or(inconsistent)? = Some(Box::new(held));
            self.entered = true;
        } else {
            let held = self.held_mut(record.slot).ok_or(inconsistent)?;
            if held.record != record {
                return Err(inconsistent);
            }
            let before = std::mem::replace(&mut held.hash, hash);
            held.states.clear();
            held.states.extend_from_slice(states);
            self.sum -= before;
        }
        self.sum += hash;
        self.moved.remove(record.slot);
        self.held.insert(record.slot);
        self.fresh.insert(record.slot);
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
        let fresh: Vec<Slot> = self.fresh.iter().collect();
        for slot in fresh {
            if let Some(state) = self.held_mut(slot).and_then(|held| held.states.first_mut()) {
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
