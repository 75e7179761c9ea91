//! The reference client: without a screen, as load, and for a person in a terminal.
//!
//! A client is a state machine with no socket in it: frames and a clock go in, frames and events come out. The same
//! [`session`] plays over wss ([`transport`]), over the tests' virtual link, a thousand times in a [`swarm`], and with a person at the [`terminal`](game::terminal).
//!
//! ```text
//!   socket ─► transport ─► link ─► session ─► replica ─► behaviour ─► input_sender ─► session ─► link ─► transport ─► socket
//!                                     │       │             clock names the tick ─┘
//!                                     │       └─► predict (ourselves) · interpolate (others) ─► whoever draws
//!                                     └─► events, counters ─► report
//! ```

// Seeded chance.
pub mod dice;

// What the server says we hold, and the proof that we do.
pub mod replica;

// What is held of one section.
mod holding;

// Everything that a replica holds.
mod holdings;

// Which code tables are in force at which tick.
pub mod epochs;

// What several clients hold is held once.
pub mod commons;

// Where our own entity will be.
pub mod predict;

// What we shot and the server has not shown yet.
pub mod ghosts;

// What others look like now.
pub mod interpolate;

// Who plays.
pub mod behaviour;

// How far ahead of the server to run.
pub mod clock;

// Naming inputs by tick, confirming frames.
pub mod input_sender;

// What Hello and Welcome settle.
pub mod agreement;

// A client as a state machine without a socket.
pub mod session;

// A worse network than the one we have.
pub mod link;

// The maps of a folder.
pub mod map_folder;

// Whom we believe to be the server.
pub mod trust;

// Tickets for bots.
pub mod ticket_key;

// wss ↔ session.
pub mod transport;

// Numbers as a command line says them.
pub mod figures;

// What others wrote, made harmless for a terminal.
pub mod plain_text;

// The server's memory and processor time, where it runs beside us.
pub mod process;

// What a run measured.
pub mod report;

// Conditions on a report.
pub mod fail_if;

// How bots and people play the game in the box.
pub mod game;

// Does any client see what it may not?
pub mod audit;

// What a hostile client does.
pub mod hostile;

// Many clients at once.
pub mod swarm;

// The least that a server can do: what capacity is compared with.
pub mod floor;

// What a server beside us costs per client, as ratios to the floor.
pub mod capacity;

// How well the codec does on recorded worlds.
pub mod codec;
