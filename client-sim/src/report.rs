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

use crate::plain_text::{Plain, in_json};
use hdrhistogram::Histogram;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

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

/// How times are spread, in milliseconds; `null` where there were none.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Percentiles {
    /// Half are below.
    pub p50: Option<f64>,
    /// 9 of 10 are below.
    pub p90: Option<f64>,
    /// 99 of 100 are below.
    pub p99: Option<f64>,
    /// 999 of 1000 are below.
    pub p999: Option<f64>,
    /// The longest.
    pub max: Option<f64>,
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

    /// The report as a table for people.
    #[must_use]
    pub fn to_table(&self) -> String {
        let mut table = Table(String::new());
        let game = self.game.as_deref().unwrap_or("unknown game");
        table.row("behaviour", format!("{} ({game}, seed {})", self.behaviour, self.seed));
        table.row(
            "bots",
            format!("{} of {} in, {} s", self.bots_connected, self.bots_requested, shown(Some(self.seconds))),
        );
        if self.frames_per_bot_per_second.is_some() {
            self.write_play(&mut table);
        }
        if self.handshakes.done + self.handshakes.failed > 0 {
            let Handshakes { done, failed, per_second, ms } = &self.handshakes;
            table.row("handshakes", format!("{done} done, {failed} failed, {} per second", shown(*per_second)));
            table.row("handshake ms", ms.to_string());
        }
        let rss = &self.server_rss_bytes;
        if rss.start.or(rss.before).is_some() {
            let parts = [
                ("before", rss.before),
                ("start", rss.start),
                ("middle", rss.middle),
                ("end", rss.end),
                ("after", rss.after),
            ];
            let parts = parts.map(|(name, bytes)| {
                let mib = bytes.map(|bytes| bytes as f64 / f64::from(1 << 20));
                format!("{name} {}", shown(mib))
            });
            table.row("server MiB", parts.join(", "));
        }
        for (kind, abuse) in &self.abuse {
            table.row(&format!("abuse: {kind}"), abuse.to_string());
        }
        if !self.not_shown.is_empty() {
            table.row("not shown", self.not_shown.join(", "));
        }
        for (what, counts) in [("disconnects", &self.disconnect_reasons), ("refusals", &self.refusals)] {
            let counts: Vec<String> = counts.iter().map(|(cause, count)| format!("{count} × {cause}")).collect();
            if !counts.is_empty() {
                table.row(what, counts.join(", "));
            }
        }
        for failure in &self.failures {
            table.row("FAILED", failure.clone());
        }
        table.0
    }

    fn write_play(&self, table: &mut Table) {
        let slowest = shown(self.frames_per_second_slowest_bot);
        let frames = shown(self.frames_per_bot_per_second);
        table.row("frames per bot and second", format!("{frames} (slowest bot {slowest})"));
        let (state, wire) = (self.state_bytes_per_bot_per_second, self.wire_bytes_per_bot_per_second);
        table.row("bytes per bot and second", format!("state {}, wire {}", shown(state), shown(wire)));
        let Self { digests_checked: checked, digest_mismatches: wrong, frames_broken: broken, resyncs, .. } = self;
        table.row("digests", format!("{checked} checked, {wrong} wrong, {broken} frames broken, {resyncs} resyncs"));
        if let Some(audit) = &self.audit {
            let AuditReport { bots, frames_checked, facets_checked, events_checked, leaks, .. } = audit;
            let checked = format!("{facets_checked} facets in {frames_checked} frames, {events_checked} events");
            table.row("audit", format!("{leaks} leaks; {bots} bots, {checked}"));
        }
        table.row("frames skipped", format!("{} ({} full frames)", self.frames_skipped, self.full_frames));
        let moved = self.moved.map_or_else(|| "-".to_owned(), |moved| moved.to_string());
        let Self { shots, kills, respawns, .. } = self;
        table.row("played", format!("{moved} moved, {shots} shots, {kills} kills, {respawns} respawns"));
        let late = self.inputs_late.map(|late| late * 100.0);
        table.row("inputs", format!("{} % late, {} ms early on average", finely(late), shown(self.clock_lead_ms)));
        self.write_screen(table);
        table.row("input to state ms", self.input_to_state_ms.to_string());
        table.row("frame interval ms", self.frame_interval_ms.to_string());
        for (name, group) in [("without --link", &self.honest), ("with --link", &self.linked)] {
            if let Some(group) = group.as_ref().filter(|_| self.linked.is_some()) {
                let GroupReport { bots, frames_skipped, full_frames, frame_interval_ms, .. } = group;
                let frames = format!("{frames_skipped} frames skipped, {full_frames} full frames");
                table.row(name, format!("{bots} bots, {frames}, interval ms {frame_interval_ms}"));
            }
        }
        table.row("round trip ms", self.round_trip_ms.to_string());
        if self.rooms.len() > 1 {
            let slowest = self.rooms.iter().filter_map(|room| Some((room.frames_per_bot_per_second?, &room.name)));
            if let Some((frames, name)) = slowest.min_by(|one, other| one.0.total_cmp(&other.0)) {
                table.row("rooms", format!("{}, slowest {name}: {}", self.rooms.len(), shown(Some(frames))));
            }
        }
    }
}

impl Report {
    /// What bots predicted and drew.
    fn write_screen(&self, table: &mut Table) {
        if let (Some(compared), Some(total)) = (self.predictions_compared, self.mispredictions.total) {
            let causes = &self.mispredictions.by_cause;
            let [substituted, touched, unexplained] =
                [causes.input_substituted, causes.touched_by_other, causes.unexplained].map(Option::unwrap_or_default);
            let by_cause =
                format!("{substituted} input substituted, {touched} touched by other, {unexplained} unexplained");
            table.row("mispredictions", format!("{total} of {compared}: {by_cause}"));
            let PredictionError { p50, p99 } = self.prediction_error;
            let corrections = shown(self.corrections);
            let error = format!("p50 {}, p99 {} units", shown(p50), shown(p99));
            table.row("prediction error", format!("{error}, {corrections} corrections per bot and minute"));
        }
        if let GhostReport { launched: Some(launched), refused: Some(refused) } = self.ghosts {
            table.row("ghosts", format!("{launched} shots shown ahead, {refused} taken back"));
        }
        if let Some(underruns) = self.interpolation_underruns {
            let delay = shown(self.interpolation_delay_ms);
            table.row("drawing", format!("{:.2} % underruns, others {delay} ms behind", underruns * 100.0));
        }
    }
}

/// Two columns.
struct Table(String);

impl Table {
    fn row(&mut self, name: &str, value: String) {
        // Reasons, rooms and games are the server's words. Writing into a String cannot fail.
        let _ = writeln!(self.0, "  {:<28} {}", Plain::of(name).as_str(), Plain::of(&value));
    }
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"))
}

fn finely(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"))
}

impl std::fmt::Display for Percentiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { p50, p90, p99, p999, max } = self;
        let all = [("p50", p50), ("p90", p90), ("p99", p99), ("p99.9", p999), ("max", max)];
        write!(f, "{}", all.map(|(name, value)| format!("{name} {}", shown(*value))).join(", "))
    }
}

impl std::fmt::Display for AbuseReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let codes: Vec<String> = self.expected.iter().map(ToString::to_string).collect();
        let expected = if codes.is_empty() { "borne".to_owned() } else { format!("closed {}", codes.join(" or ")) };
        write!(f, "{} of {} {expected}", self.as_expected, self.tried)?;
        if self.unfinished > 0 {
            write!(f, ", {} unfinished", self.unfinished)?;
        }
        for (what, count) in &self.other {
            write!(f, ", {count} × {what}")?;
        }
        Ok(())
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

/// Times, collected as they happen: exact to a thousandth, up to ten minutes.
#[derive(Clone, Debug)]
pub struct Times {
    microseconds: Histogram<u64>,
}

impl Default for Times {
    fn default() -> Self {
        Self::new()
    }
}

impl Times {
    /// No times yet.
    ///
    /// # Panics
    /// Never: the bounds are constants that the histogram accepts.
    #[must_use]
    pub fn new() -> Self {
        Self {
            microseconds: Histogram::new_with_bounds(1, 600_000_000, 3).expect("1 µs to 10 min with three digits fit"),
        }
    }

    /// Takes in one time; what is longer than ten minutes counts as that.
    pub fn record(&mut self, ms: f64) {
        self.microseconds.saturating_record((ms * 1_000.0).max(0.0) as u64);
    }

    /// How they are spread.
    #[must_use]
    pub fn percentiles(&self) -> Percentiles {
        if self.microseconds.is_empty() {
            return Percentiles::default();
        }
        let at = |quantile| Some(self.microseconds.value_at_quantile(quantile) as f64 / 1_000.0);
        Percentiles { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_within_a_thousandth_of_the_truth() {
        let mut times = Times::new();
        (1..=1_000).for_each(|ms| times.record(f64::from(ms)));
        let got = times.percentiles();
        for (got, truth) in
            [(got.p50, 500.0), (got.p90, 900.0), (got.p99, 990.0), (got.p999, 999.0), (got.max, 1_000.0)]
        {
            let got = got.unwrap();
            assert!((got - truth).abs() <= truth / 500.0, "{got} instead of {truth}");
        }
    }

    #[test]
    fn what_was_not_measured_is_null_and_every_promised_key_is_there() {
        let report = Report::default().to_value();
        assert!(report["mispredictions"]["by_cause"]["input_substituted"].is_null());
        assert!(report["input_to_state_ms"]["p999"].is_null());
        let promised = [
            "bots_requested",
            "bots_connected",
            "seconds",
            "frames_per_bot_per_second",
            "state_bytes_per_bot_per_second",
            "wire_bytes_per_bot_per_second",
            "digests_checked",
            "digest_mismatches",
            "resyncs",
            "frames_skipped",
            "moved",
            "shots",
            "kills",
            "respawns",
            "mispredictions",
            "prediction_error",
            "corrections",
            "inputs_late",
            "interpolation_underruns",
            "clock_lead_ms",
            "input_to_state_ms",
            "frame_interval_ms",
            "disconnects",
            "replicas_held",
            "server_rss_bytes",
        ];
        for key in promised {
            assert!(report.get(key).is_some(), "{key}");
        }
    }

    #[test]
    fn nothing_that_a_server_wrote_reaches_a_terminal_as_more_than_letters() {
        let counts = || BTreeMap::from([("closed 4003: \x1b]0;mine\x07\u{9b}2J\r\n  FAILED".to_owned(), 1)]);
        let abuse = AbuseReport { tried: 1, other: counts(), ..AbuseReport::default() };
        let report = Report {
            game: Some("are\x1b[31mna\nbots".to_owned()),
            disconnect_reasons: counts(),
            refusals: counts(),
            abuse: BTreeMap::from([("flood".to_owned(), abuse)]),
            failures: vec!["slot 3: \x08\u{202e}".to_owned()],
            rooms: vec![RoomReport { name: "\x1b[A".to_owned(), ..RoomReport::default() }],
            ..Report::default()
        };
        for text in [report.to_table(), report.to_json()] {
            let wrong = text.chars().find(|letter| *letter != '\n' && letter.is_control() || *letter == '\u{202e}');
            assert_eq!(wrong, None, "{text:?}");
        }
        assert_eq!(report.to_table().lines().filter(|line| line.starts_with("  FAILED")).count(), 1);
    }

    #[test]
    fn shots_that_were_shown_and_taken_back_are_reported() {
        let ghosts = GhostReport { launched: Some(40), refused: Some(3) };
        let report = Report { ghosts, frames_per_bot_per_second: Some(30.0), ..Report::default() };
        assert!(report.to_table().contains("40 shots shown ahead, 3 taken back"), "{}", report.to_table());
        assert_eq!(report.to_value()["ghosts"], serde_json::json!({ "launched": 40, "refused": 3 }));
        assert_eq!(Report::default().to_value()["ghosts"]["refused"], serde_json::Value::Null);
    }

    #[test]
    fn json_keeps_three_places() {
        let report = Report { seconds: 1.0 / 3.0, ..Report::default() };
        let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!(json["seconds"], 0.333);
    }

    #[test]
    fn the_table_names_what_failed() {
        let failures = vec!["2 bots held a wrong world".to_owned()];
        let table = Report { failures, frames_per_bot_per_second: Some(29.97), ..Report::default() }.to_table();
        assert!(table.contains("FAILED"), "{table}");
        assert!(table.contains("30.0 (slowest bot -)"), "{table}");
    }
}
