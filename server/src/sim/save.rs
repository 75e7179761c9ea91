//! The whole World as bytes, and back.
//!
//! ```text
//!   format, fingerprint of the registry │ next id │ entities by number: id, kind, each component │ each resource
//! ```
//!
//! Components and resources stand in the order of their registration, each behind one byte that says whether there is
//! one. So equal Worlds give equal bytes, whatever their table rows are, and the hash of these bytes is the World's hash.
//!
//! Never here: how one value is written (see `encoding`), files (a checkpoint's place is the journal's business).

use crate::sim::encoding::{LoadError, decode, encode};
use crate::sim::entity_ids::{EntityIds, Networked};
use crate::sim::registry::Registry;
use bevy_ecs::prelude::*;
use shared::ids::EntityId;
use shared::schema::Kind;
use xxhash_rust::xxh3::xxh3_64;

/// The first bytes of a save; the number grows when this file's format changes.
const FORMAT: u32 = 1;

/// The whole World as bytes.
pub(crate) fn write_world(world: &World, registry: &Registry) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&(FORMAT, fingerprint(registry)), &mut out);
    write_state(world, registry, &mut out);
    out
}

/// Appends all that the simulation reads, and nothing of what only this build knows.
pub(crate) fn write_state(world: &World, registry: &Registry, out: &mut Vec<u8>) {
    let ids = world.resource::<EntityIds>();
    encode(&(ids.next(), ids.count() as u64), out);
    for (id, entity) in ids.iter() {
        let entity = world.entity(entity);
        let kind = entity.get::<Networked>().map_or(Kind(0), |networked| networked.kind);
        encode(&(id, kind), out);
        for entry in &registry.components {
            write_present(out, |out| (entry.write)(entity, out));
        }
    }
    for entry in &registry.resources {
        write_present(out, |out| (entry.write)(world, out));
    }
}

/// Puts what was saved into `world`, in place of all its entities. Inverse of [`write_world`]. After an error the World
/// is in pieces: drop it.
pub(crate) fn read_world(world: &mut World, registry: &Registry, mut bytes: &[u8]) -> Result<(), LoadError> {
    let bytes = &mut bytes;
    let (format, registered) = decode::<(u32, u64)>(bytes)?;
    if format != FORMAT {
        return Err(LoadError::Format);
    }
    if registered != fingerprint(registry) {
        return Err(LoadError::Registry);
    }
    let old: Vec<Entity> = world.resource::<EntityIds>().iter().map(|(_, entity)| entity).collect();
    for entity in old {
        world.despawn(entity);
    }
    world.resource_mut::<EntityIds>().clear_log();
    let (next, count) = decode::<(u32, u64)>(bytes)?;
    let mut last = None;
    for _ in 0..count {
        let (id, kind) = decode::<(EntityId, Kind)>(bytes)?;
        if id.0 >= next || last >= Some(id) {
            return Err(LoadError::Damaged);
        }
        last = Some(id);
        let mut entity = world.spawn(Networked { id, kind });
        for entry in &registry.components {
            if decode::<bool>(bytes)? {
                (entry.read)(&mut entity, bytes)?;
            }
        }
    }
    world.resource_mut::<EntityIds>().restart_at(next);
    for entry in &registry.resources {
        if decode::<bool>(bytes)? {
            (entry.read)(world, bytes)?;
        }
    }
    if bytes.is_empty() { Ok(()) } else { Err(LoadError::Damaged) }
}

fn write_present(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> bool) {
    let at = out.len();
    encode(&true, out);
    if !write(out) {
        out.truncate(at);
        encode(&false, out);
    }
}

/// Names of all that is registered, in order, as one number.
fn fingerprint(registry: &Registry) -> u64 {
    let mut names = String::new();
    let components = registry.components.iter().map(|entry| entry.name);
    for name in components.chain(registry.resources.iter().map(|entry| entry.name)) {
        names.push_str(name);
        names.push('\n');
    }
    xxh3_64(names.as_bytes())
}
