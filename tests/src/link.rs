//! What lies between a client and its room: seeded, in order like a WebSocket, and with a socket that can be full.
//!
//! ```text
//!   send ─► socket (takes `socket_bytes` ahead, then says busy) ─► rate ─► delay + jitter ─► in order ─► take_due
//!                                                                            a stall holds everything back
//! ```
//!
//! Time is microseconds since the match began; nothing here reads a clock.

use client_sim::dice::Dice;
use std::collections::VecDeque;

/// How a path behaves. The default is a wire without length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkOptions {
    /// Every message takes this long.
    pub delay_us: u64,
    /// And up to this much longer, by chance; what came later never arrives earlier.
    pub jitter_us: u64,
    /// Bytes per second; 0 is no limit.
    pub bytes_per_second: u64,
    /// Bytes that the sender's socket takes while the receiver takes nothing.
    pub socket_bytes: usize,
}

impl Default for LinkOptions {
    fn default() -> Self {
        Self { delay_us: 0, jitter_us: 0, bytes_per_second: 0, socket_bytes: 600 }
    }
}

/// A message under way.
#[derive(Clone, Debug)]
struct UnderWay {
    arrives_us: u64,
    bytes: Vec<u8>,
}

/// One direction of a path.
#[derive(Clone, Debug)]
pub struct Link {
    options: LinkOptions,
    dice: Dice,
    queue: VecDeque<UnderWay>,
    queued_bytes: usize,
    sent_until_us: u64,
    last_arrival_us: u64,
    stalled_until_us: u64,
}

impl Link {
    /// A path with the chance of `dice`.
    #[must_use]
    pub const fn new(options: LinkOptions, dice: Dice) -> Self {
        Self {
            options,
            dice,
            queue: VecDeque::new(),
            queued_bytes: 0,
            sent_until_us: 0,
            last_arrival_us: 0,
            stalled_until_us: 0,
        }
    }

    /// Behaves like this from now on.
    pub const fn set(&mut self, options: LinkOptions) {
        self.options = options;
    }

    /// Hands a message over.
    pub fn send(&mut self, bytes: Vec<u8>, now_us: u64) {
        let begins = self.sent_until_us.max(now_us);
        let takes = (bytes.len() as u64 * 1_000_000).checked_div(self.options.bytes_per_second).unwrap_or(0);
        self.sent_until_us = begins + takes;
        let jitter = u64::from(self.dice.below(self.options.jitter_us as u32 + 1));
        let arrives_us = (self.sent_until_us + self.options.delay_us + jitter).max(self.last_arrival_us);
        self.last_arrival_us = arrives_us;
        self.queued_bytes += bytes.len();
        self.queue.push_back(UnderWay { arrives_us, bytes });
    }

    /// The next message that has arrived, and when it did.
    pub fn take_due(&mut self, now_us: u64) -> Option<(u64, Vec<u8>)> {
        if now_us < self.stalled_until_us {
            return None;
        }
        let next = self.queue.pop_front_if(|next| next.arrives_us <= now_us)?;
        self.queued_bytes -= next.bytes.len();
        Some((next.arrives_us.max(self.stalled_until_us.min(now_us)), next.bytes))
    }

    /// Nothing arrives until then.
    pub fn stall_until(&mut self, until_us: u64) {
        self.stalled_until_us = self.stalled_until_us.max(until_us);
    }

    /// Whether it is stalled.
    #[must_use]
    pub const fn is_stalled(&self, now_us: u64) -> bool {
        now_us < self.stalled_until_us
    }

    /// Whether the sender's socket still holds bytes that it could not pass on.
    #[must_use]
    pub const fn is_busy(&self, now_us: u64) -> bool {
        let waiting_us = self.sent_until_us.saturating_sub(now_us);
        let unsent = waiting_us * self.options.bytes_per_second / 1_000_000;
        let stuck = self.is_stalled(now_us) && self.queued_bytes > self.options.socket_bytes;
        stuck || unsent > self.options.socket_bytes as u64
    }

    /// Whether nothing is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Loses everything that is under way.
    pub fn cut(&mut self) {
        self.queue.clear();
        self.queued_bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(options: LinkOptions) -> Link {
        Link::new(options, Dice::new(1, 0))
    }

    fn arrivals(link: &mut Link, now_us: u64) -> Vec<u8> {
        std::iter::from_fn(|| link.take_due(now_us)).map(|(_, bytes)| bytes[0]).collect()
    }

    #[test]
    fn whatever_the_jitter_messages_stay_in_order() {
        let mut link = link(LinkOptions { delay_us: 100, jitter_us: 5_000, ..LinkOptions::default() });
        (0..50).for_each(|number| link.send(vec![number], u64::from(number) * 10));
        assert!(arrivals(&mut link, 99).is_empty());
        assert_eq!(arrivals(&mut link, 10_000), (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn a_stalled_receiver_makes_the_sender_busy_only_when_the_socket_is_full() {
        let mut link = link(LinkOptions { socket_bytes: 100, ..LinkOptions::default() });
        link.stall_until(1_000);
        link.send(vec![1; 90], 0);
        assert!(!link.is_busy(0));
        link.send(vec![2; 90], 0);
        assert!(link.is_busy(0));
        assert!(arrivals(&mut link, 999).is_empty());
        assert_eq!(arrivals(&mut link, 1_000), [1, 2]);
        assert!(!link.is_busy(1_000));
    }

    #[test]
    fn a_narrow_path_takes_its_time_and_is_busy_meanwhile() {
        let mut link = link(LinkOptions { bytes_per_second: 1_000, socket_bytes: 50, ..LinkOptions::default() });
        link.send(vec![1; 100], 0);
        assert!(link.is_busy(0));
        assert!(!link.is_busy(60_000));
        assert!(arrivals(&mut link, 99_999).is_empty());
        assert_eq!(arrivals(&mut link, 100_000), [1]);
    }
}
