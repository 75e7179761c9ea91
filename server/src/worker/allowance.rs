//! What one peer may send and keep waiting: bytes, frames, pings and work, each with a bucket of its own.
//!
//! ```text
//!   transport: bytes in ──► bytes  64 KiB/s, burst 256 KiB ─┐
//!   frame meter: frames ──► frames 300/s, burst 900 ────────┼─ one is empty ─► TooFast
//!                pings ───► pings  5/s, burst 15 ───────────┤
//!   messages, by their first byte ─► work 600/s, burst 1800 ┘
//! ```
//!
//! Counted below the messages, so that what never becomes a message is paid for, too: empty continuation frames, pongs that nobody
//! asked for, a TLS record with nothing in it. Work is charged before a message is decoded.
//!
//! Never here: a clock, what happens to the peer (see `connection`).

use std::time::Instant;

use shared::limits;
use shared::wire::client_message::work_of;
use shared::wire::close_code::CloseCode;

use super::connection::Ending;
use super::frame_meter::FrameCounts;
use super::throttle::TokenBucket;
use crate::config::Waits;

/// How large what a peer says may be, and whether it may say it as fast as it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerLimits {
    /// Bytes of one message. Over it: closed `TooBig`.
    pub message_bytes_max: usize,
    /// Bytes that may wait for its socket. Over it: closed `TooSlow`.
    pub unsent_bytes_max: usize,
    /// How fast it may be.
    pub rates: Rates,
    /// How long it may be silent. Over it: closed `Silent`.
    pub waits: Waits,
}

/// How fast a peer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rates {
    /// As fast as [`shared::limits`] says. Over it: closed `TooFast`.
    Limited,
    /// As fast as it can: conformance suites send a thousand frames at once.
    Unlimited,
}

impl PeerLimits {
    /// Those of whoever plays, who may be silent for as long as the operator says.
    #[must_use]
    pub const fn playing(waits: Waits) -> Self {
        Self {
            message_bytes_max: limits::CLIENT_MESSAGE_BYTES_MAX,
            unsent_bytes_max: limits::WRITE_BUFFER_BYTES_MAX,
            rates: Rates::Limited,
            waits,
        }
    }
}

/// The buckets of one peer.
#[derive(Debug)]
pub(super) struct Allowance {
    rates: Rates,
    bytes: TokenBucket,
    frames: TokenBucket,
    pings: TokenBucket,
    work: TokenBucket,
    bytes_charged: u64,
    frames_charged: FrameCounts,
}

impl Allowance {
    /// Full buckets.
    pub(super) fn new(rates: Rates, now: Instant) -> Self {
        Self {
            rates,
            bytes: TokenBucket::new(limits::BYTES_PER_SECOND, limits::BYTES_BURST, now),
            frames: TokenBucket::new(limits::MESSAGES_PER_SECOND, limits::MESSAGES_BURST, now),
            pings: TokenBucket::new(limits::PINGS_PER_SECOND, limits::PINGS_BURST, now),
            work: TokenBucket::new(limits::WORK_PER_SECOND, limits::WORK_BURST, now),
            bytes_charged: 0,
            frames_charged: FrameCounts::default(),
        }
    }

    /// What a message costs, in units of work.
    pub(super) const fn work_of(&self, message: &[u8]) -> u32 {
        match self.rates {
            Rates::Limited => work_of(message),
            Rates::Unlimited => 1,
        }
    }

    /// Charges what has come since the last call, and what its messages cost.
    ///
    /// # Errors
    /// The peer's: it was too fast.
    pub(super) fn charge(&mut self, bytes_in: u64, seen: FrameCounts, work: u32, now: Instant) -> Result<(), Ending> {
        if self.rates == Rates::Unlimited || bytes_in == self.bytes_charged && seen == self.frames_charged && work == 0
        {
            return Ok(());
        }
        let bytes = self.bytes.take(bytes_in - self.bytes_charged, now);
        let frames = self.frames.take(seen.frames - self.frames_charged.frames, now);
        // Most never send one; their bucket stays full.
        let pings =
            seen.pings == self.frames_charged.pings || self.pings.take(seen.pings - self.frames_charged.pings, now);
        let work = self.work.take(work.into(), now);
        self.bytes_charged = bytes_in;
        self.frames_charged = seen;
        match (bytes, frames, pings, work) {
            (true, true, true, true) => Ok(()),
            (false, ..) => Err(Ending::Closed(CloseCode::TooFast, "too many bytes")),
            (_, false, ..) => Err(Ending::Closed(CloseCode::TooFast, "too many frames")),
            (_, _, false, _) => Err(Ending::Closed(CloseCode::TooFast, "too many pings")),
            (.., false) => Err(Ending::Closed(CloseCode::TooFast, "too much work")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn as_many_messages_may_be_too_much_work_if_they_are_dearer() {
        let closed_after = |message: &[u8], rates: Rates| {
            let start = Instant::now();
            let mut allowance = Allowance::new(rates, start);
            let mut seen = FrameCounts::default();
            (1..600_u32).find_map(|tick| {
                let now = start + Duration::from_secs(1) * tick / 30;
                seen.frames += 9;
                let work = 9 * allowance.work_of(message);
                allowance.charge(u64::from(tick) * 9 * 40, seen, work, now).err()
            })
        };
        let too_much = Ending::Closed(CloseCode::TooFast, "too much work");
        assert_eq!(closed_after(&[2, 0], Rates::Limited), None, "270 inputs per second");
        assert_eq!(closed_after(&[7, 0], Rates::Limited), Some(too_much), "270 requests per second");
        assert_eq!(closed_after(&[9, 0], Rates::Limited), Some(too_much));
        assert_eq!(closed_after(&[], Rates::Limited), None, "what is no message is another rule's business");
        assert_eq!(closed_after(&[9, 0], Rates::Unlimited), None);
    }
}
