//! The newest state wins: who could not be told for a while is told what became of it, in one frame.

use shared::ids::{EntityId, Tick};
use shared::limits::{CATCH_UP_TICKS, FRAME_BUDGET_BYTES_MAX, RESYNC_SECONDS, UNCONFIRMED_SECONDS, WINDOW_FRAMES_MIN};
use shared::wire::{ClientMessage, CloseCode, FrameKind};
use tests::Arena;
use tests::builder::ArenaBuilder;
use tests::link::LinkOptions;
use tests::peer::FrameSeen;
use tests::player::idle_players;
use tests::workload::Workload;
use tests::zoo::{Tell, Whom, Zoo};

/// A moving zoo; sockets that hold one frame and no more.
fn moving(seed: u64) -> ArenaBuilder {
    let link = LinkOptions { socket_bytes: 0, ..LinkOptions::default() };
    Arena::seeded(seed).zoo(Zoo::steady(30)).clients(2).behaviours(Some(idle_players())).link(link)
}

fn started(builder: ArenaBuilder) -> Arena {
    let mut arena = builder.start();
    arena.run(20);
    arena.run_until_quiet();
    arena
}

/// Frames of a client since `tick`.
fn since(arena: &Arena, client: usize, tick: Tick) -> Vec<FrameSeen> {
    arena.clients[client].log.frames_after(tick).copied().collect()
}

#[test]
fn a_stall_ends_with_one_step_that_catches_up_or_beyond_its_reach_with_a_full_frame() {
    for ticks in (1..=20).chain([60]) {
        let mut arena = started(moving(u64::from(ticks)));
        let before = arena.tick();
        arena.stall(0, ticks);
        arena.run(ticks + 5);
        let frames = since(&arena, 0, before);
        // The frame before the stall still lies in the socket, so that many ticks are skipped.
        let next = frames[0];
        assert_eq!(next.tick, before.after(ticks + 1), "a stall of {ticks} ticks");
        if ticks < CATCH_UP_TICKS {
            assert_eq!(next.covered(), ticks + 1);
        } else {
            assert_eq!(next.kind, FrameKind::Full, "a stall of {ticks} ticks");
        }
        assert!(frames[1..].iter().all(|frame| frame.covered() == 1));
        arena.assert_all_clients_agree_with_server();
        assert_eq!(since(&arena, 1, before).len(), ticks as usize + 5, "the other one notices nothing");
    }
}

#[test]
fn skipping_one_tick_costs_at_most_two_and_a_half_frames_of_bytes() {
    let mut arena = started(moving(7));
    let (mut skipped, mut normal) = (0, 0);
    for _ in 0..40 {
        let before = arena.tick();
        arena.stall(0, 1);
        arena.run(5);
        let frames = since(&arena, 0, before);
        assert_eq!(frames[0].covered(), 2);
        skipped += frames[0].bytes;
        normal += frames[1..].iter().map(|frame| frame.bytes).sum::<usize>() / 3;
        assert_eq!(frames.len(), 4);
    }
    assert!(normal > 40 * 40, "the zoo moves: {normal}");
    assert!(skipped * 2 <= normal * 5, "{skipped} bytes where frames have {normal}");
    println!(
        "a step of two ticks has {:.2} times the bytes of one",
        f64::from(skipped as u32) / f64::from(normal as u32)
    );
}

#[test]
fn only_so_many_frames_are_unconfirmed_and_a_confirmation_opens_the_window_again() {
    let mut arena = started(moving(8));
    let guest = arena.guest("guest");
    arena.run(12);
    let heard = arena.strangers[guest].frames();
    assert_eq!(heard.len() as u32, WINDOW_FRAMES_MIN * 2);
    let newest = heard.last().map_or(Tick(0), |header| header.tick);
    let confirm = arena.message(&ClientMessage::Confirm { newest });
    arena.strangers[guest].say(confirm);
    arena.step();
    let heard = arena.strangers[guest].frames();
    let last = heard.last().expect("it heard some");
    assert_eq!(last.tick, arena.tick());
    assert!(matches!(last.kind, FrameKind::Step { covered, .. } if covered == arena.tick().since(newest)));
    assert!(arena.room.counts().skipped_window > 0);
}

#[test]
fn over_a_long_path_the_window_opens_so_that_nobody_is_skipped() {
    let link = LinkOptions { delay_us: 300_000, ..LinkOptions::default() };
    let mut arena = moving(9).link(link).start();
    arena.run(200);
    let skipped = arena.room.counts().skipped_window;
    arena.run(100);
    assert_eq!(arena.room.counts().skipped_window, skipped);
    let frames: Vec<u32> = arena.room.seats().iter().map(|seat| seat.client.window.frames()).collect();
    assert!(frames.iter().all(|&frames| frames > 18), "{frames:?}");
    for client in &mut arena.clients {
        client.down.set(LinkOptions::default());
        client.up.set(LinkOptions::default());
    }
    arena.run(30 * 40);
    assert!(arena.room.seats().iter().all(|seat| seat.client.window.frames() < 10), "it closes again, slowly");
}

#[test]
fn a_pause_gets_keep_alives_only_and_ends_with_a_full_frame() {
    let mut arena = started(moving(10));
    let before = arena.tick();
    arena.clients[0].session.pause(true);
    arena.run(95);
    let frames = since(&arena, 0, before);
    assert!(frames.iter().all(|frame| frame.kind == FrameKind::KeepAlive), "{frames:?}");
    assert_eq!(frames.len(), 3);
    assert!(frames.iter().all(|frame| frame.bytes <= 8));
    let paused = arena.tick();
    arena.clients[0].session.pause(false);
    arena.run(5);
    let frames = since(&arena, 0, paused);
    assert_eq!((frames[0].tick, frames[0].kind), (paused.next(), FrameKind::Full));
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn who_paused_is_told_afterwards_what_happened_meanwhile() {
    let mut arena = started(moving(15));
    arena.clients[0].session.pause(true);
    arena.run(2);
    arena.request(1, &Tell { whom: Whom::All, count: 200, about: EntityId::NONE });
    arena.run(60);
    assert_eq!(arena.clients[0].log.events, []);
    arena.clients[0].session.pause(false);
    arena.run(3);
    assert_eq!(arena.clients[0].log.events.len(), 200);
    assert_eq!(arena.clients[0].log.events, arena.clients[1].log.events);
}

/// The numbers of the notes that a client was told.
fn numbers(arena: &Arena, client: usize) -> Vec<i32> {
    arena.clients[client].log.events.iter().map(|event| event.codes[0]).collect()
}

#[test]
fn who_paused_through_a_lively_match_is_not_closed_but_told_that_it_missed_something() {
    let mut arena = started(moving(16));
    arena.clients[0].session.pause(true);
    arena.run(2);
    // More than may wait, three times over.
    for _ in 0..6 {
        arena.request(1, &Tell { whom: Whom::All, count: 150, about: EntityId::NONE });
        arena.run(40);
    }
    assert_eq!((arena.clients[0].log.events_lost, arena.clients[0].log.events.len()), (0, 0));
    arena.clients[0].session.pause(false);
    arena.run(3);
    assert_eq!(arena.clients[0].log.events_lost, 1);
    assert_eq!(arena.clients[0].session.counters().events_lost, 1);
    assert!(arena.clients[0].log.events.is_empty(), "the last that were told are among those that were lost");
    arena.request(1, &Tell { whom: Whom::All, count: 3, about: EntityId::NONE });
    arena.run(3);
    assert_eq!(numbers(&arena, 0), (901..=903).collect::<Vec<i32>>());
    assert_eq!(numbers(&arena, 1), (1..=903).collect::<Vec<i32>>());
    assert_eq!((arena.clients[0].log.events_lost, arena.clients[1].log.events_lost), (1, 0), "said once");
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn what_is_told_after_something_was_lost_comes_with_the_frame_that_says_so() {
    let mut arena = started(moving(17));
    arena.clients[0].session.pause(true);
    arena.run(2);
    for count in [200, 200, 100] {
        arena.request(1, &Tell { whom: Whom::All, count, about: EntityId::NONE });
        arena.run(2);
    }
    arena.clients[0].session.pause(false);
    // Its first frame after the pause is late, and until then it counts as paused.
    arena.stall(0, 3);
    arena.run(1);
    arena.request(1, &Tell { whom: Whom::All, count: 200, about: EntityId::NONE });
    arena.run(8);
    assert_eq!(arena.clients[0].log.events_lost, 1);
    let told = numbers(&arena, 0);
    assert!(!told.is_empty() && told.iter().copied().eq(700 - told.len() as i32 + 1..=700), "{told:?}");
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn who_is_slow_and_did_not_pause_is_closed_when_more_is_told_than_may_wait() {
    let mut arena = started(moving(18));
    arena.stall(0, 60);
    arena.expect_close(0, CloseCode::EventsOverflow);
    arena.run(2);
    for _ in 0..2 {
        arena.request(1, &Tell { whom: Whom::All, count: 200, about: EntityId::NONE });
        arena.run(2);
    }
    assert_eq!(arena.clients[0].connection, None);
}

#[test]
fn a_pause_may_last_longer_than_the_ticks_that_travel_can_tell() {
    let mut arena = Arena::seeded(11).zoo(Zoo::calm(2)).clients(1).behaviours(None).start();
    arena.run(10);
    arena.clients[0].session.pause(true);
    arena.run(40_000);
    arena.clients[0].session.pause(false);
    arena.run(5);
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn who_asks_for_everything_anew_gets_it_once_a_second() {
    let mut arena = started(moving(12));
    let guest = arena.guest("guest");
    let ticks = 4 * RESYNC_SECONDS * 30;
    for _ in 0..ticks {
        let newest = arena.strangers[guest].newest.unwrap_or_default();
        for message in [ClientMessage::Confirm { newest }, ClientMessage::Resync { tick: newest }] {
            let bytes = arena.message(&message);
            arena.strangers[guest].say(bytes);
        }
        arena.step();
    }
    let frames = arena.strangers[guest].frames();
    let full = frames.iter().filter(|header| header.kind == FrameKind::Full).count();
    assert_eq!(full, 1 + 4, "the first one, and one a second");
    assert_eq!(frames.len() as u32, 1 + ticks, "every tick got a frame");
}

#[test]
fn a_resync_that_comes_too_soon_is_answered_when_the_second_is_over() {
    let mut arena = started(moving(16));
    let guest = arena.guest("guest");
    let second = RESYNC_SECONDS * 30;
    for tick in 0..3 * second {
        let newest = arena.strangers[guest].newest.unwrap_or_default();
        let mut says = vec![ClientMessage::Confirm { newest }];
        if tick == 0 || tick == 5 {
            says.push(ClientMessage::Resync { tick: newest });
        }
        for message in says {
            let bytes = arena.message(&message);
            arena.strangers[guest].say(bytes);
        }
        arena.step();
    }
    let frames = arena.strangers[guest].frames();
    let full = frames.iter().filter(|header| header.kind == FrameKind::Full).map(|header| header.tick.0);
    let first = frames[0].tick.0;
    assert_eq!(full.collect::<Vec<_>>(), [first, first + 1, first + 1 + second]);
}

#[test]
fn who_takes_nothing_for_too_long_is_closed_and_until_then_costs_nothing() {
    let mut arena = started(moving(13));
    arena.stall(0, 600);
    arena.expect_close(0, CloseCode::Silent);
    let before = arena.tick();
    arena.run(UNCONFIRMED_SECONDS * 30 + 10);
    assert_eq!(since(&arena, 0, before).len(), 0);
    assert_eq!(arena.clients[0].connection, None);
    arena.run(200);
    assert_eq!(arena.clients[0].log.closed, Some(CloseCode::Silent));
}

#[test]
fn a_narrow_path_carries_the_newest_state_and_nothing_old() {
    let link = LinkOptions { bytes_per_second: 1_500, socket_bytes: 100, ..LinkOptions::default() };
    let mut arena = moving(14).link(link).start();
    arena.run(300);
    assert!(arena.room.counts().skipped_busy > 100, "the path is wide enough for all");
    for client in &arena.clients {
        let behind = client.session.replica().map_or(u32::MAX, |replica| arena.tick().since(replica.tick()));
        assert!(behind < 24, "{behind} ticks behind");
    }
}

#[test]
fn a_step_that_would_be_larger_than_a_message_sends_what_fits_and_all_is_well_again() {
    let mut workload = Workload::new(20_000, 1);
    let viewer = workload.watch();
    let mut replica = workload.replica();
    let mut kinds = Vec::new();
    for skipped in [0; 20].into_iter().chain([1, CATCH_UP_TICKS - 1]).chain([0; 20]) {
        workload.step();
        workload.pack();
        for _ in 0..skipped {
            workload.skip(viewer);
            workload.step();
            workload.pack();
        }
        let frame = workload.frame(viewer);
        assert!(frame.len() <= FRAME_BUDGET_BYTES_MAX + 4 * 1024, "{} bytes", frame.len());
        let applied = replica.apply(frame).expect("it applies");
        assert!(applied.checked, "and is proven");
        kinds.push(applied.kind);
    }
    assert!(kinds[1..].iter().all(|kind| matches!(kind, FrameKind::Step { .. })), "{kinds:?}");
    assert_eq!(replica.anchors().count(), 20_000);
}
