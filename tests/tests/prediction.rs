//! Our own entity at 80 ms of round trip and more: predicted by the real client in a real room, and compared tick by tick with what the
//! room says. Where the two part, there is a reason; where there is none, one of them is wrong.

use client_sim::agreement::Agreement;
use client_sim::behaviour::{Behaviour, View};
use client_sim::game::twin::{ArenaTwin, twins};
use client_sim::predict::{PredictionCounts, Twin, WINDOW};
use client_sim::session::Counters;
use glam::IVec2;
use shared::game::components::{Body, Position, Projectile};
use shared::game::constants::{ROCKETS_AT_FIRST, Tuning, UNIT};
use shared::game::input::ArenaInput;
use shared::game::maps::{MAPS, Maps};
use shared::game::round::Match;
use shared::game::weapon::Weapon;
use shared::game::{MATCH, PROJECTILE};
use shared::ids::Tick;
use shared::schema::{Replicated, Schema};
use std::collections::BTreeSet;
use std::sync::Arc;
use tests::Arena;
use tests::builder::ArenaBuilder;
use tests::link::LinkOptions;

/// 40 to 55 ms each way.
const CROOKED: LinkOptions =
    LinkOptions { delay_us: 40_000, jitter_us: 15_000, bytes_per_second: 0, socket_bytes: 600 };

/// Ticks after the end of a stall of a second within which everything is as before it: predicted, drawn, in time.
const RECOVERY_TICKS: u32 = 15;

/// Fighters who predict themselves.
fn fighters(seed: u64, clients: usize) -> ArenaBuilder {
    Arena::seeded(seed).built_in().clients(clients).link(CROOKED).predicting(twins(Maps::in_the_box()))
}

fn counters(arena: &Arena) -> Vec<Counters> {
    arena.clients.iter().map(|client| *client.session.counters()).collect()
}

/// The sum of a count over all clients since `before`.
fn sum(arena: &Arena, before: &[Counters], field: fn(&Counters) -> u64) -> u64 {
    counters(arena).iter().zip(before).map(|(after, before)| field(&after.since(before))).sum()
}

fn unexplained(counters: &Counters) -> u64 {
    counters.prediction.unexplained
}

#[test]
fn at_80_ms_with_jitter_thousands_of_fought_ticks_are_as_predicted_or_explained() {
    let mut arena = fighters(0x9EED, 8).start();
    arena.run(90);
    let before = counters(&arena);
    arena.run(1_500);
    let of = |field| sum(&arena, &before, field);
    assert!(of(|counters| counters.prediction.compared) > 8 * 1_490);
    assert_eq!(of(unexplained), 0);
    assert!(of(|counters| counters.prediction.touched_by_other) > 10, "they hit each other");
    let (late, used) = (of(|counters| counters.inputs_late), of(|counters| counters.inputs_used));
    assert!(late * 100 < used, "{late} of {used} inputs came late");
    assert_eq!(of(|counters| counters.prediction.begun), 0);
}

#[test]
fn with_250_ms_of_jitter_nearly_all_that_is_mispredicted_is_explained_by_what_stood_in() {
    let link = LinkOptions { delay_us: 30_000, jitter_us: 250_000, ..LinkOptions::default() };
    let mut arena = fighters(0x1A7E, 4).link(link).start();
    arena.run(900);
    let start = vec![Counters::default(); 4];
    let of = |field| sum(&arena, &start, field);
    assert!(of(|counters| counters.inputs_late) > 20);
    let substituted = of(|counters| counters.prediction.input_substituted);
    assert!(substituted > 5, "{substituted}");
    assert!(of(unexplained) * 1_000 < of(|counters| counters.prediction.compared), "{}", of(unexplained));
}

/// Two maps, of the box by their places.
fn two_maps(places: [usize; 2]) -> Maps {
    let files = ["first.tmx", "second.tmx"].into_iter().zip(places);
    Maps::of(files.map(|(file, place)| (file.to_owned(), MAPS[place].1.to_vec())).collect()).expect("good")
}

/// On `maps[0]` and `maps[1]` in turn, where clients have `theirs`.
fn in_turn(maps: [usize; 2], theirs: [usize; 2]) -> Arena {
    let built_in = Arena::seeded(0x3A9).built_in_on(two_maps(maps)).clients(2).link(CROOKED);
    built_in.setting("maps", "first,second").setting("round_s", "10").predicting(twins(two_maps(theirs))).start()
}

#[test]
fn on_every_map_of_a_rotation_the_clients_step_is_the_servers() {
    let mut arena = in_turn([0, 2], [0, 2]);
    let start = vec![Counters::default(); 2];
    let mut played = BTreeSet::new();
    for _ in 0..30 {
        arena.run(30);
        let game = arena.clients[0].session.replica().and_then(|replica| {
            let (slot, _) = replica.anchors().find(|&(_, kind)| kind == MATCH)?;
            replica.read::<Match>(slot)
        });
        played.extend(game.map(|game| game.map.as_str().to_owned()));
    }
    assert_eq!(played.into_iter().collect::<Vec<_>>(), ["first", "second"]);
    assert_eq!(arena.clients[0].session.unpredicted(), None);
    assert_eq!(arena.clients[0].session.agreement().map(|agreement| &*agreement.maps), Some("first.tmx,second.tmx"));
    assert!(sum(&arena, &start, |counters| counters.prediction.compared) > 800);
    assert_eq!(sum(&arena, &start, unexplained), 0);
}

#[test]
fn who_has_another_file_for_one_map_of_the_rotation_or_lacks_it_predicts_nothing_and_says_why() {
    let says = |arena: &Arena| arena.clients[0].session.unpredicted().map(str::to_owned);
    let compared = |counters: &Counters| counters.prediction.compared;
    let mut arena = in_turn([0, 2], [0, 1]);
    arena.run(60);
    assert_eq!(sum(&arena, &[Counters::default(); 2], compared), 0);
    let why = says(&arena).expect("it says so");
    assert!(
        why.starts_with("of \"first.tmx,second.tmx\" the server has other files than we: nothing is predicted"),
        "{why}"
    );

    let on_two = Arena::seeded(1).built_in_on(two_maps([0, 2])).setting("maps", "first,second").clients(1);
    let mut arena = on_two.predicting(twins(Maps::in_the_box())).start();
    arena.run(60);
    assert_eq!(sum(&arena, &[Counters::default()], compared), 0);
    let why = says(&arena).expect("it says so");
    assert!(why.starts_with("the server plays on \"first.tmx\", which is none of our maps"), "{why}");
}

#[test]
fn a_twin_that_steps_otherwise_is_caught() {
    let wrong = |agreement: &Agreement| -> Option<Box<dyn Twin>> {
        let tuning = Tuning::at(agreement.tick_rate_hz);
        let tuning = Tuning { acceleration: tuning.acceleration + 4, ..tuning };
        Some(Box::new(ArenaTwin::new(agreement, tuning, &Maps::in_the_box()).ok()?))
    };
    let mut arena = fighters(0xBAD, 2).predicting(Arc::new(wrong)).start();
    arena.run(150);
    assert!(sum(&arena, &[Counters::default(); 2], unexplained) > 100);
}

/// Stands still until a tick, then walks.
struct Walks {
    from: Tick,
}

impl Behaviour for Walks {
    fn input(&mut self, view: &View<'_>, codes: &mut [i32]) {
        let x = i32::from(view.tick >= self.from);
        ArenaInput { thrust: IVec2::new(x, x), ..ArenaInput::default() }.write_codes(codes);
    }
}

#[test]
fn a_key_press_moves_us_in_its_own_tick_and_not_a_round_trip_later() {
    const PRESSED: Tick = Tick(100);
    let walkers = |_: &Schema, _: u64| -> Box<dyn Behaviour> { Box::new(Walks { from: PRESSED }) };
    let mut arena = fighters(7, 1).behaviours(Some(Arc::new(walkers))).start();
    arena.run(60);
    let session = |arena: &Arena| -> (Tick, IVec2, IVec2) {
        let session = &arena.clients[0].session;
        let (predictor, replica) = (session.predictor().expect("it predicts"), session.replica().expect("it is in"));
        let predicted = Body::read_codes(predictor.state().expect("it knows where it is"));
        let confirmed: Body = replica.me().and_then(|me| replica.read(me)).expect("it has a body");
        (predictor.newest().expect("it plays"), predicted.at, confirmed.at)
    };
    let (_, begun, _) = session(&arena);
    loop {
        arena.run(1);
        let (newest, predicted, confirmed) = session(&arena);
        assert_eq!(predicted != begun, newest >= PRESSED, "with the input for tick {newest}");
        if newest >= PRESSED {
            assert_eq!(confirmed, begun, "nobody confirmed it yet");
            break;
        }
    }
    arena.run(30);
    assert_eq!(sum(&arena, &[Counters::default()], |counters| counters.prediction.mispredictions()), 0);
}

/// Shoots one rocket to its right.
struct Shoots {
    at: Tick,
}

impl Behaviour for Shoots {
    fn input(&mut self, view: &View<'_>, codes: &mut [i32]) {
        let fire = view.tick == self.at;
        ArenaInput { fire, weapon: Weapon::RocketLauncher, aim: 33_000, ..ArenaInput::default() }.write_codes(codes);
    }
}

#[test]
fn an_own_rocket_flies_in_the_tick_of_the_key_press_exactly_as_the_servers_own_will_and_no_longer() {
    const PRESSED: Tick = Tick(100);
    let shooters = |_: &Schema, _: u64| -> Box<dyn Behaviour> { Box::new(Shoots { at: PRESSED }) };
    let mut arena = fighters(8, 1).behaviours(Some(Arc::new(shooters))).start();
    let (mut seen_before, mut seen_with, mut hidden_after) = (0, 0, 0);
    for _ in 0..400 {
        arena.run(1);
        let session = &arena.clients[0].session;
        let (Some(predictor), Some(replica)) = (session.predictor(), session.replica()) else { continue };
        let (Some(newest), ghosts) = (predictor.newest(), predictor.ghosts()) else { continue };
        assert_eq!(ghosts.launched(), u64::from(newest >= PRESSED), "with the input for tick {newest}");
        let rocket = replica.anchors().find(|&(_, kind)| kind == PROJECTILE).map(|(slot, _)| slot);
        let Some(slot) = rocket else {
            seen_before += ghosts.shown(f64::from(newest.0)).count();
            let drawn = session.interpolator().into_iter().flat_map(|interpolator| interpolator.drawn());
            hidden_after += drawn.filter(|&(slot, kind)| kind == PROJECTILE && ghosts.hides(slot)).count();
            continue;
        };
        assert!(ghosts.hides(slot), "or it would be seen twice");
        let at: Position = replica.read(slot).expect("it has a place");
        let shown: Vec<_> = ghosts.shown(f64::from(replica.tick().0)).collect();
        let [[x, y]] = shown[..] else { panic!("{shown:?}") };
        let apart = [(x, at.at.x), (y, at.at.y)].map(|(shown, told)| (shown * f64::from(UNIT) - f64::from(told)).abs());
        // Its place travels in sixteenths of a unit.
        assert!(apart.iter().all(|&axis| axis <= 8.0), "{apart:?} off in tick {}", replica.tick());
        seen_with += 1;
    }
    assert!(seen_before >= 2, "seen for {seen_before} ticks before the server's own was");
    assert!(seen_with > 10 && hidden_after >= 1, "{seen_with} ticks beside it, {hidden_after} after it");
    let ghosts = arena.clients[0].session.predictor().expect("it predicts").ghosts();
    assert_eq!((ghosts.launched(), ghosts.refused(), ghosts.shown(f64::from(arena.room.tick().0)).count()), (1, 0, 0));
}

#[test]
fn rockets_that_the_server_does_not_shoot_are_taken_back() {
    let hasty = |agreement: &Agreement| -> Option<Box<dyn Twin>> {
        let tuning = Tuning { rocket_ticks: 2, ..Tuning::at(agreement.tick_rate_hz) };
        Some(Box::new(ArenaTwin::new(agreement, tuning, &Maps::in_the_box()).ok()?))
    };
    let shooters = |_: &Schema, _: u64| -> Box<dyn Behaviour> { Box::new(Holds) };
    let mut arena = fighters(9, 1).behaviours(Some(Arc::new(shooters))).predicting(Arc::new(hasty)).start();
    let mut shot = BTreeSet::new();
    for _ in 0..600 {
        arena.run(1);
        let Some(replica) = arena.clients[0].session.replica() else { continue };
        let rockets = replica.anchors().filter(|&(_, kind)| kind == PROJECTILE);
        shot.extend(rockets.filter_map(|(slot, _)| Some((slot, replica.read::<Projectile>(slot)?.shot_at))));
    }
    let ghosts = arena.clients[0].session.predictor().expect("it predicts").ghosts();
    assert!(shot.len() >= usize::from(ROCKETS_AT_FIRST) && ghosts.refused() > 3, "{} shot, {ghosts:?}", shot.len());
    assert_eq!(ghosts.launched(), ghosts.refused() + shot.len() as u64, "{ghosts:?}");
}

/// Holds the trigger of the rocket launcher.
struct Holds;

impl Behaviour for Holds {
    fn input(&mut self, _: &View<'_>, codes: &mut [i32]) {
        let rocket = Weapon::RocketLauncher;
        ArenaInput { fire: true, weapon: rocket, aim: 3_000, ..ArenaInput::default() }.write_codes(codes);
    }
}

#[test]
fn a_stall_of_a_second_every_ten_is_over_within_half_a_second_and_replays_are_bounded() {
    let mut arena = fighters(0x57A11, 3).start();
    arena.run(90);
    for _ in 0..5 {
        let before = arena.clients[0].session.counters().prediction;
        arena.stall(0, 30);
        arena.run(30 + RECOVERY_TICKS);
        let PredictionCounts { replays, .. } = arena.clients[0].session.counters().prediction.since(&before);
        assert!(replays <= u64::from(30 + RECOVERY_TICKS), "{replays} replays");
        let recovered = counters(&arena);
        arena.run(300 - 30 - RECOVERY_TICKS);
        let since = arena.clients[0].session.counters().since(&recovered[0]);
        assert_eq!(since.prediction.begun, 0, "{since:?}");
        assert!(since.prediction.compared > 250, "{since:?}");
        assert!(since.drawing.underruns * 100 < since.drawing.drawn, "{since:?}");
        assert!(since.inputs_late * 100 < since.inputs_used, "{since:?}");
    }
    assert_eq!(sum(&arena, &[Counters::default(); 3], unexplained), 0);
    let most = counters(&arena).iter().map(|counters| counters.prediction.steps_replayed_max).max();
    assert!(most < Some(WINDOW as u64), "{most:?}");
}
