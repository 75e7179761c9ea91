//! ← yours. Arena's rules as far as server and clients share them.
//!
//! ```text
//!   components, input ─► schema()          what travels
//!   movement, rocket (with map, constants, geometry)  what both sides compute
//! ```
//!
//! To add a component: its struct in `components`, a line in [`schema`], a line in the server's `install`.
//!
//! Never here: who wins (see the server's `game`), pictures.

// What players see.
pub mod components;

// What players may do.
pub mod input;

// What players shoot with.
pub mod weapon;

// What lies about.
pub mod pickup;

// The match as all see it.
pub mod round;

// Words between players.
pub mod chat;

// How it feels.
pub mod constants;

// Directions and distances in whole numbers.
pub mod geometry;

// Walls, places to begin, things to take, undergrowth.
pub mod map;

// Maps from the editor's files.
mod map_file;

// What their reader would believe without looking.
mod map_scan;

// The maps in the box.
pub mod maps;

// The step both sides run.
pub mod movement;

// How a rocket flies.
pub mod rocket;

use crate::schema::{Kind, Replicated, Schema};
use chat::{Said, Say};
use components::{Aim, Body, GiveUp, Health, Hit, Kill, Nameplate, Position, Projectile, Score, Traced};
use input::ArenaInput;
use pickup::{Pickup, Taken};
use round::{Match, RoundOver, Side};

/// A player, dead or alive.
pub const PLAYER: Kind = Kind(0);

/// Something that was shot.
pub const PROJECTILE: Kind = Kind(1);

/// A place where something lies now and then.
pub const PICKUP: Kind = Kind(2);

/// The match: one in a room.
pub const MATCH: Kind = Kind(3);

/// All that Arena declares.
///
/// # Panics
/// Never: the test below builds it.
#[must_use]
pub fn schema() -> Schema {
    Schema::new("arena")
        .component::<Position>()
        .component::<Aim>()
        .component::<Health>()
        .component::<Score>()
        .component::<Nameplate>()
        .component::<Body>()
        .component::<Projectile>()
        .component::<Side>()
        .component::<Pickup>()
        .component::<Match>()
        .kind(
            PLAYER,
            "player",
            &[Position::NAME, Aim::NAME, Health::NAME, Score::NAME, Nameplate::NAME, Side::NAME, Body::NAME],
        )
        .kind(PROJECTILE, "projectile", &[Position::NAME, Projectile::NAME])
        .kind(PICKUP, "pickup", &[Position::NAME, Pickup::NAME])
        .kind(MATCH, "match", &[Match::NAME])
        .input::<ArenaInput>()
        .event::<Hit>()
        .event::<Kill>()
        .event::<Taken>()
        .event::<Said>()
        .event::<RoundOver>()
        .event::<Traced>()
        .request::<GiveUp>()
        .request::<Say>()
        .build()
        .expect("a test builds it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Layout;

    #[test]
    fn the_schema_can_be_carried() {
        let schema = schema();
        Layout::new(&schema, 12).expect("it can be laid out");
    }
}
