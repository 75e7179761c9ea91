//! From bytes to validated input. After this door nobody distrusts again.
//!
//! ```text
//!   Received ─► decode (shape) ─► validate (sense) ─► gather (timing) ─► StepInput
//! ```
//!
//! What it works on is passed in: who is in, with each player's input buffer (see `seats`), and where answers go.
//!
//! Whatever is wrong is the peer's fault and never costs more than the bytes it took: a strike, or a close code.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

// Bytes to messages.
pub mod decode;

// Messages to what may be believed.
pub mod validate;

// What was accepted to the tick it is for.
pub mod gather;
