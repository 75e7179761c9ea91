//! Where the bits of pieces go: masks, and residuals by field. Packs again, beside the clock.

use super::declare::Declared;
use super::shadow::Shadow;
use super::world::World;
use shared::codec::Tables;
use shared::codec::contexts::{self, Family, Nowhere, Sink};
use shared::codec::predictor::CLASSES;
use std::ops::Range;

/// Bits of pieces by what they say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PieceBits {
    /// Which parts were guessed wrong.
    pub(super) masks: u64,
    /// By how much, by part of the layout.
    pub(super) residuals: Vec<u64>,
}

/// Bits of the pieces of those of `ticks` that count.
pub(super) fn piece_bits(world: &World, declared: &Declared, tables: &Tables, ticks: Range<usize>) -> PieceBits {
    let layout = &declared.layout;
    let mut places: Vec<Place> = contexts::families(layout)
        .into_iter()
        .map(|family| if matches!(family, Family::Mask { .. }) { Place::Mask } else { Place::Other })
        .collect();
    for part in 0..layout.part_contexts() {
        for class in 0..CLASSES as u8 {
            places[contexts::residual(part, class)] = Place::Part(part);
        }
    }
    let bits = PieceBits { masks: 0, residuals: vec![0; layout.part_contexts()] };
    let mut meter = Meter { tables, places, last: Place::Other, bits };
    let mut shadow = Shadow::new(world, layout);
    for tick in 0..ticks.end {
        let counts = ticks.contains(&tick) && world.header.counts(tick);
        shadow.begin(tick);
        shadow.predict(|_, missed| {
            if counts {
                missed.write(&mut meter);
            } else {
                missed.write(&mut Nowhere);
            }
        });
    }
    meter.bits
}

#[derive(Clone, Copy)]
enum Place {
    Mask,
    Part(usize),
    Other,
}

/// Counts what would be written.
struct Meter<'a> {
    tables: &'a Tables,
    /// By context.
    places: Vec<Place>,
    /// Raw bits belong to the symbol before them.
    last: Place,
    bits: PieceBits,
}

impl Meter<'_> {
    fn add(&mut self, bits: u32) {
        match self.last {
            Place::Mask => self.bits.masks += u64::from(bits),
            Place::Part(part) => self.bits.residuals[part] += u64::from(bits),
            Place::Other => {}
        }
    }
}

impl Sink for Meter<'_> {
    fn symbol(&mut self, context: usize, symbol: usize) {
        self.last = self.places[context];
        self.add(self.tables.code(context).length(symbol));
    }

    fn raw(&mut self, _: u32, bits: u32) {
        self.add(bits);
    }
}
