//! What an impact comes to: health, deaths, kills.
//!
//! Allies do not hurt each other; after a round nobody is hurt at all.
//!
//! Never here: who hit whom (see `projectiles`).

use super::Feel;
use super::life::Mortal;
use super::stealth::Alarmed;
use crate::sim::{EntityIds, Outbox, Owner, To};
use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};
use shared::game::components::{Hit, Kill};
use shared::game::round::{Faction, Match, Phase, Side};
use shared::ids::EntityId;

/// Who was hit in this tick, in the order in which it happened: emptied by [`hurt`].
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impacts(Vec<Impact>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Impact {
    shooter: EntityId,
    target: EntityId,
    damage: u8,
}

impl Impacts {
    /// `target` was hit and is to lose so much health, if it may be hurt.
    pub fn add(&mut self, shooter: EntityId, target: EntityId, damage: u8) {
        self.0.push(Impact { shooter, target, damage });
    }
}

/// Rules: who was hit loses health; who has none left dies, and the shooter scores.
pub fn hurt(
    mut impacts: ResMut<Impacts>,
    (ids, feel): (Res<EntityIds>, Res<Feel>),
    mut matches: Query<&mut Match>,
    (owners, sides): (Query<&Owner>, Query<&Side>),
    mut alarms: Query<&mut Alarmed>,
    mut outbox: ResMut<Outbox>,
    mut mortals: Query<Mortal>,
) {
    let happened = std::mem::take(&mut impacts.0);
    let Ok(mut game) = matches.single_mut() else { return };
    if game.phase == Phase::Result {
        return;
    }
    let side = |entity| sides.get(entity).map_or(Faction::Alone, |side| side.faction);
    for Impact { shooter, target, damage } in happened {
        let Some(target_entity) = ids.entity(target) else { continue };
        let shooter_entity = ids.entity(shooter).filter(|_| shooter != target);
        if shooter_entity.is_some_and(|entity| side(entity).is_allied(side(target_entity))) {
            continue;
        }
        let Ok(mut mortal) = mortals.get_mut(target_entity) else { continue };
        if !mortal.health.is_alive() {
            continue;
        }
        let damage = damage.min(mortal.health.hp);
        mortal.health.hp -= damage;
        let killed = mortal.health.hp == 0;
        if killed {
            mortal.die(&feel);
        }
        for entity in [shooter_entity, Some(target_entity)].into_iter().flatten() {
            if let Ok(owner) = owners.get(entity) {
                outbox.send(To::Player(owner.0), &Hit { target, shooter, damage });
            }
        }
        if let Ok(mut alarmed) = alarms.get_mut(target_entity) {
            alarmed.hit_by(shooter, &feel);
        }
        if killed {
            outbox.send(To::Everyone, &Kill { killer: shooter, victim: target });
            if let Some(entity) = shooter_entity {
                count(side(entity), &mut game);
                if let Ok(mut killer) = mortals.get_mut(entity) {
                    killer.score.kills = killer.score.kills.saturating_add(1);
                }
            }
        }
    }
}

/// A kill counts for the killer's team.
fn count(killer: Faction, game: &mut Match) {
    match killer {
        Faction::Alone => {}
        Faction::Red => game.red = game.red.saturating_add(1),
        Faction::Blue => game.blue = game.blue.saturating_add(1),
    }
}
