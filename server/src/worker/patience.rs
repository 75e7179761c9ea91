//! How long a connection may keep us waiting: silence, half a message, a socket that takes nothing.
//!
//! ```text
//!   heard a byte    ───5 s──► ping ───5 s──► ping ───5 s──► Silent     (half-open: its other end is gone)
//!   heard of itself ───────────────── 60 s ────────────────► Silent     (pongs answer, but nobody plays or looks on)
//!   message begun   ──────5 s──────► Silent   (no message of 4 KiB takes that long on a link that can play)
//!   bytes waiting   ──────5 s──────► TooSlow  (counted from the last byte the socket took)
//! ```
//!
//! Silence is the operator's to choose (`idle.silent_s`, `idle.idle_s`). Counted in ticks of the room: a server that was itself suspended for a minute does not blame its players.
//!
//! Never here: sockets, closing (see `connection`).

use shared::ids::Tick;
use shared::wire::close_code::CloseCode;

use crate::config::Waits;

/// Seconds that a message may take from its first byte to its last.
const MESSAGE_WITHIN_S: u32 = 5;
/// Seconds for which a socket may take nothing although bytes wait for it.
const STUCK_AFTER_S: u32 = 5;

/// What the wait has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing to do.
    Wait,
    /// Send a ping, once.
    Ping,
    /// Close with this code; the words go to the log.
    Close(CloseCode, &'static str),
}

/// One connection's waits.
#[derive(Debug)]
pub(super) struct Patience {
    tick_rate_hz: u32,
    waits: Waits,
    heard: Tick,
    /// When something came that was no answer.
    acted: Tick,
    pinged: Tick,
    /// The message under way, by its number, and when it began.
    begun: Option<(u64, Tick)>,
    /// Since when bytes have waited and none was taken.
    stuck: Option<Tick>,
}

impl Patience {
    /// A connection that came at `tick`: coming counts as being heard.
    pub(super) fn new(waits: Waits, tick_rate_hz: u16, tick: Tick) -> Self {
        let tick_rate_hz = u32::from(tick_rate_hz);
        Self { tick_rate_hz, waits, heard: tick, acted: tick, pinged: tick, begun: None, stuck: None }
    }

    /// Something came, whatever it was.
    pub(super) fn heard(&mut self, tick: Tick) {
        self.heard = tick;
    }

    /// Something came that was no answer to a ping of ours.
    pub(super) fn acted(&mut self, tick: Tick) {
        self.acted = tick;
    }

    /// After reading: `under_way` is the number of the message that was begun and is not finished.
    pub(super) fn message_under_way(&mut self, under_way: Option<u64>, tick: Tick) {
        self.begun = under_way.map(|number| match self.begun {
            Some((same, since)) if same == number => (number, since),
            _ => (number, tick),
        });
    }

    /// After writing: do bytes wait, and did the socket take any?
    pub(super) fn bytes_wait(&mut self, waiting: bool, took_some: bool, tick: Tick) {
        self.stuck = match self.stuck {
            _ if !waiting => None,
            Some(since) if !took_some => Some(since),
            _ => Some(tick),
        };
    }

    /// What to do at `tick`. A ping is asked for after each third of a silence.
    pub(super) fn verdict(&mut self, tick: Tick) -> Verdict {
        if self.stuck.is_some_and(|since| tick.since(since) >= self.ticks(STUCK_AFTER_S)) {
            return Verdict::Close(CloseCode::TooSlow, "the socket takes nothing");
        }
        if self.begun.is_some_and(|(_, since)| tick.since(since) >= self.ticks(MESSAGE_WITHIN_S)) {
            return Verdict::Close(CloseCode::Silent, "a message was begun and not finished");
        }
        if tick.since(self.heard) >= self.ticks(self.waits.silent_s) {
            return Verdict::Close(CloseCode::Silent, "nothing heard");
        }
        if tick.since(self.acted) >= self.ticks(self.waits.idle_s) {
            return Verdict::Close(CloseCode::Silent, "nothing but answers");
        }
        if tick.since(self.heard.max(self.pinged)) >= self.ticks(self.waits.silent_s) / 3 {
            self.pinged = tick;
            return Verdict::Ping;
        }
        Verdict::Wait
    }

    fn ticks(&self, seconds: u32) -> u32 {
        seconds * self.tick_rate_hz
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patience() -> Patience {
        Patience::new(Waits::default(), 10, Tick(1000))
    }

    #[test]
    fn silence_is_asked_about_twice_and_then_ends_the_connection() {
        let mut patience = patience();
        let mut pings = vec![];
        for tick in 1001.. {
            match patience.verdict(Tick(tick)) {
                Verdict::Wait => {}
                Verdict::Ping => pings.push(tick),
                Verdict::Close(code, _) => {
                    assert_eq!((tick, code), (1150, CloseCode::Silent));
                    break;
                }
            }
        }
        assert_eq!(pings, [1050, 1100]);
    }

    #[test]
    fn whoever_answers_is_never_closed_and_whoever_speaks_is_never_asked() {
        let mut patience = patience();
        for tick in 1001..3000 {
            if tick % 500 == 0 {
                patience.acted(Tick(tick));
            }
            if patience.verdict(Tick(tick)) == Verdict::Ping {
                patience.heard(Tick(tick).after(2));
            }
            assert!(!matches!(patience.verdict(Tick(tick)), Verdict::Close(..)));
        }
        let mut patience = Patience::new(Waits::default(), 10, Tick(0));
        for tick in 1..1000 {
            patience.heard(Tick(tick));
            patience.acted(Tick(tick));
            assert_eq!(patience.verdict(Tick(tick)), Verdict::Wait);
        }
    }

    #[test]
    fn whoever_only_answers_is_closed_after_a_minute_and_whoever_does_something_then_is_not() {
        let ends_at = |acts_at: Option<u32>| {
            let mut patience = patience();
            (1001..4000).find(|&tick| {
                if acts_at == Some(tick) {
                    patience.acted(Tick(tick));
                }
                match patience.verdict(Tick(tick)) {
                    Verdict::Wait => {}
                    Verdict::Ping => patience.heard(Tick(tick)),
                    Verdict::Close(code, cause) => {
                        assert_eq!((code, cause), (CloseCode::Silent, "nothing but answers"));
                        return true;
                    }
                }
                false
            })
        };
        assert_eq!(ends_at(None), Some(1600));
        assert_eq!(ends_at(Some(1599)), Some(2199));
    }

    #[test]
    fn the_operator_says_how_long_silence_may_be() {
        let mut patience = Patience::new(Waits { silent_s: 6, idle_s: 10 }, 10, Tick(0));
        let told: Vec<(u32, Verdict)> =
            (1..=60).map(|tick| (tick, patience.verdict(Tick(tick)))).filter(|told| told.1 != Verdict::Wait).collect();
        let silent = Verdict::Close(CloseCode::Silent, "nothing heard");
        assert_eq!(told, [(20, Verdict::Ping), (40, Verdict::Ping), (60, silent)]);
    }

    #[test]
    fn a_message_that_never_ends_is_not_waited_for_but_many_short_ones_are_fine() {
        let mut patience = patience();
        patience.message_under_way(Some(7), Tick(1000));
        patience.message_under_way(Some(7), Tick(1049));
        assert_eq!(patience.verdict(Tick(1049)), Verdict::Wait);
        assert!(matches!(patience.verdict(Tick(1050)), Verdict::Close(CloseCode::Silent, _)));
        // The same wait, but each time for another message: the peer gets on.
        for tick in 1050..1090 {
            patience.heard(Tick(tick));
            patience.message_under_way(Some(u64::from(tick)), Tick(tick));
            assert_eq!(patience.verdict(Tick(tick)), Verdict::Wait);
        }
    }

    #[test]
    fn a_socket_that_takes_a_little_now_and_then_is_kept_and_one_that_takes_nothing_is_not() {
        let mut patience = patience();
        for tick in 1000..1090 {
            patience.heard(Tick(tick));
            patience.bytes_wait(true, tick % 40 == 0, Tick(tick));
            assert_eq!(patience.verdict(Tick(tick)), Verdict::Wait);
        }
        patience.bytes_wait(true, false, Tick(1130)); // the last byte went at 1080
        assert!(matches!(patience.verdict(Tick(1130)), Verdict::Close(CloseCode::TooSlow, _)));
        patience.bytes_wait(false, false, Tick(1131));
        assert_eq!(patience.verdict(Tick(1131)), Verdict::Wait);
    }
}
