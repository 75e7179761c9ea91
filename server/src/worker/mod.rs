//! ③ Plain threads that own rooms and their sockets: the only clock of the tick, and the only readers and writers of
//! playing sockets.
//!
//! ```text
//!   mailbox ─► host ───────────────────────────────────────────────────────────────┐
//!              │ sleeps to the next deadline (schedule)                             │
//!              ▼                                                                    ▼
//!   hosted:  read_pass ─► Incoming ─► room::step_tick ─► write_pass (lanes)      leaving
//!              ▲                                                      │             │
//!              └── visit ── connection ── transport ── socket ◄───────┴─────────────┘
//! ```
//!
//! A worker runs at its own pace: read once, step once, publish once, write once. An input wakes nobody; it is read
//! right before the tick that uses it. In the steady state each playing socket costs one receive and one send per tick,
//! and nothing crosses a thread, unless a room is so large that it is served in lanes, or its server trains code tables.
//!
//! Never here: tokio, handshakes, what messages mean, the World.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use crate::config::RoomsConfig;
use crate::directory::Directory;
use crate::mailbox::MailboxReceiver;
use crate::metrics::Metrics;
use crate::renewals::RenewalSender;
use crate::sim::RoomGame;
use crate::trainer::StudySender;
use shared::codec::Tables;

// The loop: mail, deadlines, rooms.
mod host;

// Newcomers whose room must be made first.
mod making;

// When the next tick is due; the clock.
mod schedule;

// One room, its visits, its tick from sockets to sockets.
mod hosted;

// Several threads for one room.
mod lanes;

// Before the tick.
mod read_pass;

// After the tick.
mod write_pass;

// A connection with its place, its span and its life events.
mod visit;

// Those that were told to go.
mod leaving;

// TLS and WebSocket within limits.
mod connection;

// What it may send, and how large and how fast.
mod allowance;

// How long a connection may keep us waiting.
mod patience;

// A bucket of tokens.
mod throttle;

// Bytes, calls and frames counted between the kernel and WebSocket.
mod transport;

// What the socket has not taken.
mod unsent;

// The frame that nearly every message is.
mod whole_frame;

// Frames, seen from below.
mod frame_meter;

// When bytes came.
mod arrival;

// What was counted since the last report.
mod tally;

// A panic costs what it happened in.
mod panics;

// Doors for fuzzers.
#[cfg(feature = "fuzzing")]
pub mod fuzzing;

// A worker without rooms, for suites that know WebSocket and no game.
mod echo;

// The other end of a connection, for tests.
#[cfg(test)]
mod test_peer;

// What a connection holds, counted.
#[cfg(test)]
mod memory;

// The smallest game, for tests.
#[cfg(test)]
mod test_game;

pub use allowance::{PeerLimits, Rates};
pub use echo::spawn_echo;

/// What a worker is given once.
#[derive(Clone)]
pub struct WorkerSetup {
    /// The game that its rooms run.
    pub game: Arc<dyn RoomGame>,
    /// How rooms are made and paced.
    pub rooms: RoomsConfig,
    /// Asked whether an empty room may end.
    pub directory: Arc<Directory>,
    /// Told what was counted.
    pub metrics: Metrics,
    /// Clients of this machine may be auditors.
    pub allow_audit: bool,
    /// The code tables that rooms begin with.
    pub tables: Arc<Tables>,
    /// Who makes better ones of what rooms send, if anybody does.
    pub studies: Option<StudySender>,
    /// Where new tickets go that clients bring.
    pub renewals: Option<RenewalSender>,
    /// A rule of who may see what that is broken on purpose.
    #[cfg(feature = "sabotage")]
    pub leak: Option<crate::replicate::replicator::Leak>,
}

/// Starts worker number `worker`, which owns `mail` from now on. It ends after [`crate::mailbox::Mail::Stop`].
///
/// # Errors
/// The operating system gives no thread.
pub fn spawn(worker: usize, mail: MailboxReceiver, setup: WorkerSetup) -> io::Result<JoinHandle<()>> {
    Builder::new().name(format!("worker-{worker}")).spawn(move || host::Host::new(worker, mail, setup).run())
}
