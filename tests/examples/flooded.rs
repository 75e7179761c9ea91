//! What do floods cost those who play? Honest bots on a quiet server, and beside a flood of handshakes and hostile bots, in turns.
//!
//! ```text
//!   cargo build --release && cargo run --release -p tests --example flooded -- [PAIRS [SECONDS]]
//! ```
//!
//! Everybody is limited as strangers are (`limits.loopback`), and everybody comes from other addresses: 300 handshakes per second from 254,
//! 50 hostile bots from 254 others, 50 honest ones that fight from 254 others. Each run has a server of its own, the program beside this
//! one, and swarms in processes of their own. Attackers and players share this machine with the server, so what they take from each other
//! is in the figures; on a machine that is busy with something else they say nothing.
//!
//! Then the flood runs for a minute: what the log grows by.
//!
//! Exit code 1 if an honest bot missed a frame or held a wrong world, if the time from their inputs to the state (99th percentile, median of
//! all pairs) is more than 1.2 times that of quiet runs, or if the log grew by a megabyte.

use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;
use tests::programs::{Report, Server, Swarm, median, numbers};

const STRANGERS: (&str, &str) = ("TICKWIRE_LIMITS__LOOPBACK", "true");
const HONEST: [&str; 6] = ["--bots", "50", "--behaviour", "fight", "--from", "127.0.1.1/24"];
const HANDSHAKES: [&str; 8] =
    ["--bots", "100", "--behaviour", "handshakes", "--rate", "300/s", "--from", "127.0.0.2/24"];
const HOSTILE: [&str; 6] = ["--bots", "50", "--behaviour", "hostile", "--from", "127.0.2.1/24"];

/// Seconds of flood before the honest come, and after they are gone.
const AROUND_S: usize = 3;
/// A megabyte in a minute is too much.
const LOG_BYTES_MAX: u64 = 1_000_000;
/// What the honest may notice.
const RATIO_MAX: f64 = 1.2;

/// What honest bots measured.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    skipped: f64,
    mismatches: f64,
    to_state_p99_ms: f64,
    interval_p99_ms: f64,
    bots: f64,
    handshakes: f64,
}

fn main() -> ExitCode {
    match compare() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("flooded: {why}");
            ExitCode::FAILURE
        }
    }
}

fn compare() -> Result<bool, String> {
    let [pairs, seconds] = numbers([5, 15], "[PAIRS [SECONDS]]")?;
    let (mut quiet, mut flooded) = (Vec::new(), Vec::new());
    for pair in 1..=pairs {
        quiet.push(run(seconds, false)?);
        flooded.push(run(seconds, true)?);
        println!("pair {pair}: quiet   {}", shown(quiet[pair - 1]));
        println!("        flooded {}", shown(flooded[pair - 1]));
    }
    let log_bytes = log_of_a_minute()?;
    let median_of = |runs: &[Run], value: fn(&Run) -> f64| median(runs.iter().map(value).collect());
    let of_both = |value: fn(&Run) -> f64| (median_of(&quiet, value), median_of(&flooded, value));
    let (before, beside) = of_both(|run| run.to_state_p99_ms);
    let (interval_before, interval_beside) = of_both(|run| run.interval_p99_ms);
    let skipped: f64 = flooded.iter().map(|run| run.skipped).sum();
    let wrong: f64 = quiet.iter().chain(&flooded).map(|run| run.mismatches).sum();
    println!("medians of {pairs} pairs");
    println!(
        "  input to state p99 ms          {beside:.1} in a flood, {before:.1} without: {:.2} times",
        beside / before
    );
    println!(
        "  frame interval p99 ms          {interval_beside:.1} in a flood, {interval_before:.1} without: {:.2} times",
        interval_beside / interval_before
    );
    println!("  frames that honest bots missed {skipped} in all floods; {wrong} wrong digests in all runs");
    println!("  log of a minute of flood       {log_bytes} bytes");
    let all_were_in = quiet.iter().chain(&flooded).all(|run| run.bots == 50.0);
    Ok(all_were_in && skipped == 0.0 && wrong == 0.0 && beside <= before * RATIO_MAX && log_bytes < LOG_BYTES_MAX)
}

fn shown(run: Run) -> String {
    let Run { skipped, mismatches, to_state_p99_ms, interval_p99_ms, bots, handshakes } = run;
    format!(
        "{bots} honest bots: {skipped} frames missed, input to state p99 {to_state_p99_ms:.1} ms, interval p99 \
         {interval_p99_ms:.1} ms, {mismatches} wrong digests; {handshakes:.0} handshakes tried per second"
    )
}

/// The flood, for so many seconds.
fn flood(server: &Server, seconds: usize) -> Result<[Swarm; 2], String> {
    let seconds = seconds.to_string();
    let of = |flags: &[&str]| server.swarm(&[flags, &["--seconds", &seconds]].concat());
    Ok([of(&HANDSHAKES)?, of(&HOSTILE)?])
}

fn run(seconds: usize, flooded: bool) -> Result<Run, String> {
    let server = Server::start(&[STRANGERS])?;
    let flood_seconds = seconds + 2 * AROUND_S;
    let flood = flooded.then(|| flood(&server, flood_seconds)).transpose()?;
    sleep(Duration::from_secs(AROUND_S as u64));
    let (report, good) = server.swarm(&[&HONEST[..], &["--seconds", &seconds.to_string()]].concat())?.report()?;
    if !good {
        eprintln!("the honest bots failed: {}", report.failures());
    }
    let mut run = Run {
        skipped: report.number("/frames_skipped"),
        mismatches: report.number("/digest_mismatches"),
        to_state_p99_ms: report.number("/input_to_state_ms/p99"),
        interval_p99_ms: report.number("/frame_interval_ms/p99"),
        bots: report.number("/bots_connected"),
        handshakes: 0.0,
    };
    if let Some([handshakes, hostile]) = flood {
        let tried = |report: &Report| report.number("/handshakes/done") + report.number("/handshakes/failed");
        run.handshakes = tried(&handshakes.report()?.0) / flood_seconds as f64;
        // What hostile bots were told is another test's business.
        drop(hostile);
    }
    Ok(run)
}

/// Bytes that a server logs in a minute of flood, from its start.
fn log_of_a_minute() -> Result<u64, String> {
    let mut server = Server::start(&[STRANGERS])?;
    let flood = flood(&server, 60)?;
    sleep(Duration::from_secs(60));
    let bytes = server.log_bytes();
    drop(flood);
    if server.runs() { Ok(bytes) } else { Err("the server has ended".to_owned()) }
}
