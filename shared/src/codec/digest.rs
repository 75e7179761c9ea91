//! The proof: a hash per facet, summed over what a client holds.
//!
//! The hash covers everything that later decoding depends on: slot, kind, anchor and, per part, all that is remembered of it. A sum
//! can be kept up to date by subtracting the old and adding the new hash, on both sides. What is stale (held, but not
//! exact) counts by its name only.
//!
//! Two lanes of 32 bits, each a multiply and a shift per word in the manner of MurmurHash3's mixing (Appleby 2011), so that
//! JavaScript computes them with `Math.imul`. In play the low 16 bits of their exclusive or travel; on request all 64.
//! A wrong client passes one frame's check with a chance of 1 in 65,536, and every frame is another check.

use super::predictor::PartState;
use super::record::Record;

/// Two lanes of a hash, or of a sum of hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Lanes {
    /// First lane.
    pub a: u32,
    /// Second lane.
    pub b: u32,
}

impl Lanes {
    /// The 16 bits that travel in play.
    #[must_use]
    pub const fn folded(self) -> u16 {
        ((self.a ^ self.b) & 0xFFFF) as u16
    }

    #[inline]
    const fn mix(self, word: u32) -> Self {
        let a = (self.a ^ word).wrapping_mul(0x85EB_CA6B);
        let b = (self.b ^ word.rotate_left(16)).wrapping_mul(0xC2B2_AE35);
        Self { a: a ^ (a >> 13), b: b ^ (b >> 16) }
    }
}

impl std::ops::AddAssign for Lanes {
    fn add_assign(&mut self, other: Self) {
        self.a = self.a.wrapping_add(other.a);
        self.b = self.b.wrapping_add(other.b);
    }
}

impl std::ops::SubAssign for Lanes {
    fn sub_assign(&mut self, other: Self) {
        self.a = self.a.wrapping_sub(other.a);
        self.b = self.b.wrapping_sub(other.b);
    }
}

const fn name_hash(record: Record, freshness: u32) -> Lanes {
    let seed = Lanes { a: 0x9E37_79B9, b: 0x7F4A_7C15 };
    seed.mix((record.slot.0 as u32) << 16 | record.anchor.0 as u32).mix((record.kind.0 as u32) << 1 | freshness)
}

/// The hash of a facet that is held exactly.
#[must_use]
pub fn fresh_hash(record: Record, states: &[PartState]) -> Lanes {
    states.iter().fold(name_hash(record, 1), |lanes, state| {
        let past = u32::from(state.mask) << 13 | u32::from(state.class) << 10 | state.fraction as u32;
        lanes.mix(state.code as u32).mix((state.speed as u32).rotate_left(14) ^ past)
    })
}

/// The hash of a facet that is held, but perhaps not as it is now.
#[must_use]
pub const fn stale_hash(record: Record) -> Lanes {
    name_hash(record, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Slot;
    use crate::schema::FacetKind;
    use proptest::prelude::*;

    const RECORD: Record = Record { slot: Slot(7), kind: FacetKind(2), anchor: Slot(9) };

    proptest! {
        #[test]
        fn any_bit_of_a_state_changes_both_lanes(codes in prop::collection::vec(0i32..1 << 26, 1..12), at: usize, bit in 0u32..26) {
            let states: Vec<PartState> = codes.iter().map(|&code| of_code(code)).collect();
            let mut other = states.clone();
            let place = at % other.len();
            other[place].code ^= 1 << bit;
            let (one, two) = (fresh_hash(RECORD, &states), fresh_hash(RECORD, &other));
            prop_assert!(one.a != two.a && one.b != two.b);
        }
    }

    fn of_code(code: i32) -> PartState {
        PartState { code, ..PartState::default() }
    }

    #[test]
    fn all_that_is_remembered_counts_and_so_do_name_and_freshness() {
        let state = PartState { code: 5, speed: -3, fraction: 9, class: 2, mask: 1 };
        let base = fresh_hash(RECORD, &[state]);
        assert_ne!(base, fresh_hash(RECORD, &[PartState { speed: -2, ..state }]));
        assert_ne!(base, fresh_hash(RECORD, &[PartState { fraction: 8, ..state }]));
        assert_ne!(base, fresh_hash(RECORD, &[PartState { class: 3, ..state }]));
        assert_ne!(base, fresh_hash(RECORD, &[PartState { mask: 0, ..state }]));
        assert_ne!(base, fresh_hash(Record { anchor: Slot(8), ..RECORD }, &[state]));
        assert_ne!(fresh_hash(RECORD, &[]), stale_hash(RECORD));
    }

    #[test]
    fn the_hash_is_pinned() {
        let state = PartState { code: 5, speed: -3, fraction: 9, class: 2, mask: 1 };
        let pinned = fresh_hash(RECORD, &[state]);
        assert_eq!(format!("{:08x} {:08x}", pinned.a, pinned.b), "a22cfc76 976d7945");
    }
}
