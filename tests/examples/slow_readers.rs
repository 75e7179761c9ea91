//! What do slow readers cost the others? Bots beside bots of whom some stop reading, and the same without, in turns.
//!
//! ```text
//!   cargo build --release && cargo run --release -p tests --example slow_readers -- [PAIRS [BOTS [SECONDS]]]
//! ```
//!
//! Each run has a server of its own, the program beside this one, and a swarm in a process of its own. The medians of all pairs
//! stand at the end: frames that honest bots missed, their frame interval (99th percentile), and the server's memory.

use serde_json::Value;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

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
    let numbers: Vec<usize> = env::args()
        .skip(1)
        .map(|argument| argument.parse())
        .collect::<Result<_, _>>()
        .map_err(|_| "[PAIRS [BOTS [SECONDS]]]".to_owned())?;
    let number = |at: usize, default| numbers.get(at).copied().unwrap_or(default);
    let (pairs, bots, seconds) = (number(0, 5), number(1, 200), number(2, 30));
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

/// What could not be had, and why.
fn said(what: &'static str) -> impl Fn(std::io::Error) -> String {
    move |error| format!("{what}: {error}")
}

fn shown(run: Run) -> String {
    let Run { skipped, interval_p99_ms, rss_kb, slow, slow_full_frames, mismatches } = run;
    format!(
        "honest: {skipped} frames missed, interval p99 {interval_p99_ms:.1} ms; {slow} slow ones got {slow_full_frames} full \
         frames; server {rss_kb:.0} KB; {mismatches} wrong digests"
    )
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A server and its folder, gone when this is dropped.
struct Server {
    started: Child,
    folder: PathBuf,
    url: String,
}

impl Server {
    fn start(programs: &Path, bots: usize) -> Result<Self, String> {
        let folder = env::temp_dir().join(format!("tickwire-slow-readers-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(said("a folder"))?;
        let mut started = Command::new(programs.join("tickwire-server"))
            .args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log-format", "human", "--data"])
            .arg(&folder)
            .env("TICKWIRE_ROOMS__PLAYERS_MAX", bots.max(1).to_string())
            .env("TICKWIRE_ROOMS__SLOT_BITS", "12")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(said("the server"))?;
        let output = started.stdout.take().ok_or_else(|| "the server says nothing".to_owned())?;
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let url = lines.find_map(|line| {
            let address = line.split_whitespace().find(|word| word.starts_with("https://"))?;
            Some(address.trim_end_matches('/').replacen("https", "wss", 1))
        });
        let Some(url) = url else {
            let _ = started.kill();
            return Err("the server does not say where it listens".to_owned());
        };
        // It goes on talking; nobody may let its pipe fill.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { started, folder, url })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already, and what is left of the folder is the system's to clean.
        let _ = self.started.kill();
        let _ = self.started.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn run(bots: usize, seconds: usize, link: &[&str]) -> Result<Run, String> {
    let own = env::current_exe().map_err(said("this program"))?;
    let programs = own.parent().and_then(Path::parent).ok_or_else(|| "no folder of programs".to_owned())?;
    let server = Server::start(programs, bots)?;
    let swarm = Command::new(programs.join("client-sim"))
        .args(["swarm", "--url", &server.url, "--bots", &bots.to_string(), "--seconds", &seconds.to_string()])
        .args(["--json", "-", "--ca"])
        .arg(server.folder.join("dev-ca.pem"))
        .args(link)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .map_err(said("the swarm"))?;
    let report: Value =
        serde_json::from_slice(&swarm.stdout).map_err(|error| format!("the swarm's report: {error}"))?;
    let value = |path: &str| report.pointer(path).and_then(Value::as_f64).unwrap_or_default();
    if !swarm.status.success() {
        eprintln!("the swarm failed: {}", report["failures"]);
    }
    Ok(Run {
        skipped: value("/honest/frames_skipped"),
        interval_p99_ms: value("/honest/frame_interval_ms/p99"),
        rss_kb: value("/server_rss_bytes/end") / 1024.0,
        slow: value("/linked/bots"),
        slow_full_frames: value("/linked/full_frames"),
        mismatches: value("/digest_mismatches"),
    })
}
