//! Bots for Arena: wander, fight (and idle, which is any game's). Seeded, so that a run can be had again; without a clock.
//!
//! ```text
//!   View ─► Eyes (who and what is where) ─► wander ─────────────────────────┐
//!                                       └► fight: route (where to), aim ───┴► ArenaInput ─► codes
//! ```
//!
//! A bot sees what a player would: itself where it is predicted, others where they are drawn. Where nothing is predicted or drawn it
//! sees the newest frame.
//!
//! Looking at everyone in every tick would cost a swarm more than its sockets, so a fighter looks around now and then and
//! follows one enemy meanwhile.
//!
//! Never here: sockets, frames (see `session`).

// Going here and there.
pub mod wander;

// Fighting.
pub mod fight;

// The way around walls.
mod route;

// Directions.
mod ways;

pub use fight::Fight;
pub use wander::Wander;

use crate::behaviour::{Behaviour, Idle, View};
use glam::IVec2;
use shared::game::components::{Body, Health, Position};
use shared::game::map::Map;
use shared::game::maps::Maps;
use shared::game::pickup::{Pickup, Sort};
use shared::game::round::{Faction, Match, Side};
use shared::game::{MATCH, PICKUP, PLAYER};
use shared::ids::Slot;
use shared::schema::Replicated;
use std::sync::Arc;

/// The name of the game that these bots play, as its schema gives it.
pub const GAME: &str = "arena";

/// The behaviours that this game has, by the names that `--behaviour` takes, on these maps; none if there is no such name.
#[must_use]
pub fn behaviour(name: &str, seed: u64, maps: &Maps) -> Option<Box<dyn Behaviour>> {
    Some(match name {
        "wander" => Box::new(Wander::new(seed)),
        "fight" => Box::new(Fight::new(seed, maps.clone())),
        "idle" => Box::new(Idle),
        _ => return None,
    })
}

/// What a bot can see: a client's view, or in a test what stands in for one.
pub trait Eyes {
    /// The bot's own entity.
    fn me(&self) -> Option<Slot>;
    /// All players, the bot among them.
    fn players(&self) -> Vec<Slot>;
    /// Where a player is; none if it is not seen, or dead.
    fn living(&self, player: Slot) -> Option<IVec2>;

    /// Health of a player.
    fn health(&self, player: Slot) -> Option<u8> {
        let _ = player;
        None
    }

    /// Whose side a player is on.
    fn faction(&self, player: Slot) -> Faction {
        let _ = player;
        Faction::Alone
    }

    /// The bot's own body.
    fn body(&self) -> Option<Body> {
        None
    }

    /// What lies there to be taken.
    fn pickups(&self) -> Vec<(IVec2, Sort)> {
        Vec::new()
    }

    /// The map that is played on, if we have it.
    fn map(&self, maps: &Maps) -> Option<Arc<Map>> {
        let _ = maps;
        None
    }
}

impl Eyes for View<'_> {
    fn me(&self) -> Option<Slot> {
        self.me
    }

    fn players(&self) -> Vec<Slot> {
        self.replica.anchors().filter(|&(_, kind)| kind == PLAYER).map(|(slot, _)| slot).collect()
    }

    fn living(&self, player: Slot) -> Option<IVec2> {
        if !self.replica.read::<Health>(player)?.is_alive() {
            return None;
        }
        if self.me == Some(player)
            && let Some(body) = predicted(self)
        {
            return Some(body.at);
        }
        let Some(drawn) = self.drawn else { return Some(self.replica.read::<Position>(player)?.at) };
        let position = self.replica.schema().component_index(Position::NAME)?;
        let [x, y] = drawn.values(player, position)?[..] else { return None };
        Some(IVec2::new(x, y))
    }

    fn health(&self, player: Slot) -> Option<u8> {
        self.replica.read::<Health>(player).map(|health| health.hp)
    }

    fn faction(&self, player: Slot) -> Faction {
        self.replica.read::<Side>(player).map_or(Faction::Alone, |side| side.faction)
    }

    fn body(&self) -> Option<Body> {
        predicted(self).or_else(|| self.replica.read::<Body>(self.me?))
    }

    fn pickups(&self) -> Vec<(IVec2, Sort)> {
        let lying = self.replica.anchors().filter(|&(_, kind)| kind == PICKUP);
        let seen = lying.filter_map(|(slot, _)| {
            Some((self.replica.read::<Position>(slot)?.at, self.replica.read::<Pickup>(slot)?))
        });
        seen.filter(|(_, pickup)| pickup.present).map(|(at, pickup)| (at, pickup.sort)).collect()
    }

    fn map(&self, maps: &Maps) -> Option<Arc<Map>> {
        let (slot, _) = self.replica.anchors().find(|&(_, kind)| kind == MATCH)?;
        maps.find(self.replica.read::<Match>(slot)?.map.as_str())
    }
}

/// Our own body where it is predicted.
fn predicted(view: &View<'_>) -> Option<Body> {
    let state = view.own?.state()?;
    (state.len() >= Body::PART_COUNT).then(|| Body::read_codes(state))
}
