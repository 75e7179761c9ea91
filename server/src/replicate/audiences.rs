//! Who may see which of the facets that are alive, by section: everyone, each team, each player, references; and for auditors
//! all teams' and all players'.
//!
//! ```text
//!   section · team or player ─► place ─► slots, and a generation that names exactly this content
//! ```
//!
//! Never here: where and by whose rule somebody looks (see `interest`).

use shared::ids::{PlayerId, Slot};
use shared::schema::Section;
use shared::slot_set::SlotSet;
use std::collections::BTreeMap;

/// The slots of a section that are alive for an audience.
#[derive(Debug)]
pub struct Audience {
    /// Which.
    pub slots: SlotSet,
    /// How many these are.
    pub count: usize,
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
pub(super) const REFERENCES: usize = 1;
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

/// All audiences of a room.
#[derive(Debug)]
pub struct Audiences {
    /// How many slots a room has.
    slots: usize,
    all: Vec<Audience>,
    teams: BTreeMap<u8, usize>,
    owners: BTreeMap<PlayerId, usize>,
    /// Places that are nobody's.
    free: Vec<usize>,
    generations: u64,
}

impl Audiences {
    /// Nothing is for anybody yet.
    pub(super) fn new(slots: usize) -> Self {
        let audience = |place| Audience { slots: SlotSet::new(slots), count: 0, generation: 1 + place as u64, place };
        Self {
            slots,
            all: (0..LASTING).map(audience).collect(),
            teams: BTreeMap::new(),
            owners: BTreeMap::new(),
            free: Vec::new(),
            generations: LASTING as u64,
        }
    }

    /// A facet is alive for an audience; the place of that.
    pub(super) fn insert(&mut self, section: Section, audience: AudienceKey, slot: Slot) -> usize {
        let place = self.place_of(section, audience);
        self.change(place).insert(slot);
        if let Some(all) = all_of(section) {
            self.change(all).insert(slot);
        }
        place
    }

    /// A facet is alive no more.
    pub(super) fn remove(&mut self, section: Section, (audience, place): (AudienceKey, usize), slot: Slot) {
        if let Some(all) = all_of(section) {
            self.change(all).remove(slot);
        }
        let left = self.change(place);
        left.remove(slot);
        if left.is_empty()
            && let AudienceKey::Player(player) = audience
        {
            // Players come and go for as long as the room lives.
            self.owners.remove(&player);
            self.free.push(place);
        }
    }

    /// The anchors that are alive.
    pub(super) fn anchors(&self) -> &SlotSet {
        &self.all[EVERYONE].slots
    }

    /// Names the content of all of them together.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generations
    }

    /// How many there are, or were: their places are below.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.all.len()
    }

    /// An audience of a section, if there is anything for it (or was, for a team).
    #[must_use]
    pub fn get(&self, section: Section, audience: AudienceKey) -> Option<&Audience> {
        let place = match (section, audience) {
            (Section::Everyone, _) => EVERYONE,
            (Section::References, _) => REFERENCES,
            (Section::Team, AudienceKey::Team(team)) => *self.teams.get(&team)?,
            (Section::Owner, AudienceKey::Player(player)) => *self.owners.get(&player)?,
            (section, AudienceKey::All) => all_of(section)?,
            _ => return None,
        };
        self.all.get(place)
    }

    /// All audiences of a section.
    pub fn of(&self, section: Section) -> impl Iterator<Item = &Audience> + '_ {
        let one = match section {
            Section::Everyone => Some(EVERYONE),
            Section::References => Some(REFERENCES),
            Section::Team | Section::Owner => None,
        };
        let teams = (section == Section::Team).then(|| self.teams.values());
        let owners = (section == Section::Owner).then(|| self.owners.values());
        let narrowed = teams.into_iter().flatten().chain(owners.into_iter().flatten()).copied();
        one.into_iter().chain(narrowed).filter_map(|place| self.all.get(place))
    }

    /// The places of the audiences that make up one: itself, but for those of all teams and of all owners.
    pub fn places_in(&self, audience: &Audience) -> impl Iterator<Item = usize> + '_ {
        // Asked for each client in each tick: who wants one audience must not walk through those of all players.
        let place = audience.place;
        let teams = (place == ALL_TEAMS).then(|| self.teams.values());
        let owners = (place == ALL_OWNERS).then(|| self.owners.values());
        let own = (place != ALL_TEAMS && place != ALL_OWNERS).then_some(place);
        own.into_iter().chain(teams.into_iter().flatten().chain(owners.into_iter().flatten()).copied())
    }

    /// The place of an audience, which is made if there is none yet.
    fn place_of(&mut self, section: Section, audience: AudienceKey) -> usize {
        let place = match (section, audience) {
            (Section::Team, AudienceKey::Team(team)) => self.teams.get(&team).copied(),
            (Section::Owner, AudienceKey::Player(player)) => self.owners.get(&player).copied(),
            (Section::References, _) => return REFERENCES,
            _ => return EVERYONE,
        };
        let place = place.or_else(|| self.free.pop()).unwrap_or(self.all.len());
        if place == self.all.len() {
            let slots = SlotSet::new(self.slots);
            self.all.push(Audience { slots, count: 0, generation: GENERATION_OF_NOBODY, place });
        }
        match audience {
            AudienceKey::Team(team) => self.teams.insert(team, place),
            AudienceKey::Player(player) => self.owners.insert(player, place),
            AudienceKey::All => None,
        };
        place
    }

    /// An audience, to be changed: from now on its content has another name.
    fn change(&mut self, place: usize) -> &mut Audience {
        self.generations += 1;
        let audience = &mut self.all[place];
        audience.generation = self.generations;
        audience
    }
}

impl Audience {
    /// There is nothing for it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn insert(&mut self, slot: Slot) {
        self.count += usize::from(self.slots.insert(slot));
    }

    fn remove(&mut self, slot: Slot) {
        self.count -= usize::from(self.slots.remove(slot));
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
