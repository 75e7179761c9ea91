//! Does any client see what it may not? An auditor sees everything; every bot is compared with it, tick by tick.
//!
//! ```text
//!   auditor   State + Audit of tick t ─► Truth ─► Ledger (one per room) ─┐
//!                                                                        ├─► rule: may it hold that? ─► breaches
//!   each bot  its replica after tick t ─► Witness ───────────────────────┘
//! ```
//!
//! The rule stands here a second time and shares nothing with the server's: no grid, no sets, no memory of the tick before. It is asked
//! for each facet that is held, by brute force.
//!
//! Never here: sockets (see `swarm`), what must be visible (see the checkers of the tests).

// What may be held, and what is true of a tick.
pub mod rule;

// What is true, tick by tick, in one room.
pub mod ledger;

// What one client held, until it can be compared.
pub mod witness;

pub use ledger::Ledger;
pub use rule::{Breach, Game, Truth};
pub use witness::{Compared, Witness};
