//! What a session holds of the world, as values of a scene.
//!
//! Never here: what changed since the last scene (see `scene_builder`).

use super::scene::{Lying, Round, Standing};
use crate::plain_text::Plain;
use crate::replica::Replica;
use crate::session::Session;
use shared::game::components::{Body, Nameplate, Position, Score};
use shared::game::constants::UNIT;
use shared::game::pickup::Pickup;
use shared::game::round::{Faction, Match, Side};
use shared::game::{MATCH, PICKUP, PLAYER};
use shared::ids::{EntityId, Slot};
use shared::schema::Replicated;

/// Our own body after the newest input.
pub(super) fn predicted(session: &Session) -> Option<Body> {
    session.predictor()?.state()?.get(..Body::PART_COUNT).map(Body::read_codes)
}

/// A place in world units.
pub(super) fn units(at: [i32; 2]) -> [f64; 2] {
    at.map(|axis| f64::from(axis) / f64::from(UNIT))
}

/// Somebody's name.
pub(super) fn name_of(replica: &Replica, id: EntityId) -> Plain {
    let name = slot_of(id).and_then(|slot| replica.read::<Nameplate>(slot));
    name.map_or_else(|| Plain::of("somebody"), |plate| Plain::of(plate.name.as_str()))
}

/// Somebody's side.
pub(super) fn side_of(replica: &Replica, id: EntityId) -> Faction {
    slot_of(id).and_then(|slot| replica.read::<Side>(slot)).map_or(Faction::Alone, |side| side.faction)
}

fn slot_of(id: EntityId) -> Option<Slot> {
    u16::try_from(id.0).ok().map(Slot)
}

/// The match; `None` before it is seen.
pub(super) fn round(replica: &Replica, tick_rate_hz: u16) -> Option<Round> {
    let (slot, _) = replica.anchors().find(|&(_, kind)| kind == MATCH)?;
    let game: Match = replica.read(slot)?;
    Some(Round {
        phase: game.phase,
        seconds_left: game.ticks_left.div_ceil(tick_rate_hz.max(1).into()),
        mode: game.mode,
        map: Plain::of(game.map.as_str()),
        red: game.red,
        blue: game.blue,
    })
}

/// What lies about.
pub(super) fn pickups(replica: &Replica) -> Vec<Lying> {
    let places = replica.anchors().filter(|&(_, kind)| kind == PICKUP);
    let seen = places.filter_map(|(slot, _)| Some((replica.read::<Position>(slot)?, replica.read::<Pickup>(slot)?)));
    let lying = seen.map(|(at, Pickup { sort, present })| Lying { at: units(at.at.to_array()), sort, present });
    lying.collect()
}

/// Everybody, best first.
pub(super) fn standings(replica: &Replica) -> Vec<Standing> {
    let players = replica.anchors().filter(|&(_, kind)| kind == PLAYER);
    let mut standings: Vec<Standing> = players
        .filter_map(|(slot, _)| {
            let id = EntityId(slot.0.into());
            let Score { kills, deaths, .. } = replica.read(slot)?;
            let (name, faction) = (name_of(replica, id), side_of(replica, id));
            Some(Standing { name, faction, kills, deaths, is_own: replica.me() == Some(slot) })
        })
        .collect();
    standings.sort_by(|one, other| (other.kills, one.deaths, &one.name).cmp(&(one.kills, other.deaths, &other.name)));
    standings
}
