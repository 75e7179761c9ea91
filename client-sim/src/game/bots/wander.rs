//! Going here and there, without a map.
//!
//! Never here: shooting (see `fight`).

use super::Eyes;
use super::ways::{angle_of, any_way, eight_way};
use crate::behaviour::{Behaviour, View};
use crate::dice::Dice;
use glam::IVec2;
use shared::game::constants::UNIT;
use shared::game::input::ArenaInput;
use shared::schema::Replicated;

/// Goes here and there, looks where it goes, dashes now and then.
pub struct Wander {
    dice: Dice,
    walker: Walker,
}

impl Wander {
    /// A wanderer; its way is its seed's.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed, 0), walker: Walker::default() }
    }

    /// What it does now.
    pub fn act(&mut self, eyes: &impl Eyes) -> ArenaInput {
        let Some(at) = eyes.me().and_then(|me| eyes.living(me)) else { return ArenaInput::default() };
        let thrust = self.walker.walk(at, None, &mut self.dice);
        let dash = self.dice.once_in(90);
        ArenaInput { thrust, aim: angle_of(thrust), dash, ..ArenaInput::default() }
    }
}

impl Behaviour for Wander {
    fn input(&mut self, view: &View<'_>, codes: &mut [i32]) {
        self.act(view).write_codes(codes);
    }
}

/// Legs without a map: goes on until its time is over or it stands before a wall, then another way.
#[derive(Clone, Debug, Default)]
pub(super) struct Walker {
    thrust: IVec2,
    ticks_left: u32,
    last: IVec2,
    stuck_ticks: u32,
    /// This leg is its own, whatever the goal: to get around a wall.
    aside: bool,
}

impl Walker {
    /// One tick on the way to a goal; without one, anywhere.
    pub(super) fn walk(&mut self, at: IVec2, goal: Option<IVec2>, dice: &mut Dice) -> IVec2 {
        let moved = (at - self.last).abs().max_element();
        self.last = at;
        self.stuck_ticks = if moved < UNIT { self.stuck_ticks + 1 } else { 0 };
        self.ticks_left = self.ticks_left.saturating_sub(1);
        let stuck = self.stuck_ticks > 4;
        if stuck || self.ticks_left == 0 {
            self.stuck_ticks = 0;
            // Now and then a way of its own, or two that want to the same place would never part.
            self.aside = goal.is_none() || stuck || dice.once_in(5);
            self.ticks_left = if self.aside { 8 + dice.below(20) } else { 15 };
            if self.aside {
                self.thrust = any_way(dice);
            }
        }
        match goal {
            Some(goal) if !self.aside => eight_way(goal),
            _ => self.thrust,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::game::constants::TILE;
    use shared::ids::Slot;

    /// Someone who stands.
    struct Standing;

    impl Eyes for Standing {
        fn me(&self) -> Option<Slot> {
            Some(Slot(0))
        }
        fn players(&self) -> Vec<Slot> {
            vec![Slot(0)]
        }
        fn living(&self, _: Slot) -> Option<IVec2> {
            Some(IVec2::splat(10 * TILE))
        }
    }

    #[test]
    fn a_wanderer_before_a_wall_goes_another_way() {
        let mut wanderer = Wander::new(1);
        let ways: std::collections::BTreeSet<[i32; 2]> =
            (0..120).map(|_| wanderer.act(&Standing).thrust.to_array()).collect();
        assert!(ways.len() > 4, "it stands still, so it tries {ways:?}");
    }
}
