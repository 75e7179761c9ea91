//! What happens in a tick of Arena-N: turn, go, lose health. No system looks at another entity, so order matters nowhere.

use super::Pace;
use super::components::{Asked, Chance, HP_CHANGES_ONCE_IN, HP_MAX, Heading, Health, Position, SIDE, SPEED, Steer};
use crate::sim::Controls;
use bevy_ecs::prelude::*;
use glam::IVec2;
use rand_core::Rng;

/// ReadInputs: who asks for another direction than before gets it.
pub fn steer(mut players: Query<(&Controls<Steer>, &mut Asked, &mut Heading)>) {
    for (controls, mut asked, mut heading) in &mut players {
        if asked.set_if_neq(Asked { angle: controls.input.angle }) {
            heading.set_if_neq(Heading { angle: asked.angle });
        }
    }
}

/// ReadInputs: what no player drives turns by chance, about once per second.
pub fn wander(mut movers: Query<(&mut Chance, &mut Heading), Without<Asked>>, pace: Res<Pace>) {
    for (mut chance, mut heading) in &mut movers {
        if chance.once_in(pace.ticks_per_turn) {
            heading.set_if_neq(Heading { angle: chance.angle() });
        }
    }
}

/// Move: everything goes on, and off the walls as light off a mirror.
pub fn go(mut bodies: Query<(&mut Position, &mut Heading)>) {
    for (mut position, mut heading) in &mut bodies {
        let (at, angle) = step(position.at, heading.angle);
        position.set_if_neq(Position { at });
        heading.set_if_neq(Heading { angle });
    }
}

/// Rules: about one in a hundred loses health; who has one left begins anew.
pub fn fade(mut bodies: Query<(&mut Chance, &mut Health)>) {
    for (mut chance, mut health) in &mut bodies {
        if chance.once_in(HP_CHANGES_ONCE_IN) {
            health.hp = if health.hp > 1 { health.hp - 1 } else { HP_MAX };
        }
    }
}

impl Chance {
    /// True once in `times` draws, on average.
    pub fn once_in(&mut self, times: u32) -> bool {
        (u64::from(self.0.next_u32()) * u64::from(times)) >> 32 == 0
    }

    /// One of the 256 directions.
    pub fn angle(&mut self) -> u16 {
        (self.0.next_u32() >> 24 << 8) as u16
    }
}

/// Where it is after a tick, and where it goes then.
fn step(at: IVec2, angle: u16) -> (IVec2, u16) {
    const HALF: u16 = 1 << 15;
    let (x, turned_by_x) = mirrored(at.x + STEPS[usize::from(angle >> 8)].x);
    let (y, turned_by_y) = mirrored(at.y + STEPS[usize::from(angle >> 8)].y);
    let angle = if turned_by_x { HALF.wrapping_sub(angle) } else { angle };
    let angle = if turned_by_y { angle.wrapping_neg() } else { angle };
    (IVec2::new(x, y), angle)
}

/// A coordinate back inside the walls, and whether it was outside.
const fn mirrored(along: i32) -> (i32, bool) {
    if along < 0 {
        (-along, true)
    } else if along > SIDE {
        (2 * SIDE - along, true)
    } else {
        (along, false)
    }
}

/// The step of a tick in each of the 256 directions.
const STEPS: [IVec2; 256] = steps();

/// Turns a step along x by 1/256 of a turn, again and again, in whole numbers with 30 bits behind the point.
const fn steps() -> [IVec2; 256] {
    const ONE: i64 = 1 << 30;
    // The cosine and sine of 1/256 turn.
    const COSINE: i64 = 1_073_418_433;
    const SINE: i64 = 26_350_943;
    let mut steps = [IVec2::ZERO; 256];
    let (mut x, mut y) = (ONE, 0);
    let mut at = 0;
    while at < 256 {
        let half = ONE / 2;
        steps[at] = IVec2::new(
            ((x * SPEED as i64 + half).div_euclid(ONE)) as i32,
            ((y * SPEED as i64 + half).div_euclid(ONE)) as i32,
        );
        (x, y) = ((x * COSINE - y * SINE + half).div_euclid(ONE), (x * SINE + y * COSINE + half).div_euclid(ONE));
        at += 1;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_five_units_in_its_direction() {
        for (at, step) in STEPS.iter().enumerate() {
            let real = at as f64 / 256.0 * std::f64::consts::TAU;
            let off = (f64::from(step.x) - real.cos() * f64::from(SPEED)).abs()
                + (f64::from(step.y) - real.sin() * f64::from(SPEED)).abs();
            assert!(off <= 1.01, "direction {at}: {step} is off by {off}");
        }
    }

    #[test]
    fn a_wall_mirrors_place_and_direction() {
        let quarter = 1 << 14;
        assert_eq!(step(IVec2::new(SIDE - SPEED / 4, 0), 0), (IVec2::new(SIDE - SPEED * 3 / 4, 0), 1 << 15));
        assert_eq!(step(IVec2::new(0, SPEED / 2), quarter * 3), (IVec2::new(0, SPEED / 2), quarter));
        let corner = step(IVec2::ZERO, quarter * 2 + quarter / 2);
        assert_eq!((corner.0, corner.1), (-STEPS[160], quarter / 2));
    }

    #[test]
    fn nothing_ever_leaves_the_world() {
        for angle in (0..=u16::MAX).step_by(256) {
            let (mut at, mut angle) = (IVec2::splat(SIDE / 3), angle);
            for _ in 0..1_000 {
                (at, angle) = step(at, angle);
                assert!(at.min_element() >= 0 && at.max_element() <= SIDE, "{at}");
            }
        }
    }
}
