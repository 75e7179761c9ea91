//! What do slow readers cost the others? Bots beside bots of whom some stop reading, and the same without, in turns.
//!
//! ```text
//!   cargo build --release && cargo run --release -p tests --example slow_readers -- [PAIRS [BOTS [SECONDS]]]
//! ```
//!
//! Each run has a server of its own, the program beside this one, and a swarm in a process of its own. The medians of all pairs
//! stand at the end: frames that honest bots missed, their frame interval (99th percentile), and the server's memory.

use std::process::ExitCode;
use tests::programs::{Server, median, numbers};

/// One in five reads nothing for eight seconds out of fifteen.
const SLOW: [&str; 4] = ["--link", "stall=8s/15s", "--link-share", "20%"];

/// What one run measured.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    skipped: f64,
    interval_p99_ms: f64,
    rss_kb: f64,
    slow: f64,
    slow_full_frames: f64,
    mismatches: f64,
}

fn main() -> ExitCode {
    match compare() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("slow_readers: {why}");
            ExitCode::FAILURE
        }
    }
}

fn compare() -> Result<bool, String> {
    let [pairs, bots, seconds] = numbers([5, 200, 30], "[PAIRS [BOTS [SECONDS]]]")?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for pair in 1..=pairs {
        without.push(run(bots, seconds, &[])?);
        with.push(run(bots, seconds, &SLOW)?);
        println!("pair {pair}: without {}", shown(without[pair - 1]));
        println!("        with    {}", shown(with[pair - 1]));
    }
    let median_of = |runs: &[Run], value: fn(&Run) -> f64| median(runs.iter().map(value).collect());
    let (quiet, slow) = (median_of(&without, |run| run.interval_p99_ms), median_of(&with, |run| run.interval_p99_ms));
    let (before, after) = (median_of(&without, |run| run.rss_kb), median_of(&with, |run| run.rss_kb));
    let stalled = median_of(&with, |run| run.slow);
    let skipped: f64 = with.iter().map(|run| run.skipped).sum();
    let wrong: f64 = without.iter().chain(&with).map(|run| run.mismatches).sum();
    println!("medians of {pairs} pairs, {bots} bots, {stalled} of them slow");
    println!(
        "  honest frame interval p99 ms   {slow:.1} beside slow ones, {quiet:.1} without: {:+.1} %",
        (slow / quiet - 1.0) * 100.0
    );
    println!("  frames that honest bots missed {skipped} in all runs with slow ones");
    println!(
        "  server memory KB               {after:.0} with, {before:.0} without: {:+.1} per slow one",
        (after - before) / stalled.max(1.0)
    );
    println!("  wrong digests                  {wrong}");
    Ok(skipped == 0.0 && wrong == 0.0 && slow <= quiet * 1.1)
}

fn shown(run: Run) -> String {
    let Run { skipped, interval_p99_ms, rss_kb, slow, slow_full_frames, mismatches } = run;
    format!(
        "honest: {skipped} frames missed, interval p99 {interval_p99_ms:.1} ms; {slow} slow ones got {slow_full_frames} full \
         frames; server {rss_kb:.0} KB; {mismatches} wrong digests"
    )
}

fn run(bots: usize, seconds: usize, link: &[&str]) -> Result<Run, String> {
    let players_max = bots.max(1).to_string();
    let server = Server::start(&[("TICKWIRE_ROOMS__PLAYERS_MAX", &players_max), ("TICKWIRE_ROOMS__SLOT_BITS", "12")])?;
    let (bots, seconds) = (bots.to_string(), seconds.to_string());
    let (report, good) = server.swarm(&[&["--bots", &bots, "--seconds", &seconds], link].concat())?.report()?;
    if !good {
        eprintln!("the swarm failed: {}", report.failures());
    }
    Ok(Run {
        skipped: report.number("/honest/frames_skipped"),
        interval_p99_ms: report.number("/honest/frame_interval_ms/p99"),
        rss_kb: report.number("/server_rss_bytes/end") / 1024.0,
        slow: report.number("/linked/bots"),
        slow_full_frames: report.number("/linked/full_frames"),
        mismatches: report.number("/digest_mismatches"),
    })
}
