//! What spectators are fed from: a ring of what each step changed, and at its end a replicator of their own.
//!
//! ```text
//!   tick t       Changes ─► │ t │ t-1 │ … │ t-delay │ ─► delayed ─► replicator: facets, rows, shadow, pieces ─► spectators
//!   (recorded by extract)   └─────── the ring ──────┘               slots of its own
//! ```
//!
//! Nothing of a tick is read, packed or sent before it is as old as the operator says: what is in the ring is only kept. At the end
//! of it each change is packed once for all spectators, who all are at the same tick. It begins with everything that is there when the
//! first spectator comes, and so shows nothing until that is old enough. Its slots are drawn anew each time: they are not those
//! of players' frames.
//!
//! Never here: who may look on and when it begins and ends (see `room`).

use super::Client;
use super::changes::Changes;
use super::delayed::Delayed;
use super::lane::Lane;
use super::replicator::{ReplicateOptions, Replicator};
use crate::counts::Counts;
use crate::sim::Sim;
use shared::ids::{PlayerId, Tick};
use shared::schema::SchemaError;
use shared::wire::Digest;
use std::collections::VecDeque;

/// There is more to keep than may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what spectators have not seen yet takes more memory than it may: a shorter delay takes less")]
pub struct RingFull;

/// What a feed keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// Ticks for which nobody is shown anything.
    pub delay_ticks: u32,
    /// Bytes that they may take.
    pub bytes_max: usize,
}

/// What one room's spectators are fed from.
pub struct Feed {
    delay_ticks: u32,
    /// The oldest in front; one per tick.
    ring: VecDeque<Changes>,
    bytes: usize,
    /// As many as there may be.
    bytes_max: usize,
    past: Delayed,
    replicator: Replicator,
    /// As many as it ever took.
    lanes: Vec<Lane>,
    /// The tick that spectators see.
    shown: Tick,
    /// They see something.
    shows: bool,
}

impl Feed {
    /// Nothing recorded yet, in a room whose last tick was `tick`. `slot_seed` must not be known to spectators.
    ///
    /// # Errors
    /// [`SchemaError`] if the schema cannot be laid out.
    pub fn new(
        sim: &Sim,
        slot_bits: u32,
        slot_seed: u64,
        options: ReplicateOptions,
        Keeping { delay_ticks, bytes_max }: Keeping,
        tick: Tick,
    ) -> Result<Self, SchemaError> {
        let replicator = Replicator::for_spectators(sim, slot_bits, slot_seed, options)?;
        Ok(Self {
            delay_ticks,
            ring: VecDeque::new(),
            bytes: 0,
            bytes_max,
            past: Delayed::new(sim, replicator.layout().clone()),
            replicator,
            lanes: Vec::new(),
            shown: Tick(tick.0.saturating_sub(delay_ticks)),
            shows: false,
        })
    }

    /// A tick was stepped and packed for players by `players`: what it changed goes into the ring, and what is old enough is shown.
    ///
    /// # Errors
    /// [`RingFull`]: the feed cannot go on.
    pub fn next_tick(&mut self, tick: Tick, sim: &Sim, players: &mut Replicator, late: bool) -> Result<(), RingFull> {
        self.shown = Tick(tick.0.saturating_sub(self.delay_ticks));
        if let Some(changes) = players.take_recorded(sim) {
            self.bytes += changes.bytes();
            self.ring.push_back(changes);
        }
        if self.ring.len() > self.delay_ticks as usize
            && let Some(changes) = self.ring.pop_front()
        {
            self.bytes -= changes.bytes();
            self.replicator.set_late(late);
            self.replicator.pack_changes(self.shown, &mut self.past, &changes);
            self.shows = true;
        }
        if self.bytes > self.bytes_max { Err(RingFull) } else { Ok(()) }
    }

    /// The tick that spectators see.
    #[must_use]
    pub const fn shown(&self) -> Tick {
        self.shown
    }

    /// They see something: what is in front of the ring was old enough.
    #[must_use]
    pub const fn shows(&self) -> bool {
        self.shows
    }

    /// What was replicated for spectators, to look at.
    #[must_use]
    pub const fn replicator(&self) -> &Replicator {
        &self.replicator
    }

    /// Bytes of the ring.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Ticks in the ring.
    #[must_use]
    pub fn kept_ticks(&self) -> usize {
        self.ring.len()
    }

    /// A spectator that may hold nothing yet.
    #[must_use]
    pub fn client(&self, player: PlayerId, digest: Digest) -> Client {
        self.replicator.spectator(player, self.shown, digest, self.delay_ticks)
    }

    /// So many lanes of its own, and what their frames are made of; nothing while nothing is old enough to be shown.
    pub fn lanes(&mut self, lanes: usize) -> Option<(&Replicator, &mut [Lane])> {
        while self.lanes.len() < lanes {
            self.lanes.push(self.replicator.lane());
        }
        self.shows.then_some((&self.replicator, self.lanes.as_mut_slice()))
    }

    /// Adds what was sent since the last time.
    pub fn take_counts(&mut self, counts: &mut Counts) {
        let mut sent = Counts::default();
        for lane in &mut self.lanes {
            sent.take_from(&mut lane.counts);
        }
        counts.spectator_frames += sent.frames;
        counts.spectator_state_bytes += sent.state_bytes;
        counts.spectator_frames_skipped += sent.skipped_busy + sent.skipped_window;
    }
}
