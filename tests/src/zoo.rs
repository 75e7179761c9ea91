//! A small game for tests, with everything that the engine can carry: every audience, every kind of field, references whose
//! targets die, constants that change all the same, teleports, ranges at their ends, entities that come and go by chance.
//!
//! ```text
//!   beast  Body Purse(owner) Orders(team) Tag(constant) Bond(reference)      driven by a player, or wild
//!   stone  Edges (extreme ranges, two references)
//!   chest  Purse (an anchor without fields)
//!   flag   Orders Bond
//! ```
//!
//! All chance comes from the World's Randomness, so a match is the same each time. [`Zoo`] says how wild it is.

use bevy_ecs::prelude::*;
use glam::{IVec2, IVec3};
use serde::{Deserialize, Serialize};
use server::game_api::{Game, RoomOptions, RoomRefused};
use server::sim::{Answer, Controls, EntityIds, Outbox, Owner, Players, Randomness, Requests, Stage, Stages, Team, To};
use shared::Replicated;
use shared::ids::{EntityId, PlayerId};
use shared::schema::{Kind, Schema, Text};

/// Driven by a player, or wild.
pub const BEAST: Kind = Kind(0);
/// Extreme ranges and two references.
pub const STONE: Kind = Kind(1);
/// An anchor without fields, and something for its owner.
pub const CHEST: Kind = Kind(2);
/// Something for a team, and a reference.
pub const FLAG: Kind = Kind(3);

/// Half the side of the world, in 1/16 units.
pub const EDGE: i32 = 4_096;
const WIDE_MAX: u32 = (1 << 26) - 1;
const DEEP: i32 = 1 << 25;

/// How a beast feels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Replicated, Serialize, Deserialize)]
pub enum Mood {
    /// At rest.
    #[default]
    Calm,
    /// After a hop.
    Angry,
    /// Now and then.
    Hungry,
}

/// Where something is and how it looks.
#[derive(Component, Clone, Debug, PartialEq, Eq, Default, Replicated, Serialize, Deserialize)]
pub struct Body {
    /// Where, in 1/16 units.
    #[field(range = -EDGE..=EDGE, unit = 16, position, predictor = linear)]
    pub at: IVec2,
    /// Which way, in 1/65,536 turn; sent with ten bits, so it wraps often.
    #[field(bits = 10, predictor = linear)]
    pub heading: u16,
    /// How it feels.
    pub mood: Mood,
}

/// What only its owner knows.
#[derive(Component, Clone, Debug, PartialEq, Eq, Default, Replicated, Serialize, Deserialize)]
pub struct Purse {
    /// Grows with every press of `gift`.
    #[field(range = 0..=60_000, audience = owner)]
    pub coins: u16,
    /// The widest signed range that there is.
    #[field(range = -DEEP..=DEEP - 1, audience = owner, predictor = linear)]
    pub luck: i32,
}

/// What only its team knows.
#[derive(Component, Clone, Debug, PartialEq, Eq, Default, Replicated, Serialize, Deserialize)]
pub struct Orders {
    /// Which plan.
    #[field(range = 0..=7, audience = team)]
    pub plan: u8,
    /// Where to, coarse.
    #[field(range = -512..=512, step = 4, audience = team, predictor = linear)]
    pub goal: IVec3,
}

/// What it is called.
#[derive(Component, Clone, Debug, PartialEq, Eq, Default, Replicated, Serialize, Deserialize)]
pub struct Tag {
    /// Declared constant; the zoo renames a beast now and then all the same.
    #[field(constant)]
    pub name: Text<16>,
    /// Changes freely.
    pub cry: Text<8>,
}

/// Whom it is after.
#[derive(Component, Clone, Debug, PartialEq, Eq, Replicated, Serialize, Deserialize)]
pub struct Bond {
    /// Another entity, perhaps a dead one, perhaps itself.
    pub to: EntityId,
    /// How much.
    pub strong: bool,
}

impl Default for Bond {
    fn default() -> Self {
        Self { to: EntityId::NONE, strong: false }
    }
}

/// Ranges at their ends.
#[derive(Component, Clone, Debug, PartialEq, Eq, Replicated, Serialize, Deserialize)]
pub struct Edges {
    /// As many codes as a part may have.
    #[field(range = 0..=WIDE_MAX, predictor = linear)]
    pub wide: u32,
    /// The same, held.
    #[field(range = -DEEP..=DEEP - 1)]
    pub deep: i32,
    /// One code: no bits at all.
    #[field(range = -5..=-5)]
    pub only: i8,
    /// A full turn.
    #[field(angle)]
    pub turn: u16,
    /// One reference.
    pub near: EntityId,
    /// Another, in a facet of its own.
    pub far: EntityId,
}

impl Default for Edges {
    fn default() -> Self {
        Self { wide: 0, deep: 0, only: -5, turn: 0, near: EntityId::NONE, far: EntityId::NONE }
    }
}

/// What drives a thing that nobody drives. Never sent.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Drift {
    step: IVec2,
    spin: i16,
}

/// What a player does in a tick.
#[derive(Clone, Debug, PartialEq, Eq, Default, Replicated)]
pub struct ZooInput {
    /// How far to go.
    #[field(range = -64..=64, unit = 16)]
    pub step: IVec2,
    /// Which way to look.
    #[field(bits = 10)]
    pub look: u16,
    /// Be somewhere else.
    #[field(press)]
    pub hop: bool,
    /// Send a [`Note`] to everyone.
    #[field(press)]
    pub call: bool,
    /// Coins for the purse.
    #[field(range = 0..=7, press)]
    pub gift: u8,
}

/// Something that is told once.
#[derive(Clone, Debug, PartialEq, Eq, Replicated)]
pub struct Note {
    /// Counts all notes of the room.
    #[field(range = 0..=WIDE_MAX)]
    pub number: u32,
    /// Who caused it.
    pub from: EntityId,
}

/// Asks to be of another team.
#[derive(Clone, Debug, PartialEq, Eq, Replicated)]
pub struct Switch {
    /// Which; 3 is none.
    #[field(range = 0..=3)]
    pub team: u8,
}

/// To whom notes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Replicated)]
pub enum Whom {
    /// Everyone.
    #[default]
    All,
    /// The asker's team.
    Team,
    /// The asker.
    Me,
}

/// Asks for notes.
#[derive(Clone, Debug, PartialEq, Eq, Replicated)]
pub struct Tell {
    /// To whom.
    pub whom: Whom,
    /// How many; none is refused with reason 7.
    pub count: u8,
    /// About whom.
    pub about: EntityId,
}

/// Asks for something to go.
#[derive(Clone, Debug, PartialEq, Eq, Replicated)]
pub struct Cull {
    /// What.
    pub about: EntityId,
}

/// Asks for something wild.
#[derive(Clone, Debug, PartialEq, Eq, Replicated)]
pub struct Breed {
    /// Of which kind.
    #[field(range = 0..=3)]
    pub kind: u8,
}

/// Asks for a small change of something: one step, one coin, another plan.
#[derive(Clone, Debug, PartialEq, Eq, Replicated)]
pub struct Poke {
    /// Of what.
    pub about: EntityId,
}

/// Asks that something points at something else.
#[derive(Clone, Debug, PartialEq, Eq, Replicated)]
pub struct Point {
    /// What.
    pub about: EntityId,
    /// At what.
    pub to: EntityId,
}

/// Asks for something that no rule answers.
#[derive(Clone, Debug, PartialEq, Eq, Replicated)]
pub struct Ignored;

/// Notes sent so far.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Notes(u32);

/// How wild it is.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zoo {
    /// Wild things at the beginning, and about as many later.
    pub crowd: u32,
    /// Chance in a thousand, per thing and tick, that it goes; as many come.
    pub deaths: u32,
    /// Chance in a thousand, per thing and tick, of each other change: a new bond, a jump, another team or owner, a renaming.
    pub whims: u32,
    /// Chance in a thousand, per thing and tick, that it changes course.
    pub turns: u32,
    /// Wild things go on when nobody drives them.
    pub still: bool,
}

impl Default for Zoo {
    fn default() -> Self {
        Self { crowd: 12, deaths: 10, whims: 15, turns: 100, still: false }
    }
}

impl Zoo {
    /// Nothing comes, goes or moves by itself.
    #[must_use]
    pub const fn calm(crowd: u32) -> Self {
        Self { crowd, deaths: 0, whims: 0, turns: 0, still: true }
    }

    /// Everything moves, nothing comes or goes.
    #[must_use]
    pub const fn steady(crowd: u32) -> Self {
        Self { crowd, deaths: 0, whims: 0, turns: 200, still: false }
    }
}

/// The zoo's schema.
///
/// # Panics
/// If the engine refuses it: then the zoo asks for something that the engine does not carry.
#[must_use]
pub fn schema() -> Schema {
    Schema::new("zoo")
        .component::<Body>()
        .component::<Purse>()
        .component::<Orders>()
        .component::<Tag>()
        .component::<Bond>()
        .component::<Edges>()
        .kind(BEAST, "beast", &[Body::NAME, Purse::NAME, Orders::NAME, Tag::NAME, Bond::NAME])
        .kind(STONE, "stone", &[Edges::NAME])
        .kind(CHEST, "chest", &[Purse::NAME])
        .kind(FLAG, "flag", &[Orders::NAME, Bond::NAME])
        .input::<ZooInput>()
        .event::<Note>()
        .request::<Switch>()
        .request::<Tell>()
        .request::<Ignored>()
        .request::<Cull>()
        .request::<Breed>()
        .request::<Poke>()
        .request::<Point>()
        .build()
        .expect("the zoo's schema is sound")
}

impl Game for Zoo {
    type Input = ZooInput;

    fn schema(&self) -> Schema {
        schema()
    }

    fn install(&self, world: &mut World, stages: &mut Stages, _: &RoomOptions) -> Result<(), RoomRefused> {
        stages
            .replicated::<Body>()
            .replicated::<Purse>()
            .replicated::<Orders>()
            .replicated::<Tag>()
            .replicated::<Bond>()
            .replicated::<Edges>()
            .component::<Drift>()
            .resource::<Notes>()
            .constant::<Self>()
            .add(Stage::ReadInputs, (obey, answer, keep, point).chain())
            .add(Stage::Move, drift)
            .add(Stage::Rules, whims)
            .add(Stage::Spawn, births)
            .add(Stage::Despawn, deaths);
        world.insert_resource(*self);
        world.insert_resource(Notes(0));
        for _ in 0..self.crowd {
            spawn(world);
        }
        Ok(())
    }

    fn on_join(&self, world: &mut World, player: PlayerId) -> EntityId {
        let name = world.resource::<Players>().name(player);
        let networked = world.resource_mut::<EntityIds>().spawn(BEAST);
        let team = (player.0 % 3) as u8;
        let tag = Tag { name: Text::new(name.as_str()), cry: Text::new("hi") };
        let beast = (Body::default(), Purse::default(), Orders::default(), tag, Bond::default());
        world.spawn((networked, beast, Team(team)));
        networked.id
    }

    fn on_leave(&self, world: &mut World, player: PlayerId) {
        // What was lent to the player is nobody's again.
        for (_, entity) in all(world) {
            if world.get::<Owner>(entity).is_some_and(|owner| owner.0 == player) {
                world.entity_mut(entity).remove::<Owner>();
            }
        }
    }
}

/// All entities, by number: nothing may depend on table rows.
pub(crate) fn all(world: &World) -> Vec<(EntityId, Entity)> {
    world.resource::<EntityIds>().iter().collect()
}

fn wild(world: &World) -> Vec<Entity> {
    all(world).into_iter().map(|(_, entity)| entity).filter(|&entity| world.get::<Drift>(entity).is_some()).collect()
}

fn below(world: &mut World, end: u32) -> u32 {
    world.resource_mut::<Randomness>().below(end)
}

fn chance(world: &mut World, per_mille: u32) -> bool {
    below(world, 1_000) < per_mille
}

fn within(world: &mut World, reach: i32) -> i32 {
    below(world, 2 * reach as u32 + 1) as i32 - reach
}

/// Somebody alive, or somebody who was, or nobody.
fn somebody(world: &mut World) -> EntityId {
    let all = all(world);
    match below(world, 8) {
        0 => EntityId::NONE,
        1 => EntityId(below(world, 40)),
        _ => world.resource_mut::<Randomness>().pick(&all).map_or(EntityId::NONE, |&(id, _)| id),
    }
}

fn spawn(world: &mut World) {
    let kind = [BEAST, STONE, CHEST, FLAG][below(world, 4) as usize];
    spawn_one(world, kind);
}

fn spawn_one(world: &mut World, kind: Kind) {
    let networked = world.resource_mut::<EntityIds>().spawn(kind);
    let bond = Bond { to: somebody(world), strong: chance(world, 500) };
    let at = IVec2::new(within(world, EDGE), within(world, EDGE));
    let step = IVec2::new(within(world, 40), within(world, 40));
    let mind = Drift { step, spin: within(world, 900) as i16 };
    match kind {
        BEAST => {
            let body = Body { at, ..Body::default() };
            let beast = (body, Purse::default(), Orders::default(), Tag::default(), bond);
            world.spawn((networked, mind, beast))
        }
        STONE => {
            let edges = Edges { wide: below(world, WIDE_MAX + 1), near: bond.to, ..Edges::default() };
            world.spawn((networked, mind, edges))
        }
        CHEST => world.spawn((networked, mind, Purse::default())),
        _ => world.spawn((networked, mind, Orders::default(), bond)),
    };
}

/// Players' beasts do as they are told.
fn obey(world: &mut World) {
    for (id, entity) in all(world) {
        let Some(Controls { input, .. }) = world.get::<Controls<ZooInput>>(entity).cloned() else { continue };
        if input.hop {
            let at = IVec2::new(within(world, EDGE), within(world, EDGE));
            change(world, entity, |body: &mut Body| *body = Body { at, mood: Mood::Angry, ..body.clone() });
        }
        if input.step != IVec2::ZERO || input.look != 0 {
            change(world, entity, |body: &mut Body| {
                body.at = (body.at + input.step).clamp(IVec2::splat(-EDGE), IVec2::splat(EDGE));
                body.heading = input.look;
            });
        }
        if input.gift != 0 {
            change(world, entity, |purse: &mut Purse| purse.coins = (purse.coins + u16::from(input.gift)).min(60_000));
        }
        if input.call {
            note(world, To::Everyone, id);
        }
    }
}

fn change<T: Component<Mutability = bevy_ecs::component::Mutable>>(
    world: &mut World,
    entity: Entity,
    how: impl FnOnce(&mut T),
) {
    if let Some(mut value) = world.get_mut::<T>(entity) {
        how(&mut value);
    }
}

fn note(world: &mut World, to: To, from: EntityId) {
    let mut notes = world.resource_mut::<Notes>();
    notes.0 += 1;
    let number = notes.0;
    world.resource_mut::<Outbox>().send(to, &Note { number, from });
}

fn answer(world: &mut World) {
    let switches: Vec<_> = world.resource::<Requests>().of::<Switch>().collect();
    for (player, number, Switch { team }) in switches {
        let beast = world.resource::<Players>().entity(player);
        if let Some(entity) = beast.and_then(|id| world.resource::<EntityIds>().entity(id)) {
            set_team(world, entity, team);
        }
        world.resource_mut::<Outbox>().answer(player, number, Answer::Done);
    }
    let tells: Vec<_> = world.resource::<Requests>().of::<Tell>().collect();
    for (player, number, Tell { whom, count, about }) in tells {
        let beast = world.resource::<Players>().entity(player);
        let entity = beast.and_then(|id| world.resource::<EntityIds>().entity(id));
        let team = entity.and_then(|entity| world.get::<Team>(entity)).map_or(u8::MAX, |team| team.0);
        let to = match whom {
            Whom::All => To::Everyone,
            Whom::Team => To::Team(team),
            Whom::Me => To::Player(player),
        };
        for _ in 0..count {
            note(world, to, about);
        }
        let answer = if count == 0 { Answer::Refused(7) } else { Answer::Done };
        world.resource_mut::<Outbox>().answer(player, number, answer);
    }
}

/// What stories do to the zoo by hand.
fn keep(world: &mut World) {
    let culls: Vec<_> = world.resource::<Requests>().of::<Cull>().collect();
    for (player, number, Cull { about }) in culls {
        let entity = world.resource::<EntityIds>().entity(about);
        let answer = entity.map_or(Answer::Refused(1), |_| Answer::Done);
        entity.map(|entity| world.despawn(entity));
        world.resource_mut::<Outbox>().answer(player, number, answer);
    }
    let breeds: Vec<_> = world.resource::<Requests>().of::<Breed>().collect();
    for (player, number, Breed { kind }) in breeds {
        spawn_one(world, Kind(kind));
        world.resource_mut::<Outbox>().answer(player, number, Answer::Done);
    }
    let pokes: Vec<_> = world.resource::<Requests>().of::<Poke>().collect();
    for (player, number, Poke { about }) in pokes {
        if let Some(entity) = world.resource::<EntityIds>().entity(about) {
            change(world, entity, |body: &mut Body| body.at.x = if body.at.x < EDGE { body.at.x + 1 } else { -EDGE });
            change(world, entity, |edges: &mut Edges| {
                edges.deep = if edges.deep < DEEP - 1 { edges.deep + 1 } else { 0 }
            });
            change(world, entity, |purse: &mut Purse| purse.coins = (purse.coins + 1) % 60_000);
            change(world, entity, |orders: &mut Orders| orders.plan = (orders.plan + 1) % 8);
        }
        world.resource_mut::<Outbox>().answer(player, number, Answer::Done);
    }
}

/// What points at what by hand.
fn point(world: &mut World) {
    let points: Vec<_> = world.resource::<Requests>().of::<Point>().collect();
    for (player, number, Point { about, to }) in points {
        if let Some(entity) = world.resource::<EntityIds>().entity(about) {
            change(world, entity, |bond: &mut Bond| bond.to = to);
            change(world, entity, |edges: &mut Edges| edges.near = to);
        }
        world.resource_mut::<Outbox>().answer(player, number, Answer::Done);
    }
}

fn set_team(world: &mut World, entity: Entity, team: u8) {
    if team < 3 {
        world.entity_mut(entity).insert(Team(team));
    } else {
        world.entity_mut(entity).remove::<Team>();
    }
}

/// Wild things go their way: at constant speed, which is what predictors are for.
fn drift(world: &mut World) {
    let zoo = *world.resource::<Zoo>();
    if zoo.still {
        return;
    }
    for entity in wild(world) {
        if chance(world, zoo.turns) {
            let step = IVec2::new(within(world, 40), within(world, 40));
            let spin = within(world, 900) as i16;
            change(world, entity, |mind: &mut Drift| *mind = Drift { step, spin });
        }
        let Some(&Drift { step, spin }) = world.get::<Drift>(entity) else { continue };
        change(world, entity, |body: &mut Body| {
            body.at = (body.at + step).clamp(IVec2::splat(-EDGE), IVec2::splat(EDGE));
            body.heading = body.heading.wrapping_add_signed(spin);
        });
        change(world, entity, |edges: &mut Edges| {
            edges.wide = edges.wide.saturating_add_signed(step.x * 1_000).min(WIDE_MAX);
            edges.turn = edges.turn.wrapping_add_signed(spin);
        });
        change(world, entity, |purse: &mut Purse| {
            purse.luck = (purse.luck + step.y * 500).clamp(-DEEP, DEEP - 1);
        });
        change(world, entity, |orders: &mut Orders| {
            orders.goal = (orders.goal + IVec3::new(step.x, step.y, 1)).clamp(IVec3::splat(-512), IVec3::splat(512));
        });
    }
}

/// Everything that is rare in a match and must work all the same.
fn whims(world: &mut World) {
    let zoo = *world.resource::<Zoo>();
    if zoo.whims == 0 {
        return;
    }
    for (_, entity) in all(world) {
        if chance(world, zoo.whims) {
            let to = somebody(world);
            change(world, entity, |bond: &mut Bond| *bond = Bond { to, strong: !bond.strong });
            change(world, entity, |edges: &mut Edges| (edges.near, edges.far) = (edges.far, to));
        }
        if chance(world, zoo.whims) {
            let at = IVec2::new(within(world, EDGE), within(world, EDGE));
            change(world, entity, |body: &mut Body| *body = Body { at, mood: Mood::Hungry, ..body.clone() });
            let (wide, deep) =
                ([0, 1, WIDE_MAX][below(world, 3) as usize], [-DEEP, DEEP - 1][below(world, 2) as usize]);
            change(world, entity, |edges: &mut Edges| (edges.wide, edges.deep) = (wide, deep));
            change(world, entity, |purse: &mut Purse| purse.luck = deep);
        }
        if chance(world, zoo.whims) {
            let team = below(world, 4) as u8;
            set_team(world, entity, team);
        }
        if chance(world, zoo.whims) {
            let (word, plan) = (below(world, 1_000), below(world, 8) as u8);
            change(world, entity, |tag: &mut Tag| tag.cry = Text::new(&format!("{word}!")));
            change(world, entity, |orders: &mut Orders| orders.plan = plan);
        }
        if chance(world, zoo.whims / 4) {
            let word = below(world, 1_000_000);
            change(world, entity, |tag: &mut Tag| tag.name = Text::new(&format!("no {word}")));
        }
    }
    lend(world, zoo.whims);
}

/// Wild things get owners and lose them.
fn lend(world: &mut World, whims: u32) {
    let players: Vec<PlayerId> = world.resource::<Players>().iter().map(|(player, _)| player).collect();
    for entity in wild(world) {
        if !chance(world, whims) {
            continue;
        }
        match world.resource_mut::<Randomness>().pick(&players).copied() {
            Some(player) if chance(world, 700) => {
                world.entity_mut(entity).insert(Owner(player));
            }
            _ => {
                world.entity_mut(entity).remove::<Owner>();
            }
        }
    }
}

fn births(world: &mut World) {
    let zoo = *world.resource::<Zoo>();
    while (wild(world).len() as u32) < zoo.crowd {
        spawn(world);
    }
}

fn deaths(world: &mut World) {
    let zoo = *world.resource::<Zoo>();
    for entity in wild(world) {
        if chance(world, zoo.deaths) {
            world.despawn(entity);
        }
    }
}
