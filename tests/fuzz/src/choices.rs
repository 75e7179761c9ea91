//! Small decisions out of the bytes that a fuzzer gives; when they end, all decisions are 0.

/// Bytes that are taken from the front.
pub struct Choices<'a>(pub &'a [u8]);

impl<'a> Choices<'a> {
    /// Whether nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    /// The next two bytes as a number.
    pub fn number(&mut self) -> usize {
        usize::from(self.byte()) << 8 | usize::from(self.byte())
    }

    /// As many bytes as are left, and no more than the next byte says.
    pub fn text(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte()).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        text
    }
}

/// Changes a message a little: what a fuzzer says is where and how.
pub fn spoil(bytes: &mut Vec<u8>, choices: &mut Choices<'_>) {
    let (how, at, value) = (choices.byte(), choices.number(), choices.byte());
    if bytes.is_empty() {
        bytes.push(value);
        return;
    }
    let at = at % bytes.len();
    match how % 7 {
        0 => bytes[at] ^= 1 << (value & 7),
        1 => bytes[at] = value,
        2 => bytes.truncate(at),
        3 => bytes.insert(at, value),
        4 => drop(bytes.remove(at)),
        5 => bytes.extend(std::iter::repeat_n(value, at % 16)),
        _ => {
            let again = bytes[at..].iter().take(usize::from(value & 15)).copied().collect::<Vec<_>>();
            bytes.splice(at..at, again);
        }
    }
}
