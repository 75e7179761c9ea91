//! The room's randomness: one seeded stream, kept in the World, hashed and saved like everything else.
//!
//! PCG32 is specified to the bit, so that a replay on another machine draws the same numbers.
//!
//! Never here: the operating system's randomness (a seed comes as an argument).

use bevy_ecs::prelude::Resource;
use rand_core::Rng;
use rand_pcg::Pcg32;
use serde::{Deserialize, Serialize};

/// The stream all rules of a room draw from, in the order in which they run.
#[derive(Resource, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Randomness(Pcg32);

impl Randomness {
    /// The stream of `seed`.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        // PCG's default stream; rooms differ by their state.
        Self(Pcg32::new(seed, 0x0a02_bdbf_7bb3_c0a7))
    }

    /// The next 32 bits.
    pub fn bits(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// A number in `0..end`, 0 if `end` is 0. Off from even by less than `end` in 2^32, which no rule feels, and it
    /// always draws exactly once.
    pub fn below(&mut self, end: u32) -> u32 {
        ((u64::from(self.bits()) * u64::from(end)) >> 32) as u32
    }

    /// One of `items`, none if there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let at = self.below(items.len().min(u32::MAX as usize) as u32);
        items.get(at as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_for_ever() {
        let mut randomness = Randomness::seeded(0x5EED);
        let drawn: Vec<u32> = (0..4).map(|_| randomness.below(1000)).collect();
        let mut again = Randomness::seeded(0x5EED);
        assert_eq!(drawn, (0..4).map(|_| again.below(1000)).collect::<Vec<_>>());
        assert_ne!(Randomness::seeded(1).bits(), Randomness::seeded(2).bits());
    }

    #[test]
    fn a_number_below_stays_below() {
        let mut randomness = Randomness::seeded(7);
        assert!((0..1000).all(|_| randomness.below(6) < 6));
        assert_eq!(randomness.below(0), 0);
        assert_eq!(randomness.pick::<u8>(&[]), None);
    }
}
