//! A worse network than the one we have: delay, jitter, stalls and a narrow pipe, by arithmetic and seeded chance.
//!
//! ```text
//!   --link delay=50ms,jitter=10ms,stall=2s/20s,rate=256kbit
//!
//!   delay, jitter   once per direction: 50 ms and, by chance, up to 10 ms more
//!   stall=A/B       reads nothing for A in every B (each bot at another moment)
//!   rate            reads no faster than this
//! ```
//!
//! A stream does not reorder: what was sent later arrives later. Stall and rate leave bytes unread in the socket, so that the
//! server feels them as it would feel a real one.
//!
//! Never here: sockets (see `transport`), the clock (`now_ms` is an argument).

use crate::dice::Dice;
use std::collections::VecDeque;
use std::str::FromStr;

/// What a link does to what passes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LinkSpec {
    /// Milliseconds each way.
    pub delay_ms: f64,
    /// Up to so many milliseconds more, by chance.
    pub jitter_ms: f64,
    /// When nothing is read.
    pub stall: Option<Stall>,
    /// Bits per second that are read at most.
    pub bits_per_second: Option<f64>,
}

/// Nothing is read for `for_ms` in every `every_ms`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stall {
    /// How long.
    pub for_ms: f64,
    /// How often.
    pub every_ms: f64,
}

/// What is wrong with a `--link`. The caller's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkSpecError {
    /// Not `key=value`, or a key that there is not.
    #[error("{part:?}: say delay=50ms, jitter=10ms, stall=2s/20s or rate=256kbit, with commas between")]
    Part {
        /// What was said.
        part: String,
    },
    /// No number with a unit.
    #[error("{value:?} is not a {what}")]
    Value {
        /// What was said.
        value: String,
        /// What it should be.
        what: &'static str,
    },
    /// A stall that never ends.
    #[error("a stall must be shorter than its period")]
    Endless,
}

impl FromStr for LinkSpec {
    type Err = LinkSpecError;

    fn from_str(text: &str) -> Result<Self, LinkSpecError> {
        let mut spec = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let unknown = || LinkSpecError::Part { part: part.to_owned() };
            let (key, value) = part.split_once('=').ok_or_else(unknown)?;
            match key {
                "delay" => spec.delay_ms = milliseconds(value)?,
                "jitter" => spec.jitter_ms = milliseconds(value)?,
                "stall" => {
                    let (long, every) = value.split_once('/').ok_or_else(unknown)?;
                    let stall = Stall { for_ms: milliseconds(long)?, every_ms: milliseconds(every)? };
                    if stall.for_ms >= stall.every_ms {
                        return Err(LinkSpecError::Endless);
                    }
                    spec.stall = Some(stall);
                }
                "rate" => spec.bits_per_second = Some(bits_per_second(value)?),
                _ => return Err(unknown()),
            }
        }
        Ok(spec)
    }
}

/// The milliseconds of `50ms`, `2s` or `0.5s`.
///
/// # Errors
/// [`LinkSpecError::Value`] if it is none of these.
pub fn milliseconds(text: &str) -> Result<f64, LinkSpecError> {
    let (number, unit_ms) = match text.strip_suffix("ms") {
        Some(number) => (number, 1.0),
        None => (text.strip_suffix('s').unwrap_or(""), 1_000.0),
    };
    scaled(number, unit_ms, text, "duration (50ms, 2s)")
}

fn bits_per_second(text: &str) -> Result<f64, LinkSpecError> {
    let (number, unit) = [("kbit", 1e3), ("mbit", 1e6), ("Mbit", 1e6)]
        .into_iter()
        .find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, unit)))
        .unwrap_or(("", 1.0));
    let rate = scaled(number, unit, text, "rate (256kbit, 2mbit)")?;
    if rate > 0.0 { Ok(rate) } else { Err(LinkSpecError::Endless) }
}

fn scaled(number: &str, unit: f64, text: &str, what: &'static str) -> Result<f64, LinkSpecError> {
    match number.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value * unit),
        _ => Err(LinkSpecError::Value { value: text.to_owned(), what }),
    }
}

/// One client's link, both ways.
#[derive(Clone, Debug)]
pub struct Link {
    spec: LinkSpec,
    dice: Dice,
    up: Line,
    down: Line,
    stall_phase_ms: f64,
    reads_from_ms: f64,
}

/// One direction: what is under way, in order. Bounded by what one side sends in the time of the delay.
#[derive(Clone, Debug, Default)]
struct Line {
    last_ms: f64,
    under_way: VecDeque<(f64, Vec<u8>)>,
}

impl Link {
    /// The link of bot number `bot`; begins to count at `now_ms`.
    #[must_use]
    pub fn new(spec: LinkSpec, seed: u64, bot: u64, now_ms: f64) -> Self {
        let mut dice = Dice::new(seed ^ 0x11_4B, bot);
        // Somewhere before the first stall, which lies at the end of the period: so a bot gets in first.
        let stall_phase_ms = now_ms - spec.stall.map_or(0.0, |stall| dice.part() * (stall.every_ms - stall.for_ms));
        Self { spec, dice, up: Line::default(), down: Line::default(), stall_phase_ms, reads_from_ms: now_ms }
    }

    /// The connection is cut: what is under way, either way, is lost. The next one is as bad.
    pub fn cut(&mut self, now_ms: f64) {
        (self.up, self.down) = (Line::default(), Line::default());
        self.reads_from_ms = now_ms;
    }

    /// A message of ours sets out.
    pub fn send(&mut self, bytes: Vec<u8>, now_ms: f64) {
        self.up.push(self.spec, &mut self.dice, bytes, now_ms);
    }

    /// The next message of ours that has crossed, if any.
    pub fn sent(&mut self, now_ms: f64) -> Option<Vec<u8>> {
        self.up.pop(now_ms)
    }

    /// A message was read from the socket and sets out to us.
    pub fn receive(&mut self, bytes: Vec<u8>, now_ms: f64) {
        if let Some(rate) = self.spec.bits_per_second {
            self.reads_from_ms = self.reads_from_ms.max(now_ms) + bytes.len() as f64 * 8_000.0 / rate;
        }
        self.down.push(self.spec, &mut self.dice, bytes, now_ms);
    }

    /// The next message that has reached us, if any.
    pub fn received(&mut self, now_ms: f64) -> Option<Vec<u8>> {
        self.down.pop(now_ms)
    }

    /// From when on the socket may be read: now, or after the stall or the rate.
    #[must_use]
    pub fn reads_from_ms(&self, now_ms: f64) -> f64 {
        let mut from_ms = self.reads_from_ms;
        if let Some(stall) = self.spec.stall {
            let into_ms = (now_ms - self.stall_phase_ms).rem_euclid(stall.every_ms);
            if into_ms >= stall.every_ms - stall.for_ms {
                from_ms = from_ms.max(now_ms + stall.every_ms - into_ms);
            }
        }
        from_ms.max(now_ms)
    }

    /// When the next message crosses, either way.
    #[must_use]
    pub fn next_ms(&self) -> f64 {
        [&self.up, &self.down]
            .into_iter()
            .filter_map(|line| line.under_way.front())
            .fold(f64::INFINITY, |next, &(at, _)| next.min(at))
    }
}

impl Line {
    fn push(&mut self, spec: LinkSpec, dice: &mut Dice, bytes: Vec<u8>, now_ms: f64) {
        let jitter_ms = if spec.jitter_ms > 0.0 { dice.part() * spec.jitter_ms } else { 0.0 };
        self.last_ms = self.last_ms.max(now_ms + spec.delay_ms + jitter_ms);
        self.under_way.push_back((self.last_ms, bytes));
    }

    fn pop(&mut self, now_ms: f64) -> Option<Vec<u8>> {
        self.under_way.pop_front_if(|&mut (at, _)| at <= now_ms).map(|(_, bytes)| bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> LinkSpec {
        text.parse().unwrap()
    }

    #[test]
    fn a_link_is_said_in_one_line() {
        let parsed = spec("delay=50ms,jitter=10ms,stall=2s/20s,rate=256kbit");
        assert_eq!((parsed.delay_ms, parsed.jitter_ms), (50.0, 10.0));
        assert_eq!(parsed.stall, Some(Stall { for_ms: 2_000.0, every_ms: 20_000.0 }));
        assert_eq!(parsed.bits_per_second, Some(256_000.0));
        assert_eq!(spec("delay=0.5s").delay_ms, 500.0);
        assert_eq!(spec(""), LinkSpec::default());
    }

    #[test]
    fn what_is_no_link_is_refused_with_what_to_say_instead() {
        for text in ["delay", "delay=5", "delay=-5ms", "delay=infms", "loss=1%", "stall=2s", "rate=0kbit", "rate=3"] {
            assert!(text.parse::<LinkSpec>().is_err(), "{text}");
        }
        assert_eq!("stall=2s/2s".parse::<LinkSpec>(), Err(LinkSpecError::Endless));
    }

    #[test]
    fn messages_keep_their_order_and_cross_in_their_time() {
        let mut link = Link::new(spec("delay=50ms,jitter=40ms"), 1, 0, 0.0);
        for number in 0..100_u8 {
            link.send(vec![number], f64::from(number));
        }
        assert_eq!(link.sent(49.9), None);
        let mut crossed = Vec::new();
        for ms in 0..200 {
            while let Some(bytes) = link.sent(f64::from(ms)) {
                let took = f64::from(ms) - f64::from(bytes[0]);
                assert!((50.0..=91.0).contains(&took), "{took} ms");
                crossed.push(bytes[0]);
            }
        }
        assert_eq!(crossed, (0..100).collect::<Vec<u8>>());
    }

    #[test]
    fn a_seed_gives_the_same_crossing_times() {
        let times = |seed| {
            let mut link = Link::new(spec("delay=5ms,jitter=40ms"), seed, 3, 0.0);
            (0..20)
                .map(|at| {
                    link.receive(vec![0], f64::from(at) * 100.0);
                    let next = link.next_ms();
                    assert!(link.received(next).is_some());
                    next
                })
                .collect::<Vec<f64>>()
        };
        assert_eq!(times(1), times(1));
        assert_ne!(times(1), times(2));
    }

    #[test]
    fn a_stall_reads_nothing_for_its_share_of_the_time() {
        let link = Link::new(spec("stall=2s/10s"), 9, 4, 0.0);
        let stalled = (0..30_000).filter(|&ms| link.reads_from_ms(f64::from(ms)) > f64::from(ms)).count();
        assert!((5_990..=6_010).contains(&stalled), "{stalled} ms");
    }

    #[test]
    fn what_was_under_way_when_it_was_cut_never_comes() {
        let mut link = Link::new(spec("delay=50ms,rate=80kbit"), 1, 0, 0.0);
        link.send(vec![1], 0.0);
        link.receive(vec![2; 9_000], 0.0);
        link.cut(10.0);
        assert_eq!((link.sent(1e6), link.received(1e6), link.next_ms()), (None, None, f64::INFINITY));
        assert_eq!(link.reads_from_ms(10.0), 10.0);
    }

    #[test]
    fn a_narrow_pipe_lets_through_what_its_rate_says() {
        let mut link = Link::new(spec("rate=80kbit"), 9, 4, 0.0);
        let mut bytes = 0;
        for ms in 0..10_000 {
            let now = f64::from(ms);
            while link.reads_from_ms(now) <= now {
                link.receive(vec![0; 300], now);
                bytes += 300;
            }
        }
        assert!((99_000..=101_000).contains(&bytes), "{bytes} in ten seconds at 10,000 a second");
    }
}
