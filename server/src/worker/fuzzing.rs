//! Doors for fuzzers into what is private here: the real thing, with bytes instead of a network. Never in a build that plays.

use std::net::{Shutdown, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use shared::ids::Tick;
use shared::limits::CLIENT_MESSAGE_BYTES_MAX;

use super::allowance::PeerLimits;
use super::connection::{Connection, Ending};
use super::frame_meter::FrameMeter;
use super::whole_frame::WholeFrame;
use crate::config::Waits;
use crate::mailbox::HandedOver;

/// How what was read ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// We close with this number.
    Closed(u16),
    /// The peer closed with this number, if any.
    Left(Option<u16>),
    /// The stream ended or broke.
    Lost,
}

/// What a connection reads of a stream that comes in these pieces, one per second, and then ends: `early` had come with the upgrade,
/// at `now`.
///
/// # Panics
/// If the system gives no sockets.
#[must_use]
pub fn read_stream<'a>(early: &[u8], pieces: impl Iterator<Item = &'a [u8]>, mut now: Instant) -> (Vec<Vec<u8>>, End) {
    use std::io::Write;
    let (ours, mut theirs) = UnixStream::pair().expect("a pair of sockets");
    ours.set_nonblocking(true).expect("a live socket");
    let handed = HandedOver { tcp: TcpStream::from(OwnedFd::from(ours)), tls: None, early: early.to_vec() };
    let mut tick = Tick(0);
    let mut connection =
        Connection::adopt(handed, PeerLimits::playing(Waits::default()), 30, tick, now).expect("a live socket");
    let (mut messages, mut scratch) = (Vec::new(), Vec::new());
    let mut read = |connection: &mut Connection, now| {
        tick = tick.next();
        let ending = connection.read(tick, now, &mut scratch, |message, _| messages.push(message.to_vec())).err();
        ending.map(|ending| match ending {
            Ending::Closed(code, _) => End::Closed(code.number()),
            Ending::Left(number) => End::Left(number),
            Ending::Lost(_) => End::Lost,
        })
    };
    for piece in pieces {
        theirs.write_all(piece).expect("it fits the socket");
        now += Duration::from_secs(1);
        if let Some(end) = read(&mut connection, now) {
            return (messages, end);
        }
    }
    // What we answer must still find somebody.
    theirs.shutdown(Shutdown::Write).expect("a live socket");
    loop {
        now += Duration::from_secs(1);
        if let Some(end) = read(&mut connection, now) {
            return (messages, end);
        }
    }
}

/// What the meter counts in a stream that is cut into pieces of this size: frames, pings, messages, and whether one is under way.
#[must_use]
pub fn metered(stream: &[u8], piece_bytes: usize) -> (u64, u64, u64, bool) {
    let mut meter = FrameMeter::default();
    stream.chunks(piece_bytes.max(1)).for_each(|piece| meter.pass(piece));
    let counts = meter.counts();
    (counts.frames, counts.pings, counts.messages, meter.in_progress())
}

/// The whole message that a stream begins with, where the short way takes it, and the bytes of its frame.
#[must_use]
pub fn whole_frame(stream: &[u8]) -> Option<(Vec<u8>, usize)> {
    let frame = WholeFrame::at_begin(stream, CLIENT_MESSAGE_BYTES_MAX)?;
    let (mut message, length) = (Vec::new(), frame.length);
    frame.unmask(&mut message);
    Some((message, length))
}
