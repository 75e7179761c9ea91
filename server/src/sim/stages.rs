//! The order of a tick, and where a game hangs its systems and registers what they read.
//!
//! ```text
//!   ReadInputs ─► Move ─► Collide ─► Rules ─► Spawn ─► Despawn ─► Settle ─► (nothing changes until the next tick)
//! ```
//!
//! Between two stages all commands are applied. Within a stage, two systems that touch the same thing must be chained: what
//! is ambiguous is refused. Systems are free functions with names.
//!
//! Never here: what runs before and after the stages (see `sim`).

use crate::sim::past::{Past, Remembered, Wanted};
use crate::sim::refused::RoomRefused;
use crate::sim::registry::Declarations;
use crate::sim::sight::SightRule;
use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{IntoScheduleConfigs, LogLevel, ScheduleBuildSettings, ScheduleLabel, SingleThreadedExecutor};
use bevy_ecs::system::ScheduleSystem;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::ids::EntityId;
use shared::limits::REMEMBERED_MS_MAX;
use shared::schema::{Kind, Replicated};
use xxhash_rust::xxh3::xxh3_64;

/// A part of the tick.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// On entry: joins and leaves are done, `Controls` and `Requests` hold this tick's. Turns what players want into the
    /// game's own intentions.
    ReadInputs,
    /// Everything takes its step, as if alone.
    Move,
    /// What touches what, and what follows from it at once.
    Collide,
    /// Damage, score, timers, phases: who lives, who wins.
    Rules,
    /// What is new comes into being.
    Spawn,
    /// What is over goes.
    Despawn,
    /// What is derived from the rest is brought up to date. After it, nothing changes until the next tick.
    Settle,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 7] =
        [Self::ReadInputs, Self::Move, Self::Collide, Self::Rules, Self::Spawn, Self::Despawn, Self::Settle];
}

#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
struct Step;

/// What a game tells the engine in `install`: its systems, and every component and resource that they read.
pub struct Stages {
    schedule: Schedule,
    declarations: Declarations,
    map: Option<MapName>,
    sights: Vec<SightRule>,
    remembered: Vec<Wanted>,
}

/// What [`Stages`] come to.
pub(crate) struct Finished {
    pub(crate) schedule: Schedule,
    pub(crate) declarations: Declarations,
    pub(crate) map: Option<MapName>,
    pub(super) sight: Option<SightRule>,
    pub(super) remembered: Vec<Wanted>,
}

/// Which map a room is played on: clients are told, so that they can load it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapName {
    /// The map's file.
    pub name: String,
    /// xxh3 (64 bits) of its bytes.
    pub hash: u64,
}

impl Stages {
    pub(crate) fn new(declarations: Declarations) -> Self {
        let mut schedule = Schedule::new(Step);
        schedule.set_executor(SingleThreadedExecutor::new());
        schedule.set_build_settings(ScheduleBuildSettings {
            ambiguity_detection: LogLevel::Error,
            ..ScheduleBuildSettings::default()
        });
        let [first, second, third, fourth, fifth, sixth, seventh] = Stage::ALL;
        schedule.configure_sets((first, second, third, fourth, fifth, sixth, seventh).chain());
        Self { schedule, declarations, map: None, sights: Vec::new(), remembered: Vec::new() }
    }

    /// Hangs systems on a stage.
    pub fn add<M>(&mut self, stage: Stage, systems: impl IntoScheduleConfigs<ScheduleSystem, M>) -> &mut Self {
        self.schedule.add_systems(systems.in_set(stage));
        self
    }

    /// A component of the schema: sent, hashed, saved.
    pub fn replicated<T: Component + Replicated + Serialize + DeserializeOwned>(&mut self) -> &mut Self {
        self.declarations.replicated::<T>();
        self
    }

    /// A component of the server's own: never sent, hashed and saved.
    pub fn component<T: Component + Serialize + DeserializeOwned>(&mut self) -> &mut Self {
        self.declarations.component::<T>();
        self
    }

    /// A resource: never sent, hashed and saved.
    pub fn resource<T: Resource + Serialize + DeserializeOwned>(&mut self) -> &mut Self {
        self.declarations.resource::<T>();
        self
    }

    /// A resource that `install` makes from the options and that nothing changes afterwards (the map, the tuning): never
    /// sent, neither hashed nor saved. Debug builds check that it stays as it was.
    pub fn constant<T: Resource>(&mut self) -> &mut Self {
        self.declarations.constant::<T>();
        self
    }

    /// The map that the room is played on, and the bytes it was made from.
    pub fn map(&mut self, name: &str, bytes: &[u8]) -> &mut Self {
        self.map = Some(MapName { name: name.to_owned(), hash: xxh3_64(bytes) });
        self
    }

    /// A component of the schema, of entities of `kind`, that is remembered for so many milliseconds (at most [`REMEMBERED_MS_MAX`]; the
    /// longest counts for all), so that systems can ask [`Rewind`](crate::sim::Rewind) what a player saw. Only fields for everyone make
    /// sense here: others see no other.
    pub fn remembered<T: Component + Replicated>(&mut self, kind: Kind, milliseconds: u32) -> &mut Self {
        if self.remembered.is_empty() {
            self.resource::<Past>().constant::<Remembered>();
        }
        self.remembered.push(Wanted::of::<T>(kind, milliseconds.min(REMEMBERED_MS_MAX)));
        self
    }

    /// May `viewer` see `target` now, beyond distance and audience (line of sight, stealth)? Asked after the step, about all
    /// that is near to the entity a player drives (about everything if the room has no view radius): what it hides leaves the
    /// player's view in that tick, with all fields and references. A pure function of the World. At most one.
    ///
    /// Not asked about what a player owns, which it always sees; about kinds without a position, which all see; and for players
    /// without an entity, who see nothing else.
    pub fn sight(&mut self, rule: fn(&World, viewer: EntityId, target: EntityId) -> bool) -> &mut Self {
        self.sights.push(SightRule(rule));
        self
    }

    pub(crate) fn controls<I: Replicated>(&mut self) {
        self.declarations.controls::<I>();
    }

    pub(crate) fn finish(mut self, world: &mut World) -> Result<Finished, RoomRefused> {
        self.schedule
            .initialize(world)
            .map_err(|error| RoomRefused::AmbiguousSystems { reason: error.to_string(self.schedule.graph(), world) })?;
        if self.sights.len() > 1 {
            return Err(RoomRefused::ManySights { count: self.sights.len() });
        }
        let Self { schedule, declarations, map, mut sights, remembered } = self;
        Ok(Finished { schedule, declarations, map, sight: sights.pop(), remembered })
    }
}
