//! Tables from the training ticks, and from nothing else.
//!
//! The run starts cold at their first tick, even where ticks come before it: those may be the measured ones.

use super::audience::Audience;
use super::declare::Declared;
use super::interest::{Interest, InterestError};
use super::progress::Progress;
use super::shadow::Shadow;
use super::world::World;
use shared::codec::contexts::Nowhere;
use shared::codec::{Tables, Tally};
use shared::slot_set::SlotSet;
use std::ops::Range;

/// The epoch of tables that were trained.
const EPOCH: u8 = 1;

/// The tables that suit what these viewers would have been sent in `ticks`. Pieces count once, as they are made once.
///
/// # Errors
/// [`InterestError`]: there is nobody to look.
pub(super) fn train(
    world: &World,
    declared: &Declared,
    ticks: Range<usize>,
    interest: Option<Interest>,
    progress: &Progress,
) -> Result<Tables, InterestError> {
    let layout = &declared.layout;
    let mut tally = Tally::new(layout);
    let mut shadow = Shadow::new(world, layout);
    let mut changed = SlotSet::new(layout.slots());
    shadow.start(ticks.start);
    let mut audience = Audience::new(world, &shadow, interest, Some(ticks.start))?;
    progress.begin("training", ticks.len());
    for tick in ticks.skip(1) {
        let counts = world.header.counts(tick);
        changed.clear();
        shadow.begin(tick);
        shadow.predict(|slot, missed| {
            changed.insert(slot);
            if counts {
                missed.write(&mut tally);
            } else {
                missed.write(&mut Nowhere);
            }
        });
        audience.look(world, &shadow, tick);
        for (viewer, visible) in audience.each() {
            viewer.turn(visible, shadow.gone(), &changed);
            if counts {
                viewer.tally(&mut tally, layout, &shadow);
            }
        }
        progress.step();
    }
    Ok(tally.train(EPOCH))
}
