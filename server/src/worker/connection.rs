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
//! Memory held for one client (see `memory`): a message being read ([`shared::limits::CLIENT_MESSAGE_BYTES_MAX`]), rustls' buffers, and unsent
//! bytes up to [`shared::limits::WRITE_BUFFER_BYTES_MAX`].
//!
//! Never here: rooms, seats, a clock.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use bytes::Bytes;
use shared::ids::Tick;
use shared::limits::WORK_PER_TICK;
use shared::wire::close_code::CloseCode;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode as WireCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocket, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes, error::ProtocolError};

use super::allowance::{Allowance, PeerLimits};
use super::patience::{Patience, Verdict};
use super::transport::{Found, Traffic, Wire};
use super::whole_frame::{WHOLE_BINARY, WHOLE_TEXT};
use crate::mailbox::HandedOver;

/// Receives per tick. rustls asks for 4 KiB each: 16 KiB per tick are far above what an honest client sends even after
/// a stall of seconds, and what is left waits in the kernel.
const RECVS_PER_TICK: u8 = 4;
/// Frames per tick of who lingers: it is not understood any more, but it must not keep us either.
const FRAMES_PER_TICK: u32 = 64;
/// tungstenite fills this much with zeros before every read. The layer below reads the socket in larger steps and keeps
/// the rest, so a small buffer costs no system call.
const READ_BUFFER_BYTES: usize = 512;
/// Bytes of control frames that tungstenite may hold: messages go past it, into memory that is no larger than they are.
const CONTROL_BUFFER_BYTES: usize = 4096;

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

/// As what a message was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Binary, as all that plays.
    Binary,
    /// Text, valid UTF-8.
    Text,
}

/// What came next.
enum Next {
    /// A message, in the memory that was lent.
    Message(Said),
    /// A frame that is no message.
    Control,
    /// Nothing is left in this tick.
    Nothing,
}

/// A live connection.
#[derive(Debug)]
pub(super) struct Connection {
    ws: WebSocket<Wire>,
    patience: Patience,
    allowance: Allowance,
    message_bytes_max: usize,
    /// Bytes are left that the socket has not taken.
    unsent: bool,
    /// Bytes that had come when we last looked.
    bytes_in_seen: u64,
    /// Frames that answered nothing, when we last looked.
    unasked_seen: u64,
    /// Bytes taken by the socket when we last looked.
    bytes_out_seen: u64,
    /// The stream broke the protocol: what follows can be discarded but not understood.
    senseless: bool,
    /// We have said all that we will.
    finished: bool,
    /// tungstenite may hold bytes that were read.
    holds_read: bool,
    /// tungstenite may hold control frames that are to be sent.
    holds_unsent: bool,
}

impl Connection {
    /// Takes over a connection that has left tokio, at the room's `tick`.
    ///
    /// # Errors
    /// The socket is dead.
    pub(super) fn adopt(
        socket: HandedOver,
        limits: PeerLimits,
        tick_rate_hz: u16,
        tick: Tick,
        now: Instant,
    ) -> io::Result<Self> {
        let HandedOver { tcp, tls, early } = socket;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(CONTROL_BUFFER_BYTES)
            .max_message_size(Some(limits.message_bytes_max))
            .max_frame_size(Some(limits.message_bytes_max));
        let wire = Wire::new(tcp, tls, &early, limits.unsent_bytes_max)?;
        let ws = WebSocket::from_partially_read(wire, early, Role::Server, Some(config));
        Ok(Self {
            ws,
            patience: Patience::new(limits.waits, tick_rate_hz, tick),
            allowance: Allowance::new(limits.rates, now),
            message_bytes_max: limits.message_bytes_max,
            unsent: true, // the handshakes may have left something behind; the first flush finds out
            bytes_in_seen: 0,
            unasked_seen: 0,
            bytes_out_seen: 0,
            senseless: false,
            finished: false,
            holds_read: true, // what was read before the hand-over
            holds_unsent: true,
        })
    }

    /// Reads what has come and gives each binary message to `message`, with the time of its arrival where the kernel
    /// knows it. Once per tick; bounded. Each message lies in `scratch` meanwhile, whatever that held before.
    ///
    /// # Errors
    /// The connection is over. Messages given before are good.
    pub(super) fn read(
        &mut self,
        tick: Tick,
        now: Instant,
        scratch: &mut Vec<u8>,
        mut message: impl FnMut(&[u8], Option<Duration>),
    ) -> Result<(), Ending> {
        self.read_any(tick, now, scratch, |_, said, bytes, arrived| match said {
            Said::Binary => {
                message(bytes, arrived);
                Ok(())
            }
            Said::Text => Err(Ending::Closed(CloseCode::NotBinary, "text")),
        })
    }

    /// The same, text included, with the connection at hand for an answer. What `message` refuses ends it.
    ///
    /// # Errors
    /// The connection is over.
    pub(super) fn read_any(
        &mut self,
        tick: Tick,
        now: Instant,
        scratch: &mut Vec<u8>,
        mut message: impl FnMut(&mut Self, Said, &[u8], Option<Duration>) -> Result<(), Ending>,
    ) -> Result<(), Ending> {
        self.ws.get_mut().allow_receives(RECVS_PER_TICK);
        let mut work = 0;
        while work < WORK_PER_TICK {
            match self.next_message(scratch)? {
                Next::Message(said) => {
                    work += self.allowance.work_of(scratch);
                    let arrived = self.ws.get_ref().arrived();
                    message(self, said, scratch, arrived)?;
                }
                Next::Control => work += 1,
                Next::Nothing => break,
            }
        }
        if work >= WORK_PER_TICK {
            self.ws.get_mut().note_spent();
        }
        let wire = self.ws.get_ref();
        if wire.traffic().bytes_in != self.bytes_in_seen {
            self.bytes_in_seen = wire.traffic().bytes_in;
            self.patience.heard(tick);
        }
        if wire.frames().unasked() != self.unasked_seen {
            self.unasked_seen = wire.frames().unasked();
            self.patience.acted(tick);
        }
        self.patience.message_under_way(wire.message_under_way(), tick);
        self.allowance.charge(wire.traffic().bytes_in, wire.frames(), work, now)
    }

    fn next_message(&mut self, scratch: &mut Vec<u8>) -> Result<Next, Ending> {
        if !self.holds_read {
            match self.ws.get_mut().find_message(self.message_bytes_max, scratch) {
                Found::Message => return Ok(Next::Message(Said::Binary)),
                Found::Nothing => return Ok(Next::Nothing),
                Found::Else => self.holds_read = true,
            }
        }
        match self.ws.read() {
            Ok(Message::Binary(bytes)) => {
                scratch.clear();
                scratch.extend_from_slice(&bytes);
                return Ok(Next::Message(Said::Binary));
            }
            Ok(Message::Text(text)) => {
                scratch.clear();
                scratch.extend_from_slice(text.as_bytes());
                return Ok(Next::Message(Said::Text));
            }
            Ok(Message::Close(frame)) => return Err(self.left(frame.map(|frame| frame.code.into()))),
            Ok(Message::Ping(_)) => {
                // tungstenite has the pong ready
                self.unsent = true;
                self.holds_unsent = true;
            }
            Ok(Message::Pong(_) | Message::Frame(_)) => {}
            Err(error) if is_would_block(&error) => {
                // It has read all there was, and gives messages as soon as they are whole.
                self.holds_read = !self.ws.get_ref().is_between_messages();
                return Ok(Next::Nothing);
            }
            Err(error) => return Err(self.read_failed(&error)),
        }
        Ok(Next::Control)
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
    pub(super) fn queue(&mut self, message: &[u8]) -> Result<(), Ending> {
        self.commit(WHOLE_BINARY, message)
    }

    /// The same for text.
    ///
    /// # Errors
    /// See [`Connection::queue`].
    pub(super) fn queue_text(&mut self, text: &str) -> Result<(), Ending> {
        self.commit(WHOLE_TEXT, text.as_bytes())
    }

    fn commit(&mut self, first: u8, message: &[u8]) -> Result<(), Ending> {
        self.unsent = true;
        match self.ws.get_mut().write_message(first, message) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Ending::Closed(CloseCode::TooSlow, "too much waits to be sent")),
            Err(_) => Err(Ending::Lost("the socket failed")),
        }
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
            match self.flush_all() {
                Ok(()) => {}
                Err(error) if is_would_block(&error) => {}
                Err(error) => return Err(self.write_failed(&error)),
            }
        }
        let bytes_out = self.ws.get_ref().traffic().bytes_out;
        self.patience.bytes_wait(self.unsent, bytes_out != self.bytes_out_seen, tick);
        self.bytes_out_seen = bytes_out;
        Ok(())
    }

    fn flush_all(&mut self) -> Result<(), Error> {
        if self.holds_unsent {
            self.ws.flush()?;
        } else {
            self.ws.get_mut().flush()?;
        }
        self.unsent = false;
        self.holds_unsent = false;
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
            // No answer could be understood: the close frame is the last word, and our end goes with it.
            if !self.unsent {
                self.finish();
            }
            return self.ws.get_mut().discard();
        }
        for _ in 0..FRAMES_PER_TICK {
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

    /// The last act: TLS says goodbye and the socket is shut. Dropping closes it. A second time it does nothing.
    pub(super) fn finish(&mut self) {
        if !self.finished {
            self.finished = true;
            self.ws.get_mut().finish();
        }
    }

    /// What went through the socket.
    pub(super) fn traffic(&self) -> Traffic {
        self.ws.get_ref().traffic()
    }

    fn write(&mut self, message: Message) -> Result<(), Ending> {
        self.unsent = true;
        self.holds_unsent = true;
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

#[cfg(test)]
mod tests {
    use super::super::test_peer::{Peer, frame, plain_pair, tls_pair, until};
    use super::*;
    use crate::config::Waits;
    use shared::limits;
    use std::net::Shutdown;

    const RATE: u16 = 30;

    /// A connection at both ends, with the ticks and the time that it is told.
    struct Pair {
        connection: Connection,
        peer: Peer,
        tick: Tick,
        now: Instant,
    }

    impl Pair {
        fn new((socket, peer): (HandedOver, Peer)) -> Self {
            let now = Instant::now();
            let mut connection =
                Connection::adopt(socket, PeerLimits::playing(Waits::default()), RATE, Tick(0), now).unwrap();
            connection.flush(Tick(0)).unwrap();
            Self { connection, peer, tick: Tick(0), now }
        }

        fn tls() -> Self {
            Self::new(tls_pair())
        }

        /// One tick: read, wait, flush. Returns the messages.
        fn tick(&mut self) -> Result<Vec<Bytes>, Ending> {
            self.tick = self.tick.next();
            self.now += Duration::from_secs(1) / u32::from(RATE);
            let mut messages = vec![];
            self.connection
                .read(self.tick, self.now, &mut Vec::new(), |bytes, _| messages.push(Bytes::copy_from_slice(bytes)))?;
            self.connection.wait(self.tick)?;
            self.connection.flush(self.tick)?;
            Ok(messages)
        }

        /// Reads at one and the same tick until something comes: a message or the end.
        fn read_until_something(&mut self) -> Result<Vec<Bytes>, Ending> {
            until("a message", || {
                let mut messages = vec![];
                let result = self.connection.read(self.tick, self.now, &mut Vec::new(), |bytes, _| {
                    messages.push(Bytes::copy_from_slice(bytes))
                });
                match result {
                    Ok(()) if messages.is_empty() => None,
                    Ok(()) => Some(Ok(messages)),
                    Err(ending) => Some(Err(ending)),
                }
            })
        }

        /// Closes with the code of an ending and checks that the peer hears it and that all ends in order.
        fn assert_closes_with(mut self, ending: Ending, wanted: CloseCode) {
            let Ending::Closed(code, _) = ending else { panic!("{ending:?}") };
            assert_eq!(code, wanted);
            self.connection.close(code);
            let (answer, answered) = std::sync::mpsc::sync_channel(1);
            let peer = std::thread::spawn(move || {
                let heard = self.peer.receive_close();
                let _ = self.peer.ws.flush(); // tungstenite has the answer ready
                answer.send(()).unwrap();
                (heard, self.peer.stream_ends_in_order())
            });
            // Whoever is not understood any more answers in vain: then only time would end the linger.
            until("an answer", || (!self.connection.linger() || answered.try_recv().is_ok()).then_some(()));
            self.connection.linger();
            self.connection.finish();
            drop(self.connection);
            let (heard, in_order) = peer.join().unwrap();
            assert_eq!(heard, (wanted.number(), wanted.reason().to_owned()));
            assert!(in_order);
        }
    }

    #[test]
    fn messages_go_both_ways_with_one_receive_and_one_send_per_tick() {
        let mut pair = Pair::tls();
        pair.peer.send(b"first");
        assert_eq!(pair.read_until_something().unwrap(), ["first"]);
        let before = pair.connection.traffic();
        for round in 0..10u8 {
            pair.peer.send(&[round; 40]);
            // The peer's write returns when loopback has delivered; where it had not, the next round has two.
            let messages = pair.tick().unwrap();
            assert!(messages.iter().all(|message| message.len() == 40));
            pair.connection.queue(&[round; 300]).unwrap();
            assert!(pair.connection.flush(pair.tick).is_ok());
            assert!(!pair.connection.is_busy());
            assert_eq!(pair.peer.receive(), Message::Binary(vec![round; 300].into()));
        }
        let traffic = pair.connection.traffic().since(before);
        assert_eq!((traffic.recvs, traffic.sends), (10, 10));
    }

    #[test]
    fn two_messages_of_one_tick_leave_in_one_send_and_in_order() {
        let mut pair = Pair::tls();
        let before = pair.connection.traffic();
        pair.connection.queue(b"welcome").unwrap();
        pair.connection.queue(b"state").unwrap();
        pair.connection.flush(pair.tick).unwrap();
        assert_eq!(pair.connection.traffic().since(before).sends, 1);
        assert_eq!(pair.peer.receive(), Message::Binary("welcome".into()));
        assert_eq!(pair.peer.receive(), Message::Binary("state".into()));
    }

    #[test]
    fn what_was_read_before_the_hand_over_comes_first() {
        for (mut socket, mut peer) in [tls_pair(), plain_pair()] {
            socket.early = frame(0x82, b"early");
            socket.early.extend(&frame(0x82, b"cut")[..4]);
            peer.send_raw(&frame(0x82, b"cut")[4..]);
            peer.send(b"late");
            let mut pair = Pair::new((socket, peer));
            let mut all = vec![];
            until("three messages", || {
                all.extend(pair.read_until_something().unwrap());
                (all.len() == 3).then_some(())
            });
            assert_eq!(all, ["early", "cut", "late"]);
        }
    }

    #[test]
    fn without_tls_it_is_the_same() {
        let mut pair = Pair::new(plain_pair());
        pair.peer.send(b"input");
        assert_eq!(pair.read_until_something().unwrap(), ["input"]);
        let before = pair.connection.traffic();
        for _ in 0..200 {
            pair.peer.send(&[1; 60]);
            pair.tick().unwrap();
        }
        assert_eq!(pair.connection.traffic().since(before).recvs, 200);
        let before = pair.connection.traffic();
        pair.connection.queue(&[1; 1000]).unwrap();
        pair.connection.queue(&[2; 1000]).unwrap();
        pair.connection.flush(pair.tick).unwrap();
        assert_eq!(pair.connection.traffic().since(before).sends, 1);
        assert_eq!(pair.peer.receive(), Message::Binary(vec![1; 1000].into()));
        assert_eq!(pair.peer.receive(), Message::Binary(vec![2; 1000].into()));
        pair.peer.ws.send(Message::Text("hi".into())).unwrap();
        let ending = pair.read_until_something().unwrap_err();
        pair.assert_closes_with(ending, CloseCode::NotBinary);
    }

    #[test]
    fn text_is_closed_with_a_code_that_says_so() {
        let mut pair = Pair::tls();
        pair.peer.ws.send(Message::Text("hello".into())).unwrap();
        let ending = pair.read_until_something().unwrap_err();
        pair.assert_closes_with(ending, CloseCode::NotBinary);
    }

    #[test]
    fn text_that_is_no_text_is_closed_as_such() {
        let mut pair = Pair::tls();
        pair.peer.send_raw(&frame(0x81, &[0xFF, 0xFE]));
        let ending = pair.read_until_something().unwrap_err();
        pair.assert_closes_with(ending, CloseCode::InvalidText);
    }

    #[test]
    fn a_message_over_the_limit_is_refused_by_its_header_alone() {
        let mut pair = Pair::tls();
        pair.peer.send_raw(&frame(0x82, &[0; limits::CLIENT_MESSAGE_BYTES_MAX + 1])[..8]);
        let ending = pair.read_until_something().unwrap_err();
        pair.assert_closes_with(ending, CloseCode::TooBig);
    }

    #[test]
    fn a_message_over_the_limit_that_is_sent_whole_hears_of_it_too() {
        let mut pair = Pair::tls();
        pair.peer.send_raw(&frame(0x82, &[0x82; 60_000]));
        let ending = pair.read_until_something().unwrap_err();
        pair.assert_closes_with(ending, CloseCode::TooBig);
    }

    #[test]
    fn a_message_of_fragments_over_the_limit_is_refused() {
        let mut pair = Pair::tls();
        pair.peer.send_raw(&frame(0x02, &[0; 3000]));
        pair.peer.send_raw(&frame(0x00, &[0; 3000]));
        let ending = pair.read_until_something().unwrap_err();
        pair.assert_closes_with(ending, CloseCode::TooBig);
    }

    #[test]
    fn what_is_not_websocket_is_told_so() {
        let unmasked = vec![0x82, 0x01, 0x00];
        let reserved_bit = frame(0xC2, b"x");
        let reserved_opcode = frame(0x83, b"x");
        let lone_continuation = frame(0x80, b"x");
        let fragmented_ping = frame(0x09, b"x");
        let long_ping = frame(0x89, &[0; 126]);
        for bytes in [unmasked, reserved_bit, reserved_opcode, lone_continuation, fragmented_ping, long_ping] {
            let mut pair = Pair::tls();
            pair.peer.send_raw(&bytes);
            let ending = pair.read_until_something().unwrap_err();
            pair.assert_closes_with(ending, CloseCode::ProtocolError);
        }
    }

    #[test]
    fn empty_continuation_frames_are_too_fast_although_they_make_no_message() {
        let mut pair = Pair::tls();
        let mut flood = frame(0x02, b"");
        for _ in 0..limits::MESSAGES_BURST {
            flood.extend(frame(0x00, b""));
        }
        pair.peer.send_raw(&flood);
        let ending = pair.read_until_something().unwrap_err();
        assert_eq!(ending, Ending::Closed(CloseCode::TooFast, "too many frames"));
        pair.assert_closes_with(ending, CloseCode::TooFast);
    }

    #[test]
    fn more_messages_than_the_rate_are_too_fast_but_a_backlog_after_a_stall_is_not() {
        let mut pair = Pair::tls();
        for _ in 0..200 {
            pair.peer.send(&[2; 40]);
        }
        let mut count = 0;
        until("200 messages", || {
            count += pair.tick().unwrap().len();
            (count == 200).then_some(())
        });
        for _ in 0..limits::MESSAGES_BURST {
            pair.peer.send(&[2; 4]);
        }
        let now = pair.now;
        let ending = until("an ending", || {
            pair.now = now; // no time goes by
            pair.tick().err()
        });
        pair.assert_closes_with(ending, CloseCode::TooFast);
    }

    #[test]
    fn a_flood_of_bytes_is_too_fast_and_costs_a_few_receives_per_tick() {
        let mut pair = Pair::tls();
        let mut sender = Peer { ws: pair.peer.ws };
        let flood = std::thread::spawn(move || while sender.ws.send(Message::Binary(vec![0; 4000].into())).is_ok() {});
        let before = pair.connection.traffic();
        let mut ticks = 0;
        let (mut tick, mut now) = (pair.tick, pair.now);
        let ending = until("an ending", || {
            ticks += 1;
            tick = tick.next();
            now += Duration::from_millis(33);
            pair.connection.read(tick, now, &mut Vec::new(), |_, _| {}).err()
        });
        assert_eq!(ending, Ending::Closed(CloseCode::TooFast, "too many bytes"));
        assert!(pair.connection.traffic().since(before).recvs <= ticks * u64::from(RECVS_PER_TICK));
        drop(pair.connection);
        flood.join().unwrap();
    }

    #[test]
    fn pings_are_answered_and_a_flood_of_them_is_too_fast() {
        let mut pair = Pair::tls();
        pair.peer.ws.send(Message::Ping("there?".into())).unwrap();
        until("the ping", || {
            pair.tick().unwrap();
            (pair.connection.ws.get_ref().frames().pings == 1).then_some(())
        });
        pair.tick().unwrap();
        assert_eq!(pair.peer.ws.read().unwrap(), Message::Pong("there?".into()));
        for _ in 0..=limits::PINGS_BURST {
            pair.peer.ws.send(Message::Ping(Bytes::new())).unwrap();
        }
        let now = pair.now;
        let ending = until("an ending", || {
            pair.now = now;
            pair.tick().err()
        });
        assert_eq!(ending, Ending::Closed(CloseCode::TooFast, "too many pings"));
        pair.assert_closes_with(ending, CloseCode::TooFast);
    }

    #[test]
    fn half_a_message_is_not_waited_for_for_ever() {
        let mut pair = Pair::tls();
        pair.peer.send_raw(&frame(0x82, &[0; 100])[..50]);
        until("half a message", || {
            pair.tick().unwrap();
            pair.connection.ws.get_ref().message_under_way()
        });
        let begun = pair.tick;
        let ending = until("an ending", || pair.tick().err());
        assert!(pair.tick.since(begun) <= 5 * u32::from(RATE));
        pair.assert_closes_with(ending, CloseCode::Silent);
    }

    #[test]
    fn a_silent_client_is_pinged_and_kept_while_its_machine_answers() {
        let mut pair = Pair::tls();
        for pongs in 1..=4 {
            pair.tick = pair.tick.after(10 * u32::from(RATE));
            assert_eq!(pair.tick().unwrap(), [""; 0]);
            assert!(matches!(pair.peer.ws.read().unwrap(), Message::Ping(_)));
            pair.peer.ws.flush().unwrap();
            until("the pong", || {
                pair.connection.read(pair.tick, pair.now, &mut Vec::new(), |_, _| {}).unwrap();
                (pair.connection.ws.get_ref().frames().frames == pongs).then_some(())
            });
        }
        pair.tick = pair.tick.after(30 * u32::from(RATE));
        let ending = pair.tick().unwrap_err();
        pair.assert_closes_with(ending, CloseCode::Silent);
    }

    #[test]
    fn what_waits_for_a_slow_socket_comes_whole_and_in_order_whatever_is_answered_meanwhile() {
        for (socket, peer) in [tls_pair(), plain_pair()] {
            let mut pair = Pair::new((socket, peer));
            let message = |number: u8| vec![number; limits::SERVER_MESSAGE_BYTES_MAX - 8 * usize::from(number)];
            let mut sent = 0;
            while !pair.connection.is_busy() {
                pair.connection.queue(&message(sent)).unwrap();
                pair.connection.flush(pair.tick).unwrap();
                sent += 1;
            }
            pair.connection.queue(b"behind it").unwrap();
            pair.peer.send_raw(&frame(0x89, b"are you there"));
            until("the ping", || {
                pair.connection.read(pair.tick, pair.now, &mut Vec::new(), |_, _| {}).unwrap();
                pair.connection.flush(pair.tick).unwrap();
                (pair.connection.ws.get_ref().frames().pings == 1).then_some(())
            });
            let mut peer = pair.peer;
            let reader = std::thread::spawn(move || {
                let messages: Vec<Message> = (0..=sent).map(|_| peer.receive()).collect();
                (messages, peer.ws.read().unwrap())
            });
            until("all of it to be sent", || {
                pair.connection.flush(pair.tick).unwrap();
                (!pair.connection.is_busy()).then_some(())
            });
            let (messages, last) = reader.join().unwrap();
            let wanted = (0..sent).map(message).chain([b"behind it".to_vec()]);
            assert!(messages.into_iter().eq(wanted.map(|bytes| Message::Binary(bytes.into()))));
            assert_eq!(last, Message::Pong("are you there".into()));
        }
    }

    #[test]
    fn what_a_client_says_at_once_is_taken_in_ticks_and_the_dearer_it_is_the_less_of_it() {
        for (first, taken) in [(2, 64), (7, 22), (5, 32), (9, 4), (0xEE, 64)] {
            let mut pair = Pair::tls();
            let flood: Vec<u8> = (0..100).flat_map(|_| frame(0x82, &[first, 0, 0, 0])).collect();
            pair.peer.send_raw(&flood);
            let mut in_ticks = vec![];
            until("all of it", || {
                in_ticks.push(pair.tick().unwrap().len());
                (in_ticks.iter().sum::<usize>() == 100).then_some(())
            });
            in_ticks.retain(|&count| count > 0);
            assert!(in_ticks.iter().all(|&count| count <= taken), "{first}: {in_ticks:?}");
            assert!(in_ticks.contains(&taken), "{first}: {in_ticks:?}");
            let full = in_ticks.iter().filter(|&&count| count == taken).count() as u64;
            assert_eq!(pair.connection.traffic().spent, full);
        }
    }

    #[test]
    fn a_client_that_only_answers_is_closed_after_a_minute_and_one_that_says_something_is_not() {
        for says_something in [false, true] {
            let mut pair = Pair::tls();
            let frames = |pair: &Pair| pair.connection.ws.get_ref().frames().frames;
            for second in (10..60).step_by(10) {
                pair.tick = Tick(second * u32::from(RATE));
                assert_eq!(pair.tick().unwrap(), [""; 0]);
                assert!(matches!(pair.peer.ws.read().unwrap(), Message::Ping(_)));
                let seen = frames(&pair);
                pair.peer.ws.flush().unwrap();
                if says_something {
                    pair.peer.send(b"still here");
                }
                until("an answer", || {
                    pair.connection.read(pair.tick, pair.now, &mut Vec::new(), |_, _| {}).unwrap();
                    (frames(&pair) == seen + 1 + u64::from(says_something)).then_some(())
                });
            }
            pair.tick = Tick(60 * u32::from(RATE));
            let ended = pair.tick();
            let idle = Ending::Closed(CloseCode::Silent, "nothing but answers");
            assert_eq!(ended.err(), (!says_something).then_some(idle));
        }
    }

    #[test]
    fn a_goodbye_is_answered_and_told_apart_from_a_cut() {
        let mut pair = Pair::tls();
        let frame = CloseFrame { code: WireCode::Normal, reason: "bye".into() };
        pair.peer.ws.close(Some(frame.clone())).unwrap();
        assert_eq!(pair.read_until_something(), Err(Ending::Left(Some(1000))));
        pair.connection.finish();
        assert_eq!(pair.peer.receive(), Message::Close(Some(frame)));
        drop(pair.connection);
        assert!(pair.peer.stream_ends_in_order());

        let mut pair = Pair::tls();
        pair.peer.tcp().shutdown(Shutdown::Both).unwrap();
        assert_eq!(pair.read_until_something(), Err(Ending::Lost("ended without goodbye")));
    }

    #[test]
    fn what_is_not_tls_ends_the_connection() {
        let mut pair = Pair::tls();
        io::Write::write_all(&mut pair.peer.tcp(), b"GET / HTTP/1.1\r\n\r\n").unwrap();
        assert_eq!(pair.read_until_something(), Err(Ending::Lost("not TLS")));
    }

    #[test]
    fn messages_before_the_end_still_count() {
        let mut pair = Pair::tls();
        pair.peer.send(b"last words");
        pair.peer.ws.close(None).unwrap();
        let mut messages = vec![];
        let ending = until("the end", || {
            pair.connection
                .read(pair.tick, pair.now, &mut Vec::new(), |bytes, _| messages.push(Bytes::copy_from_slice(bytes)))
                .err()
        });
        assert_eq!(ending, Ending::Left(None));
        assert_eq!(messages, ["last words"]);
    }

    #[test]
    fn the_largest_message_reaches_a_slow_reader_whole_and_in_order() {
        for socket_and_peer in [tls_pair(), plain_pair()] {
            let mut pair = Pair::new(socket_and_peer);
            let large: Vec<u8> = (0..limits::SERVER_MESSAGE_BYTES_MAX).map(|i| (i / 7) as u8).collect();
            pair.connection.queue(&large).unwrap();
            pair.connection.queue(b"after it").unwrap();
            let mut peer = Peer { ws: pair.peer.ws };
            let reader = std::thread::spawn(move || (peer.receive(), peer.receive()));
            until("all is sent", || {
                pair.connection.flush(pair.tick).unwrap();
                (!pair.connection.is_busy()).then_some(())
            });
            let (first, second) = reader.join().unwrap();
            assert!(first == Message::Binary(large.into()));
            assert_eq!(second, Message::Binary("after it".into()));
        }
    }

    #[test]
    fn a_client_that_never_reads_is_busy_then_too_slow_and_holds_a_bounded_number_of_bytes() {
        let mut pair = Pair::tls();
        let mut committed = 0u64;
        let ending = until("an ending", || {
            if !pair.connection.is_busy() {
                pair.connection.queue(&[7; 8000]).unwrap();
                committed += 8000;
            }
            pair.connection.patience.heard(pair.tick);
            pair.tick().err()
        });
        assert!(matches!(ending, Ending::Closed(CloseCode::TooSlow, _)), "{ending:?}");
        let taken = pair.connection.traffic().bytes_out;
        assert!(committed.saturating_sub(taken) <= 8000, "one message waits at most: {committed} - {taken}");
        // Close frame or not, it ends.
        pair.connection.close(CloseCode::TooSlow);
        assert!(pair.connection.linger());
        pair.connection.finish();
    }

    #[test]
    fn too_many_control_messages_for_a_client_that_does_not_read_end_it() {
        let mut pair = Pair::tls();
        let ending = until("an ending", || {
            let result = pair.connection.queue(&[7; 30_000]);
            let _ = pair.connection.flush(pair.tick);
            result.err()
        });
        assert_eq!(ending, Ending::Closed(CloseCode::TooSlow, "too much waits to be sent"));
    }
}
