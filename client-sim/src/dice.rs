//! A client's seeded chance: the same seed plays the same match again.
//!
//! PCG32 is specified to the bit. Whoever needs chance is given a [`Dice`] of its own, so that what one bot draws changes
//! nothing for another.
//!
//! Never here: the operating system's randomness (a seed comes from the command line or a test).

use rand_core::Rng;
use rand_pcg::Pcg32;

/// A stream of chance.
#[derive(Clone, Debug)]
pub struct Dice(Pcg32);

impl Dice {
    /// The stream number `stream` of `seed`; streams differ from one another and from those of other seeds.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        // SplitMix64's finaliser: neighbouring numbers become unrelated states.
        let mut state = seed ^ stream.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self(Pcg32::new(state ^ (state >> 31), stream))
    }

    /// The next 32 bits.
    pub fn bits(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// A number in `0..end`; 0 if `end` is 0. Always draws exactly once.
    pub fn below(&mut self, end: u32) -> u32 {
        ((u64::from(self.bits()) * u64::from(end)) >> 32) as u32
    }

    /// `0..=last`, all alike.
    pub fn up_to(&mut self, last: u32) -> u32 {
        ((u64::from(self.bits()) * (u64::from(last) + 1)) >> 32) as u32
    }

    /// True once in `times` draws, on average; never if `times` is 0.
    pub fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0 && times > 0
    }

    /// A number in `0.0..1.0`.
    pub fn part(&mut self) -> f64 {
        f64::from(self.bits()) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_draws_and_another_stream_gives_others() {
        let draw = |seed, stream| {
            let mut dice = Dice::new(seed, stream);
            (0..8).map(|_| dice.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
        assert_ne!(draw(7, 1), draw(8, 1));
    }

    #[test]
    fn draws_stay_in_their_range() {
        let mut dice = Dice::new(1, 0);
        assert!((0..1000).all(|_| dice.below(6) < 6));
        assert!((0..1000).all(|_| (0.0..1.0).contains(&dice.part())));
        assert_eq!(dice.below(0), 0);
        assert!(!dice.once_in(0));
    }
}
