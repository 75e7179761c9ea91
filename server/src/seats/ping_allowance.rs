//! How many pings of a player may still be answered: some at once, then as many as come back per tick.
//!
//! ```text
//!   full ──── answered ────┬──── borne, not answered ────┬──── a flood
//!         PINGS_BURST      │   PINGS_UNANSWERED_MAX      │
//! ```
//!
//! It comes back by ticks, so after a server stood still it finds pings in one tick that were sent in many seconds. That
//! is not their sender's fault: they are borne, up to what no honest client ever has under way.

use shared::ids::Tick;
use shared::limits::{PINGS_BURST, PINGS_PER_SECOND, PINGS_UNANSWERED_MAX};

/// A ping costs this many parts, so that a fraction of one can be refilled per tick.
const PING_PARTS: u32 = 1_024;

/// Pings below this, in parts, are borne, but not answered.
const PINGS_SILENT: u32 = PINGS_UNANSWERED_MAX * PING_PARTS;

/// Pings that may come at once, in parts.
const PINGS_FULL: u32 = PINGS_SILENT + PINGS_BURST * PING_PARTS;

/// Pings that may still come.
#[derive(Clone, Copy, Debug)]
pub struct PingAllowance {
    parts: u32,
    /// The tick up to which it was refilled.
    refilled: Tick,
}

/// What a ping is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PingFate {
    /// An answer.
    Answer,
    /// Nothing: it came too soon after others.
    Silence,
    /// The end: nobody honest has so many.
    Flood,
}

impl PingAllowance {
    /// Nothing was asked for a while.
    #[must_use]
    pub const fn full() -> Self {
        Self { parts: PINGS_FULL, refilled: Tick(0) }
    }

    /// Takes one at tick `now`, and says what it is worth.
    #[must_use]
    pub fn take(&mut self, now: Tick, tick_rate_hz: u32) -> PingFate {
        let refill = u64::from(PINGS_PER_SECOND * PING_PARTS / tick_rate_hz.max(1));
        let refilled = u64::from(self.parts) + refill * u64::from(now.since(self.refilled));
        self.parts = refilled.min(u64::from(PINGS_FULL)) as u32;
        self.refilled = now;
        let Some(rest) = self.parts.checked_sub(PING_PARTS) else { return PingFate::Flood };
        self.parts = rest;
        if rest >= PINGS_SILENT { PingFate::Answer } else { PingFate::Silence }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_pings_are_answered_at_once_many_are_borne_and_each_second_brings_its_own_back() {
        let mut pings = PingAllowance::full();
        let take_all = |pings: &mut PingAllowance, now| {
            let fates: Vec<PingFate> =
                std::iter::from_fn(|| Some(pings.take(Tick(now), 32)).filter(|fate| *fate != PingFate::Flood))
                    .collect();
            let answered = fates.iter().take_while(|fate| **fate == PingFate::Answer).count();
            (answered as u32, (fates.len() - answered) as u32)
        };
        assert_eq!(take_all(&mut pings, 100), (PINGS_BURST, PINGS_UNANSWERED_MAX));
        assert_eq!(take_all(&mut pings, 132), (0, PINGS_PER_SECOND));
    }
}
