//! How the path and the proof fare, as a person can read it: numbers that change four times per second, and the last frames.
//!
//! Never here: how it looks (see `draw`).

use super::scene::Network;
use crate::session::{Counters, Session};
use std::collections::VecDeque;

/// Frames whose intervals are shown.
const INTERVALS: usize = 60;
/// Milliseconds between two readings of the numbers.
const READ_EVERY_MS: f64 = 250.0;
/// Readings that a rate is taken over: two seconds.
const READINGS: usize = 8;
/// How much a new interval weighs in the jitter.
const JITTER_WEIGHT: f64 = 1.0 / 16.0;
/// The same for an error of prediction.
const ERROR_WEIGHT: f64 = 1.0 / 8.0;

/// What was counted when.
#[derive(Clone, Copy, Debug)]
struct Reading {
    at_ms: f64,
    wire_bytes: u64,
    state_bytes: u64,
    frames: u64,
}

/// Follows one session.
#[derive(Clone, Debug, Default)]
pub struct NetGraph {
    readings: VecDeque<Reading>,
    intervals_ms: VecDeque<f64>,
    frame_ms: Option<f64>,
    jitter_ms: f64,
    error_units: f64,
    /// The longest that a frame was old since the last reading.
    age_ms: f64,
    shown: Network,
}

impl NetGraph {
    /// A frame came.
    pub fn frame(&mut self, tick_ms: f64, now_ms: f64) {
        if let Some(before_ms) = self.frame_ms.replace(now_ms) {
            let interval_ms = now_ms - before_ms;
            self.age_ms = self.age_ms.max(interval_ms);
            self.jitter_ms += ((interval_ms - tick_ms).abs() - self.jitter_ms) * JITTER_WEIGHT;
            if self.intervals_ms.len() == INTERVALS {
                self.intervals_ms.pop_front();
            }
            self.intervals_ms.push_back(interval_ms);
        }
    }

    /// A frame said how far off we were shown.
    pub fn compared(&mut self, error: f64) {
        self.error_units += (error - self.error_units) * ERROR_WEIGHT;
    }

    /// What a person reads now.
    pub fn read(&mut self, session: &Session, wire_bytes: u64, now_ms: f64) -> Network {
        self.age_ms = self.age_ms.max(self.frame_ms.map_or(0.0, |frame_ms| now_ms - frame_ms));
        if self.readings.back().is_none_or(|last| now_ms - last.at_ms >= READ_EVERY_MS) {
            self.note(session.counters(), wire_bytes, now_ms);
            self.take_stock(session);
            self.age_ms = 0.0;
        }
        Network { intervals_ms: self.intervals_ms.iter().copied().collect(), ..self.shown.clone() }
    }

    fn note(&mut self, counters: &Counters, wire_bytes: u64, now_ms: f64) {
        if self.readings.len() > READINGS {
            self.readings.pop_front();
        }
        let (state_bytes, frames) = (counters.state_bytes, counters.frames);
        self.readings.push_back(Reading { at_ms: now_ms, wire_bytes, state_bytes, frames });
    }

    fn take_stock(&mut self, session: &Session) {
        let counters = session.counters();
        let rate = |of: fn(&Reading) -> u64| match (self.readings.front(), self.readings.back()) {
            (Some(first), Some(last)) if last.at_ms > first.at_ms => {
                (of(last) - of(first)) as f64 * 1_000.0 / (last.at_ms - first.at_ms)
            }
            _ => 0.0,
        };
        let tick_rate_hz = session.agreement().map_or(30, |agreement| agreement.tick_rate_hz);
        self.shown = Network {
            round_trip_ms: session.round_trip_ms().unwrap_or_default(),
            jitter_ms: self.jitter_ms,
            state_bytes_per_second: rate(|reading| reading.state_bytes),
            wire_bytes_per_second: rate(|reading| reading.wire_bytes),
            frames_per_second: rate(|reading| reading.frames),
            snapshot_age_ms: self.age_ms,
            drawn_behind_ms: session.interpolator().and_then(|drawn| drawn.delay_ms()).unwrap_or_default(),
            corrections: counters.prediction.corrections,
            ghosts: (counters.ghosts.refused, counters.ghosts.launched),
            error_units: self.error_units,
            lead_ms: session.lead_ms(),
            inputs_late: (counters.inputs_late, counters.inputs_late + counters.inputs_used),
            underruns: (counters.drawing.underruns, counters.drawing.drawn),
            digests_checked: counters.digests_checked,
            digest_mismatches: counters.digest_mismatches,
            intervals_ms: Vec::new(),
            tick_ms: 1_000.0 / f64::from(tick_rate_hz.max(1)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::SessionConfig;

    #[test]
    fn even_frames_have_no_jitter_and_uneven_ones_have() {
        let mut graph = NetGraph::default();
        (0..100).for_each(|frame| graph.frame(33.0, f64::from(frame) * 33.0));
        assert!(graph.jitter_ms < 0.001, "{}", graph.jitter_ms);
        (100..300).for_each(|frame| graph.frame(33.0, f64::from(frame) * 33.0 + f64::from(frame % 2) * 10.0));
        assert!((8.0..12.0).contains(&graph.jitter_ms), "{}", graph.jitter_ms);
        assert_eq!(graph.intervals_ms.len(), INTERVALS);
    }

    #[test]
    fn rates_are_those_of_the_last_two_seconds() {
        let (mut graph, session) = (NetGraph::default(), Session::new(SessionConfig::named("reader")));
        for at in 0..40_u32 {
            graph.read(&session, u64::from(at) * 1_000, f64::from(at) * 250.0);
        }
        let shown = graph.read(&session, 39_000, 9_800.0);
        assert!((shown.wire_bytes_per_second - 4_000.0).abs() < 1.0, "{shown:?}");
    }
}
