//! Arena's own step on the client's side: a living body, moved by `shared::game::movement`, the same function that the server runs.
//!
//! ```text
//!   state = the codes of Body (step 1: the numbers themselves) · health · map · round · phase        the dead do not move
//! ```
//!
//! The maps come with the client, as the server's do; a room whose maps we do not have, each with the same bytes, is played without
//! prediction. What lies about is not predicted: who takes it is told, as who is hit.
//!
//! Never here: which ticks are replayed (see `predict`).

use crate::agreement::Agreement;
use crate::game::bots::GAME;
use crate::ghosts::Launch;
use crate::predict::{Twin, Twins};
use crate::replica::{Event, Replica};
use glam::IVec2;
use shared::game::components::{Body, Health, Hit, Kill, Projectile};
use shared::game::constants::{Tuning, UNIT};
use shared::game::input::ArenaInput;
use shared::game::map::Map;
use shared::game::maps::Maps;
use shared::game::pickup::Taken;
use shared::game::round::Match;
use shared::game::weapon::Weapon;
use shared::game::{MATCH, PROJECTILE, movement, rocket};
use shared::ids::{EntityId, Slot, Tick};
use shared::schema::{Replicated, Schema};
use shared::wire::control::maps_hash;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Why Arena is played without prediction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OtherMaps {
    /// We do not have it, or it is broken.
    #[error(
        "the server plays on {map:?}, which is none of our maps: nothing is predicted; --maps takes the server's folder"
    )]
    Missing {
        /// Its file.
        map: String,
    },
    /// We have others of that name.
    #[error("of {maps:?} the server has other files than we: nothing is predicted; --maps takes the server's folder")]
    Differ {
        /// Their files.
        maps: String,
    },
}

/// The maps that a server plays on, from those that we have.
fn rotation(agreement: &Agreement, maps: &Maps) -> Result<Vec<Arc<Map>>, OtherMaps> {
    let mut rotation = Vec::new();
    let mut hashes = Vec::new();
    for name in agreement.maps.split(',') {
        let missing = || OtherMaps::Missing { map: name.to_owned() };
        let place = maps.position(name).ok_or_else(missing)?;
        let (_, bytes) = maps.file(place).ok_or_else(missing)?;
        hashes.push(xxh3_64(bytes));
        rotation.push(maps.read(place).map_err(|_| missing())?);
    }
    if maps_hash(&hashes) != agreement.maps_hash {
        return Err(OtherMaps::Differ { maps: agreement.maps.clone() });
    }
    Ok(rotation)
}

/// Whether what is played is the Arena that we know.
fn is_ours(schema: &Schema) -> bool {
    let body = schema.component_index(Body::NAME).and_then(|body| schema.components.get(body));
    schema.game == GAME && body.is_some_and(|body| body.part_count() == Body::PART_COUNT)
}

/// The twins of the games in the box, on these maps.
pub struct GameTwins {
    maps: Maps,
}

impl Twins for GameTwins {
    fn choose(&self, agreement: &Agreement) -> Option<Box<dyn Twin>> {
        is_ours(&agreement.schema).then_some(())?;
        Some(Box::new(ArenaTwin::new(agreement, Tuning::at(agreement.tick_rate_hz), &self.maps).ok()?))
    }

    fn refusal(&self, agreement: &Agreement) -> Option<String> {
        is_ours(&agreement.schema).then_some(())?;
        rotation(agreement, &self.maps).err().map(|other| other.to_string())
    }
}

/// The twins of the games in the box, on these maps.
#[must_use]
pub fn twins(maps: Maps) -> Arc<dyn Twins> {
    Arc::new(GameTwins { maps })
}

/// Predicts a body.
pub struct ArenaTwin {
    tuning: Tuning,
    /// In the order in which they are played.
    maps: Vec<Arc<Map>>,
    hit: Option<usize>,
    kill: Option<usize>,
    taken: Option<usize>,
}

/// What stands behind the codes of the body in a state: health, place of the map in the rotation, round, phase.
const BEHIND: usize = 4;

impl ArenaTwin {
    /// A twin that feels like `tuning`, on the maps of what was agreed on.
    ///
    /// # Errors
    /// [`OtherMaps`]: the server's are not among these.
    pub fn new(agreement: &Agreement, tuning: Tuning, maps: &Maps) -> Result<Self, OtherMaps> {
        let maps = rotation(agreement, maps)?;
        let event = |name: &str| agreement.schema.events.iter().position(|event| event.name == name);
        let [hit, kill, taken] = [Hit::NAME, Kill::NAME, Taken::NAME].map(event);
        Ok(Self { tuning, maps, hit, kill, taken })
    }
}

impl ArenaTwin {
    /// A rocket's way until a wall or its fuse stops it; whom it may meet is the server's to say.
    fn flight(&self, from: IVec2, aim: u16, map: &Map) -> Launch {
        let velocity = rocket::velocity(aim, &self.tuning);
        let most = i32::from(self.tuning.rocket_flight_ticks);
        let looks = (0..most).flat_map(|tick| rocket::looks(from + velocity * tick, velocity));
        let free = looks.take_while(|&at| !map.is_wall_at(at)).count();
        let looks_per_tick = rocket::looks(from, velocity).count();
        let ticks = free as f64 / looks_per_tick as f64;
        Launch { at: in_units(from), per_tick: in_units(velocity), ticks }
    }
}

fn in_units(place: IVec2) -> [f64; 2] {
    place.to_array().map(|axis| f64::from(axis) / f64::from(UNIT))
}

impl Twin for ArenaTwin {
    fn truth(&self, replica: &Replica, me: Slot) -> Option<Vec<i32>> {
        if !replica.is_exact(me) {
            return None;
        }
        let body: Body = replica.read(me)?;
        let health: Health = replica.read(me)?;
        let (game, _) = replica.anchors().find(|&(_, kind)| kind == MATCH)?;
        let game: Match = replica.read(game)?;
        let mut state = vec![0; Body::PART_COUNT];
        body.write_codes(&mut state);
        let map = self.maps.iter().position(|map| map.name() == game.map.as_str())? as i32;
        state.extend([i32::from(health.hp), map, i32::from(game.round), game.phase as i32]);
        Some(state)
    }

    fn step(&self, state: &mut [i32], input: &[i32]) -> Option<Launch> {
        let (codes, &mut [health, map, ..]) = state.split_last_chunk_mut::<BEHIND>()?;
        let map = self.maps.get(map as usize).filter(|_| health > 0)?;
        let input = ArenaInput::read_codes(input);
        let stepped = movement::step(Body::read_codes(codes), &input, map, &self.tuning);
        stepped.body.write_codes(codes);
        let rocket = stepped.shot == Some(Weapon::RocketLauncher);
        rocket.then(|| self.flight(stepped.body.at, input.aim, map))
    }

    fn launched(&self, replica: &Replica, me: Slot, tick: Tick) -> Option<Slot> {
        let own = (EntityId(me.0.into()), tick.0 as u8);
        let projectiles = replica.anchors().filter(|&(_, kind)| kind == PROJECTILE).map(|(slot, _)| slot);
        let mut read = projectiles.filter_map(|slot| Some((slot, replica.read::<Projectile>(slot)?)));
        read.find(|(_, projectile)| (projectile.shooter, projectile.shot_at) == own).map(|(slot, _)| slot)
    }

    fn place(&self, state: &[i32]) -> [f64; 2] {
        in_units(Body::read_codes(state).at)
    }

    fn is_touched(&self, expected: &[i32], truth: &[i32]) -> bool {
        let [thought, found] = [expected, truth].map(|state| state.split_last_chunk::<BEHIND>());
        let (Some((thought, thought_behind)), Some((found, found_behind))) = (thought, found) else { return false };
        // A new life with the same health (a round begins) says so by its counter, also where the event that told of it is late.
        thought_behind != found_behind || Body::read_codes(thought).touched != Body::read_codes(found).touched
    }

    fn is_told(&self, event: &Event, me: Slot) -> bool {
        let us = EntityId(me.0.into());
        let kind = Some(usize::from(event.kind));
        kind == self.taken
            || (kind == self.hit && Hit::read_codes(&event.codes).target == us)
            || (kind == self.kill && Kill::read_codes(&event.codes).victim == us)
    }
}
