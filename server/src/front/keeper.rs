//! What is done now and then for those who play: whose time is over must go, keys that have changed are read again.
//!
//! ```text
//!   every 250 ms ─┬─► orders that a worker did not take ─► sent again
//!                 ├─► tickets that end soon ─────────────► their clients are told (Notice)
//!                 ├─► new tickets over live sockets ─────► verified: the end moves, or a strike
//!                 ├─► tickets that have run out ─────────► dismissed, TicketEnded
//!                 └─► every 2 s, and on SIGHUP: keys ────► those gone: whoever came with them is dismissed, too
//! ```
//!
//! Files are looked at by their contents and by the clock, not by messages of the system: they are few and small, and so it works on
//! each file system, and with folders that a container's platform swaps.
//!
//! Never here: what makes a ticket good (see `tickets`), how a connection is closed (see `sessions`).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use shared::wire::close_code::CloseCode;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval};

use super::{Front, acts};
use crate::config::TicketsConfig;
use crate::renewals::{Renewal, RenewalReceiver};

/// How often it looks at who must go.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Once in so many of these the keys are looked at.
const KEYS_EVERY: u32 = 8;

/// What one look may take for verifying new tickets: a twelfth of one processor, some hundreds per second.
const RENEWING_MAX: Duration = Duration::from_millis(20);

/// Keeps until it is aborted.
pub(crate) async fn keep(front: Arc<Front>, renewals: RenewalReceiver) {
    let mut due = interval(LOOK_EVERY);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reading: Option<JoinHandle<()>> = None;
    for turn in 0_u32.. {
        due.tick().await;
        let now = SystemTime::now();
        front.renew(&renewals, now);
        front.look(now);
        // A file may take its time; whose time is over does not get it.
        let is_read = reading.as_ref().is_none_or(JoinHandle::is_finished);
        if is_read && turn.is_multiple_of(KEYS_EVERY) && !front.tickets.config().keys.is_empty() {
            let front = front.clone();
            reading = Some(spawn_blocking(move || front.reload_keys(false)));
        }
    }
}

/// Reads the operator's files again whenever somebody asks for it, until it is aborted. Files may take their time: nothing else waits.
pub(crate) async fn reload_when_asked(front: Arc<Front>) {
    loop {
        front.reload_asked.notified().await;
        let reading = front.clone();
        let _ = spawn_blocking(move || reading.reload()).await;
    }
}

impl Front {
    /// The operator asks for a reload. Asked often, it is done once more when the one that is under way is over.
    pub(crate) fn ask_for_reload(&self) {
        self.reload_asked.notify_one();
    }

    /// Who must go by the time that it is?
    fn look(&self, now: SystemTime) {
        self.sessions.deliver();
        let TicketsConfig { notice, grace, .. } = *self.tickets.config();
        self.sessions.tell_ends(now, notice, grace);
        let over = self.sessions.over(now, grace);
        if !over.is_empty() {
            let count = self.sessions.dismiss(&over, CloseCode::TicketEnded, false);
            self.metrics.tickets_run_out.increment(count as u64);
            tracing::info!(connections = count, "their tickets have run out");
        }
        self.end_unkeyed();
    }

    /// New tickets that clients brought: as many as one look has time for, the others with the next.
    fn renew(&self, renewals: &RenewalReceiver, now: SystemTime) {
        let mut bad = Vec::new();
        let began = Instant::now();
        let next = || if began.elapsed() < RENEWING_MAX { renewals.try_next() } else { None };
        for Renewal { connection, ticket } in std::iter::from_fn(next) {
            let Some(old) = self.sessions.identity(connection) else { continue };
            let why = match self.tickets.verify(&ticket.0, old.address, now) {
                Ok(newer) if self.ban_of(&newer).is_some() => Err("its player or the ticket is banned".to_owned()),
                Ok(newer) => self.sessions.renew(connection, newer, now).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            self.end_if_banned(connection);
            match why {
                Ok(()) => self.metrics.renewals_good.increment(1),
                // No more lines than strikes: the third closes it.
                Err(why) => {
                    tracing::info!(connection, why, "a new ticket is no good; the old one counts");
                    bad.push(connection);
                }
            }
        }
        if !bad.is_empty() {
            self.metrics.renewals_bad.increment(bad.len() as u64);
            self.sessions.strike(&bad);
        }
    }

    /// Somebody may have been banned, by the new ticket's number perhaps, while that was weighed: whoever banned found the old one on the
    /// list.
    fn end_if_banned(&self, connection: u64) {
        let identity = self.sessions.identity(connection);
        if let Some(ban) = identity.and_then(|identity| self.ban_of(&identity)) {
            self.sessions.dismiss(&[connection], acts::code_of(&ban.target), false);
        }
    }

    /// Whoever came with a key that is gone must go.
    fn end_unkeyed(&self) {
        let unkeyed = self.sessions.find(|identity| identity.key.as_ref().is_some_and(|key| !self.tickets.knows(key)));
        if !unkeyed.is_empty() {
            let count = self.sessions.dismiss(&unkeyed, CloseCode::TicketEnded, false);
            self.metrics.tickets_unkeyed.increment(count as u64);
            tracing::info!(connections = count, "the keys of their tickets are gone");
        }
    }

    /// Reads the keys of tickets again; keeps the old ones if the new ones cannot be used.
    pub(super) fn reload_keys(&self, is_asked: bool) {
        match self.tickets.reload() {
            Ok(changed) => {
                self.keys_failed.store(false, Ordering::Relaxed);
                if changed {
                    self.metrics.ticket_keys_reloads.increment(1);
                    tracing::info!(keys = self.tickets.key_count(), "keys of tickets read again");
                    self.end_unkeyed();
                }
            }
            // Once per spell, unless somebody asked.
            Err(error) => {
                if !self.keys_failed.swap(true, Ordering::Relaxed) || is_asked {
                    self.metrics.ticket_keys_reloads_failed.increment(1);
                    tracing::error!(%error, "keys of tickets not read again; the old ones stay");
                }
            }
        }
    }
}
