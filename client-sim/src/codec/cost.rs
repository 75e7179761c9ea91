//! What would a predictor cost on this field? An estimate, in bits, from some lives of entities that have it.
//!
//! The codec's own predictors run over the field alone; the residuals' symbols are counted by size class, and what they cost is
//! their entropy there, the bits that follow symbols raw, and a bit of mask for every residual. Who leads has its value of
//! the same tick, as in the codec.
//!
//! Never here: which predictors are tried (see `choose`).

use super::declare::places;
use super::world::{Row, World};
use shared::bits::varint::zigzag;
use shared::codec::PartState;
use shared::codec::contexts::{Sink, families};
use shared::codec::piece::{predict, write_piece};
use shared::codec::predictor::CLASSES;
use shared::codec::prefix_code::NUMBER_SYMBOLS;
use shared::schema::{Layout, Motion, Part};

/// A field that is looked at: its place in the row, and as the codec would have it.
pub(super) struct Candidate<'a> {
    /// Where its code stands in a row.
    pub(super) at: usize,
    /// As the codec has it, predictor included.
    pub(super) part: &'a Part,
    /// All parts of its archetype.
    pub(super) parts: &'a [Part],
}

/// Bits that a field would cost in these lives.
pub(super) fn bits(candidate: &Candidate<'_>, world: &World, lives: &[Vec<&Row>]) -> f64 {
    let Candidate { at, part, parts } = *candidate;
    let lead = match part.motion {
        Motion::Follow { lead, .. } => Some(usize::from(lead)),
        _ => None,
    };
    let mut histogram = Histogram::default();
    for life in lives {
        let mut rows = life.iter().map(|row| world.codes(row));
        let Some(first) = rows.next() else { continue };
        let mut state = PartState::new(part, first[at]);
        for row in rows {
            match lead {
                Some(lead) => state.follow(part, parts[lead].value(row[lead])),
                None => _ = state.advance(part),
            }
            let residual = state.residual_to(part, row[at]);
            if residual == 0 {
                histogram.right[usize::from(state.class)] += 1;
                continue;
            }
            histogram.raw_bits += 1;
            histogram.number(usize::from(state.class), zigzag(residual) - 1);
            state.correct(part, residual);
        }
    }
    histogram.bits()
}

/// Bits that all fields of an archetype would cost in these lives, as the codec packs them: for values of several fields.
pub(super) fn turning_bits(layout: &Layout, world: &World, lives: &[Vec<&Row>]) -> f64 {
    let Some(facet) = layout.facets().first() else { return 0.0 };
    let mut entropy =
        Entropy { symbols: families(layout).iter().map(|of| vec![0; of.symbols()]).collect(), raw_bits: 0 };
    let mut codes = vec![0; facet.parts.len()];
    for life in lives {
        let mut states: Vec<PartState> = Vec::new();
        for row in life {
            let by_field = world.codes(row);
            for (field, part) in places(layout, 0) {
                codes[part] = by_field[field];
            }
            if states.is_empty() {
                states.extend(facet.parts.iter().zip(&codes).map(|(part, &code)| PartState::new(part, code)));
                continue;
            }
            let misses = predict(facet, &mut states, &codes).misses;
            if misses.any() {
                write_piece(&mut entropy, layout, facet, &mut states, &codes, misses);
            }
        }
    }
    entropy.bits()
}

/// Symbols by context.
struct Entropy {
    symbols: Vec<Vec<u64>>,
    raw_bits: u64,
}

impl Entropy {
    fn bits(&self) -> f64 {
        self.raw_bits as f64 + self.symbols.iter().map(|symbols| entropy(symbols)).sum::<f64>()
    }
}

impl Sink for Entropy {
    fn symbol(&mut self, context: usize, symbol: usize) {
        self.symbols[context][symbol] += 1;
    }

    fn raw(&mut self, _: u32, bits: u32) {
        self.raw_bits += u64::from(bits);
    }
}

/// The fewest bits in which symbols met so often can be told.
fn entropy(symbols: &[u64]) -> f64 {
    let total = symbols.iter().sum::<u64>() as f64;
    let seen = symbols.iter().filter(|&&count| count > 0);
    seen.map(|&count| count as f64 * (total / count as f64).log2()).sum()
}

/// Symbols of one field by size class.
struct Histogram {
    symbols: [[u64; NUMBER_SYMBOLS]; CLASSES],
    /// How often the guess was right.
    right: [u64; CLASSES],
    raw_bits: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { symbols: [[0; NUMBER_SYMBOLS]; CLASSES], right: [0; CLASSES], raw_bits: 0 }
    }
}

impl Histogram {
    fn bits(&self) -> f64 {
        let classes = self.symbols.iter().zip(&self.right).map(|(symbols, &right)| {
            let total = (symbols.iter().sum::<u64>() + right) as f64;
            let seen = symbols.iter().chain([&right]).filter(|&&count| count > 0);
            seen.map(|&count| count as f64 * (total / count as f64).log2()).sum::<f64>()
        });
        self.raw_bits as f64 + classes.sum::<f64>()
    }
}

impl Sink for Histogram {
    fn symbol(&mut self, class: usize, symbol: usize) {
        self.symbols[class][symbol] += 1;
    }

    fn raw(&mut self, _: u32, bits: u32) {
        self.raw_bits += u64::from(bits);
    }
}
