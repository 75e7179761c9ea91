//! What one client may see, where that is not everything: by distance, by the game's own rule, and always its own.
//!
//! ```text
//!   near        within the enter radius of its entity, or seen in the last tick and within the leave radius
//!   anchors     (near, less what the game's rule hides) + what has no position + its own
//!   team        of these anchors, the facets for its team
//!   references  of these anchors, those whose target is one of them
//! ```
//!
//! Looked at in every tick, sent to or skipped. Only distance has hysteresis: what the rule hides is gone at once, and comes
//! back at once where it is still near. A client without an entity sees what has no position, and its own.
//!
//! Never here: what a client holds of it (see `view`), the World (only the game's rule reads it).

use super::audiences::AudienceKey;
use super::facets::Facets;
use super::grid::Grid;
use super::rows::Rows;
use super::words::Words;
use crate::sim::Sight;
use shared::ids::{EntityId, PlayerId, Slot, Tick};
use shared::schema::Section;
use shared::slot_set::SlotSet;

/// Everything there is to see in a tick.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Who is where.
    pub grid: &'a Grid,
    /// Who is alive.
    pub facets: &'a Facets,
    /// Their codes.
    pub rows: &'a Rows,
    /// The game's rule, if it has one.
    pub sight: Option<Sight<'a>>,
    /// The tick.
    pub tick: Tick,
}

/// Who looks.
#[derive(Clone, Copy, Debug)]
pub struct Viewer {
    /// Whose client it is.
    pub player: PlayerId,
    /// The entity that it drives.
    pub entity: Option<EntityId>,
    /// Its team.
    pub team: Option<u8>,
}

/// What a client may see of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen<'a> {
    /// Nothing.
    Nothing,
    /// These.
    Some(&'a SlotSet),
    /// All that is for its audience.
    All,
}

/// How much of a section is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Nothing,
    Some,
    All,
}

/// What one client may see.
#[derive(Clone, Debug)]
pub struct Interest {
    /// By distance alone, in the tick that it looked.
    near: SlotSet,
    looked: Tick,
    /// The anchor of the entity where it looks from.
    own: Option<Slot>,
    /// It sees just the anchors that are near: then they are not kept twice.
    only_near: bool,
    anchors: SlotSet,
    /// Where in the words of a set of anchors it sees others than in the tick before.
    changed: Words,
    team: SlotSet,
    references: SlotSet,
    extents: [Extent; 4],
}

impl Interest {
    /// Of a client that has not looked yet: it sees nothing.
    #[must_use]
    pub fn new(slots: usize) -> Self {
        let none = || SlotSet::new(slots);
        Self {
            near: none(),
            looked: Tick(0),
            own: None,
            only_near: false,
            anchors: none(),
            changed: Words::all(slots.div_ceil(64)),
            team: none(),
            references: none(),
            extents: [Extent::Nothing; 4],
        }
    }

    /// What it may see of a section.
    #[must_use]
    pub fn of(&self, section: Section) -> Seen<'_> {
        let set = match section {
            Section::Everyone => self.anchors(),
            Section::Team => &self.team,
            Section::References => &self.references,
            // One's own is always seen.
            Section::Owner => return Seen::All,
        };
        match self.extents[section.index()] {
            Extent::Nothing => Seen::Nothing,
            Extent::Some => Seen::Some(set),
            Extent::All => Seen::All,
        }
    }

    /// Where in the words of a set it may see others of a section than in the tick before, at the most.
    #[must_use]
    pub fn changed(&self, section: Section) -> Words {
        match section {
            Section::Everyone => self.changed,
            _ => Words::all(self.near.words().len()),
        }
    }

    const fn anchors(&self) -> &SlotSet {
        if self.only_near { &self.near } else { &self.anchors }
    }

    /// Looks around, once per tick. What is in `scratch` does not matter.
    pub fn look(&mut self, around: Around<'_>, viewer: Viewer, scratch: &mut SlotSet) {
        let Around { grid, facets, tick, .. } = around;
        let own = viewer.entity.and_then(|entity| {
            // As a rule it is where it was, and nothing is searched for.
            let anchor = self.own.filter(|&anchor| facets.is_anchor_of(anchor, entity));
            Some((entity, anchor.or_else(|| facets.anchor(entity))?))
        });
        self.own = own.map(|(_, anchor)| anchor);
        // If it did not look in the tick before, a slot may be another's now.
        let goes_on = self.looked.after(1) == tick;
        self.looked = tick;
        self.measure(around, goes_on, scratch);
        self.changed.clear();
        let Self { near, changed, .. } = self;
        near.follow(scratch, |word| changed.insert(word));
        let mut owned = self.own.into_iter().chain(grid.owned_by(viewer.player));
        let only_near = around.sight.is_none() && !grid.has_unplaced() && owned.all(|slot| self.near.contains(slot));
        let was_only_near = std::mem::replace(&mut self.only_near, only_near);
        if !only_near {
            add_others(around, viewer, own, scratch);
            let Self { anchors, changed, .. } = self;
            changed.clear();
            anchors.follow(scratch, |word| changed.insert(word));
        }
        if !goes_on || was_only_near != only_near {
            self.changed.fill();
        }
        self.extents[Section::Everyone.index()] = extent(self.anchors(), Some(facets.anchors()));
        self.follow(around, viewer.team);
    }

    /// Whom it is near to, by distance alone.
    fn measure(&self, Around { grid, facets, rows, .. }: Around<'_>, goes_on: bool, near: &mut SlotSet) {
        near.clear();
        let Some(radii) = grid.radii() else {
            if self.own.is_some() {
                near.unite(grid.placed());
            }
            return;
        };
        let Some(eye) = self.own.and_then(|anchor| grid.place_of(facets, rows, anchor)) else { return };
        grid.around(eye, radii, |slot, squared| {
            if squared <= radii.enter || (goes_on && self.near.contains(slot)) {
                near.insert(slot);
            }
        });
    }

    /// The other facets of what it sees.
    fn follow(&mut self, Around { facets, rows, .. }: Around<'_>, team: Option<u8>) {
        let Self { near, only_near, anchors, team: for_team, references, extents, .. } = self;
        let anchors = if *only_near { near } else { anchors };
        for (section, set) in [(Section::Team, &mut *for_team), (Section::References, &mut *references)] {
            if std::mem::replace(&mut extents[section.index()], Extent::Nothing) != Extent::Nothing {
                set.clear();
            }
        }
        let of_team = team.and_then(|team| facets.audience(Section::Team, AudienceKey::Team(team)));
        let of_team = of_team.filter(|audience| !audience.is_empty());
        let of_references = facets.audience(Section::References, AudienceKey::All);
        let of_references = of_references.filter(|audience| !audience.is_empty());
        if of_team.is_none() && of_references.is_none() {
            return;
        }
        let team_place = of_team.map(|audience| audience.place);
        let words = anchors.words().iter().zip(facets.accompanied().words());
        for (at, (&seen, &accompanied)) in words.enumerate() {
            let mut word = seen & accompanied;
            while word != 0 {
                let anchor = Slot((at * 64) as u16 + word.trailing_zeros() as u16);
                word &= word - 1;
                for companion in facets.companions(anchor) {
                    let slot = companion.record.slot;
                    if Some(companion.place) == team_place {
                        for_team.insert(slot);
                    } else if companion.is_reference() && anchors.contains(Slot(rows.row(slot)[0] as u16)) {
                        references.insert(slot);
                    }
                }
            }
        }
        extents[Section::Team.index()] = extent(for_team, of_team.map(|audience| &audience.slots));
        extents[Section::References.index()] = extent(references, of_references.map(|audience| &audience.slots));
    }
}

/// To whom it is near, less whom the game's rule hides, with what has no position and its own.
fn add_others(
    Around { grid, facets, sight, .. }: Around<'_>,
    viewer: Viewer,
    own: Option<(EntityId, Slot)>,
    anchors: &mut SlotSet,
) {
    if let Some((sight, (entity, anchor))) = sight.zip(own) {
        // Nobody is asked about one's own.
        let is_own = |slot| slot == anchor || grid.owned_by(viewer.player).any(|own| own == slot);
        hide(anchors, grid.guarded(), |slot| {
            !is_own(slot) && facets.alive(slot).is_none_or(|alive| !sight.sees_guarded(entity, alive.entity))
        });
    }
    anchors.unite(grid.unplaced());
    for slot in own.map(|(_, anchor)| anchor).into_iter().chain(grid.owned_by(viewer.player)) {
        anchors.insert(slot);
    }
}

/// Takes out of `anchors` what is hidden; only `guarded` ones are asked about.
fn hide(anchors: &mut SlotSet, guarded: &SlotSet, is_hidden: impl Fn(Slot) -> bool) {
    for (at, (word, guarded)) in anchors.words_mut().iter_mut().zip(guarded.words()).enumerate() {
        let mut asked = *word & guarded;
        while asked != 0 {
            let bit = asked & asked.wrapping_neg();
            asked ^= bit;
            if is_hidden(Slot((at * 64) as u16 + bit.trailing_zeros() as u16)) {
                *word ^= bit;
            }
        }
    }
}

/// How much of `all` is `seen`.
fn extent(seen: &SlotSet, all: Option<&SlotSet>) -> Extent {
    match all {
        Some(all) if seen == all && !all.is_empty() => Extent::All,
        _ if seen.is_empty() => Extent::Nothing,
        _ => Extent::Some,
    }
}
