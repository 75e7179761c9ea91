//! What one peer may send and keep waiting: bytes, frames and pings, each with a bucket of its own.
//!
//! ```text
//!   transport: bytes in ──► bytes  64 KiB/s, burst 256 KiB ─┐
//!   frame meter: frames ──► frames 300/s, burst 900 ────────┼─ one is empty ─► TooFast
//!                pings ───► pings  5/s, burst 15 ───────────┘
//! ```
//!
//! Counted below the messages, so that what never becomes a message is paid for, too: empty continuation frames, pongs that nobody
//! asked for, a TLS record with nothing in it.
//!
//! Never here: a clock, what happens to the peer (see `connection`).

use std::time::Instant;

use shared::limits;
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
            bytes_charged: 0,
            frames_charged: FrameCounts::default(),
        }
    }

    /// Charges what has come since the last call.
    ///
    /// # Errors
    /// The peer's: it was too fast.
    pub(super) fn charge(&mut self, bytes_in: u64, seen: FrameCounts, now: Instant) -> Result<(), Ending> {
        if self.rates == Rates::Unlimited || bytes_in == self.bytes_charged && seen == self.frames_charged {
            return Ok(());
        }
        let bytes = self.bytes.take(bytes_in - self.bytes_charged, now);
        let frames = self.frames.take(seen.frames - self.frames_charged.frames, now);
        // Most never send one; their bucket stays full.
        let pings =
            seen.pings == self.frames_charged.pings || self.pings.take(seen.pings - self.frames_charged.pings, now);
        self.bytes_charged = bytes_in;
        self.frames_charged = seen;
        match (bytes, frames, pings) {
            (true, true, true) => Ok(()),
            (false, ..) => Err(Ending::Closed(CloseCode::TooFast, "too many bytes")),
            (_, false, _) => Err(Ending::Closed(CloseCode::TooFast, "too many frames")),
            (.., false) => Err(Ending::Closed(CloseCode::TooFast, "too many pings")),
        }
    }
}
