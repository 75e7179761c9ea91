//! Who somebody is: what a ticket says of a player, or that it is a guest.
//!
//! ```text
//!   upgrade: ticket ─► claims ─┐
//!            no ticket ─► guest ┴─► Identity ─► Session (see `sessions`) ─► travels with the connection ─► room
//! ```
//!
//! An identity is made once, when all that an upgrade asks for has passed, and is never changed; only when it ends may be moved on, by
//! a new ticket. Each of its texts is bounded and has nothing in it that a terminal, a log or a page could take for something else.
//!
//! Never here: whether a ticket is genuine (see `tickets`), who is connected (see `sessions`).

use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use crate::directory::RoomName;

/// Bytes of a player's key, a ticket's number and a key's name at most.
pub const ID_BYTES_MAX: usize = 64;

/// Bytes of a player's name at most, as in a Hello.
pub const NAME_BYTES_MAX: usize = 32;

/// Rooms or patterns of rooms that an identity may name.
pub const ROOMS_ALLOWED_MAX: usize = 32;

/// What keys of guests begin with; no ticket of an author's may say one.
const GUEST: &str = "guest:";

/// Whether a text may name a player, a ticket or a key: visible ASCII, not too long.
fn is_id(text: &str) -> bool {
    (1..=ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// None: it is empty, longer than [`ID_BYTES_MAX`], or has something else than visible ASCII in it.
            #[must_use]
            pub fn new(text: &str) -> Option<Self> {
                is_id(text).then(|| Self(text.into()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Display for $name {
            fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
                to.write_str(&self.0)
            }
        }
    )+};
}

ids! {
    /// A player across connections, rooms and days: the ticket's subject, or a random one for a guest.
    PlayerKey;
    /// A ticket's own number (`jti`).
    TicketId;
    /// The name of the key that a ticket was signed with (`kid`).
    KeyId;
}

/// A key that tickets are signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketKey {
    /// What tickets call it.
    pub id: KeyId,
    /// Which of that name: another key may be given the name of one that is gone, and the tickets of that one are worth nothing then.
    pub edition: u64,
}

impl PlayerKey {
    /// A guest's, of a number that nobody can guess.
    #[must_use]
    pub fn guest(number: u128) -> Self {
        Self(format!("{GUEST}{number:032x}").into())
    }

    /// Whether it is a guest's.
    #[must_use]
    pub fn is_guest(&self) -> bool {
        self.0.starts_with(GUEST)
    }
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Play, or look on where that is let in.
    Player,
    /// Look on, and nothing else.
    Spectator,
    /// All of it; a game may give it more.
    Admin,
}

impl Role {
    /// Whether it may take a player's seat.
    #[must_use]
    pub const fn may_play(self) -> bool {
        !matches!(self, Self::Spectator)
    }

    /// As a ticket says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Player => "player",
            Self::Spectator => "spectator",
            Self::Admin => "admin",
        }
    }
}

/// A room, or all whose names begin alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomPattern {
    /// That one.
    Named(RoomName),
    /// `match-*`: all that begin so.
    Beginning(String),
}

impl RoomPattern {
    /// None: it is no name of a room, and no beginning of one with a star behind it.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        match text.strip_suffix('*') {
            Some("") => Some(Self::Beginning(String::new())),
            Some(beginning) => RoomName::new(beginning).ok().map(|name| Self::Beginning(name.to_string())),
            None => RoomName::new(text).ok().map(Self::Named),
        }
    }

    /// Whether a room is one of those.
    #[must_use]
    pub fn has(&self, room: &RoomName) -> bool {
        match self {
            Self::Named(name) => name == room,
            Self::Beginning(beginning) => room.as_str().starts_with(beginning.as_str()),
        }
    }
}

/// The rooms that somebody may enter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomsAllowed {
    /// Each.
    All,
    /// Those that one of these has.
    Of(Vec<RoomPattern>),
}

impl RoomsAllowed {
    /// The rooms that are named one by one.
    pub fn named(&self) -> impl Iterator<Item = &RoomName> {
        let patterns = match self {
            Self::All => &[][..],
            Self::Of(patterns) => patterns,
        };
        patterns.iter().filter_map(|pattern| match pattern {
            RoomPattern::Named(name) => Some(name),
            RoomPattern::Beginning(_) => None,
        })
    }

    /// Whether that room may be entered.
    #[must_use]
    pub fn has(&self, room: &RoomName) -> bool {
        match self {
            Self::All => true,
            Self::Of(patterns) => patterns.iter().any(|pattern| pattern.has(room)),
        }
    }
}

/// Tickets that somebody may have had beside the one that counts, all of them still good.
pub const EARLIER_TICKETS_MAX: usize = 32;

/// Who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The player.
    pub player: PlayerKey,
    /// What it is called, whatever its client says; none: what its client says.
    pub name: Option<String>,
    /// The ticket's own number, if it has one.
    pub ticket: Option<TicketId>,
    /// The numbers of tickets that it had before this one and that would still be good, each with its end: who revokes one of them means
    /// it, too. At most [`EARLIER_TICKETS_MAX`].
    pub earlier: Vec<(TicketId, SystemTime)>,
    /// The key that the ticket was signed with; none for a guest without a ticket.
    pub key: Option<TicketKey>,
    /// What it may do.
    pub role: Role,
    /// Where.
    pub rooms: RoomsAllowed,
    /// Until when, as of the upgrade; none: for as long as it stays.
    pub expires: Option<SystemTime>,
    /// Where it comes from.
    pub address: IpAddr,
}

impl Identity {
    /// A guest's, without a ticket.
    #[must_use]
    pub const fn guest(player: PlayerKey, expires: Option<SystemTime>, address: IpAddr) -> Self {
        Self {
            player,
            name: None,
            ticket: None,
            earlier: Vec::new(),
            key: None,
            role: Role::Player,
            rooms: RoomsAllowed::All,
            expires,
            address,
        }
    }

    /// The numbers of the tickets that it came with, the one that counts first, each with its end.
    pub fn tickets(&self) -> impl Iterator<Item = (&TicketId, Option<SystemTime>)> {
        let counts = self.ticket.iter().map(|ticket| (ticket, self.expires));
        counts.chain(self.earlier.iter().map(|(ticket, ends)| (ticket, Some(*ends))))
    }
}

#[cfg(test)]
impl Identity {
    /// Somebody of a test, each number somebody else.
    pub(crate) fn of_test(number: u64) -> Arc<Self> {
        Arc::new(Self::guest(PlayerKey::guest(number.into()), None, [127, 0, 0, 1].into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(name: &str) -> RoomName {
        RoomName::new(name).expect("a room's name")
    }

    #[test]
    fn an_id_is_short_visible_ascii() {
        let long = "x".repeat(ID_BYTES_MAX + 1);
        for good in ["1", "steam:76561198000000000", "a@b.example", &long[1..]] {
            assert_eq!(PlayerKey::new(good).expect("good").as_str(), good);
        }
        for bad in ["", " ", "a b", "a\n", "\u{1b}[31m", "Zoë", "\u{202e}x", &long] {
            assert!(
                PlayerKey::new(bad).is_none() && TicketId::new(bad).is_none() && KeyId::new(bad).is_none(),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn guests_are_told_from_others_and_from_each_other() {
        let (one, other) = (PlayerKey::guest(1), PlayerKey::guest(u128::MAX));
        assert!(one.is_guest() && other.is_guest() && one != other);
        assert!(is_id(other.as_str()), "it fits where keys do");
        assert!(!PlayerKey::new("anna").expect("good").is_guest());
    }

    #[test]
    fn rooms_are_allowed_by_name_by_their_beginning_or_all() {
        let of = |texts: &[&str]| {
            RoomsAllowed::Of(texts.iter().map(|text| RoomPattern::new(text).expect("a pattern")).collect())
        };
        assert!(RoomsAllowed::All.has(&room("a")) && of(&["*"]).has(&room("a")));
        let some = of(&["main", "match-*"]);
        assert!(some.has(&room("main")) && some.has(&room("match-7")) && some.has(&room("match-")));
        assert!(!some.has(&room("main-2")) && !some.has(&room("match")) && !of(&[]).has(&room("main")));
        for bad in ["", "**", "a*b", "A", "a/b", "../*", "Match-*"] {
            assert_eq!(RoomPattern::new(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn only_a_spectator_may_not_play() {
        assert!(Role::Player.may_play() && Role::Admin.may_play() && !Role::Spectator.may_play());
    }
}
