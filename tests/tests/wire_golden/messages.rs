//! Every message but the state frames, with what it says.

use crate::frames::frames;
use crate::game::{Rename, SLOT_BITS, TICK, Tool, Will, codes, layout, schema};
use shared::codec::Tables;
use shared::ids::Tick;
use shared::schema::Text;
use shared::wire::audit::{Audit, AuditedAudience, AuditedEntity, AuditedEvent, AuditedHiding, AuditedPlayer};
use shared::wire::control::{FEATURE_AUDIT, FEATURE_FULL_DIGEST, WelcomeLimits};
use shared::wire::server_message::Outcome;
use shared::wire::{
    ClientMessage, Digest, Hello, Input, NoticeReason, Redirect, Renew, Role, Secret, ServerMessage, ViewTick, Welcome,
};

/// One golden file.
pub(crate) struct Example {
    pub(crate) name: &'static str,
    pub(crate) says: &'static str,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) fn client_messages() -> [(&'static str, &'static str, ClientMessage); 12] {
    let again = Hello {
        protocol_min: 4,
        protocol_max: 4,
        schema: Some(0x0123_4567_89AB_CDEF),
        tables: Some(0xFEDC_BA98_7654_3210),
        features: FEATURE_FULL_DIGEST,
        role: Role::Player,
        name: "Zoë".to_owned(),
        resume: Some(Secret(std::array::from_fn(|at| at as u8))),
        extensions: vec![shared::wire::control::Extension { id: 300, bytes: vec![1, 2, 3] }],
    };
    let first = Hello { protocol_min: 4, protocol_max: 4, name: "Ada".to_owned(), ..Hello::default() };
    let spectator = Hello { role: Role::Spectator, name: "Sue".to_owned(), ..first.clone() };
    let auditor = Hello { features: FEATURE_AUDIT, name: "auditor".to_owned(), ..first.clone() };
    let input = Input {
        tick: TICK.after(5),
        newest: TICK,
        view: ViewTick { older: Tick(TICK.0 - 3), span: 1, sixteenths: 9 },
        codes: codes(&Will { step: -1, tool: Tool::Lamp, pick: true }),
    };
    let renew = Renew { ticket: Secret("another ticket".to_owned()), extensions: Vec::new() };
    let rename = Rename { name: Text::new("Zoë") };
    [
        ("hello", "A client that holds nothing, called Ada.", ClientMessage::Hello(Box::new(first))),
        (
            "hello_again",
            "A client called Zoë that holds schema 0x0123456789ABCDEF and tables 0xFEDCBA9876543210, wants the full digest \
             and its seat back (secret 00 01 … 0F), and says something newer (extension 300: 01 02 03).",
            ClientMessage::Hello(Box::new(again)),
        ),
        ("hello_spectator", "A client called Sue that wants to look on.", ClientMessage::Hello(Box::new(spectator))),
        (
            "hello_auditor",
            "A client that wants to see everything and plays nothing.",
            ClientMessage::Hello(Box::new(auditor)),
        ),
        (
            "input",
            "For tick 70,005 (4,469 in 16 bits), newest frame 70,000, seen: 9/16 of the one tick after frame 69,997; step -1 \
             (code 0 of 3), tool Lamp (code 2 of 3), pick pressed.",
            ClientMessage::Input(input),
        ),
        ("confirm", "Newest frame 70,000.", ClientMessage::Confirm { newest: TICK }),
        ("pause", "On.", ClientMessage::Pause { on: true }),
        ("resync", "The frame of tick 70,000 was wrong.", ClientMessage::Resync { tick: TICK }),
        ("ping", "Stamp 0xC0FFEE01.", ClientMessage::Ping { stamp: 0xC0FF_EE01 }),
        (
            "request",
            "Number 513, kind 0 (Rename): the text Zoë, which is length 4 and two codes of three bytes.",
            ClientMessage::Request { number: 513, kind: 0, codes: codes(&rename) },
        ),
        ("bye", "The kind, and no more.", ClientMessage::Bye),
        ("renew", "With another ticket.", ClientMessage::Renew(Box::new(renew))),
    ]
}

pub(crate) fn welcome() -> Welcome {
    let (schema, tables) = (schema(), Tables::untrained(&layout()).to_bytes());
    Welcome {
        protocol: 4,
        incarnation: 0x1122_3344_5566_7788,
        player: 7,
        tick_rate_hz: 30,
        tick: TICK.0,
        slot_bits: SLOT_BITS as u8,
        schema_fingerprint: schema.fingerprint(),
        schema: Some(schema.to_bytes()),
        tables_fingerprint: 0x99AA_BBCC_DDEE_FF00,
        tables: Some(tables),
        maps_hash: 0x42,
        maps: "meadow".to_owned(),
        features: 0,
        limits: WelcomeLimits {
            message_bytes: 4_096,
            messages_per_second: 300,
            input_ahead_ticks: 64,
            catch_up_ticks: 16,
            view_enter_units: 80,
            view_leave_units: 88,
        },
        delay_ms: 0,
        resume: Some(Secret([0xAB; 16])),
        extensions: Vec::new(),
    }
}

pub(crate) fn server_messages(better: &[u8]) -> [(&'static str, &'static str, ServerMessage<'_>); 9] {
    let short = Welcome { schema: None, tables: None, resume: None, ..welcome() };
    let elsewhere = Redirect {
        url: "wss://b.example:4433/play/meadow".to_owned(),
        ticket: Secret("a ticket".to_owned()),
        extensions: Vec::new(),
    };
    let refused = Outcome::Refused(7);
    [
        (
            "welcome",
            "Player 7 at tick 70,000 and 30 Hz, slots of 6 bits, with the schema of schema.hex and the tables of tables.hex \
             (its fingerprint here is made up), map meadow, and a secret for the seat.",
            ServerMessage::Welcome(Box::new(welcome())),
        ),
        (
            "welcome_again",
            "The same for a client that named both fingerprints, from a server that keeps no seats.",
            ServerMessage::Welcome(Box::new(short)),
        ),
        ("pong", "Stamp 0xC0FFEE01.", ServerMessage::Pong { stamp: 0xC0FF_EE01 }),
        ("reply_done", "Request 513 was done.", ServerMessage::Reply { number: 513, outcome: Outcome::Done }),
        ("reply_refused", "Request 513 was refused, reason 7.", ServerMessage::Reply { number: 513, outcome: refused }),
        ("redirect", "To another host, with a ticket.", ServerMessage::Redirect(Box::new(elsewhere))),
        (
            "new_tables",
            "From tick 70,001 on: the tables of tables.hex under epoch 1.",
            ServerMessage::Tables { from: TICK.next(), bytes: better },
        ),
        (
            "audit",
            "Of tick 70,002: player 7 drives the walker of slot 5, which is its own and of team 1; player 9 has no entity yet, and \
             the game's rule hides slots 17 and 20 from player 7. Events since: Found, by slot 5, 50 coins, to player 7 and to those who see \
             slot 5.",
            ServerMessage::Audit(Box::new(audit())),
        ),
        (
            "notice",
            "The ticket ends (reason 2) in 300 seconds.",
            ServerMessage::Notice { reason: NoticeReason::TicketEnds, seconds: 300 },
        ),
    ]
}

fn audit() -> Audit {
    let found = |tick, to| AuditedEvent { tick, to, kind: 0, codes: vec![5, 50] };
    Audit {
        tick: TICK.0 + 2,
        gap: false,
        players: vec![
            AuditedPlayer { player: 7, entity: Some(5), team: Some(1) },
            AuditedPlayer { player: 9, entity: None, team: None },
        ],
        entities: vec![AuditedEntity { anchor: 5, owner: Some(7), team: Some(1) }],
        hidden: vec![AuditedHiding { player: 7, anchors: vec![17, 20] }],
        events: vec![
            found(TICK.0 + 1, AuditedAudience::Player(7)),
            found(TICK.0 + 2, AuditedAudience::Seeing(Some(5))),
        ],
        extensions: Vec::new(),
    }
}

pub(crate) fn examples() -> Vec<Example> {
    let schema = schema();
    let mut all: Vec<Example> = client_messages()
        .into_iter()
        .map(|(name, says, message)| Example { name, says, bytes: message.to_bytes(&schema) })
        .collect();
    all.push(Example {
        name: "schema",
        says: "The schema of the game that all these examples are of; it travels in the Welcome.",
        bytes: schema.to_bytes(),
    });
    all.push(Example {
        name: "tables",
        says: "Its code tables, as long as nothing was trained; they travel in the Welcome.",
        bytes: Tables::untrained(&layout()).to_bytes(),
    });
    let mut better = Tables::untrained(&layout());
    better.epoch = 1;
    all.extend(server_messages(&better.to_bytes()).into_iter().map(|(name, says, message)| Example {
        name,
        says,
        bytes: message.to_bytes(),
    }));
    all.extend(frames(Digest::Folded));
    all.extend(frames(Digest::Whole).into_iter().take(1).map(|full| Example {
        name: "state_full_digest",
        says: "The same full frame for a client that was granted the full digest.",
        ..full
    }));
    all
}
