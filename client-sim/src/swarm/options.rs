//! What a run of bots is asked to do: the command line, understood.
//!
//! Never here: how flags are written (see `main`).

use crate::behaviour::Behaviours;
use crate::link::LinkSpec;
use crate::predict::Twins;
use crate::ticket_key::TicketKey;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

/// What a run is asked to do.
#[derive(Clone)]
pub struct SwarmOptions {
    /// The server: `wss://HOST:PORT` or `ws://HOST:PORT`.
    pub url: String,
    /// How the server is recognised; only where the URL is wss.
    pub tls: Option<Arc<rustls::ClientConfig>>,
    /// How many bots.
    pub bots: usize,
    /// Seconds between the last bot's coming in and the measuring window: what joining left behind is not measured.
    pub settle_seconds: f64,
    /// Length of the measuring window.
    pub seconds: f64,
    /// Bots that begin per second.
    pub ramp_per_second: f64,
    /// What the bots do.
    pub mode: Mode,
    /// What the report calls it.
    pub behaviour: String,
    /// Where they go.
    pub rooms: Rooms,
    /// A worse network.
    pub link: Option<LinkSpec>,
    /// The share of bots, 0 to 1, that get it.
    pub link_share: f64,
    /// Where the server asks for tickets: each bot has one of its own.
    pub tickets: Option<TicketKey>,
    /// Addresses of their own.
    pub from: Option<Sources>,
    /// Seconds into the window at which all connections are cut at once, as by a network, ascending.
    pub cuts_s: Vec<f64>,
    /// The seed of all chance.
    pub seed: u64,
    /// All 64 bits of the digest travel.
    pub full_digest: bool,
    /// Every bot that plays is compared with an auditor in its room.
    pub audit: bool,
    /// Bots that hold the same hold it together.
    pub share: bool,
    /// Bots predict themselves by these steps, where there is one for their game, and draw others. `None`: neither.
    pub twins: Option<Arc<dyn Twins>>,
}

impl SwarmOptions {
    /// How many cuts there were when the window is that old.
    pub(super) fn cuts_by(&self, into_s: f64) -> usize {
        self.cuts_s.iter().filter(|at_s| **at_s <= into_s).count()
    }
}

/// What bots do.
#[derive(Clone)]
pub enum Mode {
    /// Play.
    Play(Arc<dyn Behaviours>),
    /// Misbehave, one way after the other.
    Hostile,
    /// Connect and go, so often per second altogether.
    Handshakes {
        /// Connections per second.
        per_second: f64,
    },
}

/// Which rooms the bots go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rooms {
    /// Wherever the server puts them.
    Any,
    /// One room by its name.
    Named(String),
    /// So many rooms, the bots spread evenly.
    Spread(usize),
}

impl Rooms {
    /// The name of the room of a bot; empty for wherever the server puts it.
    #[must_use]
    pub fn of(&self, bot: usize) -> String {
        match self {
            Self::Any => String::new(),
            Self::Named(name) => name.clone(),
            Self::Spread(count) => format!("swarm-{}", bot % count.max(&1)),
        }
    }
}

impl Rooms {
    /// The names of all rooms that so many bots go to.
    #[must_use]
    pub fn all(&self, bots: usize) -> Vec<String> {
        let count = if let Self::Spread(count) = self { *count } else { 1 };
        (0..count.min(bots)).map(|bot| self.of(bot)).collect()
    }
}

/// The path at which a room is joined.
#[must_use]
pub fn path_of(room: &str) -> String {
    if room.is_empty() { "/play".to_owned() } else { format!("/play/{room}") }
}

/// Bytes of a room's name at most.
const ROOM_BYTES_MAX: usize = 32;

/// What a room may be called, as servers have it.
///
/// # Errors
/// What it may, for the person who named it.
pub fn room_name(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    if text.is_empty() || text.len() > ROOM_BYTES_MAX || !text.bytes().all(allowed) {
        return Err(format!("a room's name is 1 to {ROOM_BYTES_MAX} of a-z, 0-9, - and _"));
    }
    Ok(text.to_owned())
}

/// Source addresses: `ADDR` or `ADDR/BITS`, from which bots take one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources {
    first: IpAddr,
    bits: u32,
}

/// What is wrong with a `--from`. The caller's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?}: say an address, or an address and the bits of its network: 127.0.0.2/24")]
pub struct SourcesError {
    text: String,
}

impl FromStr for Sources {
    type Err = SourcesError;

    fn from_str(text: &str) -> Result<Self, SourcesError> {
        let wrong = || SourcesError { text: text.to_owned() };
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let first: IpAddr = address.parse().map_err(|_| wrong())?;
        let bits_max = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(bits_max), str::parse).map_err(|_| wrong())?;
        if bits > bits_max { Err(wrong()) } else { Ok(Self { first, bits }) }
    }
}

impl Sources {
    /// The address of a bot: they go round from the first one to the last of its network.
    #[must_use]
    pub fn of(&self, bot: usize) -> IpAddr {
        match self.first {
            IpAddr::V4(first) => {
                let first = first.to_bits();
                let room = u64::from(u32::MAX.checked_shr(self.bits).unwrap_or(0) & !first) + 1;
                // The last address of a network is its broadcast.
                let usable = if room > 2 { room - 1 } else { room };
                IpAddr::V4((first + (bot as u64 % usable) as u32).into())
            }
            IpAddr::V6(first) => {
                let first = first.to_bits();
                let room = u128::MAX.checked_shr(self.bits).unwrap_or(0) & !first;
                IpAddr::V6((first + bot as u128 % room.saturating_add(1)).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, bot: usize) -> String {
        text.parse::<Sources>().unwrap().of(bot).to_string()
    }

    #[test]
    fn bots_take_one_address_after_the_other_and_begin_anew_at_the_last() {
        assert_eq!(of("127.0.0.2/24", 0), "127.0.0.2");
        assert_eq!(of("127.0.0.2/24", 252), "127.0.0.254");
        assert_eq!(of("127.0.0.2/24", 253), "127.0.0.2");
        assert_eq!(of("127.0.0.5", 7), "127.0.0.5");
        assert_eq!(of("::1", 7), "::1");
        assert_eq!(of("fd00::1/64", 2), "fd00::3");
        for nonsense in ["", "localhost", "127.0.0.1/33", "127.0.0.1/x", "::1/129"] {
            assert!(nonsense.parse::<Sources>().is_err(), "{nonsense}");
        }
    }

    #[test]
    fn a_room_that_no_server_would_open_is_refused_before_anybody_connects() {
        for good in ["a", "main-2", "under_score", "0123456789abcdef0123456789abcdef"] {
            assert_eq!(room_name(good).as_deref(), Ok(good));
        }
        for bad in ["", "Main", "a b", "ä", "../etc", "a%2fb", "0123456789abcdef0123456789abcdef0"] {
            assert_eq!(room_name(bad).unwrap_err(), "a room's name is 1 to 32 of a-z, 0-9, - and _", "{bad}");
        }
    }

    #[test]
    fn rooms_are_filled_evenly() {
        let rooms = Rooms::Spread(20);
        let in_third = (0..200).filter(|&bot| rooms.of(bot) == "swarm-3").count();
        assert_eq!(in_third, 10);
        assert_eq!((rooms.all(200).len(), rooms.all(3)), (20, [0, 1, 2].map(|room| format!("swarm-{room}")).to_vec()));
        assert_eq!(Rooms::Any.all(9), [""]);
        assert_eq!(path_of(&rooms.of(21)), "/play/swarm-1");
        assert_eq!(path_of(&Rooms::Any.of(3)), "/play");
    }
}
