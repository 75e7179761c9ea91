//! Rockets: they fly straight, at constant speed, until they meet a living player but their shooter, or a wall, or have flown long
//! enough. Then they burst, and hurt whoever is near and not behind a wall.
//!
//! ```text
//!   Spawn launch ─► Projectile, Fuse ─ Collide fly ─► Impacts ─ Despawn burn_out
//! ```
//!
//! Never here: what an impact comes to (see `combat`).

use super::Feel;
use super::combat::Impacts;
use super::ground::Terrain;
use super::motion::Fired;
use super::round::Anew;
use crate::sim::{Controls, EntityIds, Networked, SimTick};
use bevy_ecs::prelude::*;
use glam::IVec2;
use serde::{Deserialize, Serialize};
use shared::game::components::{Body, Health, Position, Projectile, Score};
use shared::game::constants::{
    PLAYER_RADIUS, PROJECTILE_RADIUS, ROCKET_DAMAGE, SELF_DAMAGE_PERCENT, SPLASH_DAMAGE, SPLASH_RADIUS,
};
use shared::game::geometry::distance_squared;
use shared::game::input::ArenaInput;
use shared::game::map::Map;
use shared::game::weapon::Weapon;
use shared::game::{PROJECTILE, rocket};
use shared::ids::EntityId;

/// How long a projectile still flies.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fuse {
    /// Ticks that are left; 0: it goes in this tick.
    pub ticks: u16,
}

/// A living player, as a target.
#[derive(Clone, Copy, Debug)]
struct Target {
    id: EntityId,
    at: IVec2,
}

/// Spawn: who shot a rocket in this tick and still lives gets a projectile, in the order of entities: their numbers follow from it.
pub fn launch(
    mut players: Query<(&Networked, &Controls<ArenaInput>, &Health, &Body, &Fired, &mut Score)>,
    (tick, feel, anew): (Res<SimTick>, Res<Feel>, Res<Anew>),
    mut ids: ResMut<EntityIds>,
    mut commands: Commands,
) {
    if *anew != Anew::Nothing {
        return;
    }
    for (networked, controls, health, body, fired, mut score) in players.iter_mut().sort::<&Networked>() {
        let Some(weapon) = fired.0.filter(|_| health.is_alive()) else { continue };
        score.shots = score.shots.saturating_add(1);
        if weapon == Weapon::Rifle {
            continue;
        }
        let velocity = rocket::velocity(controls.input.aim, &feel.0);
        let projectile = Projectile { velocity, shooter: networked.id, shot_at: tick.0.0 as u8 };
        commands.spawn((
            ids.spawn(PROJECTILE),
            Position { at: body.at },
            projectile,
            Fuse { ticks: feel.0.rocket_flight_ticks },
        ));
    }
}

/// Collide: each projectile flies one tick, in the order of entities.
pub fn fly(
    mut projectiles: Query<(&Networked, &Projectile, &mut Position, &mut Fuse), Without<Body>>,
    players: Query<(&Networked, &Health, &Body)>,
    terrain: Terrain,
    mut impacts: ResMut<Impacts>,
) {
    let living = players.iter().sort::<&Networked>().filter(|(_, health, _)| health.is_alive());
    let targets: Vec<Target> = living.map(|(networked, _, body)| Target { id: networked.id, at: body.at }).collect();
    for (_, projectile, mut position, mut fuse) in projectiles.iter_mut().sort::<&Networked>() {
        fuse.ticks = fuse.ticks.saturating_sub(1);
        let (end, met) = match flight(position.at, projectile, &targets, terrain.map()) {
            Flight::Free => {
                position.at += projectile.velocity;
                if fuse.ticks > 0 {
                    continue;
                }
                (position.at, None)
            }
            Flight::Wall(end) => (end, None),
            Flight::Player(end, target) => (end, Some(target)),
        };
        fuse.ticks = 0;
        if let Some(target) = met {
            impacts.add(projectile.shooter, target, ROCKET_DAMAGE);
        }
        for (target, damage) in splash(end, projectile.shooter, met, &targets, terrain.map()) {
            impacts.add(projectile.shooter, target, damage);
        }
    }
}

/// What one tick of flight comes to, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flight {
    Free,
    /// The last place before the wall.
    Wall(IVec2),
    Player(IVec2, EntityId),
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
    let mut last = from;
    for at in rocket::looks(from, velocity) {
        if map.is_wall_at(at) {
            return Flight::Wall(last);
        }
        // Squares fit: what is near is at most a tick's flight away.
        if let Some(target) = near.iter().find(|target| (target.at - at).length_squared() <= REACH * REACH) {
            return Flight::Player(at, target.id);
        }
        last = at;
    }
    Flight::Free
}

/// Whom a burst hurts how much, in the order of `targets`: less with distance, nobody behind a wall, its shooter less; who
/// was `met` has had its share.
fn splash<'a>(
    at: IVec2,
    shooter: EntityId,
    met: Option<EntityId>,
    targets: &'a [Target],
    map: &'a Map,
) -> impl Iterator<Item = (EntityId, u8)> + 'a {
    let others = targets.iter().filter(move |target| Some(target.id) != met);
    others.filter_map(move |target| {
        let apart = distance_squared(at, target.at).isqrt() as i32;
        let left = SPLASH_RADIUS - (apart - PLAYER_RADIUS).max(0);
        if left <= 0 || !map.is_clear(at, target.at) {
            return None;
        }
        let damage = i32::from(SPLASH_DAMAGE) * left / SPLASH_RADIUS;
        let share = if target.id == shooter { i32::from(SELF_DAMAGE_PERCENT) } else { 100 };
        let damage = (damage * share / 100) as u8;
        (damage > 0).then_some((target.id, damage))
    })
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
    use shared::game::round::Faction;

    fn hall() -> Map {
        Map::from_rows("hall", &["##########", "#........#", "##########"])
    }

    fn shot(velocity: IVec2) -> Projectile {
        Projectile { velocity, shooter: EntityId(1), shot_at: 0 }
    }

    fn middle(x: i32, y: i32) -> IVec2 {
        IVec2::new(x, y) * TILE + IVec2::splat(TILE / 2)
    }

    #[test]
    fn a_projectile_hits_the_first_in_its_way_and_never_its_shooter() {
        let map = hall();
        let spawns = map.spawns(Faction::Alone);
        let targets: Vec<Target> =
            [(1, 0), (2, 3), (3, 2)].map(|(id, place)| Target { id: EntityId(id), at: spawns[place] }).into();
        let projectile = shot(IVec2::new(TILE, 0));
        assert_eq!(flight(spawns[0], &projectile, &targets, &map), Flight::Free);
        let second = flight(spawns[1], &projectile, &targets, &map);
        assert!(matches!(second, Flight::Player(_, EntityId(3))), "{second:?}");
    }

    #[test]
    fn a_wall_stops_a_projectile_before_whom_it_shields() {
        let map = Map::from_rows("walled", &["#####", "#.#.#", "#####"]);
        let [near, far] = map.spawns(Faction::Alone) else { panic!("two places") };
        let targets = [Target { id: EntityId(2), at: *far }];
        let stopped = flight(*near, &shot(IVec2::new(2 * TILE, 0)), &targets, &map);
        let Flight::Wall(end) = stopped else { panic!("{stopped:?}") };
        assert!(!map.is_wall_at(end) && end.x >= near.x);
    }

    #[test]
    fn a_burst_hurts_less_with_distance_half_its_shooter_and_nobody_behind_a_wall() {
        let map = Map::from_rows("yard", &["##########", "#........#", "#####.####", "#........#", "##########"]);
        let at = middle(2, 1);
        let target = |id, x, y| Target { id: EntityId(id), at: middle(x, y) };
        let targets = [target(1, 2, 1), target(2, 3, 1), target(3, 4, 1), target(4, 2, 3), target(5, 8, 1)];
        let hurt: Vec<(u32, u8)> =
            splash(at, EntityId(1), None, &targets, &map).map(|(id, damage)| (id.0, damage)).collect();
        let [(1, own), (2, near), (3, far)] = hurt[..] else { panic!("{hurt:?}") };
        assert_eq!(own, SPLASH_DAMAGE / 2);
        assert!(SPLASH_DAMAGE > near && near > far && far > 0, "{hurt:?}");
        let met: Vec<_> = splash(at, EntityId(9), Some(EntityId(2)), &targets, &map).collect();
        assert!(met.contains(&(EntityId(1), SPLASH_DAMAGE)) && met.iter().all(|(id, _)| *id != EntityId(2)), "{met:?}");
    }
}
