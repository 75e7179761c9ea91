//! A person plays, or looks on, in a terminal.
//!
//! ```text
//!   keys, mouse ─► keys ─► desk ─► hands ─► person ─► ArenaInput        as any bot's behaviour
//!                            └──► what is open, what is typed ─┐
//!   session ─► onlooker (what happened lately) ─► Scene ◄──────┘
//!                                                  └─► draw ─► Buffer ─► screen (what changed) ─► writer ─► terminal
//! ```
//!
//! Own body: where it is predicted. Others: where the interpolator draws them, and that moment goes out with every input. Everything
//! left of the screen is a function of its arguments; the terminal itself, the clock and the socket are in `shell`, `writer`, `table` and `play`.
//!
//! Never here: a second client. The session is the one that every bot plays.

// What is to be drawn.
pub mod scene;

// Where in the world a cell is.
pub mod camera;

// From a scene to cells.
pub mod draw;

// What a key means.
pub mod keys;

// Held keys, aim and weapon, as an input.
pub mod hands;

// What is open, what is typed.
pub mod desk;

// The behaviour of a person.
mod person;

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
pub mod onlooker;

// Only what changed is written.
mod screen;

// A terminal that is slow holds up nobody.
mod writer;

// Into raw mode and back, whatever happens.
mod shell;

// What the command line asks for.
pub mod options;

// Why it ends.
pub mod farewell;

// Where a person sits.
mod table;

// A person plays, from connecting to farewell.
pub mod play;

// A person looks on.
pub mod watch;

// What a spectator sees, in lines.
mod plain;
