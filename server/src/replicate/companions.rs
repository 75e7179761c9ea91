//! Which facets belong to one entity: from the anchor on, each names the next.
//!
//! ```text
//!   anchor ─► team's ─► owner's ─► a reference ─► end
//! ```
//!
//! So that who sees an anchor finds what else there is of it without a search.

use shared::ids::Slot;
use shared::slot_set::SlotSet;

/// The other facets of every anchor.
#[derive(Debug)]
pub(super) struct Companions {
    next: Vec<Option<Slot>>,
    /// Anchors that have others.
    accompanied: SlotSet,
}

impl Companions {
    /// Nobody has any.
    pub(super) fn new(slots: usize) -> Self {
        Self { next: vec![None; slots], accompanied: SlotSet::new(slots) }
    }

    /// A facet comes to its anchor. An anchor by itself is no companion.
    pub(super) fn join(&mut self, anchor: Slot, slot: Slot) {
        if anchor != slot {
            self.next[slot.index()] = self.next[anchor.index()].replace(slot);
            self.accompanied.insert(anchor);
        }
    }

    /// A facet goes from its anchor, or the anchor itself, after all others.
    pub(super) fn leave(&mut self, anchor: Slot, slot: Slot) {
        let next = self.next[slot.index()].take();
        let mut chain = std::iter::successors(Some(anchor), |&before| self.next[before.index()]);
        if let Some(before) = chain.find(|before| self.next[before.index()] == Some(slot)) {
            self.next[before.index()] = next;
        }
        if self.next[anchor.index()].is_none() {
            self.accompanied.remove(anchor);
        }
    }

    /// Anchors that have others.
    pub(super) const fn accompanied(&self) -> &SlotSet {
        &self.accompanied
    }

    /// The others, in no particular order.
    pub(super) fn of(&self, anchor: Slot) -> impl Iterator<Item = Slot> + '_ {
        let next = |slot: &Slot| self.next.get(slot.index()).copied().flatten();
        std::iter::successors(next(&anchor), next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_came_is_found_and_who_went_is_not_in_whatever_order() {
        let (anchor, other) = (Slot(9), Slot(60));
        for gone in [3, 4, 5] {
            let mut companions = Companions::new(64);
            companions.join(anchor, anchor);
            [3, 4, 5].into_iter().for_each(|slot| companions.join(anchor, Slot(slot)));
            companions.join(other, Slot(7));
            companions.leave(anchor, Slot(gone));
            let mut left: Vec<u16> = companions.of(anchor).map(|slot| slot.0).collect();
            left.sort_unstable();
            assert_eq!(left, [3, 4, 5].into_iter().filter(|&slot| slot != gone).collect::<Vec<_>>());
            assert!(companions.accompanied().contains(anchor));
            left.iter().for_each(|&slot| companions.leave(anchor, Slot(slot)));
            companions.leave(anchor, anchor);
            assert!(!companions.accompanied().contains(anchor) && companions.of(anchor).count() == 0);
            assert_eq!(companions.of(other).collect::<Vec<_>>(), [Slot(7)]);
        }
    }
}
