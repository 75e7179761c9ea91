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
use shared::wire::control::maps_hash;
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
    /// Name, and xxh3 (64 bits) of the bytes.
    maps: Vec<(String, u64)>,
    /// Name and bytes, where somebody wants them.
    map_files: Option<Vec<(String, Vec<u8>)>>,
    sights: Vec<SightRule>,
    remembered: Vec<Wanted>,
}

/// What [`Stages`] come to.
pub(crate) struct Finished {
    pub(crate) schedule: Schedule,
    pub(crate) declarations: Declarations,
    pub(crate) maps: Option<MapNames>,
    pub(super) sight: Option<SightRule>,
    pub(super) remembered: Vec<Wanted>,
}

/// Which maps a room is played on: clients are told, so that they can load them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapNames {
    /// The maps' files, in order, with commas between.
    pub names: String,
    /// See [`maps_hash`].
    pub hash: u64,
}

impl MapNames {
    fn of(maps: &[(String, u64)]) -> Option<Self> {
        let (names, hashes): (Vec<&str>, Vec<u64>) = maps.iter().map(|(name, hash)| (name.as_str(), *hash)).unzip();
        (!maps.is_empty()).then(|| Self { names: names.join(","), hash: maps_hash(&hashes) })
    }
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
        Self { schedule, declarations, maps: Vec::new(), map_files: None, sights: Vec::new(), remembered: Vec::new() }
    }

    /// Keeps the maps' bytes, too, for who asks for them.
    pub(super) fn keeping_map_files(mut self) -> Self {
        self.map_files = Some(Vec::new());
        self
    }

    /// A file's name and its bytes for each map, if they were kept.
    pub(super) fn into_map_files(self) -> Vec<(String, Vec<u8>)> {
        self.map_files.unwrap_or_default()
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

    /// One more map that the room is played on, after those before, and the bytes it was made from. No name has a comma.
    pub fn map(&mut self, name: &str, bytes: &[u8]) -> &mut Self {
        self.maps.push((name.to_owned(), xxh3_64(bytes)));
        if let Some(files) = &mut self.map_files {
            files.push((name.to_owned(), bytes.to_vec()));
        }
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
        self.sights.push(SightRule { sees: rule, may_hide: None });
        self
    }

    /// The same, where most are seen by all: `may_hide` is asked once per entity and tick, and `sees` only about those of which it
    /// says that somebody may not see them. Everybody sees the others.
    pub fn sight_of(
        &mut self,
        may_hide: fn(&World, target: EntityId) -> bool,
        sees: fn(&World, viewer: EntityId, target: EntityId) -> bool,
    ) -> &mut Self {
        self.sights.push(SightRule { sees, may_hide: Some(may_hide) });
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
        let Self { schedule, declarations, maps, mut sights, remembered, .. } = self;
        Ok(Finished { schedule, declarations, maps: MapNames::of(&maps), sight: sights.pop(), remembered })
    }
}
