//! What every client of a recorded world holds, moved on tick by tick: states by slot, and what changed in this tick.
//!
//! ```text
//!   begin     who went (or was replaced), who came
//!   predict   who stayed moves to its guess; what was missed goes to the caller, to be packed or counted; who came starts
//!   hash      of what moved
//! ```
//!
//! The same order as in the server's `replicate/shadow.rs`, with the same functions of `shared::codec`.
//!
//! Never here: what one viewer gets of it (see `viewer`).

use super::world::{Row, Turn, World};
use shared::codec::digest::fresh_hash;
use shared::codec::piece::{Misses, predict};
use shared::codec::{Lanes, PartState, Record};
use shared::ids::Slot;
use shared::schema::facet::FacetLayout;
use shared::schema::{FacetKind, Kind, Layout};
use shared::slot_set::SlotSet;

/// States and hashes of all slots.
pub(super) struct Shadow<'a> {
    world: &'a World,
    layout: &'a Layout,
    states: Vec<PartState>,
    hashes: Vec<Lanes>,
    kinds: Vec<FacetKind>,
    alive: SlotSet,
    gone: SlotSet,
    moved: SlotSet,
    came: Vec<Row>,
    stayed: Vec<Row>,
    misses: Misses,
}

impl<'a> Shadow<'a> {
    /// Nothing is there yet.
    pub(super) fn new(world: &'a World, layout: &'a Layout) -> Self {
        let slots = layout.slots();
        Self {
            world,
            layout,
            states: vec![PartState::default(); slots * layout.parts_max()],
            hashes: vec![Lanes::default(); slots],
            kinds: vec![FacetKind(0); slots],
            alive: SlotSet::new(slots),
            gone: SlotSet::new(slots),
            moved: SlotSet::new(slots),
            came: Vec::new(),
            stayed: Vec::new(),
            misses: Misses::default(),
        }
    }

    /// Everything that `tick` shows is there, as if it had just come.
    pub(super) fn start(&mut self, tick: usize) {
        self.came.clear();
        self.stayed.clear();
        self.came.extend_from_slice(self.world.rows(tick));
        self.predict(|_, _, _| {});
        self.hash();
    }

    /// A new tick: who goes, who comes.
    pub(super) fn begin(&mut self, tick: usize) {
        self.came.clear();
        self.stayed.clear();
        self.gone.clear();
        for (slot, turn, row) in self.world.turns(tick) {
            if matches!(turn, Turn::Went | Turn::Replaced) {
                self.gone.insert(slot);
                self.alive.remove(slot);
            }
            let list = if matches!(turn, Turn::Stayed { .. }) { &mut self.stayed } else { &mut self.came };
            list.extend(row);
        }
    }

    /// Moves what stayed one tick on and calls `each` with what was not as predicted, by slot. What came starts from its row.
    pub(super) fn predict(&mut self, mut each: impl FnMut(Slot, &FacetLayout, &Misses)) {
        let stride = self.layout.parts_max();
        for row in &self.stayed {
            let facet = &self.layout.facets()[usize::from(self.kinds[row.slot.index()].0)];
            let states = &mut self.states[row.slot.index() * stride..][..facet.parts.len()];
            let predicted = predict(facet, states, self.world.codes(row), &mut self.misses);
            if predicted.missed {
                each(row.slot, facet, &self.misses);
            }
            if predicted.moved {
                self.moved.insert(row.slot);
            }
        }
        for row in &self.came {
            let kind = self.layout.facets_of(Kind(row.archetype))[0];
            let facet = &self.layout.facets()[usize::from(kind.0)];
            let states = &mut self.states[row.slot.index() * stride..];
            for ((state, part), &code) in states.iter_mut().zip(&facet.parts).zip(self.world.codes(row)) {
                *state = PartState::new(part, code);
            }
            self.kinds[row.slot.index()] = kind;
            self.alive.insert(row.slot);
            self.moved.insert(row.slot);
        }
    }

    /// Brings the hashes of what moved up to date.
    pub(super) fn hash(&mut self) {
        for slot in self.moved.iter() {
            self.hashes[slot.index()] = fresh_hash(self.record(slot), self.states(slot));
        }
        self.moved.clear();
    }

    /// What is there.
    pub(super) const fn alive(&self) -> &SlotSet {
        &self.alive
    }

    /// What was there in the tick before, and was somebody else or is no longer.
    pub(super) const fn gone(&self) -> &SlotSet {
        &self.gone
    }

    /// The name of what is there.
    pub(super) fn record(&self, slot: Slot) -> Record {
        Record { slot, kind: self.kinds[slot.index()], anchor: slot }
    }

    /// Its states.
    pub(super) fn states(&self, slot: Slot) -> &[PartState] {
        let parts = self.layout.facets()[usize::from(self.kinds[slot.index()].0)].parts.len();
        &self.states[slot.index() * self.layout.parts_max()..][..parts]
    }

    /// The sum of the hashes of some of what is there.
    pub(super) fn sum(&self, held: &SlotSet) -> Lanes {
        let mut sum = Lanes::default();
        for slot in held.iter() {
            sum += self.hashes[slot.index()];
        }
        sum
    }
}
