//! Who may come in, and as what: tickets, guests, auditors, spectators.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::sessions::Again;

/// Who comes with a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawTickets {
    /// Files of keys, and folders of such: whoever has a ticket signed with one is let in. Empty: there are no tickets.
    pub keys: Vec<PathBuf>,
    /// What a ticket must say who issued it. Empty: not asked.
    pub issuer: String,
    /// For whom a ticket must say that it is. Empty: not asked.
    pub audience: String,
    /// Seconds by which clocks may differ. 0..=300.
    pub leeway_s: u64,
    /// Nobody comes in without a ticket, also on a loopback address.
    pub required: bool,
    /// A ticket may stand in the address, as `?ticket=`.
    pub query: bool,
    /// What becomes of a player who comes while it is connected.
    pub again: RawAgain,
    /// Seconds before its end that a player is told of it. 0: never. 0..=3600.
    pub notice_s: u64,
    /// Seconds after its end that a player may go on. 0..=3600.
    pub grace_s: u64,
}

impl Default for RawTickets {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            issuer: String::new(),
            audience: String::new(),
            leeway_s: 5,
            required: false,
            query: false,
            again: RawAgain::Replaces,
            notice_s: 60,
            grace_s: 10,
        }
    }
}

/// See [`Again`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RawAgain {
    /// The newer connection replaces the older.
    #[default]
    Replaces,
    /// The newer connection is refused.
    Refused,
}

/// Who comes without a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawGuests {
    /// Guests that an address (an IPv6 address stands for its /64) may bring per minute. 1..=60000. Over it: 429.
    pub per_minute: u32,
    /// Of these, at once. 1..=10000.
    pub burst: u32,
    /// Seconds that a guest may stay. 0: without end. 0..=604800.
    pub session_max_s: u64,
}

impl Default for RawGuests {
    fn default() -> Self {
        Self { per_minute: 30, burst: 16, session_max_s: 43_200 }
    }
}

/// Who may look at everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawAudit {
    /// Lets auditors in: clients of this machine that see everything and play nothing. Only on a loopback address.
    pub allow: bool,
}

/// Who may look on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawSpectators {
    /// Lets spectators in: clients that see what is everyone's and every team's, later than the players, and play nothing. On a loopback
    /// address they are let in anyhow.
    pub allow: bool,
    /// Spectators per room, beside its players. 0: none. 0..=1024.
    pub per_room_max: u16,
    /// Seconds that they are behind. It is what keeps players from looking into each other's cards. 0..=120.
    pub delay_s: u32,
}

impl Default for RawSpectators {
    fn default() -> Self {
        Self { allow: false, per_room_max: 16, delay_s: 5 }
    }
}

/// Who comes with a ticket, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketsConfig {
    /// Files of keys, and folders of such.
    pub keys: Vec<PathBuf>,
    /// What a ticket must say who issued it.
    pub issuer: Option<String>,
    /// For whom it must say that it is.
    pub audience: Option<String>,
    /// By how much clocks may differ.
    pub leeway: Duration,
    /// A ticket may stand in the address.
    pub query: bool,
    /// What becomes of a player who comes while it is connected.
    pub again: Again,
    /// How long before its end a player is told of it.
    pub notice: Duration,
    /// How long after its end a player may go on.
    pub grace: Duration,
}

/// Who comes without a ticket, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestsConfig {
    /// Whether anybody may.
    pub allowed: bool,
    /// Between two guests of an address, in the long run.
    pub every: Duration,
    /// Guests of an address at once.
    pub burst: u32,
    /// How long a guest may stay.
    pub session_max: Option<Duration>,
}

/// Which players may come back to their seats.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawResume {
    /// Seconds for which the seat of a player is kept whose connection was cut; its entity stays for so long. 0: seats are not kept,
    /// which is right for clients that do not ask for theirs. 0..=600.
    pub keep_s: u32,
}

impl Default for RawResume {
    fn default() -> Self {
        Self { keep_s: 30 }
    }
}
