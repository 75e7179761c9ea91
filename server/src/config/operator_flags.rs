//! Flags of what operators do from a shell: `ban`, `unban`, `kick`, `clients`.
//!
//! Never here: how the server is asked (see `operator`).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::time_flag::duration;

/// Which running server, and by what token.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct AdminFlags {
    /// Admin port of the running server [default: what the configuration says]
    #[arg(long, value_name = "ADDR")]
    pub admin: Option<SocketAddr>,

    /// File with the admin port's token; of several the first is taken [default: what the configuration says, or admin.token in the
    /// data directory]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,

    /// Configuration file of the server
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Data directory of the server [default: ./data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Whom: exactly one of these.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(required = true, multiple = false)]
pub struct TargetFlags {
    /// A player, as `clients` shows it (the ticket's `sub`)
    #[arg(long, value_name = "PLAYER")]
    pub player: Option<String>,

    /// An address, or a range like 192.0.2.0/24 or 2001:db8::/32
    #[arg(long, value_name = "ADDR[/BITS]")]
    pub address: Option<String>,

    /// A ticket, by its own number (`jti`)
    #[arg(long, value_name = "ID")]
    pub ticket: Option<String>,
}

/// Keep somebody out.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(
    after_help = "Whoever is connected is closed within a second, and refused from now on, also after a restart of the server.\n\n\
    Examples:\n  tickwire-server ban --player steam:42 --for 7d --reason aimbot\n  \
    tickwire-server ban --address 192.0.2.0/24\n  tickwire-server ban --ticket 5f2c"
)]
pub struct BanFlags {
    /// Whom.
    #[command(flatten)]
    pub target: TargetFlags,

    /// For how long: 90s, 30m, 2h, 7d [default: for good]
    #[arg(long = "for", value_name = "TIME", value_parser = duration, conflicts_with = "until")]
    pub for_time: Option<Duration>,

    /// Until when, like 2031-05-04T12:00:00Z [default: for good]
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,

    /// Why: kept with the ban and in the audit log, told to nobody
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,

    /// Which server.
    #[command(flatten)]
    pub server: AdminFlags,
}

/// Let somebody in again.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_help = "It must be exactly what was banned: a range as that range, not an address in it.\n\n\
    Example:\n  tickwire-server unban --player steam:42")]
pub struct UnbanFlags {
    /// Whom.
    #[command(flatten)]
    pub target: TargetFlags,

    /// Which server.
    #[command(flatten)]
    pub server: AdminFlags,
}

/// Close somebody's connections.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_help = "They lose their seat and may come again: `ban` keeps them out.\n\n\
    Examples:\n  tickwire-server kick --connection 17\n  tickwire-server kick --player steam:42 --reason 'away'")]
pub struct KickFlags {
    /// A connection, by its number in logs and in `clients`
    #[arg(long, value_name = "N", conflicts_with_all = ["player", "address", "ticket"], required_unless_present_any = ["player", "address", "ticket"])]
    pub connection: Option<u64>,

    /// All of a player, as `clients` shows it
    #[arg(long, value_name = "PLAYER", conflicts_with_all = ["address", "ticket"])]
    pub player: Option<String>,

    /// All from an address or a range
    #[arg(long, value_name = "ADDR[/BITS]", conflicts_with = "ticket")]
    pub address: Option<String>,

    /// All with a ticket
    #[arg(long, value_name = "ID")]
    pub ticket: Option<String>,

    /// Why: kept in the audit log, told to nobody
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,

    /// Which server.
    #[command(flatten)]
    pub server: AdminFlags,
}

/// Show who is connected.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_help = "Example:\n  tickwire-server clients --room main")]
pub struct ClientsFlags {
    /// Only in that room
    #[arg(long, value_name = "NAME")]
    pub room: Option<String>,

    /// Print one JSON object per line instead of a table
    #[arg(long)]
    pub json: bool,

    /// Which server.
    #[command(flatten)]
    pub server: AdminFlags,
}
