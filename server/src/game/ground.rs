//! Which map is under our feet: the rotation's maps never change, which of them is played on does.
//!
//! Never here: when it changes (see `round`).

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use serde::{Deserialize, Serialize};
use shared::game::map::Map;
use std::sync::Arc;

/// The maps of the rotation, in order, never none; shared by all rooms.
#[derive(Resource)]
pub struct Rotation(pub Vec<Arc<Map>>);

impl Rotation {
    /// Whether one of them has undergrowth.
    #[must_use]
    pub fn has_stealth(&self) -> bool {
        self.0.iter().any(|map| map.has_stealth())
    }
}

/// Which of the [`Rotation`] is played on.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Current {
    /// The place in the rotation.
    pub place: u16,
}

/// The map that is played on, for systems.
#[derive(SystemParam)]
pub struct Terrain<'w> {
    rotation: Res<'w, Rotation>,
    current: Res<'w, Current>,
}

impl Terrain<'_> {
    /// The map.
    #[must_use]
    pub fn map(&self) -> &Map {
        at(&self.rotation, *self.current)
    }
}

/// The map that is played on.
#[must_use]
pub fn map_of(world: &World) -> &Map {
    at(world.resource::<Rotation>(), *world.resource::<Current>())
}

/// A rotation begins anew after its last map.
fn at(rotation: &Rotation, current: Current) -> &Map {
    &rotation.0[usize::from(current.place) % rotation.0.len()]
}
