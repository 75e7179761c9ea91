//! What a report says, and what it never does.

use super::*;

#[test]
fn percentiles_are_within_a_thousandth_of_the_truth() {
    let mut times = Times::new();
    (1..=1_000).for_each(|ms| times.record(f64::from(ms)));
    let got = times.percentiles();
    for (got, truth) in [(got.p50, 500.0), (got.p90, 900.0), (got.p99, 990.0), (got.p999, 999.0), (got.max, 1_000.0)] {
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
