//! A whole client against a server that lies: the real session, fed with a real server's messages that were spoilt, out of order,
//! again, or made up.
//!
//! Whatever it is told: it does not panic, what it keeps is bounded, and every word that it says itself is a message of a client.

use crate::choices::{Choices, spoil};
use crate::recorded::Recorded;
use client_sim::session::{Session, SessionConfig};
use shared::ids::Tick;
use shared::limits::CLIENT_MESSAGE_BYTES_MAX;
use shared::wire::version::PROTOCOL;
use shared::wire::{ClientMessage, Digest};
use std::sync::LazyLock;
use tests::player::zoo_players;

static RECORDED: LazyLock<Recorded> = LazyLock::new(|| Recorded::zoo(24));

/// Things that happen to one client at the most.
const ACTS_MAX: usize = 40;

/// Each byte says what happens next.
pub fn session(bytes: &[u8]) {
    let recorded = &*RECORDED;
    let mut choices = Choices(bytes);
    let first = choices.byte();
    let config = SessionConfig {
        digest: Digest::Whole,
        behaviours: (first & 1 == 0).then(zoo_players),
        audit: first & 6 == 6,
        ..SessionConfig::named("fuzz")
    };
    let mut session = Session::new(config);
    let (mut now_ms, mut next) = (0.0, 0);
    session.handle_tick(now_ms);
    for _ in 0..ACTS_MAX {
        if choices.is_empty() || session.is_over() {
            break;
        }
        match choices.byte() {
            // Most of the time it goes on as it should.
            0..128 => {
                if let Some(message) = recorded.messages.get(next) {
                    session.handle_frame(message, now_ms);
                }
                next += 1;
            }
            how @ 128..176 => {
                let mut message = recorded.messages.get(next).cloned().unwrap_or_default();
                for _ in 0..=how % 4 {
                    spoil(&mut message, &mut choices);
                }
                session.handle_frame(&message, now_ms);
                next += 1;
            }
            176..200 => next = choices.number() % recorded.messages.len(),
            200..220 => session.handle_frame(choices.text(), now_ms),
            220..228 => {
                let waited = [choices.text(), recorded.messages[0].as_slice(), choices.text()];
                session.handle_backlog(&waited, now_ms);
            }
            228..236 => session.pause(choices.byte() & 1 == 1),
            236..238 => session.leave(),
            // Cut, and there again, where its seat is kept; all that was heard may be heard once more.
            238..240 => {
                session.handle_cut();
                if session.reconnect() {
                    next = 0;
                }
            }
            240..244 => session.draw(now_ms),
            wait => now_ms += f64::from(wait - 243) * 7.0,
        }
        if session.next_wake_ms(now_ms) <= now_ms {
            session.handle_tick(now_ms);
        }
        hear(&mut session);
    }
    session.handle_close();
    hear(&mut session);
}

/// What it says is well-formed; what it tells is looked at and forgotten.
fn hear(session: &mut Session) {
    let schema = session.agreement().map_or(&RECORDED.schema, |agreement| &agreement.schema).clone();
    let near = session.agreement().map_or(Tick(0), |agreement| agreement.tick);
    while let Some(said) = session.poll_frame() {
        assert!(said.len() <= CLIENT_MESSAGE_BYTES_MAX, "{} bytes were said", said.len());
        let before = vec![0; schema.input.part_count()];
        let read = ClientMessage::read_after(&said, &schema, near, Some(&before), Vec::new);
        match read.unwrap_or_else(|error| panic!("it said what is no message: {error}: {said:02x?}")) {
            ClientMessage::Hello(hello) => assert_eq!(hello.protocol_max, PROTOCOL),
            _ => assert!(session.agreement().is_some() || session.is_over(), "nothing is said before the Welcome"),
        }
    }
    let mut told = 0;
    while session.poll_event().is_some() {
        told += 1;
    }
    assert!(told <= 1_024, "{told} events waited");
}
