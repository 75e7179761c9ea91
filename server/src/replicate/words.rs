//! Which words of a set of slots are worth a look: where most of a set is as it was, the rest of it is passed over.
//!
//! ```text
//!   words of a set   0 1 2 3 4 5 …          one bit for each of up to 64 words (4,096 slots),
//!   worth a look     . . x . . x …          or for each run of 2, 4, … words where there are more
//! ```
//!
//! Never here: why they are (see `interest` and `view`).

use shared::ids::Slot;

/// Runs of words of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    bits: u64,
    /// How many words a set has.
    count: u32,
    /// A bit stands for 2 to the power of this many words.
    shift: u32,
}

impl Words {
    /// None of the words of a set of so many.
    #[must_use]
    pub fn none(count: usize) -> Self {
        let shift = count.div_ceil(64).next_power_of_two().trailing_zeros();
        Self { bits: 0, count: count as u32, shift }
    }

    /// All of them.
    #[must_use]
    pub fn all(count: usize) -> Self {
        Self { bits: u64::MAX, ..Self::none(count) }
    }

    /// All words of the same sets.
    pub const fn fill(&mut self) {
        self.bits = u64::MAX;
    }

    /// None of them.
    pub const fn clear(&mut self) {
        self.bits = 0;
    }

    /// This word, too.
    #[inline]
    pub const fn insert(&mut self, word: usize) {
        self.bits |= 1 << ((word as u32 >> self.shift) & 63);
    }

    /// The word of a slot, too.
    #[inline]
    pub const fn insert_slot(&mut self, slot: Slot) {
        self.insert(slot.0 as usize / 64);
    }

    /// Those of another of the same sets, too.
    pub const fn unite(&mut self, other: Self) {
        self.bits |= other.bits;
    }

    /// Whether a word is among them.
    #[inline]
    #[must_use]
    pub const fn contains(self, word: usize) -> bool {
        self.bits >> ((word as u32 >> self.shift) & 63) & 1 != 0
    }

    /// The words, ascending.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        let Self { mut bits, count, shift } = self;
        let mut run = 0..0;
        std::iter::from_fn(move || {
            loop {
                if let Some(word) = run.next() {
                    return Some(word as usize);
                }
                if bits == 0 {
                    return None;
                }
                let first = bits.trailing_zeros() << shift;
                bits &= bits.wrapping_sub(1);
                run = first.min(count)..first.wrapping_add(1 << shift).min(count);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_looked_at_whether_sets_are_small_or_large() {
        for count in [1, 3, 64, 65, 200, 1_024] {
            let mut words = Words::none(count);
            assert_eq!(words.iter().count(), 0);
            for word in [0, count / 2, count - 1] {
                words.insert(word);
                assert!(words.contains(word) && words.iter().any(|found| found == word), "word {word} of {count}");
            }
            assert!(words.iter().is_sorted() && words.iter().all(|word| word < count && words.contains(word)));
            assert!(words.iter().count() <= 3 * count.div_ceil(64).next_power_of_two());
            words.fill();
            assert_eq!(words.iter().collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
            assert_eq!(Words::all(count), words);
            words.clear();
            words.insert_slot(Slot(0));
            assert!(words.contains(0));
        }
    }
}
