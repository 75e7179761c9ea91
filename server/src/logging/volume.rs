//! How many bytes all log lines together may come to: a disk does not ask of how many kinds they are.
//!
//! ```text
//!   half of what a minute may have ─► ( bytes ) ─► spent by every line as it is written
//!   at once, the other half over the    nothing left: lines up to INFO wait for no room, they are counted (see `limiter`)
//!   minute                              WARN and ERROR are written all the same
//! ```
//!
//! So no minute, wherever it begins, has more than it may. Never here: a clock, kinds of lines.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A minute in microseconds.
const MINUTE_US: i64 = 60_000_000;

/// What may still be written; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Volume {
    /// Bytes that flow in within a minute, and the most that are kept; 0: any number may be written.
    half: i64,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// Bytes times [`MINUTE_US`]: what flows in within a microsecond is a whole number then. Below 0 after a line that was longer than what
    /// was left.
    left: i64,
    filled: Instant,
}

impl Volume {
    /// So many KiB in any minute; 0: any number.
    pub(super) fn new(kib_per_minute: u32, now: Instant) -> Self {
        let half = i64::from(kib_per_minute) * 1024 / 2;
        Self { half, state: Arc::new(Mutex::new(State { left: half * MINUTE_US, filled: now })) }
    }

    /// Whether a line that can be spared may be written at `now`.
    pub(super) fn has_room(&self, now: Instant) -> bool {
        if self.half == 0 {
            return true;
        }
        let mut state = self.lock();
        let passed = i64::try_from(now.saturating_duration_since(state.filled).as_micros()).unwrap_or(i64::MAX);
        state.left = state.left.saturating_add(passed.saturating_mul(self.half)).min(self.half * MINUTE_US);
        state.filled = state.filled.max(now);
        state.left > 0
    }

    /// A line was written.
    pub(super) fn spend(&self, bytes: usize) {
        let mut state = self.lock();
        state.left = state.left.saturating_sub((bytes as i64).saturating_mul(MINUTE_US));
    }

    /// Nothing in here panics between two changes.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn no_minute_has_more_than_it_may_however_much_there_is_to_say() {
        const LINE: usize = 250;
        let start = Instant::now();
        let volume = Volume::new(64, start);
        let mut written = Vec::new();
        for ms in (0..180_000).step_by(5) {
            let now = start + Duration::from_millis(ms);
            if volume.has_room(now) {
                volume.spend(LINE);
                written.push(ms);
            }
        }
        let within = |from: u64| written.iter().filter(|&&ms| (from..from + 60_000).contains(&ms)).count() * LINE;
        let most = (0..120_000).step_by(1000).map(within).max().expect("a minute");
        assert!((60 * 1024..=64 * 1024 + LINE).contains(&most), "{most}");
        assert!(within(120_000) >= 31 * 1024, "half of it goes on for ever: {}", within(120_000));
    }

    #[test]
    fn no_bound_where_the_operator_wants_none() {
        let now = Instant::now();
        let volume = Volume::new(0, now);
        volume.spend(1 << 30);
        assert!(volume.has_room(now));
    }
}
