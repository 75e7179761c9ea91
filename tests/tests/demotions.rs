//! What a client holds and the server keeps no more exact for it: proven as such, then made good by a refresh.

use shared::ids::{EntityId, Slot};
use tests::Arena;
use tests::link::LinkOptions;
use tests::player::idle_players;
use tests::zoo::{BEAST, Cull, Edges, Poke, STONE, Zoo};

/// Two clients in a zoo where nothing happens but what the story does.
fn calm() -> Arena {
    let link = LinkOptions { socket_bytes: 0, ..LinkOptions::default() };
    let mut arena =
        Arena::seeded(0xDE).zoo(Zoo::calm(12)).clients(2).behaviours(Some(idle_players())).link(link).start();
    arena.run(5);
    arena.run_until_quiet();
    arena
}

fn demote(arena: &mut Arena, slot: Slot) {
    let player = arena.player(0);
    arena.room.sabotage_view(player).expect("client 0 has a seat").sabotage_demote(slot);
}

/// Whether client 0 holds this slot exactly; `None`: not at all.
fn is_fresh(arena: &Arena, slot: Slot) -> Option<bool> {
    let replica = arena.clients[0].session.replica().expect("client 0 is in");
    replica.facets().find(|(record, ..)| record.slot == slot).map(|(.., fresh)| fresh)
}

fn depth(arena: &Arena, client: usize, slot: Slot) -> i32 {
    let replica = arena.clients[client].session.replica().expect("the client is in");
    replica.read::<Edges>(slot).expect("it holds the stone").deep
}

#[test]
fn what_is_held_and_not_exact_is_proven_as_such_and_the_next_frame_refreshes_it() {
    let mut arena = calm();
    let checked = arena.clients[0].session.counters().digests_checked;
    let slots: Vec<Slot> = [STONE, BEAST].map(|kind| arena.any(kind).1).to_vec();
    for &slot in &slots {
        demote(&mut arena, slot);
    }
    let mut was_stale = 0;
    for _ in 0..4 {
        arena.run(1);
        let replica = arena.clients[0].session.replica().expect("client 0 is in");
        if slots.iter().all(|&slot| is_fresh(&arena, slot) == Some(false)) {
            was_stale += 1;
            assert!(replica.complete(), "all that may be seen is held, if not exactly");
            assert!(!arena.is_whole(0));
            assert_eq!(replica.held_count() - replica.fresh_count(), 2);
        }
    }
    assert_eq!(was_stale, 1, "one frame said so, the next refreshed it");
    assert!(slots.iter().all(|&slot| is_fresh(&arena, slot) == Some(true)));
    arena.assert_all_clients_agree_with_server();
    let client = &arena.clients[0];
    assert_eq!((client.log.full_frames(), client.log.lost), (1, 0));
    assert!(client.session.counters().digests_checked >= checked + 4, "all of it was proven");
}

#[test]
fn what_changed_while_it_was_not_exact_comes_with_the_refresh() {
    let mut arena = calm();
    let (_, stone) = arena.any(STONE);
    let before = depth(&arena, 0, stone);
    demote(&mut arena, stone);
    arena.run(1);
    arena.request(1, &Poke { about: EntityId(u32::from(stone.0)) });
    arena.run(4);
    assert_ne!(depth(&arena, 0, stone), before);
    assert_eq!(depth(&arena, 0, stone), depth(&arena, 1, stone));
    assert_eq!(is_fresh(&arena, stone), Some(true));
}

#[test]
fn what_goes_while_it_is_not_exact_leaves_as_everything_does() {
    let mut arena = calm();
    let (_, stone) = arena.any(STONE);
    arena.request(1, &Cull { about: EntityId(u32::from(stone.0)) });
    for _ in 0..6 {
        demote(&mut arena, stone);
        arena.run(1);
    }
    assert_eq!(is_fresh(&arena, stone), None);
    arena.assert_all_clients_agree_with_server();
    assert_eq!(arena.clients[0].log.full_frames(), 1);
}

#[test]
fn what_is_not_exact_over_a_stall_is_refreshed_by_the_step_that_catches_up() {
    let mut arena = calm();
    let (_, stone) = arena.any(STONE);
    demote(&mut arena, stone);
    arena.stall(0, 6);
    arena.run(2);
    arena.request(1, &Poke { about: EntityId(u32::from(stone.0)) });
    arena.run(10);
    assert_eq!(is_fresh(&arena, stone), Some(true));
    assert_eq!(depth(&arena, 0, stone), depth(&arena, 1, stone));
    assert_eq!((arena.clients[0].log.full_frames(), arena.clients[0].log.lost), (1, 0));
}

/// The slots that client 0 has parked, and how many demotions and records there were so far.
fn standing(arena: &Arena) -> (Vec<Slot>, u64) {
    let seat = arena.room.seats().iter().next().expect("client 0 has a seat");
    (seat.client.scarcity.parking.slots().collect(), arena.room.counts().demotions)
}

#[test]
fn where_bytes_are_short_the_same_slots_stay_parked_and_the_others_are_exact() {
    let mut arena = Arena::seeded(0xDF).zoo(Zoo::steady(60)).clients(1).behaviours(Some(idle_players())).start();
    arena.run(100);
    arena.run_until_quiet();
    arena.squeeze(0, 160);
    arena.run(300);
    let (parked, demotions) = standing(&arena);
    assert!(parked.len() > 10, "{} parked", parked.len());
    let ticks = 300;
    let mut most_stale = 0;
    for _ in 0..ticks {
        arena.run(1);
        let (parked, _) = standing(&arena);
        let replica = arena.clients[0].session.replica().expect("client 0 is in");
        let stale = replica.facets().filter(|(.., fresh)| !fresh).map(|(record, ..)| record.slot);
        most_stale = most_stale.max(stale.filter(|slot| !parked.contains(slot)).count());
    }
    let (still, more) = standing(&arena);
    let changed = parked.iter().filter(|slot| !still.contains(slot)).count();
    let per_tick = (more - demotions) as f64 / f64::from(ticks);
    println!(
        "{} parked, {changed} of them back after {ticks} ticks, {per_tick:.2} demotions per tick, at most {most_stale} others stale",
        parked.len()
    );
    assert!(changed * 5 <= parked.len(), "{changed} of {} changed places", parked.len());
    assert!(most_stale <= 4, "{most_stale} were not exact and not parked at once");
    assert_eq!(arena.clients[0].log.full_frames(), 1);
}

#[test]
fn where_bytes_suffice_nothing_is_ever_demoted() {
    let mut arena = Arena::seeded(0xE0).zoo(Zoo::steady(60)).clients(3).start();
    arena.run(300);
    assert_eq!(arena.room.counts().demotions, 0);
}
