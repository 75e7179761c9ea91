//! What does a server cost per client and tick, and how far is that from the floor?
//!
//! ```text
//!   for each number of players, again and again:
//!     tickwire-server (a process) ◄── wss ── swarm of bots, every digest checked      CPU, bytes, latency, memory
//!     floor           (a process) ◄── TLS ── crowd: same frame size, inputs, rate     CPU
//!   ─► medians ─► table, JSON
//! ```
//!
//! Absolute figures differ between machines and from minute to minute; the ratio to the floor, measured in the same sitting,
//! is the one to compare. So the two take turns, and nothing else is said to be precise.
//!
//! The folder is one of the few places in this crate that wait. Never here: what bots do (the caller says), what a bot
//! measures (see `swarm`).

// What is asked for.
pub mod options;

// The programs that are measured.
mod children;

// The floor's clients.
mod crowd;

// Runs to medians, medians to a table.
pub mod rows;

use crate::process::Process;
use crate::report::Report;
use crate::swarm::options::{Mode, Rooms, SwarmOptions};
use crate::swarm::progress::Progress;
use crate::swarm::{self, SwarmError};
use crate::trust::{Trust, TrustError};
use children::{Child, Scratch};
use crowd::{Crowd, CrowdOptions};
use options::CapacityOptions;
use rows::{Capacity, FloorRun, Pair, Row, ServerRun};
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

/// Players that come in per second: a handshake costs a millisecond on either side, and both share the machine.
const RAMP_PER_SECOND: f64 = 200.0;
/// Seconds between the last one's coming in and the window.
const SETTLE_SECONDS: f64 = 1.0;
/// The seed of all chance, the same in every run.
const SEED: u64 = 1;
/// What a WebSocket frame adds to a client's message below 126 bytes: a header and a mask.
const CLIENT_HEADER_BYTES: usize = 6;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum CapacityError {
    /// The machine: no folder of our own.
    #[error("{}: {source}", folder.display())]
    Scratch {
        /// Which.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The caller: a program cannot be run.
    #[error("{what} cannot be started: {source}")]
    Start {
        /// Which.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A program does not say where it listens.
    #[error("{what} did not start; it said:\n{log}")]
    NotReady {
        /// Which.
        what: &'static str,
        /// The end of what it said.
        log: String,
    },
    /// The floor's clients.
    #[error("connecting to the floor: {source}")]
    Crowd {
        /// Why.
        source: io::Error,
    },
    /// The server's certificate.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The bots.
    #[error(transparent)]
    Swarm(#[from] SwarmError),
    /// Frames came, but nobody knows how large or at which cost.
    #[error("the run with {players} players measured nothing: no player came in")]
    Nothing {
        /// How many were asked for.
        players: usize,
    },
}

/// Measures one size after the other. Ends early when `interrupted` does; what was measured until then is in the report, and
/// no process is left.
///
/// # Errors
/// [`CapacityError`]: there is not even one row.
pub async fn run(options: CapacityOptions, interrupted: impl Future<Output = ()>) -> Result<Capacity, CapacityError> {
    let mut capacity = Capacity {
        game: options.game.name().to_owned(),
        tick_rate_hz: options.tick_rate_hz,
        seconds: options.seconds,
        rounds: options.rounds,
        entities: options.entities,
        view: options.view,
        ..Capacity::default()
    };
    let stopped = tokio::select! {
        biased;
        () = interrupted => {
            capacity.failures.push("interrupted".to_owned());
            Ok(())
        }
        done = measure(Arc::new(options), &mut capacity) => done,
    };
    match stopped {
        Err(error) if capacity.rows.is_empty() => return Err(error),
        Err(error) => capacity.failures.push(error.to_string()),
        Ok(()) => {}
    }
    Ok(capacity)
}

async fn measure(options: Arc<CapacityOptions>, capacity: &mut Capacity) -> Result<(), CapacityError> {
    let scratch = Arc::new(Scratch::new()?);
    for &players in &options.players {
        let mut pairs = Vec::new();
        for round in 1..=options.rounds {
            let title = format!("{players} players, run {round} of {}", options.rounds);
            eprintln!("{title}: the server");
            let report = run_server(&options, players, &scratch).await?;
            let server = ServerRun::of(&report, options.tick_rate_hz);
            capacity.failures.extend(report.failures.iter().map(|failure| format!("{title}: {failure}")));
            eprintln!("{title}: the floor");
            let floor = run_floor(&options, players, &server, &scratch).await?;
            let shown = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
            let (server_us, floor_us) = (shown(server.us_per_client_tick), shown(floor.us_per_client_tick));
            eprintln!("{title}: server {server_us} µs, floor {floor_us} µs per client and tick");
            pairs.push(Pair { server, floor });
        }
        capacity.rows.push(Row::of(players, pairs));
    }
    Ok(())
}

/// Bots play on a server of their own.
async fn run_server(
    options: &Arc<CapacityOptions>,
    players: usize,
    scratch: &Arc<Scratch>,
) -> Result<Report, CapacityError> {
    let child = start(options, scratch, move |options, scratch| Child::server(options, players, scratch)).await?;
    let swarm = SwarmOptions {
        cuts_s: Vec::new(),
        tickets: None,
        url: format!("wss://{}", child.address()),
        tls: Some(Trust::Authority(scratch.authority()).tls()?),
        bots: players,
        settle_seconds: SETTLE_SECONDS,
        seconds: options.seconds,
        ramp_per_second: RAMP_PER_SECOND,
        mode: Mode::Play(options.behaviours.clone()),
        behaviour: "capacity".to_owned(),
        rooms: Rooms::Named("capacity".to_owned()),
        link: None,
        link_share: 0.0,
        from: None,
        seed: SEED,
        full_digest: false,
        audit: false,
        share: true,
        twins: None,
    };
    Ok(swarm::run(swarm, Progress::silent(), std::future::pending()).await?)
}

/// The crowd stands before the floor; frames and inputs are as long as the server's were, WebSocket's headers included.
async fn run_floor(
    options: &Arc<CapacityOptions>,
    players: usize,
    server: &ServerRun,
    scratch: &Arc<Scratch>,
) -> Result<FloorRun, CapacityError> {
    let (Some(frame), Some(input)) = (server.bytes_per_frame, server.bytes_per_input) else {
        return Err(CapacityError::Nothing { players });
    };
    let frame_bytes = with_server_header(frame.round() as usize);
    let crowd_options = CrowdOptions {
        clients: players,
        input_bytes: input.round() as usize + CLIENT_HEADER_BYTES,
        rate_hz: options.tick_rate_hz,
    };
    let child =
        start(options, scratch, move |options, scratch| Child::floor(options, players, frame_bytes, scratch)).await?;
    let tls = Trust::Authority(scratch.authority()).tls()?;
    let mut crowd = Crowd::connect(crowd_options, child.address(), tls).await?;
    sleep(Duration::from_secs_f64(SETTLE_SECONDS)).await;
    let before = Reading::take(child.process(), &crowd);
    sleep(Duration::from_secs_f64(options.seconds)).await;
    let after = Reading::take(child.process(), &crowd);
    if crowd.count() < players {
        return Err(CapacityError::Crowd { source: io::ErrorKind::ConnectionAborted.into() });
    }
    let delivered = (after.received - before.received) as f64 / frame_bytes as f64;
    let due = (after.at - before.at).as_secs_f64() * f64::from(options.tick_rate_hz) * players as f64;
    let cpu_us = after.cpu_us.zip(before.cpu_us).map(|(after, before)| (after - before) as f64);
    Ok(FloorRun {
        rate_held: Some(delivered / due),
        us_per_client_tick: cpu_us.filter(|_| delivered > 0.0).map(|us| us / delivered),
    })
}

/// Starting waits for what another program says: not on a thread that others need.
async fn start(
    options: &Arc<CapacityOptions>,
    scratch: &Arc<Scratch>,
    begin: impl FnOnce(&CapacityOptions, &Scratch) -> Result<Child, CapacityError> + Send + 'static,
) -> Result<Child, CapacityError> {
    let (options, scratch) = (options.clone(), scratch.clone());
    let started = spawn_blocking(move || begin(&options, &scratch)).await;
    started.unwrap_or_else(|error| Err(CapacityError::Start { what: "a program", source: io::Error::other(error) }))
}

/// Bytes of a server's WebSocket frame around a message.
const fn with_server_header(message_bytes: usize) -> usize {
    match message_bytes {
        0..126 => message_bytes + 2,
        126..65_536 => message_bytes + 4,
        _ => message_bytes + 10,
    }
}

/// What there is to read at one moment.
struct Reading {
    cpu_us: Option<u64>,
    received: u64,
    at: Instant,
}

impl Reading {
    fn take(process: Process, crowd: &Crowd) -> Self {
        Self { cpu_us: process.cpu_us(), received: crowd.received(), at: Instant::now() }
    }
}
