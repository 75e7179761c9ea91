//! One bot of a run: it comes, it plays, it is measured while the window is open, it leaves.
//!
//! ```text
//!   Filling ─► everybody comes in        Measuring ─► counters are read at both ends        Ending ─► Bye
//! ```
//!
//! Never here: how many bots there are and what comes of it all (see `swarm`).

use super::audit::{AuditRecord, Audited, Ledgers};
use super::options::{Mode, SwarmOptions, path_of};
use super::own::Own;
use super::returns::Returns;
use super::{Live, Stage};
use crate::commons::Commons;
use crate::dice::Dice;
use crate::interpolate::Interpolator;
use crate::link::Link;
use crate::session::{Counters, Drawing, Session, SessionConfig, SessionEvent};
use crate::transport::{ConnectError, Connection, Ended, Epoch, Line, Observer, Target, Way, drive};
use shared::wire::{Digest, FrameKind, Role};
use std::fmt::Display;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// Frames between two looks at the own entity's counts.
const LOOK_EVERY: u64 = 8;
/// Frames that a bot draws per second, as a screen does.
const DRAWN_PER_SECOND: f64 = 60.0;

/// How long nothing came that changed or proved the world.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Silence {
    /// From when on we listen: the window's begin.
    since_ms: f64,
    /// The newest frame that was applied.
    heard_ms: f64,
    /// The longest time between two.
    longest_ms: f64,
    /// How long we listened.
    listened_ms: f64,
}

impl Silence {
    pub(super) const fn begin(now_ms: f64) -> Self {
        Self { since_ms: now_ms, heard_ms: now_ms, longest_ms: 0.0, listened_ms: 0.0 }
    }

    /// A frame was applied.
    pub(super) const fn heard(&mut self, now_ms: f64) {
        self.longest_ms = self.longest_ms.max(now_ms - self.heard_ms);
        self.heard_ms = now_ms;
    }

    /// The window ends: what was not heard until now was not heard.
    pub(super) const fn end(&mut self, now_ms: f64) {
        self.heard(now_ms);
        self.listened_ms = now_ms - self.since_ms;
    }

    /// The longest time between two frames.
    pub(super) const fn longest_ms(&self) -> f64 {
        self.longest_ms
    }

    /// How long we listened.
    pub(super) const fn listened_ms(&self) -> f64 {
        self.listened_ms
    }
}

/// What a bot brings home.
#[derive(Debug, Default)]
pub(super) struct BotRecord {
    /// Its room.
    pub(super) room: String,
    /// It had a path of `--link`.
    pub(super) linked: bool,
    /// The game it played.
    pub(super) game: Option<String>,
    /// It was in: welcomed, and holding everything that may be seen.
    pub(super) was_in: bool,
    /// It held a replica when the window ended.
    pub(super) holds: bool,
    /// What it counted in the window.
    pub(super) counters: Counters,
    /// What it counted from its first frame on.
    pub(super) whole: Counters,
    /// How long it heard nothing in the window.
    pub(super) silence: Silence,
    /// Bytes from the socket in the window.
    pub(super) wire_bytes: u64,
    /// Whether its own entity moved; `None` in a game without positions.
    pub(super) moved: Option<bool>,
    /// Shots, kills, respawns.
    pub(super) sums: [u64; 3],
    /// It predicted its own entity.
    pub(super) predicts: bool,
    /// How far what it drew was behind at the end; `None` if it drew nothing.
    pub(super) drawing_delay_ms: Option<f64>,
    /// It never came in, because of this.
    pub(super) refused: Option<String>,
    /// It was in, and its connection ended before it left.
    pub(super) dropped: Option<Ended>,
    /// It gave up on what the server said.
    pub(super) failed: Option<String>,
    /// How it compared with the auditor of its room, if there was one.
    pub(super) audit: Option<AuditRecord>,
    /// What became of it when it was cut.
    pub(super) returns: Returns,
}

/// What all bots share.
#[derive(Clone)]
pub(super) struct Company {
    /// What they were asked to do.
    pub(super) options: Arc<SwarmOptions>,
    /// Where the server is.
    pub(super) target: Arc<Target>,
    /// Where the run stands.
    pub(super) stage: watch::Receiver<Stage>,
    /// How often all connections were to be cut until now.
    pub(super) cuts: watch::Receiver<usize>,
    /// What they tell while they play.
    pub(super) live: Arc<Live>,
    /// What is true in their rooms, where it is audited.
    pub(super) ledgers: Option<Arc<Ledgers>>,
    /// Where they find what others hold.
    pub(super) commons: Option<Arc<Commons>>,
    /// Their clock.
    pub(super) epoch: Epoch,
}

impl Company {
    /// The server, as a bot of that name comes to it: no two are the same player, in no run.
    pub(super) fn target_of(&self, name: impl Display) -> Target {
        let player = format!("bot-{}-{name}", process::id());
        self.target.bearing(self.options.tickets.as_ref().map(|key| key.mint(&player)))
    }

    /// Waits for a bot's turn; false if the run ended before it came.
    pub(super) async fn wait_turn(&mut self, bot: usize) -> bool {
        let wait = Duration::from_secs_f64(bot as f64 / self.options.ramp_per_second);
        tokio::select! {
            () = sleep(wait) => true,
            _ = self.stage.wait_for(|stage| *stage == Stage::Ending) => false,
        }
    }
}

/// Plays as bot number `bot`.
pub(super) async fn play(mut company: Company, bot: usize) -> BotRecord {
    let options = company.options.clone();
    let room = options.rooms.of(bot);
    let mut record = BotRecord { room: room.clone(), ..BotRecord::default() };
    if !company.wait_turn(bot).await {
        record.refused = Some("the run ended before its turn".to_owned());
        return record;
    }
    let from = options.from.map(|sources| sources.of(bot));
    let mut way = Way::new(&company.target_of(bot), &path_of(&room), from, Dice::new(!options.seed, bot as u64));
    let connection = match way.go().await {
        Ok(connection) => connection,
        Err(error) => {
            company.live.gone.fetch_add(1, Ordering::Relaxed);
            record.refused = Some(error.to_string());
            return record;
        }
    };
    let now_ms = company.epoch.now_ms();
    let mut dice = Dice::new(options.seed, bot as u64);
    let behaviours = match &options.mode {
        Mode::Play(behaviours) => Some(behaviours.clone()),
        Mode::Hostile | Mode::Handshakes { .. } => None,
    };
    let seed = u64::from(dice.bits()) << 32 | u64::from(dice.bits());
    let has_link = dice.part() < options.link_share;
    record.linked = options.link.is_some() && has_link;
    let link = options.link.filter(|_| has_link).map(|spec| Link::new(spec, options.seed, bot as u64, now_ms));
    let mut session = Session::new(SessionConfig {
        name: format!("bot {bot}"),
        digest: if options.full_digest { Digest::Whole } else { Digest::Folded },
        role: Role::Player,
        known: None,
        audit: false,
        behaviours,
        seed,
        commons: company.commons.clone(),
        twins: options.twins.clone(),
        drawing: if options.twins.is_some() { Drawing::PerSecond(DRAWN_PER_SECOND) } else { Drawing::Never },
    });
    let mut watcher = Watcher::new(&company, way.wire_bytes(), record);
    let line = Line { connection, link, way: Some(&mut way) };
    let ended = drive(line, &mut session, company.epoch, &mut watcher).await;
    watcher.finish(&session, ended)
}

/// Looks on while a bot plays.
struct Watcher {
    stage: watch::Receiver<Stage>,
    cuts: watch::Receiver<usize>,
    cuts_seen: usize,
    /// It was cut because it was to be, and has not heard of it yet.
    cut_asked: bool,
    live: Arc<Live>,
    epoch: Epoch,
    wire_bytes: Arc<AtomicU64>,
    record: BotRecord,
    own: Own,
    ledgers: Option<Arc<Ledgers>>,
    audited: Option<Audited>,
    /// Over earlier connections.
    audited_before: AuditRecord,
    /// Its connection is lost, and it is not whole again.
    is_away: bool,
    /// It counts as one who is in.
    counted: bool,
    begin: Option<(Counters, u64)>,
    closed: bool,
    last_frame_ms: Option<f64>,
    frames: u64,
}

impl Watcher {
    fn new(company: &Company, wire_bytes: Arc<AtomicU64>, record: BotRecord) -> Self {
        Self {
            stage: company.stage.clone(),
            cuts: company.cuts.clone(),
            cuts_seen: *company.cuts.borrow(),
            cut_asked: false,
            live: company.live.clone(),
            epoch: company.epoch,
            wire_bytes,
            record,
            own: Own::default(),
            ledgers: company.ledgers.clone(),
            audited: None,
            audited_before: AuditRecord::default(),
            is_away: false,
            counted: false,
            begin: None,
            closed: false,
            last_frame_ms: None,
            frames: 0,
        }
    }

    const fn measures(&self) -> bool {
        self.begin.is_some() && !self.closed
    }

    fn open_window(&mut self, session: &Session) {
        self.begin = Some((*session.counters(), self.wire_bytes.load(Ordering::Relaxed)));
        self.last_frame_ms = None;
        self.record.silence = Silence::begin(self.epoch.now_ms());
        if let Some(agreement) = session.agreement() {
            self.own = Own::new(&agreement.schema);
        }
        if let Some(replica) = session.replica() {
            self.own.look(replica);
        }
    }

    fn close_window(&mut self, session: &Session) {
        let Some((begin, wire_bytes)) = self.begin else { return };
        self.record.counters = session.counters().since(&begin);
        self.record.silence.end(self.epoch.now_ms());
        self.record.wire_bytes = self.wire_bytes.load(Ordering::Relaxed) - wire_bytes;
        if let Some(replica) = session.replica() {
            self.own.look(replica);
            self.record.holds = true;
        }
        self.record.moved = self.own.has_position().then_some(self.own.moved());
        self.record.sums = self.own.sums();
        self.record.predicts = session.predictor().is_some();
        self.record.drawing_delay_ms = session.interpolator().and_then(Interpolator::delay_ms);
        self.closed = true;
    }

    fn frame(&mut self, session: &Session, applied: &crate::replica::Applied, now_ms: f64) {
        // A keep-alive or a frame that could not be used shows nothing.
        if !applied.checked {
            return;
        }
        self.live.frames.fetch_add(1, Ordering::Relaxed);
        if !self.measures() {
            return;
        }
        self.record.silence.heard(now_ms);
        let interval_ms = self.last_frame_ms.replace(now_ms).map(|last| now_ms - last);
        let tick_ms = session.agreement().map_or(0.0, |agreement| 1_000.0 / f64::from(agreement.tick_rate_hz));
        let lead_ms = applied.early.map(|early| f64::from(early) / 16.0 * tick_ms);
        let linked = self.record.linked;
        self.live.samples(|samples| {
            if let Some(interval_ms) = interval_ms {
                samples.frame_interval.record(interval_ms);
                let group = if linked { &mut samples.linked_interval } else { &mut samples.honest_interval };
                group.record(interval_ms);
            }
            if let Some(lead_ms) = lead_ms {
                samples.lead_ms_sum += lead_ms;
                samples.lead_count += 1;
            }
        });
        self.frames += 1;
        if let Some(replica) = session.replica()
            && (applied.kind == FrameKind::Full || self.frames.is_multiple_of(LOOK_EVERY))
        {
            self.own.look(replica);
        }
    }

    /// Counts it among those who are in, or no more.
    fn count(&mut self, is_in: bool) {
        if std::mem::replace(&mut self.counted, is_in) != is_in {
            let inside = &self.live.inside;
            let _ = if is_in { inside.fetch_add(1, Ordering::Relaxed) } else { inside.fetch_sub(1, Ordering::Relaxed) };
        }
    }

    /// The record of a bot whose connection ended.
    fn finish(mut self, session: &Session, ended: Ended) -> BotRecord {
        let asked = *self.stage.borrow() == Stage::Ending;
        if !self.closed {
            self.close_window(session);
            self.record.holds = false;
        }
        self.record.whole = *session.counters();
        self.record.audit = self.audited.as_ref().map(|audited| audited.record().after(&self.audited_before));
        self.count(false);
        if !asked {
            self.live.gone.fetch_add(1, Ordering::Relaxed);
        }
        if !asked || !self.closed {
            if self.is_away {
                // How it was lost is told already.
                self.record.returns.given_up = Some(describe(&ended));
            } else if self.record.was_in {
                self.record.dropped = Some(ended);
            } else if self.record.failed.is_none() {
                self.record.refused = Some(describe(&ended));
            }
        }
        self.record
    }
}

/// How a connection ended, in words for a report.
pub(super) fn describe(ended: &Ended) -> String {
    match ended {
        Ended::Closed { code, reason } => format!("closed {code}: {reason}"),
        Ended::Cut { cause } => format!("cut: {cause}"),
        Ended::Left => "did not answer our Bye".to_owned(),
    }
}

impl Observer for Watcher {
    fn event(&mut self, session: &Session, event: SessionEvent, now_ms: f64) {
        match event {
            SessionEvent::Welcomed => {
                let agreement = session.agreement();
                if let Some(why) = session.unpredicted() {
                    self.live.unpredicted.get_or_init(|| why.to_owned());
                }
                self.record.game = agreement.map(|agreement| agreement.schema.game.clone());
                let audited = self.ledgers.as_deref().zip(agreement);
                let audited = audited.and_then(|(ledgers, agreement)| Audited::begin(ledgers, agreement));
                if let Some(before) = std::mem::replace(&mut self.audited, audited) {
                    self.audited_before = before.record().after(&self.audited_before);
                }
            }
            SessionEvent::Complete => {
                (self.record.was_in, self.is_away) = (true, false);
                self.count(true);
                self.record.returns.whole(session, self.wire_bytes.load(Ordering::Relaxed), now_ms);
            }
            SessionEvent::Frame(applied) => {
                if let Some(audited) = &mut self.audited {
                    audited.frame(session, &applied);
                }
                self.frame(session, &applied, now_ms);
            }
            SessionEvent::InputSeen { tick, ms } => {
                self.record.returns.input_seen(tick);
                if self.measures() {
                    self.live.samples(|samples| samples.input_to_state.record(ms));
                }
            }
            SessionEvent::Compared { error } if self.measures() => {
                self.live.samples(|samples| samples.prediction_error.record(error));
            }
            SessionEvent::RoundTrip { ms } if self.measures() => {
                self.live.samples(|samples| samples.round_trip.record(ms));
            }
            SessionEvent::Lost(_) => {
                self.live.lost.fetch_add(1, Ordering::Relaxed);
            }
            SessionEvent::Failed(error) => self.record.failed = Some(error.to_string()),
            SessionEvent::Compared { .. }
            | SessionEvent::RoundTrip { .. }
            | SessionEvent::EventsLost
            | SessionEvent::Told(_)
            | SessionEvent::Reply { .. }
            | SessionEvent::Audit(_)
            | SessionEvent::Notice { .. }
            | SessionEvent::Resumed
            | SessionEvent::Redirect(_) => {}
        }
    }

    fn goes_on(&mut self, session: &Session) -> bool {
        let stage = *self.stage.borrow_and_update();
        if stage != Stage::Filling && self.begin.is_none() && self.record.was_in {
            self.open_window(session);
        }
        if stage == Stage::Ending && !self.closed {
            self.close_window(session);
        }
        stage != Stage::Ending
    }

    fn cuts(&mut self) -> bool {
        let cuts = *self.cuts.borrow_and_update();
        let due = std::mem::replace(&mut self.cuts_seen, cuts) < cuts;
        // Who is not in yet has nothing to come back to.
        self.cut_asked = due && self.record.was_in;
        self.cut_asked
    }

    fn lost(&mut self, session: &Session, ended: &Ended, now_ms: f64) {
        if !std::mem::take(&mut self.cut_asked) {
            self.record.returns.unasked.push(ended.clone());
        }
        self.record.returns.lost(session, self.wire_bytes.load(Ordering::Relaxed), now_ms);
        (self.is_away, self.last_frame_ms) = (true, None);
        self.count(false);
    }

    fn tried(&mut self, attempt: Result<&Connection, &ConnectError>) {
        self.record.returns.tried(attempt.ok().map(Connection::tls_resumed));
    }

    async fn news(&mut self) {
        // The senders live as long as the run; without them there is no news, ever.
        let changed = tokio::select! {
            changed = self.stage.changed() => changed,
            changed = self.cuts.changed() => changed,
        };
        if changed.is_err() {
            std::future::pending().await
        }
    }
}
