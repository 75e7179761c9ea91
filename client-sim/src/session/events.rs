//! What a session tells: what it counted, what happened, why it can not go on.
//!
//! Never here: when these come about (see `session`).

use crate::agreement::Disagreement;
use crate::epochs::TablesRefused;
use crate::ghosts::GhostCounts;
use crate::interpolate::DrawingCounts;
use crate::predict::PredictionCounts;
use crate::replica::{Applied, Event, ReplicaError};
use shared::ids::Tick;
use shared::wire::audit::Audit;
use shared::wire::server_message::Outcome;
use shared::wire::{DecodeError, NoticeReason, Redirect};

/// What a session counted since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// State frames received, of every kind.
    pub frames: u64,
    /// Of these, frames that changed the replica and proved what they left behind.
    pub frames_applied: u64,
    /// Of these, full frames.
    pub full_frames: u64,
    /// Of these, keep-alives.
    pub keep_alives: u64,
    /// Of these, frames that a lost replica could not use.
    pub frames_ignored: u64,
    /// Of these, because a full frame came behind them while all of them waited.
    pub frames_trimmed: u64,
    /// Bytes of messages of all kinds.
    pub message_bytes: u64,
    /// Bytes of state frames.
    pub state_bytes: u64,
    /// Digests compared, whatever came out.
    pub digests_checked: u64,
    /// Digests that differed: we held a wrong world.
    pub digest_mismatches: u64,
    /// Frames that did not decode, or did not fit what is held.
    pub frames_broken: u64,
    /// Resyncs sent.
    pub resyncs: u64,
    /// Ticks that came without a frame of their own: covered by a later one, or passed over by a full frame.
    pub ticks_skipped: u64,
    /// Inputs sent.
    pub inputs_sent: u64,
    /// Their bytes.
    pub input_bytes: u64,
    /// Ticks for which we had sent an input and in which it was used.
    pub inputs_used: u64,
    /// Ticks for which we had sent an input and in which something stood in for it: it came too late.
    pub inputs_late: u64,
    /// Requests sent.
    pub requests: u64,
    /// Requests answered, done or refused.
    pub replies: u64,
    /// Events of the game received.
    pub events: u64,
    /// Times that events were lost because we paused for too long.
    pub events_lost: u64,
    /// Events that nobody polled in time.
    pub events_dropped: u64,
    /// Times that we got our seat back.
    pub resumed: u64,
    /// What predicting our own entity came to; all 0 without a twin.
    pub prediction: PredictionCounts,
    /// What became of shots that were shown before the server had them; all 0 without a twin.
    pub ghosts: GhostCounts,
    /// What drawing others came to; all 0 if nothing is drawn.
    pub drawing: DrawingCounts,
}

impl Counters {
    /// What was counted since `earlier`.
    #[must_use]
    pub const fn since(&self, earlier: &Self) -> Self {
        Self {
            frames: self.frames - earlier.frames,
            frames_applied: self.frames_applied - earlier.frames_applied,
            full_frames: self.full_frames - earlier.full_frames,
            keep_alives: self.keep_alives - earlier.keep_alives,
            frames_ignored: self.frames_ignored - earlier.frames_ignored,
            frames_trimmed: self.frames_trimmed - earlier.frames_trimmed,
            message_bytes: self.message_bytes - earlier.message_bytes,
            state_bytes: self.state_bytes - earlier.state_bytes,
            digests_checked: self.digests_checked - earlier.digests_checked,
            digest_mismatches: self.digest_mismatches - earlier.digest_mismatches,
            frames_broken: self.frames_broken - earlier.frames_broken,
            resyncs: self.resyncs - earlier.resyncs,
            ticks_skipped: self.ticks_skipped - earlier.ticks_skipped,
            inputs_sent: self.inputs_sent - earlier.inputs_sent,
            input_bytes: self.input_bytes - earlier.input_bytes,
            inputs_used: self.inputs_used - earlier.inputs_used,
            inputs_late: self.inputs_late - earlier.inputs_late,
            requests: self.requests - earlier.requests,
            replies: self.replies - earlier.replies,
            events: self.events - earlier.events,
            events_lost: self.events_lost - earlier.events_lost,
            events_dropped: self.events_dropped - earlier.events_dropped,
            resumed: self.resumed - earlier.resumed,
            prediction: self.prediction.since(&earlier.prediction),
            ghosts: self.ghosts.since(&earlier.ghosts),
            drawing: self.drawing.since(&earlier.drawing),
        }
    }
}

/// Something that happened, for whoever drives the session.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionEvent {
    /// The server let us in.
    Welcomed,
    /// And it gave us our seat back: the same player, in the same life of the room. Comes right after `Welcomed`.
    Resumed,
    /// A state frame was taken in (or ignored, see [`Applied::ignored`]).
    Frame(Applied),
    /// The game told us more while we paused than the server keeps for us: it is lost. What comes with the frame comes after it.
    EventsLost,
    /// We hold everything that we may see; again after every full frame.
    Complete,
    /// The effect of our input for `tick` is here.
    InputSeen {
        /// The tick it was meant for.
        tick: Tick,
        /// How long that took.
        ms: f64,
    },
    /// A frame said where our own entity is, and that was compared with where it was shown.
    Compared {
        /// How far apart, in world units.
        error: f64,
    },
    /// A Ping came back.
    RoundTrip {
        /// How long that took.
        ms: f64,
    },
    /// A frame broke the replica; a Resync is on its way.
    Lost(ReplicaError),
    /// What that frame told all the same; nothing that it names can be found any more.
    Told(Vec<Event>),
    /// A request was answered.
    Reply {
        /// Its number.
        number: u16,
        /// How it went.
        outcome: Outcome,
    },
    /// Who may see what, as of the tick that we hold: we are an auditor.
    Audit(Box<Audit>),
    /// The connection will end in so many seconds, unless something is done about it.
    Notice {
        /// Why.
        reason: NoticeReason,
        /// In how many seconds.
        seconds: u16,
    },
    /// Go on elsewhere.
    Redirect(Box<Redirect>),
    /// We cannot go on: close the connection.
    Failed(SessionError),
}

/// Why a session cannot go on. The server's fault, or it is newer than we are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// A message could not be read.
    #[error("the server's message: {0}")]
    Decode(#[from] DecodeError),
    /// We cannot agree on what to play.
    #[error(transparent)]
    Disagreement(#[from] Disagreement),
    /// A message came when it makes no sense.
    #[error("the server sent {what} at the wrong time")]
    OutOfPlace {
        /// Which.
        what: &'static str,
    },
    /// New code tables are no use.
    #[error("the server's {0}")]
    Tables(#[from] TablesRefused),
}
