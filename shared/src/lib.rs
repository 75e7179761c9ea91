//! What both sides must agree on. Pure: no I/O, no clock, no async, no globals.
//!
//! ```text
//!   value ─► quantise ─► code ─► codec (predict, mask, residual) ─► bits ─► wire ─► bytes
//!         ◄─          ◄─      ◄─                                 ◄─      ◄─
//! ```
//!
//! The law of this crate: whoever writes a thing also reads it, the two stand next to each other, and a test proves that
//! what was written is what is read. A reader takes hostile bytes: it can fail, it can not panic, and it does no more work
//! than the bytes are worth.

// The derive names everything from `::shared`, here as everywhere else.
extern crate self as shared;

// What orders, what wraps, what is never reused.
pub mod ids;

// Every bound on one page.
pub mod limits;

// Value ↔ code.
pub mod quantise;

// A rotation ↔ codes.
pub mod rotation;

// Declaration → schema → layout.
pub mod schema;

// Numbers ↔ bits.
pub mod bits;

// Rows of codes ↔ pieces and records.
pub mod codec;

// Between two frames.
pub mod interpolation;

// Text of others, harmless for a terminal.
pub mod plain_text;

// Sets of slots, as words.
pub mod slot_set;

// Messages ↔ bytes.
pub mod wire;

// The rules that server and client share: the game's own.
pub mod game;

/// The derive and its trait, at the place where a declaration looks first.
pub use schema::Replicated;
