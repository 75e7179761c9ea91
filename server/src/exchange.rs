//! What a room and whoever owns its connections hand each other, once per tick.
//!
//! ```text
//!   worker ─► Incoming: messages, busy sockets ─► room ─► Outgoing: messages, then closes ─► worker
//! ```
//!
//! The room fills and drains these; the sockets are behind the numbers. The test harness hands over the same.
//!
//! Never here: what a message says (see `ingest` and `replicate`), who sits where (see `seats`).

use bytes::Bytes;
use shared::wire::{CloseCode, ServerMessage};

/// A connection of a room: the number is its owner's, unique while it is attached, and small: one that is free again is given
/// again, because rooms keep a place for each number below the highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u32);

/// A message that came since the last tick.
#[derive(Clone, Debug)]
pub struct Received {
    /// From whom.
    pub connection: ConnectionId,
    /// The whole message.
    pub bytes: Bytes,
    /// How long before this tick began it arrived, in 1/16 tick; 0 if that is not known.
    pub early_sixteenths: i32,
}

/// What came since the last tick.
#[derive(Clone, Debug, Default)]
pub struct Incoming {
    /// Messages, each connection's in order.
    pub messages: Vec<Received>,
    /// Connections whose sockets still hold an unsent frame.
    pub busy: Vec<ConnectionId>,
}

/// What goes out after this tick.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    /// Messages, each connection's in order. Handed over means committed: each must be sent, or its connection closed.
    pub messages: Vec<(ConnectionId, Bytes)>,
    /// Connections to be closed after their messages; each is detached by its owner afterwards.
    pub closes: Vec<(ConnectionId, CloseCode)>,
}

impl Outgoing {
    pub(crate) fn send(&mut self, connection: ConnectionId, message: &ServerMessage<'_>) {
        self.messages.push((connection, message.to_bytes().into()));
    }
}
