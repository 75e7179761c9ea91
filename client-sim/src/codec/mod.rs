//! How well does the product's codec do on a recorded world?
//!
//! ```text
//!   .twt[.xz] ─► trace ─► world ─┬─ training ticks ─► choose: predictors ─► train: tables ┐
//!                                └─ measured ticks ─► shadow ─► packed ─► viewer ─► frames ┴─► replica ─► compare ─► report
//! ```
//!
//! Packing is the server's, by the same functions of `shared::codec` in the same order; decoding is the client's own
//! [`crate::replica`], digest and all. What is trained on is never measured.
//!
//! Never here: sockets, live games.

// What is asked for.
pub mod options;

// What a trace says of itself.
pub mod header;

// A trace in a file.
pub mod trace;

// A trace by slots and codes.
pub mod world;

// A header as a schema.
pub mod declare;

// What a predictor costs.
mod cost;

// The best predictor of each field.
pub mod choose;

// What every client holds.
mod shadow;

// Pieces and records as bits.
mod packed;

// What one viewer is sent.
mod viewer;

// Boxes around viewers.
pub mod interest;

// All viewers.
mod audience;

// Tables from the training ticks.
mod train;

// The run that counts.
mod running;

// Where the bits go.
mod meter;

// Frames in a file.
pub mod frames;

// Why nothing came of it.
mod error;

// What came of it.
pub mod report;

// What is shown meanwhile.
pub mod progress;

// The tool from end to end.
mod tool;

pub use error::CodecError;
pub use tool::{measure, run};
