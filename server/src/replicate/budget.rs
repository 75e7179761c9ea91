//! How many bytes may one frame have, and what are they spent on?
//!
//! ```text
//!   bytes per tick (configured, or what the path drains) × ticks covered
//!     1. pieces, and where they belong        at most three quarters, beyond that the least important are parked (see `parking`)
//!     2. records, the most urgent first       what is left; at least one always fits, so that everybody gets on
//!   leaves and events are not counted: what may not be seen any more goes at once, and what is told has bounds of its own
//! ```
//!
//! Pieces of ticks that skipped a client are not lost: the step that catches up may have three quarters for each of them. Records
//! of one frame have never more than one tick's bytes: what is large because something was late would make the next ones later.
//!
//! Never here: which records (see `choose`), how a path is measured (see `drain`).

use shared::limits::FRAME_BUDGET_BYTES_MAX;

/// What is left for one frame.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    bits: usize,
    bits_left: usize,
    record_bits_left: usize,
    records: usize,
}

impl Budget {
    /// The budget of a frame that covers some ticks (one that covers none: as if it were one).
    #[must_use]
    pub fn of_frame(bytes_per_tick: usize, covered: u32) -> Self {
        let bits = 8 * (bytes_per_tick * covered.max(1) as usize).min(FRAME_BUDGET_BYTES_MAX);
        Self { bits, bits_left: bits, record_bits_left: bits.min(bytes_per_tick * 8), records: 0 }
    }

    /// All of it, in bits.
    #[must_use]
    pub const fn bits(&self) -> usize {
        self.bits
    }

    /// What is left for records, in bits.
    #[must_use]
    pub fn record_bits_left(&self) -> usize {
        self.bits_left.min(self.record_bits_left)
    }

    /// Takes what is not asked whether it fits.
    pub const fn spend(&mut self, bits: usize) {
        self.bits_left = self.bits_left.saturating_sub(bits);
    }

    /// Whether a record of `bits` still fits; takes its place if so. The first always fits.
    pub fn take_record(&mut self, bits: usize) -> bool {
        if bits > self.record_bits_left() && self.records > 0 {
            return false;
        }
        self.spend(bits);
        self.record_bits_left = self.record_bits_left.saturating_sub(bits);
        self.records += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_record_always_fits_and_then_the_budget_counts() {
        let mut budget = Budget::of_frame(1, 1);
        assert!(budget.take_record(100));
        assert!(!budget.take_record(1));
        let mut budget = Budget::of_frame(2, 1);
        assert!(budget.take_record(8) && budget.take_record(8) && !budget.take_record(1));
        let mut budget = Budget::of_frame(2, 1);
        budget.spend(100);
        assert!(budget.take_record(8) && !budget.take_record(1));
    }

    #[test]
    fn ticks_that_were_skipped_count_and_no_frame_is_larger_than_a_message_may_be() {
        let mut budget = Budget::of_frame(100, 3);
        assert_eq!((budget.bits(), budget.record_bits_left()), (2_400, 800));
        budget.spend(1_700);
        assert_eq!(budget.record_bits_left(), 700);
        assert_eq!(Budget::of_frame(100, 0).bits(), 800);
        assert_eq!(Budget::of_frame(64 * 1024, 16).bits(), 8 * FRAME_BUDGET_BYTES_MAX);
    }
}
