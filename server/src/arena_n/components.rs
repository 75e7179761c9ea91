//! What travels in Arena-N, and how large, fast and alive it is.
//!
//! Lengths are in 1/256 unit, angles in 1/65,536 turn of which the upper 8 bits travel: a direction is one of 256, so that
//! what is sent is what was simulated.

use bevy_ecs::prelude::Component;
use glam::IVec2;
use rand_pcg::Pcg32;
use serde::{Deserialize, Serialize};
use shared::schema::{Kind, Replicated, Schema};

/// Parts of a unit.
pub const UNIT: i32 = 256;
/// Side of the world: 1000 units.
pub const SIDE: i32 = 1000 * UNIT;
/// What everything moves in a tick, at any tick rate: 5 units.
pub const SPEED: i32 = 5 * UNIT;
/// Health goes from here down to 1, then begins here again.
pub const HP_MAX: u8 = 100;
/// Health changes once in so many ticks, on average.
pub const HP_CHANGES_ONCE_IN: u32 = 100;

/// Driven by a player.
pub const PLAYER: Kind = Kind(0);
/// Driven by the server.
pub const MOVER: Kind = Kind(1);

/// Where it is.
#[derive(Component, Replicated, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// From the upper left corner. Sent in steps of 1/16 unit.
    #[field(range = 0..=SIDE, step = 16, unit = 256, predictor = alpha_beta(3), position)]
    pub at: IVec2,
}

/// Where it goes.
#[derive(Component, Replicated, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// 0 along x, growing towards y.
    #[field(bits = 8)]
    pub angle: u16,
}

/// How much of it is left.
#[derive(Component, Replicated, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Never 0: nobody dies here.
    #[field(range = 0..=HP_MAX)]
    pub hp: u8,
}

/// The direction that its player asked for last. A wall turns the heading and leaves this alone, so that a player who goes
/// on asking for the same direction is not turned back into the wall.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// As in [`Heading`].
    pub angle: u16,
}

/// Its own chance, drawn from the room's when it came into being: so what one draws changes nothing for another, and no
/// system needs to visit entities in order.
#[derive(Component, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chance(pub Pcg32);

/// One tick of a player's will: a direction.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steer {
    /// As in [`Heading`].
    #[field(bits = 8)]
    pub angle: u16,
}

/// All that Arena-N declares.
///
/// # Panics
/// Never: the tests build it.
#[must_use]
pub fn schema() -> Schema {
    let parts = &[Position::NAME, Heading::NAME, Health::NAME];
    Schema::new("arena-n")
        .component::<Position>()
        .component::<Heading>()
        .component::<Health>()
        .kind(PLAYER, "player", parts)
        .kind(MOVER, "mover", parts)
        .input::<Steer>()
        .build()
        .expect("the tests build it")
}
