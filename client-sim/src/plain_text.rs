//! What other players and the server wrote, made harmless for a terminal.
//!
//! A control character could move the cursor or answer for the person; a mark of direction could turn a whole line around; marks
//! piled upon one letter cover the lines above. A [`Plain`] has none of these: whoever draws takes only such. What is printed goes through
//! [`lines`], and JSON through [`in_json`], where it is printed: so that nobody who makes an error or a report has to think of it.
//!
//! Never here: what may be said (the server decides that).

use ratatui::text::Span;
pub use shared::plain_text::in_json;
use shared::plain_text::is_unsafe;
use std::error::Error;
use std::{fmt, iter};

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

/// A text of several lines, each made harmless.
#[must_use]
pub fn lines(text: &str) -> String {
    let mut lines: Vec<Plain> = text.split('\n').map(Plain::of).collect();
    let last = lines.pop().unwrap_or_default();
    lines.iter().map(|line| format!("{line}\n")).collect::<String>() + last.as_str()
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

/// Joiners, selectors and fillers: what they join or select, no terminal agrees on.
const fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2065}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}')
}

/// An error and its causes, without those that the error above them says already, for printing.
#[must_use]
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut said = lines(&error.to_string());
    for cause in iter::successors(error.source(), |&cause| cause.source()) {
        let cause = lines(&cause.to_string());
        if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
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
        assert_eq!(plain("\u{301}a\u{301}\u{301}\u{301}\u{301}b\u{200b}"), "a\u{301}\u{301}b\u{fffd}");
    }

    #[test]
    fn a_cut_never_splits_a_letter_and_counts_columns() {
        assert_eq!((cut("世界", 3), cut("世界", 1), cut("abc", 9)), ("世", "", "abc"));
        assert_eq!((cut_front("世界", 3), cut_front("abc", 2)), ("界", "bc"));
    }

    /// Control characters, as Unicode's category Cc and its property Bidi_Control list them.
    fn is_listed(letter: char) -> bool {
        let controls = ['\0'..='\u{1f}', '\u{7f}'..='\u{9f}'];
        let directions =
            ['\u{61c}'..='\u{61c}', '\u{200e}'..='\u{200f}', '\u{202a}'..='\u{202e}', '\u{2066}'..='\u{2069}'];
        controls.iter().chain(&directions).any(|range| range.contains(&letter))
    }

    #[test]
    fn no_letter_at_all_comes_out_as_a_control_or_a_mark_of_direction() {
        for letter in '\0'..=char::MAX {
            let plain = Plain::of(&format!("a{letter}b"));
            assert!(!plain.as_str().chars().any(is_listed), "{letter:?}");
            assert!(!is_listed(letter) || plain.as_str() == "a\u{fffd}b", "{letter:?}");
            assert!(Span::raw(plain.cut(2)).width() <= 2, "{letter:?}");
        }
    }

    #[test]
    fn lines_stay_lines_and_nothing_else_stays_a_control() {
        assert_eq!(lines("one\x1b[2J\n\ntwo\r\n"), "one\u{fffd}[2J\n\ntwo\u{fffd}\n");
        assert_eq!((lines(""), lines("one")), (String::new(), "one".to_owned()));
    }

    #[test]
    fn json_means_the_same_without_a_control_in_it() {
        let value = serde_json::json!({ "a\u{9b}b": ["\x1b[2J\u{202e}\u{e0041}\u{7f}", "grüße"] });
        let document = serde_json::to_string_pretty(&value).unwrap();
        let harmless = in_json(&document);
        assert!(document.chars().any(is_listed) && !harmless.chars().any(|letter| letter != '\n' && is_listed(letter)));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&harmless).unwrap(), value);
    }

    #[test]
    fn a_cause_that_is_in_the_words_above_it_is_said_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("{said}")]
        struct Said {
            said: &'static str,
            source: Option<Box<Self>>,
        }
        let said = |said, source: Option<Said>| Said { said, source: source.map(Box::new) };
        let twice = said("the trace", Some(said("x.twt: no file", Some(said("no file", Some(said("at all", None)))))));
        assert_eq!(causes(&twice), "the trace: x.twt: no file: at all");
    }
}
