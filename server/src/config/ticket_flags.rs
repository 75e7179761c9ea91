//! Flags of `tickwire-server ticket`.
//!
//! Never here: what they lead to (see `ticket_command`).

use std::path::PathBuf;
use std::time::Duration;

use super::time_flag::duration;
use crate::tickets::claims::ClaimedRole;

const TICKET_HELP: &str = "\
A ticket is a signed text (JWT) by which somebody comes in: who, as what, where, until when. In production your own backend makes
them; this makes them by hand. In three steps:

  tickwire-server ticket key --algorithm eddsa --out keys/dev.pem     makes a key: dev.pem signs, dev.pub verifies
  TICKWIRE_TICKETS__KEYS=keys/dev.pub tickwire-server                 a server that lets in who has a ticket of it
  tickwire-server ticket --key keys/dev.pem --player anna --ttl 1h    prints a ticket for the player anna

A client sends it as its second sub-protocol (`ticket.` and the ticket) or as `Authorization: Bearer`.";

/// What is asked of `tickwire-server ticket`.
#[derive(Clone, Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, after_help = TICKET_HELP)]
pub struct TicketArgs {
    /// Something else than a ticket.
    #[command(subcommand)]
    pub what: Option<TicketWhat>,

    /// The ticket.
    #[command(flatten)]
    pub mint: MintArgs,
}

/// What else there is.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum TicketWhat {
    /// Make a key to sign tickets with
    Key(KeyArgs),
}

/// What a ticket should say.
#[derive(Clone, Debug, clap::Args)]
pub struct MintArgs {
    /// The key to sign with: NAME.pem (Ed25519, private) or NAME.hs256 (a secret)
    #[arg(long, value_name = "FILE", required = true)]
    pub key: Option<PathBuf>,

    /// What the server calls the key [default: the file's NAME]
    #[arg(long, value_name = "K")]
    pub kid: Option<String>,

    /// Who comes in: whatever your backend calls a player, the same each time
    #[arg(long, value_name = "P", required = true)]
    pub player: Option<String>,

    /// What the player is called, whatever its client says
    #[arg(long, value_name = "N")]
    pub name: Option<String>,

    /// A room that may be entered, or match-* for all that begin so; may stand there several times [default: all]
    #[arg(long, value_name = "R")]
    pub room: Vec<String>,

    /// What the player may do [default: player]
    #[arg(long, value_name = "R", value_enum)]
    pub(crate) role: Option<ClaimedRole>,

    /// How long the ticket is good: 90s, 30m, 1h, 7d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub ttl: Duration,

    /// Who issues it, where the server asks (tickets.issuer)
    #[arg(long, value_name = "I")]
    pub issuer: Option<String>,

    /// For whom it is, where the server asks (tickets.audience)
    #[arg(long, value_name = "A")]
    pub audience: Option<String>,

    /// A number of its own (jti), by which it can be revoked
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,

    /// Print JSON: ticket, player, kid, expires_s
    #[arg(long)]
    pub json: bool,
}

/// What a key should be.
#[derive(Clone, Debug, clap::Args)]
pub struct KeyArgs {
    /// eddsa: your backend signs, the server can only verify. hs256: one secret for both
    #[arg(long, value_name = "ALGORITHM", value_enum, default_value = "eddsa")]
    pub algorithm: KeyAlgorithm,

    /// Where it goes: NAME.pem (and NAME.pub beside it) or NAME.hs256. NAME is what tickets call it
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// By what tickets are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum KeyAlgorithm {
    /// Ed25519
    Eddsa,
    /// HMAC with SHA-256
    Hs256,
}
