//! What is true in one room, tick by tick, as its auditor told: kept for as long as somebody may be behind.
//!
//! ```text
//!   tick     t-299 … t-1  t         a client that holds tick t-1 is compared with t-1; one that is ahead of the auditor waits
//!   events   ──────────────►        in the order in which they were told, each numbered
//! ```
//!
//! Never here: who asks (see `witness`), the rule (see `rule`).

use super::rule::{Game, Truth};
use crate::replica::{Event, Replica};
use shared::ids::{PlayerId, Tick};
use shared::wire::audit::{Audit, AuditedAudience, AuditedEvent};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Ticks that are kept: ten seconds at 30 Hz. Who is farther behind is not compared, and counted.
const TICKS_KEPT: u32 = 300;

/// One room's truth. Cheap to share.
#[derive(Debug)]
pub struct Ledger {
    game: Game,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    truths: VecDeque<Arc<Truth>>,
    newest: Option<Tick>,
    events: VecDeque<Heard>,
    /// The number of the first event that is kept.
    first: u64,
    /// Events that were told until then may be missing.
    gap: Tick,
}

/// An event as it was told.
#[derive(Debug)]
struct Heard {
    said: AuditedEvent,
    /// What was true when it was told, if that is known.
    truth: Option<Arc<Truth>>,
}

/// What is known of a tick.
#[derive(Clone, Debug)]
pub enum Known {
    /// All.
    All(Arc<Truth>),
    /// The auditor is not there yet.
    NotYet,
    /// The auditor was skipped in it, or it is too long ago.
    Nothing,
}

/// What came of looking for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It was told, and to this client; and what number the next one has.
    Told(u64),
    /// It was not, or not to it.
    NotTold,
    /// It cannot be said: some that were told are not known.
    Unknown,
}

impl Ledger {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(game: Game) -> Self {
        Self { game, kept: Mutex::default() }
    }

    /// What of the game the rule goes by.
    #[must_use]
    pub const fn game(&self) -> &Game {
        &self.game
    }

    /// The auditor holds this, and was told that. What it holds must be exact and complete.
    pub fn note(&self, replica: &Replica, audit: &Audit) {
        let truth = (audit.tick == replica.tick().0 && replica.complete() && !replica.lost())
            .then(|| Arc::new(Truth::new(&self.game, replica, audit)));
        self.kept().note(truth, audit);
    }

    /// What is known of a tick.
    #[must_use]
    pub fn of(&self, tick: Tick) -> Known {
        let kept = self.kept();
        if kept.newest.is_none_or(|newest| newest < tick) {
            return Known::NotYet;
        }
        let at = kept.truths.binary_search_by_key(&tick, |truth| truth.tick());
        at.ok().and_then(|at| kept.truths.get(at)).map_or(Known::Nothing, |truth| Known::All(truth.clone()))
    }

    /// Looks for an event that a client was told by the frame of a tick, among those from `next` on that were told after `from`.
    #[must_use]
    pub fn find(&self, event: &Event, player: PlayerId, (from, to): (Tick, Tick), next: u64) -> Found {
        let kept = self.kept();
        let skip = next.saturating_sub(kept.first) as usize;
        let mut in_doubt = from < kept.gap;
        for (at, heard) in kept.events.iter().enumerate().skip(skip) {
            let said = &heard.said;
            if said.tick > to.0 {
                break;
            }
            if said.tick <= from.0 || !self.game.is_same(event, said.kind, &said.codes) {
                continue;
            }
            match heard.is_for(player) {
                Some(true) => return Found::Told(kept.first + at as u64 + 1),
                Some(false) => {}
                None => in_doubt = true,
            }
        }
        if in_doubt { Found::Unknown } else { Found::NotTold }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing panics while it holds the lock; if it did, what is kept would be whole.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heard {
    /// Whether a player may have heard it; `None`: that goes by a tick of which only events are known.
    fn is_for(&self, player: PlayerId) -> Option<bool> {
        match (&self.truth, self.said.to) {
            (Some(truth), to) => Some(truth.may_hear(player, to)),
            (None, AuditedAudience::Everyone) => Some(true),
            (None, AuditedAudience::Player(other)) => Some(other == player.0),
            (None, AuditedAudience::Team(_) | AuditedAudience::Seeing(_)) => None,
        }
    }
}

impl Kept {
    fn note(&mut self, truth: Option<Arc<Truth>>, audit: &Audit) {
        let tick = Tick(audit.tick);
        // Of two auditors one is enough.
        if self.newest.is_some_and(|newest| tick <= newest) {
            return;
        }
        self.newest = Some(tick);
        if audit.gap {
            self.gap = tick;
        }
        self.events.extend(audit.events.iter().map(|said| Heard {
            said: said.clone(),
            truth: truth.clone().filter(|truth| truth.tick().0 == said.tick),
        }));
        self.truths.extend(truth);
        while self.truths.front().is_some_and(|truth| tick.since(truth.tick()) > TICKS_KEPT) {
            self.truths.pop_front();
        }
        while let Some(old) = self.events.pop_front_if(|heard| tick.since(Tick(heard.said.tick)) > TICKS_KEPT) {
            self.gap = self.gap.max(Tick(old.said.tick));
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::game::schema;
    use shared::schema::Layout;

    #[test]
    fn of_a_tick_that_the_auditor_missed_nobody_hears_what_was_for_somebody_else() {
        let schema = schema();
        let event = Event { kind: 0, codes: vec![0; schema.events[0].part_count()] };
        let found = |to: AuditedAudience| {
            let layout = Arc::new(Layout::new(&schema, 6).unwrap());
            let ledger = Ledger::new(Game::new(&schema, layout, 0));
            let said = AuditedEvent { tick: 8, to, kind: event.kind, codes: event.codes.clone() };
            ledger.kept().note(None, &Audit { tick: 9, events: vec![said], ..Audit::default() });
            ledger.find(&event, PlayerId(3), (Tick(0), Tick(9)), 0)
        };
        assert_eq!(found(AuditedAudience::Everyone), Found::Told(1));
        assert_eq!(found(AuditedAudience::Player(3)), Found::Told(1));
        assert_eq!(found(AuditedAudience::Player(4)), Found::NotTold);
        assert_eq!(found(AuditedAudience::Team(1)), Found::Unknown, "whose team it was is not known");
        assert_eq!(found(AuditedAudience::Seeing(Some(5))), Found::Unknown, "who saw it is not known");
    }
}
