//! After the tick: what the room gave is committed to its sockets, and each is sent to once.
//!
//! ```text
//!   Outgoing.messages ─► queue (encrypts nothing yet) ─► pings that are due ─► flush: one record, one send
//!   Outgoing.closes   ─► an ending each
//! ```
//!
//! A message that the room handed over is never dropped while its connection lives: what the socket does not take
//! waits, the room hears that the client is busy and makes no new frame for it. Over the limit: closed `TooSlow`.
//!
//! Never here: what is sent to whom (see `replicate`).

use super::connection::Ending;
use super::read_pass::guarded;
use super::schedule::TickStart;
use super::tally::Tally;
use super::visit::Visits;
use crate::exchange::{ConnectionId, Outgoing};

/// Commits the room's messages, then sends to every socket that has something waiting.
pub(super) fn write_all(
    visits: &mut Visits,
    start: &TickStart,
    out: &mut Outgoing,
    endings: &mut Vec<(ConnectionId, Ending)>,
    tally: &mut Tally,
) {
    tally.messages_out += out.messages.len() as u64;
    for (id, message) in out.messages.drain(..) {
        // Its connection may have broken at an earlier message of this tick; it ends below.
        let Some(visit) = visits.one(id) else { continue };
        if let Err(ending) = guarded(&mut visit.connection, |connection| connection.queue(message)) {
            endings.push((id, ending));
        }
    }
    for (id, visit) in visits.each() {
        let result = guarded(&mut visit.connection, |connection| {
            connection.wait(start.tick)?;
            connection.flush(start.tick)
        });
        visit.tally_traffic(tally);
        if let Err(ending) = result {
            endings.push((id, ending));
        }
    }
    let asked = out.closes.drain(..).map(|(id, code)| (id, Ending::Closed(code, "the room's decision")));
    endings.extend(asked);
}
