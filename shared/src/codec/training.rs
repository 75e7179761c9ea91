//! Tables from what a game was seen to send.
//!
//! A [`Tally`] takes symbols where a [`super::Packer`] would write them and counts them by context; [`Tally::train`] makes
//! the tables that would have been shortest. Contexts seldom met lean on what their family was seen to do, and a context
//! gets a code of its own only if that saves more than sending the code costs.
//!
//! The order of work is fixed and everything is integer, so the same tally gives the same tables on every machine.

use super::contexts::{Family, Sink, families};
use super::prefix_code::PrefixCode;
use super::tables::{Tables, typical_frequencies};
use crate::limits::TABLE_CODES_MAX;
use crate::schema::Layout;
use std::collections::BTreeMap;

/// How often each symbol was met, by context.
#[derive(Clone, Debug)]
pub struct Tally {
    families: Vec<Family>,
    counts: Vec<Vec<u64>>,
}

/// What a code costs in the tables, in bits: a context gets its own for a saving beyond it.
const CODE_COST_BITS: u64 = 400;

/// As how many sightings the family's habits count in a context of their own.
const FAMILY_WEIGHT: u64 = 8;
/// As how many sightings a guess counts in a family.
const GUESS_WEIGHT: u64 = 2;
/// A sighting, so that weights can be fractions of one.
const SIGHTING: u64 = 1 << 10;

impl Tally {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(layout: &Layout) -> Self {
        let families = families(layout);
        let counts = families.iter().map(|family| vec![0; family.symbols()]).collect();
        Self { families, counts }
    }

    /// Adds what another tally of the same layout has met.
    ///
    /// # Panics
    /// If it is of another layout: our own bug.
    pub fn absorb(&mut self, other: &Self) {
        assert_eq!(self.families, other.families, "tallies of different layouts");
        for (own, other) in self.counts.iter_mut().flatten().zip(other.counts.iter().flatten()) {
            *own = own.saturating_add(*other);
        }
    }

    /// Forgets half of it: what comes weighs more than what was.
    pub fn fade(&mut self) {
        self.counts.iter_mut().flatten().for_each(|count| *count /= 2);
    }

    /// How many bits the symbols met take in the code words of some tables of the same layout; what is raw is not counted.
    #[must_use]
    pub fn bits(&self, tables: &Tables) -> u64 {
        self.counts.iter().enumerate().map(|(context, counts)| cost(tables.code(context), counts)).sum()
    }

    /// How many symbols were met.
    #[must_use]
    pub fn symbols(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// The tables for what was seen.
    #[must_use]
    pub fn train(&self, epoch: u8) -> Tables {
        let pooled = self.pooled();
        let mut codes: Vec<PrefixCode> = vec![PrefixCode::from_frequencies(&[1]); self.families.len()];
        // Every family has a code for its habits; contexts share what is left.
        let mut left = TABLE_CODES_MAX.saturating_sub(pooled.len());
        for (&family, habit) in &pooled {
            let contexts = self.families.iter().enumerate().filter(|&(_, own)| *own == family);
            let mut contexts: Vec<usize> = contexts.map(|(context, _)| context).collect();
            contexts.sort_by_key(|&context| (std::cmp::Reverse(self.total(context)), context));
            let mut known = vec![PrefixCode::from_frequencies(habit)];
            for context in contexts {
                let counts = self.counts.get(context).map_or(&[][..], Vec::as_slice);
                let Some((best, bits)) = cheapest(&known, counts) else { continue };
                let own = PrefixCode::from_frequencies(&blend(counts, habit, FAMILY_WEIGHT));
                let saved = bits.saturating_sub(cost(&own, counts));
                let chosen = if saved > CODE_COST_BITS && left > 0 {
                    left -= 1;
                    known.push(own.clone());
                    own
                } else {
                    known.get(best).cloned().unwrap_or(own)
                };
                if let Some(code) = codes.get_mut(context) {
                    *code = chosen;
                }
            }
        }
        Tables::from_codes(epoch, self.families.iter().copied().zip(codes))
    }

    /// What the contexts of each family were seen to do together.
    fn pooled(&self) -> BTreeMap<Family, Vec<u64>> {
        let mut pooled: BTreeMap<Family, Vec<u64>> = BTreeMap::new();
        for (&family, counts) in self.families.iter().zip(&self.counts) {
            let sum = pooled.entry(family).or_insert_with(|| vec![0; family.symbols()]);
            for (sum, count) in sum.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        for (&family, sum) in &mut pooled {
            *sum = blend(sum, &typical_frequencies(family), GUESS_WEIGHT);
        }
        pooled
    }

    fn total(&self, context: usize) -> u64 {
        self.counts.get(context).map_or(0, |counts| counts.iter().sum())
    }
}

impl Sink for Tally {
    fn symbol(&mut self, context: usize, symbol: usize) {
        if let Some(count) = self.counts.get_mut(context).and_then(|counts| counts.get_mut(symbol)) {
            *count += 1;
        }
    }

    fn raw(&mut self, _: u32, _: u32) {}
}

/// Counts, with `weight` sightings that are spread as `habit` is.
fn blend(counts: &[u64], habit: &[u64], weight: u64) -> Vec<u64> {
    let total = habit.iter().map(|&often| u128::from(often)).sum::<u128>().max(1);
    counts
        .iter()
        .zip(habit)
        .map(|(&count, &often)| {
            let leaning = u128::from(often) * u128::from(weight * SIGHTING) / total;
            count.saturating_mul(SIGHTING).saturating_add(leaning as u64)
        })
        .collect()
}

/// Bits that these symbols take in a code.
fn cost(code: &PrefixCode, counts: &[u64]) -> u64 {
    counts.iter().enumerate().map(|(symbol, &count)| count * u64::from(code.length(symbol))).sum()
}

/// The code in which these symbols are shortest, and how short.
fn cheapest(codes: &[PrefixCode], counts: &[u64]) -> Option<(usize, u64)> {
    codes.iter().enumerate().map(|(at, code)| (at, cost(code, counts))).min_by_key(|&(at, bits)| (bits, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::BitWriter;
    use crate::codec::Packer;
    use crate::codec::piece::{predict, write_piece};
    use crate::codec::predictor::PartState;
    use crate::game::components::Position;
    use crate::schema::registry::EntityKind;
    use crate::schema::{Audience, Declaration, Field, FieldKind, Kind, Marks, Predictor, Schema};

    fn layout() -> Layout {
        let schema = Schema::new("test")
            .component::<Position>()
            .kind(Kind(0), "stone", &["Position"])
            .input::<Position>()
            .build();
        Layout::new(&schema.unwrap(), 6).unwrap()
    }

    /// A thing that trembles by one code now and then, played for `ticks` ticks into a sink.
    fn tremble(layout: &Layout, sink: &mut impl Sink, ticks: i32) {
        let facet = &layout.facets()[0];
        let mut states: Vec<PartState> = facet.parts.iter().map(|part| PartState::new(part, 0)).collect();
        for tick in 0..ticks {
            let row: Vec<i32> = facet.parts.iter().map(|part| (tick * 7 % 5 / 4).min(part.last as i32)).collect();
            let misses = predict(facet, &mut states, &row).misses;
            if misses.any() {
                write_piece(sink, layout, facet, &mut states, &row, misses);
            }
        }
    }

    fn bits(layout: &Layout, tables: &Tables) -> usize {
        let mut writer = BitWriter::new();
        tremble(layout, &mut Packer { writer: &mut writer, tables }, 500);
        writer.bit_length()
    }

    #[test]
    fn trained_tables_are_shorter_and_the_same_each_time() {
        let layout = layout();
        let mut tally = Tally::new(&layout);
        tremble(&layout, &mut tally, 500);
        assert!(tally.symbols() > 500);
        let trained = tally.train(3);
        assert_eq!(trained.epoch, 3);
        assert_eq!(trained, tally.train(3));
        assert!(4 * bits(&layout, &trained) < 3 * bits(&layout, &Tables::untrained(&layout)));
        assert_eq!(Tables::from_bytes(&trained.to_bytes(), &layout), Ok(trained));
    }

    #[test]
    fn however_much_was_seen_the_tables_are_no_more_than_every_client_takes() {
        let field = |number: usize| Field {
            name: format!("field {number}"),
            kind: FieldKind::Unsigned { max: 1 << number },
            audience: Audience::Everyone,
            predictor: Predictor::Linear,
            marks: Marks::default(),
        };
        let component =
            |number: usize| Declaration { name: format!("component {number}"), fields: (1..=24).map(field).collect() };
        let kind = |number: u8| EntityKind { name: format!("kind {number}"), components: vec![number] };
        let schema = Schema {
            game: "wide".to_owned(),
            components: (0..8).map(component).collect(),
            kinds: (0..8).map(kind).collect(),
            input: Declaration { name: "input".to_owned(), fields: Vec::new() },
            events: Vec::new(),
            requests: Vec::new(),
        };
        let layout = Layout::new(&schema, 6).unwrap();
        let mut tally = Tally::new(&layout);
        // Every context has a habit of its own.
        for (context, family) in families(&layout).into_iter().enumerate() {
            let (one, other) = (context % family.symbols(), context / family.symbols() % family.symbols());
            for _ in 0..500 {
                tally.symbol(context, one);
                tally.symbol(context, other);
            }
        }
        let tables = tally.train(1);
        assert_eq!(Tables::from_bytes(&tables.to_bytes(), &layout), Ok(tables));
    }

    #[test]
    fn who_saw_nothing_makes_tables_that_carry_everything() {
        let layout = layout();
        let tables = Tally::new(&layout).train(1);
        for (context, family) in families(&layout).into_iter().enumerate() {
            assert_eq!(tables.code(context).lengths().len(), family.symbols());
        }
    }
}
