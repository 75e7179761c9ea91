//! How a part is guessed, and what is remembered for guessing.
//!
//! Each tick a part first moves to its guess, on both sides alike; if the guess was wrong, a residual corrects it. So what
//! moves as predicted costs no bits at all.
//!
//! ```text
//!   hold        code stays
//!   linear      code += speed                        residual: speed += residual
//!   alpha-beta  code.fraction += speed               residual: speed += residual × gain, by its size (both in 1/16 code)
//!   follow      code.fraction += lead × times >> shift   the lead part's value in this tick (in 1/256 code)
//!   tick        code += step
//!   turn        four parts as one: see turn
//! ```
//!
//! A residual of ±1 says that the true value is just beyond the edge of the guessed code, so the fraction goes to that edge
//! and not to the middle: the guess converges on the line that the value really moves on. A jump of more than 1/16 of the
//! range is a teleport and leaves no speed. Alpha-beta filters: Brookner, "Tracking and Kalman Filtering Made Easy" (1998),
//! chapter 1.
//!
//! Integer only, the same in Rust and in JavaScript: codes and speeds are 32-bit integers that wrap, and the one product is
//! below 2^53.

use super::turn;
use crate::schema::field::{ALPHA_BETA_BITS, FOLLOW_BITS, Motion, Part};

/// What both sides remember of one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct PartState {
    /// The value's code; of a part with 2^32 codes, its bits.
    pub code: i32,
    /// How far it comes in a tick: whole codes (linear) or 1/16 (alpha-beta); 0 where nothing is extrapolated.
    pub speed: i32,
    /// Where between its code and the next the guess stands: 1/16 (alpha-beta) or 1/256 (follow).
    pub fraction: i16,
    /// Size class (0 to 5) of the last residual that was sent: the context of the next.
    pub class: u8,
    /// Of a group's first part: which parts of the group the facet's last piece corrected, the context of the next mask; of
    /// others 0.
    pub mask: u8,
}

/// Number of residual classes.
pub const CLASSES: usize = 6;

/// Bits of the fraction that a part of this motion keeps.
#[must_use]
pub const fn fraction_bits(motion: Motion) -> u32 {
    match motion {
        Motion::AlphaBeta { .. } => ALPHA_BETA_BITS,
        Motion::Follow { .. } => FOLLOW_BITS,
        Motion::Turn { axis: 1.., .. } => turn::TURN_BITS,
        Motion::Hold | Motion::Linear | Motion::Tick { .. } | Motion::Turn { .. } => 0,
    }
}

/// Whether a part of this motion keeps a speed.
#[must_use]
pub const fn has_speed(motion: Motion) -> bool {
    matches!(motion, Motion::Linear | Motion::AlphaBeta { .. } | Motion::Turn { axis: 1.., .. })
}

/// The largest speed, up or down, that a part can come to.
#[must_use]
pub const fn speed_max(part: &Part) -> u32 {
    match part.motion {
        Motion::Turn { .. } => turn::spin_max(part),
        // Within the bound are all speeds whose whole codes are.
        Motion::AlphaBeta { .. } => (part.jump() << ALPHA_BETA_BITS) + (1 << ALPHA_BETA_BITS) - 1,
        _ => part.jump(),
    }
}

impl PartState {
    /// A part that was never seen before: no speed, no past, in the middle of its code.
    #[must_use]
    pub const fn new(part: &Part, code: i32) -> Self {
        Self { code, speed: 0, fraction: middle(part.motion), class: 0, mask: 0 }
    }

    /// Moves to the guess for the next tick, if it follows no other part. Says whether it may be other than before.
    #[inline(never)]
    pub fn advance(&mut self, part: &Part) -> bool {
        let step = if self.speed != 0 {
            match part.motion {
                Motion::AlphaBeta { .. } => self.carry(i64::from(self.speed), ALPHA_BETA_BITS),
                _ => self.speed,
            }
        } else {
            let Motion::Tick { step } = part.motion else { return false };
            step
        };
        self.go(part, step);
        true
    }

    /// The same if it follows another part: `lead` is that part's value in the next tick.
    #[inline]
    pub fn follow(&mut self, part: &Part, lead: i32) {
        if let Motion::Follow { times, shift, .. } = part.motion {
            let step = self.carry((i64::from(lead) * i64::from(times)) >> shift, FOLLOW_BITS);
            self.go(part, step);
        }
    }

    /// Moves by a step, as far as there are codes.
    #[inline]
    fn go(&mut self, part: &Part, step: i32) {
        if part.wrap {
            self.code = part.around(self.code.wrapping_add(step));
            return;
        }
        let next = self.code.saturating_add(step);
        if next as u32 <= part.last {
            self.code = next;
        } else {
            self.code = next.clamp(0, part.last as i32);
            self.speed = 0;
            self.fraction = middle(part.motion);
        }
    }

    /// Adds to the fraction; what runs over is whole codes.
    #[inline]
    fn carry(&mut self, more: i64, bits: u32) -> i32 {
        let sum = i64::from(self.fraction) + more;
        self.fraction = (sum & ((1 << bits) - 1)) as i16;
        (sum >> bits) as i32
    }

    /// Corrects the guess by what was sent. The code must be in range after it: see [`PartState::residual_to`].
    #[inline]
    pub fn correct(&mut self, part: &Part, residual: i32) {
        self.code =
            if part.wrap { part.around(self.code.wrapping_add(residual)) } else { self.code.wrapping_add(residual) };
        self.class = class_of(residual);
        match part.motion {
            Motion::Linear => {
                let speed = self.speed.saturating_add(residual);
                let speed = if part.wrap { part.nearest(speed) } else { speed };
                self.speed = if speed.unsigned_abs() > speed_max(part) { 0 } else { speed };
            }
            Motion::Hold | Motion::Tick { .. } | Motion::Turn { .. } => {}
            Motion::AlphaBeta { calm } => {
                let sixteenths = i64::from(residual) << ALPHA_BETA_BITS;
                // The larger the surprise, the likelier a turn and not noise.
                let damped = match residual.unsigned_abs() {
                    1 => sixteenths >> calm,
                    2..=3 => sixteenths >> (calm / 2),
                    4..=7 => sixteenths >> (calm / 4),
                    _ => sixteenths,
                };
                let speed = i64::from(self.speed) + damped;
                self.speed = if speed.unsigned_abs() > u64::from(speed_max(part)) { 0 } else { speed as i32 };
                self.fraction = edge(residual, ALPHA_BETA_BITS);
            }
            Motion::Follow { .. } => self.fraction = edge(residual, FOLLOW_BITS),
        }
    }

    /// What must be sent so that the guess becomes `code`; 0 if it was right.
    #[inline]
    #[must_use]
    pub const fn residual_to(&self, part: &Part, code: i32) -> i32 {
        let residual = code.wrapping_sub(self.code);
        if part.wrap { part.nearest(residual) } else { residual }
    }

    /// Whether a residual leads to a code of the part, the short way: what a decoder checks before
    /// [`PartState::correct`].
    #[inline]
    #[must_use]
    pub fn accepts(&self, part: &Part, residual: i32) -> bool {
        if part.wrap {
            return part.nearest(residual) == residual;
        }
        self.code.checked_add(residual).is_some_and(|code| (0..=part.last as i32).contains(&code))
    }
}

/// The middle of a code.
const fn middle(motion: Motion) -> i16 {
    (1 << fraction_bits(motion)) >> 1
}

/// Where in its code a value is that was guessed `residual` codes off: at the near edge after ±1, else anywhere.
pub(super) const fn edge(residual: i32, bits: u32) -> i16 {
    match residual {
        1 => 0,
        -1 => (1 << bits) - 1,
        _ => 1 << (bits - 1),
    }
}

/// The size class of a residual.
#[inline]
#[must_use]
pub fn class_of(residual: i32) -> u8 {
    SMALL.get(residual.unsigned_abs() as usize).copied().unwrap_or(5)
}

/// The size classes of residuals below 32.
const SMALL: [u8; 32] =
    [0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part_of(last: u32, wrap: bool, motion: Motion) -> Part {
        Part { last, bits: 32 - last.leading_zeros(), zero: 0, wrap, motion, tolerance: 0 }
    }

    fn motion() -> impl Strategy<Value = Motion> {
        prop_oneof![
            Just(Motion::Hold),
            Just(Motion::Linear),
            (1u8..=4).prop_map(|calm| Motion::AlphaBeta { calm }),
            (-32_768..32_768, 0u8..=24).prop_map(|(times, shift)| Motion::Follow { lead: 0, times, shift }),
            any::<i16>().prop_map(|step| Motion::Tick { step: i32::from(step) }),
        ]
    }

    fn part() -> impl Strategy<Value = Part> {
        let last = prop_oneof![0u32..5_000, Just((1 << 26) - 1), Just(u32::MAX)];
        (last, any::<bool>(), motion()).prop_map(|(last, wrap, motion)| part_of(last, wrap || last == u32::MAX, motion))
    }

    fn next(state: &mut PartState, part: &Part, lead: i32) {
        if part.follows() {
            state.follow(part, lead);
        } else {
            state.advance(part);
        }
    }

    proptest! {
        #[test]
        fn encoder_and_decoder_stay_together_whatever_the_values(
            part in part(),
            values in prop::collection::vec((any::<u32>(), any::<i32>()), 1..60),
        ) {
            let mut sender = PartState::new(&part, 0);
            let mut receiver = sender;
            for (value, lead) in values {
                let code = if part.last == u32::MAX { value } else { value % (part.last + 1) } as i32;
                next(&mut sender, &part, lead);
                next(&mut receiver, &part, lead);
                let residual = sender.residual_to(&part, code);
                if residual != 0 {
                    prop_assert!(receiver.accepts(&part, residual));
                    sender.correct(&part, residual);
                    receiver.correct(&part, residual);
                }
                prop_assert_eq!(sender.code, code);
                prop_assert_eq!(sender, receiver);
                prop_assert!(sender.code as u32 <= part.last);
            }
        }
    }

    #[test]
    fn constant_speed_needs_no_residual() {
        let part = part_of(999, false, Motion::Linear);
        let mut state = PartState::new(&part, 100);
        state.advance(&part);
        state.correct(&part, 5);
        for step in 2..20 {
            state.advance(&part);
            assert_eq!(state.residual_to(&part, 100 + 5 * step), 0);
        }
    }

    #[test]
    fn a_speed_between_two_codes_is_learnt() {
        let part = part_of(65_535, false, Motion::AlphaBeta { calm: 4 });
        let at = |tick: i32| (1_000 + tick * 37 / 16) + tick;
        let mut state = PartState::new(&part, at(0));
        let mut wrong = 0;
        for tick in 1..200 {
            state.advance(&part);
            let residual = state.residual_to(&part, at(tick));
            if residual != 0 {
                state.correct(&part, residual);
                wrong += i32::from(tick > 60);
            }
        }
        assert!(wrong <= 2, "{wrong} residuals after it had time to learn");
    }

    #[test]
    fn a_follower_moves_by_what_it_follows() {
        let part = part_of(65_535, false, Motion::Follow { lead: 0, times: 1 << 8, shift: 4 });
        let mut state = PartState::new(&part, 1_000);
        for _ in 0..16 {
            state.follow(&part, 24);
        }
        assert_eq!(state.code, 1_000 + 24);
        state.follow(&part, -160);
        assert_eq!(state.code, 1_000 + 24 - 10);
    }

    #[test]
    fn a_jump_leaves_no_speed_behind() {
        for motion in [Motion::Linear, Motion::AlphaBeta { calm: 1 }] {
            let part = part_of(999, false, motion);
            let mut state = PartState::new(&part, 100);
            state.correct(&part, 700);
            assert_eq!(state.speed, 0);
        }
    }

    #[test]
    fn an_angle_goes_the_short_way_round() {
        let part = part_of(1_023, true, Motion::Linear);
        let state = PartState::new(&part, 1_020);
        assert_eq!(state.residual_to(&part, 4), 8);
    }
}
