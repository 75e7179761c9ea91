//! One client, as replication sees it: what it holds, what is under way to it, how many bytes it gets, what waits to be told.
//!
//! Never here: making its frames (see `assemble`), its connection (see `seats`).

use super::assemble::Scarcity;
use super::audit::AuditLane;
use super::drain::{Drain, Way};
use super::events::EventLane;
use super::history::History;
use super::replicator::ReplicateOptions;
use super::view::View;
use super::window::Window;
use crate::counts::Counts;
use shared::ids::{EntityId, PlayerId, Tick};
use shared::schema::Section;
use shared::wire::Digest;

/// One client, as replication sees it.
#[derive(Debug)]
pub struct Client {
    /// Whose it is.
    pub player: PlayerId,
    /// The entity that its inputs drive.
    pub entity: Option<EntityId>,
    /// What it holds.
    pub view: View,
    /// What it was sent of late, in a room whose game looks back.
    pub history: Option<Box<History>>,
    /// What is under way to it.
    pub window: Window,
    /// How many bytes it gets.
    pub drain: Drain,
    /// What it cannot have at once.
    pub scarcity: Scarcity,
    /// What waits to be told.
    pub events: EventLane,
    /// It is an auditor: what it is told instead of events.
    pub audit: Option<Box<AuditLane>>,
    /// It is a spectator: how many ticks behind the room.
    pub spectates: Option<u32>,
    /// It asked for keep-alives only.
    pub paused: bool,
    /// Its socket still holds an unsent frame.
    pub busy: bool,
    /// How much of the digest it gets.
    pub digest: Digest,
    /// Per tick, newest in the lowest bit: its own input was used.
    pub applied: u32,
    /// How early its newest input came, since its last frame, in 1/16 tick.
    pub early: Option<i8>,
    /// The last frame was a keep-alive.
    kept_alive: bool,
    /// The first frame after the last keep-alive.
    resumed: Tick,
    /// The tick of its Welcome.
    welcomed: Tick,
}

impl Client {
    /// A client that holds nothing, and whose Welcome had this `tick`.
    #[must_use]
    pub fn new(slots: usize, player: PlayerId, tick: Tick, digest: Digest, options: &ReplicateOptions) -> Self {
        Self {
            player,
            entity: None,
            view: View::new(slots, player),
            history: None,
            window: Window::new(tick, options.tick_rate_hz),
            drain: Drain::new(options.bytes_per_tick),
            scarcity: Scarcity::default(),
            events: EventLane::default(),
            audit: None,
            spectates: None,
            paused: false,
            busy: false,
            digest,
            applied: 0,
            early: None,
            kept_alive: false,
            resumed: tick,
            welcomed: tick,
        }
    }

    /// An auditor that holds nothing: it sees everything.
    #[must_use]
    pub fn auditor(slots: usize, player: PlayerId, tick: Tick, digest: Digest, options: &ReplicateOptions) -> Self {
        let (view, audit) = (View::of_everything(slots, player), Some(Box::default()));
        Self { view, audit, drain: Drain::unlimited(), ..Self::new(slots, player, tick, digest, options) }
    }

    /// A spectator that holds nothing: it sees what is everyone's and each team's, `behind` ticks later.
    #[must_use]
    pub fn spectator(
        slots: usize,
        player: PlayerId,
        tick: Tick,
        digest: Digest,
        (options, behind): (&ReplicateOptions, u32),
    ) -> Self {
        let view = View::of_all_teams(slots, player);
        Self { view, spectates: Some(behind), ..Self::new(slots, player, tick, digest, options) }
    }

    /// The tick that it is shown when the room is at `now`.
    #[must_use]
    pub fn shown_at(&self, now: Tick) -> Tick {
        Tick(now.0.saturating_sub(self.spectates.unwrap_or(0)))
    }

    /// The tick of its Welcome.
    #[must_use]
    pub const fn welcomed(&self) -> Tick {
        self.welcomed
    }

    /// The tick as of which it is known to see the room; `None` while it may not have had a frame since it paused: a
    /// keep-alive is confirmed, too, and tells nothing.
    #[must_use]
    pub fn knows_until(&self) -> Option<Tick> {
        let confirmed = self.window.confirmed();
        (confirmed >= self.resumed).then_some(confirmed)
    }

    /// Why it gets no frame in this tick, if it does not.
    #[must_use]
    pub fn skip_cause(&self, tick: Tick, keep_alive_ticks: u32) -> Option<SkipCause> {
        if self.busy {
            return Some(SkipCause::Busy);
        }
        if self.paused && !tick.0.is_multiple_of(keep_alive_ticks) {
            return Some(SkipCause::Paused);
        }
        (!self.window.is_open()).then_some(SkipCause::Window)
    }

    /// What the tick is to it, if it is skipped so.
    #[must_use]
    pub fn way(&self, skipped: Option<SkipCause>) -> Way {
        match skipped {
            Some(SkipCause::Busy) => Way::HeldUp,
            Some(SkipCause::Window) if self.window.is_full() => Way::HeldUp,
            Some(SkipCause::Window) => Way::Measured,
            Some(SkipCause::Paused) | None => Way::Open,
        }
    }

    /// A frame of `tick` was handed over.
    pub fn sent(&mut self, tick: Tick, bytes: usize) {
        if self.kept_alive && !self.paused {
            self.resumed = tick;
        }
        self.kept_alive = self.paused;
        if let Some(history) = self.history.as_mut().filter(|_| !self.paused) {
            history.sent(tick, &self.view.holding(Section::Everyone).fresh);
        }
        self.window.sent(tick, bytes);
    }
}

/// Why a client got no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipCause {
    /// Its socket did not take the last one yet.
    Busy,
    /// Too many are unconfirmed.
    Window,
    /// It asked for a pause, and no keep-alive is due.
    Paused,
}

impl SkipCause {
    /// Counts a client that got no frame.
    pub const fn count(self, counts: &mut Counts) {
        match self {
            Self::Busy => counts.skipped_busy += 1,
            Self::Window => counts.skipped_window += 1,
            Self::Paused => counts.skipped_paused += 1,
        }
    }
}
