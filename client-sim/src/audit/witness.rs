//! What one client held after each of its frames, until the auditor has come as far and it can be compared.
//!
//! ```text
//!   frame of tick t ─► Seen { facets held, events } ─► waits for the ledger to know t ─► rule ─► breaches, tally
//! ```
//!
//! Names only are noted: that values are right is what digests prove.
//!
//! Never here: what is allowed (see `rule`).

use super::ledger::{Found, Known, Ledger};
use super::rule::{Breach, Truth};
use crate::replica::{Applied, Event, Replica};
use shared::codec::Record;
use shared::ids::{PlayerId, Slot, Tick};
use shared::limits::{EVENT_BYTES_WAITING_MAX, MESSAGE_PARTS_MAX};
use shared::wire::FrameKind;
use std::collections::VecDeque;

/// Frames that may wait for the auditor. Beyond it the oldest are not compared, and counted.
const WAITING_MAX: usize = 64;

/// A frame with fewer events has told all that there was to tell: so many always fit.
const EVENTS_OF_A_FRAME_MIN: usize = EVENT_BYTES_WAITING_MAX / (1 + 4 * MESSAGE_PARTS_MAX);

/// What was compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Frames that were compared with the truth of their tick.
    pub frames_checked: u64,
    /// Frames for which there was none.
    pub frames_unchecked: u64,
    /// Facets that clients held after these frames.
    pub facets_checked: u64,
    /// Events that were found among those that were told.
    pub events_checked: u64,
    /// Events of which it could not be said.
    pub events_unchecked: u64,
    /// Facets and events that clients may not have.
    pub leaks: u64,
}

impl Compared {
    /// Adds another.
    pub const fn add(&mut self, other: &Self) {
        self.frames_checked += other.frames_checked;
        self.frames_unchecked += other.frames_unchecked;
        self.facets_checked += other.facets_checked;
        self.events_checked += other.events_checked;
        self.events_unchecked += other.events_unchecked;
        self.leaks += other.leaks;
    }
}

/// One client, as the audit sees it.
#[derive(Debug)]
pub struct Witness {
    player: PlayerId,
    /// What was told up to here it has heard, or it was not for it: it had no seat yet.
    since: Tick,
    /// The number of the first event that it may be told next.
    next_event: u64,
    waiting: VecDeque<Seen>,
    /// Memory that is used again.
    spare: Vec<Vec<Record>>,
    tally: Compared,
}

/// What it held after one frame.
#[derive(Debug)]
struct Seen {
    tick: Tick,
    /// By slot; `None` if that cannot be said.
    held: Option<Vec<Record>>,
    events: Vec<Event>,
}

impl Witness {
    /// A player that was welcomed at `since`.
    #[must_use]
    pub fn new(player: PlayerId, since: Tick) -> Self {
        Self { player, since, next_event: 0, waiting: VecDeque::new(), spare: Vec::new(), tally: Compared::default() }
    }

    /// What was compared so far.
    #[must_use]
    pub const fn tally(&self) -> &Compared {
        &self.tally
    }

    /// A frame was applied: this is held, and that was told with it. A replica that is lost holds nothing that counts.
    pub fn saw(&mut self, replica: &Replica, applied: &Applied) {
        // A keep-alive tells nothing, and what was to be told waits.
        if applied.kind == FrameKind::KeepAlive {
            return;
        }
        let tick = applied.tick;
        if self.waiting.len() == WAITING_MAX
            && let Some(oldest) = self.waiting.pop_front()
        {
            self.pass_over(oldest);
        }
        // Several frames at once: only what is held after the last of them can be looked at.
        let held = (!replica.lost() && replica.tick() == tick).then(|| {
            let mut held = self.spare.pop().unwrap_or_default();
            held.extend(replica.facets().map(|(record, ..)| record));
            held.sort_unstable_by_key(|record| record.slot);
            held
        });
        self.waiting.push_back(Seen { tick, held, events: applied.events.clone() });
    }

    /// Compares what can be compared by now.
    pub fn compare(&mut self, ledger: &Ledger, found: &mut Vec<Breach>) {
        while let Some(seen) = self.waiting.front() {
            let known = ledger.of(seen.tick);
            if matches!(known, Known::NotYet) {
                return;
            }
            let Some(seen) = self.waiting.pop_front() else { return };
            let before = found.len();
            self.hear(ledger, &seen, found);
            if let Known::All(truth) = known {
                self.look(&truth, &seen, found);
            } else {
                self.tally.frames_unchecked += 1;
            }
            self.tally.leaks += (found.len() - before) as u64;
            self.recycle(seen);
        }
    }

    fn look(&mut self, truth: &Truth, seen: &Seen, found: &mut Vec<Breach>) {
        let Some(all) = &seen.held else {
            self.tally.frames_unchecked += 1;
            return;
        };
        self.tally.frames_checked += 1;
        self.tally.facets_checked += all.len() as u64;
        for &record in all {
            found.extend(truth.may_hold(self.player, record, |slot| seen.holds(slot)).err());
        }
    }

    fn hear(&mut self, ledger: &Ledger, seen: &Seen, found: &mut Vec<Breach>) {
        for event in &seen.events {
            match ledger.find(event, self.player, (self.since, seen.tick), self.next_event) {
                Found::Told(next) => {
                    self.next_event = next;
                    self.tally.events_checked += 1;
                }
                Found::Unknown => self.tally.events_unchecked += 1,
                Found::NotTold => {
                    self.tally.events_checked += 1;
                    found.push(Breach::Event(event.kind));
                }
            }
            if seen.held.is_some() && ledger.game().named(event).any(|slot| !seen.holds(slot)) {
                found.push(Breach::EventNames(event.kind));
            }
        }
        if seen.events.len() < EVENTS_OF_A_FRAME_MIN {
            self.since = seen.tick;
        }
    }

    fn pass_over(&mut self, seen: Seen) {
        self.tally.frames_unchecked += 1;
        self.tally.events_unchecked += seen.events.len() as u64;
        self.recycle(seen);
    }

    fn recycle(&mut self, seen: Seen) {
        self.spare.extend(seen.held.map(|mut held| {
            held.clear();
            held
        }));
    }
}

impl Seen {
    fn holds(&self, slot: Slot) -> bool {
        let held = self.held.as_deref().unwrap_or_default();
        held.binary_search_by_key(&slot, |record| record.slot).is_ok()
    }
}
