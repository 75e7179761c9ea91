//! A person plays: from connecting to farewell.
//!
//! ```text
//!   connect ─► terminal is ours ─► drive: socket · keys · forty moments per second ─► terminal is theirs ─► why it ended
//!                                   └ cut: the last picture stays, and says that we are coming back
//! ```
//!
//! The session is driven as a bot's is; only who decides its inputs, and who looks, is a person.
//!
//! Never here: what keys mean, what is drawn.

use super::device::shell::{Shell, is_terminal};
use super::farewell::{Farewell, is_ours};
use super::input::hands::Hands;
use super::input::keys::Seat;
use super::input::person::Person;
use super::options::{PlayOptions, Where};
use super::picture::scene_builder::SceneBuilder;
use super::terminal_observer::TerminalObserver;
use crate::behaviour::{Behaviour, Idle};
use crate::game::twin::twins;
use crate::link::Link;
use crate::session::{Drawing, Session, SessionConfig};
use crate::swarm::options::path_of;
use crate::ticket_key::TicketKeyError;
use crate::transport::{ConnectError, Connection, Epoch, Line, Target, Way, drive, needs_tls};
use crate::trust::{Trust, TrustError};
use shared::game::maps::Maps;
use shared::schema::Schema;
use std::io;
use std::process;
use std::sync::Arc;

/// Why nobody could play.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The command line's.
    #[error("this is for a person at a terminal: standard input and output must be one")]
    NoTerminal,
    /// The command line's.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The command line's.
    #[error(transparent)]
    Ticket(#[from] TicketKeyError),
    /// Nobody's: it is too early, or too many look on.
    #[error("there is nothing to watch: nobody plays there yet, or all places for spectators are taken (HTTP 503)")]
    NothingToWatch,
    /// The server's, or the network's.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The terminal's.
    #[error("the terminal: {0}")]
    Terminal(#[from] io::Error),
}

impl PlayError {
    /// Whether the command line makes no sense; otherwise something failed.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        matches!(self, Self::NoTerminal | Self::Trust(_) | Self::Ticket(_) | Self::Connect(ConnectError::Url { .. }))
    }
}

/// Plays on these maps until the person leaves, `stop` completes, or the connection ends. The terminal is as before when this returns.
///
/// # Errors
/// [`PlayError`]: it could not begin.
pub async fn play(
    options: &PlayOptions,
    maps: Maps,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<Farewell, PlayError> {
    if !is_terminal() {
        return Err(PlayError::NoTerminal);
    }
    let twins = twins(maps.clone());
    let config = |person: Person| {
        let behaviours = move |schema: &Schema, _: u64| -> Box<dyn Behaviour> {
            if is_ours(schema) { Box::new(person.clone()) } else { Box::new(Idle) }
        };
        let named = SessionConfig::named(&options.name);
        SessionConfig { behaviours: Some(Arc::new(behaviours)), twins: Some(twins), ..named }
    };
    sit_down(
        (Seat::Player, SceneBuilder::default().on(maps).in_room(options.to.room.clone())),
        &options.to,
        config,
        stop,
    )
    .await
}

/// Connects, takes the terminal, and gives it back at the end.
pub(super) async fn sit_down(
    (seat, builder): (Seat, SceneBuilder),
    to: &Where,
    config: impl FnOnce(Person) -> SessionConfig,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<Farewell, PlayError> {
    let Begun { mut way, connection, link, epoch } = connect(to, seat).await?;
    let shell = Shell::enter()?;
    let person = Person::new(Hands::new(shell.tells_release()), epoch);
    let config = SessionConfig { drawing: Drawing::WhenAsked, seed: to.seed, ..config(person.clone()) };
    let mut session = Session::new(config);
    let mut observer = TerminalObserver::new((seat, builder), person, way.wire_bytes(), stop)?;
    observer.desk.open.net_graph = to.net_graph;
    let line = Line { connection, link, way: Some(&mut way) };
    let ended = drive(line, &mut session, epoch, &mut observer).await;
    let farewell = observer.farewell(&ended);
    // The last picture first, then the terminal as it was.
    drop(observer);
    drop(shell);
    Ok(farewell)
}

/// What a person begins with.
pub(super) struct Begun {
    /// How to come again after a cut.
    pub(super) way: Way,
    pub(super) connection: Connection,
    /// The worse network that was asked for.
    pub(super) link: Option<Link>,
    pub(super) epoch: Epoch,
}

/// Connects. Who looks on asks for a spectator's place: there may be one
/// where all players' places are taken.
pub(super) async fn connect(to: &Where, seat: Seat) -> Result<Begun, PlayError> {
    let tls = if needs_tls(&to.url) { Some(Trust::choose(to.ca.as_deref(), to.insecure)?.tls()?) } else { None };
    let ticket = to.tickets.key()?.map(|key| key.mint(&format!("person-{}", process::id())));
    let target = Target::resolve(&to.url, tls).await?.bearing(ticket);
    let mut path = path_of(to.room.as_deref().unwrap_or_default());
    if seat == Seat::Spectator {
        path.push_str("?watch");
    }
    let way = Way::of_one(&target, &path);
    let connection = way.go().await.map_err(|error| match error {
        ConnectError::Refused { status: 503, message: None, .. } if seat == Seat::Spectator => {
            PlayError::NothingToWatch
        }
        other => other.into(),
    })?;
    let epoch = Epoch::begin();
    let link = to.link.map(|spec| Link::new(spec, to.seed, 0, epoch.now_ms()));
    Ok(Begun { way, connection, link, epoch })
}
