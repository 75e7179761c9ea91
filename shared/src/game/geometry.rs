//! Directions and distances in fixed point: the same whole numbers on every machine and in a browser.
//!
//! An angle is in 1/65,536 turn; 0 points along x, a quarter along y (down on a screen).
//!
//! The sine is Bhaskara's, off by less than 0.002, which nobody can aim finer than; it needs no table, and no product in it
//! leaves what a JavaScript number holds exactly.

use glam::IVec2;

/// Length of a direction.
pub const DIRECTION_ONE: i32 = 4096;

/// A quarter turn.
const QUARTER: u16 = 1 << 14;

/// The direction of `angle`, [`DIRECTION_ONE`] long (within 0.3 %).
#[must_use]
pub fn direction(angle: u16) -> IVec2 {
    IVec2::new(sine(angle.wrapping_add(QUARTER)), sine(angle))
}

/// The sine of `angle`, times [`DIRECTION_ONE`].
#[must_use]
pub fn sine(angle: u16) -> i32 {
    const HALF: i64 = 1 << 15;
    let along = i64::from(angle) % HALF;
    let product = along * (HALF - along);
    let sine = (16 * product * i64::from(DIRECTION_ONE) / (5 * HALF * HALF - 4 * product)) as i32;
    if i64::from(angle) < HALF { sine } else { -sine }
}

/// The square of how far two places are apart: the squares of a map's coordinates do not fit 32 bits.
#[must_use]
pub fn distance_squared(one: IVec2, other: IVec2) -> i64 {
    let (x, y) = (i64::from(one.x - other.x), i64::from(one.y - other.y));
    x * x + y * y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_is_near_the_real_one() {
        for angle in 0..=u16::MAX {
            let real = (f64::from(angle) / 65_536.0 * std::f64::consts::TAU).sin() * f64::from(DIRECTION_ONE);
            assert!((real - f64::from(sine(angle))).abs() < 0.002 * f64::from(DIRECTION_ONE), "{angle}");
        }
    }

    #[test]
    fn the_four_winds_are_exact() {
        assert_eq!(direction(0), IVec2::new(DIRECTION_ONE, 0));
        assert_eq!(direction(1 << 14), IVec2::new(0, DIRECTION_ONE));
        assert_eq!(direction(2 << 14), IVec2::new(-DIRECTION_ONE, 0));
        assert_eq!(direction(3 << 14), IVec2::new(0, -DIRECTION_ONE));
    }
}
