//! Which entity is which: numbers that are handed out in order and never reused, and who came and went this step.
//!
//! bevy's `Entity` is neither ordered by age nor stable across a save, so nothing that decides may look at it. Everything
//! in a room's World is a [`Networked`] entity; state of the server alone stands on such an entity or in a resource.
//!
//! ```text
//!   ids.spawn(kind) ─► Networked{id, kind} ─ insert ─► by_id, spawned
//!                                          ─ despawn ─► by_id, gone
//! ```
//!
//! Never here: slots (see `replicate`): these numbers never travel.

use bevy_ecs::lifecycle::HookContext;
use bevy_ecs::prelude::*;
use bevy_ecs::world::DeferredWorld;
use serde::{Deserialize, Serialize};
use shared::ids::{EntityId, PlayerId};
use shared::schema::Kind;
use std::collections::BTreeMap;

/// The entity's number and its kind. Immutable, so that hooks see every change; made by [`EntityIds::spawn`].
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[component(immutable, on_insert = networked_inserted, on_discard = networked_discarded)]
pub struct Networked {
    /// The number: systems that depend on order go by it.
    pub id: EntityId,
    /// Which components it has, by the schema.
    pub kind: Kind,
}

/// The player to whom the entity belongs: who sees its owner's fields. The engine gives it to what `on_join` returned.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner(pub PlayerId);

/// The team to which the entity belongs: who sees its team's fields.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team(pub u8);

/// Numbers of entities, and this step's log.
#[derive(Resource, Clone, Debug, Default)]
pub struct EntityIds {
    by_id: BTreeMap<EntityId, Entity>,
    spawned: Vec<EntityId>,
    gone: Vec<EntityId>,
    next: u32,
}

impl EntityIds {
    /// A number for a new entity of `kind`; put the result into the bundle it is spawned with.
    pub fn spawn(&mut self, kind: Kind) -> Networked {
        let id = EntityId(self.next);
        // Four billion entities last for 50 days of a thousand a second; a room ends before.
        self.next += 1;
        Networked { id, kind }
    }

    /// The entity of a number, while it lives.
    #[must_use]
    pub fn entity(&self, id: EntityId) -> Option<Entity> {
        self.by_id.get(&id).copied()
    }

    /// All living entities, by number.
    pub fn iter(&self) -> impl Iterator<Item = (EntityId, Entity)> + '_ {
        self.by_id.iter().map(|(&id, &entity)| (id, entity))
    }

    /// How many entities live.
    #[must_use]
    pub fn count(&self) -> usize {
        self.by_id.len()
    }

    /// Who was spawned in this step, in order. What also went in this step stands in [`EntityIds::gone`], too.
    #[must_use]
    pub fn spawned(&self) -> &[EntityId] {
        &self.spawned
    }

    /// Who went in this step, in order.
    #[must_use]
    pub fn gone(&self) -> &[EntityId] {
        &self.gone
    }

    pub(crate) fn clear_log(&mut self) {
        self.spawned.clear();
        self.gone.clear();
    }

    pub(crate) const fn next(&self) -> u32 {
        self.next
    }

    pub(crate) fn restart_at(&mut self, next: u32) {
        self.next = next;
    }
}

fn networked_inserted(mut world: DeferredWorld, context: HookContext) {
    let Some(&Networked { id, .. }) = world.get::<Networked>(context.entity) else { return };
    let mut ids = world.resource_mut::<EntityIds>();
    ids.by_id.insert(id, context.entity);
    ids.spawned.push(id);
}

fn networked_discarded(mut world: DeferredWorld, context: HookContext) {
    let Some(&Networked { id, .. }) = world.get::<Networked>(context.entity) else { return };
    let mut ids = world.resource_mut::<EntityIds>();
    ids.by_id.remove(&id);
    ids.gone.push(id);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spawn(world: &mut World) -> (EntityId, Entity) {
        let networked = world.resource_mut::<EntityIds>().spawn(Kind(0));
        (networked.id, world.spawn(networked).id())
    }

    #[test]
    fn numbers_ascend_and_are_never_used_again() {
        let mut world = World::new();
        world.init_resource::<EntityIds>();
        let (first, entity) = spawn(&mut world);
        world.despawn(entity);
        let (second, _) = spawn(&mut world);
        assert!(second > first);
    }

    #[test]
    fn the_log_tells_who_came_and_who_went() {
        let mut world = World::new();
        world.init_resource::<EntityIds>();
        let (stays, entity) = spawn(&mut world);
        let (goes, other) = spawn(&mut world);
        world.despawn(other);
        let ids = world.resource::<EntityIds>();
        assert_eq!(ids.spawned(), [stays, goes]);
        assert_eq!(ids.gone(), [goes]);
        assert_eq!(ids.entity(stays), Some(entity));
        assert_eq!(ids.entity(goes), None);
    }
}
