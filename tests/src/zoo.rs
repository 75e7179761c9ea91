//! A small game for tests, with everything that the engine can carry: every audience, every kind of field, references whose
//! targets die, constants that change all the same, teleports, ranges at their ends, entities that come and go by chance, and
//! beasts that hide.
//!
//! ```text
//!   beast  Body Purse(owner) Orders(team) Tag(constant) Bond(reference)      driven by a player, or wild
//!   stone  Edges (extreme ranges, two references)
//!   chest  Purse (an anchor without fields)
//!   flag   Orders Bond
//! ```
//!
//! All chance comes from the World's Randomness, so a match is the same each time. [`Zoo`] says how wild it is.

use crate::zoo_rules::{all, answer, births, deaths, drift, haunt, hide, keep, obey, point, sees, spawn, whims};
use bevy_ecs::prelude::*;
use glam::{IVec2, IVec3};
use serde::{Deserialize, Serialize};
use server::game_api::Game;
use server::sim::{EntityIds, Owner, Players, RoomOptions, RoomRefused, Stage, Stages, Team};
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
pub(crate) const WIDE_MAX: u32 = (1 << 26) - 1;
pub(crate) const DEEP: i32 = 1 << 25;

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
    #[field(range = -EDGE..=EDGE, unit = 16, position, predictor = alpha_beta(2))]
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
    #[field(range = 0..=60_000, audience = owner, predictor = follow(luck, 1, 20))]
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
    #[field(range = -512..=512, step = 4, audience = team, predictor = alpha_beta(1))]
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
    /// Every integer: codes that wrap.
    #[field(range = i32::MIN..=i32::MAX, predictor = tick(-3))]
    pub all: i32,
    /// As many codes again, held.
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
        Self { wide: 0, all: 0, deep: 0, only: -5, turn: 0, near: EntityId::NONE, far: EntityId::NONE }
    }
}

/// What drives a thing that nobody drives. Never sent.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Drift {
    pub(crate) step: IVec2,
    pub(crate) spin: i16,
}

/// It hides: who is not of its team sees it only from near by. Never sent.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Shy;

/// It is there from the beginning to the end, nobody may ever see it, and what it does is no chance of the World's. Never sent.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ghost;

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
    /// Whoever sees what it is about.
    Witnesses,
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
pub struct Notes(pub u32);

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
    /// Chance in a thousand, per thing and tick, that it hides, or hides no more. 0: nobody ever hides, and the zoo has no rule of who
    /// sees whom.
    pub shyness: u32,
    /// Ghosts that nobody sees.
    pub ghosts: u32,
    /// What ghosts do: with another number they do something else, and all the rest stays as it is.
    pub mischief: u64,
    /// Ghosts are not hidden by a rule; they stay far away from the middle.
    pub aloof: bool,
    /// Wild things go on when nobody drives them.
    pub still: bool,
}

impl Default for Zoo {
    fn default() -> Self {
        Self { crowd: 12, deaths: 10, whims: 15, turns: 100, still: false, ..Self::NOTHING }
    }
}

impl Zoo {
    /// Nobody is there, and nothing happens.
    pub const NOTHING: Self =
        Self { crowd: 0, deaths: 0, whims: 0, turns: 0, shyness: 0, ghosts: 0, mischief: 0, aloof: false, still: true };

    /// Nothing comes, goes or moves by itself.
    #[must_use]
    pub const fn calm(crowd: u32) -> Self {
        Self { crowd, ..Self::NOTHING }
    }

    /// Everything moves, nothing comes or goes.
    #[must_use]
    pub const fn steady(crowd: u32) -> Self {
        Self { crowd, turns: 200, still: false, ..Self::NOTHING }
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
            .add(Stage::Rules, (whims, hide).chain())
            .add(Stage::Spawn, births)
            .add(Stage::Despawn, deaths);
        if self.shyness > 0 || self.ghosts > 0 {
            stages.component::<Shy>().component::<Ghost>();
        }
        if self.shyness > 0 || self.ghosts > 0 && !self.aloof {
            stages.sight(sees);
        }
        if self.ghosts > 0 {
            stages.add(Stage::Settle, haunt);
        }
        world.insert_resource(*self);
        world.insert_resource(Notes(0));
        for _ in 0..self.crowd {
            spawn(world);
        }
        for _ in 0..self.ghosts {
            let networked = world.resource_mut::<EntityIds>().spawn(BEAST);
            let beast = (Body::default(), Purse::default(), Orders::default(), Tag::default(), Bond::default());
            world.spawn((networked, Ghost, Team(0), beast));
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
