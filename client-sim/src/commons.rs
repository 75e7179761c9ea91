//! What several clients of one process hold is held once: a thousand bots that see the same world keep one copy of it.
//!
//! What a client holds after a frame follows from what it held before, the frame's bytes behind header and events, and the
//! code tables in force, and from nothing else. So whoever holds the *same* and is sent the *same bytes* comes to the same: the first works it out, the
//! others take what the first came to. Whoever is sent other bytes works it out alone. Each compares its own frame's digest
//! with what it then holds, so a wrong byte in one client's frame is found by that client, and by no other.
//!
//! ```text
//!   held by 400 ── bytes ──┬─ the first: a copy, changed ──► held by 400    the rest: the same bytes? take it
//!                          └─ other bytes ─────────────────► held by 1      alone: changed in place, no copy
//! ```
//!
//! Clients that come at different times meet where their sums are equal: then all of it is compared, once, and kept once.
//!
//! Never here: what bytes mean (see `holdings`), digests that travelled (see `replica`).

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use crate::agreement::Agreement;
use crate::epochs::Epochs;
use crate::holdings::{Change, Holdings};
use shared::codec::Tables;
use shared::wire::DecodeError;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Steps that are remembered for those who have yet to make them: one or two per room and tick. Beyond it the oldest are
/// forgotten, and who needs one works it out again.
const STEPS_MAX: usize = 256;
/// Sums that are kept at least before those that nobody holds any more are looked for.
const SUMS_MIN: usize = 64;
/// Games that are remembered; a run has one.
const GAMES_MAX: usize = 16;
/// Code tables that are remembered: those of the newest ticks, and of those who are behind.
const TABLES_MAX: usize = 64;

/// Where clients of one process find what others hold.
#[derive(Debug, Default)]
pub struct Commons {
    versions: AtomicU64,
    shelf: Mutex<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    steps: VecDeque<Step>,
    /// What somebody holds, by its sum.
    held: BTreeMap<(u32, u32), Weak<Holdings>>,
    /// How many of those there were when the dead ones were last taken out.
    held_alive: usize,
    games: Vec<Agreement>,
    tables: VecDeque<Arc<Tables>>,
}

/// One way from one state to the next.
#[derive(Debug)]
struct Step {
    from: u64,
    from_held: Weak<Holdings>,
    how: How,
    to: Outcome,
}

/// All that decides where a step leads to, beside where it begins.
#[derive(Debug)]
struct How {
    tables: Epochs,
    change: Change,
    bytes: Box<[u8]>,
}

/// Where a step led to. As long as nobody else has taken it, it belongs to who worked it out: who goes on alone then needs
/// no copy.
#[derive(Debug)]
enum Outcome {
    Alone(Weak<Holdings>),
    Taken(Arc<Holdings>),
}

impl Commons {
    /// Nobody holds anything yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many different replicas are held now.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shelf().held.values().filter(|held| held.strong_count() > 0).count()
    }

    /// Puts what others have settled, too, in place of what is equal to it.
    pub(crate) fn share_game(&self, agreement: &mut Agreement) {
        agreement.tables = self.share_tables(agreement.tables.clone());
        let mut shelf = self.shelf();
        if !shelf.games.iter().any(|known| agreement.share(known)) && shelf.games.len() < GAMES_MAX {
            shelf.games.push(agreement.clone());
        }
    }

    /// These tables, or equal ones that others have.
    pub(crate) fn share_tables(&self, tables: Arc<Tables>) -> Arc<Tables> {
        let mut shelf = self.shelf();
        if let Some(known) = shelf.tables.iter().find(|known| **known == tables) {
            return known.clone();
        }
        if shelf.tables.len() >= TABLES_MAX {
            shelf.tables.pop_front();
        }
        shelf.tables.push_back(tables.clone());
        tables
    }

    /// Changes what a client holds by a frame's bytes behind header and events: by itself, or by taking what another came to.
    ///
    /// # Errors
    /// [`DecodeError`]: what is held is not to be relied on until a full frame comes.
    pub(crate) fn change(
        &self,
        holdings: &mut Arc<Holdings>,
        tables: &Epochs,
        change: Change,
        bytes: &[u8],
    ) -> Result<(), DecodeError> {
        let from = holdings.version();
        let is_it = |how: &How| how.change == change && *how.bytes == *bytes && how.tables == *tables;
        if let Some(known) = self.shelf().find(from, is_it) {
            *holdings = known;
            return Ok(());
        }
        let others = Arc::strong_count(holdings) > 1;
        let from_held = if others { Arc::downgrade(holdings) } else { Weak::new() };
        let changed = Arc::make_mut(holdings);
        // Before anything changes: what cannot be read to its end is nobody else's.
        changed.set_version(self.versions.fetch_add(1, Ordering::Relaxed) + 1);
        changed.change(tables, change, bytes)?;
        let mut shelf = self.shelf();
        // Another may have worked it out meanwhile, or have come to the same on another way.
        if let Some(known) = shelf.find(from, is_it).or_else(|| shelf.equal_to(holdings)) {
            *holdings = known;
        } else {
            shelf.note_held(holdings);
        }
        if others {
            shelf.note_step(from, from_held, How { tables: tables.clone(), change, bytes: bytes.into() }, holdings);
        }
        Ok(())
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // Whoever panicked while it had it left a memory of what is held, and every entry of it is true by itself.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn find(&mut self, from: Option<u64>, is_it: impl Fn(&How) -> bool) -> Option<Arc<Holdings>> {
        let from = from?;
        let step = self.steps.iter_mut().rev().find(|step| step.from == from && is_it(&step.how))?;
        let to = match &step.to {
            Outcome::Alone(to) => to.upgrade()?,
            Outcome::Taken(to) => to.clone(),
        };
        step.to = Outcome::Taken(to.clone());
        Some(to)
    }

    fn equal_to(&self, holdings: &Arc<Holdings>) -> Option<Arc<Holdings>> {
        let known = self.held.get(&key(holdings))?.upgrade()?;
        known.is_same(holdings).then_some(known)
    }

    fn note_held(&mut self, holdings: &Arc<Holdings>) {
        if self.held.len() > SUMS_MIN + 2 * self.held_alive {
            self.held.retain(|_, held| held.strong_count() > 0);
            self.held_alive = self.held.len();
        }
        self.held.insert(key(holdings), Arc::downgrade(holdings));
    }

    fn note_step(&mut self, from: Option<u64>, from_held: Weak<Holdings>, how: How, to: &Arc<Holdings>) {
        let Some(from) = from else { return };
        // Where nobody stands any more, nobody goes on from. One at a time: what a step led to is where the next begins.
        while self.steps.front().is_some_and(|step| step.from_held.strong_count() == 0) || self.steps.len() >= STEPS_MAX
        {
            self.steps.pop_front();
        }
        self.steps.push_back(Step { from, from_held, how, to: Outcome::Alone(Arc::downgrade(to)) });
    }
}

fn key(holdings: &Holdings) -> (u32, u32) {
    let sum = holdings.sum();
    (sum.a, sum.b)
}
