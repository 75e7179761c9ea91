//! Which predictor suits each field: tried on the training ticks, and on nothing else.
//!
//! ```text
//!   hold, linear, tick, alpha-beta ─► cheapest that needs no leader ┐
//!   follow each other field, at a few rates ────────────────────────┴► who gains most by following goes first; a leader
//!                                                                      may not follow, who follows may not lead
//! ```
//!
//! A predictor must be worth it: it is taken only if it saves half a per cent over a simpler one.
//!
//! Never here: what a predictor costs (see `cost`).

use super::cost::{Candidate, bits, turning_bits};
use super::declare::{Guess, declaration, places, rotations, schema_of};
use super::header::{Archetype, ROTATION_FIELDS};
use super::world::{Row, World};
use shared::limits::SLOT_BITS_MIN;
use shared::schema::field::{CALM_MAX, FOLLOW_SHIFT_MAX};
use shared::schema::{Layout, Motion, Part, SchemaError};
use std::collections::BTreeMap;
use std::ops::Range;

/// What a predictor must cost at most, compared with a simpler one.
const WORTH: f64 = 0.995;
/// Rows of an archetype that are looked at; of more, every so many-th life. A tenth of a per cent either way does not matter.
const ROWS_MAX: usize = 100_000;
/// Moves that must be seen before a rate is taken from them.
const MOVES_MIN: usize = 20;
/// Digits of the rate at which a field follows another.
const RATE_BITS: i32 = 14;

/// Chooses a predictor for each field of each archetype by what `ticks` show.
///
/// # Errors
/// [`SchemaError`]: the codec cannot carry this world.
pub fn choose(world: &World, ticks: Range<usize>, mut done: impl FnMut()) -> Result<Vec<Vec<Guess>>, SchemaError> {
    let mut chosen = Vec::new();
    for (archetype, lives) in world.header.archetypes.iter().zip(world.lives(ticks)) {
        let rows: usize = lives.iter().map(Vec::len).sum();
        let lives: Vec<Vec<&Row>> = lives.into_iter().step_by(rows.div_ceil(ROWS_MAX).max(1)).collect();
        chosen.push(Trial { world, archetype, lives }.choose()?);
        done();
    }
    Ok(chosen)
}

/// One archetype, tried on some lives.
struct Trial<'a> {
    world: &'a World,
    archetype: &'a Archetype,
    lives: Vec<Vec<&'a Row>>,
}

/// A field following another.
struct Following {
    field: usize,
    leader: usize,
    guess: Guess,
    saved: f64,
}

impl Trial<'_> {
    fn choose(&self) -> Result<Vec<Guess>, SchemaError> {
        let fields = &self.archetype.fields;
        let mut chosen = vec![Guess::Hold; fields.len()];
        let plain = self.parts(&chosen)?;
        let mut followings = Vec::new();
        let rotations = rotations(self.archetype);
        for &(first, _) in rotations.iter().filter(|&&(first, _)| !fields[first].constant) {
            chosen[first] = self.turning(first)?;
        }
        let turns =
            |field: usize| rotations.iter().any(|&(first, _)| (first..first + ROTATION_FIELDS).contains(&field));
        for (field, _) in fields.iter().enumerate().filter(|&(at, field)| !field.constant && !turns(at)) {
            let mut best = (Guess::Hold, f64::INFINITY);
            for guess in self.alone(&plain, field) {
                let cost = self.cost(field, guess)?;
                if cost < best.1 * WORTH {
                    best = (guess, cost);
                }
            }
            chosen[field] = best.0;
            for leader in (0..fields.len()).filter(|&leader| leader != field && !turns(leader)) {
                for guess in self.rates(&plain, field, leader) {
                    let cost = self.cost(field, guess)?;
                    if cost < best.1 * WORTH {
                        followings.push(Following { field, leader, guess, saved: best.1 - cost });
                    }
                }
            }
        }
        followings.sort_by(|one, two| two.saved.total_cmp(&one.saved));
        let (mut leads, mut follows) = (vec![false; fields.len()], vec![false; fields.len()]);
        for Following { field, leader, guess, .. } in followings {
            if !follows[field] && !leads[field] && !follows[leader] {
                (leads[leader], follows[field]) = (true, true);
                chosen[field] = guess;
            }
        }
        Ok(chosen)
    }

    /// The parts that the codec would have with these predictors, in the order of fields.
    fn parts(&self, guesses: &[Guess]) -> Result<Vec<Part>, SchemaError> {
        let layout = self.layout(guesses)?;
        let Some(facet) = layout.facets().first() else { return Ok(Vec::new()) };
        let mut of_parts: Vec<(usize, usize)> = places(&layout, 0).map(|(field, part)| (part, field)).collect();
        of_parts.sort_unstable();
        let mut parts = facet.parts.clone();
        for &(at, field) in &of_parts {
            parts[field] = facet.parts[at];
            if let Motion::Follow { lead, .. } = &mut parts[field].motion {
                *lead = of_parts[usize::from(*lead)].1 as u8;
            }
        }
        Ok(parts)
    }

    /// What the codec would make of these predictors.
    fn layout(&self, guesses: &[Guess]) -> Result<Layout, SchemaError> {
        let schema = schema_of("trial", vec![declaration(self.archetype, guesses)]);
        schema.check()?;
        Layout::new(&schema, SLOT_BITS_MIN)
    }

    fn cost(&self, field: usize, guess: Guess) -> Result<f64, SchemaError> {
        let mut guesses = vec![Guess::Hold; self.archetype.fields.len()];
        guesses[field] = guess;
        let parts = self.parts(&guesses)?;
        Ok(bits(&Candidate { at: field, part: &parts[field], parts: &parts }, self.world, &self.lives))
    }

    /// The predictor of a rotation.
    fn turning(&self, first: usize) -> Result<Guess, SchemaError> {
        let mut best = (Guess::Hold, f64::INFINITY);
        let calm = (1..=CALM_MAX).map(|calm| Guess::AlphaBeta { calm });
        for guess in [Guess::Hold, Guess::Linear].into_iter().chain(calm) {
            let mut guesses = vec![Guess::Hold; self.archetype.fields.len()];
            guesses[first] = guess;
            let cost = turning_bits(&self.layout(&guesses)?, self.world, &self.lives);
            if cost < best.1 * WORTH {
                best = (guess, cost);
            }
        }
        Ok(best.0)
    }

    /// The predictors that need no leader, simplest first.
    fn alone(&self, parts: &[Part], field: usize) -> Vec<Guess> {
        let mut guesses = vec![Guess::Hold, Guess::Linear];
        guesses.extend((1..=CALM_MAX).map(|calm| Guess::AlphaBeta { calm }));
        let mut steps: BTreeMap<i32, usize> = BTreeMap::new();
        for (step, _) in self.moves(parts, field, field).filter(|&(step, _)| step != 0) {
            *steps.entry(step).or_default() += 1;
        }
        let commonest = steps.iter().max_by_key(|&(step, count)| (count, -i64::from(step.unsigned_abs())));
        let commonest = commonest.map(|(&step, _)| step);
        guesses.extend(commonest.filter(|&step| step.unsigned_abs() <= STEP_MAX).map(|step| Guess::Tick { step }));
        guesses
    }

    /// How a field could follow another: at the rate that fits best on the whole, and at the commonest.
    fn rates(&self, parts: &[Part], field: usize, leader: usize) -> Vec<Guess> {
        let (mut squares, mut products, mut quotients) = (0.0, 0.0, Vec::new());
        for (step, value) in self.moves(parts, field, leader) {
            let (step, value) = (f64::from(step), f64::from(value));
            squares += value * value;
            products += value * step;
            if step != 0.0 && value != 0.0 {
                quotients.push(step / value);
            }
        }
        if quotients.len() < MOVES_MIN {
            return Vec::new();
        }
        let middle = quotients.len() / 2;
        let (_, &mut median, _) = quotients.select_nth_unstable_by(middle, f64::total_cmp);
        let snapped = median.signum() * median.abs().log2().round().exp2();
        let mut guesses: Vec<Guess> = Vec::new();
        for rate in [median, snapped, products / squares] {
            if let Some(guess) = following(leader, rate)
                && !guesses.contains(&guess)
            {
                guesses.push(guess);
            }
        }
        guesses
    }

    /// How far a field came in each tick of each life, and the value that another had at its end.
    fn moves(&self, parts: &[Part], field: usize, leader: usize) -> impl Iterator<Item = (i32, i32)> {
        let (part, leading) = (parts[field], parts[leader]);
        self.lives.iter().flat_map(|life| life.windows(2)).map(move |pair| {
            let (was, is) = (self.world.codes(pair[0]), self.world.codes(pair[1]));
            let step = is[field].wrapping_sub(was[field]);
            (if part.wrap { part.nearest(step) } else { step }, leading.value(is[leader]))
        })
    }
}

/// Largest step of a tick that a schema allows.
const STEP_MAX: u32 = shared::limits::PART_CODES_MAX;

/// Following at a rate, as far as a schema can say it.
fn following(leader: usize, rate: f64) -> Option<Guess> {
    if !rate.is_finite() || rate == 0.0 {
        return None;
    }
    let digits = RATE_BITS - rate.abs().log2().ceil() as i32;
    let shift = digits.clamp(0, i32::from(FOLLOW_SHIFT_MAX));
    let times = (rate * f64::from(1 << shift)).round();
    let fits = times != 0.0 && times.abs() <= f64::from(shared::schema::field::FOLLOW_TIMES_MAX);
    fits.then_some(Guess::Follow { field: leader as u8, times: times as i32, shift: shift as u8 })
}
