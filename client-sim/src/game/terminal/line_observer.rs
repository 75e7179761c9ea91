//! What a spectator sees, in lines: one for each event, one per second for the state of the game.
//!
//! ```text
//!   events, who came, who left ─► lines ─► a thread of its own ─► standard output (blocks for as long as it likes)
//! ```
//!
//! At the limit lines are lost, and how many is said in their place: who reads slowly must not hold up the session.
//!
//! Never here: pictures.

use super::absence::Absence;
use super::farewell::{Farewell, Leaving};
use super::picture::scene::Scene;
use super::picture::scene_builder::{Overlay, SceneBuilder};
use crate::plain_text::Plain;
use crate::session::{Session, SessionEvent};
use crate::transport::{ConnectError, Connection, Ended, Epoch, Observer};
use shared::game::round::{Mode, Phase};
use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;
use tokio::time::sleep_until;

/// Lines that wait for standard output.
const LINES_MAX: usize = 1_024;
/// Milliseconds between two looks.
const LOOK_EVERY_MS: f64 = 100.0;
/// Looks between two lines of state.
const STATE_EVERY: u32 = 10;
/// How long the last lines may take.
const LAST: Duration = Duration::from_secs(1);

/// Looks on and prints.
pub(super) struct LineObserver {
    builder: SceneBuilder,
    printer: Printer,
    stop: Pin<Box<dyn Future<Output = ()> + Send>>,
    epoch: Epoch,
    wire_bytes: Arc<AtomicU64>,
    look_ms: f64,
    looks: u32,
    names: BTreeSet<String>,
    leaving: Leaving,
    absence: Absence,
}

impl LineObserver {
    pub(super) fn new(
        builder: SceneBuilder,
        epoch: Epoch,
        wire_bytes: Arc<AtomicU64>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<Self> {
        Ok(Self {
            builder,
            printer: Printer::begin()?,
            stop: Box::pin(stop),
            epoch,
            wire_bytes,
            look_ms: 0.0,
            looks: 0,
            names: BTreeSet::new(),
            leaving: Leaving::default(),
            absence: Absence::default(),
        })
    }

    /// What to say at the end.
    pub(super) fn farewell(&self, ended: &Ended) -> Farewell {
        self.leaving.farewell(ended)
    }

    fn look(&mut self, session: &mut Session, now_ms: f64) {
        session.draw(now_ms);
        let wire_bytes = self.wire_bytes.load(Ordering::Relaxed);
        let scene = self.builder.scene(session, &Overlay::default(), wire_bytes, now_ms);
        self.builder.take_news().iter().for_each(|line| self.printer.print(line));
        if !session.is_in() {
            return;
        }
        let names: BTreeSet<String> = scene.standings.iter().map(|one| one.name.to_string()).collect();
        names.difference(&self.names).for_each(|name| self.printer.print(&format!("{name} is here")));
        self.names.difference(&names).for_each(|name| self.printer.print(&format!("{name} left")));
        self.names = names;
        if self.looks.is_multiple_of(STATE_EVERY) {
            self.printer.print(&state(&scene));
        }
        self.looks += 1;
    }
}

/// The state of the game in a line.
fn state(scene: &Scene) -> String {
    let round = scene.round.clone().unwrap_or_default();
    let phase = match round.phase {
        Phase::WarmUp => "warm-up",
        Phase::Play => "play",
        Phase::Result => "result",
    };
    let score = match (round.mode, scene.standings.first()) {
        (Mode::Teams, _) => format!("red {} blue {}", round.red, round.blue),
        (Mode::FreeForAll, Some(best)) if best.kills > 0 => format!("best: {} ({})", best.name, best.kills),
        (Mode::FreeForAll, Some(_)) => "no kills yet".to_owned(),
        (Mode::FreeForAll, None) => "nobody plays".to_owned(),
    };
    let (seconds, network) = (round.seconds_left, &scene.network);
    let delay_s = scene.watching.as_ref().and_then(|watching| watching.delay_s).unwrap_or_default();
    format!(
        "{phase} {}:{:02} on {} | {score} | {}, {} alive | {delay_s:.1} s behind | {:.0} frames/s, {:.0} B/s, {} digests, {} wrong",
        seconds / 60,
        seconds % 60,
        round.map,
        scene.players(),
        scene.figures.len(),
        network.frames_per_second,
        network.state_bytes_per_second,
        network.digests_checked,
        network.digest_mismatches,
    )
}

impl Observer for LineObserver {
    fn event(&mut self, session: &Session, event: SessionEvent, now_ms: f64) {
        self.leaving.event(session, &event);
        if self.absence.event(&event).is_some() {
            self.printer.print("the connection is there again");
        }
        self.builder.event(session, &event, now_ms);
    }

    fn act(&mut self, session: &mut Session, now_ms: f64) {
        if now_ms >= self.look_ms {
            self.look_ms = now_ms + LOOK_EVERY_MS;
            self.look(session, now_ms);
        }
    }

    fn goes_on(&mut self, _: &Session) -> bool {
        // Nobody reads any more: `watch | head` has had enough.
        if self.printer.is_gone() {
            self.leaving.wish();
        }
        !self.leaving.is_due()
    }

    fn lost(&mut self, _: &Session, ended: &Ended, _: f64) {
        self.printer.print(&self.absence.begin(ended));
    }

    fn tried(&mut self, attempt: Result<&Connection, &ConnectError>) {
        self.absence.tried(attempt.err());
    }

    async fn news(&mut self) {
        tokio::select! {
            () = sleep_until(self.epoch.at(self.look_ms)) => {}
            () = &mut self.stop, if !self.leaving.is_due() => self.leaving.wish(),
        }
    }
}

/// Prints on a thread of its own.
struct Printer {
    lines: Option<SyncSender<String>>,
    gone: Arc<AtomicBool>,
    lost: u64,
    done: Receiver<()>,
}

impl Printer {
    fn begin() -> io::Result<Self> {
        let (lines, inbox) = sync_channel::<String>(LINES_MAX);
        let (ended, done) = sync_channel(1);
        let gone = Arc::new(AtomicBool::new(false));
        let is_gone = gone.clone();
        thread::Builder::new().name("lines".to_owned()).spawn(move || {
            for line in inbox {
                if writeln!(io::stdout(), "{line}").is_err() {
                    is_gone.store(true, Ordering::Release);
                    break;
                }
            }
            let _ = ended.send(());
        })?;
        Ok(Self { lines: Some(lines), gone, lost: 0, done })
    }

    fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    fn print(&mut self, line: &str) {
        let Some(lines) = &self.lines else { return };
        if self.lost > 0 && lines.try_send(format!("({} lines were lost)", self.lost)).is_ok() {
            self.lost = 0;
        }
        if let Err(TrySendError::Full(_)) = lines.try_send(Plain::of(line).to_string()) {
            self.lost += 1;
        }
    }
}

impl Drop for Printer {
    /// Waits for the last lines, but not for ever.
    fn drop(&mut self) {
        self.lines = None;
        let _ = self.done.recv_timeout(LAST);
    }
}
