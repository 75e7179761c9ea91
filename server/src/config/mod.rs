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

// From layers to one RawConfig.
pub mod load;

// From RawConfig to Config.
pub mod check;

// What concerns operators.
pub mod operation;

// Who may come in, and as what.
pub mod access;

// Who may take how much.
mod limits;

// How the game port is secured.
mod tls;

pub use limits::{ForwardedHeader, LimitsConfig, Network, RawLimits};
pub use tls::{NamedCertificate, RawNamedCertificate, RawTls, TlsConfig, Transport};

use crate::directory::{Caps, RoomName};
pub use access::{GuestsConfig, RawAgain, RawAudit, RawGuests, RawResume, RawSpectators, RawTickets, TicketsConfig};

use crate::sim::{RoomOptions, Spectating, ViewRadii};
pub use operation::{AdminConfig, BansConfig, LogFormat, RawAdmin, RawBans, RawDrain, RawLog};
use serde::{Deserialize, Serialize};
use shared::limits::BUDGET_BYTES_DEFAULT;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

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
    /// How it goes away.
    pub drain: RawDrain,
    /// What it says about itself.
    pub log: RawLog,
}

/// Where the server listens and what it uses.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawServer {
    /// The game port: page, API and wss. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The admin port: health and metrics over plain HTTP.
    pub admin_listen: SocketAddr,
    /// Lets the admin port listen on an address that others can reach.
    pub admin_anywhere: bool,
    /// Where files are kept that outlive the process.
    pub data: PathBuf,
    /// A folder whose files are served instead of the built-in page. Empty: the built-in page.
    pub web: PathBuf,
    /// Threads that run rooms. 0: one per processor.
    pub workers: usize,
    /// Lets anyone in, also from other machines. On a loopback address anyone is let in anyhow.
    pub guests: bool,
    /// Web pages of other sites that may connect and read the SDK, the list of rooms and the maps, as `https://host` or
    /// `https://host:port`; the server's own pages may connect to these, too.
    pub origins: Vec<String>,
    /// ws and http without TLS: only on a loopback address.
    pub plain: bool,
    /// Addresses (10.0.0.7) and networks (10.0.0.0/8) of proxies that say where their clients come from. What others say of it is not read.
    pub proxies: Vec<String>,
    /// The header in which they say it; they must not let their clients' own through.
    pub forwarded: ForwardedHeader,
}

impl Default for RawServer {
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 4433).into(),
            admin_listen: ([127, 0, 0, 1], 4480).into(),
            admin_anywhere: false,
            data: "./data".into(),
            web: PathBuf::new(),
            workers: 0,
            guests: false,
            origins: Vec::new(),
            plain: false,
            proxies: Vec::new(),
            forwarded: ForwardedHeader::default(),
        }
    }
}

/// Which game is played.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawGame {
    /// Its name. Empty: the first that this program has.
    pub name: String,
    /// A folder of maps that are played in place of the game's own. Empty: the game's own.
    pub maps: PathBuf,
    /// Its own settings: a game refuses what it does not know. Numbers and truths may stand without quotes.
    #[serde(deserialize_with = "load::settings")]
    pub settings: BTreeMap<String, String>,
}

/// How rooms are made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawRooms {
    /// Steps per second. 1..=128.
    pub tick_rate_hz: u16,
    /// Players per room. 1..=8192.
    pub players_max: u16,
    /// Rooms in this process. 1..=4096.
    pub rooms_max: usize,
    /// Seconds that a room stays when nobody is in. 0..=86400.
    pub empty_after_s: u64,
    /// A room has `1 << slot_bits` slots. 6..=16.
    pub slot_bits: u32,
    /// How far players see, in world units. 0: everything. 0..=1000000.
    pub view_units: u32,
    /// How much farther something is when it leaves their view, in per cent. 0..=100.
    pub view_leave_percent: u32,
}

impl Default for RawRooms {
    fn default() -> Self {
        Self {
            tick_rate_hz: 30,
            players_max: 128,
            rooms_max: 256,
            empty_after_s: 30,
            slot_bits: 12,
            view_units: 0,
            view_leave_percent: 10,
        }
    }
}

/// In which codes rooms speak, and how these become better.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawTables {
    /// Code tables to begin with. Empty: those that the game ships, or untrained ones.
    pub file: PathBuf,
    /// Seconds between two trainings on what rooms send; better tables take effect at once. 0: never. 10..=86400.
    pub retrain_s: u64,
    /// Where tables go that were trained on all that was sent, when the server ends. Empty: nowhere.
    pub save: PathBuf,
}

/// How time passes in a room.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawTick {
    /// Late steps that may run back to back before the deadlines are moved; ticks never skip. 0..=16.
    pub late_steps_max: u8,
    /// Threads that serve the connections of one room. 0: one, and more for a room whose tick takes more than half of its
    /// period, as far as there are processors. 0..=16.
    pub lanes: u8,
}

impl Default for RawTick {
    fn default() -> Self {
        Self { late_steps_max: 4, lanes: 0 }
    }
}

/// How much of a room's state each client is sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawBudget {
    /// Bytes per client and tick. 64..=65536. Over it the most important goes first.
    pub bytes_per_tick: usize,
}

impl Default for RawBudget {
    fn default() -> Self {
        Self { bytes_per_tick: BUDGET_BYTES_DEFAULT }
    }
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

/// How rooms are made and paced, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomsConfig {
    /// Steps per second; at least one.
    pub tick_rate_hz: u16,
    /// Players per room.
    pub players_max: u16,
    /// Rooms in this process.
    pub rooms_max: usize,
    /// How long a room stays when nobody is in.
    pub empty_after: Duration,
    /// The pool of slots of a room holds `1 << slot_bits`.
    pub slot_bits: u32,
    /// How far players see.
    pub view: ViewRadii,
    /// Late steps that may run back to back before the deadlines are moved.
    pub late_steps_max: u8,
    /// Bytes of state per client and tick.
    pub bytes_per_tick: usize,
    /// Threads that serve the connections of one room.
    pub lanes: Lanes,
    /// Who may look on.
    pub spectators: Spectating,
    /// Seconds for which seats are kept; 0: not at all.
    pub keep_seats_s: u32,
    /// The game's own settings.
    pub settings: BTreeMap<String, String>,
}

/// Threads that serve the connections of one room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// So many, always.
    Fixed(usize),
    /// As many as its tick needs, up to so many.
    UpTo(usize),
}

/// In which codes rooms speak, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablesConfig {
    /// Tables to begin with in place of the game's.
    pub file: Option<PathBuf>,
    /// Between two trainings while rooms play.
    pub retrain: Option<Duration>,
    /// Where tables go at the end.
    pub save: Option<PathBuf>,
}

impl TablesConfig {
    /// Whether somebody wants to know what rooms send.
    #[must_use]
    pub const fn studies(&self) -> bool {
        self.retrain.is_some() || self.save.is_some()
    }
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
            limit_loopback: self.limits.loopback,
            workers: self.workers,
            tick_rate_hz: self.rooms.tick_rate_hz,
        }
    }
}

impl RoomsConfig {
    /// What a room of that name is made with.
    #[must_use]
    pub fn options(&self, name: &RoomName) -> RoomOptions {
        RoomOptions {
            name: name.to_string(),
            tick_rate_hz: self.tick_rate_hz,
            players_max: self.players_max,
            slot_bits: self.slot_bits,
            view: self.view,
            bytes_per_tick: self.bytes_per_tick,
            spectators: self.spectators,
            keep_seats_s: self.keep_seats_s,
            settings: self.settings.clone(),
        }
    }
}

impl Default for RoomsConfig {
    fn default() -> Self {
        Config::local(PathBuf::new()).rooms
    }
}
