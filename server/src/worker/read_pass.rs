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

use super::arrival::early_sixteenths;
use super::connection::{Connection, Ending};
use super::lanes::{Desk, side_by_side};
use super::panics::caught;
use super::schedule::TickStart;
use super::visit::{Part, Visits};
use crate::exchange::{ConnectionId, Incoming};

/// A tick that begins later than one part in so many of its period is late, and no evidence against a client that was.
const LATE_PART: u32 = 4;

/// The moment that earliness is measured against: the tick's deadline on the wall clock, and its period.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) wall: Duration,
    pub(super) period: Duration,
}

/// Flushes what was left over and reads every socket once, each lane a part of them; what came goes into `incoming` in the
/// order of connections. What a lane panicked with, if one did: single connections that panic end by themselves.
pub(super) fn read_all(
    visits: &mut Visits,
    desks: &mut [Desk],
    start: &TickStart,
    due: Due,
    incoming: &mut Incoming,
    endings: &mut Vec<(ConnectionId, Ending)>,
) -> Result<(), String> {
    incoming.late = start.late > due.period / LATE_PART;
    let shares = visits.parts(desks.len()).zip(desks.iter_mut()).collect();
    side_by_side(shares, |(mut part, desk): (Part<'_>, &mut Desk)| {
        desk.incoming.clear();
        flush_leftovers(&mut part, start, desk);
        read_part(&mut part, start, due, desk);
    })?;
    for desk in desks {
        incoming.append(&mut desk.incoming);
        endings.append(&mut desk.endings);
    }
    Ok(())
}

/// Sends what earlier ticks left behind and notes in `busy` who still has not taken it.
fn flush_leftovers(part: &mut Part<'_>, start: &TickStart, desk: &mut Desk) {
    for (id, visit) in part.each() {
        if !visit.connection.is_busy() {
            continue;
        }
        if let Err(ending) = guarded(&mut visit.connection, |connection| connection.flush(start.tick)) {
            desk.endings.push((id, ending));
        } else if visit.connection.is_busy() {
            desk.incoming.busy.push(id);
        }
    }
}

/// Reads every socket once.
fn read_part(part: &mut Part<'_>, start: &TickStart, due: Due, desk: &mut Desk) {
    for (id, visit) in part.each() {
        let Desk { incoming, scratch, endings, .. } = desk;
        let result = guarded(&mut visit.connection, |connection| {
            connection.read(start.tick, start.now, scratch, |bytes, arrived| {
                incoming.push(id, bytes, early_sixteenths(arrived, due.wall, due.period));
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
