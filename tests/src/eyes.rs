//! Who sees whom, by brute force: every player's eye against every entity, from the World itself, with no grid and no sets.
//!
//! ```text
//!   near     at most the enter radius away, or near in the tick before and at most the leave radius away
//!   sees     its own (owns it, drives it) · has no position · near, and not hidden by the game's own rule
//! ```
//!
//! It says exactly what is to be seen, so a checker can ask both ways: nothing else is held, and all of it is in the end.
//!
//! Never here: audiences of fields, what is held (see `moment` and `checks`).

use bevy_ecs::prelude::{Entity, World};
use server::room::Room;
use server::sim::{Column, EntityIds, Networked, Owner, Players};
use shared::ids::{EntityId, PlayerId, Slot};
use shared::schema::{FieldKind, Kind, Schema};
use std::collections::{BTreeMap, BTreeSet};

/// What is remembered from tick to tick: who was near to whom.
#[derive(Debug, Default)]
pub struct Eyes {
    near: BTreeMap<PlayerId, BTreeSet<Slot>>,
}

/// By player, the anchors of what it sees; `None` where everybody sees everything.
pub type Seen = Option<BTreeMap<PlayerId, BTreeSet<Slot>>>;

/// An entity that may be seen.
struct Target {
    id: EntityId,
    anchor: Slot,
    owner: Option<PlayerId>,
    place: Option<Place>,
}

/// Where something is, in parts of a unit.
#[derive(Clone, Copy)]
struct Place {
    at: [i64; 3],
    unit: i64,
}

impl Eyes {
    /// Looks around after a tick.
    pub fn look(&mut self, room: &Room) -> Seen {
        let (sim, replicator) = (room.sim(), room.replicator());
        let (view, rule) = (replicator.view(), sim.sight());
        if !view.limits() && rule.is_none() {
            return None;
        }
        let world = sim.world();
        let (places, ids) = (Places::new(sim.schema(), sim.columns()), world.resource::<EntityIds>());
        let target = |(id, entity): (EntityId, Entity)| {
            Some(Target {
                id,
                anchor: replicator.facets().anchor(id)?,
                owner: world.get::<Owner>(entity).map(|owner| owner.0),
                place: places.of(world, entity),
            })
        };
        let targets: Vec<Target> = ids.iter().filter_map(target).collect();
        let mut seen = BTreeMap::new();
        for (player, known) in world.resource::<Players>().iter() {
            let own = targets.iter().find(|target| target.id == known.entity);
            let before = self.near.remove(&player).unwrap_or_default();
            let (mut near, mut sees) = (BTreeSet::new(), BTreeSet::new());
            for target in &targets {
                let is_own = target.owner == Some(player) || own.is_some_and(|own| own.id == target.id);
                let Some(there) = target.place else {
                    sees.insert(target.anchor);
                    continue;
                };
                let units = if before.contains(&target.anchor) { view.leave_units } else { view.enter_units };
                let eye = own.and_then(|own| own.place);
                let is_near =
                    if view.limits() { eye.is_some_and(|eye| is_within(eye, there, units)) } else { own.is_some() };
                if is_near {
                    near.insert(target.anchor);
                }
                let shown = || own.is_some_and(|own| rule.is_none_or(|rule| rule.sees(own.id, target.id)));
                if is_own || is_near && shown() {
                    sees.insert(target.anchor);
                }
            }
            self.near.insert(player, near);
            seen.insert(player, sees);
        }
        self.near.retain(|player, _| seen.contains_key(player));
        Some(seen)
    }
}

fn is_within(one: Place, other: Place, units: u32) -> bool {
    assert_eq!(one.unit, other.unit, "the engine refuses a game whose positions have different units");
    let reach = i64::from(units) * one.unit;
    let along = |axis: usize| one.at[axis] - other.at[axis];
    along(0) * along(0) + along(1) * along(1) + along(2) * along(2) <= reach * reach
}

/// How positions are read from the World.
struct Places {
    columns: Vec<Box<dyn Column>>,
    of_kind: BTreeMap<Kind, PlaceOf>,
}

/// Where a kind has its position: in which component, from which code on, and how codes are read.
struct PlaceOf {
    component: usize,
    from: usize,
    axes: usize,
    min: i64,
    step: i64,
    unit: i64,
}

impl Places {
    fn new(schema: &Schema, columns: Vec<Box<dyn Column>>) -> Self {
        let mut of_kind = BTreeMap::new();
        for (kind, declared) in schema.kinds.iter().enumerate() {
            for &component in &declared.components {
                let mut from = 0;
                for field in &schema.components[usize::from(component)].fields {
                    let (axes, quantiser, unit) = match field.kind {
                        FieldKind::Vector2 { quantiser, unit } => (2, Some(quantiser), unit),
                        FieldKind::Vector3 { quantiser, unit } => (3, Some(quantiser), unit),
                        _ => (0, None, 1),
                    };
                    if let Some(quantiser) = quantiser.filter(|_| field.marks.position) {
                        let (min, step) = (i64::from(quantiser.min), i64::from(quantiser.step));
                        let component = usize::from(component);
                        let place = PlaceOf { component, from, axes, min, step, unit: i64::from(unit) };
                        of_kind.insert(Kind(kind as u8), place);
                    }
                    from += field.part_count();
                }
            }
        }
        Self { columns, of_kind }
    }

    fn of(&self, world: &World, entity: Entity) -> Option<Place> {
        let place = self.of_kind.get(&world.get::<Networked>(entity)?.kind)?;
        let column = &self.columns[place.component];
        let mut codes = vec![0; column.part_count()];
        column.one(world, entity, &mut codes).then_some(())?;
        let mut at = [0; 3];
        for (at, &code) in at.iter_mut().zip(&codes[place.from..place.from + place.axes]) {
            *at = place.min + i64::from(code) * place.step;
        }
        Some(Place { at, unit: place.unit })
    }
}
