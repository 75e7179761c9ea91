//! Who is on whose side.
//!
//! A newcomer goes to the smaller team. Between rounds the teams are evened out: who came last to the larger one changes.
//!
//! Never here: who hurts whom (see `combat`), who sees whom (see `stealth`).

use crate::sim::{Networked, Team};
use bevy_ecs::prelude::*;
use shared::game::round::{Faction, Mode, Side};

/// The side of who joins now.
#[must_use]
pub fn side_of_newcomer(world: &mut World, mode: Mode) -> Faction {
    if mode == Mode::FreeForAll {
        return Faction::Alone;
    }
    let (mut red, mut blue) = (0, 0);
    for side in world.query::<&Side>().iter(world) {
        match side.faction {
            Faction::Red => red += 1,
            Faction::Blue => blue += 1,
            Faction::Alone => {}
        }
    }
    if red <= blue { Faction::Red } else { Faction::Blue }
}

/// Changes sides until the teams differ by one at the most.
pub fn even_out(players: &mut Query<(Entity, &Networked, &mut Side)>, commands: &mut Commands) {
    loop {
        let of = |faction| {
            let members = players.iter().filter(move |(_, _, side)| side.faction == faction);
            let members: Vec<_> = members.map(|(entity, networked, _)| (networked.id, entity)).collect();
            members
        };
        let (red, blue) = (of(Faction::Red), of(Faction::Blue));
        let (larger, to) = if red.len() > blue.len() { (&red, Faction::Blue) } else { (&blue, Faction::Red) };
        if red.len().abs_diff(blue.len()) <= 1 {
            return;
        }
        let Some(&(_, entity)) = larger.iter().max() else { return };
        let Ok((_, _, mut side)) = players.get_mut(entity) else { return };
        side.faction = to;
        commands.entity(entity).insert(to.team().map_or(Team(0), Team));
    }
}
