//! Abuse: whoever breaks a rule gets the close code that PROTOCOL.md gives, and nobody else notices anything.

use client_sim::dice::Dice;
use server::sim::Answer;
use shared::ids::{EntityId, Tick};
use shared::limits::{
    CLIENT_MESSAGE_BYTES_MAX, HELLO_SECONDS, PINGS_BURST, REQUESTS_WAITING_MAX, STRIKES_MAX, UNCONFIRMED_SECONDS,
};
use shared::schema::Replicated;
use shared::wire::server_message::Outcome;
use shared::wire::{ClientMessage, CloseCode, Hello, ServerMessage};
use tests::hostile::{ABUSES, Abuse, Knows, by_chance, hello, input};
use tests::player::idle_players;
use tests::zoo::{Cull, Ignored, Tell, Whom, Zoo};
use tests::{Arena, seeds};

/// A zoo with two honest players in it.
fn honest(seed: u64) -> Arena {
    let mut arena = Arena::seeded(seed).zoo(Zoo::steady(8)).clients(2).behaviours(Some(idle_players())).start();
    arena.run(5);
    arena.run_until_quiet();
    arena
}

/// Since `since`, each honest player was handed one step per tick and nothing else, and holds everything.
fn assert_nobody_noticed(arena: &Arena, since: Tick) {
    for client in &arena.clients {
        let ticks: Vec<u32> = client.log.frames_after(since).map(|frame| frame.tick.0).collect();
        assert_eq!(ticks, (since.0 + 1..=arena.tick().0).collect::<Vec<_>>());
        assert!(client.log.frames_after(since).all(|frame| frame.covered() == 1));
    }
    arena.assert_all_clients_agree_with_server();
}

fn say(arena: &mut Arena, stranger: usize, message: &ClientMessage) {
    let bytes = arena.message(message);
    arena.strangers[stranger].say(bytes);
}

fn newest(arena: &Arena, stranger: usize) -> Tick {
    arena.strangers[stranger].newest.unwrap_or_default()
}

fn commit(arena: &mut Arena, stranger: usize, abuse: &Abuse) {
    let newest = newest(arena, stranger);
    let knows = Knows { schema: &arena.room.replicator().schema().clone(), next: arena.tick().next(), newest };
    (abuse.says)(&knows).into_iter().for_each(|bytes| arena.strangers[stranger].say(bytes));
}

#[test]
fn each_kind_of_abuse_ends_with_its_code_and_nobody_else_notices() {
    let mut arena = honest(1);
    // Long enough for inputs to be absurdly late.
    arena.run(310);
    let since = arena.tick();
    for abuse in ABUSES {
        let abuser = arena.guest("abuser");
        let seats = arena.room.seats().count();
        commit(&mut arena, abuser, abuse);
        arena.step();
        assert_eq!(arena.strangers[abuser].closed, Some(abuse.closes), "{}", abuse.name);
        assert_eq!(arena.strangers[abuser].closes, 1, "{}", abuse.name);
        assert_eq!(arena.room.seats().count(), seats - 1, "{}", abuse.name);
        arena.run(2);
    }
    assert_nobody_noticed(&arena, since);
    assert_eq!(arena.room.counts().players, 2);
}

#[test]
fn a_few_strikes_are_forgiven() {
    let mut arena = honest(2);
    let clumsy = arena.guest("clumsy");
    for _ in 1..STRIKES_MAX {
        arena.strangers[clumsy].say(vec![255]);
        arena.step();
    }
    assert_eq!(arena.strangers[clumsy].closed, None);
    arena.strangers[clumsy].say(vec![255]);
    arena.step();
    assert_eq!(arena.strangers[clumsy].closed, Some(CloseCode::Malformed));
}

#[test]
fn who_says_something_before_hello_is_closed() {
    let mut arena = honest(3);
    let schema = arena.room.replicator().schema().clone();
    let knows = Knows { schema: &schema, next: arena.tick().next(), newest: Tick(0) };
    let early = [
        ClientMessage::Bye,
        ClientMessage::Pause { on: true },
        ClientMessage::Confirm { newest: Tick(0) },
        ClientMessage::Input(input(&knows, knows.next)),
    ];
    for message in early {
        let stranger = arena.stranger();
        say(&mut arena, stranger, &message);
        arena.step();
        assert_eq!(arena.strangers[stranger].closed, Some(CloseCode::OutOfPlace), "{message:?}");
        assert!(arena.strangers[stranger].heard.is_empty(), "nothing is said to whom we do not know");
    }
    assert_eq!(arena.room.counts().joins, 2);
}

#[test]
fn a_hello_that_is_followed_by_nonsense_at_once_seats_nobody() {
    let second = ClientMessage::Hello(Box::new(hello("two")));
    let mut arena = honest(4);
    let stranger = arena.stranger();
    say(&mut arena, stranger, &ClientMessage::Hello(Box::new(hello("one"))));
    say(&mut arena, stranger, &second);
    arena.step();
    assert_eq!(arena.strangers[stranger].closed, Some(CloseCode::OutOfPlace));
    assert!(arena.strangers[stranger].heard.is_empty(), "who is closed is not welcomed");
    arena.run(3);
    assert_eq!(arena.room.counts().joins, 2);
}

#[test]
fn a_hello_must_be_in_a_version_that_we_speak_and_no_longer_than_a_name_may_be() {
    let mut arena = honest(5);
    let wrong = [
        (Hello { protocol_min: 900, protocol_max: 901, ..hello("new") }, CloseCode::WrongVersion),
        (Hello { protocol_min: 0, protocol_max: 0, ..hello("old") }, CloseCode::WrongVersion),
        (Hello { protocol_min: 5, protocol_max: 1, ..hello("odd") }, CloseCode::WrongVersion),
    ];
    for (hello, code) in wrong {
        let stranger = arena.stranger();
        say(&mut arena, stranger, &ClientMessage::Hello(Box::new(hello)));
        arena.step();
        assert_eq!(arena.strangers[stranger].closed, Some(code));
    }
    let longest = "x".repeat(32);
    let guest = arena.guest(&longest);
    let names = arena.room.seats().iter().map(|seat| seat.name.as_str().to_owned()).collect::<Vec<_>>();
    assert!(arena.strangers[guest].closed.is_none() && names.contains(&longest), "no name is cut: {names:?}");
    let stranger = arena.stranger();
    for _ in 0..STRIKES_MAX {
        say(&mut arena, stranger, &ClientMessage::Hello(Box::new(hello(&"x".repeat(33)))));
    }
    arena.step();
    assert_eq!(arena.strangers[stranger].closed, Some(CloseCode::Malformed));
}

#[test]
fn a_full_room_says_so() {
    let mut arena = Arena::seeded(6).clients(2).players_max(2).start();
    arena.run(3);
    let late = arena.join();
    arena.expect_close(late, CloseCode::RoomFull);
    arena.run(3);
    assert_eq!(arena.clients[late].log.closed, Some(CloseCode::RoomFull));
    arena.leave(0);
    arena.run(3);
    let next = arena.join();
    arena.run(3);
    assert!(arena.is_whole(next));
}

#[test]
fn who_never_says_hello_is_closed_after_a_while() {
    let mut arena = honest(7);
    let since = arena.tick();
    let silent = arena.stranger();
    let patience = HELLO_SECONDS * 30;
    arena.run(patience);
    assert_eq!(arena.strangers[silent].closed, None);
    arena.run(2);
    assert_eq!(arena.strangers[silent].closed, Some(CloseCode::HelloTimeout));
    assert_nobody_noticed(&arena, since);
}

#[test]
fn who_never_confirms_gets_a_window_of_frames_and_is_closed_after_a_while() {
    let mut arena = honest(8);
    let since = arena.tick();
    let deaf = arena.guest("deaf");
    arena.run(60);
    let frames = arena.strangers[deaf].frames().len();
    assert!(frames < 12, "{frames} frames");
    arena.run(UNCONFIRMED_SECONDS * 30 - 61);
    assert_eq!(arena.strangers[deaf].closed, None);
    assert_eq!(arena.strangers[deaf].frames().len(), frames);
    arena.run(3);
    assert_eq!(arena.strangers[deaf].closed, Some(CloseCode::Silent));
    assert_nobody_noticed(&arena, since);
}

#[test]
fn who_is_told_more_than_a_lane_holds_while_it_hears_nothing_is_closed_and_may_come_again() {
    let mut arena = honest(9);
    let since = arena.tick();
    let slow = arena.guest("slow");
    arena.strangers[slow].busy = true;
    for _ in 0..2 {
        arena.request(0, &Tell { whom: Whom::All, count: 200, about: EntityId::NONE });
        arena.run(2);
    }
    assert_eq!(arena.strangers[slow].closed, Some(CloseCode::EventsOverflow));
    assert_eq!(arena.clients[0].log.events.len(), 400);
    assert_nobody_noticed(&arena, since);
}

#[test]
fn who_pinged_for_a_minute_while_the_server_stood_still_stays() {
    let mut arena = honest(12);
    let patient = arena.guest("patient");
    for stamp in 0..60 {
        say(&mut arena, patient, &ClientMessage::Ping { stamp });
    }
    arena.step();
    assert_eq!(arena.strangers[patient].closed, None);
    let heard = arena.strangers[patient].heard.iter();
    let pongs = heard.filter(|bytes| matches!(ServerMessage::read(bytes), Ok(ServerMessage::Pong { .. }))).count();
    assert_eq!(pongs, PINGS_BURST as usize);
    assert_eq!(arena.room.counts().pings_unanswered, 60 - u64::from(PINGS_BURST));
}

#[test]
fn what_is_asked_for_is_answered_once_even_if_no_rule_knows_it() {
    let mut arena = honest(10);
    let told = arena.request(0, &Tell { whom: Whom::Me, count: 2, about: EntityId::NONE });
    let refused = arena.request(0, &Tell { whom: Whom::Me, count: 0, about: EntityId::NONE });
    let ignored = arena.request(0, &Ignored);
    arena.run(3);
    let expected =
        [(told, Outcome::Done), (refused, Outcome::Refused(7)), (ignored, Outcome::Refused(Answer::UNHANDLED))];
    assert_eq!(arena.clients[0].log.replies, expected);
    assert_eq!(arena.clients[1].log.replies, []);
}

#[test]
fn as_many_requests_as_can_be_answered_are_answered_in_every_tick_and_to_everyone() {
    let mut arena = honest(13);
    for asker in ["one", "other"] {
        arena.guest(asker);
    }
    let kind = arena.room.replicator().schema().request_index(Ignored::NAME).expect("the zoo knows it") as u8;
    let most = REQUESTS_WAITING_MAX as u16;
    for tick in 0..3 {
        for number in tick * most..(tick + 1) * most {
            for asker in 0..2 {
                say(&mut arena, asker, &ClientMessage::Request { number, kind, codes: Vec::new() });
            }
        }
        arena.step();
    }
    let expected: Vec<_> = (0..3 * most).map(|number| (number, Outcome::Refused(Answer::UNHANDLED))).collect();
    for asker in &arena.strangers {
        assert_eq!((asker.closed, asker.replies()), (None, expected.clone()));
    }
}

#[test]
fn what_a_client_does_not_hold_it_cannot_name() {
    let mut arena = honest(11);
    let guest = arena.guest("guest");
    let held: Vec<u16> =
        arena.moment(arena.tick()).map_or(Vec::new(), |moment| moment.anchors.values().map(|slot| slot.0).collect());
    let free = (0..).find(|slot| !held.contains(slot)).expect("some slot is free");
    let kind = arena.room.replicator().schema().request_index(Cull::NAME).expect("the zoo knows it") as u8;
    for (number, slot) in [free, 60_000, u16::MAX].into_iter().enumerate() {
        say(&mut arena, guest, &ClientMessage::Request { number: number as u16, kind, codes: vec![i32::from(slot)] });
    }
    arena.step();
    let expected: Vec<_> = (0..3).map(|number| (number, Outcome::Refused(1))).collect();
    assert_eq!(arena.strangers[guest].replies(), expected);
}

#[test]
fn a_hundred_thousand_messages_by_chance_break_nothing() {
    seeds::each("hostile_frames", "a_hundred_thousand_messages_by_chance_break_nothing", 1, |seed| {
        let mut arena = Arena::seeded(seed).zoo(Zoo::calm(3)).clients(1).start();
        arena.run(5);
        let since = arena.tick();
        let mut dice = Dice::new(seed, 3);
        let schema = arena.room.replicator().schema().clone();
        let mut said = 0;
        while said < 100_000 {
            arena.strangers.retain(|stranger| stranger.connection.is_some());
            while arena.strangers.len() < 20 {
                let newcomer = arena.stranger();
                if !dice.once_in(5) {
                    say(&mut arena, newcomer, &ClientMessage::Hello(Box::new(hello("chance"))));
                }
            }
            for place in 0..arena.strangers.len() {
                let newest = newest(&arena, place);
                let knows = Knows { schema: &schema, next: arena.tick().next(), newest };
                if newest == Tick(0) && !dice.once_in(4) {
                    continue;
                }
                for _ in 0..5 {
                    let bytes = by_chance(&mut dice, &knows);
                    assert!(bytes.len() <= CLIENT_MESSAGE_BYTES_MAX);
                    arena.strangers[place].say(bytes);
                    said += 1;
                }
            }
            arena.step();
        }
        assert_nobody_noticed(&arena, since);
        // Not everything was refused at the door.
        let counts = arena.room.counts();
        assert!(counts.malformed > 1_000 && counts.inputs_in_time > 1_000 && counts.resyncs > 100, "{counts:?}");
    });
}
