//! Messages and headers: what is accepted is written again as the same bytes, so that each thing can be said in one way only.
//!
//! Control messages are bincode, where a number can be written longer than it must be: of these the value comes back.

use crate::bounded::{per_byte, within};
use crate::games::{NEAR, game};
use shared::bits::{BitReader, BitWriter};
use shared::limits::SERVER_MESSAGE_BYTES_MAX;
use shared::wire::audit::{read_audit, write_audit};
use shared::wire::control::{
    read_hello, read_redirect, read_renew, read_welcome, write_hello, write_redirect, write_renew, write_welcome,
};
use shared::wire::{ClientMessage, DecodeError, Digest, FrameHeader, ServerMessage};
use std::fmt::Debug;

/// Memory that bincode may claim before it meets the end of a message: what one Audit may take.
const CLAIMED_MAX: usize = 4 << 20;

/// A client's message: the first byte chooses the game, and whether an input came before.
pub fn client_message(bytes: &[u8]) {
    let Some((&first, bytes)) = bytes.split_first() else { return };
    let game = game(first);
    let before = (first & 0x80 != 0).then_some(game.before.as_slice());
    let read = |bytes: &[u8]| ClientMessage::read_after(bytes, &game.schema, NEAR, before, Vec::new);
    let Ok(message) = within(per_byte(bytes.len()), || read(bytes)) else { return };
    let again = message.to_bytes_after(&game.schema, before);
    assert_eq!(read(&again).as_ref(), Ok(&message), "what was written is what is read");
    match message {
        ClientMessage::Hello(_) | ClientMessage::Renew(_) => assert!(again.len() <= bytes.len()),
        // Values that are those of before may be said in full, too.
        ClientMessage::Input(_) => assert!(again == bytes || message.to_bytes(&game.schema) == bytes),
        _ => assert_eq!(again, bytes, "{message:?} has one form"),
    }
}

/// A server's message.
pub fn server_message(bytes: &[u8]) {
    let Ok(message) = within(CLAIMED_MAX + per_byte(bytes.len()), || ServerMessage::read(bytes)) else { return };
    let again = message.to_bytes();
    assert_eq!(ServerMessage::read(&again).as_ref(), Ok(&message), "what was written is what is read");
    match message {
        ServerMessage::Welcome(_) | ServerMessage::Redirect(_) | ServerMessage::Audit(_) => {}
        _ => assert_eq!(again, bytes, "{message:?} has one form"),
    }
}

/// A control message: the first byte chooses which.
pub fn control(bytes: &[u8]) {
    let Some((&first, bytes)) = bytes.split_first() else { return };
    match first % 5 {
        0 => back(bytes, per_byte(bytes.len()), read_hello, write_hello),
        1 => back(bytes, SERVER_MESSAGE_BYTES_MAX + per_byte(bytes.len()), read_welcome, write_welcome),
        2 => back(bytes, per_byte(bytes.len()), read_redirect, write_redirect),
        3 => back(bytes, per_byte(bytes.len()), read_renew, write_renew),
        _ => back(bytes, CLAIMED_MAX + per_byte(bytes.len()), read_audit, write_audit),
    }
}

fn back<T: Debug + PartialEq>(
    bytes: &[u8],
    bytes_max: usize,
    read: fn(&[u8]) -> Result<T, DecodeError>,
    write: fn(&mut Vec<u8>, &T),
) {
    let Ok(message) = within(bytes_max, || read(bytes)) else { return };
    let mut again = Vec::new();
    write(&mut again, &message);
    assert!(again.len() <= bytes.len(), "what we write is the shortest form");
    assert_eq!(read(&again), Ok(message), "what was written is what is read");
}

/// The header of a state frame: the first byte chooses how much of the digest travels.
pub fn state_header(bytes: &[u8]) {
    let Some((&first, bytes)) = bytes.split_first() else { return };
    let digest = if first & 1 == 0 { Digest::Folded } else { Digest::Whole };
    let mut reader = BitReader::new(bytes);
    let Ok(header) = within(1024, || FrameHeader::read(&mut reader, NEAR, digest)) else { return };
    let mut out = BitWriter::new();
    header.write(&mut out);
    let again = out.into_bytes();
    assert_eq!(Some(again.as_slice()), bytes.get(..again.len()), "{header:?} has one form");
    assert_eq!(reader.bits_left() as usize / 8, bytes.len() - again.len(), "as much was read as is written");
    assert!(FrameHeader::is_frame(bytes));
}
