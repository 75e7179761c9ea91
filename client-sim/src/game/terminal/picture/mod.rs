//! What is seen: from a session to cells.
//!
//! ```text
//!   session ─► scene_builder (reading · shots · lately · told · net_graph · follow) ─► Scene ─► draw (camera) ─► Buffer
//! ```
//!
//! All of it is a function of its arguments: a moment is given, never read from a clock.
//!
//! Never here: terminals, what a key means.

// What is to be drawn.
pub mod scene;

// Where in the world a cell is.
pub mod camera;

// From a scene to cells.
pub mod draw;

// How the path and the proof fare.
pub mod net_graph;

// What happened lately: kills, words, shots, bursts.
mod lately;

// Who shot, and with what.
mod shots;

// Whom a spectator looks at.
pub mod follow;

// What a session holds, as values of a scene.
mod reading;

// What the game told, in words.
mod told;

// From a session to a scene.
pub mod scene_builder;
