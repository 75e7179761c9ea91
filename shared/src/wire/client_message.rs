//! What a client says: it asks, it never tells the state.
//!
//! ```text
//!   1 Hello     bincode                                              first, once
//!   2 Input     tick · newest frame · view tick · the same? · values once per tick while playing
//!   3 Confirm   newest frame                                         where no input says it
//!   4 Pause     on or off                                            a hidden tab
//!   5 Resync    tick of the frame that was found wrong
//!   6 Ping      32 bits that come back
//!   7 Request   number · kind · values                               answered
//!   8 Bye                                                            the player leaves
//!   9 Renew     bincode                                              a new ticket
//! ```
//!
//! Reading needs the schema (what values there are) and a tick near which the 16 travelling bits lie. Of inputs it also needs the
//! values of the one before: equal ones cost a bit. PROTOCOL.md, "Client".

use super::DecodeError;
use super::control::{Hello, Renew, read_hello, read_renew, write_hello, write_renew};
use super::values::{read_values, write_values};
use crate::bits::{BitReader, BitWriter};
use crate::ids::Tick;
use crate::schema::Schema;

/// What a message costs whoever reads it, in units of work (see [`crate::limits::WORK_PER_TICK`]), told by its first byte before anything else
/// of it is looked at. A Hello is answered by a Welcome, a new ticket has a signature, a request is the game's to answer, a full frame is
/// larger than a step. What is no message costs as much as an input: a few of them close.
#[must_use]
pub const fn work_of(message: &[u8]) -> u32 {
    match message.first() {
        Some(1 | 9) => 16,
        Some(7) => 3,
        Some(5) => 2,
        _ => 1,
    }
}

/// What the client drew when the player acted: between which two frames, and where between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ViewTick {
    /// The older of the two frames.
    pub older: Tick,
    /// Ticks from the older to the newer, 0 to [`SPAN_MAX`].
    pub span: u8,
    /// Where between them, in 1/16 tick from the older: 0 to `16 * span`.
    pub sixteenths: u16,
}

/// Ticks that may lie between the two frames of a view.
pub const SPAN_MAX: u8 = (1 << SPAN_BITS) - 1;

/// Bits of [`ViewTick::span`] and [`ViewTick::sixteenths`].
const SPAN_BITS: u32 = 5;
const SIXTEENTHS_BITS: u32 = 9;

/// One tick's input, decoded: well-formed, in range, and not yet believed.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Input {
    /// The tick it is meant for.
    pub tick: Tick,
    /// The newest frame received: confirms it and all before.
    pub newest: Tick,
    /// What the player saw.
    pub view: ViewTick,
    /// Codes of the schema's input.
    pub codes: Vec<i32>,
}

/// A message of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientMessage {
    /// The first one.
    Hello(Box<Hello>),
    /// Input for a tick.
    Input(Input),
    /// The newest frame received.
    Confirm {
        /// Its tick.
        newest: Tick,
    },
    /// Send keep-alives only, or go on.
    Pause {
        /// On or off.
        on: bool,
    },
    /// The frame of this tick did not match its digest: send all anew.
    Resync {
        /// The frame's tick.
        tick: Tick,
    },
    /// Send this back.
    Ping {
        /// What comes back.
        stamp: u32,
    },
    /// Something the player asks for.
    Request {
        /// Numbered by the client, from 0 up, wrapping; the reply names it.
        number: u16,
        /// Position in the schema's requests.
        kind: u8,
        /// Its codes.
        codes: Vec<i32>,
    },
    /// The player leaves.
    Bye,
    /// A new ticket.
    Renew(Box<Renew>),
}

impl ClientMessage {
    /// The message as bytes, understood without those before it. Inverse of [`ClientMessage::read`].
    #[must_use]
    pub fn to_bytes(&self, schema: &Schema) -> Vec<u8> {
        self.to_bytes_after(schema, None)
    }

    /// The same on a connection whose input before had the codes `before`. Inverse of [`ClientMessage::read_after`].
    #[must_use]
    pub fn to_bytes_after(&self, schema: &Schema, before: Option<&[i32]>) -> Vec<u8> {
        let mut out = BitWriter::new();
        match self {
            Self::Hello(hello) => {
                let mut bytes = vec![1];
                write_hello(&mut bytes, hello);
                return bytes;
            }
            Self::Input(input) => {
                out.write(2, 8);
                out.write(u32::from(input.tick.low()), 16);
                out.write(u32::from(input.newest.low()), 16);
                out.write(u32::from(input.view.older.low()), 16);
                out.write(u32::from(input.view.span), SPAN_BITS);
                out.write(u32::from(input.view.sixteenths), SIXTEENTHS_BITS);
                let same = before == Some(&input.codes);
                out.write_bool(same);
                if !same {
                    write_values(&mut out, &schema.input, &input.codes);
                }
            }
            Self::Confirm { newest } => {
                out.write(3, 8);
                out.write(u32::from(newest.low()), 16);
            }
            Self::Pause { on } => {
                out.write(4, 8);
                out.write_bool(*on);
            }
            Self::Resync { tick } => {
                out.write(5, 8);
                out.write(u32::from(tick.low()), 16);
            }
            Self::Ping { stamp } => {
                out.write(6, 8);
                out.write(*stamp, 32);
            }
            Self::Request { number, kind, codes } => {
                out.write(7, 8);
                out.write(u32::from(*number), 16);
                out.write(u32::from(*kind), 8);
                if let Some(declaration) = schema.requests.get(usize::from(*kind)) {
                    write_values(&mut out, declaration, codes);
                }
            }
            Self::Bye => out.write(8, 8),
            Self::Renew(renew) => {
                let mut bytes = vec![9];
                write_renew(&mut bytes, renew);
                return bytes;
            }
        }
        out.into_bytes()
    }

    /// Reads a message that is understood without those before it; ticks are taken as near to `now`.
    ///
    /// # Errors
    /// [`DecodeError`]: whatever is not exactly one message is the peer's fault.
    pub fn read(bytes: &[u8], schema: &Schema, now: Tick) -> Result<Self, DecodeError> {
        Self::read_after(bytes, schema, now, None, Vec::new)
    }

    /// The same on a connection whose input before had the codes `before`; an input's codes go into a list from `spare`.
    ///
    /// # Errors
    /// As [`ClientMessage::read`]. Who says "the same" and said nothing before says nothing.
    pub fn read_after(
        bytes: &[u8],
        schema: &Schema,
        now: Tick,
        before: Option<&[i32]>,
        spare: impl FnOnce() -> Vec<i32>,
    ) -> Result<Self, DecodeError> {
        let mut reader = BitReader::new(bytes);
        let kind = reader.read(8, "message kind")? as u8;
        let body = bytes.get(1..).unwrap_or_default();
        let message = match kind {
            1 => return Ok(Self::Hello(Box::new(read_hello(body)?))),
            2 => Self::Input(read_input(&mut reader, schema, now, before, spare())?),
            3 => Self::Confirm { newest: read_tick(&mut reader, now)? },
            4 => Self::Pause { on: reader.read_bool("pause")? },
            5 => Self::Resync { tick: read_tick(&mut reader, now)? },
            6 => Self::Ping { stamp: reader.read(32, "stamp")? },
            7 => read_request(&mut reader, schema)?,
            8 => Self::Bye,
            9 => return Ok(Self::Renew(Box::new(read_renew(body)?))),
            kind => return Err(DecodeError::UnknownMessage { kind }),
        };
        reader.finish()?;
        Ok(message)
    }
}

fn read_tick(reader: &mut BitReader<'_>, now: Tick) -> Result<Tick, DecodeError> {
    Ok(now.unwrap_near(reader.read(16, "tick")? as u16))
}

fn read_input(
    reader: &mut BitReader<'_>,
    schema: &Schema,
    now: Tick,
    before: Option<&[i32]>,
    mut codes: Vec<i32>,
) -> Result<Input, DecodeError> {
    let tick = read_tick(reader, now)?;
    let newest = read_tick(reader, now)?;
    let older = read_tick(reader, now)?;
    let span = reader.read(SPAN_BITS, "view span")? as u8;
    let sixteenths = reader.read_at_most(16 * u32::from(span), SIXTEENTHS_BITS, "view tick")? as u16;
    if reader.read_bool("same values")? {
        codes.clear();
        codes.extend_from_slice(before.ok_or(DecodeError::Inconsistent { field: "same values" })?);
    } else {
        read_values(reader, &schema.input, &mut codes)?;
    }
    Ok(Input { tick, newest, view: ViewTick { older, span, sixteenths }, codes })
}

fn read_request(reader: &mut BitReader<'_>, schema: &Schema) -> Result<ClientMessage, DecodeError> {
    let number = reader.read(16, "request number")? as u16;
    let kind = reader.read(8, "request kind")?;
    let Some(declaration) = schema.requests.get(kind as usize) else {
        let max = schema.requests.len() as i64 - 1;
        return Err(DecodeError::OutOfRange { field: "request kind", got: i64::from(kind), min: 0, max });
    };
    let mut codes = Vec::new();
    read_values(reader, declaration, &mut codes)?;
    Ok(ClientMessage::Request { number, kind: kind as u8, codes })
}
