//! From layers to one [`RawConfig`]: defaults < file < environment < flags.
//!
//! A key that nobody knows is an error that names it, wherever it stands: a typing error must not pass for a setting.
//!
//! Never here: whether the values make sense together (see `check`).

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use toml::{Table, Value};

use super::cli::Flags;
use super::environment::lay_variables;
use super::{ConfigError, RawConfig};

/// Bytes of a configuration file at most: every key with its comment takes a few thousand. Over it: refused.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

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
    lay_variables(&mut tree, variables)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::check;
    use std::path::PathBuf;

    fn environment(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        pairs.iter().map(|(key, value)| (key.into(), value.into())).collect()
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
    fn what_a_file_calls_its_keys_moves_no_cursor() {
        let file = Written::new("escape", "[server]\n\"\\u001b[2Jlisten\" = 1\n");
        let said = load(&Flags { config: Some(file.0.clone()), ..Flags::default() }, environment(&[]))
            .unwrap_err()
            .to_string();
        assert!(said.contains("listen") && !said.contains('\u{1b}'), "{said}");
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
