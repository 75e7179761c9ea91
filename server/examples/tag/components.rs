//! What travels in a game of tag. Each field says its range, so that the engine knows its bits, checks what clients send
//! and clamps what it sends itself. Decisions are made with whole numbers only.

use bevy_ecs::prelude::Component;
use glam::IVec2;
use serde::{Deserialize, Serialize};
use shared::ids::EntityId;
use shared::schema::{Kind, Replicated, Schema, Text};

/// Side of the field.
pub(crate) const FIELD: i32 = 400;
/// Ticks of running that a runner has breath for.
pub(crate) const BREATH: u16 = 150;

/// What everyone sees of a runner.
#[derive(Component, Replicated, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Runner {
    /// `position`: interest goes by it. `linear`: guess that it moves on as it did, so that steady running costs nothing.
    #[field(range = 0..=FIELD, step = 1, unit = 10, predictor = linear, position)]
    pub(crate) at: IVec2,
    pub(crate) mood: Mood,
    pub(crate) is_it: bool,
    pub(crate) nick: Text<20>,
}

/// A field that is one of several names is an enum that derives `Replicated`, too.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Mood {
    #[default]
    Calm,
    Running,
    Frozen,
}

/// What only the player itself is told.
#[derive(Component, Replicated, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Breath {
    #[field(range = 0..=BREATH, audience = owner, predictor = linear)]
    pub(crate) left: u16,
}

/// What a runner's team is told.
#[derive(Component, Replicated, Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plan {
    #[field(audience = team)]
    pub(crate) goal: Goal,
    #[field(audience = team)]
    pub(crate) note: Text<24>,
}

#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Goal {
    #[default]
    None,
    Hide,
    Chase,
}

/// A field that points at another entity is an `EntityId`; clients get it if they may see both.
#[derive(Component, Replicated, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hat {
    pub(crate) wearer: EntityId,
}

/// What a player sends each tick; the default is neutral.
#[derive(Replicated, Clone, Copy, Debug, Default)]
pub(crate) struct TagInput {
    pub(crate) walk: Walk,
    #[field(range = 0..=3)]
    pub(crate) pace: u8,
    /// `press`: once per press, never repeated by the engine when an input is missing.
    #[field(press)]
    pub(crate) shout: bool,
}

#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Walk {
    #[default]
    Stay,
    North,
    East,
    South,
    West,
}

/// Told once to everyone.
#[derive(Replicated, Clone, Copy, Debug)]
pub(crate) struct Tagged {
    pub(crate) by: EntityId,
    pub(crate) who: EntityId,
}

/// Told once to the team of who shouts.
#[derive(Replicated, Clone, Copy, Debug)]
pub(crate) struct Shout {
    pub(crate) who: EntityId,
    pub(crate) mood: Mood,
}

/// Asked for and answered.
#[derive(Replicated, Clone, Copy, Debug)]
pub(crate) struct Rename {
    pub(crate) nick: Text<20>,
}

/// Asked for and answered.
#[derive(Replicated, Clone, Copy, Debug)]
pub(crate) struct SetPlan {
    pub(crate) goal: Goal,
    pub(crate) note: Text<24>,
}

/// A kind says which components its entities have.
pub(crate) const RUNNER: Kind = Kind(0);
pub(crate) const HAT: Kind = Kind(1);

/// 2. All of it, in order.
pub(crate) fn schema() -> Schema {
    Schema::new("tag")
        .component::<Runner>()
        .component::<Breath>()
        .component::<Plan>()
        .component::<Hat>()
        .kind(RUNNER, "runner", &[Runner::NAME, Breath::NAME, Plan::NAME])
        .kind(HAT, "hat", &[Hat::NAME])
        .input::<TagInput>()
        .event::<Tagged>()
        .event::<Shout>()
        .request::<Rename>()
        .request::<SetPlan>()
        .build()
        .expect("the schema is sound")
}
