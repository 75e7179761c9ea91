//! Which slots does this client hold, and is each still exact?
//!
//! A shared piece helps only a client whose copy equals the shadow. So we keep, per client and section, what it `held`,
//! which of that is `fresh`, and what is `leaving`; all three move every tick, sent to or not.
//!
//! ```text
//!   visible   1 1 0 1 1      slot 2 left the view      → leaving
//!   held      1 1 1 1 0      slot 4 entered            → record
//!   fresh     1 0 1 1 0      slot 1 missed an update   → stale, record when the budget allows
//! ```
//!
//! A slot that was reused while the client was skipped leaves first and enters anew.
//!
//! Never here: bits (see `assemble`), sockets (see `worker`), the World (see `extract`).

use super::audiences::{Audience, AudienceKey, GENERATION_OF_NOBODY};
use super::demoting::Demoting;
use super::facets::Facets;
use super::interest::{Around, Interest, Seen, Viewer};
use super::words::Words;
use shared::ids::{EntityId, PlayerId, Slot, Tick};
use shared::schema::Section;
use shared::slot_set::SlotSet;

/// What a client holds of one section.
#[derive(Clone, Debug)]
pub struct Holding {
    /// What it has, exact or not, less what is leaving.
    pub held: SlotSet,
    /// What of that equals the shadow as of its newest frame.
    pub fresh: SlotSet,
    /// What it had after its newest frame and must drop with the next.
    pub leaving: SlotSet,
    /// Something is leaving.
    leaves: bool,
    /// Outside of these words, `held`, `fresh` and what its client may see are the same, and nothing is leaving.
    uneven: Words,
    /// All that its client may see of it is held, exactly, and nothing else.
    whole: bool,
    /// If so, and that is all there is for its audience: the generation of that. While that lasts, no set needs to be
    /// looked at.
    level: Option<u64>,
}

/// What a client may see of a section.
#[derive(Clone, Copy, Debug)]
enum Scope<'a> {
    /// All that is for an audience; nothing without one.
    All(Option<&'a Audience>),
    /// Less.
    Some(&'a SlotSet),
}

impl<'a> Scope<'a> {
    /// What an interest leaves of an audience.
    fn of(interest: Option<&'a Interest>, section: Section, audience: Option<&'a Audience>) -> Self {
        match interest.map_or(Seen::All, |interest| interest.of(section)) {
            Seen::All => Self::All(audience),
            Seen::Nothing => Self::All(None),
            Seen::Some(slots) => Self::Some(slots),
        }
    }

    /// Names its content, if others may see the same.
    fn generation(self) -> Option<u64> {
        match self {
            Self::All(audience) => Some(audience.map_or(GENERATION_OF_NOBODY, |audience| audience.generation)),
            Self::Some(_) => None,
        }
    }

    fn slots(self) -> Option<&'a SlotSet> {
        match self {
            Self::All(audience) => audience.map(|audience| &audience.slots),
            Self::Some(slots) => Some(slots),
        }
    }
}

impl Holding {
    pub(super) fn new(slots: usize) -> Self {
        let none = || SlotSet::new(slots);
        let uneven = Words::all(slots.div_ceil(64));
        Self { held: none(), fresh: none(), leaving: none(), leaves: false, uneven, whole: false, level: None }
    }

    fn clear(&mut self) {
        self.held.clear();
        self.fresh.clear();
        self.leaving.clear();
        self.leaves = false;
        self.uneven.fill();
        self.whole = false;
        self.level = None;
    }

    /// Something is leaving.
    #[must_use]
    pub const fn has_leaves(&self) -> bool {
        self.leaves
    }

    /// All that its client may see of the section is held, exactly, and nothing else.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.whole
    }

    /// The same, and it is all that there is for its audience: the name of that content.
    #[must_use]
    pub const fn level(&self) -> Option<u64> {
        self.level
    }

    /// Something is held that is not exact.
    #[must_use]
    pub fn has_stale(&self) -> bool {
        self.uneven.iter().any(|at| self.held.words()[at] != self.fresh.words()[at])
    }

    /// Where in the words of its sets something may be that is not held exactly, or leaves.
    #[must_use]
    pub const fn uneven(&self) -> Words {
        self.uneven
    }

    /// A tick passed: what is gone or not visible is leaving. What is visible is as in the tick before outside of these words.
    fn next_tick(&mut self, (gone, gone_words): (&SlotSet, Words), scope: Scope<'_>, changed: Words) {
        let generation = scope.generation();
        if self.level.is_some() && self.level == generation {
            return;
        }
        match self.whole {
            true => {
                self.uneven.unite(changed);
                self.uneven.unite(gone_words);
            }
            false => self.uneven.fill(),
        }
        let Some(visible) = scope.slots() else {
            self.leaves |= !self.held.is_empty();
            self.leaving.unite(&self.held);
            self.held.clear();
            self.fresh.clear();
            self.uneven.fill();
            return self.settle(true, generation);
        };
        let (mut all_leaves, mut off) = (0, 0);
        let (held, fresh, leaving) = (self.held.words_mut(), self.fresh.words_mut(), self.leaving.words_mut());
        for at in self.uneven.iter() {
            let (held, fresh, visible) = (&mut held[at], &mut fresh[at], visible.words()[at]);
            let leaves = *held & (gone.words()[at] | !visible);
            leaving[at] |= leaves;
            *held &= !leaves;
            *fresh &= !leaves;
            all_leaves |= leaves;
            off |= (*held ^ visible) | (*fresh ^ visible);
        }
        self.leaves |= all_leaves != 0;
        self.settle(off == 0, generation);
    }

    /// A frame was built: what was leaving has left.
    fn commit(&mut self) {
        if self.leaves {
            self.leaving.clear();
            self.leaves = false;
        }
        if self.whole {
            self.uneven.clear();
        }
    }

    /// It is whole or not, and what it holds then has this name, if any.
    fn settle(&mut self, whole: bool, generation: Option<u64>) {
        self.whole = whole;
        self.level = generation.filter(|_| whole);
    }
}

/// How much a client may see of what is for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beyond {
    /// What is its own and its team's.
    Own,
    /// What is any team's.
    Teams,
    /// All of it.
    Everything,
}

/// What one client holds.
#[derive(Clone, Debug)]
pub struct View {
    sections: [Holding; 4],
    player: PlayerId,
    team: Option<u8>,
    /// What is for somebody is shown to it, too: an auditor's and a spectator's.
    beyond: Beyond,
    /// What it may see, in a room where that is not everything.
    interest: Option<Box<Interest>>,
    /// The tick of its newest frame; `None` before the first and whenever it must start anew.
    tick: Option<Tick>,
    /// The anchor that it was last told is its own.
    me: Option<Slot>,
    /// Where distance and the game's rule narrow nothing: if every section is level, the generation of all audiences and the team
    /// that it is so for. While both last, no section needs to be looked at.
    settled: Option<(u64, Option<u8>)>,
    #[cfg(feature = "sabotage")]
    keeps: Option<Slot>,
    /// What of it is for somebody else is shown all the same.
    #[cfg(feature = "sabotage")]
    leaks: Option<Section>,
    /// To be demoted with the next step, whatever the budget.
    #[cfg(feature = "sabotage")]
    demoting: Vec<Slot>,
}

impl View {
    /// A client that holds nothing: its first frame is a full one.
    #[must_use]
    pub fn new(slots: usize, player: PlayerId) -> Self {
        let sections = std::array::from_fn(|_| Holding::new(slots));
        Self {
            sections,
            player,
            team: None,
            beyond: Beyond::Own,
            interest: None,
            tick: None,
            me: None,
            settled: None,
            #[cfg(feature = "sabotage")]
            keeps: None,
            #[cfg(feature = "sabotage")]
            leaks: None,
            #[cfg(feature = "sabotage")]
            demoting: Vec::new(),
        }
    }

    /// An auditor that holds nothing: it may see all facets of all sections, whoever they are for.
    #[must_use]
    pub fn of_everything(slots: usize, player: PlayerId) -> Self {
        Self { beyond: Beyond::Everything, ..Self::new(slots, player) }
    }

    /// A spectator that holds nothing: it may see what is everyone's and each team's, and nobody's own.
    #[must_use]
    pub fn of_all_teams(slots: usize, player: PlayerId) -> Self {
        Self { beyond: Beyond::Teams, ..Self::new(slots, player) }
    }

    /// The client must drop all it holds: the next frame is a full one.
    pub fn start_anew(&mut self) {
        self.tick = None;
    }

    /// The tick of its newest frame, unless the next must be a full one.
    #[must_use]
    pub const fn tick(&self) -> Option<Tick> {
        self.tick
    }

    /// Whose it is.
    #[must_use]
    pub const fn player(&self) -> PlayerId {
        self.player
    }

    /// Its team decides what it may see.
    pub const fn set_team(&mut self, team: Option<u8>) {
        self.team = team;
    }

    /// From now on it sees only what it [`looks`](View::look) at: in a room where distance or the game's own rule decides.
    #[must_use]
    pub fn narrowed(mut self) -> Self {
        let slots = self.sections[0].held.words().len() * 64;
        self.interest = Some(Box::new(Interest::new(slots)));
        self
    }

    /// Once per tick, before [`View::next_tick`]: what it may see from where its entity is, if it is narrowed.
    pub(super) fn look(&mut self, around: Around<'_>, entity: Option<EntityId>, scratch: &mut SlotSet) {
        let viewer = Viewer { player: self.player, entity, team: self.team };
        if let Some(interest) = &mut self.interest {
            interest.look(around, viewer, scratch);
        }
    }

    /// To whom it belongs, of a section.
    fn whom<'a>(&self, section: Section, facets: &'a Facets) -> Option<&'a Audience> {
        let audience = match section {
            _ if self.beyond == Beyond::Everything || self.leaks(section) => AudienceKey::All,
            Section::Team if self.beyond == Beyond::Teams => AudienceKey::All,
            Section::Team => AudienceKey::Team(self.team?),
            Section::Owner => AudienceKey::Player(self.player),
            Section::Everyone | Section::References => AudienceKey::All,
        };
        facets.audience(section, audience)
    }

    fn scope<'a>(&'a self, section: Section, facets: &'a Facets) -> Scope<'a> {
        let interest = self.interest.as_deref().filter(|_| !self.leaks(section));
        Scope::of(interest, section, self.whom(section, facets))
    }

    /// The audience of a section of which it may see all, if there is one.
    #[must_use]
    pub fn audience<'a>(&'a self, section: Section, facets: &'a Facets) -> Option<&'a Audience> {
        match self.scope(section, facets) {
            Scope::All(audience) => audience,
            Scope::Some(_) => None,
        }
    }

    /// What it may see of a section.
    #[must_use]
    pub fn visible<'a>(&'a self, section: Section, facets: &'a Facets) -> Option<&'a SlotSet> {
        self.scope(section, facets).slots()
    }

    /// What it holds of a section.
    #[must_use]
    pub fn holding(&self, section: Section) -> &Holding {
        &self.sections[section.index()]
    }

    /// What it holds of a section, for who builds its frame.
    pub fn holding_mut(&mut self, section: Section) -> &mut Holding {
        &mut self.sections[section.index()]
    }

    /// All that it may see is held, exactly, and nothing else.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.sections.iter().all(Holding::is_whole)
    }

    /// A tick passed, whether it gets a frame or not: what is gone or out of sight is leaving.
    pub fn next_tick(&mut self, facets: &Facets) {
        let content = (facets.audiences().generation(), self.team);
        if self.settled == Some(content) && !self.is_sabotaged() {
            return;
        }
        let every_word = Words::all(facets.gone().words().len());
        for section in Section::ALL {
            let interest = self.interest.as_deref().filter(|_| !self.leaks(section));
            let scope = Scope::of(interest, section, self.whom(section, facets));
            let changed = match interest {
                Some(interest) => interest.changed(section),
                None => every_word,
            };
            self.sections[section.index()].next_tick((facets.gone(), facets.gone_words()), scope, changed);
        }
        #[cfg(feature = "sabotage")]
        self.sabotage_hold();
        // The client forgets it when that slot leaves, whoever has it afterwards.
        let leaving = &self.sections[Section::Everyone.index()].leaving;
        self.me = self.me.filter(|&me| !leaving.contains(me));
        let level = self.interest.is_none() && self.sections.iter().all(|holding| holding.level.is_some());
        self.settled = level.then_some(content);
    }

    /// Drops everything: a full frame begins.
    pub fn clear(&mut self) {
        self.sections.iter_mut().for_each(Holding::clear);
        self.me = None;
        self.settled = None;
        #[cfg(feature = "sabotage")]
        self.demoting.clear();
    }

    /// The anchor that it was last told is its own.
    #[must_use]
    pub const fn me(&self) -> Option<Slot> {
        self.me
    }

    /// Notes who it is, if that is news: the slot to tell.
    pub fn learn_me(&mut self, me: Option<Slot>) -> Option<Slot> {
        if self.me == me {
            return None;
        }
        self.me = me;
        me
    }

    /// Every record of a section that was wanted goes into this frame: with it, the client holds all, exactly.
    pub fn level_out(&mut self, section: Section, facets: &Facets) {
        #[cfg(feature = "sabotage")]
        if self.keeps.is_some_and(|slot| self.holding(section).held.contains(slot)) {
            return;
        }
        let generation = self.scope(section, facets).generation();
        self.sections[section.index()].settle(true, generation);
    }

    /// A frame of `tick` was built: what was leaving has left.
    pub fn commit(&mut self, tick: Tick) {
        self.sections.iter_mut().for_each(Holding::commit);
        self.tick = Some(tick);
    }

    /// Whether it was broken on purpose: never.
    #[cfg(not(feature = "sabotage"))]
    #[allow(clippy::unused_self, reason = "its twin below asks the view")]
    const fn is_sabotaged(&self) -> bool {
        false
    }

    /// Whether what of a section is for others is shown all the same: never.
    #[cfg(not(feature = "sabotage"))]
    #[allow(clippy::unused_self, reason = "its twin below asks the view")]
    const fn leaks(&self, _: Section) -> bool {
        false
    }

    /// The next frame demotes these: of a section that has any, not all is held exactly any more.
    pub fn demote(&mut self, demoting: &Demoting) {
        for section in Section::ALL {
            if demoting.of(section).is_some() {
                self.settled = None;
                self.sections[section.index()].settle(false, None);
            }
        }
    }
}

/// Faults done on purpose, to show that the proof can fail.
#[cfg(feature = "sabotage")]
impl View {
    /// Forgets to let this slot leave, from now on.
    pub const fn sabotage_keep(&mut self, slot: Slot) {
        self.keeps = Some(slot);
    }

    /// From now on all of this section is shown, whoever it is for.
    pub fn sabotage_leak(&mut self, section: Section) {
        self.leaks = Some(section);
    }

    fn leaks(&self, section: Section) -> bool {
        self.leaks == Some(section)
    }

    const fn is_sabotaged(&self) -> bool {
        self.leaks.is_some() || self.keeps.is_some() || !self.demoting.is_empty()
    }

    /// With the next step this slot is held on, but no more exact.
    pub fn sabotage_demote(&mut self, slot: Slot) {
        if !self.demoting.contains(&slot) {
            self.demoting.push(slot);
        }
    }

    /// What was asked for by [`View::sabotage_demote`] and is fresh goes to what a frame demotes.
    pub(super) fn sabotage_demoting(&mut self, demoting: &mut Demoting) {
        let Self { sections, demoting: asked, .. } = self;
        asked.retain(|&slot| {
            let at = Section::ALL.into_iter().find(|section| sections[section.index()].fresh.contains(slot));
            at.inspect(|&section| demoting.insert(slot, section)).is_none()
        });
    }

    fn sabotage_hold(&mut self) {
        let Some(slot) = self.keeps else { return };
        for holding in &mut self.sections {
            if holding.leaving.remove(slot) {
                holding.held.insert(slot);
                holding.fresh.insert(slot);
                holding.leaves = !holding.leaving.is_empty();
                holding.uneven.fill();
                holding.settle(false, None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replicate::facets::Tracked;
    use shared::game::{PLAYER, schema};
    use shared::ids::EntityId;
    use shared::schema::Layout;
    use std::sync::Arc;

    const OWN: EntityId = EntityId(1);

    /// A client that holds its own entity and was told so, as after its first frame; the slot of the anchor.
    fn settled() -> (Facets, View, Slot) {
        let mut facets = Facets::new(Arc::new(Layout::new(&schema(), 6).unwrap()), 5);
        facets.next_tick(Tick(1));
        facets.track(OWN, Tracked::new(PLAYER, Some(PlayerId(1)), None));
        let anchor = facets.anchor(OWN).unwrap();
        let mut view = View::new(64, PlayerId(1));
        view.next_tick(&facets);
        let holding = view.holding_mut(Section::Everyone);
        assert!(holding.held.insert(anchor) && holding.fresh.insert(anchor));
        assert_eq!(view.learn_me(Some(anchor)), Some(anchor));
        view.commit(Tick(1));
        (facets, view, anchor)
    }

    #[test]
    fn who_it_is_is_told_once() {
        let (mut facets, mut view, anchor) = settled();
        facets.next_tick(Tick(2));
        view.next_tick(&facets);
        assert_eq!(view.learn_me(facets.anchor(OWN)), None);
        assert_eq!(facets.anchor(OWN), Some(anchor));
    }

    #[test]
    fn who_it_is_is_told_again_when_its_slot_left_and_came_back_while_it_was_skipped() {
        let (mut facets, mut view, anchor) = settled();
        for renewed in 0..10_000 {
            facets.next_tick(Tick(2 + renewed));
            facets.renew(OWN, 0);
            view.next_tick(&facets);
            if renewed > 0 && facets.anchor(OWN) == Some(anchor) {
                assert!(view.holding(Section::Everyone).leaving.contains(anchor));
                assert_eq!(view.learn_me(Some(anchor)), Some(anchor));
                return;
            }
        }
        panic!("the slot never came back");
    }
}
