//! Rare messages with texts and lists: Hello, Renew, Welcome, Redirect. The only place that runs bincode (see `audit` for one more message).
//!
//! bincode 2 trusts lengths unless told otherwise: a dozen bytes can ask for exabytes and end the process. So every
//! decode here has a limit, checks that nothing is left over, and meets no recursive and no empty type. Each message ends in
//! a list of extensions, each with its length, so that a newer side can say more and an older one skips it.

use super::DecodeError;
use super::secret::{SeatSecret, Secret};
use crate::limits::{
    CLIENT_MESSAGE_BYTES_MAX, EXTENSION_BYTES_MAX, PLAYER_NAME_BYTES_MAX, SERVER_MESSAGE_BYTES_MAX, TICKET_BYTES_MAX,
};
use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bincode::{Decode, Encode};
use xxhash_rust::xxh3::xxh3_64;

type Limited<const BYTES: usize> = Configuration<LittleEndian, Varint, Limit<BYTES>>;

/// Little-endian, variable-length integers, never more than `BYTES` bytes.
const fn config<const BYTES: usize>() -> Limited<BYTES> {
    bincode::config::standard().with_limit::<BYTES>()
}

/// Something a newer side says that this message had no place for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Extension {
    /// Which; PROTOCOL.md lists the known ones.
    pub id: u16,
    /// What.
    pub bytes: Vec<u8>,
}

/// The extension of a Welcome that says what the room is called, in bytes of UTF-8: who was sent to any room comes back to this one.
pub const EXTENSION_ROOM: u16 = 1;

/// A bit in `features`: frames carry all 64 bits of the digest.
pub const FEATURE_FULL_DIGEST: u32 = 1;
/// A bit in `features`: it sees everything, is told who may see what, and is no player. Where the server does not allow it, the
/// connection is closed.
pub const FEATURE_AUDIT: u32 = 2;

/// What a client is here for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Encode, Decode)]
pub enum Role {
    /// To play.
    #[default]
    Player,
    /// To look on: it sees everything, later than the players, and acts on nothing.
    Spectator,
}

/// The first message of a client.
#[derive(Clone, Debug, PartialEq, Eq, Default, Encode, Decode)]
pub struct Hello {
    /// Oldest protocol version it speaks.
    pub protocol_min: u16,
    /// Newest protocol version it speaks.
    pub protocol_max: u16,
    /// Fingerprint of the schema it holds already.
    pub schema: Option<u64>,
    /// Fingerprint of the code tables it holds already.
    pub tables: Option<u64>,
    /// Features it wishes for: `FEATURE_…` bits; unknown ones are ignored.
    pub features: u32,
    /// What it is here for.
    pub role: Role,
    /// The player's name, at most [`PLAYER_NAME_BYTES_MAX`] bytes.
    pub name: String,
    /// The secret of the seat it wants back.
    pub resume: Option<SeatSecret>,
    /// More.
    pub extensions: Vec<Extension>,
}

/// A new ticket for a connection whose old one ends.
#[derive(Clone, Debug, PartialEq, Eq, Default, Encode, Decode)]
pub struct Renew {
    /// At most [`TICKET_BYTES_MAX`] bytes.
    pub ticket: Secret<String>,
    /// More.
    pub extensions: Vec<Extension>,
}

/// What a client must respect, so that no client has to guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Encode, Decode)]
pub struct WelcomeLimits {
    /// Largest message, in bytes.
    pub message_bytes: u32,
    /// Messages per second in the long run.
    pub messages_per_second: u32,
    /// How many ticks ahead of the room an input may be named.
    pub input_ahead_ticks: u32,
    /// How many ticks one step may cover.
    pub catch_up_ticks: u32,
    /// Within this distance of its entity something enters the client's view, in world units; 0: distance does not matter.
    pub view_enter_units: u32,
    /// Beyond this distance it leaves the view; 0: distance does not matter.
    pub view_leave_units: u32,
}

/// The server's answer to a Hello: all that a client must know before the first frame.
#[derive(Clone, Debug, PartialEq, Eq, Default, Encode, Decode)]
pub struct Welcome {
    /// The protocol version spoken from here on.
    pub protocol: u16,
    /// Names this life of the room: another one means that nothing held before is worth anything.
    pub incarnation: u64,
    /// The player's number in the room.
    pub player: u32,
    /// Ticks per second.
    pub tick_rate_hz: u16,
    /// The newest finished tick.
    pub tick: u32,
    /// Bits of a slot.
    pub slot_bits: u8,
    /// Fingerprint of the schema.
    pub schema_fingerprint: u64,
    /// The schema, unless the client holds it.
    pub schema: Option<Vec<u8>>,
    /// Fingerprint of the code tables.
    pub tables_fingerprint: u64,
    /// The code tables, unless the client holds them.
    pub tables: Option<Vec<u8>>,
    /// See [`maps_hash`]; 0 without a map.
    pub maps_hash: u64,
    /// The names of the maps that are played on, in order, with commas between: a client that has them can load them.
    pub maps: String,
    /// Features granted.
    pub features: u32,
    /// What the client must respect.
    pub limits: WelcomeLimits,
    /// How long after the players a spectator sees things, in milliseconds; 0 for everybody else.
    pub delay_ms: u32,
    /// The secret that gives this seat back after a cut, if the server keeps seats.
    pub resume: Option<SeatSecret>,
    /// More.
    pub extensions: Vec<Extension>,
}

/// The hash of maps that are played on in this order, from the xxh3 (64 bits) of each one's file: the xxh3 of these, 8 bytes each, lowest
/// first.
#[must_use]
pub fn maps_hash(hashes: &[u64]) -> u64 {
    let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
    xxh3_64(&bytes)
}

/// Go on at another server.
#[derive(Clone, Debug, PartialEq, Eq, Default, Encode, Decode)]
pub struct Redirect {
    /// Its wss URL.
    pub url: String,
    /// A ticket that it accepts; empty if none is needed.
    pub ticket: Secret<String>,
    /// More.
    pub extensions: Vec<Extension>,
}

/// Appends a Hello to `out`. Inverse of [`read_hello`].
pub fn write_hello(out: &mut Vec<u8>, hello: &Hello) {
    append::<CLIENT_MESSAGE_BYTES_MAX>(out, hello);
}

/// Reads a Hello.
///
/// # Errors
/// [`DecodeError::Control`] if it is no Hello, is too long, or something follows it.
pub fn read_hello(bytes: &[u8]) -> Result<Hello, DecodeError> {
    let hello: Hello = decode::<CLIENT_MESSAGE_BYTES_MAX, _>(bytes, "hello")?;
    check_length(&hello.name, PLAYER_NAME_BYTES_MAX, "length of the name")?;
    check_extensions(&hello.extensions, "hello")?;
    Ok(hello)
}

/// Appends a Renew to `out`. Inverse of [`read_renew`].
pub fn write_renew(out: &mut Vec<u8>, renew: &Renew) {
    append::<CLIENT_MESSAGE_BYTES_MAX>(out, renew);
}

/// Reads a Renew.
///
/// # Errors
/// [`DecodeError::Control`] if it is no Renew, is too long, or something follows it.
pub fn read_renew(bytes: &[u8]) -> Result<Renew, DecodeError> {
    let renew: Renew = decode::<CLIENT_MESSAGE_BYTES_MAX, _>(bytes, "renew")?;
    check_length(&renew.ticket.0, TICKET_BYTES_MAX, "length of the ticket")?;
    check_extensions(&renew.extensions, "renew")?;
    Ok(renew)
}

/// Appends a Welcome to `out`. Inverse of [`read_welcome`].
pub fn write_welcome(out: &mut Vec<u8>, welcome: &Welcome) {
    append::<SERVER_MESSAGE_BYTES_MAX>(out, welcome);
}

/// Reads a Welcome.
///
/// # Errors
/// [`DecodeError::Control`] if it is no Welcome, is too long, or something follows it.
pub fn read_welcome(bytes: &[u8]) -> Result<Welcome, DecodeError> {
    let welcome: Welcome = decode::<SERVER_MESSAGE_BYTES_MAX, _>(bytes, "welcome")?;
    check_extensions(&welcome.extensions, "welcome")?;
    Ok(welcome)
}

/// Appends a Redirect to `out`. Inverse of [`read_redirect`].
pub fn write_redirect(out: &mut Vec<u8>, redirect: &Redirect) {
    append::<CLIENT_MESSAGE_BYTES_MAX>(out, redirect);
}

/// Reads a Redirect.
///
/// # Errors
/// [`DecodeError::Control`] if it is no Redirect, is too long, or something follows it.
pub fn read_redirect(bytes: &[u8]) -> Result<Redirect, DecodeError> {
    let redirect: Redirect = decode::<CLIENT_MESSAGE_BYTES_MAX, _>(bytes, "redirect")?;
    check_extensions(&redirect.extensions, "redirect")?;
    Ok(redirect)
}

/// Appends a message. Inverse of [`decode`].
pub(super) fn append<const BYTES: usize>(out: &mut Vec<u8>, message: &impl Encode) {
    let bytes = bincode::encode_to_vec(message, config::<BYTES>());
    // Encoding into memory fails only where a type's own `Encode` does. Half a message would be worse than an end.
    assert!(bytes.is_ok(), "none of our messages refuses to be encoded");
    out.extend_from_slice(&bytes.unwrap_or_default());
}

/// Reads a message.
///
/// # Errors
/// [`DecodeError::Control`] if it is none, or would take more memory than `BYTES`; something follows it.
pub(super) fn decode<const BYTES: usize, T: Decode<()>>(bytes: &[u8], message: &'static str) -> Result<T, DecodeError> {
    match bincode::decode_from_slice(bytes, config::<BYTES>()) {
        Ok((value, read)) if read == bytes.len() => Ok(value),
        Ok((_, read)) => Err(DecodeError::TrailingBits { bits: (bytes.len() - read) as u64 * 8 }),
        Err(_) => Err(DecodeError::Control { message }),
    }
}

fn check_length(text: &str, max: usize, field: &'static str) -> Result<(), DecodeError> {
    if text.len() > max {
        return Err(DecodeError::OutOfRange { field, got: text.len() as i64, min: 0, max: max as i64 });
    }
    Ok(())
}

/// Extensions are kept up to a limit.
///
/// # Errors
/// [`DecodeError::Control`] beyond it.
pub(super) fn check_extensions(extensions: &[Extension], message: &'static str) -> Result<(), DecodeError> {
    let total: usize = extensions.iter().map(|extension| extension.bytes.len() + 2).sum();
    if total > EXTENSION_BYTES_MAX { Err(DecodeError::Control { message }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_asks_for_the_moon_is_an_error_and_nothing_more() {
        let mut bytes = vec![1, 1, 0, 0, 0];
        bytes.extend_from_slice(&[253, 255, 255, 255, 255, 255, 255, 255, 255]);
        assert!(read_hello(&bytes).is_err());
        assert!(read_welcome(&bytes).is_err());
        assert!(read_redirect(&bytes).is_err());
        assert!(read_renew(&bytes[5..]).is_err());
    }

    #[test]
    fn a_ticket_is_as_long_as_a_message_holds_and_no_longer() {
        let mut bytes = Vec::new();
        let renew = |length| Renew { ticket: Secret("t".repeat(length)), ..Renew::default() };
        write_renew(&mut bytes, &renew(TICKET_BYTES_MAX));
        assert_eq!(read_renew(&bytes), Ok(renew(TICKET_BYTES_MAX)));
        bytes.clear();
        write_renew(&mut bytes, &renew(TICKET_BYTES_MAX + 1));
        assert!(matches!(read_renew(&bytes), Err(DecodeError::OutOfRange { .. })));
    }

    #[test]
    fn what_follows_a_message_is_refused() {
        let mut bytes = Vec::new();
        write_hello(&mut bytes, &Hello { name: "a".into(), ..Hello::default() });
        assert!(read_hello(&bytes).is_ok());
        bytes.push(0);
        assert_eq!(read_hello(&bytes), Err(DecodeError::TrailingBits { bits: 8 }));
    }

    #[test]
    fn a_role_that_nobody_knows_is_refused() {
        let mut bytes = Vec::new();
        write_hello(&mut bytes, &Hello { role: Role::Spectator, ..Hello::default() });
        let at = bytes.iter().position(|&byte| byte == 1).expect("the role");
        assert_eq!(read_hello(&bytes).map(|hello| hello.role), Ok(Role::Spectator));
        bytes[at] = 2;
        assert!(read_hello(&bytes).is_err());
    }

    #[test]
    fn an_unknown_extension_survives_and_a_huge_one_is_refused() {
        let extension = |length| Extension { id: 99, bytes: vec![7; length] };
        let mut bytes = Vec::new();
        let hello = Hello { extensions: vec![extension(3)], ..Hello::default() };
        write_hello(&mut bytes, &hello);
        assert_eq!(read_hello(&bytes), Ok(hello));
        bytes.clear();
        write_hello(&mut bytes, &Hello { extensions: vec![extension(2_000)], ..Hello::default() });
        assert!(read_hello(&bytes).is_err());
    }
}
