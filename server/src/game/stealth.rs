//! Undergrowth: who stands in it is seen by its team, by who is near, and for a moment by whom it hit.
//!
//! ```text
//!   Settle  hide ─► Hidden ─┐
//!   Rules   combat ─► Alarmed ┴─► sees(viewer, target), asked by the engine after the step
//! ```
//!
//! Only rooms with undergrowth on one of their maps have these components and the rule: without it all clients see the
//! same and share what was made once.
//!
//! Never here: how far one sees at all (the room's view radius).

use super::Feel;
use super::ground::Terrain;
use crate::sim::EntityIds;
use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};
use shared::game::components::{Body, Health};
use shared::game::constants::STEALTH_NEAR;
use shared::game::geometry::distance_squared;
use shared::game::round::Side;
use shared::ids::EntityId;

/// Whether a player stands in undergrowth.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden(pub bool);

/// Who hit a player last, and for how long it still sees by whom.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarmed {
    /// Who.
    pub by: EntityId,
    /// Ticks that are left.
    pub ticks: u16,
}

impl Default for Alarmed {
    fn default() -> Self {
        Self { by: EntityId::NONE, ticks: 0 }
    }
}

impl Alarmed {
    /// It was hit.
    pub fn hit_by(&mut self, shooter: EntityId, feel: &Feel) {
        *self = Self { by: shooter, ticks: feel.0.alarm_ticks };
    }
}

/// Settle: who stands in undergrowth, and whose alarm is over.
pub fn hide(mut players: Query<(&Health, &Body, &mut Hidden, &mut Alarmed)>, terrain: Terrain) {
    for (health, body, mut hidden, mut alarmed) in &mut players {
        hidden.set_if_neq(Hidden(health.is_alive() && terrain.map().is_stealth_at(body.at)));
        if alarmed.ticks > 0 {
            alarmed.ticks -= 1;
        }
    }
}

/// Whether there may be somebody who does not see `target`: the rule of rooms with undergrowth, see [`sees`].
#[must_use]
pub fn may_hide(world: &World, target: EntityId) -> bool {
    let there = world.resource::<EntityIds>().entity(target);
    there.and_then(|there| world.get::<Hidden>(there)).is_some_and(|hidden| hidden.0)
}

/// Whether `viewer` sees `target`, which is in undergrowth.
#[must_use]
pub fn sees(world: &World, viewer: EntityId, target: EntityId) -> bool {
    let ids = world.resource::<EntityIds>();
    let Some(there) = ids.entity(target) else { return true };
    let Some(here) = ids.entity(viewer) else { return false };
    let alarmed = world.get::<Alarmed>(here).is_some_and(|alarmed| alarmed.ticks > 0 && alarmed.by == target);
    alarmed || are_allied(world, here, there) || are_near(world, here, there)
}

fn are_allied(world: &World, here: Entity, there: Entity) -> bool {
    let side = |entity| world.get::<Side>(entity).map_or_else(Default::default, |side| side.faction);
    side(here).is_allied(side(there))
}

fn are_near(world: &World, here: Entity, there: Entity) -> bool {
    let (Some(one), Some(other)) = (world.get::<Body>(here), world.get::<Body>(there)) else { return false };
    distance_squared(one.at, other.at) <= i64::from(STEALTH_NEAR) * i64::from(STEALTH_NEAR)
}
