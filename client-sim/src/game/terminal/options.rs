//! What the command line asks for.
//!
//! Never here: what comes of it (see `play`).

use crate::link::LinkSpec;
use crate::swarm::options::room_name;
use crate::ticket_key::TicketOptions;
use std::path::PathBuf;

/// What `play --help` says at its end.
pub const PLAYING: &str = "Keys: wasd or arrows go (with shift: dash that way), space fires, x dashes, 1 and 2 choose the weapon, q e or j l turn \
the aim (f: it follows where you go), the mouse aims and its button fires, t or Enter talks (shift-t: to your team), Tab shows the score, n or F3 the \
net graph, z zooms, h the keys, Esc and then q or Ctrl-C leaves. Where the terminal tells when a key is let go (the kitty keyboard protocol), \
a key is held for as long as you hold it. Elsewhere it counts as held for 300 ms after it was pressed and for 150 ms after each \
repeat; a direction that still repeated when another was pressed stays held with it.";

/// What `watch --help` says at its end.
pub const WATCHING: &str = "Keys: n and p follow the next player and the one before, arrows or wasd pan and follow nobody, f follows nobody, Tab shows the \
score, g or F3 the net graph, z zooms, h the keys, q or Ctrl-C leaves. A spectator sees everything, later than the players do by as much as the \
operator says; the server must let spectators in.";

/// Where the game is, and how to get there.
#[derive(Clone, Debug, clap::Args)]
pub struct Where {
    /// The server.
    #[arg(long, default_value = "wss://127.0.0.1:4433")]
    pub url: String,
    /// The room: 1 to 32 of a-z, 0-9, - and _; without it, wherever the server puts you.
    #[arg(long, value_parser = room_name)]
    pub room: Option<String>,
    /// The authority that signed the server's certificate (PEM). Without it ./data/dev-ca.pem, if it is there.
    #[arg(long, conflicts_with = "insecure")]
    pub ca: Option<PathBuf>,
    /// Believe any certificate.
    #[arg(long)]
    pub insecure: bool,
    /// Tickets.
    #[command(flatten)]
    pub tickets: TicketOptions,
    /// A worse network: delay=50ms,jitter=10ms,stall=2s/20s,rate=256kbit. Delay and jitter count once per direction.
    #[arg(long)]
    pub link: Option<LinkSpec>,
    /// The seed of the worse network's chance.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Opens the net graph from the start.
    #[arg(long)]
    pub net_graph: bool,
}

/// Where to play, and as whom.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = PLAYING)]
pub struct PlayOptions {
    /// Where.
    #[command(flatten)]
    pub to: Where,
    /// Your name.
    #[arg(long, default_value = "player")]
    pub name: String,
}

/// What to watch.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = WATCHING)]
pub struct WatchOptions {
    /// Where.
    #[command(flatten)]
    pub to: Where,
    /// Whom to follow: a player's name, or free. Without it, whoever comes first.
    #[arg(long, value_name = "PLAYER|free")]
    pub follow: Option<String>,
    /// Prints a line for each event and one per second for the state of the game, and draws nothing; so, too, where standard
    /// output is no terminal.
    #[arg(long)]
    pub plain: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::terminal::input::hands::{FIRST_MS, REPEAT_MS};

    #[test]
    fn the_help_says_for_how_long_a_key_counts_as_held() {
        assert!(PLAYING.contains(&format!("{FIRST_MS} ms")) && PLAYING.contains(&format!("{REPEAT_MS} ms")));
    }
}
