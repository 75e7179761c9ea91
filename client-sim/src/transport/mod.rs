//! wss ↔ session: one socket, driven by one task; where it breaks, another one.
//!
//! ```text
//!   target      TCP (from an address of one's own) ─► TLS ─► HTTP upgrade with sub-protocol tickwire.v1
//!   drive       socket ─► link ─► session ─► link ─► socket, woken by whichever comes first: bytes, the session, the link, the end
//!   way         the connection is lost ─► wait (longer each time, by chance) ─► connect with `?resume` ─► drive on
//! ```
//!
//! Buffers are small, for there may be a thousand of these in one process; nothing waits here but what the link holds back.
//!
//! Never here: what a message means (see `session`), how many clients there are (see `swarm`).

// TCP that counts, with or without TLS.
mod stream;

// Where a server is, and how one gets to it.
mod target;

// An open WebSocket.
mod connection;

// How one comes again, and how patiently.
mod way;

// The clock.
mod epoch;

// A session over connections.
mod drive;

pub use connection::{Arrival, Connection, Ended};
pub use drive::{Line, Observer, drive};
pub use epoch::Epoch;
pub use target::{ConnectError, Target, needs_tls};
pub use way::Way;
