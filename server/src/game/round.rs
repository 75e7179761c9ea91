//! Rounds: warm-up, play, result, and the next map.
//!
//! ```text
//!   Rules  advance ─► Match (phase, time, map), Anew ─ Spawn  set_up ─► field cleared, all begin again (life::respawn)
//! ```
//!
//! In an empty room time stands still: the first player begins with a whole warm-up.
//!
//! Never here: who kills whom (see `combat`).

use super::Feel;
use super::ground::{Current, Rotation, Terrain};
use super::life::Waiting;
use super::options::Rules;
use super::pickups::{self, Restock};
use super::teams;
use crate::sim::{EntityIds, Networked, Outbox, Players, To};
use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};
use shared::game::MATCH;
use shared::game::components::{Health, Projectile, Score};
use shared::game::pickup::Pickup;
use shared::game::round::{Faction, Match, Phase, RoundOver, Side};
use shared::ids::EntityId;
use shared::schema::Text;

/// What begins anew in this tick.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Anew {
    /// Nothing: the round goes on.
    #[default]
    Nothing,
    /// All lives and scores, on the same map.
    Lives,
    /// Everything, on another map.
    Map,
}

/// The match before its first tick.
pub fn spawn_match(world: &mut World) {
    let networked = world.resource_mut::<EntityIds>().spawn(MATCH);
    let map = Text::new(world.resource::<Rotation>().0[0].name());
    let (mode, ticks_left) = (world.resource::<Rules>().mode, world.resource::<Feel>().0.warm_up_ticks);
    world.spawn((networked, Match { mode, map, ticks_left, ..Match::default() }));
}

/// Rules: time passes; a phase that is over is followed by the next.
pub fn advance(
    (players, rules, feel, rotation): (Res<Players>, Res<Rules>, Res<Feel>, Res<Rotation>),
    (mut current, mut anew): (ResMut<Current>, ResMut<Anew>),
    mut matches: Query<&mut Match>,
    scores: Query<(&Networked, &Score)>,
    mut outbox: ResMut<Outbox>,
) {
    anew.set_if_neq(Anew::Nothing);
    let Ok(mut game) = matches.single_mut() else { return };
    if players.count() == 0 {
        let (phase, ticks_left) = (Phase::WarmUp, feel.0.warm_up_ticks);
        game.set_if_neq(Match { phase, ticks_left, red: 0, blue: 0, ..*game });
        return;
    }
    game.ticks_left = game.ticks_left.saturating_sub(1);
    let best = best(&scores);
    if game.ticks_left > 0 && !is_decided(&game, best, &rules) {
        return;
    }
    match game.phase {
        Phase::WarmUp => {
            *game = Match { phase: Phase::Play, ticks_left: rules.round_ticks, red: 0, blue: 0, ..*game };
            *anew = Anew::Lives;
        }
        Phase::Play => {
            *game = Match { phase: Phase::Result, ticks_left: feel.0.result_ticks, ..*game };
            let best = best.map_or(EntityId::NONE, |(_, id)| id);
            outbox.send(To::Everyone, &RoundOver { winner: winner(&game), best });
        }
        Phase::Result => {
            current.place = (current.place + 1) % rotation.0.len() as u16;
            let map = Text::new(rotation.0[usize::from(current.place)].name());
            let (phase, ticks_left, round) = (Phase::WarmUp, feel.0.warm_up_ticks, game.round.wrapping_add(1));
            *game = Match { phase, ticks_left, round, map, red: 0, blue: 0, mode: game.mode };
            *anew = Anew::Map;
        }
    }
}

/// Who killed most, and how often; of several the one who joined first; none if nobody killed.
fn best(scores: &Query<(&Networked, &Score)>) -> Option<(u16, EntityId)> {
    let killers = scores.iter().filter(|(_, score)| score.kills > 0);
    let killers = killers.map(|(networked, score)| (score.kills, std::cmp::Reverse(networked.id)));
    killers.max().map(|(kills, id)| (kills, id.0))
}

/// Whether enough was killed to end the round.
fn is_decided(game: &Match, best: Option<(u16, EntityId)>, rules: &Rules) -> bool {
    let most = game.red.max(game.blue).max(best.map_or(0, |(kills, _)| kills));
    game.phase == Phase::Play && rules.kills > 0 && most >= rules.kills
}

fn winner(game: &Match) -> Faction {
    match game.red.cmp(&game.blue) {
        std::cmp::Ordering::Greater => Faction::Red,
        std::cmp::Ordering::Less => Faction::Blue,
        std::cmp::Ordering::Equal => Faction::Alone,
    }
}

/// Spawn: where something begins anew, the field is cleared, in the order of entities, and all wait for no longer to begin.
pub fn set_up(
    (anew, terrain): (Res<Anew>, Terrain),
    projectiles: Query<(Entity, &Networked), With<Projectile>>,
    mut lying: Query<(Entity, &Networked, &mut Pickup, &mut Restock)>,
    mut sides: Query<(Entity, &Networked, &mut Side)>,
    mut players: Query<(&mut Health, &mut Score, &mut Waiting)>,
    mut ids: ResMut<EntityIds>,
    mut commands: Commands,
) {
    if *anew == Anew::Nothing {
        return;
    }
    for (entity, _) in projectiles.iter().sort::<&Networked>() {
        commands.entity(entity).despawn();
    }
    for (mut health, mut score, mut waiting) in &mut players {
        health.hp = 0;
        waiting.ticks = 0;
        *score = Score::default();
    }
    if *anew == Anew::Lives {
        for (_, _, mut pickup, mut restock) in &mut lying {
            pickup.present = true;
            restock.ticks = 0;
        }
        return;
    }
    if sides.iter().any(|(_, _, side)| side.faction != Faction::Alone) {
        teams::even_out(&mut sides, &mut commands);
    }
    for (entity, ..) in lying.iter().sort::<&Networked>() {
        commands.entity(entity).despawn();
    }
    for pickup in pickups::lay_out(terrain.map(), &mut ids) {
        commands.spawn(pickup);
    }
}
