//! Who comes into view and who leaves it: by distance, by the game's own rule, never what is one's own.

use server::sim::To;
use shared::ids::{EntityId, Slot};
use shared::wire::server_message::Outcome;
use std::sync::Arc;
use tests::Arena;
use tests::builder::ArenaBuilder;
use tests::meadow::{Act, Aim, Look, Meadow, Plan, Purse, Shout, UNIT, WALKER, look};

/// The radius of all stories, in units; what is in view stays until 110.
const VIEW: u32 = 100;
/// The stories' middle, in units.
const MIDDLE: i32 = 500;

/// A meadow seen as far as [`VIEW`].
fn meadow(meadow: Meadow) -> ArenaBuilder {
    Arena::seeded(7).game(Arc::new(meadow), look).behaviours(None).view(VIEW)
}

/// Something happens so far to the right of the middle, in 1/16 units.
const fn right(id: u32, sixteenths: i32) -> Act {
    Act::Put(id, MIDDLE * UNIT + sixteenths, MIDDLE * UNIT)
}

/// The slot by which the server's clients know an entity.
fn slot(arena: &Arena, id: u32) -> Slot {
    arena.room.replicator().facets().anchor(EntityId(id)).expect("it is alive")
}

fn sees(arena: &Arena, client: usize, id: u32) -> bool {
    let replica = arena.clients[client].session.replica().expect("the client is in");
    replica.kind(slot(arena, id)).is_some()
}

/// Runs to the frame of `tick`, whatever way that takes to the clients.
fn run_to(arena: &mut Arena, tick: u32) {
    while arena.tick().0 < tick {
        arena.step();
    }
    // The frame of the tick arrives with the next.
    arena.step();
}

/// Which of some ticks' frames have an entity in them, for the first client.
fn seen_in(arena: &mut Arena, id: u32, ticks: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut seen = Vec::new();
    for tick in ticks {
        run_to(arena, tick);
        let held = arena.clients[0].session.replica().map(|replica| replica.tick().0);
        assert_eq!(held, Some(tick), "the client has the frame of the tick");
        if sees(arena, 0, id) {
            seen.push(tick);
        }
    }
    seen
}

#[test]
fn something_enters_at_the_one_radius_and_leaves_beyond_the_other() {
    let units = |units: i32| units * UNIT;
    let script = vec![
        (20, right(0, units(100) + 1)),
        (21, right(0, units(100))),
        (22, right(0, units(110))),
        (23, right(0, units(110) + 1)),
        (24, right(0, units(105))),
        (25, right(0, units(101))),
        (26, right(0, -units(100))),
        (27, Act::Put(0, units(MIDDLE - 60), units(MIDDLE + 80))),
        (28, Act::Put(0, units(MIDDLE - 60) - 1, units(MIDDLE + 80))),
        (29, Act::Put(0, units(MIDDLE - 66), units(MIDDLE - 88))),
        (30, Act::Put(0, units(MIDDLE - 66), units(MIDDLE - 88) - 1)),
    ];
    let mut arena = meadow(Meadow { walkers: vec![(0, 0)], script, ..Meadow::default() }).clients(1).start();
    assert_eq!(seen_in(&mut arena, 0, (10..=31).step_by(1)), [21, 22, 26, 27, 28, 29]);
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn it_is_the_viewer_who_moves_and_the_same_happens() {
    let walkers = (0..40).map(|at| (300 + 10 * at, 520)).collect();
    let script = (0..200).map(|at| (20 + at, Act::Put(40, (300 + 2 * at as i32) * UNIT, 500 * UNIT))).collect();
    let meadow_of = Meadow { walkers, script, starts: vec![(300, 500)], ..Meadow::default() };
    let mut arena = meadow(meadow_of).clients(1).start();
    run_to(&mut arena, 15);
    let in_view = |arena: &Arena| (0..40).filter(|&id| sees(arena, 0, id)).count();
    assert_eq!(in_view(&arena), 10, "to the right: √(100² - 20²) = 98");
    let mut most = 0;
    for tick in 20..220 {
        run_to(&mut arena, tick);
        most = most.max(in_view(&arena));
    }
    assert!((20..=21).contains(&most), "98 to the right, 108 to the left: {most}");
    assert!(arena.room.counts().full_frames == 1);
}

#[test]
fn what_is_cloaked_while_in_view_leaves_at_once_and_comes_back_at_once() {
    let script = vec![
        (20, Act::Cloak(0, true)),
        (25, Act::Cloak(0, false)),
        // Beyond the enter radius it was in view and stays so, cloak or no cloak.
        (26, right(0, 105 * UNIT)),
        (27, Act::Cloak(0, true)),
        (28, Act::Cloak(0, false)),
        // A mate sees through it.
        (30, Act::Cloak(0, true)),
        (32, Act::Side(0, Some(0))),
        (34, Act::Side(0, Some(1))),
    ];
    let walkers = vec![(520, 500)];
    let mut arena = meadow(Meadow { walkers, script, sight: true, ..Meadow::default() }).clients(1).start();
    let expected = (15..20).chain([25, 26, 28, 29, 32, 33]);
    assert_eq!(seen_in(&mut arena, 0, 15..40), expected.collect::<Vec<_>>());
}

#[test]
fn the_rule_alone_narrows_a_room_without_a_radius() {
    let script = vec![(20, Act::Cloak(0, true)), (25, Act::Cloak(0, false))];
    let game = Meadow { walkers: vec![(0, 0)], towers: 1, script, sight: true, ..Meadow::default() };
    let mut arena = Arena::seeded(7).game(Arc::new(game), look).behaviours(None).clients(2).start();
    run_to(&mut arena, 15);
    assert!(sees(&arena, 0, 0) && sees(&arena, 0, 1) && sees(&arena, 1, 0));
    run_to(&mut arena, 20);
    assert!(!sees(&arena, 0, 0) && sees(&arena, 0, 1) && !sees(&arena, 1, 0));
    run_to(&mut arena, 25);
    assert!(sees(&arena, 0, 0) && sees(&arena, 1, 0));
}

#[test]
fn what_is_one_s_own_is_seen_wherever_it_is_and_nobody_asks_the_rule() {
    let script =
        vec![(20, Act::Own(0, Some(0))), (22, Act::Cloak(0, true)), (25, Act::Own(0, None)), (26, Act::Cloak(2, true))];
    let game = Meadow { walkers: vec![(0, 0), (900, 900)], script, sight: true, ..Meadow::default() };
    let mut arena = meadow(game).clients(1).start();
    assert_eq!(arena.room.sim().entity_of(shared::ids::PlayerId(0)), None);
    run_to(&mut arena, 15);
    let player = arena.player(0).0;
    assert_eq!(player, 0, "the story names it");
    assert_eq!(seen_in(&mut arena, 0, 16..24), [20, 21, 22, 23]);
    let own = slot(&arena, 0);
    let replica = arena.clients[0].session.replica().expect("the client is in");
    assert_eq!(replica.read::<Purse>(own).map(|purse| purse.coins), Some(1));
    assert_eq!(seen_in(&mut arena, 0, 24..27), [24]);
    assert!(sees(&arena, 0, 2), "a cloak hides nobody from itself");
}

#[test]
fn a_client_without_an_entity_sees_only_what_has_no_position() {
    for (view, sight) in [(VIEW, false), (0, true), (VIEW, true)] {
        let game = Meadow { walkers: vec![(500, 500), (0, 0)], towers: 2, sight, bodiless: true, ..Meadow::default() };
        let builder = Arena::seeded(7).game(Arc::new(game), look).behaviours(None).clients(2).view(view);
        let mut arena = builder.start();
        arena.run_until_quiet();
        for client in [0, 1] {
            let seen: Vec<u32> = (0..4).filter(|&id| sees(&arena, client, id)).collect();
            assert_eq!(seen, [2, 3], "view {view}, rule {sight}");
        }
    }
}

#[test]
fn what_is_for_a_team_is_read_of_mates_in_view_and_a_switch_shows_at_once() {
    // The first player is of team 0, the second of team 1; both see the wild ones, who are of neither.
    let script = vec![
        (20, Act::Side(0, Some(0))),
        (20, Act::Side(1, Some(0))),
        (24, Act::Side(0, Some(1))),
        (26, Act::Side(2, Some(1))),
        (28, right(1, 10 * UNIT)),
    ];
    let game = Meadow { walkers: vec![(510, 500), (10, 10)], script, ..Meadow::default() };
    let mut arena = meadow(game).clients(2).start();
    let reads = |arena: &Arena, client: usize| {
        let replica = arena.clients[client].session.replica().expect("the client is in");
        (0..2).filter(|&id| replica.read::<Plan>(slot(arena, id)).is_some()).collect::<Vec<u32>>()
    };
    run_to(&mut arena, 15);
    assert_eq!((reads(&arena, 0), reads(&arena, 1)), (vec![], vec![]));
    run_to(&mut arena, 20);
    assert_eq!((reads(&arena, 0), reads(&arena, 1)), (vec![0], vec![]), "the other mate is far away");
    run_to(&mut arena, 24);
    assert_eq!((reads(&arena, 0), reads(&arena, 1)), (vec![], vec![0]));
    run_to(&mut arena, 26);
    assert_eq!((reads(&arena, 0), reads(&arena, 1)), (vec![0], vec![0]), "now it is a mate");
    run_to(&mut arena, 28);
    assert_eq!((reads(&arena, 0), reads(&arena, 1)), (vec![0], vec![0]), "a former mate came into view");
}

#[test]
fn a_reference_reads_its_target_while_both_are_in_view() {
    let script = vec![
        (20, Act::Aim(0, 1)),
        (22, right(1, 400 * UNIT)),
        (24, right(1, 20 * UNIT)),
        (26, Act::Aim(0, 2)),
        (28, Act::Aim(0, 3)),
        (30, right(0, 200 * UNIT)),
        (32, right(0, 10 * UNIT)),
        (34, Act::Remove(3)),
    ];
    let game = Meadow { walkers: vec![(510, 500), (520, 500), (10, 10)], towers: 1, script, ..Meadow::default() };
    let mut arena = meadow(game).clients(1).start();
    run_to(&mut arena, 15);
    let slots = [0, 1, 2, 3].map(|id| slot(&arena, id));
    let mut aims_at = |tick: u32| {
        run_to(&mut arena, tick);
        let replica = arena.clients[0].session.replica().expect("the client is in");
        let aim = replica.read::<Aim>(slots[0])?.at;
        (0..4).find(|&id| aim == EntityId(u32::from(slots[id].0)))
    };
    let aims: Vec<Option<usize>> = (19..36).map(&mut aims_at).collect();
    let expected = [None, Some(1), Some(1), None, None, Some(1), Some(1), None, None, Some(3), Some(3), None, None];
    assert_eq!(aims[..13], expected);
    assert_eq!(aims[13..], [Some(3), Some(3), None, None]);
}

#[test]
fn a_slow_client_that_missed_ten_ticks_holds_what_is_in_view_and_nothing_else() {
    let mut script = Vec::new();
    for tick in 20..60 {
        // One comes and goes every tick, one is cloaked in between, one goes for good, and its slot may be another's.
        script.push((tick, right(0, if tick % 2 == 0 { 50 } else { 300 } * UNIT)));
        script.push((tick, Act::Cloak(1, tick % 5 == 0)));
        script.push((tick, Act::Hurt(1, tick as u8)));
        script.push((tick, Act::Bear(WALKER, (MIDDLE + tick as i32) * UNIT, MIDDLE * UNIT)));
        if tick >= 30 {
            script.push((tick, Act::Remove(tick - 30 + 4)));
        }
    }
    let walkers = vec![(510, 500), (520, 500), (530, 500)];
    let mut arena = meadow(Meadow { walkers, script, sight: true, ..Meadow::default() }).clients(1).start();
    run_to(&mut arena, 25);
    arena.clients[0].down.set(tests::link::LinkOptions { socket_bytes: 0, ..Default::default() });
    arena.stall(0, 10);
    arena.run(14);
    let log = &arena.clients[0].log;
    assert!(log.frames.iter().any(|frame| frame.covered() >= 10), "{:?}", log.frames);
    assert_eq!((log.lost, log.full_frames()), (0, 1));
    run_to(&mut arena, 65);
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn a_story_of_everything_at_once_stays_true_for_all() {
    for seed in 0..6 {
        let mut arena = Arena::seeded(seed).clients(8).view(60 + 40 * seed as u32).start();
        arena.run(100);
        arena.stall(3, 12);
        arena.freeze(5, 30);
        arena.run(100);
        arena.run_until_quiet();
        arena.assert_all_clients_agree_with_server();
        let hidden = arena.moment(arena.tick()).map_or(0, |moment| {
            let seen = moment.seen.iter().flatten().map(|(_, seen)| moment.anchors.len() - seen.len());
            seen.sum::<usize>()
        });
        assert!(hidden > 8, "somebody is out of sight of somebody: {hidden}");
    }
}

#[test]
fn where_the_radius_reaches_everywhere_clients_hold_the_same_and_are_whole() {
    let mut arena = Arena::seeded(3).clients(4).view(2_000).start();
    arena.run(60);
    arena.run_until_quiet();
    let counts =
        (0..4).map(|client| arena.clients[client].session.replica().map_or(0, |replica| replica.anchors().count()));
    let counts: Vec<usize> = counts.collect();
    assert!(counts.iter().all(|&count| count == arena.moment(arena.tick()).map_or(0, |moment| moment.anchors.len())));
}

#[test]
fn health_of_what_is_out_of_view_costs_no_byte() {
    let far = (20..40).map(|tick| (tick, Act::Hurt(0, tick as u8)));
    let near = (50..70).map(|tick| (tick, Act::Hurt(1, tick as u8)));
    let game = Meadow { walkers: vec![(0, 0), (500, 510)], script: far.chain(near).collect(), ..Meadow::default() };
    let mut arena = meadow(game).clients(1).start();
    run_to(&mut arena, 80);
    let bytes = |from: u32, to: u32| {
        let frames = arena.clients[0].log.frames.iter().filter(|frame| (from..to).contains(&frame.tick.0));
        frames.map(|frame| frame.bytes).collect::<Vec<usize>>()
    };
    let quiet = bytes(15, 20);
    assert!(quiet.iter().all(|&bytes| bytes == quiet[0]));
    assert!(bytes(20, 40).iter().all(|&bytes| bytes == quiet[0]), "{:?}", bytes(20, 40));
    assert!(bytes(50, 70).iter().all(|&bytes| bytes > quiet[0]));
    let near = slot(&arena, 1);
    let replica = arena.clients[0].session.replica().expect("the client is in");
    assert_eq!(replica.read::<Look>(near).map(|look| look.hp), Some(69));
}

#[test]
fn what_is_told_to_those_who_see_an_entity_nobody_else_hears() {
    // Of two players in the middle the one is of the cloaked one's team.
    let seeing = |id: u32| To::Seeing(EntityId(id));
    let script = vec![
        (20, Act::Tell(seeing(0), 0)),
        (21, Act::Tell(seeing(1), 1)),
        (22, Act::Tell(seeing(2), 1)),
        (23, Act::Side(2, Some(1))),
        (23, Act::Cloak(2, true)),
        (23, Act::Tell(seeing(2), 2)),
        (24, Act::Tell(seeing(3), 3)),
        (25, Act::Remove(0)),
        (25, Act::Tell(seeing(0), 0)),
    ];
    let walkers = vec![(510, 500), (10, 10), (520, 500)];
    let game = Meadow { walkers, towers: 1, script, sight: true, ..Meadow::default() };
    let mut arena = meadow(game).clients(2).start();
    run_to(&mut arena, 15);
    let slots = [0, 1, 2, 3].map(|id| i32::from(slot(&arena, id).0));
    run_to(&mut arena, 30);
    let heard =
        |client: usize| arena.clients[client].log.events.iter().map(|event| event.codes[0]).collect::<Vec<i32>>();
    assert_eq!(heard(0), [slots[0], -1, slots[3]], "the far one can not be named, the cloaked one is not spoken of");
    assert_eq!(heard(1), [slots[0], -1, slots[2], slots[3]]);
}

#[test]
fn who_names_what_it_does_not_see_names_nobody() {
    let game = Meadow { walkers: vec![(510, 500), (10, 10)], ..Meadow::default() };
    let mut arena = meadow(game).clients(1).start();
    arena.run_until_quiet();
    // All slots that there are: only those of the two in view may be named, and its team's and owner's facets are no entities.
    let mut named = Vec::new();
    for slots in (0..1_024_u32).collect::<Vec<_>>().chunks(8) {
        let numbers: Vec<u16> = slots.iter().map(|&slot| arena.request(0, &Shout { about: EntityId(slot) })).collect();
        arena.run(3);
        let done = |number: u16| arena.clients[0].log.replies.contains(&(number, Outcome::Done));
        named.extend(slots.iter().zip(&numbers).filter(|&(_, &number)| done(number)).map(|(&slot, _)| slot));
    }
    let mut seen = vec![u32::from(slot(&arena, 0).0), u32::from(slot(&arena, 2).0)];
    seen.sort_unstable();
    assert_eq!(named, seen);
    assert_eq!(arena.clients[0].log.replies.len(), 1_024, "all were answered");
}
