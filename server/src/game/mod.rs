//! ← yours. Arena: a top-down shooter. Run, dash, shoot, die, begin again.
//!
//! ```text
//!   Move     motion::drive      each living body takes its step (shared::game::movement)
//!   Collide  combat::fly        each projectile flies until a wall or a player
//!   Rules    combat::hurt       who was hit loses health, who has none dies
//!            life::give_up      who asks to, dies
//!   Spawn    life::respawn      who waited long enough begins again
//!            combat::shoot      who pulled the trigger gets a projectile
//!   Despawn  combat::burn_out   what hit or flew long enough goes
//!   Settle   motion::show       what others see follows from the bodies
//! ```
//!
//! Never here: what client and server both compute (see `shared::game`).

// Running and looking.
pub mod motion;

// Shooting and hitting.
pub mod combat;

// Beginning, ending, beginning again.
pub mod life;

use crate::game_api::Game;
use crate::sim::{EntityIds, Players, RoomOptions, RoomRefused, Stage, Stages};
use bevy_ecs::prelude::*;
use shared::game::components::{Aim, Body, Health, Nameplate, Position, Projectile, Score};
use shared::game::constants::{HP_MAX, TICK_RATE_MAX, TICK_RATE_MIN, Tuning};
use shared::game::input::ArenaInput;
use shared::game::map::Map;
use shared::game::{PLAYER, schema};
use shared::ids::{EntityId, PlayerId};
use shared::schema::{Schema, Text};
use std::sync::{Arc, OnceLock};

/// The built-in game. Its one setting, `map`, names a map of [`MAPS`]; the first is the default.
pub struct Arena;

/// Code tables trained on 24 fighting bots in two rooms for 25 s (`--train-tables`, see the README): for this schema only.
pub const TABLES: &[u8] = include_bytes!("../../../assets/tables/arena.tables");

/// The maps in the box, as the Tiled editor wrote them.
pub const MAPS: [(&str, &[u8]); 2] = [
    ("crossroads.tmx", include_bytes!("../../../assets/maps/crossroads.tmx")),
    ("courtyard.tmx", include_bytes!("../../../assets/maps/courtyard.tmx")),
];

/// Each of [`MAPS`] as it was read when the first room was played on it. They are compiled in, so once is enough.
static READ: [OnceLock<Arc<Map>>; MAPS.len()] = [const { OnceLock::new() }; MAPS.len()];

/// The map that is played on, shared by all rooms.
#[derive(Resource)]
pub struct Terrain(pub Arc<Map>);

/// How it feels at this room's tick rate.
#[derive(Resource)]
pub struct Feel(pub Tuning);

impl Game for Arena {
    type Input = ArenaInput;

    fn schema(&self) -> Schema {
        schema()
    }

    fn install(&self, world: &mut World, stages: &mut Stages, options: &RoomOptions) -> Result<(), RoomRefused> {
        let chosen = choose_map(options)?;
        let (file, bytes) = MAPS[chosen];
        stages.map(file, bytes);
        world.insert_resource(Terrain(read_map(chosen)?));
        world.insert_resource(Feel(Tuning::at(check_rate(options.tick_rate_hz)?)));
        world.init_resource::<combat::Impacts>();
        stages
            .replicated::<Position>()
            .replicated::<Aim>()
            .replicated::<Health>()
            .replicated::<Score>()
            .replicated::<Nameplate>()
            .replicated::<Body>()
            .replicated::<Projectile>()
            .component::<life::Waiting>()
            .component::<motion::Fired>()
            .component::<combat::Fuse>()
            .resource::<combat::Impacts>()
            .constant::<Terrain>()
            .constant::<Feel>();
        stages
            .add(Stage::Move, motion::drive)
            .add(Stage::Collide, combat::fly)
            .add(Stage::Rules, (combat::hurt, life::give_up).chain())
            .add(Stage::Spawn, (life::respawn, combat::shoot).chain())
            .add(Stage::Despawn, combat::burn_out)
            .add(Stage::Settle, motion::show);
        Ok(())
    }

    fn on_join(&self, world: &mut World, player: PlayerId) -> EntityId {
        let at = life::place_in(world);
        let name = Text::new(world.resource::<Players>().name(player).as_str());
        let networked = world.resource_mut::<EntityIds>().spawn(PLAYER);
        world.spawn((
            networked,
            Position { at },
            Aim::default(),
            Health { hp: HP_MAX },
            Score::default(),
            Nameplate { name },
            Body::begin(at),
            life::Waiting::default(),
            motion::Fired::default(),
        ));
        networked.id
    }

    /// What a player shot before it left flies on; its body goes with it.
    fn on_leave(&self, _: &mut World, _: PlayerId) {}
}

/// Which of [`MAPS`].
fn choose_map(options: &RoomOptions) -> Result<usize, RoomRefused> {
    if let Some(key) = options.settings.keys().find(|key| *key != "map") {
        return Err(RoomRefused::UnknownSetting { key: key.clone(), known: "map" });
    }
    let stem = |file: &'static str| file.trim_end_matches(".tmx");
    let first = stem(MAPS[0].0);
    let wanted = options.settings.get("map").map_or(first, String::as_str);
    MAPS.iter().position(|(file, _)| stem(file) == wanted).ok_or_else(|| {
        let allowed = MAPS.map(|(file, _)| stem(file)).join(", ");
        RoomRefused::BadSetting { key: "map".to_owned(), value: wanted.to_owned(), allowed }
    })
}

/// Reading takes milliseconds, which a worker does not have for each room.
fn read_map(chosen: usize) -> Result<Arc<Map>, RoomRefused> {
    if let Some(map) = READ[chosen].get() {
        return Ok(map.clone());
    }
    let (file, bytes) = MAPS[chosen];
    let map = Map::parse(file, bytes).map_err(|error| RoomRefused::Map(Box::new(error)))?;
    Ok(READ[chosen].get_or_init(|| Arc::new(map)).clone())
}

fn check_rate(tick_rate_hz: u16) -> Result<u16, RoomRefused> {
    if (TICK_RATE_MIN..=TICK_RATE_MAX).contains(&tick_rate_hz) {
        return Ok(tick_rate_hz);
    }
    Err(RoomRefused::BadSetting {
        key: "tick rate".to_owned(),
        value: tick_rate_hz.to_string(),
        allowed: format!("{TICK_RATE_MIN} to {TICK_RATE_MAX} Hz"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Answer, Outbox, Sent, To};
    use crate::sim::{
        InputCodes, InputSource, Join, Networked, PlayerInput, PlayerRequest, Randomness, Sim, StepInput,
    };
    use glam::IVec2;
    use shared::game::components::{GiveUp, Kill};
    use shared::game::weapon::Weapon;
    use shared::ids::Tick;
    use shared::schema::Replicated;

    fn sim(map: &str) -> Sim {
        let settings = [("map".to_owned(), map.to_owned())].into();
        Sim::new(Arc::new(Arena), &RoomOptions { settings, ..RoomOptions::default() }, 0x5EED).expect("a sound game")
    }

    fn join(player: u32) -> Join {
        Join { player: PlayerId(player), name: Text::new("a name that is longer than a plate") }
    }

    fn input(player: u32, input: ArenaInput) -> PlayerInput {
        let mut codes = [0; ArenaInput::PART_COUNT];
        input.write_codes(&mut codes);
        PlayerInput { player: PlayerId(player), codes: InputCodes::new(&codes), source: InputSource::Own, view: None }
    }

    /// Twelve players who do anything, one of whom leaves and one of whom gives up now and then.
    fn brawl(tick: u32, chance: &mut Randomness) -> StepInput {
        let mut step = StepInput { tick: Tick(tick), ..StepInput::default() };
        if tick == 1 {
            step.joins = (0..12).map(join).collect();
        }
        if tick % 50 == 49 {
            step.leaves.push(PlayerId(tick / 50));
            step.joins.push(join(100 + tick));
        }
        for player in 0..12 {
            let held = chance.bits();
            let thrust = IVec2::new((held % 3) as i32 - 1, (held / 3 % 3) as i32 - 1);
            let aim = (held >> 16) as u16;
            let weapon = if held & 0x3000 == 0 { Weapon::RocketLauncher } else { Weapon::Rifle };
            let (fire, dash) = (held & 64 != 0, held & 1920 == 0);
            step.inputs.push(input(player, ArenaInput { thrust, aim, weapon, fire, dash }));
        }
        if tick % 40 == 13 {
            step.requests.push(PlayerRequest { player: PlayerId(9), number: tick as u16, kind: 0, codes: Vec::new() });
        }
        step
    }

    fn value<T: Component + Copy>(sim: &Sim, player: u32) -> T {
        let id = sim.entity_of(PlayerId(player)).expect("it is in");
        let entity = sim.world().resource::<EntityIds>().entity(id).expect("it lives");
        *sim.world().get::<T>(entity).expect("it has one")
    }

    #[test]
    fn a_match_is_the_same_again_whatever_the_rows_are_and_after_a_save() {
        let (mut straight, mut moved) = (sim("courtyard"), sim("courtyard"));
        let mut chance = Randomness::seeded(7);
        for tick in 1..=300 {
            let step = brawl(tick, &mut chance);
            straight.step(&step);
            moved.permute_rows(u64::from(tick));
            if tick == 150 {
                let bytes = moved.save();
                moved = sim("courtyard");
                moved.load(&bytes).expect("its own save");
            }
            moved.step(&step);
            assert_eq!(straight.hash(), moved.hash(), "tick {tick}");
        }
        let deaths: u16 = (6..12).map(|player| value::<Score>(&straight, player).deaths).sum();
        assert!(deaths > 0, "the match has seen something");
    }

    /// A change of rules changes this number; another machine, compiler or build profile must not.
    #[test]
    fn a_match_comes_to_the_same_number_everywhere() {
        let mut sim = sim("crossroads");
        let mut chance = Randomness::seeded(13);
        for tick in 1..=300 {
            sim.step(&brawl(tick, &mut chance));
        }
        assert_eq!(sim.hash(), 16_986_067_233_075_070_189);
    }

    #[test]
    fn rooms_on_the_same_map_share_it() {
        let of = |name: &str| sim(name).world().resource::<Terrain>().0.clone();
        assert!(Arc::ptr_eq(&of("courtyard"), &of("courtyard")));
        assert_ne!(of("courtyard"), of("crossroads"));
    }

    #[test]
    fn nothing_that_is_sent_is_out_of_its_range() {
        let mut sim = sim("courtyard");
        let mut columns = sim.columns();
        let mut chance = Randomness::seeded(11);
        for tick in 1..=300 {
            sim.step(&brawl(tick, &mut chance));
            for column in &mut columns {
                column.changed(sim.world(), sim.changed_since(), &mut |_, networked, codes, clamped| {
                    assert_eq!(clamped.0, 0, "{networked:?} {codes:?}");
                });
            }
        }
    }

    #[test]
    fn a_shot_player_dies_and_begins_again() {
        let mut sim = sim("courtyard");
        sim.step(&StepInput { tick: Tick(1), joins: vec![join(1), join(2)], ..StepInput::default() });
        // Side by side in the open, whatever their places were.
        let at = IVec2::new(16, 2) * shared::game::constants::TILE;
        for (player, at) in [(1, at), (2, at + IVec2::new(20_000, 0))] {
            let id = sim.entity_of(PlayerId(player)).expect("it is in");
            let entity = sim.world().resource::<EntityIds>().entity(id).expect("it lives");
            sim.world_for_tests().get_mut::<Body>(entity).expect("a player").at = at;
        }
        let shooter = sim.entity_of(PlayerId(1)).expect("it is in");
        let victim = sim.entity_of(PlayerId(2)).expect("it is in");
        let mut killed = None;
        for tick in 2..120 {
            let fire = input(1, ArenaInput { fire: killed.is_none(), ..ArenaInput::default() });
            sim.step(&StepInput { tick: Tick(tick), inputs: vec![fire], ..StepInput::default() });
            let mut codes = vec![0; Kill::PART_COUNT];
            Kill { killer: shooter, victim }.write_codes(&mut codes);
            if sim.world().resource::<Outbox>().events().contains(&Sent { to: To::Everyone, kind: 1, codes }) {
                assert_eq!(value::<Health>(&sim, 2).hp, 0);
                killed = Some(tick);
            }
            let waiting = killed.is_some_and(|killed| tick < killed + 60);
            assert_eq!(value::<Health>(&sim, 2).is_alive(), !waiting, "tick {tick}, killed {killed:?}");
        }
        assert!(killed.is_some());
        let score = value::<Score>(&sim, 1);
        assert_eq!((score.kills, score.deaths), (1, 0));
        assert!(score.shots >= 4);
        let score = value::<Score>(&sim, 2);
        assert_eq!((score.kills, score.deaths, score.respawns), (0, 1, 1));
    }

    #[test]
    fn giving_up_ends_a_life_once() {
        let mut sim = sim("courtyard");
        sim.step(&StepInput { tick: Tick(1), joins: vec![join(1)], ..StepInput::default() });
        let mut answers = Vec::new();
        for tick in 2..4 {
            let kind = sim.schema().request_index(GiveUp::NAME).expect("declared") as u8;
            let request = PlayerRequest { player: PlayerId(1), number: 5, kind, codes: Vec::new() };
            sim.step(&StepInput { tick: Tick(tick), requests: vec![request], ..StepInput::default() });
            answers.extend(sim.world().resource::<Outbox>().answers().iter().map(|answered| answered.answer));
        }
        assert_eq!(answers, [Answer::Done, Answer::Refused(life::REFUSED_DEAD)]);
        assert_eq!(value::<Score>(&sim, 1).deaths, 1);
    }

    #[test]
    fn who_leaves_takes_its_body_along_and_its_shots_fly_on() {
        let mut sim = sim("courtyard");
        sim.step(&StepInput { tick: Tick(1), joins: vec![join(1)], ..StepInput::default() });
        let fire = input(1, ArenaInput { fire: true, ..ArenaInput::default() });
        sim.step(&StepInput { tick: Tick(2), inputs: vec![fire], ..StepInput::default() });
        sim.step(&StepInput { tick: Tick(3), leaves: vec![PlayerId(1)], ..StepInput::default() });
        let kinds: Vec<_> = sim
            .world()
            .resource::<EntityIds>()
            .iter()
            .filter_map(|(_, entity)| sim.world().get::<Networked>(entity).map(|networked| networked.kind))
            .collect();
        assert_eq!(kinds, [shared::game::PROJECTILE]);
    }

    #[test]
    fn the_maps_in_the_box_can_be_played_on() {
        for (file, bytes) in MAPS {
            let map = Map::parse(file, bytes).expect("a sound map");
            assert!(map.spawns().len() >= 16, "{file}");
        }
    }

    #[test]
    fn a_setting_or_rate_that_the_game_does_not_know_is_refused_by_name() {
        let refused =
            |options: RoomOptions| Sim::new(Arc::new(Arena), &options, 1).map(|_| ()).expect_err("refused").to_string();
        let set = |key: &str, value: &str| RoomOptions {
            settings: [(key.to_owned(), value.to_owned())].into(),
            ..RoomOptions::default()
        };
        assert_eq!(refused(set("mpa", "x")), r#"the game has no setting "mpa"; it knows map"#);
        let expected = r#"map = "moon": the game allows crossroads, courtyard"#;
        assert_eq!(refused(set("map", "moon")), expected);
        let slow = RoomOptions { tick_rate_hz: 5, ..RoomOptions::default() };
        assert_eq!(refused(slow), r#"tick rate = "5": the game allows 20 to 128 Hz"#);
    }
}
