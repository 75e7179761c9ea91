//! One room and its tick: frames and a tick in, bytes out. Pure: no socket, no clock, no randomness of its own.
//!
//! ```text
//!   Incoming ─► decode ─► validate ─► gather ─► look_back ─► StepInput ─► sim ─► replicate ─► Outgoing
//!                  │          │
//!                  └── strike ┴─ close code ───────────────────────────────────► Outgoing
//! ```
//!
//! [`step_tick`] is the tick; read the rooms that it names in their order. A worker calls it once per tick with what came since
//! the last, has the clients' frames made in shares, on one thread or side by side on several, and then calls
//! [`settle_tick`]. [`run_tick`] is all three in one, for the test harness, which runs rooms over a virtual link.

// How a connection becomes a player.
mod welcome;

// How code tables are replaced by better ones.
mod tables;

// What players saw when they acted.
mod look_back;

// Its spectators.
mod spectators;

// Who plays and changes nothing.
mod unchanged;

// A part of its clients.
mod share;

use crate::counts::Counts;
use crate::exchange::{ConnectionId, Incoming, Outgoing};
use crate::ingest::decode::{Decoded, decode};
use crate::ingest::gather::gather;
use crate::ingest::validate::{Accepted, Scales, validate};
use crate::replicate::audit::AuditTruth;
use crate::replicate::replicator::ReplicateOptions;
use crate::replicate::{Lane, Replicator};
use crate::seats::{Bearer, Seats};
use crate::sim::{Answer, InputCodes, Outbox, RoomGame, RoomOptions, RoomRefused, Sim, StepInput};
use bytes::Bytes;
use look_back::look_back;
pub use share::Share;
use shared::codec::Tables;
use shared::ids::{PlayerId, Tick};
use shared::limits::HELLO_SECONDS;
use shared::schema::Text;
use shared::wire::close_code::Fault;
use shared::wire::server_message::Outcome;
use shared::wire::{CloseCode, ServerMessage};
use spectators::Spectators;
use std::sync::Arc;

/// What a room is made of that must not be known beforehand. Drawn where randomness may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomEntropy {
    /// Seed of the simulation; goes into the journal.
    pub seed: u64,
    /// Names this life of the room.
    pub incarnation: u64,
    /// Seed of the slots; players must not know it.
    pub slots: u64,
}

/// One room.
pub struct Room {
    options: RoomOptions,
    incarnation: u64,
    sim: Sim,
    replicator: Replicator,
    /// As many as it ever took.
    lanes: Vec<Lane>,
    seats: Seats,
    spectators: Spectators,
    /// The last finished tick.
    tick: Tick,
    /// The tick that is under way, or the last.
    stepping: Tick,
    /// Code tables that come into force with the next tick that may have them.
    better: Option<Arc<Tables>>,
    /// When they were last replaced.
    tables_replaced: Option<Tick>,
    counts: Counts,
}

/// One tick of one room, by one lane.
pub fn run_tick(room: &mut Room, incoming: &mut Incoming, tick: Tick, out: &mut Outgoing) {
    step_tick(room, incoming, tick, out);
    let Outgoing { messages, closes, .. } = out;
    for mut share in room.shares(1) {
        let each = |_, connection, frame: Option<&[u8]>| {
            messages.extend(frame.map(|frame| (connection, Bytes::copy_from_slice(frame))));
        };
        share.publish(each, closes);
    }
    settle_tick(room, tick, out);
}

/// A tick up to where each client's frame can be made. Each line is a room of the house; read them in this order.
pub fn step_tick(room: &mut Room, incoming: &mut Incoming, tick: Tick, out: &mut Outgoing) {
    room.stepping = tick;
    room.renew_tables(tick, out);
    let messages = decode(incoming, room.replicator.schema(), &mut room.seats, tick, &mut room.counts);
    let mut accepted = room.validate(messages, tick, out);
    room.counts.seats_given_up += room.seats.give_up_late(tick);
    let arrivals = room.admit(std::mem::take(&mut accepted.hellos), tick, out);
    // Everything from outside that can change the World is in this one value.
    let mut step = gather(arrivals, accepted, &mut room.seats, tick, &mut room.counts);
    room.look_back(&mut step);
    // The only line that changes the World.
    room.sim.step(&step);
    // The only lines that read it to tell others.
    room.replicator.set_late(incoming.late);
    room.replicator.pack(tick, &room.sim, &mut room.counts);
    room.feed_spectators(tick, incoming.late, out);
    room.prepare_to_publish(&step, incoming, out);
}

/// The rest of a tick, when all shares were published: who is closed, and what was counted.
pub fn settle_tick(room: &mut Room, tick: Tick, out: &mut Outgoing) {
    room.tell_auditors(tick, out);
    room.settle(tick, out);
    room.tick = tick;
}

impl Room {
    /// A room at tick 0, empty. Without `tables` it begins with untrained ones.
    ///
    /// # Errors
    /// [`RoomRefused`]: the operator's options or the author's game do not fit.
    pub fn new(
        game: Arc<dyn RoomGame>,
        options: &RoomOptions,
        entropy: RoomEntropy,
        tables: Option<Arc<Tables>>,
    ) -> Result<Self, RoomRefused> {
        let rate = u32::from(options.tick_rate_hz);
        let replicate = ReplicateOptions {
            bytes_per_tick: options.bytes_per_tick,
            keep_alive_ticks: rate.max(1),
            tables,
            view: options.view,
            ..ReplicateOptions::default()
        };
        Self::with_replication(game, options, entropy, replicate)
    }

    /// A room whose replication is run in another way than the default.
    ///
    /// # Errors
    /// [`RoomRefused`]: the operator's options or the author's game do not fit.
    pub fn with_replication(
        game: Arc<dyn RoomGame>,
        options: &RoomOptions,
        entropy: RoomEntropy,
        replicate: ReplicateOptions,
    ) -> Result<Self, RoomRefused> {
        let sim = Sim::new(game, options, entropy.seed)?;
        let replicate = ReplicateOptions { tick_rate_hz: options.tick_rate_hz, ..replicate };
        let replicator = Replicator::new(&sim, options.slot_bits, entropy.slots, replicate)?;
        let keep_ticks = options.keep_seats_s * u32::from(options.tick_rate_hz);
        let seats = Seats::new(sim.schema(), sim.game().neutral_input(), keep_ticks);
        Ok(Self {
            options: options.clone(),
            incarnation: entropy.incarnation,
            lanes: Vec::new(),
            sim,
            replicator,
            seats,
            spectators: Spectators::new(options.spectators, options.tick_rate_hz, entropy.slots),
            tick: Tick(0),
            stepping: Tick(0),
            better: None,
            tables_replaced: None,
            counts: Counts::default(),
        })
    }

    /// A new connection, without a seat yet: its Hello is awaited.
    pub fn attach(&mut self, connection: ConnectionId) {
        self.seats.attach(connection, self.tick);
    }

    /// Whoever is at the other end of a connection may be an auditor, who sees everything: said by who knows the address it came from
    /// and what the operator allows.
    pub fn allow_audit(&mut self, connection: ConnectionId) {
        self.seats.allow_audit(connection);
    }

    /// Who is at the other end of a connection is known by its ticket: what it is called, whatever its client says, and whether it may
    /// play.
    pub fn introduce(&mut self, connection: ConnectionId, name: Option<&str>, may_play: bool) {
        self.seats.introduce(connection, name.map(Text::new), may_play);
    }

    /// A connection brought something that was found to be wrong elsewhere; true if that was once too often.
    pub fn strike(&mut self, connection: ConnectionId) -> bool {
        self.seats.strike(connection)
    }

    /// Whose connection it is, and the secret that its seat will have, where seats are kept: 128 random bits. A
    /// connection without a place of its own (`only_returns`) may come back to its seat, and nothing else.
    pub fn entrust(&mut self, connection: ConnectionId, bearer: Bearer, only_returns: bool) {
        self.seats.entrust(connection, bearer, only_returns);
    }

    /// A connection is lost: it was cut, or is closed for a fault that is not its player's. Its player, if its seat is kept.
    pub fn detach(&mut self, connection: ConnectionId) -> Option<PlayerId> {
        self.seats.detach(connection, self.tick)
    }

    /// A connection is gone because its player must go: whatever else a player might come back to, this one does not.
    pub fn dismiss(&mut self, connection: ConnectionId) {
        self.seats.dismiss(connection);
    }

    /// The seat of a player who is away is kept no longer.
    pub fn give_seat_up(&mut self, player: PlayerId) {
        self.counts.seats_given_up += u64::from(self.seats.give_up_away(player));
    }

    /// Nobody is here, and nobody is about to leave.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// The last finished tick.
    #[must_use]
    pub const fn tick(&self) -> Tick {
        self.tick
    }

    /// What happened so far.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Its simulation, to look at.
    #[must_use]
    pub const fn sim(&self) -> &Sim {
        &self.sim
    }

    /// Its replication, to look at.
    #[must_use]
    pub const fn replicator(&self) -> &Replicator {
        &self.replicator
    }

    /// Who is in, to look at.
    #[must_use]
    pub const fn seats(&self) -> &Seats {
        &self.seats
    }

    /// Closes everybody.
    pub fn end(&mut self, code: CloseCode, out: &mut Outgoing) {
        out.closes.extend(self.seats.connections().map(|connection| (connection, code)));
    }

    /// Hands what the weighing needs to know over to `ingest::validate`.
    fn validate(&mut self, messages: Vec<Decoded>, tick: Tick, out: &mut Outgoing) -> Accepted {
        let Self { seats, replicator, counts, options, .. } = self;
        let entity_at = |slot, tick| replicator.facets().entity_at(slot, tick);
        let tick_rate_hz = u32::from(options.tick_rate_hz);
        let schema = replicator.schema();
        validate(messages, &mut Scales { seats, schema, entity_at: &entity_at, tick, tick_rate_hz, counts, out })
    }

    /// Hands over what looking back needs to know.
    fn look_back(&mut self, step: &mut StepInput) {
        let Self { seats, replicator, counts, sim, .. } = self;
        let looks_back = |codes: &InputCodes| sim.game().looks_back(codes);
        let anchors = || replicator.remembered();
        look_back(step, seats, counts, looks_back, anchors);
    }

    /// Answers to requests go ahead of frames, and frames need to know whose entity came and whose socket is busy.
    fn prepare_to_publish(&mut self, step: &StepInput, incoming: &Incoming, out: &mut Outgoing) {
        for answered in self.sim.world().resource::<Outbox>().answers() {
            let Some(connection) = self.seats.get(answered.player).and_then(|seat| seat.connection) else { continue };
            let outcome = match answered.answer {
                Answer::Done => Outcome::Done,
                Answer::Refused(reason) => Outcome::Refused(reason),
            };
            out.send(connection, &ServerMessage::Reply { number: answered.number, outcome });
        }
        let came = step.joins.iter().map(|join| join.player).chain(step.resumes.iter().map(|resume| resume.player));
        for player in came {
            if let Some(seat) = self.seats.get_mut(player) {
                seat.client.entity = self.sim.entity_of(player);
            }
        }
        for &connection in &incoming.busy {
            if let Some(seat) = self.seats.of(connection) {
                seat.client.busy = true;
            }
        }
    }

    /// Who is closed in this tick has no seat from here on; what lanes counted is counted.
    fn settle(&mut self, tick: Tick, out: &mut Outgoing) {
        let rate = u32::from(self.options.tick_rate_hz);
        for lane in &mut self.lanes {
            self.counts.take_from(&mut lane.counts);
        }
        for connection in self.seats.waiting_since(Tick(tick.0.saturating_sub(HELLO_SECONDS * rate))) {
            out.closes.push((connection, CloseCode::HelloTimeout));
        }
        self.close_unchanged(tick, out);
        for (connection, code) in &out.closes {
            if code.fault() == Fault::Path {
                self.seats.cut(*connection, tick);
            } else {
                self.seats.close(*connection);
            }
        }
        self.counts.players = self.seats.count() as u64;
        self.counts.away = self.seats.away_count() as u64;
        self.counts.auditors = self.seats.auditor_count() as u64;
        self.settle_spectators();
    }

    /// Behind its frame of this tick an auditor gets what no frame says.
    fn tell_auditors(&mut self, tick: Tick, out: &mut Outgoing) {
        if self.seats.auditor_count() == 0 {
            return;
        }
        let truth = AuditTruth::read(&self.sim, self.replicator.facets(), tick);
        for seat in self.seats.iter_mut() {
            let (Some(connection), Some(audit)) = (seat.connection, &mut seat.client.audit) else { continue };
            audit.push(&truth);
            if seat.client.view.tick() == Some(tick)
                && let Some(bytes) = audit.tell(&truth)
            {
                out.messages.push((connection, bytes.into()));
            }
        }
    }
}

/// Faults done on purpose, to show that the proof can fail.
#[cfg(feature = "sabotage")]
impl Room {
    /// Its simulation, to be shaken.
    pub const fn sabotage_sim(&mut self) -> &mut Sim {
        &mut self.sim
    }

    /// Its replication, to be broken.
    pub const fn sabotage_replicator(&mut self) -> &mut Replicator {
        &mut self.replicator
    }

    /// What a player holds, to be broken.
    pub fn sabotage_view(&mut self, player: PlayerId) -> Option<&mut crate::replicate::View> {
        self.sabotage_client(player).map(|client| &mut client.view)
    }

    /// What is kept for spectators may take so many bytes.
    pub const fn sabotage_ring_bytes(&mut self, bytes_max: usize) {
        self.spectators.sabotage_ring_bytes(bytes_max);
    }

    /// A player's client, to be squeezed.
    pub fn sabotage_client(&mut self, player: PlayerId) -> Option<&mut crate::replicate::Client> {
        self.seats.iter_mut().find(|seat| seat.player == player).map(|seat| &mut seat.client)
    }
}
