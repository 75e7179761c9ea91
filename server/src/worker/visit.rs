//! A connection together with what it was admitted as: its place, its span, its life events.
//!
//! ```text
//!   Admitted ─► Visit ── attached to a room ──► told to go (see `leaving`) ─► over: one line with code, cause, totals
//! ```
//!
//! The place in the directory is held until the socket is gone, so that the caps on players and connections are true
//! of sockets and not of intentions.
//!
//! Never here: what goes through the socket (see `connection`).

use std::io;
use std::time::Instant;

use shared::ids::Tick;
use shared::wire::close_code::CloseCode;

use super::allowance::PeerLimits;
use super::connection::{Connection, Ending};
use super::tally::Tally;
use super::transport::Traffic;
use crate::directory::Place;
use crate::exchange::ConnectionId;
use crate::mailbox::Admitted;
use crate::sessions::Session;
use crate::standing::Standing;

/// One visit of a client.
pub(super) struct Visit {
    pub(super) connection: Connection,
    span: tracing::Span,
    came: Instant,
    tallied: Traffic,
    /// Given back when the visit is dropped.
    place: Place,
    /// Until it is told to go.
    session: Option<Session>,
    /// Its number in this process.
    number: u64,
}

impl Visit {
    /// Takes an admitted connection over, at the `tick` of its room.
    ///
    /// # Errors
    /// The socket died on the way here.
    pub(super) fn new(
        limits: PeerLimits,
        admitted: Admitted,
        tick_rate_hz: u16,
        tick: Tick,
        now: Instant,
    ) -> io::Result<Self> {
        let Admitted { socket, place, session, span, connection: number, .. } = admitted;
        let connection = match Connection::adopt(socket, limits, tick_rate_hz, tick, now) {
            Ok(connection) => connection,
            Err(error) => {
                span.in_scope(|| tracing::info!(%error, "gone before it was attached"));
                return Err(error);
            }
        };
        Ok(Self { connection, span, came: now, tallied: Traffic::default(), place, session: Some(session), number })
    }

    /// Life event: the room has it.
    pub(super) fn tell_attached(&self, id: ConnectionId, tick: Tick) {
        self.span.in_scope(|| tracing::info!(number = id.0, tick = tick.0, "attached"));
    }

    /// The room has given it a seat, perhaps an auditor's or a spectator's.
    pub(super) fn seated(&mut self, standing: Standing) {
        self.place.seated(standing);
        match standing {
            Standing::Player => {}
            Standing::Auditor => self.span.in_scope(|| tracing::info!("an auditor: it sees everything")),
            Standing::Spectator => self.span.in_scope(|| tracing::info!("a spectator: it sees everything later")),
        }
    }

    /// Life event: its player may come back to its seat, or not, because as many are kept for its address as may be.
    pub(super) fn tell_kept(&self, is_kept: bool) {
        self.span.in_scope(|| match is_kept {
            true => tracing::info!("its seat is kept"),
            false => tracing::info!("its seat is not kept: its address has limits.away_per_address_max of them"),
        });
    }

    /// Life event: over. The last that is heard of it.
    pub(super) fn tell_over(&self, ending: Ending, now: Instant) {
        let Traffic { bytes_in, bytes_out, .. } = self.connection.traffic();
        let seconds = now.saturating_duration_since(self.came).as_secs();
        let _inside = self.span.enter();
        match ending {
            Ending::Closed(code, cause) => {
                let (code, name) = (code.number(), code.name());
                tracing::info!(code, name, cause, bytes_in, bytes_out, seconds, "closed");
            }
            Ending::Left(number) => {
                let code = number.unwrap_or(1005); // RFC 6455: no code was given
                let name = CloseCode::from_number(code).map_or("", CloseCode::name);
                tracing::info!(code, name, cause = "the client left", bytes_in, bytes_out, seconds, "left");
            }
            Ending::Lost(cause) => tracing::info!(cause, bytes_in, bytes_out, seconds, "lost"),
        }
    }

    /// Its seat outlives it, with its place and with its session, so that it can be told to go while nobody is there. None: as many seats
    /// are kept for its address as may be.
    pub(super) fn leave_to_seat(&mut self) -> Option<(Place, Option<Session>)> {
        let place = self.place.leave_to_seat()?;
        let session = self.session.take();
        if let Some(session) = &session {
            session.stay_away();
        }
        Some((place, session))
    }

    /// Its number in this process, as in logs.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// It is told to go: nobody need tell it again, and its player may come anew.
    pub(super) fn leave(&mut self) {
        self.session = None;
    }

    /// Adds what went through the socket since the last call.
    pub(super) fn tally_traffic(&mut self, tally: &mut Tally) {
        let traffic = self.connection.traffic();
        tally.traffic.add(traffic.since(self.tallied));
        self.tallied = traffic;
    }
}

/// Some visits with numbers next to each other.
pub(super) struct Part<'a> {
    first: u32,
    entries: &'a mut [Option<Visit>],
}

impl Part<'_> {
    /// These visits, by number.
    pub(super) fn each(&mut self) -> impl Iterator<Item = (ConnectionId, &mut Visit)> {
        let ids = (self.first..).map(ConnectionId);
        ids.zip(self.entries.iter_mut()).filter_map(|(id, entry)| Some((id, entry.as_mut()?)))
    }
}

/// The visits of one room, each under the number that the room knows it by.
#[derive(Default)]
pub(super) struct Visits {
    entries: Vec<Option<Visit>>,
    /// Numbers of empty entries; the last freed is used first, so that the list stays short.
    free: Vec<u32>,
}

impl Visits {
    /// Gives a visit the number it keeps until it is removed.
    pub(super) fn insert(&mut self, visit: Visit) -> ConnectionId {
        if let Some(number) = self.free.pop() {
            self.entries[number as usize] = Some(visit);
            return ConnectionId(number);
        }
        self.entries.push(Some(visit));
        ConnectionId(self.entries.len() as u32 - 1)
    }

    /// Takes a visit out; its number may be given to another from now on.
    pub(super) fn remove(&mut self, id: ConnectionId) -> Option<Visit> {
        let visit = self.entries.get_mut(id.0 as usize)?.take()?;
        self.free.push(id.0);
        Some(visit)
    }

    /// The visit of that number.
    pub(super) fn one(&mut self, id: ConnectionId) -> Option<&mut Visit> {
        self.entries.get_mut(id.0 as usize)?.as_mut()
    }

    /// All visits, by number, in so many parts of about the same size.
    pub(super) fn parts(&mut self, count: usize) -> impl Iterator<Item = Part<'_>> {
        let length = self.entries.len().div_ceil(count.max(1)).max(1);
        let firsts = (0..).step_by(length);
        firsts.zip(self.entries.chunks_mut(length)).map(|(first, entries)| Part { first, entries })
    }

    /// Places of all numbers, the empty ones included, for them to be lent out one by one.
    pub(super) fn places(&mut self) -> impl Iterator<Item = Option<&mut Visit>> {
        self.entries.iter_mut().map(Option::as_mut)
    }

    /// All visits; none is left.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Visit> + use<> {
        self.free.clear();
        std::mem::take(&mut self.entries).into_iter().flatten()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.entries.len() - self.free.len()
    }
}
