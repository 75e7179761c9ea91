//! Gems: run, and be the first at each gem. A whole game in one file; change it into yours.

use bevy_ecs::prelude::*;
use glam::IVec2;
use serde::{Deserialize, Serialize};
use server::{app, game_api::Game, sim::*};
use shared::ids::{EntityId, PlayerId};
use shared::schema::{Kind, Replicated, Schema, Text};
use std::{process::ExitCode, sync::Arc};

/// Side of the field, in whole numbers of which 10 make one unit.
const FIELD: i32 = 2_000;
/// How near a gem is taken.
const REACH: i32 = 60;
const RUNNER: Kind = Kind(0);
const GEM: Kind = Kind(1);

/// Where something is. What moves on as it did costs nothing to send.
#[derive(Component, Replicated, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    #[field(range = 0..=FIELD, step = 1, unit = 10, predictor = linear, position)]
    at: IVec2,
}

/// What everyone sees of a player.
#[derive(Component, Replicated, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Runner {
    #[field(range = 0..=9_999)]
    gems: u16,
    name: Text<20>,
}

/// What a player sends each tick: the server lets nothing else through. The default stands in when nothing comes.
#[derive(Replicated, Clone, Copy, Debug, Default)]
struct Wish {
    #[field(range = -1..=1, step = 1)]
    way: IVec2,
    hurry: bool,
}

/// Told once, to everyone.
#[derive(Replicated, Clone, Copy, Debug)]
struct Taken {
    by: EntityId,
}

struct Gems;

impl Game for Gems {
    type Input = Wish;

    fn schema(&self) -> Schema {
        Schema::new("gems")
            .component::<Place>()
            .component::<Runner>()
            .kind(RUNNER, "runner", &[Place::NAME, Runner::NAME])
            .kind(GEM, "gem", &[Place::NAME])
            .input::<Wish>()
            .event::<Taken>()
            .build()
            .expect("the schema is sound")
    }

    fn install(&self, world: &mut World, stages: &mut Stages, _: &RoomOptions) -> Result<(), RoomRefused> {
        stages.replicated::<Place>().replicated::<Runner>();
        stages.add(Stage::Move, run).add(Stage::Rules, take);
        for _ in 0..8 {
            let at = anywhere(&mut world.resource_mut::<Randomness>());
            let networked = world.resource_mut::<EntityIds>().spawn(GEM);
            world.spawn((networked, Place { at }));
        }
        Ok(())
    }

    fn on_join(&self, world: &mut World, player: PlayerId) -> EntityId {
        let at = anywhere(&mut world.resource_mut::<Randomness>());
        let name = Text::new(world.resource::<Players>().name(player).as_str());
        let networked = world.resource_mut::<EntityIds>().spawn(RUNNER);
        world.spawn((networked, Place { at }, Runner { gems: 0, name }));
        networked.id
    }

    /// The engine takes the runner of who leaves out of the world.
    fn on_leave(&self, _: &mut World, _: PlayerId) {}
}

fn anywhere(randomness: &mut Randomness) -> IVec2 {
    IVec2::new(randomness.below(FIELD as u32) as i32, randomness.below(FIELD as u32) as i32)
}

/// `set_if_neq`: what is written counts as changed, what is equal must not.
fn run(mut runners: Query<(&Controls<Wish>, &mut Place)>) {
    for (controls, mut place) in &mut runners {
        let pace = if controls.input.hurry { 12 } else { 6 };
        let at = (place.at + controls.input.way * pace).clamp(IVec2::ZERO, IVec2::splat(FIELD));
        place.set_if_neq(Place { at });
    }
}

/// The order of rows is nobody's business: where order matters, go by `Networked`.
fn take(
    mut gems: Query<(&Networked, &mut Place), Without<Runner>>,
    mut runners: Query<(&Networked, &Place, &mut Runner)>,
    mut randomness: ResMut<Randomness>,
    mut outbox: ResMut<Outbox>,
) {
    for (_, mut gem) in gems.iter_mut().sort::<&Networked>() {
        let near = |place: &Place| (place.at - gem.at).abs().max_element() <= REACH;
        let mut all = runners.iter_mut().sort::<&Networked>();
        if let Some((networked, _, mut runner)) = all.find(|(_, place, _)| near(place)) {
            runner.gems = (runner.gems + 1).min(9_999);
            gem.at = anywhere(&mut randomness);
            outbox.send(To::Everyone, &Taken { by: networked.id });
        }
    }
}

fn main() -> ExitCode {
    app::main(&[app::Offer::new("gems", || Arc::new(Gems))])
}
