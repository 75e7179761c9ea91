//! What a hostile client does, and what must come of it.
//!
//! Each [`Abuse`] is one way to misbehave and the close codes that PROTOCOL.md promises for it. An [`Attack`] is one attempt: it
//! is asked for the next [`Shot`] at its pace, and judges how the connection ended. At most 200 frames and 256 kB per second:
//! what must be shown is that rules hold, not that a machine can be saturated.
//!
//! ```text
//!   connect ─► (Hello, Welcome, a world) ─► shots at a pace ─► closed with the right code? or, where it must be borne, not closed?
//! ```
//!
//! Never here: sockets (see `swarm`), counts (see `report`).

use crate::dice::Dice;
use crate::replica::Replica;
use shared::bits::BitWriter;
use shared::ids::Tick;
use shared::limits::{
    CLIENT_MESSAGE_BYTES_MAX, HELLO_SECONDS, INPUT_AHEAD_TICKS_MAX, INPUT_LATE_TICKS_MAX, UNCONFIRMED_SECONDS,
};
use shared::schema::Schema;
use shared::wire::client_message::ViewTick;
use shared::wire::{ClientMessage, CloseCode, Input};

/// One way to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Abuse {
    /// Reads nothing from the moment it is in.
    NeverReads,
    /// Says nothing at all.
    NoHello,
    /// Begins a message and never ends it.
    UnfinishedMessage,
    /// Random bytes.
    Malformed,
    /// A message and one byte more.
    TrailingBytes,
    /// A kind of message that there is not.
    UnknownMessage,
    /// A request that the game does not have.
    UnknownRequest,
    /// A number outside its range.
    OutOfRange,
    /// A message larger than may be.
    Oversized,
    /// Text instead of binary.
    Text,
    /// Speaks before it has said Hello.
    BeforeHello,
    /// Says Hello twice.
    SecondHello,
    /// An input for a tick far ahead.
    FarAhead,
    /// Inputs for ticks long past.
    LongPast,
    /// Confirms a frame that was never sent.
    UnsentConfirm,
    /// Pings without end.
    PingFlood,
    /// WebSocket pings without end.
    WebSocketPingFlood,
    /// The same input over and over: nothing comes of it, in either sense.
    Replay,
}

/// One thing to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shot {
    /// A binary message.
    Binary(Vec<u8>),
    /// A text message.
    Text(String),
    /// A WebSocket ping.
    Ping,
    /// The first fragment of a binary message, with no other to follow.
    Fragment(Vec<u8>),
}

/// What an attacker knows of the room.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// What is played; nothing before the Welcome.
    pub schema: &'a Schema,
    /// The newest frame received; nothing before the Welcome.
    pub newest: Tick,
}

impl<'a> Scene<'a> {
    /// What a client that is in knows.
    #[must_use]
    pub fn of(replica: &'a Replica) -> Self {
        Self { schema: replica.schema(), newest: replica.tick() }
    }
}

impl Abuse {
    /// Every kind; those that take long stand last.
    pub const ALL: [Self; 18] = [
        Self::Malformed,
        Self::TrailingBytes,
        Self::UnknownMessage,
        Self::UnknownRequest,
        Self::OutOfRange,
        Self::Oversized,
        Self::Text,
        Self::BeforeHello,
        Self::SecondHello,
        Self::FarAhead,
        Self::LongPast,
        Self::UnsentConfirm,
        Self::PingFlood,
        Self::WebSocketPingFlood,
        Self::Replay,
        Self::NeverReads,
        Self::NoHello,
        Self::UnfinishedMessage,
    ];

    /// How many at the end of [`Abuse::ALL`] take long: the server waits for them on purpose.
    const SLOW: usize = 3;

    /// What a bot does in its turn, the first being 0. Every fifth bot of many does only what takes long, so that a short run
    /// finishes it and the others get round often; a bot alone does everything.
    #[must_use]
    pub const fn of_turn(bot: usize, bots: usize, turn: usize) -> Self {
        let quick = Self::ALL.len() - Self::SLOW;
        if bots < 2 {
            Self::ALL[turn % Self::ALL.len()]
        } else if bot % 5 == 1 {
            Self::ALL[quick + (bot / 5 + turn) % Self::SLOW]
        } else {
            Self::ALL[(bot + turn) % quick]
        }
    }

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NeverReads => "never_reads",
            Self::NoHello => "no_hello",
            Self::UnfinishedMessage => "unfinished_message",
            Self::Malformed => "malformed",
            Self::TrailingBytes => "trailing_bytes",
            Self::UnknownMessage => "unknown_message",
            Self::UnknownRequest => "unknown_request",
            Self::OutOfRange => "out_of_range",
            Self::Oversized => "oversized",
            Self::Text => "text",
            Self::BeforeHello => "before_hello",
            Self::SecondHello => "second_hello",
            Self::FarAhead => "far_ahead",
            Self::LongPast => "long_past",
            Self::UnsentConfirm => "unsent_confirm",
            Self::PingFlood => "ping_flood",
            Self::WebSocketPingFlood => "websocket_ping_flood",
            Self::Replay => "replay",
        }
    }

    /// The codes that the server must close with, one of them; none where it must bear it.
    #[must_use]
    pub const fn expected(self) -> &'static [CloseCode] {
        match self {
            Self::NeverReads => &[CloseCode::Silent, CloseCode::TooSlow],
            Self::NoHello => &[CloseCode::HelloTimeout],
            Self::UnfinishedMessage => &[CloseCode::Silent],
            Self::Malformed | Self::TrailingBytes | Self::UnknownMessage | Self::UnknownRequest | Self::OutOfRange => {
                &[CloseCode::Malformed]
            }
            Self::Oversized => &[CloseCode::TooBig],
            Self::Text => &[CloseCode::NotBinary],
            Self::BeforeHello | Self::SecondHello | Self::FarAhead | Self::LongPast | Self::UnsentConfirm => {
                &[CloseCode::OutOfPlace]
            }
            Self::PingFlood | Self::WebSocketPingFlood => &[CloseCode::TooFast],
            Self::Replay => &[],
        }
    }

    /// Whether it begins as an honest player, with a seat and a world.
    #[must_use]
    pub const fn takes_a_seat(self) -> bool {
        !matches!(self, Self::NoHello | Self::BeforeHello)
    }

    /// Whether the honest client goes on beneath it, confirming frames. A replayer would contradict itself, and between the
    /// fragments of a message there is no room for another.
    #[must_use]
    pub const fn confirms(self) -> bool {
        !matches!(self, Self::NeverReads | Self::Replay | Self::UnfinishedMessage)
    }

    /// Milliseconds, from the first shot on, in which it reads nothing.
    #[must_use]
    pub const fn blind_ms(self) -> f64 {
        match self {
            // Then it looks what became of it. It still confirms nothing, so there is no way back.
            Self::NeverReads => (UNCONFIRMED_SECONDS as f64 - 2.0) * 1_000.0,
            _ => 0.0,
        }
    }

    /// Milliseconds after which the server must have closed; for what it must bear, after which it has borne it.
    #[must_use]
    pub const fn patience_ms(self) -> f64 {
        match self {
            Self::NeverReads => (UNCONFIRMED_SECONDS + 10) as f64 * 1_000.0,
            Self::NoHello => (HELLO_SECONDS + 5) as f64 * 1_000.0,
            Self::UnfinishedMessage => 15_000.0,
            Self::Replay => 2_000.0,
            _ => 6_000.0,
        }
    }

    /// Milliseconds between two shots.
    #[must_use]
    pub const fn pace_ms(self) -> f64 {
        match self {
            // 150 per second, and an honest client's 30 beneath: below 200 frames a second.
            Self::PingFlood | Self::WebSocketPingFlood => 1_000.0 / 150.0,
            // Not silent, and within what is answered.
            Self::NeverReads => 1_000.0,
            _ => 40.0,
        }
    }

    /// The tick from which on the room is old enough for it: the past that is too long ago must exist.
    #[must_use]
    pub const fn ripe_from(self) -> Tick {
        match self {
            Self::LongPast => Tick(INPUT_LATE_TICKS_MAX + 60),
            _ => Tick(0),
        }
    }

    /// Whether the room is old enough for it.
    #[must_use]
    pub fn is_possible(self, newest: Tick) -> bool {
        newest >= self.ripe_from()
    }

    /// Whether a connection that ended with `code` was refused as it must be.
    #[must_use]
    pub fn is_refused_by(self, code: u16) -> bool {
        self.expected().iter().any(|expected| expected.number() == code)
    }
}

/// One attempt.
#[derive(Clone, Debug)]
pub struct Attack {
    abuse: Abuse,
    dice: Dice,
    shots: u32,
    replayed: Vec<u8>,
}

impl Attack {
    /// An attempt with the chance of `dice`.
    #[must_use]
    pub const fn new(abuse: Abuse, dice: Dice) -> Self {
        Self { abuse, dice, shots: 0, replayed: Vec::new() }
    }

    /// What it is.
    #[must_use]
    pub const fn abuse(&self) -> Abuse {
        self.abuse
    }

    /// The next shot; `None` where nothing more is to be said.
    pub fn next(&mut self, scene: Scene<'_>) -> Option<Shot> {
        self.shots += 1;
        let first = self.shots == 1;
        let message = |message: ClientMessage| Some(Shot::Binary(message.to_bytes(scene.schema)));
        let ping = ClientMessage::Ping { stamp: self.shots }.to_bytes(scene.schema);
        match self.abuse {
            Abuse::NoHello => None,
            Abuse::UnfinishedMessage => first.then(|| Shot::Fragment(vec![2; 8])),
            Abuse::Malformed => Some(Shot::Binary(self.garbage())),
            Abuse::TrailingBytes => Some(Shot::Binary([ping.as_slice(), &[0]].concat())),
            Abuse::UnknownMessage => Some(Shot::Binary(vec![200, 1, 2, 3])),
            Abuse::UnknownRequest => message(ClientMessage::Request { number: 0, kind: 255, codes: Vec::new() }),
            Abuse::OutOfRange => Some(Shot::Binary(out_of_range(scene))),
            Abuse::Oversized => first.then(|| Shot::Binary(vec![6; 2 * CLIENT_MESSAGE_BYTES_MAX])),
            Abuse::Text => first.then(|| Shot::Text("{\"type\":\"hello\"}".to_owned())),
            Abuse::BeforeHello => Some(Shot::Binary(ping)).filter(|_| first),
            Abuse::SecondHello => message(ClientMessage::Hello(Box::default())),
            Abuse::FarAhead => message(input(scene, scene.newest.after(INPUT_AHEAD_TICKS_MAX + 1_000))),
            Abuse::LongPast => {
                // Whose first inputs come late may have stood still; who was in time and then goes back has not.
                let past = Tick(scene.newest.0.saturating_sub(INPUT_LATE_TICKS_MAX + 50));
                message(input(scene, if first { scene.newest.after(2) } else { past }))
            }
            Abuse::UnsentConfirm => message(ClientMessage::Confirm { newest: scene.newest.after(1_000) }),
            Abuse::PingFlood | Abuse::NeverReads => Some(Shot::Binary(ping)),
            Abuse::WebSocketPingFlood => Some(Shot::Ping),
            Abuse::Replay => {
                if first {
                    self.replayed = input(scene, scene.newest.after(2)).to_bytes(scene.schema);
                }
                Some(Shot::Binary(self.replayed.clone()))
            }
        }
    }

    /// Bytes that no message has, whatever the game: the kind is one that is read to its end, and there is too little of it.
    fn garbage(&mut self) -> Vec<u8> {
        let length = 1 + self.dice.below(4);
        let kind = [2, 6][self.dice.below(2) as usize];
        std::iter::once(kind).chain((1..length).map(|_| self.dice.bits() as u8)).collect()
    }
}

/// A neutral input for `tick`, drawn from the newest frame.
fn input(scene: Scene<'_>, tick: Tick) -> ClientMessage {
    let view = ViewTick { older: scene.newest, span: 0, sixteenths: 0 };
    let codes = crate::behaviour::neutral_codes(&scene.schema.input);
    ClientMessage::Input(Input { tick, newest: scene.newest, view, codes })
}

/// An input that was drawn between two frames, beyond the newer one.
fn out_of_range(scene: Scene<'_>) -> Vec<u8> {
    let mut out = BitWriter::new();
    out.write(2, 8);
    for tick in [scene.newest.next(), scene.newest, scene.newest] {
        out.write(u32::from(tick.low()), 16);
    }
    out.write(1, 5);
    out.write(511, 9);
    let mut bytes = out.into_bytes();
    bytes.resize(bytes.len() + 64, 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::schema::Declaration;

    fn schema() -> Schema {
        Schema {
            game: "test".to_owned(),
            components: Vec::new(),
            kinds: Vec::new(),
            input: Declaration { name: "Nothing".to_owned(), fields: Vec::new() },
            events: Vec::new(),
            requests: Vec::new(),
        }
    }

    #[test]
    fn what_should_be_malformed_is_refused_by_the_decoder_and_the_rest_is_not() {
        let schema = schema();
        let scene = Scene { schema: &schema, newest: Tick(1_000) };
        for abuse in Abuse::ALL {
            for seed in 0..50 {
                let mut attack = Attack::new(abuse, Dice::new(seed, 0));
                for _ in 0..4 {
                    let Some(Shot::Binary(bytes)) = attack.next(scene) else { continue };
                    if abuse == Abuse::Oversized {
                        assert!(bytes.len() > CLIENT_MESSAGE_BYTES_MAX);
                        continue;
                    }
                    let refused = ClientMessage::read(&bytes, &schema, scene.newest).is_err();
                    assert_eq!(refused, abuse.expected() == [CloseCode::Malformed], "{abuse:?} {bytes:?}");
                }
            }
        }
    }

    #[test]
    fn no_abuse_sends_more_than_it_may() {
        let schema = schema();
        let scene = Scene { schema: &schema, newest: Tick(1_000) };
        for abuse in Abuse::ALL {
            let mut attack = Attack::new(abuse, Dice::new(1, 0));
            let shots = (1_000.0 / abuse.pace_ms()) as usize;
            let bytes: usize = (0..shots)
                .filter_map(|_| attack.next(scene))
                .map(|shot| match shot {
                    Shot::Binary(bytes) | Shot::Fragment(bytes) => bytes.len(),
                    Shot::Text(text) => text.len(),
                    Shot::Ping => 8,
                })
                .sum();
            assert!(shots <= 160 && bytes <= 256_000, "{abuse:?}: {shots} shots, {bytes} bytes a second");
        }
    }

    #[test]
    fn a_replay_is_the_same_bytes_every_time() {
        let schema = schema();
        let mut attack = Attack::new(Abuse::Replay, Dice::new(1, 0));
        let first = attack.next(Scene { schema: &schema, newest: Tick(1_000) });
        assert_eq!(attack.next(Scene { schema: &schema, newest: Tick(1_030) }), first);
    }

    #[test]
    fn every_abuse_has_a_name_of_its_own_and_knows_its_codes() {
        let mut names: Vec<&str> = Abuse::ALL.iter().map(|abuse| abuse.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Abuse::ALL.len());
        assert!(Abuse::Text.is_refused_by(1003));
        assert!(!Abuse::Text.is_refused_by(1002));
        assert!(!Abuse::Replay.is_refused_by(1000));
        assert!(!Abuse::LongPast.is_possible(Tick(100)));
    }

    #[test]
    fn few_bots_and_many_come_round_to_every_kind() {
        for bots in [1, 2, 5, 50] {
            let mut seen: Vec<Abuse> =
                (0..bots).flat_map(|bot| (0..18).map(move |turn| Abuse::of_turn(bot, bots, turn))).collect();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), Abuse::ALL.len(), "{bots} bots");
        }
    }
}
