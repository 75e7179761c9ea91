//! What each fuzzer does with the bytes that it is given, and what must then be true.
//!
//! ```text
//!   libFuzzer ─► bytes ─► decoder ─┬► refused: with an error, in bounded memory
//!                                  └► accepted: written again it is the same bytes (or the same value)
//! ```
//!
//! A fuzzer that only waits for a panic finds little in code that has none. So each of these asks for more: the inverse, the
//! bound, or that another implementation says the same. The programs in `fuzz_targets` call one function here each.
//!
//! Never here: decoders. What is private is reached through the doors that the crates have for this (their feature `fuzzing`).

// What a decoder may take of memory.
pub mod bounded;

// What fuzzers begin with.
pub mod seeds;

// Small decisions out of bytes.
pub mod choices;

// Games whose messages are read.
pub mod games;

// A match that was played, as one connection heard it.
#[cfg(feature = "whole")]
pub mod recorded;

// Messages and headers.
pub mod messages;

// Schemas and code tables.
pub mod declared;

// State frames against a replica.
#[cfg(feature = "whole")]
pub mod frames;

// A whole client against a server that lies.
#[cfg(feature = "whole")]
pub mod client;

// A whole room against clients that lie.
#[cfg(feature = "whole")]
pub mod room;

// What authors of maps write.
pub mod maps;

// What operators and recorders write.
#[cfg(feature = "whole")]
pub mod files;

// What comes before and below messages.
#[cfg(feature = "whole")]
pub mod doors;

// Who is not let in.
#[cfg(feature = "whole")]
pub mod bans;

// Who is let in.
#[cfg(feature = "whole")]
pub mod tickets;
