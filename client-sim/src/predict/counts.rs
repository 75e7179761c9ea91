//! What predicting came to, in numbers.

/// What predicting came to. All of it is counted once per frame that says where we are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PredictionCounts {
    /// Truths that were compared with what was predicted.
    pub compared: u64,
    /// Ticks that these spoke for.
    pub ticks_compared: u64,
    /// Times that it began anew, with nothing to compare: the first frame, a full one, a new entity.
    pub begun: u64,
    /// Of those compared, wrong because the server used something else than our input.
    pub input_substituted: u64,
    /// Wrong because others touched us.
    pub touched_by_other: u64,
    /// Wrong for no reason that we know: our step is not the server's.
    pub unexplained: u64,
    /// Times that where we are shown had to be corrected.
    pub corrections: u64,
    /// Replays, each from the truth to the newest input.
    pub replays: u64,
    /// Steps that these took.
    pub steps_replayed: u64,
    /// The most that one took.
    pub steps_replayed_max: u64,
}

impl PredictionCounts {
    /// What was wrong.
    #[must_use]
    pub const fn mispredictions(&self) -> u64 {
        self.input_substituted + self.touched_by_other + self.unexplained
    }

    /// What was counted since `earlier`; the most stays the most of all.
    #[must_use]
    pub const fn since(&self, earlier: &Self) -> Self {
        Self {
            compared: self.compared - earlier.compared,
            ticks_compared: self.ticks_compared - earlier.ticks_compared,
            begun: self.begun - earlier.begun,
            input_substituted: self.input_substituted - earlier.input_substituted,
            touched_by_other: self.touched_by_other - earlier.touched_by_other,
            unexplained: self.unexplained - earlier.unexplained,
            corrections: self.corrections - earlier.corrections,
            replays: self.replays - earlier.replays,
            steps_replayed: self.steps_replayed - earlier.steps_replayed,
            steps_replayed_max: self.steps_replayed_max,
        }
    }

    /// What was counted with what was counted before. Inverse of [`PredictionCounts::since`].
    #[must_use]
    pub fn after(&self, before: &Self) -> Self {
        Self {
            compared: self.compared + before.compared,
            ticks_compared: self.ticks_compared + before.ticks_compared,
            begun: self.begun + before.begun,
            input_substituted: self.input_substituted + before.input_substituted,
            touched_by_other: self.touched_by_other + before.touched_by_other,
            unexplained: self.unexplained + before.unexplained,
            corrections: self.corrections + before.corrections,
            replays: self.replays + before.replays,
            steps_replayed: self.steps_replayed + before.steps_replayed,
            steps_replayed_max: self.steps_replayed_max.max(before.steps_replayed_max),
        }
    }
}
