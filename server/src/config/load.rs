//! From layers to one [`RawConfig`]: defaults < file < environment < flags.
//!
//! Every key of the tree is also an environment variable: `rooms.tick_rate_hz` is `TICKWIRE_ROOMS__TICK_RATE_HZ`, and
//! what it may look like is told by the default. A key that nobody knows is an error that names it, wherever it stands:
//! a typing error must not pass for a setting.
//!
//! Never here: whether the values make sense together (see `check`).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use toml::{Table, Value};

use super::RawConfig;
use super::cli::Flags;

/// What variables of ours begin with.
const PREFIX: &str = "TICKWIRE_";

/// Bytes of a configuration file at most: every key with its comment takes a few thousand. Over it: refused.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The one table whose keys are the game's own.
const FREE_TABLE: &str = "game.settings";

/// What is wrong with the configuration. All of it is the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is larger than any configuration is; perhaps it is a device.
    #[error("{}: larger than 1 MiB, so it is no configuration", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is not TOML, has an unknown key or a value of the wrong kind.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A variable that names no key.
    #[error("{variable}: there is no key {key}{}", known.as_ref().map_or_else(String::new, |known| format!("; did you mean {known}?")))]
    UnknownVariable {
        /// The variable.
        variable: String,
        /// The key that it would name.
        key: String,
        /// The variable that was meant, if that is clear.
        known: Option<String>,
    },
    /// A variable that is not text.
    #[error("{variable} is not UTF-8")]
    NotText {
        /// The variable, as well as it can be written.
        variable: String,
    },
    /// A variable with a value of the wrong kind.
    #[error("{variable} is {value:?}, wanted {wanted}")]
    BadVariable {
        /// The variable.
        variable: String,
        /// What it says.
        value: String,
        /// What it may say.
        wanted: String,
    },
    /// A number outside its range.
    #[error("{key} is {got}, allowed {allowed}")]
    OutOfRange {
        /// The key.
        key: &'static str,
        /// Its value.
        got: String,
        /// The range.
        allowed: String,
    },
    /// A value that does not go together with the rest.
    #[error("{key}: {why}")]
    Refused {
        /// The key.
        key: &'static str,
        /// Why, and what to do.
        why: &'static str,
    },
}

/// Lays all layers over one another. `variables` is the process's environment.
///
/// # Errors
/// The file or a variable is not understood; the error names it.
pub fn load(
    flags: &Flags,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<RawConfig, ConfigError> {
    let text = flags.config.as_deref().map(read_file).transpose()?;
    let mut raw = lay(flags.config.as_deref().zip(text.as_deref()), variables)?;
    flags.apply(&mut raw);
    Ok(raw)
}

/// The layers below the flags, of a file that was read already.
///
/// # Errors
/// The file or a variable is not understood; the error names it.
///
/// # Panics
/// Never: every value is checked against its key before it is laid.
pub fn lay(
    file: Option<(&Path, &str)>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<RawConfig, ConfigError> {
    let mut tree = defaults();
    if let Some((path, text)) = file {
        lay_over(&mut tree, understand(path, text)?);
    }
    for (variable, value) in variables {
        if !variable.as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            continue;
        }
        let (Some(variable), Some(value)) = (variable.to_str(), value.to_str()) else {
            return Err(ConfigError::NotText { variable: variable.to_string_lossy().into_owned() });
        };
        if let Some(name) = variable.strip_prefix(PREFIX) {
            lay_variable(&mut tree, variable, name, value)?;
        }
    }
    Ok(tree.try_into().expect("every value was checked against its key"))
}

/// The configuration as a file that would give it again.
///
/// # Panics
/// Never: every configuration can be written.
#[must_use]
pub fn to_toml(raw: &RawConfig) -> String {
    toml::to_string_pretty(raw).expect("every key has a TOML type")
}

fn defaults() -> Table {
    Table::try_from(RawConfig::default()).expect("every key has a TOML type")
}

fn read_file(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(unreadable)?;
    // One byte more tells a file that is too large; its length is not asked, for a device has none.
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(ConfigError::TooLarge { path: path.to_owned() });
    }
    String::from_utf8(bytes).map_err(|_| unreadable(io::ErrorKind::InvalidData.into()))
}

fn understand(path: &Path, text: &str) -> Result<Table, ConfigError> {
    let wrong = |source: toml::de::Error| ConfigError::File { path: path.to_owned(), source: Box::new(source) };
    // Read as the typed tree first: its errors say the line, and it refuses unknown keys.
    toml::from_str::<RawConfig>(text).map_err(wrong)?;
    toml::from_str::<Table>(text).map_err(wrong)
}

fn lay_over(tree: &mut Table, layer: Table) {
    for (key, value) in layer {
        match (tree.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => drop(tree.insert(key, value)),
        }
    }
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

/// A game's own settings are texts, whatever they were written as.
pub(super) fn settings<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a text, a whole number, true or false")]
    enum Setting {
        Text(String),
        Number(i64),
        Truth(bool),
    }
    let read = BTreeMap::<String, Setting>::deserialize(from)?;
    let texts = read.into_iter().map(|(name, setting)| {
        let text = match setting {
            Setting::Text(text) => text,
            Setting::Number(number) => number.to_string(),
            Setting::Truth(truth) => truth.to_string(),
        };
        (name, text)
    });
    Ok(texts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{LogFormat, check};

    fn environment(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        pairs.iter().map(|(key, value)| (key.into(), value.into())).collect()
    }

    fn from_environment(pairs: &[(&str, &str)]) -> Result<RawConfig, ConfigError> {
        load(&Flags::default(), environment(pairs))
    }

    struct Written(PathBuf);

    impl Written {
        fn new(name: &str, text: &str) -> Self {
            let path = std::env::temp_dir().join(format!("tickwire-{}-{name}.toml", std::process::id()));
            fs::write(&path, text).expect("the temporary folder can be written");
            Self(path)
        }

        fn flags(&self) -> Flags {
            Flags { config: Some(self.0.clone()), ..Flags::default() }
        }
    }

    impl Drop for Written {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    #[test]
    fn each_layer_overrides_the_one_below_and_leaves_the_rest() {
        let file = Written::new(
            "layers",
            "[rooms]\ntick_rate_hz = 60\nplayers_max = 10\nrooms_max = 5\n[game.settings]\nmap = \"a\"\n",
        );
        let variables =
            environment(&[("TICKWIRE_ROOMS__PLAYERS_MAX", "20"), ("TICKWIRE_SERVER__WEB", "from-env"), ("HOME", "x")]);
        let flags = Flags { web: Some("from-flag".into()), plain: true, ..file.flags() };
        let raw = load(&flags, variables).expect("valid");
        assert_eq!((raw.rooms.tick_rate_hz, raw.rooms.players_max, raw.rooms.rooms_max), (60, 20, 5));
        assert_eq!(raw.server.web, PathBuf::from("from-flag"));
        assert!(raw.server.plain);
        assert_eq!(raw.game.settings["map"], "a");
        assert_eq!(raw.limits, RawConfig::default().limits);
    }

    #[test]
    fn an_unknown_key_in_the_file_is_refused_by_name() {
        for (text, key) in [
            ("[rooms]\ntick_rate = 60\n", "tick_rate"),
            ("[room]\ntick_rate_hz = 60\n", "room"),
            ("workers = 2\n", "workers"),
        ] {
            let file = Written::new(&format!("unknown-{key}"), text);
            let error = load(&file.flags(), []).expect_err("refused").to_string();
            assert!(error.contains(&format!("`{key}`")), "{error}");
        }
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
    fn a_games_settings_may_be_texts_numbers_and_truths_and_nothing_else() {
        let file = Written::new("settings", "[game.settings]\nmode = \"teams\"\nround_s = 120\nfriendly = true\n");
        let raw = load(&file.flags(), environment(&[])).expect("valid");
        let settings: Vec<_> = raw.game.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(settings, [("friendly", "true"), ("mode", "teams"), ("round_s", "120")]);
        let list = Written::new("settings-list", "[game.settings]\nmaps = [\"gardens\"]\n");
        let said = load(&list.flags(), environment(&[])).expect_err("a list").to_string();
        assert!(said.contains("a text, a whole number, true or false"), "{said}");
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

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let flags = Flags { config: Some("no/such/file.toml".into()), ..Flags::default() };
        assert!(load(&flags, []).expect_err("missing").to_string().contains("no/such/file.toml"));
    }

    #[test]
    fn a_file_that_is_too_large_or_has_no_end_is_refused() {
        let large = Written::new("large", &"#".repeat(FILE_BYTES_MAX as usize + 1));
        assert!(load(&large.flags(), []).expect_err("too large").to_string().contains("larger than 1 MiB"));
        let most = Written::new("most", &"#".repeat(FILE_BYTES_MAX as usize));
        assert_eq!(load(&most.flags(), []).expect("just fits"), RawConfig::default());
        #[cfg(unix)]
        {
            let endless = Flags { config: Some("/dev/zero".into()), ..Flags::default() };
            assert!(matches!(load(&endless, []), Err(ConfigError::TooLarge { .. })));
        }
    }

    #[test]
    fn the_commented_default_file_equals_the_defaults_and_has_every_key() {
        let text = include_str!("../../../assets/config/server.toml");
        assert_eq!(toml::from_str::<RawConfig>(text).expect("valid"), RawConfig::default());
        let written: Table = toml::from_str(text).expect("valid");
        for (section, keys) in defaults() {
            for key in keys.as_table().expect("a section").keys() {
                let there = written.get(&section).and_then(|section| section.get(key)).is_some();
                assert!(there, "{section}.{key} is missing in the commented file");
            }
        }
    }

    #[test]
    fn what_is_printed_gives_the_same_configuration_again() {
        let mut raw = RawConfig::default();
        raw.rooms.players_max = 5;
        raw.game.settings.insert("map".to_owned(), "a \"b\"".to_owned());
        assert_eq!(toml::from_str::<RawConfig>(&to_toml(&raw)).expect("valid"), raw);
        assert!(check::check(raw).is_ok());
    }
}
