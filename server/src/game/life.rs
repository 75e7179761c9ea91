//! Beginning, ending, beginning again. A dead player keeps its entity, with no health: whoever watches it, or is it, goes
//! on with the same one.

use super::Feel;
use super::ground::{self, Terrain};
use super::round::Anew;
use crate::sim::{Answer, EntityIds, Networked, Outbox, Owner, Players, Randomness, Requests, To};
use bevy_ecs::prelude::*;
use glam::IVec2;
use serde::{Deserialize, Serialize};
use shared::game::components::{Body, GiveUp, Health, Kill, Score};
use shared::game::constants::{HP_MAX, SPAWN_CHOICES};
use shared::game::geometry::distance_squared;
use shared::game::map::Map;
use shared::game::round::{Faction, Side};

/// Ticks until the next life; 0 while alive.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Ticks that are left.
    pub ticks: u16,
}

/// Why a request to give up is refused: there is no life to end.
pub const REFUSED_DEAD: u8 = 1;

/// What a death changes.
#[derive(bevy_ecs::query::QueryData)]
#[query_data(mutable)]
pub struct Mortal {
    /// Health: gone.
    pub health: &'static mut Health,
    /// Body: stops.
    pub body: &'static mut Body,
    /// Score: one death more.
    pub score: &'static mut Score,
    /// How long until the next life.
    pub waiting: &'static mut Waiting,
}

impl MortalItem<'_, '_> {
    /// Ends this life.
    pub fn die(&mut self, feel: &Feel) {
        self.health.hp = 0;
        self.waiting.ticks = feel.0.respawn_ticks;
        self.score.deaths = self.score.deaths.saturating_add(1);
        let rest = Body { at: self.body.at, ..Body::default() };
        self.body.replace(rest);
    }
}

/// Rules: who asks to give up, dies.
pub fn give_up(
    requests: Res<Requests>,
    players: Res<Players>,
    ids: Res<EntityIds>,
    feel: Res<Feel>,
    mut outbox: ResMut<Outbox>,
    mut mortals: Query<Mortal>,
) {
    for (player, number, GiveUp {}) in requests.of::<GiveUp>() {
        let Some(id) = players.entity(player) else { continue };
        let Some(mut mortal) = ids.entity(id).and_then(|entity| mortals.get_mut(entity).ok()) else { continue };
        if mortal.health.is_alive() {
            mortal.die(&feel);
            outbox.send(To::Everyone, &Kill { killer: id, victim: id });
            outbox.answer(player, number, Answer::Done);
        } else {
            outbox.answer(player, number, Answer::Refused(REFUSED_DEAD));
        }
    }
}

/// Spawn: who waited long enough begins again, in the order of entities: each draws from the same stream, and the next
/// keeps away from the one before. Whose connection was cut stands and can be hit, or cutting it would save a life; but it does not
/// begin a new one before it is back, or it would be shot again and again for nothing.
pub fn respawn(
    mut players: Query<(&Networked, &Owner, &Side, &mut Health, &mut Body, &mut Score, &mut Waiting)>,
    (terrain, anew, present): (Terrain, Res<Anew>, Res<Players>),
    mut randomness: ResMut<Randomness>,
) {
    let living = players.iter().filter(|(_, _, _, health, ..)| health.is_alive());
    let mut others: Vec<Other> = living.map(|(_, _, side, _, body, ..)| (side.faction, body.at)).collect();
    for (_, owner, side, mut health, mut body, mut score, mut waiting) in players.iter_mut().sort::<&Networked>() {
        if health.is_alive() {
            continue;
        }
        if waiting.ticks > 0 {
            waiting.ticks -= 1;
            continue;
        }
        if present.is_away(owner.0) {
            continue;
        }
        let at = choose_place(terrain.map(), &mut randomness, side.faction, &others);
        others.push((side.faction, at));
        body.replace(Body::begin(at));
        health.hp = HP_MAX;
        if *anew == Anew::Nothing {
            score.respawns = score.respawns.saturating_add(1);
        }
    }
}

/// Where a newcomer begins.
pub fn place_in(world: &mut World, faction: Faction) -> IVec2 {
    let mut players = world.query::<(&Side, &Health, &Body)>();
    let living = players.iter(world).filter(|(_, health, _)| health.is_alive());
    let others: Vec<Other> = living.map(|(side, _, body)| (side.faction, body.at)).collect();
    world.resource_scope(|world, mut randomness: Mut<Randomness>| {
        choose_place(ground::map_of(world), &mut randomness, faction, &others)
    })
}

/// Someone who lives: on which side, and where.
type Other = (Faction, IVec2);

/// Of a few spawn points drawn at random, the one whose nearest enemy is farthest; the earlier drawn if equal.
fn choose_place(map: &Map, randomness: &mut Randomness, faction: Faction, others: &[Other]) -> IVec2 {
    let enemies = others.iter().filter(|(other, _)| !other.is_allied(faction));
    let mut best = (-1, IVec2::ZERO);
    for _ in 0..SPAWN_CHOICES {
        let Some(&at) = randomness.pick(map.spawns(faction)) else { break };
        let safety = enemies.clone().map(|&(_, enemy)| distance_squared(at, enemy)).min().unwrap_or(i64::MAX);
        if safety > best.0 {
            best = (safety, at);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_begins_away_from_enemies() {
        let map = Map::from_rows("hall", &["##########", "#........#", "##########"]);
        let spawns = map.spawns(Faction::Alone);
        let enemy = spawns[0];
        let mut randomness = Randomness::seeded(3);
        let mut nearest = i64::MAX;
        let mut sum = 0;
        for _ in 0..200 {
            let apart = distance_squared(
                choose_place(&map, &mut randomness, Faction::Alone, &[(Faction::Alone, enemy)]),
                enemy,
            );
            nearest = nearest.min(apart);
            sum += apart;
        }
        let drawn: i64 = spawns.iter().map(|&at| distance_squared(at, enemy)).sum::<i64>() / 8;
        assert!(sum / 200 > drawn * 3 / 2, "much farther than a place drawn at random");
    }
}
