//! The socket that a game plugs into.
//!
//! A game is a schema, an input, some systems and what happens when a player comes or goes. The engine owns the loop,
//! the wire and the sockets.
//!
//! ```text
//!   impl Game for Arena ──(blanket)──► Arc<dyn RoomGame> ─► Sim, Room
//! ```
//!
//! When something is missing here, look first for a component, a mark in the derive or a stage.

use crate::sim::registry::Controls;
use crate::sim::stages::Stages;
use crate::sim::step_input::{InputCodes, InputSource};
use bevy_ecs::prelude::{Entity, World};
use shared::ids::{EntityId, PlayerId};
use shared::schema::{Replicated, Schema, SchemaError};
use std::collections::BTreeMap;

/// A game. Implement this once; the engine owns the loop, the wire and the sockets.
pub trait Game: Send + Sync + 'static {
    /// What a player sends each tick. Its `Default` is the neutral input, which stands in when nothing came.
    type Input: Replicated + Default;

    /// Components, kinds, events and requests, in order. Must be the same function that the clients use. The engine
    /// refuses a room whose schema does not pass [`Schema::check`].
    fn schema(&self) -> Schema;

    /// Checks the room's options, adds resources, spawns the map, registers components and hangs systems on `stages`.
    /// Called once, before the first tick.
    ///
    /// # Errors
    /// Whose fault it is that this room cannot be.
    fn install(&self, world: &mut World, stages: &mut Stages, options: &RoomOptions) -> Result<(), RoomRefused>;

    /// A player entered; returns the entity that its inputs will drive. The player's name is in the resource `Players`.
    fn on_join(&self, world: &mut World, player: PlayerId) -> EntityId;

    /// A player left, for whatever reason. Called exactly once per join. The entity that `on_join` returned is despawned
    /// afterwards if it is still there.
    fn on_leave(&self, world: &mut World, player: PlayerId);

    /// May `viewer` see `target` now, beyond distance and audience (line of sight, stealth)?
    fn sees(&self, _world: &World, _viewer: EntityId, _target: EntityId) -> bool {
        true
    }
}

/// What a room is made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomOptions {
    /// The room's name.
    pub name: String,
    /// Simulation steps per second.
    pub tick_rate_hz: u16,
    /// How many players may be in.
    pub players_max: u16,
    /// The pool holds `1 << slot_bits` slots.
    pub slot_bits: u32,
    /// The game's own settings; a game refuses what it does not know.
    pub settings: BTreeMap<String, String>,
}

impl Default for RoomOptions {
    fn default() -> Self {
        Self { name: "room".to_owned(), tick_rate_hz: 30, players_max: 64, slot_bits: 12, settings: BTreeMap::new() }
    }
}

/// Why a room cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum RoomRefused {
    /// The author's: the simulation reads something that is neither hashed nor saved.
    #[error(
        "{name} is in the World, but not registered: call stages.replicated, .component, .resource or .constant in install"
    )]
    UnregisteredComponent {
        /// Which component or resource, as well as we know it.
        name: String,
    },
    /// The author's: a component is registered as replicated but not declared in the schema, or the other way round.
    #[error("{name} must be both declared in the schema and registered with stages.replicated")]
    NotDeclared {
        /// The component.
        name: String,
    },
    /// The author's: an entity without a number. Everything that the simulation reads hangs on a `Networked` entity.
    #[error("an entity with {name} has no number: spawn it with EntityIds::spawn, or keep the state in a resource")]
    Unnumbered {
        /// One of its components.
        name: String,
    },
    /// The author's: two systems of one stage touch the same thing in no given order, or the order is impossible.
    #[error("the order of systems is not clear, chain them: {reason}")]
    AmbiguousSystems {
        /// What bevy's schedule says.
        reason: String,
    },
    /// The author's: the schema cannot be carried.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The operator's: the game has no such setting.
    #[error("the game has no setting {key:?}; it knows {known}")]
    UnknownSetting {
        /// What was asked for.
        key: String,
        /// What there is.
        known: &'static str,
    },
    /// The operator's: a setting has a value that the game cannot use.
    #[error("{key} = {value:?}: the game allows {allowed}")]
    BadSetting {
        /// The setting.
        key: String,
        /// Its value.
        value: String,
        /// What there is.
        allowed: String,
    },
    /// The author's: the map cannot be played on.
    #[error(transparent)]
    Map(Box<dyn std::error::Error + Send + Sync>),
}

/// A [`Game`] without its types: what rooms hold. Every game is one.
pub trait RoomGame: Send + Sync + 'static {
    /// See [`Game::schema`].
    fn schema(&self) -> Schema;

    /// See [`Game::install`]; also registers the controls.
    ///
    /// # Errors
    /// Whose fault it is that this room cannot be.
    fn install(&self, world: &mut World, stages: &mut Stages, options: &RoomOptions) -> Result<(), RoomRefused>;

    /// See [`Game::on_join`].
    fn on_join(&self, world: &mut World, player: PlayerId) -> EntityId;

    /// See [`Game::on_leave`].
    fn on_leave(&self, world: &mut World, player: PlayerId);

    /// See [`Game::sees`].
    fn sees(&self, world: &World, viewer: EntityId, target: EntityId) -> bool;

    /// The codes of the neutral input.
    fn neutral_input(&self) -> InputCodes;

    /// Gives `entity` this tick's [`Controls`].
    fn write_controls(&self, world: &mut World, entity: Entity, codes: &InputCodes, source: InputSource);
}

impl<G: Game> RoomGame for G {
    fn schema(&self) -> Schema {
        Game::schema(self)
    }

    fn install(&self, world: &mut World, stages: &mut Stages, options: &RoomOptions) -> Result<(), RoomRefused> {
        stages.controls::<G::Input>();
        Game::install(self, world, stages, options)
    }

    fn on_join(&self, world: &mut World, player: PlayerId) -> EntityId {
        Game::on_join(self, world, player)
    }

    fn on_leave(&self, world: &mut World, player: PlayerId) {
        Game::on_leave(self, world, player);
    }

    fn sees(&self, world: &World, viewer: EntityId, target: EntityId) -> bool {
        Game::sees(self, world, viewer, target)
    }

    fn neutral_input(&self) -> InputCodes {
        let mut codes = vec![0; G::Input::PART_COUNT];
        G::Input::default().write_codes(&mut codes);
        InputCodes::new(&codes)
    }

    fn write_controls(&self, world: &mut World, entity: Entity, codes: &InputCodes, source: InputSource) {
        let input = G::Input::read_codes(codes.as_slice());
        match world.get_mut::<Controls<G::Input>>(entity) {
            Some(mut controls) => *controls = Controls { input, source },
            None => {
                world.entity_mut(entity).insert(Controls { input, source });
            }
        }
    }
}
