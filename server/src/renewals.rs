//! New tickets over live sockets: from a worker, which does not read them, to the front, which knows whether they are good.
//!
//! ```text
//!   client: Renew ─► room ─► worker ── offer, never waits ──► bounded queue ─► front: verifies ─┬─ good ─► the session's end moves
//!                                        └ full: let go, counted; the client is told of its      └─ not ──► counted; a strike
//!                                          end again and brings another
//! ```
//!
//! Never here: what makes a ticket good (see `tickets`), how often a client may bring one (see `ingest::validate`).

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use shared::wire::Secret;

/// A new ticket of somebody who is connected.
#[derive(Debug)]
pub struct Renewal {
    /// Its connection's number in this process.
    pub connection: u64,
    /// The ticket.
    pub ticket: Secret<String>,
}

/// The end that workers hold.
#[derive(Clone, Debug)]
pub struct RenewalSender(SyncSender<Renewal>);

/// The end that the front holds.
#[derive(Debug)]
pub struct RenewalReceiver(Receiver<Renewal>);

/// A queue that holds as many new tickets, of all rooms: one for each connection that there may be, for those that were issued together
/// end together.
#[must_use]
pub fn renewals(connections_max: usize) -> (RenewalSender, RenewalReceiver) {
    let (sender, receiver) = sync_channel(connections_max);
    (RenewalSender(sender), RenewalReceiver(receiver))
}

impl RenewalSender {
    /// Hands one over; false if it was let go.
    pub fn offer(&self, renewal: Renewal) -> bool {
        self.0.try_send(renewal).is_ok()
    }
}

impl RenewalReceiver {
    /// The next, if one waits.
    #[must_use]
    pub fn try_next(&self) -> Option<Renewal> {
        self.0.try_recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_lets_tickets_go_and_never_waits() {
        let (sender, receiver) = renewals(3);
        let offer = |connection| sender.offer(Renewal { connection, ticket: Secret("t".to_owned()) });
        assert!((0..3).all(offer) && !offer(1));
        assert_eq!(receiver.try_next().map(|renewal| renewal.connection), Some(0));
        assert!(offer(1) && !offer(2));
    }
}
