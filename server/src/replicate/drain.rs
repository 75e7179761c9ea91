//! How many bytes per tick does the path to one client drain?
//!
//! A frame that is larger than what drains in a tick makes the next ones wait, and then the client is skipped. Smaller frames in
//! every tick are worth more: what is most important arrives in time. So a client that is held up gets as many bytes as it confirms.
//!
//! ```text
//!   rate  ───┐ the ceiling (configured)                    _____/
//!            │                                        ___/          opens slowly, and faster the longer nothing holds it up
//!            └──┐ two measures in a row: narrow  ___/
//!               └───────────────────────────────             falls at once to what drains, a little below, so that queues empty
//! ```
//!
//! What drains is what was confirmed in a while that begins and ends with a confirmation, divided by its ticks. It counts only
//! if the client was held up meanwhile: who is sent little confirms little, however wide its path is. One such while may be
//! a stall (nothing, then all at once), which says nothing of the width; a second right behind it is a narrow path. A tick that
//! we were late with ends the while and says nothing at all: what was confirmed late may have waited for us.
//!
//! Never here: what goes into the bytes (see `budget`), how many frames may be under way (see `window`).

use shared::limits::{BUDGET_BYTES_MIN, FRAME_BUDGET_BYTES_MAX};

/// A measure takes at least so many ticks, so that counting whole ticks does not blur it.
const MEASURED_TICKS: u32 = 8;
/// It tells of a narrow path if the client was held up in at least one of so many ticks.
const HELD_UP_ONE_IN: u32 = 8;
/// A fall goes to this many sixteenths of what drains: the rest empties the queue that has built up.
const FALL_SIXTEENTHS: u64 = 13;
/// In each tick the rate grows by its product with the ticks since the last fall, divided by two to the power of this: by a
/// quarter in six seconds, doubled after ten, 16 times after twenty (at 30 Hz).
const OPEN_SHIFT: u32 = 16;
/// Rates are kept in so many parts of a byte.
const PARTS: u64 = 256;

/// What one client's path drains, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub struct Drain {
    /// In parts of a byte per tick.
    rate: u64,
    ceiling: u64,
    /// It never falls lower.
    least: u64,
    /// Ticks since the last fall in which nothing held it up.
    open_ticks: u32,
    measure: Measure,
    /// What the last measure said, if it told of a narrow path.
    narrow: Option<u64>,
}

/// What a tick was to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It had its frame, or none was due.
    Open,
    /// A frame was due and had to wait for those before it.
    HeldUp,
    /// It was left out to empty its path and measure it: that says nothing of bytes.
    Measured,
    /// It was late itself: whatever waited may have waited for us.
    Late,
}

/// A measure under way.
#[derive(Clone, Copy, Debug, Default)]
struct Measure {
    ticks: u32,
    held_up: u32,
    open: u32,
    bytes: u64,
}

impl Drain {
    /// A path of which nothing is known: it gets all that the operator allows.
    #[must_use]
    pub const fn new(ceiling_bytes: usize) -> Self {
        let ceiling = ceiling_bytes as u64 * PARTS;
        let measure = Measure { ticks: 0, held_up: 0, open: 0, bytes: 0 };
        let least = BUDGET_BYTES_MIN as u64 * PARTS;
        let least = if least < ceiling { least } else { ceiling };
        Self { rate: ceiling, ceiling, least, open_ticks: 0, measure, narrow: None }
    }

    /// All that a frame can have, whatever drains.
    #[must_use]
    pub const fn unlimited() -> Self {
        let unlimited = Self::new(FRAME_BUDGET_BYTES_MAX);
        Self { least: unlimited.ceiling, ..unlimited }
    }

    /// Bytes that a frame may have for each tick that it covers.
    #[must_use]
    pub const fn bytes_per_tick(&self) -> usize {
        (self.rate / PARTS) as usize
    }

    /// The path carries less than the operator allows.
    #[must_use]
    pub const fn is_narrow(&self) -> bool {
        self.rate < self.ceiling
    }

    /// A tick passed in which so many bytes were confirmed.
    pub fn next_tick(&mut self, confirmed_bytes: usize, way: Way) {
        if way == Way::Late {
            self.measure = Measure::default();
            self.narrow = None;
            return;
        }
        self.measure.ticks += 1;
        self.measure.held_up += u32::from(way == Way::HeldUp);
        self.measure.open += u32::from(way == Way::Open);
        self.measure.bytes += confirmed_bytes as u64;
        if confirmed_bytes > 0 && self.measure.ticks >= MEASURED_TICKS {
            self.measured();
        }
        if way == Way::Open && self.is_narrow() {
            self.open_ticks += 1;
            self.rate += (self.rate * u64::from(self.open_ticks)) >> OPEN_SHIFT;
            self.rate = self.rate.min(self.ceiling);
        }
    }

    fn measured(&mut self) {
        let Measure { ticks, held_up, open, bytes } = std::mem::take(&mut self.measure);
        if held_up * HELD_UP_ONE_IN < held_up + open {
            self.narrow = None;
            return;
        }
        if held_up == 0 {
            return;
        }
        let drains = bytes * PARTS / u64::from(ticks);
        if let Some(before) = self.narrow.replace(drains) {
            let falls_to = (drains.max(before) * FALL_SIXTEENTHS / 16).max(self.least);
            if falls_to < self.rate {
                self.rate = falls_to;
                self.open_ticks = 0;
            }
        }
    }

    /// From now on the operator allows so many bytes; what drains is unknown again.
    #[cfg(feature = "sabotage")]
    pub fn squeeze(&mut self, ceiling_bytes: usize) {
        *self = Self::new(ceiling_bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replicate::budget::Budget;
    use crate::replicate::window::Window;
    use shared::ids::Tick;
    use std::collections::VecDeque;

    /// A client behind a path that carries `width` bytes per tick, behind a buffer that takes everything, and confirms
    /// `round_trip` ticks after that. It is sent as much as it may be.
    struct Path {
        width: usize,
        round_trip: u32,
        /// Nothing is carried before this tick.
        stalled_until: u32,
        now: u32,
        told: u32,
        window: Window,
        drain: Drain,
        buffered: VecDeque<(u32, usize)>,
        confirming: VecDeque<(u32, u32)>,
        carried: usize,
    }

    /// Bytes that there are to be sent.
    #[derive(Clone, Copy)]
    struct Wanted {
        /// For each tick.
        pieces: usize,
        /// In each frame.
        records: usize,
    }

    /// A world that is larger than what anybody holds.
    const ALL: Wanted = Wanted { pieces: 100, records: 1 << 20 };

    const fn pieces(pieces: usize) -> Wanted {
        Wanted { pieces, records: 0 }
    }

    /// What became of some ticks.
    #[derive(Clone, Copy, Debug, Default)]
    struct Ran {
        skipped: u32,
        bytes: usize,
        oldest: u32,
    }

    impl Path {
        fn new(width: usize, round_trip: u32, ceiling: usize) -> Self {
            Self {
                width,
                round_trip,
                stalled_until: 0,
                now: 0,
                told: 0,
                window: Window::new(Tick(0), 30),
                drain: Drain::new(ceiling),
                buffered: VecDeque::new(),
                confirming: VecDeque::new(),
                carried: 0,
            }
        }

        fn carry(&mut self) {
            if self.now < self.stalled_until {
                return;
            }
            self.carried += self.width;
            while let Some(&(frame, bytes)) = self.buffered.front()
                && self.carried >= bytes
            {
                self.carried -= bytes;
                self.buffered.pop_front();
                self.confirming.push_back((self.now + self.round_trip, frame));
            }
            if self.buffered.is_empty() {
                self.carried = 0;
            }
            while let Some(&(at, frame)) = self.confirming.front()
                && at <= self.now
            {
                self.confirming.pop_front();
                self.window.confirm(Tick(frame), Tick(self.now)).unwrap();
            }
        }

        /// Frames with what is wanted, or with what the budget allows of it.
        fn run(&mut self, ticks: u32, wanted: Wanted) -> Ran {
            let mut ran = Ran::default();
            for _ in 0..ticks {
                self.now += 1;
                self.window.next_tick();
                self.carry();
                let confirmed = self.window.take_confirmed_bytes();
                let open = self.window.is_open();
                if open {
                    // As frames are: pieces for each tick covered, records for one.
                    let covered = (self.now - self.told).min(16) as usize;
                    let mut budget = Budget::of_frame(self.drain.bytes_per_tick(), covered as u32);
                    let pieces = (wanted.pieces * 8 * covered).min(budget.bits() * 3 / 4);
                    budget.spend(pieces);
                    let bytes = (pieces + budget.record_bits_left().min(wanted.records * 8)) / 8;
                    self.window.sent(Tick(self.now), bytes);
                    self.buffered.push_back((self.now, bytes));
                    self.told = self.now;
                    ran.bytes += bytes;
                } else {
                    ran.skipped += 1;
                }
                let way = match (open, self.window.is_full()) {
                    (true, _) => Way::Open,
                    (false, true) => Way::HeldUp,
                    (false, false) => Way::Measured,
                };
                self.drain.next_tick(confirmed, way);
                ran.oldest = ran.oldest.max(self.now - self.window.confirmed().0);
            }
            ran
        }
    }

    /// 256 kbit/s at 30 Hz.
    const NARROW: usize = 256_000 / 8 / 30;

    #[test]
    fn behind_a_narrow_path_frames_become_small_enough_to_come_in_nearly_every_tick() {
        for (width, round_trip) in [(NARROW, 1), (NARROW, 5), (NARROW / 4, 2), (4 * NARROW, 3), (NARROW * 9, 10)] {
            let mut path = Path::new(width, round_trip, 16 * 1024);
            path.run(1_800, ALL);
            let ran = path.run(3_000, ALL);
            assert!(ran.skipped * 8 <= 3_000, "{width} bytes, {round_trip} ticks: {ran:?}");
            assert!(ran.bytes >= width * 3_000 * 8 / 10, "{width} bytes, {round_trip} ticks: {ran:?}");
            assert!(ran.oldest <= round_trip + 30, "{width} bytes, {round_trip} ticks: {ran:?}");
        }
    }

    #[test]
    fn it_falls_within_a_second_once_frames_of_their_size_are_confirmed() {
        let mut path = Path::new(NARROW, 2, 4 * NARROW);
        path.run(45, ALL);
        let rate = path.drain.bytes_per_tick();
        assert!((NARROW * 3 / 4..NARROW * 5 / 4).contains(&rate), "{rate} where {NARROW} drain");
    }

    #[test]
    fn a_path_that_became_wide_gets_all_again_and_not_at_once() {
        let mut path = Path::new(NARROW, 2, 16 * 1024);
        path.run(900, ALL);
        path.width = 1 << 20;
        path.run(60, ALL);
        assert!(path.drain.bytes_per_tick() < 3 * NARROW);
        path.run(25 * 30, ALL);
        assert!(!path.drain.is_narrow());
        assert_eq!(path.run(300, ALL).skipped, 0);
    }

    #[test]
    fn a_stall_says_nothing_of_the_width_however_often_it_comes() {
        let mut path = Path::new(1 << 20, 2, 16 * 1024);
        for stall in [1, 5, 30, 240] {
            for _ in 0..5 {
                path.run(40, pieces(400));
                path.stalled_until = path.now + 1 + stall;
                path.run(stall, pieces(400));
                assert!(!path.drain.is_narrow(), "after a stall of {stall} ticks");
            }
        }
    }

    #[test]
    fn who_is_sent_little_is_not_taken_for_narrow() {
        let mut path = Path::new(NARROW, 2, 16 * 1024);
        assert_eq!(path.run(3_000, pieces(NARROW / 3)).skipped, 0);
        assert!(!path.drain.is_narrow());
    }

    #[test]
    fn what_late_ticks_show_is_no_evidence_of_a_narrow_path() {
        let held_up_in_all_but_one_in = |late_ones: u32| {
            let mut drain = Drain::new(16 * 1024);
            for tick in 1..600 {
                let way = if tick % late_ones == 0 { Way::Late } else { Way::HeldUp };
                drain.next_tick(usize::from(tick % 4 == 0) * 300, way);
            }
            drain.is_narrow()
        };
        assert!(!held_up_in_all_but_one_in(10), "we are late now and then, and clients confirm late");
        assert!(held_up_in_all_but_one_in(100), "a path that is narrow is found between two late ticks");
    }

    #[test]
    fn a_late_tick_leaves_what_is_known_of_a_path() {
        let mut path = Path::new(NARROW, 2, 16 * 1024);
        path.run(900, ALL);
        let rate = path.drain.bytes_per_tick();
        (0..30).for_each(|_| path.drain.next_tick(0, Way::Late));
        assert!(path.drain.is_narrow() && path.drain.bytes_per_tick() == rate);
    }

    #[test]
    fn a_path_that_carries_next_to_nothing_leaves_the_least() {
        let mut drain = Drain::new(16 * 1024);
        for tick in 0..200 {
            drain.next_tick(usize::from(tick % 9 == 0), Way::HeldUp);
        }
        assert_eq!(drain.bytes_per_tick(), BUDGET_BYTES_MIN);
    }
}
