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
    /// The same, in the tick before.
    before: SlotSet,
    looked: Tick,
    anchors: SlotSet,
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
            before: none(),
            looked: Tick(0),
            anchors: none(),
            team: none(),
            references: none(),
            extents: [Extent::Nothing; 4],
        }
    }

    /// What it may see of a section.
    #[must_use]
    pub fn of(&self, section: Section) -> Seen<'_> {
        let set = match section {
            Section::Everyone => &self.anchors,
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

    /// Looks around, once per tick.
    pub fn look(&mut self, around: Around<'_>, viewer: Viewer) {
        let Around { grid, facets, .. } = around;
        let own = viewer.entity.and_then(|entity| Some((entity, facets.anchor(entity)?)));
        self.measure(around, own.map(|(_, anchor)| anchor));
        self.anchors.copy_from(&self.near);
        if let Some((sight, (entity, anchor))) = around.sight.zip(own) {
            // Nobody is asked about one's own.
            self.anchors.remove(anchor);
            for slot in grid.owned_by(viewer.player) {
                self.anchors.remove(slot);
            }
            hide(&mut self.anchors, |target| !sight.sees(entity, target), facets);
        }
        self.anchors.unite(grid.unplaced());
        for slot in own.map(|(_, anchor)| anchor).into_iter().chain(grid.owned_by(viewer.player)) {
            self.anchors.insert(slot);
        }
        self.extents[Section::Everyone.index()] = extent(&self.anchors, Some(facets.anchors()));
        self.follow(around, viewer.team);
    }

    /// Whom it is near to, by distance alone.
    fn measure(&mut self, Around { grid, facets, rows, tick, .. }: Around<'_>, own: Option<Slot>) {
        std::mem::swap(&mut self.near, &mut self.before);
        if self.looked.after(1) != tick {
            // It did not look in the tick before: a slot may be another's now.
            self.before.clear();
        }
        self.looked = tick;
        self.near.clear();
        let Self { near, before, .. } = self;
        let Some(radii) = grid.radii() else {
            if own.is_some() {
                near.unite(grid.placed());
            }
            return;
        };
        let Some(eye) = own.and_then(|anchor| grid.place_of(facets, rows, anchor)) else { return };
        grid.around(eye, radii, |slot, squared| {
            if squared <= radii.enter || before.contains(slot) {
                near.insert(slot);
            }
        });
    }

    /// The other facets of what it sees.
    fn follow(&mut self, Around { facets, rows, .. }: Around<'_>, team: Option<u8>) {
        let Self { anchors, team: for_team, references, extents, .. } = self;
        for (section, set) in [(Section::Team, &mut *for_team), (Section::References, &mut *references)] {
            if std::mem::replace(&mut extents[section.index()], Extent::Nothing) != Extent::Nothing {
                set.clear();
            }
        }
        let of_team = team.and_then(|team| facets.audience(Section::Team, AudienceKey::Team(team)));
        let of_team = of_team.filter(|audience| !audience.slots.is_empty());
        let of_references = facets.visible(Section::References, AudienceKey::All).filter(|slots| !slots.is_empty());
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
        extents[Section::References.index()] = extent(references, of_references);
    }
}

/// Takes out what is hidden.
fn hide(anchors: &mut SlotSet, is_hidden: impl Fn(EntityId) -> bool, facets: &Facets) {
    for (at, word) in anchors.words_mut().iter_mut().enumerate() {
        let mut asked = *word;
        while asked != 0 {
            let bit = asked & asked.wrapping_neg();
            asked ^= bit;
            let slot = Slot((at * 64) as u16 + bit.trailing_zeros() as u16);
            if facets.alive(slot).is_none_or(|alive| is_hidden(alive.entity)) {
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
