//! Which input is due, what was sent when, and what the newest frame is that we have confirmed.
//!
//! One input per tick, named by the tick it is meant for. Nothing is sent twice: the stream is ordered and loses nothing. Inputs
//! whose time has passed (our own machine slept) are left out, for the server would only count them as late.
//!
//! Never here: bytes (see `session`), which tick it is (see `clock`).

use shared::ids::Tick;

/// Ticks that may be made up for when we come late ourselves; older ones are left out.
const CATCH_UP: u32 = 4;

/// How many sent inputs are remembered: enough for the longest window at 128 Hz.
const REMEMBERED: usize = 256;

/// The newest tick that an input may name. The last of all ticks has none after it: a server that goes there must not be answered
/// for ever.
const NEWEST: Tick = Tick(u32::MAX - 1);

/// Names inputs and remembers them.
#[derive(Clone, Debug)]
pub struct InputSender {
    next: Tick,
    /// Ring by tick: which tick, and when it was sent.
    sent: Vec<Option<(Tick, f64)>>,
    /// The values of the last input: the next may be the same, which costs a bit.
    said: Option<Vec<i32>>,
    confirmed: Option<Tick>,
    confirmed_ms: f64,
}

impl InputSender {
    /// A sender whose first input will be for `first`.
    #[must_use]
    pub fn new(first: Tick, now_ms: f64) -> Self {
        Self { next: first, sent: Vec::new(), said: None, confirmed: None, confirmed_ms: now_ms }
    }

    /// The tick whose input comes next.
    #[must_use]
    pub const fn next(&self) -> Tick {
        self.next
    }

    /// Whether there will be an input to send when the next tick is due.
    #[must_use]
    pub fn goes_on(&self, limit: Tick) -> bool {
        self.next <= limit.min(NEWEST)
    }

    /// The next tick to send an input for, if `due` has reached it. Never beyond `limit`: the server would close us.
    pub fn take_due(&mut self, due: Tick, limit: Tick) -> Option<Tick> {
        let newest = due.min(limit);
        if newest < self.next || !self.goes_on(limit) {
            return None;
        }
        self.next = self.next.max(Tick(newest.0.saturating_sub(CATCH_UP)));
        let tick = self.next;
        self.next = tick.next();
        Some(tick)
    }

    /// The values of the last input that went out.
    #[must_use]
    pub fn said(&self) -> Option<&[i32]> {
        self.said.as_deref()
    }

    /// Notes that the input for `tick` went out with these values, confirming `newest`.
    pub fn sent(&mut self, tick: Tick, newest: Tick, codes: Vec<i32>, now_ms: f64) {
        self.said = Some(codes);
        if self.sent.is_empty() {
            self.sent = vec![None; REMEMBERED];
        }
        if let Some(place) = self.sent.get_mut(tick.0 as usize % REMEMBERED) {
            *place = Some((tick, now_ms));
        }
        self.confirm(newest, now_ms);
    }

    /// When the input for `tick` was sent, if it was and is remembered.
    #[must_use]
    pub fn sent_ms(&self, tick: Tick) -> Option<f64> {
        let (sent, ms) = (*self.sent.get(tick.0 as usize % REMEMBERED)?)?;
        (sent == tick).then_some(ms)
    }

    /// Whether `newest` must be confirmed by itself, because no input has done so for `after_ms`.
    #[must_use]
    pub fn owes_confirm(&self, newest: Tick, after_ms: f64, now_ms: f64) -> bool {
        self.confirmed.is_none_or(|confirmed| confirmed < newest) && now_ms - self.confirmed_ms >= after_ms
    }

    /// Notes that `newest` was confirmed.
    pub const fn confirm(&mut self, newest: Tick, now_ms: f64) {
        self.confirmed = Some(newest);
        self.confirmed_ms = now_ms;
    }

    /// When something was last confirmed.
    #[must_use]
    pub const fn confirmed_ms(&self) -> f64 {
        self.confirmed_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAR: Tick = Tick(u32::MAX);

    #[test]
    fn each_tick_is_named_once_and_in_order() {
        let mut sender = InputSender::new(Tick(10), 0.0);
        assert_eq!(sender.take_due(Tick(9), FAR), None);
        assert_eq!(sender.take_due(Tick(11), FAR), Some(Tick(10)));
        assert_eq!(sender.take_due(Tick(11), FAR), Some(Tick(11)));
        assert_eq!(sender.take_due(Tick(11), FAR), None);
    }

    #[test]
    fn what_is_long_past_is_left_out_and_the_limit_holds() {
        let mut sender = InputSender::new(Tick(10), 0.0);
        assert_eq!(sender.take_due(Tick(100), FAR), Some(Tick(96)));
        assert_eq!(sender.take_due(Tick(200), Tick(98)), Some(Tick(97)));
        assert_eq!(sender.take_due(Tick(200), Tick(98)), Some(Tick(98)));
        assert_eq!(sender.take_due(Tick(200), Tick(98)), None);
    }

    #[test]
    fn at_the_end_of_all_ticks_it_stops() {
        let mut sender = InputSender::new(Tick(u32::MAX - 2), 0.0);
        let named: Vec<u32> = std::iter::from_fn(|| sender.take_due(FAR, FAR)).map(|tick| tick.0).take(100).collect();
        assert_eq!(named, [u32::MAX - 2, u32::MAX - 1]);
        assert!(!sender.goes_on(FAR), "nobody is woken for it either");
        assert_eq!(sender.sent_ms(FAR), None, "what was never sent was sent at no time");
        sender.sent(Tick(5), Tick(3), vec![1], 70.0);
        assert_eq!(sender.sent_ms(FAR), None);
    }

    #[test]
    fn a_clock_that_went_back_names_no_tick_twice() {
        let mut sender = InputSender::new(Tick(10), 0.0);
        assert_eq!(sender.take_due(Tick(10), FAR), Some(Tick(10)));
        assert_eq!(sender.take_due(Tick(7), FAR), None);
        assert_eq!(sender.take_due(Tick(11), FAR), Some(Tick(11)));
    }

    #[test]
    fn what_was_sent_is_remembered_for_a_while() {
        let mut sender = InputSender::new(Tick(0), 0.0);
        sender.sent(Tick(5), Tick(3), vec![1], 70.0);
        assert_eq!(sender.sent_ms(Tick(5)), Some(70.0));
        assert_eq!(sender.sent_ms(Tick(6)), None);
        sender.sent(Tick(5 + REMEMBERED as u32), Tick(3), vec![1], 90.0);
        assert_eq!(sender.sent_ms(Tick(5)), None);
    }

    #[test]
    fn a_frame_that_no_input_confirms_is_owed_a_confirm() {
        let mut sender = InputSender::new(Tick(0), 0.0);
        assert!(!sender.owes_confirm(Tick(3), 50.0, 20.0));
        assert!(sender.owes_confirm(Tick(3), 50.0, 60.0));
        sender.confirm(Tick(3), 60.0);
        assert!(!sender.owes_confirm(Tick(3), 50.0, 600.0));
        assert!(sender.owes_confirm(Tick(4), 50.0, 600.0));
    }
}
