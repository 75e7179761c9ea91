//! Names as others read them: in one form, without tricks, and unlike all others in the room.
//!
//! The rule: normalised (NFC); only letters, digits, spaces and `-_.!?'`, as Unicode's identifiers allow them (UTS 39: no
//! control, no direction, nothing invisible; but no colon, behind which a name would end and something said begin), with no more
//! marks on a letter than languages have; of one script, or else only what is ASCII stays; runs of spaces are one. What looks like a
//! name that is taken (UTS 39's skeleton, in small letters) gets a number.
//!
//! Never here: what is said (see `chat`).

use shared::schema::Text;
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::{GeneralSecurityProfile, MixedScript, confusable_detection};

/// Bytes of a name.
const NAME_BYTES: usize = 16;

/// Marks on one letter, as UTS 39 allows them (5.4): more of them would paint over the lines above.
const MARKS_MAX: usize = 4;

/// Who has no name that can be read.
const NAMELESS: &str = "player";

/// What `wished` becomes where these names are taken.
#[must_use]
pub fn choose<'a>(wished: &str, taken: impl Iterator<Item = &'a str>) -> Text<NAME_BYTES> {
    let base = clean(wished);
    let taken: BTreeSet<String> = taken.map(likeness).collect();
    if !taken.contains(&likeness(&base)) {
        return Text::new(&base);
    }
    // Each taken name can be in the way of one number at the most.
    let numbers = 2..taken.len() + 3;
    let mut numbered = numbers.map(|number| {
        let suffix = format!(" {number}");
        let room = base.floor_char_boundary(NAME_BYTES - suffix.len());
        format!("{}{suffix}", base[..room].trim_end())
    });
    let free = numbered.find(|name| !taken.contains(&likeness(name)));
    Text::new(&free.unwrap_or_default())
}

/// As much of a name as may be read and fits, never empty.
fn clean(wished: &str) -> String {
    let allowed = |letter: &char| letter.identifier_allowed() && *letter != ':' || " -_.!?'".contains(*letter);
    let mut kept: String = wished.nfc().filter(allowed).collect();
    let mut marks = 0;
    kept.retain(|letter| {
        marks = if is_combining_mark(letter) { marks + 1 } else { 0 };
        marks <= MARKS_MAX
    });
    // What was taken out may have kept a letter and its mark apart; a letter that they make may be one that must go. Each turn makes
    // it shorter.
    loop {
        let next: String = kept.nfc().filter(allowed).collect();
        if next == kept {
            break;
        }
        kept = next;
    }
    if !kept.as_str().is_single_script() {
        kept.retain(|letter| letter.is_ascii());
    }
    let kept = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    let kept = kept[..kept.floor_char_boundary(NAME_BYTES)].trim_end();
    if kept.is_empty() { NAMELESS.to_owned() } else { kept.to_owned() }
}

/// The same for all that look alike.
fn likeness(name: &str) -> String {
    // Small letters first: a capital I looks like a small l, and both must come to the same.
    let skeleton: String = confusable_detection::skeleton(name).collect();
    let small: String = skeleton.to_lowercase();
    confusable_detection::skeleton(&small).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(wished: &str, taken: &[&str]) -> String {
        choose(wished, taken.iter().copied()).as_str().to_owned()
    }

    #[test]
    fn a_name_is_kept_as_far_as_it_can_be_read() {
        assert_eq!(chosen("Zoë", &[]), "Zoë");
        assert_eq!(chosen("Zoe\u{308}", &[]), "Zoë", "one form for what looks the same");
        assert_eq!(chosen("Zoe\u{200b}\u{308}", &[]), "Zoë", "also where something invisible stood between");
        assert_eq!(chosen("oee\u{306}\u{c}\u{308}o", &[]), "oëo", "or a letter that may not stand there");
        assert_eq!(chosen("  a \t b\n c ", &[]), "a b c");
        assert_eq!(chosen("Ольга", &[]), "Ольга");
        assert_eq!(chosen("a name that is longer than a plate", &[]), "a name that is l");
    }

    #[test]
    fn tricks_are_taken_out() {
        assert_eq!(chosen("ad\u{202e}nim\u{200b}\u{7}", &[]), "adnim");
        assert_eq!(chosen("аdmin", &[]), "dmin", "a Cyrillic a among Latin letters");
        assert_eq!(chosen("<b>x</b>", &[]), "bxb");
        assert_eq!(chosen("\u{200f}\u{2066}", &[]), "player");
        assert_eq!(chosen("admin: hello", &[]), "admin hello", "a name ends where what is said begins");
        assert_eq!(chosen("Z\u{307}\u{307}\u{307}\u{307}\u{307}\u{307}\u{307}", &[]), "Ż\u{307}\u{307}\u{307}\u{307}");
    }

    #[test]
    fn who_looks_like_another_gets_a_number() {
        assert_eq!(chosen("Ann", &["Bob"]), "Ann");
        assert_eq!(chosen("Ann", &["Ann"]), "Ann 2");
        assert_eq!(chosen("ann", &["Ann", "Ann 2"]), "ann 3");
        assert_eq!(chosen("РАСЕ", &["PACE"]), "РАСЕ 2", "all Cyrillic, and read as Latin");
        assert_eq!(chosen("abcdefghijklmnop", &["abcdefghijklmnop"]), "abcdefghijklmn 2");
        assert_eq!(chosen("", &["player", "player 2"]), "player 3");
    }
}
