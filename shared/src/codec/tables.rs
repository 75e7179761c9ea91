//! Which code stands for which context.
//!
//! A context is what is known before a symbol is read: which part, how large its last residual was; which group; a gap
//! between positions. Each context points at one of a few codes, so that contexts that behave alike share one.
//!
//! The default tables know nothing of a game: residuals by size class, masks by group size, one code for gaps. Tables have an
//! epoch (a step frame names the one in force at its newest tick) so that better ones can replace them at a marked tick.
//!
//! Never here: how symbols are made (see `mask`, `piece`, `positions`).

use super::predictor::CLASSES;
use super::prefix_code::{NUMBER_SYMBOLS, PrefixCode, number_range};
use crate::bits::{BitReader, BitWriter, DecodeError};
use crate::schema::Layout;

/// Codes that one set of tables may have: 12 bits name a code.
const CODES_MAX: usize = 4_095;

/// The codes in force and where each is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Which tables these are: counts up with each replacement, 8 bits travel.
    pub epoch: u8,
    codes: Vec<PrefixCode>,
    residuals: Vec<u16>,
    masks: Vec<u16>,
    gaps: u16,
}

impl Tables {
    /// Tables that know nothing but the layout.
    #[must_use]
    pub fn untrained(layout: &Layout) -> Self {
        let mut codes: Vec<PrefixCode> = TYPICAL_RESIDUAL.iter().map(|&typical| number_code(typical)).collect();
        codes.push(number_code(TYPICAL_GAP));
        let gaps = (codes.len() - 1) as u16;
        let residuals = (0..layout.part_contexts()).flat_map(|_| 0..CLASSES as u16).collect();
        let mut masks = Vec::with_capacity(layout.group_contexts());
        let mut by_symbols: Vec<(usize, usize, u16)> = Vec::new();
        for facet in layout.facets() {
            let lone = facet.groups.len() == 1;
            for group in &facet.groups {
                let key = (group.parts.len(), usize::from(lone));
                let known = by_symbols.iter().find(|&&(parts, only, _)| (parts, only) == key).map(|&(_, _, code)| code);
                let code = known.unwrap_or_else(|| {
                    codes.push(mask_code(group.parts.len(), lone));
                    let code = (codes.len() - 1) as u16;
                    by_symbols.push((key.0, key.1, code));
                    code
                });
                masks.push(code);
            }
        }
        Self { epoch: 0, codes, residuals, masks, gaps }
    }

    /// The code for residuals of the part whose context is `part`, after a residual of `class`.
    #[inline]
    #[must_use]
    pub fn residual(&self, part: usize, class: u8) -> &PrefixCode {
        self.code(self.residuals.get(part * CLASSES + usize::from(class)))
    }

    /// The code for masks of the group whose context is `group`.
    #[inline]
    #[must_use]
    pub fn mask(&self, group: usize) -> &PrefixCode {
        self.code(self.masks.get(group))
    }

    /// The code for counts and gaps between positions.
    #[inline]
    #[must_use]
    pub fn gap(&self) -> &PrefixCode {
        self.code(Some(&self.gaps))
    }

    #[inline]
    fn code(&self, place: Option<&u16>) -> &PrefixCode {
        // `check` and `untrained` see to it that every place is inside; a layout's contexts are all there.
        let place = place.map_or(0, |&place| usize::from(place));
        self.codes.get(place).unwrap_or(&EMPTY)
    }

    /// The tables as bytes: lengths of the codes, then which context uses which. Inverse of [`Tables::from_bytes`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = BitWriter::new();
        out.write(u32::from(self.epoch), 8);
        out.write(self.codes.len() as u32, 12);
        for code in &self.codes {
            out.write(code.lengths().len() as u32, 8);
            for length in code.lengths() {
                out.write(u32::from(length), 4);
            }
        }
        for &place in self.residuals.iter().chain(&self.masks).chain([&self.gaps]) {
            out.write(u32::from(place), 12);
        }
        out.into_bytes()
    }

    /// The tables of some bytes, for a layout that must be the sender's.
    ///
    /// # Errors
    /// [`DecodeError`]: broken, or not made for this layout.
    pub fn from_bytes(bytes: &[u8], layout: &Layout) -> Result<Self, DecodeError> {
        let mut reader = BitReader::new(bytes);
        let epoch = reader.read(8, "table epoch")? as u8;
        let count = reader.read_at_most(CODES_MAX as u32, 12, "number of codes")? as usize;
        let mut codes = Vec::new();
        for _ in 0..count {
            let symbols = reader.read(8, "number of symbols")?;
            let lengths: Vec<u8> =
                (0..symbols).map(|_| Ok(reader.read(4, "length of a code word")? as u8)).collect::<Result<_, _>>()?;
            codes.push(
                PrefixCode::from_lengths(&lengths).map_err(|_| DecodeError::Inconsistent { field: "code lengths" })?,
            );
        }
        let mut places = |count: usize| -> Result<Vec<u16>, DecodeError> {
            (0..count).map(|_| Ok(reader.read(12, "place of a code")? as u16)).collect()
        };
        let residuals = places(layout.part_contexts() * CLASSES)?;
        let masks = places(layout.group_contexts())?;
        let gaps = places(1)?.first().copied().unwrap_or(0);
        reader.finish()?;
        let tables = Self { epoch, codes, residuals, masks, gaps };
        tables.check(layout)?;
        Ok(tables)
    }

    /// Every context must point at a code with as many symbols as it needs.
    fn check(&self, layout: &Layout) -> Result<(), DecodeError> {
        let symbols = |place: u16| self.codes.get(usize::from(place)).map_or(0, |code| code.lengths().len());
        let numbers = self.residuals.iter().chain([&self.gaps]).all(|&place| symbols(place) == NUMBER_SYMBOLS);
        let groups = layout.facets().iter().flat_map(|facet| facet.groups.iter().map(move |group| (facet, group)));
        let masks = groups
            .zip(&self.masks)
            .all(|((facet, group), &place)| symbols(place) == mask_symbols(group.parts.len(), facet.groups.len() == 1));
        if numbers && masks { Ok(()) } else { Err(DecodeError::Inconsistent { field: "code tables" }) }
    }
}

/// The code that nothing points at: one symbol, no bits.
static EMPTY: std::sync::LazyLock<PrefixCode> = std::sync::LazyLock::new(|| PrefixCode::from_frequencies(&[1]));

/// Symbols of a mask: with one group alone the empty mask cannot occur, for then there is no piece.
#[must_use]
pub const fn mask_symbols(parts: usize, lone: bool) -> usize {
    (1 << parts) - lone as usize
}

/// Typical size of the next residual, by class of the last.
const TYPICAL_RESIDUAL: [u64; CLASSES] = [4, 2, 4, 10, 40, 400];

/// Typical gap between two changed positions.
const TYPICAL_GAP: u64 = 3;

/// A heavy-tailed guess: a number near `typical` or below is common, ten times as large ones a hundred times rarer.
fn number_code(typical: u64) -> PrefixCode {
    let frequencies: Vec<u64> = (0..NUMBER_SYMBOLS)
        .map(|symbol| {
            let (low, count) = number_range(symbol);
            let distance = typical + low + count / 2;
            ((1 << 20) * typical * count / (distance * distance)).max(1)
        })
        .collect();
    PrefixCode::from_frequencies(&frequencies)
}

/// Few parts changed is likelier than many.
fn mask_code(parts: usize, lone: bool) -> PrefixCode {
    let frequencies: Vec<u64> =
        (usize::from(lone)..1 << parts).map(|mask: usize| 1 << (2 * (parts as u32 - mask.count_ones()))).collect();
    PrefixCode::from_frequencies(&frequencies)
}
