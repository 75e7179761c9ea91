//! The codec tool: what it says about recorded worlds must be true of worlds that it was not made for, too.
//!
//! The figures of the recorded worlds as a whole are taken by the release binary (`tests/end_to_end`); here are their first
//! seconds, and worlds made up by chance.

use client_sim::codec::frames::restore;
use client_sim::codec::interest::Interest;
use client_sim::codec::options::{Asked, TickRange};
use client_sim::codec::progress::Progress;
use client_sim::codec::report::CodecReport;
use client_sim::codec::trace::Trace;
use client_sim::codec::{CodecError, measure};
use proptest::prelude::*;
use std::path::PathBuf;
use std::sync::LazyLock;
use tests::seeds;
use tests::worlds::{MadeUp, spinning};

fn asked(train: (usize, usize), measure: (usize, usize)) -> Asked {
    let range = |(start, end)| Some(TickRange { start, end });
    Asked { train: range(train), measure: range(measure), interest: None }
}

/// The report, and the frames as a file.
fn measured(trace: &Trace, asked: Asked) -> (CodecReport, Vec<u8>) {
    let mut frames = Vec::new();
    let report = measure(trace.clone(), asked, Some(&mut frames), &Progress::silent()).expect("it can be measured");
    (report, frames)
}

/// The first parts of frames in a file: the JSON, the tables.
fn parts(frames: &[u8]) -> (serde_json::Value, Vec<u8>) {
    let length = |at: usize| u32::from_le_bytes(frames[at..at + 4].try_into().unwrap()) as usize;
    let (json, tables) = (12, 12 + length(8) + 4);
    let value = serde_json::from_slice(&frames[json..tables - 4]).unwrap();
    (value, frames[tables..tables + length(tables - 4)].to_vec())
}

fn restored(frames: &[u8]) -> Trace {
    let mut bytes = Vec::new();
    restore(frames, &mut bytes).expect("frames that were just written");
    Trace::read(bytes.as_slice()).expect("a trace comes of them")
}

fn recorded(name: &str) -> Trace {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("traces").join(name);
    Trace::open(&path).expect("the trace is in the repository")
}

#[test]
fn a_world_of_every_kind_of_field_survives() {
    seeds::each("codec_tool", "a_world_of_every_kind_of_field_survives", 4, |seed| {
        let trace = MadeUp::new(seed).ticks(50).skip(7).ticks(50).trace();
        let half = Asked { interest: Some(Interest { size: 1_500.0, viewers: 3 }), ..Asked::default() };
        let (report, frames) = measured(&trace, half);
        assert_eq!(report.mismatches, 0);
        assert!(report.bytes_per_tick > 0.0 && report.changed_per_tick > 30.0);
        let interest = report.interest.expect("viewers were asked for");
        assert!(interest.visible_per_viewer > 1.0 && interest.bytes_per_viewer_per_tick < report.bytes_per_tick);
        assert_eq!(restored(&frames), trace.cut(50..100));
    });
}

#[test]
fn a_rotation_as_one_value_takes_less_than_part_by_part() {
    let packed = |as_one| {
        let (report, frames) = measured(&spinning(3, 600, as_one), Asked::default());
        assert_eq!(report.mismatches, 0);
        assert_eq!(restored(&frames), spinning(3, 600, as_one).cut(300..600));
        report.bytes_per_tick
    };
    let (one, parts) = (packed(true), packed(false));
    println!("{one:.1} bytes per tick with rotations as one value, {parts:.1} part by part");
    assert!(2.0 * one < parts, "{one} bytes per tick as one, {parts} part by part");
}

#[test]
fn ticks_whose_numbers_skip_keep_them() {
    let trace = MadeUp::new(5).ticks(30).skip(7).ticks(3).skip(100_000).ticks(5).trace();
    let (_, frames) = measured(&trace, asked((0, 25), (25, 38)));
    assert_eq!(restored(&frames), trace.cut(25..38));
}

#[test]
fn training_never_sees_what_is_measured() {
    let same = MadeUp::new(11).ticks(60);
    let one = same.ticks(40).trace();
    let other = MadeUp::new(11).ticks(60).reseeded(12).ticks(40).trace();
    assert_eq!(one.cut(0..60), other.cut(0..60));
    assert_ne!(one.cut(60..100), other.cut(60..100));
    let of = |trace: &Trace| {
        let (json, tables) = parts(&measured(trace, asked((0, 60), (60, 100))).1);
        (json["predictors"].clone(), tables)
    };
    assert_eq!(of(&one), of(&other));
}

#[test]
fn training_never_sees_what_is_measured_before_it() {
    // The same later half after another first half: what is later is what is trained on.
    let later = MadeUp::new(21).ticks(60).trace();
    let after = |seed: u64| {
        let mut trace = MadeUp::new(seed).ticks(40).trace();
        trace.header.ticks = 100;
        trace.append(&later, 1_000);
        trace
    };
    let of = |trace: &Trace| {
        let (json, tables) = parts(&measured(trace, asked((40, 100), (0, 40))).1);
        (json["predictors"].clone(), tables)
    };
    let (one, other) = (after(22), after(23));
    assert_eq!(one.cut(40..100), other.cut(40..100));
    assert_ne!(one.cut(0..40), other.cut(0..40));
    assert_eq!(of(&one), of(&other));
}

#[test]
fn the_same_trace_gives_the_same_frames() {
    let trace = MadeUp::new(31).ticks(80).trace();
    assert_eq!(measured(&trace, Asked::default()).1, measured(&trace, Asked::default()).1);
}

#[test]
fn ranges_and_viewers_that_are_not_there_are_refused() {
    let trace = MadeUp::new(41).ticks(20).trace();
    let why = |asked: Asked| {
        let refused = measure(trace.clone(), asked, None::<Vec<u8>>, &Progress::silent());
        refused.expect_err("it must be refused").to_string()
    };
    assert!(why(asked((0, 10), (10, 21))).contains("--measure"));
    assert!(why(asked((0, 30), (10, 20))).contains("--train"));
    let crowd = Some(Interest { size: 10.0, viewers: 60_000 });
    assert!(why(Asked { interest: crowd, ..Asked::default() }).contains("--viewers 60000"));
    let mut nothing = MadeUp::new(1).trace();
    let refuse = |trace: &Trace| measure(trace.clone(), Asked::default(), None::<Vec<u8>>, &Progress::silent());
    assert!(matches!(refuse(&nothing), Err(CodecError::Range(_))));
    nothing.header.archetypes[0].name.clear();
    assert!(matches!(refuse(&nothing), Err(CodecError::Declare(_)) | Err(CodecError::Range(_))));
}

fn bytes_of(trace: &Trace) -> Vec<u8> {
    let mut bytes = Vec::new();
    trace.write(&mut bytes).unwrap();
    bytes
}

static TRACE: LazyLock<Vec<u8>> = LazyLock::new(|| bytes_of(&MadeUp::new(61).ticks(2).trace()));

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_bytes_are_taken_for_a_trace_or_refused(
        noise in prop::collection::vec(any::<u8>(), 0..200),
        at: prop::sample::Index,
        packed: bool,
    ) {
        let mut bytes = if packed { b"\xFD7zXZ\0\0\x04\xe6\xd6\xb4\x46".to_vec() } else { TRACE.clone() };
        let at = at.index(bytes.len() + 1);
        bytes.splice(at.., noise);
        if let Ok(trace) = Trace::read(bytes.as_slice()) {
            prop_assert_eq!(Trace::read(bytes_of(&trace).as_slice()).unwrap(), trace);
        }
    }
}

static FRAMES: LazyLock<Vec<u8>> = LazyLock::new(|| measured(&MadeUp::new(51).ticks(30).trace(), Asked::default()).1);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn frames_that_somebody_changed_are_refused_or_restored_but_never_break_anything(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        length in any::<prop::sample::Index>(),
        cut: bool,
    ) {
        let mut frames = FRAMES.clone();
        for (at, byte) in changes {
            let at = at.index(frames.len());
            frames[at] = byte;
        }
        if cut {
            frames.truncate(length.index(frames.len()));
        }
        let mut bytes = Vec::new();
        if restore(frames.as_slice(), &mut bytes).is_ok() {
            prop_assert!(!cut);
        }
    }
}

#[test]
fn the_arena_survives_from_its_first_second_on() {
    let trace = recorded("arena2d_700.twt.xz");
    let near = Some(Interest { size: 400.0, viewers: 20 });
    let (report, frames) = measured(&trace, Asked { interest: near, ..asked((0, 60), (60, 120)) });
    assert_eq!(report.mismatches, 0);
    assert!(report.bytes_per_tick < 480.0, "{}", report.bytes_per_tick);
    let bytes = report.interest.expect("viewers were asked for").bytes_per_viewer_per_tick;
    assert!(bytes < 100.0, "{bytes}");
    assert_eq!(restored(&frames), trace.cut(60..120));
}

#[test]
fn a_recorded_game_survives_from_its_first_seconds_on() {
    let trace = recorded("ddnet.twt.xz");
    let (report, frames) = measured(&trace, asked((0, 60), (60, 120)));
    assert_eq!(report.mismatches, 0);
    let own = report.own_bytes_per_tick.expect("the trace tells");
    assert!(report.bytes_per_tick * 2.0 < own, "{} and {own}", report.bytes_per_tick);
    assert_eq!(restored(&frames), trace.cut(60..120));
}
