//! Directions, as a keyboard and a mouse give them.
//!
//! Never here: where to (see `fight`, `wander`).

use crate::dice::Dice;
use glam::IVec2;

/// The nearest of eight ways.
pub(super) fn eight_way(way: IVec2) -> IVec2 {
    let size = way.abs();
    // Less than half as much on an axis as on the other does not count: within 26.6 degrees of straight.
    let x = if size.x * 2 >= size.y { way.x.signum() } else { 0 };
    let y = if size.y * 2 >= size.x { way.y.signum() } else { 0 };
    IVec2::new(x, y)
}

/// The angle of a way, in 1/65,536 turn. A bot decides nothing but its own input, so floats do.
pub(super) fn angle_of(way: IVec2) -> u16 {
    let turns = f64::from(way.y).atan2(f64::from(way.x)) / std::f64::consts::TAU;
    (turns * 65_536.0).round() as i32 as u16
}

/// One of the eight ways.
pub(super) fn any_way(dice: &mut Dice) -> IVec2 {
    const WAYS: [(i32, i32); 8] = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)];
    let (x, y) = WAYS[dice.below(8) as usize];
    IVec2::new(x, y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_ways_are_found_and_angles_grow_from_x_to_y() {
        assert_eq!(eight_way(IVec2::new(100, 10)), IVec2::new(1, 0));
        assert_eq!(eight_way(IVec2::new(-100, 90)), IVec2::new(-1, 1));
        assert_eq!(angle_of(IVec2::new(0, 5)), 1 << 14);
        assert_eq!(angle_of(IVec2::new(-5, 0)), 1 << 15);
    }
}
