//! What somebody is in a room: the directory counts places by it, a room gives seats by it.
//!
//! Never here: what a Hello asks for (see `shared::wire`), who may be what (see `room`).

/// What somebody is in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It plays.
    Player,
    /// It sees what is everyone's and every team's, later.
    Spectator,
    /// It sees everything, and is told who may see what.
    Auditor,
}
