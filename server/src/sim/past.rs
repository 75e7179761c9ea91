//! What the last ticks looked like, as codes: so that a game can judge an act by what its player saw.
//!
//! ```text
//!   after Settle         record: codes of the components that the game wants remembered, per tick     Past
//!   StepInput.looks      between which two ticks a player saw others, and whom                        Looks
//!   in a game's system   Rewind::seen_by(player) ─► Seen::drawn(target)      (shared::interpolation)
//! ```
//!
//! **Why this is what the client drew.** A client draws the shadow, which `replicate` keeps and the simulation must not know: a match is a
//! pure function of its `StepInput`s. But the shadow comes from the same components, by the same `write_codes`, after the same step; what a
//! client holds exactly is, field by field, that code where the field's tolerance is 0 (digest and scrub prove it in every tick). With a
//! tolerance a client may be off by so many codes while the value moves, and then so is what is judged by it: leave it 0 on what is aimed
//! at. What only the sender of frames can know, whether this client had both frames and held the target exactly in both, stands in
//! [`Look`]. So a recorded match comes out the same.
//!
//! The past is as long as the game asks for (see [`Stages::remembered`](super::Stages::remembered)), saved and hashed like the rest of the
//! World; a game that asks for nothing has none, and pays nothing.
//!
//! Never here: whether a view is plausible (see `room::look_back`), what a hit is (see `game`).

use crate::sim::entity_ids::Networked;
use crate::sim::step_input::{Look, Saw};
use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use serde::{Deserialize, Serialize};
use shared::ids::{EntityId, PlayerId, Tick};
use shared::interpolation::{Between, interpolate, jumps};
use shared::limits::{INTERPOLATION_MS_MAX, VIEW_SPAN_TICKS_MAX};
use shared::schema::{Declaration, Kind, Replicated};
use std::collections::VecDeque;

/// A component of a kind of entity that is to be remembered, as a game asked for it.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub(crate) kind: Kind,
    pub(crate) milliseconds: u32,
    declaration: Declaration,
    recorder: fn(&mut World) -> Box<dyn Recorder>,
}

impl Wanted {
    pub(crate) fn of<T: Component + Replicated>(kind: Kind, milliseconds: u32) -> Self {
        let recorder = |world: &mut World| -> Box<dyn Recorder> { Box::new(TypedRecorder::<T>::new(world)) };
        Self { kind, milliseconds, declaration: T::declaration(), recorder }
    }
}

/// What is remembered, and for how long. Never changes.
#[derive(Resource)]
pub(crate) struct Remembered {
    tables: Vec<Table>,
    reach_ticks: u32,
}

struct Table {
    kind: Kind,
    declaration: Declaration,
    part_count: usize,
}

impl Remembered {
    pub(crate) fn new(wanted: &[Wanted], tick_rate_hz: u16) -> Self {
        let table = |wanted: &Wanted| {
            let (kind, declaration) = (wanted.kind, wanted.declaration.clone());
            Table { kind, part_count: declaration.part_count(), declaration }
        };
        let longest = wanted.iter().map(|wanted| wanted.milliseconds).max().unwrap_or(0);
        let tables = wanted.iter().map(table).collect();
        Self { tables, reach_ticks: reach_ticks(longest, tick_rate_hz) }
    }

    pub(crate) const fn reach_ticks(&self) -> u32 {
        self.reach_ticks
    }

    /// The kinds of entities of which something is remembered.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.tables.iter().map(|table| table.kind)
    }

    /// The tables of a component, and their places.
    fn of<T: Replicated>(&self) -> impl Iterator<Item = (usize, &Table)> + '_ {
        self.tables.iter().enumerate().filter(|(_, table)| table.declaration.name == T::NAME)
    }
}

/// How long ago a view may have been drawn: what the game allows for the way there and back, and what drawing between frames takes.
const fn reach_ticks(milliseconds: u32, tick_rate_hz: u16) -> u32 {
    ((milliseconds + INTERPOLATION_MS_MAX) * tick_rate_hz as u32).div_ceil(1000)
}

/// The last ticks, oldest first.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Past {
    moments: VecDeque<Moment>,
}

/// One tick: for each [`Table`], in order, who had the component and its codes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Moment {
    tick: Tick,
    rows: Vec<Rows>,
}

/// One component of all entities of a kind, by entity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Rows {
    ids: Vec<EntityId>,
    codes: Vec<i32>,
}

impl Rows {
    fn of(&self, id: EntityId, part_count: usize) -> Option<&[i32]> {
        let at = self.ids.binary_search(&id).ok()?;
        self.codes.get(at * part_count..(at + 1) * part_count)
    }
}

impl Past {
    /// Takes in the tick that was just simulated; what no view may reach any more makes room for it.
    fn record(&mut self, tick: Tick, world: &World, remembered: &Remembered, recorders: &mut [Box<dyn Recorder>]) {
        let full = self.moments.len() > (remembered.reach_ticks + VIEW_SPAN_TICKS_MAX) as usize;
        let mut moment = full.then(|| self.moments.pop_front()).flatten().unwrap_or_default();
        moment.tick = tick;
        moment.rows.resize_with(recorders.len(), Rows::default);
        for ((rows, recorder), table) in moment.rows.iter_mut().zip(recorders).zip(&remembered.tables) {
            rows.ids.clear();
            rows.codes.clear();
            recorder.record(world, table.kind, rows);
        }
        self.moments.push_back(moment);
    }

    fn at(&self, tick: Tick) -> Option<usize> {
        self.moments.binary_search_by_key(&tick, |moment| moment.tick).ok()
    }
}

/// Reads one component.
trait Recorder: Send + Sync {
    /// Appends the codes of all entities of `kind`, by entity.
    fn record(&mut self, world: &World, kind: Kind, rows: &mut Rows);
}

struct TypedRecorder<T: Component + Replicated> {
    query: QueryState<(&'static Networked, &'static T)>,
}

impl<T: Component + Replicated> TypedRecorder<T> {
    fn new(world: &mut World) -> Self {
        Self { query: world.query() }
    }
}

impl<T: Component + Replicated> Recorder for TypedRecorder<T> {
    fn record(&mut self, world: &World, kind: Kind, rows: &mut Rows) {
        for (networked, value) in self.query.iter(world).sort::<&Networked>() {
            if networked.kind == kind {
                let at = rows.codes.len();
                rows.codes.resize(at + T::PART_COUNT, 0);
                value.write_codes(rows.codes.get_mut(at..).unwrap_or_default());
                rows.ids.push(networked.id);
            }
        }
    }
}

/// Reads the World into its past, once per tick.
pub(crate) struct Memory {
    recorders: Vec<Box<dyn Recorder>>,
}

impl Memory {
    pub(crate) fn new(world: &mut World, wanted: &[Wanted]) -> Self {
        Self { recorders: wanted.iter().map(|wanted| (wanted.recorder)(world)).collect() }
    }

    pub(crate) fn record(&mut self, world: &mut World, tick: Tick) {
        let mut past = std::mem::take(&mut *world.resource_mut::<Past>());
        past.record(tick, world, world.resource::<Remembered>(), &mut self.recorders);
        *world.resource_mut::<Past>() = past;
    }
}

/// What players saw whose inputs of this step look back: put there by the engine before the first stage.
#[derive(Resource, Clone, Debug, Default)]
pub(crate) struct Looks(Vec<Look>);

impl Looks {
    pub(crate) fn put(&mut self, looks: &[Look]) {
        self.0.clear();
        self.0.extend_from_slice(looks);
    }
}

/// For a game's systems: the past, as a player saw it.
#[derive(SystemParam)]
pub struct Rewind<'w> {
    past: Option<Res<'w, Past>>,
    remembered: Option<Res<'w, Remembered>>,
    looks: Res<'w, Looks>,
}

impl Rewind<'_> {
    /// What `player` saw when it did what it does in this step. `None` if its input does not look back, or there is nothing to go by (its
    /// view was not plausible, or the past does not reach so far): then its act is judged by what is now.
    #[must_use]
    pub fn seen_by(&self, player: PlayerId) -> Option<Seen<'_>> {
        let (past, remembered) = (self.past.as_deref()?, self.remembered.as_deref()?);
        let at = self.looks.0.binary_search_by_key(&player, |look| look.player).ok()?;
        let Look { view, saw, .. } = self.looks.0.get(at)?;
        let older = past.at(view.older)?;
        let newer = past.at(view.older.after(u32::from(view.span)))?;
        Some(Seen { past, remembered, older, newer, between: Between::of(*view), saw })
    }
}

/// What one player saw of others.
#[derive(Clone, Copy)]
pub struct Seen<'w> {
    past: &'w Past,
    remembered: &'w Remembered,
    older: usize,
    newer: usize,
    between: Between,
    saw: &'w Saw,
}

impl Seen<'_> {
    /// Where component `T` of an entity was drawn: writes a value for each part (see [`interpolate`]). False if the player did not hold it
    /// exactly, or there was none: what is now counts.
    #[must_use]
    pub fn drawn<T: Replicated>(&self, id: EntityId, values: &mut [i32]) -> bool {
        let Some((place, table)) = self.table::<T>(id) else { return false };
        let (Some(older), Some(newer)) = (self.codes(self.older, place, id), self.codes(self.newer, place, id)) else {
            return false;
        };
        let mut part = 0;
        for field in &table.declaration.fields {
            let parts = part..part + field.part_count();
            part = parts.end;
            let (older, newer) = (older.get(parts.clone()), newer.get(parts.clone()));
            if let (Some(older), Some(newer), Some(values)) = (older, newer, values.get_mut(parts)) {
                interpolate(field, older, newer, self.between, values);
            }
        }
        true
    }

    /// Component `T` of an entity in every tick since the player saw it, oldest first, as far as there was one; none if the player did not
    /// hold it exactly.
    pub fn since<T: Replicated>(&self, id: EntityId) -> impl Iterator<Item = T> + '_ {
        let place = self.table::<T>(id).map(|(place, _)| place);
        let moments = self.older..self.past.moments.len();
        moments.filter_map(move |at| self.codes(at, place?, id).map(T::read_codes))
    }

    /// Whether component `T` of an entity went on without a jump since the player saw it: else where it was says nothing of what is now.
    #[must_use]
    pub fn went_on<T: Replicated>(&self, id: EntityId) -> bool {
        let Some((place, table)) = self.table::<T>(id) else { return false };
        let steps = self.older + 1..self.past.moments.len();
        steps.map(|at| (self.codes(at - 1, place, id), self.codes(at, place, id))).all(|pair| {
            let (Some(older), Some(newer)) = pair else { return false };
            let mut part = 0;
            table.declaration.fields.iter().all(|field| {
                let parts = part..part + field.part_count();
                part = parts.end;
                let (older, newer) = (older.get(parts.clone()), newer.get(parts));
                !jumps(field, older.unwrap_or_default(), newer.unwrap_or_default(), 1)
            })
        })
    }

    /// The table in which component `T` of an entity stood when the player saw it, if it held it exactly.
    fn table<T: Replicated>(&self, id: EntityId) -> Option<(usize, &Table)> {
        let mut tables = self.remembered.of::<T>().filter(|_| self.saw.contains(id));
        tables.find(|&(place, _)| self.codes(self.older, place, id).is_some())
    }

    fn codes(&self, moment: usize, place: usize, id: EntityId) -> Option<&[i32]> {
        let rows = self.past.moments.get(moment)?.rows.get(place)?;
        rows.of(id, self.remembered.tables.get(place)?.part_count)
    }
}
