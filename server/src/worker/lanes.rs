//! Lanes: the connections of one room on several threads, where one thread is not enough for it.
//!
//! ```text
//!   lane 0 (the worker)   read ─┐ barrier ┌─ step, pack ─┐ barrier ┌─ assemble, encrypt, write ─┐ barrier
//!   lane 1                read ─┤         │   waits      │         ├─ assemble, encrypt, write ─┤
//!   …                     read ─┘         └──────────────┘         └─ assemble, encrypt, write ─┘
//! ```
//!
//! What a lane has in its hands is lent to it for one pass: a part of the sockets to read, or a part of the seats with their
//! sockets to write. So lanes live as long as a pass; beginning and ending one takes tens of microseconds, twice per tick, in
//! rooms whose tick takes many thousand. One lane is the same code, on the worker's own thread.
//!
//! How many: as the operator says, or by the share of its period that the room's tick takes.
//!
//! Never here: what is done in a pass (see `read_pass`, `write_pass`).

use std::sync::Mutex;
use std::thread::{self, Builder};
use std::time::Duration;

use shared::wire::close_code::CloseCode;

use super::connection::Ending;
use super::panics::caught;
use super::tally::Tally;
use crate::config::Lanes;
use crate::exchange::{ConnectionId, Incoming};

/// What one lane has for itself, kept between ticks.
#[derive(Default)]
pub(super) struct Desk {
    /// What came in through its sockets.
    pub(super) incoming: Incoming,
    /// What a message lies in while it is read.
    pub(super) scratch: Vec<u8>,
    /// Whose connection ended.
    pub(super) endings: Vec<(ConnectionId, Ending)>,
    /// Whom the room closes.
    pub(super) closes: Vec<(ConnectionId, CloseCode)>,
    /// What it counted.
    pub(super) tally: Tally,
}

/// Works off all `shares`, each on a thread of its own; the first thread is this one. What a share panicked with, if one
/// did. Where the system gives no thread, those that there are do the work of the others.
pub(super) fn side_by_side<S: Send>(shares: Vec<S>, work: impl Fn(S) + Sync) -> Result<(), String> {
    let others = shares.len().saturating_sub(1);
    let left = Mutex::new(shares.into_iter());
    // Nothing panics while it takes one, so the lock is never poisoned.
    let next = || left.lock().ok().and_then(|mut left| left.next());
    let work_off = || caught(|| std::iter::from_fn(next).for_each(&work));
    thread::scope(|scope| {
        let begin = |lane| Builder::new().name(format!("lane-{lane}")).spawn_scoped(scope, work_off).ok();
        let lanes: Vec<_> = (1..=others).filter_map(begin).collect();
        let done = work_off();
        lanes.into_iter().fold(done, |done, lane| {
            let other = lane.join().unwrap_or_else(|_| Err("a lane panicked outside of its work".to_owned()));
            done.and(other)
        })
    })
}

/// How many lanes a room has, and how that changes.
#[derive(Debug)]
pub(super) struct LaneCount {
    fewest: usize,
    most: usize,
    count: usize,
    /// Thousandths of its period that a tick takes, smoothed.
    permille: u64,
    /// Ticks since the count last changed.
    since: u32,
}

/// Above this share of the period, in thousandths, a room gets one lane more.
const MORE_PERMILLE: u64 = 500;
/// Below this one it gives one back.
const FEWER_PERMILLE: u64 = 150;
/// Ticks between two changes: long enough to see what the last one did.
const CHANGE_AFTER_TICKS: u32 = 30;
/// A tick's weight in the smoothed share is one part of so many.
const SMOOTHING: u64 = 16;

impl LaneCount {
    /// As the operator says.
    pub(super) fn new(lanes: Lanes) -> Self {
        let (fewest, most) = match lanes {
            Lanes::Fixed(count) => (count.max(1), count.max(1)),
            Lanes::UpTo(most) => (1, most.max(1)),
        };
        Self { fewest, most, count: fewest, permille: 0, since: 0 }
    }

    /// How many it has.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// A tick took `took` of its `period`.
    pub(super) fn note(&mut self, took: Duration, period: Duration) {
        let now = (took.as_nanos() * 1_000 / period.as_nanos().max(1)).min(10_000) as u64;
        self.permille = (self.permille * (SMOOTHING - 1) + now) / SMOOTHING;
        self.since += 1;
        if self.since < CHANGE_AFTER_TICKS {
            return;
        }
        let count = match self.permille {
            MORE_PERMILLE.. if self.count < self.most => self.count + 1,
            0..FEWER_PERMILLE if self.count > self.fewest => self.count - 1,
            _ => return,
        };
        self.count = count;
        self.since = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    const PERIOD: Duration = Duration::from_millis(33);

    #[test]
    fn every_share_is_worked_off_once_whatever_the_number_of_lanes() {
        for shares in 0..5 {
            let done: Vec<AtomicU32> = (0..shares).map(|_| AtomicU32::new(0)).collect();
            side_by_side((0..shares).collect(), |share: usize| {
                done[share].fetch_add(1, Ordering::Relaxed);
            })
            .unwrap();
            assert!(done.iter().all(|times| times.load(Ordering::Relaxed) == 1));
        }
    }

    #[test]
    fn a_lane_may_change_what_was_lent_to_it_and_it_is_there_afterwards() {
        let mut numbers = [1, 2, 3, 4, 5, 6];
        side_by_side(numbers.chunks_mut(2).collect(), |part| part.iter_mut().for_each(|number| *number *= 10)).unwrap();
        assert_eq!(numbers, [10, 20, 30, 40, 50, 60]);
    }

    #[test]
    fn a_panic_in_any_lane_comes_back_as_its_words() {
        for wrong in 0..3 {
            let done = side_by_side(vec![0, 1, 2], |share| assert!(share != wrong, "share {share} is wrong"));
            assert_eq!(done, Err(format!("share {wrong} is wrong")));
        }
    }

    #[test]
    fn a_room_gets_lanes_while_its_tick_takes_too_long_and_gives_them_back_when_it_does_not() {
        let mut lanes = LaneCount::new(Lanes::UpTo(3));
        let ticks = |lanes: &mut LaneCount, took_ms, count| {
            (0..count).for_each(|_| lanes.note(Duration::from_millis(took_ms), PERIOD));
            lanes.count()
        };
        assert_eq!(ticks(&mut lanes, 10, 300), 1);
        assert_eq!(ticks(&mut lanes, 30, 30), 2);
        assert_eq!(ticks(&mut lanes, 30, 300), 3, "there are no more processors");
        assert_eq!(ticks(&mut lanes, 10, 300), 3, "as many as it needs");
        assert_eq!(ticks(&mut lanes, 1, 300), 1);
    }

    #[test]
    fn a_number_that_the_operator_gave_stays() {
        let mut lanes = LaneCount::new(Lanes::Fixed(2));
        (0..100).for_each(|_| lanes.note(PERIOD, PERIOD));
        (0..100).for_each(|_| lanes.note(Duration::ZERO, PERIOD));
        assert_eq!(lanes.count(), 2);
    }
}
