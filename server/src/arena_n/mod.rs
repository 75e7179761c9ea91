//! Arena-N: the workload that every figure about capacity is measured on, as a game of its own.
//!
//! N bodies in a world of 1000 × 1000, all of them seen by all. Each goes 5 units per tick in its direction and bounces off
//! the walls; it turns about once per second, and one in a hundred loses health per tick. So every position changes in
//! every tick, mostly as predicted, and a little of the rest.
//!
//! ```text
//!   ReadInputs  rules::steer    a player's input turns its body
//!               rules::wander   what no player drives turns by chance
//!   Move        rules::go       everything takes its step, mirrored at the walls
//!   Rules       rules::fade     one in a hundred loses health
//! ```
//!
//! Shares nothing with the game in the box but the trait: who replaces that one keeps this.
//!
//! Never here: how it is measured (see client-sim's `capacity`).

// What travels.
pub mod components;

// What happens in a tick.
pub mod rules;

use crate::game_api::Game;
use crate::sim::{EntityIds, Networked, Randomness, RoomOptions, RoomRefused, Stage, Stages};
use bevy_ecs::prelude::*;
use components::{Asked, Chance, HP_MAX, Heading, Health, MOVER, PLAYER, Position, SIDE, Steer, schema};
use glam::IVec2;
use rand_pcg::Pcg32;
use shared::ids::{EntityId, PlayerId};
use shared::schema::{Kind, Schema};

/// The workload. Its one setting, `movers`, is how many bodies the server drives besides the players'; default 0.
pub struct ArenaN;

/// Code tables trained on 24 bots among 1,950 movers in each of two rooms, seen as far as 80 units, for 25 s (`--train-tables`, see the
/// README): for this schema only.
pub const TABLES: &[u8] = include_bytes!("../../../assets/tables/arena-n.tables");

/// How often what no player drives turns.
#[derive(Resource)]
pub struct Pace {
    /// Ticks in a second.
    pub ticks_per_turn: u32,
}

impl Game for ArenaN {
    type Input = Steer;

    fn schema(&self) -> Schema {
        schema()
    }

    fn install(&self, world: &mut World, stages: &mut Stages, options: &RoomOptions) -> Result<(), RoomRefused> {
        let movers = movers(options)?;
        world.insert_resource(Pace { ticks_per_turn: u32::from(options.tick_rate_hz) });
        stages
            .replicated::<Position>()
            .replicated::<Heading>()
            .replicated::<Health>()
            .component::<Asked>()
            .component::<Chance>()
            .constant::<Pace>();
        stages
            .add(Stage::ReadInputs, (rules::steer, rules::wander).chain())
            .add(Stage::Move, rules::go)
            .add(Stage::Rules, rules::fade);
        for _ in 0..movers {
            let body = body(world, MOVER);
            world.spawn(body);
        }
        Ok(())
    }

    fn on_join(&self, world: &mut World, _: PlayerId) -> EntityId {
        let body = body(world, PLAYER);
        let (id, angle) = (body.0.id, body.2.angle);
        world.spawn((body, Asked { angle }));
        id
    }

    fn on_leave(&self, _: &mut World, _: PlayerId) {}
}

/// A new body, anywhere and going anywhere.
fn body(world: &mut World, kind: Kind) -> (Networked, Position, Heading, Health, Chance) {
    let mut randomness = world.resource_mut::<Randomness>();
    let at = IVec2::new(randomness.below(SIDE as u32 + 1) as i32, randomness.below(SIDE as u32 + 1) as i32);
    let mut chance = Chance(Pcg32::new(u64::from(randomness.bits()) << 32 | u64::from(randomness.bits()), 0));
    let angle = chance.angle();
    let networked = world.resource_mut::<EntityIds>().spawn(kind);
    (networked, Position { at }, Heading { angle }, Health { hp: HP_MAX }, chance)
}

/// The setting `movers`. Half of a room's slots may be alive, and every player needs one.
fn movers(options: &RoomOptions) -> Result<u32, RoomRefused> {
    const KEY: &str = "movers";
    if let Some(key) = options.settings.keys().find(|key| *key != KEY) {
        return Err(RoomRefused::UnknownSetting { key: key.clone(), known: KEY });
    }
    let most = (1_u32 << options.slot_bits >> 1).saturating_sub(u32::from(options.players_max));
    let Some(value) = options.settings.get(KEY) else { return Ok(0) };
    value.parse().ok().filter(|movers| *movers <= most).ok_or_else(|| RoomRefused::BadSetting {
        key: KEY.to_owned(),
        value: value.clone(),
        allowed: format!("0 to {most} (half of the room's slots without its players: raise rooms.slot_bits for more)"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{InputCodes, InputSource, Join, PlayerInput, Sim, StepInput};
    use shared::ids::Tick;
    use shared::schema::{Replicated, Text};
    use std::sync::Arc;

    fn room(settings: &[(&str, &str)]) -> RoomOptions {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        RoomOptions { settings: settings.collect(), ..RoomOptions::default() }
    }

    fn sim(movers: &str) -> Sim {
        Sim::new(Arc::new(ArenaN), &room(&[("movers", movers)]), 0x5EED).expect("a sound game")
    }

    fn steered(player: u32, angle: u16) -> PlayerInput {
        let mut codes = [0; Steer::PART_COUNT];
        Steer { angle }.write_codes(&mut codes);
        PlayerInput { player: PlayerId(player), codes: InputCodes::new(&codes), source: InputSource::Own, view: None }
    }

    /// Ten players who turn now and then; one goes and comes back.
    fn play(tick: u32) -> StepInput {
        let join = |player| Join { player: PlayerId(player), name: Text::new("Ann"), secret: None };
        let mut step = StepInput { tick: Tick(tick), ..StepInput::default() };
        if tick == 1 {
            step.joins = (0..10).map(join).collect();
        }
        if tick == 40 {
            step.leaves.push(PlayerId(4));
        }
        if tick == 60 {
            step.joins.push(join(4));
        }
        let turned = (0..10).filter(|player| !(*player == 4 && (40..=60).contains(&tick)));
        step.inputs = turned.map(|player| steered(player, ((tick / 30 + player) * 2048) as u16)).collect();
        step
    }

    #[test]
    fn the_same_steps_give_the_same_world_whatever_the_rows_are_and_after_a_save() {
        let (mut straight, mut moved) = (sim("30"), sim("30"));
        for tick in 1..=200 {
            straight.step(&play(tick));
            moved.permute_rows(u64::from(tick));
            if tick == 100 {
                let bytes = moved.save();
                moved = sim("30");
                moved.load(&bytes).expect("its own save");
            }
            moved.step(&play(tick));
            assert_eq!(straight.hash(), moved.hash(), "tick {tick}");
        }
    }

    #[test]
    fn nothing_leaves_its_range_and_everything_changes_about_as_often_as_the_workload_says() {
        let mut sim = sim("500");
        let mut columns = sim.columns();
        let mut changes = [0_u32; 3];
        for tick in 1..=300 {
            sim.step(&StepInput { tick: Tick(tick), ..StepInput::default() });
            for (column, changes) in columns.iter_mut().zip(&mut changes) {
                column.changed(sim.world(), sim.changed_since(), &mut |_, networked, codes, clamped| {
                    assert_eq!(clamped.0, 0, "{networked:?} {codes:?}");
                    *changes += u32::from(tick > 1);
                });
            }
        }
        let of_all = changes.map(|changes| f64::from(changes) / (500.0 * 299.0));
        assert!(of_all[0] > 0.999, "positions: {of_all:?}");
        // One in thirty turns; some of the time a wall does it.
        assert!((0.030..0.050).contains(&of_all[1]), "headings: {of_all:?}");
        assert!((0.009..0.011).contains(&of_all[2]), "health: {of_all:?}");
    }

    #[test]
    fn a_player_goes_where_it_asks_and_a_wall_is_not_overruled_by_the_same_input() {
        let mut sim = sim("0");
        let joined = StepInput {
            tick: Tick(1),
            joins: vec![Join { player: PlayerId(7), name: Text::new("Bo"), secret: None }],
            inputs: vec![steered(7, 1 << 14)],
            ..StepInput::default()
        };
        sim.step(&joined);
        let id = sim.entity_of(PlayerId(7)).expect("it is in");
        let entity = sim.world().resource::<EntityIds>().entity(id).expect("it lives");
        let mut before = sim.world().get::<Position>(entity).expect("a body").at;
        let mut turned = 0;
        for tick in 2..500 {
            let inputs = vec![steered(7, 1 << 14)];
            sim.step(&StepInput { tick: Tick(tick), inputs, ..StepInput::default() });
            let at = sim.world().get::<Position>(entity).expect("a body").at;
            turned += i32::from(at.y < before.y);
            assert_eq!(at.x, before.x, "it goes along y");
            before = at;
        }
        assert!(turned > 100, "it came back from the wall: {turned}");
    }

    #[test]
    fn what_it_does_not_know_is_refused_by_name() {
        let refused = |settings: &[(&str, &str)]| {
            Sim::new(Arc::new(ArenaN), &room(settings), 1).map(|_| ()).expect_err("refused").to_string()
        };
        assert_eq!(refused(&[("map", "x")]), r#"the game has no setting "map"; it knows movers"#);
        for value in ["many", "-1", "1985"] {
            let why = refused(&[("movers", value)]);
            assert!(why.contains("0 to 1984") && why.contains(value), "{why}");
        }
        assert_eq!(sim("1984").world().resource::<EntityIds>().count(), 1984);
    }
}
