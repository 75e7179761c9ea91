//! Bytes into bits, out of hostile hands: every read can fail, none can panic, none allocates.
//!
//! Never here: what the bits mean.

/// Why bytes were refused. Every variant is the peer's fault; none may crash us or cost more than the bytes it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end in the middle of something.
    #[error("the bytes end while {field} is read")]
    Truncated {
        /// What was being read.
        field: &'static str,
    },
    /// A number lies outside its declared range.
    #[error("{field} is {got}, allowed is {min} to {max}")]
    OutOfRange {
        /// What was being read.
        field: &'static str,
        /// What it was.
        got: i64,
        /// Smallest allowed.
        min: i64,
        /// Largest allowed.
        max: i64,
    },
    /// Something follows the last field, or padding is not zero.
    #[error("{bits} bits follow the last field, or its padding is not zero")]
    TrailingBits {
        /// How many.
        bits: u64,
    },
    /// The first byte is no message's.
    #[error("there is no message {kind}")]
    UnknownMessage {
        /// The byte.
        kind: u8,
    },
    /// A text is not UTF-8.
    #[error("{field} is not UTF-8")]
    NotText {
        /// What was being read.
        field: &'static str,
    },
    /// It has a shorter form, and only that is allowed.
    #[error("{field} is written longer than needed")]
    NotShortest {
        /// What was being read.
        field: &'static str,
    },
    /// A control message could not be decoded.
    #[error("{message} could not be decoded")]
    Control {
        /// Which.
        message: &'static str,
    },
    /// A position, slot or count does not fit what is held.
    #[error("{field} does not fit what is held")]
    Inconsistent {
        /// What was being read.
        field: &'static str,
    },
}

/// Reads bits, least significant first.
#[derive(Clone, Debug)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> BitReader<'a> {
    /// A reader at the first bit of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bits that are left.
    #[must_use]
    pub const fn bits_left(&self) -> usize {
        self.bytes.len() * 8 - self.at
    }

    /// Reads `bits` bits (at most 32). Inverse of [`super::BitWriter::write`].
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if there are fewer.
    #[inline]
    pub fn read(&mut self, bits: u32, field: &'static str) -> Result<u32, DecodeError> {
        let bits = bits.min(32);
        if (bits as usize) > self.bits_left() {
            return Err(DecodeError::Truncated { field });
        }
        let value = self.peek(bits);
        self.at += bits as usize;
        Ok(value)
    }

    /// Reads `bits` bits that must be at most `max`.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`], [`DecodeError::OutOfRange`].
    pub fn read_at_most(&mut self, max: u32, bits: u32, field: &'static str) -> Result<u32, DecodeError> {
        let value = self.read(bits, field)?;
        if value > max {
            return Err(DecodeError::OutOfRange { field, got: i64::from(value), min: 0, max: i64::from(max) });
        }
        Ok(value)
    }

    /// Reads one bit. Inverse of [`super::BitWriter::write_bool`].
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] at the end.
    pub fn read_bool(&mut self, field: &'static str) -> Result<bool, DecodeError> {
        Ok(self.read(1, field)? != 0)
    }

    /// The next `bits` bits (at most 32) without taking them; zeros behind the end.
    #[inline]
    #[must_use]
    pub fn peek(&self, bits: u32) -> u32 {
        let tail = self.bytes.get(self.at / 8..).unwrap_or_default();
        let word = match tail.first_chunk::<8>() {
            Some(chunk) => u64::from_le_bytes(*chunk),
            None => {
                let mut chunk = [0; 8];
                for (to, from) in chunk.iter_mut().zip(tail) {
                    *to = *from;
                }
                u64::from_le_bytes(chunk)
            }
        };
        let mask = (1u64 << bits.min(32)) - 1;
        ((word >> (self.at % 8)) & mask) as u32
    }

    /// Takes `bits` bits that were peeked at.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if there are fewer.
    #[inline]
    pub fn skip(&mut self, bits: u32, field: &'static str) -> Result<(), DecodeError> {
        if (bits as usize) > self.bits_left() {
            return Err(DecodeError::Truncated { field });
        }
        self.at += bits as usize;
        Ok(())
    }

    /// Goes to the next whole byte; what lies between must be zero. Inverse of [`super::BitWriter::align`].
    ///
    /// # Errors
    /// [`DecodeError::TrailingBits`] if it is not zero.
    pub fn align(&mut self) -> Result<(), DecodeError> {
        let over = (self.at % 8) as u32;
        if over != 0 {
            let bits = 8 - over;
            if self.read(bits, "padding")? != 0 {
                return Err(DecodeError::TrailingBits { bits: u64::from(bits) });
            }
        }
        Ok(())
    }

    /// `count` whole bytes, aligned first. Inverse of [`super::BitWriter::write_bytes`].
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if there are fewer, [`DecodeError::TrailingBits`] if the padding is not zero.
    pub fn read_bytes(&mut self, count: usize, field: &'static str) -> Result<&'a [u8], DecodeError> {
        self.align()?;
        let start = self.at / 8;
        let end = start.checked_add(count).ok_or(DecodeError::Truncated { field })?;
        let bytes = self.bytes.get(start..end).ok_or(DecodeError::Truncated { field })?;
        self.at = end * 8;
        Ok(bytes)
    }

    /// Nothing may be left but zero bits in the last byte.
    ///
    /// # Errors
    /// [`DecodeError::TrailingBits`] otherwise.
    pub fn finish(mut self) -> Result<(), DecodeError> {
        self.align()?;
        match self.bits_left() {
            0 => Ok(()),
            bits => Err(DecodeError::TrailingBits { bits: bits as u64 }),
        }
    }
}
