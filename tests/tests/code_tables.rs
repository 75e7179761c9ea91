//! Code tables replaced in the middle of a match: what was sent is counted, better tables are made of it, and from a marked
//! tick on everybody uses them, whoever was stalled, paused, lost or just coming in.

use client_sim::agreement::hello;
use server::arena_n::ArenaN;
use server::exchange::{Incoming, Outgoing};
use server::room::{Room, RoomEntropy, run_tick};
use server::sim::{RoomGame, RoomOptions};
use shared::codec::{Tables, Tally};
use shared::ids::Tick;
use shared::limits::{CATCH_UP_TICKS, TABLES_SECONDS_MIN};
use shared::schema::Layout;
use shared::wire::{ClientMessage, Digest};
use std::sync::Arc;
use tests::Arena;
use tests::zoo::Zoo;

/// Ticks after which tables may be replaced again.
const MAY_AGAIN: u32 = TABLES_SECONDS_MIN * 30;

/// A zoo that was watched for some time, and knows better tables by now.
fn studied(seed: u64, clients: usize) -> Arena {
    let mut arena = Arena::seeded(seed).zoo(Zoo::steady(40)).clients(clients).start();
    arena.room.begin_study();
    arena.run(160);
    arena
}

/// Trains on what was sent and gives the room the better tables, under the next epoch.
fn improve(arena: &mut Arena) {
    let tally = arena.room.take_study().expect("it is studied");
    assert!(tally.symbols() > 1_000, "{} symbols", tally.symbols());
    let before = arena.room.replicator().tables();
    let better = tally.train(before.epoch.wrapping_add(1));
    assert!(tally.bits(&better) < tally.bits(before));
    arena.room.replace_tables(Arc::new(better));
}

fn epoch(arena: &Arena) -> u8 {
    arena.room.replicator().tables().epoch
}

#[test]
fn better_tables_make_the_same_match_shorter_and_nobody_loses_its_world() {
    let mut arena = studied(0x7AB1E, 3);
    let bytes = |arena: &mut Arena| {
        let before = arena.room.counts().state_bytes;
        arena.run(200);
        arena.room.counts().state_bytes - before
    };
    let untrained = bytes(&mut arena);
    improve(&mut arena);
    let trained = bytes(&mut arena);
    assert_eq!(epoch(&arena), 1);
    assert!(trained * 10 < untrained * 9, "{trained} of {untrained} bytes");
    arena.assert_all_clients_agree_with_server();
    assert!(arena.clients.iter().all(|client| client.log.lost == 0 && client.log.full_frames() == 1));
}

#[test]
fn a_client_that_missed_the_mark_reads_each_tick_in_its_own_codes() {
    for missed in [1, 2, CATCH_UP_TICKS / 2, CATCH_UP_TICKS - 1, CATCH_UP_TICKS + 5] {
        let mut arena = studied(0x7AB1E + u64::from(missed), 2);
        arena.stall(1, missed);
        arena.run(missed / 2);
        improve(&mut arena);
        arena.run_until_quiet();
        arena.run(40);
        arena.assert_all_clients_agree_with_server();
        assert_eq!((epoch(&arena), arena.clients[1].log.lost), (1, 0), "{missed} ticks missed");
    }
}

#[test]
fn a_client_that_pauses_over_two_marks_comes_back_to_the_newest_tables() {
    let mut arena = studied(0x7AB1E + 100, 2);
    arena.clients[1].session.pause(true);
    improve(&mut arena);
    arena.run(MAY_AGAIN + 5);
    improve(&mut arena);
    arena.run(5);
    assert_eq!(epoch(&arena), 2);
    arena.clients[1].session.pause(false);
    arena.run_until_quiet();
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn a_client_that_is_lost_at_the_mark_is_mended_by_a_full_frame_in_the_new_codes() {
    let mut arena = studied(0x7AB1E + 200, 1);
    arena.tolerate();
    assert!(arena.clients[0].session.replica_mut().is_some_and(|replica| replica.sabotage_flip_bit()));
    arena.run(1);
    improve(&mut arena);
    arena.run_until_quiet();
    arena.take_findings();
    arena.run(40);
    assert_eq!(arena.take_findings(), []);
    arena.assert_all_clients_agree_with_server();
    assert_eq!(arena.clients[0].log.lost, 1);
}

#[test]
fn who_comes_after_the_mark_gets_the_new_tables_once_and_names_them_the_next_time() {
    let mut arena = studied(0x7AB1E + 300, 1);
    improve(&mut arena);
    arena.run(10);
    let late = arena.join();
    arena.run_until_quiet();
    assert!(arena.is_whole(late), "its Welcome had the tables in force");
    for client in [0, late] {
        let known = arena.clients[client].session.agreement().map(|agreement| agreement.known.clone());
        let stranger = arena.stranger();
        let hello = hello("again", Digest::Whole, known.as_ref());
        let hello = arena.message(&ClientMessage::Hello(Box::new(hello)));
        arena.strangers[stranger].say(hello);
        arena.step();
        let welcome = arena.strangers[stranger].welcome().expect("it is let in");
        assert_eq!((&welcome.tables, &welcome.schema), (&None, &None), "client {client} holds them");
    }
}

#[test]
fn tables_are_not_replaced_more_often_than_clients_are_promised() {
    let mut arena = studied(0x7AB1E + 400, 2);
    improve(&mut arena);
    arena.run(20);
    improve_a_little(&mut arena);
    arena.run(MAY_AGAIN - 30);
    assert_eq!(epoch(&arena), 1);
    arena.run(30);
    assert_eq!((epoch(&arena), arena.room.counts().tables_replaced), (2, 2));
    arena.run_until_quiet();
}

/// Other tables, whether better or not.
fn improve_a_little(arena: &mut Arena) {
    let tally = arena.room.take_study().expect("it is studied");
    let next = arena.room.replicator().tables().epoch + 1;
    arena.room.replace_tables(Arc::new(tally.train(next)));
}

/// Shipped tables fit the schema of today, and make what was sent clearly shorter than untrained ones.
fn assert_worth_it(game: &dyn RoomGame, file: &[u8], tally: &Tally) {
    let schema = game.schema();
    let layout = Layout::new(&schema, 10).unwrap();
    let fit = Tables::from_file(file, schema.fingerprint(), &layout);
    let shipped = fit.unwrap_or_else(|error| panic!("{}: {error} (--train-tables, see the README)", schema.game));
    let (trained, untrained) = (tally.bits(&shipped), tally.bits(&Tables::untrained(&layout)));
    assert!(trained * 10 < untrained * 9, "{}: {trained} of {untrained} bits", schema.game);
}

#[test]
fn the_tables_that_the_built_in_game_ships_are_of_use() {
    let mut arena = Arena::seeded(0x7AB1E + 500).built_in().clients(4).start();
    arena.room.begin_study();
    arena.run(150);
    assert_worth_it(
        &server::game::Arena::default(),
        server::game::TABLES,
        &arena.room.take_study().expect("it is studied"),
    );
}

#[test]
fn the_tables_that_the_workload_ships_are_of_use() {
    let settings = [("movers".to_owned(), "100".to_owned())].into();
    let options = RoomOptions { settings, ..RoomOptions::default() };
    let entropy = RoomEntropy { seed: 0x7AB1E, incarnation: 1, slots: 2 };
    let mut room = Room::new(Arc::new(ArenaN), &options, entropy, None).unwrap();
    room.begin_study();
    for tick in 1..=200 {
        run_tick(&mut room, &mut Incoming::default(), Tick(tick), &mut Outgoing::default());
    }
    assert_worth_it(&ArenaN, server::arena_n::TABLES, &room.take_study().expect("it is studied"));
}
