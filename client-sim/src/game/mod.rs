//! ← yours. How bots and people play this game.

// Seeded behaviours.
pub mod bots;

// A person plays, in a terminal.
pub mod terminal;

// The step that the server runs, for prediction.
pub mod twin;

// The bot of the workload that capacity is measured on; stays when the game goes.
pub mod steady;
