//! The smallest game, for tests of the worker: players are dots; some rooms go wrong on purpose, by their name.

use std::sync::Arc;

use bevy_ecs::prelude::{Component, Res, World};
use serde::{Deserialize, Serialize};
use shared::Replicated;
use shared::ids::{EntityId, PlayerId};
use shared::schema::{Kind, Schema};

use crate::game_api::Game;
use crate::sim::stages::{Stage, Stages};
use crate::sim::{EntityIds, RoomGame, RoomOptions, RoomRefused, SimTick};

/// A room of this name panics in its tenth tick.
pub(super) const DOOMED: &str = "doomed";
/// A room of this name is refused by the game.
pub(super) const REFUSED: &str = "refused";

const DOT: Kind = Kind(0);

#[derive(Component, Clone, Debug, Default, Replicated, Serialize, Deserialize)]
struct Dot {
    #[field(range = 0..=100)]
    place: u8,
}

#[derive(Clone, Debug, Default, Replicated)]
struct Step {
    #[field(range = -1..=1)]
    by: i8,
}

struct Dots;

/// The game as a worker is given it.
pub(super) fn dots() -> Arc<dyn RoomGame> {
    Arc::new(Dots)
}

/// Its schema, as a client has it.
pub(super) fn schema() -> Schema {
    Game::schema(&Dots)
}

impl Game for Dots {
    type Input = Step;

    fn schema(&self) -> Schema {
        let schema = Schema::new("dots").component::<Dot>().kind(DOT, "dot", &[Dot::NAME]).input::<Step>();
        schema.build().expect("a schema that stands here as it is")
    }

    fn install(&self, _: &mut World, stages: &mut Stages, options: &RoomOptions) -> Result<(), RoomRefused> {
        if options.name == REFUSED {
            return Err(RoomRefused::UnknownSetting { key: "anything".to_owned(), known: "nothing" });
        }
        stages.replicated::<Dot>();
        if options.name == DOOMED {
            stages.add(Stage::Rules, doom);
        }
        Ok(())
    }

    fn on_join(&self, world: &mut World, _: PlayerId) -> EntityId {
        let networked = world.resource_mut::<EntityIds>().spawn(DOT);
        world.spawn((networked, Dot { place: 50 }));
        networked.id
    }

    fn on_leave(&self, _: &mut World, _: PlayerId) {}
}

fn doom(tick: Res<SimTick>) {
    assert!(tick.0.0 < 10, "this room is doomed");
}
