//! Do Arena's bots play? A hundred of them in one simulation, without a wire between: what they see is the World.

use bevy_ecs::prelude::{Component, Entity};
use client_sim::game::bots::{Eyes, Fight, Wander};
use glam::IVec2;
use server::game::Arena;
use server::sim::{EntityIds, InputCodes, InputSource, Join, Networked, PlayerInput, RoomOptions, Sim, StepInput};
use shared::game::components::{Body, Health, Position, Score};
use shared::game::input::ArenaInput;
use shared::game::map::Map;
use shared::game::maps::Maps;
use shared::game::pickup::{Pickup, Sort};
use shared::game::round::{Faction, Match, Side};
use shared::game::{MATCH, PICKUP, PLAYER};
use shared::ids::{EntityId, PlayerId, Slot, Tick};
use shared::schema::{Kind, Replicated, Text};
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

    fn all(&self, kind: Kind) -> impl Iterator<Item = (Slot, Entity)> + '_ {
        let world = self.sim.world();
        let of_kind = move |entity| world.get::<Networked>(entity).is_some_and(|networked| networked.kind == kind);
        let ids = world.resource::<EntityIds>().iter().filter(move |&(_, entity)| of_kind(entity));
        ids.map(|(id, entity)| (Slot(id.0 as u16), entity))
    }

    fn read<T: Component + Copy>(&self, slot: Slot) -> Option<T> {
        self.sim.world().get::<T>(self.entity(slot)?).copied()
    }
}

impl Eyes for Watcher<'_> {
    fn me(&self) -> Option<Slot> {
        self.sim.entity_of(self.player).map(|id| Slot(id.0 as u16))
    }

    fn players(&self) -> Vec<Slot> {
        self.all(PLAYER).map(|(slot, _)| slot).collect()
    }

    fn living(&self, player: Slot) -> Option<IVec2> {
        let entity = self.sim.world().entity(self.entity(player)?);
        entity.get::<Health>()?.is_alive().then_some(entity.get::<Position>()?.at)
    }

    fn health(&self, player: Slot) -> Option<u8> {
        self.read::<Health>(player).map(|health| health.hp)
    }

    fn faction(&self, player: Slot) -> Faction {
        self.read::<Side>(player).map_or(Faction::Alone, |side| side.faction)
    }

    fn body(&self) -> Option<Body> {
        self.read(self.me()?)
    }

    fn pickups(&self) -> Vec<(IVec2, Sort)> {
        let lying = self.all(PICKUP).filter_map(|(slot, _)| Some((self.read::<Position>(slot)?, self.read(slot)?)));
        lying
            .filter(|(_, pickup): &(_, Pickup)| pickup.present)
            .map(|(position, pickup)| (position.at, pickup.sort))
            .collect()
    }

    fn map(&self, maps: &Maps) -> Option<Arc<Map>> {
        let (slot, _) = self.all(MATCH).next()?;
        maps.find(self.read::<Match>(slot)?.map.as_str())
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
    let mut sim =
        Sim::new(Arc::new(Arena::default()), &RoomOptions::default(), 0x5EED).expect("the game in the box is sound");
    let players = (0..BOTS).map(PlayerId);
    let joins = players.clone().map(|player| Join { player, name: Text::new("bot"), secret: None }).collect();
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

fn fighters(count: u64) -> Vec<Fight> {
    let maps = Maps::in_the_box();
    (0..count).map(|bot| Fight::new(bot, maps.clone())).collect()
}

#[test]
fn a_hundred_fighters_move_shoot_kill_and_begin_again() {
    let mut bots = fighters(BOTS.into());
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

/// Ticks of the match that is played twice.
const RECORDED_TICKS: u32 = 10_000;

/// What it comes to, in every build and on every machine. It changes with Arena's rules, its bots and the save's format: then put the
/// new one here, and say so.
const COMES_TO: u64 = 0xf8b8_f4c6_7aac_96ce;

/// Short rounds in two teams, so that all maps, their undergrowth and all phases are in it.
fn rounds() -> Sim {
    let settings = [("maps", "courtyard,gardens,crossroads"), ("round_s", "10"), ("mode", "teams"), ("kills", "0")];
    let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let options = RoomOptions { settings, ..RoomOptions::default() };
    Sim::new(Arc::new(Arena::default()), &options, 0x5EED).expect("the game in the box is sound")
}

/// What 32 fighters did in a match, and its number after each tick.
fn record(mut bots: Vec<Fight>) -> (Vec<StepInput>, Vec<u64>) {
    let players = (0..bots.len() as u32).map(PlayerId);
    let joins = players.clone().map(|player| Join { player, name: Text::new("bot"), secret: None }).collect();
    let mut sim = rounds();
    let mut steps = vec![StepInput { tick: Tick(1), joins, ..StepInput::default() }];
    let mut hashes = Vec::new();
    for tick in 2..=RECORDED_TICKS {
        let step = steps.last().expect("the joins are one");
        sim.step(step);
        hashes.push(sim.hash());
        let inputs = players.clone().zip(&mut bots).map(|(player, bot)| {
            let mut codes = [0; ArenaInput::PART_COUNT];
            bot.act(&Watcher { sim: &sim, player }).write_codes(&mut codes);
            PlayerInput { player, codes: InputCodes::new(&codes), source: InputSource::Own, view: None }
        });
        steps.push(StepInput { tick: Tick(tick), inputs: inputs.collect(), ..StepInput::default() });
    }
    (steps, hashes)
}

#[test]
fn a_match_of_fighters_comes_to_the_same_again_in_every_tick_from_what_was_recorded() {
    let (steps, hashes) = record(fighters(32));
    let mut again = rounds();
    let mut deaths = 0;
    for (step, hash) in steps.iter().zip(&hashes) {
        again.permute_rows(u64::from(step.tick.0));
        again.step(step);
        assert_eq!(again.hash(), *hash, "tick {}", step.tick.0);
        let ids = again.world().resource::<EntityIds>();
        deaths = deaths.max(
            ids.iter().filter_map(|(_, entity)| again.world().get::<Score>(entity)).map(|score| score.deaths).sum(),
        );
    }
    assert!(deaths > 20, "the match has seen something: {deaths}");
    assert_eq!(hashes.last(), Some(&COMES_TO), "{} ticks", hashes.len());
}
