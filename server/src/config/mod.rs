//! What the operator may set: one typed tree, layered, checked once, then never changed.
//!
//! ```text
//!   defaults < --config FILE < TICKWIRE_SECTION__KEY < command line ─► RawConfig ──(check)──► Config
//!                     (load.rs; an unknown key is refused by name)                (check.rs: ranges, relations)
//! ```
//!
//! [`RawConfig`] is what was written, key by key as in `assets/config/server.toml`; [`Config`] is what was meant, with
//! times as [`Duration`] and every relation verified. Only the latter reaches the engine.
//!
//! Never here: bounds of the protocol (`shared::limits`), how a game feels (the game's own constants).

// Which flags and subcommands there are.
pub mod cli;

// Flags of what operators do from a shell.
pub mod operator_flags;

// Flags of one subcommand.
mod ticket_flags;

// A time as a flag says it.
mod time_flag;

// From layers to one RawConfig.
pub mod load;

// One layer: variables.
mod environment;

// From RawConfig to Config.
pub mod check;

// What is wrong with it.
mod error;

// Where it listens and what it uses.
mod server;

// How the game port is secured.
mod tls;

// What rooms play, how they are made and paced.
mod rooms;

// Who may take how much.
mod limits;

// How long a client may do nothing.
mod idle;

// Who may come in, and as what.
pub mod access;

// What concerns operators.
pub mod operation;

pub use access::{GuestsConfig, RawAgain, RawAudit, RawGuests, RawResume, RawSpectators, RawTickets, TicketsConfig};
pub use error::ConfigError;
pub use idle::{RawIdle, Waits};
pub use limits::{ForwardedHeader, LimitsConfig, Network, RawLimits};
pub use operation::{AdminConfig, BansConfig, LogFormat, RawAdmin, RawBans, RawDrain, RawLog};
pub use rooms::{Lanes, RawBudget, RawGame, RawRooms, RawTables, RawTick, RoomsConfig, TablesConfig};
pub use server::RawServer;
pub use tls::{NamedCertificate, RawNamedCertificate, RawTls, TlsConfig, Transport};

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::directory::Caps;

/// Everything as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawConfig {
    /// Where it listens and what it uses.
    pub server: RawServer,
    /// Its certificate.
    pub tls: RawTls,
    /// Which game.
    pub game: RawGame,
    /// How rooms are made.
    pub rooms: RawRooms,
    /// How time passes in them.
    pub tick: RawTick,
    /// In which codes they speak.
    pub tables: RawTables,
    /// How much of its state each client is sent.
    pub budget: RawBudget,
    /// Who may take how much.
    pub limits: RawLimits,
    /// Who may act on players.
    pub admin: RawAdmin,
    /// Who is not let in.
    pub bans: RawBans,
    /// Who comes with a ticket.
    pub tickets: RawTickets,
    /// Who comes without.
    pub guests: RawGuests,
    /// Who may look at everything.
    pub audit: RawAudit,
    /// Who may look on.
    pub spectators: RawSpectators,
    /// Who may come back.
    pub resume: RawResume,
    /// How long a client may do nothing.
    pub idle: RawIdle,
    /// How it goes away.
    pub drain: RawDrain,
    /// What it says about itself.
    pub log: RawLog,
}

/// Everything as it was meant: checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The game port.
    pub listen: SocketAddr,
    /// The admin port.
    pub admin_listen: SocketAddr,
    /// Where files are kept.
    pub data: PathBuf,
    /// A folder that is served instead of the built-in page.
    pub web: Option<PathBuf>,
    /// Threads that run rooms; at least one.
    pub workers: usize,
    /// How the game port is secured.
    pub transport: Transport,
    /// Its certificates besides, and how they are looked after.
    pub tls: TlsConfig,
    /// Whoever speaks for others, and in which header.
    pub proxies: Vec<Network>,
    /// See [`Config::proxies`].
    pub forwarded: ForwardedHeader,
    /// Origins of other sites that may connect, in lower case.
    pub origins: Vec<String>,
    /// The game's name; empty for the program's first.
    pub game: String,
    /// A folder of maps that are played in place of the game's own.
    pub maps: Option<PathBuf>,
    /// How rooms are made and paced.
    pub rooms: RoomsConfig,
    /// Who may take how much.
    pub limits: LimitsConfig,
    /// Who may act on players.
    pub admin: AdminConfig,
    /// Who is not let in.
    pub bans: BansConfig,
    /// Who comes with a ticket.
    pub tickets: TicketsConfig,
    /// Who comes without.
    pub guests: GuestsConfig,
    /// Clients of this machine may be auditors, who see everything.
    pub allow_audit: bool,
    /// In which codes rooms speak.
    pub tables: TablesConfig,
    /// How long players may finish after SIGTERM.
    pub drain_limit: Duration,
    /// What is logged in which form.
    pub log: RawLog,
    /// A rule of who may see what that is broken on purpose.
    #[cfg(feature = "sabotage")]
    pub leak: Option<crate::replicate::replicator::Leak>,
}

impl Config {
    /// The defaults on free loopback ports with `data` as the data directory: a server inside a test or an example.
    #[must_use]
    pub fn local(data: PathBuf) -> Self {
        let mut raw = RawConfig::default();
        raw.server.listen.set_port(0);
        raw.server.admin_listen.set_port(0);
        raw.server.data = data;
        check::check(raw).expect("the defaults are valid: a test says so")
    }

    /// The caps of the directory.
    #[must_use]
    pub const fn caps(&self) -> Caps {
        Caps {
            players_max: self.rooms.players_max as usize,
            spectators_max: self.rooms.spectators.max as usize,
            rooms_max: self.rooms.rooms_max,
            connections_max: self.limits.connections_max,
            connections_per_address_max: self.limits.connections_per_address_max,
            unseated_per_address_max: self.limits.unseated_per_address_max,
            away_per_address_max: self.limits.away_per_address_max,
            limit_loopback: self.limits.loopback,
            workers: self.workers,
            tick_rate_hz: self.rooms.tick_rate_hz,
        }
    }
}

#[cfg(test)]
mod tests;
