//! Those that were told to go: they get their close frame, a moment to answer, and then the socket is gone.
//!
//! A close frame reaches a peer only if the socket outlives it a little: closing a socket with unread bytes in it sends
//! a reset, which may overtake the frame. So whoever is closed is read from and forgotten for up to a second, apart
//! from its room, which no longer knows it.
//!
//! ```text
//!   told to go ─► close frame ─► read, forget ─┬─ the peer answers or hangs up ─► close_notify, over
//!                                              └─ LINGER has gone by ───────────► close_notify, over
//! ```
//!
//! Never here: why (see `connection`), the rooms.

use std::time::{Duration, Instant};

use super::connection::Ending;
use super::panics::caught;
use super::tally::Tally;
use super::visit::Visit;

/// How long a closed connection may take to answer.
pub(super) const LINGER: Duration = Duration::from_secs(1);
/// How often those that linger are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(15);

/// All that were told to go and have not gone.
#[derive(Default)]
pub(super) struct Leaving {
    visits: Vec<Farewell>,
    look: Option<Instant>,
}

struct Farewell {
    visit: Visit,
    ending: Ending,
    until: Instant,
}

impl Leaving {
    /// Ends a visit: whoever is owed a close frame gets it and lingers, the others are over at once.
    pub(super) fn add(&mut self, mut visit: Visit, ending: Ending, now: Instant, tally: &mut Tally) {
        tally.ended(ending);
        visit.leave();
        match ending {
            Ending::Closed(code, _) if caught(|| visit.connection.close(code)).is_ok() => {
                self.look.get_or_insert(now + LOOK_EVERY);
                self.visits.push(Farewell { visit, ending, until: now + LINGER });
            }
            _ => over(visit, ending, now, tally),
        }
    }

    /// When somebody must be looked at; none if nobody lingers.
    pub(super) fn due(&self) -> Option<Instant> {
        self.look
    }

    /// Looks at all that linger, if it is time to.
    pub(super) fn serve(&mut self, now: Instant, tally: &mut Tally) {
        if self.look.is_none_or(|look| now < look) {
            return;
        }
        let linger = |farewell: &mut Farewell| {
            now >= farewell.until || !caught(|| farewell.visit.connection.linger()).unwrap_or(false)
        };
        for Farewell { visit, ending, .. } in self.visits.extract_if(.., linger) {
            over(visit, ending, now, tally);
        }
        self.look = (!self.visits.is_empty()).then_some(now + LOOK_EVERY);
    }

    /// True: all have gone.
    pub(super) fn is_empty(&self) -> bool {
        self.visits.is_empty()
    }

    /// Waits for nobody any longer.
    pub(super) fn end_all(&mut self, now: Instant, tally: &mut Tally) {
        for Farewell { visit, ending, .. } in self.visits.drain(..) {
            over(visit, ending, now, tally);
        }
        self.look = None;
    }
}

fn over(mut visit: Visit, ending: Ending, now: Instant, tally: &mut Tally) {
    // A connection that panicked is dropped as it is; the rest say goodbye in TLS, too.
    let _ = caught(|| visit.connection.finish());
    visit.tally_traffic(tally);
    visit.tell_over(ending, now);
}
