//! Before the tick: every socket of the room is read once, and what came becomes the tick's `Incoming`.
//!
//! ```text
//!   leftovers flushed ─► busy?   │   each socket: a few receives ─► messages, each with how early it came
//! ```
//!
//! Bounded per connection (see `connection`); whoever went over a limit ends here and does not disturb the others.
//! At the limit of messages per tick the rest waits in TLS, then in the kernel, then at the sender: nothing is dropped.
//!
//! Never here: what a message says (see `ingest`).

use std::time::Duration;

use bytes::BytesMut;

use super::arrival::early_sixteenths;
use super::connection::{Connection, Ending};
use super::panics::caught;
use super::schedule::TickStart;
use super::visit::Visits;
use crate::exchange::{ConnectionId, Incoming, Received};

/// The moment that earliness is measured against: the tick's deadline on the wall clock, and its period.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) wall: Duration,
    pub(super) period: Duration,
}

/// Sends what earlier ticks left behind and notes in `incoming.busy` who still has not taken it.
pub(super) fn flush_leftovers(
    visits: &mut Visits,
    start: &TickStart,
    incoming: &mut Incoming,
    endings: &mut Vec<(ConnectionId, Ending)>,
) {
    for (id, visit) in visits.each() {
        if !visit.connection.is_busy() {
            continue;
        }
        if let Err(ending) = guarded(&mut visit.connection, |connection| connection.flush(start.tick)) {
            endings.push((id, ending));
        } else if visit.connection.is_busy() {
            incoming.busy.push(id);
        }
    }
}

/// Reads every socket once. Memory of `pool` is used again once the messages in it are gone.
pub(super) fn read_all(
    visits: &mut Visits,
    start: &TickStart,
    due: Due,
    pool: &mut BytesMut,
    incoming: &mut Incoming,
    endings: &mut Vec<(ConnectionId, Ending)>,
) {
    for (id, visit) in visits.each() {
        let messages = &mut incoming.messages;
        let result = guarded(&mut visit.connection, |connection| {
            connection.read(start.tick, start.now, pool, |bytes, arrived| {
                let early_sixteenths = early_sixteenths(arrived, due.wall, due.period);
                messages.push(Received { connection: id, bytes, early_sixteenths });
            })
        });
        if let Err(ending) = result {
            endings.push((id, ending));
        }
    }
}

/// Runs one connection's part of a pass. A panic, ours or a library's, costs this connection and is reported.
pub(super) fn guarded(
    connection: &mut Connection,
    work: impl FnOnce(&mut Connection) -> Result<(), Ending>,
) -> Result<(), Ending> {
    caught(|| work(connection)).unwrap_or_else(|words| {
        tracing::error!(words, "a connection's pass panicked: this is a bug");
        Err(Ending::Lost("we panicked"))
    })
}
