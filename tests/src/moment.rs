//! What was true on the server after one tick, written down by paths of our own, so that a client that is late can be
//! compared with the tick that it holds.

use crate::eyes::{Eyes, Seen};
use client_sim::replica::Replica;
use server::replicate::Replicator;
use server::replicate::feed::Feed;
use server::room::Room;
use server::sim::{EntityIds, InputSource, Outbox, Owner, Players, Sent, Sim, Team, To};
use shared::codec::{PartState, Record};
use shared::ids::{EntityId, PlayerId, Slot, Tick};
use shared::schema::Section;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One tick's truth.
#[derive(Debug)]
pub struct Moment {
    /// Which tick.
    pub tick: Tick,
    /// Every facet that is alive.
    pub facets: BTreeMap<Slot, Live>,
    /// The anchors of the entities that have one.
    pub anchors: BTreeMap<EntityId, Slot>,
    /// Everyone who is in.
    pub players: BTreeMap<PlayerId, Standing>,
    /// Where clients see less than everything: the anchors that each may see.
    pub seen: Seen,
    /// What the game told in this tick.
    pub told: Vec<Sent>,
    /// How many entities the World has.
    pub entities: usize,
    /// Some facet found no slot in this tick: what is complete may still lack something.
    pub crowded: bool,
    /// The World as its game sees it.
    pub things: Arc<dyn Things>,
}

/// A facet that is alive, and who may see it according to the World.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Its name on the wire.
    pub record: Record,
    /// Where it travels.
    pub section: Section,
    /// Its entity's owner.
    pub owner: Option<PlayerId>,
    /// Its entity's team.
    pub team: Option<u8>,
    /// The shadow's states.
    pub states: Vec<PartState>,
}

/// One player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The entity it drives.
    pub entity: Option<EntityId>,
    /// That entity's team.
    pub team: Option<u8>,
    /// Where its input of this tick came from.
    pub source: Option<InputSource>,
}

/// A World read directly, component by component: neither codes nor slots nor rows.
pub trait Things: std::fmt::Debug {
    /// What in the client's replica is not as the World was. A client that is not complete may hold less, never something else.
    fn differences(&self, sight: &Sight<'_>) -> Vec<String>;

    /// Where a player's input came from.
    fn source(&self, player: PlayerId) -> Option<InputSource>;
}

/// One client at one tick.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// What it holds.
    pub replica: &'a Replica,
    /// What was true.
    pub moment: &'a Moment,
    /// Who it is.
    pub player: PlayerId,
    /// Its team.
    pub team: Option<u8>,
    /// It sees what is for any team.
    pub all_teams: bool,
}

impl Sight<'_> {
    /// Whether all that the client holds of the entity with this anchor is exact. What is not may be as it was once.
    #[must_use]
    pub fn is_exact(&self, anchor: Slot) -> bool {
        self.replica.fresh_count() == self.replica.held_count()
            || self.replica.facets().all(|(record, _, fresh)| fresh || record.anchor != anchor)
    }
}

impl Live {
    /// Whether a player may see it.
    #[must_use]
    pub fn is_for(&self, player: PlayerId, team: Option<u8>) -> bool {
        match self.section {
            Section::Everyone | Section::References => true,
            Section::Team => self.team.is_some() && self.team == team,
            Section::Owner => self.owner == Some(player),
        }
    }
}

impl Moment {
    /// Writes down what is true in `room` now.
    #[must_use]
    pub fn of(room: &Room, look: fn(&Sim) -> Box<dyn Things>, eyes: &mut Eyes) -> Self {
        let (sim, replicator) = (room.sim(), room.replicator());
        let world = sim.world();
        let ids = world.resource::<EntityIds>();
        let of_entity = |id: EntityId| ids.entity(id).map(|entity| world.entity(entity));
        let facets = live_facets(replicator, |id| {
            let entity = of_entity(id);
            let owner = entity.and_then(|entity| entity.get::<Owner>()).map(|owner| owner.0);
            (owner, entity.and_then(|entity| entity.get::<Team>()).map(|team| team.0))
        });
        let things: Arc<dyn Things> = look(sim).into();
        let players = world.resource::<Players>().iter().map(|(player, _)| {
            let entity = sim.entity_of(player);
            let team = entity.and_then(of_entity).and_then(|entity| entity.get::<Team>().map(|team| team.0));
            (player, Standing { entity, team, source: things.source(player) })
        });
        let players = players.collect();
        let anchored = ids.iter().filter_map(|(id, _)| Some((id, replicator.facets().anchor(id)?)));
        Self {
            tick: room.tick(),
            facets,
            anchors: anchored.collect(),
            players,
            seen: eyes.look(room),
            told: world.resource::<Outbox>().events().to_vec(),
            entities: ids.count(),
            crowded: room.counts().unplaced > 0,
            things,
        }
    }

    /// The same tick as spectators are shown it, by a feed that shows it now: the World as it was, under slots of their own.
    #[must_use]
    pub fn for_spectators(&self, feed: &Feed) -> Self {
        let known = feed.replicator().facets();
        let public = |sent: &&Sent| matches!(sent.to, To::Everyone | To::Seeing(_));
        Self {
            tick: self.tick,
            facets: live_facets(feed.replicator(), |id| (None, known.get(id).and_then(|of| of.team))),
            anchors: known.tracked().filter_map(|(id, _)| Some((id, known.anchor(id)?))).collect(),
            players: BTreeMap::new(),
            seen: None,
            told: self.told.iter().filter(public).cloned().collect(),
            entities: self.entities,
            crowded: known.waiting_count() > 0,
            things: self.things.clone(),
        }
    }

    /// What the game told spectators in this tick.
    pub fn told_to_spectators(&self) -> impl Iterator<Item = &Sent> + '_ {
        self.told.iter().filter(|sent| match sent.to {
            To::Everyone => true,
            To::Seeing(entity) => self.anchors.contains_key(&entity),
            To::Team(_) | To::Player(_) => false,
        })
    }

    /// Whether a player may see the entity with this anchor.
    #[must_use]
    pub fn may_see(&self, player: PlayerId, anchor: Slot) -> bool {
        let seen = self.seen.as_ref().map(|seen| seen.get(&player));
        seen.is_none_or(|seen| seen.is_some_and(|seen| seen.contains(&anchor)))
    }

    /// Whether a player may see a facet.
    #[must_use]
    pub fn may_hold(&self, player: PlayerId, live: &Live) -> bool {
        let target = live.states.first().filter(|_| live.section == Section::References);
        live.is_for(player, self.team(player))
            && self.may_see(player, live.record.anchor)
            && target.is_none_or(|target| self.may_see(player, Slot(target.code as u16)))
    }

    /// The team of a player.
    #[must_use]
    pub fn team(&self, player: PlayerId) -> Option<u8> {
        self.players.get(&player).and_then(|standing| standing.team)
    }

    /// What the game told `player` in this tick.
    pub fn told(&self, player: PlayerId) -> impl Iterator<Item = &Sent> + '_ {
        let team = self.team(player);
        self.told.iter().filter(move |sent| match sent.to {
            To::Everyone => true,
            To::Team(own) => team == Some(own),
            To::Player(own) => own == player,
            To::Seeing(entity) => self.anchors.get(&entity).is_some_and(|&anchor| self.may_see(player, anchor)),
        })
    }
}

/// Every facet that is alive; `audience` says whose an entity is, and of which team.
fn live_facets(
    replicator: &Replicator,
    audience: impl Fn(EntityId) -> (Option<PlayerId>, Option<u8>),
) -> BTreeMap<Slot, Live> {
    let known = replicator.facets();
    let live = known.alive_slots().iter().filter_map(|slot| known.alive(slot)).map(|alive| {
        let facet = &replicator.layout().facets()[usize::from(alive.record.kind.0)];
        let (owner, team) = audience(alive.entity);
        let states = replicator.shadow().states(alive.record.slot)[..facet.parts.len()].to_vec();
        (alive.record.slot, Live { record: alive.record, section: facet.section, owner, team, states })
    });
    live.collect()
}
