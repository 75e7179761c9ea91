//! What lies about to be taken.
//!
//! Never here: where (see `map`), when it is there again (see the server's `game`).

use crate::Replicated;
#[cfg(feature = "ecs")]
use bevy_ecs::component::Component;
use serde::{Deserialize, Serialize};

/// What it gives.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sort {
    /// Health.
    #[default]
    Health,
    /// Rounds for the rifle.
    Rounds,
    /// Rockets.
    Rockets,
}

/// A place where something lies now and then.
#[derive(Replicated, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ecs", derive(Component))]
pub struct Pickup {
    /// What it gives.
    #[field(constant)]
    pub sort: Sort,
    /// It lies there; if not, it was taken and comes again.
    pub present: bool,
}

/// You took something; told to who took it.
#[derive(Replicated, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What.
    pub sort: Sort,
}
