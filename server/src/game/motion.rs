//! Running and looking: the shared movement step for every living body, and what others see of it.

use super::Feel;
use super::ground::Terrain;
use crate::sim::Controls;
use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};
use shared::game::components::{Aim, Body, Health, Position};
use shared::game::input::ArenaInput;
use shared::game::movement;
use shared::game::weapon::Weapon;

/// What a player shot with in this tick, if it shot: written by [`drive`].
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fired(pub Option<Weapon>);

/// Move: each living body takes its step. Bodies don't touch each other, so their order does not matter.
pub fn drive(
    mut bodies: Query<(&Controls<ArenaInput>, &Health, &mut Body, &mut Fired)>,
    terrain: Terrain,
    feel: Res<Feel>,
) {
    for (controls, health, mut body, mut fired) in &mut bodies {
        let mut shot = None;
        if health.is_alive() {
            let stepped = movement::step(*body, &controls.input, terrain.map(), &feel.0);
            body.set_if_neq(stepped.body);
            shot = stepped.shot;
        }
        fired.set_if_neq(Fired(shot));
    }
}

/// Settle: place and direction follow from the body and the controls; the dead look where they looked.
pub fn show(mut players: Query<(&Controls<ArenaInput>, &Health, &Body, &mut Position, &mut Aim)>) {
    for (controls, health, body, mut position, mut aim) in &mut players {
        position.set_if_neq(Position { at: body.at });
        if health.is_alive() {
            aim.set_if_neq(Aim { angle: controls.input.aim });
        }
    }
}
