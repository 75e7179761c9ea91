//! Who is in, and which entity each drives.

use bevy_ecs::prelude::Resource;
use serde::{Deserialize, Serialize};
use shared::ids::{EntityId, PlayerId};
use shared::schema::Text;
use std::collections::BTreeMap;

/// Everyone who is in, by player.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Players(BTreeMap<PlayerId, Player>);

/// One who is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Player {
    /// The name that others may read.
    pub name: Text<32>,
    /// What `on_join` returned; none while `on_join` runs.
    pub entity: EntityId,
    /// Its connection was cut; it may come back.
    pub away: bool,
}

impl Players {
    /// The name of `player`; empty if it is not in.
    #[must_use]
    pub fn name(&self, player: PlayerId) -> Text<32> {
        self.0.get(&player).map(|player| player.name).unwrap_or_default()
    }

    /// The entity that `player` drives.
    #[must_use]
    pub fn entity(&self, player: PlayerId) -> Option<EntityId> {
        self.0.get(&player).map(|player| player.entity).filter(|&entity| entity != EntityId::NONE)
    }

    /// Whether the connection of `player` was cut, and it is not back yet.
    #[must_use]
    pub fn is_away(&self, player: PlayerId) -> bool {
        self.0.get(&player).is_some_and(|player| player.away)
    }

    /// Everyone, by player.
    pub fn iter(&self) -> impl Iterator<Item = (PlayerId, Player)> + '_ {
        self.0.iter().map(|(&id, &player)| (id, player))
    }

    /// How many are in.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn put(&mut self, player: PlayerId, name: Text<32>, entity: EntityId) {
        self.0.insert(player, Player { name, entity, away: false });
    }

    /// True: that is new.
    pub(crate) fn set_away(&mut self, player: PlayerId, away: bool) -> bool {
        self.0.get_mut(&player).is_some_and(|player| std::mem::replace(&mut player.away, away) != away)
    }

    pub(crate) fn contains(&self, player: PlayerId) -> bool {
        self.0.contains_key(&player)
    }

    pub(crate) fn remove(&mut self, player: PlayerId) {
        self.0.remove(&player);
    }
}
