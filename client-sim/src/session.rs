//! A client as a state machine: frames and a clock go in, frames and events come out.
//!
//! ```text
//!             Hello ─►            ◄─ Welcome             ◄─ State ─► Input, Confirm, Resync, Ping, Request        Bye ─►
//!   Greeting ───────────────────────────────► Playing ───────────────────────────────────────────────────────────────► Over
//!      ▲                                         │
//!      └────────────── reconnect ───── Away ◄────┘ the connection is lost, and the server may keep our seat
//! ```
//!
//! Given the same calls it does the same: no socket, no clock, no chance of its own. Whoever drives it calls
//! [`Session::handle_frame`] for what arrived, [`Session::handle_tick`] at the latest at [`Session::next_wake_ms`], and then
//! empties [`Session::poll_frame`] and [`Session::poll_event`]. `now_ms` is any steady clock.
//!
//! A frame that the replica refuses is answered by Resync, at most once per second, until a full frame comes.
//!
//! Never here: sockets (see `transport`), what the world means (see `behaviour` and games).

// What a session tells.
pub mod events;

// What a player would see.
mod screen;

// Between Welcome and the end.
mod playing;

use crate::agreement::{Agreement, Known, hello};
use crate::behaviour::{Behaviours, Wish};
use crate::commons::Commons;
use crate::interpolate::Interpolator;
use crate::predict::{Predictor, Twins};
use crate::replica::Replica;
pub use events::{Counters, SessionError, SessionEvent};
use playing::Playing;
pub use screen::Drawing;
use shared::ids::Tick;
use shared::schema::Schema;
use shared::wire::control::FEATURE_AUDIT;
use shared::wire::{ClientMessage, Digest, FrameHeader, Renew, Role, Secret, ServerMessage};
use std::collections::VecDeque;
use std::sync::Arc;

/// Events that wait to be polled. Whoever does not poll loses the oldest; [`Counters::events_dropped`] counts them.
const EVENTS_MAX: usize = 1_024;

/// Who a client is and how it plays.
#[derive(Clone)]
pub struct SessionConfig {
    /// The player's name.
    pub name: String,
    /// How much of the digest it asks for.
    pub digest: Digest,
    /// What it is here for: a spectator plays nothing, sees everything, and later than the players do.
    pub role: Role,
    /// What it held on to from an earlier time.
    pub known: Option<Known>,
    /// It plays nothing, sees everything, and is told who may see what; only where the server allows it.
    pub audit: bool,
    /// Who plays. `None`: nobody, it sends no inputs and confirms frames by themselves. So for whoever audits or looks on.
    pub behaviours: Option<Arc<dyn Behaviours>>,
    /// The behaviour's chance.
    pub seed: u64,
    /// With whom it holds together what is equal. `None`: with nobody.
    pub commons: Option<Arc<Commons>>,
    /// The steps of the games whose own entity it predicts. `None`: it predicts nothing.
    pub twins: Option<Arc<dyn Twins>>,
    /// When it draws others.
    pub drawing: Drawing,
}

impl SessionConfig {
    /// A client that is called `name`, plays nothing and holds nothing.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            digest: Digest::Folded,
            role: Role::Player,
            known: None,
            audit: false,
            behaviours: None,
            seed: 0,
            commons: None,
            twins: None,
            drawing: Drawing::Never,
        }
    }

    /// Neither an auditor nor a spectator.
    pub(crate) fn plays(&self) -> bool {
        !self.audit && self.role == Role::Player
    }
}

/// One client.
pub struct Session {
    config: SessionConfig,
    phase: Phase,
    outgoing: VecDeque<Vec<u8>>,
    events: VecDeque<SessionEvent>,
    counters: Counters,
}

enum Phase {
    /// The Hello goes out with the first tick.
    Greeting {
        hello_ms: Option<f64>,
        /// What it was before it was cut.
        was: Option<Box<Playing>>,
    },
    Playing(Box<Playing>),
    /// Cut. It may come back to its seat, if it has a secret; without one it comes anew.
    Away(Box<Playing>),
    Over,
}

impl Session {
    /// A session that will say Hello.
    #[must_use]
    pub fn new(config: SessionConfig) -> Self {
        Self {
            config,
            phase: Phase::Greeting { hello_ms: None, was: None },
            outgoing: VecDeque::new(),
            events: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    /// Takes in a message of the server.
    pub fn handle_frame(&mut self, bytes: &[u8], now_ms: f64) {
        if matches!(self.phase, Phase::Over | Phase::Away(_)) {
            return;
        }
        self.counters.message_bytes += bytes.len() as u64;
        if let Err(error) = self.take_message(bytes, now_ms) {
            self.phase = Phase::Over;
            self.tell(SessionEvent::Failed(error));
        }
    }

    /// Takes in what waited: after a stall, or while nobody looked. The world that steps tell of before a full frame among them is not
    /// read: that frame drops it anyway. What they told besides is.
    pub fn handle_backlog(&mut self, messages: &[impl AsRef<[u8]>], now_ms: f64) {
        let full = messages.iter().rposition(|bytes| FrameHeader::is_full(bytes.as_ref())).unwrap_or(0);
        for (place, bytes) in messages.iter().map(AsRef::as_ref).enumerate() {
            if let Phase::Playing(playing) = &mut self.phase
                && place < full
                && FrameHeader::is_step(bytes)
            {
                self.counters.frames_trimmed += 1;
                playing.replica.skip_to_full();
            }
            self.handle_frame(bytes, now_ms);
        }
    }

    /// Does what is due: the Hello, inputs, a Confirm, a Resync, a Ping.
    pub fn handle_tick(&mut self, now_ms: f64) {
        match &mut self.phase {
            Phase::Greeting { hello_ms: hello_ms @ None, was } => {
                *hello_ms = Some(now_ms);
                let mut hello = hello(&self.config.name, self.config.digest, self.config.known.as_ref());
                hello.role = self.config.role;
                hello.resume = was.as_ref().and_then(|was| was.agreement.resume);
                hello.features |= if self.config.audit { FEATURE_AUDIT } else { 0 };
                // A Hello reads nothing of a schema, and there is none yet.
                self.outgoing.push_back(ClientMessage::Hello(Box::new(hello)).to_bytes(&no_schema()));
            }
            Phase::Greeting { .. } | Phase::Away(_) | Phase::Over => {}
            Phase::Playing(playing) => playing.handle_tick(&mut self.outgoing, &mut self.counters, now_ms),
        }
    }

    /// When [`Session::handle_tick`] has something to do next.
    #[must_use]
    pub fn next_wake_ms(&self, now_ms: f64) -> f64 {
        match &self.phase {
            Phase::Greeting { hello_ms: None, .. } => now_ms,
            Phase::Greeting { .. } | Phase::Away(_) | Phase::Over => f64::INFINITY,
            Phase::Playing(playing) => playing.next_wake_ms(),
        }
    }

    /// The next message to send, if any.
    pub fn poll_frame(&mut self) -> Option<Vec<u8>> {
        self.outgoing.pop_front()
    }

    /// The next thing that happened, if any.
    pub fn poll_event(&mut self) -> Option<SessionEvent> {
        self.events.pop_front()
    }

    /// The player leaves: a Bye goes out, and the server closes.
    pub fn leave(&mut self) {
        if matches!(self.phase, Phase::Playing(_)) {
            self.outgoing.push_back(ClientMessage::Bye.to_bytes(&no_schema()));
        }
        self.phase = Phase::Over;
    }

    /// The connection is gone, and that was the end.
    pub fn handle_close(&mut self) {
        self.phase = Phase::Over;
    }

    /// The connection is gone; [`Session::reconnect`] may bring it back.
    pub fn handle_cut(&mut self) {
        self.outgoing.clear();
        self.phase = match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Playing(was) | Phase::Away(was) | Phase::Greeting { was: Some(was), .. } => Phase::Away(was),
            Phase::Greeting { was: None, .. } | Phase::Over => Phase::Over,
        };
    }

    /// Whether it was let in once, and may be again after a cut.
    #[must_use]
    pub const fn may_return(&self) -> bool {
        match &self.phase {
            Phase::Greeting { was, .. } => was.is_some(),
            Phase::Playing(_) | Phase::Away(_) => true,
            Phase::Over => false,
        }
    }

    /// There is another connection: the next Hello names what we hold on to, and asks for the seat that was ours, if the server keeps seats.
    /// False: we were never in, or it is over.
    pub fn reconnect(&mut self) -> bool {
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Away(was) => {
                self.config.known = Some(was.agreement.known.clone());
                self.phase = Phase::Greeting { hello_ms: None, was: Some(was) };
                true
            }
            other => {
                self.phase = other;
                false
            }
        }
    }

    /// The room whose seat is kept for us, where that is known.
    #[must_use]
    pub fn kept_in(&self) -> Option<&str> {
        match &self.phase {
            Phase::Away(was) => was.agreement.room.as_deref(),
            _ => None,
        }
    }

    /// Hands a new ticket in, before the old one ends.
    pub fn renew(&mut self, ticket: &str) {
        if matches!(self.phase, Phase::Playing(_)) {
            let renew = Renew { ticket: Secret(ticket.to_owned()), ..Renew::default() };
            self.outgoing.push_back(ClientMessage::Renew(Box::new(renew)).to_bytes(&no_schema()));
        }
    }

    /// Asks for keep-alives only, or for the world again: a hidden tab.
    pub fn pause(&mut self, on: bool) {
        if let Phase::Playing(playing) = &mut self.phase {
            playing.pause(on, &mut self.outgoing);
        }
    }

    /// Asks the game for something; the number that its reply will carry. `None`: not playing, no such request, or too many
    /// are unanswered.
    pub fn request(&mut self, wish: Wish) -> Option<u16> {
        let Phase::Playing(playing) = &mut self.phase else { return None };
        playing.request(wish, &mut self.outgoing, &mut self.counters)
    }

    /// What was settled with the server, once welcomed.
    #[must_use]
    pub fn agreement(&self) -> Option<&Agreement> {
        self.playing().map(|playing| &playing.agreement)
    }

    /// The world as we see it, once welcomed.
    #[must_use]
    pub fn replica(&self) -> Option<&Replica> {
        self.playing().map(|playing| &playing.replica)
    }

    /// The replica itself, for faults done on purpose.
    #[cfg(feature = "sabotage")]
    pub fn replica_mut(&mut self) -> Option<&mut Replica> {
        match &mut self.phase {
            Phase::Playing(playing) => Some(&mut playing.replica),
            Phase::Greeting { .. } | Phase::Away(_) | Phase::Over => None,
        }
    }

    /// Our own entity as predicted; `None` before the Welcome and for a game without a twin.
    #[must_use]
    pub fn predictor(&self) -> Option<&Predictor> {
        self.playing()?.screen.predictor()
    }

    /// Why our own entity is not predicted in a game that we know, in words.
    #[must_use]
    pub fn unpredicted(&self) -> Option<&str> {
        self.playing()?.screen.refusal()
    }

    /// Others as they are drawn; `None` before the Welcome and where nothing is drawn.
    #[must_use]
    pub fn interpolator(&self) -> Option<&Interpolator> {
        self.playing()?.screen.interpolator()
    }

    /// Where our own entity is shown now, in world units.
    #[must_use]
    pub fn own_place(&self, now_ms: f64) -> Option<[f64; 2]> {
        let playing = self.playing()?;
        playing.screen.predictor()?.shown(playing.ticks(now_ms), now_ms)
    }

    /// Where what we sent flying is shown now, in world units. What it stands in for is not to be drawn: see
    /// [`Ghosts::hides`](crate::ghosts::Ghosts::hides).
    #[must_use]
    pub fn ghosts(&self, now_ms: f64) -> Vec<[f64; 2]> {
        let playing = self.playing();
        let shown = playing.and_then(|playing| Some(playing.screen.predictor()?.ghosts_shown(playing.ticks(now_ms))));
        shown.into_iter().flatten().collect()
    }

    /// Draws everything now, for whoever looks (see [`Drawing::WhenAsked`]): what is read after it belongs together.
    pub fn draw(&mut self, now_ms: f64) {
        if let Phase::Playing(playing) = &mut self.phase {
            playing.screen.draw(now_ms);
            playing.screen.count(&mut self.counters);
        }
    }

    /// The tick whose input comes next, once welcomed.
    #[must_use]
    pub fn next_input(&self) -> Option<Tick> {
        self.playing().map(Playing::next_input)
    }

    /// The measured round trip, once known.
    #[must_use]
    pub fn round_trip_ms(&self) -> Option<f64> {
        self.playing().map(Playing::round_trip_ms)
    }

    /// How early our inputs come, smoothed, once known.
    #[must_use]
    pub fn lead_ms(&self) -> Option<f64> {
        self.playing().and_then(Playing::lead_ms)
    }

    /// Welcomed, and holding everything that may be seen.
    #[must_use]
    pub fn is_in(&self) -> bool {
        self.playing().is_some_and(Playing::is_complete)
    }

    /// Nothing will come of this session any more.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over | Phase::Away(_))
    }

    /// What it counted so far.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    fn playing(&self) -> Option<&Playing> {
        match &self.phase {
            Phase::Playing(playing) => Some(playing),
            Phase::Greeting { .. } | Phase::Away(_) | Phase::Over => None,
        }
    }

    fn tell(&mut self, event: SessionEvent) {
        if self.events.len() == EVENTS_MAX {
            self.events.pop_front();
            self.counters.events_dropped += 1;
        }
        self.events.push_back(event);
    }

    fn take_message(&mut self, bytes: &[u8], now_ms: f64) -> Result<(), SessionError> {
        let message = ServerMessage::read(bytes)?;
        if let ServerMessage::Redirect(redirect) = message {
            self.tell(SessionEvent::Redirect(redirect));
            return Ok(());
        }
        match (&mut self.phase, message) {
            (Phase::Greeting { hello_ms: Some(hello_ms), was }, ServerMessage::Welcome(welcome)) => {
                let mut agreement = Agreement::new(*welcome, self.config.audit, self.config.known.as_ref())?;
                if let Some(commons) = &self.config.commons {
                    commons.share_game(&mut agreement);
                }
                let mut playing = Playing::new(agreement, &self.config, now_ms - *hello_ms, now_ms);
                playing.screen.count_on(&self.counters);
                let was = was.take().filter(|was| playing.agreement.is_seat_of(&was.agreement));
                let is_back = was.is_some();
                if let Some(was) = was {
                    playing.go_on_from(*was);
                }
                self.phase = Phase::Playing(Box::new(playing));
                self.tell(SessionEvent::Welcomed);
                if is_back {
                    self.counters.resumed += 1;
                    self.tell(SessionEvent::Resumed);
                }
            }
            (Phase::Playing(playing), ServerMessage::State(bytes)) => {
                for event in playing.take_state(bytes, &mut self.counters, now_ms) {
                    self.tell(event);
                }
            }
            (Phase::Playing(playing), ServerMessage::Pong { stamp }) => {
                if let Some(ms) = playing.take_pong(stamp, now_ms) {
                    self.tell(SessionEvent::RoundTrip { ms });
                }
            }
            (Phase::Playing(playing), ServerMessage::Reply { number, outcome }) => {
                playing.take_reply();
                self.counters.replies += 1;
                self.tell(SessionEvent::Reply { number, outcome });
            }
            (Phase::Playing(_), ServerMessage::Notice { reason, seconds }) => {
                self.tell(SessionEvent::Notice { reason, seconds });
            }
            (_, ServerMessage::Notice { .. }) => return Err(SessionError::OutOfPlace { what: "Notice" }),
            (Phase::Playing(playing), ServerMessage::Tables { from, bytes }) => playing.take_tables(from, bytes)?,
            (_, ServerMessage::Tables { .. }) => return Err(SessionError::OutOfPlace { what: "Tables" }),
            (Phase::Playing(_), ServerMessage::Audit(audit)) if self.config.audit => {
                self.tell(SessionEvent::Audit(audit));
            }
            (_, ServerMessage::Audit(_)) => return Err(SessionError::OutOfPlace { what: "Audit" }),
            (_, ServerMessage::Welcome(_)) => return Err(SessionError::OutOfPlace { what: "Welcome" }),
            (_, ServerMessage::State(_)) => return Err(SessionError::OutOfPlace { what: "a state frame" }),
            (_, ServerMessage::Pong { .. }) => return Err(SessionError::OutOfPlace { what: "Pong" }),
            (_, ServerMessage::Reply { .. }) => return Err(SessionError::OutOfPlace { what: "Reply" }),
            (_, ServerMessage::Redirect(_)) => {}
        }
        Ok(())
    }
}

/// A schema of nothing, for the messages that carry no values.
pub(crate) fn no_schema() -> Schema {
    Schema {
        game: String::new(),
        components: Vec::new(),
        kinds: Vec::new(),
        input: shared::schema::Declaration { name: String::new(), fields: Vec::new() },
        events: Vec::new(),
        requests: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
