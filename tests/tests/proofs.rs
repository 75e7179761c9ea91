//! The proof can fail: five faults done on purpose. Each turns a run red, and each is mended by what is there to mend it.

use client_sim::replica::ReplicaError;
use shared::ids::{EntityId, Slot};
use shared::wire::Digest;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tests::Arena;
use tests::builder::ArenaBuilder;
use tests::checks::{Fault, Finding};
use tests::link::LinkOptions;
use tests::player::idle_players;
use tests::zoo::{BEAST, Breed, Cull, Point, Poke, STONE, Tell, Whom, Zoo};

/// Two clients in a zoo where everything moves and nothing goes.
fn moving() -> ArenaBuilder {
    Arena::seeded(0xF0).zoo(Zoo::steady(12)).clients(2)
}

/// Two clients in a zoo where nothing happens but what the story does.
fn calm() -> ArenaBuilder {
    let link = LinkOptions { socket_bytes: 0, ..LinkOptions::default() };
    Arena::seeded(0xF1).zoo(Zoo::calm(12)).clients(2).behaviours(Some(idle_players())).link(link)
}

fn started(builder: ArenaBuilder) -> Arena {
    let mut arena = builder.start();
    arena.run(5);
    arena.run_until_quiet();
    arena
}

/// Plays a story that tolerates nothing; what it died of.
fn red(builder: ArenaBuilder, story: impl FnOnce(&mut Arena)) -> String {
    let mut arena = started(builder);
    let died = catch_unwind(AssertUnwindSafe(|| story(&mut arena))).expect_err("the run turns red");
    died.downcast_ref::<String>().cloned().unwrap_or_default()
}

/// Plays a story that keeps what is found; what that was.
fn found(builder: ArenaBuilder, story: impl FnOnce(&mut Arena)) -> (Arena, Vec<Finding>) {
    let mut arena = started(builder);
    arena.tolerate();
    story(&mut arena);
    let found = arena.take_findings();
    (arena, found)
}

fn has(found: &[Finding], client: Option<usize>, is: impl Fn(&Fault) -> bool) -> bool {
    found.iter().any(|finding| finding.client == client && is(&finding.fault))
}

fn is_mismatch(fault: &Fault) -> bool {
    matches!(fault, Fault::Lost(ReplicaError::DigestMismatch { .. }))
}

/// All is well again, and stays so, by one full frame for each of `clients`.
fn assert_mended(arena: &mut Arena, clients: &[usize]) {
    arena.run(40);
    arena.take_findings();
    arena.run(60);
    assert_eq!(arena.take_findings(), []);
    arena.assert_all_clients_agree_with_server();
    for place in 0..arena.clients.len() {
        let mended = usize::from(clients.contains(&place));
        let client = &arena.clients[place];
        assert_eq!(client.session.counters().resyncs, mended as u64, "client {place}");
        assert_eq!(client.log.full_frames(), 1 + mended, "client {place}");
    }
}

fn flip_a_bit(arena: &mut Arena) {
    let replica = arena.clients[0].session.replica_mut().expect("client 0 is in");
    assert!(replica.sabotage_flip_bit());
}

#[test]
fn a_flipped_bit_of_a_fresh_facet_turns_the_run_red() {
    for digest in [Digest::Whole, Digest::Folded] {
        let died = red(moving().digest(digest), |arena| {
            flip_a_bit(arena);
            arena.run(1);
        });
        assert!(died.contains("DigestMismatch"), "{died}");
    }
}

#[test]
fn a_flipped_bit_is_found_by_the_next_frame_and_mended_by_a_full_one() {
    let (mut arena, found) = found(moving(), |arena| {
        flip_a_bit(arena);
        arena.run(2);
    });
    assert!(has(&found, Some(0), is_mismatch), "{found:?}");
    assert!(found.iter().all(|finding| finding.client == Some(0)), "{found:?}");
    assert_mended(&mut arena, &[0]);
}

#[test]
fn what_is_told_while_a_world_is_lost_is_heard_all_the_same_and_so_is_what_is_told_afterwards() {
    let tell = |count| Tell { whom: Whom::All, count, about: EntityId::NONE };
    let (mut arena, found) = found(moving().behaviours(Some(idle_players())), |arena| {
        arena.request(1, &tell(5));
        arena.run(1);
        // They are on their way.
        flip_a_bit(arena);
        arena.run(1);
    });
    assert!(has(&found, Some(0), is_mismatch), "{found:?}");
    assert!(!has(&found, None, |_| true) && !has(&found, Some(1), |_| true), "{found:?}");
    arena.run(60);
    assert_eq!(arena.take_findings(), []);
    arena.request(1, &tell(3));
    arena.run(3);
    assert_eq!(arena.take_findings(), [], "they are checked again");
    let numbers =
        |client: usize| -> Vec<i32> { arena.clients[client].log.events.iter().map(|event| event.codes[0]).collect() };
    assert_eq!((numbers(0), numbers(1)), ((1..=8).collect(), (1..=8).collect()));
}

#[test]
fn a_dropped_piece_turns_the_run_red() {
    let died = red(moving(), |arena| {
        arena.room.sabotage_replicator().sabotage_drop_piece();
        arena.run(3);
    });
    assert!(died.contains("DigestMismatch"), "{died}");
}

#[test]
fn a_dropped_piece_is_found_by_everyone_who_needed_it_and_mended_by_a_full_frame() {
    let (mut arena, found) = found(moving(), |arena| {
        arena.room.sabotage_replicator().sabotage_drop_piece();
        arena.run(3);
    });
    for client in [0, 1] {
        assert!(has(&found, Some(client), is_mismatch), "{found:?}");
    }
    assert_mended(&mut arena, &[0, 1]);
}

/// While client 0 is skipped, a stone goes and another takes its slot; client 0 is never told to let go of the first.
fn reuse_a_slot_without_its_leave(arena: &mut Arena) {
    let (_, slot) = arena.any(STONE);
    let player = arena.player(0);
    arena.stall(0, 10);
    arena.run(2);
    arena.room.sabotage_view(player).expect("client 0 has a seat").sabotage_keep(slot);
    arena.request(1, &Cull { about: EntityId(u32::from(slot.0)) });
    arena.run(1);
    assert!(arena.room.replicator().facets().alive(slot).is_none(), "the stone is gone");
    arena.run(1);
    assert!(arena.room.sabotage_replicator().sabotage_reuse_slot(slot), "its slot is free");
    arena.request(1, &Breed { kind: STONE.0 });
    arena.run(1);
    assert!(arena.room.replicator().facets().alive(slot).is_some(), "another has it");
    arena.run(8);
}

#[test]
fn a_slot_used_again_without_a_leave_turns_the_run_red() {
    let died = red(calm(), reuse_a_slot_without_its_leave);
    assert!(died.contains("BadView"), "the server's own sets say so first: {died}");
}

#[test]
fn a_slot_used_again_without_a_leave_is_found_by_the_client_and_mended_by_a_full_frame() {
    let (mut arena, found) = found(calm(), reuse_a_slot_without_its_leave);
    assert!(has(&found, Some(0), |fault| matches!(fault, Fault::Lost(_))), "{found:?}");
    assert!(!has(&found, Some(1), |_| true), "{found:?}");
    assert_mended(&mut arena, &[0]);
}

/// One change that extract does not see.
fn skip_a_change(arena: &mut Arena) {
    let (_, slot) = arena.any(STONE);
    arena.room.sabotage_replicator().sabotage_skip_change();
    arena.request(1, &Poke { about: EntityId(u32::from(slot.0)) });
    arena.run(3);
}

#[test]
fn a_change_that_extract_missed_turns_the_run_red_and_is_mended_by_the_scrub_in_the_same_tick() {
    let died = red(calm(), skip_a_change);
    assert!(died.contains("MissedExtract(1)"), "{died}");
    let (mut arena, found) = found(calm(), skip_a_change);
    let faults: Vec<&Fault> = found.iter().map(|finding| &finding.fault).collect();
    assert_eq!(faults, [&Fault::MissedExtract(1)]);
    assert_mended(&mut arena, &[]);
}

#[test]
fn a_missed_change_of_a_reference_is_mended_by_the_scrub_too() {
    let (mut arena, found) = found(calm(), |arena| {
        let ((_, stone), (_, beast)) = (arena.any(STONE), arena.any(BEAST));
        let named = |slot: Slot| EntityId(u32::from(slot.0));
        arena.room.sabotage_replicator().sabotage_skip_change();
        arena.request(1, &Point { about: named(stone), to: named(beast) });
        arena.run(3);
    });
    let faults: Vec<&Fault> = found.iter().map(|finding| &finding.fault).collect();
    assert_eq!(faults, [&Fault::MissedExtract(1)]);
    assert_mended(&mut arena, &[]);
}

#[test]
fn without_the_scrub_a_missed_change_is_proven_and_wrong_and_the_world_itself_says_so() {
    let (mut arena, found) = found(calm().scrub_entities(0), skip_a_change);
    assert!(has(&found, None, |fault| matches!(fault, Fault::Stray(_))), "{found:?}");
    for client in [0, 1] {
        assert!(has(&found, Some(client), |fault| matches!(fault, Fault::WrongWorld(_))), "{found:?}");
        assert!(!has(&found, Some(client), is_mismatch), "every digest matched: {found:?}");
    }
    arena.run(60);
    assert!(!arena.take_findings().is_empty(), "nothing mends it");
}

#[test]
fn a_scrub_that_looks_at_one_entity_per_tick_mends_a_missed_change_when_it_comes_round() {
    let (mut arena, found) = found(calm().scrub_entities(1), skip_a_change);
    assert!(!found.is_empty());
    let entities = arena.moment(arena.tick()).map_or(0, |moment| moment.entities) as u32;
    arena.run(entities + 1);
    assert_eq!(arena.room.counts().missed_extracts, 1);
    arena.take_findings();
    assert_mended(&mut arena, &[]);
}

#[test]
fn where_a_client_leaves_out_the_comparison_the_harness_compares_by_itself() {
    let blind = |arena: &mut Arena| {
        arena.clients[0].session.replica_mut().expect("client 0 is in").sabotage_skip_check();
        flip_a_bit(arena);
        arena.run(2);
    };
    let died = red(moving(), blind);
    assert!(died.contains("WrongState"), "{died}");
    let (arena, found) = found(moving(), blind);
    assert!(has(&found, Some(0), |fault| matches!(fault, Fault::WrongState(_))), "{found:?}");
    assert!(!has(&found, Some(0), |fault| matches!(fault, Fault::Lost(_))), "the client noticed nothing: {found:?}");
    assert_eq!(arena.clients[0].session.counters().digest_mismatches, 0);
}
