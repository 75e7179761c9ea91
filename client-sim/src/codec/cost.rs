//! What would a predictor cost on this field? An estimate, in bits, from some lives of entities that have it.
//!
//! The codec's own predictors run over the field alone; the residuals' symbols are counted by size class, and what they cost is
//! their entropy there, the bits that follow symbols raw, and a bit of mask for every residual. Who leads has its value of
//! the same tick, as in the codec.
//!
//! Never here: which predictors are tried (see `choose`).

use super::world::{Row, World};
use shared::bits::varint::zigzag;
use shared::codec::PartState;
use shared::codec::contexts::Sink;
use shared::codec::predictor::CLASSES;
use shared::codec::prefix_code::NUMBER_SYMBOLS;
use shared::schema::{Motion, Part};

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
