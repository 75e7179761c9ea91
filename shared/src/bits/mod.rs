//! Numbers as bits, least significant first, and back.
//!
//! Writing cannot fail; reading takes hostile bytes, so every read can, and none can panic.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

// Bits into bytes.
pub mod writer;

// Bytes into bits.
pub mod reader;

// Numbers that are mostly small.
pub mod varint;

pub use reader::{BitReader, DecodeError};
pub use writer::{BitSpan, BitWriter};
