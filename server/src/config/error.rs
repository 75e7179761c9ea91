//! What is wrong with a configuration, which key it is and what to do.

use std::io;
use std::path::PathBuf;

use shared::plain_text::in_json;

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
    #[error("{}: {}", path.display(), in_json(&source.to_string()))]
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
