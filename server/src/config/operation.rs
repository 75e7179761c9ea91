//! What concerns operators: who may use the admin port's API, who is banned, how the server goes away and what it says about itself.
//!
//! Never here: what an act does (see `front`).

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use shared::limits::BANS_MAX;

use super::ConfigError;
use super::check::{filled, within};

/// Who may act on players through the admin port.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawAdmin {
    /// A file with the tokens that may, one per line, each with a name before it if there are several. Empty: one is made in the data
    /// directory.
    pub token_file: PathBuf,
    /// Wrong tokens per address and minute. 1..=1000. Over it: 429, counted.
    pub wrong_tokens_max: u32,
    /// Bytes of the audit log; over it, it goes on in a new file, and the last four are kept. 4096..=1073741824.
    pub audit_bytes_max: u64,
}

impl Default for RawAdmin {
    fn default() -> Self {
        Self { token_file: PathBuf::new(), wrong_tokens_max: 10, audit_bytes_max: 16 * 1024 * 1024 }
    }
}

/// Who is not let in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawBans {
    /// A file of bans of the operator's, read again when it changes. Empty: none.
    pub file: PathBuf,
    /// Bans that there may be by act and in the file, each. 1..=1000000.
    pub entries_max: usize,
    /// Whether who is banned is told until when.
    pub tell_until: bool,
}

impl Default for RawBans {
    fn default() -> Self {
        Self { file: PathBuf::new(), entries_max: 100_000, tell_until: true }
    }
}

/// How the server goes away.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawDrain {
    /// Seconds that SIGTERM leaves the players to finish. 0..=86400.
    pub limit_s: u64,
}

impl Default for RawDrain {
    fn default() -> Self {
        Self { limit_s: 30 }
    }
}

/// What the server says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawLog {
    /// In which form.
    pub format: LogFormat,
    /// How much, per part: `info`, or `info,server::front=debug`.
    pub filter: String,
    /// Lines that each kind of line may write per second, after a burst of a hundred times as many; what is beyond is counted, and told every
    /// few seconds. 0: any number. 0..=10000.
    pub lines_per_second: u32,
    /// KiB of log in any minute, whatever happens; over it only warnings and errors are written, and the rest is counted. 0: any number.
    /// 0 or 64..=1048576.
    pub kib_per_minute: u32,
}

impl Default for RawLog {
    fn default() -> Self {
        Self { format: LogFormat::Auto, filter: "info".to_owned(), lines_per_second: 5, kib_per_minute: 768 }
    }
}

/// In which form log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// For people.
    Human,
    /// One JSON object per line.
    Json,
}

/// Who may act on players, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminConfig {
    /// The operator's file of tokens.
    pub token_file: Option<PathBuf>,
    /// Wrong tokens per address and minute.
    pub wrong_tokens_max: u32,
    /// Bytes of one file of the audit log.
    pub audit_bytes_max: u64,
}

/// Who is not let in, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BansConfig {
    /// The operator's file.
    pub file: Option<PathBuf>,
    /// Bans of each list.
    pub entries_max: usize,
    /// Whether who is banned is told until when.
    pub tell_until: bool,
}

impl RawAdmin {
    pub(super) fn checked(self) -> Result<AdminConfig, ConfigError> {
        let Self { token_file, wrong_tokens_max, audit_bytes_max } = self;
        within("admin.wrong_tokens_max", wrong_tokens_max, 1..=1000)?;
        within("admin.audit_bytes_max", audit_bytes_max, 4096..=1 << 30)?;
        Ok(AdminConfig { token_file: filled(token_file), wrong_tokens_max, audit_bytes_max })
    }
}

impl RawBans {
    pub(super) fn checked(self) -> Result<BansConfig, ConfigError> {
        let Self { file, entries_max, tell_until } = self;
        within("bans.entries_max", entries_max, 1..=BANS_MAX)?;
        Ok(BansConfig { file: filled(file), entries_max, tell_until })
    }
}
