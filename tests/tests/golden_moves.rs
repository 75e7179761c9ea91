//! Golden moves: what the browser's twin of Arena's rules must come to, number by number.
//!
//! ```text
//!   long walks on the real maps ─► client_sim::game::twin (the server's movement step) ─ equal? ─ tests/golden/movement.json
//!   rockets on their way        ─► the same                                            ─ equal? ─ tests/golden/flights.json
//!   maps and other bytes        ─► xxh3, Map::parse                                    ─ equal? ─ tests/golden/maps.json
//! ```
//!
//! `UPDATE_GOLDEN=1 cargo test -p tests --test golden_moves` writes the files anew.

use client_sim::agreement::Agreement;
use client_sim::game::twin::ArenaTwin;
use client_sim::predict::Twin;
use glam::IVec2;
use serde_json::{Value, json};
use shared::codec::Tables;
use shared::game::components::Body;
use shared::game::constants::{ROCKETS_MAX, ROUNDS_MAX, Tuning};
use shared::game::input::ArenaInput;
use shared::game::map::Map;
use shared::game::maps::{MAPS, Maps};
use shared::game::round::Faction;
use shared::game::weapon::Weapon;
use shared::game::{movement, schema};
use shared::schema::{Layout, Replicated};
use shared::wire::Welcome;
use shared::wire::control::maps_hash;
use shared::wire::version::PROTOCOL;
use std::path::PathBuf;
use xxhash_rust::xxh3::xxh3_64;

/// Tick rates at which the walks go: the ends and what is usual.
const RATES: [u16; 4] = [20, 30, 60, 128];
/// Ticks of a walk.
const TICKS: usize = 600;
/// Ticks between two looks at a walk.
const LOOK: usize = 25;

/// Numbers that are the same for ever.
struct Draws(u32);

impl Draws {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((u64::from(self.0) * u64::from(bound)) >> 32) as u32
    }
}

/// Compares with a golden file, or writes it.
fn hold_to(file: &str, cases: &[Value], changed: &str) {
    let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
    let text = format!("[\n{}\n]\n", lines.join(",\n"));
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    assert!(golden == text, "{changed}; if it was meant: UPDATE_GOLDEN=1");
}

fn maps() -> Vec<Map> {
    MAPS.iter().map(|(file, bytes)| Map::parse(file, bytes).unwrap()).collect()
}

/// An input as one number: thrust along x and y from 0 to 2, then weapon, trigger and dash.
fn packed(input: &ArenaInput) -> i32 {
    let weapon = i32::from(input.weapon == Weapon::RocketLauncher);
    let thrust = input.thrust + IVec2::ONE;
    thrust.x + 3 * thrust.y + 9 * weapon + 18 * i32::from(input.fire) + 36 * i32::from(input.dash)
}

/// What a person might do next: goes on in most ticks.
fn next_input(before: &ArenaInput, draws: &mut Draws) -> ArenaInput {
    let mut input = ArenaInput { dash: draws.below(20) == 0, ..*before };
    if draws.below(9) == 0 {
        input.thrust = IVec2::new(draws.below(3) as i32 - 1, draws.below(3) as i32 - 1);
    }
    if draws.below(30) == 0 {
        input.weapon = if input.weapon == Weapon::Rifle { Weapon::RocketLauncher } else { Weapon::Rifle };
    }
    if draws.below(15) == 0 {
        input.fire = !input.fire;
    }
    input
}

fn numbers(body: &Body) -> [i32; 9] {
    [
        body.at.x,
        body.at.y,
        body.velocity.x,
        body.velocity.y,
        body.weapon as i32,
        body.rounds.into(),
        body.rockets.into(),
        body.shot_in.into(),
        body.dash_in.into(),
    ]
}

/// A walk: inputs, and what the body has come to now and then. The sum is over every tick: `sum × 31 + number`, for each number and what was shot.
fn walk(map: &Map, rate: u16, draws: &mut Draws) -> Value {
    let tuning = Tuning::at(rate);
    let spawns = map.spawns(Faction::Alone);
    let mut body = Body::begin(spawns[draws.below(spawns.len() as u32) as usize]);
    (body.rounds, body.rockets) = (ROUNDS_MAX, ROCKETS_MAX);
    let start = numbers(&body);
    let mut input = ArenaInput::default();
    let (mut inputs, mut looks, mut sum) = (Vec::new(), Vec::new(), 0u32);
    for tick in 1..=TICKS {
        input = next_input(&input, draws);
        let stepped = movement::step(body, &input, map, &tuning);
        body = stepped.body;
        let shot = stepped.shot.map_or(-1, |weapon| weapon as i32);
        for number in numbers(&body).into_iter().chain([shot]) {
            sum = sum.wrapping_mul(31).wrapping_add(number as u32);
        }
        inputs.push(packed(&input));
        if tick % LOOK == 0 {
            looks.push(json!({ "body": numbers(&body), "sum": sum }));
        }
    }
    json!({ "map": map.name(), "rate": rate, "start": start, "inputs": inputs, "every": LOOK, "looks": looks })
}

#[test]
fn long_walks_on_the_real_maps_are_the_same_for_ever() {
    let mut draws = Draws(0x5EED);
    let maps = maps();
    let walks: Vec<Value> = maps
        .iter()
        .flat_map(|map| RATES.map(|rate| (map, rate)))
        .map(|(map, rate)| walk(map, rate, &mut draws))
        .collect();
    hold_to("movement.json", &walks, "the movement step changed");
}

/// What a client agrees on with a server that plays on these maps.
fn agreement(rate: u16) -> Agreement {
    let schema = schema();
    let layout = Layout::new(&schema, 12).unwrap();
    let tables = Tables::untrained(&layout).to_bytes();
    let hashes: Vec<u64> = MAPS.iter().map(|(_, bytes)| xxh3_64(bytes)).collect();
    let welcome = Welcome {
        protocol: PROTOCOL,
        tick_rate_hz: rate,
        slot_bits: 12,
        schema_fingerprint: xxh3_64(&schema.to_bytes()),
        schema: Some(schema.to_bytes()),
        tables_fingerprint: xxh3_64(&tables),
        tables: Some(tables),
        maps_hash: maps_hash(&hashes),
        maps: Maps::in_the_box().names().collect::<Vec<_>>().join(","),
        ..Welcome::default()
    };
    Agreement::new(welcome, false, None).unwrap()
}

#[test]
fn rockets_on_their_way_are_the_same_for_ever() {
    let mut draws = Draws(0xF1);
    let maps = maps();
    let mut flights = Vec::new();
    for rate in RATES {
        let twin = ArenaTwin::new(&agreement(rate), Tuning::at(rate), &Maps::in_the_box()).unwrap();
        for (place, map) in maps.iter().enumerate() {
            for _ in 0..20 {
                let spawns = map.spawns(Faction::Alone);
                let body = Body::begin(spawns[draws.below(spawns.len() as u32) as usize]);
                let aim = draws.below(1024) as u16 * 64;
                let input = ArenaInput { aim, fire: true, weapon: Weapon::RocketLauncher, ..ArenaInput::default() };
                let mut state = vec![0; Body::PART_COUNT];
                body.write_codes(&mut state);
                state.extend([100, place as i32, 0, 1]);
                let mut codes = vec![0; ArenaInput::PART_COUNT];
                input.write_codes(&mut codes);
                let launch = twin.step(&mut state, &codes).expect("it shoots");
                flights.push(json!({
                    "map": map.name(), "rate": rate, "x": body.at.x, "y": body.at.y, "aim": aim,
                    "at": launch.at, "per_tick": launch.per_tick, "ticks": launch.ticks,
                }));
            }
        }
    }
    hold_to("flights.json", &flights, "the flight of rockets changed");
}

#[test]
fn what_a_map_holds_and_its_fingerprint_are_the_same_for_ever() {
    let mut cases: Vec<Value> = Vec::new();
    for (map, (file, bytes)) in maps().iter().zip(MAPS) {
        let walls: Vec<String> = (0..map.tiles().y)
            .map(|y| (0..map.tiles().x).map(|x| if map.is_wall(x, y) { '#' } else { '.' }).collect())
            .collect();
        let hidden: Vec<[i32; 2]> = (0..map.tiles().y * 2)
            .flat_map(|y| (0..map.tiles().x * 2).map(move |x| [x, y]))
            .filter(|&[x, y]| map.is_stealth_at(IVec2::new(x, y) * 2048))
            .collect();
        let pickups: Vec<_> =
            map.pickups().iter().map(|&(at, sort)| json!([at.x, at.y, format!("{sort:?}")])).collect();
        cases.push(json!({
            "file": file, "hash": xxh3_64(bytes).to_string(), "walls": walls, "hidden": hidden, "pickups": pickups,
        }));
    }
    // Every length at which the fingerprint is taken in another way, and its neighbours.
    for length in
        [0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 32, 33, 64, 65, 96, 97, 128, 129, 200, 240, 241, 1023, 1024, 1025, 5000]
    {
        let bytes: Vec<u8> = (0..length).map(|at: u32| (at * 131 + 7) as u8).collect();
        cases.push(json!({ "length": length, "hash": xxh3_64(&bytes).to_string() }));
    }
    for count in 1..=MAPS.len() {
        let hashes: Vec<u64> = MAPS.iter().take(count).map(|(_, bytes)| xxh3_64(bytes)).collect();
        cases.push(json!({ "maps": count, "hash": maps_hash(&hashes).to_string() }));
    }
    hold_to("maps.json", &cases, "a map or its fingerprint changed");
}
