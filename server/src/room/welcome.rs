//! How a connection becomes a player: its Hello is weighed and answered.

use super::Room;
use crate::exchange::{ConnectionId, Outgoing};
use crate::ingest::validate::Validated;
use crate::sim::Join;
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

    /// Seats the client of a Hello and welcomes it. Who joins the match by it: nobody, if it is an auditor.
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
        // Spectators have no feed here yet.
        if hello.role == Role::Spectator {
            return Err(CloseCode::NoSpectators);
        }
        let audits = hello.features & FEATURE_AUDIT != 0;
        let (there, most) = match audits {
            true if !self.seats.may_audit(connection) => return Err(CloseCode::NotAllowed),
            true => (self.seats.auditor_count(), limits::AUDITORS_MAX),
            false => (self.seats.count(), usize::from(self.options.players_max)),
        };
        if there >= most {
            return Err(CloseCode::RoomFull);
        }
        let features = hello.features & (FEATURE_FULL_DIGEST | FEATURE_AUDIT);
        let digest = if features & FEATURE_FULL_DIGEST != 0 { Digest::Whole } else { Digest::Folded };
        // It fits: a longer one is no Hello.
        let name = Text::new(&hello.name);
        let replicator = &self.replicator;
        let player = if audits {
            self.seats.seat_auditor(connection, name, |player| replicator.auditor(player, digest))
        } else {
            self.seats.seat(connection, name, |player| replicator.client(player, digest))
        };
        let schema_fingerprint = self.replicator.schema().fingerprint();
        let tables = self.replicator.tables().to_bytes();
        let tables_fingerprint = Tables::fingerprint(&tables);
        let map = self.sim.map();
        let view = self.replicator.view();
        let welcome = Welcome {
            protocol,
            incarnation: self.incarnation,
            player: player.0,
            tick_rate_hz: self.options.tick_rate_hz,
            tick: self.tick.0,
            slot_bits: self.options.slot_bits as u8,
            schema_fingerprint,
            schema: (hello.schema != Some(schema_fingerprint)).then(|| self.replicator.schema().to_bytes()),
            tables_fingerprint,
            tables: (hello.tables != Some(tables_fingerprint)).then_some(tables),
            map_hash: map.map_or(0, |map| map.hash),
            map: map.map_or_else(String::new, |map| map.name.clone()),
            features,
            limits: WelcomeLimits {
                message_bytes: limits::CLIENT_MESSAGE_BYTES_MAX as u32,
                messages_per_second: limits::MESSAGES_PER_SECOND,
                input_ahead_ticks: limits::INPUT_AHEAD_TICKS_MAX,
                catch_up_ticks: limits::CATCH_UP_TICKS,
                view_enter_units: view.enter_units,
                view_leave_units: view.leave_units,
            },
            delay_ms: 0,
            resume: None,
            extensions: Vec::new(),
        };
        out.send(connection, &ServerMessage::Welcome(Box::new(welcome)));
        Ok((!audits).then_some(Join { player, name }))
    }
}
