//! How many pings of a player may still be answered: some at once, then as many as come back per tick.

use shared::limits::PINGS_PER_SECOND;

/// A ping costs this many parts, so that a fraction of one can be refilled per tick.
const PING_PARTS: u32 = 1_024;

/// Pings that may come at once, in parts.
const PINGS_FULL: u32 = PINGS_PER_SECOND * 3 * PING_PARTS;

/// Pings that may still be answered.
#[derive(Clone, Copy, Debug)]
pub struct PingAllowance {
    parts: u32,
}

impl PingAllowance {
    /// Nothing was asked for a while.
    #[must_use]
    pub const fn full() -> Self {
        Self { parts: PINGS_FULL }
    }

    /// A tick went by.
    pub fn refill(&mut self, tick_rate_hz: u32) {
        let refill = PINGS_PER_SECOND * PING_PARTS / tick_rate_hz.max(1);
        self.parts = (self.parts + refill).min(PINGS_FULL);
    }

    /// Takes one; false if there is none.
    #[must_use]
    pub const fn take(&mut self) -> bool {
        let Some(rest) = self.parts.checked_sub(PING_PARTS) else { return false };
        self.parts = rest;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_seconds_of_pings_may_come_at_once_and_each_second_brings_its_own_back() {
        let mut pings = PingAllowance::full();
        let take_all = |pings: &mut PingAllowance| (0..).take_while(|_| pings.take()).count() as u32;
        assert_eq!(take_all(&mut pings), 3 * PINGS_PER_SECOND);
        for _ in 0..32 {
            pings.refill(32);
        }
        assert_eq!(take_all(&mut pings), PINGS_PER_SECOND);
    }
}
