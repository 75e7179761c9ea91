//! Spectators: they see everything that is no player's own, as it was a while ago, play nothing, and nobody notices them.

use shared::ids::EntityId;
use shared::schema::Section;
use shared::wire::{ClientMessage, CloseCode, FrameKind, Hello, Role};
use std::collections::BTreeSet;
use tests::Arena;
use tests::builder::ArenaBuilder;
use tests::hostile::{Knows, hello, input};
use tests::link::LinkOptions;
use tests::zoo::{Tell, Whom, Zoo};

/// A second, 30 ticks.
const DELAY_MS: u32 = 1_000;
const DELAY_TICKS: u32 = 30;

fn lively() -> ArenaBuilder {
    Arena::seeded(0x5EC7).zoo(Zoo { whims: 60, ..Zoo::default() }).clients(4).spectators(8, DELAY_MS)
}

#[test]
fn a_spectator_holds_every_tick_as_it_was_a_delay_ago_of_everyone_and_of_every_team() {
    let mut arena = lively().start();
    arena.run(20);
    let first = arena.join_spectator();
    arena.run(DELAY_TICKS);
    assert_eq!(arena.clients[first].log.frames.len(), 0, "nothing is old enough to be shown");
    arena.run(5);
    let (mut of_teams, mut owned, mut references, mut slots) = (BTreeSet::new(), 0, 0, BTreeSet::new());
    for tick in 0..300 {
        if tick == 100 {
            arena.join_spectator();
        }
        // The checkers compare facet by facet, and component by component with the World as it was.
        arena.step();
        let replica = arena.clients[first].session.replica().expect("it is in");
        assert!(replica.complete() && !replica.lost());
        // What was handed over in the tick before has arrived.
        assert_eq!(arena.tick().since(replica.tick()), DELAY_TICKS + 1);
        let shown = arena.shown(replica.tick()).expect("it was just now");
        assert!(shown.facets.values().all(|live| live.section != Section::Owner), "not even packed");
        let visible = shown.facets.len();
        assert_eq!((replica.held_count(), replica.fresh_count()), (visible, visible));
        owned += arena.room.replicator().facets().tracked().filter(|(_, tracked)| tracked.owner.is_some()).count();
        references += shown.facets.values().filter(|live| live.section == Section::References).count();
        of_teams.extend(shown.facets.values().filter_map(|live| live.team));
        slots.extend(shown.anchors.keys().copied());
    }
    assert!(of_teams.len() == 3 && owned > 300 && references > 300, "there was something to see, or not to see");
    assert!(slots.len() > 50, "many came and went: {}", slots.len());
    assert!(arena.clients[first].log.events.len() > 10, "there was something to hear");
    assert_eq!((arena.clients[first].log.lost, arena.room.counts().resyncs), (0, 0));
    let second = arena.clients.last().expect("it came");
    assert!(second.log.frames.len() > 150, "who comes later sees at once what the first sees");
    assert_eq!(second.log.frames.last(), arena.clients[first].log.frames.last(), "the same bytes");
}

#[test]
fn nobody_notices_a_spectator() {
    let play = |watched: bool| {
        let mut arena = lively().players_max(4).start();
        if watched {
            arena.join_spectator();
            arena.join_spectator();
        }
        arena.run(60);
        let late = arena.join();
        arena.expect_close(late, CloseCode::RoomFull);
        arena.run(60);
        let hash = arena.room.sim().hash();
        let frames: Vec<_> = (0..4).map(|client| arena.clients[client].log.frames.clone()).collect();
        let counts = arena.room.counts();
        (hash, frames, counts.players, counts.joins, counts.frames, counts.state_bytes, counts.facets)
    };
    assert_eq!(play(true), play(false));
}

#[test]
fn nothing_that_is_newer_than_the_delay_reaches_a_spectator() {
    const TOLD_AFTER: u32 = 60;
    // Two rooms that are the same until one player does something.
    let play = |acts: bool| {
        let mut arena = lively().start();
        let spectator = arena.join_spectator();
        arena.run(TOLD_AFTER);
        if acts {
            arena.request(0, &Tell { whom: Whom::All, about: EntityId::NONE, count: 3 });
        }
        let from = arena.tick();
        for _ in 0..DELAY_TICKS + 40 {
            arena.step();
            let newest = arena.clients[spectator].log.frames.last().map(|frame| frame.tick.0 + DELAY_TICKS);
            assert_eq!(newest, Some(arena.tick().0), "handed over no sooner");
        }
        (from, arena.clients[spectator].log.clone())
    };
    let ((from, quiet), (_, told)) = (play(false), play(true));
    let different = quiet.frames.iter().zip(&told.frames).find(|(quiet, told)| quiet != told);
    let tick = different.map(|(_, told)| told.tick).expect("in the end it is told, too");
    assert!(tick > from, "{tick} shows what happened after {from}");
    assert!(told.events.len() > quiet.events.len());
}

#[test]
fn without_a_delay_a_spectator_sees_the_tick_that_players_see() {
    let mut arena = lively().spectators(1, 0).start();
    let spectator = arena.join_spectator();
    arena.run(100);
    let (ours, theirs) = (&arena.clients[spectator].log, &arena.clients[0].log);
    assert_eq!(ours.frames.last().map(|frame| frame.tick), theirs.frames.last().map(|frame| frame.tick));
    assert!(ours.frames.len() > 95);
}

#[test]
fn slow_spectators_catch_up_or_start_anew_and_slots_that_are_used_again_deceive_none_of_them() {
    let zoo = Zoo { whims: 200, ..Zoo::default() };
    let link = LinkOptions { delay_us: 40_000, jitter_us: 30_000, ..LinkOptions::default() };
    let mut arena = Arena::seeded(0x510).zoo(zoo).clients(3).slot_bits(8).link(link).spectators(4, DELAY_MS).start();
    let spectators: Vec<usize> = (0..3).map(|_| arena.join_spectator()).collect();
    arena.run(DELAY_TICKS + 60);
    for round in 0..6 {
        arena.stall(spectators[0], 8);
        arena.stall(spectators[1], 60);
        arena.freeze(spectators[2], 20 + 10 * round);
        arena.run(90);
    }
    arena.run_until_quiet();
    let caught_up = |place: usize| arena.clients[place].log.frames.iter().filter(|frame| frame.covered() > 1).count();
    assert!(spectators.iter().all(|&place| caught_up(place) > 0));
    assert!(
        arena.room.counts().spectator_frames_skipped > 100,
        "who does not take frames is skipped, and that is counted"
    );
    let anew = arena.clients[spectators[1]].log.frames.iter().filter(|frame| frame.kind == FrameKind::Full).count();
    assert!(anew > 3, "{anew} full frames");
    assert_eq!(arena.room.counts().resyncs, 0);
}

#[test]
fn a_spectator_may_pause_and_ask_for_everything_anew() {
    let mut arena = lively().start();
    let spectator = arena.join_spectator();
    arena.run(DELAY_TICKS + 10);
    for on in [true, false] {
        arena.clients[spectator].session.pause(on);
        arena.run(70);
    }
    assert!(arena.is_whole(spectator));
    let stranger = arena.stranger();
    let wishes = Hello { role: Role::Spectator, ..hello("asks") };
    let wishes = arena.message(&ClientMessage::Hello(Box::new(wishes)));
    arena.strangers[stranger].say(wishes);
    arena.run(3);
    let welcome = arena.strangers[stranger].welcome().expect("it is let in");
    assert_eq!((welcome.delay_ms, welcome.tick + DELAY_TICKS), (DELAY_MS, arena.tick().0 - 3));
    let newest = arena.strangers[stranger].newest.expect("frames");
    let resync = arena.message(&ClientMessage::Resync { tick: newest });
    arena.strangers[stranger].say(resync);
    arena.run(2);
    let full = arena.strangers[stranger].frames().iter().filter(|frame| frame.kind == FrameKind::Full).count();
    assert_eq!((full, arena.room.counts().resyncs), (2, 1));
}

#[test]
fn what_a_spectator_does_is_refused_counted_and_changes_nothing() {
    let play = |acts: bool| {
        let mut arena = lively().start();
        let says: [fn(&Knows<'_>) -> ClientMessage; 2] = [
            |knows| ClientMessage::Input(input(knows, knows.next)),
            |knows| ClientMessage::Request {
                number: 0,
                kind: 0,
                codes: vec![0; knows.schema.requests[0].parts().len()],
            },
        ];
        for says in says {
            let stranger = arena.stranger();
            let spectator = Hello { role: Role::Spectator, ..hello("acts") };
            let spectator = arena.message(&ClientMessage::Hello(Box::new(spectator)));
            arena.strangers[stranger].say(spectator);
            arena.run(DELAY_TICKS + 5);
            if acts {
                let schema = arena.room.replicator().schema().clone();
                let newest = arena.strangers[stranger].newest.expect("frames");
                let message = says(&Knows { schema: &schema, next: arena.tick().next(), newest });
                let bytes = arena.message(&message);
                arena.strangers[stranger].say(bytes);
            }
            arena.run(2);
            assert_eq!(arena.strangers[stranger].closed, acts.then_some(CloseCode::OutOfPlace));
        }
        assert_eq!(arena.room.counts().out_of_place, if acts { 2 } else { 0 });
        arena.room.sim().hash()
    };
    assert_eq!(play(true), play(false));
}

#[test]
fn spectators_have_a_cap_of_their_own_and_come_in_only_where_they_may() {
    let mut arena = lively().clients(2).players_max(2).spectators(2, DELAY_MS).start();
    let first = arena.join_spectator();
    arena.join_spectator();
    arena.run(5);
    assert_eq!((arena.room.counts().players, arena.room.counts().spectators), (2, 2));
    let third = arena.join_spectator();
    arena.expect_close(third, CloseCode::RoomFull);
    arena.run(5);
    assert_eq!(arena.clients[third].log.closed, Some(CloseCode::RoomFull));
    arena.leave(first);
    arena.run(5);
    let again = arena.join_spectator();
    arena.run(DELAY_TICKS);
    assert!(arena.clients[again].session.is_in());
    assert_eq!((arena.room.counts().joins, arena.room.counts().leaves), (2, 0));

    let mut closed = Arena::seeded(1).clients(1).start();
    let nobody = closed.join_spectator();
    closed.expect_close(nobody, CloseCode::NoSpectators);
    closed.run(5);
    assert_eq!(closed.clients[nobody].log.closed, Some(CloseCode::NoSpectators));
    assert!(closed.room.feed().is_none());
}

#[test]
fn nothing_is_kept_before_the_first_spectator_nor_long_after_the_last_and_never_more_than_the_delay() {
    let mut arena = lively().start();
    arena.run(50);
    assert!(arena.room.feed().is_none());
    let spectator = arena.join_spectator();
    for _ in 0..200 {
        arena.step();
        let feed = arena.room.feed().expect("somebody looks on");
        assert!(feed.kept_ticks() <= DELAY_TICKS as usize);
        assert!((1..300_000).contains(&feed.bytes()), "{} bytes", feed.bytes());
        assert_eq!(arena.room.counts().spectator_ring_bytes, feed.bytes() as u64);
    }
    arena.cut(spectator);
    arena.run(20 * 30);
    assert!(arena.room.feed().is_some(), "who comes again soon need not wait");
    let again = arena.join_spectator();
    arena.run(5);
    assert!(arena.is_whole(again));
    arena.cut(again);
    arena.run(31 * 30);
    assert!(arena.room.feed().is_none());
    assert_eq!(arena.room.counts().spectator_ring_bytes, 0);
    let late = arena.join_spectator();
    arena.run(DELAY_TICKS + 5);
    assert!(arena.is_whole(late));
}

#[test]
fn a_room_that_would_have_to_keep_too_much_has_no_spectators_for_a_while_and_plays_on() {
    let mut arena = lively().start();
    arena.room.sabotage_ring_bytes(20_000);
    let spectator = arena.join_spectator();
    arena.expect_close(spectator, CloseCode::TryAgain);
    arena.run(60);
    assert_eq!(arena.clients[spectator].log.closed, Some(CloseCode::TryAgain));
    assert!(arena.room.feed().is_none());
    assert_eq!(arena.room.counts().spectator_feeds_dropped, 1);
    let soon = arena.join_spectator();
    arena.expect_close(soon, CloseCode::TryAgain);
    arena.run(28 * 30);
    assert_eq!(arena.clients[soon].log.closed, Some(CloseCode::TryAgain));
    let still_soon = arena.join_spectator();
    arena.expect_close(still_soon, CloseCode::TryAgain);
    arena.run(30);
    assert_eq!(arena.room.counts().spectators, 0);
    arena.room.sabotage_ring_bytes(2_000_000);
    arena.run(30);
    let late = arena.join_spectator();
    arena.run(DELAY_TICKS + 5);
    assert!(arena.is_whole(late));
    assert_eq!(arena.room.counts().spectator_feeds_dropped, 1);
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn a_spectator_sees_what_is_far_away_and_what_hides_from_players() {
    let zoo = Zoo { crowd: 30, whims: 60, shyness: 100, ..Zoo::default() };
    let mut arena = Arena::seeded(0x5EE).zoo(zoo).clients(4).view(60).spectators(1, DELAY_MS).start();
    let spectator = arena.join_spectator();
    arena.run(DELAY_TICKS + 120);
    assert!(arena.is_whole(spectator));
    let held = |client: usize| arena.clients[client].session.replica().map_or(0, |replica| replica.anchors().count());
    assert!((0..4).all(|player| held(player) < held(spectator)), "players see less");
}

#[test]
fn frames_are_the_same_in_one_lane_and_in_three() {
    let play = |lanes: usize| {
        let mut arena = lively().start();
        arena.lanes = lanes;
        let spectators = [arena.join_spectator(), arena.join_spectator()];
        arena.run(120);
        spectators.map(|place| arena.clients[place].log.frames.clone())
    };
    let one = play(1);
    assert!(one[0].len() > 80);
    assert_eq!(one, play(3));
}

#[test]
fn better_code_tables_are_players_and_spectators_go_on_in_theirs() {
    let mut arena = lively().start();
    let spectator = arena.join_spectator();
    arena.run(60);
    let mut better = arena.room.replicator().tables().clone();
    better.epoch = 1;
    arena.room.replace_tables(std::sync::Arc::new(better));
    arena.run(60);
    assert_eq!(arena.room.counts().tables_replaced, 1);
    assert!(arena.is_whole(spectator));
    let late = arena.join_spectator();
    arena.run(10);
    assert!(arena.is_whole(late));
}

#[test]
fn a_spectator_follows_rounds_teams_deaths_and_the_next_map_of_the_built_in_game() {
    let mut arena = Arena::seeded(7)
        .built_in()
        .setting("mode", "teams")
        .setting("maps", "courtyard,gardens")
        .setting("round_s", "10")
        .clients(6)
        .spectators(2, DELAY_MS)
        .start();
    let spectator = arena.join_spectator();
    arena.run(30 * 40);
    assert!(arena.is_whole(spectator));
    assert_eq!(arena.clients[spectator].log.lost, 0);
    assert!(arena.clients[spectator].log.events.len() > 5);
}
