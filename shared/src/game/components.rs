//! What players see of Arena: its components, events and requests.
//!
//! Everyone sees where a player is to 1/16 unit; the player itself gets its exact [`Body`], because its client runs the
//! same movement step and must come to the same numbers.

use crate::Replicated;
use crate::game::constants::{
    HP_MAX, POSITION_MAX, ROCKET_VELOCITY_MAX, ROCKETS_AT_FIRST, ROCKETS_MAX, ROUNDS_AT_FIRST, ROUNDS_MAX, VELOCITY_MAX,
};
use crate::game::weapon::Weapon;
use crate::ids::EntityId;
use crate::schema::Text;
#[cfg(feature = "ecs")]
use bevy_ecs::component::Component;
use glam::IVec2;
use serde::{Deserialize, Serialize};

/// Where it is.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ecs", derive(Component))]
pub struct Position {
    /// The centre, in 1/256 unit from the map's top left corner.
    #[field(range = 0..=POSITION_MAX, step = 16, unit = 256, predictor = linear, position, priority = 8, snap = VELOCITY_MAX)]
    pub at: IVec2,
}

/// Where a player looks.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ecs", derive(Component))]
pub struct Aim {
    /// In 1/65,536 turn, 0 along x, growing towards y.
    #[field(bits = 10)]
    pub angle: u16,
}

/// How much of a life is left.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ecs", derive(Component))]
pub struct Health {
    /// 0: dead, waiting for the next life.
    #[field(range = 0..=HP_MAX, priority = 4)]
    pub hp: u8,
}

impl Health {
    /// Whether it lives.
    #[must_use]
    pub const fn is_alive(self) -> bool {
        self.hp > 0
    }
}

/// What a player did in this match. Counts stay at the largest number that they can hold.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ecs", derive(Component))]
pub struct Score {
    /// Enemies killed.
    #[field(range = 0..=65_535)]
    pub kills: u16,
    /// Lives lost.
    #[field(range = 0..=65_535)]
    pub deaths: u16,
    /// Shots fired.
    #[field(range = 0..=65_535)]
    pub shots: u16,
    /// Lives begun after the first.
    #[field(range = 0..=65_535)]
    pub respawns: u16,
}

/// Who a player is.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ecs", derive(Component))]
pub struct Nameplate {
    /// The name: as chosen, cleaned, and unlike all others in the room.
    #[field(constant)]
    pub name: Text<16>,
}

/// The exact state that the movement step needs: only for the player itself.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ecs", derive(Component))]
pub struct Body {
    /// The centre, in 1/256 unit.
    #[field(range = 0..=POSITION_MAX, step = 1, unit = 256, audience = owner, predictor = follow(velocity), predicted)]
    pub at: IVec2,
    /// In 1/256 unit per tick.
    #[field(range = -VELOCITY_MAX..=VELOCITY_MAX, step = 1, unit = 256, audience = owner, predicted)]
    pub velocity: IVec2,
    /// What it shoots with: what it chose last.
    #[field(audience = owner, predicted)]
    pub weapon: Weapon,
    /// Rounds left for the rifle.
    #[field(range = 0..=ROUNDS_MAX, audience = owner, predicted)]
    pub rounds: u8,
    /// Rockets left.
    #[field(range = 0..=ROCKETS_MAX, audience = owner, predicted)]
    pub rockets: u8,
    /// Ticks until the next shot, whatever the weapon.
    #[field(range = 0..=255, audience = owner, predictor = tick(-1), predicted)]
    pub shot_in: u8,
    /// Ticks until the next dash.
    #[field(range = 0..=255, audience = owner, predictor = tick(-1), predicted)]
    pub dash_in: u8,
    /// How often something else than its own step changed it (a death, a new life, a pickup): so that its client can tell
    /// what it could not predict from what it predicted wrong. Begins again at 0 after 255.
    #[field(range = 0..=255, audience = owner, predicted)]
    pub touched: u8,
}

impl Body {
    /// A new life: at rest, armed and ready.
    #[must_use]
    pub fn begin(at: IVec2) -> Self {
        Self { at, rounds: ROUNDS_AT_FIRST, rockets: ROCKETS_AT_FIRST, ..Self::default() }
    }

    /// Puts `other` in its place, from outside the step.
    pub const fn replace(&mut self, other: Self) {
        *self = Self { touched: self.touched.wrapping_add(1), ..other };
    }

    /// What is left for a weapon.
    #[must_use]
    pub const fn ammunition(&self, weapon: Weapon) -> u8 {
        match weapon {
            Weapon::Rifle => self.rounds,
            Weapon::RocketLauncher => self.rockets,
        }
    }

    /// What is left for a weapon, to change it.
    pub const fn ammunition_mut(&mut self, weapon: Weapon) -> &mut u8 {
        match weapon {
            Weapon::Rifle => &mut self.rounds,
            Weapon::RocketLauncher => &mut self.rockets,
        }
    }
}

/// Something that was shot. It flies straight, so that after its record it costs nothing.
#[derive(Replicated, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ecs", derive(Component))]
pub struct Projectile {
    /// In 1/256 unit per tick.
    #[field(range = -ROCKET_VELOCITY_MAX..=ROCKET_VELOCITY_MAX, step = 1, unit = 256, constant)]
    pub velocity: IVec2,
    /// Who shot it.
    pub shooter: EntityId,
    /// The last byte of the tick in which it was shot: by this and the shooter a client finds the ghost that it drew.
    #[field(range = 0..=255, constant)]
    pub shot_at: u8,
}

/// Someone was hit; told to the one who shot and the one who was hit.
#[derive(Replicated, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Who was hit.
    pub target: EntityId,
    /// Who shot.
    pub shooter: EntityId,
    /// Health that was taken.
    #[field(range = 0..=HP_MAX)]
    pub damage: u8,
}

/// A shot of a rifle, as it was judged; told to who shot. Others draw it where `Score::shots` grows, along `Aim`.
#[derive(Replicated, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traced {
    /// Who shot.
    pub shooter: EntityId,
    /// From where.
    #[field(range = 0..=POSITION_MAX, step = 16, unit = 256)]
    pub from: IVec2,
    /// To where: a wall, whom it met, or the end of its range.
    #[field(range = 0..=POSITION_MAX, step = 16, unit = 256)]
    pub to: IVec2,
}

/// Someone was killed; told to everyone.
#[derive(Replicated, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kill {
    /// Who killed; the victim itself if it gave up.
    pub killer: EntityId,
    /// Who died.
    pub victim: EntityId,
}

/// "End this life": refused to the dead.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GiveUp {}
