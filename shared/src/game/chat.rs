//! Words between players.
//!
//! Never here: what is let through (see the server's `game`).

use crate::Replicated;
use crate::ids::EntityId;
use crate::schema::Text;

/// Bytes that one may say at once: a longer text does not fit the request.
pub const SAY_BYTES_MAX: usize = 96;

/// Why [`Say`] is refused: nothing is left to say.
pub const REFUSED_EMPTY: u8 = 2;
/// Why [`Say`] is refused: too much was said before.
pub const REFUSED_TOO_FAST: u8 = 3;
/// Why [`Say`] is refused: there is no team to say it to.
pub const REFUSED_NO_TEAM: u8 = 4;

/// "Tell them": refused to who says nothing, or too much.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Say {
    /// Only to one's own team.
    pub team: bool,
    /// What to say.
    pub text: Text<SAY_BYTES_MAX>,
}

/// Someone said something; told to everyone, or to the speaker's team.
#[derive(Replicated, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// Who; none for whom the speaker is out of sight.
    pub speaker: EntityId,
    /// Its name, for them.
    pub name: Text<16>,
    /// It was for the team alone.
    pub team: bool,
    /// What was said, cleaned.
    pub text: Text<SAY_BYTES_MAX>,
}
