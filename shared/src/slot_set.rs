//! A set of slots, as words of 64 bits.
//!
//! What a client holds is moved every tick for every client, so all set work is on words: union, difference, counting,
//! and the position of a slot among those held ([`SlotSet::ranks`]), which is how frames address what both sides know.

use crate::ids::Slot;

/// A set of slots of one room's pool.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SlotSet {
    words: Vec<u64>,
}

impl SlotSet {
    /// An empty set for a pool of `slots` slots.
    #[must_use]
    pub fn new(slots: usize) -> Self {
        Self { words: vec![0; slots.div_ceil(64)] }
    }

    /// Whether the slot is in it; one outside the pool never is.
    #[must_use]
    pub fn contains(&self, slot: Slot) -> bool {
        self.words.get(slot.index() / 64).is_some_and(|word| word & bit(slot) != 0)
    }

    /// Puts a slot in; true if it was not in yet. A slot outside the pool is not put in.
    pub fn insert(&mut self, slot: Slot) -> bool {
        match self.words.get_mut(slot.index() / 64) {
            Some(word) => {
                let new = *word & bit(slot) == 0;
                *word |= bit(slot);
                new
            }
            None => false,
        }
    }

    /// Takes a slot out; true if it was in.
    pub fn remove(&mut self, slot: Slot) -> bool {
        match self.words.get_mut(slot.index() / 64) {
            Some(word) => {
                let was = *word & bit(slot) != 0;
                *word &= !bit(slot);
                was
            }
            None => false,
        }
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.words.fill(0);
    }

    /// Number of slots in it.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// Its slots, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| Bits { word }.map(move |bit| Slot((at * 64) as u16 + bit)))
    }

    /// The words, lowest slots first: for work on several sets at once.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The words, to be changed.
    pub fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    /// Has what `other` has, of the same pool, and nothing else. Takes no memory, as `clone_from` would.
    pub fn copy_from(&mut self, other: &Self) {
        self.words.copy_from_slice(&other.words);
    }

    /// The same, and tells of each word that was another. What is as it was is not written.
    #[inline]
    pub fn follow(&mut self, other: &Self, mut changed: impl FnMut(usize)) {
        let count = self.words.len().min(other.words.len());
        let (words, others) = (&mut self.words[..count], &other.words[..count]);
        for at in 0..count {
            if words[at] != others[at] {
                words[at] = others[at];
                changed(at);
            }
        }
    }

    /// Takes out all of `other`.
    pub fn subtract(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= !other;
        }
    }

    /// Keeps only what is in `other`, too.
    pub fn intersect(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
    }

    /// Adds all of `other`.
    pub fn unite(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
    }

    /// The positions, in this set's order, of those of `wanted` that are in it; appended to `positions`. Returns how many this set
    /// has.
    pub fn ranks(&self, wanted: &Self, positions: &mut Vec<u32>) -> u32 {
        let mut below = 0;
        for (&word, &wanted) in self.words.iter().zip(&wanted.words).filter(|(word, _)| **word != 0) {
            push_ranks(word, word & wanted, below, positions);
            below += word.count_ones();
        }
        below
    }

    /// The positions of `others` in the union of this set and them; appended to `positions`. Returns how many the union has.
    pub fn ranks_with(&self, others: &Self, positions: &mut Vec<u32>) -> u32 {
        let mut below = 0;
        for (&word, &wanted) in self.words.iter().zip(&others.words) {
            let word = word | wanted;
            push_ranks(word, wanted, below, positions);
            below += word.count_ones();
        }
        below
    }

    /// The slots at some ascending positions of this set's order; appended to `slots`. Inverse of [`SlotSet::ranks`].
    /// Positions beyond the end give nothing.
    pub fn at_ranks(&self, positions: &[u32], slots: &mut Vec<Slot>) {
        let mut wanted = positions.iter().copied().peekable();
        for (rank, slot) in self.iter().enumerate() {
            match wanted.peek() {
                None => return,
                Some(&position) if position == rank as u32 => {
                    slots.push(slot);
                    wanted.next();
                }
                Some(_) => {}
            }
        }
    }
}

/// The positions of some of a word's bits among all of them, where so many are below the word.
fn push_ranks(word: u64, mut wanted: u64, below: u32, positions: &mut Vec<u32>) {
    while wanted != 0 {
        let bit = wanted & wanted.wrapping_neg();
        wanted ^= bit;
        positions.push(below + (word & (bit - 1)).count_ones());
    }
}

const fn bit(slot: Slot) -> u64 {
    1 << (slot.0 % 64)
}

/// The set bits of a word, ascending.
struct Bits {
    word: u64,
}

impl Iterator for Bits {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        if self.word == 0 {
            return None;
        }
        let bit = self.word.trailing_zeros() as u16;
        self.word &= self.word - 1;
        Some(bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_a_set(inside in prop::collection::btree_set(0u16..500, 0..200), out in prop::collection::btree_set(0u16..500, 0..200)) {
            let mut set = SlotSet::new(500);
            for &slot in &inside {
                prop_assert!(set.insert(Slot(slot)));
                prop_assert!(!set.insert(Slot(slot)));
            }
            let mut other = SlotSet::new(500);
            for &slot in &out {
                other.insert(Slot(slot));
            }
            let (mut follower, mut changed) = (set.clone(), Vec::new());
            follower.follow(&other, |word| changed.push(word));
            prop_assert_eq!(&follower, &other);
            let differs = |word: &usize| set.words()[*word] != other.words()[*word];
            prop_assert_eq!(changed, (0..set.words().len()).filter(differs).collect::<Vec<_>>());
            let list: Vec<u16> = set.iter().map(|slot| slot.0).collect();
            prop_assert_eq!(&list, &inside.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(set.count(), inside.len());
            let (mut union, mut positions) = (set.clone(), Vec::new());
            union.unite(&other);
            let among = set.ranks_with(&other, &mut positions);
            let mut of_union = Vec::new();
            union.ranks(&other, &mut of_union);
            prop_assert_eq!((among as usize, positions), (union.count(), of_union));
            let (mut rest, mut shared) = (set.clone(), set.clone());
            rest.subtract(&other);
            shared.intersect(&other);
            let of = |set: &SlotSet| set.iter().map(|slot| slot.0).collect::<BTreeSet<u16>>();
            prop_assert_eq!(of(&rest), inside.difference(&out).copied().collect::<BTreeSet<_>>());
            prop_assert_eq!(of(&shared), inside.intersection(&out).copied().collect::<BTreeSet<_>>());
            let all: BTreeSet<u16> = union.iter().map(|slot| slot.0).collect();
            prop_assert_eq!(all, inside.union(&out).copied().collect::<BTreeSet<_>>());
        }

        #[test]
        fn a_rank_leads_back_to_its_slot(held in prop::collection::btree_set(0u16..500, 0..200), wanted in prop::collection::btree_set(0u16..500, 0..200)) {
            let fill = |slots: &BTreeSet<u16>| {
                let mut set = SlotSet::new(500);
                for &slot in slots {
                    set.insert(Slot(slot));
                }
                set
            };
            let (set, wish) = (fill(&held), fill(&wanted));
            let (mut positions, mut slots) = (Vec::new(), Vec::new());
            set.ranks(&wish, &mut positions);
            set.at_ranks(&positions, &mut slots);
            prop_assert_eq!(slots.iter().map(|slot| slot.0).collect::<BTreeSet<_>>(), held.intersection(&wanted).copied().collect::<BTreeSet<_>>());
        }
    }
}
