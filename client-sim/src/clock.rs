//! Which tick is it for us? A little ahead of the server, so that inputs arrive just in time.
//!
//! Every frame says how early our newest input came (in 1/16 tick). We want that to be one tick and twice its spread:
//! less, and jitter makes inputs late; more, and the player waits. Small errors change the pace, which nobody sees; large ones
//! (a stall of the server, a changed route) are jumped over.
//!
//! ```text
//!   server   ────┬────t────┬───t+1───┬──►        input t+1 sent ─┐
//!   client   ──────────t+2────────t+3───────►                    └── travels ──► arrives, `early` before step t+1
//! ```
//!
//! Never here: the time of day. `now_ms` is whatever steady clock the caller has.

use shared::ids::Tick;

/// Ticks by which an input should come before its step, beside twice the spread of what was seen.
const LEAD_TICKS: f64 = 1.0;
/// At most this much is added for the spread: beyond it the link is so bad that late inputs are the lesser evil.
const SPREAD_TICKS_MAX: f64 = 6.0;
/// An error of this many ticks is jumped over at once; steering it away would take seconds.
const JUMP_TICKS: f64 = 2.5;
/// Share of the pace that one tick of error changes: two seconds to settle at 30 Hz.
const PACE_PER_TICK: f64 = 0.02;
/// The pace stays within this much of real time.
const PACE_MAX: f64 = 0.08;
/// How much a new observation weighs.
const WEIGHT: f64 = 1.0 / 8.0;
/// Bunches of frames over which we look how far ahead of the server we are. A frame alone is a bunch, too; after a stall, a
/// bunch of old ones comes first.
const BUNCHES: usize = 4;
/// We may be this many ticks further ahead of the frames than round trip and lead explain. What `early` says ends at eight ticks, so
/// a server that falls far behind its rate is seen here.
const AHEAD_SLACK_TICKS: f64 = 8.0;
/// Observations before a jump: one alone may be an outlier.
const JUMP_AFTER: u32 = 3;

/// A clock in ticks, steered by what the server says of our inputs.
#[derive(Clone, Debug)]
pub struct Clock {
    tick_ms: f64,
    ticks: f64,
    at_ms: f64,
    pace: f64,
    seen: u32,
    early: f64,
    spread: f64,
    /// What was sent before a jump says nothing about the time after it.
    deaf_until_ms: f64,
    /// By how many ticks we were ahead of the last frame of each of the last bunches when it came.
    ahead: [f64; BUNCHES],
    bunches: usize,
    frame_ms: f64,
}

impl Clock {
    /// A clock that guesses: the server was at `newest` half a round trip ago.
    #[must_use]
    pub fn new(tick_rate_hz: u16, newest: Tick, round_trip_ms: f64, now_ms: f64) -> Self {
        let tick_ms = 1000.0 / f64::from(tick_rate_hz.max(1));
        let ahead = (round_trip_ms / tick_ms).clamp(0.0, 15.0) + LEAD_TICKS + 1.0;
        Self {
            tick_ms,
            ticks: f64::from(newest.0) + ahead,
            at_ms: now_ms,
            pace: 1.0,
            seen: 0,
            early: LEAD_TICKS,
            spread: 0.5,
            deaf_until_ms: now_ms,
            ahead: [0.0; BUNCHES],
            bunches: 0,
            frame_ms: f64::NEG_INFINITY,
        }
    }

    /// Milliseconds of one tick.
    #[must_use]
    pub const fn tick_ms(&self) -> f64 {
        self.tick_ms
    }

    /// The tick whose input is due now, and how far we are into it.
    #[must_use]
    pub fn ticks(&self, now_ms: f64) -> f64 {
        self.ticks + (now_ms - self.at_ms).max(0.0) / self.tick_ms * self.pace
    }

    /// The newest tick whose input should have been sent.
    #[must_use]
    pub fn due(&self, now_ms: f64) -> Tick {
        Tick(self.ticks(now_ms).max(0.0) as u32)
    }

    /// When the input for `tick` is due.
    #[must_use]
    pub fn due_ms(&self, tick: Tick) -> f64 {
        self.at_ms + (f64::from(tick.0) - self.ticks) * self.tick_ms / self.pace
    }

    /// How early inputs come, in ticks, smoothed; `None` before the server said so.
    #[must_use]
    pub fn lead_ticks(&self) -> Option<f64> {
        (self.seen > 0).then_some(self.early)
    }

    /// Takes in how early our newest input came. `round_trip_ms` is how long a change takes to be seen.
    pub fn feedback(&mut self, early_sixteenths: i8, round_trip_ms: f64, now_ms: f64) {
        if now_ms < self.deaf_until_ms {
            return;
        }
        let early = f64::from(early_sixteenths) / 16.0;
        if self.seen == 0 {
            self.early = early;
        }
        self.seen = self.seen.saturating_add(1);
        self.spread += ((early - self.early).abs() - self.spread) * WEIGHT;
        self.early += (early - self.early) * WEIGHT;
        self.advance_to(now_ms);
        let error = self.target_ticks() - self.early;
        if error.abs() > JUMP_TICKS && self.seen >= JUMP_AFTER {
            self.jump(error, round_trip_ms, now_ms);
            self.early += error;
        } else {
            self.pace = 1.0 + (error * PACE_PER_TICK).clamp(-PACE_MAX, PACE_MAX);
        }
    }

    /// Takes in that the frame of `tick` came: we must not be further ahead of it than the way there and back explains.
    pub fn frame(&mut self, tick: Tick, round_trip_ms: f64, now_ms: f64) {
        if now_ms - self.frame_ms >= self.tick_ms / 4.0 {
            let least = self.ahead.iter().copied().fold(f64::INFINITY, f64::min);
            let explained = round_trip_ms / self.tick_ms + self.target_ticks();
            if self.bunches >= BUNCHES && least > explained + AHEAD_SLACK_TICKS {
                self.advance_to(now_ms);
                self.jump(explained - least, round_trip_ms, now_ms);
            }
            self.bunches += 1;
        }
        self.frame_ms = now_ms;
        self.ahead[self.bunches % BUNCHES] = self.ticks(now_ms) - f64::from(tick.0);
    }

    /// Ticks by which inputs should come early.
    fn target_ticks(&self) -> f64 {
        LEAD_TICKS + (2.0 * self.spread).min(SPREAD_TICKS_MAX)
    }

    fn jump(&mut self, ticks: f64, round_trip_ms: f64, now_ms: f64) {
        self.ticks += ticks;
        self.pace = 1.0;
        self.seen = 0;
        self.ahead.iter_mut().for_each(|ahead| *ahead += ticks);
        self.deaf_until_ms = now_ms + round_trip_ms + 4.0 * self.tick_ms;
    }

    /// A new pace must not change the past.
    fn advance_to(&mut self, now_ms: f64) {
        self.ticks = self.ticks(now_ms);
        self.at_ms = self.at_ms.max(now_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    /// Plays a clock against a server at 30 Hz over a path of `delay_ms`, jittered; the lead over the last seconds, in ticks,
    /// and how many of its inputs came late.
    fn play(mut clock: Clock, delay_ms: f64, jitter_ms: f64, seconds: u32) -> (f64, u32) {
        let mut dice = Dice::new(5, 0);
        let mut arrivals: Vec<(f64, Tick)> = Vec::new();
        let mut next = clock.due(0.0);
        let (mut leads, mut late, mut last_arrival) = (Vec::new(), 0, 0.0_f64);
        let mut feedbacks: Vec<(f64, i8)> = Vec::new();
        for ms in 0..seconds * 1000 {
            let now = f64::from(ms);
            while next <= clock.due(now) {
                last_arrival = last_arrival.max(now + delay_ms + jitter_ms * dice.part());
                arrivals.push((last_arrival, next));
                next = next.next();
            }
            feedbacks.retain(|&(at, early)| {
                if at <= now {
                    clock.feedback(early, 2.0 * delay_ms, now);
                }
                at > now
            });
            // The server's step of tick t is at t * 33.3 ms.
            arrivals.retain(|&(at, tick)| {
                if at <= now {
                    let early = f64::from(tick.0) - at / clock.tick_ms();
                    feedbacks.push((now + delay_ms, (early * 16.0).clamp(-128.0, 127.0) as i8));
                    if ms > seconds * 500 {
                        leads.push(early);
                        late += u32::from(early < 0.0);
                    }
                }
                at > now
            });
        }
        (leads.iter().sum::<f64>() / leads.len() as f64, late)
    }

    #[test]
    fn over_a_steady_path_inputs_come_one_tick_early() {
        let (lead, late) = play(Clock::new(30, Tick(0), 0.0, 0.0), 40.0, 0.0, 20);
        assert!((lead - LEAD_TICKS).abs() < 0.3, "{lead}");
        assert_eq!(late, 0);
    }

    #[test]
    fn jitter_is_answered_with_a_longer_lead_and_few_inputs_are_late() {
        let (lead, late) = play(Clock::new(30, Tick(0), 0.0, 0.0), 60.0, 60.0, 30);
        assert!((1.0..3.5).contains(&lead), "{lead}");
        assert!(late < 10, "{late}");
    }

    #[test]
    fn a_guess_that_is_far_off_is_jumped_over() {
        for guess in [0, 200] {
            let (lead, _) = play(Clock::new(30, Tick(guess), 0.0, 0.0), 30.0, 5.0, 20);
            assert!((0.5..2.5).contains(&lead), "from tick {guess}: {lead}");
        }
    }

    #[test]
    fn a_server_that_runs_at_a_quarter_of_its_rate_is_not_left_behind() {
        let mut clock = Clock::new(30, Tick(0), 0.0, 0.0);
        for ms in (0..20_000).step_by(5) {
            let now = f64::from(ms);
            if ms % 135 == 0 {
                let tick = Tick(ms / 135);
                let early = (clock.ticks(now) - f64::from(tick.0)) * 16.0;
                clock.feedback(early.clamp(-128.0, 127.0) as i8, 140.0, now);
                clock.frame(tick, 140.0, now);
            }
        }
        let ahead = clock.ticks(20_000.0) - 20_000.0 / 135.0;
        assert!(ahead < 45.0, "{ahead} ticks ahead of the server");
    }

    #[test]
    fn a_bunch_of_old_frames_after_a_stall_changes_nothing() {
        let mut clock = Clock::new(30, Tick(0), 0.0, 0.0);
        for tick in 0..60 {
            clock.frame(Tick(tick), 50.0, f64::from(tick) * clock.tick_ms());
        }
        let before = clock.ticks(4_000.0);
        for tick in 60..80 {
            clock.frame(Tick(tick), 50.0, 4_000.0);
        }
        assert!((clock.ticks(4_000.0) - before).abs() < 1e-9);
    }

    #[test]
    fn a_change_of_pace_does_not_change_the_past() {
        let mut clock = Clock::new(30, Tick(100), 0.0, 1000.0);
        let before = clock.ticks(1500.0);
        clock.feedback(40, 10.0, 1500.0);
        assert!((clock.ticks(1500.0) - before).abs() < 1e-9);
        let due = clock.due_ms(Tick(120));
        assert_eq!(clock.due(due + 0.001), Tick(120));
        assert_eq!(clock.due(due - 0.001), Tick(119));
    }
}
