//! How many frames may be under way to one client.
//!
//! The kernel and the network swallow seconds of frames before a socket says that it is full, and what lies there is old.
//! So a client confirms the newest frame it received, and only a window of frames is ever unconfirmed. It follows the measured
//! round trip: it opens at once and closes only after the need was smaller for a while.
//!
//! One long silence is not a long round trip: the need is the smallest of the last few measurements.

use shared::ids::Tick;
use shared::limits::{WINDOW_CLOSE_AFTER_TICKS, WINDOW_FRAMES_MAX, WINDOW_FRAMES_MIN};
use std::collections::VecDeque;

/// Frames beyond the round trip that a window has room for: one being built, one on its way to be confirmed.
const MARGIN_FRAMES: u32 = 2;

/// Measurements that one long silence must not outweigh.
const SAMPLES: usize = 4;

/// The client confirmed a frame that it was never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeverSent;

/// One client's frames under way.
#[derive(Clone, Debug)]
pub struct Window {
    unconfirmed: VecDeque<Tick>,
    confirmed: Tick,
    frames: u32,
    below: u32,
    round_trips: [u32; SAMPLES],
    samples: usize,
}

impl Window {
    /// Nothing under way; `tick` is the Welcome's, which counts as confirmed.
    #[must_use]
    pub fn new(tick: Tick) -> Self {
        Self {
            unconfirmed: VecDeque::with_capacity(WINDOW_FRAMES_MAX as usize),
            confirmed: tick,
            frames: WINDOW_FRAMES_MIN * 2,
            below: 0,
            round_trips: [0; SAMPLES],
            samples: 0,
        }
    }

    /// Whether one more frame may be sent.
    #[must_use]
    pub fn is_open(&self) -> bool {
        (self.unconfirmed.len() as u32) < self.frames
    }

    /// A frame of `tick` was handed over.
    ///
    /// # Panics
    /// If the window was closed: our own bug.
    pub fn sent(&mut self, tick: Tick) {
        assert!(self.is_open(), "a frame was sent into a closed window");
        self.unconfirmed.push_back(tick);
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
        let at = self.unconfirmed.binary_search(&newest).map_err(|_| NeverSent)?;
        self.unconfirmed.drain(..=at);
        self.confirmed = newest;
        self.round_trips[self.samples % SAMPLES] = now.since(newest);
        self.samples += 1;
        self.frames = self.frames.max(self.need());
        Ok(())
    }

    /// A tick passed: closes by one frame if less was needed for long enough.
    pub fn next_tick(&mut self) {
        if self.samples >= SAMPLES && self.need() < self.frames {
            self.below += 1;
            if self.below >= WINDOW_CLOSE_AFTER_TICKS {
                self.frames -= 1;
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

    /// The measured round trip in ticks, if there is one.
    #[must_use]
    pub fn round_trip_ticks(&self) -> Option<u32> {
        let known = self.samples.min(SAMPLES);
        self.round_trips[..known].iter().copied().min()
    }

    fn need(&self) -> u32 {
        let round_trip = self.round_trip_ticks().unwrap_or(WINDOW_FRAMES_MIN);
        (round_trip + MARGIN_FRAMES).clamp(WINDOW_FRAMES_MIN, WINDOW_FRAMES_MAX)
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
                && window.unconfirmed.contains(&Tick(old))
            {
                window.confirm(Tick(old), Tick(now)).unwrap();
            }
            if window.is_open() {
                window.sent(Tick(now));
            } else {
                skipped += 1;
            }
        }
        skipped
    }

    #[test]
    fn a_steady_round_trip_is_not_skipped_however_long() {
        for round_trip in [1, 3, 7, 20, 50] {
            let mut window = Window::new(Tick(0));
            run(&mut window, 1, 400, round_trip);
            assert_eq!(run(&mut window, 401, 200, round_trip), 0, "round trip of {round_trip} ticks");
        }
    }

    #[test]
    fn who_confirms_nothing_gets_a_window_of_frames_and_no_more() {
        let mut window = Window::new(Tick(0));
        assert_eq!(run(&mut window, 1, 100, 1_000), 100 - WINDOW_FRAMES_MIN * 2);
    }

    #[test]
    fn one_long_silence_does_not_open_the_window() {
        let mut window = Window::new(Tick(0));
        run(&mut window, 1, 200, 2);
        let before = window.frames();
        run(&mut window, 201, 60, 1_000);
        let newest = *window.unconfirmed.back().unwrap();
        window.confirm(newest, Tick(261)).unwrap();
        assert_eq!(window.frames(), before);
    }

    #[test]
    fn the_window_closes_only_after_a_while() {
        let mut window = Window::new(Tick(0));
        run(&mut window, 1, 200, 20);
        let open = window.frames();
        run(&mut window, 201, WINDOW_CLOSE_AFTER_TICKS / 2, 2);
        assert_eq!(window.frames(), open);
        run(&mut window, 400, WINDOW_CLOSE_AFTER_TICKS * 30, 2);
        assert_eq!(window.frames(), WINDOW_FRAMES_MIN);
    }

    #[test]
    fn a_frame_that_was_never_sent_cannot_be_confirmed() {
        let mut window = Window::new(Tick(0));
        window.sent(Tick(5));
        assert_eq!(window.confirm(Tick(6), Tick(9)), Err(NeverSent));
        assert_eq!(window.confirm(Tick(5), Tick(9)), Ok(()));
        assert_eq!(window.confirm(Tick(5), Tick(10)), Ok(()));
        assert_eq!(window.confirm(Tick(4), Tick(10)), Ok(()), "old news");
    }
}
