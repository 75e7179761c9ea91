//! A bounded text: bytes of UTF-8, and their codes.
//!
//! Never here: what a name or a chat line may hold (the game's business).

use crate::limits::TEXT_BYTES_MAX;

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
}
