//! The World's changes, as rows of codes: who came, who went, what changed. It copies values out and decides nothing. Beside it,
//! only `audit` (on purpose: other eyes), `scrub` and the game's rule of sight read components, and what a step told is taken from its outbox.
//!
//! ```text
//!   log of the step ─► gone: untrack · spawned: track, read whole
//!   per component   ─► what changed since the last step: its codes, routed to the rows of the facets they belong to
//!   owner and team  ─► facets for new audiences are born, of old ones retired
//!   references      ─► a facet of its own while its target lives: the target's anchor slot
//! ```
//!
//! While there are spectators, what is read is noted, too (see `changes`).

use super::changes::{Came, Changes, Reassigned};
use super::facets::{Facets, Tracked};
use super::rows::Rows;
use crate::counts::Counts;
use crate::sim::{Column, EntityIds, Networked, Owner, Players, Sim, Team};
use bevy_ecs::prelude::{Entity, World};
use shared::ids::{EntityId, PlayerId, Slot};
use shared::limits::ENTITY_FACETS_MAX;
use shared::schema::facet::Route;
use shared::schema::{FacetKind, Kind, Layout, Section};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is remembered between ticks.
pub struct Extract {
    layout: Arc<Layout>,
    columns: Vec<Box<dyn Column>>,
    /// By kind: whether it has facets for its owner or its team.
    narrowed: Vec<bool>,
    /// Reference facets that point at something: (source, place of the facet) to target.
    references: BTreeMap<(EntityId, usize), EntityId>,
    codes: Vec<i32>,
    began: bool,
    /// By component: more than their owner may see something of it.
    shared: Vec<bool>,
    /// What this step changed, while that is recorded.
    recorded: Option<Changes>,
    /// It is recorded from now on: the first time is everything.
    records_whole: bool,
    #[cfg(feature = "sabotage")]
    skip_next: bool,
}

impl Extract {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(sim: &Sim, layout: Arc<Layout>) -> Self {
        let columns = sim.columns();
        let is_narrow = |kind: &FacetKind| {
            let section = layout.facet(*kind).map(|facet| facet.section);
            matches!(section, Some(Section::Owner | Section::Team))
        };
        let kinds = (0..sim.schema().kinds.len()).map(|kind| Kind(kind as u8));
        let narrowed = kinds.map(|kind| layout.facets_of(kind).iter().any(is_narrow)).collect();
        let widest = columns.iter().map(|column| column.part_count()).max().unwrap_or(0);
        let shared =
            (0..columns.len()).map(|component| is_shared(&layout, sim.schema().kinds.len(), component)).collect();
        Self {
            layout,
            columns,
            narrowed,
            shared,
            references: BTreeMap::new(),
            codes: vec![0; widest],
            began: false,
            recorded: None,
            records_whole: false,
            #[cfg(feature = "sabotage")]
            skip_next: false,
        }
    }

    /// One column per component of the schema.
    #[must_use]
    pub fn columns(&self) -> &[Box<dyn Column>] {
        &self.columns
    }

    /// Brings facets and rows up to what the World is after its step.
    pub fn run(&mut self, sim: &Sim, facets: &mut Facets, rows: &mut Rows, counts: &mut Counts) {
        let world = sim.world();
        let placed = self.follow_log(world, facets, rows);
        self.follow_changes(sim, facets, rows, counts);
        // Not before: a changed constant must be seen as a change, not overwritten.
        for id in placed {
            self.read_whole(world, facets, rows, id);
        }
        self.follow_audiences(world, facets, rows);
        self.follow_references(facets, rows);
    }

    /// Follows who came and who went; returns whose rows are still to be read, because they found a slot only now.
    fn follow_log(&mut self, world: &World, facets: &mut Facets, rows: &mut Rows) -> BTreeSet<EntityId> {
        let ids = world.resource::<EntityIds>();
        if let Some(recorded) = &mut self.recorded {
            recorded.gone.extend_from_slice(ids.gone());
        }
        for &id in ids.gone() {
            facets.untrack(id);
            forget_references(&mut self.references, id);
        }
        let placed = facets.place_waiting();
        // What `install` spawned came before the first step, and is in no log but the list of all.
        let all: Vec<EntityId> = if std::mem::replace(&mut self.began, true) {
            ids.spawned().to_vec()
        } else {
            ids.iter().map(|(id, _)| id).collect()
        };
        for id in all {
            if let Some(entity) = ids.entity(id).filter(|_| facets.get(id).is_none()) {
                self.track(world, facets, rows, id, entity);
            }
        }
        placed
    }

    fn track(&mut self, world: &World, facets: &mut Facets, rows: &mut Rows, id: EntityId, entity: Entity) {
        let Some(&Networked { kind, .. }) = world.get::<Networked>(entity) else { return };
        let (owner, team) = audience(world, entity);
        facets.track(id, Tracked::new(kind, owner, team));
        if let Some(recorded) = &mut self.recorded {
            recorded.came.push(Came { id, kind, team });
        }
        self.read_whole(world, facets, rows, id);
    }

    /// Puts all components of an entity into the rows of its living facets. What was born in this tick starts from nothing: its
    /// slot may have been another's, and what the entity lacks must not read what that one had.
    fn read_whole(&mut self, world: &World, facets: &Facets, rows: &mut Rows, id: EntityId) {
        let (Some(tracked), Some(entity)) = (facets.get(id), world.resource::<EntityIds>().entity(id)) else { return };
        let layout = Arc::clone(&self.layout);
        for &slot in tracked.slots.iter().flatten().filter(|&&slot| facets.born().contains(slot)) {
            rows.clear(slot);
        }
        let mut read = None;
        for route in layout.routes(tracked.kind) {
            if read != Some(route.component) {
                if !self.columns[route.component].one(world, entity, &mut self.codes) {
                    continue;
                }
                read = Some(route.component);
                if let Some(recorded) = self.recorded.as_mut().filter(|_| self.shared[route.component]) {
                    recorded.note(id, route.component, &self.codes[..self.columns[route.component].part_count()]);
                }
            }
            let codes = &self.codes[route.source..route.source + route.count];
            put(&layout, &mut self.references, (facets, tracked), rows, id, route, codes);
        }
    }

    fn follow_changes(&mut self, sim: &Sim, facets: &mut Facets, rows: &mut Rows, counts: &mut Counts) {
        let Self { layout, columns, references, recorded, shared, .. } = self;
        #[cfg(feature = "sabotage")]
        let skip_next = &mut self.skip_next;
        let mut renewed: Vec<(EntityId, usize)> = Vec::new();
        for (component, column) in columns.iter_mut().enumerate() {
            let mut finder = facets.finder();
            column.changed(sim.world(), sim.changed_since(), &mut |_, networked, codes, clamped| {
                counts.clamps += u64::from(clamped.0);
                #[cfg(feature = "sabotage")]
                if std::mem::take(skip_next) {
                    return;
                }
                let Some(tracked) = finder.find(networked.id) else { return };
                if let Some(recorded) = recorded.as_mut().filter(|_| shared[component]) {
                    recorded.note(networked.id, component, codes);
                }
                for route in layout.routes(networked.kind).iter().filter(|route| route.component == component) {
                    let own = &codes[route.source..route.source + route.count];
                    if put(layout, references, (&*facets, tracked), rows, networked.id, route, own) == Put::Constant {
                        renewed.push((networked.id, route.facet));
                    }
                }
            });
        }
        self.renew(sim, facets, rows, renewed, counts);
    }

    /// Facets that changed in what may not change start anew, under new slots.
    fn renew(
        &mut self,
        sim: &Sim,
        facets: &mut Facets,
        rows: &mut Rows,
        renewed: Vec<(EntityId, usize)>,
        counts: &mut Counts,
    ) {
        for (id, place) in renewed {
            counts.renewals += 1;
            facets.renew(id, place);
            self.read_whole(sim.world(), facets, rows, id);
        }
    }

    /// For the scrub: reads an entity anew, trusting no change tick, and puts right what differs. Returns how many runs of
    /// codes did. References are followed by who calls.
    pub(super) fn look_again(
        &mut self,
        sim: &Sim,
        facets: &mut Facets,
        rows: &mut Rows,
        id: EntityId,
        counts: &mut Counts,
    ) -> u64 {
        let entity = sim.world().resource::<EntityIds>().entity(id);
        let (Some(tracked), Some(entity)) = (facets.get(id), entity) else { return 0 };
        let Self { layout, columns, references, codes, recorded, shared, .. } = self;
        let (mut missed, mut renewed) = (0, Vec::new());
        for route in layout.routes(tracked.kind) {
            if !columns[route.component].one(sim.world(), entity, codes) {
                // Its kind declares it: nobody can be told what it is.
                missed += 1;
                continue;
            }
            let own = &codes[route.source..route.source + route.count];
            let found = put(layout, references, (&*facets, tracked), rows, id, route, own);
            missed += u64::from(found != Put::Same);
            if let Some(recorded) = recorded.as_mut().filter(|_| found != Put::Same && shared[route.component]) {
                recorded.note(id, route.component, &codes[..columns[route.component].part_count()]);
            }
            if found == Put::Constant {
                renewed.push((id, route.facet));
            }
        }
        self.renew(sim, facets, rows, renewed, counts);
        missed
    }

    /// Owners and teams change rarely; looking costs one read per entity that has such facets.
    fn follow_audiences(&mut self, world: &World, facets: &mut Facets, rows: &mut Rows) {
        if !self.narrowed.contains(&true) {
            return;
        }
        let ids = world.resource::<EntityIds>();
        let moved: Vec<_> = facets
            .tracked()
            .filter(|(_, tracked)| self.narrowed.get(usize::from(tracked.kind.0)) == Some(&true))
            .filter_map(|(id, tracked)| {
                let (owner, team) = audience(world, ids.entity(id)?);
                ((owner, team) != (tracked.owner, tracked.team)).then_some((id, owner, team))
            })
            .collect();
        for (id, owner, team) in moved {
            // Spectators know of no owner.
            let sides = facets.get(id).is_some_and(|tracked| tracked.team != team);
            if let Some(recorded) = self.recorded.as_mut().filter(|_| sides) {
                recorded.reassigned.push(Reassigned { id, team });
            }
            if facets.assign(id, owner, team) {
                self.read_whole(world, facets, rows, id);
            }
        }
    }

    /// See [`follow_references`].
    pub(super) fn follow_references(&self, facets: &mut Facets, rows: &mut Rows) {
        follow_references(&self.references, facets, rows);
    }

    /// From the next step on what it changes is recorded: with the first, everything that is there.
    pub(super) fn begin_recording(&mut self) {
        self.recorded = Some(Changes::default());
        self.records_whole = true;
    }

    /// No more.
    pub(super) fn end_recording(&mut self) {
        self.recorded = None;
    }

    /// What was recorded of this step, if it was.
    pub(super) fn take_recorded(&mut self, world: &World, facets: &Facets) -> Option<Changes> {
        let recorded = self.recorded.as_mut().map(std::mem::take)?;
        Some(if std::mem::take(&mut self.records_whole) { self.whole(world, facets) } else { recorded })
    }

    /// All that there is, as if it had come in this step.
    fn whole(&mut self, world: &World, facets: &Facets) -> Changes {
        let ids = world.resource::<EntityIds>();
        let Self { layout, columns, codes, shared, .. } = self;
        let mut changes = Changes::default();
        for (id, tracked) in facets.tracked() {
            changes.came.push(Came { id, kind: tracked.kind, team: tracked.team });
            let mut read = None;
            for component in layout.routes(tracked.kind).iter().map(|route| route.component) {
                if read.replace(component) == Some(component) || !shared[component] {
                    continue;
                }
                let column = &columns[component];
                if ids.entity(id).is_some_and(|entity| column.one(world, entity, codes)) {
                    changes.note(id, component, &codes[..column.part_count()]);
                }
            }
        }
        changes
    }

    /// Forgets the next change that it should see, as a bug in it would.
    #[cfg(feature = "sabotage")]
    pub const fn sabotage_skip_change(&mut self) {
        self.skip_next = true;
    }
}

/// Whether more than their owners may see something of a component.
fn is_shared(layout: &Layout, kinds: usize, component: usize) -> bool {
    (0..kinds).map(|kind| Kind(kind as u8)).any(|kind| {
        let mut routes = layout.routes(kind).iter().filter(|route| route.component == component);
        routes.any(|route| {
            let facet = layout.facets_of(kind).get(route.facet).and_then(|&facet| layout.facet(facet));
            facet.is_some_and(|facet| facet.section != Section::Owner)
        })
    })
}

/// An entity points at nobody any more.
pub fn forget_references(references: &mut BTreeMap<(EntityId, usize), EntityId>, id: EntityId) {
    let of_entity: Vec<_> = references.range((id, 0)..=(id, ENTITY_FACETS_MAX)).map(|(&key, _)| key).collect();
    for key in of_entity {
        references.remove(&key);
    }
}

/// A reference's facet lives while source and target do; its row is the target's anchor slot.
pub fn follow_references(references: &BTreeMap<(EntityId, usize), EntityId>, facets: &mut Facets, rows: &mut Rows) {
    for (&(source, place), &target) in references {
        let slot = facets.anchor(target).and_then(|anchor| Some((facets.bear_reference(source, place)?, anchor)));
        match slot {
            Some((slot, anchor)) => {
                rows.put(slot, 0, &[i32::from(anchor.0)]);
            }
            None => facets.retire(source, place),
        }
    }
}

/// What became of some codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// They are as they were, or the facet is not alive.
    Same,
    /// The row changed.
    Changed,
    /// A part changed that must not change in the facet's life.
    Constant,
}

/// Routes a run of a component's codes into the row of its facet, or into the table of references.
pub fn put(
    layout: &Layout,
    references: &mut BTreeMap<(EntityId, usize), EntityId>,
    (facets, tracked): (&Facets, &Tracked),
    rows: &mut Rows,
    id: EntityId,
    route: &Route,
    codes: &[i32],
) -> Put {
    let Some(&kind) = layout.facets_of(tracked.kind).get(route.facet) else { return Put::Same };
    let Some(facet) = layout.facet(kind) else { return Put::Same };
    if facet.section == Section::References {
        let target = EntityId(codes.first().map_or(EntityId::NONE.0, |&code| code as u32));
        // "Nobody" stays in the table: it has no anchor, so the facet retires.
        let before = references.insert((id, route.facet), target);
        return if before == Some(target) { Put::Same } else { Put::Changed };
    }
    let Some(slot) = tracked.slots[route.facet] else { return Put::Same };
    put_in_row(facets, rows, slot, facet.is_constant(route.part), route.part, codes)
}

fn put_in_row(facets: &Facets, rows: &mut Rows, slot: Slot, constant: bool, part: usize, codes: &[i32]) -> Put {
    match rows.put(slot, part, codes) {
        false => Put::Same,
        true if constant && !facets.born().contains(slot) => Put::Constant,
        true => Put::Changed,
    }
}

/// The team of each player's entity. What a client may see goes by the World, whether its entity has facets for a team or
/// not: audiences of those that have none are not followed.
pub fn read_teams(world: &World, teams: &mut BTreeMap<PlayerId, u8>) {
    let ids = world.resource::<EntityIds>();
    let of_entity = |id| world.get::<Team>(ids.entity(id)?).map(|team| team.0);
    teams.clear();
    // Many games have none; to ask so costs less than to make a query every tick.
    let Some(team) = world.components().component_id::<Team>() else { return };
    if !world.archetypes().iter().any(|archetype| archetype.contains(team) && !archetype.is_empty()) {
        return;
    }
    let players = world.resource::<Players>().iter();
    teams.extend(players.filter_map(|(player, known)| Some((player, of_entity(known.entity)?))));
}

/// The anchors of everything that belongs to a player, by player. What one may see goes by this, whether the entity has facets
/// for its owner or not.
pub fn read_owned(world: &World, facets: &Facets, owned: &mut Vec<(PlayerId, Slot)>) {
    owned.clear();
    let Some(mut query) = world.try_query::<(&Networked, &Owner)>() else { return };
    let mut finder = facets.finder();
    let anchor = |(networked, owner): (&Networked, &Owner)| Some((owner.0, finder.find(networked.id)?.slots[0]?));
    owned.extend(query.iter(world).filter_map(anchor));
    owned.sort_unstable();
}

fn audience(world: &World, entity: Entity) -> (Option<PlayerId>, Option<u8>) {
    let owner = world.get::<Owner>(entity).map(|owner| owner.0);
    (owner, world.get::<Team>(entity).map(|team| team.0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may")]
mod tests {
    use super::*;
    use crate::game_api::Game;
    use crate::sim::{RoomOptions, RoomRefused, Stage, Stages, StepInput};
    use bevy_ecs::prelude::Component;
    use serde::{Deserialize, Serialize};
    use shared::Replicated;
    use shared::ids::{PlayerId, Tick};
    use shared::schema::{Kind, Schema};

    /// What only its owner knows.
    #[derive(Component, Clone, Copy, Debug, Replicated, Serialize, Deserialize)]
    struct Secret {
        #[field(range = 0..=1000, audience = owner)]
        word: u16,
    }

    #[derive(Clone, Copy, Debug, Default, Replicated)]
    struct Still {}

    const BOX: Kind = Kind(0);

    /// Twenty boxes that are others in every tick.
    struct Boxes;

    fn renew_boxes(world: &mut World) {
        let old: Vec<Entity> = world.resource::<EntityIds>().iter().map(|(_, entity)| entity).collect();
        for entity in old {
            world.despawn(entity);
        }
        for _ in 0..20 {
            let networked = world.resource_mut::<EntityIds>().spawn(BOX);
            world.spawn((networked, Secret { word: 1000 }, Owner(PlayerId(1))));
        }
    }

    impl Game for Boxes {
        type Input = Still;

        fn schema(&self) -> Schema {
            let schema = Schema::new("boxes").component::<Secret>().kind(BOX, "box", &[Secret::NAME]);
            schema.input::<Still>().build().unwrap()
        }

        fn install(&self, _: &mut World, stages: &mut Stages, _: &RoomOptions) -> Result<(), RoomRefused> {
            stages.replicated::<Secret>().add(Stage::Spawn, renew_boxes);
            Ok(())
        }

        fn on_join(&self, _: &mut World, _: PlayerId) -> EntityId {
            EntityId::NONE
        }

        fn on_leave(&self, _: &mut World, _: PlayerId) {}
    }

    #[test]
    fn what_an_entity_lacks_reads_zero_and_never_what_its_slot_had_before() {
        let mut sim = Sim::new(Arc::new(Boxes), &RoomOptions::default(), 1).unwrap();
        let layout = Arc::new(Layout::new(sim.schema(), 7).unwrap());
        let mut facets = Facets::new(Arc::clone(&layout), 1);
        let mut rows = Rows::new(layout.slots(), layout.parts_max());
        let mut extract = Extract::new(&sim, layout);
        let mut counts = Counts::default();
        for tick in 1..40 {
            sim.step(&StepInput { tick: Tick(tick), ..StepInput::default() });
            let lacks = tick % 2 == 0;
            let ids: Vec<EntityId> = sim.world().resource::<EntityIds>().iter().map(|(id, _)| id).collect();
            for &id in ids.iter().filter(|_| lacks) {
                let entity = sim.world().resource::<EntityIds>().entity(id).unwrap();
                sim.world_for_tests().entity_mut(entity).remove::<Secret>();
            }
            facets.next_tick(Tick(tick));
            extract.run(&sim, &mut facets, &mut rows, &mut counts);
            for id in ids {
                let own = facets.slot_at(id, 1).unwrap();
                assert_eq!(rows.row(own)[0], if lacks { 0 } else { 1000 }, "tick {tick}");
                let missed = extract.look_again(&sim, &mut facets, &mut rows, id, &mut counts);
                assert_eq!(missed, u64::from(lacks), "the scrub says so");
            }
        }
    }
}
