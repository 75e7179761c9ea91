//! Text that others wrote, for documents that end in a terminal: nothing in it moves the cursor or turns a line around.
//!
//! Never here: how wide a letter is (see `client-sim`), what may be said (the server decides that).

/// Controls, line ends, marks that turn or isolate a direction, and what takes no room and joins nothing.
#[must_use]
pub fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// A JSON document that means the same and is harmless: what must not reach a terminal is escaped, ends of lines aside.
#[must_use]
pub fn in_json(document: &str) -> String {
    let mut escaped = String::with_capacity(document.len());
    escape_onto(&mut escaped, document, |letter| letter != '\n' && is_unsafe(letter));
    escaped
}

/// A text as it stands in a line of a log or a table: what must not reach a terminal is escaped as JSON does it.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    escape_onto(&mut escaped, text, is_unsafe);
    escaped
}

fn escape_onto(escaped: &mut String, text: &str, is_meant: impl Fn(char) -> bool) {
    for letter in text.chars() {
        if is_meant(letter) {
            letter.encode_utf16(&mut [0; 2]).iter().for_each(|unit| escaped.push_str(&format!("\\u{unit:04x}")));
        } else {
            escaped.push(letter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let text = format!("a{letter}b");
            assert!(!escaped(&text).chars().any(is_listed), "{letter:?}");
            assert!(is_unsafe(letter) || escaped(&text) == text, "{letter:?}");
            assert!(letter == '\n' || !in_json(&text).chars().any(is_listed), "{letter:?}");
        }
        assert_eq!(escaped("one\n\u{1b}[2J\u{e0041}"), "one\\u000a\\u001b[2J\\udb40\\udc41");
        assert_eq!(in_json("{\n\"a\": \"\u{9b}\"\n}"), "{\n\"a\": \"\\u009b\"\n}");
    }
}
