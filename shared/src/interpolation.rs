//! Where a field is between two frames: the one function by which clients draw others and by which the server finds out what a
//! client drew.
//!
//! ```text
//!   codes of the older frame ●────────────┼──────────● codes of the newer frame
//!                            0            k          16 × span          in 1/16 tick (see `ViewTick`)
//!
//!   fixed, vector      the straight line, whole; a jump is cut      ●            ●───●   the older until the end
//!   angle              the short way round
//!   rotation           the short way, as a quaternion
//!   unsigned, signed   hold, unless they have a predictor that moves: half a kill was never there
//!   all others         hold: the older until the end
//! ```
//!
//! What comes out are values (the simulation's integers; an angle in 1/65,536 turn; a rotation's x, y, z, w), not codes: between two
//! codes there is room. Fields that hold for good give their codes as they are.
//!
//! The same in Rust and in JavaScript, digit by digit: every product is below 2^53, and every division is by at most
//! 16 × [`SPAN_MAX`](crate::wire::client_message::SPAN_MAX) and rounds towards 0 (`Math.trunc`). What a twin must come to
//! stands in `tests/golden/interpolation.json`.
//!
//! Never here: which two frames (see the client's `interpolate`), what is beyond the newer one.

use crate::quantise::angle_value;
use crate::rotation::Rotation;
use crate::schema::field::{Field, FieldKind, Predictor};
use crate::wire::client_message::ViewTick;

/// Where something is drawn between an older and a newer frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Between {
    span: u8,
    sixteenths: u16,
}

impl Between {
    /// Where a view stands between its two frames. Past the newer one counts as at it.
    #[must_use]
    pub const fn of(view: ViewTick) -> Self {
        let end = 16 * view.span as u16;
        Self { span: view.span, sixteenths: if view.sixteenths < end { view.sixteenths } else { end } }
    }

    /// At the newer frame, or there is but one.
    #[must_use]
    pub const fn is_at_end(self) -> bool {
        self.sixteenths == 16 * self.span as u16
    }

    /// Between two values that stand for numbers: `older` + (`newer` - `older`) × place, rounded towards the older.
    #[must_use]
    pub const fn values(self, older: i32, newer: i32) -> i32 {
        if self.is_at_end() {
            return newer;
        }
        // Below 2^32 × 2^9.
        let way = (newer as i64 - older as i64) * self.sixteenths as i64;
        (older as i64 + way / (16 * self.span as i64)) as i32
    }

    /// Between two angles in 1/65,536 turn, the short way round; half a turn is taken backwards.
    #[must_use]
    pub const fn angles(self, older: u16, newer: u16) -> u16 {
        let short = newer.wrapping_sub(older) as i16;
        older.wrapping_add(self.values(0, short as i32) as u16)
    }

    /// Between two rotations, the short way.
    #[must_use]
    pub fn rotations(self, older: Rotation, newer: Rotation) -> Rotation {
        if self.is_at_end() {
            return newer;
        }
        older.towards(newer, i64::from(self.sixteenths), 16 * i64::from(self.span))
    }
}

/// Where a field is: writes a value for each part. `older` and `newer` are its codes in the two frames, as many as it has parts; what
/// is missing counts as 0.
pub fn interpolate(field: &Field, older: &[i32], newer: &[i32], between: Between, out: &mut [i32]) {
    match &field.kind {
        FieldKind::Fixed { quantiser, .. }
        | FieldKind::Vector2 { quantiser, .. }
        | FieldKind::Vector3 { quantiser, .. } => {
            let jumped = jumps(field, older, newer, between.span);
            for (axis, out) in out.iter_mut().enumerate() {
                let (older, newer) = (quantiser.value(code(older, axis)), quantiser.value(code(newer, axis)));
                *out = if jumped { held(older, newer, between) } else { between.values(older, newer) };
            }
        }
        FieldKind::Angle { bits } => {
            let [older, newer] = [older, newer].map(|codes| angle_value(code(codes, 0), *bits));
            put(out, i32::from(between.angles(older, newer)));
        }
        FieldKind::Rotation { bits } => {
            let [older, newer] = [older, newer].map(|codes| {
                Rotation::of_codes(*bits, [code(codes, 0), code(codes, 1), code(codes, 2), code(codes, 3)])
            });
            let Rotation { x, y, z, w } = between.rotations(older, newer);
            for (out, part) in out.iter_mut().zip([x, y, z, w]) {
                *out = part;
            }
        }
        FieldKind::Signed { min, .. } => {
            // All 32-bit integers are codes: then they wrap as the codec's do.
            let [older, newer] = [older, newer].map(|codes| min.wrapping_add(code(codes, 0)));
            put(out, whole(field, older, newer, between));
        }
        FieldKind::Unsigned { .. } => put(out, whole(field, code(older, 0), code(newer, 0), between)),
        FieldKind::Bool | FieldKind::Choice { .. } | FieldKind::Reference | FieldKind::Text { .. } => {
            for (part, out) in out.iter_mut().enumerate() {
                *out = held(code(older, part), code(newer, part), between);
            }
        }
    }
}

/// Whether a field is somewhere else after so many ticks, rather than on its way: a teleport, a new life. One axis that jumps is enough, a
/// place is one value. Only vectors and fixed-point numbers jump.
#[must_use]
pub fn jumps(field: &Field, older: &[i32], newer: &[i32], ticks: u8) -> bool {
    let (FieldKind::Fixed { quantiser, .. }
    | FieldKind::Vector2 { quantiser, .. }
    | FieldKind::Vector3 { quantiser, .. }) = &field.kind
    else {
        return false;
    };
    let most = snap(field) * i64::from(ticks);
    let value = |codes, axis| i64::from(quantiser.value(code(codes, axis)));
    (0..field.part_count()).any(|axis| (value(newer, axis) - value(older, axis)).abs() > most)
}

/// How far a field may move in one tick and still be drawn on its way, in the simulation's integers: what it declares, else what the codec
/// takes for a jump.
#[must_use]
pub fn snap(field: &Field) -> i64 {
    if field.marks.snap > 0 {
        return i64::from(field.marks.snap);
    }
    let jump = field.each_part().next().map_or(0, |part| part.jump());
    i64::from(jump) * i64::from(field.step())
}

/// A count moves only where its author said that it does.
fn whole(field: &Field, older: i32, newer: i32, between: Between) -> i32 {
    if matches!(field.predictor, Predictor::Hold) { held(older, newer, between) } else { between.values(older, newer) }
}

const fn held(older: i32, newer: i32, between: Between) -> i32 {
    if between.is_at_end() { newer } else { older }
}

fn code(codes: &[i32], part: usize) -> i32 {
    codes.get(part).copied().unwrap_or(0)
}

fn put(out: &mut [i32], value: i32) {
    if let Some(out) = out.first_mut() {
        *out = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Tick;
    use crate::quantise::{Quantiser, angle_code};
    use crate::schema::field::{Audience, Marks};
    use proptest::prelude::*;

    fn field(kind: FieldKind, predictor: Predictor, snap: u32) -> Field {
        let marks = Marks { snap, ..Marks::default() };
        Field { name: "field".to_owned(), kind, audience: Audience::Everyone, predictor, marks }
    }

    fn place(snap: u32) -> Field {
        let quantiser = Quantiser { min: 0, max: 65_520, step: 16 };
        field(FieldKind::Vector2 { quantiser, unit: 256 }, Predictor::Linear, snap)
    }

    fn between(span: u8, sixteenths: u16) -> Between {
        Between::of(ViewTick { older: Tick(9), span, sixteenths })
    }

    fn drawn<const N: usize>(field: &Field, older: [i32; N], newer: [i32; N], at: Between) -> [i32; N] {
        let mut out = [-1; N];
        interpolate(field, &older, &newer, at, &mut out);
        out
    }

    #[test]
    fn a_place_moves_in_a_straight_line_finer_than_its_codes() {
        let (older, newer) = ([100, 200], [101, 195]);
        assert_eq!(drawn(&place(8_191), older, newer, between(1, 0)), [1_600, 3_200]);
        assert_eq!(drawn(&place(8_191), older, newer, between(1, 9)), [1_609, 3_155]);
        assert_eq!(drawn(&place(8_191), older, newer, between(1, 16)), [1_616, 3_120]);
        assert_eq!(drawn(&place(8_191), older, newer, between(3, 5)), [1_601, 3_192], "towards the older");
    }

    #[test]
    fn a_jump_is_cut_whole_and_more_ticks_allow_a_longer_way() {
        let (older, newer) = ([100, 100], [110, 100]);
        assert_eq!(drawn(&place(159), older, newer, between(1, 15)), [1_600, 1_600], "160 in one tick is a jump");
        assert_eq!(drawn(&place(159), older, newer, between(1, 16)), [1_760, 1_600]);
        assert_eq!(drawn(&place(159), older, newer, between(2, 16)), [1_680, 1_600], "160 in two ticks is not");
        let (older, newer) = ([100, 100], [1_000, 104]);
        assert_eq!(drawn(&place(8_191), older, newer, between(1, 8)), [1_600, 1_600], "both axes or none");
        assert_eq!(snap(&place(0)), 255 * 16, "without a word it is a sixteenth of the range");
    }

    #[test]
    fn an_angle_turns_the_short_way() {
        let angle = field(FieldKind::Angle { bits: 10 }, Predictor::Hold, 0);
        assert_eq!(drawn(&angle, [1_020], [4], between(1, 8)), [0]);
        assert_eq!(drawn(&angle, [4], [1_020], between(1, 4)), [128]);
        assert_eq!(drawn(&angle, [0], [512], between(1, 8)), [0xC000], "half a turn: backwards");
    }

    #[test]
    fn what_is_counted_or_named_holds_until_the_end() {
        let health = field(FieldKind::Unsigned { max: 100 }, Predictor::Hold, 0);
        assert_eq!(drawn(&health, [100], [0], between(1, 15)), [100]);
        assert_eq!(drawn(&health, [100], [0], between(1, 16)), [0]);
        let clock = field(FieldKind::Signed { min: -50, max: 50 }, Predictor::Linear, 0);
        assert_eq!(drawn(&clock, [0], [5], between(1, 8)), [-48]);
        let text = field(FieldKind::Text { bytes: 6 }, Predictor::Hold, 0);
        assert_eq!(drawn(&text, [1, 65, 0], [2, 66, 7], between(4, 63)), [1, 65, 0]);
        assert_eq!(drawn(&text, [1, 65, 0], [2, 66, 7], between(4, 64)), [2, 66, 7]);
    }

    #[test]
    fn a_rotation_is_turned_half_way_at_half_time() {
        let rotation = field(FieldKind::Rotation { bits: 12 }, Predictor::Hold, 0);
        let quarter = Rotation { x: 0, y: 0, z: 23_170, w: 23_170 };
        let [older, newer] = [Rotation::IDENTITY, quarter].map(|rotation| rotation.codes(12));
        let [x, y, z, w] = drawn(&rotation, older, newer, between(1, 8));
        // An eighth of a turn: sine and cosine of 22.5 degrees.
        assert!(x.abs() + y.abs() < 30 && (z - 12_540).abs() < 30 && (w - 30_274).abs() < 30, "{x} {y} {z} {w}");
    }

    #[test]
    fn one_frame_alone_is_drawn_as_it_is() {
        assert_eq!(drawn(&place(0), [7, 8], [7, 8], between(0, 0)), [112, 128]);
        assert_eq!(between(2, 99), between(2, 32), "past the newer frame is at it");
    }

    proptest! {
        #[test]
        fn what_is_between_lies_between(older: i32, newer: i32, span in 1u8..=31, part in 0u16..=496) {
            let at = between(span, part % (16 * u16::from(span) + 1)).values(older, newer);
            prop_assert!((older.min(newer)..=older.max(newer)).contains(&at));
        }

        #[test]
        fn division_as_a_browser_does_it_comes_to_the_same(older: i32, newer: i32, span in 1u8..=31, part in 0u16..=496) {
            let part = part % (16 * u16::from(span) + 1);
            let browser = f64::from(older)
                + ((f64::from(newer) - f64::from(older)) * f64::from(part) / (16.0 * f64::from(span))).trunc();
            prop_assert_eq!(f64::from(between(span, part).values(older, newer)), browser);
        }

        #[test]
        fn the_ends_are_what_the_frames_said(older: [u16; 2], newer: [u16; 2], turn: u16, span in 1u8..=31) {
            let [older, newer] = [older, newer].map(|codes| codes.map(|code| i32::from(code % 4_096)));
            let values = |codes: [i32; 2]| codes.map(|code| code * 16);
            prop_assert_eq!(drawn(&place(0), older, newer, between(span, 0)), values(older));
            prop_assert_eq!(drawn(&place(0), older, newer, between(span, 16 * u16::from(span))), values(newer));
            let angle = field(FieldKind::Angle { bits: 16 }, Predictor::Hold, 0);
            let code = [angle_code(turn, 16)];
            prop_assert_eq!(drawn(&angle, [0], code, between(span, 16 * u16::from(span))), [i32::from(turn)]);
        }
    }
}
