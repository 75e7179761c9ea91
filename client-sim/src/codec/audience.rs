//! The viewers of a run: one that sees all, or one in each box.

use super::interest::{Boxes, Interest, InterestError};
use super::shadow::Shadow;
use super::viewer::Viewer;
use super::world::World;
use shared::slot_set::SlotSet;

/// All viewers and what they see in this tick.
pub(super) struct Audience {
    boxes: Option<Boxes>,
    /// The viewers.
    pub(super) viewers: Vec<Viewer>,
    visible: Vec<SlotSet>,
}

impl Audience {
    /// The viewers, who hold what they see of the shadow as `tick` left it; nothing, if there was no tick yet.
    ///
    /// # Errors
    /// [`InterestError`]: there is nobody to look.
    pub(super) fn new(
        world: &World,
        shadow: &Shadow<'_>,
        interest: Option<Interest>,
        tick: Option<usize>,
    ) -> Result<Self, InterestError> {
        let boxes = interest.map(|interest| Boxes::new(world, interest, tick.unwrap_or(0))).transpose()?;
        let count = boxes.as_ref().map_or(1, Boxes::count);
        let mut empty = shadow.alive().clone();
        empty.clear();
        let viewers = (0..count).map(|_| Viewer::new(empty.clone())).collect();
        let mut audience = Self { boxes, viewers, visible: vec![empty; count] };
        if let Some(tick) = tick {
            audience.look(world, shadow, tick);
            audience.viewers = audience.visible.iter().map(|seen| Viewer::new(seen.clone())).collect();
        }
        Ok(audience)
    }

    /// Everybody looks at what is there in `tick`.
    pub(super) fn look(&mut self, world: &World, shadow: &Shadow<'_>, tick: usize) {
        match &mut self.boxes {
            None => self.visible.iter_mut().for_each(|visible| visible.clone_from(shadow.alive())),
            Some(boxes) => {
                boxes.go(world, tick);
                for (at, (visible, viewer)) in self.visible.iter_mut().zip(&self.viewers).enumerate() {
                    boxes.visible(at, viewer.held(), visible);
                }
            }
        }
    }

    /// How many each viewer holds beside its own entity, all viewers together.
    pub(super) fn others(&self) -> usize {
        let own = |at: usize| self.boxes.as_ref().map(|boxes| boxes.own(at));
        let others = |(at, viewer): (usize, &Viewer)| {
            viewer.held().count() - usize::from(own(at).is_some_and(|own| viewer.held().contains(own)))
        };
        self.viewers.iter().enumerate().map(others).sum()
    }

    /// Each viewer and what it sees.
    pub(super) fn each(&mut self) -> impl Iterator<Item = (&mut Viewer, &SlotSet)> {
        self.viewers.iter_mut().zip(&self.visible)
    }
}
