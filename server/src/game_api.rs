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

use crate::sim::{Controls, InputCodes, InputSource, RoomGame, RoomOptions, RoomRefused, Stages};
use bevy_ecs::prelude::{Entity, World};
use shared::ids::{EntityId, PlayerId};
use shared::schema::{Replicated, Schema};

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

    /// Whether such an input is to be judged by what its player saw when it made it: then [`Rewind`](crate::sim::Rewind) tells in that
    /// step. It needs [`Stages::remembered`].
    fn looks_back(&self, input: &Self::Input) -> bool {
        let _ = input;
        false
    }

    /// A player entered; returns the entity that its inputs will drive. The player's name is in the resource `Players`.
    fn on_join(&self, world: &mut World, player: PlayerId) -> EntityId;

    /// A player left, for whatever reason. Called exactly once per join. The entity that `on_join` returned is despawned
    /// afterwards if it is still there.
    fn on_leave(&self, world: &mut World, player: PlayerId);

    /// A player's connection was cut. Its entity stays, with neutral controls, until the player is back (`on_back`) or its time is
    /// over (`on_leave`); the resource `Players` says who is away. A game that would rather have it safe takes it out of the field
    /// here. Default: it stands where it stood.
    fn on_away(&self, world: &mut World, player: PlayerId) {
        let _ = (world, player);
    }

    /// A player who was away is back in its seat; its inputs count again from this tick on.
    fn on_back(&self, world: &mut World, player: PlayerId) {
        let _ = (world, player);
    }
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

    fn on_away(&self, world: &mut World, player: PlayerId) {
        Game::on_away(self, world, player);
    }

    fn on_back(&self, world: &mut World, player: PlayerId) {
        Game::on_back(self, world, player);
    }

    fn neutral_input(&self) -> InputCodes {
        let mut codes = vec![0; G::Input::PART_COUNT];
        G::Input::default().write_codes(&mut codes);
        InputCodes::new(&codes)
    }

    fn looks_back(&self, codes: &InputCodes) -> bool {
        Game::looks_back(self, &G::Input::read_codes(codes.as_slice()))
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
