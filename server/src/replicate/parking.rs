//! Which slots does a client get no pieces of, because there are too many?
//!
//! Pieces are what a client holds exactly with, so they come before records, but not before everything: where they would take more
//! than three quarters of the budget, the least important slots are *parked*, a mark on the server. What is parked gets no pieces.
//! It stays held; with its next change it is *demoted* (held, but not exact any more), and in its turn it gets a record, which is
//! exact until the change after that.
//!
//! ```text
//!   pieces of what is not parked, of the budget
//!     over 3/4                    park the least important of those that changed, down to 5/8
//!     at most 1/2 for a second    the most important come back, as many as 1/8 has room for
//!     now and then                a parked one that is twice as important as one that is not changes places with it
//! ```
//!
//! Demoting saves a byte now and costs a record later: so there is a wide gap between too much and room again, and what is as
//! important as another never takes its place. Only catching up is different: pieces of many ticks that are more than a message
//! holds demote without a mark.
//!
//! Never here: records (see `choose`), bits (see `assemble`).

use super::budget::Budget;
use super::lane::{Lane, Shared};
use super::pieces::SectionPieces;
use super::survey::Survey;
use super::view::View;
use super::weights::Place;
use shared::ids::{Slot, Tick};
use shared::limits::ENTITY_FACETS_MAX;
use shared::schema::Section;
use shared::slot_set::SlotSet;

/// Eighths of the budget: pieces over this are too much; parking goes down to the next; below the last there is room again.
const TOO_MUCH: usize = 6;
/// See [`TOO_MUCH`].
const ENOUGH: usize = 5;
/// See [`TOO_MUCH`].
const ROOM: usize = 4;
/// Ticks for which there must be room before something comes back.
const CALM_TICKS: u32 = 30;
/// Ticks between two looks at who should change places.
const SWAP_TICKS: u32 = 30;
/// Pairs that may change places at once.
const SWAPS_MAX: usize = 8;
/// Bits of a position, as a rule.
const POSITION_BITS: usize = 8;
/// Bits of a list's count and of the padding of a section.
const LIST_BITS: usize = 24;

/// What one client has parked. Takes no memory before the first.
#[derive(Clone, Debug, Default)]
pub struct Parking {
    parked: SlotSet,
    count: usize,
    /// Ticks in a row in which there was room, and the bits that parked slots would have had in them.
    calm_ticks: u32,
    calm_bits: usize,
    ticks_since_swap: u32,
    /// The highest importance of what was parked when there was too much: what is new and no more important is parked at once.
    mark: u32,
}

/// The pieces of one slot in the covered ticks, or its importance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    slot: Slot,
    section: Section,
    bits: usize,
    importance: u32,
}

/// The frame that is being decided.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    /// Ticks that it covers.
    pub(super) covered: u32,
    /// Slots that are never parked: the client's own.
    pub(super) own: [Option<Slot>; ENTITY_FACETS_MAX],
    /// Bits that it may have for each tick.
    pub(super) bits_per_tick: usize,
}

impl Scope {
    fn ticks(self, shared: Shared<'_>) -> impl Iterator<Item = Tick> + Clone {
        let to = shared.tick.0;
        (0..self.covered).rev().map(move |back| Tick(to - back))
    }
}

impl Parking {
    /// How many slots are parked.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// What is parked, ascending.
    pub fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        self.parked.iter()
    }

    /// Nothing is parked: the client starts anew.
    pub fn clear(&mut self) {
        if self.count > 0 {
            *self = Self::default();
        }
    }

    /// A client that has something parked gets the record of a slot that it did not hold: whether its pieces come, too.
    pub(super) fn welcome(&mut self, slot: Slot, importance: impl FnOnce() -> u32) {
        if self.count > 0 && importance() <= self.mark {
            self.count += usize::from(self.parked.insert(slot));
        }
    }

    /// Decides for a step which slots are sent no pieces: those are in [`Lane::demoting`] afterwards, and the bits of all others
    /// are spent.
    pub(super) fn decide(
        &mut self,
        shared: Shared<'_>,
        lane: &mut Lane,
        view: &mut View,
        budget: &mut Budget,
        scope: Scope,
    ) {
        let bits = budget.bits();
        // Who wants no records needs no exact sum. For others what they may not see must not count: how many records come would
        // tell of it.
        if self.count == 0 && view.is_whole() {
            let roughly = scope.ticks(shared).map(|tick| roughly(shared, tick)).sum::<usize>();
            if roughly * 8 <= bits * TOO_MUCH {
                budget.spend(roughly);
                return;
            }
        }
        if self.count == 0
            && let Some(sum) = exactly(lane, view, scope)
            && sum * 8 <= bits * TOO_MUCH
        {
            budget.spend(sum);
            return;
        }
        self.forget_leaving(view);
        let (parked_bits, lists) = self.weigh(shared, lane, view, scope);
        let mut sum: usize = lane.load.iter().map(|load| load.bits).sum();
        if (sum + lists) * 8 > bits * TOO_MUCH {
            sum = self.park(shared, lane, scope, sum, (bits * ENOUGH / 8).saturating_sub(lists));
        } else if self.count > 0 {
            self.bring_back(shared, lane, view, scope, (sum + lists, parked_bits, bits));
        }
        budget.spend(sum + lists + lane.demoting.count() * POSITION_BITS);
    }

    /// What leaves is parked no more: its slot may soon be another's.
    fn forget_leaving(&mut self, view: &View) {
        if self.count == 0 {
            return;
        }
        for section in Section::ALL {
            self.parked.subtract(&view.holding(section).leaving);
        }
        self.count = self.parked.count();
    }

    /// Notes what the pieces of each slot that is not parked take, and marks what is parked and changed as to be demoted. Says what
    /// the pieces of all that is parked would take, and the lists of all pieces.
    fn weigh(&mut self, shared: Shared<'_>, lane: &mut Lane, view: &View, scope: Scope) -> (usize, usize) {
        lane.load.clear();
        let (mut parked_bits, mut lists) = (0, 0);
        for own in scope.own.iter().flatten() {
            self.count -= usize::from(self.parked.remove(*own));
        }
        let Lane { load, demoting, .. } = lane;
        for tick in scope.ticks(shared) {
            let Some(pieces) = shared.ring.of(tick) else { continue };
            for section in Section::ALL {
                let (pieces, before) = (pieces.section(section), load.len());
                let fresh = &view.holding(section).fresh;
                pieces.of(fresh, |piece| {
                    if self.parked.contains(piece.slot) {
                        demoting.insert(piece.slot, section);
                    } else {
                        load.push(Load { slot: piece.slot, section, bits: piece.span.length, importance: 0 });
                    }
                });
                let sent = &mut load[before..];
                if !sent.is_empty() {
                    let position = position_bits(fresh.count(), sent.len());
                    sent.iter_mut().for_each(|load| load.bits += position);
                    lists += LIST_BITS;
                }
                if self.count > 0 {
                    pieces.of(&self.parked, |piece| parked_bits += piece.span.length + POSITION_BITS);
                }
            }
        }
        if scope.covered > 1 {
            load.sort_unstable_by_key(|load| load.slot.0);
            load.dedup_by(|other, one| {
                let same = other.slot == one.slot;
                one.bits += if same { other.bits } else { 0 };
                same
            });
        }
        (parked_bits, lists)
    }

    /// Parks the least important until the pieces of the others take `enough` bits; returns what they take.
    fn park(&mut self, shared: Shared<'_>, lane: &mut Lane, scope: Scope, mut sum: usize, enough: usize) -> usize {
        let too_much_per_tick = scope.bits_per_tick * TOO_MUCH / 8;
        let marks = sum > too_much_per_tick * scope.covered as usize;
        self.make_room(shared);
        let place = place(shared, scope);
        for load in &mut lane.load {
            load.importance = importance(shared, scope, place, load.slot);
        }
        lane.load.sort_unstable_by_key(|load| (load.importance, load.slot.0));
        for load in lane.load.iter().take_while(|load| load.importance < u32::MAX) {
            if sum <= enough {
                break;
            }
            sum -= load.bits;
            lane.demoting.insert(load.slot, load.section);
            if marks {
                self.mark = load.importance;
                self.count += usize::from(self.parked.insert(load.slot));
            }
        }
        self.calm_ticks = 0;
        self.calm_bits = 0;
        sum
    }

    /// Something is parked, and the pieces of the others take `sum` bits of so many: lets the most important come back if there is
    /// room for a while, and lets some change places now and then.
    fn bring_back(
        &mut self,
        shared: Shared<'_>,
        lane: &mut Lane,
        view: &View,
        scope: Scope,
        (sum, parked_bits, bits): (usize, usize, usize),
    ) {
        self.ticks_since_swap += scope.covered;
        if sum * 8 <= bits * ROOM {
            self.calm_ticks += scope.covered;
            self.calm_bits += parked_bits;
        } else {
            (self.calm_ticks, self.calm_bits) = (0, 0);
        }
        if self.calm_ticks >= CALM_TICKS {
            // As many as the eighth of a tick's budget has room for, by what they took on average.
            let room = scope.bits_per_tick / 8 * self.calm_ticks as usize * self.count;
            let back = (room / self.calm_bits.max(1)).max(1);
            self.rank_parked(shared, lane, scope);
            for load in lane.load.iter().take(back) {
                self.mark = load.importance;
                self.count -= usize::from(self.parked.remove(load.slot));
            }
            (self.calm_ticks, self.calm_bits) = (0, 0);
        } else if self.ticks_since_swap >= SWAP_TICKS {
            self.ticks_since_swap = 0;
            self.rank_parked(shared, lane, scope);
            self.swap(shared, lane, view, scope);
        }
    }

    /// Notes what is parked, the most important first.
    fn rank_parked(&self, shared: Shared<'_>, lane: &mut Lane, scope: Scope) {
        let place = place(shared, scope);
        lane.load.clear();
        lane.load.extend(self.parked.iter().map(|slot| {
            let importance = importance(shared, scope, place, slot);
            Load { slot, section: Section::Everyone, bits: 0, importance }
        }));
        lane.load.sort_unstable_by_key(|load| (u32::MAX - load.importance, load.slot.0));
    }

    /// The most important of what is parked takes the place of what is half as important and not parked.
    fn swap(&mut self, shared: Shared<'_>, lane: &mut Lane, view: &View, scope: Scope) {
        let place = place(shared, scope);
        let Lane { load, others, .. } = lane;
        others.clear();
        for section in Section::ALL {
            let fresh = view.holding(section).fresh.iter().filter(|&slot| !self.parked.contains(slot));
            others.extend(fresh.map(|slot| (importance(shared, scope, place, slot), slot)));
        }
        let pairs = SWAPS_MAX.min(others.len()).min(load.len());
        if pairs == 0 {
            return;
        }
        others.select_nth_unstable_by_key(pairs - 1, |&(importance, slot)| (importance, slot.0));
        others.truncate(pairs);
        others.sort_unstable_by_key(|&(importance, slot)| (importance, slot.0));
        for (parked, &(importance, slot)) in load.iter().zip(others.iter()) {
            if parked.importance / 2 < importance {
                break;
            }
            self.parked.remove(parked.slot);
            self.parked.insert(slot);
        }
    }

    fn make_room(&mut self, shared: Shared<'_>) {
        if self.parked.words().is_empty() {
            self.parked = SlotSet::new(shared.layout.slots());
        }
    }
}

/// What the pieces of a tick take at the most, all of them.
fn roughly(shared: Shared<'_>, tick: Tick) -> usize {
    let all = |pieces: &SectionPieces| match pieces.pieces.len() {
        0 => 0,
        count => LIST_BITS + pieces.bits + count * POSITION_BITS,
    };
    let Some(pieces) = shared.ring.of(tick) else { return 0 };
    Section::ALL.into_iter().map(|section| all(pieces.section(section))).sum()
}

/// What the pieces of a client who wants records take in this tick, and their lists, if it was looked at: then what was not looked
/// at has none.
fn exactly(lane: &Lane, view: &View, scope: Scope) -> Option<usize> {
    if scope.covered != 1 || view.is_whole() {
        return None;
    }
    let bits = |sent: usize, bits: usize, fresh: u32| match sent {
        0 => 0,
        sent => bits + sent * position_bits(fresh as usize, sent) + LIST_BITS,
    };
    let looked_at = lane.surveys.iter().filter_map(Survey::found);
    let alike = lane.like.iter().flatten().map(|&place| lane.alike.at(place));
    let alone = looked_at.map(|found| bits(found.changed.len(), found.bits, found.fresh));
    Some(alone.chain(alike.map(|changes| bits(changes.pieces, changes.piece_bits, changes.fresh_count))).sum())
}

/// What a position takes where so many of so many are sent: many are a bitmap.
fn position_bits(fresh: usize, sent: usize) -> usize {
    POSITION_BITS.min(1 + fresh / sent)
}

fn place(shared: Shared<'_>, scope: Scope) -> Option<Place> {
    shared.weights.place_at(scope.own[0]?, shared.facets, shared.shadow)
}

/// How important a slot is; its own are beyond all others.
fn importance(shared: Shared<'_>, scope: Scope, place: Option<Place>, slot: Slot) -> u32 {
    if scope.own.contains(&Some(slot)) {
        return u32::MAX;
    }
    shared.weights.importance(slot, place, shared.facets, shared.shadow)
}
