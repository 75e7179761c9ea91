//! Symbols as code words of whole bits, the frequent ones short, and back by one look-up.
//!
//! Canonical codes: the lengths alone define the code (Schwartz and Kallick 1964; RFC 1951, 3.2.2), so only lengths
//! travel. Lengths come from frequencies by package-merge (Larmore and Hirschberg 1990), which is optimal under the limit of
//! [`CODE_BITS_MAX`] bits. Every symbol gets a word, so every value has a code. A word's most significant bit
//! is written first, as there: words are kept turned round, because bits are read least significant first.
//!
//! Numbers of any size go through a code of [`NUMBER_SYMBOLS`] symbols: up to 15 the symbol is the number, above it names
//! the number's highest bit and the next one, and the rest follows raw.

use crate::bits::{BitReader, BitWriter, DecodeError};
use crate::limits::CODE_BITS_MAX;

/// Symbols of a code for numbers: 16 direct ones and two for each of the 28 higher bits.
pub const NUMBER_SYMBOLS: usize = 16 + 2 * 28;

/// A prefix code: words and their look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixCode {
    words: Vec<Word>,
    look_up: Vec<Entry>,
    bits: u32,
}

/// A symbol's word, turned round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Word {
    bits: u16,
    length: u8,
}

impl Word {
    /// Puts it behind what was written.
    #[inline]
    pub(crate) fn append_to(self, writer: &mut BitWriter) {
        writer.push(u64::from(self.bits), u32::from(self.length));
    }

    /// Puts it behind what was written, and then the low `raw_bits` bits of a number.
    #[inline]
    pub(crate) fn append_with(self, writer: &mut BitWriter, number: u32, raw_bits: u32) {
        if raw_bits == 0 {
            self.append_to(writer);
        } else {
            self.append_long(writer, number, raw_bits);
        }
    }

    /// Kept apart: large numbers are rare.
    #[inline(never)]
    fn append_long(self, writer: &mut BitWriter, number: u32, raw_bits: u32) {
        let length = u32::from(self.length);
        let raw = u64::from(number & ((1 << raw_bits) - 1));
        if length + raw_bits <= 32 {
            writer.push(u64::from(self.bits) | raw << length, length + raw_bits);
        } else {
            self.append_to(writer);
            writer.push(raw, raw_bits);
        }
    }
}

/// A symbol (12 bits) and its word's length (4 bits): two bytes, because the look-ups of all codes share one cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Entry(u16);

impl Entry {
    const fn new(symbol: usize, length: u32) -> Self {
        Self((symbol << 4) as u16 | length as u16)
    }

    const fn symbol(self) -> usize {
        (self.0 >> 4) as usize
    }

    const fn length(self) -> u32 {
        (self.0 & 0xF) as u32
    }
}

/// Lengths that are no complete prefix code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lengths are no complete prefix code of at most {CODE_BITS_MAX} bits")]
pub struct NotACode;

impl PrefixCode {
    /// The code that these lengths define. A code of one symbol has length 0 and costs nothing.
    ///
    /// # Errors
    /// [`NotACode`] if a word is missing or too long, or the words do not fill the space exactly.
    pub fn from_lengths(lengths: &[u8]) -> Result<Self, NotACode> {
        if lengths == [0] {
            let look_up = vec![Entry::default()];
            return Ok(Self { words: vec![Word::default()], look_up, bits: 0 });
        }
        let bits = u32::from(lengths.iter().copied().max().ok_or(NotACode)?);
        if bits > CODE_BITS_MAX || lengths.contains(&0) || lengths.len() > 1 << CODE_BITS_MAX {
            return Err(NotACode);
        }
        let mut words = vec![Word::default(); lengths.len()];
        // Words are written backwards, so what is looked up by few bits stands again behind it for each bit more.
        let mut look_up = Vec::with_capacity(1 << bits);
        look_up.push(Entry::default());
        let mut by_length: Vec<(u8, usize)> = lengths.iter().copied().zip(0..).collect();
        by_length.sort_unstable();
        let (mut next, mut width) = (0u32, 0);
        for (length, symbol) in by_length {
            let length = u32::from(length);
            while width < length {
                look_up.extend_from_within(..);
                next <<= 1;
                width += 1;
            }
            if next >> length != 0 {
                return Err(NotACode);
            }
            let reversed = next.reverse_bits() >> (32 - length);
            if let (Some(word), Some(entry)) = (words.get_mut(symbol), look_up.get_mut(reversed as usize)) {
                *word = Word { bits: reversed as u16, length: length as u8 };
                *entry = Entry::new(symbol, length);
            }
            next += 1;
        }
        if next != 1 << bits {
            return Err(NotACode);
        }
        Ok(Self { words, look_up, bits })
    }

    /// The best code for these frequencies; a frequency of 0 counts as 1, so that every symbol has a word.
    #[must_use]
    pub fn from_frequencies(frequencies: &[u64]) -> Self {
        Self::from_lengths(&lengths_of(frequencies)).unwrap_or_else(|NotACode| Self {
            words: vec![Word::default()],
            look_up: vec![Entry::default()],
            bits: 0,
        })
    }

    /// The length of each symbol's word, in bits: all that travels of a code.
    pub fn lengths(&self) -> impl ExactSizeIterator<Item = u8> + '_ {
        self.words.iter().map(|word| word.length)
    }

    /// Bits of a symbol's word.
    #[must_use]
    pub fn length(&self, symbol: usize) -> u32 {
        self.words.get(symbol).map_or(0, |word| u32::from(word.length))
    }

    /// All words, by symbol.
    pub(crate) fn words(&self) -> &[Word] {
        &self.words
    }

    /// Writes a symbol. Inverse of [`PrefixCode::read_symbol`].
    ///
    /// # Panics
    /// If the code has no such symbol: our own bug.
    #[inline]
    pub fn write_symbol(&self, writer: &mut BitWriter, symbol: usize) {
        self.word(symbol).append_to(writer);
    }

    #[inline]
    fn word(&self, symbol: usize) -> Word {
        let word = self.words.get(symbol).copied();
        assert!(word.is_some(), "symbol {symbol} has no word");
        word.unwrap_or_default()
    }

    /// Reads a symbol.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] at the end.
    #[inline]
    pub fn read_symbol(&self, reader: &mut BitReader<'_>, field: &'static str) -> Result<usize, DecodeError> {
        let entry = self.look_up.get(reader.peek(self.bits) as usize).copied().unwrap_or_default();
        reader.skip(entry.length(), field)?;
        Ok(entry.symbol())
    }

    /// Writes a number through a code of [`NUMBER_SYMBOLS`] symbols. Inverse of [`PrefixCode::read_number`].
    #[inline]
    pub fn write_number(&self, writer: &mut BitWriter, number: u32) {
        let (symbol, raw_bits) = number_symbol(number);
        self.word(symbol).append_with(writer, number, raw_bits);
    }

    /// Bits that [`PrefixCode::write_number`] takes.
    #[inline]
    #[must_use]
    pub fn number_bits(&self, number: u32) -> u32 {
        let (symbol, raw_bits) = number_symbol(number);
        // A word has 15 bits at most, and 31 may follow it.
        self.length(symbol).wrapping_add(raw_bits)
    }

    /// Reads a number.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] at the end.
    pub fn read_number(&self, reader: &mut BitReader<'_>, field: &'static str) -> Result<u32, DecodeError> {
        let symbol = self.read_symbol(reader, field)? as u32;
        if symbol < 16 {
            return Ok(symbol);
        }
        let raw_bits = 3 + (symbol - 16) / 2;
        let top = 2 | (symbol & 1);
        Ok(top << raw_bits | reader.read(raw_bits, field)?)
    }
}

/// The symbol of a number, and how many of its low bits follow raw.
#[inline]
#[must_use]
pub(crate) const fn number_symbol(number: u32) -> (usize, u32) {
    if number < 16 {
        return (number as usize, 0);
    }
    let high = 31 - number.leading_zeros();
    let next = number >> (high - 1) & 1;
    ((16 + 2 * (high - 4) + next) as usize, high - 1)
}

/// The smallest number that a symbol stands for, and how many numbers share it.
#[must_use]
pub fn number_range(symbol: usize) -> (u64, u64) {
    if symbol < 16 {
        return (symbol as u64, 1);
    }
    let raw_bits = 3 + (symbol as u32 - 16) / 2;
    let top = 2 | (symbol as u64 & 1);
    (top << raw_bits, 1 << raw_bits)
}

/// Package-merge: the lengths of the best code with no word over [`CODE_BITS_MAX`] bits.
fn lengths_of(frequencies: &[u64]) -> Vec<u8> {
    let mut lengths = vec![0; frequencies.len()];
    if frequencies.len() < 2 {
        return lengths;
    }
    let mut coins: Vec<(u64, Vec<u16>)> =
        frequencies.iter().enumerate().map(|(symbol, &count)| (count.max(1), vec![symbol as u16])).collect();
    // Stable by weight, then by symbol: the same code on every machine.
    coins.sort_by_key(|(weight, _)| *weight);
    let mut packages: Vec<(u64, Vec<u16>)> = Vec::new();
    for _ in 0..CODE_BITS_MAX {
        let mut row = coins.clone();
        row.append(&mut packages);
        row.sort_by_key(|(weight, _)| *weight);
        packages = row
            .chunks_exact(2)
            .map(|pair| match pair {
                [(left, some), (right, more)] => (left + right, [some.as_slice(), more.as_slice()].concat()),
                _ => (0, Vec::new()),
            })
            .collect();
    }
    for (_, symbols) in packages.into_iter().take(frequencies.len() - 1) {
        for symbol in symbols {
            if let Some(length) = lengths.get_mut(usize::from(symbol)) {
                *length += 1;
            }
        }
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_symbol_survives_whatever_the_frequencies(frequencies in prop::collection::vec(0u64..1_000_000, 1..80)) {
            let code = PrefixCode::from_frequencies(&frequencies);
            prop_assert_eq!(code.lengths().len(), frequencies.len());
            let mut writer = BitWriter::new();
            for symbol in 0..frequencies.len() {
                code.write_symbol(&mut writer, symbol);
            }
            let bytes = writer.into_bytes();
            let mut reader = BitReader::new(&bytes);
            for symbol in 0..frequencies.len() {
                prop_assert_eq!(code.read_symbol(&mut reader, "symbol").unwrap(), symbol);
            }
            let lengths: Vec<u8> = code.lengths().collect();
            prop_assert_eq!(PrefixCode::from_lengths(&lengths).unwrap(), code);
        }

        #[test]
        fn every_number_survives(numbers in prop::collection::vec(any::<u32>(), 1..50), small in prop::collection::vec(0u32..40, 1..50)) {
            let code = PrefixCode::from_frequencies(&[1; NUMBER_SYMBOLS]);
            let mut writer = BitWriter::new();
            let mut bits = 0;
            for &number in numbers.iter().chain(&small) {
                code.write_number(&mut writer, number);
                bits += code.number_bits(number) as usize;
            }
            prop_assert_eq!(writer.bit_length(), bits);
            let bytes = writer.into_bytes();
            let mut reader = BitReader::new(&bytes);
            for &number in numbers.iter().chain(&small) {
                prop_assert_eq!(code.read_number(&mut reader, "number").unwrap(), number);
            }
        }

        #[test]
        fn any_lengths_make_a_complete_code_or_none(lengths in prop::collection::vec(0u8..14, 0..20)) {
            if let Ok(code) = PrefixCode::from_lengths(&lengths) {
                let filled: u32 = code.look_up.iter().map(|entry| u32::from(entry.length() > 0)).sum();
                prop_assert!(filled as usize == code.look_up.len() || lengths == [0]);
            }
        }
    }

    #[test]
    fn the_frequent_are_short() {
        let code = PrefixCode::from_frequencies(&[1_000, 20, 10, 1]);
        assert_eq!(code.lengths().collect::<Vec<_>>(), [1, 2, 3, 3]);
    }

    #[test]
    fn a_symbol_names_a_range_of_numbers() {
        for number in [0u32, 15, 16, 23, 24, 31, 32, 1_000, u32::MAX] {
            let (symbol, _) = number_symbol(number);
            let (low, count) = number_range(symbol);
            assert!((low..low + count).contains(&u64::from(number)), "{number}");
        }
    }
}
