//! The terminal itself: taken and given back, and what changed on it.
//!
//! ```text
//!   shell: raw mode and back        Buffer ─► screen (what changed) ─► writer (a thread) ─► terminal
//! ```
//!
//! Never here: what is shown.

// Only what changed is written.
pub(super) mod screen;

// A terminal that is slow holds up nobody.
pub(super) mod writer;

// Into raw mode and back, whatever happens.
pub(super) mod shell;
