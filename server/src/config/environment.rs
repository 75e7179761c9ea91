//! One layer of the configuration: variables of the environment.
//!
//! Every key of the tree is a variable, too: `rooms.tick_rate_hz` is `TICKWIRE_ROOMS__TICK_RATE_HZ`. What it may look like is told by
//! the default of its key: a number, a truth, a text, a list.
//!
//! Never here: which layer is above which (see `load`).

use std::ffi::OsString;

use toml::{Table, Value};

use super::{ConfigError, RawConfig};

/// What variables of ours begin with.
const PREFIX: &str = "TICKWIRE_";

/// The one table whose keys are the game's own.
const FREE_TABLE: &str = "game.settings";

/// Lays all variables of ours over the tree; the others are not looked at.
///
/// # Errors
/// The operator's: a variable names no key, is no text, or is of the wrong kind.
pub(super) fn lay_variables(
    tree: &mut Table,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), ConfigError> {
    for (variable, value) in variables {
        if !variable.as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            continue;
        }
        let (Some(variable), Some(value)) = (variable.to_str(), value.to_str()) else {
            return Err(ConfigError::NotText { variable: variable.to_string_lossy().into_owned() });
        };
        if let Some(name) = variable.strip_prefix(PREFIX) {
            lay_variable(tree, variable, name, value)?;
        }
    }
    Ok(())
}

/// `name` is the variable without its prefix. What has no `__` is none of our keys (Kubernetes sets
/// `TICKWIRE_PORT` by itself for a service called tickwire), unless it is one with an underscore too few.
fn lay_variable(tree: &mut Table, variable: &str, name: &str, value: &str) -> Result<(), ConfigError> {
    let key = name.to_lowercase().replace("__", ".");
    if !name.contains("__") {
        return match meant(tree, &key) {
            Some(known) => Err(ConfigError::UnknownVariable { variable: variable.to_owned(), key, known: Some(known) }),
            None => Ok(()),
        };
    }
    let unknown = || ConfigError::UnknownVariable { variable: variable.to_owned(), key: key.clone(), known: None };
    let (path, last) = key.rsplit_once('.').ok_or_else(unknown)?;
    let mut table = tree;
    for part in path.split('.') {
        table = table.get_mut(part).and_then(Value::as_table_mut).ok_or_else(unknown)?;
    }
    let before = match table.get(last) {
        Some(Value::Table(_)) => return Err(unknown()),
        Some(before) => before.clone(),
        None if path == FREE_TABLE => Value::String(String::new()),
        None => return Err(unknown()),
    };
    // Tried in an otherwise empty tree: the typed tree says whether it is of the right kind.
    let fits = typed_like(&before, value).filter(|typed| {
        let mut probe = Table::from_iter([(last.to_owned(), typed.clone())]);
        for part in path.rsplit('.') {
            probe = Table::from_iter([(part.to_owned(), Value::Table(probe))]);
        }
        probe.try_into::<RawConfig>().is_ok()
    });
    let Some(typed) = fits else {
        let wanted = format!("something like {before}");
        return Err(ConfigError::BadVariable { variable: variable.to_owned(), value: value.to_owned(), wanted });
    };
    table.insert(last.to_owned(), typed);
    Ok(())
}

/// The text as the same kind of value as `before`; a list is separated by commas, or as it stands in the file.
fn typed_like(before: &Value, text: &str) -> Option<Value> {
    match before {
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        Value::Integer(_) => text.parse().ok().map(Value::Integer),
        Value::Array(_) if text.trim_start().starts_with('[') => {
            let mut written: Table = format!("list = {text}").parse().ok()?;
            written.remove("list").filter(|_| written.is_empty())
        }
        Value::Array(_) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
        }
        _ => Some(Value::String(text.to_owned())),
    }
}

/// The variable that `key`, written with single underscores, was probably meant to be.
fn meant(tree: &Table, key: &str) -> Option<String> {
    let (section, rest) = tree.keys().find_map(|section| {
        let rest = key.strip_prefix(section.as_str())?.strip_prefix('_')?;
        Some((section, rest))
    })?;
    let known = tree.get(section)?.as_table()?.contains_key(rest);
    known.then(|| format!("{PREFIX}{}__{}", section.to_uppercase(), rest.to_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LogFormat;
    use crate::config::cli::Flags;
    use crate::config::load::load;
    use std::path::PathBuf;

    fn environment(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        pairs.iter().map(|(key, value)| (key.into(), value.into())).collect()
    }

    fn from_environment(pairs: &[(&str, &str)]) -> Result<RawConfig, ConfigError> {
        load(&Flags::default(), environment(pairs))
    }

    #[test]
    fn an_unknown_variable_is_refused_by_name() {
        for variable in [
            "TICKWIRE_ROOMS__TICK_RATE",
            "TICKWIRE_ROOM__TICK_RATE_HZ",
            "TICKWIRE_ROOMS__X__Y",
            "TICKWIRE_GAME__SETTINGS",
        ] {
            let error = from_environment(&[(variable, "1")]).expect_err("refused").to_string();
            assert!(error.contains(variable), "{error}");
        }
    }

    #[test]
    fn a_variable_with_an_underscore_too_few_is_refused_and_others_are_not_ours() {
        let error = from_environment(&[("TICKWIRE_SERVER_LISTEN", "x")]).expect_err("refused").to_string();
        assert!(error.contains("did you mean TICKWIRE_SERVER__LISTEN?"), "{error}");
        for foreign in ["TICKWIRE_PORT", "TICKWIRE_SERVER_PORT_4433_TCP", "TICKWIRE_SEEDS"] {
            assert_eq!(from_environment(&[(foreign, "x")]).expect("not ours"), RawConfig::default());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_text_is_refused_by_name_unless_it_is_none_of_ours() {
        use std::os::unix::ffi::OsStringExt;
        let bytes = |text: &[u8]| OsString::from_vec(text.to_vec());
        for (variable, value) in [(&b"TICKWIRE_SERVER__DATA"[..], &b"\xff"[..]), (b"TICKWIRE_SERVER__\xff", b"x")] {
            let error = load(&Flags::default(), [(bytes(variable), bytes(value))]).expect_err("refused").to_string();
            assert!(error.starts_with("TICKWIRE_SERVER__") && error.ends_with("is not UTF-8"), "{error}");
        }
        let foreign = [(bytes(b"LS_COLORS"), bytes(b"\xff")), (bytes(b"\xff"), bytes(b"x"))];
        assert_eq!(load(&Flags::default(), foreign).expect("not ours"), RawConfig::default());
    }

    #[test]
    fn a_variable_is_read_as_what_its_key_holds() {
        let raw = from_environment(&[
            ("TICKWIRE_SERVER__LISTEN", "127.0.0.1:5000"),
            ("TICKWIRE_SERVER__DATA", "123"),
            ("TICKWIRE_SERVER__ORIGINS", "https://a.example, https://b.example"),
            ("TICKWIRE_SERVER__GUESTS", "true"),
            ("TICKWIRE_LOG__FORMAT", "json"),
            ("TICKWIRE_GAME__SETTINGS__MAP", "7"),
        ])
        .expect("valid");
        assert_eq!(raw.server.listen.port(), 5000);
        assert_eq!(raw.server.data, PathBuf::from("123"));
        assert_eq!(raw.server.origins, ["https://a.example", "https://b.example"]);
        assert!(raw.server.guests);
        assert_eq!(raw.log.format, LogFormat::Json);
        assert_eq!(raw.game.settings["map"], "7");
    }

    #[test]
    fn a_list_may_be_copied_into_a_variable_as_it_stands_in_the_file() {
        let origins = |text| from_environment(&[("TICKWIRE_SERVER__ORIGINS", text)]).map(|raw| raw.server.origins);
        assert_eq!(
            origins(r#" ["https://a.example", "https://b.example"] "#).expect("valid"),
            ["https://a.example", "https://b.example"]
        );
        assert_eq!(origins("[]").expect("valid"), [""; 0]);
        for bad in ["[", r#"["a", 1"#, r#"["a"] other = 1"#, "[\"a\"]\nother = 1", "[1]"] {
            assert!(origins(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_variable_of_the_wrong_kind_is_refused_with_what_is_wanted() {
        for (variable, value) in [
            ("TICKWIRE_ROOMS__PLAYERS_MAX", "many"),
            ("TICKWIRE_ROOMS__PLAYERS_MAX", "-1"),
            ("TICKWIRE_SERVER__LISTEN", "here"),
            ("TICKWIRE_SERVER__GUESTS", "yes"),
            ("TICKWIRE_LOG__FORMAT", "xml"),
        ] {
            let error = from_environment(&[(variable, value)]).expect_err("refused").to_string();
            assert!(error.contains(variable) && error.contains(value), "{error}");
        }
    }
}
