//! Shooting and hitting. A projectile flies straight at constant speed; it hits the first living player but its shooter, or
//! a wall.

use super::life::Mortal;
use super::motion::Fired;
use super::{Feel, Terrain};
use crate::sim::{Controls, EntityIds, Networked, Outbox, Owner, To};
use bevy_ecs::prelude::*;
use glam::IVec2;
use serde::{Deserialize, Serialize};
use shared::game::PROJECTILE;
use shared::game::components::{Body, Health, Hit, Kill, Position, Projectile, Score};
use shared::game::constants::{DAMAGE, PLAYER_RADIUS, PROJECTILE_RADIUS};
use shared::game::geometry::{DIRECTION_ONE, direction};
use shared::game::input::ArenaInput;
use shared::game::map::Map;
use shared::ids::EntityId;

/// How long a projectile still flies.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fuse {
    /// Ticks that are left; 0: it goes in this tick.
    pub ticks: u16,
}

/// Who was hit in this tick, in the order of projectiles: written by [`fly`], emptied by [`hurt`].
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impacts(Vec<Impact>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Impact {
    shooter: EntityId,
    target: EntityId,
}

/// A living player, as a target.
#[derive(Clone, Copy, Debug)]
struct Target {
    id: EntityId,
    at: IVec2,
}

/// How far a projectile gets between two looks: less than a player's radius, so that nothing is jumped over.
const LOOK: i32 = 512;

/// Collide: each projectile flies one tick, in the order of entities.
pub fn fly(
    mut projectiles: Query<(&Networked, &Projectile, &mut Position, &mut Fuse), Without<Body>>,
    players: Query<(&Networked, &Health, &Body)>,
    terrain: Res<Terrain>,
    mut impacts: ResMut<Impacts>,
) {
    let living = players.iter().sort::<&Networked>().filter(|(_, health, _)| health.is_alive());
    let targets: Vec<Target> = living.map(|(networked, _, body)| Target { id: networked.id, at: body.at }).collect();
    for (_, projectile, mut position, mut fuse) in projectiles.iter_mut().sort::<&Networked>() {
        fuse.ticks = fuse.ticks.saturating_sub(1);
        match flight(position.at, projectile, &targets, &terrain.0) {
            Flight::Free => position.at += projectile.velocity,
            Flight::Wall => fuse.ticks = 0,
            Flight::Player(target) => {
                fuse.ticks = 0;
                impacts.0.push(Impact { shooter: projectile.shooter, target });
            }
        }
    }
}

/// What one tick of flight comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flight {
    Free,
    Wall,
    Player(EntityId),
}

fn flight(from: IVec2, projectile: &Projectile, targets: &[Target], map: &Map) -> Flight {
    const REACH: i32 = PLAYER_RADIUS + PROJECTILE_RADIUS;
    let velocity = projectile.velocity;
    let span = velocity.abs() + IVec2::splat(REACH);
    let near = |target: &&Target| {
        let apart = (target.at - from).abs();
        target.id != projectile.shooter && apart.x <= span.x && apart.y <= span.y
    };
    let near: Vec<&Target> = targets.iter().filter(near).collect();
    let looks = velocity.abs().max_element() / LOOK + 1;
    for look in 1..=looks {
        let at = from + velocity * look / looks;
        if map.is_wall_at(at) {
            return Flight::Wall;
        }
        // Squares fit: what is near is at most a tick's flight away.
        if let Some(target) = near.iter().find(|target| (target.at - at).length_squared() <= REACH * REACH) {
            return Flight::Player(target.id);
        }
    }
    Flight::Free
}

/// Rules: who was hit loses health; who has none left dies, and the shooter scores.
pub fn hurt(
    mut impacts: ResMut<Impacts>,
    ids: Res<EntityIds>,
    feel: Res<Feel>,
    owners: Query<&Owner>,
    mut outbox: ResMut<Outbox>,
    mut mortals: Query<Mortal>,
) {
    for Impact { shooter, target } in std::mem::take(&mut impacts.0) {
        let Some(target_entity) = ids.entity(target) else { continue };
        let Ok(mut mortal) = mortals.get_mut(target_entity) else { continue };
        if !mortal.health.is_alive() {
            continue;
        }
        let damage = DAMAGE.min(mortal.health.hp);
        mortal.health.hp -= damage;
        let killed = mortal.health.hp == 0;
        if killed {
            mortal.die(&feel);
        }
        let shooter_entity = ids.entity(shooter);
        for entity in [shooter_entity, Some(target_entity)].into_iter().flatten() {
            if let Ok(owner) = owners.get(entity) {
                outbox.send(To::Player(owner.0), &Hit { target, shooter, damage });
            }
        }
        if killed {
            outbox.send(To::Everyone, &Kill { killer: shooter, victim: target });
            if let Some(mut killer) = shooter_entity.and_then(|entity| mortals.get_mut(entity).ok()) {
                killer.score.kills = killer.score.kills.saturating_add(1);
            }
        }
    }
}

/// Spawn: who shot in this tick and still lives gets a projectile, in the order of
/// entities: their numbers follow from it.
pub fn shoot(
    mut players: Query<(&Networked, &Controls<ArenaInput>, &Health, &Body, &Fired, &mut Score)>,
    feel: Res<Feel>,
    mut ids: ResMut<EntityIds>,
    mut commands: Commands,
) {
    for (networked, controls, health, body, fired, mut score) in players.iter_mut().sort::<&Networked>() {
        if !health.is_alive() || fired.0.is_none() {
            continue;
        }
        score.shots = score.shots.saturating_add(1);
        let velocity = direction(controls.input.aim) * feel.0.projectile_speed / DIRECTION_ONE;
        commands.spawn((
            ids.spawn(PROJECTILE),
            Position { at: body.at },
            Projectile { velocity, shooter: networked.id },
            Fuse { ticks: feel.0.projectile_ticks },
        ));
    }
}

/// Despawn: what hit something or flew long enough goes, in the order of entities: the log tells of it.
pub fn burn_out(projectiles: Query<(Entity, &Networked, &Fuse)>, mut commands: Commands) {
    for (entity, _, fuse) in projectiles.iter().sort::<&Networked>() {
        if fuse.ticks == 0 {
            commands.entity(entity).despawn();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::game::constants::TILE;

    fn hall() -> Map {
        Map::from_rows("hall", &["##########", "#........#", "##########"])
    }

    fn shot(velocity: IVec2) -> Projectile {
        Projectile { velocity, shooter: EntityId(1) }
    }

    #[test]
    fn a_projectile_hits_the_first_in_its_way_and_never_its_shooter() {
        let map = hall();
        let spawns = map.spawns();
        let targets: Vec<Target> =
            [(1, 0), (2, 3), (3, 2)].map(|(id, place)| Target { id: EntityId(id), at: spawns[place] }).into();
        let mut at = spawns[0];
        let projectile = shot(IVec2::new(TILE, 0));
        let mut flights = Vec::new();
        for _ in 0..2 {
            flights.push(flight(at, &projectile, &targets, &map));
            at += projectile.velocity;
        }
        assert_eq!(flights, [Flight::Free, Flight::Player(EntityId(3))]);
    }

    #[test]
    fn a_wall_stops_a_projectile_before_whom_it_shields() {
        let map = Map::from_rows("walled", &["#####", "#.#.#", "#####"]);
        let [near, far] = map.spawns() else { panic!("two places") };
        let targets = [Target { id: EntityId(2), at: *far }];
        assert_eq!(flight(*near, &shot(IVec2::new(2 * TILE, 0)), &targets, &map), Flight::Wall);
    }
}
