//! Arena's own step on the client's side: a living body, moved by `shared::game::movement`, the same function that the server runs.
//!
//! ```text
//!   state = the codes of Body (step 1: the numbers themselves) · health · map · round · phase        the dead do not move
//! ```
//!
//! The maps come with the client, as the server's do; a room whose map is not in the box is played without prediction. What lies about
//! is not predicted: who takes it is told, as who is hit.
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
use shared::game::pickup::Taken;
use shared::game::round::Match;
use shared::game::weapon::Weapon;
use shared::game::{MATCH, PROJECTILE, maps, movement, rocket};
use shared::ids::{EntityId, Slot, Tick};
use shared::schema::{Replicated, Schema};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// The twin for what was agreed on, if it is Arena on a map that we have.
#[must_use]
pub fn twin(agreement: &Agreement) -> Option<Box<dyn Twin>> {
    let schema = &agreement.schema;
    if schema.game != GAME
        || Body::PART_COUNT != schema.components.get(schema.component_index(Body::NAME)?)?.part_count()
    {
        return None;
    }
    let (_, bytes) = maps::file(maps::position(&agreement.map)?)?;
    if xxh3_64(bytes) != agreement.map_hash {
        return None;
    }
    Some(Box::new(ArenaTwin::new(schema, Tuning::at(agreement.tick_rate_hz))?))
}

/// The twins of the games in the box.
#[must_use]
pub fn twins() -> Arc<dyn Twins> {
    Arc::new(twin)
}

/// Predicts a body.
pub struct ArenaTwin {
    tuning: Tuning,
    maps: Vec<Arc<Map>>,
    hit: Option<usize>,
    kill: Option<usize>,
    taken: Option<usize>,
}

/// What stands behind the codes of the body in a state: health, place of the map in the box, round, phase.
const BEHIND: usize = 4;

impl ArenaTwin {
    /// A twin that feels like `tuning`; `None` if a map in the box is broken.
    #[must_use]
    pub fn new(schema: &Schema, tuning: Tuning) -> Option<Self> {
        let maps = (0..maps::count()).map(|place| maps::read(place).ok()).collect::<Option<_>>()?;
        let event = |name: &str| schema.events.iter().position(|event| event.name == name);
        let [hit, kill, taken] = [Hit::NAME, Kill::NAME, Taken::NAME].map(event);
        Some(Self { tuning, maps, hit, kill, taken })
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
        let map = maps::position(game.map.as_str())? as i32;
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
        expected.last_chunk::<BEHIND>() != truth.last_chunk::<BEHIND>()
    }

    fn is_told(&self, event: &Event, me: Slot) -> bool {
        let us = EntityId(me.0.into());
        let kind = Some(usize::from(event.kind));
        kind == self.taken
            || (kind == self.hit && Hit::read_codes(&event.codes).target == us)
            || (kind == self.kill && Kill::read_codes(&event.codes).victim == us)
    }
}
