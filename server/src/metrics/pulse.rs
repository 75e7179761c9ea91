//! Whether a worker lives: it beats once per turn.
//!
//! Never here: what is answered to whoever asks (see `front::admin`).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Older than this, the pulse of a worker that has rooms is a sign of death.
pub const PULSE_MAX: Duration = Duration::from_secs(1);

/// The sign of life of one worker: when it last took a turn, and how many rooms it had then.
#[derive(Debug)]
pub struct Pulse {
    start: Instant,
    beat_ms: AtomicU64,
    rooms: AtomicU64,
}

impl Pulse {
    pub(super) fn new(start: Instant) -> Self {
        Self { start, beat_ms: AtomicU64::new(0), rooms: AtomicU64::new(0) }
    }

    /// Once per turn, and before every wait for mail.
    pub fn beat(&self, now: Instant, rooms: usize) {
        self.beat_ms.store(self.since_start_ms(now), Ordering::Relaxed);
        self.rooms.store(rooms as u64, Ordering::Relaxed);
    }

    /// How long ago it last beat; none for a worker without rooms, which sleeps until mail comes.
    #[must_use]
    pub fn age(&self, now: Instant) -> Option<Duration> {
        let rooms = self.rooms.load(Ordering::Relaxed);
        let beat_ms = self.beat_ms.load(Ordering::Relaxed);
        (rooms > 0).then(|| Duration::from_millis(self.since_start_ms(now).saturating_sub(beat_ms)))
    }

    /// Whether the worker does its work: it has no rooms, or it took a turn within [`PULSE_MAX`].
    #[must_use]
    pub fn is_alive(&self, now: Instant) -> bool {
        self.age(now).is_none_or(|age| age < PULSE_MAX)
    }

    fn since_start_ms(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.start).as_millis() as u64
    }
}

#[cfg(test)]
mod tests {
    use crate::metrics::Metrics;
    use std::time::Duration;

    #[test]
    fn a_worker_with_rooms_must_beat_every_second_and_one_without_may_sleep() {
        let metrics = Metrics::unread(2);
        let pulse = metrics.pulse(1);
        let now = pulse.start + Duration::from_secs(100);
        assert!(pulse.is_alive(now));
        pulse.beat(now, 1);
        assert!(pulse.is_alive(now + Duration::from_millis(900)));
        assert!(!pulse.is_alive(now + Duration::from_millis(1100)));
        pulse.beat(now, 0);
        assert!(pulse.is_alive(now + Duration::from_secs(1000)));
    }
}
