//! The rifle: it hits at once what is first in its line, where its player saw it.
//!
//! ```text
//!                                        ┌── where its player saw the target: judged by this
//!    shooter ●────────────────────────────◌────────█ wall     walls stand where they stand
//!                                          ╲
//!                                           ● where the target is now
//! ```
//!
//! A target stands where the shooter drew it (see [`Rewind`]). It stands where it is now if the shooter did not hold it exactly then,
//! or if it jumped since: its old place says nothing. Who was dead then, or died since, is not hit at all, and nobody is hit who is dead
//! now. So who reaches cover may still be hit, for as long as the past reaches: [`REWIND_MS_MAX`] and what drawing between frames takes.
//!
//! All whole numbers. Never here: when a shot leaves (see `shared::game::movement`), what a hit does (see `combat`).
//!
//! [`REWIND_MS_MAX`]: shared::game::constants::REWIND_MS_MAX

use super::combat::Impacts;
use super::ground::Terrain;
use super::motion::Fired;
use crate::sim::{Controls, Networked, Outbox, Owner, Rewind, Seen, To};
use bevy_ecs::prelude::*;
use glam::IVec2;
use shared::game::components::{Body, Health, Position, Traced};
use shared::game::constants::{DAMAGE, PLAYER_RADIUS, RIFLE_RANGE, TILE};
use shared::game::geometry::{DIRECTION_ONE, direction};
use shared::game::input::ArenaInput;
use shared::game::map::Map;
use shared::game::weapon::Weapon;
use shared::ids::EntityId;

/// Collide: whoever shot with a rifle in this tick hits what is first in its line, in the order of entities.
pub fn fire(
    players: Query<(&Networked, &Owner, &Controls<ArenaInput>, &Health, &Body, &Fired)>,
    rewind: Rewind,
    terrain: Terrain,
    mut impacts: ResMut<Impacts>,
    mut outbox: ResMut<Outbox>,
) {
    let living: Vec<_> = players.iter().sort::<&Networked>().filter(|(.., health, _, _)| health.is_alive()).collect();
    for (shooter, owner, controls, _, body, fired) in &living {
        if fired.0 != Some(Weapon::Rifle) {
            continue;
        }
        let seen = rewind.seen_by(owner.0);
        let ray = Ray { from: body.at, along: direction(controls.input.aim) };
        let free = ray.until_wall(terrain.map());
        let met = living.iter().filter(|(target, ..)| target.id != shooter.id).filter_map(|(target, .., body, _)| {
            let at = place_of(target.id, body.at, seen)?;
            ray.until_circle(at, PLAYER_RADIUS).map(|distance| (distance, target.id))
        });
        let met = met.filter(|&(distance, _)| distance < free).min();
        if let Some((_, target)) = met {
            impacts.add(shooter.id, target, DAMAGE);
        }
        let to = ray.at(met.map_or(free, |(distance, _)| distance));
        // Only to who shot: told to all, a match of a hundred would be more than who stalls for seconds may have waiting.
        outbox.send(To::Player(owner.0), &Traced { shooter: shooter.id, from: body.at, to });
    }
}

/// Where a living target stands for a shooter that saw this; `None`: nowhere.
fn place_of(target: EntityId, now: IVec2, seen: Option<Seen<'_>>) -> Option<IVec2> {
    let Some(seen) = seen else { return Some(now) };
    let mut drawn = [0; 2];
    if !seen.drawn::<Position>(target, &mut drawn) {
        return Some(now);
    }
    if !seen.since::<Health>(target).all(Health::is_alive) {
        return None;
    }
    Some(if seen.went_on::<Position>(target) { IVec2::from_array(drawn) } else { now })
}

/// A line of fire. Lengths are in the simulation's integers; every product is below 2^53.
#[derive(Clone, Copy, Debug)]
struct Ray {
    from: IVec2,
    /// [`DIRECTION_ONE`] long.
    along: IVec2,
}

impl Ray {
    /// The place at a distance.
    fn at(self, distance: i32) -> IVec2 {
        // 2^12 × 2^18: it fits.
        self.from + self.along * distance / DIRECTION_ONE
    }

    /// How far it goes until a wall, at most its range.
    fn until_wall(self, map: &Map) -> i32 {
        let step = self.along.signum();
        let mut tile = self.from.div_euclid(IVec2::splat(TILE));
        loop {
            let edges = (tile + step.max(IVec2::ZERO)) * TILE;
            let x = until_edge(edges.x - self.from.x, self.along.x);
            let y = until_edge(edges.y - self.from.y, self.along.y);
            // Through a corner: one tile of the two stands in the way if it is a wall.
            let distance = x.min(y);
            if distance >= RIFLE_RANGE {
                return RIFLE_RANGE;
            }
            if x <= y {
                tile.x += step.x;
            } else {
                tile.y += step.y;
            }
            if map.is_wall(tile.x, tile.y) {
                return distance;
            }
        }
    }

    /// How far it goes until it meets a circle, if it does within its range; 0 from inside.
    fn until_circle(self, middle: IVec2, radius: i32) -> Option<i32> {
        let to = middle - self.from;
        let product = |one: i32, other: i32| i64::from(one) * i64::from(other);
        let one = i64::from(DIRECTION_ONE);
        let ahead = (product(to.x, self.along.x) + product(to.y, self.along.y)) / one;
        let aside = (product(to.x, self.along.y) - product(to.y, self.along.x)) / one;
        let square = product(radius, radius) - aside * aside;
        if square < 0 {
            return None;
        }
        let half = square.isqrt();
        let distance = (ahead - half).max(0);
        (ahead + half >= 0 && distance < i64::from(RIFLE_RANGE)).then_some(distance as i32)
    }
}

/// The distance along a ray at which it has gone `apart` along an axis on which it goes by `along`.
fn until_edge(apart: i32, along: i32) -> i32 {
    if along == 0 {
        return RIFLE_RANGE;
    }
    let distance = i64::from(apart) * i64::from(DIRECTION_ONE) / i64::from(along);
    distance.clamp(0, i64::from(RIFLE_RANGE)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn middle_of(x: i32, y: i32) -> IVec2 {
        IVec2::new(x, y) * TILE + IVec2::splat(TILE / 2)
    }

    fn ray(from: IVec2, angle: u16) -> Ray {
        Ray { from, along: direction(angle) }
    }

    const YARD: [&str; 6] = ["##########", "#........#", "#....#...#", "#........#", "#...##...#", "##########"];

    #[test]
    fn a_shot_ends_at_the_first_wall() {
        let map = Map::from_rows("yard", &YARD);
        let quarter = 1 << 14;
        let from = middle_of(1, 2);
        assert_eq!(ray(from, 0).until_wall(&map), 5 * TILE - from.x);
        assert_eq!(ray(from, quarter).until_wall(&map), 5 * TILE - from.y);
        assert_eq!(ray(from, 2 * quarter).until_wall(&map), from.x - TILE);
        assert_eq!(ray(middle_of(1, 3), 0).until_wall(&map), 9 * TILE - from.x);
    }

    #[test]
    fn who_is_in_the_line_is_met_at_the_rim_and_who_is_behind_is_not() {
        let from = middle_of(2, 2);
        let target = from + IVec2::new(40_000, PLAYER_RADIUS - 1);
        assert!(ray(from, 0).until_circle(target, PLAYER_RADIUS).is_some_and(|distance| distance < 40_000));
        assert_eq!(ray(from, 0).until_circle(from + IVec2::new(9_000, 0), PLAYER_RADIUS), Some(9_000 - PLAYER_RADIUS));
        assert_eq!(ray(from, 0).until_circle(target + IVec2::new(0, 2), PLAYER_RADIUS), None);
        assert_eq!(ray(from, 1 << 15).until_circle(target, PLAYER_RADIUS), None);
        assert_eq!(ray(from, 77).until_circle(from, PLAYER_RADIUS), Some(0));
        let far = from + IVec2::new(RIFLE_RANGE + PLAYER_RADIUS, 0);
        assert_eq!(ray(from, 0).until_circle(far, PLAYER_RADIUS), None, "out of range");
    }

    #[test]
    fn nothing_of_a_shot_lies_in_a_wall() {
        let map = Map::from_rows("yard", &YARD);
        for number in 0..2_000_u32 {
            let from = IVec2::new(number as i32 * 7_919 % (10 * TILE), number as i32 * 6_101 % (6 * TILE));
            if map.is_wall_at(from) {
                continue;
            }
            let ray = ray(from, (number * 40_503) as u16);
            let free = ray.until_wall(&map);
            for part in 0..100 {
                // A step before the wall: where it is met is on the rim.
                let at = ray.at((free - 2).max(0) * part / 100);
                assert!(!map.is_wall_at(at), "{at} after {part}/100 of {free} from {from}");
            }
            let beyond = ray.at(free + 2);
            let near = (-3..=3).any(|x| (-3..=3).any(|y| map.is_wall_at(beyond + IVec2::new(x, y))));
            assert!(near, "{beyond} after {free} from {from}");
        }
    }
}
