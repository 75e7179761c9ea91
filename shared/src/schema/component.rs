//! One declaration (a component, input, event or request), and its values as a row of codes.
//!
//! `#[derive(Replicated)]` writes the implementation; [`FieldValue`] is what a type must do to be a field. Writing and
//! reading are neighbours, and reading never fails: codes are range-checked by whoever took them off the wire.
//!
//! Never here: bits (see `codec` and `wire`), the World (see the server's `sim` and `replicate`).

use super::field::{Enumerated, Field, FieldKind, Part};
use super::text::Text;
use crate::ids::EntityId;
use crate::quantise::{angle_code, angle_value};
use crate::rotation::Rotation;
use glam::{IVec2, IVec3};

/// How many values had to be clamped to fit their declared range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Clamped(pub u32);

impl std::ops::AddAssign for Clamped {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

/// What `#[derive(Replicated)]` says of a struct: its name and its fields, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The struct's name.
    pub name: String,
    /// Its fields.
    pub fields: Vec<Field>,
}

impl Declaration {
    /// All parts of all fields, in order: what [`Replicated::write_codes`] fills.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        self.fields.iter().flat_map(Field::parts).collect()
    }

    /// Number of parts.
    #[must_use]
    pub fn part_count(&self) -> usize {
        self.fields.iter().map(Field::part_count).sum()
    }
}

/// A component, input, event or request that travels. Write it with `#[derive(Replicated)]`.
pub trait Replicated: Clone + Send + Sync + 'static {
    /// The struct's name: how schema, kinds and clients call it.
    const NAME: &'static str;

    /// Number of codes that a value has.
    const PART_COUNT: usize;

    /// Its fields, as data.
    fn declaration() -> Declaration;

    /// Writes the value as `PART_COUNT` codes, each in its part's range; says how many values had to be clamped.
    /// A reference is written as the `EntityId`'s number, `-1` for none; who sends it puts a slot in its place.
    fn write_codes(&self, out: &mut [i32]) -> Clamped;

    /// The value of some codes. Inverse of [`Replicated::write_codes`], up to quantising.
    fn read_codes(codes: &[i32]) -> Self;
}

/// A type that can be a field. `kind` is what the attribute declared.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a field's type",
    label = "write an integer, bool, IVec2, IVec3, Rotation, EntityId, Text<N>, or an enum that derives `Replicated`"
)]
pub trait FieldValue: Sized {
    /// Writes the value's codes; says how many were clamped.
    fn write(&self, kind: &FieldKind, out: &mut [i32]) -> Clamped;
    /// Reads them back.
    fn read(kind: &FieldKind, codes: &[i32]) -> Self;
}

fn first(codes: &[i32]) -> i32 {
    codes.first().copied().unwrap_or(0)
}

fn put(out: &mut [i32], code: i32) {
    if let Some(slot) = out.first_mut() {
        *slot = code;
    }
}

/// One integer through the range of its kind.
fn write_integer(value: i64, kind: &FieldKind, out: &mut [i32]) -> Clamped {
    let (low, high) = match kind {
        FieldKind::Bool => (0, 1),
        FieldKind::Unsigned { max } => (0, i64::from(*max)),
        FieldKind::Signed { min, max } => (i64::from(*min), i64::from(*max)),
        FieldKind::Fixed { quantiser, .. }
        | FieldKind::Vector2 { quantiser, .. }
        | FieldKind::Vector3 { quantiser, .. } => {
            let inside = value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
            let quantised = quantiser.code(inside);
            put(out, quantised.code);
            return Clamped(u32::from(quantised.clamped || i64::from(inside) != value));
        }
        FieldKind::Angle { bits } => {
            put(out, angle_code(value as u16, *bits));
            return Clamped(0);
        }
        FieldKind::Choice { names } => (0, names.len() as i64 - 1),
        FieldKind::Reference | FieldKind::Text { .. } | FieldKind::Rotation { .. } => (0, 0),
    };
    let inside = value.clamp(low, high);
    put(out, (inside - low) as i32);
    Clamped(u32::from(inside != value))
}

fn read_integer(kind: &FieldKind, codes: &[i32]) -> i64 {
    let code = first(codes);
    match kind {
        FieldKind::Signed { min, .. } => i64::from(*min) + i64::from(code),
        FieldKind::Fixed { quantiser, .. }
        | FieldKind::Vector2 { quantiser, .. }
        | FieldKind::Vector3 { quantiser, .. } => i64::from(quantiser.value(code)),
        FieldKind::Angle { bits } => i64::from(angle_value(code, *bits)),
        _ => i64::from(code),
    }
}

macro_rules! integer_fields {
    ($($integer:ty),+) => {$(
        impl FieldValue for $integer {
            fn write(&self, kind: &FieldKind, out: &mut [i32]) -> Clamped {
                write_integer(i64::from(*self), kind, out)
            }
            fn read(kind: &FieldKind, codes: &[i32]) -> Self {
                read_integer(kind, codes) as Self
            }
        }
    )+};
}

integer_fields!(u8, u16, u32, i8, i16, i32);

impl FieldValue for bool {
    fn write(&self, kind: &FieldKind, out: &mut [i32]) -> Clamped {
        write_integer(i64::from(*self), kind, out)
    }
    fn read(_: &FieldKind, codes: &[i32]) -> Self {
        first(codes) != 0
    }
}

impl FieldValue for IVec2 {
    fn write(&self, kind: &FieldKind, out: &mut [i32]) -> Clamped {
        write_axes(&self.to_array(), kind, out)
    }
    fn read(kind: &FieldKind, codes: &[i32]) -> Self {
        Self::from_array(read_axes(kind, codes))
    }
}

impl FieldValue for IVec3 {
    fn write(&self, kind: &FieldKind, out: &mut [i32]) -> Clamped {
        write_axes(&self.to_array(), kind, out)
    }
    fn read(kind: &FieldKind, codes: &[i32]) -> Self {
        Self::from_array(read_axes(kind, codes))
    }
}

impl FieldValue for Rotation {
    fn write(&self, kind: &FieldKind, out: &mut [i32]) -> Clamped {
        if let FieldKind::Rotation { bits } = *kind {
            for (code, part) in out.iter_mut().zip(self.codes(bits)) {
                *code = part;
            }
        }
        Clamped(0)
    }
    fn read(kind: &FieldKind, codes: &[i32]) -> Self {
        match (kind, codes) {
            (&FieldKind::Rotation { bits }, &[which, a, b, c]) => Self::of_codes(bits, [which, a, b, c]),
            _ => Self::default(),
        }
    }
}

fn write_axes(axes: &[i32], kind: &FieldKind, out: &mut [i32]) -> Clamped {
    let mut clamped = Clamped(0);
    for (axis, code) in axes.iter().zip(out.chunks_mut(1)) {
        clamped += write_integer(i64::from(*axis), kind, code);
    }
    clamped
}

fn read_axes<const N: usize>(kind: &FieldKind, codes: &[i32]) -> [i32; N] {
    let mut axes = [0; N];
    for (axis, code) in axes.iter_mut().zip(codes.chunks(1)) {
        *axis = read_integer(kind, code) as i32;
    }
    axes
}

impl FieldValue for EntityId {
    fn write(&self, _: &FieldKind, out: &mut [i32]) -> Clamped {
        put(out, self.0 as i32);
        Clamped(0)
    }
    fn read(_: &FieldKind, codes: &[i32]) -> Self {
        Self(first(codes) as u32)
    }
}

impl<const BYTES: usize> FieldValue for Text<BYTES> {
    fn write(&self, _: &FieldKind, out: &mut [i32]) -> Clamped {
        self.write_codes(out);
        Clamped(0)
    }
    fn read(_: &FieldKind, codes: &[i32]) -> Self {
        Self::read_codes(codes)
    }
}

/// An enum as a field: what the derive on an enum calls.
pub fn write_choice<E: Enumerated>(value: E, out: &mut [i32]) -> Clamped {
    put(out, value.code());
    Clamped(0)
}

/// Inverse of [`write_choice`].
#[must_use]
pub fn read_choice<E: Enumerated>(codes: &[i32]) -> E {
    E::from_code(first(codes))
}
