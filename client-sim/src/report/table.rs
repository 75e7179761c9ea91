//! The report for people: two columns, no more than a screen.
//!
//! Never here: what the numbers are (see `report`), where it is printed (see `main`).

use super::{
    AbuseReport, AuditReport, GhostReport, GroupReport, Handshakes, Percentiles, PredictionError, Report, ResumeReport,
};
use crate::plain_text::Plain;
use std::fmt::Write as _;

impl Report {
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
        if let Some(resume) = &self.resume {
            write_resume(resume, table);
        }
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

/// What cuts came to.
fn write_resume(resume: &ResumeReport, table: &mut Table) {
    let ResumeReport { cut, back, refused, same_seat, same_entity, same_score, inputs_go_on, .. } = resume;
    let failed = resume.attempts_failed;
    table.row("cut", format!("{cut}, back {back} ({refused} as somebody else, {failed} attempts failed)"));
    let same = format!("seat {same_seat}, entity {same_entity}, score {same_score}, inputs {inputs_go_on}");
    table.row("as before", format!("{same}; {} wrong digests", resume.digest_mismatches));
    table.row("back within ms", resume.within_ms.to_string());
    let wire = [resume.wire_bytes_per_resume, resume.wire_bytes_per_join].map(shown);
    let messages = [resume.message_bytes_per_resume, resume.message_bytes_per_join].map(shown);
    let [(wire, wire_join), (messages, messages_join)] = [wire, messages].map(|[back, join]| (back, join));
    let tls = resume.tls_resumed;
    table
        .row("bytes per return", format!("wire {wire} (join {wire_join}), messages {messages} (join {messages_join})"));
    table.row("TLS resumed", format!("{tls} of {back}"));
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
