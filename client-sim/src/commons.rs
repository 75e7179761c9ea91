//! What several clients of one process hold is held once: a thousand bots that see the same world keep one copy of it.
//!
//! What a client holds of a section after a frame follows from what it held of it before, the section's bytes, the anchors that
//! it holds and the code tables in force, and from nothing else. So whoever holds the *same* and is sent the *same bytes* comes to the
//! same: the first works it out, the others take what the first came to. Whoever is sent other bytes works it out alone. Each
//! compares its own frame's digest with what it then holds, so a wrong byte in one client's frame is found by that client, and by
//! no other. By section, because most of a world is everyone's, and each has something that is only its own.
//!
//! ```text
//!   held by 400 ── bytes ──┬─ the first: a copy, changed ──► held by 400    the rest: the same bytes? take it
//!                          └─ other bytes ─────────────────► held by 1      alone: changed in place, no copy
//! ```
//!
//! Clients that come at different times meet where their sums are equal: then all of it is compared, once, and kept once.
//!
//! Never here: what bytes mean (see `holding`), digests that travelled (see `replica`).

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use crate::agreement::Agreement;
use crate::epochs::Epochs;
use crate::holding::{Holding, SectionChange};
use shared::bits::BitReader;
use shared::codec::Tables;
use shared::schema::Section;
use shared::wire::DecodeError;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Steps that are remembered for those who have yet to make them: a few per room and tick. Beyond it the oldest are
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
    /// What somebody holds of a section, by its sum.
    held: BTreeMap<Key, Weak<Holding>>,
    /// How many of those there were when the dead ones were last taken out.
    held_alive: usize,
    games: Vec<Agreement>,
    tables: VecDeque<Arc<Tables>>,
}

/// Section and sum.
type Key = (usize, u32, u32);

/// One way from one state of a section to the next.
#[derive(Debug)]
struct Step {
    from: u64,
    from_held: Weak<Holding>,
    how: How,
    to: Outcome,
}

/// All that decides where a step leads to, beside where it begins.
#[derive(Debug)]
struct How {
    tables: Epochs,
    change: SectionChange,
    /// The name of what is held of everyone's section, where this is another.
    anchors: Option<u64>,
    /// No more than it takes: what follows belongs to other sections.
    bytes: Box<[u8]>,
}

/// Where a step led to. As long as nobody else has taken it, it belongs to who worked it out: who goes on alone then needs
/// no copy.
#[derive(Debug)]
enum Outcome {
    Alone(Weak<Holding>),
    Taken(Arc<Holding>),
}

impl Commons {
    /// Nobody holds anything yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many different replicas are held now, at the least: as many as there are of the section that differs most.
    #[must_use]
    pub fn count(&self) -> usize {
        let shelf = self.shelf();
        let alive = |section: &Section| {
            let held = shelf.held.iter().filter(|((of, ..), _)| *of == section.index());
            held.filter(|(_, held)| held.strong_count() > 0).count()
        };
        Section::ALL.iter().map(alive).max().unwrap_or(0)
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

    /// Changes what a client holds of a section by what comes next in its frame: by itself, or by taking what another came to.
    /// `anchors` is what it holds of everyone's section, unless it is this one.
    ///
    /// # Errors
    /// [`DecodeError`]: what is held is not to be relied on until a full frame comes.
    pub(crate) fn change(
        &self,
        holding: &mut Arc<Holding>,
        tables: &Epochs,
        change: SectionChange,
        anchors: Option<&Holding>,
        reader: &mut BitReader<'_>,
    ) -> Result<(), DecodeError> {
        let from = holding.version();
        let rest = reader.clone().read_bytes(reader.bits_left() / 8, "section")?;
        let named = anchors.and_then(Holding::version);
        let is_it = |how: &How| {
            how.change == change && how.anchors == named && rest.starts_with(&how.bytes) && how.tables == *tables
        };
        if let Some((known, count)) = self.shelf().find(from, is_it) {
            *holding = known;
            reader.read_bytes(count, "section")?;
            return Ok(());
        }
        let others = Arc::strong_count(holding) > 1;
        let from_held = if others { Arc::downgrade(holding) } else { Weak::new() };
        let changed = Arc::make_mut(holding);
        // Before anything changes: what cannot be read to its end is nobody else's.
        changed.set_version(self.versions.fetch_add(1, Ordering::Relaxed) + 1);
        changed.change(reader, tables, &change, anchors)?;
        let taken = rest.len().saturating_sub(reader.bits_left() / 8);
        let mut shelf = self.shelf();
        // Another may have worked it out meanwhile, or have come to the same on another way.
        let known = shelf.find(from, is_it).map(|(known, _)| known);
        if let Some(known) = known.or_else(|| shelf.equal_to(holding)) {
            *holding = known;
        } else {
            shelf.note_held(holding);
        }
        if others {
            let bytes = rest.get(..taken).unwrap_or_default().into();
            shelf.note_step(from, from_held, How { tables: tables.clone(), change, anchors: named, bytes }, holding);
        }
        Ok(())
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // Whoever panicked while it had it left a memory of what is held, and every entry of it is true by itself.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    /// Where a step led to, and how many bytes it took.
    fn find(&mut self, from: Option<u64>, is_it: impl Fn(&How) -> bool) -> Option<(Arc<Holding>, usize)> {
        let from = from?;
        let step = self.steps.iter_mut().rev().find(|step| step.from == from && is_it(&step.how))?;
        let to = match &step.to {
            Outcome::Alone(to) => to.upgrade()?,
            Outcome::Taken(to) => to.clone(),
        };
        step.to = Outcome::Taken(to.clone());
        Some((to, step.how.bytes.len()))
    }

    fn equal_to(&self, holding: &Arc<Holding>) -> Option<Arc<Holding>> {
        let known = self.held.get(&key(holding))?.upgrade()?;
        known.is_same(holding).then_some(known)
    }

    fn note_held(&mut self, holding: &Arc<Holding>) {
        if self.held.len() > SUMS_MIN + 2 * self.held_alive {
            self.held.retain(|_, held| held.strong_count() > 0);
            self.held_alive = self.held.len();
        }
        self.held.insert(key(holding), Arc::downgrade(holding));
    }

    fn note_step(&mut self, from: Option<u64>, from_held: Weak<Holding>, how: How, to: &Arc<Holding>) {
        let Some(from) = from else { return };
        // Where nobody stands any more, nobody goes on from. One at a time: what a step led to is where the next begins.
        while self.steps.front().is_some_and(|step| step.from_held.strong_count() == 0) || self.steps.len() >= STEPS_MAX
        {
            self.steps.pop_front();
        }
        self.steps.push_back(Step { from, from_held, how, to: Outcome::Alone(Arc::downgrade(to)) });
    }
}

fn key(holding: &Holding) -> Key {
    let sum = holding.sum();
    (holding.section().index(), sum.a, sum.b)
}
