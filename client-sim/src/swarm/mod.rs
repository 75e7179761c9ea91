//! Many clients at once: load, and a proof that none of them ever holds a wrong world.
//!
//! ```text
//!   Filling      bots come, so many per second, until all are in
//!   Measuring    the window: all rates are of it
//!   Ending       everybody says Bye; records become the report
//! ```
//!
//! Each bot is one task with its own session and its own chance; what they share is a few counters, and what they hold in
//! common (see `commons`). One or two threads carry them all. The folder, `capacity`, `transport` and `main` are the only places in this crate that wait.

// What a run is asked to do.
pub mod options;

// What a run shows while it runs.
pub mod progress;

// An auditor in each room.
mod audit;

// One bot that plays.
mod bot;

// What became of a bot's own entity.
mod own;

// What became of bots that were cut.
mod returns;

// One bot that misbehaves.
mod abuse;

// One bot that only connects.
mod handshakes;

// Records to the report.
mod summary;

use crate::commons::Commons;
use crate::hostile::Abuse;
use crate::process::Process;
use crate::report::{AbuseReport, Report, ServerRss, Times};
use crate::transport::{ConnectError, Epoch, Target};
use bot::{BotRecord, Company};
use handshakes::Opened;
use options::{Mode, SwarmOptions};
use progress::Progress;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Milliseconds after the last bot's turn within which all must be in; then the window begins without the rest.
const FILL_MS: f64 = 20_000.0;
/// How long bots may take to leave.
const LEAVE: Duration = Duration::from_secs(20);
/// How often the run looks where it stands.
const LOOK: Duration = Duration::from_millis(50);

/// Why there was no run at all.
#[derive(Debug, thiserror::Error)]
pub enum SwarmError {
    /// The URL leads nowhere.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Nobody is there to compare bots with.
    #[error("no auditor is let in ({cause}): the server must run on this machine, with --allow-audit")]
    NoAuditor {
        /// What it was told.
        cause: String,
    },
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Filling,
    Measuring,
    Ending,
}

/// How kinds of abuse fared.
struct Tally(BTreeMap<Abuse, AbuseReport>);

impl Tally {
    const fn new() -> Self {
        Self(BTreeMap::new())
    }

    fn entry(&mut self, abuse: Abuse) -> std::collections::btree_map::Entry<'_, Abuse, AbuseReport> {
        self.0.entry(abuse)
    }
}

/// What bots tell while they run.
#[derive(Default)]
struct Live {
    /// Bots that are in.
    inside: AtomicUsize,
    /// Bots that are gone before their time, or never came.
    gone: AtomicUsize,
    /// State frames that bots applied.
    frames: AtomicU64,
    /// Frames that broke a replica.
    lost: AtomicU64,
    /// Attacks or handshakes that came to an end.
    attempts: AtomicU64,
    /// Why a bot plays without prediction.
    unpredicted: OnceLock<String>,
    samples: Mutex<Samples>,
}

/// Times of all bots in the window.
#[derive(Default)]
struct Samples {
    input_to_state: Times,
    frame_interval: Times,
    /// The same of bots whose path is as it is, and of those with a path of their own.
    honest_interval: Times,
    linked_interval: Times,
    round_trip: Times,
    /// In world units.
    prediction_error: Times,
    handshake: Times,
    lead_ms_sum: f64,
    lead_count: u64,
}

impl Live {
    fn samples(&self, record: impl FnOnce(&mut Samples)) {
        // Nothing panics while it holds the lock; if it did, times would be the least of it.
        record(&mut self.samples.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// What a bot was doing.
enum Outcome {
    Played(Box<BotRecord>),
    Misbehaved(Tally),
    Knocked(Opened),
}

/// Runs the bots and reports. Ends early when `interrupted` does, or when no bot is left.
///
/// # Errors
/// [`SwarmError`]: nothing could be begun. What goes wrong later stands in the report.
pub async fn run(
    options: SwarmOptions,
    mut progress: Progress,
    interrupted: impl Future<Output = ()>,
) -> Result<Report, SwarmError> {
    let target = Arc::new(Target::resolve(&options.url, options.tls.clone()).await?);
    let address = target.address();
    let server = if address.ip().is_loopback() { Process::listening_on(address.port()) } else { None };
    let rss = || server.and_then(Process::rss_bytes);
    let mut memory = ServerRss { before: rss(), ..ServerRss::default() };

    let options = Arc::new(options);
    let (company, stage, cuts) = gathered(options.clone(), target);
    let auditors = audit::begin(&company).await?;
    let mut bots = begin(&company);
    tokio::pin!(interrupted);

    let mut course = Course::new(&company);
    let mut stopped = false;
    while !stopped && !course.is_full() {
        course.show(&mut progress, Stage::Filling);
        stopped = wait_or_stop(interrupted.as_mut()).await;
    }
    if !stopped && options.settle_seconds > 0.0 {
        stopped = tokio::select! {
            () = interrupted.as_mut() => true,
            () = sleep(Duration::from_secs_f64(options.settle_seconds)) => false,
        };
    }
    memory.start = rss();
    let cpu_us = || server.and_then(Process::cpu_us);
    let cpu_us_before = cpu_us();
    let opened_ms = company.epoch.now_ms();
    stage.send_replace(Stage::Measuring);
    let seconds = |now_ms: f64| (now_ms - opened_ms) / 1_000.0;
    while !stopped && seconds(company.epoch.now_ms()) < options.seconds && !course.is_deserted() {
        let into_s = seconds(company.epoch.now_ms());
        course.part = into_s / options.seconds;
        cuts.send_if_modified(|cuts| std::mem::replace(cuts, options.cuts_by(into_s)) != *cuts);
        if course.part >= 0.5 && memory.middle.is_none() {
            memory.middle = rss();
        }
        course.show(&mut progress, Stage::Measuring);
        stopped = wait_or_stop(interrupted.as_mut()).await;
    }
    let cpu_us = cpu_us().zip(cpu_us_before).map(|(after, before)| after.saturating_sub(before));
    let measured = seconds(company.epoch.now_ms());
    memory.end = rss();
    let shared = company.commons.as_deref().map(Commons::count);
    stage.send_replace(Stage::Ending);
    course.show(&mut progress, Stage::Ending);
    let outcomes = gather(&mut bots).await;
    progress.end();
    memory.after = rss();

    let samples = std::mem::take(&mut *company.live.samples.lock().unwrap_or_else(PoisonError::into_inner));
    let mut report = summary::report(&options, outcomes, &samples, measured, memory);
    report.failures.extend(audit::end(auditors).await);
    let replicas_held = shared.unwrap_or(report.replicas_held);
    Ok(Report { server_cpu_us: cpu_us, replicas_held, ..report })
}

/// What all bots share; what tells them where the run stands, and when they are cut.
fn gathered(options: Arc<SwarmOptions>, target: Arc<Target>) -> (Company, watch::Sender<Stage>, watch::Sender<usize>) {
    let (stage, stage_watched) = watch::channel(Stage::Filling);
    let (cuts, cuts_watched) = watch::channel(0);
    let company = Company {
        target,
        stage: stage_watched,
        cuts: cuts_watched,
        live: Arc::new(Live::default()),
        ledgers: options.audit.then(Arc::default),
        commons: options.share.then(|| Arc::new(Commons::new())),
        epoch: Epoch::begin(),
        options,
    };
    (company, stage, cuts)
}

/// Begins every bot; each waits for its own turn.
fn begin(company: &Company) -> JoinSet<Outcome> {
    let mut bots = JoinSet::new();
    for bot in 0..company.options.bots {
        let company = company.clone();
        match company.options.mode {
            Mode::Play(_) => {
                bots.spawn(async move { Outcome::Played(Box::new(bot::play(company, bot).await)) });
            }
            Mode::Hostile => {
                bots.spawn(async move { Outcome::Misbehaved(abuse::misbehave(company, bot).await) });
            }
            Mode::Handshakes { per_second } => {
                bots.spawn(async move { Outcome::Knocked(handshakes::knock(company, bot, per_second).await) });
            }
        }
    }
    bots
}

/// Waits a moment; true if the run is to stop.
async fn wait_or_stop(interrupted: std::pin::Pin<&mut impl Future<Output = ()>>) -> bool {
    tokio::select! {
        () = interrupted => true,
        () = sleep(LOOK) => false,
    }
}

/// What all bots bring home. One that hangs is left behind; its absence shows in the report.
async fn gather(bots: &mut JoinSet<Outcome>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let all = async {
        while let Some(outcome) = bots.join_next().await {
            outcomes.extend(outcome.ok());
        }
    };
    let _ = timeout(LEAVE, all).await;
    outcomes
}

/// How far the run is.
struct Course {
    company: Company,
    last_turn_ms: f64,
    part: f64,
    shown_ms: f64,
}

impl Course {
    fn new(company: &Company) -> Self {
        let options = &company.options;
        let last_turn_ms = options.bots.saturating_sub(1) as f64 / options.ramp_per_second * 1_000.0;
        Self { company: company.clone(), last_turn_ms, part: 0.0, shown_ms: f64::NEG_INFINITY }
    }

    /// Whether the window may begin.
    fn is_full(&self) -> bool {
        let live = &self.company.live;
        let now_ms = self.company.epoch.now_ms();
        match self.company.options.mode {
            Mode::Play(_) => {
                let settled = live.inside.load(Ordering::Relaxed) + live.gone.load(Ordering::Relaxed);
                settled >= self.company.options.bots || now_ms >= self.last_turn_ms + FILL_MS
            }
            // They come and go; and what they do at first takes longest.
            Mode::Hostile | Mode::Handshakes { .. } => true,
        }
    }

    /// Whether nobody is left.
    fn is_deserted(&self) -> bool {
        self.company.live.gone.load(Ordering::Relaxed) >= self.company.options.bots
    }

    /// Shows where the run stands, about once per second.
    fn show(&mut self, progress: &mut Progress, stage: Stage) {
        let now_ms = self.company.epoch.now_ms();
        if now_ms - self.shown_ms >= 1_000.0 || stage == Stage::Ending {
            self.shown_ms = now_ms;
            progress.show(&self.company.live, stage, self.part, now_ms);
        }
    }
}
