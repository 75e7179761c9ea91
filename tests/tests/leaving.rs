//! Leaving: by word or by a cut, at any moment; what is left behind; coming again as somebody new.

use client_sim::agreement::hello;
use client_sim::session::SessionConfig;
use server::replicate::audiences::AudienceKey;
use shared::ids::EntityId;
use shared::schema::{Kind, Replicated, Section};
use shared::wire::{ClientMessage, CloseCode, Digest, Hello};
use tests::Arena;
use tests::zoo::{BEAST, Body, Breed, STONE, Tell, Whom, Zoo, schema};

fn beasts(arena: &Arena, client: usize) -> usize {
    let replica = arena.clients[client].session.replica().expect("the client is in");
    replica.anchors().filter(|&(_, kind)| kind == BEAST).count()
}

#[test]
fn a_player_that_says_goodbye_is_gone_for_everyone_in_the_next_tick() {
    let mut arena = Arena::seeded(1).zoo(Zoo::calm(0)).clients(3).start();
    arena.run(5);
    arena.run_until_quiet();
    assert_eq!(beasts(&arena, 1), 3);
    arena.leave(0);
    arena.run(4);
    assert_eq!(arena.clients[0].log.closed, Some(CloseCode::Normal));
    assert_eq!((beasts(&arena, 1), beasts(&arena, 2)), (2, 2));
    assert_eq!(arena.room.counts().leaves, 1);
}

#[test]
fn a_player_that_is_cut_off_leaves_and_nobody_else_notices() {
    let mut arena = Arena::seeded(2).clients(3).start();
    arena.run(20);
    let since = arena.tick();
    arena.cut(0);
    arena.run(30);
    for client in [1, 2] {
        assert_eq!(arena.clients[client].log.frames_after(since).count(), 30);
    }
    assert_eq!(arena.room.counts().players, 2);
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn a_connection_may_be_cut_at_any_moment_of_joining() {
    let mut arena = Arena::seeded(3).clients(1).budget(60).start();
    for ticks in 0..12 {
        let hasty = arena.join();
        arena.run(ticks);
        arena.cut(hasty);
        arena.run(2);
        assert_eq!(arena.room.counts().players, 1, "cut after {ticks} ticks");
    }
}

#[test]
fn who_comes_again_is_somebody_new_with_a_new_body_and_a_full_frame() {
    let mut arena = Arena::seeded(4).clients(2).start();
    arena.run(10);
    let (old, old_me) = (arena.player(0), arena.clients[0].session.replica().and_then(|replica| replica.me()));
    arena.cut(0);
    let again = arena.join();
    arena.run(10);
    assert!(arena.is_whole(again));
    assert!(arena.player(again) > old);
    assert_eq!(arena.clients[again].log.full_frames(), 1);
    let me = arena.clients[again].session.replica().and_then(|replica| replica.me());
    assert!(me.is_some() && old_me.is_some());
    // The number of the connection was used again at once.
    assert_eq!(arena.room.seats().count(), 2);
}

#[test]
fn who_held_on_to_the_schema_and_the_tables_is_not_sent_them_again() {
    let mut arena = Arena::seeded(8).clients(1).start();
    arena.run(5);
    let known = arena.clients[0].session.agreement().map(|agreement| agreement.known.clone());
    assert!(known.is_some());
    let told = |arena: &Arena, hello: Hello| {
        let mut arena = Arena::seeded(8).clients(arena.clients.len()).start();
        let stranger = arena.stranger();
        let bytes = arena.message(&ClientMessage::Hello(Box::new(hello)));
        arena.strangers[stranger].say(bytes);
        arena.step();
        arena.strangers[stranger].heard[0].len()
    };
    let long = told(&arena, hello("new", Digest::Folded, None));
    let short = told(&arena, hello("old", Digest::Folded, known.as_ref()));
    assert!(short < 100 && long > 1_000, "{short} and {long} bytes");
    arena.cut(0);
    let again = arena.join_as(SessionConfig { known, digest: Digest::Whole, ..SessionConfig::named("again") });
    arena.run(5);
    assert!(arena.is_whole(again));
}

#[test]
fn when_everyone_has_left_the_room_is_empty_and_what_was_lent_is_nobodys() {
    let zoo = Zoo { whims: 60, ..Zoo::default() };
    let mut arena = Arena::seeded(5).zoo(zoo).clients(4).start();
    arena.run(120);
    for client in 0..4 {
        arena.leave(client);
    }
    arena.run(4);
    assert!(arena.room.is_empty());
    let moment = arena.moment(arena.tick()).expect("it was just now");
    assert!(moment.players.is_empty());
    assert!(moment.facets.values().all(|live| live.owner.is_none()));
    for client in 0..4 {
        let key = AudienceKey::Player(arena.player(client));
        assert!(arena.room.replicator().facets().visible(Section::Owner, key).is_none(), "its set is gone, too");
    }
    arena.run(30);
    let late = arena.join();
    arena.run(4);
    assert!(arena.is_whole(late));
}

#[test]
fn players_come_and_go_all_the_time() {
    let mut arena = Arena::seeded(6).clients(2).slot_bits(8).start();
    for round in 0..60 {
        let newcomer = arena.join();
        arena.run(1 + round % 4);
        if round % 3 == 0 {
            arena.cut(newcomer);
        } else if arena.clients[newcomer].session.is_in() {
            arena.leave(newcomer);
        } else {
            arena.cut(newcomer);
        }
    }
    arena.run(5);
    assert_eq!(arena.room.counts().players, 2);
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn the_own_entity_is_known_from_the_first_frame_even_with_a_tiny_budget() {
    let mut arena = Arena::seeded(7).zoo(Zoo::steady(30)).budget(1).clients(1).start();
    arena.run(3);
    let replica = arena.clients[0].session.replica().expect("the client is in");
    let me = replica.me().expect("the own entity comes first");
    assert!(replica.read::<Body>(me).is_some());
    let kinds: Vec<Kind> = replica.anchors().map(|(_, kind)| kind).collect();
    assert!(kinds.contains(&BEAST) && schema().component_index(Body::NAME).is_some());
}

/// Somebody asks for things, in this order, before the next tick.
fn ask<T: Replicated>(arena: &mut Arena, stranger: usize, number: u16, request: &T) {
    let wish = tests::player::wish(arena.room.replicator().schema(), request).expect("the zoo knows it");
    let bytes = arena.message(&ClientMessage::Request { number, kind: wish.kind, codes: wish.codes });
    arena.strangers[stranger].say(bytes);
}

#[test]
fn what_somebody_asked_for_who_left_in_the_same_tick_does_not_reach_the_world() {
    let mut arena = Arena::seeded(9).zoo(Zoo::calm(0)).clients(1).start();
    for goodbye in [arena.message(&ClientMessage::Bye), arena.message(&ClientMessage::Hello(Box::default()))] {
        let guest = arena.guest("guest");
        let entities = arena.room.replicator().facets().tracked().count();
        ask(&mut arena, guest, 1, &Breed { kind: STONE.0 });
        arena.strangers[guest].say(goodbye);
        arena.step();
        assert!(arena.strangers[guest].closed.is_some());
        assert_eq!(arena.room.replicator().facets().tracked().count(), entities - 1, "its body is gone, nothing came");
    }
}

#[test]
fn what_somebody_asks_for_in_one_tick_is_done_by_number() {
    let mut arena = Arena::seeded(10).zoo(Zoo::calm(0)).clients(1).start();
    let guest = arena.guest("guest");
    for number in [9, 3, 7] {
        ask(&mut arena, guest, number, &Tell { whom: Whom::Me, count: 1, about: EntityId::NONE });
    }
    arena.step();
    let numbers: Vec<u16> = arena.strangers[guest].replies().iter().map(|&(number, _)| number).collect();
    assert_eq!(numbers, [3, 7, 9]);
}
