//! From the World to each client's frame: what changed is found, quantised and packed once; per client only chosen and spliced.
//!
//! ```text
//!   once per tick   extract ─► rows ─┐
//!                   (scrub checks)   ├─► shadow: advance, compare ─► pieces (ring of 16 ticks)
//!                                    │                          └─► records, hashes (when someone needs one)
//!   per client      interest ─► view: held, fresh, leaving (every tick) ─► window ─► budget ─► assemble: digest · events · leaves · pieces · demotions · records
//! ```
//!
//! A client gets the newest state or is skipped; no state is ever queued for it (events are, up to a limit). What one client
//! costs per tick: passes over sets in words of 64 slots, copies of the bits that are sent; and for the digest one addition
//! per section that it holds level, or per facet where it is behind.
//!
//! Never here: sockets (see `worker`), changing the World (see `sim` and `game`), what bits look like (see `shared::codec`).

// The World's changes, as rows of codes.
pub mod extract;

// Codes as they are now, by slot.
pub mod rows;

// What one step changed, for those who see it later.
pub mod changes;

// The World as it was, for them.
pub mod delayed;

// What spectators are fed from.
pub mod feed;

// A second look at the World, against forgotten changes.
pub mod scrub;

// Which slot names what.
pub mod slots;

// Which facets belong to one entity.
mod companions;

// Which words of a set are worth a look.
pub mod words;

// Who may see which of them.
pub mod audiences;

// Which facets are alive.
pub mod facets;

// What every up-to-date client holds.
pub mod shadow;

// The changes of the last ticks, ready to be copied.
pub mod pieces;

// Whole states, made when someone needs them.
pub mod records;

// What was sent, counted, for better code tables.
pub mod study;

// Who is where.
pub mod grid;

// What one client may see, where that is not everything.
pub mod interest;

// What one client holds.
pub mod view;

// What one client was sent of late.
pub mod history;

// How many frames may be under way to one client.
pub mod window;

// How many bytes per tick its path drains.
pub mod drain;

// How many bytes one frame may take.
pub mod budget;

// What it gets no pieces of, because there are too many.
pub mod parking;

// What a client holds of a section, looked at once.
mod survey;

// What one frame demotes.
pub mod demoting;

// How important a facet is to one client.
pub mod weights;

// Which records go into a frame.
pub mod choose;

// What the game told, waiting for one client.
pub mod events;

// What an auditor is told.
pub mod audit;

// Sections that several clients get.
mod sections;

// What changes for clients that hold the same.
mod alike;

// What one thread needs to make frames.
pub mod lane;

// One client's frame.
pub mod assemble;

// One client.
pub mod client;

// Whether the shadow is what the World says: for tests.
#[cfg(feature = "sabotage")]
mod strays;

// All of it, in order.
pub mod replicator;

pub use client::{Client, SkipCause};
pub use lane::Lane;
pub use replicator::{Published, Replicator};
pub use view::View;
pub use window::Window;
