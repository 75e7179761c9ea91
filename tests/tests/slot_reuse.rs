//! Slots are used again, also while a client is skipped: it must let go of the old and take the new, never mix them up.

use shared::ids::{EntityId, Slot, Tick};
use shared::schema::Replicated;
use shared::wire::ClientMessage;
use shared::wire::server_message::Outcome;
use std::collections::BTreeMap;
use tests::Arena;
use tests::builder::ArenaBuilder;
use tests::link::LinkOptions;
use tests::zoo::{BEAST, Breed, CHEST, Cull, FLAG, STONE, Zoo};

/// A pool so small that slots come round in a few ticks; a client whose socket holds nothing.
fn crowded(seed: u64) -> ArenaBuilder {
    let zoo = Zoo { crowd: 6, deaths: 120, whims: 40, ..Zoo::default() };
    let link = LinkOptions { socket_bytes: 0, ..LinkOptions::default() };
    Arena::seeded(seed).zoo(zoo).slot_bits(6).clients(2).link(link)
}

/// How many slots named one facet at `from` and another at `to`.
fn reused(arena: &Arena, from: Tick, to: Tick) -> usize {
    let names = |tick: Tick| -> BTreeMap<Slot, _> {
        let moment = arena.moment(tick).expect("it is kept");
        let named = |slot: Slot| moment.anchors.iter().find(|(_, anchor)| **anchor == slot).map(|(id, _)| *id);
        moment.facets.iter().map(|(&slot, live)| (slot, (live.record, named(live.record.anchor)))).collect()
    };
    let before = names(from);
    names(to).into_iter().filter(|(slot, name)| before.get(slot).is_some_and(|old| old != name)).count()
}

#[test]
fn slots_that_are_used_again_while_a_client_is_skipped_are_let_go_first() {
    let mut arena = crowded(1).start();
    arena.run(10);
    let mut count = 0;
    for round in 0..60 {
        let from = arena.tick();
        arena.stall(0, 2 + round % 14);
        arena.run(4 + round % 14);
        count += reused(&arena, from, arena.tick());
    }
    assert!(count > 30, "{count} slots were used again");
    assert!(arena.room.counts().caught_up_ticks > 200);
    assert_eq!(arena.clients[0].log.full_frames(), 1);
}

#[test]
fn slots_that_are_used_again_over_a_longer_gap_come_with_a_full_frame() {
    let mut arena = crowded(2).start();
    arena.run(10);
    for _ in 0..12 {
        arena.freeze(0, 25);
        arena.run(32);
    }
    assert!(arena.clients[0].log.full_frames() > 10);
    arena.run_until_quiet();
}

#[test]
fn a_slot_that_moves_from_one_section_to_another_is_let_go_in_the_old_one() {
    let link = LinkOptions { socket_bytes: 0, ..LinkOptions::default() };
    let mut arena = Arena::seeded(3).zoo(Zoo::calm(10)).clients(2).slot_bits(7).link(link).start();
    arena.run(10);
    for kinds in [(STONE, CHEST), (CHEST, FLAG), (FLAG, STONE), (STONE, BEAST)] {
        arena.request(1, &Breed { kind: kinds.0.0 });
        arena.run(2);
        let (_, anchor) = arena.any(kinds.0);
        arena.stall(0, 8);
        arena.run(2);
        arena.request(1, &Cull { about: EntityId(u32::from(anchor.0)) });
        arena.run(2);
        assert!(arena.room.sabotage_replicator().sabotage_reuse_slot(anchor), "the slot is free");
        arena.request(1, &Breed { kind: kinds.1.0 });
        arena.run(8);
    }
    arena.run_until_quiet();
}

#[test]
fn where_slots_run_out_things_wait_and_come_when_there_is_room() {
    let mut arena =
        Arena::seeded(4).zoo(Zoo { crowd: 20, deaths: 30, ..Zoo::default() }).slot_bits(6).clients(2).start();
    let mut waited = Vec::new();
    for _ in 0..200 {
        arena.step();
        waited.push(arena.room.counts().unplaced as usize);
    }
    let entities = arena.room.replicator().facets().tracked().count();
    assert!(waited.iter().any(|&count| count > 0), "the pool was large enough");
    assert!(waited.iter().all(|&count| count <= entities), "what waits now is told, not how often it did");
    assert!(arena.room.replicator().facets().drawn_count() <= 32);
}

/// The guest asks that what `slot` names goes; how that was answered.
fn cull(arena: &mut Arena, guest: usize, slot: Slot) -> Option<Outcome> {
    let kind = arena.room.replicator().schema().request_index(Cull::NAME).expect("the zoo knows it") as u8;
    let number = arena.strangers[guest].replies().len() as u16;
    let bytes = arena.message(&ClientMessage::Request { number, kind, codes: vec![i32::from(slot.0)] });
    arena.strangers[guest].say(bytes);
    arena.step();
    arena.strangers[guest].replies().last().map(|&(_, outcome)| outcome)
}

fn confirm(arena: &mut Arena, guest: usize) {
    let newest = arena.strangers[guest].newest.expect("it got frames");
    let bytes = arena.message(&ClientMessage::Confirm { newest });
    arena.strangers[guest].say(bytes);
    arena.step();
}

#[test]
fn a_slot_names_what_it_named_in_the_newest_frame_that_was_confirmed() {
    let mut arena = Arena::seeded(5).zoo(Zoo::calm(0)).clients(1).start();
    arena.run(3);
    let guest = arena.guest("guest");
    arena.request(0, &Breed { kind: STONE.0 });
    arena.run(2);
    confirm(&mut arena, guest);
    let (_, anchor) = arena.any(STONE);
    arena.request(0, &Cull { about: EntityId(u32::from(anchor.0)) });
    arena.run(2);
    assert!(arena.room.sabotage_replicator().sabotage_reuse_slot(anchor), "the slot is free");
    arena.request(0, &Breed { kind: CHEST.0 });
    arena.run(2);
    assert_eq!(arena.any(CHEST).1, anchor);
    // The guest was sent the chest, and for all that the server knows it still sees the stone.
    assert_eq!(cull(&mut arena, guest, anchor), Some(Outcome::Refused(1)));
    confirm(&mut arena, guest);
    assert_eq!(cull(&mut arena, guest, anchor), Some(Outcome::Done));
}

#[test]
fn a_slot_names_nothing_new_before_the_first_frame_after_a_pause_was_confirmed() {
    let mut arena = Arena::seeded(6).zoo(Zoo::calm(0)).clients(1).start();
    arena.run(3);
    let guest = arena.guest("guest");
    arena.request(0, &Breed { kind: STONE.0 });
    arena.run(2);
    confirm(&mut arena, guest);
    let (_, anchor) = arena.any(STONE);
    let pause = arena.message(&ClientMessage::Pause { on: true });
    arena.strangers[guest].say(pause);
    arena.request(0, &Cull { about: EntityId(u32::from(anchor.0)) });
    arena.run(2);
    assert!(arena.room.sabotage_replicator().sabotage_reuse_slot(anchor), "the slot is free");
    arena.request(0, &Breed { kind: CHEST.0 });
    arena.run(31);
    // A keep-alive is confirmed, and told nothing.
    confirm(&mut arena, guest);
    let pause = arena.message(&ClientMessage::Pause { on: false });
    arena.strangers[guest].say(pause);
    arena.step();
    assert_eq!(arena.any(CHEST).1, anchor);
    assert_eq!(cull(&mut arena, guest, anchor), Some(Outcome::Refused(1)));
    confirm(&mut arena, guest);
    assert_eq!(cull(&mut arena, guest, anchor), Some(Outcome::Done));
}
