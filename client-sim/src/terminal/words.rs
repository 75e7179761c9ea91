//! What other players and the server wrote, made harmless for a terminal.
//!
//! A control character could move the cursor or answer for the person; a mark of direction could turn a whole line around; marks
//! piled upon one letter cover the lines above. A [`Plain`] has none of these: whoever draws takes only such.
//!
//! Never here: what may be said (the server decides that).

use ratatui::text::Span;
use std::fmt;

/// What a character that must not reach a terminal becomes.
const INSTEAD: char = '\u{fffd}';
/// Marks without a width that one letter keeps.
const MARKS_MAX: usize = 2;

/// A text that a terminal shows as what it is, on one line.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Plain(String);

impl Plain {
    /// The text without what would do anything else than show a letter.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut plain = String::with_capacity(text.len());
        let mut marks = 0;
        for letter in text.chars() {
            if is_unsafe(letter) {
                plain.push(INSTEAD);
                marks = 0;
            } else if columns(letter) > 0 {
                plain.push(letter);
                marks = 0;
            } else if !is_invisible(letter) && marks < MARKS_MAX && !plain.is_empty() {
                plain.push(letter);
                marks += 1;
            }
        }
        Self(plain)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Columns that it takes.
    #[must_use]
    pub fn width(&self) -> usize {
        Span::raw(self.as_str()).width()
    }

    /// Its beginning, in at most so many columns.
    #[must_use]
    pub fn cut(&self, width: usize) -> &str {
        cut(&self.0, width)
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The beginning of a text, in at most so many columns.
#[must_use]
pub fn cut(text: &str, width: usize) -> &str {
    let mut taken = 0;
    for (at, letter) in text.char_indices() {
        taken += columns(letter);
        if taken > width {
            return &text[..at];
        }
    }
    text
}

/// The end of a text, in at most so many columns.
#[must_use]
pub fn cut_front(text: &str, width: usize) -> &str {
    let mut taken = 0;
    for (at, letter) in text.char_indices().rev() {
        taken += columns(letter);
        if taken > width {
            return &text[at + letter.len_utf8()..];
        }
    }
    text
}

fn columns(letter: char) -> usize {
    Span::raw(letter.encode_utf8(&mut [0; 4]) as &str).width()
}

/// Controls, line ends, and marks that turn or isolate a direction.
fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Joiners, selectors and fillers: what they join or select, no terminal agrees on.
const fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2065}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_others_wrote_moves_the_cursor_or_turns_a_line() {
        let plain = |text| Plain::of(text).as_str().to_owned();
        assert_eq!(plain("\u{1b}[2Jgone\u{7}"), "\u{fffd}[2Jgone\u{fffd}");
        assert_eq!(plain("a\u{202e}b\u{2066}c\u{200f}d"), "a\u{fffd}b\u{fffd}c\u{fffd}d");
        assert_eq!(plain("one\r\ntwo\u{9b}31m"), "one\u{fffd}\u{fffd}two\u{fffd}31m");
        assert_eq!(plain("grüße, 世界"), "grüße, 世界");
        assert_eq!(plain("\u{301}a\u{301}\u{301}\u{301}\u{301}b\u{200b}"), "a\u{301}\u{301}b");
    }

    #[test]
    fn a_cut_never_splits_a_letter_and_counts_columns() {
        assert_eq!((cut("世界", 3), cut("世界", 1), cut("abc", 9)), ("世", "", "abc"));
        assert_eq!((cut_front("世界", 3), cut_front("abc", 2)), ("界", "bc"));
    }

    #[test]
    fn no_letter_at_all_comes_out_as_a_control() {
        for letter in '\0'..=char::MAX {
            let plain = Plain::of(&format!("a{letter}b"));
            assert!(!plain.as_str().chars().any(is_unsafe), "{letter:?}");
            assert!(Span::raw(plain.cut(2)).width() <= 2, "{letter:?}");
        }
    }
}
