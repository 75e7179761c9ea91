//! Coming back after a cut: to the same seat in time, to a new one too late, and never to somebody else's.

use client_sim::agreement::hello;
use client_sim::game::twin::twins;
use server::identity::PlayerKey;
use server::seats::Bearer;
use shared::game::maps::Maps;
use shared::ids::PlayerId;
use shared::wire::{ClientMessage, CloseCode, Digest, Hello, SeatSecret, Secret};
use tests::Arena;
use tests::link::LinkOptions;

/// Seconds for which seats are kept, and ticks.
const KEEP_S: u32 = 2;
const KEEP_TICKS: u32 = 60;

fn story(seed: u64, clients: usize) -> Arena {
    Arena::seeded(seed).clients(clients).keep_seats(KEEP_S).start()
}

fn secret_of(arena: &Arena, client: usize) -> SeatSecret {
    arena.clients[client].session.agreement().and_then(|agreement| agreement.resume).expect("seats are kept")
}

/// Somebody says Hello with this secret, as whom; the player that it became.
fn present(arena: &mut Arena, secret: SeatSecret, player: Option<PlayerKey>) -> Result<PlayerId, Option<CloseCode>> {
    let stranger = arena.stranger();
    if let (Some(player), Some(connection)) = (player, arena.strangers[stranger].connection) {
        arena.room.entrust(connection, Bearer { player, secret: Secret([0x80 + stranger as u8; 16]) }, false);
    }
    let hello = Hello { resume: Some(secret), ..hello("somebody", Digest::Folded, None) };
    let hello = arena.message(&ClientMessage::Hello(Box::new(hello)));
    arena.strangers[stranger].say(hello);
    arena.step();
    match arena.strangers[stranger].welcome() {
        Some(welcome) => Ok(PlayerId(welcome.player)),
        None => Err(arena.strangers[stranger].closed),
    }
}

#[test]
fn who_is_cut_comes_back_in_time_to_its_seat_its_entity_and_its_inputs() {
    let mut arena = story(1, 3);
    arena.run(30);
    let (player, secret) = (arena.player(0), secret_of(&arena, 0));
    let entity = arena.room.sim().entity_of(player);
    let sent = arena.clients[0].session.counters().inputs_sent;
    arena.cut(0);
    arena.run(KEEP_TICKS / 2);
    let (seats, counts) = (arena.room.seats(), arena.room.counts());
    assert!(seats.is_away(player) && (counts.players, counts.away, counts.leaves) == (3, 1, 0));
    arena.come_back(0);
    arena.run(30);
    arena.assert_all_clients_agree_with_server();
    assert_eq!((arena.player(0), arena.room.sim().entity_of(player)), (player, entity));
    assert!(!arena.room.seats().is_away(player));
    let counters = arena.clients[0].session.counters();
    assert!(counters.resumed == 1 && counters.inputs_sent > sent + 20, "{counters:?}");
    assert_eq!((counters.digest_mismatches, counters.events_lost), (0, 1), "it is told that it missed something");
    assert_ne!(secret_of(&arena, 0), secret, "each Welcome brings another secret");
    let counts = arena.room.counts();
    assert_eq!((counts.joins, counts.absences, counts.resumes, counts.leaves), (3, 1, 1, 0));
    assert_eq!((counts.resumes_refused, counts.out_of_place, counts.malformed), (0, 0, 0));
}

#[test]
fn whoever_stays_notices_nothing_of_a_cut_and_a_return() {
    let mut arena = story(2, 3);
    arena.run(20);
    let since = arena.tick();
    arena.cut(0);
    arena.run(20);
    arena.come_back(0);
    arena.run(20);
    for client in [1, 2] {
        assert_eq!(arena.clients[client].log.frames_after(since).count(), 40);
    }
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn a_seat_is_kept_so_long_and_who_comes_later_is_somebody_new() {
    let mut arena = story(3, 2);
    arena.run(20);
    let player = arena.player(0);
    arena.cut(0);
    arena.run(KEEP_TICKS - 1);
    assert!(arena.room.seats().is_away(player));
    arena.run(2);
    let counts = arena.room.counts();
    assert_eq!((counts.players, counts.away, counts.leaves, counts.seats_given_up), (1, 0, 1, 1));
    arena.come_back(0);
    arena.run(20);
    assert_ne!(arena.player(0), player);
    assert_eq!(arena.clients[0].session.counters().resumed, 0);
    assert_eq!((arena.room.counts().resumes, arena.room.counts().resumes_refused), (0, 1));
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn without_kept_seats_a_cut_is_the_end_and_nobody_gets_a_secret() {
    let mut arena = Arena::seeded(4).clients(2).start();
    arena.run(20);
    assert_eq!(arena.clients[0].session.agreement().and_then(|agreement| agreement.resume), None);
    arena.cut(0);
    arena.run(2);
    assert_eq!((arena.room.counts().players, arena.room.counts().leaves), (1, 1));
}

#[test]
fn an_old_secret_a_guessed_one_and_a_repeated_one_give_nothing_and_disturb_nobody() {
    let mut arena = story(5, 2);
    arena.run(20);
    let (player, old) = (arena.player(0), secret_of(&arena, 0));
    arena.cut(0);
    arena.run(5);
    arena.come_back(0);
    arena.run(10);
    let since = arena.tick();
    for stolen in [old, Secret([0; 16]), Secret([0xFF; 16])] {
        assert!(present(&mut arena, stolen, None).is_ok_and(|thief| thief != player), "it is somebody new");
    }
    arena.run(10);
    assert_eq!(arena.player(0), player);
    assert_eq!(arena.clients[0].log.frames_after(since).count(), 13, "a frame in each tick");
    assert_eq!(arena.room.counts().resumes_refused, 3);
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn a_secret_is_good_once_more_where_the_welcome_with_the_next_one_was_lost() {
    let mut arena = story(6, 2);
    arena.run(20);
    let player = arena.player(0);
    arena.cut(0);
    arena.run(5);
    arena.come_back(0);
    // The Hello arrives, and its answer never does.
    arena.run(1);
    arena.cut(0);
    arena.run(5);
    arena.come_back(0);
    arena.run(20);
    assert_eq!(arena.player(0), player);
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn the_secret_of_a_player_with_a_ticket_is_worth_nothing_to_another() {
    let mut arena = story(7, 1);
    arena.run(5);
    let [anna, berta] = ["anna", "berta"].map(|name| PlayerKey::new(name).expect("a good key"));
    let first = present(&mut arena, Secret([9; 16]), Some(anna.clone())).expect("let in");
    let secret = arena.strangers[0].welcome().and_then(|welcome| welcome.resume).expect("seats are kept");
    arena.cut_stranger(0);
    arena.run(2);
    for other in [Some(berta), None] {
        assert!(present(&mut arena, secret, other).is_ok_and(|player| player != first));
    }
    assert!(arena.room.seats().is_away(first), "the seat waits for its own player");
    assert_eq!(present(&mut arena, secret, Some(anna)), Ok(first));
}

#[test]
fn who_comes_with_its_ticket_and_without_its_secret_plays_once_and_not_twice() {
    let mut arena = story(8, 1);
    arena.run(5);
    let anna = PlayerKey::new("anna").expect("a good key");
    let first = present(&mut arena, Secret([9; 16]), Some(anna.clone())).expect("let in");
    arena.cut_stranger(0);
    arena.run(2);
    let second = present(&mut arena, Secret([9; 16]), Some(anna)).expect("let in");
    arena.run(2);
    assert_ne!(first, second);
    let counts = arena.room.counts();
    assert_eq!((counts.players, counts.away, counts.leaves), (2, 0, 1));
}

#[test]
fn one_guests_ticket_has_one_seat_however_often_it_comes_without_its_secret() {
    let mut arena = story(44, 1);
    arena.run(5);
    let ticket = PlayerKey::guest(7);
    for come in 0..5 {
        present(&mut arena, Secret([9; 16]), Some(ticket.clone())).expect("let in");
        arena.cut_stranger(come);
        arena.run(2);
        let counts = arena.room.counts();
        assert_eq!((counts.players, counts.away, counts.leaves), (2, 1, come as u64));
    }
    present(&mut arena, Secret([9; 16]), Some(PlayerKey::guest(8))).expect("let in");
    assert_eq!((arena.room.counts().players, arena.room.counts().away), (3, 1), "another guest's is left alone");
}

#[test]
fn where_the_server_still_believes_in_the_old_connection_the_newer_one_takes_the_seat() {
    let mut arena = story(9, 3);
    arena.run(20);
    let player = arena.player(0);
    let old = arena.cut_half(0).expect("it was attached");
    arena.run(3);
    assert!(!arena.room.seats().is_away(player));
    arena.come_back(0);
    arena.run(20);
    assert_eq!(arena.player(0), player);
    assert_eq!(arena.replaced, [old], "and the old one is closed");
    assert_eq!((arena.room.counts().leaves, arena.room.counts().players), (0, 3));
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn a_kept_seat_keeps_its_place_in_a_full_room() {
    let mut arena = Arena::seeded(10).clients(2).players_max(2).keep_seats(KEEP_S).start();
    arena.run(20);
    let player = arena.player(0);
    arena.cut(0);
    arena.run(5);
    assert_eq!(present(&mut arena, Secret([1; 16]), None), Err(Some(CloseCode::RoomFull)));
    arena.come_back(0);
    arena.run(20);
    assert_eq!(arena.player(0), player);
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn a_seat_is_given_back_only_so_often_and_stays() {
    let mut arena = story(11, 1);
    arena.run(5);
    let mut secret = Secret([9; 16]);
    let first = present(&mut arena, secret, None).expect("let in");
    let mut closed = None;
    for round in 0..20 {
        secret = arena.strangers[round].welcome().and_then(|welcome| welcome.resume).expect("seats are kept");
        arena.cut_stranger(round);
        match present(&mut arena, secret, None) {
            Ok(player) => assert_eq!(player, first),
            Err(code) => {
                closed = Some((round, code));
                break;
            }
        }
    }
    assert_eq!(closed, Some((8, Some(CloseCode::TooFast))));
    assert!(arena.room.seats().is_away(first));
}

#[test]
fn who_says_goodbye_or_breaks_a_rule_has_left() {
    let mut arena = story(12, 2);
    arena.run(10);
    arena.leave(0);
    arena.run(5);
    assert_eq!((arena.room.counts().players, arena.room.counts().leaves), (1, 1));
    let guest = arena.guest("rude");
    arena.step();
    (0..4).for_each(|_| arena.strangers[guest].say(vec![200]));
    arena.run(2);
    assert_eq!(arena.strangers[guest].closed, Some(CloseCode::Malformed));
    assert_eq!((arena.room.counts().away, arena.room.counts().leaves), (0, 2));
}

#[test]
fn whoever_is_dismissed_has_no_seat_to_come_back_to() {
    let mut arena = story(13, 2);
    arena.run(10);
    let player = arena.player(0);
    let connection = arena.cut_half(0).expect("it was attached");
    arena.forget_half(connection);
    arena.room.dismiss(connection);
    arena.run(2);
    assert_eq!((arena.room.counts().players, arena.room.counts().leaves), (1, 1));
    arena.come_back(0);
    arena.run(10);
    assert_ne!(arena.player(0), player);
}

#[test]
fn cut_while_it_catches_up_or_before_it_held_the_world_it_still_comes_back_to_a_right_one() {
    for ticks in 0..16 {
        let link = LinkOptions { delay_us: 60_000, ..LinkOptions::default() };
        let mut arena = Arena::seeded(14 + u64::from(ticks)).clients(3).link(link).keep_seats(KEEP_S).start();
        arena.run(40);
        arena.freeze(0, 12);
        arena.run(ticks);
        let player = arena.player(0);
        arena.cut(0);
        arena.run(7);
        arena.come_back(0);
        arena.run(60);
        assert_eq!(arena.player(0), player, "cut after {ticks} ticks");
        arena.assert_all_clients_agree_with_server();
    }
}

#[test]
fn a_secret_is_looked_up_and_forgotten_with_its_successor_and_with_its_seat() {
    let mut arena = story(41, 3);
    arena.run(20);
    assert_eq!(arena.room.seats().hash_count(), 3);
    for _ in 0..5 {
        arena.cut(0);
        arena.run(3);
        arena.come_back(0);
        arena.run(20);
        assert_eq!(arena.room.seats().hash_count(), 4, "the newest, and the one that it gave it for");
    }
    arena.cut(1);
    arena.leave(2);
    arena.run(KEEP_TICKS + 2);
    assert_eq!(arena.room.seats().hash_count(), 2);
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn who_has_no_seat_that_is_kept_comes_again_as_somebody_new_and_with_what_it_held() {
    let mut arena = Arena::seeded(42).clients(2).spectators(2, 0).keep_seats(KEEP_S).start();
    let spectator = arena.join_spectator();
    arena.run(30);
    for client in [0, spectator] {
        let [before, whole] = [0, 1].map(|_| *arena.clients[client].session.counters());
        assert_eq!(before, whole);
        arena.cut(client);
        assert!(arena.clients[client].session.may_return());
        if client == 0 {
            arena.run(KEEP_TICKS + 2);
        }
        arena.come_back(client);
        arena.run(30);
        let after = arena.clients[client].session.counters().since(&before);
        assert!(after.full_frames >= 1 && after.resumed == 0, "{after:?}");
        let bytes = after.message_bytes - after.state_bytes;
        assert!(bytes < whole.message_bytes - whole.state_bytes, "neither schema nor tables travel again: {bytes}");
    }
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn what_was_counted_before_a_cut_counts_on_after_it() {
    let twins = twins(Maps::in_the_box());
    let mut arena = Arena::seeded(43).built_in().clients(2).predicting(twins).keep_seats(KEEP_S).start();
    arena.run(60);
    let before = *arena.clients[0].session.counters();
    assert!(before.prediction.compared > 0 && before.drawing.drawn > 0, "{before:?}");
    arena.cut(0);
    arena.run(5);
    arena.come_back(0);
    arena.run(60);
    let after = arena.clients[0].session.counters().since(&before);
    assert!(after.prediction.compared > 0 && after.drawing.drawn > 0, "{after:?}");
}

#[test]
fn a_match_with_cuts_and_returns_is_the_same_every_time() {
    let play = || {
        let mut arena = story(40, 4);
        for round in 0..12 {
            arena.run(10);
            arena.cut(round % 4);
            arena.run(7);
            arena.come_back(round % 4);
        }
        arena.run(20);
        (arena.room.sim().hash(), arena.sent)
    };
    assert_eq!(play(), play());
}
