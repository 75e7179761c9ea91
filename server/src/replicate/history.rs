//! What one client was sent of late: which frames, and what it held exactly after each. Kept only where the game looks back.
//!
//! ```text
//!   frames of tick      95    96    97 (skipped)    98    99        a view between 96 and 98: both were sent, both are confirmed
//!   fresh after it     {2 5} {2 5}                 {2 5 9} …        it saw 2 and 5; 9 came only with 98, so nobody knows where it drew it
//! ```
//!
//! What is stale, parked, demoted or not held is not *fresh*, so whatever a client was not told exactly is not in here.
//! Bounded by the ticks that a view may reach back; memory is one set of slots per frame.
//!
//! Never here: where things were (see `sim::past`: the same codes), what is done with a view (see `room::look_back`).

use shared::ids::Tick;
use shared::limits::VIEW_SPAN_TICKS_MAX;
use shared::slot_set::SlotSet;
use shared::wire::client_message::ViewTick;
use std::collections::VecDeque;

/// One client's newest frames, oldest first.
#[derive(Debug)]
pub struct History {
    reach_ticks: u32,
    frames: VecDeque<Sent>,
}

#[derive(Debug)]
struct Sent {
    tick: Tick,
    fresh: SlotSet,
}

/// Why nothing can be said of what a client saw. Its fault, or its path's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Implausible {
    /// It was drawn longer ago than views may reach back.
    #[error("drawn too long ago")]
    TooOld,
    /// It names a frame that this client was not sent, or has not confirmed.
    #[error("drawn from a frame that was not sent or is not confirmed")]
    NotSent,
}

impl History {
    /// Nothing was sent but the Welcome, which counts as a frame after which nothing is held.
    #[must_use]
    pub fn new(slots: usize, reach_ticks: u32, welcome: Tick) -> Self {
        Self { reach_ticks, frames: VecDeque::from([Sent { tick: welcome, fresh: SlotSet::new(slots) }]) }
    }

    /// A frame of `tick` was handed over; after it the client holds `fresh` exactly.
    pub fn sent(&mut self, tick: Tick, fresh: &SlotSet) {
        let mut spare = None;
        // One more than may be reached, so that who is a little too late is told apart from who makes frames up.
        let kept = self.reach_ticks + VIEW_SPAN_TICKS_MAX + 1;
        while self.frames.front().is_some_and(|sent| tick.since(sent.tick) > kept) {
            spare = self.frames.pop_front().map(|sent| sent.fresh);
        }
        let fresh = match spare {
            Some(mut spare) => {
                spare.copy_from(fresh);
                spare
            }
            None => fresh.clone(),
        };
        self.frames.push_back(Sent { tick, fresh });
    }

    /// What the client held exactly after each of the two frames that a view lies between, when `now` is about to be stepped.
    ///
    /// # Errors
    /// [`Implausible`]: it cannot have seen that, or too long ago.
    pub fn frames_of(&self, view: ViewTick, confirmed: Tick, now: Tick) -> Result<[&SlotSet; 2], Implausible> {
        let ago_ticks = now.since(view.older);
        // What counts is when it was drawn; the older frame may lie a little before that.
        let ago_sixteenths = ago_ticks.saturating_mul(16).saturating_sub(u32::from(view.sixteenths));
        if ago_ticks > self.reach_ticks + VIEW_SPAN_TICKS_MAX || ago_sixteenths > 16 * self.reach_ticks {
            return Err(Implausible::TooOld);
        }
        let newer = view.older.after(u32::from(view.span));
        if newer > confirmed {
            return Err(Implausible::NotSent);
        }
        let at = |tick: Tick| {
            let place = self.frames.binary_search_by_key(&tick, |sent| sent.tick).map_err(|_| Implausible::NotSent)?;
            self.frames.get(place).map(|sent| &sent.fresh).ok_or(Implausible::NotSent)
        };
        Ok([at(view.older)?, at(newer)?])
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may")]
mod tests {
    use super::*;
    use shared::ids::Slot;

    fn view(older: u32, span: u8) -> ViewTick {
        ViewTick { older: Tick(older), span, sixteenths: 0 }
    }

    /// Frames of ticks 1 to `last`, but for every fourth; after each the client holds slot 1 and that of the tick.
    fn history(last: u32) -> History {
        let mut history = History::new(64, 11, Tick(0));
        for tick in (1..=last).filter(|tick| tick % 4 != 0) {
            let mut fresh = SlotSet::new(64);
            fresh.insert(Slot(1));
            fresh.insert(Slot(tick as u16));
            history.sent(Tick(tick), &fresh);
        }
        history
    }

    #[test]
    fn a_view_is_answered_with_what_was_exact_in_both_its_frames() {
        let history = history(30);
        let [older, newer] = history.frames_of(view(27, 2), Tick(29), Tick(31)).unwrap();
        let both: Vec<Slot> = older.iter().filter(|&slot| newer.contains(slot)).collect();
        assert_eq!(both, [Slot(1)]);
        assert!(older.contains(Slot(27)) && newer.contains(Slot(29)));
    }

    #[test]
    fn what_was_not_sent_or_not_confirmed_or_is_too_old_cannot_have_been_seen() {
        let history = history(30);
        let of = |older, span, confirmed| history.frames_of(view(older, span), Tick(confirmed), Tick(31)).err();
        assert_eq!(of(26, 1, 29), None);
        assert_eq!(of(28, 1, 29), Some(Implausible::NotSent), "28 was skipped");
        assert_eq!(of(27, 1, 29), Some(Implausible::NotSent), "28 was skipped");
        assert_eq!(of(29, 1, 29), Some(Implausible::NotSent), "30 is not confirmed");
        assert_eq!(of(30, 5, 40), Some(Implausible::NotSent), "35 is in the future");
        assert_eq!(of(20, 1, 29), Some(Implausible::NotSent), "20 was skipped");
        assert_eq!(of(19, 2, 29), Some(Implausible::TooOld));
        let drawn_later = ViewTick { sixteenths: 16, ..view(19, 2) };
        assert!(history.frames_of(drawn_later, Tick(29), Tick(31)).is_ok(), "when it was drawn counts");
        assert_eq!(of(0, 0, 29), Some(Implausible::TooOld));
    }

    #[test]
    fn it_never_grows_and_the_welcome_is_a_frame_that_holds_nothing() {
        let fresh = History::new(64, 11, Tick(500));
        assert!(fresh.frames_of(view(500, 0), Tick(500), Tick(501)).unwrap()[0].is_empty());
        assert!(history(1_000).frames.len() <= 21);
    }
}
