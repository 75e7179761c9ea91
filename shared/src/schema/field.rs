//! One field of a declaration: what it holds, who may see it, how the next value is guessed.
//!
//! A field is one value to the author and one or more *parts* to the codec: a vector has a part per axis, a text one per
//! three bytes. A part is a code in `0..codes`; everything after quantising works on parts only.
//!
//! Never here: bits (see `codec`), values (see `component`).

use crate::quantise::Quantiser;

/// What a field holds. Units: values are the simulation's integers; `unit` says how many make one world unit on a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Yes or no.
    Bool,
    /// `0..=max`.
    Unsigned {
        /// Largest value.
        max: u32,
    },
    /// `min..=max`.
    Signed {
        /// Smallest value.
        min: i32,
        /// Largest value.
        max: i32,
    },
    /// A fixed-point number.
    Fixed {
        /// Range and step, in the simulation's integers.
        quantiser: Quantiser,
        /// How many of these make one unit.
        unit: u32,
    },
    /// A direction in 1/65,536 turn, sent with `bits` bits; wraps.
    Angle {
        /// 1 to 16.
        bits: u32,
    },
    /// One of several names (an enum).
    Choice {
        /// The names, in the order of their codes.
        names: Vec<String>,
    },
    /// Two fixed-point numbers that move together.
    Vector2 {
        /// Range and step of each axis.
        quantiser: Quantiser,
        /// How many of these make one unit.
        unit: u32,
    },
    /// Three fixed-point numbers that move together.
    Vector3 {
        /// Range and step of each axis.
        quantiser: Quantiser,
        /// How many of these make one unit.
        unit: u32,
    },
    /// A rotation in space, as which part of a unit quaternion is the largest, and the other three.
    Rotation {
        /// Bits of each of the three: 4 to 12.
        bits: u32,
    },
    /// Another entity; travels as the slot of its anchor, and only to those who may see both.
    Reference,
    /// UTF-8 of at most `bytes` bytes.
    Text {
        /// 1 to [`TEXT_BYTES_MAX`](crate::limits::TEXT_BYTES_MAX).
        bytes: u32,
    },
}

/// Who may see a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Audience {
    /// Everyone who may see the entity.
    #[default]
    Everyone,
    /// The entity's team.
    Team,
    /// The player that owns the entity.
    Owner,
}

/// How the next value of a field is guessed from the last ones. Integer only, and the same on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Predictor {
    /// It stays as it is.
    #[default]
    Hold,
    /// It moves on as it did in the last tick.
    Linear,
    /// It moves on at the speed of its last ticks, between two codes if need be (an alpha-beta filter): for what moves
    /// smoothly and seldom turns.
    AlphaBeta {
        /// How slowly small residuals change the speed: a residual of one code by 1/2^calm, larger ones more. 1 to 4.
        calm: u8,
    },
    /// It moves by another field of the same declaration: a place by its velocity.
    Follow {
        /// Position of that field. It has as many parts and the same audience, and does not follow itself.
        field: u8,
        /// It moves by the other's value × `times` / 2^`shift` per tick.
        times: i32,
        /// See `times`; at most [`FOLLOW_SHIFT_MAX`].
        shift: u8,
    },
    /// It moves by as much in every tick.
    Tick {
        /// By how much.
        step: i32,
    },
}

/// Bits of an alpha-beta fraction.
pub const ALPHA_BETA_BITS: u32 = 4;

/// Bits behind the point of what follows: it moves in 1/256 code.
pub const FOLLOW_BITS: u32 = 8;
/// Largest shift of [`Predictor::Follow`].
pub const FOLLOW_SHIFT_MAX: u8 = 24;
/// Largest `times` of [`Predictor::Follow`], up or down: its product with any value is below 2^53.
pub const FOLLOW_TIMES_MAX: i32 = 1 << 15;
/// Bits that each of a rotation's three may have.
pub const ROTATION_BITS: std::ops::RangeInclusive<u32> = 4..=12;
/// Largest `calm` of [`Predictor::AlphaBeta`].
pub const CALM_MAX: u8 = 4;

/// How one part moves: a [`Predictor`], resolved for the parts of a facet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Motion {
    /// See [`Predictor::Hold`].
    #[default]
    Hold,
    /// See [`Predictor::Linear`].
    Linear,
    /// See [`Predictor::AlphaBeta`].
    AlphaBeta {
        /// See [`Predictor::AlphaBeta`].
        calm: u8,
    },
    /// See [`Predictor::Follow`].
    Follow {
        /// The part of the same facet that leads.
        lead: u8,
        /// It moves by the leader's value × `times` >> `shift` per tick, in 1/256 code.
        times: i32,
        /// See `times`.
        shift: u8,
    },
    /// See [`Predictor::Tick`].
    Tick {
        /// Codes per tick.
        step: i32,
    },
    /// One of the four parts of a rotation, which move as one.
    Turn {
        /// 0: which of x, y, z and w is the largest. 1 to 3: the others, in this order.
        axis: u8,
        /// How slowly small residuals change the spin: 0 with [`Predictor::Linear`], [`STILL`] with [`Predictor::Hold`].
        calm: u8,
    },
}

/// The `calm` of what never goes on turning.
pub const STILL: u8 = u8::MAX;

/// What else is said of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Marks {
    /// The client predicts it for its own entity.
    pub predicted: bool,
    /// It is (part of) the entity's place: interest is decided by it.
    pub position: bool,
    /// Weight of a change when bytes are scarce: 0 (default) to 15.
    pub priority: u8,
    /// In an input: it is an edge ("pressed in this tick"), so a repeat clears it and a late one is carried once.
    pub press: bool,
    /// It never changes in the life of its entity: it travels in records only.
    pub constant: bool,
    /// How far clients may be off while it moves, in codes; where it stands still they are exact.
    pub tolerance: u16,
    /// How far it may move along an axis in one tick and still be drawn on its way, in the simulation's integers: beyond it jumped (a
    /// teleport, a new life), and clients cut. 0: see [`snap`](crate::interpolation::snap).
    pub snap: u32,
}

/// One field of a component, input, event or request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name in the declaration, and in every client.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Who may see it.
    pub audience: Audience,
    /// How it is guessed.
    pub predictor: Predictor,
    /// What else is said of it.
    pub marks: Marks,
}

/// One scalar of a field, as the codec sees it: a code in `0..=last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The largest code. With `u32::MAX` every 32-bit integer is a code (kept as its bits), and codes wrap.
    pub last: u32,
    /// Bits of a raw code.
    pub bits: u32,
    /// The code that stands for the value 0 where values can be negative; else 0.
    pub zero: i32,
    /// The last code is next to the first (an angle).
    pub wrap: bool,
    /// How it is guessed.
    pub motion: Motion,
    /// How far clients may be off while it moves, in codes.
    pub tolerance: u16,
}

impl Part {
    /// A part that holds, of `codes` codes (1 to 2^32).
    #[must_use]
    pub const fn holding(codes: u64) -> Self {
        let last = (codes - 1) as u32;
        Self {
            last,
            bits: 32 - last.leading_zeros(),
            zero: 0,
            wrap: last == u32::MAX,
            motion: Motion::Hold,
            tolerance: 0,
        }
    }

    /// It moves by another part.
    #[must_use]
    pub const fn follows(&self) -> bool {
        matches!(self.motion, Motion::Follow { .. })
    }

    /// It is one of the four of a rotation.
    #[must_use]
    pub const fn turns(&self) -> bool {
        matches!(self.motion, Motion::Turn { .. })
    }

    /// The value of a code, in codes from where the value is 0.
    #[inline]
    #[must_use]
    pub const fn value(&self, code: i32) -> i32 {
        code.wrapping_sub(self.zero)
    }

    /// A code brought back into the range of a part that wraps.
    #[inline]
    #[must_use]
    pub const fn around(&self, code: i32) -> i32 {
        if self.last == u32::MAX {
            return code;
        }
        code.rem_euclid(self.last as i32 + 1)
    }

    /// The same step the short way round a part that wraps.
    #[inline]
    #[must_use]
    pub const fn nearest(&self, step: i32) -> i32 {
        if self.last == u32::MAX {
            return step;
        }
        let codes = self.last as i32 + 1;
        let step = step.rem_euclid(codes);
        if step > codes / 2 { step - codes } else { step }
    }

    /// Codes per tick beyond which a move is a teleport.
    #[inline]
    #[must_use]
    pub const fn jump(&self) -> u32 {
        let sixteenth = self.last / 16;
        if sixteenth == 0 {
            1
        } else if sixteenth > JUMP_MAX {
            JUMP_MAX
        } else {
            sixteenth
        }
    }
}

/// So that a speed in 1/16 code stays far inside 32 bits.
const JUMP_MAX: u32 = 1 << 26;

/// Bits that a raw code in `0..codes` needs.
#[must_use]
pub const fn bits_for(codes: u32) -> u32 {
    if codes <= 1 { 0 } else { 32 - (codes - 1).leading_zeros() }
}

impl Field {
    /// The parts of this field, in the order in which values are written to codes. What follows another field holds until
    /// a layout knows where the leader stands.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        self.each_part().collect()
    }

    /// The same, one after the other: with no list in between, but for a rotation.
    pub fn each_part(&self) -> impl Iterator<Item = Part> + use<> {
        // The first, and those behind it, which are all the same.
        let (alike, mut turning) = (|part: Part| Some((part, part)), Vec::new());
        let first_and_others = match &self.kind {
            FieldKind::Bool => alike(Part::holding(2)),
            FieldKind::Unsigned { max } => alike(Part::holding(u64::from(*max) + 1)),
            FieldKind::Signed { min, max } => alike(signed(*min, (i64::from(*max) - i64::from(*min) + 1) as u64, 1)),
            FieldKind::Fixed { quantiser, .. }
            | FieldKind::Vector2 { quantiser, .. }
            | FieldKind::Vector3 { quantiser, .. } => alike(quantised(quantiser)),
            FieldKind::Angle { bits } => alike(Part { wrap: true, ..Part::holding(1 << bits) }),
            FieldKind::Choice { names } => alike(Part::holding(names.len().max(1) as u64)),
            FieldKind::Rotation { bits } => {
                turning = self.turning(*bits);
                None
            }
            // The bits of a slot are the room's choice; the layout fills them in.
            FieldKind::Reference => alike(Part::holding(1 << 16)),
            FieldKind::Text { bytes } => Some((Part::holding(u64::from(*bytes) + 1), Part::holding(1 << 24))),
        };
        let motion = match self.predictor {
            Predictor::Hold | Predictor::Follow { .. } => Motion::Hold,
            Predictor::Linear => Motion::Linear,
            Predictor::AlphaBeta { calm } => Motion::AlphaBeta { calm },
            Predictor::Tick { step } => Motion::Tick { step: step / self.step() },
        };
        let (count, tolerance) = (self.part_count(), self.marks.tolerance);
        let simple = first_and_others
            .into_iter()
            .flat_map(move |(first, others)| std::iter::once(first).chain(std::iter::repeat_n(others, count - 1)));
        turning.into_iter().chain(simple.map(move |part| Part { motion, tolerance, ..part }))
    }

    /// The parts of a rotation.
    fn turning(&self, bits: u32) -> Vec<Part> {
        let calm = match self.predictor {
            Predictor::Linear => 0,
            Predictor::AlphaBeta { calm } => calm,
            Predictor::Hold | Predictor::Follow { .. } | Predictor::Tick { .. } => STILL,
        };
        let part = |axis| {
            let part =
                if axis == 0 { Part::holding(4) } else { signed(-turn_half(bits), 2 * turn_half(bits) as u64 + 1, 1) };
            Part { motion: Motion::Turn { axis, calm }, ..part }
        };
        (0..4).map(part).collect()
    }

    /// What one code more means, in the simulation's integers.
    #[must_use]
    pub const fn step(&self) -> i32 {
        match &self.kind {
            FieldKind::Fixed { quantiser, .. }
            | FieldKind::Vector2 { quantiser, .. }
            | FieldKind::Vector3 { quantiser, .. } => quantiser.step,
            _ => 1,
        }
    }

    /// Whether its values are numbers that can move.
    #[must_use]
    pub const fn is_number(&self) -> bool {
        !matches!(
            self.kind,
            FieldKind::Bool
                | FieldKind::Choice { .. }
                | FieldKind::Reference
                | FieldKind::Text { .. }
                | FieldKind::Rotation { .. }
        )
    }

    /// Number of parts.
    #[must_use]
    pub fn part_count(&self) -> usize {
        match &self.kind {
            FieldKind::Vector2 { .. } => 2,
            FieldKind::Vector3 { .. } => 3,
            FieldKind::Rotation { .. } => 4,
            FieldKind::Text { bytes } => 1 + text_chunks(*bytes),
            _ => 1,
        }
    }
}

/// A part of `codes` codes, `min` the value of the first.
const fn signed(min: i32, codes: u64, step: i32) -> Part {
    let zero = if min < 0 { (min.wrapping_neg() / step).saturating_abs() } else { 0 };
    Part { zero: if codes > i32::MAX as u64 && min < 0 { min } else { zero }, ..Part::holding(codes) }
}

const fn quantised(quantiser: &Quantiser) -> Part {
    signed(quantiser.min, quantiser.codes() as u64, quantiser.step)
}

/// The largest of a rotation's three, up or down, in codes.
#[must_use]
pub const fn turn_half(bits: u32) -> i32 {
    (1 << (bits - 1)) - 1
}

const fn text_chunks(bytes: u32) -> usize {
    bytes.div_ceil(3) as usize
}

/// An enum of names without fields, written by `#[derive(Replicated)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is taken for an enum of names, and does not derive `Replicated`",
    label = "derive `Replicated` on the enum, or write an integer, bool, IVec2, IVec3, EntityId or Text<N>"
)]
pub trait Enumerated: Copy {
    /// The names, in the order of their codes.
    const NAMES: &'static [&'static str];
    /// The code, `0..NAMES.len()`. Inverse of [`Enumerated::from_code`].
    fn code(self) -> i32;
    /// The value of a code; a code that no name has gives the first.
    fn from_code(code: i32) -> Self;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_as_many_as_needed() {
        assert_eq!([1, 2, 3, 4, 5, 1 << 16].map(bits_for), [0, 1, 2, 2, 3, 16]);
    }
}
