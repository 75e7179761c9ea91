//! What a run of bots measured: one JSON, one table, and whether it was good.
//!
//! The keys are a contract (scripts and CI read them): add freely, never change one. A number that was not measured is `null`,
//! never 0: that nobody looked is not that nothing was found.
//!
//! ```text
//!   per bot: counters at the window's begin and end ─┐
//!   all bots: Samples (times)                        ├─► Report ─► JSON · table · fail_if ─► exit code
//!   server: memory before, start, middle, end, after ─┘
//! ```
//!
//! Never here: sockets, files, the decision what to print where (see `main`).

// What cuts came to.
mod resume;

// The report for people.
mod table;

// How times are spread.
mod times;

use crate::plain_text::in_json;
pub use resume::ResumeReport;
use serde::Serialize;
use std::collections::BTreeMap;
pub use times::{Percentiles, Times};

/// The report of one run. All rates are of the measuring window, which begins when all bots are in.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// What the bots did.
    pub behaviour: String,
    /// The game that the server plays, as its schema calls it.
    pub game: Option<String>,
    /// The seed of all chance.
    pub seed: u64,
    /// Bots that were asked for.
    pub bots_requested: usize,
    /// Bots that got in: welcomed, and holding everything that they may see.
    pub bots_connected: usize,
    /// Length of the window.
    pub seconds: f64,
    /// State frames per bot and second, counted where they were applied and had proved the world.
    pub frames_per_bot_per_second: Option<f64>,
    /// The same of the bot that got the fewest.
    pub frames_per_second_slowest_bot: Option<f64>,
    /// Bytes of state frames per bot and second.
    pub state_bytes_per_bot_per_second: Option<f64>,
    /// Bytes that came out of the socket, TLS and all, per bot and second.
    pub wire_bytes_per_bot_per_second: Option<f64>,
    /// Bytes of one input message.
    pub bytes_per_input: Option<f64>,
    /// Digests compared.
    pub digests_checked: u64,
    /// Digests that differed: a bot held a wrong world.
    pub digest_mismatches: u64,
    /// Frames that did not decode or did not fit what was held.
    pub frames_broken: u64,
    /// Resyncs sent.
    pub resyncs: u64,
    /// Full frames received in the window: after joining, each is a resync or a gap too long to catch up.
    pub full_frames: u64,
    /// Ticks that came without a frame of their own.
    pub frames_skipped: u64,
    /// Bots whose own entity changed position; `null` if the game has no position.
    pub moved: Option<usize>,
    /// Sum over bots of what the game calls shots; 0 for games that count none. So the next two.
    pub shots: u64,
    /// See [`Report::shots`].
    pub kills: u64,
    /// See [`Report::shots`].
    pub respawns: u64,
    /// Frames that said where a bot's own entity is, compared with what it had predicted; `null` for a game that these clients have
    /// no twin of. So the next three.
    pub predictions_compared: Option<u64>,
    /// Of these, wrong.
    pub mispredictions: Mispredictions,
    /// How far from where it is a bot was first shown, in world units, over all of them.
    pub prediction_error: PredictionError,
    /// Corrections of what is shown, per bot and minute.
    pub corrections: Option<f64>,
    /// Shots that were shown before the server had them.
    pub ghosts: GhostReport,
    /// Fraction of inputs that came too late to be used.
    pub inputs_late: Option<f64>,
    /// Fraction of drawn frames for which the newer frame was missing; `null` if nothing was drawn.
    pub interpolation_underruns: Option<f64>,
    /// How far what is drawn of others is behind the newest frame, on average over bots at the window's end.
    pub interpolation_delay_ms: Option<f64>,
    /// How long before its step an input came to the server, on average.
    pub clock_lead_ms: Option<f64>,
    /// From sending an input to holding its effect.
    pub input_to_state_ms: Percentiles,
    /// Between two frames of one bot.
    pub frame_interval_ms: Percentiles,
    /// Of the bots whose path is as it is: what slow ones beside them may not touch.
    pub honest: Option<GroupReport>,
    /// Of those with a path of `--link`; `null` if there are none.
    pub linked: Option<GroupReport>,
    /// The round trip as Pings measure it.
    pub round_trip_ms: Percentiles,
    /// Connections that ended before we left, by close code (1006: without a close frame).
    pub disconnects: BTreeMap<String, u64>,
    /// The same by code and the reason that the server gave, for people.
    pub disconnect_reasons: BTreeMap<String, u64>,
    /// Bots that could not connect, by cause.
    pub refusals: BTreeMap<String, u64>,
    /// Replicas in memory at the end; what bots hold together is one.
    pub replicas_held: usize,
    /// Memory of the server where it is local.
    pub server_rss_bytes: ServerRss,
    /// Microseconds of processor time that the server used in the window, all threads, where it is local.
    pub server_cpu_us: Option<u64>,
    /// Each room by itself.
    pub rooms: Vec<RoomReport>,
    /// Of `--audit`: bots compared with an auditor in their room, who sees everything; `null` without it.
    pub audit: Option<AuditReport>,
    /// What connections that were lost came to; `null` if none was.
    pub resume: Option<ResumeReport>,
    /// Of `hostile`: how each kind of abuse fared.
    pub abuse: BTreeMap<String, AbuseReport>,
    /// Of `hostile`: kinds that the run was too short to show, and how long it must be.
    pub not_shown: Vec<String>,
    /// Of `handshakes`: connections opened and closed.
    pub handshakes: Handshakes,
    /// Why the run failed; empty if it did not.
    pub failures: Vec<String>,
}

/// See [`Report::mispredictions`].
#[derive(Clone, Debug, Default, Serialize)]
pub struct Mispredictions {
    /// All of them.
    pub total: Option<u64>,
    /// By what was to blame.
    pub by_cause: MispredictionCauses,
}

/// See [`Report::mispredictions`].
#[derive(Clone, Debug, Default, Serialize)]
pub struct MispredictionCauses {
    /// The server used something else than the input we sent.
    pub input_substituted: Option<u64>,
    /// Another player's act changed the own entity in that tick.
    pub touched_by_other: Option<u64>,
    /// Neither.
    pub unexplained: Option<u64>,
}

/// See [`Report::prediction_error`].
#[derive(Clone, Debug, Default, Serialize)]
pub struct PredictionError {
    /// Half of the errors are below.
    pub p50: Option<f64>,
    /// 99 of 100 are below.
    pub p99: Option<f64>,
}

/// See [`Report::ghosts`]; `null` for a game that these clients have no twin of.
#[derive(Clone, Debug, Default, Serialize)]
pub struct GhostReport {
    /// All of them.
    pub launched: Option<u64>,
    /// Of these, those of which nothing came: a player saw them taken back.
    pub refused: Option<u64>,
}

/// Resident memory of the server; `null` where it is not local or not ours to look at.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct ServerRss {
    /// Before the first bot connected.
    pub before: Option<u64>,
    /// When the window began.
    pub start: Option<u64>,
    /// In the middle of the window.
    pub middle: Option<u64>,
    /// When the window ended.
    pub end: Option<u64>,
    /// After all bots had left.
    pub after: Option<u64>,
}

/// Some of the bots.
#[derive(Clone, Debug, Default, Serialize)]
pub struct GroupReport {
    /// How many.
    pub bots: usize,
    /// State frames per bot and second.
    pub frames_per_bot_per_second: Option<f64>,
    /// Ticks that came without a frame of their own.
    pub frames_skipped: u64,
    /// Full frames received in the window.
    pub full_frames: u64,
    /// Between two frames of one bot.
    pub frame_interval_ms: Percentiles,
}

/// One room.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RoomReport {
    /// Its name; empty for wherever the server put us.
    pub name: String,
    /// Bots in it.
    pub bots: usize,
    /// State frames per bot and second.
    pub frames_per_bot_per_second: Option<f64>,
    /// The same of the bot that got the fewest.
    pub frames_per_second_slowest_bot: Option<f64>,
    /// Digests that differed.
    pub digest_mismatches: u64,
}

/// Who saw what it may not, by an auditor's word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Bots that were compared.
    pub bots: usize,
    /// Frames after which what a bot held was compared with what was true in that tick.
    pub frames_checked: u64,
    /// Frames that were not: the auditor had been passed over in that tick, or had not come so far when the run ended.
    pub frames_unchecked: u64,
    /// Facets that bots held after these frames, each looked up and judged by the rule.
    pub facets_checked: u64,
    /// Events that bots were told, each looked up and judged.
    pub events_checked: u64,
    /// Events of which it could not be said.
    pub events_unchecked: u64,
    /// Facets and events that a bot had no right to.
    pub leaks: u64,
    /// The first of them, in words.
    pub findings: Vec<String>,
}

/// One kind of abuse.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AbuseReport {
    /// Close codes that count as refused; empty if the server must bear it.
    pub expected: Vec<u16>,
    /// Attempts that came to an end.
    pub tried: u64,
    /// Of these, ended as expected.
    pub as_expected: u64,
    /// Attempts that the end of the run cut short.
    pub unfinished: u64,
    /// Seconds into the run by which the first of these would have ended, whatever the server does; `null` if there were none.
    pub over_by_s: Option<f64>,
    /// Of those tried, ended otherwise, by what happened.
    pub other: BTreeMap<String, u64>,
}

/// Connections that were opened and closed at once.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Handshakes {
    /// Connections opened.
    pub done: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Opened per second.
    pub per_second: Option<f64>,
    /// From connecting to the upgraded WebSocket.
    pub ms: Percentiles,
}

impl Report {
    /// The report as one JSON document.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, numbers and maps with string keys: nothing in a report can fail to be written.
        in_json(&serde_json::to_string_pretty(&rounded(self.to_value())).unwrap_or_default())
    }

    /// The report as a tree of values, for conditions on its keys.
    #[must_use]
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Numbers with three places after the point: more is noise.
pub(crate) fn rounded(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Number(number) if number.is_f64() => {
            let rounded = number.as_f64().map(|number| (number * 1_000.0).round() / 1_000.0);
            rounded.map_or(Value::Null, Value::from)
        }
        Value::Array(items) => items.into_iter().map(rounded).collect(),
        Value::Object(entries) => entries.into_iter().map(|(key, value)| (key, rounded(value))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests;
