//! Arena's World, read directly and compared with what a client reads from its replica. See `zoo_truth`.

use crate::moment::{Sight, Things};
use crate::zoo_truth::points_at;
use bevy_ecs::prelude::{Component, Entity, World};
use server::sim::{Controls, EntityIds, InputSource, Owner, Players, Sim};
use shared::game::components::{Aim, Body, Health, Nameplate, Position, Projectile, Score};
use shared::game::input::ArenaInput;
use shared::game::pickup::Pickup;
use shared::game::round::{Match, Side};
use shared::ids::{EntityId, PlayerId, Slot};
use shared::schema::Replicated;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// Everything in an arena after a tick.
#[derive(Debug)]
struct ArenaThings {
    things: Vec<Thing>,
    sources: BTreeMap<PlayerId, InputSource>,
}

#[derive(Debug)]
struct Thing {
    id: EntityId,
    owner: Option<PlayerId>,
    position: Option<Position>,
    aim: Option<Aim>,
    health: Option<Health>,
    score: Option<Score>,
    nameplate: Option<Nameplate>,
    body: Option<Body>,
    projectile: Option<Projectile>,
    side: Option<Side>,
    pickup: Option<Pickup>,
    game: Option<Match>,
}

/// Reads the World of an arena.
#[must_use]
pub fn look(sim: &Sim) -> Box<dyn Things> {
    let world = sim.world();
    let ids = world.resource::<EntityIds>();
    let things = ids.iter().map(|(id, entity)| Thing {
        id,
        owner: world.get::<Owner>(entity).map(|owner| owner.0),
        position: seen(world, entity),
        aim: seen(world, entity),
        health: seen(world, entity),
        score: seen(world, entity),
        nameplate: seen(world, entity),
        body: seen(world, entity),
        projectile: world.get(entity).copied(),
        side: seen(world, entity),
        pickup: seen(world, entity),
        game: seen(world, entity),
    });
    let sources = world.resource::<Players>().iter().filter_map(|(player, known)| {
        let entity = ids.entity(known.entity)?;
        Some((player, world.get::<Controls<ArenaInput>>(entity)?.source))
    });
    Box::new(ArenaThings { things: things.collect(), sources: sources.collect() })
}

/// A component as a client should see it: quantised.
fn seen<T: Component + Replicated>(world: &World, entity: Entity) -> Option<T> {
    let mut codes = vec![0; T::PART_COUNT];
    world.get::<T>(entity)?.write_codes(&mut codes);
    Some(T::read_codes(&codes))
}

impl Things for ArenaThings {
    fn differences(&self, sight: &Sight<'_>) -> Vec<String> {
        let mut found = Vec::new();
        for thing in &self.things {
            let Some(&anchor) = sight.moment.anchors.get(&thing.id) else { continue };
            if sight.replica.kind(anchor).is_some() {
                if !sight.is_exact(anchor) {
                    continue;
                }
                thing.compare(anchor, sight, &mut found);
            } else if sight.replica.complete() && sight.moment.may_see(sight.player, anchor) {
                found.push(format!("{:?} is not held", thing.id));
            }
        }
        found
    }

    fn source(&self, player: PlayerId) -> Option<InputSource> {
        self.sources.get(&player).copied()
    }
}

impl Thing {
    fn compare(&self, anchor: Slot, sight: &Sight<'_>, found: &mut Vec<String>) {
        self.same(self.position.as_ref(), anchor, sight, found);
        self.same(self.aim.as_ref(), anchor, sight, found);
        self.same(self.health.as_ref(), anchor, sight, found);
        self.same(self.score.as_ref(), anchor, sight, found);
        self.same(self.nameplate.as_ref(), anchor, sight, found);
        self.same(self.side.as_ref(), anchor, sight, found);
        self.same(self.pickup.as_ref(), anchor, sight, found);
        self.same(self.game.as_ref(), anchor, sight, found);
        let complete = sight.replica.complete() && !sight.moment.crowded;
        match (sight.replica.read::<Body>(anchor), self.owner == Some(sight.player)) {
            (None, true) if self.body.is_none() || !complete => {}
            (None, false) => {}
            (Some(_), true) => self.same(self.body.as_ref(), anchor, sight, found),
            (body, owns) => found.push(format!("{:?} Body: the client reads {body:?}, owns it: {owns}", self.id)),
        }
        if let Some(projectile) = &self.projectile {
            match sight.replica.read::<Projectile>(anchor) {
                Some(read)
                    if (read.velocity, read.shot_at) == (projectile.velocity, projectile.shot_at)
                        && points_at(read.shooter, projectile.shooter, complete, sight) => {}
                read => found.push(format!("{:?}: the client reads {read:?}, the World has {projectile:?}", self.id)),
            }
        }
    }

    fn same<T>(&self, is: Option<&T>, anchor: Slot, sight: &Sight<'_>, found: &mut Vec<String>)
    where
        T: Replicated + PartialEq + Debug,
    {
        let read = sight.replica.read::<T>(anchor);
        if read.as_ref() != is {
            found.push(format!("{:?} {}: the client reads {read:?}, the World has {is:?}", self.id, T::NAME));
        }
    }
}
