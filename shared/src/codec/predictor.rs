//! How a part is guessed, and what is remembered for guessing.
//!
//! Each tick a part is first advanced to its guess, on both sides alike; if the guess was wrong, the residual corrects it.
//! So what moves as predicted costs no bits at all.
//!
//! ```text
//!   hold    code' = code                       linear  code' = code + delta     (clamped to the range, or wrapped)
//!   correct code' = code' + residual, delta = how far it really came; a jump of more than 1/16 of the range resets it
//! ```
//!
//! Integer only: the same in Rust and in JavaScript (codes stay below 2^26, so sums stay exact).

use super::super::schema::field::{Part, Predictor};

/// What both sides remember of one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct PartState {
    /// The value's code.
    pub code: i32,
    /// How far it came in the last tick; stays 0 where nothing is extrapolated.
    pub delta: i32,
    /// Size class (0 to 5) of the last residual that was sent: the context of the next.
    pub class: u8,
}

/// Number of residual classes.
pub const CLASSES: usize = 6;

impl PartState {
    /// A part that was never seen before: no speed, no past.
    #[must_use]
    pub const fn new(code: i32) -> Self {
        Self { code, delta: 0, class: 0 }
    }

    /// Moves to the guess for the next tick.
    #[inline]
    pub fn advance(&mut self, part: &Part) {
        match part.predictor {
            Predictor::Hold => {}
            Predictor::Linear => {
                let codes = part.codes as i32;
                let mut next = self.code + self.delta;
                if part.wrap {
                    next = next.rem_euclid(codes);
                } else {
                    next = next.clamp(0, codes - 1);
                    self.delta = next - self.code;
                }
                self.code = next;
            }
        }
    }

    /// Corrects the guess by what was sent. The code must be in range after it: see [`PartState::residual_to`].
    #[inline]
    pub fn correct(&mut self, part: &Part, residual: i32) {
        let codes = part.codes as i32;
        let mut code = self.code + residual;
        if part.wrap {
            code = code.rem_euclid(codes);
        }
        self.code = code;
        self.class = class_of(residual);
        match part.predictor {
            Predictor::Hold => {}
            Predictor::Linear => {
                let came = if part.wrap { nearest(self.delta + residual, codes) } else { self.delta + residual };
                let jump = (codes / 16).max(1);
                self.delta = if came.abs() > jump { 0 } else { came };
            }
        }
    }

    /// What must be sent so that the guess becomes `code`; 0 if it was right.
    #[inline]
    #[must_use]
    pub fn residual_to(&self, part: &Part, code: i32) -> i32 {
        let residual = code - self.code;
        if part.wrap { nearest(residual, part.codes as i32) } else { residual }
    }

    /// Whether a residual leads to a code of the part: what a decoder checks before [`PartState::correct`].
    #[inline]
    #[must_use]
    pub fn accepts(&self, part: &Part, residual: i32) -> bool {
        let codes = part.codes as i32;
        if part.wrap {
            return nearest(residual, codes) == residual;
        }
        self.code.checked_add(residual).is_some_and(|code| (0..codes).contains(&code))
    }
}

/// The same step the short way round a circle of `codes`.
#[inline]
fn nearest(step: i32, codes: i32) -> i32 {
    let step = step.rem_euclid(codes);
    if step > codes / 2 { step - codes } else { step }
}

/// The size class of a residual.
#[inline]
#[must_use]
pub const fn class_of(residual: i32) -> u8 {
    match residual.unsigned_abs() {
        0 => 0,
        1 => 1,
        2..=3 => 2,
        4..=7 => 3,
        8..=31 => 4,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part() -> impl Strategy<Value = Part> {
        (1u32..5_000, any::<bool>(), any::<bool>()).prop_map(|(codes, wrap, linear)| Part {
            codes,
            bits: 13,
            wrap,
            predictor: if linear { Predictor::Linear } else { Predictor::Hold },
        })
    }

    proptest! {
        #[test]
        fn encoder_and_decoder_stay_together_whatever_the_values(part in part(), values in prop::collection::vec(any::<u32>(), 1..60)) {
            let mut sender = PartState::new(0);
            let mut receiver = PartState::new(0);
            for value in values {
                let code = (value % part.codes) as i32;
                sender.advance(&part);
                receiver.advance(&part);
                let residual = sender.residual_to(&part, code);
                if residual != 0 {
                    prop_assert!(receiver.accepts(&part, residual));
                    sender.correct(&part, residual);
                    receiver.correct(&part, residual);
                }
                prop_assert_eq!(sender.code, code);
                prop_assert_eq!(sender, receiver);
                prop_assert!((0..part.codes as i32).contains(&sender.code));
            }
        }
    }

    #[test]
    fn constant_speed_needs_no_residual() {
        let part = Part { codes: 1_000, bits: 10, wrap: false, predictor: Predictor::Linear };
        let mut state = PartState::new(100);
        state.advance(&part);
        state.correct(&part, 5);
        for step in 2..20 {
            state.advance(&part);
            assert_eq!(state.residual_to(&part, 100 + 5 * step), 0);
        }
    }

    #[test]
    fn a_jump_leaves_no_speed_behind() {
        let part = Part { codes: 1_000, bits: 10, wrap: false, predictor: Predictor::Linear };
        let mut state = PartState::new(100);
        state.correct(&part, 700);
        assert_eq!(state.delta, 0);
    }

    #[test]
    fn an_angle_goes_the_short_way_round() {
        let part = Part { codes: 1_024, bits: 10, wrap: true, predictor: Predictor::Linear };
        let state = PartState::new(1_020);
        assert_eq!(state.residual_to(&part, 4), 8);
    }
}
