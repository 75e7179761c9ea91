//! One field of a declaration: what it holds, who may see it, how the next value is guessed.
//!
//! A field is one value to the author and one or more *parts* to the codec: a vector has a part per axis, a text one per
//! three bytes. A part is a code in `0..codes`; everything after quantising works on parts only.
//!
//! Never here: bits (see `codec`), values (see `component`).

use crate::limits::TEXT_BYTES_MAX;
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
    /// Another entity; travels as the slot of its anchor, and only to those who may see both.
    Reference,
    /// UTF-8 of at most `bytes` bytes.
    Text {
        /// 1 to [`TEXT_BYTES_MAX`].
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

/// How the next value of a part is guessed from the last ones. Integer only, and the same on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Predictor {
    /// It stays as it is.
    #[default]
    Hold,
    /// It moves on as it did in the last tick.
    Linear,
}

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

/// One scalar of a field, as the codec sees it: a code in `0..codes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Number of codes, at least 1.
    pub codes: u32,
    /// Bits of a raw code.
    pub bits: u32,
    /// The last code is next to the first (an angle).
    pub wrap: bool,
    /// How it is guessed.
    pub predictor: Predictor,
}

impl Part {
    fn new(codes: u32, predictor: Predictor) -> Self {
        Self { codes, bits: bits_for(codes), wrap: false, predictor }
    }
}

/// Bits that a raw code in `0..codes` needs.
#[must_use]
pub const fn bits_for(codes: u32) -> u32 {
    if codes <= 1 { 0 } else { 32 - (codes - 1).leading_zeros() }
}

impl Field {
    /// The parts of this field, in the order in which values are written to codes.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let predictor = self.predictor;
        match &self.kind {
            FieldKind::Bool => vec![Part::new(2, predictor)],
            FieldKind::Unsigned { max } => vec![Part::new(max.saturating_add(1), predictor)],
            FieldKind::Signed { min, max } => {
                vec![Part::new((i64::from(*max) - i64::from(*min) + 1) as u32, predictor)]
            }
            FieldKind::Fixed { quantiser, .. } => vec![Part::new(quantiser.codes() as u32, predictor)],
            FieldKind::Angle { bits } => vec![Part { wrap: true, ..Part::new(1 << bits, predictor) }],
            FieldKind::Choice { names } => vec![Part::new(names.len() as u32, predictor)],
            FieldKind::Vector2 { quantiser, .. } => vec![Part::new(quantiser.codes() as u32, predictor); 2],
            FieldKind::Vector3 { quantiser, .. } => vec![Part::new(quantiser.codes() as u32, predictor); 3],
            // The bits of a slot are the room's choice; the layout fills them in.
            FieldKind::Reference => vec![Part::new(1 << 16, Predictor::Hold)],
            FieldKind::Text { bytes } => {
                let mut parts = vec![Part::new(bytes + 1, Predictor::Hold)];
                parts.resize(1 + text_chunks(*bytes), Part::new(1 << 24, Predictor::Hold));
                parts
            }
        }
    }

    /// Number of parts.
    #[must_use]
    pub fn part_count(&self) -> usize {
        match &self.kind {
            FieldKind::Vector2 { .. } => 2,
            FieldKind::Vector3 { .. } => 3,
            FieldKind::Text { bytes } => 1 + text_chunks(*bytes),
            _ => 1,
        }
    }
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

/// A bounded text: at most `BYTES` bytes of UTF-8, always whole characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text<const BYTES: usize> {
    length: u8,
    bytes: [u8; BYTES],
}

impl<const BYTES: usize> Text<BYTES> {
    const FITS: () = assert!(BYTES >= 1 && BYTES <= TEXT_BYTES_MAX);

    /// As much of `text` as fits, cut at a character.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let () = Self::FITS;
        let cut = text.floor_char_boundary(BYTES);
        let mut bytes = [0; BYTES];
        bytes[..cut].copy_from_slice(&text.as_bytes()[..cut]);
        Self { length: cut as u8, bytes }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.bytes.get(..usize::from(self.length)).unwrap_or_default()).unwrap_or_default()
    }

    /// Writes the length and then three bytes to a code. Inverse of [`Text::read_codes`].
    pub fn write_codes(&self, out: &mut [i32]) {
        let Some((length, chunks)) = out.split_first_mut() else { return };
        *length = i32::from(self.length);
        for (code, chunk) in chunks.iter_mut().zip(self.bytes.chunks(3)) {
            *code = chunk.iter().enumerate().map(|(at, &byte)| i32::from(byte) << (8 * at)).sum();
        }
    }

    /// The text of some codes. Bytes that are not UTF-8 (a hostile peer's) give an empty text.
    #[must_use]
    pub fn read_codes(codes: &[i32]) -> Self {
        let mut bytes = [0; BYTES];
        let Some((&length, chunks)) = codes.split_first() else { return Self { length: 0, bytes } };
        for (chunk, &code) in bytes.chunks_mut(3).zip(chunks) {
            for (at, byte) in chunk.iter_mut().enumerate() {
                *byte = (code >> (8 * at)) as u8;
            }
        }
        let length = usize::try_from(length).unwrap_or(0).min(BYTES);
        match std::str::from_utf8(&bytes[..length]) {
            Ok(text) => Self::new(text),
            Err(_) => Self { length: 0, bytes: [0; BYTES] },
        }
    }
}

impl<const BYTES: usize> Default for Text<BYTES> {
    fn default() -> Self {
        Self::new("")
    }
}

impl<const BYTES: usize> std::fmt::Debug for Text<BYTES> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

/// Saved as its text: a checkpoint does not care how long a text may be.
impl<const BYTES: usize> serde::Serialize for Text<BYTES> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, const BYTES: usize> serde::Deserialize<'de> for Text<BYTES> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_survives_its_codes_and_is_cut_at_a_character() {
        for text in ["", "a", "Zoë", "длинное имя", "ab\u{1F600}cd"] {
            let text = Text::<16>::new(text);
            let mut codes = [0; 7];
            text.write_codes(&mut codes);
            assert_eq!(Text::<16>::read_codes(&codes), text);
        }
        assert_eq!(Text::<5>::new("abcdé").as_str(), "abcd");
    }

    #[test]
    fn bytes_that_are_no_text_become_an_empty_one() {
        assert_eq!(Text::<3>::read_codes(&[3, 0x00FF_FFFF]).as_str(), "");
        assert_eq!(Text::<3>::read_codes(&[-1, 0]).as_str(), "");
    }

    #[test]
    fn bits_are_as_many_as_needed() {
        assert_eq!([1, 2, 3, 4, 5, 1 << 16].map(bits_for), [0, 1, 2, 2, 3, 16]);
    }
}
