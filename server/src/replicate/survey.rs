//! One look at what a client holds of a section, for all that its next frame says of it.
//!
//! ```text
//!   held or leaving, slot by slot     fresh      its hash goes into the sum; its position and its piece, if it has one, are noted
//!                                     stale      its name goes into the sum
//!                                     leaving    its position is noted
//! ```
//!
//! Most frames cover one tick, and most clients hold few of many slots. So who holds less than there is is looked at once per
//! tick, not once for the budget, once for the digest, once for what leaves and twice for pieces; and for what is stale or
//! leaves only in those words of the sets where something may be ([`Holding::uneven`]). What catches up, and what
//! is demoted meanwhile, takes the longer ways; both give the same bytes.
//!
//! Never here: bits (see `assemble`), what is too much (see `parking`).

use super::lane::Shared;
use super::pieces::SectionPieces;
use super::view::Holding;
use shared::bits::BitSpan;
use shared::codec::Lanes;
use shared::ids::Slot;
use shared::schema::Section;
use shared::slot_set::SlotSet;

/// What one look found. Lists ascend.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// It is of the frame under way.
    current: bool,
    /// The sum of what is fresh, and of the names of what is stale.
    pub(super) sum: Lanes,
    /// Of what is fresh and has a piece: the positions among all that is fresh.
    pub(super) changed: Vec<u32>,
    /// Their pieces.
    pub(super) pieces: Vec<BitSpan>,
    /// Bits of these.
    pub(super) bits: usize,
    /// How many are fresh.
    pub(super) fresh: u32,
    /// Of what leaves: the positions among all that is held or leaves.
    pub(super) leaves: Vec<u32>,
    /// How many are held or leave.
    pub(super) held: u32,
    /// By word of the sets: how many are fresh before it.
    before: Vec<u32>,
}

impl Survey {
    /// Another frame begins, of which nothing was looked at.
    pub(super) const fn forget(&mut self) {
        self.current = false;
    }

    /// What was found, if this section was looked at for the frame under way.
    pub(super) fn found(&self) -> Option<&Self> {
        self.current.then_some(self)
    }

    /// Looks at a section, for a frame that covers this tick alone.
    pub(super) fn look(&mut self, shared: Shared<'_>, holding: &Holding, section: Section) {
        self.changed.clear();
        self.pieces.clear();
        self.leaves.clear();
        (self.sum, self.bits, self.fresh, self.held) = (Lanes::default(), 0, 0, 0);
        let Some(tick) = shared.ring.of(shared.tick) else { return };
        let of_section = tick.section(section);
        self.look_at_fresh(of_section, holding.fresh.words(), shared.shadow.hashes_by_word());
        for uneven in holding.uneven().iter() {
            self.look_at_uneven(shared, holding, uneven);
        }
        // Until now these were counted that are not fresh.
        self.held = self.held.wrapping_add(self.fresh);
        self.current = true;
    }

    /// Looks at what is fresh.
    fn look_at_fresh(&mut self, of_section: &SectionPieces, fresh: &[u64], hashes: &[[Lanes; 64]]) {
        let words = fresh.len().min(hashes.len()).min(of_section.changed.words().len());
        let (fresh, hashes, changed) = (&fresh[..words], &hashes[..words], &of_section.changed.words()[..words]);
        let (Lanes { mut a, mut b }, mut count) = (Lanes::default(), 0u32);
        self.before.resize(words, 0);
        let mut before = std::mem::take(&mut self.before);
        for (at, before) in (0..words).zip(&mut before) {
            let (mut left, hashes) = (fresh[at], &hashes[at]);
            *before = count;
            let moved = left & changed[at];
            while left != 0 {
                let place = left.trailing_zeros();
                left &= left.wrapping_sub(1);
                if moved >> place & 1 != 0 {
                    self.note_piece(of_section, Slot((at * 64) as u16 | place as u16), count);
                }
                let hash = hashes[place as usize & 63];
                (a, b, count) = (a.wrapping_add(hash.a), b.wrapping_add(hash.b), count.wrapping_add(1));
            }
        }
        self.before = before;
        (self.sum, self.fresh) = (Lanes { a, b }, count);
    }

    /// Notes the piece of a slot that is fresh, at this position.
    #[inline(never)]
    fn note_piece(&mut self, of_section: &SectionPieces, slot: Slot, position: u32) {
        let span = of_section.piece(slot).span;
        self.changed.push(position);
        self.pieces.push(span);
        self.bits = self.bits.wrapping_add(span.length);
    }

    /// Looks at what is stale or leaves in one word of the sets.
    fn look_at_uneven(&mut self, shared: Shared<'_>, holding: &Holding, at: usize) {
        let word = |set: &SlotSet| set.words().get(at).copied().unwrap_or(0);
        let (held, fresh, leaving) = (word(&holding.held), word(&holding.fresh), word(&holding.leaving));
        let mut stale = held & !fresh;
        if stale | leaving == 0 {
            return;
        }
        while stale != 0 {
            self.sum += shared.shadow.stale(shared.facets, Slot((at * 64) as u16 + stale.trailing_zeros() as u16));
            stale &= stale.wrapping_sub(1);
        }
        let before = self.before.get(at).copied().unwrap_or(0).wrapping_add(self.held);
        let (both, mut left) = (held | leaving, leaving);
        while left != 0 {
            let bit = left & left.wrapping_neg();
            left ^= bit;
            self.leaves.push(before.wrapping_add((both & bit.wrapping_sub(1)).count_ones()));
        }
        self.held = self.held.wrapping_add((both & !fresh).count_ones());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena_n::components::schema;
    use crate::replicate::facets::Facets;
    use crate::replicate::pieces::Ring;
    use crate::replicate::shadow::Shadow;
    use crate::replicate::weights::Weights;
    use rand_core::Rng;
    use rand_pcg::Pcg32;
    use shared::codec::Tables;
    use shared::ids::Tick;
    use shared::schema::Layout;
    use std::sync::Arc;

    /// A set of about one in `one_in` of all slots.
    fn some(chance: &mut Pcg32, one_in: u32) -> SlotSet {
        let mut set = SlotSet::new(256);
        (0..256).filter(|_| chance.next_u32().is_multiple_of(one_in)).for_each(|slot| {
            set.insert(Slot(slot));
        });
        set
    }

    #[test]
    fn one_look_finds_what_the_longer_ways_find() {
        let schema = schema();
        let layout = Arc::new(Layout::new(&schema, 8).unwrap());
        let (tables, weights) = (Tables::untrained(&layout), Weights::new(&schema, &layout));
        let (facets, shadow) = (Facets::new(layout.clone(), 1), Shadow::new(256, layout.parts_max()));
        let mut chance = Pcg32::new(1, 1);
        let mut survey = Survey::default();
        for one_in in [1, 2, 8, 300] {
            let tick = Tick(one_in);
            let mut ring = Ring::new(256);
            let pieces = ring.begin(tick);
            for slot in some(&mut chance, 3).iter() {
                pieces.bits_mut().write(u32::from(slot.0), 9);
                pieces.add(Section::Everyone, slot);
            }
            ring.finish(tick);
            let mut holding = Holding::new(256);
            holding.held = some(&mut chance, one_in);
            holding.fresh = some(&mut chance, 2);
            holding.fresh.intersect(&holding.held);
            holding.leaving = some(&mut chance, 9);
            let shared = Shared {
                tick,
                schema: &schema,
                layout: &layout,
                tables: &tables,
                facets: &facets,
                shadow: &shadow,
                ring: &ring,
                weights: &weights,
                far: false,
            };
            survey.look(shared, &holding, Section::Everyone);
            let of_section = ring.of(tick).unwrap().section(Section::Everyone);
            let (mut changed, mut leaves, mut spans) = (Vec::new(), Vec::new(), Vec::new());
            let fresh = holding.fresh.ranks(&of_section.changed, &mut changed);
            of_section.of(&holding.fresh, |piece| spans.push(piece.span));
            let held = holding.held.ranks_with(&holding.leaving, &mut leaves);
            let found = survey.found().unwrap();
            assert_eq!((&found.changed, found.fresh), (&changed, fresh));
            assert_eq!((&found.leaves, found.held), (&leaves, held));
            assert_eq!((&found.pieces, found.bits), (&spans, 9 * spans.len()));
        }
        survey.forget();
        assert!(survey.found().is_none());
    }
}
