//! A team is the World's, whatever the player's own entity shows of itself: who changes it sees with other eyes at once.

use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};
use server::game_api::Game;
use server::sim::{Answer, EntityIds, Outbox, Players, Requests, RoomOptions, RoomRefused, Sim, Stage, Stages, Team};
use server::sim::{InputSource, To};
use shared::Replicated;
use shared::ids::{EntityId, PlayerId};
use shared::schema::{Kind, Schema};
use std::sync::Arc;
use tests::Arena;
use tests::moment::{Sight, Things};

const RUNNER: Kind = Kind(0);
const FLAG: Kind = Kind(1);

/// What everyone sees of a player; the player's entity has nothing for its owner or its team.
#[derive(Component, Clone, Copy, Debug, Default, Replicated, Serialize, Deserialize)]
struct Place {
    #[field(range = 0..=100)]
    at: u8,
}

/// What a flag's team knows of it.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Replicated, Serialize, Deserialize)]
struct Secret {
    #[field(range = 0..=100, audience = team)]
    word: u8,
}

#[derive(Clone, Copy, Debug, Default, Replicated)]
struct Step {
    on: bool,
}

/// Asks to be of another team.
#[derive(Clone, Copy, Debug, Replicated)]
struct Switch {
    #[field(range = 0..=1)]
    team: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Replicated)]
struct Call {
    #[field(range = 0..=1)]
    team: u8,
}

/// Two teams, a flag for each.
struct Flags;

fn switch(world: &mut World) {
    let switches: Vec<_> = world.resource::<Requests>().of::<Switch>().collect();
    for (player, number, Switch { team }) in switches {
        let runner = world.resource::<Players>().entity(player);
        if let Some(entity) = runner.and_then(|id| world.resource::<EntityIds>().entity(id)) {
            world.entity_mut(entity).insert(Team(team));
        }
        let mut outbox = world.resource_mut::<Outbox>();
        outbox.answer(player, number, Answer::Done);
        for team in [0, 1] {
            outbox.send(To::Team(team), &Call { team });
        }
    }
}

impl Game for Flags {
    type Input = Step;

    fn schema(&self) -> Schema {
        Schema::new("flags")
            .component::<Place>()
            .component::<Secret>()
            .kind(RUNNER, "runner", &[Place::NAME])
            .kind(FLAG, "flag", &[Secret::NAME])
            .input::<Step>()
            .event::<Call>()
            .request::<Switch>()
            .build()
            .expect("a sound schema")
    }

    fn install(&self, world: &mut World, stages: &mut Stages, _: &RoomOptions) -> Result<(), RoomRefused> {
        stages.replicated::<Place>().replicated::<Secret>().add(Stage::Rules, switch);
        for team in [0, 1] {
            let networked = world.resource_mut::<EntityIds>().spawn(FLAG);
            world.spawn((networked, Secret { word: 40 + team }, Team(team)));
        }
        Ok(())
    }

    fn on_join(&self, world: &mut World, _: PlayerId) -> EntityId {
        let networked = world.resource_mut::<EntityIds>().spawn(RUNNER);
        world.spawn((networked, Place::default(), Team(0)));
        networked.id
    }

    fn on_leave(&self, _: &mut World, _: PlayerId) {}
}

/// The checkers know who may see what; the values are looked at by the story.
#[derive(Debug)]
struct Nothing;

impl Things for Nothing {
    fn differences(&self, _: &Sight<'_>) -> Vec<String> {
        Vec::new()
    }

    fn source(&self, _: PlayerId) -> Option<InputSource> {
        None
    }
}

fn words(arena: &Arena, client: usize) -> Vec<u8> {
    let replica = arena.clients[client].session.replica().expect("the client is in");
    replica.anchors().filter_map(|(slot, _)| replica.read::<Secret>(slot)).map(|secret| secret.word).collect()
}

#[test]
fn who_changes_team_is_told_no_more_of_the_old_ones_secrets_though_its_entity_has_nothing_for_a_team() {
    let look: fn(&Sim) -> Box<dyn Things> = |_| Box::new(Nothing);
    let mut arena = Arena::seeded(1).game(Arc::new(Flags), look).behaviours(None).clients(2).start();
    arena.run(5);
    arena.run_until_quiet();
    assert_eq!((words(&arena, 0), words(&arena, 1)), (vec![40], vec![40]));
    arena.request(0, &Switch { team: 1 });
    arena.run(2);
    assert_eq!((words(&arena, 0), words(&arena, 1)), (vec![41], vec![40]));
    let calls = |client: usize| arena.clients[client].log.events.iter().map(|event| event.codes[0]).collect::<Vec<_>>();
    assert_eq!((calls(0), calls(1)), (vec![1], vec![0]));
}
