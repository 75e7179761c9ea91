//! Who is slow, or may have little: gets what is most important, is whole again as soon as its bytes allow, and nobody else notices.

use client_sim::dice::Dice;
use shared::ids::Tick;
use shared::wire::FrameKind;
use std::sync::Arc;
use tests::builder::ArenaBuilder;
use tests::link::LinkOptions;
use tests::meadow::{self, Act, Meadow};
use tests::peer::FrameSeen;
use tests::player::idle_players;
use tests::zoo::Zoo;
use tests::{Arena, seeds};

/// What a frame has besides its body, and a tick of keeping up has at the least.
const HEADER_BYTES: usize = 10;

/// A moving zoo of 60; sockets that hold one frame and no more.
fn moving(seed: u64) -> ArenaBuilder {
    let link = LinkOptions { socket_bytes: 0, ..LinkOptions::default() };
    Arena::seeded(seed).zoo(Zoo::steady(60)).behaviours(Some(idle_players())).link(link)
}

fn frames_since(arena: &Arena, client: usize, tick: Tick) -> Vec<FrameSeen> {
    arena.clients[client].log.frames_after(tick).copied().collect()
}

/// What this zoo takes at once after some ticks, as one sees who joins then and may have all of it.
fn world(seed: u64, ticks: u32) -> usize {
    let mut arena = moving(seed).clients(2).start();
    arena.run(ticks);
    let late = arena.join();
    arena.run(4);
    assert!(arena.is_whole(late));
    arena.clients[late].log.frames[0].bytes - HEADER_BYTES
}

/// Whole frames that `world` bytes take if each has room for `budget` less `pieces` of them.
fn frames_for(world: usize, budget: usize, pieces: usize) -> usize {
    world.div_ceil(budget - pieces)
}

#[test]
fn who_stalled_for_eight_seconds_is_whole_again_within_the_frames_that_its_budget_asks_for() {
    for (seed, budget) in [(1, 300), (3, 600), (5, 4_000)] {
        let mut arena = moving(seed).budget(budget).clients(2).start();
        arena.run(300);
        arena.run_until_quiet();
        let stalled = arena.tick();
        arena.stall(0, 240);
        arena.run(241);
        let mut frames = 0;
        while !arena.is_whole(0) {
            arena.run(1);
            frames += 1;
            assert!(frames < 300, "never");
        }
        let world = world(seed, 541);
        let own = frames_since(&arena, 0, stalled);
        let full = own.iter().position(|frame| frame.kind == FrameKind::Full).expect("it starts anew");
        let honest = frames_since(&arena, 1, stalled);
        assert_eq!(honest.len() as u32, arena.tick().since(stalled), "the other one notices nothing");
        let pieces = honest.iter().map(|frame| frame.bytes - HEADER_BYTES).sum::<usize>() / honest.len();
        // The frame that shows that it is whole lies behind the last of these.
        let took = own.len() - full;
        let bound = frames_for(world, budget, pieces) + 1;
        println!(
            "a world of {world} bytes, {budget} per tick, {pieces} of them pieces: {took} frames, at most {bound}"
        );
        assert!(took <= bound, "{took} frames, at most {bound}");
        assert_eq!(arena.clients[0].log.lost, 0);
        arena.run(30);
        arena.assert_all_clients_agree_with_server();
    }
}

#[test]
fn a_slow_neighbour_changes_no_byte_of_what_others_get() {
    let told = |stall: bool| {
        let mut arena = moving(7).clients(3).start();
        arena.run(60);
        for _ in 0..4 {
            if stall {
                arena.stall(0, 40);
            }
            arena.run(60);
        }
        arena.run_until_quiet();
        arena.clients[1..].iter().map(|client| client.log.frames.clone()).collect::<Vec<_>>()
    };
    let (quiet, slow) = (told(false), told(true));
    for (quiet, slow) in quiet.iter().zip(&slow) {
        let both = quiet.len().min(slow.len());
        assert!(both > 290);
        assert_eq!(quiet[..both], slow[..both]);
    }
}

/// How many of its last `ticks` ticks a client was skipped in, and the bytes of those frames that it got.
fn fared(arena: &mut Arena, client: usize, ticks: u32) -> (u32, usize) {
    let before = arena.tick();
    arena.run(ticks);
    let frames = frames_since(arena, client, before);
    (ticks - frames.len() as u32, frames.iter().map(|frame| frame.bytes).sum())
}

#[test]
fn behind_a_narrow_path_frames_become_small_and_come_in_nearly_every_tick() {
    // Half of what the zoo's pieces take.
    let mut arena = moving(8).clients(2).start();
    arena.run(200);
    arena.run_until_quiet();
    let (_, wide) = fared(&mut arena, 0, 100);
    let bytes_per_tick = wide / 100 / 2;
    let narrow =
        LinkOptions { bytes_per_second: bytes_per_tick as u64 * 30, socket_bytes: 200, ..LinkOptions::default() };
    arena.clients[0].down.set(narrow);
    let (skipped, _) = fared(&mut arena, 0, 60);
    assert!(skipped > 15, "at first it is skipped: {skipped}");
    arena.run(240);
    let (skipped, bytes) = fared(&mut arena, 0, 600);
    println!("{bytes_per_tick} bytes per tick where {} are wanted: {skipped} of 600 ticks skipped", wide / 100);
    assert!(skipped <= 600 / 6, "{skipped} of 600 ticks skipped");
    assert!(bytes >= bytes_per_tick * 600 * 7 / 10, "{bytes} bytes where {} could be", bytes_per_tick * 600);
    assert!(arena.room.counts().frames_narrowed > 300 && arena.room.counts().demotions > 0);
    let (others, _) = fared(&mut arena, 1, 100);
    assert_eq!(others, 0);
    arena.clients[0].down.set(LinkOptions::default());
    arena.run(900);
    arena.run_until_quiet();
    let seat = arena.room.seats().iter().next().expect("it has a seat");
    assert!(!seat.client.drain.is_narrow(), "what is wide again is used again");
    assert_eq!(seat.client.scarcity.parking.count(), 0);
}

#[test]
fn a_client_whose_budget_changes_at_random_never_holds_a_wrong_world() {
    seeds::each("slow_client", "a_client_whose_budget_changes_at_random_never_holds_a_wrong_world", 6, |seed| {
        let mut dice = Dice::new(seed, 97);
        let zoo = Zoo { crowd: 30, deaths: 20, whims: 30, ..Zoo::default() };
        let mut arena = Arena::seeded(seed).zoo(zoo).clients(3).start();
        arena.run(20);
        for _ in 0..40 {
            let budget = [1, 16, 64, 150, 400, 4_000, 16 * 1024][dice.below(7) as usize];
            arena.squeeze(dice.below(3) as usize, budget);
            if dice.once_in(4) {
                arena.stall(dice.below(3) as usize, 1 + dice.below(20));
            }
            arena.run(1 + dice.below(12));
        }
        (0..3).for_each(|client| arena.squeeze(client, 16 * 1024));
        arena.run(100);
        arena.run_until_quiet();
        assert!(arena.room.counts().demotions > 20, "{:?}", arena.room.counts());
    });
}

#[test]
fn who_joins_a_large_world_over_a_narrow_path_is_whole_in_the_time_that_its_bytes_take_some_times_over() {
    let walkers = (0..5_000).map(|number| (number % 80 * 12, number / 80 * 12)).collect();
    let script = (0..5_000).map(|tick| (tick, Act::Hurt(tick * 7 % 5_000, (tick % 90) as u8))).collect();
    let game = Meadow { walkers, script, ..Meadow::default() };
    let mut arena = Arena::seeded(9)
        .game(Arc::new(game), meadow::look)
        .behaviours(Some(idle_players()))
        .slot_bits(15)
        .clients(1)
        .start();
    arena.run(30);
    arena.run_until_quiet();
    // It does not fit into the first frame.
    let world: usize = arena.clients[0].log.frames[..3].iter().map(|frame| frame.bytes).sum();
    assert!(world > 20_000, "a world of {world} bytes");
    // A quarter of the world per second; buffers on the way that hold all of it.
    let narrow = LinkOptions { bytes_per_second: world as u64 / 4, socket_bytes: 4 * world, ..LinkOptions::default() };
    let late = arena.join();
    arena.clients[late].down.set(narrow);
    let mut ticks = 0;
    while !arena.is_whole(late) {
        arena.run(10);
        ticks += 10;
        assert!(ticks < 3_000, "never");
    }
    let full = arena.clients[late].log.frames.iter().filter(|frame| frame.kind == FrameKind::Full).count();
    println!(
        "a world of {world} bytes, {} of them per second: whole after {ticks} ticks, {full} full frames",
        world / 4
    );
    // Its bytes alone take four seconds.
    assert!(ticks <= 8 * 4 * 30, "whole after {ticks} ticks");
    assert!(full <= 6, "{full} full frames");
}
