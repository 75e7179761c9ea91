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
//! Several clients of one process may hold together what is equal (see `commons`): each of them is still sent, and checks,
//! frames of its own.
//!
//! Never here: sockets, clocks (see `session`), what is drawn (see `interpolate` and games).

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use crate::commons::Commons;
use crate::epochs::{Epochs, TablesRefused};
use crate::holdings::{Change, Holdings};
use shared::bits::BitReader;
use shared::codec::contexts::{Use, number};
use shared::codec::{PartState, Record, Tables};
use shared::ids::{Slot, Tick};
use shared::schema::{Kind, Layout, Replicated, Schema, Section};
use shared::wire::values::{NO_REFERENCE, is_reference, read_values};
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

/// What a frame told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Events before these were lost while we paused.
    pub some_lost: bool,
    /// The events, in order.
    pub events: Vec<Event>,
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
    /// Events before these were lost while we paused.
    pub events_lost: bool,
    /// The events it carried, in order.
    pub events: Vec<Event>,
}

/// The world as far as this client may see it.
#[derive(Clone, Debug)]
pub struct Replica {
    schema: Arc<Schema>,
    tables: Epochs,
    holdings: Holdings,
    /// Where others are who may hold the same.
    commons: Option<Arc<Commons>>,
    /// The anchor that we were told is our own. It means nothing once that has left: another may get its slot.
    me: Option<Slot>,
    digest: Digest,
    tick: Tick,
    /// The newest tick heard of in a frame that could be read, held or not: a pause can last longer than 16 bits of ticks.
    heard: Tick,
    complete: bool,
    lost: bool,
    /// What the newest frame told, until somebody takes it.
    told: Told,
    #[cfg(feature = "sabotage")]
    skip_check: bool,
}

impl Replica {
    /// A replica that holds nothing yet; `tick` is the Welcome's.
    #[must_use]
    pub fn new(
        schema: Arc<Schema>,
        layout: Arc<Layout>,
        tables: impl Into<Arc<Tables>>,
        tick: Tick,
        digest: Digest,
    ) -> Self {
        Self {
            schema,
            tables: Epochs::new(tables),
            holdings: Holdings::new(layout),
            commons: None,
            me: None,
            digest,
            tick,
            heard: tick,
            complete: false,
            // Nothing can be built on nothing: the first frame that counts is a full one.
            lost: true,
            told: Told::default(),
            #[cfg(feature = "sabotage")]
            skip_check: false,
        }
    }

    /// From now on what is held is held together with whoever in `commons` holds the same.
    #[must_use]
    pub fn in_common(self, commons: Option<Arc<Commons>>) -> Self {
        Self { commons, ..self }
    }

    /// Names what is held of each section among all that is held in common: clients with the same name hold it together. `None`: it
    /// is held alone, or nothing of it ever was.
    #[must_use]
    pub fn held_in_common(&self) -> [Option<u64>; 4] {
        let mut names = [None; 4];
        for (name, holding) in names.iter_mut().zip(self.holdings.sections()) {
            *name = holding.version();
        }
        names
    }

    /// Applies one state frame (a whole message) and checks its digest.
    ///
    /// # Errors
    /// [`ReplicaError`]: the replica is lost until a full frame comes. Ask for one.
    pub fn apply(&mut self, bytes: &[u8]) -> Result<Applied, ReplicaError> {
        self.told = Told::default();
        let mut reader = BitReader::new(bytes);
        let header = FrameHeader::read(&mut reader, self.heard, self.digest).map_err(|cause| self.lose(cause))?;
        self.tables.settle(self.tick, self.heard);
        if header.events
            && let Err(cause) = self.read_told(&mut reader, header.tick)
        {
            self.told = Told::default();
            return Err(self.lose(cause));
        }
        let mut applied = Applied {
            kind: header.kind,
            tick: header.tick,
            early: header.early,
            applied_own: 0,
            stand_ins: 0,
            checked: false,
            ignored: false,
            complete: header.complete,
            events_lost: false,
            events: Vec::new(),
        };
        self.apply_state(reader, &header, &mut applied)?;
        let told = if applied.ignored { self.take_told() } else { std::mem::take(&mut self.told) };
        (applied.events_lost, applied.events) = (told.some_lost, told.events);
        Ok(applied)
    }

    /// What the frame that was just refused told all the same: events are told once, so they come before everything that a lost
    /// client cannot read. Whatever they name may be something else by now, so their references read "none".
    pub fn take_told(&mut self) -> Told {
        let mut told = std::mem::take(&mut self.told);
        for event in &mut told.events {
            let Some(declaration) = self.schema.events.get(usize::from(event.kind)) else { continue };
            let mut at = 0;
            for field in &declaration.fields {
                if is_reference(field)
                    && let Some(code) = event.codes.get_mut(at)
                {
                    *code = NO_REFERENCE;
                }
                at += field.part_count();
            }
        }
        told
    }

    /// What follows the events: the world.
    fn apply_state(
        &mut self,
        mut reader: BitReader<'_>,
        header: &FrameHeader,
        applied: &mut Applied,
    ) -> Result<(), ReplicaError> {
        match header.kind {
            FrameKind::KeepAlive => {}
            FrameKind::Full => {
                self.lost = false;
                self.me = None;
            }
            FrameKind::Step { covered, applied: own } => {
                applied.applied_own = u32::from(own).count_ones();
                applied.stand_ins = covered - applied.applied_own;
                if self.lost {
                    self.heard = header.tick;
                    applied.ignored = true;
                    return Ok(());
                }
                let from = Tick(header.tick.0.wrapping_sub(covered));
                if from != self.tick {
                    self.lost = true;
                    return Err(ReplicaError::Gap { held: self.tick, from });
                }
            }
        }
        let Some(change) = Change::of(header) else {
            self.heard = header.tick;
            return Ok(());
        };
        let left = reader.bits_left() / 8;
        let bytes = reader.read_bytes(left, "sections").map_err(|cause| self.lose(cause))?;
        self.change_holdings(change, bytes).map_err(|cause| self.lose(cause))?;
        self.tick = header.tick;
        self.heard = header.tick;
        self.complete = header.complete;
        if header.me.is_some() {
            self.me = header.me;
        }
        if self.checks() && !header.proof.proves(self.holdings.sum()) {
            self.lost = true;
            return Err(ReplicaError::DigestMismatch { tick: header.tick });
        }
        applied.checked = self.checks();
        Ok(())
    }

    /// Better tables came: the pieces of ticks from `from` on are in their codes.
    ///
    /// # Errors
    /// [`TablesRefused`]: broken, not to come, or too many at once. The server's fault.
    pub fn take_tables(&mut self, from: Tick, bytes: &[u8]) -> Result<(), TablesRefused> {
        let tables = Arc::new(Tables::from_bytes(bytes, &self.holdings.layout)?);
        let tables =
            self.commons.as_ref().map_or_else(|| tables.clone(), |commons| commons.share_tables(tables.clone()));
        self.tables.add(from, tables, self.heard)
    }

    fn change_holdings(&mut self, change: Change, bytes: &[u8]) -> Result<(), DecodeError> {
        let changed = self.holdings.change(self.commons.as_deref(), &self.tables, change, bytes);
        self.me = self.me.filter(|me| !self.holdings.left().contains(me));
        changed
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
        self.me.filter(|&slot| self.holdings.anchor(slot).is_some())
    }

    /// The schema it is built on.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The entities held: the slots of their anchors, ascending, and what they are.
    pub fn anchors(&self) -> impl Iterator<Item = (Slot, Kind)> + '_ {
        self.holdings.anchors().filter_map(|held| {
            let facet = self.holdings.layout.facet(held.record.kind)?;
            Some((held.record.slot, facet.kind))
        })
    }

    /// What the entity of an anchor is.
    #[must_use]
    pub fn kind(&self, anchor: Slot) -> Option<Kind> {
        self.holdings.kind(anchor)
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
        let mut codes = Vec::new();
        self.append_row(anchor, component, &mut codes).then_some(codes)
    }

    /// The same behind what `codes` holds; false, and whatever, if there is none.
    pub fn append_row(&self, anchor: Slot, component: usize, codes: &mut Vec<i32>) -> bool {
        self.write_row(anchor, component, codes).unwrap_or(false)
    }

    fn write_row(&self, anchor: Slot, component: usize, codes: &mut Vec<i32>) -> Option<bool> {
        let kind = self.kind(anchor)?;
        let begin = codes.len();
        codes.resize(begin + self.schema.components.get(component)?.part_count(), -1);
        let mut found = false;
        let layout = &self.holdings.layout;
        for route in layout.routes(kind).iter().filter(|route| route.component == component) {
            let facet = *layout.facets_of(kind).get(route.facet)?;
            let section = layout.facet(facet)?.section;
            let Some(held) = self.holdings.member(anchor, facet) else {
                if section == Section::References {
                    found = true;
                    continue;
                }
                return None;
            };
            let from = held.states.get(route.part..route.part + route.count)?;
            found = true;
            // With a small budget a reference may be here before its target.
            let target = from.first().map_or(Slot(0), |state| Slot(state.code as u16));
            if section == Section::References && self.holdings.anchor(target).is_none() {
                continue;
            }
            for (code, state) in codes.iter_mut().skip(begin + route.source).zip(from) {
                *code = state.code;
            }
        }
        Some(found)
    }

    /// The slots that left with the newest frame: whoever knew one of these knows it no more, for another may have it now.
    #[must_use]
    pub fn left(&self) -> &[Slot] {
        self.holdings.left()
    }

    /// Whether every facet held of the entity with this anchor is exactly the server's.
    #[must_use]
    pub fn is_exact(&self, anchor: Slot) -> bool {
        let Some(kind) = self.kind(anchor) else { return false };
        let facets = self.holdings.layout.facets_of(kind).iter();
        facets
            .filter_map(|&facet| self.holdings.member(anchor, facet))
            .all(|held| self.holdings.is_fresh(held.record.slot))
    }

    /// Applies nothing but what is told until the next full frame, which is known to come: what lies before it is not worth reading.
    pub fn skip_to_full(&mut self) {
        self.lost = true;
    }

    /// Facets held, of all sections.
    #[must_use]
    pub fn held_count(&self) -> usize {
        self.holdings.held_count()
    }

    /// Facets held that are exactly the server's.
    #[must_use]
    pub fn fresh_count(&self) -> usize {
        self.holdings.fresh_count()
    }

    /// Every facet held, by section and slot, its states, and whether it is fresh: for whoever compares by another path than the digest.
    pub fn facets(&self) -> impl Iterator<Item = (Record, &[PartState], bool)> + '_ {
        self.holdings.iter().map(|held| (held.record, held.states.as_slice(), self.holdings.is_fresh(held.record.slot)))
    }

    /// Reads what is told, whether what follows can be used or not.
    fn read_told(&mut self, reader: &mut BitReader<'_>, to: Tick) -> Result<(), DecodeError> {
        let length = reader.read(16, "length of the events")? as usize;
        let mut reader = BitReader::new(reader.read_bytes(length, "events")?);
        self.told.some_lost = reader.read_bool("events lost")?;
        let count = self.tables.at(to).code(number(Use::EventCount)).read_number(&mut reader, "events")?;
        for _ in 0..count {
            let kind = reader.read(8, "event kind")?;
            let declaration =
                self.schema.events.get(kind as usize).ok_or(DecodeError::Inconsistent { field: "event kind" })?;
            let mut codes = Vec::new();
            read_values(&mut reader, declaration, &mut codes)?;
            self.told.events.push(Event { kind: kind as u8, codes });
        }
        reader.finish()
    }

    fn lose(&mut self, cause: DecodeError) -> ReplicaError {
        self.lost = true;
        ReplicaError::Decode { tick: self.tick, cause }
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
        self.holdings.sabotage_flip_bit()
    }
}
