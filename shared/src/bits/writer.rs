//! Bits into bytes: least significant bit first, as PROTOCOL.md's "Bits" says.
//!
//! The writer owns its buffer and gives it back, so that a caller can reuse it tick after tick. What was written once can
//! be copied bit for bit into another writer ([`BitWriter::append`]): that is how one piece serves every client.
//!
//! Never here: what the bits mean.

/// A run of bits in some buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct BitSpan {
    /// First bit.
    pub start: usize,
    /// Number of bits.
    pub length: usize,
}

/// Writes bits into a growing buffer.
#[derive(Clone, Debug, Default)]
pub struct BitWriter {
    bytes: Vec<u8>,
    pending: u64,
    pending_bits: u32,
}

impl BitWriter {
    /// An empty writer.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), pending: 0, pending_bits: 0 }
    }

    /// A writer that goes on behind `bytes`.
    #[must_use]
    pub const fn after(bytes: Vec<u8>) -> Self {
        Self { bytes, pending: 0, pending_bits: 0 }
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.pending = 0;
        self.pending_bits = 0;
    }

    /// Number of bits written so far.
    #[must_use]
    pub const fn bit_length(&self) -> usize {
        // No buffer has 2^61 bytes.
        self.bytes.len().wrapping_mul(8).wrapping_add(self.pending_bits as usize)
    }

    /// Writes the low `bits` bits of `value`. Inverse of [`super::BitReader::read`].
    ///
    /// # Panics
    /// If `bits` is over 32, or `value` has more bits: our own bug.
    #[inline]
    pub fn write(&mut self, value: u32, bits: u32) {
        assert!(bits <= 32 && (bits == 32 || value >> bits == 0), "{value} does not fit {bits} bits");
        self.push(u64::from(value), bits);
    }

    /// Writes one bit. Inverse of [`super::BitReader::read_bool`].
    #[inline]
    pub fn write_bool(&mut self, value: bool) {
        self.push(u64::from(value), 1);
    }

    /// Zero bits up to the next whole byte. Inverse of [`super::BitReader::align`].
    pub fn align(&mut self) {
        let over = self.pending_bits % 8;
        if over != 0 {
            self.push(0, 8 - over);
        }
    }

    /// Whole bytes, aligned first. Inverse of [`super::BitReader::read_bytes`].
    pub fn write_bytes(&mut self, bytes: &[u8]) {
        self.align();
        self.flush_whole_bytes();
        self.bytes.extend_from_slice(bytes);
    }

    /// Copies the bits of `span` out of `source`.
    ///
    /// # Panics
    /// If the span lies outside `source`: our own bug.
    #[inline]
    pub fn append(&mut self, source: &[u8], span: BitSpan) {
        let mut at = span.start;
        let mut left = span.length;
        while left > 0 {
            let take = left.min(32) as u32;
            let value = window(source, at) & ((1u64 << take) - 1);
            self.push(value, take);
            at += take as usize;
            left -= take as usize;
        }
    }

    /// The bytes so far, the last one filled with zero bits. The writer can go on at the next whole byte.
    pub fn bytes(&mut self) -> &[u8] {
        self.align();
        self.flush_whole_bytes();
        &self.bytes
    }

    /// The finished bytes.
    #[must_use]
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.align();
        self.flush_whole_bytes();
        self.bytes
    }

    /// Writes `bits` bits (at most 32): [`BitWriter::write`] for who has made sure that `value` has no more.
    #[inline]
    pub(crate) fn push(&mut self, value: u64, bits: u32) {
        // Fewer than 32 bits are pending, so nothing here is over 63.
        self.pending |= value.wrapping_shl(self.pending_bits);
        self.pending_bits = self.pending_bits.wrapping_add(bits);
        if self.pending_bits >= 32 {
            self.bytes.extend_from_slice(&(self.pending as u32).to_le_bytes());
            self.pending >>= 32;
            self.pending_bits &= 31;
        }
    }

    fn flush_whole_bytes(&mut self) {
        while self.pending_bits >= 8 {
            self.bytes.push(self.pending as u8);
            self.pending >>= 8;
            self.pending_bits -= 8;
        }
    }
}

/// At least 32 bits of `source` from bit `at` on, zeros behind the end.
#[inline]
fn window(source: &[u8], at: usize) -> u64 {
    let first = at / 8;
    let tail = source.get(first..).unwrap_or_default();
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
    word >> (at % 8)
}

#[cfg(test)]
mod tests {
    use super::super::BitReader;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(values in prop::collection::vec((any::<u32>(), 0u32..=32), 0..200)) {
            let mut writer = BitWriter::new();
            for &(value, bits) in &values {
                writer.write(value & mask(bits), bits);
            }
            let total: usize = values.iter().map(|&(_, bits)| bits as usize).sum();
            prop_assert_eq!(writer.bit_length(), total);
            let bytes = writer.into_bytes();
            prop_assert_eq!(bytes.len(), total.div_ceil(8));
            let mut reader = BitReader::new(&bytes);
            for &(value, bits) in &values {
                prop_assert_eq!(reader.read(bits, "value").unwrap(), value & mask(bits));
            }
            prop_assert!(reader.finish().is_ok());
        }

        #[test]
        fn a_copied_span_is_the_same_bits(source in prop::collection::vec(any::<u8>(), 1..64), from: u16, length: u16, lead in 0u32..32) {
            let total = source.len() * 8;
            let start = usize::from(from) % total;
            let span = BitSpan { start, length: usize::from(length) % (total - start + 1) };
            let mut writer = BitWriter::new();
            writer.write(0, lead);
            writer.append(&source, span);
            prop_assert_eq!(writer.bit_length(), lead as usize + span.length);
            let bytes = writer.into_bytes();
            for at in 0..span.length {
                let want = source[(span.start + at) / 8] >> ((span.start + at) % 8) & 1;
                let got = bytes[(lead as usize + at) / 8] >> ((lead as usize + at) % 8) & 1;
                prop_assert_eq!(want, got);
            }
        }
    }

    const fn mask(bits: u32) -> u32 {
        if bits == 32 { u32::MAX } else { (1 << bits) - 1 }
    }

    #[test]
    fn whole_bytes_stand_aligned() {
        let mut writer = BitWriter::new();
        writer.write(1, 3);
        writer.write_bytes(&[0xAB, 0xCD]);
        writer.write(2, 2);
        assert_eq!(writer.into_bytes(), [1, 0xAB, 0xCD, 2]);
    }
}
