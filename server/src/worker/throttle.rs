//! How fast may this peer be? A token bucket that is told the time.
//!
//! ```text
//!   rate per second ──► ( tokens, at most `burst` ) ──► taken by bytes, frames, pings
//!                                                       nothing left: the peer is too fast
//! ```
//!
//! The burst forgives what the network did (a stall, then everything at once); the rate is what counts over time.
//! Whole numbers only: tokens are kept in billionths, so that a nanosecond at one token per second is not lost.
//!
//! Never here: a clock (see `schedule`), the limits themselves (see `shared::limits`), what happens to the peer (see
//! `read_pass`).

use std::time::{Duration, Instant};

/// Billionths in a token.
const NANOS: u64 = 1_000_000_000;

/// A bucket of tokens that fills at a steady rate.
#[derive(Clone, Debug)]
pub(super) struct TokenBucket {
    per_second: u64,
    capacity: u64,
    level: u64,
    filled: Instant,
}

impl TokenBucket {
    /// A full bucket: `per_second` tokens flow in, at most `burst` are kept.
    pub(super) fn new(per_second: u32, burst: u32, now: Instant) -> Self {
        let capacity = u64::from(burst) * NANOS;
        Self { per_second: u64::from(per_second), capacity, level: capacity, filled: now }
    }

    /// Takes `amount` tokens. False: there were not so many, and the bucket is now empty, because what the peer has
    /// sent it has sent.
    pub(super) fn take(&mut self, amount: u64, now: Instant) -> bool {
        self.fill(now);
        let wanted = amount.saturating_mul(NANOS);
        let enough = wanted <= self.level;
        self.level = self.level.saturating_sub(wanted);
        enough
    }

    /// Adds what has flowed in since the last call. A clock that stands still adds nothing.
    fn fill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.filled).min(Duration::from_secs(3600));
        self.filled = self.filled.max(now);
        let inflow = (elapsed.as_nanos() as u64).saturating_mul(self.per_second);
        self.level = self.level.saturating_add(inflow).min(self.capacity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_forgiven_once_and_the_rate_holds_after_it() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(10, 30, start);
        assert!(bucket.take(30, start));
        assert!(!bucket.take(1, start));
        let later = start + Duration::from_secs(1);
        assert!(bucket.take(10, later));
        assert!(!bucket.take(1, later));
    }

    #[test]
    fn what_flows_in_between_two_ticks_is_not_lost_to_rounding() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(1, 1, start);
        assert!(bucket.take(1, start));
        for step in 1..=999u32 {
            assert!(bucket.take(0, start + Duration::from_millis(1) * step));
        }
        assert!(bucket.take(1, start + Duration::from_secs(1)));
    }

    #[test]
    fn a_bucket_never_holds_more_than_its_burst_however_long_it_waits() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(1000, 5, start);
        assert!(bucket.take(5, start + Duration::from_secs(1_000_000)));
        assert!(!bucket.take(1, start + Duration::from_secs(1_000_000)));
    }

    #[test]
    fn time_that_goes_back_adds_nothing() {
        let start = Instant::now() + Duration::from_secs(10);
        let mut bucket = TokenBucket::new(5, 5, start);
        assert!(bucket.take(5, start));
        assert!(!bucket.take(1, start - Duration::from_secs(5)));
    }
}
