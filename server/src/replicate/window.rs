//! How many frames may be under way to one client.
//!
//! The kernel and the network swallow seconds of frames before a socket says that it is full, and what lies there is old.
//! So a client confirms the newest frame it received, and only a window of frames is ever unconfirmed. It follows the round
//! trip of the *empty* path: it opens at once and closes only after the need was smaller for a while.
//!
//! Large frames are few: of a path that nothing is known of, the first frames' round trips are as long as it is narrow. So the bytes
//! under way have a bound of their own, which opens as they are confirmed.
//!
//! A round trip that grows is a longer path or a queue, and only an empty path tells which: when none nearly as short as
//! the shortest was seen for a while, nothing is sent until all is confirmed, then one frame alone is measured. Without that
//! a window would follow the queue that it fills itself (as in BBR; Cardwell and others, "BBR: Congestion-Based Congestion
//! Control", ACM Queue 2016). Where the way there and back takes longer than a step can cover, silence would cost a full frame.
//! So the client gets one now and then, just often enough that it is a step. These are measured one after the other: they empty a
//! queue, if more slowly, and when the next took no less than the one before, it is empty.

use shared::ids::Tick;
use shared::limits::{
    CATCH_UP_TICKS, WINDOW_BYTES_MAX, WINDOW_BYTES_MIN, WINDOW_CLOSE_AFTER_TICKS, WINDOW_FRAMES_MAX, WINDOW_FRAMES_MIN,
    WINDOW_PROBE_AFTER_TICKS,
};
use std::collections::VecDeque;

/// Frames beyond the round trip that a window has room for, at the least: one being built, one on its way to be confirmed, and what
/// a path's jitter holds up.
const MARGIN_FRAMES: u32 = 4;
/// Milliseconds of frames that it has room for beyond the round trip: jitter does not become shorter where ticks are.
const MARGIN_MS: u32 = 130;

/// Round trips that go by between two measurements of the empty path, for it takes up to three of them; but no more than so many ticks,
/// because the one that is known may be that of a full path.
const PROBE_ROUND_TRIPS: u32 = 16;
/// See [`PROBE_ROUND_TRIPS`]: ten seconds at 30 Hz, as with BBR.
const PROBE_TICKS_MAX: u32 = 300;

/// By how much round trips may be longer than the shortest without saying anything, in ticks. It is less than the margin: a queue that
/// fills the window is longer.
fn jitter_of(shortest: u32) -> u32 {
    (shortest / 4).min(MARGIN_FRAMES / 2)
}

/// The client confirmed a frame that it was never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeverSent;

/// One client's frames under way.
#[derive(Clone, Debug)]
pub struct Window {
    /// With their bytes.
    unconfirmed: VecDeque<(Tick, usize)>,
    confirmed: Tick,
    /// Bytes of frames that were confirmed since this was last asked.
    confirmed_bytes: usize,
    /// Bytes of all of them, and how many that may be: doubled with each round trip that they are needed in.
    bytes: usize,
    bytes_allowed: usize,
    frames: u32,
    /// Frames beyond the round trip.
    margin: u32,
    below: u32,
    /// The shortest round trip, in ticks.
    shortest: Option<u32>,
    /// Ticks since one as short was seen.
    since_shortest: u32,
    /// Ticks since a frame was sent.
    since_sent: u32,
    probe: Probe,
}

/// Whether the path is being emptied to be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    /// It is not.
    None,
    /// Nothing is sent that can wait until all is confirmed. The round trip that was measured meanwhile, with others on the path.
    Emptying(Option<u32>),
    /// One frame is measured, and nothing is sent that can wait.
    Measuring {
        /// Its tick.
        tick: Tick,
        /// Nothing else was on the path.
        alone: bool,
        /// The round trip that was measured before it.
        before: Option<u32>,
    },
}

impl Window {
    /// Nothing under way in a room of that rate; `tick` is the Welcome's, which counts as confirmed.
    #[must_use]
    pub fn new(tick: Tick, tick_rate_hz: u16) -> Self {
        let margin = (MARGIN_MS * u32::from(tick_rate_hz)).div_ceil(1_000).max(MARGIN_FRAMES);
        Self {
            unconfirmed: VecDeque::with_capacity(WINDOW_FRAMES_MAX as usize),
            confirmed: tick,
            confirmed_bytes: 0,
            bytes: 0,
            bytes_allowed: WINDOW_BYTES_MIN,
            frames: (WINDOW_FRAMES_MIN + margin).min(WINDOW_FRAMES_MAX),
            margin,
            below: 0,
            shortest: None,
            since_shortest: 0,
            since_sent: 0,
            probe: Probe::None,
        }
    }

    /// Whether one more frame may be sent.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let due = match self.probe {
            Probe::None => true,
            Probe::Emptying(_) => self.unconfirmed.is_empty() || self.cannot_wait(),
            Probe::Measuring { .. } => self.cannot_wait(),
        };
        due && !self.is_full()
    }

    /// Whether as many are unconfirmed as may be: who waits for that is held up by its path, and not by us measuring it.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.unconfirmed.len() as u32 >= self.frames || self.bytes >= self.bytes_allowed
    }

    /// The path is so long that it cannot be measured between two steps, and without a frame in this tick the next one could not
    /// be a step. (Behind a short one it is a queue that takes so long to empty: more would only fill it again.)
    fn cannot_wait(&self) -> bool {
        let is_long = self.shortest.is_some_and(|shortest| shortest + MARGIN_FRAMES >= CATCH_UP_TICKS);
        is_long && self.since_sent + 1 >= CATCH_UP_TICKS
    }

    /// A frame of `tick` was handed over.
    ///
    /// # Panics
    /// If the window was closed: our own bug.
    pub fn sent(&mut self, tick: Tick, bytes: usize) {
        assert!(self.is_open(), "a frame was sent into a closed window");
        if let Probe::Emptying(before) = self.probe {
            self.probe = Probe::Measuring { tick, alone: self.unconfirmed.is_empty(), before };
        }
        self.unconfirmed.push_back((tick, bytes));
        self.bytes += bytes;
        self.since_sent = 0;
    }

    /// The client has received the frame of `newest` and all before; it was heard when `now` was about to be stepped.
    ///
    /// # Errors
    /// [`NeverSent`] if there was no such frame: the client's fault.
    pub fn confirm(&mut self, newest: Tick, now: Tick) -> Result<(), NeverSent> {
        // A confirmation repeats with every input until the next frame is there; one that was overtaken says nothing new.
        if newest <= self.confirmed {
            return Ok(());
        }
        let at = self.unconfirmed.binary_search_by_key(&newest, |&(tick, _)| tick).map_err(|_| NeverSent)?;
        let needed = self.bytes >= self.bytes_allowed;
        let bytes = self.unconfirmed.drain(..=at).map(|(_, bytes)| bytes).sum::<usize>();
        self.bytes -= bytes;
        self.confirmed_bytes += bytes;
        if needed {
            self.bytes_allowed = (self.bytes_allowed + bytes).min(WINDOW_BYTES_MAX);
        }
        self.confirmed = newest;
        self.measured(now.since(newest), newest);
        self.frames = self.frames.max(self.need());
        Ok(())
    }

    fn measured(&mut self, round_trip: u32, of: Tick) {
        let found = match self.probe {
            // One that came behind it may be confirmed in its place.
            Probe::Measuring { tick, alone, before } if of >= tick => {
                let empty = alone || before.is_some_and(|before| round_trip + 1 >= before);
                self.probe = if empty { Probe::None } else { Probe::Emptying(Some(round_trip)) };
                empty
            }
            _ => false,
        };
        if found || self.shortest.is_none_or(|shortest| round_trip <= shortest) {
            self.shortest = Some(round_trip);
        }
        if self.shortest.is_some_and(|shortest| round_trip <= shortest + jitter_of(shortest)) {
            self.since_shortest = 0;
        }
    }

    /// A tick passed: closes by one frame if less was needed for long enough.
    pub fn next_tick(&mut self) {
        self.since_shortest += 1;
        self.since_sent += 1;
        let measured = self.shortest.is_some();
        let long_since =
            (self.shortest.unwrap_or(0) * PROBE_ROUND_TRIPS).clamp(WINDOW_PROBE_AFTER_TICKS, PROBE_TICKS_MAX);
        if measured && self.since_shortest >= long_since && self.probe == Probe::None {
            self.probe = Probe::Emptying(None);
        }
        if measured && self.need() < self.frames {
            self.below += 1;
            if self.below >= WINDOW_CLOSE_AFTER_TICKS {
                self.frames -= 1;
                self.bytes_allowed = (self.bytes_allowed * 7 / 8).max(WINDOW_BYTES_MIN);
                self.below = 0;
            }
        } else {
            self.below = 0;
        }
    }

    /// The newest frame that the client is known to have.
    #[must_use]
    pub const fn confirmed(&self) -> Tick {
        self.confirmed
    }

    /// Bytes of the frames that were confirmed since this was last called.
    pub const fn take_confirmed_bytes(&mut self) -> usize {
        std::mem::replace(&mut self.confirmed_bytes, 0)
    }

    /// Frames that may be under way.
    #[must_use]
    pub const fn frames(&self) -> u32 {
        self.frames
    }

    /// Frames under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.unconfirmed.len()
    }

    /// The round trip of the empty path in ticks, if it was measured.
    #[must_use]
    pub const fn round_trip_ticks(&self) -> Option<u32> {
        self.shortest
    }

    fn need(&self) -> u32 {
        let round_trip = self.shortest.unwrap_or(WINDOW_FRAMES_MIN);
        (round_trip + self.margin).clamp(WINDOW_FRAMES_MIN, WINDOW_FRAMES_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends a frame each tick and confirms each `round_trip` ticks later; returns how many were skipped.
    fn run(window: &mut Window, from: u32, ticks: u32, round_trip: u32) -> u32 {
        let mut skipped = 0;
        for now in from..from + ticks {
            window.next_tick();
            if let Some(old) = now.checked_sub(round_trip)
                && window.unconfirmed.iter().any(|&(tick, _)| tick == Tick(old))
            {
                window.confirm(Tick(old), Tick(now)).unwrap();
            }
            if window.is_open() {
                window.sent(Tick(now), 100);
            } else {
                skipped += 1;
            }
        }
        skipped
    }

    #[test]
    fn a_steady_round_trip_is_not_skipped_however_long() {
        for round_trip in [1, 3, 7, 20, 50] {
            let mut window = Window::new(Tick(0), 30);
            run(&mut window, 1, 400, round_trip);
            assert_eq!(run(&mut window, 401, 200, round_trip), 0, "round trip of {round_trip} ticks");
        }
    }

    #[test]
    fn who_confirms_nothing_gets_a_window_of_frames_and_no_more() {
        let mut window = Window::new(Tick(0), 30);
        assert_eq!(run(&mut window, 1, 100, 1_000), 100 - WINDOW_FRAMES_MIN * 2);
    }

    /// A path that carries `rate` thousandths of a frame per tick behind a buffer that takes everything: sends whenever
    /// it may for `ticks` ticks; how old the newest confirmed frame is at the worst in the second half.
    fn worst_age_behind_a_bottleneck(round_trip: u32, rate: u32, ticks: u32) -> u32 {
        let mut window = Window::new(Tick(0), 30);
        let (mut carried, mut worst) = (0, 0);
        let mut buffered: VecDeque<u32> = VecDeque::new();
        let mut confirming: VecDeque<(u32, u32)> = VecDeque::new();
        for now in 1..=ticks {
            window.next_tick();
            carried += rate;
            if buffered.is_empty() {
                carried = carried.min(1_000);
            }
            while carried >= 1_000
                && let Some(frame) = buffered.pop_front()
            {
                carried -= 1_000;
                confirming.push_back((now + round_trip, frame));
            }
            while confirming.front().is_some_and(|&(at, _)| at <= now) {
                let (_, frame) = confirming.pop_front().unwrap();
                window.confirm(Tick(frame), Tick(now)).unwrap();
            }
            if window.is_open() {
                window.sent(Tick(now), 100);
                buffered.push_back(now);
            }
            if now > ticks / 2 {
                worst = worst.max(now - window.confirmed().0);
            }
        }
        worst
    }

    #[test]
    fn behind_a_bottleneck_with_a_deep_buffer_frames_stay_fresh() {
        for (round_trip, rate) in [(2, 950), (2, 700), (4, 500), (10, 900), (1, 200), (20, 700), (30, 500)] {
            let worst = worst_age_behind_a_bottleneck(round_trip, rate, 3_000);
            // What the window has room for, at the pace of the path, and the same once more while it is emptied.
            let room = (round_trip + MARGIN_FRAMES).max(WINDOW_FRAMES_MIN) + 2;
            let bound = round_trip + 2 * room * 1_000 / rate;
            assert!(worst <= bound, "a round trip of {round_trip} at {rate}/1000: {worst} ticks old, at most {bound}");
        }
    }

    #[test]
    fn a_path_that_became_longer_is_measured_anew() {
        let mut window = Window::new(Tick(0), 30);
        run(&mut window, 1, 200, 2);
        run(&mut window, 201, 3 * WINDOW_PROBE_AFTER_TICKS, 20);
        assert_eq!(window.round_trip_ticks(), Some(20));
        assert_eq!(run(&mut window, 201 + 3 * WINDOW_PROBE_AFTER_TICKS, 300, 20), 0);
    }

    #[test]
    fn to_measure_a_long_path_costs_no_full_frame() {
        for round_trip in [8, 12, CATCH_UP_TICKS, 30] {
            let mut window = Window::new(Tick(0), 30);
            run(&mut window, 1, 400, round_trip);
            // It became longer, so it is measured anew; in between the client may not be left out for longer than a step can cover.
            let longer = round_trip * 3 / 2;
            let (mut newest, mut gap) = (400, 0);
            for now in 401..2_000 {
                run(&mut window, now, 1, longer);
                if window.unconfirmed.back().is_some_and(|&(tick, _)| tick == Tick(now)) {
                    gap = gap.max(now - newest);
                    newest = now;
                }
            }
            assert_eq!(window.round_trip_ticks(), Some(longer));
            assert!((3..=CATCH_UP_TICKS).contains(&gap), "{gap} ticks without a frame, {round_trip} there and back");
        }
    }

    #[test]
    fn a_path_whose_round_trips_tremble_is_left_alone() {
        let mut window = Window::new(Tick(0), 30);
        run(&mut window, 1, 400, 20);
        let skipped: u32 = (401..3_000).map(|now| run(&mut window, now, 1, 21 + now * 7 % 4)).sum();
        assert!(skipped < 10, "{skipped} skipped");
    }

    #[test]
    fn one_long_silence_does_not_open_the_window() {
        let mut window = Window::new(Tick(0), 30);
        run(&mut window, 1, 200, 2);
        let before = window.frames();
        run(&mut window, 201, 60, 1_000);
        let (newest, _) = *window.unconfirmed.back().unwrap();
        window.confirm(newest, Tick(261)).unwrap();
        assert_eq!(window.frames(), before);
    }

    #[test]
    fn jitter_fills_no_window_whatever_the_rate() {
        for rate in [10, 30, 60, 128] {
            let mut window = Window::new(Tick(0), rate);
            let ticks_in = |ms: u32| ms * u32::from(rate) / 1_000;
            let mut confirming = VecDeque::new();
            let (mut full, mut last) = (0, 0);
            for now in 1..=40 * u32::from(rate) {
                window.next_tick();
                while confirming.front().is_some_and(|&(at, _)| at <= now) {
                    let (_, frame) = confirming.pop_front().unwrap();
                    window.confirm(Tick(frame), Tick(now)).unwrap();
                }
                full += u32::from(window.is_full());
                if window.is_open() {
                    window.sent(Tick(now), 100);
                    // 20 to 100 ms, in order.
                    last = (now + 1 + ticks_in(20 + now * 7_919 % 80)).max(last);
                    confirming.push_back((last, now));
                }
            }
            assert_eq!(full, 0, "at {rate} Hz");
        }
    }

    #[test]
    fn the_window_closes_only_after_a_while() {
        let mut window = Window::new(Tick(0), 30);
        run(&mut window, 1, 200, 20);
        let open = window.frames();
        run(&mut window, 201, WINDOW_CLOSE_AFTER_TICKS / 2, 2);
        assert_eq!(window.frames(), open);
        run(&mut window, 400, WINDOW_CLOSE_AFTER_TICKS * 30, 2);
        assert_eq!(window.frames(), 2 + MARGIN_FRAMES);
    }

    #[test]
    fn a_frame_that_was_never_sent_cannot_be_confirmed() {
        let mut window = Window::new(Tick(0), 30);
        window.sent(Tick(5), 100);
        assert_eq!(window.confirm(Tick(6), Tick(9)), Err(NeverSent));
        assert_eq!(window.confirm(Tick(5), Tick(9)), Ok(()));
        assert_eq!(window.confirm(Tick(5), Tick(10)), Ok(()));
        assert_eq!(window.confirm(Tick(4), Tick(10)), Ok(()), "old news");
    }
}
