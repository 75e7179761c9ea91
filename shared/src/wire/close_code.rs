//! Why a connection ends: each code says whose fault it is and whether to come again.
//!
//! A code is all that a player's client gets when things go wrong, so it must be enough to act on: show, wait, retry or
//! give up. The table is PROTOCOL.md's "Close codes"; a test reads it and compares.
//!
//! Never here: how a close frame is sent (see the server's `worker/connection.rs`).

/// Whose doing the end of a connection was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nobody's: it ended as intended.
    Nobody,
    /// The client broke a rule.
    Client,
    /// The network or the client's machine could not keep up.
    Path,
    /// The server stops, is full or failed.
    Server,
}

/// What the client should do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Stay away: the same attempt will end the same way.
    Never,
    /// Come again, with back-off.
    Yes,
    /// Come again as a new client at the address that was sent in Redirect.
    Elsewhere,
}

macro_rules! close_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $fault:ident, $retry:ident, $reason:literal;)+) => {
        /// The codes this server closes with. 1000 to 1013 are RFC 6455's, 4000 and up are ours.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum CloseCode { $($(#[$doc])* $name = $code,)+ }

        impl CloseCode {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The number on the wire.
            #[must_use]
            pub const fn number(self) -> u16 { self as u16 }

            /// The code of a number, if it is one of ours. Inverse of [`CloseCode::number`].
            #[must_use]
            pub const fn from_number(number: u16) -> Option<Self> {
                match number { $($code => Some(Self::$name),)+ _ => None }
            }

            /// Whose fault it was.
            #[must_use]
            pub const fn fault(self) -> Fault { match self { $(Self::$name => Fault::$fault,)+ } }

            /// What the client should do next.
            #[must_use]
            pub const fn retry(self) -> Retry { match self { $(Self::$name => Retry::$retry,)+ } }

            /// The reason that travels with the code; at most 123 bytes (RFC 6455, 5.5).
            #[must_use]
            pub const fn reason(self) -> &'static str { match self { $(Self::$name => $reason,)+ } }

            /// The name in logs, metrics and reports.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Self::$name => stringify!($name),)+ } }
        }
    };
}

close_codes! {
    /// The player left.
    Normal = 1000, Nobody, Never, "goodbye";
    /// The server stops or drains.
    GoingAway = 1001, Server, Yes, "the server is shutting down";
    /// The peer broke RFC 6455.
    ProtocolError = 1002, Client, Never, "not a valid WebSocket stream";
    /// Text, where only binary messages are spoken.
    NotBinary = 1003, Client, Never, "only binary messages are understood";
    /// A text or reason that is not UTF-8.
    InvalidText = 1007, Client, Never, "text that is not UTF-8";
    /// A message over the limit.
    TooBig = 1009, Client, Never, "message too big";
    /// The room or the server failed.
    InternalError = 1011, Server, Yes, "the server failed; it was not your fault";
    /// The server is full for the moment.
    TryAgain = 1013, Server, Yes, "the server is full, try again later";
    /// No protocol version in common.
    WrongVersion = 4000, Client, Never, "no protocol version in common; load the newest client";
    /// Bytes that no message has.
    Malformed = 4001, Client, Never, "a message could not be decoded";
    /// A well-formed message that makes no sense here: wrong phase, a tick outside the window, a frame never sent.
    OutOfPlace = 4002, Client, Never, "a message that is not allowed now";
    /// More messages or bytes than the limits allow.
    TooFast = 4003, Client, Yes, "too many messages";
    /// The first message did not come in time.
    HelloTimeout = 4004, Client, Yes, "no hello in time";
    /// Nothing heard, or no frame confirmed, for too long.
    Silent = 4005, Path, Yes, "nothing heard for too long";
    /// The socket took nothing for too long.
    TooSlow = 4006, Path, Yes, "the connection takes no data";
    /// The lane of reliable events overflowed.
    EventsOverflow = 4007, Path, Yes, "too many events waiting";
    /// The room is full.
    RoomFull = 4008, Server, Yes, "the room is full";
    /// The room ended.
    RoomEnded = 4009, Server, Yes, "the room has ended";
    /// The seat was taken by a newer connection of the same player.
    Replaced = 4010, Nobody, Never, "replaced by a newer connection";
    /// Removed by the operator.
    Kicked = 4011, Client, Never, "removed by the operator";
    /// The ticket was revoked or has run out.
    TicketEnded = 4012, Client, Never, "the ticket is no longer valid";
    /// Moved to another server: see Redirect.
    Moved = 4013, Nobody, Elsewhere, "moved to another server";
    /// It asked for something that this server lets nobody do, or not from there.
    NotAllowed = 4014, Client, Never, "not allowed: the ticket is for looking on only, or an auditor lacks --allow-audit or is not on the server's machine";
    /// It wanted to look on where nobody may.
    NoSpectators = 4015, Client, Never, "spectators are not let in here: the operator has not allowed them";
    /// The player's input has been the same for too long.
    Unchanged = 4016, Client, Never, "removed: nothing was done for too long";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_comes_back_from_its_number_and_every_reason_fits_a_close_frame() {
        for &code in CloseCode::ALL {
            assert_eq!(CloseCode::from_number(code.number()), Some(code));
            assert!(code.reason().len() <= 123, "{}", code.name());
        }
        assert_eq!(CloseCode::from_number(1005), None);
    }
}
