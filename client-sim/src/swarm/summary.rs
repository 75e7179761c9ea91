//! Records to the report, and the verdict: was it a good run?
//!
//! A run fails if a bot held a wrong world, was dropped, never came in, or was told nothing: keep-alives, frames without
//! proof, silence. Frames are counted where they were applied, so a server that says nothing has no rate. Hostile bots fail if a
//! kind of abuse was not refused with its code, or came to no end in time. Conditions of the caller's own (`--fail-if`) come on top.
//!
//! Never here: sockets, clocks.

use super::bot::{BotRecord, describe};
use super::options::{Mode, SwarmOptions};
use super::{Outcome, Samples, returns};
use crate::audit::Compared;
use crate::ghosts::GhostCounts;
use crate::hostile::Abuse;
use crate::predict::PredictionCounts;
use crate::report::{
    AbuseReport, AuditReport, GhostReport, GroupReport, Handshakes, MispredictionCauses, Mispredictions, Percentiles,
    PredictionError, Report, RoomReport, ServerRss,
};
use crate::session::Counters;
use std::collections::BTreeMap;

/// Milliseconds without a frame, beyond a stall that was asked for, that a server may not leave a bot alone: far beyond what a
/// busy machine does to a tick, far below what a run lasts.
const SILENCE_MS: f64 = 5_000.0;
/// The same in a window so short that it had none at all.
const HEARD_NONE_MS: f64 = 1_000.0;

/// The report of a run whose window was `seconds` long.
pub(super) fn report(
    options: &SwarmOptions,
    outcomes: Vec<Outcome>,
    samples: &Samples,
    seconds: f64,
    memory: ServerRss,
) -> Report {
    let error = samples.prediction_error.percentiles();
    let mut report = Report {
        behaviour: options.behaviour.clone(),
        seed: options.seed,
        bots_requested: options.bots,
        seconds,
        server_rss_bytes: memory,
        input_to_state_ms: samples.input_to_state.percentiles(),
        frame_interval_ms: samples.frame_interval.percentiles(),
        round_trip_ms: samples.round_trip.percentiles(),
        prediction_error: PredictionError { p50: error.p50, p99: error.p99 },
        clock_lead_ms: ratio(samples.lead_ms_sum, samples.lead_count as f64),
        ..Report::default()
    };
    let missing = options.bots - outcomes.len();
    if missing > 0 {
        report.failures.push(format!("{missing} bots did not come to an end"));
    }
    let mut records = Vec::new();
    for outcome in outcomes {
        match outcome {
            Outcome::Played(record) => records.push(*record),
            Outcome::Misbehaved(tally) => {
                report.bots_connected += usize::from(!tally.0.is_empty());
                for (abuse, other) in tally.0 {
                    add_abuse(report.abuse.entry(abuse.name().to_owned()).or_default(), other);
                }
            }
            Outcome::Knocked(opened) => {
                report.handshakes.done += opened.done;
                for (cause, count) in opened.failed {
                    report.handshakes.failed += count;
                    *report.refusals.entry(cause).or_default() += count;
                }
            }
        }
    }
    match options.mode {
        Mode::Play(_) => {
            summarise_play(&mut report, options, &records);
            report.honest = group(&records, false, samples.honest_interval.percentiles(), seconds);
            report.linked = group(&records, true, samples.linked_interval.percentiles(), seconds);
        }
        Mode::Hostile => judge_abuse(&mut report),
        Mode::Handshakes { .. } => summarise_handshakes(&mut report, samples),
    }
    report
}

fn ratio(sum: f64, count: f64) -> Option<f64> {
    (count > 0.0).then_some(sum / count)
}

fn summarise_play(report: &mut Report, options: &SwarmOptions, records: &[BotRecord]) {
    let inside: Vec<&BotRecord> = records.iter().filter(|record| record.was_in).collect();
    report.bots_connected = inside.len();
    report.game = inside.iter().find_map(|record| record.game.clone());
    let sum = |field: fn(&BotRecord) -> u64| inside.iter().map(|record| field(record)).sum::<u64>();
    let bot_seconds = inside.len() as f64 * report.seconds;
    let rate = |sum: u64| ratio(sum as f64, bot_seconds);
    report.frames_per_bot_per_second = rate(sum(|record| record.counters.frames_applied));
    report.state_bytes_per_bot_per_second = rate(sum(|record| record.counters.state_bytes));
    report.wire_bytes_per_bot_per_second = rate(sum(|record| record.wire_bytes));
    report.frames_per_second_slowest_bot = slowest(&inside, report.seconds);
    report.digests_checked = sum(|record| record.whole.digests_checked);
    report.digest_mismatches = sum(|record| record.whole.digest_mismatches);
    report.frames_broken = sum(|record| record.whole.frames_broken);
    report.resyncs = sum(|record| record.whole.resyncs);
    report.full_frames = sum(|record| record.counters.full_frames);
    report.frames_skipped = sum(|record| record.counters.ticks_skipped);
    let inputs = sum(|record| record.counters.inputs_sent);
    report.bytes_per_input = ratio(sum(|record| record.counters.input_bytes) as f64, inputs as f64);
    let late = sum(|record| record.counters.inputs_late);
    report.inputs_late = ratio(late as f64, (late + sum(|record| record.counters.inputs_used)) as f64);
    if inside.iter().any(|record| record.moved.is_some()) {
        report.moved = Some(inside.iter().filter(|record| record.moved == Some(true)).count());
    }
    [report.shots, report.kills, report.respawns] =
        [0, 1, 2].map(|at: usize| inside.iter().filter_map(|record| record.sums.get(at)).sum());
    summarise_screen(report, &inside);
    report.replicas_held = inside.iter().filter(|record| record.holds).count();
    report.rooms = rooms(&inside, report.seconds);
    for record in records {
        for ended in record.dropped.iter().chain(&record.returns.unasked) {
            *report.disconnects.entry(ended.code().to_string()).or_default() += 1;
            *report.disconnect_reasons.entry(describe(ended)).or_default() += 1;
        }
        if let Some(cause) = &record.returns.given_up {
            *report.refusals.entry(cause.clone()).or_default() += 1;
        }
        if let Some(cause) = record.refused.as_ref().or_else(|| record.failed.as_ref().filter(|_| !record.was_in)) {
            *report.refusals.entry(cause.clone()).or_default() += 1;
        }
    }
    report.resume = returns::summarise(records);
    returns::judge(report.resume.as_ref(), options.cuts_s.len(), &mut report.failures);
    if options.audit {
        let audit = audited(records);
        judge_audit(&audit, inside.len(), &mut report.failures);
        report.audit = Some(audit);
    }
    let stall_ms = options.link.and_then(|link| link.stall).map_or(0.0, |stall| stall.for_ms);
    judge_play(report, records, stall_ms);
}

/// What bots predicted of themselves and drew of others.
fn summarise_screen(report: &mut Report, inside: &[&BotRecord]) {
    let predicting: Vec<&PredictionCounts> =
        inside.iter().filter(|record| record.predicts).map(|record| &record.counters.prediction).collect();
    if !predicting.is_empty() {
        let sum =
            |field: fn(&PredictionCounts) -> u64| Some(predicting.iter().map(|counts| field(counts)).sum::<u64>());
        report.predictions_compared = sum(|counts| counts.compared);
        report.mispredictions = Mispredictions {
            total: sum(PredictionCounts::mispredictions),
            by_cause: MispredictionCauses {
                input_substituted: sum(|counts| counts.input_substituted),
                touched_by_other: sum(|counts| counts.touched_by_other),
                unexplained: sum(|counts| counts.unexplained),
            },
        };
        let corrections: u64 = predicting.iter().map(|counts| counts.corrections).sum();
        let ghosts = |field: fn(&GhostCounts) -> u64| {
            Some(inside.iter().filter(|record| record.predicts).map(|record| field(&record.counters.ghosts)).sum())
        };
        report.ghosts =
            GhostReport { launched: ghosts(|counts| counts.launched), refused: ghosts(|counts| counts.refused) };
        report.corrections = ratio(corrections as f64, predicting.len() as f64 * report.seconds / 60.0);
    }
    let drawn: u64 = inside.iter().map(|record| record.counters.drawing.drawn).sum();
    let underruns: u64 = inside.iter().map(|record| record.counters.drawing.underruns).sum();
    report.interpolation_underruns = ratio(underruns as f64, drawn as f64);
    let delays: Vec<f64> = inside.iter().filter_map(|record| record.drawing_delay_ms).collect();
    report.interpolation_delay_ms = ratio(delays.iter().sum(), delays.len() as f64);
}

/// Findings that a report tells in words.
const FINDINGS_MAX: usize = 20;

fn audited(records: &[BotRecord]) -> AuditReport {
    let mut tally = Compared::default();
    let audits = || records.iter().enumerate().filter_map(|(bot, record)| Some((bot, record.audit.as_ref()?)));
    audits().for_each(|(_, audit)| tally.add(&audit.tally));
    let findings =
        audits().flat_map(|(bot, audit)| audit.findings.iter().map(move |found| format!("bot {bot}, {found}")));
    AuditReport {
        bots: audits().count(),
        frames_checked: tally.frames_checked,
        frames_unchecked: tally.frames_unchecked,
        facets_checked: tally.facets_checked,
        events_checked: tally.events_checked,
        events_unchecked: tally.events_unchecked,
        leaks: tally.leaks,
        findings: findings.take(FINDINGS_MAX).collect(),
    }
}

/// An audit that compared less than it left out, or nobody, has shown nothing.
fn judge_audit(audit: &AuditReport, inside: usize, failures: &mut Vec<String>) {
    if audit.leaks > 0 {
        failures.push(format!("{} leaks: {}", audit.leaks, audit.findings.join("; ")));
    }
    if audit.bots < inside {
        failures.push(format!("{} bots were in a room without an auditor", inside - audit.bots));
    }
    if audit.facets_checked == 0 || audit.frames_checked < audit.frames_unchecked {
        let AuditReport { frames_checked, frames_unchecked, .. } = audit;
        failures.push(format!("the audit shows nothing: {frames_checked} frames compared, {frames_unchecked} not"));
    }
}

/// What the bots with a path of their own, or those without, were told.
fn group(records: &[BotRecord], linked: bool, interval: Percentiles, seconds: f64) -> Option<GroupReport> {
    let of: Vec<&BotRecord> = records.iter().filter(|record| record.was_in && record.linked == linked).collect();
    let sum = |field: fn(&BotRecord) -> u64| of.iter().map(|record| field(record)).sum::<u64>();
    (!of.is_empty()).then(|| GroupReport {
        bots: of.len(),
        frames_per_bot_per_second: ratio(
            sum(|record| record.counters.frames_applied) as f64,
            of.len() as f64 * seconds,
        ),
        frames_skipped: sum(|record| record.counters.ticks_skipped),
        full_frames: sum(|record| record.counters.full_frames),
        frame_interval_ms: interval,
    })
}

/// `stall_ms` is how long a bot hears nothing because it was asked to.
fn judge_play(report: &mut Report, records: &[BotRecord], stall_ms: f64) {
    let mut fail = |count: usize, what: &str| {
        if count > 0 {
            report.failures.push(format!("{count} bots {what}"));
        }
    };
    let wrong = |record: &&BotRecord| record.whole.digest_mismatches + record.whole.frames_broken > 0;
    fail(records.iter().filter(wrong).count(), "held a wrong world");
    // Also those that are back: the server, or the path, let them down.
    let dropped = |record: &&BotRecord| record.dropped.is_some() || !record.returns.unasked.is_empty();
    fail(records.iter().filter(dropped).count(), "were dropped");
    fail(records.iter().filter(|record| !record.was_in).count(), "never came in");
    fail(records.iter().filter(|record| record.was_in && record.failed.is_some()).count(), "could not go on");
    // No bot of ours pauses, so each frame must say what the world is, and prove it.
    fail(records.iter().filter(|record| record.whole.keep_alives > 0).count(), "got keep-alives and had not paused");
    let unproven = |record: &&BotRecord| {
        let Counters { digests_checked, frames_trimmed, frames, keep_alives, .. } = record.whole;
        !wrong(record) && digests_checked + frames_trimmed < frames - keep_alives
    };
    fail(records.iter().filter(unproven).count(), "got frames that proved nothing");
    let silent = |record: &&BotRecord| {
        let heard_none =
            record.counters.frames_applied == 0 && record.silence.listened_ms() >= HEARD_NONE_MS + stall_ms;
        record.dropped.is_none() && (heard_none || record.silence.longest_ms() >= SILENCE_MS + stall_ms)
    };
    fail(records.iter().filter(silent).count(), "were told nothing for too long while they were in");
    if report.bots_connected > 0 && report.digests_checked == 0 {
        report.failures.push("no digest was checked: nothing was proven".to_owned());
    }
}

fn slowest(records: &[&BotRecord], seconds: f64) -> Option<f64> {
    let fewest = records.iter().map(|record| record.counters.frames_applied).min()?;
    ratio(fewest as f64, seconds)
}

fn rooms(inside: &[&BotRecord], seconds: f64) -> Vec<RoomReport> {
    let mut by_name: BTreeMap<&str, Vec<&BotRecord>> = BTreeMap::new();
    for record in inside {
        by_name.entry(&record.room).or_default().push(record);
    }
    let report = |(name, records): (&str, Vec<&BotRecord>)| {
        let frames: u64 = records.iter().map(|record| record.counters.frames_applied).sum();
        RoomReport {
            name: name.to_owned(),
            bots: records.len(),
            frames_per_bot_per_second: ratio(frames as f64, records.len() as f64 * seconds),
            frames_per_second_slowest_bot: slowest(&records, seconds),
            digest_mismatches: records.iter().map(|record| record.whole.digest_mismatches).sum(),
        }
    };
    by_name.into_iter().map(report).collect()
}

fn summarise_handshakes(report: &mut Report, samples: &Samples) {
    let Handshakes { done, failed, .. } = report.handshakes;
    report.handshakes.per_second = ratio(done as f64, report.seconds);
    report.handshakes.ms = samples.handshake.percentiles();
    if done == 0 || failed > 0 {
        report.failures.push(format!("{failed} handshakes failed, {done} were done"));
    }
}

fn add_abuse(sum: &mut AbuseReport, one: AbuseReport) {
    sum.tried += one.tried;
    sum.as_expected += one.as_expected;
    sum.unfinished += one.unfinished;
    sum.over_by_s = match (sum.over_by_s, one.over_by_s) {
        (Some(sum), Some(one)) => Some(sum.min(one)),
        (sum, one) => sum.or(one),
    };
    for (what, count) in one.other {
        *sum.other.entry(what).or_default() += count;
    }
}

/// A kind fails if one attempt did not end as it must, or if none came to its end although there was time. What the run was too
/// short for is not shown: that is said by name.
fn judge_abuse(report: &mut Report) {
    for abuse in Abuse::ALL {
        let kind = report.abuse.entry(abuse.name().to_owned()).or_default();
        kind.expected = abuse.expected().iter().map(|code| code.number()).collect();
        let otherwise = kind.tried - kind.as_expected;
        if otherwise > 0 {
            report.failures.push(format!(
                "{otherwise} of {} times {} did not end as it must",
                kind.tried,
                abuse.name()
            ));
        }
        if kind.tried > 0 {
            continue;
        }
        match kind.over_by_s {
            Some(over_by_s) if over_by_s <= report.seconds => {
                let unfinished = kind.unfinished;
                report.failures.push(format!("{} was begun {unfinished} times and came to no end", abuse.name()));
            }
            Some(over_by_s) => {
                report.not_shown.push(format!("{} (needs --seconds {})", abuse.name(), over_by_s.ceil()))
            }
            None => report.not_shown.push(format!("{} (never begun: more bots, or more time)", abuse.name())),
        }
    }
    if report.abuse.values().all(|kind| kind.tried == 0) {
        report.failures.push("no abuse was tried to its end".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::super::Tally;
    use super::*;
    use crate::swarm::audit::AuditRecord;
    use crate::swarm::bot::Silence;
    use crate::swarm::options::Rooms;
    use crate::transport::Ended;

    fn options(mode: Mode, bots: usize) -> SwarmOptions {
        SwarmOptions {
            cuts_s: Vec::new(),
            tickets: None,
            url: String::new(),
            tls: None,
            bots,
            settle_seconds: 0.0,
            seconds: 10.0,
            ramp_per_second: 100.0,
            mode,
            behaviour: "test".to_owned(),
            rooms: Rooms::Any,
            link: None,
            link_share: 1.0,
            from: None,
            seed: 1,
            full_digest: false,
            audit: false,
            share: true,
            twins: None,
        }
    }

    fn play() -> Mode {
        Mode::Play(std::sync::Arc::new(|_: &shared::schema::Schema, _: u64| -> Box<dyn crate::behaviour::Behaviour> {
            Box::new(crate::behaviour::Idle)
        }))
    }

    fn record(frames: u64, room: &str) -> BotRecord {
        let counters = Counters {
            frames,
            frames_applied: frames,
            digests_checked: frames,
            inputs_used: frames,
            ..Counters::default()
        };
        BotRecord {
            room: room.to_owned(),
            was_in: true,
            holds: true,
            counters,
            whole: counters,
            moved: Some(frames > 200),
            sums: [3, 1, 0],
            ..BotRecord::default()
        }
    }

    fn run(mode: Mode, outcomes: Vec<Outcome>) -> Report {
        let options = options(mode, outcomes.len());
        report(&options, outcomes, &Samples::default(), 10.0, ServerRss::default())
    }

    fn played(record: BotRecord) -> Outcome {
        Outcome::Played(Box::new(record))
    }

    #[test]
    fn a_good_run_has_rates_of_the_window_and_no_failures() {
        let report = run(play(), vec![played(record(300, "a")), played(record(100, "b"))]);
        assert_eq!(report.failures, Vec::<String>::new());
        assert_eq!(report.frames_per_bot_per_second, Some(20.0));
        assert_eq!(report.frames_per_second_slowest_bot, Some(10.0));
        assert_eq!((report.moved, report.shots, report.kills), (Some(1), 6, 2));
        assert_eq!(report.rooms.len(), 2);
        assert_eq!(report.inputs_late, Some(0.0));
        assert_eq!(report.clock_lead_ms, None);
    }

    #[test]
    fn bots_with_a_path_of_their_own_are_told_from_those_without() {
        let mut stalled = BotRecord { linked: true, ..record(100, "a") };
        stalled.counters.ticks_skipped = 200;
        let mut samples = Samples::default();
        samples.linked_interval.record(66.0);
        samples.honest_interval.record(33.0);
        let outcomes = vec![played(record(300, "a")), played(record(299, "a")), played(stalled)];
        let report = report(&options(play(), 3), outcomes, &samples, 10.0, ServerRss::default());
        let (honest, linked) = (report.honest.clone().unwrap(), report.linked.clone().unwrap());
        assert_eq!((honest.bots, honest.frames_skipped, honest.frames_per_bot_per_second), (2, 0, Some(29.95)));
        assert_eq!((linked.bots, linked.frames_skipped), (1, 200));
        assert!(honest.frame_interval_ms.p99 < linked.frame_interval_ms.p99);
        assert!(report.to_table().contains("with --link"), "{}", report.to_table());
    }

    #[test]
    fn a_wrong_world_a_drop_or_a_bot_that_stayed_outside_fails_the_run() {
        let mut wrong = record(300, "");
        wrong.whole.digest_mismatches = 1;
        let closed = Ended::Closed { code: 4003, reason: "too many messages".to_owned() };
        let dropped = BotRecord { dropped: Some(closed), ..record(300, "") };
        let outside = BotRecord { refused: Some("HTTP 503".to_owned()), ..BotRecord::default() };
        let report = run(play(), vec![played(wrong), played(dropped), played(outside)]);
        assert_eq!(report.failures.len(), 3, "{:?}", report.failures);
        assert_eq!(report.disconnects.get("4003"), Some(&1));
        assert_eq!(report.disconnect_reasons.get("closed 4003: too many messages"), Some(&1));
        assert_eq!(report.refusals.get("HTTP 503"), Some(&1));
    }

    /// What a server leaves behind that welcomes, sends one empty full frame and then keep-alives only.
    fn kept_alive() -> BotRecord {
        let whole =
            Counters { frames: 301, frames_applied: 1, keep_alives: 300, digests_checked: 1, ..Counters::default() };
        let window = Counters { frames: 300, keep_alives: 300, ..Counters::default() };
        BotRecord { counters: window, whole, silence: heard(&[]), ..record(0, "a") }
    }

    /// Frames at these milliseconds of a window of ten seconds.
    fn heard(frames_ms: &[f64]) -> Silence {
        let mut silence = Silence::begin(500.0);
        frames_ms.iter().for_each(|ms| silence.heard(500.0 + ms));
        silence.end(10_500.0);
        silence
    }

    #[test]
    fn a_server_that_says_nothing_but_that_it_is_alive_fails_the_run_and_has_no_rate() {
        let report = run(play(), vec![played(kept_alive()), played(record(300, "b"))]);
        assert_eq!(
            report.failures,
            ["1 bots got keep-alives and had not paused", "1 bots were told nothing for too long while they were in"]
        );
        assert_eq!(report.frames_per_second_slowest_bot, Some(0.0));
        assert_eq!(report.rooms[0].frames_per_second_slowest_bot, Some(0.0));
        assert_eq!(report.frames_per_bot_per_second, Some(15.0));
    }

    #[test]
    fn frames_that_prove_nothing_fail_the_run() {
        let mut unproven = record(300, "");
        unproven.whole.frames += 1;
        unproven.whole.frames_ignored += 1;
        let report = run(play(), vec![played(unproven)]);
        assert_eq!(report.failures, ["1 bots got frames that proved nothing"]);
    }

    #[test]
    fn a_server_that_goes_silent_fails_the_run_and_a_stall_that_was_asked_for_does_not() {
        let silent = |link: Option<&str>, frames_ms: &[f64]| {
            let link = link.map(|link| link.parse().unwrap());
            let options = SwarmOptions { link, ..options(play(), 1) };
            let record = BotRecord { silence: heard(frames_ms), ..record(frames_ms.len() as u64, "") };
            report(&options, vec![played(record)], &Samples::default(), 10.0, ServerRss::default()).failures
        };
        let told_nothing = ["1 bots were told nothing for too long while they were in"];
        assert_eq!(silent(None, &[0.0, 33.0, 66.0]), told_nothing);
        assert_eq!(silent(None, &[5_100.0]), told_nothing);
        assert_eq!(silent(Some("stall=2s/4s"), &[5_100.0]), Vec::<String>::new());
        assert_eq!(silent(Some("stall=2s/4s"), &[1_000.0]), told_nothing);
        assert_eq!(silent(None, &[4_000.0, 8_000.0]), Vec::<String>::new());
    }

    #[test]
    fn a_leak_or_an_audit_that_shows_nothing_fails_the_run() {
        let judged = |audits: [Option<Compared>; 2]| {
            let options = SwarmOptions { audit: true, ..options(play(), 2) };
            let outcomes = audits.map(|tally| {
                let audit = tally.map(|tally| AuditRecord { tally, findings: vec!["slot 3".to_owned()] });
                played(BotRecord { audit, ..record(300, "") })
            });
            let report = report(&options, outcomes.into(), &Samples::default(), 10.0, ServerRss::default());
            (report.audit.map(|audit| (audit.bots, audit.leaks, audit.facets_checked)), report.failures)
        };
        let good = Compared { frames_checked: 300, facets_checked: 900, ..Compared::default() };
        let leaked = Compared { leaks: 2, ..good };
        let blind = Compared { frames_unchecked: 300, ..Compared::default() };
        assert_eq!(judged([Some(good), Some(good)]), (Some((2, 0, 1_800)), vec![]));
        let (_, failures) = judged([Some(good), Some(leaked)]);
        assert_eq!(failures, ["2 leaks: bot 0, slot 3; bot 1, slot 3"]);
        assert_eq!(judged([Some(good), None]).1, ["1 bots were in a room without an auditor"]);
        assert_eq!(judged([Some(blind), Some(blind)]).1, ["the audit shows nothing: 0 frames compared, 600 not"]);
    }

    #[test]
    fn a_bot_that_never_came_home_fails_the_run() {
        let options = options(play(), 2);
        let outcomes = vec![played(record(300, ""))];
        let report = report(&options, outcomes, &Samples::default(), 10.0, ServerRss::default());
        assert_eq!(report.failures, vec!["1 bots did not come to an end"]);
    }

    /// The report of attackers that fared so in a run of ten seconds.
    fn misbehaved(kinds: &[(Abuse, AbuseReport)]) -> Report {
        let mut tally = Tally::new();
        for (abuse, fared) in kinds {
            add_abuse(tally.entry(*abuse).or_default(), fared.clone());
        }
        run(Mode::Hostile, vec![Outcome::Misbehaved(tally)])
    }

    #[test]
    fn abuse_that_is_not_refused_with_its_code_fails_the_run() {
        let refused = AbuseReport { tried: 2, as_expected: 2, ..AbuseReport::default() };
        let report = misbehaved(&[(Abuse::Text, refused)]);
        assert_eq!(report.failures, Vec::<String>::new());
        assert_eq!(report.abuse["text"].expected, vec![1003]);

        let borne = AbuseReport { tried: 2, as_expected: 1, ..AbuseReport::default() };
        let report = misbehaved(&[(Abuse::Text, borne)]);
        assert_eq!(report.failures, vec!["1 of 2 times text did not end as it must"]);
    }

    #[test]
    fn abuse_that_had_time_and_came_to_no_end_fails_the_run() {
        let refused = AbuseReport { tried: 1, as_expected: 1, ..AbuseReport::default() };
        let hung = AbuseReport { unfinished: 3, over_by_s: Some(9.5), ..AbuseReport::default() };
        let late = AbuseReport { unfinished: 7, over_by_s: Some(19.5), ..AbuseReport::default() };
        let report = misbehaved(&[(Abuse::Text, refused.clone()), (Abuse::LongPast, late), (Abuse::LongPast, hung)]);
        assert_eq!(report.failures, vec!["long_past was begun 10 times and came to no end"]);
        let hung = AbuseReport { unfinished: 3, over_by_s: Some(9.5), ..refused };
        assert_eq!(misbehaved(&[(Abuse::Text, hung)]).failures, Vec::<String>::new(), "the others came to theirs");
    }

    #[test]
    fn what_a_run_was_too_short_for_is_said_by_name() {
        let refused = AbuseReport { tried: 2, as_expected: 2, ..AbuseReport::default() };
        let kinds = Abuse::ALL.map(|abuse| match abuse {
            Abuse::NeverReads => {
                (abuse, AbuseReport { unfinished: 4, over_by_s: Some(29.1), ..AbuseReport::default() })
            }
            Abuse::Replay => (abuse, AbuseReport::default()),
            _ => (abuse, refused.clone()),
        });
        let report = misbehaved(&kinds);
        assert_eq!(report.failures, Vec::<String>::new());
        assert_eq!(
            report.not_shown,
            ["replay (never begun: more bots, or more time)", "never_reads (needs --seconds 30)"]
        );
        assert!(report.to_table().contains("not shown"), "{}", report.to_table());
    }
}
