//! Players and their connections, which are not the same thing.
//!
//! ```text
//!   attach ─► waiting (for a Hello) ─► seat { player, connection, client, inputs } ─┬─ close ──────────────────────► leaving, once
//!                                       ▲                                          └─ cut ─► away ─┬─ time is over ─┘
//!                                       └──────────── resumed by another connection ──────────────┘
//! ```
//!
//! A seat is a player, its inputs and what its client holds; its connection may be absent.

// Seats whose players are away.
mod away;

use super::input_buffer::{InputBuffer, InputShape};
use super::ping_allowance::PingAllowance;
use super::resume::{Bearer, Claim};
use crate::exchange::ConnectionId;
use crate::replicate::Client;
use crate::sim::{InputCodes, SecretHash};
use crate::standing::Standing;
use shared::ids::{PlayerId, Tick};
use shared::limits::STRIKES_MAX;
use shared::schema::{Schema, Text};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// One player.
#[derive(Debug)]
pub struct Seat {
    /// Who.
    pub player: PlayerId,
    /// The name.
    pub name: Text<32>,
    /// Where its messages come from and go to. None: it is away.
    pub connection: Option<ConnectionId>,
    /// Who may come back to it, where seats are kept.
    pub claim: Option<Claim>,
    /// Since which tick it is away, and when it is given up.
    away: Option<(Tick, Tick)>,
    /// What its client holds and what is under way to it.
    pub client: Client,
    /// Its inputs.
    pub inputs: InputBuffer,
    /// Pings that may still be answered.
    pub pings: PingAllowance,
    /// The tick in which requests came last, and how many in it; counted by `ingest::validate`.
    pub requests: (Tick, usize),
    /// The newest tick that an input of its named.
    pub newest_input: Option<Tick>,
    /// The values of its newest input, and when that or a request was another than before; none: not looked at since it came.
    pub newest_codes: Option<InputCodes>,
    /// See [`Seat::newest_codes`].
    pub changed: Option<Tick>,
    /// Of the inputs that came since the last step, the newest: for which tick, and how early in 1/16 tick before this one.
    pub heard: Option<(Tick, i32)>,
    /// It asked for a full frame that it was not promised yet: then it is in the list of [`Seats::take_resyncs`].
    pub resync: bool,
    /// When it was last promised one that it asked for.
    pub resynced: Option<Tick>,
}

/// How a connection stands, with or without a seat.
#[derive(Clone, Debug)]
struct Attached {
    player: Option<PlayerId>,
    /// It was cut, and its player's seat was kept.
    kept: Option<PlayerId>,
    /// Who it is, and the secret that its seat will have.
    bearer: Option<Bearer>,
    /// It has no place of its own: it may come back to a seat, and nothing else.
    only_returns: bool,
    since: Tick,
    strikes: u32,
    /// If it asks to be an auditor, it may.
    may_audit: bool,
    /// It may take a player's seat.
    may_play: bool,
    /// When it brought a new ticket last.
    renewed: Option<Tick>,
    /// What its player is called, whatever its client says.
    name: Option<Text<32>>,
    /// It is being closed: nothing from it counts any more.
    closing: bool,
    /// The values of the last input that it said, as it said them, believed or not: the next may be "the same".
    said: Option<InputCodes>,
}

impl Seat {
    /// It is an auditor's: nobody plays, and the World knows of nobody.
    #[must_use]
    pub const fn audits(&self) -> bool {
        self.client.audit.is_some()
    }

    /// It is a spectator's: the same.
    #[must_use]
    pub const fn spectates(&self) -> bool {
        self.client.spectates.is_some()
    }

    /// It confirmed the frame of that tick: if that came after the Welcome, the secret in it came, too.
    pub fn show_welcomed(&mut self, newest: Tick) {
        if newest > self.client.welcomed()
            && let Some(claim) = &mut self.claim
        {
            claim.settle();
        }
    }

    /// What it is.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        match (self.audits(), self.spectates()) {
            (true, _) => Standing::Auditor,
            (_, true) => Standing::Spectator,
            _ => Standing::Player,
        }
    }
}

/// Everybody. Found by position or in a short list of numbers, because all of them are looked for in every tick.
#[derive(Debug)]
pub struct Seats {
    /// By the connection's number.
    attached: Vec<Option<Attached>>,
    /// Who has a seat, ascending.
    players: Vec<PlayerId>,
    /// Where somebody was found last: inputs come in the order of connections, which is nearly that of players.
    found: usize,
    /// Theirs, in the same order.
    #[allow(clippy::vec_box, reason = "a seat is large: who comes and goes moves the pointers of those behind it")]
    seats: Vec<Box<Seat>>,
    leaving: Vec<PlayerId>,
    /// Whose seat a secret may give back, by its hash: each claim's.
    claims: BTreeMap<SecretHash, PlayerId>,
    /// For how many ticks the seat of who was cut is kept.
    keep_ticks: u32,
    /// Until when seats are kept, in order. One whose player is back, or has gone, is passed over.
    away: VecDeque<(Tick, PlayerId)>,
    /// Who was cut since this was last asked.
    absences: Vec<PlayerId>,
    /// How many are away.
    away_count: usize,
    /// How often somebody who was away came back or was given up.
    returned: u64,
    /// Who asked for a full frame that it was not promised yet, in the order in which they did.
    resyncs: Vec<PlayerId>,
    /// Lists of codes that were used and can be used again.
    spare_codes: Vec<Vec<i32>>,
    next: u32,
    next_beside: u32,
    auditors: usize,
    spectators: usize,
    shape: Arc<InputShape>,
}

impl Seats {
    /// Nobody yet. `neutral` is the input that stands in where none came.
    #[must_use]
    pub fn new(schema: &Schema, neutral: InputCodes, keep_ticks: u32) -> Self {
        Self {
            attached: Vec::new(),
            players: Vec::new(),
            found: 0,
            seats: Vec::new(),
            leaving: Vec::new(),
            claims: BTreeMap::new(),
            keep_ticks,
            away: VecDeque::new(),
            absences: Vec::new(),
            away_count: 0,
            returned: 0,
            resyncs: Vec::new(),
            spare_codes: Vec::new(),
            next: 0,
            next_beside: 0,
            auditors: 0,
            spectators: 0,
            shape: Arc::new(InputShape::new(&schema.input, neutral)),
        }
    }

    /// A connection without a seat.
    pub fn attach(&mut self, connection: ConnectionId, now: Tick) {
        let at = connection.0 as usize;
        if at >= self.attached.len() {
            self.attached.resize(at + 1, None);
        }
        if let Some(place) = self.attached.get_mut(at) {
            *place = Some(Attached {
                player: None,
                kept: None,
                bearer: None,
                only_returns: false,
                since: now,
                strikes: 0,
                may_audit: false,
                may_play: true,
                renewed: None,
                name: None,
                closing: false,
                said: None,
            });
        }
    }

    fn attached(&self, connection: ConnectionId) -> Option<&Attached> {
        self.attached.get(connection.0 as usize)?.as_ref()
    }

    fn attached_mut(&mut self, connection: ConnectionId) -> Option<&mut Attached> {
        self.attached.get_mut(connection.0 as usize)?.as_mut()
    }

    fn all_attached(&self) -> impl Iterator<Item = (ConnectionId, &Attached)> + '_ {
        (0..).map(ConnectionId).zip(&self.attached).filter_map(|(id, attached)| Some((id, attached.as_ref()?)))
    }

    /// Whoever is at the other end may be an auditor, if it asks for it.
    pub fn allow_audit(&mut self, connection: ConnectionId) {
        if let Some(attached) = self.attached_mut(connection) {
            attached.may_audit = true;
        }
    }

    /// Whether a connection may be an auditor's.
    #[must_use]
    pub fn may_audit(&self, connection: ConnectionId) -> bool {
        self.attached(connection).is_some_and(|attached| attached.may_audit)
    }

    /// What is known of whoever is at the other end: its player's name, if that is not for its client to say, and whether it may play.
    pub fn introduce(&mut self, connection: ConnectionId, name: Option<Text<32>>, may_play: bool) {
        if let Some(attached) = self.attached_mut(connection) {
            (attached.name, attached.may_play) = (name, may_play);
        }
    }

    /// What the player of a connection is called, if that is not for its client to say.
    #[must_use]
    pub fn given_name(&self, connection: ConnectionId) -> Option<Text<32>> {
        self.attached(connection)?.name
    }

    /// Whether a connection may take a player's seat.
    #[must_use]
    pub fn may_play(&self, connection: ConnectionId) -> bool {
        self.attached(connection).is_some_and(|attached| attached.may_play)
    }

    fn forget(&mut self, connection: ConnectionId) {
        if let Some(place) = self.attached.get_mut(connection.0 as usize) {
            *place = None;
        }
        while self.attached.last().is_some_and(Option::is_none) {
            self.attached.pop();
        }
    }

    /// A connection is being closed: its player leaves, and nothing from it counts any more.
    pub fn close(&mut self, connection: ConnectionId) {
        let Some(attached) = self.attached_mut(connection) else { return };
        attached.closing = true;
        if let Some(player) = attached.player.take() {
            self.stand_up(player);
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

    /// Gives a connection the seat of an auditor or a spectator. Its number is none that a player gets: those count up from 0, as if it were
    /// not there.
    pub fn seat_beside(
        &mut self,
        connection: ConnectionId,
        name: Text<32>,
        client: impl FnOnce(PlayerId) -> Client,
    ) -> PlayerId {
        let player = PlayerId(u32::MAX - self.next_beside);
        self.next_beside += 1;
        self.sit(connection, player, name, client(player));
        player
    }

    fn sit(&mut self, connection: ConnectionId, player: PlayerId, name: Text<32>, client: Client) {
        let keeps = self.keep_ticks > 0 && client.audit.is_none() && client.spectates.is_none();
        let mut claim = None;
        if let Some(attached) = self.attached_mut(connection) {
            attached.player = Some(player);
            claim = attached.bearer.as_ref().filter(|_| keeps).map(Claim::new);
        }
        self.claims.extend(claim.iter().flat_map(Claim::hashes).map(|hash| (hash, player)));
        let seat = Seat {
            player,
            name,
            connection: Some(connection),
            claim,
            away: None,
            client,
            inputs: InputBuffer::new(&self.shape),
            pings: PingAllowance::full(),
            requests: (Tick(0), 0),
            newest_input: None,
            newest_codes: None,
            changed: None,
            heard: None,
            resync: false,
            resynced: None,
        };
        // Players' numbers count up and the others' down, so most come last.
        let at = self.players.partition_point(|&other| other < player);
        self.auditors += usize::from(seat.audits());
        self.spectators += usize::from(seat.spectates());
        self.players.insert(at, player);
        self.seats.insert(at, Box::new(seat));
    }

    /// Something from this connection was not as it must be; true if that was once too often.
    pub fn strike(&mut self, connection: ConnectionId) -> bool {
        self.attached_mut(connection).is_some_and(|attached| {
            attached.strikes += 1;
            attached.strikes >= STRIKES_MAX
        })
    }

    /// Whether a connection may bring a new ticket now: not so soon after the last.
    pub fn may_renew(&mut self, connection: ConnectionId, now: Tick, pause_ticks: u32) -> bool {
        let Some(attached) = self.attached_mut(connection) else { return false };
        let may = attached.renewed.is_none_or(|last| now.since(last) >= pause_ticks);
        if may {
            attached.renewed = Some(now);
        }
        may
    }

    /// The values of the last input that a connection said.
    #[must_use]
    pub fn said(&self, connection: ConnectionId) -> Option<InputCodes> {
        self.attached(connection)?.said
    }

    /// A connection said an input with these values.
    pub fn note_said(&mut self, connection: ConnectionId, codes: &[i32]) {
        if let Some(attached) = self.attached_mut(connection) {
            attached.said = Some(InputCodes::new(codes));
        }
    }

    /// Whether messages of this connection still count.
    #[must_use]
    pub fn listens_to(&self, connection: ConnectionId) -> bool {
        self.attached(connection).is_some_and(|attached| !attached.closing)
    }

    /// Whether a connection has a seat.
    #[must_use]
    pub fn has_seat(&self, connection: ConnectionId) -> bool {
        self.attached(connection).is_some_and(|attached| attached.player.is_some())
    }

    /// The seat of a connection, if it has one.
    #[must_use]
    pub fn of(&mut self, connection: ConnectionId) -> Option<&mut Seat> {
        self.get_mut(self.attached(connection)?.player?)
    }

    /// A player's seat.
    #[must_use]
    pub fn get(&self, player: PlayerId) -> Option<&Seat> {
        let at = self.players.binary_search(&player).ok()?;
        self.seats.get(at).map(|seat| &**seat)
    }

    /// A player's seat, to be changed.
    #[must_use]
    pub fn get_mut(&mut self, player: PlayerId) -> Option<&mut Seat> {
        let near = [self.found, self.found + 1].into_iter().find(|&at| self.players.get(at) == Some(&player));
        let at = near.or_else(|| self.players.binary_search(&player).ok())?;
        self.found = at;
        self.seats.get_mut(at).map(|seat| &mut **seat)
    }

    /// All seats, by player.
    pub fn iter(&self) -> impl Iterator<Item = &Seat> + '_ {
        self.seats.iter().map(|seat| &**seat)
    }

    /// All seats, by player, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Seat> + '_ {
        self.seats.iter_mut().map(|seat| &mut **seat)
    }

    /// All seats, by player, to be shared out.
    pub fn as_mut_slice(&mut self) -> &mut [Box<Seat>] {
        &mut self.seats
    }

    /// What an input looks like.
    #[must_use]
    pub const fn shape(&self) -> &Arc<InputShape> {
        &self.shape
    }

    /// A player asked for a full frame.
    pub fn ask_resync(&mut self, player: PlayerId) {
        if let Some(seat) = self.get_mut(player)
            && !std::mem::replace(&mut seat.resync, true)
        {
            self.resyncs.push(player);
        }
    }

    /// Who asked for a full frame and was not promised it yet; whoever still waits is to be put back by [`Seats::put_resyncs`].
    pub fn take_resyncs(&mut self) -> Vec<PlayerId> {
        std::mem::take(&mut self.resyncs)
    }

    /// They wait on.
    pub fn put_resyncs(&mut self, waiting: Vec<PlayerId>) {
        self.resyncs = waiting;
    }

    /// An empty list for codes, used before where there is one.
    #[must_use]
    pub fn spare_codes(&mut self) -> Vec<i32> {
        self.spare_codes.pop().unwrap_or_default()
    }

    /// A list of codes that is used no more.
    pub fn reuse_codes(&mut self, codes: Vec<i32>) {
        if self.spare_codes.len() <= self.attached.len() {
            self.spare_codes.push(codes);
        }
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
        self.all_attached().filter(|(_, attached)| waits(attached)).map(|(connection, _)| connection).collect()
    }

    /// All connections that are not being closed.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionId> + '_ {
        self.all_attached().filter(|(_, attached)| !attached.closing).map(|(connection, _)| connection)
    }

    /// Number of players.
    #[must_use]
    pub fn count(&self) -> usize {
        self.seats.len() - self.auditors - self.spectators
    }

    /// Number of auditors.
    #[must_use]
    pub const fn auditor_count(&self) -> usize {
        self.auditors
    }

    /// Number of spectators.
    #[must_use]
    pub const fn spectator_count(&self) -> usize {
        self.spectators
    }

    /// What a connection that has a seat is.
    #[must_use]
    pub fn standing(&self, connection: ConnectionId) -> Option<Standing> {
        self.get(self.attached(connection)?.player?).map(Seat::standing)
    }

    /// Nobody is here, and nobody is about to leave.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.attached.is_empty() && self.seats.is_empty() && self.leaving.is_empty()
    }
}
