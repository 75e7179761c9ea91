//! What a player shoots with.
//!
//! Never here: what a shot does (see the server's `game`), when one leaves (see `movement`).

use crate::Replicated;
use serde::{Deserialize, Serialize};

/// A weapon. All share one cooldown, so that changing them is no way around it.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Weapon {
    /// Hits at once what is in its line.
    #[default]
    Rifle,
    /// Slow, and it hurts whoever is near when it bursts.
    RocketLauncher,
}
