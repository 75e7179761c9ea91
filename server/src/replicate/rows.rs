//! Codes as they are now: one row per slot, quantised once per change.
//!
//! A row is what the World says; the shadow is what clients hold. They differ between extract and pack, never after.

use shared::ids::Slot;

/// Rows of codes, all of one stride.
#[derive(Debug)]
pub struct Rows {
    codes: Vec<i32>,
    stride: usize,
}

impl Rows {
    /// Empty rows for `slots` slots of at most `stride` parts.
    #[must_use]
    pub fn new(slots: usize, stride: usize) -> Self {
        Self { codes: vec![0; slots * stride], stride }
    }

    /// A slot's row; longer than its facet may be.
    #[must_use]
    pub fn row(&self, slot: Slot) -> &[i32] {
        &self.codes[slot.index() * self.stride..][..self.stride]
    }

    /// Nothing is known of a slot any more.
    pub fn clear(&mut self, slot: Slot) {
        self.codes[slot.index() * self.stride..][..self.stride].fill(0);
    }

    /// Puts codes into a slot's row from part `part` on; true if anything changed.
    pub fn put(&mut self, slot: Slot, part: usize, codes: &[i32]) -> bool {
        let row = &mut self.codes[slot.index() * self.stride..][..self.stride];
        let place = &mut row[part..part + codes.len()];
        let changed = place != codes;
        place.copy_from_slice(codes);
        changed
    }
}
