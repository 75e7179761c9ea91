//! One ban, and the line that it is in a file.
//!
//! ```text
//!   {"player":"steam:42","reason":"aimbot","until":"2031-05-04T12:00:00Z","when":"2031-05-01T09:30:00Z","by":"anna"}
//! ```
//!
//! Exactly one of `ticket`, `player` and `address` says whom; all else may be left out. Without `until` it is for good.
//!
//! Never here: files (see `ban_file`).

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};
use shared::limits::{BAN_LINE_BYTES_MAX, BAN_TEXT_BYTES_MAX};
use shared::plain_text::in_json;

use super::address_range::{AddressRange, BadRange};
use crate::identity::{Identity, PlayerKey, TicketId};
use crate::utc::{NotATime, Utc};

/// Whom a ban is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Who comes with this ticket.
    Ticket(TicketId),
    /// This player, with whatever ticket.
    Player(PlayerKey),
    /// Who comes from there.
    Address(AddressRange),
}

impl Target {
    /// How the kind is called in files, answers and logs.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Ticket(_) => "ticket",
            Self::Player(_) => "player",
            Self::Address(_) => "address",
        }
    }

    /// Whether it is that one.
    #[must_use]
    pub fn is(&self, identity: &Identity) -> bool {
        match self {
            Self::Ticket(ticket) => identity.tickets().any(|(other, _)| other == ticket),
            Self::Player(player) => identity.player == *player,
            Self::Address(range) => range.has(identity.address),
        }
    }
}

impl Display for Target {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ticket(ticket) => write!(to, "ticket {ticket}"),
            Self::Player(player) => write!(to, "player {player}"),
            Self::Address(range) => write!(to, "address {range}"),
        }
    }
}

/// A ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// For whom.
    pub target: Target,
    /// Why; may be empty. For the operator, never told to anybody else.
    pub reason: String,
    /// Since when, as far as that is known.
    pub when: Option<Utc>,
    /// Who wanted it; may be empty.
    pub by: String,
    /// Until when; none: for good.
    pub until: Option<Utc>,
}

/// What a ban looks like in a file, a request or an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenBan {
    /// Whom, by the ticket's own number (`jti`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Whom, by the player (`sub`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub player: Option<String>,
    /// Whom, by address or range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Who wanted it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
}

/// Why something is no ban. Whoever wrote it must mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBan {
    /// A line without an end.
    #[error("a line has at most {BAN_LINE_BYTES_MAX} bytes")]
    TooLong,
    /// It is not JSON of that form.
    #[error("it is not one JSON object of a ban: {0}")]
    NotJson(String),
    /// It says nobody, or several.
    #[error("exactly one of ticket, player and address says whom")]
    Whom,
    /// No ticket or player can be called that.
    #[error("{kind}: it is 1 to 64 visible ASCII characters without spaces")]
    Id {
        /// Which key.
        kind: &'static str,
    },
    /// No such addresses.
    #[error("address: {0}")]
    Address(#[from] BadRange),
    /// No such time.
    #[error("{key}: {source}")]
    Time {
        /// Which key.
        key: &'static str,
        /// Why.
        source: NotATime,
    },
    /// A reason or a name that goes on and on.
    #[error("{key}: it has at most {BAN_TEXT_BYTES_MAX} bytes")]
    Text {
        /// Which key.
        key: &'static str,
    },
}

impl Ban {
    /// Whether it holds.
    #[must_use]
    pub fn holds(&self, now: Utc) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// As it is written.
    #[must_use]
    pub fn written(&self) -> WrittenBan {
        let (mut ticket, mut player, mut address) = (None, None, None);
        match &self.target {
            Target::Ticket(id) => ticket = Some(id.to_string()),
            Target::Player(key) => player = Some(key.to_string()),
            Target::Address(range) => address = Some(range.to_string()),
        }
        let text = |time: Option<Utc>| time.map(|time| time.to_string());
        let Self { reason, when, by, until, .. } = self;
        let (reason, by) = (reason.clone(), by.clone());
        WrittenBan { ticket, player, address, reason, until: text(*until), when: text(*when), by }
    }

    /// Its line, without the end of it. Nothing in it moves a terminal. Inverse of [`Ban::from_line`].
    #[must_use]
    pub fn to_line(&self) -> String {
        in_json(&serde_json::to_string(&self.written()).unwrap_or_default())
    }

    /// From a line. Inverse of [`Ban::to_line`].
    ///
    /// # Errors
    /// Whoever wrote the line must mend it.
    pub fn from_line(line: &str) -> Result<Self, BadBan> {
        if line.len() > BAN_LINE_BYTES_MAX {
            return Err(BadBan::TooLong);
        }
        let written = serde_json::from_str(line).map_err(|error| BadBan::NotJson(error.to_string()))?;
        Self::meant(written)
    }

    /// From what was written.
    ///
    /// # Errors
    /// Whoever wrote it must mend it.
    pub fn meant(written: WrittenBan) -> Result<Self, BadBan> {
        let WrittenBan { ticket, player, address, reason, until, when, by } = written;
        let target = meant_target(ticket.as_deref(), player.as_deref(), address.as_deref())?;
        for (key, text) in [("reason", &reason), ("by", &by)] {
            if text.len() > BAN_TEXT_BYTES_MAX {
                return Err(BadBan::Text { key });
            }
        }
        let time = |key, text: Option<String>| {
            let parsed = text.map(|text| text.parse().map_err(|source| BadBan::Time { key, source }));
            parsed.transpose()
        };
        Ok(Self { target, reason, when: time("when", when)?, by, until: time("until", until)? })
    }
}

/// Whom these mean, of which one must be there.
///
/// # Errors
/// Whoever wrote it must mend it.
pub(super) fn meant_target(
    ticket: Option<&str>,
    player: Option<&str>,
    address: Option<&str>,
) -> Result<Target, BadBan> {
    match (ticket, player, address) {
        (Some(id), None, None) => TicketId::new(id).map(Target::Ticket).ok_or(BadBan::Id { kind: "ticket" }),
        (None, Some(key), None) => PlayerKey::new(key).map(Target::Player).ok_or(BadBan::Id { kind: "player" }),
        (None, None, Some(range)) => Ok(Target::Address(range.parse()?)),
        _ => Err(BadBan::Whom),
    }
}

impl WrittenBan {
    /// Whom it means.
    ///
    /// # Errors
    /// See [`Ban::meant`].
    pub fn target(&self) -> Result<Target, BadBan> {
        meant_target(self.ticket.as_deref(), self.player.as_deref(), self.address.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ban_is_read_as_it_is_written() {
        for line in [
            r#"{"player":"steam:42","reason":"aimbot","until":"2031-05-04T12:00:00Z","when":"2031-05-01T09:30:00Z","by":"anna"}"#,
            r#"{"ticket":"a1b2"}"#,
            r#"{"address":"192.0.2.0/24","by":"file"}"#,
            r#"{"address":"2001:db8::/32"}"#,
        ] {
            let ban = Ban::from_line(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(ban.to_line(), line);
        }
    }

    #[test]
    fn a_reason_with_tricks_in_it_moves_no_terminal_and_stays_what_it_was() {
        let reason = "\u{1b}[2J\u{202e}gone\n\u{9b}31m";
        let line = serde_json::json!({ "ticket": "a", "reason": reason }).to_string();
        let ban = Ban::from_line(&line).expect("a ban");
        assert!(ban.to_line().chars().all(|letter| letter.is_ascii() && !letter.is_control()), "{}", ban.to_line());
        assert_eq!(Ban::from_line(&ban.to_line()).expect("a ban").reason, reason);
    }

    #[test]
    fn what_is_no_ban_is_refused_with_what_to_mend() {
        let long = "x".repeat(BAN_TEXT_BYTES_MAX + 1);
        for (line, why) in [
            ("", "JSON"),
            ("{\"player\":\"a\"", "JSON"),
            ("[]", "JSON"),
            ("{\"player\":7}", "JSON"),
            ("{\"player\":\"a\",\"unitl\":\"x\"}", "unitl"),
            ("{}", "exactly one"),
            ("{\"reason\":\"none\"}", "exactly one"),
            ("{\"player\":\"a\",\"ticket\":\"b\"}", "exactly one"),
            ("{\"player\":\"\"}", "player: "),
            ("{\"ticket\":\"a b\"}", "ticket: "),
            ("{\"address\":\"10.0.0.0/1\"}", "8 to 32 bits"),
            ("{\"player\":\"a\",\"until\":\"soon\"}", "until: "),
            (&format!("{{\"player\":\"a\",\"reason\":\"{long}\"}}"), "reason: "),
            (&format!("{{\"player\":\"a\",\"by\":\"{}\"}}", "x".repeat(BAN_LINE_BYTES_MAX)), "a line has"),
        ] {
            let error = Ban::from_line(line).expect_err(line).to_string();
            assert!(error.contains(why), "{line}: {error}");
        }
    }

    #[test]
    fn a_ban_holds_until_its_end_and_not_in_it() {
        let ban = Ban::from_line(r#"{"player":"a","until":"2031-05-04T12:00:00Z"}"#).expect("a ban");
        assert!(ban.holds("2031-05-04T11:59:59Z".parse().expect("a time")));
        assert!(!ban.holds("2031-05-04T12:00:00Z".parse().expect("a time")));
        assert!(Ban { until: None, ..ban }.holds(Utc::now()));
    }
}
