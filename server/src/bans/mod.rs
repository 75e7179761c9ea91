//! Who is not let in, and is closed if it is in: by ticket, player or address, for a time or for good.
//!
//! ```text
//!   admin API ─► add, remove ─► own list ──── save ──► data/bans.jsonl (written beside, synced, renamed)
//!   operator's file ─ looked at ─► watched list
//!                                      │ check(identity)
//!                                      └► every upgrade (so every resume, too), and all who are in after each change
//! ```
//!
//! Both files have one ban per line, as JSON. A line of our own file that cannot be read is said and set aside with the whole file, and the
//! rest holds. The operator's file holds as a whole or not at all: one bad line, and what held before goes on to hold.
//!
//! Both lists are bounded (`bans.entries_max`, bytes of a file, of a line, of a reason). A check is a hash of the ticket, one of the player,
//! and one for each length of address range that is in use; it takes no file and no wait.
//!
//! Never here: who asks for it (see `front::admin`), how live connections are closed (see `sessions`).

// Addresses that belong together.
mod address_range;

// One ban, and its line.
mod ban;

// Many, and who is among them.
mod list;

// From a file and to one.
mod ban_file;

// A file of the operator's.
mod watched_file;

// Both lists.
mod register;

pub use address_range::{AddressRange, BadRange};
pub use ban::{BadBan, Ban, Target, WrittenBan};
pub use ban_file::BanFileError;
pub use register::{Added, Bans, BansFull, FileChange, Listed, Removed, Source};
pub use watched_file::{Look, WatchedFile};
