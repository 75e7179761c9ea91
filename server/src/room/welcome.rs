//! How a connection becomes a player, or one that is back: its Hello is weighed and answered.

use super::Room;
use crate::exchange::{ConnectionId, Outgoing};
use crate::ingest::gather::Arrivals;
use crate::ingest::validate::Validated;
use crate::replicate::Client;
use crate::replicate::events::EventLane;
use crate::seats::Seats;
use crate::seats::resume::Claim;
use crate::sim::{Join, Resume, SecretHash, ViewRadii};
use crate::standing::Standing;
use shared::codec::Tables;
use shared::ids::{PlayerId, Tick};
use shared::limits;
use shared::schema::Text;
use shared::wire::control::{EXTENSION_ROOM, Extension, FEATURE_AUDIT, FEATURE_FULL_DIGEST, WelcomeLimits};
use shared::wire::{CloseCode, Digest, Hello, Role, ServerMessage, Welcome, version};

/// What a Hello came to.
enum Arrival {
    /// A new player.
    New(Join),
    /// One that was away.
    Back(Resume),
    /// An auditor or a spectator, of whom the match never hears.
    Beside,
}

impl Room {
    /// Seats who may come in, and closes who may not.
    pub(super) fn admit(
        &mut self,
        hellos: Vec<(ConnectionId, Validated<Box<Hello>>)>,
        now: Tick,
        out: &mut Outgoing,
    ) -> Arrivals {
        let mut arrivals = Arrivals::default();
        for (connection, hello) in hellos {
            // What it said after its Hello may have closed it.
            if !self.seats.listens_to(connection) {
                continue;
            }
            match self.welcome(connection, &hello.into_inner(), now, out) {
                Ok(Arrival::New(join)) => arrivals.joins.push(join),
                Ok(Arrival::Back(resume)) => arrivals.resumes.push(resume),
                Ok(Arrival::Beside) => {}
                Err(code) => {
                    out.closes.push((connection, code));
                    self.seats.close(connection);
                }
            }
        }
        arrivals
    }

    /// Seats the client of a Hello and welcomes it.
    ///
    /// # Errors
    /// The code to close it with: no version in common, the room is full, or it may not be what it asks to be.
    fn welcome(
        &mut self,
        connection: ConnectionId,
        hello: &Hello,
        now: Tick,
        out: &mut Outgoing,
    ) -> Result<Arrival, CloseCode> {
        let protocol = version::agree(hello.protocol_min, hello.protocol_max).ok_or(CloseCode::WrongVersion)?;
        let standing = standing_of(hello);
        let back = self.claimed(connection, hello, standing, now)?;
        if back.is_none() {
            self.check_place(connection, standing)?;
        }
        let features = hello.features & (FEATURE_FULL_DIGEST | FEATURE_AUDIT);
        let digest = if features & FEATURE_FULL_DIGEST != 0 { Digest::Whole } else { Digest::Folded };
        // It fits: a longer one is no Hello.
        let name = self.seats.given_name(connection).unwrap_or_else(|| Text::new(&hello.name));
        if standing == Standing::Spectator {
            self.begin_feed()?;
        }
        let Self { seats, replicator, spectators, tick, .. } = self;
        let (player, replicator, tick, delay_ms) = match standing {
            Standing::Spectator => {
                let feed = spectators.feed().ok_or(CloseCode::TryAgain)?;
                let player = seats.seat_beside(connection, name, |player| feed.client(player, digest));
                (player, feed.replicator(), feed.shown(), spectators.delay_ms())
            }
            Standing::Auditor => {
                let player = seats.seat_beside(connection, name, |player| replicator.auditor(player, digest));
                (player, &*replicator, *tick, 0)
            }
            Standing::Player => {
                let client = |player| replicator.client(player, digest);
                let player = match back {
                    Some(claimed) => sit_again(seats, (connection, claimed), client, now, out),
                    None => seats.seat(connection, name, client),
                };
                (player, &*replicator, *tick, 0)
            }
        };
        let schema_fingerprint = replicator.schema().fingerprint();
        let tables = replicator.tables().to_bytes();
        let tables_fingerprint = Tables::fingerprint(&tables);
        let maps = self.sim.maps();
        let view = replicator.view();
        let resume = self.seats.secret(connection).filter(|_| standing == Standing::Player);
        let welcome = Welcome {
            protocol,
            incarnation: self.incarnation,
            player: player.0,
            tick_rate_hz: self.options.tick_rate_hz,
            tick: tick.0,
            slot_bits: self.options.slot_bits as u8,
            schema_fingerprint,
            schema: (hello.schema != Some(schema_fingerprint)).then(|| replicator.schema().to_bytes()),
            tables_fingerprint,
            tables: (hello.tables != Some(tables_fingerprint)).then_some(tables),
            maps_hash: maps.map_or(0, |maps| maps.hash),
            maps: maps.map_or_else(String::new, |maps| maps.names.clone()),
            features,
            limits: limits_with(view),
            delay_ms,
            resume,
            extensions: if resume.is_some() { vec![room_named(&self.options.name)] } else { Vec::new() },
        };
        out.send(connection, &ServerMessage::Welcome(Box::new(welcome)));
        Ok(self.arrival(standing, player, name, back.is_some()))
    }

    /// What it came to for the match.
    fn arrival(&self, standing: Standing, player: PlayerId, name: Text<32>, is_back: bool) -> Arrival {
        let secret = self.seats.get(player).and_then(|seat| seat.claim.as_ref()).map(Claim::newest);
        match (standing, secret) {
            (Standing::Player, Some(secret)) if is_back => Arrival::Back(Resume { player, secret }),
            (Standing::Player, secret) => Arrival::New(Join { player, name, secret }),
            _ => Arrival::Beside,
        }
    }

    /// The seat that a Hello's secret gives back, if it does. One that does not is as good as none.
    ///
    /// # Errors
    /// It was given back too often of late: the connection is closed, the seat stays.
    fn claimed(
        &mut self,
        connection: ConnectionId,
        hello: &Hello,
        standing: Standing,
        now: Tick,
    ) -> Result<Option<(PlayerId, SecretHash)>, CloseCode> {
        if standing != Standing::Player || !self.seats.may_play(connection) {
            return Ok(None);
        }
        let claimed = hello.resume.and_then(|secret| self.seats.claimed(connection, &secret));
        let Some((player, _)) = claimed else {
            self.counts.resumes_refused += u64::from(hello.resume.is_some());
            self.seats.give_up_older(connection);
            return Ok(None);
        };
        let rate = u32::from(self.options.tick_rate_hz);
        let claim = self.seats.get_mut(player).and_then(|seat| seat.claim.as_mut());
        if claim.is_some_and(|claim| claim.allow(now, rate)) {
            return Ok(claimed);
        }
        self.counts.resumes_refused += 1;
        Err(CloseCode::TooFast)
    }

    /// Whether there is a place for one more of those.
    ///
    /// # Errors
    /// The code to close it with.
    fn check_place(&self, connection: ConnectionId, standing: Standing) -> Result<(), CloseCode> {
        let (there, most) = match standing {
            Standing::Auditor if !self.seats.may_audit(connection) => return Err(CloseCode::NotAllowed),
            Standing::Auditor => (self.seats.auditor_count(), limits::AUDITORS_MAX),
            Standing::Spectator => return self.spectators.admit(self.seats.spectator_count(), self.stepping),
            Standing::Player if !self.seats.may_play(connection) => return Err(CloseCode::NotAllowed),
            Standing::Player if self.seats.only_returns(connection) => return Err(CloseCode::RoomFull),
            Standing::Player => (self.seats.count(), usize::from(self.options.players_max)),
        };
        if there >= most { Err(CloseCode::RoomFull) } else { Ok(()) }
    }
}

/// The player of a claimed seat is back, by a client that holds nothing; who is still believed to be there goes.
fn sit_again(
    seats: &mut Seats,
    (connection, claimed): (ConnectionId, (PlayerId, SecretHash)),
    client: impl FnOnce(PlayerId) -> Client,
    now: Tick,
    out: &mut Outgoing,
) -> PlayerId {
    let mut client = client(claimed.0);
    client.events = EventLane::broken();
    let before = seats.sit_again(connection, claimed, client, now);
    out.closes.extend(before.map(|before| (before, CloseCode::Replaced)));
    claimed.0
}

/// What a client must keep to, and how far it sees.
const fn limits_with(view: ViewRadii) -> WelcomeLimits {
    WelcomeLimits {
        message_bytes: limits::CLIENT_MESSAGE_BYTES_MAX as u32,
        messages_per_second: limits::MESSAGES_PER_SECOND,
        input_ahead_ticks: limits::INPUT_AHEAD_TICKS_MAX,
        catch_up_ticks: limits::CATCH_UP_TICKS,
        view_enter_units: view.enter_units,
        view_leave_units: view.leave_units,
    }
}

/// Who was sent to any room must find this one again to come back to its seat.
fn room_named(name: &str) -> Extension {
    Extension { id: EXTENSION_ROOM, bytes: name.as_bytes().to_vec() }
}

/// What the client of a Hello is here for. An auditor sees all that a spectator does, and at once.
const fn standing_of(hello: &Hello) -> Standing {
    match hello.role {
        _ if hello.features & FEATURE_AUDIT != 0 => Standing::Auditor,
        Role::Spectator => Standing::Spectator,
        Role::Player => Standing::Player,
    }
}
