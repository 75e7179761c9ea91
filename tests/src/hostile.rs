//! What an abuser says: one entry per kind of abuse, with the close code that PROTOCOL.md promises for it, and bytes by chance.

use client_sim::dice::Dice;
use shared::ids::Tick;
use shared::limits::{
    INPUT_AHEAD_TICKS_MAX, INPUT_LATE_TICKS_MAX, PINGS_BURST, PINGS_UNANSWERED_MAX, REQUESTS_WAITING_MAX, STRIKES_MAX,
};
use shared::schema::Schema;
use shared::wire::client_message::ViewTick;
use shared::wire::version::PROTOCOL;
use shared::wire::{ClientMessage, CloseCode, Hello, Input};

/// What an abuser knows when it speaks.
#[derive(Clone, Copy, Debug)]
pub struct Knows<'a> {
    /// What there is to say.
    pub schema: &'a Schema,
    /// The tick that will be stepped next.
    pub next: Tick,
    /// The newest frame that it received.
    pub newest: Tick,
}

/// One kind of abuse by somebody who has a seat.
pub struct Abuse {
    /// What it is, for messages.
    pub name: &'static str,
    /// All that is said, before one tick.
    pub says: fn(&Knows<'_>) -> Vec<Vec<u8>>,
    /// How it ends.
    pub closes: CloseCode,
}

/// A Hello as it should be.
#[must_use]
pub fn hello(name: &str) -> Hello {
    Hello { protocol_min: PROTOCOL, protocol_max: PROTOCOL, name: name.to_owned(), ..Hello::default() }
}

/// A neutral input for `tick`.
#[must_use]
pub fn input(knows: &Knows<'_>, tick: Tick) -> Input {
    let view = ViewTick { older: knows.newest, span: 0, sixteenths: 0 };
    let codes = client_sim::behaviour::neutral_codes(&knows.schema.input);
    Input { tick, newest: knows.newest, view, codes }
}

fn bytes(knows: &Knows<'_>, message: &ClientMessage) -> Vec<u8> {
    message.to_bytes(knows.schema)
}

fn thrice(bytes: &[u8]) -> Vec<Vec<u8>> {
    vec![bytes.to_vec(); STRIKES_MAX as usize]
}

fn an_input(knows: &Knows<'_>) -> Vec<u8> {
    bytes(knows, &ClientMessage::Input(input(knows, knows.next)))
}

/// Everything that somebody who has a seat may try.
pub const ABUSES: &[Abuse] = &[
    Abuse { name: "no message at all", says: |_| thrice(&[]), closes: CloseCode::Malformed },
    Abuse { name: "an unknown kind", says: |_| thrice(&[200, 1, 2, 3]), closes: CloseCode::Malformed },
    Abuse { name: "a server's message", says: |_| thrice(&[0]), closes: CloseCode::Malformed },
    Abuse { name: "half an input", says: |knows| thrice(&an_input(knows)[..4]), closes: CloseCode::Malformed },
    Abuse {
        name: "an input and a half",
        says: |knows| thrice(&[an_input(knows), vec![0; 5]].concat()),
        closes: CloseCode::Malformed,
    },
    Abuse {
        name: "every bit set",
        says: |knows| {
            let mut all = an_input(knows);
            all[7..].fill(0xFF);
            thrice(&all)
        },
        closes: CloseCode::Malformed,
    },
    Abuse { name: "a request that there is not", says: |_| thrice(&[7, 0, 0, 99]), closes: CloseCode::Malformed },
    Abuse {
        name: "a Hello that asks for exabytes",
        says: |_| thrice(&[&[1][..], &[0xFD; 40][..]].concat()),
        closes: CloseCode::Malformed,
    },
    Abuse {
        name: "a second Hello",
        says: |knows| vec![bytes(knows, &ClientMessage::Hello(Box::new(hello("again"))))],
        closes: CloseCode::OutOfPlace,
    },
    Abuse {
        name: "an input from the far future",
        says: |knows| {
            let tick = knows.next.after(INPUT_AHEAD_TICKS_MAX + 1);
            vec![bytes(knows, &ClientMessage::Input(input(knows, tick)))]
        },
        closes: CloseCode::OutOfPlace,
    },
    Abuse {
        name: "inputs from the far past",
        says: |knows| {
            let tick = Tick(knows.next.0.saturating_sub(INPUT_LATE_TICKS_MAX + 1));
            thrice(&bytes(knows, &ClientMessage::Input(input(knows, tick))))
        },
        closes: CloseCode::OutOfPlace,
    },
    Abuse {
        name: "a confirmation of what was never sent",
        says: |knows| vec![bytes(knows, &ClientMessage::Confirm { newest: knows.next.after(3) })],
        closes: CloseCode::OutOfPlace,
    },
    Abuse {
        name: "an input that confirms what was never sent",
        says: |knows| {
            let input = Input { newest: knows.next.after(1), ..input(knows, knows.next) };
            vec![bytes(knows, &ClientMessage::Input(input))]
        },
        closes: CloseCode::OutOfPlace,
    },
    Abuse {
        name: "an input that saw the future",
        says: |knows| {
            let view = ViewTick { older: knows.newest, span: 3, sixteenths: 0 };
            vec![bytes(knows, &ClientMessage::Input(Input { view, ..input(knows, knows.next) }))]
        },
        closes: CloseCode::OutOfPlace,
    },
    Abuse {
        name: "more pings than anybody needs",
        says: |knows| {
            let pings = 0..PINGS_BURST + PINGS_UNANSWERED_MAX + 2;
            pings.map(|stamp| bytes(knows, &ClientMessage::Ping { stamp })).collect()
        },
        closes: CloseCode::TooFast,
    },
    Abuse {
        name: "more requests than can be answered",
        says: |knows| {
            let requests = 0..=REQUESTS_WAITING_MAX as u16;
            let codes = |kind: usize| vec![0; knows.schema.requests[kind].part_count()];
            requests.map(|number| bytes(knows, &ClientMessage::Request { number, kind: 0, codes: codes(0) })).collect()
        },
        closes: CloseCode::TooFast,
    },
    Abuse { name: "goodbye", says: |knows| vec![bytes(knows, &ClientMessage::Bye)], closes: CloseCode::Normal },
    Abuse {
        name: "goodbye, and on it goes",
        says: |knows| vec![bytes(knows, &ClientMessage::Bye), an_input(knows), vec![9; 30], an_input(knows)],
        closes: CloseCode::Normal,
    },
];

/// A message by chance: a valid one, a valid one with some bytes changed, cut or added, or nothing but chance.
#[must_use]
pub fn by_chance(dice: &mut Dice, knows: &Knows<'_>) -> Vec<u8> {
    let length = dice.below(40) as usize;
    let mut message = match dice.below(16) {
        // Much of it is sound, so that much of it gets past the door.
        0 => (0..length).map(|_| dice.bits() as u8).collect(),
        1 => bytes(knows, &ClientMessage::Hello(Box::new(hello("chance")))),
        2 => bytes(knows, &ClientMessage::Confirm { newest: knows.newest }),
        3 => bytes(knows, &ClientMessage::Pause { on: dice.once_in(2) }),
        4 => bytes(knows, &ClientMessage::Resync { tick: knows.newest }),
        5 => bytes(knows, &ClientMessage::Ping { stamp: dice.bits() }),
        6 => {
            let kind = dice.below(knows.schema.requests.len() as u32) as u8;
            let codes = vec![0; knows.schema.requests[usize::from(kind)].part_count()];
            bytes(knows, &ClientMessage::Request { number: dice.bits() as u16, kind, codes })
        }
        _ => {
            let ahead = if dice.once_in(30) { 80 } else { dice.below(70) };
            bytes(knows, &ClientMessage::Input(input(knows, Tick(knows.next.0.saturating_sub(10)).after(ahead))))
        }
    };
    for _ in 0..dice.below(8).saturating_sub(4) {
        mutate(&mut message, dice);
    }
    message
}

fn mutate(message: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(message.len() as u32) as usize;
    match (dice.below(6), message.get_mut(at)) {
        (0 | 1, Some(byte)) => *byte ^= 1 << dice.below(8),
        (2, Some(byte)) => *byte = dice.bits() as u8,
        (3, Some(_)) => message.truncate(at),
        (4, Some(_)) => drop(message.remove(at)),
        _ => message.push(dice.bits() as u8),
    }
}
