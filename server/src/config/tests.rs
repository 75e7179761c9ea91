//! What the commented file says of a number is what is checked: every one has its range there, and no other.

use super::load::to_toml;
use super::{ConfigError, RawConfig, check};
use toml::{Table, Value};

const FILE: &str = include_str!("../../../assets/config/server.toml");

/// Every key that holds a number, as `section.key`, with the range that the comment above it ends in or names.
fn documented() -> Vec<(String, Option<(i64, i64)>)> {
    let (mut section, mut comment, mut found) = ("", String::new(), Vec::new());
    for line in FILE.lines() {
        if let Some(said) = line.strip_prefix('#') {
            comment.push_str(said);
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        }
        if let Some((key, value)) = line.split_once(" = ")
            && value.parse::<i64>().is_ok()
        {
            found.push((format!("{section}.{key}"), range_in(&comment)));
        }
        comment.clear();
    }
    found
}

/// `1 to 128`, wherever it stands in a comment.
fn range_in(comment: &str) -> Option<(i64, i64)> {
    let words: Vec<&str> = comment.split_whitespace().collect();
    let number = |word: &str| word.trim_end_matches(['.', ',', ';', ':', ')']).parse::<i64>().ok();
    words.windows(3).filter(|three| three[1] == "to").find_map(|three| Some((number(three[0])?, number(three[2])?)))
}

/// Whether the key may have the value, whatever else it may not go together with.
fn is_in_range(key: &str, value: i64) -> bool {
    let mut tree: Table = to_toml(&RawConfig::default()).parse().expect("it was written as TOML");
    let (section, last) = key.split_once('.').expect("a section and a key");
    let section = tree.get_mut(section).and_then(Value::as_table_mut).expect("a section");
    section.insert(last.to_owned(), Value::Integer(value));
    // What its type cannot hold is refused where it is read.
    let Ok(raw) = tree.try_into::<RawConfig>() else { return false };
    !matches!(check::check(raw), Err(ConfigError::OutOfRange { key: refused, .. }) if refused == key)
}

#[test]
fn every_number_of_the_commented_file_has_there_the_range_that_it_has() {
    let documented = documented();
    assert!(documented.len() > 40, "{}", documented.len());
    for (key, range) in documented {
        let (least, most) = range.unwrap_or_else(|| panic!("{key}: its comment says no range, like 1 to 128"));
        let allowed = [least - 1, least, most, most + 1].map(|value| is_in_range(&key, value));
        assert_eq!(allowed, [false, true, true, false], "{key}: {least} to {most}");
    }
}
