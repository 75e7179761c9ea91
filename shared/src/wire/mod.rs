//! Empty yet.

/// Close codes.
pub mod close_code;
