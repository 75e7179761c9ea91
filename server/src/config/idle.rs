//! How long a client may do nothing: send no byte, say nothing by itself, play without changing anything.
//!
//! Never here: how long a message, a Hello or a socket may take (`shared::limits`).

use serde::{Deserialize, Serialize};
use shared::limits::{IDLE_SECONDS, SILENT_SECONDS};

use super::ConfigError;
use super::check::within;
use crate::sim::Unchanged;

/// How long a client may do nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawIdle {
    /// Seconds without a byte after which a connection is gone; after each third of them it is asked. 6..=300. Over it: closed `Silent`.
    pub silent_s: u32,
    /// Seconds in which nothing comes from a client but answers to the server's own pings. 10..=86400, more than `silent_s`. Over it:
    /// closed `Silent`.
    pub idle_s: u32,
    /// Seconds for which a player's inputs may be the same, and it asks for nothing either. 0: for ever. 0 or 10..=65535. Over it: closed
    /// `Unchanged`, counted.
    pub unchanged_s: u32,
    /// Seconds before that, when its client is told. 1..=3600, less than `unchanged_s`.
    pub unchanged_notice_s: u32,
}

impl Default for RawIdle {
    fn default() -> Self {
        Self { silent_s: SILENT_SECONDS, idle_s: IDLE_SECONDS, unchanged_s: 0, unchanged_notice_s: 30 }
    }
}

/// How long a connection may be silent, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// Seconds without a byte after which it is gone.
    pub silent_s: u32,
    /// Seconds in which nothing comes but answers to our pings.
    pub idle_s: u32,
}

impl Default for Waits {
    fn default() -> Self {
        Self { silent_s: SILENT_SECONDS, idle_s: IDLE_SECONDS }
    }
}

impl RawIdle {
    pub(super) fn checked(&self) -> Result<(Waits, Unchanged), ConfigError> {
        let Self { silent_s, idle_s, unchanged_s, unchanged_notice_s } = *self;
        within("idle.silent_s", silent_s, 6..=300)?;
        within("idle.idle_s", idle_s, 10..=86_400)?;
        if idle_s <= silent_s {
            return Err(ConfigError::Refused { key: "idle.idle_s", why: "it must be more than idle.silent_s" });
        }
        within("idle.unchanged_notice_s", unchanged_notice_s, 1..=3600)?;
        if unchanged_s > 0 {
            within("idle.unchanged_s", unchanged_s, 10..=65_535)?;
            if unchanged_s <= unchanged_notice_s {
                let why = "it must be more than idle.unchanged_notice_s, or 0";
                return Err(ConfigError::Refused { key: "idle.unchanged_s", why });
            }
        }
        Ok((Waits { silent_s, idle_s }, Unchanged { after_s: unchanged_s, notice_s: unchanged_notice_s }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_has_its_range_and_the_longer_ones_are_longer() {
        let check = |change: fn(&mut RawIdle)| {
            let mut raw = RawIdle::default();
            change(&mut raw);
            raw.checked().map(|_| ()).map_err(|error| error.to_string())
        };
        assert!(check(|_| {}).is_ok());
        assert!(check(|raw| (raw.unchanged_s, raw.unchanged_notice_s) = (300, 60)).is_ok());
        for (change, key) in [
            ((|raw| raw.silent_s = 5) as fn(&mut RawIdle), "idle.silent_s"),
            (|raw| raw.idle_s = 15, "idle.idle_s"),
            (|raw| raw.unchanged_s = 9, "idle.unchanged_s"),
            (|raw| raw.unchanged_s = 30, "idle.unchanged_s"),
            (|raw| raw.unchanged_s = 70_000, "idle.unchanged_s"),
            (|raw| raw.unchanged_notice_s = 0, "idle.unchanged_notice_s"),
        ] {
            let why = check(change).expect_err(key);
            assert!(why.contains(key), "{why}");
        }
    }
}
