//! What every up-to-date client holds: states by slot, their hashes, and the sums that prove them.
//!
//! The shadow moves exactly as clients move: advanced once per tick, corrected by the pieces that are sent. Predicting from
//! it, never from the World, is what keeps both ends together (a closed loop; `shared::codec::predictor`).

use super::audiences::Audience;
use super::facets::{Alive, Facets};
use super::pieces::TickPieces;
use super::rows::Rows;
use shared::codec::contexts::Both;
use shared::codec::digest::{fresh_hash, stale_hash};
use shared::codec::piece::{predict, write_piece};
use shared::codec::{Lanes, Packer, PartState, Tables, Tally};
use shared::ids::Slot;
use shared::schema::Layout;
use shared::slot_set::SlotSet;

/// States and hashes of all slots.
#[derive(Debug)]
pub struct Shadow {
    states: Vec<PartState>,
    stride: usize,
    hashes: Vec<Lanes>,
    /// Per place of an audience: the sum of the hashes of all that it may see.
    sums: Vec<Lanes>,
}

impl Shadow {
    /// Nothing alive yet.
    #[must_use]
    pub fn new(slots: usize, stride: usize) -> Self {
        Self {
            states: vec![PartState::default(); slots * stride],
            stride,
            hashes: vec![Lanes::default(); slots.next_multiple_of(64)],
            sums: Vec::new(),
        }
    }

    /// A slot's states; longer than its facet may be.
    #[must_use]
    pub fn states(&self, slot: Slot) -> &[PartState] {
        &self.states[slot.index() * self.stride..][..self.stride]
    }

    /// The sum of the hashes of `fresh`, and of the names of what is held but stale.
    #[must_use]
    pub fn sum(&self, facets: &Facets, held: &SlotSet, fresh: &SlotSet) -> Lanes {
        let mut sum = Lanes::default();
        let hashes = self.hashes.chunks(64);
        for (at, ((&held, &fresh), hashes)) in held.words().iter().zip(fresh.words()).zip(hashes).enumerate() {
            let mut exact = fresh;
            while exact != 0 {
                sum += hashes[exact.trailing_zeros() as usize];
                exact &= exact - 1;
            }
            let mut stale = held & !fresh;
            while stale != 0 {
                let slot = Slot((at * 64) as u16 + stale.trailing_zeros() as u16);
                stale &= stale - 1;
                sum += self.stale(facets, slot);
            }
        }
        sum
    }

    /// The sum of the hashes of all that an audience may see: what a client has to prove that holds all of it, exactly.
    #[must_use]
    pub fn sum_of(&self, facets: &Facets, audience: &Audience) -> Lanes {
        let mut sum = Lanes::default();
        for place in facets.audiences().places_in(audience) {
            sum += self.sums.get(place).copied().unwrap_or_default();
        }
        sum
    }

    /// The hashes of all slots, by the words of a set.
    #[must_use]
    pub fn hashes_by_word(&self) -> &[[Lanes; 64]] {
        self.hashes.as_chunks().0
    }

    /// What a slot counts as that is held exactly.
    #[must_use]
    pub fn fresh(&self, slot: Slot) -> Lanes {
        self.hashes[slot.index()]
    }

    /// What a slot counts as that is held, but perhaps not as it is now.
    #[must_use]
    pub fn stale(&self, facets: &Facets, slot: Slot) -> Lanes {
        facets.alive(slot).map_or_else(Lanes::default, |alive| stale_hash(alive.record))
    }

    /// By how much the sum changes when a slot that is held becomes fresh.
    #[must_use]
    pub fn freshened(&self, facets: &Facets, slot: Slot) -> Lanes {
        let mut more = self.fresh(slot);
        more -= self.stale(facets, slot);
        more
    }

    /// Moves every facet one tick on and packs what was not as predicted. What was born in this tick starts from its row.
    /// What is packed is counted in `tally`, too, if there is one.
    pub fn pack(
        &mut self,
        layout: &Layout,
        tables: &Tables,
        (facets, rows): (&Facets, &Rows),
        pieces: &mut TickPieces,
        mut tally: Option<&mut Tally>,
    ) {
        self.sums.resize(facets.audiences().count(), Lanes::default());
        for &(slot, place) in facets.retired() {
            self.sums[place] -= self.hashes[slot.index()];
        }
        for (at, (&alive, &born)) in facets.alive_slots().words().iter().zip(facets.born().words()).enumerate() {
            let mut left = alive;
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                let slot = Slot((at * 64) as u16 + bit as u16);
                let Some(alive) = facets.alive(slot) else { continue };
                self.pack_facet(
                    (layout, tables),
                    alive,
                    rows.row(slot),
                    born >> bit & 1 != 0,
                    pieces,
                    tally.as_deref_mut(),
                );
            }
        }
    }

    /// Moves one facet on.
    #[inline]
    fn pack_facet(
        &mut self,
        (layout, tables): (&Layout, &Tables),
        alive: &Alive,
        row: &[i32],
        born: bool,
        pieces: &mut TickPieces,
        tally: Option<&mut Tally>,
    ) {
        let record = alive.record;
        let slot = record.slot;
        let facet = &layout.facets()[usize::from(record.kind.0)];
        let states = &mut self.states[slot.index() * self.stride..][..self.stride];
        if born {
            for ((state, part), &code) in states.iter_mut().zip(&facet.parts).zip(row) {
                *state = PartState::new(part, code);
            }
        } else {
            let predicted = predict(facet, states, row);
            if predicted.misses.any() {
                let packer = &mut Packer { writer: pieces.bits_mut(), tables };
                match tally {
                    None => write_piece(packer, layout, facet, states, row, predicted.misses),
                    Some(tally) => write_piece(&mut Both(packer, tally), layout, facet, states, row, predicted.misses),
                }
                pieces.add(facet.section, slot);
            }
            if !predicted.moved {
                return;
            }
        }
        let hash = fresh_hash(record, &states[..facet.parts.len()]);
        let before = std::mem::replace(&mut self.hashes[slot.index()], hash);
        let sum = &mut self.sums[alive.place];
        *sum += hash;
        if !born {
            *sum -= before;
        }
    }
}
