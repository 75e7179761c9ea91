//! What the server says.
//!
//! ```text
//!   1 Welcome    bincode                          the answer to Hello
//!   2 State      see state_frame                  one per tick
//!   3 Pong       the 32 bits of the Ping
//!   4 Reply      request number · outcome
//!   5 Redirect   bincode                          go on elsewhere
//!   6 Tables     tick u32 · code tables           in force from that tick on
//!   7 Audit      bincode                          to auditors only, behind each frame
//!   8 Notice     reason · seconds                 this connection will end, and why
//! ```
//!
//! PROTOCOL.md, "Server". A state frame's body can only be read with the replica that it changes, so it comes out whole.

use super::DecodeError;
use super::audit::{Audit, read_audit, write_audit};
use super::control::{Redirect, Welcome, read_redirect, read_welcome, write_redirect, write_welcome};
use crate::bits::{BitReader, BitWriter};
use crate::ids::Tick;

/// The first byte of a state frame.
pub const STATE: u8 = 2;

/// The bit of the first byte that only steps have: the other seven are a part of their header, because most messages are steps.
pub const STEP: u8 = 0x80;

/// A request's outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused; the reason is the game's own number, 255 if the game has no answer to it.
    Refused(u8),
}

/// Why a connection is about to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoticeReason {
    /// The player's input has been the same for long: who changes it stays.
    Unchanged = 1,
    /// The ticket ends: who renews it stays.
    TicketEnds = 2,
    /// The server goes away.
    GoingAway = 3,
}

impl NoticeReason {
    /// All of them, in the order of their numbers, which count from 1.
    pub const ALL: [Self; 3] = [Self::Unchanged, Self::TicketEnds, Self::GoingAway];

    fn read(reader: &mut BitReader<'_>) -> Result<Self, DecodeError> {
        let number = reader.read(8, "reason of the notice")?;
        let reason = Self::ALL.into_iter().find(|&reason| reason as u32 == number);
        let (got, max) = (i64::from(number), Self::ALL.len() as i64);
        reason.ok_or(DecodeError::OutOfRange { field: "reason of the notice", got, min: 1, max })
    }
}

/// A message of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerMessage<'a> {
    /// The answer to Hello.
    Welcome(Box<Welcome>),
    /// A state frame, whole: for the replica.
    State(&'a [u8]),
    /// The answer to Ping.
    Pong {
        /// The Ping's stamp.
        stamp: u32,
    },
    /// The answer to Request.
    Reply {
        /// The request's number.
        number: u16,
        /// How it went.
        outcome: Outcome,
    },
    /// Go on elsewhere.
    Redirect(Box<Redirect>),
    /// Better code tables.
    Tables {
        /// The first tick whose pieces are in their codes.
        from: Tick,
        /// See [`crate::codec::Tables::from_bytes`].
        bytes: &'a [u8],
    },
    /// Who may see what.
    Audit(Box<Audit>),
    /// This connection will end.
    Notice {
        /// Why.
        reason: NoticeReason,
        /// In how many seconds, unless something is done about it.
        seconds: u16,
    },
}

impl<'a> ServerMessage<'a> {
    /// The message as bytes. Inverse of [`ServerMessage::read`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = BitWriter::new();
        match self {
            Self::Welcome(welcome) => {
                let mut bytes = vec![1];
                write_welcome(&mut bytes, welcome);
                return bytes;
            }
            Self::State(bytes) => return bytes.to_vec(),
            Self::Pong { stamp } => {
                out.write(3, 8);
                out.write(*stamp, 32);
            }
            Self::Reply { number, outcome } => {
                out.write(4, 8);
                out.write(u32::from(*number), 16);
                match outcome {
                    Outcome::Done => out.write_bool(true),
                    Outcome::Refused(reason) => {
                        out.write_bool(false);
                        out.write(u32::from(*reason), 8);
                    }
                }
            }
            Self::Redirect(redirect) => {
                let mut bytes = vec![5];
                write_redirect(&mut bytes, redirect);
                return bytes;
            }
            Self::Tables { from, bytes } => {
                out.write(6, 8);
                out.write(from.0, 32);
                out.write_bytes(bytes);
            }
            Self::Audit(audit) => {
                let mut bytes = vec![7];
                write_audit(&mut bytes, audit);
                return bytes;
            }
            Self::Notice { reason, seconds } => {
                out.write(8, 8);
                out.write(*reason as u32, 8);
                out.write(u32::from(*seconds), 16);
            }
        }
        out.into_bytes()
    }

    /// Reads a message.
    ///
    /// # Errors
    /// [`DecodeError`]: the server's fault, or it is newer than we are.
    pub fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = BitReader::new(bytes);
        let body = bytes.get(1..).unwrap_or_default();
        let message = match reader.read(8, "message kind")? as u8 {
            1 => return Ok(Self::Welcome(Box::new(read_welcome(body)?))),
            STATE | STEP.. => return Ok(Self::State(bytes)),
            3 => Self::Pong { stamp: reader.read(32, "stamp")? },
            4 => {
                let number = reader.read(16, "request number")? as u16;
                let outcome = if reader.read_bool("outcome")? {
                    Outcome::Done
                } else {
                    Outcome::Refused(reader.read(8, "reason")? as u8)
                };
                Self::Reply { number, outcome }
            }
            5 => return Ok(Self::Redirect(Box::new(read_redirect(body)?))),
            6 => {
                let from = Tick(reader.read(32, "first tick")?);
                return Ok(Self::Tables { from, bytes: body.get(4..).unwrap_or_default() });
            }
            7 => return Ok(Self::Audit(Box::new(read_audit(body)?))),
            8 => {
                let reason = NoticeReason::read(&mut reader)?;
                Self::Notice { reason, seconds: reader.read(16, "seconds")? as u16 }
            }
            kind => return Err(DecodeError::UnknownMessage { kind }),
        };
        reader.finish()?;
        Ok(message)
    }
}
