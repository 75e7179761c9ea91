//! When is the next tick? The only clock of the tick.
//!
//! Deadlines are absolute: the n-th is the first plus n periods, never "the last one plus a period", so that an early
//! or late wake-up moves nothing. A late tick is made up at a bounded pace; beyond the limit the missed time is
//! forgiven in whole periods, so that a room keeps its phase among the rooms of its worker.
//!
//! ```text
//!   deadlines   |     |     |     |     |     |     |     |
//!   on time     1     2     3     4
//!   one late    1       2   3     4          2 started late, 3 is on time again
//!   stalled     1             2 3 4 5 6      owed and within the limit: back to back
//!   too late    1                          2     3     beyond it: five periods forgiven, ticks never skip
//! ```
//!
//! Everything here is arithmetic on a given `now`, except the last lines, which ask the operating system.

use std::time::{Duration, Instant, SystemTime};

use shared::ids::Tick;
use spin_sleep::SpinSleeper;

/// The deadlines of one room.
#[derive(Debug)]
pub(super) struct Schedule {
    tick_rate_hz: u32,
    late_steps_max: u32,
    /// The deadline of the tick after `counted`.
    base: Instant,
    /// Ticks begun since `base` was set.
    steps: u64,
    tick: Tick,
}

/// A tick that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TickStart {
    /// Its number: one more than the last.
    pub(super) tick: Tick,
    /// When it was due. Forgiven time is already taken off.
    pub(super) deadline: Instant,
    /// When it began.
    pub(super) now: Instant,
    /// How much later than planned it began, forgiven time included.
    pub(super) late: Duration,
    /// Further ticks that were due by then: 0 when the worker keeps up.
    pub(super) owed: u32,
    /// Periods that were given up just now, because more were owed than may be made up.
    pub(super) forgiven: u32,
}

impl Schedule {
    /// A room whose first tick, number 1, is due at `first`. `tick_rate_hz` is 1 or more.
    pub(super) fn new(first: Instant, tick_rate_hz: u16, late_steps_max: u32) -> Self {
        Self { tick_rate_hz: u32::from(tick_rate_hz.max(1)), late_steps_max, base: first, steps: 0, tick: Tick(0) }
    }

    /// When the next tick is due.
    pub(super) fn deadline(&self) -> Instant {
        self.base + self.periods(self.steps)
    }

    /// The time between two deadlines.
    pub(super) fn period(&self) -> Duration {
        self.periods(1)
    }

    /// Begins the next tick. Called at or after its deadline.
    pub(super) fn begin(&mut self, now: Instant) -> TickStart {
        let late = now.saturating_duration_since(self.deadline());
        let owed = self.whole_periods(late);
        let forgiven = if owed > self.late_steps_max { owed } else { 0 };
        self.base += self.periods(u64::from(forgiven));
        let deadline = self.deadline();
        self.steps += 1;
        self.tick = self.tick.next();
        TickStart { tick: self.tick, deadline, now, late, owed, forgiven }
    }

    /// `count` periods, without the error of adding up rounded ones.
    fn periods(&self, count: u64) -> Duration {
        let rate = u64::from(self.tick_rate_hz);
        Duration::from_secs(count / rate) + Duration::from_nanos(count % rate * 1_000_000_000 / rate)
    }

    fn whole_periods(&self, time: Duration) -> u32 {
        let periods = time.as_nanos() * u128::from(self.tick_rate_hz) / 1_000_000_000;
        periods.min(u128::from(u32::MAX)) as u32
    }
}

/// Where in its period the `number`-th room of a worker has its deadlines, as a part of the period: steps of the golden
/// ratio, so that any number of rooms is spread about evenly and none has to move when another comes.
pub(super) fn phase(number: u64, period: Duration) -> Duration {
    const GOLDEN: u64 = 0x9E37_79B9;
    let part = number.wrapping_mul(GOLDEN) & 0xFFFF_FFFF;
    Duration::from_nanos(((period.as_nanos() * u128::from(part)) >> 32) as u64)
}

/// Now, for deadlines and throttles.
#[allow(clippy::disallowed_methods, reason = "the one clock of the tick")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// Now, on the clock that the kernel stamps arriving bytes with: time since 1970.
#[allow(clippy::disallowed_methods, reason = "the one clock of the tick")]
pub(super) fn wall_clock() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// How this thread sleeps: most of the time in the kernel, the last bit spinning.
#[derive(Debug)]
pub(super) struct Sleeper(SpinSleeper);

/// What is left to spinning where timers are exact: enough for the way out of the kernel.
const SPIN_NANOS: u32 = 50_000;

impl Sleeper {
    /// For the calling thread, which must be the one that sleeps. The kernel may make a thread's timers 50 µs late to
    /// save wake-ups; told not to, it leaves so little to spin that twenty rooms on a worker cost no more than one.
    pub(super) fn for_this_thread() -> Self {
        #[cfg(target_os = "linux")]
        if nix::sys::prctl::set_timerslack(1).is_ok() {
            return Self(SpinSleeper::new(SPIN_NANOS));
        }
        Self(SpinSleeper::default())
    }

    /// Sleeps to within microseconds of `deadline`.
    pub(super) fn sleep_until(&self, deadline: Instant) {
        self.0.sleep_until(deadline);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_millis(40);

    fn schedule() -> (Schedule, Instant) {
        let first = Instant::now();
        (Schedule::new(first, 25, 4), first)
    }

    #[test]
    fn deadlines_do_not_drift_at_a_rate_that_does_not_divide_a_second() {
        let first = Instant::now();
        let mut schedule = Schedule::new(first, 30, 4);
        for _ in 0..30 * 3600 {
            let due = schedule.deadline();
            schedule.begin(due + Duration::from_micros(90));
        }
        assert_eq!(schedule.deadline(), first + Duration::from_secs(3600));
    }

    #[test]
    fn a_tick_that_begins_late_does_not_move_the_next_deadline() {
        let (mut schedule, first) = schedule();
        let start = schedule.begin(first + PERIOD / 2);
        assert_eq!((start.tick, start.late, start.owed, start.forgiven), (Tick(1), PERIOD / 2, 0, 0));
        assert_eq!(schedule.deadline(), first + PERIOD);
    }

    #[test]
    fn owed_ticks_within_the_limit_run_back_to_back_and_then_it_is_on_time_again() {
        let (mut schedule, first) = schedule();
        let now = first + PERIOD * 4;
        for owed in (0..=4).rev() {
            assert!(schedule.deadline() <= now);
            let start = schedule.begin(now);
            assert_eq!((start.owed, start.forgiven), (owed, 0));
        }
        assert_eq!(schedule.deadline(), now + PERIOD);
    }

    #[test]
    fn beyond_the_limit_the_time_is_forgiven_in_whole_periods_and_no_tick_is_skipped() {
        let (mut schedule, first) = schedule();
        schedule.begin(first);
        let now = first + PERIOD * 6 + PERIOD / 4;
        let start = schedule.begin(now);
        assert_eq!((start.tick, start.owed, start.forgiven), (Tick(2), 5, 5));
        assert_eq!(start.deadline, first + PERIOD * 6);
        assert_eq!(start.late, PERIOD * 5 + PERIOD / 4);
        assert_eq!(schedule.deadline(), first + PERIOD * 7);
        assert_eq!(schedule.begin(first + PERIOD * 7).tick, Tick(3));
    }

    #[test]
    fn phases_lie_within_the_period_and_twenty_rooms_are_spread_over_it() {
        let mut phases: Vec<_> = (0..20).map(|number| phase(number, PERIOD)).collect();
        phases.sort();
        assert!(phases.iter().all(|&phase| phase < PERIOD));
        let nearest = phases.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap();
        assert!(nearest > PERIOD / 60, "{nearest:?}");
    }
}
