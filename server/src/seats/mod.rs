//! Who is in: what several stages of a tick share of a connection and its player.
//!
//! ```text
//!   room      comes, is seated, goes, is sent a frame ─┐
//!   ingest    strikes, pings, inputs, confirms ────────┴─► Seats ─► Seat: player, connection?, InputBuffer, pings, Client
//! ```
//!
//! It is passed in, and no stage keeps a copy. It stands below those that work on it and knows none of them.
//!
//! Never here: what is believed of a message (see `ingest`), what a client is sent (see `replicate`).

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

// Players and their connections.
pub mod seat;

// Inputs to the tick they are for.
pub mod input_buffer;

// What gives a seat back.
pub mod resume;

// How many pings may still be answered.
pub mod ping_allowance;

pub use ping_allowance::PingFate;
pub use resume::Bearer;
pub use seat::{Seat, Seats};
