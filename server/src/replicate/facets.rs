//! Which facets are alive, who may see them, and which slots an entity's facets have.
//!
//! ```text
//!   EntityId ─► Tracked { kind, owner, team, slots[facet] }          slot ─► Alive { record, entity }
//!   per section: the slots alive for everyone · per team · per player · references     (and of all teams, of all players: auditors)
//! ```
//!
//! An entity's facet is born when its entity is (or gets an owner, a team, a living target) and retired when that ends; its
//! slot is *gone* in that tick. Slots for all facets of an entity are drawn when it comes and kept until it goes, so that who
//! is not seen and changes sides, or aims at somebody, shifts nobody's slots.

use super::audiences::{self, Audience, AudienceKey, Audiences};
use super::companions::Companions;
use super::slots::Slots;
use super::words::Words;
use shared::codec::Record;
use shared::ids::{EntityId, PlayerId, Slot, Tick};
use shared::limits::ENTITY_FACETS_MAX;
use shared::schema::{FacetKind, Kind, Layout, Section};
use shared::slot_set::SlotSet;
use std::collections::{BTreeMap, BTreeSet, btree_map};
use std::sync::Arc;

/// An entity that is replicated.
#[derive(Clone, Debug)]
pub struct Tracked {
    /// What it is.
    pub kind: Kind,
    /// Who owns it.
    pub owner: Option<PlayerId>,
    /// Its team.
    pub team: Option<u8>,
    /// The slots of its facets that are alive, in the order of its kind's facets.
    pub slots: [Option<Slot>; ENTITY_FACETS_MAX],
    /// The slots of all its facets, alive or not.
    kept: [Option<Slot>; ENTITY_FACETS_MAX],
}

impl Tracked {
    /// An entity that has no slots yet.
    #[must_use]
    pub const fn new(kind: Kind, owner: Option<PlayerId>, team: Option<u8>) -> Self {
        let none = [None; ENTITY_FACETS_MAX];
        Self { kind, owner, team, slots: none, kept: none }
    }
}

/// A facet that is alive.
#[derive(Clone, Copy, Debug)]
pub struct Alive {
    /// Its name on the wire.
    pub record: Record,
    /// Whose it is.
    pub entity: EntityId,
    /// Who may see it, beyond its section.
    pub audience: AudienceKey,
    /// Since when: before, its slot was free or another's.
    pub born: Tick,
    /// Where [`Audience::place`] says.
    pub place: usize,
}

impl Alive {
    /// It is a field that names another entity.
    #[must_use]
    pub const fn is_reference(&self) -> bool {
        self.place == audiences::REFERENCES
    }
}

/// Finds entities that are replicated, quickly where they are asked for in the order of their numbers: as they stand in the
/// World's tables, but for those that took the place of one that went.
pub struct Finder<'a> {
    tracked: &'a BTreeMap<EntityId, Tracked>,
    ahead: btree_map::Range<'a, EntityId, Tracked>,
}

impl<'a> Finder<'a> {
    /// The entity of this number.
    #[inline]
    pub fn find(&mut self, id: EntityId) -> Option<&'a Tracked> {
        if let Some((&next, tracked)) = self.ahead.next()
            && next == id
        {
            return Some(tracked);
        }
        self.ahead = self.tracked.range(id..);
        self.ahead.next().filter(|&(&found, _)| found == id).map(|(_, tracked)| tracked)
    }
}

/// All facets of a room.
#[derive(Debug)]
pub struct Facets {
    layout: Arc<Layout>,
    slots: Slots,
    tracked: BTreeMap<EntityId, Tracked>,
    alive: Vec<Option<Alive>>,
    tick: Tick,
    alive_slots: SlotSet,
    companions: Companions,
    audiences: Audiences,
    /// Retired in this tick and not born in it, with the places of their audiences.
    retired: Vec<(Slot, usize)>,
    /// Born in this tick: a record, no piece.
    born: SlotSet,
    /// Retired in this tick.
    gone: SlotSet,
    /// The words of these.
    gone_words: Words,
    /// Entities with a facet that found no slot: tried again every tick.
    waiting: BTreeSet<EntityId>,
}

impl Facets {
    /// Nothing alive yet.
    #[must_use]
    pub fn new(layout: Arc<Layout>, slot_seed: u64) -> Self {
        let slots = layout.slots();
        Self {
            slots: Slots::new(layout.slot_bits(), slot_seed),
            layout,
            tracked: BTreeMap::new(),
            alive: vec![None; slots],
            tick: Tick(0),
            alive_slots: SlotSet::new(slots),
            companions: Companions::new(slots),
            audiences: Audiences::new(slots),
            retired: Vec::new(),
            born: SlotSet::new(slots),
            gone: SlotSet::new(slots),
            gone_words: Words::none(slots.div_ceil(64)),
            waiting: BTreeSet::new(),
        }
    }

    /// A new tick begins: what was born and what went last tick is history.
    pub fn next_tick(&mut self, tick: Tick) {
        self.tick = tick;
        self.slots.next_tick();
        self.born.clear();
        self.gone.clear();
        self.gone_words.clear();
        self.retired.clear();
    }

    /// Begins to replicate an entity: its anchor, and its owner's and team's facets if it has these. Facets of
    /// references are born by `bear_reference` when their target lives.
    pub fn track(&mut self, id: EntityId, tracked: Tracked) {
        self.tracked.insert(id, tracked);
        self.settle(id);
    }

    /// Ends an entity: all its facets are retired.
    pub fn untrack(&mut self, id: EntityId) {
        self.unsettle(id);
        self.tracked.remove(&id);
        self.waiting.remove(&id);
    }

    /// Draws the slots of an entity that it has not yet, and bears the facets that have an audience.
    fn settle(&mut self, id: EntityId) {
        for place in 0..self.kinds_of(id).len() {
            if self.keep(id, place).is_none() {
                self.waiting.insert(id);
            }
            self.bear(id, place);
        }
    }

    /// Retires all facets of an entity and gives back its slots.
    fn unsettle(&mut self, id: EntityId) {
        // The anchor last: the others hang on it.
        for place in (0..ENTITY_FACETS_MAX).rev() {
            self.retire(id, place);
            self.release(id, place);
        }
    }

    /// Tries again to place what found no slot; the entities of which something was tried, for their rows to be read.
    pub fn place_waiting(&mut self) -> BTreeSet<EntityId> {
        let waiting = std::mem::take(&mut self.waiting);
        for &id in &waiting {
            self.settle(id);
        }
        waiting
    }

    /// Changes who owns an entity and which team it is of; facets of the old ones retire, of the new ones are born.
    /// True if anything changed.
    pub fn assign(&mut self, id: EntityId, owner: Option<PlayerId>, team: Option<u8>) -> bool {
        let Some(tracked) = self.tracked.get_mut(&id) else { return false };
        let changed = [(Section::Owner, tracked.owner != owner), (Section::Team, tracked.team != team)];
        tracked.owner = owner;
        tracked.team = team;
        let mut any = false;
        for (section, _) in changed.into_iter().filter(|&(_, changed)| changed) {
            for place in 0..self.kinds_of(id).len() {
                if self.section_at(id, place) == Some(section) {
                    self.retire(id, place);
                    self.bear(id, place);
                    any = true;
                }
            }
        }
        any
    }

    /// The slot of the facet at `place` of an entity, drawn if it has none yet.
    fn keep(&mut self, id: EntityId, place: usize) -> Option<Slot> {
        let kept = self.tracked.get_mut(&id)?.kept.get_mut(place)?;
        if kept.is_none() {
            *kept = self.slots.draw();
        }
        *kept
    }

    /// Gives back the slot of a facet that is not alive.
    fn release(&mut self, id: EntityId, place: usize) {
        if let Some(slot) = self.tracked.get_mut(&id).and_then(|tracked| tracked.kept[place].take()) {
            self.slots.release(slot);
        }
    }

    /// Bears the facet at `place` of an entity, if it has an audience, its anchor lives, and it does not live yet.
    /// A reference's facet is born only when asked for by [`Facets::bear_reference`].
    fn bear(&mut self, id: EntityId, place: usize) -> Option<Slot> {
        let section = self.section_at(id, place)?;
        let tracked = self.tracked.get(&id)?;
        let audience = match section {
            Section::Everyone => AudienceKey::All,
            Section::Team => AudienceKey::Team(tracked.team?),
            Section::Owner => AudienceKey::Player(tracked.owner?),
            Section::References => return None,
        };
        self.bear_for(id, place, section, audience)
    }

    /// Bears a reference's facet; its slot.
    pub fn bear_reference(&mut self, id: EntityId, place: usize) -> Option<Slot> {
        self.bear_for(id, place, Section::References, AudienceKey::All)
    }

    fn bear_for(&mut self, id: EntityId, place: usize, section: Section, audience: AudienceKey) -> Option<Slot> {
        let kind = *self.kinds_of(id).get(place)?;
        let tracked = self.tracked.get_mut(&id)?;
        if let Some(slot) = tracked.slots[place] {
            return Some(slot);
        }
        if place > 0 && tracked.slots[0].is_none() {
            return None;
        }
        let slot = tracked.kept[place]?;
        tracked.slots[place] = Some(slot);
        let anchor = tracked.slots[0].unwrap_or(slot);
        let place = self.audiences.insert(section, audience, slot);
        let record = Record { slot, kind, anchor };
        self.alive[slot.index()] = Some(Alive { record, entity: id, audience, born: self.tick, place });
        self.alive_slots.insert(slot);
        self.born.insert(slot);
        self.companions.join(anchor, slot);
        Some(slot)
    }

    /// Anchors of entities that have other facets alive, too.
    #[must_use]
    pub const fn accompanied(&self) -> &SlotSet {
        self.companions.accompanied()
    }

    /// The other facets that are alive of the entity with this anchor, in no particular order.
    pub fn companions(&self, anchor: Slot) -> impl Iterator<Item = &Alive> + '_ {
        self.companions.of(anchor).filter_map(|slot| self.alive(slot))
    }

    /// Retires the facet at `place` of an entity, if it is alive.
    pub fn retire(&mut self, id: EntityId, place: usize) {
        let Some(slot) = self.tracked.get_mut(&id).and_then(|tracked| tracked.slots[place].take()) else { return };
        let Some(alive) = self.alive[slot.index()].take() else { return };
        self.alive_slots.remove(slot);
        self.companions.leave(alive.record.anchor, slot);
        if let Some(facet) = self.layout.facet(alive.record.kind) {
            self.audiences.remove(facet.section, (alive.audience, alive.place), slot);
        }
        if !self.born.remove(slot) {
            self.gone.insert(slot);
            self.gone_words.insert_slot(slot);
            self.retired.push((slot, alive.place));
        }
    }

    /// Retires a facet and gives it a new slot: it changed in what may not change.
    pub fn renew(&mut self, id: EntityId, place: usize) -> Option<Slot> {
        self.slot_at(id, place)?;
        if place == 0 {
            // The others name the anchor's slot: all of them start anew.
            self.unsettle(id);
        } else {
            self.retire(id, place);
            self.release(id, place);
        }
        self.settle(id);
        self.slot_at(id, place)
    }

    /// The facets that an entity of this kind has.
    #[must_use]
    pub fn kinds_of(&self, id: EntityId) -> &[FacetKind] {
        self.tracked.get(&id).map_or(&[], |tracked| self.layout.facets_of(tracked.kind))
    }

    fn section_at(&self, id: EntityId, place: usize) -> Option<Section> {
        let kind = self.kinds_of(id).get(place)?;
        self.layout.facet(*kind).map(|facet| facet.section)
    }

    /// The slot of the facet at `place` of an entity.
    #[must_use]
    pub fn slot_at(&self, id: EntityId, place: usize) -> Option<Slot> {
        self.tracked.get(&id)?.slots[place]
    }

    /// The anchor's slot of an entity.
    #[must_use]
    pub fn anchor(&self, id: EntityId) -> Option<Slot> {
        self.slot_at(id, 0)
    }

    /// The slots of an entity's facets, the anchor's first, for who knows which slot the anchor had last: as a rule that still is
    /// so, and nothing is searched for.
    #[must_use]
    pub fn slots_of(&self, id: EntityId, anchor: Option<Slot>) -> [Option<Slot>; ENTITY_FACETS_MAX] {
        let mut slots = [None; ENTITY_FACETS_MAX];
        match anchor.filter(|&slot| self.is_anchor_of(slot, id)) {
            Some(slot) if !self.accompanied().contains(slot) => slots[0] = Some(slot),
            _ => slots = self.tracked.get(&id).map_or(slots, |tracked| tracked.slots),
        }
        slots
    }

    /// Whether an entity's anchor has this slot.
    #[must_use]
    pub fn is_anchor_of(&self, slot: Slot, id: EntityId) -> bool {
        self.alive(slot).is_some_and(|alive| alive.entity == id && alive.record.anchor == slot)
    }

    /// The entity whose anchor has this slot, if it had it at `tick`, too: who knows no newer tick means another one.
    #[must_use]
    pub fn entity_at(&self, anchor: Slot, tick: Tick) -> Option<EntityId> {
        let alive = self.alive.get(anchor.index()).copied().flatten()?;
        (alive.record.anchor == anchor && alive.born <= tick).then_some(alive.entity)
    }

    /// A facet that is alive.
    #[must_use]
    pub fn alive(&self, slot: Slot) -> Option<&Alive> {
        self.alive.get(slot.index()).and_then(Option::as_ref)
    }

    /// Which slots are alive.
    #[must_use]
    pub const fn alive_slots(&self) -> &SlotSet {
        &self.alive_slots
    }

    /// Number of facets alive.
    #[must_use]
    pub fn alive_count(&self) -> usize {
        self.alive_slots.count()
    }

    /// Number of slots that are in use, those of facets that are not alive now among them.
    #[must_use]
    pub fn drawn_count(&self) -> usize {
        self.slots.drawn()
    }

    /// The entities that are replicated.
    pub fn tracked(&self) -> impl Iterator<Item = (EntityId, &Tracked)> + '_ {
        self.tracked.iter().map(|(&id, tracked)| (id, tracked))
    }

    /// The numbers of those from `first` on.
    pub fn tracked_from(&self, first: EntityId) -> impl Iterator<Item = EntityId> + '_ {
        self.tracked.range(first..).map(|(&id, _)| id)
    }

    /// Finds many of them, one after the other.
    #[must_use]
    pub fn finder(&self) -> Finder<'_> {
        Finder { tracked: &self.tracked, ahead: self.tracked.range(..) }
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: EntityId) -> Option<&Tracked> {
        self.tracked.get(&id)
    }

    /// The slots of a section that are alive for an audience.
    #[must_use]
    pub fn visible(&self, section: Section, audience: AudienceKey) -> Option<&SlotSet> {
        self.audiences.get(section, audience).map(|audience| &audience.slots)
    }

    /// An audience of a section, if there is anything for it (or was, for a team).
    #[must_use]
    pub fn audience(&self, section: Section, audience: AudienceKey) -> Option<&Audience> {
        self.audiences.get(section, audience)
    }

    /// Who may see which of them.
    #[must_use]
    pub const fn audiences(&self) -> &Audiences {
        &self.audiences
    }

    /// The anchors that are alive.
    #[must_use]
    pub fn anchors(&self) -> &SlotSet {
        self.audiences.anchors()
    }

    /// Retired in this tick and not born in it, with the places of their audiences.
    #[must_use]
    pub fn retired(&self) -> &[(Slot, usize)] {
        &self.retired
    }

    /// Born in this tick.
    #[must_use]
    pub const fn born(&self) -> &SlotSet {
        &self.born
    }

    /// Retired in this tick.
    #[must_use]
    pub const fn gone(&self) -> &SlotSet {
        &self.gone
    }

    /// Where in the words of a set of slots these are.
    #[must_use]
    pub const fn gone_words(&self) -> Words {
        self.gone_words
    }

    /// How many entities have a facet that found no slot and waits for one.
    #[must_use]
    pub fn waiting_count(&self) -> usize {
        self.waiting.len()
    }
}

/// Faults done on purpose, to show that the proof can fail.
#[cfg(feature = "sabotage")]
impl Facets {
    /// Makes the next facet that is born take this slot, if it is free.
    pub fn sabotage_reuse(&mut self, slot: Slot) -> bool {
        self.slots.reuse_next(slot)
    }
}
