//! What rooms play, how they are made and paced, how much they send, and in which codes they speak.
//!
//! Never here: what a setting of the game's means (the game says), bounds of the protocol (`shared::limits`).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use shared::limits::BUDGET_BYTES_DEFAULT;

use super::{Config, Waits};
use crate::directory::RoomName;
use crate::sim::{RoomOptions, Spectating, Unchanged, ViewRadii};

/// Which game is played.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawGame {
    /// Its name. Empty: the first that this program has.
    pub name: String,
    /// A folder of maps that are played in place of the game's own. Empty: the game's own.
    pub maps: PathBuf,
    /// Its own settings: a game refuses what it does not know. Numbers and truths may stand without quotes.
    #[serde(deserialize_with = "settings")]
    pub settings: BTreeMap<String, String>,
}

/// How rooms are made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawRooms {
    /// Steps per second. 1..=128.
    pub tick_rate_hz: u16,
    /// Players per room. 1..=8192.
    pub players_max: u16,
    /// Rooms in this process. 1..=4096.
    pub rooms_max: usize,
    /// Seconds that a room stays when nobody is in. 0..=86400.
    pub empty_after_s: u64,
    /// A room has `1 << slot_bits` slots. 6..=16.
    pub slot_bits: u32,
    /// How far players see, in world units. 0: everything. 0..=1000000.
    pub view_units: u32,
    /// How much farther something is when it leaves their view, in per cent. 0..=100.
    pub view_leave_percent: u32,
}

impl Default for RawRooms {
    fn default() -> Self {
        Self {
            tick_rate_hz: 30,
            players_max: 128,
            rooms_max: 256,
            empty_after_s: 30,
            slot_bits: 12,
            view_units: 0,
            view_leave_percent: 10,
        }
    }
}

/// How time passes in a room.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawTick {
    /// Late steps that may run back to back before the deadlines are moved; ticks never skip. 0..=16.
    pub late_steps_max: u8,
    /// Threads that serve the connections of one room. 0: one, and more for a room whose tick takes more than half of its
    /// period, as far as there are processors. 0..=16.
    pub lanes: u8,
}

impl Default for RawTick {
    fn default() -> Self {
        Self { late_steps_max: 4, lanes: 0 }
    }
}

/// In which codes rooms speak, and how these become better.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawTables {
    /// Code tables to begin with. Empty: those that the game ships, or untrained ones.
    pub file: PathBuf,
    /// Seconds between two trainings on what rooms send; better tables take effect at once. 0: never. 10..=86400.
    pub retrain_s: u64,
    /// Where tables go that were trained on all that was sent, when the server ends. Empty: nowhere.
    pub save: PathBuf,
}

/// How much of a room's state each client is sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawBudget {
    /// Bytes per client and tick. 64..=65536. Over it the most important goes first.
    pub bytes_per_tick: usize,
}

impl Default for RawBudget {
    fn default() -> Self {
        Self { bytes_per_tick: BUDGET_BYTES_DEFAULT }
    }
}

/// How rooms are made and paced, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomsConfig {
    /// Steps per second; at least one.
    pub tick_rate_hz: u16,
    /// Players per room.
    pub players_max: u16,
    /// Rooms in this process.
    pub rooms_max: usize,
    /// How long a room stays when nobody is in.
    pub empty_after: Duration,
    /// The pool of slots of a room holds `1 << slot_bits`.
    pub slot_bits: u32,
    /// How far players see.
    pub view: ViewRadii,
    /// Late steps that may run back to back before the deadlines are moved.
    pub late_steps_max: u8,
    /// Bytes of state per client and tick.
    pub bytes_per_tick: usize,
    /// Threads that serve the connections of one room.
    pub lanes: Lanes,
    /// Who may look on.
    pub spectators: Spectating,
    /// Seconds for which seats are kept; 0: not at all.
    pub keep_seats_s: u32,
    /// How long a connection may be silent.
    pub waits: Waits,
    /// How long a player may play without changing anything.
    pub unchanged: Unchanged,
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
            view: self.view,
            bytes_per_tick: self.bytes_per_tick,
            spectators: self.spectators,
            keep_seats_s: self.keep_seats_s,
            unchanged: self.unchanged,
            settings: self.settings.clone(),
        }
    }
}

impl Default for RoomsConfig {
    fn default() -> Self {
        Config::local(PathBuf::new()).rooms
    }
}

/// Threads that serve the connections of one room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// So many, always.
    Fixed(usize),
    /// As many as its tick needs, up to so many.
    UpTo(usize),
}

/// In which codes rooms speak, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablesConfig {
    /// Tables to begin with in place of the game's.
    pub file: Option<PathBuf>,
    /// Between two trainings while rooms play.
    pub retrain: Option<Duration>,
    /// Where tables go at the end.
    pub save: Option<PathBuf>,
}

impl TablesConfig {
    /// Whether somebody wants to know what rooms send.
    #[must_use]
    pub const fn studies(&self) -> bool {
        self.retrain.is_some() || self.save.is_some()
    }
}

/// A game's own settings are texts, whatever they were written as.
fn settings<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a text, a whole number, true or false")]
    enum Setting {
        Text(String),
        Number(i64),
        Truth(bool),
    }
    let read = BTreeMap::<String, Setting>::deserialize(from)?;
    let texts = read.into_iter().map(|(name, setting)| {
        let text = match setting {
            Setting::Text(text) => text,
            Setting::Number(number) => number.to_string(),
            Setting::Truth(truth) => truth.to_string(),
        };
        (name, text)
    });
    Ok(texts.collect())
}
