//! What a session does with what comes, in virtual time.

use super::*;
use crate::agreement::Disagreement;
use crate::behaviour::{Behaviour, Idle};
use crate::replica::ReplicaError;
use shared::bits::BitWriter;
use shared::codec::{Lanes, Tables};
use shared::ids::Tick;
use shared::schema::{Declaration, Field, FieldKind, Layout, Marks};
use shared::wire::audit::Audit;
use shared::wire::control::WelcomeLimits;
use shared::wire::server_message::Outcome;
use shared::wire::state_frame::Proof;
use shared::wire::{FrameKind, Welcome};

const TICK_MS: f64 = 1000.0 / 30.0;

fn schema() -> Schema {
    let field = Field {
        name: "go".to_owned(),
        kind: FieldKind::Signed { min: -3, max: 3 },
        audience: shared::schema::Audience::Everyone,
        predictor: shared::schema::Predictor::Hold,
        marks: Marks::default(),
    };
    Schema {
        game: "test".to_owned(),
        input: Declaration { name: "Go".to_owned(), fields: vec![field] },
        requests: vec![Declaration { name: "Ask".to_owned(), fields: Vec::new() }],
        ..no_schema()
    }
}

fn welcome() -> Welcome {
    let schema = schema();
    let layout = Layout::new(&schema, 6).unwrap();
    Welcome {
        protocol: shared::wire::version::PROTOCOL,
        tick_rate_hz: 30,
        tick: 1_000,
        slot_bits: 6,
        schema_fingerprint: schema.fingerprint(),
        schema: Some(schema.to_bytes()),
        tables_fingerprint: 7,
        tables: Some(Tables::untrained(&layout).to_bytes()),
        limits: WelcomeLimits { input_ahead_ticks: 64, ..WelcomeLimits::default() },
        ..Welcome::default()
    }
}

fn frame(kind: FrameKind, tick: u32, early: Option<i8>) -> Vec<u8> {
    let mut out = BitWriter::new();
    let header = FrameHeader {
        kind,
        tick: Tick(tick),
        epoch: 0,
        early,
        me: None,
        complete: true,
        leaves: 0,
        sections: 0,
        events: false,
        proof: Proof::of(Lanes::default(), Digest::Folded),
    };
    header.write(&mut out);
    out.into_bytes()
}

fn step(tick: u32, covered: u32, applied: u16) -> Vec<u8> {
    frame(FrameKind::Step { covered, applied }, tick, Some(16))
}

fn bytes(message: &ServerMessage<'_>) -> Vec<u8> {
    message.to_bytes()
}

fn sent(session: &mut Session) -> Vec<ClientMessage> {
    let schema = schema();
    std::iter::from_fn(|| session.poll_frame())
        // Whoever plays here says the neutral 3 in every tick.
        .map(|bytes| ClientMessage::read_after(&bytes, &schema, Tick(1_000), Some(&[3]), Vec::new).unwrap())
        .collect()
}

fn events(session: &mut Session) -> Vec<SessionEvent> {
    std::iter::from_fn(|| session.poll_event()).collect()
}

/// A session that is in: welcomed at tick 1000, a full frame of tick 1001 taken in at 40 ms.
fn playing(behaviours: Option<Arc<dyn Behaviours>>) -> Session {
    let mut session = Session::new(SessionConfig { behaviours, ..SessionConfig::named("ann") });
    session.handle_tick(0.0);
    assert!(matches!(sent(&mut session).as_slice(), [ClientMessage::Hello(hello)] if hello.name == "ann"));
    session.handle_frame(&bytes(&ServerMessage::Welcome(Box::new(welcome()))), 20.0);
    session.handle_frame(&frame(FrameKind::Full, 1_001, None), 40.0);
    assert!(session.is_in());
    let seen = events(&mut session);
    assert!(matches!(seen.as_slice(), [SessionEvent::Welcomed, SessionEvent::Frame(_), SessionEvent::Complete]));
    session
}

fn idle() -> Option<Arc<dyn Behaviours>> {
    Some(Arc::new(|_: &Schema, _: u64| -> Box<dyn Behaviour> { Box::new(Idle) }))
}

#[test]
fn what_waited_before_a_full_frame_is_not_read_and_nothing_is_asked_for() {
    let mut session = playing(idle());
    let mut waited: Vec<Vec<u8>> = (0..9).map(|tick| step(1_002 + tick, 1, 1)).collect();
    // Broken behind its header: whoever read it would be lost.
    waited[4].push(0xFF);
    waited.push(frame(FrameKind::Full, 1_050, None));
    waited.push(step(1_051, 1, 1));
    session.handle_backlog(&waited, 1_700.0);
    session.handle_tick(1_700.0);
    assert!(!sent(&mut session).iter().any(|message| matches!(message, ClientMessage::Resync { .. })));
    let counters = session.counters();
    assert_eq!((counters.frames_trimmed, counters.frames_ignored, counters.frames_broken), (9, 9, 0));
    assert_eq!(session.replica().unwrap().tick(), Tick(1_051));
}

#[test]
fn inputs_run_ahead_of_the_server_one_per_tick_and_confirm_the_newest_frame() {
    let mut session = playing(idle());
    let mut ticks = Vec::new();
    for tick in 0..30 {
        session.handle_frame(&step(1_002 + tick, 1, 1), 40.0 + f64::from(tick) * TICK_MS);
        session.handle_tick(50.0 + f64::from(tick) * TICK_MS);
        for message in sent(&mut session) {
            if let ClientMessage::Input(input) = message {
                assert_eq!(input.newest, Tick(1_002 + tick));
                assert_eq!(input.codes, vec![3], "the neutral value of -3..=3");
                ticks.push(input.tick.0);
            }
        }
    }
    assert!(ticks.windows(2).all(|pair| pair[1] == pair[0] + 1), "{ticks:?}");
    assert!(ticks.len() >= 28, "{ticks:?}");
    let ahead = ticks.last().unwrap() - 1_031;
    assert!((1..=4).contains(&ahead), "{ahead} ticks ahead");
}

#[test]
fn the_effect_of_an_input_is_timed_and_a_stand_in_is_counted_as_late() {
    let mut session = playing(idle());
    session.handle_tick(120.0);
    let named: Vec<Tick> = sent(&mut session)
        .into_iter()
        .filter_map(|message| match message {
            ClientMessage::Input(input) => Some(input.tick),
            _ => None,
        })
        .collect();
    let covered = named[1].0 - 1_001;
    session.handle_frame(&step(named[1].0, covered, 1 << (covered - 1)), 200.0);
    let seen: Vec<SessionEvent> =
        events(&mut session).into_iter().filter(|event| matches!(event, SessionEvent::InputSeen { .. })).collect();
    assert_eq!(seen, vec![SessionEvent::InputSeen { tick: named[1], ms: 80.0 }]);
    assert_eq!((session.counters().inputs_used, session.counters().inputs_late), (1, 1));
    assert_eq!(session.counters().ticks_skipped, u64::from(covered - 1));
}

#[test]
fn without_a_player_frames_are_confirmed_by_themselves() {
    let mut session = playing(None);
    session.handle_tick(100.0);
    assert_eq!(sent(&mut session), vec![ClientMessage::Confirm { newest: Tick(1_001) }]);
    session.handle_tick(400.0);
    assert_eq!(sent(&mut session), vec![]);
}

#[test]
fn a_mismatch_is_answered_by_one_resync_per_second_until_a_full_frame_comes() {
    let mut session = playing(None);
    let mut wrong = step(1_002, 1, 0);
    let last = wrong.len() - 2;
    wrong[last] ^= 0xFF;
    session.handle_frame(&wrong, 80.0);
    assert_eq!(session.counters().digest_mismatches, 1);
    assert!(matches!(events(&mut session).as_slice(), [SessionEvent::Lost(ReplicaError::DigestMismatch { .. })]));
    let mut resyncs = 0;
    for ms in (81..2_700).step_by(20) {
        session.handle_frame(&step(1_003, 1, 0), f64::from(ms));
        session.handle_tick(f64::from(ms));
        resyncs += sent(&mut session)
            .iter()
            .filter(|&message| matches!(message, ClientMessage::Resync { tick: Tick(1_002) }))
            .count();
    }
    assert_eq!(resyncs, 3);
    session.handle_frame(&frame(FrameKind::Full, 1_050, None), 2_700.0);
    session.handle_tick(9_000.0);
    assert!(!sent(&mut session).iter().any(|message| matches!(message, ClientMessage::Resync { .. })));
    assert!(session.is_in());
}

#[test]
fn a_broken_frame_is_not_confirmed_and_moves_no_clock_but_asks_for_everything_anew() {
    let mut session = playing(None);
    session.handle_tick(100.0);
    assert_eq!(sent(&mut session), vec![ClientMessage::Confirm { newest: Tick(1_001) }]);
    // A header that reads well, of ticks that were never sent, and something wrong behind it.
    for mut broken in [step(31_000, 1, 0), frame(FrameKind::Full, 61_000, None)] {
        broken.push(0xFF);
        session.handle_frame(&broken, 110.0);
    }
    assert_eq!((session.counters().frames_broken, session.counters().ticks_skipped), (2, 0));
    let lost = |event: &SessionEvent| matches!(event, SessionEvent::Lost(_));
    assert!(events(&mut session).iter().all(lost));
    session.handle_tick(200.0);
    assert!(matches!(sent(&mut session).as_slice(), [ClientMessage::Resync { .. }]));
    // What comes while the world is lost was sent, so it is confirmed, and ticks are still counted from there.
    session.handle_frame(&step(1_003, 1, 0), 210.0);
    session.handle_tick(300.0);
    assert_eq!(sent(&mut session), vec![ClientMessage::Confirm { newest: Tick(1_003) }]);
    session.handle_frame(&frame(FrameKind::Full, 1_004, None), 310.0);
    assert_eq!(session.replica().map(Replica::tick), Some(Tick(1_004)));
    session.handle_tick(400.0);
    assert_eq!(sent(&mut session), vec![ClientMessage::Confirm { newest: Tick(1_004) }]);
}

#[test]
fn a_frame_that_does_not_prove_what_it_left_behind_is_confirmed_all_the_same() {
    let mut session = playing(None);
    let mut wrong = step(1_002, 1, 0);
    let last = wrong.len() - 2;
    wrong[last] ^= 0xFF;
    session.handle_frame(&wrong, 80.0);
    session.handle_tick(200.0);
    let confirm = ClientMessage::Confirm { newest: Tick(1_002) };
    assert_eq!(sent(&mut session), vec![ClientMessage::Resync { tick: Tick(1_002) }, confirm]);
}

#[test]
fn inputs_stop_when_the_server_is_silent_before_they_could_be_out_of_place() {
    let mut session = playing(idle());
    let mut newest = Tick(0);
    for ms in 41..10_000 {
        session.handle_tick(f64::from(ms));
        for message in sent(&mut session) {
            if let ClientMessage::Input(input) = message {
                newest = newest.max(input.tick);
            }
        }
    }
    assert_eq!(newest, Tick(1_001 + 64));
}

#[test]
fn a_ping_measures_the_round_trip() {
    let mut session = playing(None);
    session.handle_tick(1_020.0);
    let stamp = sent(&mut session).into_iter().find_map(|message| match message {
        ClientMessage::Ping { stamp } => Some(stamp),
        _ => None,
    });
    session.handle_frame(&bytes(&ServerMessage::Pong { stamp: stamp.unwrap() }), 1_120.0);
    // A quarter of the way from the Welcome's 20 ms to 100 ms.
    assert_eq!(session.round_trip_ms(), Some(40.0));
}

#[test]
fn who_gets_no_answer_to_its_ping_does_not_ping_again() {
    let mut session = playing(None);
    let pings = |session: &mut Session, ms: std::ops::Range<u32>| {
        let mut stamps = Vec::new();
        for ms in ms.step_by(10) {
            if session.next_wake_ms(f64::from(ms)) <= f64::from(ms) {
                session.handle_tick(f64::from(ms));
            }
            stamps.extend(sent(session).into_iter().filter_map(|message| match message {
                ClientMessage::Ping { stamp } => Some(stamp),
                _ => None,
            }));
        }
        stamps
    };
    assert_eq!(pings(&mut session, 1_020..9_000), [1]);
    assert!(session.next_wake_ms(9_000.0) > 9_000.0, "nobody is woken for a ping that is not due");
    session.handle_frame(&bytes(&ServerMessage::Pong { stamp: 1 }), 9_000.0);
    assert_eq!(pings(&mut session, 9_000..9_900), [2]);
    session.handle_frame(&bytes(&ServerMessage::Pong { stamp: 2 }), 9_900.0);
    assert_eq!(pings(&mut session, 9_900..10_500), [3]);
}

#[test]
fn what_makes_no_sense_ends_the_session_with_the_servers_fault_named() {
    let mut session = Session::new(SessionConfig::named("bob"));
    session.handle_tick(0.0);
    session.handle_frame(&step(5, 1, 0), 1.0);
    assert_eq!(events(&mut session), vec![SessionEvent::Failed(SessionError::OutOfPlace { what: "a state frame" })]);
    assert!(session.is_over());

    let mut session = Session::new(SessionConfig::named("bob"));
    session.handle_tick(0.0);
    let newer = Welcome { protocol: 99, ..welcome() };
    session.handle_frame(&bytes(&ServerMessage::Welcome(Box::new(newer))), 1.0);
    let disagreement = SessionError::Disagreement(Disagreement::Version { got: 99 });
    assert_eq!(events(&mut session), vec![SessionEvent::Failed(disagreement)]);
}

#[test]
fn a_tick_at_the_end_of_all_ticks_is_refused() {
    for tick in [u32::MAX - 3, u32::MAX] {
        let mut session = Session::new(SessionConfig::named("bob"));
        session.handle_tick(0.0);
        let absurd = Welcome { tick, ..welcome() };
        session.handle_frame(&bytes(&ServerMessage::Welcome(Box::new(absurd))), 1.0);
        let disagreement = SessionError::Disagreement(Disagreement::Number { what: "tick", got: tick });
        assert_eq!(events(&mut session), vec![SessionEvent::Failed(disagreement)]);
    }
}

#[test]
fn a_schema_held_on_to_need_not_be_sent_again() {
    let first = playing(None);
    let known = first.agreement().unwrap().known.clone();
    let mut session = Session::new(SessionConfig { known: Some(known), ..SessionConfig::named("ann") });
    session.handle_tick(0.0);
    let hello = sent(&mut session).pop();
    let fingerprint = schema().fingerprint();
    assert!(matches!(hello, Some(ClientMessage::Hello(hello)) if hello.schema == Some(fingerprint)));
    let short = Welcome { schema: None, tables: None, ..welcome() };
    session.handle_frame(&bytes(&ServerMessage::Welcome(Box::new(short))), 20.0);
    assert_eq!(session.agreement().map(|agreement| agreement.schema.game.as_str()), Some("test"));
}

#[test]
fn whoever_wants_to_audit_asks_for_it_plays_nothing_and_takes_no_players_seat() {
    let mut session =
        Session::new(SessionConfig { audit: true, behaviours: idle(), ..SessionConfig::named("auditor") });
    session.handle_tick(0.0);
    assert!(matches!(sent(&mut session).as_slice(), [ClientMessage::Hello(hello)] if hello.features == FEATURE_AUDIT));
    let granted = Welcome { features: FEATURE_AUDIT, ..welcome() };
    session.handle_frame(&bytes(&ServerMessage::Welcome(Box::new(granted))), 20.0);
    session.handle_frame(&frame(FrameKind::Full, 1_001, None), 40.0);
    let audit = Audit { tick: 1_001, ..Audit::default() };
    session.handle_frame(&bytes(&ServerMessage::Audit(Box::new(audit.clone()))), 40.0);
    assert_eq!(events(&mut session).pop(), Some(SessionEvent::Audit(Box::new(audit))));
    session.handle_tick(1_000.0);
    assert_eq!(sent(&mut session), [ClientMessage::Confirm { newest: Tick(1_001) }]);

    let mut session = Session::new(SessionConfig { audit: true, ..SessionConfig::named("auditor") });
    session.handle_tick(0.0);
    session.handle_frame(&bytes(&ServerMessage::Welcome(Box::new(welcome()))), 20.0);
    let refused = SessionError::Disagreement(Disagreement::NoAudit);
    assert_eq!(events(&mut session), [SessionEvent::Failed(refused)]);
}

#[test]
fn whoever_wants_to_look_on_says_so_and_confirms_without_inputs() {
    let sue = SessionConfig::named("sue");
    let mut session = Session::new(SessionConfig { role: Role::Spectator, behaviours: idle(), ..sue });
    session.handle_tick(0.0);
    assert!(matches!(sent(&mut session).as_slice(), [ClientMessage::Hello(hello)] if hello.role == Role::Spectator));
    let late = Welcome { delay_ms: 5_000, ..welcome() };
    session.handle_frame(&bytes(&ServerMessage::Welcome(Box::new(late))), 20.0);
    assert_eq!(session.agreement().map(|agreement| agreement.delay_ms), Some(5_000));
    session.handle_frame(&frame(FrameKind::Full, 1_001, None), 40.0);
    session.handle_tick(1_000.0);
    assert_eq!(sent(&mut session), [ClientMessage::Confirm { newest: Tick(1_001) }]);
}

#[test]
fn what_is_for_auditors_only_is_out_of_place_at_a_player() {
    let mut session = playing(None);
    session.handle_frame(&bytes(&ServerMessage::Audit(Box::default())), 50.0);
    assert_eq!(events(&mut session), [SessionEvent::Failed(SessionError::OutOfPlace { what: "Audit" })]);
}

#[test]
fn requests_are_numbered_and_at_most_sixteen_wait() {
    let mut session = playing(None);
    let wish = || Wish { kind: 0, codes: Vec::new() };
    let numbers: Vec<u16> = (0..20).filter_map(|_| session.request(wish())).collect();
    assert_eq!(numbers, (0..16).collect::<Vec<u16>>());
    session.handle_frame(&bytes(&ServerMessage::Reply { number: 0, outcome: Outcome::Done }), 50.0);
    assert_eq!(session.request(wish()), Some(16));
    assert_eq!(session.request(Wish { kind: 9, codes: Vec::new() }), None);
}
