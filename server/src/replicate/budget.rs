//! How many bytes of records a frame may take, and which come first.
//!
//! Records are whole states: a join of a large world is many of them. They wait their turn, over several frames; at least one
//! always fits, so that everybody gets on. The player's own entity comes first.

/// What is left for records in one frame.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    bits_left: usize,
    taken: usize,
}

impl Budget {
    /// A frame's budget for records.
    #[must_use]
    pub const fn of_bytes(bytes: usize) -> Self {
        Self { bits_left: bytes * 8, taken: 0 }
    }

    /// Whether a record of `bits` still fits; takes its place if so. The first always fits.
    pub const fn take(&mut self, bits: usize) -> bool {
        if bits > self.bits_left && self.taken > 0 {
            return false;
        }
        self.bits_left = self.bits_left.saturating_sub(bits);
        self.taken += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_record_always_fits_and_then_the_budget_counts() {
        let mut budget = Budget::of_bytes(1);
        assert!(budget.take(100));
        assert!(!budget.take(1));
        let mut budget = Budget::of_bytes(2);
        assert!(budget.take(8) && budget.take(8) && !budget.take(1));
    }
}
