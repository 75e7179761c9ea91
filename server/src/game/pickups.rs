//! What lies about: taken by who comes near and needs it, there again after a while.
//!
//! ```text
//!   lay out ─► present ─(Collide: take)─► taken ─(Rules: restock)─► present
//! ```
//!
//! Never here: where they lie (see the map).

use super::Feel;
use crate::sim::{EntityIds, Networked, Outbox, Owner, To};
use bevy_ecs::prelude::*;
use glam::IVec2;
use serde::{Deserialize, Serialize};
use shared::game::PICKUP;
use shared::game::components::{Body, Health, Position};
use shared::game::constants::{
    HP_MAX, PICKUP_HEALTH, PICKUP_REACH, PICKUP_ROCKETS, PICKUP_ROUNDS, ROCKETS_MAX, ROUNDS_MAX,
};
use shared::game::geometry::distance_squared;
use shared::game::map::Map;
use shared::game::pickup::{Pickup, Sort, Taken};

/// How long until it is there again; 0 while it is.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restock {
    /// Ticks that are left.
    pub ticks: u16,
}

/// A map's pickups, all there, in the order of the map.
pub fn lay_out<'a>(
    map: &'a Map,
    ids: &'a mut EntityIds,
) -> impl Iterator<Item = (Networked, Position, Pickup, Restock)> + 'a {
    map.pickups()
        .iter()
        .map(|&(at, sort)| (ids.spawn(PICKUP), Position { at }, Pickup { sort, present: true }, Restock::default()))
}

/// Collide: who is near and needs what lies there takes it; of several the one who joined first.
pub fn take(
    mut pickups: Query<(&Networked, &Position, &mut Pickup, &mut Restock), Without<Body>>,
    mut players: Query<(Entity, &Networked, &Owner, &mut Health, &mut Body)>,
    feel: Res<Feel>,
    mut outbox: ResMut<Outbox>,
) {
    let living = players.iter().sort::<&Networked>().filter(|(_, _, _, health, _)| health.is_alive());
    let living: Vec<(Entity, IVec2)> = living.map(|(entity, _, _, _, body)| (entity, body.at)).collect();
    for (_, position, mut pickup, mut restock) in pickups.iter_mut().sort::<&Networked>() {
        if !pickup.present {
            continue;
        }
        for &(entity, _) in living.iter().filter(|(_, at)| is_near(*at, position.at)) {
            let Ok((_, _, owner, mut health, mut body)) = players.get_mut(entity) else { continue };
            if use_up(pickup.sort, &mut health, &mut body) {
                pickup.present = false;
                restock.ticks = feel.0.pickup_ticks;
                outbox.send(To::Player(owner.0), &Taken { sort: pickup.sort });
                break;
            }
        }
    }
}

/// Rules: what was taken is there again after a while. Each for itself, so their order does not matter.
pub fn restock(mut pickups: Query<(&mut Pickup, &mut Restock)>) {
    for (mut pickup, mut restock) in &mut pickups {
        if restock.ticks > 0 {
            restock.ticks -= 1;
            pickup.set_if_neq(Pickup { present: restock.ticks == 0, ..*pickup });
        }
    }
}

fn is_near(one: IVec2, other: IVec2) -> bool {
    distance_squared(one, other) <= i64::from(PICKUP_REACH) * i64::from(PICKUP_REACH)
}

/// Gives what lies there; not to who has all it can have.
fn use_up(sort: Sort, health: &mut Mut<Health>, body: &mut Mut<Body>) -> bool {
    let of = **body;
    match sort {
        Sort::Health if health.hp < HP_MAX => health.hp = (health.hp + PICKUP_HEALTH).min(HP_MAX),
        Sort::Rounds if of.rounds < ROUNDS_MAX => {
            body.replace(Body { rounds: (of.rounds + PICKUP_ROUNDS).min(ROUNDS_MAX), ..of });
        }
        Sort::Rockets if of.rockets < ROCKETS_MAX => {
            body.replace(Body { rockets: (of.rockets + PICKUP_ROCKETS).min(ROCKETS_MAX), ..of });
        }
        _ => return false,
    }
    true
}

const _: () = assert!(HP_MAX as u32 + PICKUP_HEALTH as u32 <= 255, "sums fit a byte");
const _: () = assert!(ROUNDS_MAX as u32 + PICKUP_ROUNDS as u32 <= 255, "sums fit a byte");
