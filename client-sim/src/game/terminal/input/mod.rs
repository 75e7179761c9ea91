//! What a person wants: from keys and mouse to inputs and deeds.
//!
//! ```text
//!   keys, mouse ─► keys ─► desk ─► hands ─► person ─► ArenaInput        as any bot's behaviour
//!                            └──► what is open, what is typed, what is asked for
//! ```
//!
//! Never here: terminals, pictures.

// What a key means.
pub mod keys;

// Held keys, aim and weapon, as an input.
pub mod hands;

// What is open, what is typed.
pub mod desk;

// The hands as a behaviour.
pub(super) mod person;
