//! The server as a library: one process, a tokio front for what waits, plain worker threads for what plays.
//!
//! ```text
//!   browser or bot      input ─► encode ─┐        ┌─► unpack ─► apply ─► interpolate ─► view
//!                                        │  wss   │
//!   ┌────────────────────────────────────▼────────┴───────────────────────────────┐
//!   │ ① front/     tokio · accept ─► tls ─► http ─► upgrade (origin, version, limits)│
//!   └────────────────────────────────────────┬────────────────────────────────────┘
//!     ② mailbox.rs   the only door           ▼  admitted connections, commands
//!   ┌─────────────────────────────────────────────────────────────────────────────┐
//!   │ ③ worker/    plain threads · own rooms and their sockets · the tick's clock  │
//!   │     read_pass ─► Frame ──────┐                     ┌─► write_pass            │
//!   │  ┌───────────────────────────▼─────────────────────┴──────────────────────┐  │
//!   │  │ room/     one tick · pure: frames and a Tick in, bytes out              │  │
//!   │  │ ④ ingest/     decode ─► validate ─► gather ─► StepInput                 │  │
//!   │  │ ⑤ sim/        World ─► stages (systems from game/) ─► World             │  │
//!   │  │ ⑥ replicate/  extract ─► rows ─► shadow ─► pieces, records   (once)     │  │
//!   │  │                  per client: view ─► budget ─► assemble ─► digest       │  │
//!   │  │ seats/    who is in: connection, input buffer, what its client holds    │  │
//!   │  └────────────────────────────────────────────────────────────────────────┘  │
//!   └─────────────────────────────────────────────────────────────────────────────┘
//! ```

// What the operator may set: typed, layered, checked once.
pub mod config;

// Every counter and histogram, with its unit.
pub mod metrics;

// ① What waits: accept, TLS, HTTP, upgrade, admin. The only folder that knows tokio.
pub mod front;

// The maps of the operator's folder.
pub mod map_folder;

// ② The only door into a worker.
pub mod mailbox;

// Which rooms there are; asked by the front, told by the workers.
pub mod directory;

// Who is not let in.
pub mod bans;

// What was done to whom by whom.
pub mod audit_log;

// A moment as files and people write it.
pub mod utc;

// What somebody is in a room.
pub mod standing;

// Who somebody is.
pub mod identity;

// Who is connected; asked by the front, let go of by the workers.
pub mod sessions;

// ③ Plain threads that own rooms and their sockets; the only clock of the tick.
pub mod worker;

// What a worker and a room hand each other, once per tick.
pub mod exchange;

// Which code tables rooms begin with.
pub mod code_tables;

// Better code tables, made of what rooms send: a plain thread of its own, where the operator asks for it.
pub mod trainer;

// One room and its tick: pure.
pub mod room;

// ④ From bytes to validated input.
pub mod ingest;

// Who is in: what the stages share of a connection and its player.
pub mod seats;

// ⑤ The World, and the only place that changes it.
pub mod sim;

// ⑥ From the World to each client's frame.
pub mod replicate;

// What happened in a room, counted by its stages.
pub mod counts;

// The socket that a game plugs into: above the simulation, which asks only for a `RoomGame`.
pub mod game_api;

// What a game declares, for tools.
pub mod schema_json;

// The same for an author's editor.
pub mod schema_typescript;

// The built-in game.
pub mod game;

// The workload that figures are measured on, as a game.
pub mod arena_n;

// Who may come in by a ticket: asked by the front.
pub(crate) mod tickets;

// New tickets over live sockets.
pub mod renewals;

// Tickets and keys by hand.
pub mod ticket_command;

// Builds the parts, starts them, waits, stops them in order.
pub mod app;

// What a person reads who has just started it.
mod greeting;

// What an operator does from a shell.
pub mod operator;

// One signal, a deadline, a polite end.
pub mod shutdown;

// Log lines leave by a queue, so that nobody waits for a terminal.
pub mod logging;

// A file that the operator names, read whole.
pub(crate) mod plain_file;

// A folder for one test.
#[cfg(test)]
mod scratch;

// What an operator must fix before the server can start.
pub mod error;
