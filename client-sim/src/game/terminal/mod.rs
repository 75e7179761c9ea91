//! A person plays, or looks on, in a terminal.
//!
//! ```text
//!   keys, mouse ─► input ──► behaviour of the session                    play, watch   from connecting to farewell
//!                    └─► what is open ─┐
//!   session ───────────────► picture ◄─┘ ─► device ─► terminal           terminal_observer · line_observer   between them all
//! ```
//!
//! Own body: where it is predicted. Others: where the interpolator draws them, and that moment goes out with every input. `input` and
//! `picture` are functions of their arguments, but for `input/person`, which asks the connection's clock when an input is due. That clock is read
//! in the observers, too, and the machine's in `device/shell` (patience with a terminal) alone; `play` begins it. The socket is the transport's.
//!
//! Never here: a second client. The session is the one that every bot plays.

// What a person wants.
pub mod input;

// What is seen.
pub mod picture;

// The terminal itself.
mod device;

// What the command line asks for.
pub mod options;

// Why it ends.
pub mod farewell;

// What a person is told while the connection is lost.
mod absence;

// Between a session and a screen with a person before it.
mod terminal_observer;

// Between a session and who reads lines.
mod line_observer;

// A person plays.
pub mod play;

// A person looks on.
pub mod watch;
