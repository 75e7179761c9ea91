//! The zoo's World, read directly and compared with what a client reads from its replica: values with values.
//!
//! This is the third path: it knows neither codes nor rows nor hashes, so a fault in any of these shows here.

use crate::moment::{Sight, Things};
use crate::zoo::{Body, Bond, Edges, Orders, Purse, Tag, ZooInput};
use crate::zoo_rules::all;
use bevy_ecs::prelude::Component;
use client_sim::replica::Replica;
use server::sim::{Controls, InputSource, Networked, Owner, Players, Sim, Team};
use shared::ids::{EntityId, PlayerId, Slot};
use shared::schema::{Kind, Replicated};
use std::collections::BTreeMap;

/// Everything in the zoo after a tick.
#[derive(Debug)]
struct ZooThings {
    things: Vec<Thing>,
    sources: BTreeMap<PlayerId, InputSource>,
}

#[derive(Debug)]
struct Thing {
    id: EntityId,
    kind: Kind,
    owner: Option<PlayerId>,
    team: Option<u8>,
    body: Option<Body>,
    purse: Option<Purse>,
    orders: Option<Orders>,
    tag: Option<Tag>,
    bond: Option<Bond>,
    edges: Option<Edges>,
}

/// Reads the World of a zoo.
#[must_use]
pub fn look(sim: &Sim) -> Box<dyn Things> {
    let world = sim.world();
    let things = all(world).into_iter().map(|(id, entity)| Thing {
        id,
        kind: world.get::<Networked>(entity).map_or(Kind(u8::MAX), |networked| networked.kind),
        owner: world.get::<Owner>(entity).map(|owner| owner.0),
        team: world.get::<Team>(entity).map(|team| team.0),
        body: world.get(entity).cloned(),
        purse: world.get(entity).cloned(),
        orders: world.get(entity).cloned(),
        tag: world.get(entity).cloned(),
        bond: world.get(entity).cloned(),
        edges: world.get(entity).cloned(),
    });
    let things = things.collect();
    let sources = world.resource::<Players>().iter().filter_map(|(player, known)| {
        let entity = world.resource::<server::sim::EntityIds>().entity(known.entity)?;
        Some((player, world.get::<Controls<ZooInput>>(entity)?.source))
    });
    Box::new(ZooThings { things, sources: sources.collect() })
}

impl Things for ZooThings {
    fn differences(&self, sight: &Sight<'_>) -> Vec<String> {
        let mut found = Vec::new();
        for thing in &self.things {
            let Some(&anchor) = sight.moment.anchors.get(&thing.id) else { continue };
            match sight.replica.kind(anchor) {
                None if sight.replica.complete() && sight.moment.may_see(sight.player, anchor) => {
                    found.push(format!("{:?} is not held", thing.id))
                }
                None => {}
                Some(kind) if kind != thing.kind => found.push(format!("{:?} is of {kind:?}", thing.id)),
                Some(_) if !sight.is_exact(anchor) => {}
                Some(_) => thing.compare(anchor, sight, &mut found),
            }
        }
        let alive: Vec<Slot> = sight.moment.anchors.values().copied().collect();
        let ghosts = sight.replica.anchors().filter(|(slot, _)| !alive.contains(slot));
        found.extend(ghosts.map(|(slot, _)| format!("{slot:?} is held and not alive")));
        found
    }

    fn source(&self, player: PlayerId) -> Option<InputSource> {
        self.sources.get(&player).copied()
    }
}

impl Thing {
    fn compare(&self, anchor: Slot, sight: &Sight<'_>, found: &mut Vec<String>) {
        let Sight { replica, moment, player, team, all_teams } = *sight;
        // Where slots are few, a facet may wait for one.
        let complete = replica.complete() && !moment.crowded;
        let owns = self.owner == Some(player);
        let is_mate = self.team.is_some() && (all_teams || self.team == team);
        let mut say = |what: &str, seen: &dyn std::fmt::Debug, is: &dyn std::fmt::Debug| {
            found.push(format!("{:?} {what}: the client reads {seen:?}, the World has {is:?}", self.id));
        };
        if let Some(body) = &self.body {
            let seen = replica.read::<Body>(anchor);
            if !seen.as_ref().is_some_and(|seen| same_body(seen, body)) {
                say("Body", &seen, body);
            }
        } else if let Some(seen) = replica.read::<Body>(anchor) {
            say("Body", &seen, &self.body);
        }
        if replica.read::<Tag>(anchor) != self.tag {
            say("Tag", &replica.read::<Tag>(anchor), &self.tag);
        }
        if let Some(fault) = narrowed(replica, anchor, self.purse.as_ref(), owns, complete, |seen, is| seen == is) {
            say("Purse", &fault, &(&self.purse, owns));
        }
        if let Some(fault) = narrowed(replica, anchor, self.orders.as_ref(), is_mate, complete, same_orders) {
            say("Orders", &fault, &(&self.orders, is_mate));
        }
        let points = |seen: EntityId, to: EntityId| points_at(seen, to, complete, sight);
        if let Some(bond) = &self.bond {
            match replica.read::<Bond>(anchor) {
                Some(seen) if seen.strong == bond.strong && points(seen.to, bond.to) => {}
                seen => say("Bond", &seen, &(bond, moment.anchors.get(&bond.to))),
            }
        } else if let Some(seen) = replica.read::<Bond>(anchor) {
            say("Bond", &seen, &self.bond);
        }
        if let Some(edges) = &self.edges {
            let plain = |edges: &Edges| (edges.wide, edges.deep, edges.only, edges.turn);
            match replica.read::<Edges>(anchor) {
                Some(seen)
                    if plain(&seen) == plain(edges) && points(seen.near, edges.near) && points(seen.far, edges.far) => {
                }
                seen => say("Edges", &seen, edges),
            }
        } else if let Some(seen) = replica.read::<Edges>(anchor) {
            say("Edges", &seen, &self.edges);
        }
    }
}

/// What is wrong with a component that only some may read, and nobody where there is none; the outer `None`: nothing.
fn narrowed<T: Component + Replicated + std::fmt::Debug>(
    replica: &Replica,
    anchor: Slot,
    is: Option<&T>,
    entitled: bool,
    complete: bool,
    same: impl Fn(&T, &T) -> bool,
) -> Option<Option<T>> {
    let seen = replica.read::<T>(anchor);
    let fine = match (&seen, is) {
        (Some(seen), Some(is)) => entitled && same(seen, is),
        (Some(_), None) => false,
        (None, Some(_)) => !(entitled && complete),
        (None, None) => true,
    };
    (!fine).then_some(seen)
}

/// A reference reads the anchor of its target, if that is held; a client that is not complete may not know yet.
pub(crate) fn points_at(seen: EntityId, to: EntityId, complete: bool, sight: &Sight<'_>) -> bool {
    let target = sight.moment.anchors.get(&to).filter(|&&slot| sight.replica.kind(slot).is_some());
    match target {
        Some(slot) => seen.0 == u32::from(slot.0) || (seen == EntityId::NONE && !complete),
        None => seen == EntityId::NONE,
    }
}

fn same_body(seen: &Body, is: &Body) -> bool {
    // Ten of sixteen bits travel.
    let off = seen.heading.wrapping_sub(is.heading) as i16;
    seen.at == is.at && seen.mood == is.mood && off.unsigned_abs() <= 32
}

fn same_orders(seen: &Orders, is: &Orders) -> bool {
    seen.plan == is.plan && (seen.goal - is.goal).abs().max_element() <= 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Arena;
    use crate::zoo::Zoo;

    #[test]
    fn what_a_client_reads_and_the_world_has_not_is_wrong() {
        let mut arena = Arena::seeded(1).zoo(Zoo::calm(0)).clients(1).start();
        arena.run(5);
        let replica = arena.clients[0].session.replica().expect("the client is in");
        let me = replica.me().expect("it has a body");
        let is = replica.read::<Purse>(me).expect("its purse is for it");
        let equal = |seen: &Purse, is: &Purse| seen == is;
        assert!(narrowed(replica, me, Some(&is), true, true, equal).is_none());
        assert!(narrowed(replica, me, Some(&is), false, true, equal).is_some(), "it is for somebody else");
        assert!(narrowed(replica, me, None, true, true, equal).is_some(), "there is none");
    }
}
