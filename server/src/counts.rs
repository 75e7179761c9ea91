//! What happened in a room: plain numbers that only grow, read by whoever owns the room and put into metrics at its pace.
//!
//! The room is pure, so it knows no metrics; a field here is a metric there (see `metrics.rs`). Every stage of the tick
//! counts its own here, so this stands below all of them and knows none.

/// Counts of one room since it was made (the last block: as of now).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// State frames handed over.
    pub frames: u64,
    /// Of these, full ones.
    pub full_frames: u64,
    /// Their bytes.
    pub state_bytes: u64,
    /// Ticks that step frames covered beyond their own.
    pub caught_up_ticks: u64,
    /// Clients skipped because their socket was busy.
    pub skipped_busy: u64,
    /// Clients skipped because their window was full.
    pub skipped_window: u64,
    /// Clients skipped because they asked for a pause.
    pub skipped_paused: u64,
    /// State frames that were made smaller than allowed, because the path drains less.
    pub frames_narrowed: u64,
    /// Pieces packed.
    pub pieces: u64,
    /// Facets that a client held exactly and does not any more, for want of bytes.
    pub demotions: u64,
    /// Records made.
    pub records_made: u64,
    /// Times that code tables were replaced.
    pub tables_replaced: u64,
    /// Values that did not fit their declared range.
    pub clamps: u64,
    /// Changes that extract had missed and the scrub found.
    pub missed_extracts: u64,
    /// Facets renewed because a constant field changed.
    pub renewals: u64,
    /// Messages that could not be decoded.
    pub malformed: u64,
    /// Messages that were decoded and made no sense.
    pub out_of_place: u64,
    /// Inputs taken for the tick they were named for.
    pub inputs_in_time: u64,
    /// Inputs that came after their tick.
    pub inputs_late: u64,
    /// Inputs of ticks that had one already.
    pub inputs_duplicate: u64,
    /// Ticks and players without an input of their own.
    pub inputs_missing: u64,
    /// Inputs drawn longer ago than the game looks back: judged by what is now.
    pub views_too_old: u64,
    /// Inputs drawn from frames that their client was not sent or has not confirmed: the same.
    pub views_not_sent: u64,
    /// Events of the game beyond what it may tell in one tick.
    pub events_dropped: u64,
    /// Requests taken.
    pub requests: u64,
    /// Pings that came too fast and were not answered.
    pub pings_unanswered: u64,
    /// Players that were told that their inputs have been the same for long.
    pub unchanged_told: u64,
    /// Players that were closed for it.
    pub unchanged_closed: u64,
    /// New tickets that came over live sockets.
    pub tickets_renewed: u64,
    /// Clients that found a wrong digest and asked for everything anew.
    pub resyncs: u64,
    /// State frames handed over to spectators; they are in no other count.
    pub spectator_frames: u64,
    /// Their bytes.
    pub spectator_state_bytes: u64,
    /// Spectators skipped because their socket was busy or their window full.
    pub spectator_frames_skipped: u64,
    /// Times that there was more to keep for spectators than may be.
    pub spectator_feeds_dropped: u64,
    /// Players that came.
    pub joins: u64,
    /// Players that left.
    pub leaves: u64,
    /// Players whose connection was cut and whose seat was kept.
    pub absences: u64,
    /// Players that came back to their seat.
    pub resumes: u64,
    /// Secrets that gave no seat back: too late, old, wrong or another player's.
    pub resumes_refused: u64,
    /// Seats that were given up because their players did not come back in time, or may not.
    pub seats_given_up: u64,

    /// Facets alive now.
    pub facets: u64,
    /// Entities with a facet that waits for a slot now.
    pub unplaced: u64,
    /// Players whose connection was cut and whose seat is kept now.
    pub away: u64,
    /// Players in the room now, those that are away included.
    pub players: u64,
    /// Auditors in the room now; they are no players.
    pub auditors: u64,
    /// Spectators in the room now; they are no players.
    pub spectators: u64,
    /// Bytes kept for them now.
    pub spectator_ring_bytes: u64,
}

impl Counts {
    /// Adds what a lane counted while it made frames, and begins that anew.
    pub fn take_from(&mut self, lane: &mut Self) {
        let lane = std::mem::take(lane);
        self.frames += lane.frames;
        self.full_frames += lane.full_frames;
        self.state_bytes += lane.state_bytes;
        self.caught_up_ticks += lane.caught_up_ticks;
        self.skipped_busy += lane.skipped_busy;
        self.skipped_window += lane.skipped_window;
        self.skipped_paused += lane.skipped_paused;
        self.frames_narrowed += lane.frames_narrowed;
        self.demotions += lane.demotions;
        self.records_made += lane.records_made;
    }
}
