//! What the operator may set: one typed tree, layered, checked once, then never changed.
//!
//! ```text
//!   defaults < --config FILE < TICKWIRE_SECTION__KEY < command line ─► RawConfig ──(check)──► Config
//!                     (load.rs; an unknown key is refused by name)                (check.rs: ranges, relations)
//! ```
//!
//! Never here: bounds of the protocol (`shared::limits`), how a game feels (`shared::game`).

use std::collections::BTreeMap;
use std::time::Duration;

use crate::directory::RoomName;
use crate::game_api::RoomOptions;

/// How rooms are made and paced, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomsConfig {
    /// Steps per second.
    pub tick_rate_hz: u16,
    /// Players per room.
    pub players_max: u16,
    /// Rooms in this process.
    pub rooms_max: usize,
    /// How long a room stays when nobody is in.
    pub empty_after: Duration,
    /// The pool of slots of a room holds `1 << slot_bits`.
    pub slot_bits: u32,
    /// Late steps that may run back to back before the deadlines are moved.
    pub late_steps_max: u8,
    /// The game's own settings.
    pub settings: BTreeMap<String, String>,
}

impl RoomsConfig {
    /// What a room of that name is made with.
    #[must_use]
    pub fn options(&self, name: &RoomName) -> RoomOptions {
        RoomOptions {
            name: name.to_string(),
            tick_rate_hz: self.tick_rate_hz,
            players_max: self.players_max,
            slot_bits: self.slot_bits,
            settings: self.settings.clone(),
        }
    }
}

impl Default for RoomsConfig {
    fn default() -> Self {
        Self {
            tick_rate_hz: 30,
            players_max: 128,
            rooms_max: 256,
            empty_after: Duration::from_secs(30),
            slot_bits: 12,
            late_steps_max: 4,
            settings: BTreeMap::new(),
        }
    }
}
