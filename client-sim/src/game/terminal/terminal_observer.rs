//! Where a person sits: keys on one side, the screen on the other, the session between.
//!
//! ```text
//!   terminal ─► keys ─► desk · hands          act: what was asked for goes out; this moment is drawn, if it is time and the writer is idle
//! ```
//!
//! The thin end: it passes on what others decide.
//!
//! Never here: what keys mean, what is drawn, how one connects.

use super::absence::Absence;
use super::device::screen::Screen;
use super::device::shell::Output;
use super::device::writer::Writer;
use super::farewell::{Farewell, Leaving};
use super::input::desk::{Deed, Desk};
use super::input::hands::{AimBy, Hands};
use super::input::keys::Seat;
use super::input::person::Person;
use super::picture::camera::{Camera, suits};
use super::picture::draw::{camera, picture};
use super::picture::scene::{Scene, Typing};
use super::picture::scene_builder::{Overlay, SceneBuilder};
use crate::behaviour::Wish;
use crate::session::{Session, SessionEvent};
use crate::transport::{ConnectError, Connection, Ended, Epoch, Observer};
use crossterm::event::{Event, EventStream, MouseButton, MouseEventKind};
use futures_util::StreamExt as _;
use ratatui::layout::Rect;
use shared::game::chat::{REFUSED_TOO_FAST, Say};
use shared::schema::{Replicated, Schema, Text};
use shared::wire::server_message::Outcome;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::sleep_until;

/// Milliseconds from one moment that is drawn to the next.
const DRAW_EVERY_MS: f64 = 25.0;

/// What makes it panic, for the test that the terminal is given back then, too.
#[cfg(feature = "sabotage")]
const SAID_TO_PANIC: &str = "/panic";

/// Where a person sits: keys on one side, the screen on the other.
pub(super) struct TerminalObserver {
    pub(super) desk: Desk,
    person: Person,
    builder: SceneBuilder,
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
    /// What was said and not answered yet, with the numbers of the requests.
    said: VecDeque<(u16, Typing)>,
    leaving: Leaving,
    absence: Absence,
}

impl TerminalObserver {
    pub(super) fn new(
        (seat, builder): (Seat, SceneBuilder),
        person: Person,
        wire_bytes: Arc<AtomicU64>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<Self> {
        let (columns, rows) = crossterm::terminal::size()?;
        let epoch = person.epoch();
        Ok(Self {
            desk: Desk::new(seat),
            person,
            builder,
            screen: Screen::default(),
            writer: Writer::begin(Output)?,
            keys: EventStream::new(),
            stop: Box::pin(stop),
            epoch,
            wire_bytes,
            scene: Scene::default(),
            area: Rect::new(0, 0, columns, rows),
            draw_ms: 0.0,
            to_say: Vec::new(),
            said: VecDeque::new(),
            leaving: Leaving::default(),
            absence: Absence::default(),
        })
    }

    /// Something came from the terminal; `None`: it is gone.
    fn take(&mut self, event: Option<io::Result<Event>>, now_ms: f64) {
        match event {
            Some(Ok(Event::Key(key))) => {
                let desk = &mut self.desk;
                match self.person.with(|hands| desk.key(&key, hands, now_ms)) {
                    Some(Deed::Leave) => self.leaving.wish(),
                    Some(Deed::Say(typing)) => self.to_say.push(typing),
                    Some(Deed::Follow(forwards)) => self.builder.turn(forwards),
                    Some(Deed::Free) => self.builder.free(),
                    None => {}
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
            Some(Err(_)) | None => self.leaving.must("The terminal is gone."),
        }
    }

    /// The aim points from where we are shown to where the mouse is.
    fn look_at_pointer(&mut self) {
        if let (Some(pointer), Some(own)) = (self.desk.pointer, &self.scene.own) {
            let camera = camera(&self.scene, self.area);
            let angle = Camera::angle(own.at, camera.place_of_cell(pointer));
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
        let follows_mouse = self.person.with(|hands| hands.aim_by() == AimBy::Mouse);
        let (aim, aim_by) = self.person.with(|hands| (hands.aim(), hands.aim_by().name()));
        let pointer = self.desk.pointer.filter(|_| follows_mouse);
        let pan = self.person.with(|hands| self.desk.pan(hands, now_ms));
        let overlay = Overlay { open: self.desk.open.clone(), aim, aim_by, pointer, pan };
        let wire_bytes = self.wire_bytes.load(Ordering::Relaxed);
        match self.absence.banner() {
            // The last that we saw, and why it stands still.
            Some(banner) => (self.scene.banner, self.scene.open) = (Some(banner), overlay.open),
            None => self.scene = self.builder.scene(session, &overlay, wire_bytes, now_ms),
        }
        if follows_mouse {
            // We moved, the mouse did not.
            self.look_at_pointer();
        }
        self.desk.suits = suits(camera(&self.scene, self.area).area());
        if let Ok(bytes) = self.screen.turn_into(picture(&self.scene, self.area)) {
            self.writer.write(bytes);
        }
    }

    /// What to say at the end.
    pub(super) fn farewell(&self, ended: &Ended) -> Farewell {
        self.leaving.farewell(ended)
    }
}

impl Observer for TerminalObserver {
    fn event(&mut self, session: &Session, event: SessionEvent, now_ms: f64) {
        self.leaving.event(session, &event);
        if let Some(words) = self.absence.event(&event) {
            self.builder.note(words, now_ms);
        }
        if let SessionEvent::Reply { number, outcome } = &event
            && let Some(at) = self.said.iter().position(|(said, _)| said == number)
            && let Some((_, typing)) = self.said.remove(at)
            && *outcome == Outcome::Refused(REFUSED_TOO_FAST)
        {
            self.desk.refused(typing);
        }
        self.builder.event(session, &event, now_ms);
    }

    fn act(&mut self, session: &mut Session, now_ms: f64) {
        for Typing { text, team } in self.to_say.drain(..) {
            #[cfg(feature = "sabotage")]
            assert_ne!(text, SAID_TO_PANIC, "as asked for");
            let wish = session.agreement().and_then(|agreement| say(&agreement.schema, &text, team));
            let typing = Typing { text, team };
            if let Some(number) = wish.and_then(|wish| session.request(wish)) {
                self.said.push_back((number, typing));
            } else {
                self.builder.note("not said: try again", now_ms);
                self.desk.refused(typing);
            }
        }
        if now_ms >= self.draw_ms {
            self.draw(session, now_ms);
        }
    }

    fn goes_on(&mut self, _: &Session) -> bool {
        !self.leaving.is_due()
    }

    fn lost(&mut self, _: &Session, ended: &Ended, _: f64) {
        self.absence.begin(ended);
        self.said.clear();
    }

    fn tried(&mut self, attempt: Result<&Connection, &ConnectError>) {
        self.absence.tried(attempt.err());
    }

    async fn news(&mut self) {
        tokio::select! {
            event = self.keys.next() => {
                let now_ms = self.epoch.now_ms();
                self.take(event, now_ms);
            }
            () = sleep_until(self.epoch.at(self.draw_ms)) => {}
            () = &mut self.stop, if !self.leaving.is_due() => {
                self.leaving.wish();
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
