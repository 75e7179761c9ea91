//! Abuses of RFC 6455 by one who was upgraded: each is told why, and its place is given back.

use super::client::frame;
use super::line::Keeps::{Place, Player};
use super::line::{Gets, Level, Line, Sends};
use shared::limits::{CLIENT_MESSAGE_BYTES_MAX, MESSAGES_BURST, PINGS_BURST};
use shared::wire::CloseCode::{
    HelloTimeout, InvalidText, Malformed, NotBinary, OutOfPlace, ProtocolError, Silent, TooBig, TooFast, WrongVersion,
};
use shared::wire::{ClientMessage, CloseCode};
use tests::hostile::hello;

const fn line(what: &'static str, frames: fn() -> Vec<u8>, code: CloseCode) -> Line {
    Line { what, sends: Sends::Frames(frames), gets: Gets::Close(code), keeps: Place }
}

/// A close of ours, and what it must be answered with.
const fn close(what: &'static str, frames: fn() -> Vec<u8>, answer: Option<u16>) -> Line {
    Line { what, sends: Sends::Frames(frames), gets: Gets::Answer(answer), keeps: Place }
}

fn of_code(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(0x88, &[&code.to_be_bytes()[..], reason].concat())
}

fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, payload.len() as u8][..], payload].concat()
}

/// A header that declares more than comes.
fn declares(length: u64) -> Vec<u8> {
    [&[0x82, 0xFF][..], &length.to_be_bytes(), &[1, 2, 3, 4]].concat()
}

fn messages(bytes: &[u8], count: usize) -> Vec<u8> {
    frame(0x82, bytes).repeat(count)
}

fn greeting(change: impl FnOnce(&mut shared::wire::Hello)) -> Vec<u8> {
    let mut hello = hello("mallory");
    change(&mut hello);
    let schema = shared::game::schema();
    frame(0x82, &ClientMessage::Hello(Box::new(hello)).to_bytes(&schema))
}

pub(crate) const LINES: &[Line] = &[
    line("a frame without a mask", || unmasked(0x82, b"input"), ProtocolError),
    line("a ping without a mask", || unmasked(0x89, b""), ProtocolError),
    line("a close without a mask", || unmasked(0x88, &[3, 0xE8]), ProtocolError),
    line("the first reserved bit", || frame(0xC2, b"x"), ProtocolError),
    line("the second reserved bit", || frame(0xA2, b"x"), ProtocolError),
    line("the third reserved bit", || frame(0x92, b"x"), ProtocolError),
    line("a reserved bit in a ping", || frame(0xC9, b"x"), ProtocolError),
    line("reserved opcode 3", || frame(0x83, b"x"), ProtocolError),
    line("reserved opcode 7", || frame(0x87, b"x"), ProtocolError),
    line("reserved opcode 11", || frame(0x8B, b"x"), ProtocolError),
    line("reserved opcode 15", || frame(0x8F, b"x"), ProtocolError),
    line("a ping of 126 bytes", || frame(0x89, &[0; 126]), ProtocolError),
    line("a pong of 126 bytes", || frame(0x8A, &[0; 126]), ProtocolError),
    line("a close of 126 bytes", || frame(0x88, &[3; 126]), ProtocolError),
    line("a ping in fragments", || frame(0x09, b"x"), ProtocolError),
    line("a close in fragments", || frame(0x08, &[3, 0xE8]), ProtocolError),
    line("the end of a message that was not begun", || frame(0x80, b"x"), ProtocolError),
    line("the middle of a message that was not begun", || frame(0x00, b"x"), ProtocolError),
    line("a message in a message", || [frame(0x02, b"x"), frame(0x82, b"y")].concat(), ProtocolError),
    line("text in a message", || [frame(0x02, b"x"), frame(0x81, b"y")].concat(), ProtocolError),
    line("HTTP after the upgrade", || b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), ProtocolError),
    line("a message of a byte too many", || frame(0x82, &vec![0; CLIENT_MESSAGE_BYTES_MAX + 1]), TooBig),
    line("a message of a gigabyte, declared", || declares(1 << 30), TooBig),
    line("a message of all bytes there are, declared", || declares(u64::MAX >> 1), TooBig),
    line(
        "a message of half a megabyte in fragments",
        || [frame(0x02, &[0; 3_000]), frame(0x00, &[0; 3_000])].concat(),
        TooBig,
    ),
    line("text", || frame(0x81, b"hello"), NotBinary),
    line("no text", || frame(0x81, b""), NotBinary),
    line("text in fragments", || [frame(0x01, b"he"), frame(0x80, b"llo")].concat(), NotBinary),
    line("text that is no UTF-8", || frame(0x81, &[0xC3, 0x28]), InvalidText),
    line("a surrogate in text", || frame(0x81, &[0xED, 0xA0, 0x80]), InvalidText),
    line("a reason that is no UTF-8", || of_code(1000, &[0xFF, 0xFE]), InvalidText),
    close("a close", || of_code(1000, b""), Some(1000)),
    close("a close with a reason", || of_code(1000, b"goodbye"), Some(1000)),
    close("a close without a code", || frame(0x88, b""), None),
    close("a close with a code of its own", || of_code(4321, b""), Some(4321)),
    close("a close behind half a message", || [frame(0x02, b"x"), of_code(1001, b"")].concat(), Some(1001)),
    close("a close, and on it goes", || [of_code(1000, b""), frame(0x82, b"x")].concat(), Some(1000)),
    close("a close of one byte", || frame(0x88, &[3]), Some(1002)),
    close("a close with code 999", || of_code(999, b""), Some(1002)),
    close("a close with code 1005, which is for nobody", || of_code(1005, b""), Some(1002)),
    close("a close with code 1006, which is for nobody", || of_code(1006, b""), Some(1002)),
    close("a close with code 1015, which is for nobody", || of_code(1015, b""), Some(1002)),
    line("a flood of pings", || frame(0x89, b"").repeat(PINGS_BURST as usize + 10), TooFast),
    line("a flood of pongs", || frame(0x8A, b"").repeat(2 * MESSAGES_BURST as usize), TooFast),
    line(
        "a flood of empty fragments",
        || [frame(0x02, b""), frame(0x00, b"").repeat(MESSAGES_BURST as usize + 100)].concat(),
        TooFast,
    ),
    line("a flood of bytes", || frame(0x8A, &[7; 125]).repeat(2_200), TooFast),
    line("a goodbye before any Hello", || messages(&[8], 1), OutOfPlace),
    line("a ping of ours before any Hello", || messages(&[6, 0, 0, 0, 0], 1), OutOfPlace),
    line("three messages that are none", || messages(&[200, 1, 2], 3), Malformed),
    line("three messages without a byte", || messages(&[], 3), Malformed),
    line("a Hello of chance, thrice", || messages(&[&[1][..], &[0xFD; 60]].concat(), 3), Malformed),
    line(
        "a Hello of a version of the future",
        || greeting(|hello| (hello.protocol_min, hello.protocol_max) = (900, 901)),
        WrongVersion,
    ),
    line(
        "a Hello of a version of the past",
        || greeting(|hello| (hello.protocol_min, hello.protocol_max) = (1, 2)),
        WrongVersion,
    ),
    line(
        "a Hello that asks to audit where nobody may",
        || greeting(|hello| hello.features = shared::wire::control::FEATURE_AUDIT),
        CloseCode::NotAllowed,
    ),
    Line { what: "no Hello", sends: Sends::Frames(Vec::new), gets: Gets::CloseAfter(5, HelloTimeout), keeps: Place },
    Line {
        what: "a message that drips",
        sends: Sends::Drip(Level::WebSocket, || frame(0x82, &[0; 60])),
        gets: Gets::CloseAfter(5, Silent),
        keeps: Place,
    },
    Line {
        what: "a message that is begun and not ended, by one who plays",
        sends: Sends::SeatedFrames(|| frame(0x02, b"x")),
        gets: Gets::CloseAfter(5, Silent),
        keeps: Player,
    },
    Line {
        what: "a player who confirms nothing",
        sends: Sends::SeatedFrames(Vec::new),
        gets: Gets::CloseAfter(14, Silent),
        keeps: Player,
    },
];
