//! ← yours. Arena's rules as far as server and clients share them.
//!
//! ```text
//!   components, input ─► schema()          what travels
//!   movement (with map, constants, geometry)  what both sides compute
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

// How it feels.
pub mod constants;

// Directions and distances in whole numbers.
pub mod geometry;

// Walls and places to begin.
pub mod map;

// The step both sides run.
pub mod movement;

use crate::schema::{Kind, Replicated, Schema};
use components::{Aim, Body, GiveUp, Health, Hit, Kill, Nameplate, Position, Projectile, Score};
use input::ArenaInput;

/// A player, dead or alive.
pub const PLAYER: Kind = Kind(0);

/// Something that was shot.
pub const PROJECTILE: Kind = Kind(1);

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
        .kind(PLAYER, "player", &[Position::NAME, Aim::NAME, Health::NAME, Score::NAME, Nameplate::NAME, Body::NAME])
        .kind(PROJECTILE, "projectile", &[Position::NAME, Projectile::NAME])
        .input::<ArenaInput>()
        .event::<Hit>()
        .event::<Kill>()
        .request::<GiveUp>()
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
