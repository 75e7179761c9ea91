//! A match is a pure function of its seed and of what comes from outside: tick by tick, whatever the rows of its tables,
//! through a save, and in every build.

use client_sim::behaviour::neutral_codes;
use client_sim::dice::Dice;
use server::counts::Counts;
use server::sim::{InputCodes, InputSource, Join, PlayerInput, PlayerRequest, RoomGame, RoomOptions, Sim, StepInput};
use shared::ids::{PlayerId, Tick};
use shared::schema::{Declaration, Field, Schema, Text};
use std::sync::Arc;
use tests::Arena;
use tests::link::LinkOptions;
use tests::zoo::Zoo;

/// Everything at once, so that every path is taken.
const WILD: Zoo = Zoo { crowd: 20, deaths: 20, whims: 40, turns: 150, still: false, ..Zoo::NOTHING };

fn games() -> [Arc<dyn RoomGame>; 2] {
    [Arc::new(WILD), Arc::new(server::game::Arena::default())]
}

/// A match by chance: who comes, who goes, who does what.
struct Script {
    dice: Dice,
    schema: Schema,
    here: Vec<PlayerId>,
    next: u32,
}

impl Script {
    fn new(schema: Schema, seed: u64) -> Self {
        Self { dice: Dice::new(seed, 5), schema, here: Vec::new(), next: 0 }
    }

    fn codes(&mut self, declaration: &Declaration) -> Vec<i32> {
        let parts = declaration.fields.iter().flat_map(Field::parts).collect::<Vec<_>>();
        // A reference has no codes of its own: any entity's number will do.
        parts.iter().map(|part| self.dice.up_to(part.last.min((1 << 20) - 1)) as i32).collect()
    }

    fn step(&mut self, tick: Tick) -> StepInput {
        let mut step = StepInput { tick, ..StepInput::default() };
        if self.here.len() < 2 || (self.here.len() < 6 && self.dice.once_in(20)) {
            let player = PlayerId(self.next);
            self.next += 1;
            step.joins.push(Join { player, name: Text::new(&format!("player {}", player.0)), secret: None });
            self.here.push(player);
        } else if self.dice.once_in(40) {
            let at = self.dice.below(self.here.len() as u32) as usize;
            step.leaves.push(self.here.remove(at));
        }
        let input = self.schema.input.clone();
        let requests = self.schema.requests.clone();
        for player in self.here.clone() {
            let source = [InputSource::Own, InputSource::Repeated, InputSource::Neutral][self.dice.below(3) as usize];
            let codes = InputCodes::new(&self.codes(&input));
            step.inputs.push(PlayerInput { player, codes, source, view: None });
            if self.dice.once_in(10) {
                let kind = self.dice.below(requests.len() as u32) as u8;
                let codes = self.codes(&requests[usize::from(kind)]);
                step.requests.push(PlayerRequest { player, number: tick.0 as u16, kind, codes });
            }
        }
        step
    }
}

fn sim(game: &Arc<dyn RoomGame>, seed: u64) -> Sim {
    Sim::new(Arc::clone(game), &RoomOptions::default(), seed).expect("the game is sound")
}

/// The hashes of a match, tick by tick; `before` may do something to the World that must not matter.
fn hashes(game: &Arc<dyn RoomGame>, ticks: u32, before: impl Fn(&mut Sim, Tick)) -> Vec<u64> {
    let mut sim = sim(game, 7);
    let mut script = Script::new(game.schema(), 7);
    let mut hash = |tick| {
        before(&mut sim, Tick(tick));
        sim.step(&script.step(Tick(tick)));
        sim.hash()
    };
    (1..=ticks).map(&mut hash).collect()
}

/// Where two runs part; none if they do not.
fn parted(one: &[u64], other: &[u64]) -> Option<usize> {
    one.iter().zip(other).position(|(one, other)| one != other)
}

#[test]
fn the_same_seed_and_the_same_inputs_give_the_same_world_in_every_tick() {
    for game in games() {
        let (one, other) = (hashes(&game, 200, |_, _| {}), hashes(&game, 200, |_, _| {}));
        assert_eq!(parted(&one, &other), None, "{}", game.schema().game);
        assert!(one.windows(2).all(|pair| pair[0] != pair[1]), "something happens in every tick");
    }
}

#[test]
fn nothing_depends_on_the_rows_of_tables() {
    for game in games() {
        let still = hashes(&game, 200, |_, _| {});
        for seed in 0..3 {
            let shaken = hashes(&game, 200, |sim, tick| sim.permute_rows(seed ^ u64::from(tick.0)));
            assert_eq!(parted(&still, &shaken), None, "{}", game.schema().game);
        }
    }
}

#[test]
fn a_world_that_was_saved_and_loaded_goes_the_same_way() {
    for game in games() {
        let (mut kept, mut script) = (sim(&game, 7), Script::new(game.schema(), 7));
        for tick in 1..=100 {
            kept.step(&script.step(Tick(tick)));
        }
        let mut loaded = sim(&game, 99);
        loaded.load(&kept.save()).expect("what was saved can be loaded");
        assert_eq!(loaded.hash(), kept.hash());
        assert_eq!(loaded.save(), kept.save());
        for tick in 101..=200 {
            let step = script.step(Tick(tick));
            kept.step(&step);
            loaded.step(&step);
            assert_eq!(loaded.hash(), kept.hash(), "{} at tick {tick}", game.schema().game);
        }
    }
}

#[test]
fn another_seed_or_another_input_gives_another_world() {
    let [zoo, _] = games();
    let (mut one, mut other) = (sim(&zoo, 1), sim(&zoo, 2));
    let step = StepInput { tick: Tick(1), ..StepInput::default() };
    one.step(&step);
    other.step(&step);
    assert_ne!(one.hash(), other.hash());

    for game in games() {
        let neutral = neutral_codes(&game.schema().input);
        let mut going = neutral.clone();
        going[0] += 1;
        assert_eq!(ends_with(&game, &going), ends_with(&game, &going));
        assert_ne!(ends_with(&game, &neutral), ends_with(&game, &going), "{}: who goes stays", game.schema().game);
    }
}

/// The hash of a match of one player who does the same in every tick and then nothing: what is left is what came of it.
fn ends_with(game: &Arc<dyn RoomGame>, codes: &[i32]) -> u64 {
    let (mut sim, player) = (sim(game, 7), PlayerId(0));
    let nothing = neutral_codes(&game.schema().input);
    for tick in 1..=20 {
        let codes = if tick < 20 { codes } else { &nothing };
        let mut step = StepInput { tick: Tick(tick), ..StepInput::default() };
        if tick == 1 {
            step.joins.push(Join { player, name: Text::new("player"), secret: None });
        }
        step.inputs.push(PlayerInput { player, codes: InputCodes::new(codes), source: InputSource::Own, view: None });
        sim.step(&step);
    }
    sim.hash()
}

/// The number is a debug build's on one machine; a release build and any other machine must come to the same.
/// It changes when the zoo's rules, its components or the save's format change: then put the new one here, and say so.
#[test]
fn a_match_comes_to_the_same_world_in_every_build_and_on_every_machine() {
    let [zoo, _] = games();
    let last = hashes(&zoo, 300, |_, _| {}).pop();
    assert_eq!(last, Some(0x1468_0fcf_fec9_3330));
}

/// Everything that a room of real clients does, as numbers.
fn played(seed: u64, built_in: bool, shake: bool) -> (Vec<u64>, Counts, Vec<Vec<usize>>) {
    let link = LinkOptions { delay_us: 40_000, jitter_us: 50_000, ..LinkOptions::default() };
    let builder = Arena::seeded(seed).zoo(WILD);
    let builder = if built_in { builder.built_in() } else { builder };
    let mut arena = builder.clients(4).link(link).start();
    let mut hashes = Vec::new();
    for tick in 0..150 {
        if shake {
            arena.room.sabotage_sim().permute_rows(tick);
        }
        arena.step();
        hashes.push(arena.room.sim().hash());
    }
    let frames = arena.clients.iter().map(|client| client.log.frames.iter().map(|frame| frame.bytes).collect());
    (hashes, *arena.room.counts(), frames.collect())
}

#[test]
fn a_room_with_real_clients_over_crooked_paths_plays_the_same_match_again() {
    for built_in in [false, true] {
        assert_eq!(played(3, built_in, false), played(3, built_in, false));
    }
}

#[test]
fn a_room_whose_tables_are_shaken_in_every_tick_plays_the_same_match() {
    for built_in in [false, true] {
        let (still, shaken) = (played(4, built_in, false), played(4, built_in, true));
        assert_eq!(parted(&still.0, &shaken.0), None);
        assert_eq!(still.1.inputs_in_time, shaken.1.inputs_in_time);
    }
}
