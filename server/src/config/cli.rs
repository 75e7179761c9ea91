//! Which flags and subcommands there are.
//!
//! Flags are the last layer of the configuration; each overrides one key. Everything else is set in the file or the
//! environment.
//!
//! Never here: what a flag leads to (see `app`).

use std::net::SocketAddr;
use std::path::PathBuf;

use super::operator_flags::{BanFlags, ClientsFlags, KickFlags, UnbanFlags};
pub use super::ticket_flags::{KeyAlgorithm, KeyArgs, MintArgs, TicketArgs, TicketWhat};
use super::{LogFormat, RawConfig};
use crate::operator::Wish;

/// A dedicated, authoritative game server over wss.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "tickwire-server", version, args_conflicts_with_subcommands = true)]
pub struct CommandLine {
    /// What to do; to serve, if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Flags of `serve`, which need not be named.
    #[command(flatten)]
    pub flags: Flags,
}

/// What the program can do.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Run the server (the default)
    Serve(Flags),
    /// Ask a running server whether it is healthy: exit code 0 or 1
    Healthcheck(Flags),
    /// Print the game's schema: as JSON, or as types for an author's editor
    Schema(SchemaFlags),
    /// Keep a player, an address or a ticket out of a running server
    Ban(BanFlags),
    /// Let a player, an address or a ticket in again
    Unban(UnbanFlags),
    /// Close a player's connections to a running server
    Kick(KickFlags),
    /// Show who is connected to a running server
    Clients(ClientsFlags),
    /// Print a ticket that lets a player in, or make a key to sign such with: for development
    Ticket(TicketArgs),
}

/// How a schema is printed, and of which game.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SchemaFlags {
    /// Print TypeScript types instead of JSON
    #[arg(long)]
    pub typescript: bool,

    /// Which game it is, is said like everything else.
    #[command(flatten)]
    pub flags: Flags,
}

/// Keys of the configuration that have a flag.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Flags {
    /// Configuration file (TOML); see assets/config/server.toml for every key
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Game port: page, API and wss [default: 127.0.0.1:4433]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,

    /// Admin port: health and metrics, plain HTTP [default: 127.0.0.1:4480]
    #[arg(long, value_name = "ADDR")]
    pub admin_listen: Option<SocketAddr>,

    /// Where files are kept that outlive the process [default: ./data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Which game to play
    #[arg(long, value_name = "NAME")]
    pub game: Option<String>,

    /// Play on the maps of this folder (.tmx, as the Tiled editor saves them) instead of the game's own
    #[arg(long, value_name = "DIR")]
    pub maps: Option<PathBuf>,

    /// How far players see, in world units; 0: everything
    #[arg(long, value_name = "UNITS")]
    pub view: Option<u32>,

    /// Serve the files of this folder instead of the built-in page
    #[arg(long, value_name = "DIR")]
    pub web: Option<PathBuf>,

    /// Let auditors of this machine in, who see everything (`client-sim swarm --audit`): only on a loopback address
    #[arg(long)]
    pub allow_audit: bool,
    /// Write code tables trained on what rooms sent when the server ends; see tables.file
    #[arg(long, value_name = "FILE")]
    pub train_tables: Option<PathBuf>,

    /// ws and http without TLS: only on a loopback address
    #[arg(long)]
    pub plain: bool,

    /// Form of log lines [default: auto]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,

    /// Check the configuration and exit: 0 if it is good, 2 if not
    #[arg(long)]
    pub check_config: bool,

    /// Print the configuration that results from all layers and exit
    #[arg(long)]
    pub print_config: bool,
}

impl CommandLine {
    /// The flags, wherever they stand.
    #[must_use]
    pub const fn flags(&self) -> &Flags {
        match &self.command {
            Some(Command::Serve(flags) | Command::Healthcheck(flags)) => flags,
            Some(Command::Schema(asked)) => &asked.flags,
            None
            | Some(Command::Ticket(_) | Command::Ban(_) | Command::Unban(_) | Command::Kick(_) | Command::Clients(_)) => {
                &self.flags
            }
        }
    }

    /// What is asked of a running server.
    #[must_use]
    pub const fn wish(&self) -> Option<Wish<'_>> {
        match &self.command {
            Some(Command::Ban(flags)) => Some(Wish::Ban(flags)),
            Some(Command::Unban(flags)) => Some(Wish::Unban(flags)),
            Some(Command::Kick(flags)) => Some(Wish::Kick(flags)),
            Some(Command::Clients(flags)) => Some(Wish::Clients(flags)),
            _ => None,
        }
    }
}

impl Flags {
    /// Lays the flags over what the other layers said.
    pub fn apply(&self, raw: &mut RawConfig) {
        let set = |key: &mut PathBuf, flag: &Option<PathBuf>| {
            if let Some(path) = flag {
                key.clone_from(path);
            }
        };
        set(&mut raw.server.data, &self.data);
        set(&mut raw.server.web, &self.web);
        set(&mut raw.game.maps, &self.maps);
        set(&mut raw.tables.save, &self.train_tables);
        raw.server.listen = self.listen.unwrap_or(raw.server.listen);
        raw.server.admin_listen = self.admin_listen.unwrap_or(raw.server.admin_listen);
        raw.server.plain |= self.plain;
        raw.audit.allow |= self.allow_audit;
        raw.log.format = self.log_format.unwrap_or(raw.log.format);
        raw.rooms.view_units = self.view.unwrap_or(raw.rooms.view_units);
        if let Some(game) = &self.game {
            raw.game.name.clone_from(game);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn serve_need_not_be_named() {
        let short = CommandLine::try_parse_from(["tickwire-server", "--plain"]).expect("valid");
        let long = CommandLine::try_parse_from(["tickwire-server", "serve", "--plain"]).expect("valid");
        assert!(short.flags().plain && long.flags().plain);
        assert!(CommandLine::try_parse_from(["tickwire-server", "--nonsense"]).is_err());
    }

    #[test]
    fn types_are_printed_of_the_game_that_is_asked_for() {
        let line = CommandLine::try_parse_from(["tickwire-server", "schema", "--typescript", "--game", "arena-n"]);
        let line = line.expect("valid");
        assert!(matches!(&line.command, Some(Command::Schema(asked)) if asked.typescript));
        assert_eq!(line.flags().game.as_deref(), Some("arena-n"));
        assert!(CommandLine::try_parse_from(["tickwire-server", "--typescript"]).is_err());
    }

    #[test]
    fn an_operator_says_whom_by_exactly_one_flag() {
        let parses = |words: &str| {
            CommandLine::try_parse_from(format!("tickwire-server {words}").split_whitespace())
                .is_ok_and(|line| line.wish().is_some())
        };
        for good in [
            "ban --player anna",
            "ban --address 192.0.2.0/24 --for 7d --reason x",
            "ban --ticket t1 --until 2031-05-04T12:00:00Z",
            "unban --player anna --admin 127.0.0.1:1 --token-file t",
            "kick --connection 7",
            "kick --address 192.0.2.1 --data d",
            "clients",
            "clients --room main --json --config c",
        ] {
            assert!(parses(good), "{good}");
        }
        for bad in [
            "ban",
            "ban --player a --ticket b",
            "ban --player a --for 7",
            "ban --player a --for 7d --until 2031-05-04T12:00:00Z",
            "unban",
            "kick",
            "kick --connection 7 --player a",
            "kick --player a --address 192.0.2.1",
        ] {
            assert!(!parses(bad), "{bad}");
        }
    }
}
