//! What a player of Arena may do in one tick.

use crate::Replicated;
use crate::game::weapon::Weapon;
use glam::IVec2;

/// One tick of a player's will. The default is neutral: stand still, look along x, do nothing.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArenaInput {
    /// Where to: -1, 0 or 1 on each axis; a diagonal is no faster.
    #[field(range = -1..=1, step = 1, unit = 1)]
    pub thrust: IVec2,
    /// Where to look, in 1/65,536 turn.
    #[field(bits = 10)]
    pub aim: u16,
    /// What to shoot with.
    pub weapon: Weapon,
    /// The trigger is held: a shot whenever the weapon is ready and loaded.
    pub fire: bool,
    /// Leap in the direction of `thrust`, once.
    #[field(press)]
    pub dash: bool,
}
