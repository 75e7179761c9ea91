//! Tag: a whole game in two files, to be copied. It shares nothing with Arena but the engine.
//!
//! One runner is "it" and tags the next by touching it; who is tagged stands frozen for a second. A hat shows who was
//! tagged last. Two teams agree on plans that the other must not see, and only a runner knows how much breath it has left.
//!
//! ```text
//!   1. declare what travels: components, an input, events, requests      components.rs, #[derive(Replicated)]
//!   2. list them in a schema                                             components.rs, schema()
//!   3. register what the simulation reads, hang systems on stages        install()
//!   4. say what happens when a player comes and goes                     on_join(), on_leave()
//!   5. test it                                                           mod tests
//! ```
//!
//! Start it with `cargo run --release -p tickwire-server --example tag`; bots play it from its schema alone, so
//! `cargo run --release -p client-sim -- swarm` needs to know nothing of it.

mod components;

use bevy_ecs::prelude::*;
use components::{
    BREATH, Breath, FIELD, HAT, Hat, Mood, Plan, RUNNER, Rename, Runner, SetPlan, Shout, TagInput, Tagged, Walk,
};
use glam::IVec2;
use serde::{Deserialize, Serialize};
use server::app::{self, Offer};
use server::game_api::Game;
use server::sim::{
    Answer, Controls, EntityIds, Networked, Outbox, Players, Randomness, Requests, RoomOptions, RoomRefused, Stage,
    Stages, Team, To,
};
use shared::ids::{EntityId, PlayerId};
use shared::schema::{Schema, Text};
use std::process::ExitCode;
use std::sync::Arc;

/// How near two runners touch.
const REACH: i32 = 30;
/// Ticks that a tagged runner stands still.
const FROZEN_TICKS: u16 = 30;
/// Why a request is refused: a nick has at least one letter.
const REFUSED_EMPTY: u8 = 1;

/// The server's own: never sent, but saved and hashed like the rest.
#[derive(Component, Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Ice {
    ticks: u16,
}

struct Tag;

impl Game for Tag {
    type Input = TagInput;

    fn schema(&self) -> Schema {
        components::schema()
    }

    // 3. What the simulation reads, and what it does.
    fn install(&self, world: &mut World, stages: &mut Stages, options: &RoomOptions) -> Result<(), RoomRefused> {
        if let Some(key) = options.settings.keys().next() {
            return Err(RoomRefused::UnknownSetting { key: key.clone(), known: "nothing" });
        }
        stages
            .replicated::<Runner>()
            .replicated::<Breath>()
            .replicated::<Plan>()
            .replicated::<Hat>()
            .component::<Ice>();
        stages
            .add(Stage::ReadInputs, (rename, plan, shout).chain())
            .add(Stage::Move, run)
            .add(Stage::Rules, (choose, tag).chain());
        let hat = world.resource_mut::<EntityIds>().spawn(HAT);
        world.spawn((hat, Hat { wearer: EntityId::NONE }));
        Ok(())
    }

    // 4. Coming and going. The engine despawns the runner of who leaves.
    fn on_join(&self, world: &mut World, player: PlayerId) -> EntityId {
        let mut randomness = world.resource_mut::<Randomness>();
        let at = IVec2::new(randomness.below(FIELD as u32) as i32, randomness.below(FIELD as u32) as i32);
        let nick = Text::new(world.resource::<Players>().name(player).as_str());
        let networked = world.resource_mut::<EntityIds>().spawn(RUNNER);
        world.spawn((
            networked,
            Runner { at, mood: Mood::Calm, is_it: false, nick },
            Breath { left: BREATH },
            Plan::default(),
            Ice::default(),
            Team((player.0 % 2) as u8),
        ));
        networked.id
    }

    fn on_leave(&self, _: &mut World, _: PlayerId) {}
}

// Systems are free functions. Where order matters they go by `Networked`, which is the entity's number: the order of
// rows in a table is nobody's business.

fn rename(
    requests: Res<Requests>,
    players: Res<Players>,
    ids: Res<EntityIds>,
    mut outbox: ResMut<Outbox>,
    mut runners: Query<&mut Runner>,
) {
    for (player, number, Rename { nick }) in requests.of::<Rename>() {
        let entity = players.entity(player).and_then(|id| ids.entity(id));
        let Some(mut runner) = entity.and_then(|entity| runners.get_mut(entity).ok()) else { continue };
        let answer = if nick.as_str().is_empty() {
            Answer::Refused(REFUSED_EMPTY)
        } else {
            runner.nick = nick;
            Answer::Done
        };
        outbox.answer(player, number, answer);
    }
}

fn plan(
    requests: Res<Requests>,
    players: Res<Players>,
    ids: Res<EntityIds>,
    mut outbox: ResMut<Outbox>,
    mut plans: Query<&mut Plan>,
) {
    for (player, number, SetPlan { goal, note }) in requests.of::<SetPlan>() {
        let entity = players.entity(player).and_then(|id| ids.entity(id));
        let Some(mut plan) = entity.and_then(|entity| plans.get_mut(entity).ok()) else { continue };
        plan.set_if_neq(Plan { goal, note });
        outbox.answer(player, number, Answer::Done);
    }
}

fn shout(runners: Query<(&Networked, &Controls<TagInput>, &Runner, &Team)>, mut outbox: ResMut<Outbox>) {
    for (networked, controls, runner, team) in runners.iter().sort::<&Networked>() {
        if controls.input.shout {
            outbox.send(To::Team(team.0), &Shout { who: networked.id, mood: runner.mood });
        }
    }
}

/// `set_if_neq`: what is written counts as changed, what is equal must not.
fn run(mut runners: Query<(&Controls<TagInput>, &mut Runner, &mut Breath, &mut Ice)>) {
    for (controls, mut runner, mut breath, mut ice) in &mut runners {
        ice.ticks = ice.ticks.saturating_sub(1);
        let way = match controls.input.walk {
            Walk::Stay => IVec2::ZERO,
            Walk::North => IVec2::NEG_Y,
            Walk::East => IVec2::X,
            Walk::South => IVec2::Y,
            Walk::West => IVec2::NEG_X,
        };
        let hurries = controls.input.pace > 1 && way != IVec2::ZERO && breath.left > 0;
        let pace = if hurries { i32::from(controls.input.pace) } else { i32::from(controls.input.pace.min(1)) };
        let left = if hurries { breath.left - 1 } else { (breath.left + 1).min(BREATH) };
        let free = ice.ticks == 0;
        let at = (runner.at + way * pace * 2 * i32::from(free)).clamp(IVec2::ZERO, IVec2::splat(FIELD));
        let mood = match (free, at == runner.at) {
            (false, _) => Mood::Frozen,
            (true, true) => Mood::Calm,
            (true, false) => Mood::Running,
        };
        let now = Runner { at, mood, ..*runner };
        runner.set_if_neq(now);
        breath.set_if_neq(Breath { left });
    }
}

/// Somebody must be it.
fn choose(mut runners: Query<(&Networked, &mut Runner)>) {
    if !runners.iter().any(|(_, runner)| runner.is_it)
        && let Some((_, mut runner)) = runners.iter_mut().sort::<&Networked>().next()
    {
        runner.is_it = true;
    }
}

fn tag(mut runners: Query<(&Networked, &mut Runner, &mut Ice)>, mut hats: Query<&mut Hat>, mut outbox: ResMut<Outbox>) {
    let free_it = runners.iter().find(|(_, runner, ice)| runner.is_it && ice.ticks == 0);
    let Some((by, at)) = free_it.map(|(networked, runner, _)| (networked.id, runner.at)) else { return };
    let touched = runners.iter().sort::<&Networked>().find(|(networked, runner, ice)| {
        networked.id != by && ice.ticks == 0 && (runner.at - at).abs().max_element() <= REACH
    });
    let Some(who) = touched.map(|(networked, ..)| networked.id) else { return };
    for (networked, mut runner, mut ice) in &mut runners {
        if networked.id == by {
            runner.is_it = false;
        } else if networked.id == who {
            runner.is_it = true;
            ice.ticks = FROZEN_TICKS;
        }
    }
    for mut hat in &mut hats {
        hat.wearer = who;
    }
    outbox.send(To::Everyone, &Tagged { by, who });
}

fn main() -> ExitCode {
    app::main(&[Offer::new("tag", || Arc::new(Tag))])
}

// 5. Test it: the engine promises that the same steps give the same world, whatever the rows of its tables are.
#[cfg(test)]
mod tests {
    use super::*;
    use server::sim::{InputCodes, InputSource, Join, PlayerInput, PlayerRequest, Sim, StepInput};
    use shared::ids::Tick;

    /// Eight players who press anything.
    fn romp(tick: u32, chance: &mut Randomness, schema: &Schema) -> StepInput {
        let mut step = StepInput { tick: Tick(tick), ..StepInput::default() };
        if tick == 1 {
            step.joins =
                (0..8).map(|player| Join { player: PlayerId(player), name: Text::new("Ann"), secret: None }).collect();
        }
        for player in (0..8).map(PlayerId).filter(|_| tick % 20 == 1) {
            let codes: Vec<i32> = schema.input.parts().iter().map(|part| chance.below(part.last + 1) as i32).collect();
            step.inputs.push(PlayerInput {
                player,
                codes: InputCodes::new(&codes),
                source: InputSource::Own,
                view: None,
            });
            if chance.below(50) == 0 {
                let kind = chance.below(schema.requests.len() as u32) as u8;
                let codes = vec![0; schema.requests[usize::from(kind)].part_count()];
                step.requests.push(PlayerRequest { player, number: tick as u16, kind, codes });
            }
        }
        step
    }

    #[test]
    fn a_romp_is_the_same_whatever_the_rows_are_and_nothing_leaves_its_range() {
        let room = || Sim::new(Arc::new(Tag), &RoomOptions::default(), 7).expect("a sound game");
        let (mut straight, mut moved) = (room(), room());
        let (mut columns, mut chance, mut tagged) = (straight.columns(), Randomness::seeded(1), 0);
        for tick in 1..=900 {
            let step = romp(tick, &mut chance, straight.schema());
            straight.step(&step);
            moved.permute_rows(u64::from(tick));
            moved.step(&step);
            assert_eq!(straight.hash(), moved.hash(), "tick {tick}");
            for column in &mut columns {
                column.changed(straight.world(), straight.changed_since(), &mut |_, id, codes, clamped| {
                    assert_eq!(clamped.0, 0, "{id:?} {codes:?}");
                });
            }
            tagged += straight.world().resource::<Outbox>().events().iter().filter(|sent| sent.kind == 0).count();
        }
        assert!(tagged > 0, "somebody was tagged");
    }
}
