//! What Hello and Welcome settle: the protocol, the schema and its layout, the tables, the rates and the limits.
//!
//! The server describes its own game, so a client that was never built for it can play. What we cannot speak is refused here,
//! by name, before the first frame; after this nobody asks again.
//!
//! Never here: what happens with it (see `session`).

use shared::codec::Tables;
use shared::ids::{PlayerId, Tick};
use shared::limits::INPUT_AHEAD_TICKS_MAX;
use shared::schema::{Layout, Schema, SchemaBytesError, SchemaError};
use shared::wire::control::{EXTENSION_ROOM, FEATURE_AUDIT, FEATURE_FULL_DIGEST, WelcomeLimits};
use shared::wire::version::{PROTOCOL, PROTOCOL_OLDEST};
use shared::wire::{DecodeError, Digest, Hello, Role, SeatSecret, Welcome};
use std::sync::Arc;

/// The newest tick that a room can be at where we join it. Ticks do not wrap: beyond this one, six days at 30 Hz before the last,
/// no room goes on long enough to be worth joining, and whoever names such a tick wants to see what we do at the end.
const TICK_MAX: u32 = u32::MAX - (1 << 24);

/// Why we cannot play on this server. All but `Version` are the server's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disagreement {
    /// It answers with a protocol version that we did not offer.
    #[error("the server speaks protocol version {got}; this client speaks {PROTOCOL_OLDEST} to {PROTOCOL}")]
    Version {
        /// What it chose.
        got: u16,
    },
    /// It left out what we do not hold.
    #[error("the server left out {what}, which this client does not hold")]
    LeftOut {
        /// Schema or tables.
        what: &'static str,
    },
    /// Its schema has something that this build does not know, or is broken.
    #[error("the server's schema: {0}")]
    SchemaBytes(#[from] SchemaBytesError),
    /// Its schema cannot be laid out.
    #[error("the server's schema: {0}")]
    Schema(#[from] SchemaError),
    /// Its bytes do not have the fingerprint that it gave.
    #[error("the server's schema is not the one that its fingerprint names")]
    Fingerprint,
    /// Its code tables are broken.
    #[error("the server's code tables: {0}")]
    Tables(DecodeError),
    /// It was asked to let us audit, and takes us for a player.
    #[error("the server let us in as a player, not as an auditor")]
    NoAudit,
    /// A number is out of any sense.
    #[error("the server's welcome: {what} is {got}")]
    Number {
        /// Which.
        what: &'static str,
        /// What it is.
        got: u32,
    },
}

/// Schema and tables that a client held on to: with them the next Welcome is short.
#[derive(Clone, Debug)]
pub struct Known {
    schema: Arc<Schema>,
    schema_fingerprint: u64,
    tables: Arc<[u8]>,
    tables_fingerprint: u64,
}

impl Known {
    /// Holds on to these tables in place of those before.
    pub(crate) fn hold_tables(&mut self, bytes: &[u8]) {
        self.tables = bytes.into();
        self.tables_fingerprint = Tables::fingerprint(bytes);
    }
}

/// Everything that is settled before the first frame.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// What is played.
    pub schema: Arc<Schema>,
    /// Laid out for the codec.
    pub layout: Arc<Layout>,
    /// The prefix codes.
    pub tables: Arc<Tables>,
    /// How much of the digest travels.
    pub digest: Digest,
    /// Our number in the room.
    pub player: PlayerId,
    /// Names this life of the room.
    pub incarnation: u64,
    /// Ticks per second.
    pub tick_rate_hz: u16,
    /// The newest finished tick when the Welcome was written.
    pub tick: Tick,
    /// The names of the maps, in order, with commas between; empty without any.
    pub maps: String,
    /// See [`maps_hash`](shared::wire::control::maps_hash).
    pub maps_hash: u64,
    /// What we must respect.
    pub limits: WelcomeLimits,
    /// How long after the players we see things, in milliseconds: above 0 only for a spectator.
    pub delay_ms: u32,
    /// To hold on to for the next time.
    pub known: Known,
    /// What gives our seat back after a cut, if the server keeps seats.
    pub resume: Option<SeatSecret>,
    /// What the room is called, if it keeps our seat.
    pub room: Option<String>,
}

/// The Hello of a player's client that is called `name`.
#[must_use]
pub fn hello(name: &str, digest: Digest, known: Option<&Known>) -> Hello {
    Hello {
        protocol_min: PROTOCOL_OLDEST,
        protocol_max: PROTOCOL,
        schema: known.map(|known| known.schema_fingerprint),
        tables: known.map(|known| known.tables_fingerprint),
        features: if digest == Digest::Whole { FEATURE_FULL_DIGEST } else { 0 },
        role: Role::Player,
        name: name.to_owned(),
        resume: None,
        extensions: Vec::new(),
    }
}

impl Agreement {
    /// What a Welcome settles, given what we asked for and held when we said Hello.
    ///
    /// # Errors
    /// [`Disagreement`]: we cannot play here.
    pub fn new(welcome: Welcome, audit: bool, known: Option<&Known>) -> Result<Self, Disagreement> {
        if !(PROTOCOL_OLDEST..=PROTOCOL).contains(&welcome.protocol) {
            return Err(Disagreement::Version { got: welcome.protocol });
        }
        if welcome.tick_rate_hz == 0 || welcome.tick_rate_hz > 1_000 {
            return Err(Disagreement::Number { what: "tick rate", got: u32::from(welcome.tick_rate_hz) });
        }
        if !(1..=16).contains(&welcome.slot_bits) {
            return Err(Disagreement::Number { what: "slot bits", got: u32::from(welcome.slot_bits) });
        }
        if welcome.tick > TICK_MAX {
            return Err(Disagreement::Number { what: "tick", got: welcome.tick });
        }
        if audit && welcome.features & FEATURE_AUDIT == 0 {
            return Err(Disagreement::NoAudit);
        }
        let known = settle_known(&welcome, known)?;
        let layout = Layout::new(&known.schema, u32::from(welcome.slot_bits))?;
        let tables = Tables::from_bytes(&known.tables, &layout).map_err(Disagreement::Tables)?;
        let room = welcome.extensions.iter().find(|extension| extension.id == EXTENSION_ROOM);
        let room = room.and_then(|extension| String::from_utf8(extension.bytes.clone()).ok());
        let mut limits = welcome.limits;
        limits.input_ahead_ticks = limits.input_ahead_ticks.clamp(1, INPUT_AHEAD_TICKS_MAX);
        Ok(Self {
            schema: known.schema.clone(),
            layout: Arc::new(layout),
            tables: Arc::new(tables),
            digest: if welcome.features & FEATURE_FULL_DIGEST == 0 { Digest::Folded } else { Digest::Whole },
            player: PlayerId(welcome.player),
            incarnation: welcome.incarnation,
            tick_rate_hz: welcome.tick_rate_hz,
            tick: Tick(welcome.tick),
            maps: welcome.maps,
            maps_hash: welcome.maps_hash,
            limits,
            delay_ms: welcome.delay_ms,
            known,
            resume: welcome.resume,
            room,
        })
    }

    /// Whether this is the seat that `before` was of.
    pub(crate) fn is_seat_of(&self, before: &Self) -> bool {
        (self.incarnation, self.player) == (before.incarnation, before.player)
    }

    /// Takes schema and layout from another that has the same ones, so that one copy of them does for both. False: it has not.
    pub(crate) fn share(&mut self, other: &Self) -> bool {
        let same = self.known.schema_fingerprint == other.known.schema_fingerprint
            && self.layout.slot_bits() == other.layout.slot_bits();
        if same {
            self.schema = other.schema.clone();
            self.layout = other.layout.clone();
            self.known.schema = other.schema.clone();
        }
        same
    }
}

/// Schema and tables as the Welcome brings them, or as we hold them.
fn settle_known(welcome: &Welcome, known: Option<&Known>) -> Result<Known, Disagreement> {
    let schema = match &welcome.schema {
        Some(bytes) => Arc::new(Schema::from_bytes(bytes)?),
        None => known
            .filter(|known| known.schema_fingerprint == welcome.schema_fingerprint)
            .map(|known| known.schema.clone())
            .ok_or(Disagreement::LeftOut { what: "the schema" })?,
    };
    if schema.fingerprint() != welcome.schema_fingerprint {
        return Err(Disagreement::Fingerprint);
    }
    let tables = match &welcome.tables {
        Some(bytes) => bytes.as_slice().into(),
        None => known
            .filter(|known| known.tables_fingerprint == welcome.tables_fingerprint)
            .map(|known| known.tables.clone())
            .ok_or(Disagreement::LeftOut { what: "the code tables" })?,
    };
    let (schema_fingerprint, tables_fingerprint) = (welcome.schema_fingerprint, welcome.tables_fingerprint);
    Ok(Known { schema, schema_fingerprint, tables, tables_fingerprint })
}
