//! Which records go into this frame?
//!
//! ```text
//!   wanted = what may be seen and is not held exactly
//!     all of it fits the budget:  all of it, own entity first, then by section and slot            (nearly always)
//!     else the most urgent first: own entity · importance × ticks waited (× 4 if it is not held at all)
//! ```
//!
//! So the most important comes first when somebody joins, and what is far comes later and not never. Since when something waits is
//! noted only while not everything fits.
//!
//! Never here: how bits are written (see `assemble`), how many bytes there are (see `budget`).

use super::budget::Budget;
use super::lane::{Chosen, Lane, Shared};
use super::parking::Parking;
use super::view::View;
use shared::ids::{Slot, Tick};
use shared::limits::ENTITY_FACETS_MAX;
use shared::schema::Section;

/// How much more urgent it is what a client does not hold at all.
const UNHELD_TIMES: u64 = 4;
/// Bits that a record has besides its slot, at the least.
const RECORD_BITS_MIN: usize = 4;

/// A record that is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    slot: Slot,
    section: Section,
    /// It is of the client's own entity.
    own: bool,
    /// The client does not hold it at all.
    unheld: bool,
    urgency: u64,
}

/// Since when one client has waited for what. Takes no memory unless something did not fit lately.
#[derive(Clone, Debug, Default)]
pub struct Waits {
    since: Vec<Option<Tick>>,
}

impl Waits {
    /// The ticks that a slot's record was waited for, this one included.
    fn ticks(&mut self, slot: Slot, now: Tick) -> u64 {
        let since = self.since[slot.index()].get_or_insert(now);
        u64::from(now.since(*since)) + 1
    }

    /// It got its record.
    fn end(&mut self, slot: Slot) {
        if let Some(since) = self.since.get_mut(slot.index()) {
            *since = None;
        }
    }

    /// Nothing waits: the memory is given back.
    pub fn clear(&mut self) {
        if !self.since.is_empty() {
            self.since = Vec::new();
        }
    }
}

/// Chooses this frame's records within the budget: afterwards they are in [`Lane::chosen`] and `held`, and a section of which all
/// that was wanted goes into the frame is whole. True if the client holds all that it may see, exactly or not.
pub(super) fn choose_records(
    shared: Shared<'_>,
    lane: &mut Lane,
    view: &mut View,
    (waits, parking): (&mut Waits, &mut Parking),
    budget: &mut Budget,
    own: &[Option<Slot>; ENTITY_FACETS_MAX],
) -> bool {
    lane.chosen.iter_mut().for_each(Vec::clear);
    lane.wanted.clear();
    if view.is_whole() {
        waits.clear();
        return true;
    }
    let lacking = Section::ALL.map(|section| !view.holding(section).is_whole());
    for section in Section::ALL.into_iter().filter(|section| lacking[section.index()]) {
        find_wanted(shared, lane, view, section, own);
    }
    let unheld = lane.wanted.iter().filter(|wanted| wanted.unheld).count();
    let mut left = Section::ALL.map(|section| lane.demoting.of(section).is_some());
    if all_fit(shared, lane, budget) {
        if lane.wanted.iter().any(|wanted| wanted.own) {
            lane.wanted.sort_by_key(|wanted| !wanted.own);
        }
        waits.clear();
    } else {
        rank(shared, lane, waits, budget, own, &mut left);
    }
    let mut at = 0;
    while let Some(&wanted) = lane.wanted.get(at) {
        match take_wanted(shared, lane, view, budget, wanted) {
            Take::Taken => waits.end(wanted.slot),
            Take::NoAnchor => left[wanted.section.index()] = true,
            Take::OverBudget => {
                lane.wanted[at..].iter().for_each(|wanted| left[wanted.section.index()] = true);
                break;
            }
        }
        at += 1;
    }
    for section in Section::ALL.into_iter().filter(|section| lacking[section.index()] && !left[section.index()]) {
        view.level_out(section, shared.facets);
    }
    let mut news = 0;
    let Shared { weights, facets, shadow, .. } = shared;
    for chosen in lane.chosen.iter().flatten().filter(|chosen| chosen.new) {
        news += 1;
        parking.welcome(chosen.slot, || {
            let place = own[0].and_then(|anchor| weights.place_at(anchor, facets, shadow));
            weights.importance(chosen.slot, place, facets, shadow)
        });
    }
    news == unheld
}

/// Notes what the client may see of a section and does not hold fresh, ascending.
fn find_wanted(
    shared: Shared<'_>,
    lane: &mut Lane,
    view: &View,
    section: Section,
    own: &[Option<Slot>; ENTITY_FACETS_MAX],
) {
    let Some(visible) = view.visible(section, shared.facets) else { return };
    let holding = view.holding(section);
    for at in holding.uneven().iter() {
        let held = holding.held.words()[at];
        let mut word = visible.words()[at] & !holding.fresh.words()[at];
        while word != 0 {
            let bit = word.trailing_zeros();
            let slot = Slot((at * 64) as u16 + bit as u16);
            let (own, unheld) = (own.contains(&Some(slot)), held >> bit & 1 == 0);
            lane.wanted.push(Wanted { slot, section, own, unheld, urgency: 0 });
            word &= word - 1;
        }
    }
}

/// Whether all that is wanted fits the budget. What is made for it is kept for the tick.
fn all_fit(shared: Shared<'_>, lane: &mut Lane, budget: &Budget) -> bool {
    let Lane { wanted, records, .. } = lane;
    if wanted.len() <= 1 {
        return true;
    }
    if wanted.len() * record_bits_min(shared) > budget.record_bits_left() {
        return false;
    }
    let Shared { layout, tables, facets, shadow, .. } = shared;
    let mut bits = 0;
    wanted.iter().all(|wanted| {
        bits += records.of(wanted.slot, layout, tables, facets, shadow).map_or(0, |span| span.length + 1);
        bits <= budget.record_bits_left()
    })
}

fn record_bits_min(shared: Shared<'_>) -> usize {
    RECORD_BITS_MIN + shared.layout.slot_bits() as usize
}

/// The most urgent come first, and only as many as may fit stay. In `left`: the sections that lose some by that.
fn rank(
    shared: Shared<'_>,
    lane: &mut Lane,
    waits: &mut Waits,
    budget: &Budget,
    own: &[Option<Slot>; ENTITY_FACETS_MAX],
    left: &mut [bool; 4],
) {
    let Shared { layout, facets, shadow, weights, .. } = shared;
    waits.since.resize(layout.slots(), None);
    let place = own[0].and_then(|anchor| weights.place_at(anchor, facets, shadow));
    for wanted in &mut lane.wanted {
        let waited = waits.ticks(wanted.slot, shared.tick);
        let importance = u64::from(weights.importance(wanted.slot, place, facets, shadow));
        let times = if wanted.unheld { UNHELD_TIMES } else { 1 };
        wanted.urgency = if wanted.own { u64::MAX } else { importance * waited * times };
    }
    let by_urgency = |one: &Wanted, other: &Wanted| {
        other.urgency.cmp(&one.urgency).then(one.section.cmp(&other.section)).then(one.slot.0.cmp(&other.slot.0))
    };
    let fitting = 1 + budget.record_bits_left() / record_bits_min(shared);
    if fitting < lane.wanted.len() {
        lane.wanted.select_nth_unstable_by(fitting, by_urgency);
        lane.wanted.drain(fitting..).for_each(|wanted| left[wanted.section.index()] = true);
    }
    lane.wanted.sort_unstable_by(by_urgency);
}

/// What became of a record that was wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Take {
    Taken,
    /// Who does not have the anchor has nothing to hang the rest on.
    NoAnchor,
    OverBudget,
}

/// Takes a record, and its anchor's before it if the client lacks that.
fn take_wanted(shared: Shared<'_>, lane: &mut Lane, view: &mut View, budget: &mut Budget, wanted: Wanted) -> Take {
    let Wanted { slot, section, .. } = wanted;
    if wanted.unheld && view.holding(section).held.contains(slot) {
        return Take::Taken; // as somebody's anchor
    }
    let Some(anchor) = shared.facets.alive(slot).map(|alive| alive.record.anchor) else { return Take::NoAnchor };
    if anchor != slot && !view.holding(Section::Everyone).held.contains(anchor) {
        let visible = view.visible(Section::Everyone, shared.facets);
        if !visible.is_some_and(|visible| visible.contains(anchor)) {
            return Take::NoAnchor;
        }
        let take = take(shared, lane, view, budget, anchor, Section::Everyone);
        if take != Take::Taken {
            return take;
        }
    }
    take(shared, lane, view, budget, slot, section)
}

fn take(
    shared: Shared<'_>,
    lane: &mut Lane,
    view: &mut View,
    budget: &mut Budget,
    slot: Slot,
    section: Section,
) -> Take {
    let Shared { layout, tables, facets, shadow, .. } = shared;
    let Some(span) = lane.records.of(slot, layout, tables, facets, shadow) else { return Take::NoAnchor };
    if !budget.take_record(span.length + 1) {
        return Take::OverBudget;
    }
    let new = view.holding_mut(section).held.insert(slot);
    lane.chosen[section.index()].push(Chosen { slot, span, new });
    Take::Taken
}
