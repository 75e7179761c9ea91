//! The rule of who may see what, written again: one tick's truth, and for each facet, reference and event whether a client may have it.
//!
//! ```text
//!   anchor      its own (owns it, drives it) · has no position · within the leave radius, and not hidden by the game's own rule
//!   team        its team, and the anchor is held          owner      its own, and the anchor is held
//!   reference   both ends are held                        event      told to everyone, its team, itself, or those who see an entity
//! ```
//!
//! What comes within the enter radius may be seen, and what then stays within the leave radius: so nothing beyond the latter. In between
//! this rule allows more than the server does, and never less.
//!
//! Never here: how the truth comes here (see `ledger`), what is held (see `witness`).

use crate::replica::{Event, Replica};
use shared::codec::{PartState, Record};
use shared::ids::{PlayerId, Slot, Tick};
use shared::quantise::Quantiser;
use shared::schema::{FacetKind, FieldKind, Layout, Schema, Section};
use shared::wire::audit::{Audit, AuditedAudience};
use shared::wire::values::{NO_REFERENCE, is_reference};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What of a game the rule goes by.
#[derive(Clone, Debug)]
pub struct Game {
    layout: Arc<Layout>,
    /// Per kind of entity: where it says where it is.
    places: Vec<Option<PlaceOf>>,
    /// Per kind of event: which of its codes name entities.
    names: Vec<Vec<bool>>,
    /// What is farther away is not seen, in world units; `None`: distance does not matter.
    leave_units: Option<u32>,
}

/// Where a kind of entity says where it is: in the anchor's facet, from this part on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PlaceOf {
    part: usize,
    axes: usize,
    quantiser: Quantiser,
    /// What 1 world unit is.
    unit: i64,
    /// By how many codes what is held may be off.
    tolerance: i64,
}

/// Where something is, in parts of a unit, and by how much that may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    at: [i64; 3],
    unit: i64,
    off: i64,
}

/// What is true of one facet.
#[derive(Clone, Copy, Debug)]
struct Facet {
    record: Record,
    section: Section,
    /// Of a reference: its target's anchor.
    points_at: Option<Slot>,
}

/// What is true of an entity, kept at its anchor.
#[derive(Clone, Copy, Debug, Default)]
struct Entity {
    place: Option<Place>,
    owner: Option<PlayerId>,
    team: Option<u8>,
}

/// What is true of one player.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    entity: Option<Slot>,
    team: Option<u8>,
}

/// One tick's truth.
#[derive(Clone, Debug)]
pub struct Truth {
    tick: Tick,
    leave_units: Option<u32>,
    facets: Vec<Option<Facet>>,
    entities: BTreeMap<Slot, Entity>,
    players: BTreeMap<PlayerId, Standing>,
    /// What the game's rule hides from whom; slots ascend.
    hidden: BTreeMap<PlayerId, Vec<u16>>,
}

/// Something that a client has and may not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// There is no such facet.
    #[error("slot {} is held and is not alive", .0.0)]
    Ghost(Slot),
    /// The entity is too far away, or the game hides it.
    #[error("the entity of slot {} is out of sight and held", .0.0)]
    OutOfSight(Slot),
    /// It is for another team.
    #[error("slot {} is for another team and held", .0.0)]
    OtherTeam(Slot),
    /// It is for another player.
    #[error("slot {} is for another player and held", .0.0)]
    OtherOwner(Slot),
    /// Its entity's anchor is not held.
    #[error("slot {} is held without its anchor", .0.0)]
    WithoutAnchor(Slot),
    /// It points at what is not held.
    #[error("slot {} points at what is not held", .0.0)]
    PointsOutOfSight(Slot),
    /// It was told, and not to this client, or never.
    #[error("an event of kind {0} was told to whom it was not for")]
    Event(u8),
    /// An event names what is not held.
    #[error("an event of kind {0} names what is not held")]
    EventNames(u8),
}

impl Game {
    /// The rule of a game where what is farther away than `leave_units` is not seen; 0: distance does not matter.
    #[must_use]
    pub fn new(schema: &Schema, layout: Arc<Layout>, leave_units: u32) -> Self {
        let places = schema.kinds.iter().enumerate().map(|(kind, entity)| {
            entity.components.iter().find_map(|&component| {
                let component = usize::from(component);
                let (source, axes, quantiser, unit, tolerance) = position(schema, component)?;
                let routes = layout.routes(shared::schema::Kind(kind as u8));
                let route = routes.iter().find(|route| {
                    route.component == component && (route.source..route.source + route.count).contains(&source)
                });
                let part = route.filter(|route| route.facet == 0).map(|route| route.part + source - route.source)?;
                Some(PlaceOf { part, axes, quantiser, unit: i64::from(unit.max(1)), tolerance: i64::from(tolerance) })
            })
        });
        let names = schema.events.iter().map(|declaration| {
            let fields = declaration.fields.iter();
            fields.flat_map(|field| std::iter::repeat_n(is_reference(field), field.part_count())).collect()
        });
        Self {
            places: places.collect(),
            names: names.collect(),
            layout,
            leave_units: (leave_units > 0).then_some(leave_units),
        }
    }

    /// Whether an event is the one that was told. What it names may be something else by now, or nothing; whether it may be named is
    /// another question.
    pub(super) fn is_same(&self, event: &Event, kind: u8, codes: &[i32]) -> bool {
        let names = self.names.get(usize::from(kind)).map_or(&[][..], Vec::as_slice);
        let mut pairs = event.codes.iter().zip(codes).zip(names);
        event.kind == kind
            && event.codes.len() == codes.len()
            && pairs.all(|((one, other), &names)| names || one == other)
    }

    /// The entities that an event names, by their anchors' slots.
    pub(super) fn named(&self, event: &Event) -> impl Iterator<Item = Slot> {
        let names = self.names.get(usize::from(event.kind)).map_or(&[][..], Vec::as_slice);
        let named = event.codes.iter().zip(names).filter(|(code, names)| **names && **code != NO_REFERENCE);
        named.map(|(&code, _)| Slot(code as u16))
    }

    pub(super) fn section(&self, kind: FacetKind) -> Option<Section> {
        self.layout.facet(kind).map(|facet| facet.section)
    }

    fn place(&self, record: Record, states: &[PartState]) -> Option<Place> {
        let facet = self.layout.facet(record.kind).filter(|facet| facet.anchor)?;
        let place = self.places.get(usize::from(facet.kind.0)).copied().flatten()?;
        let mut at = [0; 3];
        for (at, state) in at.iter_mut().zip(states.get(place.part..place.part + place.axes)?) {
            *at = i64::from(place.quantiser.min) + i64::from(state.code) * i64::from(place.quantiser.step);
        }
        Some(Place { at, unit: place.unit, off: place.tolerance * i64::from(place.quantiser.step) })
    }
}

/// The position field of a component: its first code, how many, how they are read, its unit, its tolerance.
fn position(schema: &Schema, component: usize) -> Option<(usize, usize, Quantiser, u32, u16)> {
    let mut source = 0;
    for field in &schema.components.get(component)?.fields {
        let vector = match field.kind {
            FieldKind::Vector2 { quantiser, unit } => Some((2, quantiser, unit)),
            FieldKind::Vector3 { quantiser, unit } => Some((3, quantiser, unit)),
            _ => None,
        };
        if let Some((axes, quantiser, unit)) = vector.filter(|_| field.marks.position) {
            return Some((source, axes, quantiser, unit, field.marks.tolerance));
        }
        source += field.part_count();
    }
    None
}

impl Truth {
    /// The truth of the tick that an auditor's replica holds, complete, and that it was told of.
    #[must_use]
    pub fn new(game: &Game, replica: &Replica, audit: &Audit) -> Self {
        let mut facets = vec![None; game.layout.slots()];
        let mut entities: BTreeMap<Slot, Entity> = BTreeMap::new();
        for (record, states, _) in replica.facets() {
            let Some(section) = game.section(record.kind) else { continue };
            if let Some(facet) = facets.get_mut(record.slot.index()) {
                let target = states.first().filter(|_| section == Section::References);
                *facet = Some(Facet { record, section, points_at: target.map(|state| Slot(state.code as u16)) });
            }
            if record.anchor == record.slot {
                entities.entry(record.slot).or_default().place = game.place(record, states);
            }
        }
        for said in &audit.entities {
            let entity = entities.entry(Slot(said.anchor)).or_default();
            (entity.owner, entity.team) = (said.owner.map(PlayerId), said.team);
        }
        let players = audit.players.iter().map(|said| {
            let standing = Standing { entity: said.entity.map(Slot), team: said.team };
            (PlayerId(said.player), standing)
        });
        let hidden = audit.hidden.iter().map(|said| (PlayerId(said.player), said.anchors.clone()));
        Self {
            tick: replica.tick(),
            leave_units: game.leave_units,
            facets,
            entities,
            players: players.collect(),
            hidden: hidden.collect(),
        }
    }

    /// Its tick.
    #[must_use]
    pub const fn tick(&self) -> Tick {
        self.tick
    }

    /// How many facets were alive.
    #[must_use]
    pub fn facet_count(&self) -> usize {
        self.facets.iter().flatten().count()
    }

    /// Whether a player may see the entity with this anchor: then it may hold the anchor.
    #[must_use]
    pub fn may_see(&self, player: PlayerId, anchor: Slot) -> bool {
        let Some(target) = self.entities.get(&anchor) else { return false };
        let standing = self.players.get(&player).copied().unwrap_or_default();
        if target.owner == Some(player) || standing.entity == Some(anchor) {
            return true;
        }
        let hidden = self.hidden.get(&player).is_some_and(|hidden| hidden.binary_search(&anchor.0).is_ok());
        let (Some(there), Some(leave)) = (target.place, self.leave_units) else { return !hidden };
        let eye = standing.entity.and_then(|own| self.entities.get(&own)).and_then(|own| own.place);
        !hidden && eye.is_some_and(|eye| is_within(eye, there, leave))
    }

    /// Whether a player may hold a facet, given whether it holds another.
    ///
    /// # Errors
    /// [`Breach`]: why it may not.
    pub fn may_hold(&self, player: PlayerId, record: Record, holds: impl Fn(Slot) -> bool) -> Result<(), Breach> {
        let (slot, anchor) = (record.slot, record.anchor);
        let facet = self.facets.get(slot.index()).copied().flatten().filter(|facet| facet.record == record);
        let facet = facet.ok_or(Breach::Ghost(slot))?;
        if !self.may_see(player, anchor) {
            return Err(Breach::OutOfSight(anchor));
        }
        if anchor != slot && !holds(anchor) {
            return Err(Breach::WithoutAnchor(slot));
        }
        let entity = self.entities.get(&anchor).copied().unwrap_or_default();
        let team = self.players.get(&player).and_then(|standing| standing.team);
        match facet.section {
            Section::Team if entity.team.is_none() || entity.team != team => Err(Breach::OtherTeam(slot)),
            Section::Owner if entity.owner != Some(player) => Err(Breach::OtherOwner(slot)),
            // With a small budget a reference comes before its target: it must be one that may be seen all the same. What a client had no
            // budget for may point at what it pointed at once.
            Section::References if !facet.points_at.is_some_and(|target| self.may_see(player, target)) => {
                Err(Breach::PointsOutOfSight(slot))
            }
            _ => Ok(()),
        }
    }

    /// Whether a player may be told what was told in this tick to an audience.
    #[must_use]
    pub fn may_hear(&self, player: PlayerId, audience: AuditedAudience) -> bool {
        match audience {
            AuditedAudience::Everyone => true,
            AuditedAudience::Team(team) => self.players.get(&player).and_then(|standing| standing.team) == Some(team),
            AuditedAudience::Player(other) => other == player.0,
            AuditedAudience::Seeing(anchor) => anchor.is_some_and(|anchor| self.may_see(player, Slot(anchor))),
        }
    }
}

/// Whether two places are at most so many world units apart, or may be, as far as their places are known.
fn is_within(one: Place, other: Place, units: u32) -> bool {
    let (mut squared, unit) = (0_i128, i128::from(one.unit) * i128::from(other.unit));
    for (here, there) in one.at.into_iter().zip(other.at) {
        let along = i128::from(here) * i128::from(other.unit) - i128::from(there) * i128::from(one.unit);
        squared += along * along;
    }
    // Each axis may be off by both tolerances; together they are off by less than twice that.
    let off = 2 * (i128::from(one.off) * i128::from(other.unit) + i128::from(other.off) * i128::from(one.unit));
    let reach = i128::from(units) * unit + off;
    squared <= reach * reach
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(x: i64, y: i64) -> Place {
        Place { at: [x, y, 0], unit: 16, off: 0 }
    }

    #[test]
    fn a_distance_is_compared_exactly() {
        // 3, 4 and 5 units.
        assert!(is_within(place(0, 0), place(48, 64), 5));
        assert!(!is_within(place(0, 0), place(48, 65), 5));
        assert!(!is_within(place(-1, 0), place(48, 64), 5));
        let finer = Place { at: [480, 640, 0], unit: 160, off: 0 };
        assert!(is_within(place(0, 0), finer, 5) && !is_within(place(0, 0), finer, 4));
        let vague = Place { off: 1, ..place(48, 65) };
        assert!(is_within(place(0, 0), vague, 5));
    }

    /// An entity of each of two players, and one of nobody; the first two are 40 units apart, the last is far away.
    fn truth() -> Truth {
        let entity = |x: i64, owner: Option<u32>, team| Entity {
            place: Some(place(x * 16, 0)),
            owner: owner.map(PlayerId),
            team,
        };
        let record = |slot, kind, anchor| Record { slot: Slot(slot), kind: FacetKind(kind), anchor: Slot(anchor) };
        let facet =
            |slot, kind, anchor, section| Some(Facet { record: record(slot, kind, anchor), section, points_at: None });
        Truth {
            tick: Tick(9),
            leave_units: Some(50),
            facets: vec![
                facet(0, 0, 0, Section::Everyone),
                facet(1, 0, 1, Section::Everyone),
                facet(2, 0, 2, Section::Everyone),
                facet(3, 1, 1, Section::Team),
                facet(4, 2, 1, Section::Owner),
                facet(5, 3, 1, Section::References),
                None,
            ],
            entities: BTreeMap::from([
                (Slot(0), entity(0, Some(10), Some(1))),
                (Slot(1), entity(40, Some(11), Some(2))),
                (Slot(2), entity(900, None, None)),
            ]),
            players: BTreeMap::from([
                (PlayerId(10), Standing { entity: Some(Slot(0)), team: Some(1) }),
                (PlayerId(11), Standing { entity: Some(Slot(1)), team: Some(2) }),
                (PlayerId(12), Standing { entity: Some(Slot(0)), team: Some(2) }),
            ]),
            hidden: BTreeMap::from([(PlayerId(12), vec![1])]),
        }
    }

    fn holds(truth: &Truth, player: u32, slot: u16) -> Result<(), Breach> {
        let record = truth.facets[usize::from(slot)]
            .map_or_else(|| Record { slot: Slot(slot), kind: FacetKind(0), anchor: Slot(slot) }, |facet| facet.record);
        truth.may_hold(PlayerId(player), record, |_| true)
    }

    /// The reference of the second entity points there.
    fn pointing(truth: &Truth, target: u16) -> Truth {
        let mut truth = truth.clone();
        truth.facets[5].iter_mut().for_each(|facet| facet.points_at = Some(Slot(target)));
        truth
    }

    #[test]
    fn what_is_far_away_or_hidden_or_for_others_may_not_be_held() {
        let truth = truth();
        assert_eq!(holds(&truth, 10, 0), Ok(()));
        assert_eq!(holds(&truth, 10, 1), Ok(()));
        assert_eq!(holds(&truth, 10, 2), Err(Breach::OutOfSight(Slot(2))));
        assert_eq!(holds(&truth, 12, 1), Err(Breach::OutOfSight(Slot(1))), "the game hides it");
        assert_eq!(holds(&truth, 99, 1), Err(Breach::OutOfSight(Slot(1))), "nobody known");
        assert_eq!(holds(&truth, 10, 3), Err(Breach::OtherTeam(Slot(3))));
        assert_eq!(holds(&truth, 11, 3), Ok(()));
        assert_eq!(holds(&truth, 10, 4), Err(Breach::OtherOwner(Slot(4))));
        assert_eq!(holds(&truth, 11, 4), Ok(()));
        assert_eq!(holds(&pointing(&truth, 0), 10, 5), Ok(()));
        assert_eq!(holds(&pointing(&truth, 2), 10, 5), Err(Breach::PointsOutOfSight(Slot(5))));
        assert_eq!(holds(&truth, 10, 6), Err(Breach::Ghost(Slot(6))));
        let other = Record { slot: Slot(1), kind: FacetKind(7), anchor: Slot(1) };
        assert_eq!(truth.may_hold(PlayerId(10), other, |_| true), Err(Breach::Ghost(Slot(1))));
        let member = truth.facets[4].map_or(other, |facet| facet.record);
        assert_eq!(truth.may_hold(PlayerId(11), member, |_| false), Err(Breach::WithoutAnchor(Slot(4))));
    }

    #[test]
    fn without_a_radius_only_the_games_own_rule_hides() {
        let truth = Truth { leave_units: None, ..truth() };
        assert_eq!(holds(&truth, 10, 2), Ok(()));
        assert_eq!(holds(&truth, 99, 2), Ok(()));
        assert_eq!(holds(&truth, 12, 1), Err(Breach::OutOfSight(Slot(1))));
    }

    #[test]
    fn an_event_is_for_its_audience() {
        let truth = truth();
        let hears = |player: u32, to| truth.may_hear(PlayerId(player), to);
        assert!(hears(99, AuditedAudience::Everyone));
        assert!(hears(10, AuditedAudience::Team(1)) && !hears(11, AuditedAudience::Team(1)));
        assert!(hears(10, AuditedAudience::Player(10)) && !hears(11, AuditedAudience::Player(10)));
        assert!(hears(10, AuditedAudience::Seeing(Some(1))) && !hears(10, AuditedAudience::Seeing(Some(2))));
        assert!(!hears(12, AuditedAudience::Seeing(Some(1))) && !hears(10, AuditedAudience::Seeing(None)));
    }
}
