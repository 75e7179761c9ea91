//! Value ↔ code: the only place where precision is given up, with the worst error stated.
//!
//! Everything that decides is simulated in fixed point, so values here are integers and a step of 1 loses nothing. Codes
//! start at 0, so that a field needs exactly `bits(codes)` bits and a decoder can check its range.
//!
//! ```text
//!   value   min ······ min+step ······ min+2·step ·· max      (rounded half up, out of range: clamped and counted)
//!   code     0            1               2       ·· codes-1
//! ```
//!
//! Never here: floats (the wire has none), bits (see `bits`).

/// A code that came from a value, and whether the value had to be clamped to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantised {
    /// The code, `0..codes`.
    pub code: i32,
    /// The value lay outside `min..=max`.
    pub clamped: bool,
}

/// A range of values with a step: value ↔ code. The worst error is `step / 2` for values in range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantiser {
    /// The value of code 0.
    pub min: i32,
    /// The largest value that is not clamped.
    pub max: i32,
    /// Distance between two codes, at least 1.
    pub step: i32,
}

impl Quantiser {
    /// Number of codes: `0..codes()`.
    #[must_use]
    pub const fn codes(&self) -> i64 {
        (self.max as i64 - self.min as i64 + self.step as i64 / 2) / self.step as i64 + 1
    }

    /// The code nearest to `value`, half rounded up. Inverse of [`Quantiser::value`].
    #[must_use]
    pub const fn code(&self, value: i32) -> Quantised {
        let clamped = value < self.min || value > self.max;
        let inside = if value < self.min {
            self.min
        } else if value > self.max {
            self.max
        } else {
            value
        };
        let code = (inside as i64 - self.min as i64 + self.step as i64 / 2) / self.step as i64;
        Quantised { code: code as i32, clamped }
    }

    /// The value that `code` stands for; a code outside the range gives the nearest end's value.
    #[must_use]
    pub const fn value(&self, code: i32) -> i32 {
        let value = self.min as i64 + code as i64 * self.step as i64;
        if value < self.min as i64 {
            self.min
        } else if value > self.max as i64 {
            self.max
        } else {
            value as i32
        }
    }
}

/// Parts of a full turn that an angle value has: 1/65,536 turn, so that adding wraps as `u16` does.
pub const TURN: i32 = 1 << 16;

/// The code of an angle in 1/65,536 turn, rounded to `bits` bits (1 to 16); wraps. Inverse of [`angle_value`].
#[must_use]
pub const fn angle_code(angle: u16, bits: u32) -> i32 {
    let shift = 16 - bits;
    let half = (1u32 << shift) >> 1;
    (((angle as u32 + half) >> shift) & ((1 << bits) - 1)) as i32
}

/// The angle that a code of `bits` bits stands for; off by at most half a step of 2^(16-bits).
#[must_use]
pub const fn angle_value(code: i32, bits: u32) -> u16 {
    ((code as u32) << (16 - bits)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_value_comes_back_within_half_a_step(min in -1_000_000i32..1_000_000, span in 0i32..2_000_000, step in 1i32..5_000, at in 0.0f64..=1.0) {
            let quantiser = Quantiser { min, max: min + span, step };
            let value = min + (f64::from(span) * at) as i32;
            let Quantised { code, clamped } = quantiser.code(value);
            prop_assert!(!clamped);
            prop_assert!(i64::from(code) < quantiser.codes());
            prop_assert!((quantiser.value(code) - value).abs() <= (step + 1) / 2);
        }

        #[test]
        fn a_code_comes_back_exactly(min in -1_000_000i32..1_000_000, span in 0i32..2_000_000, step in 1i32..5_000, at in 0.0f64..1.0) {
            let quantiser = Quantiser { min, max: min + span, step };
            let code = ((quantiser.codes() - 1) as f64 * at) as i32;
            prop_assert_eq!(quantiser.code(quantiser.value(code)).code, code);
        }

        #[test]
        fn out_of_range_is_clamped_and_said(value: i32) {
            let quantiser = Quantiser { min: -10, max: 10, step: 1 };
            prop_assert_eq!(quantiser.code(value).clamped, !(-10..=10).contains(&value));
        }

        #[test]
        fn an_angle_comes_back_within_half_a_step(angle: u16, bits in 1u32..=16) {
            let back = angle_value(angle_code(angle, bits), bits);
            let off = angle.wrapping_sub(back) as i16;
            prop_assert!(i32::from(off).abs() <= (1 << (16 - bits)) / 2);
        }
    }
}
