//! How a connection becomes a player: its Hello is weighed and answered.

use super::Room;
use crate::exchange::{ConnectionId, Outgoing};
use crate::ingest::validate::Validated;
use crate::sim::Join;
use crate::standing::Standing;
use shared::codec::Tables;
use shared::limits;
use shared::schema::Text;
use shared::wire::control::{FEATURE_AUDIT, FEATURE_FULL_DIGEST, WelcomeLimits};
use shared::wire::{CloseCode, Digest, Hello, Role, ServerMessage, Welcome, version};

impl Room {
    /// Seats who may come in, and closes who may not. Returns the joins.
    pub(super) fn admit(
        &mut self,
        hellos: Vec<(ConnectionId, Validated<Box<Hello>>)>,
        out: &mut Outgoing,
    ) -> Vec<Join> {
        let mut joins = Vec::with_capacity(hellos.len());
        for (connection, hello) in hellos {
            // What it said after its Hello may have closed it.
            if !self.seats.listens_to(connection) {
                continue;
            }
            match self.welcome(connection, &hello.into_inner(), out) {
                Ok(join) => joins.extend(join),
                Err(code) => {
                    out.closes.push((connection, code));
                    self.seats.close(connection);
                }
            }
        }
        joins
    }

    /// Seats the client of a Hello and welcomes it. Who joins the match by it: nobody, if it is an auditor or a spectator.
    ///
    /// # Errors
    /// The code to close it with: no version in common, the room is full, or it may not be what it asks to be.
    fn welcome(
        &mut self,
        connection: ConnectionId,
        hello: &Hello,
        out: &mut Outgoing,
    ) -> Result<Option<Join>, CloseCode> {
        let protocol = version::agree(hello.protocol_min, hello.protocol_max).ok_or(CloseCode::WrongVersion)?;
        let standing = standing_of(hello);
        self.check_place(connection, standing)?;
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
                let player = seats.seat(connection, name, |player| replicator.client(player, digest));
                (player, &*replicator, *tick, 0)
            }
        };
        let schema_fingerprint = replicator.schema().fingerprint();
        let tables = replicator.tables().to_bytes();
        let tables_fingerprint = Tables::fingerprint(&tables);
        let maps = self.sim.maps();
        let view = replicator.view();
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
            limits: WelcomeLimits {
                message_bytes: limits::CLIENT_MESSAGE_BYTES_MAX as u32,
                messages_per_second: limits::MESSAGES_PER_SECOND,
                input_ahead_ticks: limits::INPUT_AHEAD_TICKS_MAX,
                catch_up_ticks: limits::CATCH_UP_TICKS,
                view_enter_units: view.enter_units,
                view_leave_units: view.leave_units,
            },
            delay_ms,
            resume: None,
            extensions: Vec::new(),
        };
        out.send(connection, &ServerMessage::Welcome(Box::new(welcome)));
        Ok((standing == Standing::Player).then_some(Join { player, name }))
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
            Standing::Player => (self.seats.count(), usize::from(self.options.players_max)),
        };
        if there >= most { Err(CloseCode::RoomFull) } else { Ok(()) }
    }
}

/// What the client of a Hello is here for. An auditor sees all that a spectator does, and at once.
const fn standing_of(hello: &Hello) -> Standing {
    match hello.role {
        _ if hello.features & FEATURE_AUDIT != 0 => Standing::Auditor,
        Role::Spectator => Standing::Spectator,
        Role::Player => Standing::Player,
    }
}
