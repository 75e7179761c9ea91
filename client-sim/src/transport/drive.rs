//! A session over connections: bytes in, bytes out, until somebody leaves; who is cut comes back.
//!
//! ```text
//!   drive:  leg ─┬─ over (we left, or the session cannot go on) ────────────────────────► how it ended
//!                └─ lost ─► may it return? ─► session: away ─► attempts ─► session: reconnect ─► the next leg
//! ```
//!
//! Who hears nothing at all for fifteen seconds, although it asks once a second, has lost its connection and was not told: a path can die
//! without a word.
//!
//! Never here: when to try and how often (see `way`), what a message means (see `session`).

use super::connection::{Arrival, Connection, Ended};
use super::epoch::Epoch;
use super::target::ConnectError;
use super::way::Way;
use crate::link::Link;
use crate::session::{Session, SessionEvent};
use std::pin::pin;
use tokio::time::sleep_until;
use tokio_tungstenite::tungstenite::{Bytes, Message};

/// Milliseconds after which a task that wakes late has slept: what waits is taken in together.
const SLEPT_MS: f64 = 250.0;
/// Milliseconds without a byte after which a connection is dead: we ping once per second, and a server answers.
const SILENT_MS: f64 = 15_000.0;

/// Looks on while a session plays.
pub trait Observer: Send {
    /// Something happened in the session.
    fn event(&mut self, session: &Session, event: SessionEvent, now_ms: f64);

    /// Called whenever something could have changed, with the session in hand: who draws and asks does it here.
    fn act(&mut self, session: &mut Session, now_ms: f64) {
        let _ = (session, now_ms);
    }

    /// Asked whenever something could have changed: go on?
    fn goes_on(&mut self, session: &Session) -> bool;

    /// Asked after that: is the connection to be cut now, as a network would?
    fn cuts(&mut self) -> bool {
        false
    }

    /// The connection is lost and will be sought again. The session is as it was.
    fn lost(&mut self, session: &Session, ended: &Ended, now_ms: f64) {
        let _ = (session, ended, now_ms);
    }

    /// What an attempt to come again came to. More follow, until one brings a connection or it is given up.
    fn tried(&mut self, attempt: Result<&Connection, &ConnectError>) {
        let _ = attempt;
    }

    /// Completes when [`Observer::goes_on`] may have a new answer. May be dropped and called again.
    fn news(&mut self) -> impl Future<Output = ()> + Send;
}

/// What a session is driven over.
pub struct Line<'a> {
    /// The first connection.
    pub connection: Connection,
    /// A worse network.
    pub link: Option<Link>,
    /// How to come again after a cut; none: a cut is the end.
    pub way: Option<&'a mut Way>,
}

impl From<Connection> for Line<'_> {
    fn from(connection: Connection) -> Self {
        Self { connection, link: None, way: None }
    }
}

/// Plays a session until it or the connection ends and there is no coming back, or the observer does not go on: then the player leaves.
pub async fn drive(line: Line<'_>, session: &mut Session, epoch: Epoch, observer: &mut impl Observer) -> Ended {
    let Line { mut connection, mut link, mut way } = line;
    loop {
        let ended = match leg(connection, session, link.as_mut(), epoch, observer).await {
            Leg::Over(ended) => return ended,
            Leg::Lost(ended) => ended,
        };
        let Some(way) = way.as_deref_mut().filter(|_| ended.may_return() && session.may_return()) else {
            session.handle_close();
            return ended;
        };
        let now_ms = epoch.now_ms();
        observer.lost(session, &ended, now_ms);
        session.handle_cut();
        if let Some(link) = &mut link {
            link.cut(now_ms);
        }
        way.patience.lost(now_ms);
        match come_again(way, session, epoch, observer, ended).await {
            Ok(another) => connection = another,
            Err(ended) => {
                session.handle_close();
                return ended;
            }
        }
    }
}

/// Tries until there is a connection, and the session will greet over it.
///
/// # Errors
/// How it ended: as the connection did, if it is given up or the observer does not go on; or why the server does not want us any more.
async fn come_again(
    way: &mut Way,
    session: &mut Session,
    epoch: Epoch,
    observer: &mut impl Observer,
    ended: Ended,
) -> Result<Connection, Ended> {
    while let Some(wait_ms) = way.patience.next_ms(epoch.now_ms()) {
        let room = session.kept_in().map(str::to_owned);
        let attempted = {
            let mut attempt = pin!(way.go_again(room, wait_ms));
            loop {
                observer.act(session, epoch.now_ms());
                if !observer.goes_on(session) {
                    return Err(ended);
                }
                tokio::select! {
                    attempted = &mut attempt => break attempted,
                    () = observer.news() => {}
                }
            }
        };
        observer.tried(attempted.as_ref());
        match attempted {
            Ok(connection) => {
                way.patience.came(epoch.now_ms());
                session.reconnect();
                return Ok(connection);
            }
            Err(error) => {
                way.patience.refused(&error);
                if !error.may_pass() {
                    return Err(Ended::Cut { cause: error.to_string() });
                }
            }
        }
    }
    Err(ended)
}

/// How the time over one connection ended.
enum Leg {
    /// For good.
    Over(Ended),
    /// With the connection.
    Lost(Ended),
}

/// Plays over one connection.
async fn leg(
    mut connection: Connection,
    session: &mut Session,
    mut link: Option<&mut Link>,
    epoch: Epoch,
    observer: &mut impl Observer,
) -> Leg {
    let mut heard_ms = epoch.now_ms();
    loop {
        let now_ms = epoch.now_ms();
        let crossed = std::iter::from_fn(|| link.as_mut()?.received(now_ms));
        session.handle_backlog(&crossed.collect::<Vec<_>>(), now_ms);
        session.handle_tick(now_ms);
        while let Some(event) = session.poll_event() {
            observer.event(session, event, now_ms);
        }
        observer.act(session, now_ms);
        let goes_on = observer.goes_on(session);
        if goes_on && observer.cuts() {
            connection.cut();
            return Leg::Lost(Ended::Cut { cause: "cut on purpose".to_owned() });
        }
        if !goes_on {
            session.leave();
        }
        if let Err(ended) = send_all(&mut connection, session, link.as_deref_mut(), now_ms, !goes_on).await {
            let ended = connection.last_words().unwrap_or(ended);
            return if goes_on { Leg::Lost(ended) } else { Leg::Over(ended) };
        }
        if !goes_on {
            return Leg::Over(connection.farewell().await);
        }
        if session.is_over() {
            connection.close(1002).await;
            return Leg::Over(Ended::Left);
        }
        let link_ms = link.as_ref().map_or(f64::INFINITY, |link| link.next_ms());
        let reads_from_ms = link.as_ref().map_or(now_ms, |link| link.reads_from_ms(now_ms));
        let reads = reads_from_ms <= now_ms;
        // Who reads nothing hears nothing, and who was never let in waits as long as it is told to.
        if !reads || !session.may_return() {
            heard_ms = reads_from_ms;
        }
        let wake_ms = session.next_wake_ms(now_ms).min(link_ms).min(if reads { f64::INFINITY } else { reads_from_ms });
        tokio::select! {
            biased;
            arrival = connection.receive(), if reads => {
                heard_ms = epoch.now_ms();
                match arrival {
                    Arrival::Message(bytes) => {
                        let slept = heard_ms > wake_ms + SLEPT_MS;
                        let (waited, ended) = if slept { connection.waiting(bytes) } else { (vec![bytes], None) };
                        take(session, link.as_deref_mut(), &waited, epoch.now_ms());
                        if let Some(ended) = ended {
                            return Leg::Lost(ended);
                        }
                    }
                    Arrival::Nothing => {}
                    Arrival::End(ended) => return Leg::Lost(ended),
                }
            },
            () = observer.news() => {}
            () = sleep_until(epoch.at(wake_ms)) => {}
            () = sleep_until(epoch.at(heard_ms + SILENT_MS)) => {
                return Leg::Lost(Ended::Cut { cause: "nothing was heard any more".to_owned() });
            }
        }
    }
}

/// Messages came off the socket: to the session at once, or onto the link.
fn take(session: &mut Session, link: Option<&mut Link>, messages: &[Bytes], now_ms: f64) {
    match link {
        Some(link) => messages.iter().for_each(|bytes| link.receive(bytes.to_vec(), now_ms)),
        None => session.handle_backlog(messages, now_ms),
    }
}

/// Sends what the session has to say, or what the link lets through; at the end everything at once.
async fn send_all(
    connection: &mut Connection,
    session: &mut Session,
    link: Option<&mut Link>,
    now_ms: f64,
    at_once: bool,
) -> Result<(), Ended> {
    let mut fed = false;
    match link {
        None => {
            while let Some(frame) = session.poll_frame() {
                connection.feed(Message::Binary(frame.into())).await?;
                fed = true;
            }
        }
        Some(link) => {
            while let Some(frame) = session.poll_frame() {
                link.send(frame, now_ms);
            }
            let until_ms = if at_once { f64::INFINITY } else { now_ms };
            while let Some(frame) = link.sent(until_ms) {
                connection.feed(Message::Binary(frame.into())).await?;
                fed = true;
            }
        }
    }
    if fed { connection.flush().await } else { Ok(()) }
}
