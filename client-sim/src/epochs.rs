//! Which code tables are in force at which tick.
//!
//! Tables can be replaced by better ones at a marked tick: they come ahead of the first frame that needs them. A step frame
//! may cover ticks before and after it, and each piece is in the codes of its own tick, so a replica keeps both until no
//! frame can reach back behind the mark.
//!
//! ```text
//!   tick    ──┬────────────┬──────────────►
//!   tables    │ epoch 0     │ epoch 1             a step over the mark needs both
//! ```
//!
//! Never here: what tables are (see `shared::codec::tables`).

use shared::codec::Tables;
use shared::ids::Tick;
use shared::limits::{CATCH_UP_TICKS, TABLES_WAITING_MAX};
use shared::wire::DecodeError;
use std::collections::VecDeque;
use std::sync::Arc;

/// Why new tables are no use. The server's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TablesRefused {
    /// They cannot be read.
    #[error("code tables: {0}")]
    Broken(#[from] DecodeError),
    /// They are in force from a tick on of which there was a frame already, or before tables that came earlier.
    #[error("code tables from tick {from} on, after tick {after}")]
    TooLate {
        /// From which tick on.
        from: Tick,
        /// Of which tick there is something already.
        after: Tick,
    },
    /// They have the epoch of those before.
    #[error("code tables of epoch {epoch}, which is the one before theirs")]
    SameEpoch {
        /// Which.
        epoch: u8,
    },
    /// More are to come than any server has use for.
    #[error("more than {TABLES_WAITING_MAX} code tables at once")]
    TooMany,
}

/// Tables and from which tick on each is in force. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Epochs {
    in_force: Arc<Tables>,
    /// Later ones, ascending.
    coming: VecDeque<(Tick, Arc<Tables>)>,
}

impl Epochs {
    /// Tables that are in force until others are.
    pub(crate) fn new(tables: impl Into<Arc<Tables>>) -> Self {
        Self { in_force: tables.into(), coming: VecDeque::new() }
    }

    /// The tables of a tick.
    pub(crate) fn at(&self, tick: Tick) -> &Tables {
        let later = self.coming.iter().rev().find(|(from, _)| *from <= tick);
        later.map_or(&*self.in_force, |(_, tables)| tables)
    }

    /// Others are in force from `from` on; of `heard` there was a frame already.
    pub(crate) fn add(&mut self, from: Tick, tables: impl Into<Arc<Tables>>, heard: Tick) -> Result<(), TablesRefused> {
        let tables = tables.into();
        let (after, before) = self.coming.back().map_or((heard, &self.in_force), |(from, tables)| (*from, tables));
        let after = after.max(heard);
        if from <= after {
            return Err(TablesRefused::TooLate { from, after });
        }
        if tables.epoch == before.epoch {
            return Err(TablesRefused::SameEpoch { epoch: tables.epoch });
        }
        if self.coming.len() >= TABLES_WAITING_MAX {
            return Err(TablesRefused::TooMany);
        }
        self.coming.push_back((from, tables));
        Ok(())
    }

    /// Lets go of tables that no frame can need any more: the next one goes on from `held`, or covers at most
    /// [`CATCH_UP_TICKS`] ticks after `heard`'s time, or starts anew.
    pub(crate) fn settle(&mut self, held: Tick, heard: Tick) {
        let oldest = held.max(Tick(heard.0.saturating_sub(CATCH_UP_TICKS)));
        while let Some((from, _)) = self.coming.front()
            && *from <= oldest
            && let Some((_, tables)) = self.coming.pop_front()
        {
            self.in_force = tables;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::game::schema;
    use shared::schema::Layout;

    fn tables(epoch: u8) -> Tables {
        let mut tables = Tables::untrained(&Layout::new(&schema(), 6).unwrap());
        tables.epoch = epoch;
        tables
    }

    #[test]
    fn each_tick_has_the_tables_of_its_time_until_nothing_reaches_back_any_more() {
        let mut epochs = Epochs::new(tables(0));
        epochs.add(Tick(10), tables(1), Tick(5)).unwrap();
        epochs.add(Tick(20), tables(2), Tick(5)).unwrap();
        let at = |epochs: &Epochs, tick| epochs.at(Tick(tick)).epoch;
        assert_eq!([9, 10, 19, 20].map(|tick| at(&epochs, tick)), [0, 1, 1, 2]);
        epochs.settle(Tick(9), Tick(9));
        assert_eq!(at(&epochs, 9), 0);
        epochs.settle(Tick(12), Tick(12));
        assert_eq!([12, 20].map(|tick| at(&epochs, tick)), [1, 2]);
        assert_eq!(epochs.coming.len(), 1);
        // Who only hears keep-alives holds an old tick, and is not reached by a step from there.
        epochs.settle(Tick(12), Tick(20 + CATCH_UP_TICKS));
        assert_eq!((epochs.coming.len(), at(&epochs, 40)), (0, 2));
    }

    #[test]
    fn tables_for_the_past_the_same_again_and_too_many_are_refused() {
        let mut epochs = Epochs::new(tables(0));
        let late = |from, after| Err(TablesRefused::TooLate { from: Tick(from), after: Tick(after) });
        assert_eq!(epochs.add(Tick(5), tables(1), Tick(5)), late(5, 5));
        assert_eq!(epochs.add(Tick(6), tables(0), Tick(5)), Err(TablesRefused::SameEpoch { epoch: 0 }));
        for epoch in 1..=TABLES_WAITING_MAX as u8 {
            epochs.add(Tick(5 + u32::from(epoch)), tables(epoch), Tick(5)).unwrap();
        }
        assert_eq!(epochs.add(Tick(6), tables(99), Tick(5)), late(6, 5 + TABLES_WAITING_MAX as u32));
        assert_eq!(epochs.add(Tick(60), tables(99), Tick(5)), Err(TablesRefused::TooMany));
    }
}
