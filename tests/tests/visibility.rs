//! Who may see what: fields for an owner or a team, events for some, references to what is there. Nothing else is sent.

use client_sim::replica::Replica;
use server::sim::Owner;
use shared::ids::{EntityId, Slot};
use shared::limits::EVENT_BYTES_WAITING_MAX;
use shared::wire::{ClientMessage, CloseCode};
use std::sync::Arc;
use tests::Arena;
use tests::meadow::{self, Act, Meadow, UNIT, WALKER};
use tests::player::idle_players;
use tests::zoo::{Bond, Breed, CHEST, Cull, FLAG, Note, Orders, Point, Poke, Purse, STONE, Switch, Tell, Whom, Zoo};

/// Six players of three teams (two each) in an empty zoo, standing still.
fn six() -> Arena {
    let mut arena = Arena::seeded(1).zoo(Zoo::calm(0)).clients(6).behaviours(Some(idle_players())).start();
    arena.run(5);
    arena.run_until_quiet();
    arena
}

fn replica(arena: &Arena, client: usize) -> &Replica {
    arena.clients[client].session.replica().expect("the client is in")
}

fn me(arena: &Arena, client: usize) -> Slot {
    replica(arena, client).me().expect("the client has a body")
}

fn named(slot: Slot) -> EntityId {
    EntityId(u32::from(slot.0))
}

/// Which clients can read a component of what `slot` names.
fn readers<T: shared::schema::Replicated>(arena: &Arena, slot: Slot) -> Vec<usize> {
    (0..arena.clients.len()).filter(|&client| replica(arena, client).read::<T>(slot).is_some()).collect()
}

#[test]
fn what_is_for_the_owner_only_the_owner_reads() {
    let arena = six();
    for client in 0..6 {
        assert_eq!(readers::<Purse>(&arena, me(&arena, client)), [client]);
    }
}

#[test]
fn what_is_for_a_team_its_members_read_and_nobody_else() {
    let arena = six();
    for client in 0..6 {
        let team = arena.player(client).0 % 3;
        let mates: Vec<usize> = (0..6).filter(|&other| arena.player(other).0 % 3 == team).collect();
        assert_eq!(readers::<Orders>(&arena, me(&arena, client)), mates);
    }
}

#[test]
fn who_changes_team_reads_the_new_one_at_once_and_the_old_one_no_more() {
    let mut arena = six();
    let slots: Vec<Slot> = (0..6).map(|client| me(&arena, client)).collect();
    let of_team = |team: u32| (0..6).filter(|&client| arena.player(client).0 % 3 == team).collect::<Vec<usize>>();
    let (zero, one) = (of_team(0), of_team(1));
    let traitor = zero[0];
    arena.request(traitor, &Switch { team: 1 });
    arena.run(2);
    assert_eq!(readers::<Orders>(&arena, slots[zero[1]]), [zero[1]]);
    for &mate in &one {
        assert!(readers::<Orders>(&arena, slots[mate]).contains(&traitor));
        assert!(readers::<Orders>(&arena, slots[traitor]).contains(&mate));
    }
    arena.request(traitor, &Switch { team: 3 });
    arena.run(2);
    assert_eq!(
        readers::<Orders>(&arena, slots[traitor]),
        [] as [usize; 0],
        "who has no team has no mates, not even itself"
    );
    for &mate in &one {
        assert!(!readers::<Orders>(&arena, slots[mate]).contains(&traitor));
    }
}

#[test]
fn a_change_for_the_owner_costs_the_others_not_a_bit() {
    let mut arena = six();
    arena.request(0, &Breed { kind: CHEST.0 });
    arena.run(3);
    let quiet: Vec<usize> =
        (0..6).map(|client| arena.clients[client].log.frames.last().map_or(0, |frame| frame.bytes)).collect();
    // A chest without an owner: nobody reads its purse.
    let (_, chest) = arena.any(CHEST);
    for _ in 0..3 {
        arena.request(1, &Poke { about: named(chest) });
        arena.step();
        for (client, bytes) in quiet.iter().enumerate() {
            assert_eq!(
                arena.clients[client].log.frames.last().map(|frame| frame.bytes),
                Some(*bytes),
                "client {client}"
            );
        }
        arena.step();
    }
    assert_eq!(readers::<Purse>(&arena, chest), [] as [usize; 0]);
}

#[test]
fn what_is_lent_is_read_by_who_has_it_now() {
    let zoo = Zoo { whims: 80, ..Zoo::calm(8) };
    let mut arena = Arena::seeded(2).zoo(zoo).clients(3).behaviours(Some(idle_players())).start();
    arena.run(5);
    let mut lent = 0;
    for _ in 0..100 {
        arena.step();
        let moment = arena.moment(arena.tick()).expect("it was just now");
        lent += moment.facets.values().filter(|live| live.owner.is_some()).count();
    }
    assert!(lent > 300, "the checkers had something to check: {lent}");
    let world = arena.room.sim().world();
    let owned =
        world.resource::<server::sim::EntityIds>().iter().filter(|(_, entity)| world.get::<Owner>(*entity).is_some());
    assert!(owned.count() > 3);
}

#[test]
fn a_reference_reads_its_target_while_that_lives_and_nothing_afterwards() {
    let mut arena = six();
    arena.request(0, &Breed { kind: STONE.0 });
    arena.request(0, &Breed { kind: FLAG.0 });
    arena.run(3);
    let ((_, stone), (_, flag)) = (arena.any(STONE), arena.any(FLAG));
    let bond = |arena: &Arena, client: usize| replica(arena, client).read::<Bond>(flag).map(|bond| bond.to);
    arena.request(1, &Point { about: named(flag), to: named(stone) });
    arena.run(2);
    for client in 0..6 {
        assert_eq!(bond(&arena, client), Some(named(stone)));
    }
    arena.request(1, &Point { about: named(flag), to: named(me(&arena, 2)) });
    arena.run(2);
    for client in 0..6 {
        assert_eq!(bond(&arena, client), Some(named(me(&arena, 2))));
    }
    arena.request(1, &Point { about: named(flag), to: named(stone) });
    arena.run(2);
    arena.request(1, &Cull { about: named(stone) });
    arena.run(2);
    for client in 0..6 {
        assert_eq!(bond(&arena, client), Some(EntityId::NONE));
    }
    arena.request(1, &Cull { about: named(flag) });
    arena.run(2);
    assert_eq!(bond(&arena, 0), None);
}

#[test]
fn an_event_is_told_once_and_in_order_to_its_audience_only() {
    let mut arena = six();
    let asker = 0;
    for whom in [Whom::Me, Whom::All, Whom::Team, Whom::Me] {
        arena.request(asker, &Tell { whom, count: 3, about: named(me(&arena, asker)) });
        arena.run(2);
    }
    let team = arena.player(asker).0 % 3;
    for client in 0..6 {
        let numbers: Vec<i32> = arena.clients[client].log.events.iter().map(|event| event.codes[0]).collect();
        let expected: &[i32] = match client {
            _ if client == asker => &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
            _ if arena.player(client).0 % 3 == team => &[4, 5, 6, 7, 8, 9],
            _ => &[4, 5, 6],
        };
        assert_eq!(numbers, expected, "client {client}");
        let kind = arena.room.replicator().schema().event_index(<Note as shared::schema::Replicated>::NAME);
        assert!(arena.clients[client].log.events.iter().all(|event| Some(usize::from(event.kind)) == kind));
        let about = i32::from(me(&arena, asker).0);
        assert!(arena.clients[client].log.events.iter().all(|event| event.codes[1] == about));
    }
}

#[test]
fn events_that_happen_while_a_client_is_skipped_come_with_its_next_frame() {
    let mut arena = six();
    arena.clients[3].down.set(tests::link::LinkOptions { socket_bytes: 0, ..Default::default() });
    arena.stall(3, 10);
    for _ in 0..3 {
        arena.request(0, &Tell { whom: Whom::All, count: 2, about: EntityId::NONE });
        arena.run(2);
    }
    assert!(arena.clients[3].log.events.is_empty());
    arena.run(8);
    let numbers: Vec<i32> = arena.clients[3].log.events.iter().map(|event| event.codes[0]).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
}

/// Has a client cause so many notes to everyone in one tick; how many each client has been told after each of the next ticks.
fn told_after(arena: &mut Arena, counts: &[u8]) -> [Vec<usize>; 3] {
    for &count in counts {
        arena.request(0, &Tell { whom: Whom::All, count, about: EntityId::NONE });
    }
    std::array::from_fn(|_| {
        arena.run(1);
        arena.clients.iter().map(|client| client.log.events.len()).collect()
    })
}

#[test]
fn more_events_in_a_tick_than_may_wait_reach_all_who_get_a_frame_in_it() {
    let mut arena = six();
    let told = told_after(&mut arena, &[250, 250, 250]);
    assert!(told[2].iter().all(|&told| told == 750), "{told:?}");
    assert!(told.iter().flatten().all(|&told| told == 0 || told == 750), "all in one frame: {told:?}");
}

#[test]
fn events_that_a_frame_has_no_room_for_come_in_order_with_the_next() {
    let mut arena = six();
    // A note has nine bytes: 1,820 of them fit.
    let told = told_after(&mut arena, &[250; 8]);
    assert!(told[2].iter().all(|&told| told == 2_000), "{told:?}");
    assert!(told.iter().flatten().any(|&told| told == EVENT_BYTES_WAITING_MAX / 9), "{told:?}");
    let numbers: Vec<i32> = arena.clients[5].log.events.iter().map(|event| event.codes[0]).collect();
    assert!(numbers.iter().copied().eq(1..=2_000), "in order");
}

#[test]
fn what_waits_behind_a_full_frame_is_waiting_and_too_much_of_it_closes() {
    let mut arena = six();
    for client in 0..6 {
        arena.expect_close(client, CloseCode::EventsOverflow);
    }
    told_after(&mut arena, &[250; 10]);
    assert!(arena.clients.iter().all(|client| client.connection.is_none()));
}

#[test]
fn the_built_in_game_shows_everyone_the_same_and_each_its_own() {
    let mut arena = Arena::seeded(5).built_in().clients(8).start();
    arena.run(400);
    arena.assert_all_clients_agree_with_server();
    let shots = arena.room.replicator().facets().tracked().count();
    assert!(shots >= 8);
    assert!(arena.clients.iter().any(|client| !client.log.events.is_empty()), "somebody was hit");
    assert!(arena.room.sim().world().resource::<server::sim::Players>().count() == 8);
}

/// Walkers that come into view together.
const CROWD: u32 = 80;

/// All that two strangers in the middle of a meadow hear while a story is told. The second is of team 1.
fn frames_of_two(script: Vec<(u32, Act)>, view: u32, budget: usize) -> [Vec<Vec<u8>>; 2] {
    let mut walkers = vec![(510, 500), (530, 500), (20, 20), (505, 505)];
    walkers.extend((0..CROWD as i32).map(|at| (900, 900 + at)));
    let game = Meadow { walkers, towers: 1, script, sight: true, ..Meadow::default() };
    let mut arena =
        Arena::seeded(11).game(Arc::new(game), meadow::look).behaviours(None).view(view).budget(budget).start();
    let guests = [arena.guest("one"), arena.guest("two")];
    while arena.tick().0 < 80 {
        for guest in guests {
            if let Some(newest) = arena.strangers[guest].newest {
                let confirm = arena.message(&ClientMessage::Confirm { newest });
                arena.strangers[guest].say(confirm);
            }
        }
        arena.step();
    }
    guests.map(|guest| arena.strangers[guest].heard.clone())
}

#[test]
fn what_a_hidden_entity_does_changes_not_a_byte_for_those_who_may_not_see_it() {
    let mut common =
        vec![(5, Act::Cloak(1, true)), (5, Act::Side(1, Some(1))), (6, Act::Aim(0, 3)), (40, Act::Aim(3, 1))];
    for tick in 30..60 {
        common.push((tick, Act::Hurt(0, tick as u8)));
        common.push((tick, Act::Put(3, (500 + tick as i32) * UNIT, 505 * UNIT)));
        // What comes and goes shows whether slots were shifted.
        common.push((tick, Act::Bear(WALKER, (450 + tick as i32) * UNIT, 520 * UNIT)));
    }
    // Many come into view together: how many records fit tells nothing either.
    common.extend((4..4 + CROWD).map(|id| (35, Act::Put(id, (460 + id as i32) * UNIT, 530 * UNIT))));
    let mut lively = common.clone();
    for tick in 20..60_u32 {
        for (hidden, x, y) in [(1, 500, 480), (2, 10, 30)] {
            lively.push((tick, Act::Put(hidden, (x + tick as i32 % 7) * UNIT, y * UNIT + tick as i32)));
            lively.push((tick, Act::Hurt(hidden, tick as u8)));
            lively.push((tick, Act::Think(hidden, tick as u8)));
            lively.push((tick, Act::Aim(hidden, [0, 3, 4, 1, 2, 5][tick as usize % 6])));
        }
        lively.push((tick, Act::Side(2, [None, Some(0), Some(1)][tick as usize % 3])));
    }
    for (view, budget) in [(100, 16_384), (0, 16_384), (100, 96), (100, 400)] {
        let [calm, calm_mate] = frames_of_two(common.clone(), view, budget);
        // Without a radius the one far away is seen: only the cloaked one is hidden.
        let story = |act: &Act| {
            view > 0
                || !matches!(
                    act,
                    Act::Put(2, ..) | Act::Hurt(2, _) | Act::Think(2, _) | Act::Aim(2, _) | Act::Side(2, _)
                )
        };
        let lively = lively.iter().filter(|(_, act)| story(act)).copied().collect();
        let [other, other_mate] = frames_of_two(lively, view, budget);
        assert!(calm.len() > 70 && calm.len() == other.len());
        for (at, (calm, other)) in calm.iter().zip(&other).enumerate() {
            assert_eq!(calm, other, "message {at}, view {view}, budget {budget}");
        }
        assert_ne!(calm_mate, other_mate, "its team sees it");
    }
}
