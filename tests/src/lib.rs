//! The harness: a real room, real client sessions, a virtual link, virtual time. The stories are in `tests/tests`.
//!
//! ```text
//!   arena.rs   the room and its peers, one thread, one tick after the other (builder.rs, tick.rs)
//!   link.rs    what lies between them: delay, jitter, stalls, cuts; ordered, as a WebSocket is
//!   checks.rs  run after every step of every story: replica = shadow = World, by paths of our own
//!   terminal.rs   a person at a real terminal
//!   zoo.rs     a game with everything that the engine can carry
//! ```

// The room and its peers.
pub mod arena;

// What a story begins with.
pub mod builder;

// One tick of it.
mod tick;

// The built-in game's World, read directly.
pub mod arena_truth;

// What must be true after every step.
pub mod checks;

// What abusers say.
pub mod hostile;

// What lies between a client and its room.
pub mod link;

// Who sees whom, by brute force.
pub mod eyes;

// A real server, for what is about sockets.
pub mod loopback;

// The programs, each in a process of its own.
pub mod programs;

// Tickets, made by the server's own command line.
pub mod tickets;

// Half of those who play are banned.
pub mod revocation;

// A person at a real terminal.
pub mod terminal;

// A game where only that happens which a story says.
pub mod meadow;

// What was true after a tick.
pub mod moment;

// Clients that play by the real session, and strangers that say what a story says.
pub mod peer;

// Who plays.
pub mod player;

// Where seeds come from.
pub mod seeds;

// Arena-N without sockets, for benches.
pub mod workload;

// Recorded worlds that nobody recorded.
pub mod worlds;

// What twins in other languages are held to.
pub mod golden;

// A game with everything that the engine can carry.
pub mod zoo;

// What happens in it.
mod zoo_rules;

// Its World, read directly.
pub mod zoo_truth;

pub use arena::Arena;
