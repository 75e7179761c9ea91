//! The World as one number: the strongest test we can have, for the price of writing it down.
//!
//! It is xxh3 over the save without its head: entities by number, components and resources in the order of their
//! registration. What is saved is what is hashed, so the two cannot drift apart.

use crate::sim::registry::Registry;
use crate::sim::save::write_state;
use bevy_ecs::prelude::World;
use xxhash_rust::xxh3::xxh3_64;

/// The World's hash. Costs about as much as a save.
pub(crate) fn hash_world(world: &World, registry: &Registry) -> u64 {
    let mut state = Vec::new();
    write_state(world, registry, &mut state);
    xxh3_64(&state)
}
