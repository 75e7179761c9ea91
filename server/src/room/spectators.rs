//! The spectators of a room: nothing is kept for them before the first comes, and nothing for long after the last went.
//!
//! ```text
//!   first spectator ─► recording begins ─► ring grows ─► (delay) ─► they see ─► last one gone ─► (a while) ─► nothing is kept
//!                                             └─ too large: all closed, and nobody is let in for the same while
//! ```
//!
//! Spectators are no players: they have a cap of their own, the match never hears of them, and a player's frames are the same bytes with
//! and without them.
//!
//! Never here: what they are shown (see `replicate::feed`).

use super::Room;
use crate::exchange::{ConnectionId, Outgoing};
use crate::replicate::Lane;
use crate::replicate::feed::{Feed, Keeping};
use crate::replicate::replicator::{ReplicateOptions, Replicator};
use crate::sim::Spectating;
use shared::ids::Tick;
use shared::limits::{SPECTATOR_LINGER_SECONDS, SPECTATOR_RING_BYTES_MAX};
use shared::wire::CloseCode;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// What a room has for its spectators.
pub(super) struct Spectators {
    options: Spectating,
    keeping: Keeping,
    linger_ticks: u32,
    /// Of players' slots, which are other ones.
    slot_seed: u64,
    feed: Option<Feed>,
    /// The last tick in which somebody was there.
    needed: Tick,
    /// There was more to keep than may be: nobody may come in before this tick.
    closed_until: Option<Tick>,
}

impl Spectators {
    /// Nobody yet.
    pub(super) const fn new(options: Spectating, tick_rate_hz: u16, slot_seed: u64) -> Self {
        Self {
            options,
            keeping: Keeping { delay_ticks: options.delay_ticks(tick_rate_hz), bytes_max: SPECTATOR_RING_BYTES_MAX },
            linger_ticks: SPECTATOR_LINGER_SECONDS * tick_rate_hz as u32,
            slot_seed,
            feed: None,
            needed: Tick(0),
            closed_until: None,
        }
    }

    /// What they are fed from, if somebody is there or was of late.
    pub(super) const fn feed(&self) -> Option<&Feed> {
        self.feed.as_ref()
    }

    /// What they are fed from, for whoever makes their frames.
    pub(super) fn lanes(&mut self, lanes: usize) -> Option<(&Replicator, &mut [Lane])> {
        self.feed.as_mut().and_then(|feed| feed.lanes(lanes))
    }

    /// Whether one more may come in at `now` where there are so many.
    ///
    /// # Errors
    /// The code to close it with.
    pub(super) fn admit(&self, there: usize, now: Tick) -> Result<(), CloseCode> {
        match self.options.max {
            0 => Err(CloseCode::NoSpectators),
            max if there >= usize::from(max) => Err(CloseCode::RoomFull),
            _ if self.closed_until.is_some_and(|until| now < until) => Err(CloseCode::TryAgain),
            _ => Ok(()),
        }
    }

    /// From now on a feed may take so many bytes.
    #[cfg(feature = "sabotage")]
    pub(super) const fn sabotage_ring_bytes(&mut self, bytes_max: usize) {
        self.keeping.bytes_max = bytes_max;
    }

    /// How late they see things, in milliseconds.
    pub(super) const fn delay_ms(&self) -> u32 {
        self.options.delay_ms
    }
}

impl Room {
    /// What spectators are fed from, if there are some or were of late.
    #[must_use]
    pub const fn feed(&self) -> Option<&Feed> {
        self.spectators.feed()
    }

    /// A spectator comes: what it is fed from, which begins now if nobody else does.
    ///
    /// # Errors
    /// The code to close it with.
    pub(super) fn begin_feed(&mut self) -> Result<&Feed, CloseCode> {
        let Self { spectators, sim, replicator, options, tick, .. } = self;
        if spectators.feed.is_none() {
            let seed = xxh3_64_with_seed(&tick.0.to_le_bytes(), spectators.slot_seed);
            let replicate = ReplicateOptions {
                tables: Some(std::sync::Arc::new(replicator.tables().clone())),
                ..replicator.options().clone()
            };
            // The same schema was laid out when the room was made.
            let keeping = spectators.keeping;
            let feed =
                Feed::new(sim, options.slot_bits, seed, replicate, keeping, *tick).map_err(|_| CloseCode::TryAgain)?;
            replicator.begin_recording();
            spectators.feed = Some(feed);
        }
        spectators.needed = *tick;
        spectators.feed.as_ref().ok_or(CloseCode::TryAgain)
    }

    /// A tick was stepped and packed: what it changed is kept for spectators, and what is old enough is shown to them.
    pub(super) fn feed_spectators(&mut self, tick: Tick, late: bool, out: &mut Outgoing) {
        let Self { spectators, sim, replicator, seats, counts, .. } = self;
        let Some(feed) = &mut spectators.feed else { return };
        let fed = feed.next_tick(tick, sim, replicator, late);
        if seats.spectator_count() > 0 {
            spectators.needed = tick;
        }
        if fed.is_err() {
            spectators.closed_until = Some(tick.after(spectators.linger_ticks));
            counts.spectator_feeds_dropped += 1;
            let theirs = seats.iter().filter(|seat| seat.spectates());
            let closed: Vec<ConnectionId> = theirs.filter_map(|seat| seat.connection).collect();
            for connection in closed {
                out.closes.push((connection, CloseCode::TryAgain));
                seats.close(connection);
            }
        }
        if fed.is_err() || tick.since(spectators.needed) > spectators.linger_ticks {
            replicator.end_recording();
            spectators.feed = None;
        }
    }

    /// A tick is over: what was sent to spectators is counted.
    pub(super) fn settle_spectators(&mut self) {
        self.counts.spectators = self.seats.spectator_count() as u64;
        self.counts.spectator_ring_bytes = self.spectators.feed().map_or(0, Feed::bytes) as u64;
        if let Some(feed) = &mut self.spectators.feed {
            feed.take_counts(&mut self.counts);
        }
    }
}
