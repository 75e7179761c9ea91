//! ← yours. How bots play this game.

// Seeded behaviours.
pub mod bots;
