//! What an auditor is told beside each of its frames: who may see what, as the World says, which no frame shows.
//!
//! ```text
//!   State (all facets of all sections) ─┐
//!                                       ├─► the truth of one tick ─► what may each client hold?
//!   Audit (who is who, whose is what) ──┘
//! ```
//!
//! A frame says that a facet is for a team or an owner, and not for which; where nobody but its player may know, that is a facet's
//! whole secret. So it travels here, to those only who were let in as auditors. Entities are named by their anchors' slots.
//!
//! Never here: the rule itself (each side has its own).

use super::DecodeError;
use super::control::{Extension, append, check_extensions, decode};
use crate::limits::AUDIT_BYTES_MAX;
use bincode::{Decode, Encode};

/// What is true of one tick.
#[derive(Clone, Debug, PartialEq, Eq, Default, Encode, Decode)]
pub struct Audit {
    /// The tick of the frame before it.
    pub tick: u32,
    /// Something that was to be told since the last Audit is missing: events, or whole ticks.
    pub gap: bool,
    /// Everyone whom the World knows.
    pub players: Vec<AuditedPlayer>,
    /// The entities that have an owner or a team.
    pub entities: Vec<AuditedEntity>,
    /// What the game's own rule hides.
    pub hidden: Vec<AuditedHiding>,
    /// What the game told since the last Audit, in order.
    pub events: Vec<AuditedEvent>,
    /// More.
    pub extensions: Vec<Extension>,
}

/// One player.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AuditedPlayer {
    /// Its number, as in its Welcome.
    pub player: u32,
    /// The entity that it drives.
    pub entity: Option<u16>,
    /// That entity's team.
    pub team: Option<u8>,
}

/// One entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AuditedEntity {
    /// Which.
    pub anchor: u16,
    /// The player that owns it.
    pub owner: Option<u32>,
    /// Its team.
    pub team: Option<u8>,
}

/// What the game's own rule hides from one player, near or not.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AuditedHiding {
    /// From whom.
    pub player: u32,
    /// What, ascending.
    pub anchors: Vec<u16>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AuditedEvent {
    /// The tick in which it was told.
    pub tick: u32,
    /// To whom.
    pub to: AuditedAudience,
    /// Position in the schema's events.
    pub kind: u8,
    /// Its codes; a reference is the slot of an anchor, -1 for none.
    pub codes: Vec<i32>,
}

/// To whom an event goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum AuditedAudience {
    /// Everyone.
    Everyone,
    /// A team.
    Team(u8),
    /// A player.
    Player(u32),
    /// Those who may see this entity; `None`: it has no anchor.
    Seeing(Option<u16>),
}

/// Appends an Audit to `out`. Inverse of [`read_audit`].
pub fn write_audit(out: &mut Vec<u8>, audit: &Audit) {
    append::<AUDIT_MEMORY_MAX>(out, audit);
}

/// Reads an Audit.
///
/// # Errors
/// [`DecodeError::Control`] if it is no Audit, is too long, or something follows it.
pub fn read_audit(bytes: &[u8]) -> Result<Audit, DecodeError> {
    if bytes.len() > AUDIT_BYTES_MAX {
        return Err(DecodeError::Control { message: "audit" });
    }
    let audit: Audit = decode::<AUDIT_MEMORY_MAX, _>(bytes, "audit")?;
    check_extensions(&audit.extensions, "audit")?;
    Ok(audit)
}

/// Bytes of memory that an Audit may take when it is read: bincode counts what lists would take, not what they took on the wire.
const AUDIT_MEMORY_MAX: usize = 64 * AUDIT_BYTES_MAX;
