//! How one comes again after a cut: where to, how soon, and when it is given up.
//!
//! ```text
//!   lost ─► up to 0.5 s ─► attempt ─► 0.5 to 1 s ─► attempt ─► 1 to 2 s … 5 s ─► given up after a minute
//! ```
//!
//! Who was cut is seldom the only one: the first pause is wholly by chance, so that a crowd is spread over half a second, and those after
//! are by half. What a server says in Retry-After is waited for. One that lets us in and closes again is a failed attempt like any other:
//! patience is renewed by staying in.
//!
//! Never here: what is said over a connection (see `session`), the loop around it (see `drive`).

use super::connection::Connection;
use super::target::{ConnectError, Target};
use crate::dice::Dice;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::time::sleep;

/// How long an attempt may take: shorter than the first of all, because another one follows.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// The way to a server and back to it: the same address, ticket and TLS tickets each time.
pub struct Way {
    target: Target,
    path: String,
    from: Option<IpAddr>,
    wire_bytes: Arc<AtomicU64>,
    pub(super) patience: Patience,
}

impl Way {
    /// The way to `path` on that server, from an address of one's own if `from` says so. `dice` spreads attempts.
    #[must_use]
    pub fn new(target: &Target, path: &str, from: Option<IpAddr>, dice: Dice) -> Self {
        Self {
            target: target.remembering(),
            path: path.to_owned(),
            from,
            wire_bytes: Arc::default(),
            patience: Patience::new(dice),
        }
    }

    /// The same for a program that knows nothing of others that come at the same time: all must not try again in the same instants.
    #[must_use]
    pub fn of_one(target: &Target, path: &str) -> Self {
        let unlike_others = RandomState::new().hash_one(path);
        Self::new(target, path, None, Dice::new(unlike_others, 0))
    }

    /// Counts the bytes that all its sockets gave, below TLS, from the first of the first handshake on.
    #[must_use]
    pub fn wire_bytes(&self) -> Arc<AtomicU64> {
        self.wire_bytes.clone()
    }

    /// Goes there for the first time.
    ///
    /// # Errors
    /// [`ConnectError`]: see there.
    pub async fn go(&self) -> Result<Connection, ConnectError> {
        self.target.connect_counting(&self.path, self.from, self.wire_bytes.clone()).await
    }

    /// Waits, and goes there again: to the room that keeps our seat, if one does.
    pub(super) async fn go_again(&self, room: Option<String>, wait_ms: f64) -> Result<Connection, ConnectError> {
        sleep(Duration::from_secs_f64(wait_ms / 1_000.0)).await;
        let path = room.map_or_else(|| self.path.clone(), |room| format!("/play/{room}?resume"));
        self.target.connect_within(ATTEMPT_TIMEOUT, &path, self.from, self.wire_bytes.clone()).await
    }
}

/// Milliseconds within which the first attempt is made; each pause after it is twice as long, at most.
const FIRST_MS: f64 = 500.0;
/// The longest pause that is ours to choose.
const PAUSE_MS_MAX: f64 = 5_000.0;
/// The longest that a server's Retry-After is believed.
const RETRY_AFTER_S_MAX: u64 = 30;
/// Attempts without staying in, and milliseconds from the cut, after which nothing more is tried.
const ATTEMPTS_MAX: u32 = 20;
const GIVE_UP_MS: f64 = 60_000.0;
/// Who was in for so long has come back: the next cut is another.
const STAYED_MS: f64 = 10_000.0;

/// How long to wait before the next attempt, and when to give up.
pub(super) struct Patience {
    dice: Dice,
    attempts: u32,
    /// When the connection was lost without which we are.
    lost_ms: Option<f64>,
    /// When we were let in again.
    came_ms: Option<f64>,
    retry_after_s: Option<u64>,
}

impl Patience {
    fn new(dice: Dice) -> Self {
        Self { dice, attempts: 0, lost_ms: None, came_ms: None, retry_after_s: None }
    }

    /// The connection is lost.
    pub(super) fn lost(&mut self, now_ms: f64) {
        if self.came_ms.take().is_some_and(|came_ms| now_ms - came_ms >= STAYED_MS) {
            (self.attempts, self.lost_ms) = (0, None);
        }
        self.lost_ms.get_or_insert(now_ms);
    }

    /// How long to wait before the next attempt, in milliseconds; none: it is given up.
    pub(super) fn next_ms(&mut self, now_ms: f64) -> Option<f64> {
        let doubled = FIRST_MS * 2_f64.powi(self.attempts as i32);
        let pause_ms = match self.attempts {
            0 => self.dice.part() * FIRST_MS,
            _ => doubled.min(PAUSE_MS_MAX) * (0.5 + self.dice.part() / 2.0),
        };
        let asked_ms = self.retry_after_s.take().map_or(0.0, |seconds| seconds.min(RETRY_AFTER_S_MAX) as f64 * 1_000.0);
        // Who is told to come again in five seconds need not come in the same instant as all others who were told so.
        let pause_ms = pause_ms + asked_ms;
        self.attempts += 1;
        let since_ms = now_ms - self.lost_ms.unwrap_or(now_ms);
        (self.attempts <= ATTEMPTS_MAX && since_ms + pause_ms <= GIVE_UP_MS).then_some(pause_ms)
    }

    /// An attempt failed.
    pub(super) const fn refused(&mut self, error: &ConnectError) {
        self.retry_after_s = error.retry_after_s();
    }

    /// An attempt brought a connection.
    pub(super) const fn came(&mut self, now_ms: f64) {
        self.came_ms = Some(now_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patience(stream: u64) -> Patience {
        Patience::new(Dice::new(1, stream))
    }

    /// When attempts are made that all fail at once.
    fn attempts(mut patience: Patience) -> Vec<f64> {
        let mut now_ms = 1_000.0;
        patience.lost(now_ms);
        std::iter::from_fn(|| {
            now_ms += patience.next_ms(now_ms)?;
            Some(now_ms - 1_000.0)
        })
        .collect()
    }

    #[test]
    fn a_crowd_that_was_cut_at_once_comes_again_over_half_a_second() {
        let mut firsts: Vec<f64> = (0..500).map(|stream| attempts(patience(stream))[0]).collect();
        firsts.sort_by(f64::total_cmp);
        assert!(firsts[0] < 10.0 && firsts[499] > 490.0 && firsts[499] <= FIRST_MS, "{firsts:?}");
        let most = (0..10).map(|tenth| firsts.iter().filter(|ms| (**ms / 50.0) as u32 == tenth).count()).max();
        assert!(most < Some(90), "in a tenth of it came {most:?}");
    }

    #[test]
    fn pauses_grow_and_end_and_so_does_patience() {
        for stream in 0..50 {
            let made = attempts(patience(stream));
            assert!((10..=20).contains(&made.len()) && made.last() <= Some(&GIVE_UP_MS), "{made:?}");
            let pauses: Vec<f64> = made.windows(2).map(|two| two[1] - two[0]).collect();
            assert!((500.0..=1_000.0).contains(&pauses[0]) && (1_000.0..=2_000.0).contains(&pauses[1]), "{pauses:?}");
            assert!(pauses.iter().all(|pause| *pause <= PAUSE_MS_MAX));
        }
    }

    #[test]
    fn what_the_server_asks_for_is_waited_and_not_for_ever() {
        let refused = |seconds| {
            let mut patience = patience(3);
            patience.lost(0.0);
            patience.refused(&ConnectError::Refused { status: 503, message: None, retry_after_s: Some(seconds) });
            patience.next_ms(0.0)
        };
        assert!(refused(7).is_some_and(|ms| (7_000.0..=7_500.0).contains(&ms)));
        assert!(refused(86_400).is_some_and(|ms| ms <= 30_500.0));
    }

    #[test]
    fn a_server_that_lets_in_and_closes_again_is_not_come_to_for_ever_and_one_where_we_stayed_is_another_story() {
        let tries = |stays_ms: f64| {
            let (mut patience, mut now_ms) = (patience(5), 0.0);
            (0..100)
                .take_while(|_| {
                    patience.lost(now_ms);
                    let Some(wait_ms) = patience.next_ms(now_ms) else { return false };
                    patience.came(now_ms + wait_ms);
                    now_ms += wait_ms + stays_ms;
                    true
                })
                .count()
        };
        assert!(tries(100.0) <= 20);
        assert_eq!(tries(STAYED_MS), 100);
    }
}
