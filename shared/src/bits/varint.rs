//! Numbers that are mostly small: groups of four bits, each with a bit that says whether more follow.
//!
//! Used where no trained code exists: control fields and predictor states in records. (The state's own numbers go through
//! prefix codes, see `codec::prefix_code`.)

use super::{BitReader, BitWriter, DecodeError};

/// Writes a number: 5 bits below 16, 10 below 256, at most 40. Inverse of [`read_number`].
pub fn write_number(writer: &mut BitWriter, mut number: u32) {
    loop {
        writer.write(number & 0xF, 4);
        number >>= 4;
        writer.write_bool(number != 0);
        if number == 0 {
            return;
        }
    }
}

/// Reads a number; refuses one that is longer than needed or has more than 32 bits.
///
/// # Errors
/// [`DecodeError::Truncated`], [`DecodeError::OutOfRange`].
pub fn read_number(reader: &mut BitReader<'_>, field: &'static str) -> Result<u32, DecodeError> {
    let mut number = 0;
    for shift in (0..32).step_by(4) {
        let nibble = reader.read(4, field)?;
        number |= nibble << shift;
        if !reader.read_bool(field)? {
            if nibble == 0 && shift != 0 {
                break;
            }
            return Ok(number);
        }
    }
    Err(DecodeError::OutOfRange { field, got: i64::from(number), min: 0, max: i64::from(u32::MAX) })
}

/// Signed to unsigned so that small ones stay small: 0, -1, 1, -2 … become 0, 1, 2, 3 … Inverse of [`unzigzag`].
#[must_use]
pub const fn zigzag(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)) as u32
}

/// Inverse of [`zigzag`].
#[must_use]
pub const fn unzigzag(value: u32) -> i32 {
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_survives(number: u32) {
            let mut writer = BitWriter::new();
            write_number(&mut writer, number);
            let bytes = writer.into_bytes();
            prop_assert_eq!(read_number(&mut BitReader::new(&bytes), "number"), Ok(number));
        }

        #[test]
        fn a_sign_survives(value: i32) {
            prop_assert_eq!(unzigzag(zigzag(value)), value);
        }
    }

    #[test]
    fn a_number_that_is_longer_than_needed_is_refused() {
        let mut writer = BitWriter::new();
        writer.write(3, 4);
        writer.write_bool(true);
        writer.write(0, 4);
        writer.write_bool(false);
        let bytes = writer.into_bytes();
        assert!(read_number(&mut BitReader::new(&bytes), "number").is_err());
    }
}
