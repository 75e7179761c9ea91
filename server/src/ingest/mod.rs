//! From bytes to validated input. After this door nobody distrusts again.
//!
//! ```text
//!   Received ─► decode (shape) ─► validate (sense) ─► input_buffer (timing) ─► StepInput
//! ```
//!
//! Whatever is wrong is the peer's fault and never costs more than the bytes it took: a strike, or a close code.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

// Bytes to messages.
pub mod decode;

// Messages to what may be believed.
pub mod validate;

// Inputs to the tick they are for.
pub mod input_buffer;
