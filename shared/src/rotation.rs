//! A rotation in space, in fixed point: what a field of a game holds, and how it becomes codes.
//!
//! ```text
//!   x y z w ─► the largest, made positive ─► which it is · the other three, in ±half codes of 1/√2 each        "smallest three"
//!           ◄─ a square root of what they leave                                                             ◄─
//! ```
//!
//! A unit quaternion and its negative are the same rotation: that is why the largest need not travel. Integer only, the same in
//! Rust and in JavaScript: products are below 2^53.
//!
//! Never here: how the next rotation is guessed (see `codec`).

use crate::schema::field::turn_half;
use serde::{Deserialize, Serialize};

/// A rotation as a quaternion of length [`Rotation::ONE`]. Any other length but 0 means the same rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// The axis' x, as long as the sine of half the angle.
    pub x: i32,
    /// Its y.
    pub y: i32,
    /// Its z.
    pub z: i32,
    /// The cosine of half the angle.
    pub w: i32,
}

impl Rotation {
    /// How long it is.
    pub const ONE: i32 = 1 << 15;

    /// Not turned.
    pub const IDENTITY: Self = Self { x: 0, y: 0, z: 0, w: Self::ONE };

    /// This rotation after `first`, made as long as it should be.
    #[must_use]
    pub fn after(self, first: Self) -> Self {
        let [x, y, z, w] = self.parts();
        let [a, b, c, d] = first.parts();
        let product = [
            w * a + x * d + y * c - z * b,
            w * b - x * c + y * d + z * a,
            w * c + x * b - y * a + z * d,
            w * d - x * a - y * b - z * c,
        ];
        // As large as parts may be; the length is what counts, and that is mended.
        let most = product.iter().map(|part| part.abs()).max().unwrap_or(0);
        let less = most / i64::from(PART_MAX) + 1;
        let parts = product.map(|part| part / less);
        let length = length(parts);
        if length == 0 {
            return Self::IDENTITY;
        }
        let [x, y, z, w] = parts.map(|part| rounded(part * i64::from(Self::ONE), length) as i32);
        Self { x, y, z, w }
    }

    /// So many `of` parts of the way to `other`, the short way, made as long as it should be. Straight, not along the arc: between two
    /// frames nobody can tell.
    #[must_use]
    pub fn towards(self, other: Self, parts: i64, of: i64) -> Self {
        let (from, to) = (self.parts(), other.parts());
        let dot: i64 = from.iter().zip(to).map(|(from, to)| from * to).sum();
        let sign = if dot < 0 { -1 } else { 1 };
        let mut sum = [0; 4];
        for ((sum, from), to) in sum.iter_mut().zip(from).zip(to) {
            *sum = (from * (of - parts) + sign * to * parts) / of;
        }
        let length = length(sum);
        if length == 0 {
            return self;
        }
        let [x, y, z, w] = sum.map(|part| rounded(part * i64::from(Self::ONE), length) as i32);
        Self { x, y, z, w }
    }

    /// Its codes: which part is the largest, and the other three. Inverse of [`Rotation::of_codes`], up to quantising.
    #[must_use]
    pub fn codes(self, bits: u32) -> [i32; 4] {
        let parts = self.parts();
        let length = length(parts);
        if length == 0 {
            return Self::IDENTITY.codes(bits);
        }
        let mut largest = (0, 0);
        for (at, &part) in parts.iter().enumerate() {
            if part.abs() > i64::abs(largest.1) {
                largest = (at, part);
            }
        }
        let half = i64::from(turn_half(bits));
        let sign = largest.1.signum();
        // Half a circle's codes, times √2, in 1/1024.
        let scale = (2 * (half << 10) * (half << 10)).isqrt();
        let code = |part: i64| (rounded(sign * part * scale, length << 10).clamp(-half, half) + half) as i32;
        let mut others = parts.iter().enumerate().filter(|&(at, _)| at != largest.0).map(|(_, &part)| code(part));
        let mut next = || others.next().unwrap_or(0);
        [largest.0 as i32, next(), next(), next()]
    }

    /// The rotation of some codes.
    #[must_use]
    pub fn of_codes(bits: u32, [which, codes @ ..]: [i32; 4]) -> Self {
        let half = i64::from(turn_half(bits));
        let mut others = codes.iter().map(|&code| (i64::from(code) - half) << 4);
        let square = 2 * (half << 4) * (half << 4);
        let mut left = square;
        let mut parts = [0; 4];
        let largest = which.rem_euclid(4) as usize;
        for (_, part) in parts.iter_mut().enumerate().filter(|&(at, _)| at != largest) {
            *part = others.next().unwrap_or(0);
            left -= *part * *part;
        }
        if let Some(part) = parts.get_mut(largest) {
            *part = left.max(0).isqrt();
        }
        let length = square.isqrt().max(1);
        let [x, y, z, w] = parts.map(|part| rounded(part * i64::from(Self::ONE), length) as i32);
        Self { x, y, z, w }
    }

    /// Its parts, no larger than [`PART_MAX`].
    fn parts(self) -> [i64; 4] {
        [self.x, self.y, self.z, self.w].map(|part| i64::from(part.clamp(-PART_MAX, PART_MAX)))
    }
}

impl Default for Rotation {
    fn default() -> Self {
        Self::IDENTITY
    }
}

/// Largest part, up or down: so that products stay below 2^53.
const PART_MAX: i32 = 1 << 20;

fn length(parts: [i64; 4]) -> i64 {
    parts.iter().map(|part| part * part).sum::<i64>().isqrt()
}

/// `sum / by`, half rounded up.
const fn rounded(sum: i64, by: i64) -> i64 {
    (2 * sum + by).div_euclid(2 * by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rotation() -> impl Strategy<Value = Rotation> {
        let part = -Rotation::ONE..=Rotation::ONE;
        (part.clone(), part.clone(), part.clone(), part).prop_map(|(x, y, z, w)| Rotation { x, y, z, w })
    }

    /// The cosine of half the angle between two, in parts of 1.
    fn likeness(one: Rotation, other: Rotation) -> f64 {
        let [one, other] = [one, other].map(|rotation| rotation.parts().map(|part| part as f64));
        let long = |parts: [f64; 4]| parts.iter().map(|part| part * part).sum::<f64>().sqrt();
        let dot: f64 = one.iter().zip(other).map(|(one, other)| one * other).sum();
        dot.abs() / (long(one) * long(other))
    }

    proptest! {
        #[test]
        fn a_rotation_survives_its_codes_up_to_a_code(rotation in rotation(), bits in 4u32..=12) {
            prop_assume!(length(rotation.parts()) > 8_000);
            let codes = rotation.codes(bits);
            let half = turn_half(bits);
            prop_assert!((0..4).contains(&codes[0]) && codes[1..].iter().all(|code| (0..=2 * half).contains(code)));
            let back = Rotation::of_codes(bits, codes);
            let angle = 2.0 * likeness(rotation, back).min(1.0).acos();
            prop_assert!(angle < 3.0 / f64::from(half), "{angle} with {bits} bits");
        }

        #[test]
        fn to_turn_and_to_turn_back_is_not_to_turn(rotation in rotation()) {
            prop_assume!(length(rotation.parts()) > 8_000);
            let Rotation { x, y, z, w } = rotation;
            let back = Rotation { x: -x, y: -y, z: -z, w };
            prop_assert!(likeness(back.after(rotation), Rotation::IDENTITY) > 0.999_99);
        }

        #[test]
        fn any_codes_are_a_rotation(which: i32, a: i32, b: i32, c: i32, bits in 4u32..=12) {
            let last = 2 * turn_half(bits) + 1;
            let codes = [which.rem_euclid(4), a.rem_euclid(last), b.rem_euclid(last), c.rem_euclid(last)];
            prop_assert!(length(Rotation::of_codes(bits, codes).parts()) > i64::from(Rotation::ONE) / 2);
        }
    }
}
