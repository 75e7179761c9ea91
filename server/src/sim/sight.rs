//! Who sees whom by the game's own rule: line of sight, stealth.
//!
//! A pure function of the World, hung on the stages by `install`, at most one. The engine must know whether there is one:
//! where there is none (and no view radius), all clients see the same and share what was made once.
//!
//! Never here: distance and audience (see `replicate::interest`), which are asked before.

use bevy_ecs::prelude::World;
use shared::ids::EntityId;

/// The game's own rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct SightRule {
    pub(super) sees: fn(&World, EntityId, EntityId) -> bool,
    /// Whom it may hide from somebody; without it, anybody.
    pub(super) may_hide: Option<fn(&World, EntityId) -> bool>,
}

/// The game's own rule in the World as it is after a step. Lanes may ask side by side.
#[derive(Clone, Copy)]
pub struct Sight<'a> {
    pub(super) rule: SightRule,
    pub(super) world: &'a World,
}

impl Sight<'_> {
    /// Whether `viewer` may see `target` now.
    #[must_use]
    pub fn sees(self, viewer: EntityId, target: EntityId) -> bool {
        !self.may_hide(target) || self.sees_guarded(viewer, target)
    }

    /// The same, of a target of which it is known that [`Sight::may_hide`].
    #[must_use]
    pub fn sees_guarded(self, viewer: EntityId, target: EntityId) -> bool {
        (self.rule.sees)(self.world, viewer, target)
    }

    /// Whether there may be somebody now who does not see `target`.
    #[must_use]
    pub fn may_hide(self, target: EntityId) -> bool {
        self.rule.may_hide.is_none_or(|may_hide| may_hide(self.world, target))
    }
}
