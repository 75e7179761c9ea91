//! What the server says we hold, and the proof that we do.
//!
//! A replica changes only by state frames. Each names exactly what must be held after it; each is checked against the
//! digest it carries. A frame that does not decode, does not fit or does not prove what it left behind makes the replica
//! *lost*: it applies and checks nothing until a full frame starts it anew (the session asks for one: Resync).
//!
//! ```text
//!   step   leaves ─► per covered tick: advance every fresh facet, apply that tick's pieces ─► demotions ─► records ─► check
//!   full   drop everything ─► records ─► check
//! ```
//!
//! Never here: sockets, clocks (see `session`), what is drawn (see `interpolate` and games).

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use shared::bits::BitReader;
use shared::codec::digest::{fresh_hash, stale_hash};
use shared::codec::piece::{advance, read_piece};
use shared::codec::positions::read_positions;
use shared::codec::record::read_record;
use shared::codec::{Lanes, PartState, Record, Tables};
use shared::ids::{Slot, Tick};
use shared::schema::{Kind, Layout, Replicated, Schema, Section};
use shared::slot_set::SlotSet;
use shared::wire::values::read_values;
use shared::wire::{DecodeError, Digest, FrameHeader, FrameKind};
use std::sync::Arc;

/// Why a frame left the replica lost. Each is answered alike: Resync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplicaError {
    /// The frame's bytes are broken or do not fit what is held.
    #[error("frame of tick {tick}: {cause}")]
    Decode {
        /// The newest tick held.
        tick: Tick,
        /// What is wrong with it.
        cause: DecodeError,
    },
    /// The frame goes on from another tick than the newest one held.
    #[error("frame goes on from tick {from}, held is tick {held}")]
    Gap {
        /// The newest tick held.
        held: Tick,
        /// Where the frame goes on from.
        from: Tick,
    },
    /// What is held is not what the server says it is.
    #[error("frame of tick {tick} left a world that does not match its digest")]
    DigestMismatch {
        /// The frame's tick.
        tick: Tick,
    },
}

/// An event that a frame carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Position in the schema's events.
    pub kind: u8,
    /// Its codes; references as slots of anchors.
    pub codes: Vec<i32>,
}

/// What a frame did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// What it was.
    pub kind: FrameKind,
    /// Its tick.
    pub tick: Tick,
    /// How early our newest input came, in 1/16 tick.
    pub early: Option<i8>,
    /// Covered ticks in which our own input was used.
    pub applied_own: u32,
    /// Covered ticks in which something stood in for it.
    pub stand_ins: u32,
    /// Its digest was compared, and matched.
    pub checked: bool,
    /// The replica is lost and the frame could not mend it.
    pub ignored: bool,
    /// Everything that may be seen is held.
    pub complete: bool,
    /// The events it carried, in order.
    pub events: Vec<Event>,
}

/// One facet that is held.
#[derive(Clone, Debug)]
struct Held {
    record: Record,
    states: Vec<PartState>,
    hash: Lanes,
    /// Of an anchor: its entity's other facets that are held.
    members: Vec<Slot>,
}

/// What is held of one section.
#[derive(Clone, Debug)]
struct Holding {
    held: SlotSet,
    fresh: SlotSet,
}

/// The world as far as this client may see it.
#[derive(Clone, Debug)]
pub struct Replica {
    schema: Arc<Schema>,
    layout: Arc<Layout>,
    tables: Tables,
    digest: Digest,
    tick: Tick,
    facets: Vec<Option<Box<Held>>>,
    sections: [Holding; 4],
    /// Facets whose states moved since they were last hashed.
    moved: SlotSet,
    sum: Lanes,
    me: Option<Slot>,
    complete: bool,
    lost: bool,
    scratch: Scratch,
    #[cfg(feature = "sabotage")]
    skip_check: bool,
}

/// Memory that is used again by every frame.
#[derive(Clone, Debug, Default)]
struct Scratch {
    positions: Vec<u32>,
    order: Vec<Slot>,
    states: Vec<PartState>,
}

impl Replica {
    /// A replica that holds nothing yet; `tick` is the Welcome's.
    #[must_use]
    pub fn new(schema: Arc<Schema>, layout: Arc<Layout>, tables: Tables, tick: Tick, digest: Digest) -> Self {
        let slots = layout.slots();
        let holding = Holding { held: SlotSet::new(slots), fresh: SlotSet::new(slots) };
        Self {
            schema,
            layout,
            tables,
            digest,
            tick,
            facets: vec![None; slots],
            sections: [holding.clone(), holding.clone(), holding.clone(), holding],
            moved: SlotSet::new(slots),
            sum: Lanes::default(),
            me: None,
            complete: false,
            // Nothing can be built on nothing: the first frame that counts is a full one.
            lost: true,
            scratch: Scratch::default(),
            #[cfg(feature = "sabotage")]
            skip_check: false,
        }
    }

    /// Applies one state frame (a whole message) and checks its digest.
    ///
    /// # Errors
    /// [`ReplicaError`]: the replica is lost until a full frame comes. Ask for one.
    pub fn apply(&mut self, bytes: &[u8]) -> Result<Applied, ReplicaError> {
        let mut reader = BitReader::new(bytes);
        let header = FrameHeader::read(&mut reader, self.tick, self.digest).map_err(|cause| self.lose(cause))?;
        let mut applied = Applied {
            kind: header.kind,
            tick: header.tick,
            early: header.early,
            applied_own: 0,
            stand_ins: 0,
            checked: false,
            ignored: false,
            complete: header.complete,
            events: Vec::new(),
        };
        match header.kind {
            FrameKind::KeepAlive => return Ok(applied),
            FrameKind::Full => {
                self.drop_all();
                self.lost = false;
            }
            FrameKind::Step { covered, applied: own } => {
                applied.applied_own = u32::from(own).count_ones();
                applied.stand_ins = covered - applied.applied_own;
                if self.lost {
                    applied.ignored = true;
                    return Ok(applied);
                }
                let from = Tick(header.tick.0.wrapping_sub(covered));
                if from != self.tick {
                    self.lost = true;
                    return Err(ReplicaError::Gap { held: self.tick, from });
                }
            }
        }
        self.read_body(&mut reader, &header, &mut applied.events).map_err(|cause| self.lose(cause))?;
        reader.finish().map_err(|cause| self.lose(cause))?;
        self.tick = header.tick;
        self.complete = header.complete;
        if header.me.is_some() {
            self.me = header.me;
        }
        self.rehash_moved();
        if self.checks() && !header.proof.proves(self.sum) {
            self.lost = true;
            return Err(ReplicaError::DigestMismatch { tick: header.tick });
        }
        applied.checked = self.checks();
        Ok(applied)
    }

    /// The newest tick held.
    #[must_use]
    pub const fn tick(&self) -> Tick {
        self.tick
    }

    /// Everything that may be seen is held.
    #[must_use]
    pub const fn complete(&self) -> bool {
        self.complete
    }

    /// Nothing is applied until a full frame comes.
    #[must_use]
    pub const fn lost(&self) -> bool {
        self.lost
    }

    /// The anchor of the entity that our inputs drive, if it is held.
    #[must_use]
    pub fn me(&self) -> Option<Slot> {
        self.me.filter(|&slot| self.held(slot).is_some())
    }

    /// The schema it is built on.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The entities held: the slots of their anchors, ascending, and what they are.
    pub fn anchors(&self) -> impl Iterator<Item = (Slot, Kind)> + '_ {
        self.facets.iter().flatten().filter_map(|held| {
            let facet = self.layout.facet(held.record.kind)?;
            facet.anchor.then_some((held.record.slot, facet.kind))
        })
    }

    /// What the entity of an anchor is.
    #[must_use]
    pub fn kind(&self, anchor: Slot) -> Option<Kind> {
        self.layout.facet(self.held(anchor)?.record.kind).map(|facet| facet.kind)
    }

    /// A component of the entity with this anchor; `None` if it has none, or a part of it is not for us.
    #[must_use]
    pub fn read<T: Replicated>(&self, anchor: Slot) -> Option<T> {
        let codes = self.row(anchor, self.schema.component_index(T::NAME)?)?;
        Some(T::read_codes(&codes))
    }

    /// The codes of a component (its position in the schema) of the entity with this anchor. A reference to what is not
    /// held reads -1.
    #[must_use]
    pub fn row(&self, anchor: Slot, component: usize) -> Option<Vec<i32>> {
        let kind = self.kind(anchor)?;
        let mut codes = vec![-1; self.schema.components.get(component)?.part_count()];
        let mut found = false;
        for route in self.layout.routes(kind).iter().filter(|route| route.component == component) {
            let facet = *self.layout.facets_of(kind).get(route.facet)?;
            let section = self.layout.facet(facet)?.section;
            let Some(held) = self.member(anchor, facet) else {
                if section == Section::References {
                    found = true;
                    continue;
                }
                return None;
            };
            let from = held.states.get(route.part..route.part + route.count)?;
            for (code, state) in codes.iter_mut().skip(route.source).zip(from) {
                *code = state.code;
            }
            found = true;
        }
        found.then_some(codes)
    }

    /// Facets held, of all sections.
    #[must_use]
    pub fn held_count(&self) -> usize {
        self.sections.iter().map(|holding| holding.held.count()).sum()
    }

    /// Facets held that are exactly the server's.
    #[must_use]
    pub fn fresh_count(&self) -> usize {
        self.sections.iter().map(|holding| holding.fresh.count()).sum()
    }

    /// Every facet held, its states, and whether it is fresh: for whoever compares by another path than the digest.
    pub fn facets(&self) -> impl Iterator<Item = (Record, &[PartState], bool)> + '_ {
        self.facets.iter().flatten().map(|held| {
            let fresh = self.sections.iter().any(|holding| holding.fresh.contains(held.record.slot));
            (held.record, held.states.as_slice(), fresh)
        })
    }

    fn held(&self, slot: Slot) -> Option<&Held> {
        self.facets.get(slot.index())?.as_deref()
    }

    fn member(&self, anchor: Slot, kind: shared::schema::FacetKind) -> Option<&Held> {
        let held = self.held(anchor)?;
        if held.record.kind == kind {
            return Some(held);
        }
        held.members.iter().filter_map(|&slot| self.held(slot)).find(|member| member.record.kind == kind)
    }

    fn lose(&mut self, cause: DecodeError) -> ReplicaError {
        self.lost = true;
        ReplicaError::Decode { tick: self.tick, cause }
    }

    fn drop_all(&mut self) {
        self.facets.fill(None);
        for holding in &mut self.sections {
            holding.held.clear();
            holding.fresh.clear();
        }
        self.moved.clear();
        self.sum = Lanes::default();
        self.complete = false;
    }

    /// Everything behind the header.
    fn read_body(
        &mut self,
        reader: &mut BitReader<'_>,
        header: &FrameHeader,
        events: &mut Vec<Event>,
    ) -> Result<(), DecodeError> {
        let covered = match header.kind {
            FrameKind::Step { covered, .. } => covered,
            FrameKind::Full | FrameKind::KeepAlive => 0,
        };
        for section in Section::ALL {
            if header.has(section) {
                if covered > 0 {
                    self.read_leaves(reader, section)?;
                    self.read_pieces(reader, section, covered)?;
                    self.read_demotions(reader, section)?;
                }
                self.read_records(reader, section)?;
                reader.align()?;
            } else {
                for _ in 0..covered {
                    self.advance_section(section);
                }
            }
        }
        if header.events {
            self.read_events(reader, events)?;
        }
        Ok(())
    }

    fn read_leaves(&mut self, reader: &mut BitReader<'_>, section: Section) -> Result<(), DecodeError> {
        let Self { tables, sections, scratch, .. } = self;
        let Some(holding) = sections.get(section.index()) else { return Ok(()) };
        read_positions(reader, tables, holding.held.count() as u32, &mut scratch.positions)?;
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
            let Some(held) = facets.get_mut(slot.index()).and_then(Option::as_mut) else { continue };
            let Some(facet) = layout.facet(held.record.kind) else { continue };
            if held.states.iter().any(|state| state.delta != 0) {
                advance(facet, &mut held.states);
                moved.insert(slot);
            }
        }
    }

    fn read_pieces(&mut self, reader: &mut BitReader<'_>, section: Section, covered: u32) -> Result<(), DecodeError> {
        // The list of fresh slots stands for all covered ticks: nothing enters or leaves in between.
        let fresh: Vec<Slot> =
            self.sections.get(section.index()).map(|holding| holding.fresh.iter().collect()).unwrap_or_default();
        for _ in 0..covered {
            self.advance_section(section);
            let Self { layout, tables, facets, moved, scratch, .. } = self;
            read_positions(reader, tables, fresh.len() as u32, &mut scratch.positions)?;
            for &position in &scratch.positions {
                let inconsistent = DecodeError::Inconsistent { field: "piece" };
                let &slot = fresh.get(position as usize).ok_or(inconsistent)?;
                let held = facets.get_mut(slot.index()).and_then(Option::as_mut).ok_or(inconsistent)?;
                let facet = layout.facet(held.record.kind).ok_or(inconsistent)?;
                read_piece(reader, tables, facet, &mut held.states)?;
                moved.insert(slot);
            }
        }
        Ok(())
    }

    fn read_demotions(&mut self, reader: &mut BitReader<'_>, section: Section) -> Result<(), DecodeError> {
        let Self { tables, facets, sections, moved, sum, scratch, .. } = self;
        let Some(holding) = sections.get_mut(section.index()) else { return Ok(()) };
        read_positions(reader, tables, holding.fresh.count() as u32, &mut scratch.positions)?;
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

    fn read_records(&mut self, reader: &mut BitReader<'_>, section: Section) -> Result<(), DecodeError> {
        let count = self.tables.gap().read_number(reader, "records")?;
        if count as usize > self.layout.slots() {
            return Err(DecodeError::Inconsistent { field: "records" });
        }
        for _ in 0..count {
            let new = reader.read_bool("new or refresh")?;
            let mut states = std::mem::take(&mut self.scratch.states);
            let read = read_record(reader, &self.layout, &mut states);
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
                anchor.members.push(record.slot);
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

    fn read_events(&self, reader: &mut BitReader<'_>, events: &mut Vec<Event>) -> Result<(), DecodeError> {
        let count = self.tables.gap().read_number(reader, "events")?;
        for _ in 0..count {
            let kind = reader.read(8, "event kind")?;
            let declaration =
                self.schema.events.get(kind as usize).ok_or(DecodeError::Inconsistent { field: "event kind" })?;
            let mut codes = Vec::new();
            read_values(reader, declaration, &mut codes)?;
            events.push(Event { kind: kind as u8, codes });
        }
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

    #[cfg(not(feature = "sabotage"))]
    #[allow(clippy::unused_self, reason = "its twin below asks the replica")]
    const fn checks(&self) -> bool {
        true
    }
}

/// Faults done on purpose, to show that the proof can fail.
#[cfg(feature = "sabotage")]
impl Replica {
    const fn checks(&self) -> bool {
        !self.skip_check
    }

    /// Leaves out the comparison with the digest from now on.
    pub const fn sabotage_skip_check(&mut self) {
        self.skip_check = true;
    }

    /// Flips the lowest bit of the first code of some fresh facet that has one; false if there is none.
    pub fn sabotage_flip_bit(&mut self) -> bool {
        for at in 0..self.facets.len() {
            let slot = Slot(at as u16);
            let fresh = self.sections.iter().any(|holding| holding.fresh.contains(slot));
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
