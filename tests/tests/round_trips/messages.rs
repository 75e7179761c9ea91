//! Whole messages, and the header of a state frame.

use crate::any_game::{Choices, any_bytes, choices, schema, spoil};
use proptest::prelude::*;
use shared::bits::{BitReader, BitWriter};
use shared::codec::Lanes;
use shared::ids::{Slot, Tick};
use shared::limits::{CLIENT_MESSAGE_BYTES_MAX, INPUT_PARTS_MAX, MESSAGE_PARTS_MAX, PLAYER_NAME_BYTES_MAX};
use shared::schema::{Schema, Section};
use shared::wire::audit::{
    Audit, AuditedAudience, AuditedEntity, AuditedEvent, AuditedHiding, AuditedPlayer, read_audit, write_audit,
};
use shared::wire::control::{
    Extension, WelcomeLimits, read_hello, read_redirect, read_renew, read_welcome, write_hello, write_redirect,
    write_renew, write_welcome,
};
use shared::wire::server_message::Outcome;
use shared::wire::state_frame::Proof;
use shared::wire::{
    ClientMessage, Digest, FrameHeader, FrameKind, Hello, Input, NoticeReason, Redirect, Renew, Role, Secret,
    ServerMessage, ViewTick, Welcome,
};

fn extensions() -> impl Strategy<Value = Vec<Extension>> {
    let extension =
        (any::<u16>(), prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(id, bytes)| Extension { id, bytes });
    prop::collection::vec(extension, 0..4)
}

prop_compose! {
    fn hello()(
        (protocol_min, protocol_max, features) in any::<(u16, u16, u32)>(),
        (schema, tables, resume) in any::<(Option<u64>, Option<u64>, Option<[u8; 16]>)>(),
        watches: bool,
        name in ".{0,8}",
        extensions in extensions(),
    ) -> Hello {
        let role = if watches { Role::Spectator } else { Role::Player };
        let resume = resume.map(Secret);
        Hello { protocol_min, protocol_max, schema, tables, features, role, name, resume, extensions }
    }
}

prop_compose! {
    fn welcome()(
        (protocol, incarnation, player, tick_rate_hz, tick, slot_bits) in any::<(u16, u64, u32, u16, u32, u8)>(),
        (schema_fingerprint, schema, tables_fingerprint, tables) in any::<(u64, Option<Vec<u8>>, u64, Option<Vec<u8>>)>(),
        (maps_hash, features, delay_ms, resume) in any::<(u64, u32, u32, Option<[u8; 16]>)>(),
        (message_bytes, messages_per_second, input_ahead_ticks, catch_up_ticks) in any::<(u32, u32, u32, u32)>(),
        (view_enter_units, view_leave_units) in any::<(u32, u32)>(),
        maps in ".{0,40}",
        extensions in extensions(),
    ) -> Welcome {
        let limits = WelcomeLimits {
            message_bytes, messages_per_second, input_ahead_ticks, catch_up_ticks, view_enter_units, view_leave_units,
        };
        Welcome {
            protocol, incarnation, player, tick_rate_hz, tick, slot_bits, schema_fingerprint, schema, tables_fingerprint,
            tables, maps_hash, maps, features, limits, delay_ms, resume: resume.map(Secret), extensions,
        }
    }
}

prop_compose! {
    fn redirect()(url in ".{0,60}", ticket in ".{0,200}", extensions in extensions()) -> Redirect {
        Redirect { url, ticket: Secret(ticket), extensions }
    }
}

prop_compose! {
    fn renew()(ticket in ".{0,200}", extensions in extensions()) -> Renew {
        Renew { ticket: Secret(ticket), extensions }
    }
}

prop_compose! {
    fn audit()(
        (tick, gap) in any::<(u32, bool)>(),
        players in prop::collection::vec(any::<(u32, Option<u16>, Option<u8>)>(), 0..9),
        entities in prop::collection::vec(any::<(u16, Option<u32>, Option<u8>)>(), 0..9),
        hidden in prop::collection::vec(any::<(u32, Vec<u16>)>(), 0..3),
        events in prop::collection::vec(any::<(u32, u8, u8, Vec<i32>)>(), 0..3),
        extensions in extensions(),
    ) -> Audit {
        let audience = |which: u8, number: u32| match which % 4 {
            0 => AuditedAudience::Everyone,
            1 => AuditedAudience::Team(which),
            2 => AuditedAudience::Player(number),
            _ => AuditedAudience::Seeing(number.is_multiple_of(2).then_some(number as u16)),
        };
        Audit {
            tick,
            gap,
            players: players.into_iter().map(|(player, entity, team)| AuditedPlayer { player, entity, team }).collect(),
            entities: entities.into_iter().map(|(anchor, owner, team)| AuditedEntity { anchor, owner, team }).collect(),
            hidden: hidden.into_iter().map(|(player, anchors)| AuditedHiding { player, anchors }).collect(),
            events: events
                .into_iter()
                .map(|(tick, which, kind, codes)| AuditedEvent { tick, to: audience(which, tick), kind, codes })
                .collect(),
            extensions,
        }
    }
}

const NOW: Tick = Tick(1_000_000);

fn near_now() -> impl Strategy<Value = Tick> {
    (0u32..65_536).prop_map(|ahead| Tick(NOW.0 - 32_768 + ahead))
}

fn client_message(schema: &Schema, hello: Hello, ticks: [Tick; 3], choices: &mut Choices<'_>) -> ClientMessage {
    let [tick, newest, older] = ticks;
    match choices.below(9) {
        0 => ClientMessage::Hello(Box::new(hello)),
        1 => {
            let span = choices.below(32) as u8;
            let sixteenths = choices.below(16 * u32::from(span) + 1) as u16;
            let view = ViewTick { older, span, sixteenths };
            ClientMessage::Input(Input { tick, newest, view, codes: choices.values(&schema.input) })
        }
        2 => ClientMessage::Confirm { newest },
        3 => ClientMessage::Pause { on: choices.below(2) == 1 },
        4 => ClientMessage::Resync { tick },
        5 if !schema.requests.is_empty() => {
            let kind = choices.below(schema.requests.len() as u32) as u8;
            let codes = choices.values(&schema.requests[usize::from(kind)]);
            ClientMessage::Request { number: choices.below(1 << 16) as u16, kind, codes }
        }
        6 => ClientMessage::Bye,
        7 => ClientMessage::Renew(Box::new(Renew { ticket: Secret(hello.name), extensions: hello.extensions })),
        _ => ClientMessage::Ping { stamp: choices.below(u32::MAX) },
    }
}

fn header() -> impl Strategy<Value = FrameHeader> {
    let kind = prop_oneof![
        Just(FrameKind::Full),
        Just(FrameKind::KeepAlive),
        Just(FrameKind::Step { covered: 1, applied: 1 }),
        (1u32..=16, any::<u16>()).prop_map(|(covered, applied)| {
            FrameKind::Step { covered, applied: (u32::from(applied) & ((1 << covered) - 1)) as u16 }
        }),
    ];
    let proof = prop_oneof![
        any::<u16>().prop_map(Proof::Folded),
        any::<(u32, u32)>().prop_map(|(a, b)| Proof::Whole(Lanes { a, b })),
    ];
    let flags = (prop_oneof![0u8..2, 0u8..16], prop_oneof![Just(1u8), 0u8..16]);
    let rest = (any::<u8>(), any::<Option<i8>>(), any::<Option<u16>>(), any::<bool>(), flags, any::<bool>());
    (kind, near_now(), rest, proof).prop_map(
        |(kind, tick, (epoch, early, me, complete, (leaves, sections), events), proof)| {
            if kind == FrameKind::KeepAlive {
                return FrameHeader::keep_alive(tick);
            }
            // A full frame drops everything: nothing of it leaves.
            let leaves = if kind == FrameKind::Full { 0 } else { leaves };
            // A step is at most 16 ticks after the newest frame.
            let tick = if kind == FrameKind::Full { tick } else { NOW.after(1 + tick.0 % 16) };
            let epoch = kind.epoch(epoch);
            FrameHeader { kind, tick, epoch, early, me: me.map(Slot), complete, leaves, sections, events, proof }
        },
    )
}

const fn digest_of(proof: Proof) -> Digest {
    match proof {
        Proof::Folded(_) => Digest::Folded,
        Proof::Whole(_) => Digest::Whole,
    }
}

proptest! {
    #[test]
    fn control_messages_come_back(hello in hello(), welcome in welcome(), redirect in redirect(), audit in audit(), renew in renew()) {
        let mut bytes = Vec::new();
        write_hello(&mut bytes, &hello);
        prop_assert_eq!(read_hello(&bytes), Ok(hello));
        bytes.clear();
        write_welcome(&mut bytes, &welcome);
        prop_assert_eq!(read_welcome(&bytes), Ok(welcome));
        bytes.clear();
        write_redirect(&mut bytes, &redirect);
        prop_assert_eq!(read_redirect(&bytes), Ok(redirect));
        bytes.clear();
        write_audit(&mut bytes, &audit);
        prop_assert_eq!(read_audit(&bytes), Ok(audit));
        bytes.clear();
        write_renew(&mut bytes, &renew);
        prop_assert_eq!(read_renew(&bytes), Ok(renew));
    }

    #[test]
    fn any_bytes_as_control_messages_take_no_more_memory_than_the_limit(bytes in any_bytes(), hello in hello(), choices in choices()) {
        let mut spoilt = Vec::new();
        write_hello(&mut spoilt, &hello);
        spoil(&mut spoilt, &mut Choices::new(&choices));
        for bytes in [&bytes, &spoilt] {
            if let Ok(hello) = read_hello(bytes) {
                prop_assert!(hello.name.len() <= PLAYER_NAME_BYTES_MAX);
                prop_assert!(hello.extensions.iter().map(|extension| extension.bytes.capacity()).sum::<usize>() <= CLIENT_MESSAGE_BYTES_MAX);
            }
            let _ = read_welcome(bytes);
            let _ = read_redirect(bytes);
            let _ = read_audit(bytes);
            let _ = read_renew(bytes);
        }
    }

    #[test]
    fn a_server_message_comes_back(welcome in welcome(), redirect in redirect(), audit in audit(), stamp: u32, number: u16, reason: u8, state in any_bytes()) {
        let state = [&[2], state.as_slice()].concat();
        for message in [
            ServerMessage::Welcome(Box::new(welcome)),
            ServerMessage::State(&state),
            ServerMessage::Pong { stamp },
            ServerMessage::Reply { number, outcome: Outcome::Done },
            ServerMessage::Reply { number, outcome: Outcome::Refused(reason) },
            ServerMessage::Redirect(Box::new(redirect)),
            ServerMessage::Tables { from: Tick(stamp), bytes: &state },
            ServerMessage::Audit(Box::new(audit)),
            ServerMessage::Notice { reason: NoticeReason::ALL[usize::from(reason % 3)], seconds: number },
        ] {
            let bytes = message.to_bytes();
            prop_assert_eq!(ServerMessage::read(&bytes), Ok(message));
        }
    }

    #[test]
    fn any_bytes_are_refused_as_a_server_message_or_the_only_form_of_one(mut bytes in any_bytes(), kind in 0u8..10) {
        bytes.insert(0, kind);
        bytes.truncate(match kind {
            3 | 4 => 6,
            8 => 4,
            _ => 400,
        });
        match ServerMessage::read(&bytes) {
            Ok(ServerMessage::Welcome(_) | ServerMessage::Redirect(_) | ServerMessage::Audit(_)) | Err(_) => {}
            Ok(message) => prop_assert_eq!(message.to_bytes(), bytes),
        }
    }

    #[test]
    fn a_frame_header_comes_back(header in header()) {
        let mut writer = BitWriter::new();
        header.write(&mut writer);
        let bytes = writer.into_bytes();
        let mut reader = BitReader::new(&bytes);
        prop_assert_eq!(FrameHeader::read(&mut reader, NOW, digest_of(header.proof)), Ok(header));
        prop_assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn any_bytes_are_refused_as_a_frame_header_or_the_only_form_of_one(mut bytes in any_bytes(), first in 0x80u8.., step: bool, whole: bool) {
        bytes.insert(0, if step { first } else { 2 });
        let digest = if whole { Digest::Whole } else { Digest::Folded };
        let mut reader = BitReader::new(&bytes);
        if let Ok(header) = FrameHeader::read(&mut reader, NOW, digest) {
            let mut writer = BitWriter::new();
            header.write(&mut writer);
            let written = writer.into_bytes();
            prop_assert_eq!(Some(written.as_slice()), bytes.get(..bytes.len() - reader.bits_left() / 8));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_client_message_comes_back(schema in schema(), hello in hello(), ticks in [near_now(), near_now(), near_now()], choices in choices()) {
        let message = client_message(&schema, hello, ticks, &mut Choices::new(&choices));
        let bytes = message.to_bytes(&schema);
        prop_assert!(bytes.len() <= CLIENT_MESSAGE_BYTES_MAX);
        prop_assert_eq!(ClientMessage::read(&bytes, &schema, NOW), Ok(message));
    }

    #[test]
    fn a_client_message_comes_back_after_any_input_before(schema in schema(), hello in hello(), ticks in [near_now(), near_now(), near_now()], choices in choices(), same: bool) {
        let message = client_message(&schema, hello, ticks, &mut Choices::new(&choices));
        let before = match &message {
            ClientMessage::Input(Input { codes, .. }) if same => codes.clone(),
            _ => vec![0; schema.input.part_count()],
        };
        let bytes = message.to_bytes_after(&schema, Some(&before));
        prop_assert!(bytes.len() <= message.to_bytes(&schema).len());
        prop_assert_eq!(ClientMessage::read_after(&bytes, &schema, NOW, Some(&before), Vec::new), Ok(message));
    }

    #[test]
    fn a_spoilt_client_message_is_refused_or_the_only_form_of_another(schema in schema(), hello in hello(), ticks in [near_now(), near_now(), near_now()], choices in choices()) {
        let mut choices = Choices::new(&choices);
        let message = client_message(&schema, hello, ticks, &mut choices);
        let mut bytes = message.to_bytes(&schema);
        spoil(&mut bytes, &mut choices);
        match ClientMessage::read(&bytes, &schema, NOW) {
            Ok(ClientMessage::Hello(_)) | Err(_) => {}
            Ok(message) => prop_assert_eq!(message.to_bytes(&schema), bytes),
        }
    }

    #[test]
    fn any_bytes_are_refused_as_a_client_message_or_the_only_form_of_one(schema in schema(), kind in 0u8..10, bytes in any_bytes()) {
        let bytes = [&[kind], bytes.as_slice()].concat();
        for length in [bytes.len(), 1, 2, 3, 5, 9, 12, 20].map(|length| length.min(bytes.len())) {
            match ClientMessage::read(&bytes[..length], &schema, NOW) {
                Ok(ClientMessage::Hello(_)) | Err(_) => {}
                Ok(message) => {
                    prop_assert_eq!(message.to_bytes(&schema), &bytes[..length]);
                    match message {
                        ClientMessage::Input(Input { codes, .. }) => prop_assert!(codes.len() <= INPUT_PARTS_MAX),
                        ClientMessage::Request { codes, .. } => prop_assert!(codes.len() <= MESSAGE_PARTS_MAX),
                        _ => {}
                    }
                }
            }
        }
    }
}

#[test]
fn a_section_has_a_bit_of_its_own() {
    let header = FrameHeader { leaves: 0b1010, sections: 0b0101, ..FrameHeader::keep_alive(Tick(1)) };
    assert_eq!(Section::ALL.map(|section| header.has(section)), [true, false, true, false]);
    assert_eq!(Section::ALL.map(|section| header.has_leaves(section)), [false, true, false, true]);
}
