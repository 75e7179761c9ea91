//! A game that never changes, so that no tuning of a real one changes the golden bytes.

use glam::IVec2;
use shared::Replicated;
use shared::ids::{EntityId, Tick};
use shared::schema::{Kind, Layout, Schema, Text};

/// Where something is.
#[derive(Clone, Debug, PartialEq, Replicated)]
pub(crate) struct Place {
    #[field(range = 0..=4_095, unit = 16, predictor = linear, position)]
    pub(crate) at: IVec2,
}

/// How a walker looks.
#[derive(Clone, Debug, PartialEq, Replicated)]
pub(crate) struct Look {
    #[field(bits = 8)]
    pub(crate) angle: u16,
    pub(crate) awake: bool,
    #[field(constant)]
    pub(crate) name: Text<6>,
}

/// What only its owner sees.
#[derive(Clone, Debug, PartialEq, Replicated)]
pub(crate) struct Purse {
    #[field(range = 0..=999, audience = owner, priority = 3)]
    pub(crate) coins: u16,
}

/// Whom a walker follows.
#[derive(Clone, Debug, PartialEq, Replicated)]
pub(crate) struct Following {
    pub(crate) whom: EntityId,
}

/// What is in hand.
#[derive(Clone, Copy, Debug, PartialEq, Replicated)]
pub(crate) enum Tool {
    Hand,
    Rope,
    Lamp,
}

/// One tick's will.
#[derive(Clone, Debug, PartialEq, Replicated)]
pub(crate) struct Will {
    #[field(range = -1..=1)]
    pub(crate) step: i8,
    pub(crate) tool: Tool,
    #[field(press)]
    pub(crate) pick: bool,
}

/// Someone found something.
#[derive(Clone, Debug, PartialEq, Replicated)]
pub(crate) struct Found {
    pub(crate) who: EntityId,
    #[field(range = 0..=999)]
    pub(crate) coins: u16,
}

/// "Call me so".
#[derive(Clone, Debug, PartialEq, Replicated)]
pub(crate) struct Rename {
    pub(crate) name: Text<6>,
}

pub(crate) const WALKER: Kind = Kind(0);
pub(crate) const STONE: Kind = Kind(1);
pub(crate) const SLOT_BITS: u32 = 6;
pub(crate) const TICK: Tick = Tick(70_000);

pub(crate) fn schema() -> Schema {
    Schema::new("golden")
        .component::<Place>()
        .component::<Look>()
        .component::<Purse>()
        .component::<Following>()
        .kind(WALKER, "walker", &[Place::NAME, Look::NAME, Purse::NAME, Following::NAME])
        .kind(STONE, "stone", &[Place::NAME])
        .input::<Will>()
        .event::<Found>()
        .request::<Rename>()
        .build()
        .unwrap()
}

pub(crate) fn layout() -> Layout {
    Layout::new(&schema(), SLOT_BITS).unwrap()
}

pub(crate) fn codes<T: Replicated>(value: &T) -> Vec<i32> {
    let mut codes = vec![0; T::PART_COUNT];
    value.write_codes(&mut codes);
    codes
}
