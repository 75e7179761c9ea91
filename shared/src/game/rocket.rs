//! How a rocket flies: straight and at constant speed. The same for the server's and for the ghost of it that its shooter's client draws
//! before the server's is there.
//!
//! Never here: whom it meets, what its burst does (see the server's `game`).

use super::constants::Tuning;
use super::geometry::{DIRECTION_ONE, direction};
use glam::IVec2;

/// How far a rocket gets between two looks, in 1/256 unit: less than a player's radius, so that nothing is jumped over.
const LOOK: i32 = 512;

/// The way of a rocket in one tick, in 1/256 unit, shot in the direction `aim`.
#[must_use]
pub fn velocity(aim: u16, tuning: &Tuning) -> IVec2 {
    direction(aim) * tuning.rocket_speed / DIRECTION_ONE
}

/// Where a rocket looks for walls and players on its way through one tick, in order; the last is where it ends up.
pub fn looks(from: IVec2, velocity: IVec2) -> impl Iterator<Item = IVec2> {
    let looks = velocity.abs().max_element() / LOOK + 1;
    (1..=looks).map(move |look| from + velocity * look / looks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::constants::PLAYER_RADIUS;

    #[test]
    fn a_rocket_ends_up_a_tick_farther_and_jumps_over_nobody() {
        for (rate, aim) in [(10, 0), (30, 9_000), (60, 40_000), (128, 65_535)] {
            let velocity = velocity(aim, &Tuning::at(rate));
            let from = IVec2::new(70_000, 3);
            let mut last = from;
            for at in looks(from, velocity) {
                assert!((at - last).abs().max_element() < PLAYER_RADIUS, "{rate} Hz");
                last = at;
            }
            assert_eq!(last, from + velocity, "{rate} Hz");
        }
    }
}
