//! Bytes that nobody meant: against a room by strangers, and against a replica by a server that is not ours.
//!
//! Whatever arrives: nothing panics, who spoke it is struck or closed, nobody else notices; and a replica never takes a
//! spoilt frame for a true one.

use client_sim::dice::Dice;
use client_sim::replica::Replica;
use shared::codec::{PartState, Record, Tables};
use shared::ids::{Slot, Tick};
use shared::schema::{Layout, Schema};
use shared::wire::control::FEATURE_FULL_DIGEST;
use shared::wire::server_message::STATE;
use shared::wire::version::PROTOCOL;
use shared::wire::{ClientMessage, CloseCode, Digest, FrameHeader, FrameKind, Hello, Input, Role, ViewTick};
use std::sync::Arc;
use tests::Arena;
use tests::seeds;
use tests::zoo::Zoo;

/// One to four bits turned, cut off, made longer, or a stretch of it again somewhere else.
fn spoil(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(bytes.len() as u32) as usize;
    match dice.below(6) {
        0 => bytes.truncate(at),
        1 => bytes.extend((0..=dice.below(8)).map(|_| dice.bits() as u8)),
        2 => {
            let stretch = bytes[at..].iter().take(8).copied().collect::<Vec<_>>();
            let to = dice.below(bytes.len() as u32) as usize;
            bytes.splice(to..to, stretch);
        }
        _ => {
            for _ in 0..=dice.below(4) {
                let at = dice.below(bytes.len() as u32) as usize;
                bytes[at] ^= 1 << dice.below(8);
            }
        }
    }
}

fn any_bytes(dice: &mut Dice, length_max: u32) -> Vec<u8> {
    // Small first bytes are messages' kinds.
    let kind = if dice.once_in(4) { dice.bits() as u8 } else { dice.below(10) as u8 };
    [kind].into_iter().chain((0..dice.below(length_max)).map(|_| dice.bits() as u8)).collect()
}

fn hello(dice: &mut Dice) -> ClientMessage {
    let features = if dice.once_in(2) { FEATURE_FULL_DIGEST } else { 0 };
    let hello = Hello {
        protocol_min: PROTOCOL,
        protocol_max: PROTOCOL,
        role: if dice.once_in(8) { Role::Spectator } else { Role::Player },
        name: "stranger".to_owned(),
        features,
        ..Hello::default()
    };
    ClientMessage::Hello(Box::new(hello))
}

/// Something that a client may say, or nearly: ticks a little off, codes at their ends.
fn nearly_right(arena: &Arena, dice: &mut Dice) -> ClientMessage {
    let schema = arena.room.replicator().schema();
    let near = |dice: &mut Dice| Tick((arena.tick().0 + dice.below(12)).saturating_sub(5));
    let parts = schema.input.parts();
    match dice.below(8) {
        0 => hello(dice),
        1 => ClientMessage::Confirm { newest: near(dice) },
        2 => ClientMessage::Pause { on: dice.once_in(2) },
        3 => ClientMessage::Resync { tick: near(dice) },
        4 => ClientMessage::Ping { stamp: dice.bits() },
        5 => {
            let kind = dice.below(schema.requests.len() as u32) as u8;
            let parts = schema.requests[usize::from(kind)].parts();
            let codes = parts.iter().map(|part| dice.up_to(part.last) as i32).collect();
            ClientMessage::Request { number: dice.bits() as u16, kind, codes }
        }
        _ => {
            let (tick, newest, older, span) = (near(dice), near(dice), near(dice), dice.below(32) as u8);
            let view = ViewTick { older, span, sixteenths: dice.below(16 * u32::from(span) + 1) as u16 };
            let codes = parts.iter().map(|part| dice.up_to(part.last) as i32).collect();
            ClientMessage::Input(Input { tick, newest, view, codes })
        }
    }
}

#[test]
fn strangers_who_say_anything_harm_nobody() {
    seeds::each("hostile_bytes", "strangers_who_say_anything_harm_nobody", 6, |seed| {
        let mut arena = Arena::seeded(seed).clients(2).start();
        let mut dice = Dice::new(seed, 99);
        arena.run(5);
        let mut closed = 0;
        for _ in 0..150 {
            while arena.strangers.iter().filter(|stranger| stranger.connection.is_some()).count() < 4 {
                let stranger = arena.stranger();
                if !dice.once_in(4) {
                    let hello = arena.message(&hello(&mut dice));
                    arena.strangers[stranger].say(hello);
                }
            }
            for stranger in 0..arena.strangers.len() {
                for _ in 0..dice.below(3) {
                    let mut bytes = arena.message(&nearly_right(&arena, &mut dice));
                    match dice.below(5) {
                        0 => bytes = any_bytes(&mut dice, 40),
                        1 => spoil(&mut bytes, &mut dice),
                        _ => {}
                    }
                    arena.strangers[stranger].say_early(bytes, dice.bits() as i32);
                }
                arena.strangers[stranger].busy = dice.once_in(8);
            }
            // The checks of every step see to the two honest clients, the seats and the World.
            arena.step();
            closed += arena.strangers.iter().filter(|stranger| stranger.closed.is_some()).count();
            arena.strangers.retain(|stranger| stranger.connection.is_some());
        }
        assert!(closed > 20, "only {closed} strangers were closed");
        arena.run_until_quiet();
        arena.assert_all_clients_agree_with_server();
    });
}

#[test]
fn bytes_that_are_no_message_close_at_the_third_strike() {
    let mut arena = Arena::seeded(0xBAD).clients(1).start();
    let guest = arena.guest("three times");
    for strike in 1..=3 {
        assert_eq!(arena.strangers[guest].closed, None, "before strike {strike}");
        arena.strangers[guest].say(vec![2, 0xFF]);
        arena.step();
    }
    assert_eq!(arena.strangers[guest].closed, Some(CloseCode::Malformed));
}

/// Everything that one connection was told, and what it takes to read it.
struct Heard {
    schema: Arc<Schema>,
    layout: Arc<Layout>,
    tables: Tables,
    tick: Tick,
    frames: Vec<Vec<u8>>,
}

impl Heard {
    /// What a spectator with the full digest hears of a wild zoo, a full frame at the beginning and at the end.
    fn of_a_zoo(seed: u64, ticks: u32) -> Self {
        let zoo = Zoo { crowd: 24, deaths: 30, whims: 30, ..Zoo::default() };
        let mut arena = Arena::seeded(seed).zoo(zoo).clients(2).budget(200).start();
        arena.run(20);
        let at = arena.stranger();
        let hello =
            Hello { protocol_min: PROTOCOL, protocol_max: PROTOCOL, features: FEATURE_FULL_DIGEST, ..Hello::default() };
        let hello = arena.message(&ClientMessage::Hello(Box::new(hello)));
        arena.strangers[at].say(hello);
        for tick in 0..ticks {
            arena.step();
            arena.strangers[at].busy = tick % 7 == 3;
            let newest = arena.message(&ClientMessage::Confirm { newest: arena.tick() });
            let sent = arena.strangers[at].heard.last().is_some_and(|bytes| FrameHeader::is_frame(bytes));
            if sent && !arena.strangers[at].busy && tick % 7 != 4 {
                arena.strangers[at].say(newest);
            }
        }
        let resync = arena.message(&ClientMessage::Resync { tick: arena.tick() });
        arena.strangers[at].say(resync);
        arena.strangers[at].busy = false;
        arena.step();
        let stranger = &arena.strangers[at];
        assert_eq!(stranger.closed, None);
        let welcome = stranger.welcome().expect("it was let in");
        let schema = Arc::new(Schema::from_bytes(&welcome.schema.expect("it had none")).expect("a schema"));
        let layout = Arc::new(Layout::new(&schema, u32::from(welcome.slot_bits)).expect("a layout"));
        let tables = Tables::from_bytes(&welcome.tables.expect("it had none"), &layout).expect("tables");
        let frames: Vec<Vec<u8>> =
            stranger.heard.iter().filter(|bytes| FrameHeader::is_frame(bytes)).cloned().collect();
        assert!(frames.len() > ticks as usize / 2, "{} frames", frames.len());
        Self { schema, layout, tables, tick: Tick(welcome.tick), frames }
    }

    fn replica(&self) -> Replica {
        Replica::new(self.schema.clone(), self.layout.clone(), self.tables.clone(), self.tick, Digest::Whole)
    }
}

fn world(replica: &Replica) -> Vec<(Record, Vec<PartState>, bool)> {
    replica.facets().map(|(record, states, fresh)| (record, states.to_vec(), fresh)).collect()
}

/// Everything that a client may ask of a replica, whatever it holds.
fn look_around(replica: &Replica) {
    let _ = (replica.me(), replica.held_count(), replica.fresh_count());
    for (anchor, kind) in replica.anchors().collect::<Vec<_>>() {
        assert_eq!(replica.kind(anchor), Some(kind));
        for component in 0..=replica.schema().components.len() {
            let _ = replica.row(anchor, component);
        }
    }
    assert_eq!(replica.row(Slot(u16::MAX), 0), None);
}

#[test]
fn a_spoilt_frame_is_never_taken_for_a_true_one_and_a_full_one_mends_it() {
    seeds::each("hostile_bytes", "a_spoilt_frame_is_never_taken_for_a_true_one_and_a_full_one_mends_it", 3, |seed| {
        let heard = Heard::of_a_zoo(seed, 60);
        let mut dice = Dice::new(seed, 5);
        let mut true_one = heard.replica();
        let (last, frames) = heard.frames.split_last().expect("frames");
        let mut before = Vec::new();
        for frame in frames {
            before.push(true_one.clone());
            assert!(true_one.apply(frame).expect("a true frame").checked);
            look_around(&true_one);
        }
        for (replica, frame) in before.iter().zip(frames) {
            let mut right = replica.clone();
            right.apply(frame).expect("a true frame");
            for _ in 0..40 {
                let (mut wrong, mut bytes) = (replica.clone(), frame.clone());
                spoil(&mut bytes, &mut dice);
                let taken = wrong.apply(&bytes).is_ok_and(|applied| applied.checked);
                assert!(!taken || world(&wrong) == world(&right), "{bytes:02x?} was taken for {frame:02x?}");
                look_around(&wrong);
                let _ = wrong.apply(&any_bytes(&mut dice, 200));
                let _ = wrong.apply(frame);
                look_around(&wrong);
            }
        }
        let (mut lost, mut whole) = (before.last().expect("frames").clone(), heard.replica());
        assert!(lost.apply(&[STATE]).is_err() && lost.lost());
        assert!(lost.apply(last).expect("a full frame").checked, "a full frame mends everything");
        assert!(whole.apply(last).expect("a full frame").checked);
        assert_eq!(world(&lost), world(&whole));
    });
}

#[test]
fn frames_out_of_order_or_twice_are_never_taken() {
    let heard = Heard::of_a_zoo(0x0DD, 40);
    let mut replica = heard.replica();
    for (at, frame) in heard.frames.iter().enumerate().take(30) {
        assert!(replica.apply(frame).expect("a true frame").checked);
        for other in (0..heard.frames.len() - 1).filter(|&other| other != at + 1 && other != 0) {
            let mut wrong = replica.clone();
            let taken = wrong.apply(&heard.frames[other]).is_ok_and(|applied| applied.checked);
            assert!(!taken, "frame {other} was taken after frame {at}");
        }
    }
}

#[test]
fn who_pauses_and_goes_on_all_the_time_gets_no_more_full_frames_than_others() {
    let mut arena = Arena::seeded(0xB11).clients(1).start();
    let guest = arena.guest("restless");
    for _ in 0..90 {
        let newest = arena.message(&ClientMessage::Confirm { newest: arena.tick() });
        for bytes in [newest, vec![4, 1], vec![4, 0]] {
            arena.strangers[guest].say(bytes);
        }
        arena.step();
    }
    let frames = arena.strangers[guest].frames();
    assert_eq!(frames.iter().filter(|frame| frame.kind == FrameKind::Full).count(), 1);
    assert!(frames.len() > 80, "{} frames", frames.len());
}

#[test]
fn who_is_closed_for_what_follows_its_hello_is_closed_once_and_not_let_in() {
    let mut arena = Arena::seeded(0xB12).clients(1).start();
    arena.run(3);
    for protocol in [PROTOCOL, 77] {
        let stranger = arena.stranger();
        let hello = Hello { protocol_min: protocol, protocol_max: protocol, ..Hello::default() };
        let hello = arena.message(&ClientMessage::Hello(Box::new(hello)));
        arena.strangers[stranger].say(hello.clone());
        arena.strangers[stranger].say(hello);
        arena.step();
        assert_eq!(
            (arena.strangers[stranger].closed, arena.strangers[stranger].closes),
            (Some(CloseCode::OutOfPlace), 1)
        );
        assert!(arena.strangers[stranger].heard.is_empty());
        assert_eq!(arena.room.seats().count(), 1);
    }
}
