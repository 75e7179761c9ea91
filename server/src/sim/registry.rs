//! Every component and resource that the simulation reads, and what the engine does with each: hash, save, load, send.
//!
//! ```text
//!   install ─► Declarations (types as functions) ─► Registry (with the World's numbers) ─► save, hash, columns
//!                                                        └► refuses what stands in the World and is not here
//! ```
//!
//! If the simulation read something that is not here, a loaded World would go another way than the saved one, and no test
//! would say why. So the engine looks at every archetype and refuses what it does not know.
//!
//! Never here: the format of a save (see `save`), what is sent (see `replicate`).

use crate::sim::column::{Column, TypedColumn};
use crate::sim::encoding::{LoadError, decode, encode};
use crate::sim::entity_ids::{EntityIds, Networked};
use crate::sim::refused::RoomRefused;
use crate::sim::step_input::InputSource;
use bevy_ecs::archetype::{Archetype, ArchetypeGeneration};
use bevy_ecs::change_detection::{DetectChanges, Tick};
use bevy_ecs::component::ComponentId;
use bevy_ecs::prelude::*;
use bevy_ecs::resource::IsResource;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::schema::{Replicated, Schema};
use std::collections::BTreeSet;

/// What a player does in this tick: put on its entity by the engine before the first stage.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controls<I: Send + Sync + 'static> {
    /// The input.
    pub input: I,
    /// Whether the player sent it for this tick.
    pub source: InputSource,
}

/// Marks entities for a moment, so that their rows move; see [`crate::sim::Sim::permute_rows`].
#[derive(Component)]
pub(crate) struct Moved;

/// A component and what can be done with it.
#[derive(Clone)]
pub(crate) struct ComponentEntry {
    pub(crate) name: &'static str,
    register: fn(&mut World) -> ComponentId,
    /// Appends the entity's value; false if it has none.
    pub(crate) write: fn(EntityRef<'_>, &mut Vec<u8>) -> bool,
    /// Takes a value off the bytes and gives it to the entity. Inverse of `write`.
    pub(crate) read: fn(&mut EntityWorldMut<'_>, &mut &[u8]) -> Result<(), LoadError>,
    /// For a component of the schema: its name there, and how to read it for replication.
    column: Option<(&'static str, fn(&World) -> Box<dyn Column>)>,
}

/// A resource and what can be done with it.
#[derive(Clone)]
pub(crate) struct ResourceEntry {
    pub(crate) name: &'static str,
    register: fn(&mut World) -> ComponentId,
    /// Appends the value; false if the World has none.
    pub(crate) write: fn(&World, &mut Vec<u8>) -> bool,
    /// Takes a value off the bytes and puts it into the World. Inverse of `write`.
    pub(crate) read: fn(&mut World, &mut &[u8]) -> Result<(), LoadError>,
}

/// A resource that never changes.
#[derive(Clone)]
struct ConstantEntry {
    name: &'static str,
    register: fn(&mut World) -> ComponentId,
    changed: fn(&World) -> Option<Tick>,
}

/// What was declared, in order, before the World's numbers are known.
#[derive(Clone, Default)]
pub(crate) struct Declarations {
    components: Vec<ComponentEntry>,
    resources: Vec<ResourceEntry>,
    constants: Vec<ConstantEntry>,
}

impl Declarations {
    pub(crate) fn replicated<T: Component + Replicated + Serialize + DeserializeOwned>(&mut self) {
        self.component::<T>();
        if let Some(entry) = self.components.last_mut() {
            entry.column = Some((T::NAME, |world| Box::new(TypedColumn::<T>::new(world))));
        }
    }

    pub(crate) fn component<T: Component + Serialize + DeserializeOwned>(&mut self) {
        self.components.push(ComponentEntry {
            name: std::any::type_name::<T>(),
            register: World::register_component::<T>,
            write: |entity, out| entity.get::<T>().map(|value| encode(value, out)).is_some(),
            read: |entity, bytes| {
                entity.insert(decode::<T>(bytes)?);
                Ok(())
            },
            column: None,
        });
    }

    /// The controls are saved as codes, which they came from: an input needs no serde.
    pub(crate) fn controls<I: Replicated>(&mut self) {
        self.components.push(ComponentEntry {
            name: std::any::type_name::<Controls<I>>(),
            register: World::register_component::<Controls<I>>,
            write: |entity, out| {
                let Some(controls) = entity.get::<Controls<I>>() else { return false };
                let mut codes = vec![0; I::PART_COUNT];
                controls.input.write_codes(&mut codes);
                encode(&(codes, controls.source), out);
                true
            },
            read: |entity, bytes| {
                let (codes, source) = decode::<(Vec<i32>, InputSource)>(bytes)?;
                if codes.len() != I::PART_COUNT {
                    return Err(LoadError::Length);
                }
                entity.insert(Controls { input: I::read_codes(&codes), source });
                Ok(())
            },
            column: None,
        });
    }

    pub(crate) fn resource<T: Resource + Serialize + DeserializeOwned>(&mut self) {
        self.resources.push(ResourceEntry {
            name: std::any::type_name::<T>(),
            register: World::register_component::<T>,
            write: |world, out| world.get_resource::<T>().map(|value| encode(value, out)).is_some(),
            read: |world, bytes| {
                world.insert_resource(decode::<T>(bytes)?);
                Ok(())
            },
        });
    }

    pub(crate) fn constant<T: Resource>(&mut self) {
        self.constants.push(ConstantEntry {
            name: std::any::type_name::<T>(),
            register: World::register_component::<T>,
            changed: |world| world.get_resource_ref::<T>().map(|value| value.last_changed()),
        });
    }
}

/// All that the simulation reads.
pub(crate) struct Registry {
    pub(crate) components: Vec<ComponentEntry>,
    pub(crate) resources: Vec<ResourceEntry>,
    constants: Vec<(ConstantEntry, Option<Tick>)>,
    /// Numbers of components, resources and constants, and of what the engine and bevy keep for themselves.
    known: BTreeSet<ComponentId>,
    /// Numbers of components alone, each with its name: an entity with one of these needs a number of its own.
    named: Vec<(ComponentId, &'static str)>,
    networked: ComponentId,
    is_resource: ComponentId,
    looked_at: ArchetypeGeneration,
}

impl Registry {
    /// Resolves `declarations` in `world`. `own` are the numbers of what the engine keeps for itself.
    pub(crate) fn new(
        world: &mut World,
        declarations: Declarations,
        own: &[ComponentId],
        schema: &Schema,
    ) -> Result<Self, RoomRefused> {
        let Declarations { components, resources, constants } = declarations;
        let mut known: BTreeSet<ComponentId> = own.iter().copied().collect();
        let mut named = Vec::new();
        for entry in &components {
            let id = (entry.register)(world);
            known.insert(id);
            named.push((id, entry.name));
        }
        known.extend(resources.iter().map(|entry| (entry.register)(world)));
        known.extend(constants.iter().map(|entry| (entry.register)(world)));
        let networked = world.register_component::<Networked>();
        let is_resource = world.register_component::<IsResource>();
        known.extend([networked, is_resource, world.register_component::<Moved>()]);
        check_declared(&components, schema)?;
        let constants = constants
            .into_iter()
            .map(|entry| {
                let tick = (entry.changed)(world);
                (entry, tick)
            })
            .collect();
        let looked_at = ArchetypeGeneration::initial();
        Ok(Self { components, resources, constants, known, named, networked, is_resource, looked_at })
    }

    /// Looks at the archetypes that are new since the last look.
    ///
    /// # Errors
    /// The author's: something stands in the World that is not registered.
    pub(crate) fn look(&mut self, world: &World) -> Result<(), RoomRefused> {
        let archetypes = world.archetypes();
        if archetypes.generation() == self.looked_at {
            return Ok(());
        }
        for archetype in &archetypes[self.looked_at..] {
            self.look_at(world, archetype)?;
        }
        self.looked_at = archetypes.generation();
        Ok(())
    }

    fn look_at(&self, world: &World, archetype: &Archetype) -> Result<(), RoomRefused> {
        let components = archetype.components();
        if let Some(&stranger) = components.iter().find(|component| !self.known.contains(component)) {
            return Err(RoomRefused::UnregisteredComponent { name: self.describe(world, archetype, stranger) });
        }
        if archetype.contains(self.networked) || archetype.contains(self.is_resource) {
            return Ok(());
        }
        match self.named.iter().find(|(id, _)| archetype.contains(*id)) {
            Some((_, name)) => Err(RoomRefused::Unnumbered { name: (*name).to_owned() }),
            None => Ok(()),
        }
    }

    /// What we can say of a stranger. bevy knows its name only with its `debug` feature; its company always helps.
    fn describe(&self, world: &World, archetype: &Archetype, stranger: ComponentId) -> String {
        let what = if archetype.contains(self.is_resource) { "resource" } else { "component" };
        let name = world.components().get_name(stranger).map(|name| name.to_string()).unwrap_or_default();
        let company: Vec<&str> =
            self.named.iter().filter(|(id, _)| archetype.contains(*id)).map(|(_, name)| *name).collect();
        match (name.starts_with('<'), company.is_empty()) {
            (false, _) => format!("the {what} {name}"),
            (true, true) => format!("a {what}"),
            (true, false) => format!("a {what} beside {}", company.join(", ")),
        }
    }

    /// One column per component of the schema, in the schema's order.
    pub(crate) fn columns(&self, world: &World, schema: &Schema) -> Vec<Box<dyn Column>> {
        let column = |name: &str| {
            let entry = self.components.iter().filter_map(|entry| entry.column).find(|(of, _)| *of == name);
            let (_, make) = entry.expect("check_declared found every component of the schema registered");
            make(world)
        };
        schema.components.iter().map(|declaration| column(&declaration.name)).collect()
    }

    /// Debug builds: no constant changed.
    pub(crate) fn check_constants(&self, world: &World) {
        for (entry, installed) in &self.constants {
            assert!((entry.changed)(world) == *installed, "{} is a constant, but a system changed it", entry.name);
        }
    }

    /// What this step spawned has the components of its kind. Every build asks: a client is told all that a kind declares, so
    /// what is not there would be made up.
    pub(crate) fn check_spawned(&self, world: &World, schema: &Schema) {
        let ids = world.resource::<EntityIds>();
        for entity in ids.spawned().iter().filter_map(|&id| ids.entity(id)) {
            self.check_kind(world, schema, entity);
        }
    }

    fn check_kind(&self, world: &World, schema: &Schema, entity: Entity) {
        let Some(networked) = world.get::<Networked>(entity) else { return };
        let kind =
            schema.kinds.get(usize::from(networked.kind.0)).expect("the schema declares every kind that is spawned");
        for (id, entry) in self.named.iter().map(|(id, _)| *id).zip(&self.components) {
            let Some((name, _)) = entry.column else { continue };
            let declared = kind.components.iter().any(|&at| schema.components[usize::from(at)].name == name);
            let present = world.entity(entity).contains_id(id);
            assert!(declared == present, "kind {} declares {name}: {declared}, spawned with it: {present}", kind.name);
        }
    }
}

fn check_declared(components: &[ComponentEntry], schema: &Schema) -> Result<(), RoomRefused> {
    let registered: BTreeSet<&str> = components.iter().filter_map(|entry| entry.column.map(|(name, _)| name)).collect();
    let declared: BTreeSet<&str> = schema.components.iter().map(|declaration| declaration.name.as_str()).collect();
    match registered.symmetric_difference(&declared).next() {
        Some(name) => Err(RoomRefused::NotDeclared { name: (*name).to_owned() }),
        None => Ok(()),
    }
}
