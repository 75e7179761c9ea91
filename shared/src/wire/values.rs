//! Values of a declaration, raw: inputs, events and requests, where nothing is guessed.
//!
//! Each part's code in as many bits as its range needs; a reference as one bit and, if it points at something, a slot of 16
//! bits. Reading checks every code's range, so that what comes out may be used as it is.

use crate::bits::{BitReader, BitWriter, DecodeError};
use crate::schema::{Declaration, Field, FieldKind};

/// A reference that points at nothing.
pub const NO_REFERENCE: i32 = -1;

/// Writes the codes of a declaration; references as slots or [`NO_REFERENCE`]. Inverse of [`read_values`].
///
/// # Panics
/// If there are fewer codes than parts, or one is out of range: our own bug.
pub fn write_values(writer: &mut BitWriter, declaration: &Declaration, codes: &[i32]) {
    assert!(codes.len() >= declaration.part_count(), "{} has more parts than codes were given", declaration.name);
    let mut codes = codes.iter();
    for field in &declaration.fields {
        if is_reference(field) {
            let slot = codes.next().copied().filter(|&slot| slot != NO_REFERENCE);
            writer.write_bool(slot.is_some());
            if let Some(slot) = slot {
                writer.write(slot as u32, 16);
            }
            continue;
        }
        for (part, &code) in field.each_part().zip(codes.by_ref()) {
            writer.write(code as u32, part.bits);
        }
    }
}

/// Reads the codes of a declaration into `codes`, which is cleared first.
///
/// # Errors
/// [`DecodeError`]: truncated, or a code outside its declared range.
pub fn read_values(
    reader: &mut BitReader<'_>,
    declaration: &Declaration,
    codes: &mut Vec<i32>,
) -> Result<(), DecodeError> {
    codes.clear();
    for field in &declaration.fields {
        if is_reference(field) {
            let some = reader.read_bool("reference")?;
            codes.push(if some { reader.read(16, "reference")? as i32 } else { NO_REFERENCE });
            continue;
        }
        for part in field.each_part() {
            codes.push(reader.read_at_most(part.last, part.bits, "value")? as i32);
        }
    }
    Ok(())
}

/// Whether a field points at an entity.
#[must_use]
pub const fn is_reference(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Reference)
}
