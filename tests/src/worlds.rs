//! Recorded worlds made up by chance: of every kind of field that a trace can have, with everything that can happen to an entity.

use client_sim::codec::header::TraceHeader;
use client_sim::codec::trace::Trace;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use shared::rotation::Rotation;

/// Three-dimensional bodies, counters at the ends of 32 bits, angles of two kinds, things without fields.
const HEADER: &str = r#"{"name":"made up","tick_hz":60,"ticks":0,"archetypes":[
    {"name":"body","fields":[
        {"name":"x","min":-200000,"max":200000,"unit":"1/100"},{"name":"y","min":-200000,"max":200000,"unit":"1/100"},
        {"name":"z","min":-9000,"max":-1000},
        {"name":"vx","min":-600,"max":600},{"name":"vy","min":-600,"max":600},{"name":"vz","min":-600,"max":600},
        {"name":"turn","min":-32768,"max":32767,"wrap":true},{"name":"hour","min":0,"max":23,"wrap":true},
        {"name":"colour","min":0,"max":16777215,"constant":true}],
     "groups":[{"kind":"vec3","fields":["x","y","z"]}]},
    {"name":"counter","fields":[
        {"name":"any","min":-2147483648,"max":2147483647},{"name":"up","min":-2147483648,"max":2147483647},
        {"name":"large","min":0,"max":2000000000},{"name":"one","min":7,"max":7},{"name":"flag","min":0,"max":1}]},
    {"name":"mark","fields":[]}]}"#;

/// Bodies that spin and drift, kicked now and then. `as_one`: it says that their rotations are one value each.
#[must_use]
pub fn spinning(seed: u64, ticks: usize, as_one: bool) -> Trace {
    let groups = if as_one { r#"[{"kind":"quat3","fields":["which","a","b","c"]}]"# } else { "[]" };
    let three = ["a", "b", "c"].map(|name| format!(r#"{{"name":"{name}","min":-511,"max":511}}"#)).join(",");
    let header = format!(
        r#"{{"name":"spinning","ticks":{ticks},"archetypes":[{{"name":"body","groups":{groups},"fields":[
            {{"name":"height","min":0,"max":4095}},{{"name":"which","min":0,"max":3}},{three}]}}]}}"#
    );
    let mut trace = Trace::new(TraceHeader::from_json(header.as_bytes()).expect("the header is one"));
    let mut dice = Pcg32::seed_from_u64(seed);
    let mut part = |most: i32| (dice.next_u32() % (2 * most as u32 + 1)) as i32 - most;
    let mut body =
        || (Rotation { x: part(999), y: part(999), z: part(999), w: part(999) }, [part(4), part(4), part(4)]);
    let mut bodies: Vec<(Rotation, [i32; 3])> = (0..BODIES).map(|_| body()).collect();
    for tick in 0..ticks as u32 {
        trace.begin_tick(tick);
        for (at, (rotation, spin)) in bodies.iter_mut().enumerate() {
            if (tick as usize * 7 + at * 13).is_multiple_of(90) {
                *spin = body().1;
            }
            // Up to 14 degrees in a tick, and never quite still.
            let [x, y, z] = spin.map(|axis| axis * 900 + 11);
            *rotation = Rotation { x, y, z, w: Rotation::ONE }.after(*rotation);
            let [which, three @ ..] = rotation.codes(10);
            let [a, b, c] = three.map(|code| code - 511);
            trace.push(at as u32, 0, &[2_000 + (at as i32 * tick as i32) % 50, which, a, b, c]);
        }
    }
    trace
}

/// How many bodies spin.
const BODIES: usize = 40;

/// Makes a world up: the same one for the same seed, and for each tick the same whatever comes after it.
pub struct MadeUp {
    dice: Pcg32,
    things: Vec<Thing>,
    next_entity: u32,
    trace: Trace,
    tick: u32,
}

struct Thing {
    entity: u32,
    archetype: u8,
    values: Vec<i32>,
}

impl MadeUp {
    /// The first tick is yet to come.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let header = TraceHeader::from_json(HEADER.as_bytes()).expect("the header is one");
        let trace = Trace::new(header);
        Self { dice: Pcg32::seed_from_u64(seed), things: Vec::new(), next_entity: 3, trace, tick: 40 }
    }

    /// Another seed from here on.
    #[must_use]
    pub fn reseeded(mut self, seed: u64) -> Self {
        self.dice = Pcg32::seed_from_u64(seed);
        self
    }

    /// Some more ticks.
    #[must_use]
    pub fn ticks(mut self, count: usize) -> Self {
        for _ in 0..count {
            self.tick();
        }
        self
    }

    /// The number of the next tick is not the next number.
    #[must_use]
    pub const fn skip(mut self, numbers: u32) -> Self {
        self.tick += numbers;
        self
    }

    /// What was made up.
    #[must_use]
    pub fn trace(mut self) -> Trace {
        self.trace.header.ticks = self.trace.tick_count();
        self.trace
    }

    fn tick(&mut self) {
        while self.things.len() < 60 || self.chance(30) {
            self.appear();
        }
        self.things.retain(|_| !self.dice.next_u32().is_multiple_of(100));
        for at in 0..self.things.len() {
            self.change(at);
        }
        self.trace.begin_tick(self.tick);
        self.tick += 1;
        for thing in &self.things {
            self.trace.push(thing.entity, thing.archetype, &thing.values);
        }
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.dice.next_u32() % 100 < percent
    }

    fn between(&mut self, low: i32, high: i32) -> i32 {
        let count = (i64::from(high) - i64::from(low) + 1) as u64;
        (i64::from(low) + (self.dice.next_u64() % count) as i64) as i32
    }

    fn born(&mut self, archetype: u8) -> Vec<i32> {
        let fields = self.trace.header.archetypes[usize::from(archetype)].fields.clone();
        fields.iter().map(|field| self.between(field.min, field.max)).collect()
    }

    /// Somebody new, sometimes with a number that somebody had before.
    fn appear(&mut self) {
        let entity = if self.chance(70) { self.next_entity } else { self.between(0, self.next_entity as i32) as u32 };
        self.next_entity = self.next_entity.max(entity + 1 + self.dice.next_u32() % 5);
        let archetype = [0, 0, 0, 1, 1, 2][self.dice.next_u32() as usize % 6];
        let values = self.born(archetype);
        match self.things.binary_search_by_key(&entity, |thing| thing.entity) {
            Ok(at) => self.things[at] = Thing { entity, archetype, values },
            Err(at) => self.things.insert(at, Thing { entity, archetype, values }),
        }
    }

    fn change(&mut self, at: usize) {
        let mut values = std::mem::take(&mut self.things[at].values);
        match self.things[at].archetype {
            0 => {
                for axis in 0..3 {
                    if self.chance(3) {
                        values[3 + axis] = self.between(-600, 600);
                    }
                    let (low, high) = if axis == 2 { (-9_000, -1_000) } else { (-200_000, 200_000) };
                    values[axis] = (values[axis] + values[3 + axis] / 4).clamp(low, high);
                }
                values[6] = i32::from((values[6] as i16).wrapping_add(700));
                values[7] = (values[7] + 1) % 24;
            }
            1 => {
                if self.chance(20) {
                    values[0] =
                        [i32::MIN, i32::MAX, 0, -1, self.dice.next_u32() as i32][self.dice.next_u32() as usize % 5];
                }
                values[1] = values[1].wrapping_add(90_000_000);
                values[2] = self.between((values[2] - 40).max(0), values[2].saturating_add(40).min(2_000_000_000));
                values[4] = i32::from(self.chance(10));
            }
            _ => {}
        }
        self.things[at].values = values;
    }
}
