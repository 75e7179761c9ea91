//! One replicated component's way out of the World, as codes.
//!
//! The two paths are apart on purpose: `changed` trusts bevy's change ticks, `one` looks at a single entity and trusts
//! nothing, so that the scrub can catch what `changed` missed.
//!
//! Never here: slots, rows (see `replicate`).

use crate::sim::entity_ids::Networked;
use bevy_ecs::change_detection::{DetectChanges, Tick};
use bevy_ecs::prelude::*;
use shared::schema::{Clamped, Replicated};
use std::marker::PhantomData;

/// One replicated component's way out of the World. Used only by `replicate/extract.rs` and `scrub.rs`.
pub trait Column: Send + Sync {
    /// How many codes a value has.
    fn part_count(&self) -> usize;

    /// Calls `each(entity, networked, codes, clamped)` for every networked entity whose component changed after `since`,
    /// in no particular order.
    fn changed(&mut self, world: &World, since: Tick, each: &mut dyn FnMut(Entity, Networked, &[i32], Clamped));

    /// Writes one entity's codes (for the scrub and for new entities). False: it has no such component.
    fn one(&self, world: &World, entity: Entity, out: &mut [i32]) -> bool;
}

pub(crate) struct TypedColumn<T: Component + Replicated> {
    query: QueryState<(Entity, &'static Networked, Ref<'static, T>)>,
    codes: Vec<i32>,
    of: PhantomData<T>,
}

impl<T: Component + Replicated> TypedColumn<T> {
    pub(crate) fn new(world: &World) -> Self {
        let query = world.try_query().expect("the registry has registered the component");
        Self { query, codes: vec![0; T::PART_COUNT], of: PhantomData }
    }
}

impl<T: Component + Replicated> Column for TypedColumn<T> {
    fn part_count(&self) -> usize {
        T::PART_COUNT
    }

    fn changed(&mut self, world: &World, since: Tick, each: &mut dyn FnMut(Entity, Networked, &[i32], Clamped)) {
        for (entity, networked, value) in self.query.iter(world) {
            if value.is_changed_after(since) {
                let clamped = value.write_codes(&mut self.codes);
                each(entity, *networked, &self.codes, clamped);
            }
        }
    }

    fn one(&self, world: &World, entity: Entity, out: &mut [i32]) -> bool {
        let value = world.get_entity(entity).ok().and_then(|entity| entity.get::<T>());
        value.map(|value| value.write_codes(out)).is_some()
    }
}
