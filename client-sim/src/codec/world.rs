//! A recorded world as the codec sees it: rows of codes, by slot.
//!
//! A slot is the rank of an entity's number among all numbers of the trace. One slot has one life after the other: an entity
//! that is missing from a tick, comes back as another archetype, or with another value in a field that never changes in a
//! life, is somebody else.
//!
//! Never here: files (see `trace`), what is guessed (see `choose`), what is sent (see `shadow`, `viewer`).

use super::declare::zero_of;
use super::header::TraceHeader;
use super::trace::{Trace, TraceTick};
use shared::ids::Slot;
use std::ops::Range;

/// A recorded world by slots.
#[derive(Clone, Debug)]
pub struct World {
    /// What it says of itself.
    pub header: TraceHeader,
    /// Entity numbers by slot, ascending.
    pub entities: Vec<u32>,
    ticks: Vec<TraceTick>,
    rows: Vec<Row>,
    codes: Vec<i32>,
}

/// One entity in one tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which.
    pub slot: Slot,
    /// What it is: a position among the archetypes, and so a kind.
    pub archetype: u8,
    /// Where its codes begin.
    at: u32,
}

/// What became of a slot from one tick to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is there now.
    Came,
    /// It is no longer there.
    Went,
    /// There is somebody else.
    Replaced,
    /// It lives on.
    Stayed {
        /// Something of it is not as it was.
        changed: bool,
    },
}

impl World {
    /// The world of a trace. More entity numbers than slots are refused when it is declared.
    #[must_use]
    pub fn new(trace: Trace) -> Self {
        let (header, ticks, rows, mut codes) = trace.into_parts();
        let mut entities: Vec<u32> = rows.iter().map(|row| row.entity).collect();
        entities.sort_unstable();
        entities.dedup();
        let zeros: Vec<Vec<i32>> =
            header.archetypes.iter().map(|archetype| archetype.fields.iter().map(zero_of).collect()).collect();
        let rows = rows.into_iter().map(|row| {
            for (code, zero) in codes[row.at as usize..].iter_mut().zip(&zeros[usize::from(row.archetype)]) {
                *code = code.wrapping_sub(*zero);
            }
            let rank = entities.partition_point(|&entity| entity < row.entity);
            Row { slot: Slot(rank as u16), archetype: row.archetype, at: row.at }
        });
        let rows = rows.collect();
        Self { header, entities, ticks, rows, codes }
    }

    /// Number of ticks.
    #[must_use]
    pub fn ticks(&self) -> usize {
        self.ticks.len()
    }

    /// The number of a tick, as recorded.
    #[must_use]
    pub fn number(&self, tick: usize) -> u32 {
        self.ticks[tick].number
    }

    /// The rows of a tick, by slot; none before the first.
    #[must_use]
    pub fn rows(&self, tick: usize) -> &[Row] {
        &self.rows[self.ticks[tick].rows.clone()]
    }

    /// The rows of the tick before.
    #[must_use]
    pub fn rows_before(&self, tick: usize) -> &[Row] {
        if tick == 0 { &[] } else { self.rows(tick - 1) }
    }

    /// A row's codes.
    #[must_use]
    pub fn codes(&self, row: &Row) -> &[i32] {
        &self.codes[row.at as usize..][..self.header.archetypes[usize::from(row.archetype)].fields.len()]
    }

    /// What became of each slot that was there in the tick before or is there in this one, by slot.
    pub fn turns(&self, tick: usize) -> impl Iterator<Item = (Slot, Turn, Option<&Row>)> + '_ {
        let mut before = self.rows_before(tick).iter().peekable();
        let mut now = self.rows(tick).iter().peekable();
        std::iter::from_fn(move || {
            let slot = match (before.peek(), now.peek()) {
                (None, None) => return None,
                (Some(was), Some(is)) => was.slot.min(is.slot),
                (Some(only), None) | (None, Some(only)) => only.slot,
            };
            let was = before.next_if(|row| row.slot == slot);
            let is = now.next_if(|row| row.slot == slot);
            let turn = match (was, is) {
                (Some(was), Some(is)) => self.turn(was, is),
                (Some(_), None) => Turn::Went,
                _ => Turn::Came,
            };
            Some((slot, turn, is))
        })
    }

    fn turn(&self, was: &Row, is: &Row) -> Turn {
        if was.archetype != is.archetype {
            return Turn::Replaced;
        }
        let fields = &self.header.archetypes[usize::from(is.archetype)].fields;
        let mut changed = false;
        for (field, (was, is)) in fields.iter().zip(self.codes(was).iter().zip(self.codes(is))) {
            if was != is && field.constant {
                return Turn::Replaced;
            }
            changed |= was != is;
        }
        Turn::Stayed { changed }
    }

    /// How many entities changed in a tick: what is not as it was, came, went or was replaced, one each.
    #[must_use]
    pub fn changed(&self, tick: usize) -> usize {
        self.turns(tick).filter(|&(_, turn, _)| turn != Turn::Stayed { changed: false }).count()
    }

    /// The lives that entities of each archetype live within some ticks: each the rows of one, tick by tick.
    #[must_use]
    pub fn lives(&self, ticks: Range<usize>) -> Vec<Vec<Vec<&Row>>> {
        let mut lives = vec![Vec::new(); self.header.archetypes.len()];
        let mut open: Vec<Option<Vec<&Row>>> = vec![None; self.entities.len()];
        let first = ticks.start;
        for tick in ticks {
            for (slot, turn, row) in self.turns(tick) {
                let place = &mut open[slot.index()];
                if !matches!(turn, Turn::Stayed { .. })
                    && let Some(life) = place.take()
                {
                    lives[usize::from(life[0].archetype)].push(life);
                }
                if let Some(row) = row {
                    debug_assert!(tick == first || place.is_some() || matches!(turn, Turn::Came | Turn::Replaced));
                    place.get_or_insert_default().push(row);
                }
            }
        }
        for life in open.into_iter().flatten() {
            lives[usize::from(life[0].archetype)].push(life);
        }
        lives
    }
}
