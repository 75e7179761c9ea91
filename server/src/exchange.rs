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
use shared::wire::{CloseCode, Secret, ServerMessage};
use std::ops::Range;

/// A connection of a room: the number is its owner's, unique while it is attached, and small: one that is free again is given
/// again, because rooms keep a place for each number below the highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u32);

/// A message that came since the last tick.
#[derive(Clone, Debug)]
pub struct Received {
    /// From whom.
    pub connection: ConnectionId,
    /// Where the whole message lies in [`Incoming::bytes`].
    pub at: Range<usize>,
    /// How long before this tick began it arrived, in 1/16 tick; 0 if that is not known.
    pub early_sixteenths: i32,
}

/// What came since the last tick.
#[derive(Clone, Debug, Default)]
pub struct Incoming {
    /// Messages, each connection's in order.
    pub messages: Vec<Received>,
    /// Their bytes, one after the other: memory of its own for each would cost more than reading it.
    pub bytes: Vec<u8>,
    /// Connections whose sockets still hold an unsent frame.
    pub busy: Vec<ConnectionId>,
    /// The tick begins late: what clients did not confirm yet may have waited for us.
    pub late: bool,
}

/// Bytes of messages that memory is kept for: far more than a usual tick brings.
const BYTES_KEPT: usize = 1 << 20;

impl Incoming {
    /// Puts a message behind the others.
    pub fn push(&mut self, connection: ConnectionId, message: &[u8], early_sixteenths: i32) {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(message);
        self.messages.push(Received { connection, at: from..self.bytes.len(), early_sixteenths });
    }

    /// Puts all that another has behind what is here, and empties that.
    pub fn append(&mut self, other: &mut Self) {
        if self.messages.is_empty() {
            std::mem::swap(&mut self.messages, &mut other.messages);
            std::mem::swap(&mut self.bytes, &mut other.bytes);
        } else {
            let from = self.bytes.len();
            self.bytes.append(&mut other.bytes);
            self.messages.extend(other.messages.drain(..).map(|Received { connection, at, early_sixteenths }| {
                Received { connection, at: at.start + from..at.end + from, early_sixteenths }
            }));
        }
        self.busy.append(&mut other.busy);
    }

    /// Empties it and keeps its memory, but not what a flood took.
    pub fn clear(&mut self) {
        self.messages.clear();
        self.bytes.clear();
        self.bytes.shrink_to(BYTES_KEPT);
        self.busy.clear();
    }
}

/// What goes out after this tick.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    /// Messages, each connection's in order. Handed over means committed: each must be sent, or its connection closed.
    pub messages: Vec<(ConnectionId, Bytes)>,
    /// Connections to be closed after their messages; each is detached by its owner afterwards.
    pub closes: Vec<(ConnectionId, CloseCode)>,
    /// New tickets that clients brought, for whoever knows whether they are good.
    pub renewals: Vec<(ConnectionId, Secret<String>)>,
}

impl Outgoing {
    pub(crate) fn send(&mut self, connection: ConnectionId, message: &ServerMessage<'_>) {
        self.messages.push((connection, message.to_bytes().into()));
    }
}
