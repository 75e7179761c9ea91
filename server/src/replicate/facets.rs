//! Which facets are alive, who may see them, and which slots an entity's facets have.
//!
//! ```text
//!   EntityId ─► Tracked { kind, owner, team, slots[facet] }          slot ─► Alive { record, entity }
//!   per section: the slots alive for everyone · per team · per player · references     (and of all teams, of all players: auditors)
//! ```
//!
//! An entity's facet is born when its entity is (or gets an owner, a team, a living target) and retired when that ends; a
//! retired facet's slot is *gone* in this tick and rests until the next.

use super::companions::Companions;
use super::slots::Slots;
use shared::codec::Record;
use shared::ids::{EntityId, PlayerId, Slot, Tick};
use shared::limits::ENTITY_FACETS_MAX;
use shared::schema::{FacetKind, Kind, Layout, Section};
use shared::slot_set::SlotSet;
use std::collections::{BTreeMap, BTreeSet};
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
    /// The slots of its facets, in the order of its kind's facets.
    pub slots: [Option<Slot>; ENTITY_FACETS_MAX],
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
        self.place == REFERENCES
    }
}

/// The slots of a section that are alive for an audience.
#[derive(Debug)]
pub struct Audience {
    /// Which.
    pub slots: SlotSet,
    /// Names this content of this audience: no other content, and no other audience, ever has the same. Never
    /// [`GENERATION_OF_NOBODY`].
    pub generation: u64,
    /// Its number among the audiences that there are, for what is kept of each.
    pub place: usize,
}

/// What stands for the content of an audience that is not there.
pub const GENERATION_OF_NOBODY: u64 = 0;

/// Where everyone's audience is.
const EVERYONE: usize = 0;
/// Where the audience of references is.
const REFERENCES: usize = 1;
/// Where all that is for teams is, whichever: for an auditor.
const ALL_TEAMS: usize = 2;
/// Where all that is for owners is.
const ALL_OWNERS: usize = 3;
/// Places of audiences that there always are.
const LASTING: usize = 4;

/// Whom a facet's section narrows it to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AudienceKey {
    /// Nobody in particular: everyone's and references; of the other sections, all of it.
    All,
    /// A team.
    Team(u8),
    /// A player.
    Player(PlayerId),
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
    audiences: Vec<Audience>,
    teams: BTreeMap<u8, usize>,
    owners: BTreeMap<PlayerId, usize>,
    /// Places of audiences that are nobody's.
    free: Vec<usize>,
    generations: u64,
    /// Retired in this tick and not born in it, with the places of their audiences.
    retired: Vec<(Slot, usize)>,
    /// Born in this tick: a record, no piece.
    born: SlotSet,
    /// Retired in this tick.
    gone: SlotSet,
    /// Entities with a facet that found no slot: tried again every tick.
    waiting: BTreeSet<EntityId>,
}

impl Facets {
    /// Nothing alive yet.
    #[must_use]
    pub fn new(layout: Arc<Layout>, slot_seed: u64) -> Self {
        let slots = layout.slots();
        let audience = |place| Audience { slots: SlotSet::new(slots), generation: 1 + place as u64, place };
        Self {
            slots: Slots::new(layout.slot_bits(), slot_seed),
            layout,
            tracked: BTreeMap::new(),
            alive: vec![None; slots],
            tick: Tick(0),
            alive_slots: SlotSet::new(slots),
            companions: Companions::new(slots),
            audiences: (0..LASTING).map(audience).collect(),
            teams: BTreeMap::new(),
            owners: BTreeMap::new(),
            free: Vec::new(),
            generations: LASTING as u64,
            retired: Vec::new(),
            born: SlotSet::new(slots),
            gone: SlotSet::new(slots),
            waiting: BTreeSet::new(),
        }
    }

    /// A new tick begins: what was born and what went last tick is history.
    pub fn next_tick(&mut self, tick: Tick) {
        self.tick = tick;
        self.slots.next_tick();
        self.born.clear();
        self.gone.clear();
        self.retired.clear();
    }

    /// Begins to replicate an entity: its anchor, and its owner's and team's facets if it has these. Facets of
    /// references are born by `bear` when their target lives.
    pub fn track(&mut self, id: EntityId, tracked: Tracked) {
        self.tracked.insert(id, tracked);
        for place in 0..self.kinds_of(id).len() {
            self.bear(id, place);
        }
    }

    /// Ends an entity: all its facets are retired.
    pub fn untrack(&mut self, id: EntityId) {
        // The anchor last: the others hang on it.
        for place in (0..ENTITY_FACETS_MAX).rev() {
            self.retire(id, place);
        }
        self.tracked.remove(&id);
        self.waiting.remove(&id);
    }

    /// Tries again to place what found no slot; the entities of which something was tried, for their rows to be read.
    pub fn place_waiting(&mut self) -> BTreeSet<EntityId> {
        let waiting = std::mem::take(&mut self.waiting);
        for &id in &waiting {
            for place in 0..self.kinds_of(id).len() {
                self.bear(id, place);
            }
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

    /// Gives the facet at `place` of an entity a slot, if it has an audience, its anchor lives, and it has none yet.
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
        self.give_slot(id, place, section, audience)
    }

    /// Gives a reference's facet a slot.
    pub fn bear_reference(&mut self, id: EntityId, place: usize) -> Option<Slot> {
        self.give_slot(id, place, Section::References, AudienceKey::All)
    }

    fn give_slot(&mut self, id: EntityId, place: usize, section: Section, audience: AudienceKey) -> Option<Slot> {
        let kind = *self.kinds_of(id).get(place)?;
        let tracked = self.tracked.get_mut(&id)?;
        if let Some(slot) = tracked.slots[place] {
            return Some(slot);
        }
        if place > 0 && tracked.slots[0].is_none() {
            return None;
        }
        let Some(slot) = self.slots.draw() else {
            self.waiting.insert(id);
            return None;
        };
        tracked.slots[place] = Some(slot);
        let anchor = tracked.slots[0].unwrap_or(slot);
        let place = self.place_of(section, audience);
        let record = Record { slot, kind, anchor };
        self.alive[slot.index()] = Some(Alive { record, entity: id, audience, born: self.tick, place });
        self.alive_slots.insert(slot);
        self.change(place).insert(slot);
        if let Some(all) = all_of(section) {
            self.change(all).insert(slot);
        }
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
        let section = self.layout.facet(alive.record.kind).map(|facet| facet.section);
        if let Some(all) = section.and_then(all_of) {
            self.change(all).remove(slot);
        }
        self.companions.leave(alive.record.anchor, slot);
        let set = self.change(alive.place);
        set.remove(slot);
        if set.is_empty()
            && let AudienceKey::Player(player) = alive.audience
        {
            // Players come and go for as long as the room lives.
            self.owners.remove(&player);
            self.free.push(alive.place);
        }
        if !self.born.remove(slot) {
            self.gone.insert(slot);
            self.retired.push((slot, alive.place));
        }
        self.slots.release(slot);
    }

    /// Retires a facet and gives it a new slot: it changed in what may not change.
    pub fn renew(&mut self, id: EntityId, place: usize) -> Option<Slot> {
        let slot = self.tracked.get(&id)?.slots[place]?;
        let alive = self.alive[slot.index()]?;
        let section = self.section_at(id, place)?;
        if place == 0 {
            // The others name the anchor's slot: all of them start anew.
            let places: Vec<usize> =
                (0..ENTITY_FACETS_MAX).filter(|&other| self.slot_at(id, other).is_some()).collect();
            for &other in places.iter().rev() {
                self.retire(id, other);
            }
            for other in places {
                if self.section_at(id, other) != Some(Section::References) {
                    self.bear(id, other);
                }
            }
            return self.slot_at(id, 0);
        }
        self.retire(id, place);
        self.give_slot(id, place, section, alive.audience)
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

    /// All facets that are alive, by slot.
    pub fn all_alive(&self) -> impl Iterator<Item = &Alive> + '_ {
        self.alive_slots.iter().filter_map(|slot| self.alive(slot))
    }

    /// Which slots are alive.
    #[must_use]
    pub const fn alive_slots(&self) -> &SlotSet {
        &self.alive_slots
    }

    /// Number of facets alive.
    #[must_use]
    pub fn alive_count(&self) -> usize {
        self.slots.alive()
    }

    /// The entities that are replicated.
    pub fn tracked(&self) -> impl Iterator<Item = (EntityId, &Tracked)> + '_ {
        self.tracked.iter().map(|(&id, tracked)| (id, tracked))
    }

    /// The numbers of those from `first` on.
    pub fn tracked_from(&self, first: EntityId) -> impl Iterator<Item = EntityId> + '_ {
        self.tracked.range(first..).map(|(&id, _)| id)
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: EntityId) -> Option<&Tracked> {
        self.tracked.get(&id)
    }

    /// The slots of a section that are alive for an audience.
    #[must_use]
    pub fn visible(&self, section: Section, audience: AudienceKey) -> Option<&SlotSet> {
        self.audience(section, audience).map(|audience| &audience.slots)
    }

    /// An audience of a section, if there is anything for it (or was, for a team).
    #[must_use]
    pub fn audience(&self, section: Section, audience: AudienceKey) -> Option<&Audience> {
        let place = match (section, audience) {
            (Section::Everyone, _) => EVERYONE,
            (Section::References, _) => REFERENCES,
            (Section::Team, AudienceKey::Team(team)) => *self.teams.get(&team)?,
            (Section::Owner, AudienceKey::Player(player)) => *self.owners.get(&player)?,
            (section, AudienceKey::All) => all_of(section)?,
            _ => return None,
        };
        self.audiences.get(place)
    }

    /// All audiences of a section.
    pub fn audiences(&self, section: Section) -> impl Iterator<Item = &Audience> + '_ {
        let one = match section {
            Section::Everyone => Some(EVERYONE),
            Section::References => Some(REFERENCES),
            Section::Team | Section::Owner => None,
        };
        let teams = self.teams.values().copied().filter(move |_| section == Section::Team);
        let owners = self.owners.values().copied().filter(move |_| section == Section::Owner);
        one.into_iter().chain(teams).chain(owners).filter_map(|place| self.audiences.get(place))
    }

    /// The places of the audiences that make up one: itself, but for those of all teams and of all owners.
    pub fn places_in(&self, audience: &Audience) -> impl Iterator<Item = usize> + '_ {
        let place = audience.place;
        let teams = self.teams.values().filter(move |_| place == ALL_TEAMS);
        let owners = self.owners.values().filter(move |_| place == ALL_OWNERS);
        let own = (place != ALL_TEAMS && place != ALL_OWNERS).then_some(place);
        own.into_iter().chain(teams.chain(owners).copied())
    }

    /// The anchors that are alive.
    #[must_use]
    pub fn anchors(&self) -> &SlotSet {
        &self.audiences[EVERYONE].slots
    }

    /// The place of an audience, which is made if there is none yet.
    fn place_of(&mut self, section: Section, audience: AudienceKey) -> usize {
        let place = match (section, audience) {
            (Section::Team, AudienceKey::Team(team)) => self.teams.get(&team).copied(),
            (Section::Owner, AudienceKey::Player(player)) => self.owners.get(&player).copied(),
            (Section::References, _) => return REFERENCES,
            _ => return EVERYONE,
        };
        let place = place.or_else(|| self.free.pop()).unwrap_or(self.audiences.len());
        if place == self.audiences.len() {
            let slots = SlotSet::new(self.layout.slots());
            self.audiences.push(Audience { slots, generation: GENERATION_OF_NOBODY, place });
        }
        match audience {
            AudienceKey::Team(team) => self.teams.insert(team, place),
            AudienceKey::Player(player) => self.owners.insert(player, place),
            AudienceKey::All => None,
        };
        place
    }

    /// An audience's slots, to be changed: from now on its content has another name.
    fn change(&mut self, place: usize) -> &mut SlotSet {
        self.generations += 1;
        let audience = &mut self.audiences[place];
        audience.generation = self.generations;
        &mut audience.slots
    }

    /// How many audiences there are, or were: their places are below.
    #[must_use]
    pub const fn audience_count(&self) -> usize {
        self.audiences.len()
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

    /// How many entities have a facet that found no slot and waits for one.
    #[must_use]
    pub fn waiting_count(&self) -> usize {
        self.waiting.len()
    }
}

/// Where all of a section is that is narrowed to somebody.
const fn all_of(section: Section) -> Option<usize> {
    match section {
        Section::Team => Some(ALL_TEAMS),
        Section::Owner => Some(ALL_OWNERS),
        Section::Everyone | Section::References => None,
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
