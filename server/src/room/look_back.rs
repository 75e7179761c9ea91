//! What did a player see when it acted? Its input says between which two frames it drew others; this says whether that can be, and whom
//! it can have seen exactly.
//!
//! ```text
//!   input.view ─► both frames sent to it and confirmed, not too long ago? ─ no ─► no view, counted: judged by what is now
//!                                 │ yes, and the game looks back for such an input
//!                                 └─► Look: whom it held exactly in both ─► StepInput
//! ```
//!
//! Asked in the tick in which the input is used, not when it came: who sends ahead of time gains nothing by it. The input itself counts
//! either way.
//!
//! Never here: where anybody was (see `sim::past`).

use crate::counts::Counts;
use crate::replicate::history::Implausible;
use crate::seats::Seats;
use crate::sim::{InputCodes, Look, Saw, StepInput};
use shared::ids::{EntityId, Slot};

/// Takes the views away that cannot be, and adds whom the others saw. `looks_back`: whether the game judges such an input by what its
/// player saw; `remembered`: everything that it remembers, by entity, and its anchor's slot.
pub(super) fn look_back(
    step: &mut StepInput,
    seats: &Seats,
    counts: &mut Counts,
    looks_back: impl Fn(&InputCodes) -> bool,
    remembered: impl Fn() -> Vec<(EntityId, Slot)>,
) {
    let mut anchors = None;
    for input in &mut step.inputs {
        let Some(view) = input.view else { continue };
        let Some(client) = seats.get(input.player).map(|seat| &seat.client) else { continue };
        let Some(history) = &client.history else { continue };
        match history.frames_of(view, client.window.confirmed(), step.tick) {
            Err(why) => {
                input.view = None;
                match why {
                    Implausible::TooOld => counts.views_too_old += 1,
                    Implausible::NotSent => counts.views_not_sent += 1,
                }
            }
            Ok([older, newer]) if looks_back(&input.codes) => {
                let anchors = anchors.get_or_insert_with(&remembered);
                let saw = Saw::of(anchors, |slot| older.contains(slot) && newer.contains(slot));
                step.looks.push(Look { player: input.player, view, saw });
            }
            Ok(_) => {}
        }
    }
}
