//! Do Arena's bots play? A hundred of them in one simulation, without a wire between: what they see is the World.

use bevy_ecs::entity::Entity;
use client_sim::game::bots::{Eyes, Fight, Wander};
use glam::IVec2;
use server::game::Arena;
use server::sim::{EntityIds, InputCodes, InputSource, Join, Networked, PlayerInput, RoomOptions, Sim, StepInput};
use shared::game::PLAYER;
use shared::game::components::{Health, Position, Score};
use shared::game::input::ArenaInput;
use shared::ids::{EntityId, PlayerId, Slot, Tick};
use shared::schema::{Replicated, Text};
use std::sync::Arc;

const BOTS: u32 = 100;
const TICKS: u32 = 20 * 30;

/// One player's eyes: a slot is the entity's number.
struct Watcher<'a> {
    sim: &'a Sim,
    player: PlayerId,
}

impl Watcher<'_> {
    fn entity(&self, slot: Slot) -> Option<Entity> {
        self.sim.world().resource::<EntityIds>().entity(EntityId(slot.0.into()))
    }
}

impl Eyes for Watcher<'_> {
    fn me(&self) -> Option<Slot> {
        self.sim.entity_of(self.player).map(|id| Slot(id.0 as u16))
    }

    fn players(&self) -> Vec<Slot> {
        let world = self.sim.world();
        let ids = world.resource::<EntityIds>().iter();
        let is_player = |entity| world.get::<Networked>(entity).is_some_and(|networked| networked.kind == PLAYER);
        ids.filter(|&(_, entity)| is_player(entity)).map(|(id, _)| Slot(id.0 as u16)).collect()
    }

    fn living(&self, player: Slot) -> Option<IVec2> {
        let entity = self.sim.world().entity(self.entity(player)?);
        entity.get::<Health>()?.is_alive().then_some(entity.get::<Position>()?.at)
    }
}

/// What happened in a match.
#[derive(Debug, Default)]
struct Tally {
    moved: usize,
    shots: u32,
    kills: u32,
    respawns: u32,
}

/// Plays a match in which each bot does what `act` says.
fn play(mut act: impl FnMut(usize, &Watcher<'_>) -> ArenaInput) -> Tally {
    let mut sim = Sim::new(Arc::new(Arena), &RoomOptions::default(), 0x5EED).expect("the game in the box is sound");
    let players = (0..BOTS).map(PlayerId);
    let joins = players.clone().map(|player| Join { player, name: Text::new("bot") }).collect();
    sim.step(&StepInput { tick: Tick(1), joins, ..StepInput::default() });
    let place = |sim: &Sim, player| {
        let watcher = Watcher { sim, player };
        watcher.me().and_then(|me| watcher.living(me))
    };
    let begun: Vec<_> = players.clone().map(|player| place(&sim, player)).collect();
    let mut moved = vec![false; begun.len()];
    for tick in 2..TICKS {
        let mut inputs = Vec::new();
        for player in players.clone() {
            let input = act(player.0 as usize, &Watcher { sim: &sim, player });
            let mut codes = [0; ArenaInput::PART_COUNT];
            assert_eq!(input.write_codes(&mut codes).0, 0, "{input:?} is in range");
            inputs.push(PlayerInput { player, codes: InputCodes::new(&codes), source: InputSource::Own, view: None });
        }
        sim.step(&StepInput { tick: Tick(tick), inputs, ..StepInput::default() });
        for (player, moved) in players.clone().zip(&mut moved) {
            *moved |= place(&sim, player) != begun[player.0 as usize];
        }
    }
    let mut tally = Tally { moved: moved.iter().filter(|&&moved| moved).count(), ..Tally::default() };
    for (_, entity) in sim.world().resource::<EntityIds>().iter() {
        if let Some(score) = sim.world().get::<Score>(entity) {
            tally.shots += u32::from(score.shots);
            tally.kills += u32::from(score.kills);
            tally.respawns += u32::from(score.respawns);
        }
    }
    tally
}

#[test]
fn a_hundred_fighters_move_shoot_kill_and_begin_again() {
    let mut bots: Vec<Fight> = (0..BOTS).map(|bot| Fight::new(bot.into())).collect();
    let tally = play(|bot, eyes| bots[bot].act(eyes));
    println!("{tally:?}");
    assert!(tally.moved >= 95 && tally.shots > 1000 && tally.kills > 100 && tally.respawns > 100, "{tally:?}");
}

#[test]
fn a_hundred_wanderers_move_and_harm_nobody() {
    let mut bots: Vec<Wander> = (0..BOTS).map(|bot| Wander::new(bot.into())).collect();
    let tally = play(|bot, eyes| bots[bot].act(eyes));
    assert!(tally.moved >= 95 && tally.shots == 0 && tally.respawns == 0, "{tally:?}");
}
