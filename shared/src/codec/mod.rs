//! Rows of codes ↔ pieces and records: state as few bits as it can be, and proof of it.
//!
//! ```text
//!   last state ─► predict ─► guess ┐
//!                                  ├─► mask + residuals ─► prefix codes ─► piece     (one per changed facet and tick)
//!   this tick's row ───────────────┘
//!   whole state ─────────────────────────────────────────────────────────► record    (for who does not have it)
//!   whole state ─► hash ─► sum over what a client holds ──────────────────► digest   (the proof)
//! ```
//!
//! Prefix codes, not arithmetic coding: only they can be cut and spliced, so that a piece is made once and copied to all.
//! Predictors are integer only; every step can be done in JavaScript numbers.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

// How a part is guessed.
pub mod predictor;

// How a rotation is guessed: four parts as one.
mod turn;

// Symbols as code words.
pub mod prefix_code;

// What a symbol's code may depend on.
pub mod contexts;

// Which code stands for which context.
pub mod tables;

// Tables as a file.
pub mod tables_file;

// Tables from what was seen.
pub mod training;

// One facet's change in one tick.
pub mod piece;

// One facet's whole state.
pub mod record;

// Ascending positions.
pub mod positions;

// The proof.
pub mod digest;

pub use digest::Lanes;
pub use predictor::PartState;
pub use prefix_code::PrefixCode;
pub use record::Record;
pub use tables::{Packer, Tables};
pub use training::Tally;
