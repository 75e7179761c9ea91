//! A whole match in small: the game's rules together, without a wire.

use super::*;
use crate::sim::{Answer, Outbox, Sent, SimTick, To};
use crate::sim::{InputCodes, InputSource, Join, Networked, PlayerInput, PlayerRequest, Randomness, Sim, StepInput};
use glam::IVec2;
use shared::game::chat::{REFUSED_EMPTY, REFUSED_NO_TEAM, REFUSED_TOO_FAST, Said, Say};
use shared::game::components::{GiveUp, Kill};
use shared::game::constants::{PICKUP_HEALTH, PICKUP_ROCKETS, ROCKET_DAMAGE, ROCKETS_AT_FIRST, SPLASH_DAMAGE, TILE};
use shared::game::pickup::{Sort, Taken};
use shared::game::round::{Faction, Phase, RoundOver};
use shared::game::weapon::Weapon;
use shared::ids::Tick;
use shared::schema::Replicated;
use std::sync::Arc;

fn sim(map: &str) -> Sim {
    let settings = [("map".to_owned(), map.to_owned())].into();
    Sim::new(Arc::new(Arena::default()), &RoomOptions { settings, ..RoomOptions::default() }, 0x5EED)
        .expect("a sound game")
}

fn join(player: u32) -> Join {
    Join { player: PlayerId(player), name: Text::new("a name that is longer than a plate"), secret: None }
}

fn input(player: u32, input: ArenaInput) -> PlayerInput {
    let mut codes = [0; ArenaInput::PART_COUNT];
    input.write_codes(&mut codes);
    PlayerInput { player: PlayerId(player), codes: InputCodes::new(&codes), source: InputSource::Own, view: None }
}

/// Twelve players who do anything, one of whom leaves and one of whom gives up now and then.
fn brawl(tick: u32, chance: &mut Randomness) -> StepInput {
    let mut step = StepInput { tick: Tick(tick), ..StepInput::default() };
    if tick == 1 {
        step.joins = (0..12).map(join).collect();
    }
    if tick % 50 == 49 {
        step.leaves.push(PlayerId(tick / 50));
        step.joins.push(join(100 + tick));
    }
    for player in 0..12 {
        let held = chance.bits();
        let thrust = IVec2::new((held % 3) as i32 - 1, (held / 3 % 3) as i32 - 1);
        let aim = (held >> 16) as u16;
        let weapon = if held & 0x3000 == 0 { Weapon::RocketLauncher } else { Weapon::Rifle };
        let (fire, dash) = (held & 64 != 0, held & 1920 == 0);
        step.inputs.push(input(player, ArenaInput { thrust, aim, weapon, fire, dash }));
    }
    if tick % 40 == 13 {
        step.requests.push(PlayerRequest { player: PlayerId(9), number: tick as u16, kind: 0, codes: Vec::new() });
    }
    step
}

fn value<T: Component + Copy>(sim: &Sim, player: u32) -> T {
    let id = sim.entity_of(PlayerId(player)).expect("it is in");
    let entity = sim.world().resource::<EntityIds>().entity(id).expect("it lives");
    *sim.world().get::<T>(entity).expect("it has one")
}

#[test]
fn a_match_is_the_same_again_whatever_the_rows_are_and_after_a_save() {
    let (mut straight, mut moved) = (sim("courtyard"), sim("courtyard"));
    let mut chance = Randomness::seeded(7);
    for tick in 1..=300 {
        let step = brawl(tick, &mut chance);
        straight.step(&step);
        moved.permute_rows(u64::from(tick));
        if tick == 150 {
            let bytes = moved.save();
            moved = sim("courtyard");
            moved.load(&bytes).expect("its own save");
        }
        moved.step(&step);
        assert_eq!(straight.hash(), moved.hash(), "tick {tick}");
    }
    let deaths: u16 = (6..12).map(|player| value::<Score>(&straight, player).deaths).sum();
    assert!(deaths > 0, "the match has seen something");
}

/// A change of rules changes this number; another machine, compiler or build profile must not.
#[test]
fn a_match_comes_to_the_same_number_everywhere() {
    let mut sim = sim("crossroads");
    let mut chance = Randomness::seeded(13);
    for tick in 1..=300 {
        sim.step(&brawl(tick, &mut chance));
    }
    assert_eq!(sim.hash(), 545_158_689_888_734_390);
}

#[test]
fn rooms_of_a_game_on_the_same_map_share_it() {
    let game = Arc::new(Arena::default());
    let of = |name: &str| {
        let options = RoomOptions { settings: [("map".to_owned(), name.to_owned())].into(), ..RoomOptions::default() };
        let sim = Sim::new(game.clone(), &options, 0x5EED).expect("a sound game");
        sim.world().resource::<ground::Rotation>().0[0].clone()
    };
    assert!(Arc::ptr_eq(&of("courtyard"), &of("courtyard")));
    assert_ne!(of("courtyard"), of("crossroads"));
}

#[test]
fn nothing_that_is_sent_is_out_of_its_range() {
    let mut sim = sim("courtyard");
    let mut columns = sim.columns();
    let mut chance = Randomness::seeded(11);
    for tick in 1..=300 {
        sim.step(&brawl(tick, &mut chance));
        for column in &mut columns {
            column.changed(sim.world(), sim.changed_since(), &mut |_, networked, codes, clamped| {
                assert_eq!(clamped.0, 0, "{networked:?} {codes:?}");
            });
        }
    }
}

#[test]
fn a_shot_player_dies_and_begins_again() {
    let mut sim = sim("courtyard");
    sim.step(&StepInput { tick: Tick(1), joins: vec![join(1), join(2)], ..StepInput::default() });
    // Side by side in the open, whatever their places were.
    let at = IVec2::new(16, 2) * TILE;
    for (player, at) in [(1, at), (2, at + IVec2::new(20_000, 0))] {
        let id = sim.entity_of(PlayerId(player)).expect("it is in");
        let entity = sim.world().resource::<EntityIds>().entity(id).expect("it lives");
        sim.world_for_tests().get_mut::<Body>(entity).expect("a player").at = at;
    }
    let shooter = sim.entity_of(PlayerId(1)).expect("it is in");
    let victim = sim.entity_of(PlayerId(2)).expect("it is in");
    let mut killed = None;
    for tick in 2..120 {
        let fire = input(1, ArenaInput { fire: killed.is_none(), ..ArenaInput::default() });
        sim.step(&StepInput { tick: Tick(tick), inputs: vec![fire], ..StepInput::default() });
        let mut codes = vec![0; Kill::PART_COUNT];
        Kill { killer: shooter, victim }.write_codes(&mut codes);
        if sim.world().resource::<Outbox>().events().contains(&Sent { to: To::Everyone, kind: 1, codes }) {
            assert_eq!(value::<Health>(&sim, 2).hp, 0);
            killed = Some(tick);
        }
        let waiting = killed.is_some_and(|killed| tick < killed + 60);
        assert_eq!(value::<Health>(&sim, 2).is_alive(), !waiting, "tick {tick}, killed {killed:?}");
    }
    assert!(killed.is_some());
    let score = value::<Score>(&sim, 1);
    assert_eq!((score.kills, score.deaths), (1, 0));
    assert!(score.shots >= 4);
    let score = value::<Score>(&sim, 2);
    assert_eq!((score.kills, score.deaths, score.respawns), (0, 1, 1));
}

#[test]
fn giving_up_ends_a_life_once() {
    let mut sim = sim("courtyard");
    sim.step(&StepInput { tick: Tick(1), joins: vec![join(1)], ..StepInput::default() });
    let mut answers = Vec::new();
    for tick in 2..4 {
        let kind = sim.schema().request_index(GiveUp::NAME).expect("declared") as u8;
        let request = PlayerRequest { player: PlayerId(1), number: 5, kind, codes: Vec::new() };
        sim.step(&StepInput { tick: Tick(tick), requests: vec![request], ..StepInput::default() });
        answers.extend(sim.world().resource::<Outbox>().answers().iter().map(|answered| answered.answer));
    }
    assert_eq!(answers, [Answer::Done, Answer::Refused(life::REFUSED_DEAD)]);
    assert_eq!(value::<Score>(&sim, 1).deaths, 1);
}

#[test]
fn who_leaves_takes_its_body_along_and_its_shots_fly_on() {
    let mut sim = sim("courtyard");
    sim.step(&StepInput { tick: Tick(1), joins: vec![join(1)], ..StepInput::default() });
    let fire = input(1, ArenaInput { fire: true, weapon: Weapon::RocketLauncher, ..ArenaInput::default() });
    sim.step(&StepInput { tick: Tick(2), inputs: vec![fire], ..StepInput::default() });
    sim.step(&StepInput { tick: Tick(3), leaves: vec![PlayerId(1)], ..StepInput::default() });
    let kinds: Vec<_> = sim
        .world()
        .resource::<EntityIds>()
        .iter()
        .filter_map(|(_, entity)| sim.world().get::<Networked>(entity).map(|networked| networked.kind))
        .collect();
    let flying = kinds.iter().filter(|kind| **kind == shared::game::PROJECTILE).count();
    assert_eq!((flying, kinds.contains(&PLAYER)), (1, false));
}

/// A room with these settings and players 1 to `players`, one tick old.
fn room(settings: &[(&str, &str)], players: u32) -> Sim {
    let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let options = RoomOptions { settings, ..RoomOptions::default() };
    let mut sim = Sim::new(Arc::new(Arena::default()), &options, 0x5EED).expect("a sound game");
    sim.step(&StepInput { tick: Tick(1), joins: (1..=players).map(join).collect(), ..StepInput::default() });
    sim
}

fn entity(sim: &Sim, player: u32) -> Entity {
    let id = sim.entity_of(PlayerId(player)).expect("it is in");
    sim.world().resource::<EntityIds>().entity(id).expect("it lives")
}

/// Changes a player's component, as no rule may.
fn change<T: Component<Mutability = bevy_ecs::component::Mutable>>(
    sim: &mut Sim,
    player: u32,
    change: impl FnOnce(&mut T),
) {
    let entity = entity(sim, player);
    change(&mut sim.world_for_tests().get_mut::<T>(entity).expect("it has one"));
}

fn stand(sim: &mut Sim, player: u32, at: IVec2) {
    change(sim, player, |body: &mut Body| *body = Body { at, velocity: IVec2::ZERO, ..*body });
}

/// The middle of a tile.
fn tile(x: i32, y: i32) -> IVec2 {
    IVec2::new(x, y) * TILE + IVec2::splat(TILE / 2)
}

/// Steps on with these inputs, whoever they are of.
fn go_on(sim: &mut Sim, inputs: &[PlayerInput]) {
    let tick = Tick(sim.world().resource::<SimTick>().0.0 + 1);
    sim.step(&StepInput { tick, inputs: inputs.to_vec(), ..StepInput::default() });
}

fn the_match(sim: &mut Sim) -> Match {
    let world = sim.world_for_tests();
    *world.query::<&Match>().single(world).expect("one match")
}

/// To whom an event of a kind was told in the last step.
fn told<T: Replicated>(sim: &Sim) -> Vec<(To, T)> {
    let kind = sim.schema().event_index(T::NAME).expect("declared") as u8;
    let events = sim.world().resource::<Outbox>().events().iter().filter(|event| event.kind == kind);
    events.map(|event| (event.to, T::read_codes(&event.codes))).collect()
}

#[test]
fn a_rocket_hurts_whom_it_hits_and_who_is_near_but_nobody_behind_a_wall() {
    let mut sim = room(&[("map", "courtyard")], 4);
    // Player 3 stands near to 2; player 4 as near, but a wall lies between.
    for (player, at) in [(1, tile(12, 2)), (2, tile(4, 2)), (3, tile(4, 1)), (4, tile(4, 5))] {
        stand(&mut sim, player, at);
    }
    let weapon = Weapon::RocketLauncher;
    let aim = 1 << 15;
    let shot = input(1, ArenaInput { fire: true, aim, weapon, ..ArenaInput::default() });
    go_on(&mut sim, &[shot]);
    assert_eq!(value::<Body>(&sim, 1).rockets, ROCKETS_AT_FIRST - 1);
    let release = input(1, ArenaInput { aim, weapon, ..ArenaInput::default() });
    for _ in 0..30 {
        go_on(&mut sim, &[release]);
    }
    let health = [1, 2, 3, 4].map(|player| value::<Health>(&sim, player).hp);
    assert_eq!((health[0], health[1]), (HP_MAX, HP_MAX - ROCKET_DAMAGE), "{health:?}");
    assert!(health[2] < HP_MAX && health[2] > HP_MAX - SPLASH_DAMAGE, "{health:?}");
    assert_eq!(health[3], HP_MAX, "the wall shields it");
}

#[test]
fn a_projectile_says_who_shot_it_and_in_which_tick() {
    let mut sim = room(&[("map", "courtyard")], 1);
    let fire = ArenaInput { fire: true, weapon: Weapon::RocketLauncher, ..ArenaInput::default() };
    go_on(&mut sim, &[input(1, fire)]);
    let shooter = sim.entity_of(PlayerId(1)).expect("it is in");
    let world = sim.world_for_tests();
    let projectile = *world.query::<&Projectile>().single(world).expect("one rocket");
    assert_eq!((projectile.shooter, projectile.shot_at), (shooter, 2));
}

#[test]
fn what_lies_about_is_taken_by_who_needs_it_and_comes_again() {
    let mut sim = room(&[("map", "courtyard")], 1);
    let map = Maps::in_the_box().find("courtyard").expect("in the box");
    let (at, _) = *map.pickups().iter().find(|(_, sort)| *sort == Sort::Health).expect("health lies there");
    let present = |sim: &mut Sim| {
        let world = sim.world_for_tests();
        world.query::<(&Pickup, &Position)>().iter(world).any(|(pickup, position)| position.at == at && pickup.present)
    };
    stand(&mut sim, 1, at);
    go_on(&mut sim, &[]);
    assert!(present(&mut sim), "who is whole leaves it");
    change(&mut sim, 1, |health: &mut Health| health.hp = 10);
    go_on(&mut sim, &[]);
    assert_eq!(value::<Health>(&sim, 1).hp, 10 + PICKUP_HEALTH);
    assert_eq!(told::<Taken>(&sim), [(To::Player(PlayerId(1)), Taken { sort: Sort::Health })]);
    assert!(!present(&mut sim));
    stand(&mut sim, 1, tile(16, 2));
    // Health lasts over the beginning of the round, which lays all out anew.
    let mut missing = 0;
    while !present(&mut sim) {
        go_on(&mut sim, &[]);
        missing += 1;
    }
    assert!(missing > 100, "{missing}");
}

#[test]
fn ammunition_that_is_taken_is_marked_as_not_foreseen() {
    let mut sim = room(&[("map", "courtyard")], 1);
    let map = Maps::in_the_box().find("courtyard").expect("in the box");
    let (at, _) = *map.pickups().iter().find(|(_, sort)| *sort == Sort::Rockets).expect("rockets lie there");
    let touched = value::<Body>(&sim, 1).touched;
    stand(&mut sim, 1, at);
    go_on(&mut sim, &[]);
    let body = value::<Body>(&sim, 1);
    assert_eq!((body.rockets, body.touched), (ROCKETS_AT_FIRST + PICKUP_ROCKETS, touched + 1));
}

#[test]
fn newcomers_even_out_two_teams_begin_at_their_own_places_and_allies_do_no_harm() {
    let mut sim = room(&[("map", "gardens"), ("mode", "teams")], 5);
    let sides: Vec<Faction> = (1..=5).map(|player| value::<Side>(&sim, player).faction).collect();
    let (red, blue) = (Faction::Red, Faction::Blue);
    assert_eq!(sides, [red, blue, red, blue, red]);
    let map = Maps::in_the_box().find("gardens").expect("in the box");
    for player in 1..=5 {
        let faction = value::<Side>(&sim, player).faction;
        assert!(map.spawns(faction).contains(&value::<Body>(&sim, player).at));
        assert_eq!(Some(sim.world().get::<Team>(entity(&sim, player)).expect("of a team").0), faction.team());
    }
    for (player, at) in [(1, tile(10, 2)), (3, tile(12, 2)), (2, tile(10, 5))] {
        stand(&mut sim, player, at);
    }
    let mut shoot = |aim: u16| {
        for _ in 0..30 {
            go_on(&mut sim, &[input(1, ArenaInput { aim, fire: true, ..ArenaInput::default() })]);
        }
        [2, 3].map(|player| value::<Health>(&sim, player).hp)
    };
    assert_eq!(shoot(0), [HP_MAX, HP_MAX], "an ally");
    assert!(shoot(1 << 14)[0] < HP_MAX, "an enemy");
}

#[test]
fn a_round_warms_up_is_played_shows_its_result_and_is_followed_by_the_next_map() {
    let mut sim = room(&[("maps", "courtyard,gardens"), ("round_s", "10"), ("mode", "teams")], 3);
    change(&mut sim, 1, |score: &mut Score| score.kills = 3);
    let mut phases = vec![];
    for _ in 0..30 * 30 {
        let before = the_match(&mut sim);
        go_on(&mut sim, &[]);
        let now = the_match(&mut sim);
        if now.phase != before.phase {
            let kills = value::<Score>(&sim, 1).kills;
            phases.push((now.phase, now.map.as_str().to_owned(), kills, told::<RoundOver>(&sim).len()));
            change(&mut sim, 1, |score: &mut Score| score.kills = 2);
        }
    }
    let (yard, gardens) = ("courtyard".to_owned(), "gardens".to_owned());
    let expected = [
        (Phase::Play, yard.clone(), 0, 0),
        (Phase::Result, yard, 2, 1),
        (Phase::WarmUp, gardens.clone(), 0, 0),
        (Phase::Play, gardens, 0, 0),
    ];
    assert_eq!(phases, expected);
    assert_eq!(the_match(&mut sim).round, 1);
    let map = Maps::in_the_box().find("gardens").expect("in the box");
    for player in 1..=3 {
        let (body, side) = (value::<Body>(&sim, player), value::<Side>(&sim, player));
        assert!(map.spawns(side.faction).contains(&body.at), "all begin on the new map");
    }
    let world = sim.world_for_tests();
    assert_eq!(world.query::<&Pickup>().iter(world).count(), map.pickups().len());
}

#[test]
fn enough_kills_end_a_round_and_then_nobody_is_hurt() {
    let mut sim = room(&[("map", "courtyard"), ("kills", "3")], 2);
    while the_match(&mut sim).phase != Phase::Play {
        go_on(&mut sim, &[]);
    }
    change(&mut sim, 1, |score: &mut Score| score.kills = 3);
    go_on(&mut sim, &[]);
    assert_eq!(the_match(&mut sim).phase, Phase::Result);
    let best = sim.entity_of(PlayerId(1)).expect("it is in");
    assert_eq!(told::<RoundOver>(&sim), [(To::Everyone, RoundOver { winner: Faction::Alone, best })]);
    stand(&mut sim, 1, tile(16, 2));
    stand(&mut sim, 2, tile(19, 2));
    for _ in 0..30 {
        go_on(&mut sim, &[input(1, ArenaInput { fire: true, ..ArenaInput::default() })]);
    }
    assert_eq!(value::<Health>(&sim, 2).hp, HP_MAX);
}

#[test]
fn who_stands_in_undergrowth_is_seen_by_its_team_by_who_is_near_and_by_whom_it_hits() {
    let mut sim = room(&[("map", "gardens"), ("mode", "teams")], 4);
    // 1 and 3 are red; 1 hides, 2 and 4 are blue: one far, one near.
    for (player, at) in [(1, tile(17, 5)), (2, tile(26, 5)), (3, tile(40, 28)), (4, tile(20, 2))] {
        stand(&mut sim, player, at);
    }
    go_on(&mut sim, &[]);
    let sees = |sim: &Sim, viewer: u32, target: u32| {
        let of = |player| sim.entity_of(PlayerId(player)).expect("it is in");
        sim.sight().expect("a rule").sees(of(viewer), of(target))
    };
    assert_eq!([2, 3, 4].map(|viewer| sees(&sim, viewer, 1)), [false, true, true]);
    assert!(sees(&sim, 1, 2), "who stands in the open is seen");
    let of = |player| sim.entity_of(PlayerId(player)).expect("it is in");
    let (shooter, target) = (of(1), of(2));
    sim.world_for_tests().resource_mut::<combat::Impacts>().add(shooter, target, 1);
    go_on(&mut sim, &[]);
    assert!(sees(&sim, 2, 1), "it was hit");
    for _ in 0..60 {
        go_on(&mut sim, &[]);
    }
    assert!(!sees(&sim, 2, 1), "for a moment only");
}

#[test]
fn without_undergrowth_there_is_no_rule_of_sight() {
    assert!(room(&[], 1).sight().is_none());
    assert!(room(&[("maps", "crossroads,courtyard")], 1).sight().is_some());
}

#[test]
fn what_is_said_is_told_to_all_or_to_the_team_and_no_faster_than_one_reads() {
    let mut sim = room(&[("mode", "teams")], 2);
    let mut say = |text: &str, team: bool| {
        let kind = sim.schema().request_index(Say::NAME).expect("declared") as u8;
        let mut codes = vec![0; Say::PART_COUNT];
        Say { team, text: Text::new(text) }.write_codes(&mut codes);
        let request = PlayerRequest { player: PlayerId(2), number: 1, kind, codes };
        let tick = Tick(sim.world().resource::<SimTick>().0.0 + 1);
        sim.step(&StepInput { tick, requests: vec![request], ..StepInput::default() });
        let told = told::<Said>(&sim).into_iter().map(|(to, said)| (to, said.text.as_str().to_owned())).next();
        (told, sim.world().resource::<Outbox>().answers()[0].answer)
    };
    assert_eq!(say("hi\u{202e}", false), (Some((To::Everyone, "hi".to_owned())), Answer::Done));
    assert_eq!(say("here", true), (Some((To::Team(1), "here".to_owned())), Answer::Done));
    assert_eq!(say("\u{200b}", false), (None, Answer::Refused(REFUSED_EMPTY)));
    assert_eq!([say("3", false).1, say("4", false).1], [Answer::Done; 2]);
    assert_eq!(say("5", false), (None, Answer::Refused(REFUSED_TOO_FAST)));
    let mut alone = room(&[], 1);
    let kind = alone.schema().request_index(Say::NAME).expect("declared") as u8;
    let mut codes = vec![0; Say::PART_COUNT];
    Say { team: true, text: Text::new("x") }.write_codes(&mut codes);
    let request = PlayerRequest { player: PlayerId(1), number: 1, kind, codes };
    alone.step(&StepInput { tick: Tick(2), requests: vec![request], ..StepInput::default() });
    let answers = alone.world().resource::<Outbox>().answers().to_vec();
    assert_eq!(answers[0].answer, Answer::Refused(REFUSED_NO_TEAM));
}

#[test]
fn no_two_players_bear_the_same_name() {
    let sim = room(&[], 12);
    let names: std::collections::BTreeSet<_> =
        (1..=12).map(|player| value::<Nameplate>(&sim, player).name.as_str().to_owned()).collect();
    assert_eq!(names.len(), 12, "{names:?}");
}
