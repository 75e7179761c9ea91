//! The game on a screen: from connecting to farewell.
//!
//! ```text
//!   connect ─► terminal is ours ─► drive: socket · keys · forty moments per second ─► terminal is theirs ─► why it ended
//! ```
//!
//! Thin: keys go to the desk, moments are scenes of the onlooker drawn into a buffer, and what changed goes to the writer. The
//! session is driven as a bot's is.
//!
//! Never here: what keys mean, what is drawn.

use super::desk::{Deed, Desk};
use super::draw::{camera, picture};
use super::hands::Hands;
use super::keys::Seat;
use super::onlooker::{Desktop, Onlooker};
use super::options::PlayOptions;
use super::person::Person;
use super::scene::{Scene, Typing};
use super::screen::Screen;
use super::shell::{Shell, is_terminal};
use super::words::Plain;
use super::writer::Writer;
use crate::behaviour::{Behaviour, Idle, Wish};
use crate::game::twin::twins;
use crate::link::Link;
use crate::session::{Drawing, Session, SessionConfig, SessionEvent};
use crate::swarm::options::path_of;
use crate::transport::{ConnectError, Ended, Epoch, Observer, Target, drive, needs_tls};
use crate::trust::{Trust, TrustError};
use crossterm::event::{Event, EventStream, MouseButton, MouseEventKind};
use futures_util::StreamExt as _;
use ratatui::layout::Rect;
use shared::game::chat::Say;
use shared::schema::{Replicated, Schema, Text};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::sleep_until;

/// Milliseconds from one moment that is drawn to the next.
const DRAW_EVERY_MS: f64 = 25.0;

/// Why nobody could play.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The command line's.
    #[error("this is for a person at a terminal: standard input and output must be one")]
    NoTerminal,
    /// The command line's.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The server's, or the network's.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The terminal's.
    #[error("the terminal: {0}")]
    Terminal(#[from] std::io::Error),
}

impl PlayError {
    /// Whether the command line makes no sense; otherwise something failed.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        matches!(self, Self::NoTerminal | Self::Trust(_) | Self::Connect(ConnectError::Url { .. }))
    }
}

/// How it ended, for the person who is back at the prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// What to say.
    pub words: String,
    /// It ended as the person wanted.
    pub is_well: bool,
}

/// Plays until the person leaves, `stop` completes, or the connection ends. The terminal is as before when this returns.
///
/// # Errors
/// [`PlayError`]: it could not begin.
pub async fn play(
    options: &PlayOptions,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<Farewell, PlayError> {
    if !is_terminal() {
        return Err(PlayError::NoTerminal);
    }
    let tls = if needs_tls(&options.url) {
        Some(Trust::choose(options.ca.as_deref(), options.insecure)?.tls()?)
    } else {
        None
    };
    let target = Target::resolve(&options.url, tls).await?;
    let room = options.room.clone().unwrap_or_default();
    let connection = target.connect(&path_of(&room), None).await?;
    let epoch = Epoch::begin();
    let link = options.link.map(|spec| Link::new(spec, options.seed, 0, epoch.now_ms()));
    let shell = Shell::enter()?;
    let person = Person::new(Hands::new(shell.tells_release()), epoch);
    let mut session = Session::new(session_of(options, person.clone()));
    let mut table = Table::new(person, epoch, connection.wire_bytes(), stop)?;
    table.desk.open.net_graph = options.net_graph;
    let ended = drive(connection, &mut session, link, epoch, &mut table).await;
    let farewell = table.farewell(&ended);
    // The last picture first, then the terminal as it was.
    drop(table);
    drop(shell);
    Ok(farewell)
}

fn session_of(options: &PlayOptions, person: Person) -> SessionConfig {
    let behaviours = move |schema: &Schema, _: u64| -> Box<dyn Behaviour> {
        if is_ours(schema) { Box::new(person.clone()) } else { Box::new(Idle) }
    };
    SessionConfig {
        behaviours: Some(Arc::new(behaviours)),
        twins: Some(twins()),
        drawing: Drawing::WhenAsked,
        seed: options.seed,
        ..SessionConfig::named(&options.name)
    }
}

/// Whether it is the game that is drawn here, in the version that is.
fn is_ours(schema: &Schema) -> bool {
    schema.fingerprint() == shared::game::schema().fingerprint()
}

/// Where a person sits: keys on one side, the screen on the other.
struct Table {
    desk: Desk,
    person: Person,
    onlooker: Onlooker,
    screen: Screen,
    writer: Writer,
    keys: EventStream,
    stop: Pin<Box<dyn Future<Output = ()> + Send>>,
    epoch: Epoch,
    wire_bytes: Arc<AtomicU64>,
    /// What was drawn last: what the mouse points into.
    scene: Scene,
    area: Rect,
    draw_ms: f64,
    to_say: Vec<Typing>,
    leaves: bool,
    /// Why we go, if it was not the person's wish.
    because: Option<String>,
}

impl Table {
    fn new(
        person: Person,
        epoch: Epoch,
        wire_bytes: Arc<AtomicU64>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Self, PlayError> {
        let (columns, rows) = crossterm::terminal::size()?;
        Ok(Self {
            desk: Desk::new(Seat::Player),
            person,
            onlooker: Onlooker::default(),
            screen: Screen::default(),
            writer: Writer::begin(std::io::stdout())?,
            keys: EventStream::new(),
            stop: Box::pin(stop),
            epoch,
            wire_bytes,
            scene: Scene::default(),
            area: Rect::new(0, 0, columns, rows),
            draw_ms: 0.0,
            to_say: Vec::new(),
            leaves: false,
            because: None,
        })
    }

    /// Something came from the terminal; `None`: it is gone.
    fn take(&mut self, event: Option<std::io::Result<Event>>, now_ms: f64) {
        match event {
            Some(Ok(Event::Key(key))) => {
                let desk = &mut self.desk;
                match self.person.with(|hands| desk.key(&key, hands, now_ms)) {
                    Some(Deed::Leave) => self.leaves = true,
                    Some(Deed::Say(typing)) => self.to_say.push(typing),
                    Some(Deed::Follow(_) | Deed::Free) | None => {}
                }
            }
            Some(Ok(Event::Mouse(mouse))) => {
                self.desk.pointer = Some((mouse.column, mouse.row));
                match mouse.kind {
                    MouseEventKind::Down(MouseButton::Left) => self.person.with(|hands| hands.trigger(true)),
                    MouseEventKind::Up(MouseButton::Left) => self.person.with(|hands| hands.trigger(false)),
                    _ => {}
                }
                self.look_at_pointer();
            }
            Some(Ok(Event::Resize(columns, rows))) => self.area = Rect::new(0, 0, columns, rows),
            Some(Ok(Event::FocusLost)) => self.person.with(Hands::rest),
            Some(Ok(Event::FocusGained)) => self.screen.forget(),
            Some(Ok(Event::Paste(_))) => {}
            Some(Err(_)) | None => {
                self.leaves = true;
                self.because = Some("the terminal is gone".to_owned());
            }
        }
    }

    /// The aim points from where we are shown to where the mouse is.
    fn look_at_pointer(&mut self) {
        if let (Some(pointer), Some(own)) = (self.desk.pointer, &self.scene.own) {
            let camera = camera(&self.scene, self.area);
            let angle = super::camera::Camera::angle(own.at, camera.place_of_cell(pointer));
            self.person.with(|hands| hands.look_at(angle));
        }
    }

    /// Draws this moment, unless the terminal has not taken the last one yet.
    fn draw(&mut self, session: &mut Session, now_ms: f64) {
        self.draw_ms = now_ms + DRAW_EVERY_MS;
        if !self.writer.is_idle() {
            return;
        }
        session.draw(now_ms);
        let follows_mouse = self.person.with(|hands| hands.aim_by() == super::hands::AimBy::Mouse);
        let (aim, aim_by) = self.person.with(|hands| (hands.aim(), hands.aim_by().name()));
        let pointer = self.desk.pointer.filter(|_| follows_mouse);
        let desktop = Desktop { open: self.desk.open.clone(), aim, aim_by, pointer };
        let wire_bytes = self.wire_bytes.load(Ordering::Relaxed);
        self.scene = self.onlooker.scene(session, &desktop, wire_bytes, now_ms);
        if follows_mouse {
            // We moved, the mouse did not.
            self.look_at_pointer();
        }
        if let Ok(bytes) = self.screen.turn_into(picture(&self.scene, self.area)) {
            self.writer.write(bytes);
        }
    }

    fn farewell(&self, ended: &Ended) -> Farewell {
        let left = self.leaves && self.because.is_none();
        let words = match (&self.because, ended) {
            (Some(because), _) => because.clone(),
            (None, Ended::Closed { code, reason }) if left => format!("You left ({code}: {}).", Plain::of(reason)),
            (None, Ended::Closed { code, reason }) => format!("The server closed with {code}: {}.", Plain::of(reason)),
            (None, Ended::Left) => "You left.".to_owned(),
            (None, Ended::Cut { cause }) => format!("The connection was lost: {}.", Plain::of(cause)),
        };
        Farewell { words, is_well: left }
    }
}

impl Observer for Table {
    fn event(&mut self, session: &Session, event: SessionEvent, now_ms: f64) {
        match &event {
            SessionEvent::Welcomed => {
                let schema = session.agreement().map(|agreement| agreement.schema.clone());
                if let Some(schema) = schema.filter(|schema| !is_ours(schema)) {
                    let (game, print) = (Plain::of(&schema.game), schema.fingerprint());
                    self.because = Some(format!(
                        "The server plays {game:?} (schema {print:016x}); this program draws Arena (schema {:016x}) only.",
                        shared::game::schema().fingerprint()
                    ));
                    self.leaves = true;
                }
            }
            SessionEvent::Failed(error) => self.because = Some(format!("{}.", Plain::of(&error.to_string()))),
            SessionEvent::Redirect(redirect) => {
                self.because = Some(format!("The match goes on elsewhere: {}", Plain::of(&redirect.url)));
            }
            _ => {}
        }
        self.onlooker.event(session, &event, now_ms);
    }

    fn act(&mut self, session: &mut Session, now_ms: f64) {
        for Typing { text, team } in self.to_say.drain(..) {
            let wish = session.agreement().and_then(|agreement| say(&agreement.schema, &text, team));
            if wish.and_then(|wish| session.request(wish)).is_none() {
                self.onlooker.note("not said: try again", now_ms);
            }
        }
        if now_ms >= self.draw_ms {
            self.draw(session, now_ms);
        }
    }

    fn goes_on(&mut self, _: &Session) -> bool {
        !self.leaves
    }

    async fn news(&mut self) {
        tokio::select! {
            event = self.keys.next() => {
                let now_ms = self.epoch.now_ms();
                self.take(event, now_ms);
            }
            () = sleep_until(self.epoch.at(self.draw_ms)) => {}
            () = &mut self.stop, if !self.leaves => {
                self.leaves = true;
            }
        }
    }
}

/// "Tell them."
fn say(schema: &Schema, text: &str, team: bool) -> Option<Wish> {
    let kind = schema.requests.iter().position(|request| request.name == Say::NAME)?;
    let mut codes = vec![0; Say::PART_COUNT];
    Say { team, text: Text::new(text.trim()) }.write_codes(&mut codes);
    Some(Wish { kind: kind as u8, codes })
}
