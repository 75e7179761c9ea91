//! What is to be drawn: one moment of the game as plain values, lengths in world units.
//!
//! Never here: where these come from (see `scene_builder`), how they look (see `draw`).

use crate::plain_text::Plain;
use shared::game::map::Map;
use shared::game::pickup::Sort;
use shared::game::round::{Faction, Mode, Phase};
use shared::game::weapon::Weapon;
use shared::ids::Slot;
use std::sync::Arc;

/// One moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    /// What the middle of the picture shows.
    pub middle: [f64; 2],
    /// Walls and undergrowth; `None` if we do not have the map.
    pub map: Option<Arc<Map>>,
    /// Who is seen, dead ones left out; we are the last.
    pub figures: Vec<Figure>,
    /// What flies.
    pub shots: Vec<[f64; 2]>,
    /// What lies about.
    pub pickups: Vec<Lying>,
    /// Lines that rifles drew lately.
    pub traces: Vec<Trace>,
    /// Where rockets burst lately.
    pub bursts: Vec<Burst>,
    /// Ourselves; `None` for who only looks on.
    pub own: Option<Own>,
    /// What a spectator follows, and how far behind it sees.
    pub watching: Option<Watching>,
    /// The match.
    pub round: Option<Round>,
    /// Everybody, best first.
    pub standings: Vec<Standing>,
    /// Who killed whom lately, oldest first.
    pub kills: Vec<KillLine>,
    /// What was said lately, oldest first.
    pub chat: Vec<ChatLine>,
    /// What everybody must read now.
    pub banner: Option<String>,
    /// What helps a person who is new here.
    pub hint: Option<String>,
    /// How the path and the proof fare.
    pub network: Network,
    /// What is open.
    pub open: Open,
}

impl Scene {
    /// How many players there are, in words.
    #[must_use]
    pub fn players(&self) -> String {
        let count = self.standings.len();
        if count == 1 { "1 player".to_owned() } else { format!("{count} players") }
    }
}

/// Somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its slot.
    pub slot: Slot,
    /// The centre.
    pub at: [f64; 2],
    /// Where it looks, in 1/65,536 turn.
    pub aim: u16,
    /// Its side.
    pub faction: Faction,
    /// Its name.
    pub name: Plain,
    /// Health.
    pub hp: u8,
    /// It is us.
    pub is_own: bool,
    /// A spectator follows it.
    pub is_followed: bool,
}

/// Something that lies about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lying {
    /// The centre.
    pub at: [f64; 2],
    /// What it gives.
    pub sort: Sort,
    /// It is there now.
    pub present: bool,
}

/// The line of a shot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trace {
    /// From where.
    pub from: [f64; 2],
    /// To where.
    pub to: [f64; 2],
    /// How much of its time is over: 0 to 1.
    pub age: f64,
}

/// Where something burst.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// The centre.
    pub at: [f64; 2],
    /// How much of its time is over: 0 to 1.
    pub age: f64,
}

/// What only we know of ourselves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Own {
    /// Our slot.
    pub slot: Slot,
    /// Where we are.
    pub at: [f64; 2],
    /// Where we look, in 1/65,536 turn.
    pub aim: u16,
    /// Health; 0: dead.
    pub hp: u8,
    /// What we shoot with.
    pub weapon: Weapon,
    /// Rounds left.
    pub rounds: u8,
    /// Rockets left.
    pub rockets: u8,
    /// How much of the wait for the next dash is over: 0 to 1.
    pub dash: f64,
    /// We hit somebody just now.
    pub has_hit: bool,
    /// We were hit just now.
    pub was_hit: bool,
    /// The cell that the mouse points at.
    pub pointer: Option<(u16, u16)>,
    /// What turns our aim.
    pub aim_by: &'static str,
    /// Our side.
    pub faction: Faction,
}

/// How a spectator looks on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watching {
    /// Whom it follows; `None`: nobody, it pans.
    pub following: Option<Plain>,
    /// By how much what it sees is late, in seconds; `None` before the server said so.
    pub delay_s: Option<f64>,
}

/// The match.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Round {
    /// What it is at.
    pub phase: Phase,
    /// Seconds until the next phase.
    pub seconds_left: u32,
    /// Who is whose enemy.
    pub mode: Mode,
    /// The map.
    pub map: Plain,
    /// Kills of the red team.
    pub red: u16,
    /// Kills of the blue team.
    pub blue: u16,
}

/// Somebody's line of the score.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Its name.
    pub name: Plain,
    /// Its side.
    pub faction: Faction,
    /// Enemies killed.
    pub kills: u16,
    /// Lives lost.
    pub deaths: u16,
    /// It is us.
    pub is_own: bool,
}

/// Somebody killed somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct KillLine {
    /// Who; `None`: it was its own doing.
    pub killer: Option<(Plain, Faction)>,
    /// Whom.
    pub victim: (Plain, Faction),
    /// We had to do with it.
    pub is_own: bool,
}

/// Somebody said something.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatLine {
    /// Who; `None`: a note of this program.
    pub name: Option<Plain>,
    /// To the own team alone.
    pub team: bool,
    /// What.
    pub text: Plain,
}

/// How the path and the proof fare.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// A word to the server and back.
    pub round_trip_ms: f64,
    /// How unevenly frames come.
    pub jitter_ms: f64,
    /// Bytes of state frames.
    pub state_bytes_per_second: f64,
    /// Bytes from the socket, TLS and all.
    pub wire_bytes_per_second: f64,
    /// State frames.
    pub frames_per_second: f64,
    /// How old the newest frame is: since it came.
    pub snapshot_age_ms: f64,
    /// How far behind the newest frame others are drawn.
    pub drawn_behind_ms: f64,
    /// Times that our own place had to be corrected.
    pub corrections: u64,
    /// Shots that were shown and then taken back, and all that were shown ahead of the server.
    pub ghosts: (u64, u64),
    /// How far off we were shown lately, in world units.
    pub error_units: f64,
    /// How early our inputs come.
    pub lead_ms: Option<f64>,
    /// Inputs that came too late, and all.
    pub inputs_late: (u64, u64),
    /// Frames drawn without a newer one, and all.
    pub underruns: (u64, u64),
    /// Digests compared.
    pub digests_checked: u64,
    /// Of these, wrong.
    pub digest_mismatches: u64,
    /// Milliseconds between the last frames, oldest first.
    pub intervals_ms: Vec<f64>,
    /// Milliseconds of a tick.
    pub tick_ms: f64,
}

/// What is open on the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// The net graph.
    pub net_graph: bool,
    /// The score.
    pub scoreboard: bool,
    /// The keys.
    pub help: bool,
    /// "Leave?"
    pub leaving: bool,
    /// A line to be said.
    pub typing: Option<Typing>,
    /// World units per column; `None`: what suits the size.
    pub units_per_column: Option<u8>,
}

/// A line that is being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typing {
    /// What was typed so far.
    pub text: String,
    /// For the own team alone.
    pub team: bool,
}
