//! Players and their connections, which are not the same thing.
//!
//! ```text
//!   attach ─► waiting (for a Hello) ─► seat { player, connection, client, inputs } ─► detach ─► leaving, once
//! ```
//!
//! A seat is a player, its inputs and what its client holds; its connection may be absent.

use super::input_buffer::{InputBuffer, InputShape};
use super::ping_allowance::PingAllowance;
use crate::exchange::ConnectionId;
use crate::replicate::replicator::Client;
use crate::sim::InputCodes;
use shared::ids::{PlayerId, Tick};
use shared::limits::STRIKES_MAX;
use shared::schema::{Schema, Text};
use std::collections::BTreeMap;

/// One player.
#[derive(Debug)]
pub struct Seat {
    /// Who.
    pub player: PlayerId,
    /// The name.
    pub name: Text<32>,
    /// Where its messages come from and go to.
    pub connection: Option<ConnectionId>,
    /// What its client holds and what is under way to it.
    pub client: Client,
    /// Its inputs.
    pub inputs: InputBuffer,
    /// Pings that may still be answered; refilled every tick.
    pub pings: PingAllowance,
    /// Requests that came in this tick; counted by `ingest::validate`.
    pub requests: usize,
    /// The newest tick that an input of its named.
    pub newest_input: Option<Tick>,
    /// It asked for a full frame that it was not promised yet.
    pub resync: bool,
    /// When it was last promised one that it asked for.
    pub resynced: Option<Tick>,
}

/// A connection's standing, with or without a seat.
#[derive(Clone, Copy, Debug)]
struct Attached {
    player: Option<PlayerId>,
    since: Tick,
    strikes: u32,
    /// If it asks to be an auditor, it may.
    may_audit: bool,
    /// It is being closed: nothing from it counts any more.
    closing: bool,
}

impl Seat {
    /// It is an auditor's: nobody plays, and the World knows of nobody.
    #[must_use]
    pub const fn audits(&self) -> bool {
        self.client.audit.is_some()
    }
}

/// Everybody.
#[derive(Debug)]
pub struct Seats {
    attached: BTreeMap<ConnectionId, Attached>,
    seats: BTreeMap<PlayerId, Seat>,
    leaving: Vec<PlayerId>,
    next: u32,
    next_auditor: u32,
    shape: InputShape,
}

impl Seats {
    /// Nobody yet. `neutral` is the input that stands in where none came.
    #[must_use]
    pub fn new(schema: &Schema, neutral: InputCodes) -> Self {
        let shape = InputShape::new(&schema.input, neutral);
        Self { attached: BTreeMap::new(), seats: BTreeMap::new(), leaving: Vec::new(), next: 0, next_auditor: 0, shape }
    }

    /// A connection without a seat.
    pub fn attach(&mut self, connection: ConnectionId, now: Tick) {
        self.attached
            .insert(connection, Attached { player: None, since: now, strikes: 0, may_audit: false, closing: false });
    }

    /// Whoever is at the other end may be an auditor, if it asks for it.
    pub fn allow_audit(&mut self, connection: ConnectionId) {
        if let Some(attached) = self.attached.get_mut(&connection) {
            attached.may_audit = true;
        }
    }

    /// Whether a connection may be an auditor's.
    #[must_use]
    pub fn may_audit(&self, connection: ConnectionId) -> bool {
        self.attached.get(&connection).is_some_and(|attached| attached.may_audit)
    }

    /// A connection is gone; its player leaves.
    pub fn detach(&mut self, connection: ConnectionId) {
        self.close(connection);
        self.attached.remove(&connection);
    }

    /// A connection is being closed: its player leaves, and nothing from it counts any more.
    pub fn close(&mut self, connection: ConnectionId) {
        let Some(attached) = self.attached.get_mut(&connection) else { return };
        attached.closing = true;
        if let Some(player) = attached.player.take() {
            // The World never heard of an auditor.
            if self.seats.remove(&player).is_none_or(|seat| !seat.audits()) {
                self.leaving.push(player);
            }
        }
    }

    /// Gives a connection a seat.
    pub fn seat(
        &mut self,
        connection: ConnectionId,
        name: Text<32>,
        client: impl FnOnce(PlayerId) -> Client,
    ) -> PlayerId {
        let player = PlayerId(self.next);
        self.next += 1;
        self.sit(connection, player, name, client(player));
        player
    }

    /// Gives a connection the seat of an auditor. Its number is none that a player gets: those count up from 0, as if it were not there.
    pub fn seat_auditor(
        &mut self,
        connection: ConnectionId,
        name: Text<32>,
        client: impl FnOnce(PlayerId) -> Client,
    ) -> PlayerId {
        let player = PlayerId(u32::MAX - self.next_auditor);
        self.next_auditor += 1;
        self.sit(connection, player, name, client(player));
        player
    }

    fn sit(&mut self, connection: ConnectionId, player: PlayerId, name: Text<32>, client: Client) {
        if let Some(attached) = self.attached.get_mut(&connection) {
            attached.player = Some(player);
        }
        let seat = Seat {
            player,
            name,
            connection: Some(connection),
            client,
            inputs: InputBuffer::new(&self.shape),
            pings: PingAllowance::full(),
            requests: 0,
            newest_input: None,
            resync: false,
            resynced: None,
        };
        self.seats.insert(player, seat);
    }

    /// Something from this connection was not as it must be; true if that was once too often.
    pub fn strike(&mut self, connection: ConnectionId) -> bool {
        self.attached.get_mut(&connection).is_some_and(|attached| {
            attached.strikes += 1;
            attached.strikes >= STRIKES_MAX
        })
    }

    /// Whether messages of this connection still count.
    #[must_use]
    pub fn listens_to(&self, connection: ConnectionId) -> bool {
        self.attached.get(&connection).is_some_and(|attached| !attached.closing)
    }

    /// Whether a connection has a seat.
    #[must_use]
    pub fn has_seat(&self, connection: ConnectionId) -> bool {
        self.attached.get(&connection).is_some_and(|attached| attached.player.is_some())
    }

    /// The seat of a connection, if it has one.
    #[must_use]
    pub fn of(&mut self, connection: ConnectionId) -> Option<&mut Seat> {
        let player = self.attached.get(&connection)?.player?;
        self.seats.get_mut(&player)
    }

    /// A player's seat.
    #[must_use]
    pub fn get(&self, player: PlayerId) -> Option<&Seat> {
        self.seats.get(&player)
    }

    /// A player's seat, to be changed.
    #[must_use]
    pub fn get_mut(&mut self, player: PlayerId) -> Option<&mut Seat> {
        self.seats.get_mut(&player)
    }

    /// All seats, by player.
    pub fn iter(&self) -> impl Iterator<Item = &Seat> + '_ {
        self.seats.values()
    }

    /// All seats, by player, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Seat> + '_ {
        self.seats.values_mut()
    }

    /// What an input looks like.
    #[must_use]
    pub const fn shape(&self) -> &InputShape {
        &self.shape
    }

    /// Who left since this was last asked, by player.
    pub fn take_leaving(&mut self) -> Vec<PlayerId> {
        let mut leaving = std::mem::take(&mut self.leaving);
        leaving.sort_unstable();
        leaving
    }

    /// Connections that wait for a Hello since `tick` or longer.
    #[must_use]
    pub fn waiting_since(&self, tick: Tick) -> Vec<ConnectionId> {
        let waits = |attached: &Attached| attached.player.is_none() && !attached.closing && attached.since < tick;
        self.attached.iter().filter(|(_, attached)| waits(attached)).map(|(&connection, _)| connection).collect()
    }

    /// All connections that are not being closed.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionId> + '_ {
        self.attached.iter().filter(|(_, attached)| !attached.closing).map(|(&connection, _)| connection)
    }

    /// Number of players.
    #[must_use]
    pub fn count(&self) -> usize {
        self.seats.len() - self.auditor_count()
    }

    /// Number of auditors.
    #[must_use]
    pub fn auditor_count(&self) -> usize {
        // Their numbers are the highest.
        self.seats.values().rev().take_while(|seat| seat.audits()).count()
    }

    /// Whether a connection's seat is an auditor's.
    #[must_use]
    pub fn is_auditor(&self, connection: ConnectionId) -> bool {
        let player = self.attached.get(&connection).and_then(|attached| attached.player);
        player.and_then(|player| self.seats.get(&player)).is_some_and(Seat::audits)
    }

    /// Nobody is here, and nobody is about to leave.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.attached.is_empty() && self.seats.is_empty() && self.leaving.is_empty()
    }
}
