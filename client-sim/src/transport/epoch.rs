//! The clock of a client: milliseconds, steady.

use std::time::Duration;
use tokio::time::Instant;

/// The clock of this process: milliseconds since it was made.
#[derive(Clone, Copy, Debug)]
pub struct Epoch(Instant);

impl Epoch {
    /// A clock that begins now.
    #[must_use]
    pub fn begin() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since the beginning.
    #[must_use]
    pub fn now_ms(self) -> f64 {
        self.0.elapsed().as_secs_f64() * 1_000.0
    }

    /// The moment that is `ms` after the beginning; an hour from now for what never comes.
    #[must_use]
    pub fn at(self, ms: f64) -> Instant {
        if ms.is_finite() {
            self.0 + Duration::from_secs_f64((ms / 1_000.0).max(0.0))
        } else {
            Instant::now() + Duration::from_secs(3_600)
        }
    }
}
