//! What happens in the zoo: its systems, by entity number, all chance from the World.

use crate::zoo::{
    BEAST, Body, Bond, Breed, CHEST, Cull, DEEP, Drift, EDGE, Edges, FLAG, Ghost, Mood, Note, Notes, Orders, Point,
    Poke, Purse, STONE, Shy, Switch, Tag, Tell, WIDE_MAX, Whom, Zoo, ZooInput,
};
use bevy_ecs::prelude::*;
use client_sim::dice::Dice;
use glam::{IVec2, IVec3};
use server::sim::{Answer, Controls, EntityIds, Outbox, Owner, Players, Randomness, Requests, SimTick, Team, To};
use shared::ids::{EntityId, PlayerId};
use shared::schema::{Kind, Text};

/// All entities, by number: nothing may depend on table rows.
pub(crate) fn all(world: &World) -> Vec<(EntityId, Entity)> {
    world.resource::<EntityIds>().iter().collect()
}

fn wild(world: &World) -> Vec<Entity> {
    all(world).into_iter().map(|(_, entity)| entity).filter(|&entity| world.get::<Drift>(entity).is_some()).collect()
}

fn below(world: &mut World, end: u32) -> u32 {
    world.resource_mut::<Randomness>().below(end)
}

fn chance(world: &mut World, per_mille: u32) -> bool {
    below(world, 1_000) < per_mille
}

fn within(world: &mut World, reach: i32) -> i32 {
    below(world, 2 * reach as u32 + 1) as i32 - reach
}

/// Somebody alive, or somebody who was, or nobody.
fn somebody(world: &mut World) -> EntityId {
    let all = all(world);
    match below(world, 8) {
        0 => EntityId::NONE,
        1 => EntityId(below(world, 40)),
        _ => world.resource_mut::<Randomness>().pick(&all).map_or(EntityId::NONE, |&(id, _)| id),
    }
}

pub(crate) fn spawn(world: &mut World) {
    let kind = [BEAST, STONE, CHEST, FLAG][below(world, 4) as usize];
    spawn_one(world, kind);
}

fn spawn_one(world: &mut World, kind: Kind) {
    let networked = world.resource_mut::<EntityIds>().spawn(kind);
    let bond = Bond { to: somebody(world), strong: chance(world, 500) };
    let at = IVec2::new(within(world, EDGE), within(world, EDGE));
    let step = IVec2::new(within(world, 40), within(world, 40));
    let mind = Drift { step, spin: within(world, 900) as i16 };
    match kind {
        BEAST => {
            let body = Body { at, ..Body::default() };
            let beast = (body, Purse::default(), Orders::default(), Tag::default(), bond);
            world.spawn((networked, mind, beast))
        }
        STONE => {
            let edges = Edges { wide: below(world, WIDE_MAX + 1), near: bond.to, ..Edges::default() };
            world.spawn((networked, mind, edges))
        }
        CHEST => world.spawn((networked, mind, Purse::default())),
        _ => world.spawn((networked, mind, Orders::default(), bond)),
    };
}

/// Players' beasts do as they are told.
pub(crate) fn obey(world: &mut World) {
    for (id, entity) in all(world) {
        let Some(Controls { input, .. }) = world.get::<Controls<ZooInput>>(entity).cloned() else { continue };
        if input.hop {
            let at = IVec2::new(within(world, EDGE), within(world, EDGE));
            change(world, entity, |body: &mut Body| *body = Body { at, mood: Mood::Angry, ..body.clone() });
        }
        if input.step != IVec2::ZERO || input.look != 0 {
            change(world, entity, |body: &mut Body| {
                body.at = (body.at + input.step).clamp(IVec2::splat(-EDGE), IVec2::splat(EDGE));
                body.heading = input.look;
            });
        }
        if input.gift != 0 {
            change(world, entity, |purse: &mut Purse| purse.coins = (purse.coins + u16::from(input.gift)).min(60_000));
        }
        if input.call {
            note(world, To::Everyone, id);
        }
    }
}

fn change<T: Component<Mutability = bevy_ecs::component::Mutable>>(
    world: &mut World,
    entity: Entity,
    how: impl FnOnce(&mut T),
) {
    if let Some(mut value) = world.get_mut::<T>(entity) {
        how(&mut value);
    }
}

fn note(world: &mut World, to: To, from: EntityId) {
    let mut notes = world.resource_mut::<Notes>();
    notes.0 += 1;
    let number = notes.0;
    world.resource_mut::<Outbox>().send(to, &Note { number, from });
}

pub(crate) fn answer(world: &mut World) {
    let switches: Vec<_> = world.resource::<Requests>().of::<Switch>().collect();
    for (player, number, Switch { team }) in switches {
        let beast = world.resource::<Players>().entity(player);
        if let Some(entity) = beast.and_then(|id| world.resource::<EntityIds>().entity(id)) {
            set_team(world, entity, team);
        }
        world.resource_mut::<Outbox>().answer(player, number, Answer::Done);
    }
    let tells: Vec<_> = world.resource::<Requests>().of::<Tell>().collect();
    for (player, number, Tell { whom, count, about }) in tells {
        let beast = world.resource::<Players>().entity(player);
        let entity = beast.and_then(|id| world.resource::<EntityIds>().entity(id));
        let team = entity.and_then(|entity| world.get::<Team>(entity)).map_or(u8::MAX, |team| team.0);
        let to = match whom {
            Whom::All => To::Everyone,
            Whom::Team => To::Team(team),
            Whom::Me => To::Player(player),
            Whom::Witnesses => To::Seeing(about),
        };
        for _ in 0..count {
            note(world, to, about);
        }
        let answer = if count == 0 { Answer::Refused(7) } else { Answer::Done };
        world.resource_mut::<Outbox>().answer(player, number, answer);
    }
}

/// What stories do to the zoo by hand.
pub(crate) fn keep(world: &mut World) {
    let culls: Vec<_> = world.resource::<Requests>().of::<Cull>().collect();
    for (player, number, Cull { about }) in culls {
        let entity = world.resource::<EntityIds>().entity(about);
        let answer = entity.map_or(Answer::Refused(1), |_| Answer::Done);
        entity.map(|entity| world.despawn(entity));
        world.resource_mut::<Outbox>().answer(player, number, answer);
    }
    let breeds: Vec<_> = world.resource::<Requests>().of::<Breed>().collect();
    for (player, number, Breed { kind }) in breeds {
        spawn_one(world, Kind(kind));
        world.resource_mut::<Outbox>().answer(player, number, Answer::Done);
    }
    let pokes: Vec<_> = world.resource::<Requests>().of::<Poke>().collect();
    for (player, number, Poke { about }) in pokes {
        if let Some(entity) = world.resource::<EntityIds>().entity(about) {
            change(world, entity, |body: &mut Body| body.at.x = if body.at.x < EDGE { body.at.x + 1 } else { -EDGE });
            change(world, entity, |edges: &mut Edges| {
                edges.deep = if edges.deep < DEEP - 1 { edges.deep + 1 } else { 0 }
            });
            change(world, entity, |purse: &mut Purse| purse.coins = (purse.coins + 1) % 60_000);
            change(world, entity, |orders: &mut Orders| orders.plan = (orders.plan + 1) % 8);
        }
        world.resource_mut::<Outbox>().answer(player, number, Answer::Done);
    }
}

/// What points at what by hand.
pub(crate) fn point(world: &mut World) {
    let points: Vec<_> = world.resource::<Requests>().of::<Point>().collect();
    for (player, number, Point { about, to }) in points {
        if let Some(entity) = world.resource::<EntityIds>().entity(about) {
            change(world, entity, |bond: &mut Bond| bond.to = to);
            change(world, entity, |edges: &mut Edges| edges.near = to);
        }
        world.resource_mut::<Outbox>().answer(player, number, Answer::Done);
    }
}

fn set_team(world: &mut World, entity: Entity, team: u8) {
    if team < 3 {
        world.entity_mut(entity).insert(Team(team));
    } else {
        world.entity_mut(entity).remove::<Team>();
    }
}

/// Wild things go their way: at constant speed, which is what predictors are for.
pub(crate) fn drift(world: &mut World) {
    let zoo = *world.resource::<Zoo>();
    if zoo.still {
        return;
    }
    for entity in wild(world) {
        if chance(world, zoo.turns) {
            let step = IVec2::new(within(world, 40), within(world, 40));
            let spin = within(world, 900) as i16;
            change(world, entity, |mind: &mut Drift| *mind = Drift { step, spin });
        }
        let Some(&Drift { step, spin }) = world.get::<Drift>(entity) else { continue };
        change(world, entity, |body: &mut Body| {
            body.at = (body.at + step).clamp(IVec2::splat(-EDGE), IVec2::splat(EDGE));
            body.heading = body.heading.wrapping_add_signed(spin);
        });
        change(world, entity, |edges: &mut Edges| {
            edges.wide = edges.wide.saturating_add_signed(step.x * 1_000).min(WIDE_MAX);
            edges.all = edges.all.wrapping_add(step.y.wrapping_mul(1 << 26));
            edges.turn = edges.turn.wrapping_add_signed(spin);
        });
        change(world, entity, |purse: &mut Purse| {
            purse.luck = (purse.luck + step.y * 500).clamp(-DEEP, DEEP - 1);
        });
        change(world, entity, |orders: &mut Orders| {
            orders.goal = (orders.goal + IVec3::new(step.x, step.y, 1)).clamp(IVec3::splat(-512), IVec3::splat(512));
        });
    }
}

/// Everything that is rare in a match and must work all the same.
pub(crate) fn whims(world: &mut World) {
    let zoo = *world.resource::<Zoo>();
    if zoo.whims == 0 {
        return;
    }
    for (_, entity) in all(world) {
        if world.get::<Ghost>(entity).is_some() {
            continue;
        }
        if chance(world, zoo.whims) {
            let to = somebody(world);
            change(world, entity, |bond: &mut Bond| *bond = Bond { to, strong: !bond.strong });
            change(world, entity, |edges: &mut Edges| (edges.near, edges.far) = (edges.far, to));
        }
        if chance(world, zoo.whims) {
            let at = IVec2::new(within(world, EDGE), within(world, EDGE));
            change(world, entity, |body: &mut Body| *body = Body { at, mood: Mood::Hungry, ..body.clone() });
            let (wide, deep) =
                ([0, 1, WIDE_MAX][below(world, 3) as usize], [-DEEP, DEEP - 1][below(world, 2) as usize]);
            change(world, entity, |edges: &mut Edges| (edges.wide, edges.deep) = (wide, deep));
            change(world, entity, |purse: &mut Purse| purse.luck = deep);
        }
        if chance(world, zoo.whims) {
            let team = below(world, 4) as u8;
            set_team(world, entity, team);
        }
        if chance(world, zoo.whims) {
            let (word, plan) = (below(world, 1_000), below(world, 8) as u8);
            change(world, entity, |tag: &mut Tag| tag.cry = Text::new(&format!("{word}!")));
            change(world, entity, |orders: &mut Orders| orders.plan = plan);
        }
        if chance(world, zoo.whims / 4) {
            let word = below(world, 1_000_000);
            change(world, entity, |tag: &mut Tag| tag.name = Text::new(&format!("no {word}")));
        }
    }
    lend(world, zoo.whims);
}

/// Who hides, and who has had enough of it.
pub(crate) fn hide(world: &mut World) {
    let shyness = world.resource::<Zoo>().shyness;
    if shyness == 0 {
        return;
    }
    for (_, entity) in all(world) {
        if world.get::<Ghost>(entity).is_some() || !chance(world, shyness) {
            continue;
        }
        if world.get::<Shy>(entity).is_some() {
            world.entity_mut(entity).remove::<Shy>();
        } else {
            world.entity_mut(entity).insert(Shy);
        }
    }
}

/// How near one must come to see who hides, in 1/16 units.
const NEAR: i32 = 30 * 16;

/// Ghosts do as they please: everything that one can do without coming, going or changing sides, all of it in every tick, and none of it
/// by the World's chance.
pub(crate) fn haunt(world: &mut World) {
    let zoo = *world.resource::<Zoo>();
    let tick = u64::from(world.resource::<SimTick>().0.0);
    let of = |&(_, entity): &(EntityId, Entity)| world.get::<Ghost>(entity).is_some();
    let ghosts: Vec<_> = all(world).into_iter().filter(of).collect();
    for (number, &(id, entity)) in ghosts.iter().enumerate() {
        let mut dice = Dice::new(zoo.mischief, tick << 16 | number as u64);
        // Far from the middle whatever it does, where distance has to hide it.
        let mut along = || {
            if zoo.aloof {
                EDGE - dice.below(EDGE as u32 / 4) as i32
            } else {
                dice.below(2 * EDGE as u32) as i32 - EDGE
            }
        };
        let at = IVec2::new(along(), along());
        let heading = dice.bits() as u16;
        change(world, entity, |body: &mut Body| (body.at, body.heading, body.mood) = (at, heading, Mood::Angry));
        let (coins, luck) = (dice.below(60_000) as u16, dice.below(1 << 24) as i32);
        change(world, entity, |purse: &mut Purse| (purse.coins, purse.luck) = (coins, luck));
        let plan = dice.below(8) as u8;
        change(world, entity, |orders: &mut Orders| orders.plan = plan);
        let cry = dice.below(1_000);
        change(world, entity, |tag: &mut Tag| tag.cry = Text::new(&format!("{cry}?")));
        let to = match dice.below(5) {
            0 => EntityId::NONE,
            1 => EntityId(dice.below(40)),
            _ => ghosts[dice.below(ghosts.len() as u32) as usize].0,
        };
        let strong = dice.once_in(2);
        change(world, entity, |bond: &mut Bond| (bond.to, bond.strong) = (to, strong));
        if tick.is_multiple_of(7) {
            note(world, To::Everyone, if dice.once_in(2) { id } else { ghosts[0].0 });
        }
        if dice.once_in(3) {
            // Not by the room's count of notes: that is no secret.
            let unheard = Note { number: dice.below(100), from: id };
            world.resource_mut::<Outbox>().send(To::Seeing(id), &unheard);
        }
    }
}

/// The zoo's own rule: what hides is seen by its team, and from near by; a ghost never.
pub(crate) fn sees(world: &World, viewer: EntityId, target: EntityId) -> bool {
    let ids = world.resource::<EntityIds>();
    let (Some(viewer), Some(target)) = (ids.entity(viewer), ids.entity(target)) else { return true };
    let team_of = |entity| world.get::<Team>(entity).map(|team| team.0);
    let at = |entity| world.get::<Body>(entity).map_or(IVec2::ZERO, |body| body.at);
    let off = at(viewer) - at(target);
    let are_mates = team_of(viewer).is_some() && team_of(viewer) == team_of(target);
    world.get::<Ghost>(target).is_none()
        && (world.get::<Shy>(target).is_none() || are_mates || off.x.abs().max(off.y.abs()) <= NEAR)
}

/// Wild things get owners and lose them.
fn lend(world: &mut World, whims: u32) {
    let players: Vec<PlayerId> = world.resource::<Players>().iter().map(|(player, _)| player).collect();
    for entity in wild(world) {
        if !chance(world, whims) {
            continue;
        }
        match world.resource_mut::<Randomness>().pick(&players).copied() {
            Some(player) if chance(world, 700) => {
                world.entity_mut(entity).insert(Owner(player));
            }
            _ => {
                world.entity_mut(entity).remove::<Owner>();
            }
        }
    }
}

pub(crate) fn births(world: &mut World) {
    let zoo = *world.resource::<Zoo>();
    while (wild(world).len() as u32) < zoo.crowd {
        spawn(world);
    }
}

pub(crate) fn deaths(world: &mut World) {
    let zoo = *world.resource::<Zoo>();
    for entity in wild(world) {
        if chance(world, zoo.deaths) {
            world.despawn(entity);
        }
    }
}
