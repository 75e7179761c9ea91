//! What the simulation asks of its game, and what a room is made with.
//!
//! ```text
//!   the author's Game, with its types ──(game_api)──► Arc<dyn RoomGame> ─► Sim
//! ```
//!
//! Never here: what an author writes (see `game_api`, which stands above).

use crate::sim::refused::RoomRefused;
use crate::sim::stages::Stages;
use crate::sim::step_input::{InputCodes, InputSource};
use bevy_ecs::prelude::{Entity, World};
use shared::ids::{EntityId, PlayerId};
use shared::limits::BUDGET_BYTES_DEFAULT;
use shared::schema::Schema;
use std::collections::BTreeMap;

/// A game without its types: what rooms hold. Every [`Game`](crate::game_api::Game) is one; what its methods promise is
/// said there.
pub trait RoomGame: Send + Sync + 'static {
    /// What there is to say, the same as its clients have it.
    fn schema(&self) -> Schema;

    /// Registers the controls and all that the game adds, once, before the first tick.
    ///
    /// # Errors
    /// Whose fault it is that this room cannot be.
    fn install(&self, world: &mut World, stages: &mut Stages, options: &RoomOptions) -> Result<(), RoomRefused>;

    /// A player entered; returns the entity that its inputs will drive.
    fn on_join(&self, world: &mut World, player: PlayerId) -> EntityId;

    /// A player left, for whatever reason; once per join.
    fn on_leave(&self, world: &mut World, player: PlayerId);

    /// A player's connection was cut: its seat is kept, and its controls are neutral from now on.
    fn on_away(&self, world: &mut World, player: PlayerId);

    /// It is back in its seat.
    fn on_back(&self, world: &mut World, player: PlayerId);

    /// The codes of the neutral input.
    fn neutral_input(&self) -> InputCodes;

    /// Whether the game judges such an input by what its player saw.
    fn looks_back(&self, codes: &InputCodes) -> bool;

    /// Gives `entity` this tick's [`Controls`](crate::sim::Controls).
    fn write_controls(&self, world: &mut World, entity: Entity, codes: &InputCodes, source: InputSource);
}

/// What a room is made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomOptions {
    /// The room's name.
    pub name: String,
    /// Simulation steps per second.
    pub tick_rate_hz: u16,
    /// How many players may be in.
    pub players_max: u16,
    /// The pool holds `1 << slot_bits` slots.
    pub slot_bits: u32,
    /// How far its players see.
    pub view: ViewRadii,
    /// Bytes of state that each client may get per tick.
    pub bytes_per_tick: usize,
    /// Who may look on.
    pub spectators: Spectating,
    /// Seconds for which the seat of a player is kept whose connection was cut; 0: not at all.
    pub keep_seats_s: u32,
    /// How long a player may play without changing anything.
    pub unchanged: Unchanged,
    /// The game's own settings; a game refuses what it does not know.
    pub settings: BTreeMap<String, String>,
}

/// How long the inputs of a player may be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unchanged {
    /// Seconds after which it is closed; 0: never.
    pub after_s: u32,
    /// Seconds before that, when its client is told. Less than `after_s`.
    pub notice_s: u32,
}

impl Unchanged {
    /// As long as it likes.
    pub const FOR_EVER: Self = Self { after_s: 0, notice_s: 0 };
}

/// Who may look on, and how late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spectating {
    /// How many; 0: nobody.
    pub max: u16,
    /// How much later than players they see things, in milliseconds.
    pub delay_ms: u32,
}

impl Spectating {
    /// There are none.
    pub const NOBODY: Self = Self { max: 0, delay_ms: 0 };

    /// The delay in ticks of a room, rounded up. Ticks that the server was late with are made up for one after the other: by so much
    /// (`tick.late_steps_max`) a moment that it stalled in can be shown sooner.
    #[must_use]
    pub const fn delay_ticks(self, tick_rate_hz: u16) -> u32 {
        (self.delay_ms as u64 * tick_rate_hz as u64).div_ceil(1_000) as u32
    }
}

impl Default for RoomOptions {
    fn default() -> Self {
        Self {
            name: "room".to_owned(),
            tick_rate_hz: 30,
            players_max: 64,
            slot_bits: 12,
            view: ViewRadii::NONE,
            bytes_per_tick: BUDGET_BYTES_DEFAULT,
            spectators: Spectating::NOBODY,
            keep_seats_s: 0,
            unchanged: Unchanged::FOR_EVER,
            settings: BTreeMap::new(),
        }
    }
}

/// How far players see, in world units: what comes within the one radius enters their view, what goes beyond the other leaves
/// it. Two, so that what stands on the edge does not come and go with every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewRadii {
    /// At this distance something enters; 0: everybody sees everything.
    pub enter_units: u32,
    /// At this distance it still stays. Not below `enter_units`.
    pub leave_units: u32,
}

impl ViewRadii {
    /// Everybody sees everything.
    pub const NONE: Self = Self { enter_units: 0, leave_units: 0 };

    /// An enter radius and a leave radius so many per cent beyond, rounded up to whole units.
    #[must_use]
    pub const fn new(enter_units: u32, leave_percent: u32) -> Self {
        let leave = (enter_units as u64 * (100 + leave_percent as u64)).div_ceil(100);
        let leave_units = if leave > u32::MAX as u64 { u32::MAX } else { leave as u32 };
        Self { enter_units, leave_units }
    }

    /// Distance decides at all.
    #[must_use]
    pub const fn limits(self) -> bool {
        self.enter_units > 0
    }
}
