//! The movement step: what a body does in one tick. Server and client run this same function, so a client that knows its
//! exact [`Body`] can tell where it will be.
//!
//! ```text
//!   friction ─► thrust ─► dash ─► along x until a wall ─► along y until a wall ─► trigger, cooldowns
//! ```
//!
//! A body is a circle that starts clear of all walls. Each axis is swept: for every row of tiles that the circle reaches
//! into, it stops where it would touch, however fast it is. So a body can not enter a wall, and none is needed to push
//! it out again. All whole numbers; every division rounds as in a browser's `Math.trunc`.

use super::components::Body;
use super::constants::{PLAYER_RADIUS, TILE, Tuning, VELOCITY_MAX};
use super::input::ArenaInput;
use super::map::Map;
use super::weapon::Weapon;
use glam::IVec2;

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stepped {
    /// The body after it.
    pub body: Body,
    /// What it shot with, if it shot.
    pub shot: Option<Weapon>,
}

/// One tick of a living body.
#[must_use]
pub fn step(body: Body, input: &ArenaInput, map: &Map, tuning: &Tuning) -> Stepped {
    let wish = unit_wish(input.thrust);
    let mut body = body;
    body.velocity =
        body.velocity.map_axes(|axis| slowed(axis, tuning.friction)) + wish * tuning.acceleration / WISH_ONE;
    if input.dash && body.dash_in == 0 && wish != IVec2::ZERO {
        body.velocity += wish * tuning.dash / WISH_ONE;
        body.dash_in = tuning.dash_ticks;
    } else {
        body.dash_in = body.dash_in.saturating_sub(1);
    }
    body.velocity = body.velocity.clamp(IVec2::splat(-VELOCITY_MAX), IVec2::splat(VELOCITY_MAX));

    let x = sweep(body.at.x, body.at.y, body.velocity.x, |along, across| map.is_wall(along, across));
    if x != body.at.x + body.velocity.x {
        body.velocity.x = 0;
    }
    body.at.x = x;
    let y = sweep(body.at.y, body.at.x, body.velocity.y, |along, across| map.is_wall(across, along));
    if y != body.at.y + body.velocity.y {
        body.velocity.y = 0;
    }
    body.at.y = y;

    let shot = pull(&mut body, input, tuning);
    Stepped { body, shot }
}

/// The trigger: a shot leaves if it is held, the weapon has cooled and there is something to shoot.
fn pull(body: &mut Body, input: &ArenaInput, tuning: &Tuning) -> Option<Weapon> {
    body.weapon = input.weapon;
    if !input.fire || body.shot_in > 0 || body.ammunition(input.weapon) == 0 {
        body.shot_in = body.shot_in.saturating_sub(1);
        return None;
    }
    *body.ammunition_mut(input.weapon) -= 1;
    body.shot_in = tuning.cooldown_ticks(input.weapon);
    Some(input.weapon)
}

/// Length of a wish.
const WISH_ONE: i32 = 256;

/// The direction of `thrust`, [`WISH_ONE`] long or zero.
fn unit_wish(thrust: IVec2) -> IVec2 {
    let sign = thrust.signum();
    // 181 / 256 is the square root of one half.
    if sign.x != 0 && sign.y != 0 { sign * 181 } else { sign * WISH_ONE }
}

/// Speed after friction. What is lost is rounded up, so that everything comes to rest.
fn slowed(speed: i32, friction: i32) -> i32 {
    let lost = (speed.abs() * friction + 255) / 256;
    speed - speed.signum() * lost.min(speed.abs())
}

/// Where a circle at (`along`, `across`) comes to that wants to go by `by` along one axis. `is_wall` takes tiles.
fn sweep(along: i32, across: i32, by: i32, is_wall: impl Fn(i32, i32) -> bool) -> i32 {
    let direction = by.signum();
    let mut to = along + by;
    if direction == 0 {
        return to;
    }
    let first = (across - PLAYER_RADIUS).div_euclid(TILE);
    let last = (across + PLAYER_RADIUS - 1).div_euclid(TILE);
    for row in first..=last {
        let reach = reach_into(across, row);
        // Tiles from the one the circle's centre is in to the one that its foremost point would come to.
        let mut tile = along.div_euclid(TILE);
        let end = (to + direction * reach).div_euclid(TILE);
        while (end - tile) * direction >= 0 {
            if is_wall(tile, row) {
                let edge = if direction > 0 { tile * TILE } else { (tile + 1) * TILE };
                let stop = edge - direction * reach;
                // Never back: rounding must not push a body that already touches.
                let stop = if (stop - along) * direction < 0 { along } else { stop };
                to = if direction > 0 { to.min(stop) } else { to.max(stop) };
                break;
            }
            tile += direction;
        }
    }
    to
}

/// How far ahead of its centre the circle reaches within a row of tiles, rounded up.
fn reach_into(across: i32, row: i32) -> i32 {
    let low = row * TILE;
    let aside = (low - across).max(across - (low + TILE)).max(0);
    let square = PLAYER_RADIUS * PLAYER_RADIUS - aside * aside;
    let root = square.isqrt();
    if root * root < square { root + 1 } else { root }
}

/// Both axes through one function.
trait Axes {
    fn map_axes(self, each: impl Fn(i32) -> i32) -> Self;
}

impl Axes for IVec2 {
    fn map_axes(self, each: impl Fn(i32) -> i32) -> Self {
        Self::new(each(self.x), each(self.y))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn yard() -> Map {
        let rows = [
            "############",
            "#..........#",
            "#.##.#.....#",
            "#.##...#.#.#",
            "#......#...#",
            "#.#.#.##.#.#",
            "#..........#",
            "############",
        ];
        Map::from_rows("yard", &rows)
    }

    fn clear_of_walls(map: &Map, at: IVec2) -> bool {
        let low = (at - IVec2::splat(PLAYER_RADIUS)).div_euclid(IVec2::splat(TILE));
        let high = (at + IVec2::splat(PLAYER_RADIUS)).div_euclid(IVec2::splat(TILE));
        (low.x..=high.x).all(|x| {
            (low.y..=high.y).all(|y| {
                let nearest = at.clamp(IVec2::new(x, y) * TILE, IVec2::new(x + 1, y + 1) * TILE);
                !map.is_wall(x, y) || (at - nearest).length_squared() >= PLAYER_RADIUS * PLAYER_RADIUS
            })
        })
    }

    fn middle_of(x: i32, y: i32) -> IVec2 {
        IVec2::new(x, y) * TILE + IVec2::splat(TILE / 2)
    }

    fn wander(seed: u32, ticks: usize, mut each: impl FnMut(&Body)) -> Body {
        let (map, tuning) = (yard(), Tuning::at(30));
        let mut body = Body::begin(middle_of(1, 1));
        let mut state = seed;
        for _ in 0..ticks {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let bits = state >> 16;
            let thrust = IVec2::new((bits % 3) as i32 - 1, (bits / 3 % 3) as i32 - 1);
            let weapon = if bits & 256 != 0 { Weapon::RocketLauncher } else { Weapon::Rifle };
            let input = ArenaInput { thrust, aim: 0, weapon, fire: bits & 64 != 0, dash: bits & 128 != 0 };
            body = step(body, &input, &map, &tuning).body;
            each(&body);
        }
        body
    }

    proptest! {
        #[test]
        fn a_body_never_enters_a_wall_nor_leaves_the_map(seed: u32) {
            let map = yard();
            wander(seed, 400, |body| assert!(clear_of_walls(&map, body.at), "{body:?}"));
        }

        #[test]
        fn however_fast_a_body_is_a_wall_stops_it(x in -VELOCITY_MAX..=VELOCITY_MAX, y in -VELOCITY_MAX..=VELOCITY_MAX, ticks in 1usize..60) {
            let (map, tuning) = (yard(), Tuning { friction: 0, ..Tuning::at(30) });
            let mut body = Body { at: middle_of(4, 3), ..Body::default() };
            for _ in 0..ticks {
                body.velocity = IVec2::new(x, y);
                body = step(body, &ArenaInput::default(), &map, &tuning).body;
                prop_assert!(clear_of_walls(&map, body.at), "{:?}", body);
            }
        }
    }

    #[test]
    fn a_body_comes_to_rest_by_itself() {
        let (map, tuning) = (yard(), Tuning::at(30));
        let mut body = Body { at: middle_of(3, 1), velocity: IVec2::new(777, -3), ..Body::default() };
        for _ in 0..60 {
            body = step(body, &ArenaInput::default(), &map, &tuning).body;
        }
        assert_eq!(body.velocity, IVec2::ZERO);
    }

    #[test]
    fn a_diagonal_is_no_faster() {
        let straight = unit_wish(IVec2::new(0, -1));
        let diagonal = unit_wish(IVec2::new(1, 1));
        assert!(diagonal.length_squared() <= straight.length_squared());
        assert!(diagonal.length_squared() * 100 > straight.length_squared() * 99);
    }

    #[test]
    fn a_held_trigger_shoots_once_per_cooldown() {
        let (map, tuning) = (yard(), Tuning::at(30));
        let mut body = Body::begin(middle_of(1, 1));
        let input = ArenaInput { fire: true, ..ArenaInput::default() };
        let mut shots = 0;
        for _ in 0..10 * (u32::from(tuning.rifle_ticks) + 1) {
            let stepped = step(body, &input, &map, &tuning);
            body = stepped.body;
            shots += u32::from(stepped.shot.is_some());
        }
        assert_eq!(shots, 10);
    }

    #[test]
    fn changing_weapons_is_no_way_around_the_cooldown_and_without_ammunition_nothing_leaves() {
        let (map, tuning) = (yard(), Tuning::at(30));
        let mut body = Body { rockets: 2, ..Body::begin(middle_of(1, 1)) };
        let mut shots = Vec::new();
        for tick in 0..4 * (u32::from(tuning.rocket_ticks) + 1) {
            let weapon = if tick % 2 == 0 { Weapon::RocketLauncher } else { Weapon::Rifle };
            let stepped = step(body, &ArenaInput { fire: true, weapon, ..ArenaInput::default() }, &map, &tuning);
            body = stepped.body;
            shots.extend(stepped.shot.map(|weapon| (tick, weapon)));
        }
        let apart: Vec<u32> = shots.windows(2).map(|two| two[1].0 - two[0].0).collect();
        let cooled = shots.iter().zip(&apart).all(|(shot, &apart)| apart > tuning.cooldown_ticks(shot.1).into());
        assert!(cooled, "{shots:?}");
        assert_eq!(shots.iter().filter(|shot| shot.1 == Weapon::RocketLauncher).count(), 2, "{shots:?}");
        assert_eq!((body.rockets, body.weapon), (0, Weapon::Rifle));
    }

    /// The browser's twin runs the same hundred steps to the same numbers.
    #[test]
    fn a_hundred_steps_are_the_same_for_ever() {
        let mut sum = 0u32;
        let last = wander(0x5EED, 100, |body| {
            for number in [
                body.at.x,
                body.at.y,
                body.velocity.x,
                body.velocity.y,
                body.shot_in.into(),
                body.dash_in.into(),
                body.rounds.into(),
                body.rockets.into(),
            ] {
                sum = sum.wrapping_mul(31).wrapping_add(number as u32);
            }
        });
        assert_eq!((last.at, last.velocity, sum), (IVec2::new(23_731, 6_656), IVec2::new(395, 0), 3_282_859_737));
    }
}
