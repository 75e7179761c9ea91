//! A schema as bytes, back from bytes, and its name: the fingerprint.
//!
//! The schema goes to every client that does not have it, so it is described by words, not by numbers that only we know:
//! a client that meets a kind of field it does not understand refuses it by name (PROTOCOL.md, "Schema").
//!
//! Never here: what the schema means (see `field`), when it is sent (see `wire`).

use super::component::Declaration;
use super::field::{Audience, Field, FieldKind, Marks, Predictor};
use super::registry::{EntityKind, Schema, SchemaError};
use crate::bits::{BitReader, BitWriter, DecodeError};
use crate::limits::NAME_BYTES_MAX;
use crate::quantise::Quantiser;

/// The form of the bytes; a schema in another form is refused.
const FORM: u32 = 2;

/// The word of the only kind of field that has names.
const CHOICE: &str = "choice";

/// Why bytes are no schema that we can play by. The server's fault, or it is newer than we are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaBytesError {
    /// The bytes are broken.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A word that this build does not know: a kind of field, an audience, a predictor.
    #[error("this client does not know the {what} {name:?}; a newer one is needed")]
    Unknown {
        /// What the word names.
        what: &'static str,
        /// The word.
        name: String,
    },
    /// It is read, but cannot be used.
    #[error(transparent)]
    Schema(#[from] SchemaError),
}

impl Schema {
    /// The schema as bytes. Inverse of [`Schema::from_bytes`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = BitWriter::new();
        out.write(FORM, 8);
        write_text(&mut out, &self.game);
        write_list(&mut out, &self.components, write_declaration);
        write_list(&mut out, &self.kinds, |out, kind| {
            write_text(out, &kind.name);
            write_list(out, &kind.components, |out, &component| out.write(u32::from(component), 8));
        });
        write_declaration(&mut out, &self.input);
        write_list(&mut out, &self.events, write_declaration);
        write_list(&mut out, &self.requests, write_declaration);
        out.into_bytes()
    }

    /// The schema of some bytes, checked.
    ///
    /// # Errors
    /// [`SchemaBytesError`]: broken, not understood, or not usable.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SchemaBytesError> {
        let mut reader = BitReader::new(bytes);
        let form = reader.read(8, "schema form")?;
        if form != FORM {
            return Err(SchemaBytesError::Unknown { what: "schema form", name: form.to_string() });
        }
        let schema = Self {
            game: read_text(&mut reader)?,
            components: read_list(&mut reader, read_declaration)?,
            kinds: read_list(&mut reader, |reader| {
                Ok(EntityKind {
                    name: read_text(reader)?,
                    components: read_list(reader, |reader| Ok(reader.read(8, "component")? as u8))?,
                })
            })?,
            input: read_declaration(&mut reader)?,
            events: read_list(&mut reader, read_declaration)?,
            requests: read_list(&mut reader, read_declaration)?,
        };
        reader.finish()?;
        schema.check()?;
        Ok(schema)
    }

    /// The schema's name: xxh3 (64 bits) of its bytes.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        xxhash_rust::xxh3::xxh3_64(&self.to_bytes())
    }
}

fn write_declaration(out: &mut BitWriter, declaration: &Declaration) {
    write_text(out, &declaration.name);
    write_list(out, &declaration.fields, write_field);
}

fn read_declaration(reader: &mut BitReader<'_>) -> Result<Declaration, SchemaBytesError> {
    Ok(Declaration { name: read_text(reader)?, fields: read_list(reader, read_field)? })
}

fn write_field(out: &mut BitWriter, field: &Field) {
    write_text(out, &field.name);
    let (word, mut numbers, names) = describe(&field.kind);
    // Only where it is said, so that what does not say it keeps its bytes.
    numbers.extend((field.marks.snap > 0).then_some(field.marks.snap as i32));
    write_text(out, word);
    write_list(out, &numbers, |out, &number| out.write(number as u32, 32));
    write_list(out, names, |out, name| write_text(out, name));
    write_text(out, audience_word(field.audience));
    let (word, numbers) = describe_predictor(field.predictor);
    write_text(out, word);
    write_list(out, &numbers, |out, &number| out.write(number as u32, 32));
    let Marks { predicted, position, priority, press, constant, tolerance, snap: _ } = field.marks;
    for mark in [predicted, position, press, constant] {
        out.write_bool(mark);
    }
    out.write(u32::from(priority.min(15)), 4);
    out.write(u32::from(tolerance), 16);
}

fn read_field(reader: &mut BitReader<'_>) -> Result<Field, SchemaBytesError> {
    let name = read_text(reader)?;
    let word = read_text(reader)?;
    let mut numbers = read_list(reader, |reader| Ok(reader.read(32, "schema number")? as i32))?;
    // A 0 that nobody writes would give one schema two forms.
    let snap = match numbers.as_slice() {
        &[.., snap] if can_snap(&word) && numbers.len() == 5 && snap != 0 => snap as u32,
        _ => 0,
    };
    numbers.truncate(if snap > 0 { 4 } else { numbers.len() });
    let names = read_list(reader, read_text)?;
    // Names that nobody reads would give one schema two forms, and two fingerprints.
    if !names.is_empty() && word != CHOICE {
        return Err(DecodeError::Inconsistent { field: "names of a field" }.into());
    }
    let kind =
        understand(&word, &numbers, names).ok_or(SchemaBytesError::Unknown { what: "kind of field", name: word })?;
    let word = read_text(reader)?;
    let audience = [Audience::Everyone, Audience::Team, Audience::Owner]
        .into_iter()
        .find(|&audience| audience_word(audience) == word)
        .ok_or(SchemaBytesError::Unknown { what: "audience", name: word })?;
    let word = read_text(reader)?;
    let numbers = read_list(reader, |reader| Ok(reader.read(32, "predictor's number")? as i32))?;
    let predictor =
        understand_predictor(&word, &numbers).ok_or(SchemaBytesError::Unknown { what: "predictor", name: word })?;
    let mut marks = Marks { snap, ..Marks::default() };
    for mark in [&mut marks.predicted, &mut marks.position, &mut marks.press, &mut marks.constant] {
        *mark = reader.read_bool("mark")?;
    }
    marks.priority = reader.read(4, "priority")? as u8;
    marks.tolerance = reader.read(16, "tolerance")? as u16;
    Ok(Field { name, kind, audience, predictor, marks })
}

/// Behind the numbers of such a kind may stand one more: see [`Marks::snap`].
fn can_snap(word: &str) -> bool {
    matches!(word, "fixed" | "vector2" | "vector3")
}

/// A kind of field as a word, numbers and names. Inverse of [`understand`].
fn describe(kind: &FieldKind) -> (&'static str, Vec<i32>, &[String]) {
    match kind {
        FieldKind::Bool => ("bool", vec![], &[]),
        FieldKind::Unsigned { max } => ("unsigned", vec![*max as i32], &[]),
        FieldKind::Signed { min, max } => ("signed", vec![*min, *max], &[]),
        FieldKind::Fixed { quantiser, unit } => ("fixed", range_numbers(quantiser, *unit), &[]),
        FieldKind::Angle { bits } => ("angle", vec![*bits as i32], &[]),
        FieldKind::Choice { names } => (CHOICE, vec![], names),
        FieldKind::Vector2 { quantiser, unit } => ("vector2", range_numbers(quantiser, *unit), &[]),
        FieldKind::Vector3 { quantiser, unit } => ("vector3", range_numbers(quantiser, *unit), &[]),
        FieldKind::Rotation { bits } => ("rotation", vec![*bits as i32], &[]),
        FieldKind::Reference => ("reference", vec![], &[]),
        FieldKind::Text { bytes } => ("text", vec![*bytes as i32], &[]),
    }
}

/// The kind of field that a word, numbers and names describe; `None` if we do not know it.
fn understand(word: &str, numbers: &[i32], names: Vec<String>) -> Option<FieldKind> {
    match (word, numbers) {
        ("bool", []) => Some(FieldKind::Bool),
        ("unsigned", &[max]) => Some(FieldKind::Unsigned { max: max as u32 }),
        ("signed", &[min, max]) => Some(FieldKind::Signed { min, max }),
        ("fixed", &[min, max, step, unit]) => {
            Some(FieldKind::Fixed { quantiser: Quantiser { min, max, step }, unit: unit as u32 })
        }
        ("angle", &[bits]) => Some(FieldKind::Angle { bits: bits as u32 }),
        (CHOICE, []) => Some(FieldKind::Choice { names }),
        ("vector2", &[min, max, step, unit]) => {
            Some(FieldKind::Vector2 { quantiser: Quantiser { min, max, step }, unit: unit as u32 })
        }
        ("vector3", &[min, max, step, unit]) => {
            Some(FieldKind::Vector3 { quantiser: Quantiser { min, max, step }, unit: unit as u32 })
        }
        ("rotation", &[bits]) => Some(FieldKind::Rotation { bits: bits as u32 }),
        ("reference", []) => Some(FieldKind::Reference),
        ("text", &[bytes]) => Some(FieldKind::Text { bytes: bytes as u32 }),
        _ => None,
    }
}

fn range_numbers(quantiser: &Quantiser, unit: u32) -> Vec<i32> {
    vec![quantiser.min, quantiser.max, quantiser.step, unit as i32]
}

const fn audience_word(audience: Audience) -> &'static str {
    match audience {
        Audience::Everyone => "everyone",
        Audience::Team => "team",
        Audience::Owner => "owner",
    }
}

/// A predictor as a word and numbers. Inverse of [`understand_predictor`].
fn describe_predictor(predictor: Predictor) -> (&'static str, Vec<i32>) {
    match predictor {
        Predictor::Hold => ("hold", vec![]),
        Predictor::Linear => ("linear", vec![]),
        Predictor::AlphaBeta { calm } => ("alpha-beta", vec![i32::from(calm)]),
        Predictor::Follow { field, times, shift } => ("follow", vec![i32::from(field), times, i32::from(shift)]),
        Predictor::Tick { step } => ("tick", vec![step]),
    }
}

/// The predictor that a word and numbers describe; `None` if we do not know it.
fn understand_predictor(word: &str, numbers: &[i32]) -> Option<Predictor> {
    match (word, numbers) {
        ("hold", []) => Some(Predictor::Hold),
        ("linear", []) => Some(Predictor::Linear),
        ("alpha-beta", &[calm]) => Some(Predictor::AlphaBeta { calm: u8::try_from(calm).ok()? }),
        ("follow", &[field, times, shift]) => {
            Some(Predictor::Follow { field: u8::try_from(field).ok()?, times, shift: u8::try_from(shift).ok()? })
        }
        ("tick", &[step]) => Some(Predictor::Tick { step }),
        _ => None,
    }
}

fn write_text(out: &mut BitWriter, text: &str) {
    out.write(text.len() as u32, 8);
    for &byte in text.as_bytes() {
        out.write(u32::from(byte), 8);
    }
}

fn read_text(reader: &mut BitReader<'_>) -> Result<String, SchemaBytesError> {
    let length = reader.read_at_most(NAME_BYTES_MAX as u32, 8, "length of a name")?;
    let mut bytes = Vec::with_capacity(length as usize);
    for _ in 0..length {
        bytes.push(reader.read(8, "name")? as u8);
    }
    Ok(String::from_utf8(bytes).map_err(|_| DecodeError::NotText { field: "name" })?)
}

fn write_list<T>(out: &mut BitWriter, items: &[T], write: impl Fn(&mut BitWriter, &T)) {
    out.write(items.len() as u32, 8);
    for item in items {
        write(out, item);
    }
}

fn read_list<'a, T>(
    reader: &mut BitReader<'a>,
    read: impl Fn(&mut BitReader<'a>) -> Result<T, SchemaBytesError>,
) -> Result<Vec<T>, SchemaBytesError> {
    let count = reader.read(8, "length of a list")?;
    (0..count).map(|_| read(reader)).collect()
}
