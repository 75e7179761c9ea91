//! A match as all see it: what is played, on which map, how long still, and who is on whose side.
//!
//! ```text
//!   warm-up ─► play ─► result ─► warm-up on the next map …
//! ```
//!
//! There is one [`Match`] in a room, on an entity of its own. The map of the Welcome is the first of the rotation; this
//! one says which is played on now.
//!
//! Never here: when a phase ends (see the server's `game`).

use crate::Replicated;
use crate::ids::EntityId;
use crate::schema::Text;
#[cfg(feature = "ecs")]
use bevy_ecs::component::Component;
use serde::{Deserialize, Serialize};

/// What a round is at.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Nothing counts yet.
    #[default]
    WarmUp,
    /// Kills count.
    Play,
    /// It is over: nobody is hurt any more, and all read who won.
    Result,
}

/// Who is whose enemy.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Everybody everybody's.
    #[default]
    FreeForAll,
    /// Two teams.
    Teams,
}

/// Whose side a player is on.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Faction {
    /// Its own: there are no teams.
    #[default]
    Alone,
    /// The red team's.
    Red,
    /// The blue team's.
    Blue,
}

impl Faction {
    /// Both are of one team. Who is alone has no allies.
    #[must_use]
    pub fn is_allied(self, other: Self) -> bool {
        self == other && self != Self::Alone
    }

    /// The team's number, as audiences go by it; none for who is alone.
    #[must_use]
    pub const fn team(self) -> Option<u8> {
        match self {
            Self::Alone => None,
            Self::Red => Some(0),
            Self::Blue => Some(1),
        }
    }
}

/// A player's side.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ecs", derive(Component))]
pub struct Side {
    /// Which.
    pub faction: Faction,
}

/// Most ticks that a phase can last.
pub const PHASE_TICKS_MAX: u32 = (1 << 19) - 1;

/// The match.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ecs", derive(Component))]
pub struct Match {
    /// What the round is at.
    pub phase: Phase,
    /// Ticks until the next phase.
    #[field(range = 0..=PHASE_TICKS_MAX, predictor = tick(-1))]
    pub ticks_left: u32,
    /// How many rounds came before this one. Begins again at 0 after 65,535.
    #[field(range = 0..=65_535)]
    pub round: u16,
    /// Who is whose enemy.
    #[field(constant)]
    pub mode: Mode,
    /// The map that is played on: its file's name without the ending.
    pub map: Text<16>,
    /// Kills of the red team.
    #[field(range = 0..=65_535)]
    pub red: u16,
    /// Kills of the blue team.
    #[field(range = 0..=65_535)]
    pub blue: u16,
}

/// A round was played to its end; told to everyone.
#[derive(Replicated, Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundOver {
    /// The team that won; nobody's without teams or if both killed as often.
    pub winner: Faction,
    /// Who killed most; none if nobody killed.
    pub best: EntityId,
}
