//! One client's connection: TLS and WebSocket over a socket that never blocks, within its limits.
//!
//! ```text
//!            ┌──────────── read ──► messages       flush ◄── queue ◄── frames
//!            │               │                       │
//!     open ──┤               ▼ over a limit          ▼ takes nothing
//!            │             Ending::Closed(code) ◄────┘
//!            ▼                     │ close(code): the close frame goes out
//!     Ending::Left | Lost          ▼
//!                          linger: read and forget, until the peer's answer or a second has gone by
//! ```
//!
//! Whatever the peer does costs one connection and no more than a few receives per tick. Every limit ends in a close
//! frame that says which it was (PROTOCOL.md, "Close codes"), because a code is all that a player gets.
//!
//! Memory held for one client: a message being read ([`limits::CLIENT_MESSAGE_BYTES_MAX`]), rustls' buffers, and unsent
//! bytes up to [`limits::WRITE_BUFFER_BYTES_MAX`].
//!
//! Never here: rooms, seats, a clock.

use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;
use shared::ids::Tick;
use shared::limits;
use shared::wire::close_code::CloseCode;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode as WireCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocket, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes, error::ProtocolError};

use super::frame_meter::FrameCounts;
use super::patience::{Patience, Verdict};
use super::throttle::TokenBucket;
use super::transport::{Traffic, Wire};
use crate::mailbox::HandedOver;

/// Receives per tick. rustls asks for 4 KiB each: 16 KiB per tick are far above what an honest client sends even after
/// a stall of seconds, and what is left waits in the kernel.
const RECVS_PER_TICK: u8 = 4;
/// Messages per tick: twice what the rate allows at 10 Hz; the rest waits for the next tick.
const MESSAGES_PER_TICK: u32 = 64;
/// Seconds' worth of pings that may come at once.
const PINGS_BURST_S: u32 = 3;
/// tungstenite fills this much with zeros before every read. rustls reads the socket in larger steps and keeps the
/// plaintext, so a small buffer costs no system call.
const READ_BUFFER_BYTES_TLS: usize = 512;
/// Without TLS each read is a receive: as large as rustls' own.
const READ_BUFFER_BYTES_PLAIN: usize = 4096;
/// Larger than all messages of a usual tick: they leave as one TLS record and one send.
const WRITE_BUFFER_BYTES: usize = 16 * 1024;

/// How a connection came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// We end it: the peer is owed a close frame with this code. The words go to the log.
    Closed(CloseCode, &'static str),
    /// The peer said goodbye, with this number if any. Nothing is owed.
    Left(Option<u16>),
    /// The stream broke; nobody can be told.
    Lost(&'static str),
}

/// A live connection.
#[derive(Debug)]
pub(super) struct Connection {
    ws: WebSocket<Wire>,
    patience: Patience,
    allowance: Allowance,
    /// Bytes are left that the socket has not taken.
    unsent: bool,
    /// Bytes taken by the socket when we last looked.
    bytes_out_seen: u64,
    /// The stream broke the protocol: what follows can be discarded but not understood.
    senseless: bool,
}

impl Connection {
    /// Takes over a connection that has left tokio, at the room's `tick`.
    ///
    /// # Errors
    /// The socket is dead.
    pub(super) fn adopt(socket: HandedOver, tick_rate_hz: u16, tick: Tick, now: Instant) -> io::Result<Self> {
        let HandedOver { tcp, tls, early } = socket;
        let read_buffer = if tls.is_some() { READ_BUFFER_BYTES_TLS } else { READ_BUFFER_BYTES_PLAIN };
        let config = WebSocketConfig::default()
            .read_buffer_size(read_buffer)
            .write_buffer_size(WRITE_BUFFER_BYTES)
            .max_write_buffer_size(limits::WRITE_BUFFER_BYTES_MAX)
            .max_message_size(Some(limits::CLIENT_MESSAGE_BYTES_MAX))
            .max_frame_size(Some(limits::CLIENT_MESSAGE_BYTES_MAX));
        let wire = Wire::new(tcp, tls, &early)?;
        let ws = WebSocket::from_partially_read(wire, early, Role::Server, Some(config));
        Ok(Self {
            ws,
            patience: Patience::new(tick_rate_hz, tick),
            allowance: Allowance::new(now),
            unsent: true, // the handshakes may have left something behind; the first flush finds out
            bytes_out_seen: 0,
            senseless: false,
        })
    }

    /// Reads what has come and gives each binary message to `message`, with the time of its arrival where the kernel
    /// knows it. Once per tick; bounded.
    ///
    /// # Errors
    /// The connection is over. Messages given before are good.
    pub(super) fn read(
        &mut self,
        tick: Tick,
        now: Instant,
        mut message: impl FnMut(Bytes, Option<Duration>),
    ) -> Result<(), Ending> {
        self.ws.get_mut().allow_receives(RECVS_PER_TICK);
        for _ in 0..MESSAGES_PER_TICK {
            match self.ws.read() {
                Ok(Message::Binary(bytes)) => message(bytes, self.ws.get_ref().arrived()),
                Ok(Message::Text(_)) => return Err(Ending::Closed(CloseCode::NotBinary, "text")),
                Ok(Message::Close(frame)) => return Err(self.left(frame.map(|frame| frame.code.into()))),
                Ok(Message::Ping(_)) => self.unsent = true, // tungstenite has the pong ready
                Ok(Message::Pong(_) | Message::Frame(_)) => {}
                Err(error) if is_would_block(&error) => break,
                Err(error) => return Err(self.read_failed(&error)),
            }
            self.patience.heard(tick);
        }
        let wire = self.ws.get_ref();
        self.patience.message_under_way(wire.message_under_way(), tick);
        self.allowance.charge(wire.traffic().bytes_in, wire.frames(), now)
    }

    /// What is due at `tick` by the passing of time alone: a ping is queued, or the connection is over.
    ///
    /// # Errors
    /// Waited too long, for whatever it was.
    pub(super) fn wait(&mut self, tick: Tick) -> Result<(), Ending> {
        match self.patience.verdict(tick) {
            Verdict::Wait => Ok(()),
            // Busy: the ping would only wait behind the rest, and the socket's silence is counted anyway.
            Verdict::Ping if self.unsent => Ok(()),
            Verdict::Ping => self.write(Message::Ping(Bytes::new())),
            Verdict::Close(code, cause) => Err(Ending::Closed(code, cause)),
        }
    }

    /// Commits a message: it will be sent, in order, as long as the connection lives. The send follows in `flush`.
    ///
    /// # Errors
    /// The connection is over: the stream broke, or so much waits already that this does not fit.
    pub(super) fn queue(&mut self, message: Vec<u8>) -> Result<(), Ending> {
        self.write(Message::Binary(message.into()))
    }

    /// True: bytes of earlier messages still wait, so a new frame would only queue behind them.
    pub(super) fn is_busy(&self) -> bool {
        self.unsent
    }

    /// Sends what waits, or as much as the socket takes.
    ///
    /// # Errors
    /// The stream broke.
    pub(super) fn flush(&mut self, tick: Tick) -> Result<(), Ending> {
        if self.unsent {
            match self.ws.flush() {
                Ok(()) => self.unsent = false,
                Err(error) if is_would_block(&error) => {}
                Err(error) => return Err(self.write_failed(&error)),
            }
        }
        let bytes_out = self.ws.get_ref().traffic().bytes_out;
        self.patience.bytes_wait(self.unsent, bytes_out != self.bytes_out_seen, tick);
        self.bytes_out_seen = bytes_out;
        Ok(())
    }

    /// Says why, in a close frame behind all that was committed. From here on only [`Connection::linger`] is called.
    pub(super) fn close(&mut self, code: CloseCode) {
        let frame = CloseFrame { code: WireCode::from(code.number()), reason: Utf8Bytes::from_static(code.reason()) };
        self.unsent = !matches!(self.ws.close(Some(frame)), Ok(()));
    }

    /// After `close`: sends what is left, reads and forgets. False: it is over, the peer has answered or gone.
    pub(super) fn linger(&mut self) -> bool {
        if self.unsent {
            match self.ws.flush() {
                Ok(()) => self.unsent = false,
                Err(error) if is_would_block(&error) => {}
                Err(_) => return false,
            }
        }
        self.ws.get_mut().allow_receives(RECVS_PER_TICK);
        if self.senseless {
            return self.ws.get_mut().discard();
        }
        for _ in 0..MESSAGES_PER_TICK {
            match self.ws.read() {
                Ok(_) => {}
                Err(error) if is_would_block(&error) => return true,
                Err(Error::Capacity(_) | Error::Utf8(_)) => {
                    self.senseless = true;
                    return true;
                }
                Err(_) => return false,
            }
        }
        true
    }

    /// The last act: TLS says goodbye and the socket is shut. Dropping closes it.
    pub(super) fn finish(&mut self) {
        self.ws.get_mut().finish();
    }

    /// What went through the socket.
    pub(super) fn traffic(&self) -> Traffic {
        self.ws.get_ref().traffic()
    }

    fn write(&mut self, message: Message) -> Result<(), Ending> {
        self.unsent = true;
        match self.ws.write(message) {
            Ok(()) => Ok(()),
            // tungstenite has taken the message before it tried to send.
            Err(error) if is_would_block(&error) => Ok(()),
            Err(error) => Err(self.write_failed(&error)),
        }
    }

    /// The peer has closed: answer (tungstenite has the reply ready) and be done.
    fn left(&mut self, number: Option<u16>) -> Ending {
        let _ = self.ws.flush(); // encrypts the reply and says ConnectionClosed; `finish` sends it
        Ending::Left(number)
    }

    fn read_failed(&mut self, error: &Error) -> Ending {
        self.senseless = true;
        match error {
            Error::Capacity(_) => Ending::Closed(CloseCode::TooBig, "a message over the limit"),
            Error::Utf8(_) => Ending::Closed(CloseCode::InvalidText, "not UTF-8"),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Ending::Lost("ended without goodbye"),
            Error::Protocol(_) => Ending::Closed(CloseCode::ProtocolError, "not WebSocket"),
            Error::ConnectionClosed | Error::AlreadyClosed => Ending::Left(None),
            Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => Ending::Lost("not TLS"),
            _ => Ending::Lost("the socket failed"),
        }
    }

    fn write_failed(&mut self, error: &Error) -> Ending {
        match error {
            Error::WriteBufferFull(_) => Ending::Closed(CloseCode::TooSlow, "too much waits to be sent"),
            Error::ConnectionClosed | Error::AlreadyClosed => Ending::Left(None),
            _ => Ending::Lost("the socket failed"),
        }
    }
}

fn is_would_block(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// What a peer may send: bytes, frames and pings, each with a bucket of its own. Counted below the messages, so that
/// what never becomes a message is paid for, too.
#[derive(Debug)]
struct Allowance {
    bytes: TokenBucket,
    frames: TokenBucket,
    pings: TokenBucket,
    bytes_charged: u64,
    frames_charged: FrameCounts,
}

impl Allowance {
    fn new(now: Instant) -> Self {
        let pings = limits::PINGS_PER_SECOND;
        Self {
            bytes: TokenBucket::new(limits::BYTES_PER_SECOND, limits::BYTES_BURST, now),
            frames: TokenBucket::new(limits::MESSAGES_PER_SECOND, limits::MESSAGES_BURST, now),
            pings: TokenBucket::new(pings, pings * PINGS_BURST_S, now),
            bytes_charged: 0,
            frames_charged: FrameCounts::default(),
        }
    }

    /// Charges what has come since the last call.
    fn charge(&mut self, bytes_in: u64, seen: FrameCounts, now: Instant) -> Result<(), Ending> {
        if bytes_in == self.bytes_charged && seen == self.frames_charged {
            return Ok(());
        }
        let bytes = self.bytes.take(bytes_in - self.bytes_charged, now);
        let frames = self.frames.take(seen.frames - self.frames_charged.frames, now);
        let pings = self.pings.take(seen.pings - self.frames_charged.pings, now);
        self.bytes_charged = bytes_in;
        self.frames_charged = seen;
        match (bytes, frames, pings) {
            (true, true, true) => Ok(()),
            (false, ..) => Err(Ending::Closed(CloseCode::TooFast, "too many bytes")),
            (_, false, _) => Err(Ending::Closed(CloseCode::TooFast, "too many frames")),
            (.., false) => Err(Ending::Closed(CloseCode::TooFast, "too many pings")),
        }
    }
}
