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

use super::declare::places;
use super::world::{Row, Turn, World};
use shared::codec::contexts::{Nowhere, Sink};
use shared::codec::digest::fresh_hash;
use shared::codec::piece::{Misses, predict, write_piece};
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
    /// Scratch: the codes of a row in the order of parts.
    row: Vec<i32>,
}

/// A facet that did not move as predicted.
#[must_use]
pub(super) struct Missed<'a> {
    layout: &'a Layout,
    facet: &'a FacetLayout,
    states: &'a mut [PartState],
    row: &'a [i32],
    misses: Misses,
}

impl Missed<'_> {
    /// Writes its piece, and corrects it: every one must be written, if to nowhere.
    pub(super) fn write(self, sink: &mut impl Sink) {
        write_piece(sink, self.layout, self.facet, self.states, self.row, self.misses);
    }
}

/// Puts a row's codes in the order of parts.
fn arrange(layout: &Layout, world: &World, row: &Row, codes: &mut Vec<i32>) {
    let by_field = world.codes(row);
    codes.clear();
    codes.resize(by_field.len(), 0);
    for (field, part) in places(layout, usize::from(row.archetype)) {
        codes[part] = by_field[field];
    }
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
            row: Vec::new(),
        }
    }

    /// Everything that `tick` shows is there, as if it had just come.
    pub(super) fn start(&mut self, tick: usize) {
        self.came.clear();
        self.stayed.clear();
        self.came.extend_from_slice(self.world.rows(tick));
        self.predict(|_, missed| missed.write(&mut Nowhere));
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

    /// Moves what stayed one tick on and calls `each` with what was not as predicted, by slot, to be written. What came starts
    /// from its row.
    pub(super) fn predict(&mut self, mut each: impl FnMut(Slot, Missed<'_>)) {
        let stride = self.layout.parts_max();
        for row in &self.stayed {
            let facet = &self.layout.facets()[usize::from(self.kinds[row.slot.index()].0)];
            let states = &mut self.states[row.slot.index() * stride..][..facet.parts.len()];
            arrange(self.layout, self.world, row, &mut self.row);
            let predicted = predict(facet, states, &self.row);
            let misses = predicted.misses;
            if misses.any() {
                each(row.slot, Missed { layout: self.layout, facet, states, row: &self.row, misses });
            }
            if predicted.moved {
                self.moved.insert(row.slot);
            }
        }
        for row in &self.came {
            let kind = self.layout.facets_of(Kind(row.archetype))[0];
            let facet = &self.layout.facets()[usize::from(kind.0)];
            let states = &mut self.states[row.slot.index() * stride..];
            arrange(self.layout, self.world, row, &mut self.row);
            for ((state, part), &code) in states.iter_mut().zip(&facet.parts).zip(&self.row) {
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
