//! ⑤ The World, and the only place that changes it.
//!
//! ```text
//!   StepInput ─► joins ─► leaves ─► absences, resumes ─► Controls, Requests ─► ReadInputs … Settle ─► unanswered requests ─► the boundary
//!                                                         (systems from game/)
//! ```
//!
//! **The contract.** The same seed, options and `StepInput`s give the same World, bit for bit, on any machine and build:
//! - The World is the only state, and everything in it that a system reads is registered (see `registry`).
//! - Time is the tick, randomness is [`Randomness`]; no clock, no file, no environment.
//! - All that decides is fixed point. No `f32` may reach a decision.
//! - Nothing depends on table rows or hashing: where order matters, systems visit entities by `EntityId`. No std hash maps,
//!   no `Local`, no `Changed`, `Added` or `RemovedComponents` in `sim` and `game`.
//! - Systems run in one thread, in one order; what is ambiguous is refused.
//!
//! Never here: who may see what (see `replicate`), what a player may send (see `ingest`).

// Everything from outside, for one tick.
pub mod step_input;

// The order of a tick.
pub mod stages;

// What the last ticks looked like.
pub mod past;

// Who sees whom by the game's own rule.
pub mod sight;

// What the simulation asks of its game.
pub mod room_game;

// Why a room cannot be made.
pub mod refused;

// Which entity is which.
pub mod entity_ids;

// Who is in.
pub mod players;

// What the simulation reads.
pub mod registry;

// The room's randomness.
pub mod rng;

// What the game says.
pub mod outbox;

// One value as bytes.
mod encoding;

// The World as bytes.
mod save;

// The World as a number.
mod hash;

// A component as codes.
mod column;

pub use column::Column;
pub use encoding::LoadError;
pub use entity_ids::{EntityIds, Networked, Owner, Team};
pub use outbox::{Answer, Answered, Outbox, Requests, Sent, To};
pub use past::{Rewind, Seen};
pub use players::{Player, Players};
pub use refused::RoomRefused;
pub use registry::Controls;
pub use rng::Randomness;
pub use room_game::{RoomGame, RoomOptions, Spectating, Unchanged, ViewRadii};
pub use sight::Sight;
use sight::SightRule;
use stages::Finished;
pub use stages::{MapNames, Stage, Stages};
pub use step_input::{
    InputCodes, InputSource, Join, Look, PlayerInput, PlayerRequest, Resume, Saw, SecretHash, StepInput,
};

use bevy_ecs::change_detection::Tick as ChangeTick;
use bevy_ecs::component::ComponentId;
use bevy_ecs::error::{BevyError, ErrorContext, FallbackErrorHandler};
use bevy_ecs::prelude::*;
use past::{Looks, Memory, Past, Remembered};
use registry::{Declarations, Moved, Registry};
use serde::{Deserialize, Serialize};
use shared::ids::{EntityId, PlayerId, Tick};
use shared::schema::{Kind, Positions, Schema};
use std::sync::Arc;

/// The tick that is being simulated, or was last.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimTick(pub Tick);

/// One room's simulation.
pub struct Sim {
    game: Arc<dyn RoomGame>,
    schema: Schema,
    maps: Option<MapNames>,
    sight: Option<SightRule>,
    memory: Option<Memory>,
    world: World,
    schedule: Schedule,
    registry: Registry,
    neutral: InputCodes,
    /// What changed after it, changed in the last step or later.
    changed_since: ChangeTick,
    /// The end of the last step.
    boundary: ChangeTick,
    /// What `install` or `load` made is still in the log: the first step's readers must see it.
    fresh: bool,
}

impl Sim {
    /// A World at tick 0. What `install` spawned stands in the first step's log.
    ///
    /// # Errors
    /// Whose fault it is that this room cannot be.
    pub fn new(game: Arc<dyn RoomGame>, options: &RoomOptions, seed: u64) -> Result<Self, RoomRefused> {
        let schema = game.schema();
        schema.check()?;
        let mut world = empty_world(&schema, seed);
        let mut declarations = Declarations::default();
        declarations.component::<Owner>();
        declarations.component::<Team>();
        declarations.resource::<Players>();
        declarations.resource::<SimTick>();
        declarations.resource::<Randomness>();
        let own: Vec<ComponentId> = world.components().iter_registered().map(|(id, _)| id).collect();
        let changed_since = world.increment_change_tick();

        let mut stages = Stages::new(declarations);
        game.install(&mut world, &mut stages, options)?;
        world.flush();
        let Finished { schedule, declarations, maps, sight, remembered } = stages.finish(&mut world)?;
        if sight.is_some() && Positions::of(&schema)?.are_none() {
            return Err(RoomRefused::NothingToSee);
        }
        if !remembered.is_empty() {
            world.insert_resource(Remembered::new(&remembered, options.tick_rate_hz));
            world.init_resource::<Past>();
        }
        let mut registry = Registry::new(&mut world, declarations, &own, &schema)?;
        registry.look(&world)?;
        let memory = (!remembered.is_empty()).then(|| Memory::new(&mut world, &remembered));
        let neutral = game.neutral_input();
        let boundary = changed_since;
        Ok(Self {
            game,
            schema,
            maps,
            sight,
            memory,
            world,
            schedule,
            registry,
            neutral,
            changed_since,
            boundary,
            fresh: true,
        })
    }

    /// One tick: the only line of a room that changes its World.
    ///
    /// # Panics
    /// If something was spawned without the components that its kind declares. Debug builds: if a rule breaks the contract in
    /// another way (an unregistered component, a constant that changed).
    pub fn step(&mut self, step: &StepInput) {
        if !std::mem::take(&mut self.fresh) {
            self.world.resource_mut::<EntityIds>().clear_log();
        }
        self.changed_since = self.boundary;
        self.world.resource_mut::<Outbox>().clear();
        self.world.resource_mut::<SimTick>().0 = step.tick;
        for join in &step.joins {
            self.join(*join);
        }
        for &player in &step.leaves {
            self.leave(player);
        }
        for &player in &step.absences {
            self.be_away(player, true);
        }
        for resume in &step.resumes {
            self.be_away(resume.player, false);
        }
        for input in &step.inputs {
            if let Some(entity) = self.entity_of(input.player).and_then(|id| self.entity(id)) {
                self.game.write_controls(&mut self.world, entity, &input.codes, input.source);
            }
        }
        self.world.resource_mut::<Requests>().put(&step.requests);
        self.world.resource_mut::<Looks>().put(&step.looks);
        self.schedule.run(&mut self.world);
        self.refuse_unanswered();
        if cfg!(debug_assertions) {
            if let Err(refused) = self.registry.look(&self.world) {
                panic!("{refused}");
            }
            self.registry.check_constants(&self.world);
        }
        self.registry.check_spawned(&self.world, &self.schema);
        if let Some(memory) = &mut self.memory {
            memory.record(&mut self.world, step.tick);
        }
        self.boundary = self.world.increment_change_tick();
        self.world.clear_trackers();
    }

    /// The World, to read.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// What `Ref::is_changed_after` this, changed in the last step (in the first: since before `install`).
    #[must_use]
    pub const fn changed_since(&self) -> ChangeTick {
        self.changed_since
    }

    /// What the game declares.
    #[must_use]
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The maps it is played on, if the game has maps.
    #[must_use]
    pub const fn maps(&self) -> Option<&MapNames> {
        self.maps.as_ref()
    }

    /// Who sees whom beyond distance and audience, if the game has a rule for it.
    #[must_use]
    pub fn sight(&self) -> Option<Sight<'_>> {
        self.sight.map(|rule| Sight { rule, world: &self.world })
    }

    /// How many ticks back the past reaches by which the game may judge an input, if it remembers any.
    #[must_use]
    pub fn reach_ticks(&self) -> Option<u32> {
        self.world.get_resource::<Remembered>().map(Remembered::reach_ticks)
    }

    /// The kinds of entities of which something is remembered.
    #[must_use]
    pub fn remembered_kinds(&self) -> Vec<Kind> {
        self.world.get_resource::<Remembered>().map(|remembered| remembered.kinds().collect()).unwrap_or_default()
    }

    /// The game.
    #[must_use]
    pub fn game(&self) -> &dyn RoomGame {
        &*self.game
    }

    /// One column per component of the schema, in the schema's order.
    #[must_use]
    pub fn columns(&self) -> Vec<Box<dyn Column>> {
        self.registry.columns(&self.world, &self.schema)
    }

    /// The entity that `player` drives: what `on_join` returned.
    #[must_use]
    pub fn entity_of(&self, player: PlayerId) -> Option<EntityId> {
        self.world.resource::<Players>().entity(player)
    }

    /// The World as one number: entities by number, components in the order of registration, resources.
    #[must_use]
    pub fn hash(&self) -> u64 {
        hash::hash_world(&self.world, &self.registry)
    }

    /// The World as bytes. Inverse of [`Sim::load`].
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        save::write_world(&self.world, &self.registry)
    }

    /// Puts a saved World in place of this one; it must come from the same game, options and build. Everything stands in
    /// the next step's log as new.
    ///
    /// # Errors
    /// The save is damaged or another game's: drop this simulation.
    pub fn load(&mut self, bytes: &[u8]) -> Result<(), LoadError> {
        self.boundary = self.world.increment_change_tick();
        self.fresh = true;
        save::read_world(&mut self.world, &self.registry, bytes)
    }

    /// For tests: moves the rows of all tables, at random. Nothing that the simulation does may depend on them.
    pub fn permute_rows(&mut self, seed: u64) {
        let mut randomness = Randomness::seeded(seed);
        let mut entities: Vec<Entity> = self.world.resource::<EntityIds>().iter().map(|(_, entity)| entity).collect();
        shuffle(&mut entities, &mut randomness);
        for &entity in &entities {
            self.world.entity_mut(entity).insert(Moved);
        }
        shuffle(&mut entities, &mut randomness);
        for &entity in &entities {
            self.world.entity_mut(entity).remove::<Moved>();
        }
    }

    /// For tests: sets a scene, as no rule may.
    #[cfg(test)]
    pub(crate) fn world_for_tests(&mut self) -> &mut World {
        &mut self.world
    }

    fn entity(&self, id: EntityId) -> Option<Entity> {
        self.world.resource::<EntityIds>().entity(id)
    }

    fn join(&mut self, join: Join) {
        let Join { player, name, .. } = join;
        debug_assert!(!self.world.resource::<Players>().contains(player), "a player number is never used again");
        self.world.resource_mut::<Players>().put(player, name, EntityId::NONE);
        let id = self.game.on_join(&mut self.world, player);
        self.world.resource_mut::<Players>().put(player, name, id);
        if let Some(entity) = self.entity(id) {
            self.world.entity_mut(entity).insert(Owner(player));
            self.game.write_controls(&mut self.world, entity, &self.neutral, InputSource::Neutral);
        }
    }

    /// Exactly once per join: who is not in any more does not leave again.
    fn leave(&mut self, player: PlayerId) {
        if !self.world.resource::<Players>().contains(player) {
            return;
        }
        let id = self.entity_of(player);
        self.game.on_leave(&mut self.world, player);
        if let Some(entity) = id.and_then(|id| self.entity(id)) {
            self.world.despawn(entity);
        }
        self.world.resource_mut::<Players>().remove(player);
    }

    /// A player whose connection was cut stands still until it is back: nobody else steers for it.
    fn be_away(&mut self, player: PlayerId, away: bool) {
        if !self.world.resource_mut::<Players>().set_away(player, away) {
            return;
        }
        if let Some(entity) = self.entity_of(player).and_then(|id| self.entity(id)) {
            self.game.write_controls(&mut self.world, entity, &self.neutral, InputSource::Neutral);
        }
        if away {
            self.game.on_away(&mut self.world, player);
        } else {
            self.game.on_back(&mut self.world, player);
        }
    }

    fn refuse_unanswered(&mut self) {
        let asked: Vec<(PlayerId, u16)> =
            self.world.resource::<Requests>().all().iter().map(|request| (request.player, request.number)).collect();
        let mut outbox = self.world.resource_mut::<Outbox>();
        for (player, number) in asked {
            outbox.answer(player, number, Answer::Refused(Answer::UNHANDLED));
        }
    }
}

/// The files of the maps that rooms of these options are played on, a name and its bytes each: what a client that has others can be given.
///
/// # Errors
/// Whose fault it is that no such room can be.
pub fn map_files(game: &dyn RoomGame, options: &RoomOptions) -> Result<Vec<(String, Vec<u8>)>, RoomRefused> {
    let mut stages = Stages::new(Declarations::default()).keeping_map_files();
    game.install(&mut empty_world(&game.schema(), 0), &mut stages, options)?;
    Ok(stages.into_map_files())
}

/// What `install` finds.
fn empty_world(schema: &Schema, seed: u64) -> World {
    let mut world = World::new();
    world.insert_resource(FallbackErrorHandler(rule_failed));
    // bevy would add it when the stages are built; it is empty and nobody's state.
    world.init_resource::<Schedules>();
    world.init_resource::<EntityIds>();
    world.init_resource::<Players>();
    world.init_resource::<SimTick>();
    world.insert_resource(Randomness::seeded(seed));
    world.insert_resource(Outbox::new(schema));
    world.insert_resource(Requests::new(schema));
    world.init_resource::<Looks>();
    world
}

/// What bevy calls when a system has returned an error or has panicked. An error is the author's to mend, the match goes
/// on. After a panic the World may be half-changed, so it goes on its way: whoever owns the room ends it. (bevy 0.20
/// catches panics of systems and leaves it to this handler to let them go.)
fn rule_failed(mut error: BevyError, context: ErrorContext) {
    if let Some(payload) = error.take_payload() {
        std::panic::resume_unwind(payload);
    }
    bevy_ecs::error::error(error, context);
}

fn shuffle(entities: &mut [Entity], randomness: &mut Randomness) {
    for end in (1..entities.len()).rev() {
        let other = randomness.below(end as u32 + 1) as usize;
        entities.swap(end, other);
    }
}

#[cfg(test)]
mod tests;
