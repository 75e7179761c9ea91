//! A game for stories about who may see what: entities that do what the story says, tick by tick, and nothing else.
//!
//! ```text
//!   walker  Place(position) Look Plan(team) Purse(owner) Aim(reference)       driven by a player, or wild
//!   tower   Look Aim                                                          without a position
//! ```
//!
//! Numbers are given in order: first what is there from the beginning, then the players' walkers as they join. A cloaked
//! walker is hidden from all who are not of its team, if the meadow has the rule for it.

use crate::moment::{Sight, Things};
use bevy_ecs::prelude::*;
use glam::IVec2;
use serde::{Deserialize, Serialize};
use server::game_api::Game;
use server::sim::{
    Answer, EntityIds, InputSource, Outbox, Owner, Players, Requests, RoomOptions, RoomRefused, Sim, SimTick, Stage,
    Stages, Team, To,
};
use shared::Replicated;
use shared::ids::{EntityId, PlayerId};
use shared::schema::{Kind, Schema};

/// Has a position.
pub const WALKER: Kind = Kind(0);
/// Has none.
pub const TOWER: Kind = Kind(1);

/// Parts of a world unit.
pub const UNIT: i32 = 16;
/// Side of the meadow: 1000 units.
pub const SIDE: i32 = 1_000 * UNIT;

/// Where something is.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Replicated, Serialize, Deserialize)]
pub struct Place {
    /// In 1/16 units.
    #[field(range = 0..=SIDE, unit = 16, position)]
    pub at: IVec2,
}

/// What everyone sees of it.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Replicated, Serialize, Deserialize)]
pub struct Look {
    /// Its health.
    #[field(range = 0..=100)]
    pub hp: u8,
}

/// What its team sees.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Replicated, Serialize, Deserialize)]
pub struct Plan {
    /// A word.
    #[field(range = 0..=100, audience = team)]
    pub word: u8,
}

/// What its owner sees.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Replicated, Serialize, Deserialize)]
pub struct Purse {
    /// Coins.
    #[field(range = 0..=100, audience = owner)]
    pub coins: u8,
}

/// Whom it looks at.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Replicated, Serialize, Deserialize)]
pub struct Aim {
    /// Another entity, or none.
    pub at: EntityId,
}

/// Hidden from all other teams. Never sent.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cloak;

/// A player does nothing.
#[derive(Clone, Copy, Debug, Default, Replicated)]
pub struct Still {}

/// Asks that everyone who sees an entity is told so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Replicated)]
pub struct Shout {
    /// Which.
    pub about: EntityId,
}

/// Something that happened to an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Replicated)]
pub struct Cry {
    /// To which.
    pub of: EntityId,
}

/// Something that the story has happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It is there from now on, in 1/16 units.
    Put(u32, i32, i32),
    /// It has so much health.
    Hurt(u32, u8),
    /// Its plan is another.
    Think(u32, u8),
    /// It looks at another; at itself: at nobody.
    Aim(u32, u32),
    /// It is cloaked or not.
    Cloak(u32, bool),
    /// It is of a team or none.
    Side(u32, Option<u8>),
    /// It belongs to a player or nobody.
    Own(u32, Option<u32>),
    /// It goes.
    Remove(u32),
    /// Another of this kind comes, at a place.
    Bear(Kind, i32, i32),
    /// Somebody is told of an entity.
    Tell(To, u32),
}

/// A meadow and its story.
#[derive(Resource, Clone, Debug, Default)]
pub struct Meadow {
    /// Places of the walkers that are there from the beginning, in units.
    pub walkers: Vec<(i32, i32)>,
    /// So many towers after them.
    pub towers: u32,
    /// Where players come in, by player, in units; the last goes for all others.
    pub starts: Vec<(i32, i32)>,
    /// What happens, by tick.
    pub script: Vec<(u32, Act)>,
    /// Cloaks work.
    pub sight: bool,
    /// Players have no walkers.
    pub bodiless: bool,
}

impl Meadow {
    /// The walker of the player who joined as the so manieth.
    #[must_use]
    pub fn walker_of(&self, player: u32) -> u32 {
        self.walkers.len() as u32 + self.towers + player
    }
}

/// Only what is cloaked may be hidden from anybody.
fn is_cloaked(world: &World, target: EntityId) -> bool {
    let entity = world.resource::<EntityIds>().entity(target);
    entity.is_some_and(|entity| world.get::<Cloak>(entity).is_some())
}

/// Hidden is what is cloaked, and of another team or none.
fn sees(world: &World, viewer: EntityId, target: EntityId) -> bool {
    let entity = |id| world.resource::<EntityIds>().entity(id);
    let Some(target) = entity(target) else { return true };
    let team_of = |entity| world.get::<Team>(entity).map(|team| team.0);
    let mates = team_of(target).is_some() && entity(viewer).and_then(team_of) == team_of(target);
    mates || world.get::<Cloak>(target).is_none()
}

fn follow_script(world: &mut World) {
    let tick = world.resource::<SimTick>().0.0;
    let script = &world.resource::<Meadow>().script;
    let now: Vec<Act> = script.iter().filter(|(at, _)| *at == tick).map(|&(_, act)| act).collect();
    now.into_iter().for_each(|act| perform(world, act));
}

/// Whom one can name, one can have told about; whom one cannot name is refused with reason 1.
fn shout(world: &mut World) {
    let shouts: Vec<_> = world.resource::<Requests>().of::<Shout>().collect();
    for (player, number, Shout { about }) in shouts {
        let answer = if about == EntityId::NONE { Answer::Refused(1) } else { Answer::Done };
        let mut outbox = world.resource_mut::<Outbox>();
        outbox.answer(player, number, answer);
        outbox.send(To::Seeing(about), &Cry { of: about });
    }
}

fn perform(world: &mut World, act: Act) {
    let entity = |world: &World, id| {
        let known = world.resource::<EntityIds>().entity(EntityId(id));
        known.unwrap_or_else(|| panic!("the story has no entity {id}"))
    };
    match act {
        Act::Put(id, x, y) => set(world, entity(world, id), Place { at: IVec2::new(x, y) }),
        Act::Hurt(id, hp) => set(world, entity(world, id), Look { hp }),
        Act::Think(id, word) => set(world, entity(world, id), Plan { word }),
        Act::Aim(id, at) => {
            let at = if id == at { EntityId::NONE } else { EntityId(at) };
            set(world, entity(world, id), Aim { at });
        }
        Act::Cloak(id, true) => set(world, entity(world, id), Cloak),
        Act::Cloak(id, false) => drop(world.entity_mut(entity(world, id)).remove::<Cloak>()),
        Act::Side(id, Some(team)) => set(world, entity(world, id), Team(team)),
        Act::Side(id, None) => drop(world.entity_mut(entity(world, id)).remove::<Team>()),
        Act::Own(id, Some(player)) => set(world, entity(world, id), Owner(PlayerId(player))),
        Act::Own(id, None) => drop(world.entity_mut(entity(world, id)).remove::<Owner>()),
        Act::Remove(id) => drop(world.despawn(entity(world, id))),
        Act::Bear(kind, x, y) => drop(bear(world, kind, IVec2::new(x, y))),
        Act::Tell(to, of) => world.resource_mut::<Outbox>().send(to, &Cry { of: EntityId(of) }),
    }
}

fn set(world: &mut World, entity: Entity, component: impl Component) {
    world.entity_mut(entity).insert(component);
}

fn bear(world: &mut World, kind: Kind, at: IVec2) -> EntityId {
    let networked = world.resource_mut::<EntityIds>().spawn(kind);
    let seen = (networked, Look { hp: 100 }, Aim { at: EntityId::NONE });
    if kind == WALKER {
        world.spawn((seen, Place { at }, Plan { word: 1 }, Purse { coins: 1 }));
    } else {
        world.spawn(seen);
    }
    networked.id
}

impl Game for Meadow {
    type Input = Still;

    fn schema(&self) -> Schema {
        let (place, look, plan, purse, aim) = (Place::NAME, Look::NAME, Plan::NAME, Purse::NAME, Aim::NAME);
        Schema::new("meadow")
            .component::<Place>()
            .component::<Look>()
            .component::<Plan>()
            .component::<Purse>()
            .component::<Aim>()
            .kind(WALKER, "walker", &[place, look, plan, purse, aim])
            .kind(TOWER, "tower", &[look, aim])
            .input::<Still>()
            .event::<Cry>()
            .request::<Shout>()
            .build()
            .expect("a sound schema")
    }

    fn install(&self, world: &mut World, stages: &mut Stages, _: &RoomOptions) -> Result<(), RoomRefused> {
        stages.replicated::<Place>().replicated::<Look>().replicated::<Plan>().replicated::<Purse>();
        stages
            .replicated::<Aim>()
            .component::<Cloak>()
            .constant::<Self>()
            .add(Stage::Rules, (follow_script, shout).chain());
        if self.sight {
            stages.sight_of(is_cloaked, sees);
        }
        world.insert_resource(self.clone());
        for &(x, y) in &self.walkers {
            bear(world, WALKER, IVec2::new(x, y) * UNIT);
        }
        for _ in 0..self.towers {
            bear(world, TOWER, IVec2::ZERO);
        }
        Ok(())
    }

    fn on_join(&self, world: &mut World, player: PlayerId) -> EntityId {
        if self.bodiless {
            return EntityId::NONE;
        }
        let joined = (world.resource::<Players>().count() - 1).min(self.starts.len().saturating_sub(1));
        let (x, y) = self.starts.get(joined).copied().unwrap_or((500, 500));
        let id = bear(world, WALKER, IVec2::new(x, y) * UNIT);
        let entity = world.resource::<EntityIds>().entity(id).expect("it was just born");
        world.entity_mut(entity).insert(Team((player.0 % 2) as u8));
        id
    }

    fn on_leave(&self, _: &mut World, _: PlayerId) {}
}

/// Reads nothing: values are looked at by the story, and the shadow by the checkers.
#[must_use]
pub fn look(_: &Sim) -> Box<dyn Things> {
    Box::new(Nothing)
}

#[derive(Debug)]
struct Nothing;

impl Things for Nothing {
    fn differences(&self, _: &Sight<'_>) -> Vec<String> {
        Vec::new()
    }

    fn source(&self, _: PlayerId) -> Option<InputSource> {
        None
    }
}
