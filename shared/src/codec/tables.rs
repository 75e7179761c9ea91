//! Which code stands for which context.
//!
//! Each context points at one of a few codes, so that contexts that behave alike share one. The untrained tables know
//! nothing of a game but its layout; trained ones come from what it was seen to send ([`super::training`]). Tables have an
//! epoch (a frame with state names the one in force at its newest tick) so that better ones can replace them at a marked tick.
//!
//! ```text
//!   epoch u8 · codes u12 · per code: symbols u8, runs of (length u4, times - 1 u3) · per context: 1, or 0 and its code u12
//! ```
//! A context that says 1 has the code of the context before it. PROTOCOL.md, "Codes".
//!
//! Never here: how symbols are made (see `piece`, `record`, `positions`), what contexts are (see `contexts`).

use super::contexts::{Family, Sink, families};
use super::predictor::CLASSES;
use super::prefix_code::{NUMBER_SYMBOLS, PrefixCode, Word, number_range, number_symbol};
use crate::bits::{BitReader, BitWriter, DecodeError};
use crate::limits::TABLE_CODES_MAX;
use crate::schema::Layout;

/// The codes in force and where each is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Which tables these are: counts up with each replacement, 8 bits travel.
    pub epoch: u8,
    codes: Vec<PrefixCode>,
    /// Per context, the position of its code.
    places: Vec<u16>,
    /// The words of all codes, one code after the other: to write a symbol is one look-up.
    words: Vec<Word>,
    /// Per context, where its code's words are.
    runs: Vec<Run>,
}

/// A run of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    start: u32,
    count: u32,
}

impl Tables {
    /// Tables that know nothing but the layout.
    #[must_use]
    pub fn untrained(layout: &Layout) -> Self {
        Self::from_codes(0, families(layout).into_iter().map(|family| (family, typical(family))))
    }

    /// Tables of one code per context; equal ones are kept once.
    pub(crate) fn from_codes<K: Ord>(epoch: u8, contexts: impl Iterator<Item = (K, PrefixCode)>) -> Self {
        let mut codes: Vec<PrefixCode> = Vec::new();
        let mut known = std::collections::BTreeMap::new();
        let places = contexts
            .map(|(key, code)| {
                *known.entry((key, code.lengths().collect::<Vec<_>>())).or_insert_with(|| {
                    codes.push(code);
                    (codes.len() - 1) as u16
                })
            })
            .collect();
        Self::of(epoch, codes, places)
    }

    fn of(epoch: u8, codes: Vec<PrefixCode>, places: Vec<u16>) -> Self {
        let mut words = Vec::new();
        let mut runs_of_codes = Vec::with_capacity(codes.len());
        for code in &codes {
            runs_of_codes.push(Run { start: words.len() as u32, count: code.words().len() as u32 });
            words.extend_from_slice(code.words());
        }
        let nothing = Run { start: 0, count: 0 };
        let run = |&place: &u16| runs_of_codes.get(usize::from(place)).copied().unwrap_or(nothing);
        let runs = places.iter().map(run).collect();
        Self { epoch, codes, places, words, runs }
    }

    /// The word of a symbol.
    ///
    /// # Panics
    /// If the context has no such symbol: our own bug.
    #[inline]
    fn word(&self, context: usize, symbol: usize) -> Word {
        let run = self.runs.get(context).copied();
        let word = run.filter(|run| symbol < run.count as usize).and_then(|run| {
            // Words are far fewer than 2^32.
            self.words.get((run.start as usize).wrapping_add(symbol)).copied()
        });
        assert!(word.is_some(), "a symbol that its context does not have");
        word.unwrap_or_default()
    }

    /// The code of a context.
    #[inline]
    #[must_use]
    pub fn code(&self, context: usize) -> &PrefixCode {
        // `check` and `from_codes` see to it that every context has a place, and every place a code.
        let place = self.places.get(context).map_or(0, |&place| usize::from(place));
        self.codes.get(place).unwrap_or_else(|| &EMPTY)
    }

    /// The tables as bytes. Inverse of [`Tables::from_bytes`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = BitWriter::new();
        out.write(u32::from(self.epoch), 8);
        out.write(self.codes.len() as u32, 12);
        for code in &self.codes {
            let lengths: Vec<u8> = code.lengths().collect();
            out.write(lengths.len() as u32, 8);
            for run in lengths.chunk_by(|one, next| one == next).flat_map(|run| run.chunks(RUN_MAX)) {
                out.write(u32::from(run.first().copied().unwrap_or(0)), 4);
                out.write(run.len() as u32 - 1, 3);
            }
        }
        let mut before = None;
        for &place in &self.places {
            out.write_bool(before == Some(place));
            if before != Some(place) {
                out.write(u32::from(place), 12);
            }
            before = Some(place);
        }
        out.into_bytes()
    }

    /// What tables of these bytes are called when only their name travels: xxh3 (64 bits) of the bytes.
    #[must_use]
    pub fn fingerprint(bytes: &[u8]) -> u64 {
        xxhash_rust::xxh3::xxh3_64(bytes)
    }

    /// The tables of some bytes, for a layout that must be the sender's.
    ///
    /// # Errors
    /// [`DecodeError`]: broken, or not made for this layout.
    pub fn from_bytes(bytes: &[u8], layout: &Layout) -> Result<Self, DecodeError> {
        let mut reader = BitReader::new(bytes);
        let epoch = reader.read(8, "table epoch")? as u8;
        let count = reader.read_at_most(TABLE_CODES_MAX as u32, 12, "number of codes")?;
        let codes = (0..count).map(|_| read_code(&mut reader)).collect::<Result<Vec<_>, _>>()?;
        let families = families(layout);
        let mut places: Vec<u16> = Vec::with_capacity(families.len());
        for family in &families {
            let same = reader.read_bool("place of a code")?;
            let place = match places.last() {
                Some(&before) if same => before,
                _ if same => return Err(DecodeError::Inconsistent { field: "place of a code" }),
                before => {
                    let place = reader.read(12, "place of a code")? as u16;
                    if before == Some(&place) {
                        return Err(DecodeError::Inconsistent { field: "place of a code" });
                    }
                    place
                }
            };
            let fits = codes.get(usize::from(place)).is_some_and(|code| code.lengths().len() == family.symbols());
            if !fits {
                return Err(DecodeError::Inconsistent { field: "code tables" });
            }
            places.push(place);
        }
        reader.finish()?;
        Ok(Self::of(epoch, codes, places))
    }
}

/// Longest run of equal lengths that is written at once.
const RUN_MAX: usize = 8;

fn read_code(reader: &mut BitReader<'_>) -> Result<PrefixCode, DecodeError> {
    let inconsistent = DecodeError::Inconsistent { field: "code lengths" };
    let symbols = reader.read(8, "number of symbols")? as usize;
    let mut lengths: Vec<u8> = Vec::with_capacity(symbols);
    let mut before = RUN_MAX;
    while lengths.len() < symbols {
        let length = reader.read(4, "length of a code word")? as u8;
        let times = reader.read(3, "run of code words")? as usize + 1;
        // A run is as long as it can be: tables have one form.
        let goes_on = lengths.last() == Some(&length) && before < RUN_MAX;
        if goes_on || lengths.len() + times > symbols {
            return Err(inconsistent);
        }
        before = times;
        lengths.resize(lengths.len() + times, length);
    }
    PrefixCode::from_lengths(&lengths).map_err(|_| inconsistent)
}

/// The code that nothing points at: one symbol, no bits.
static EMPTY: std::sync::LazyLock<PrefixCode> = std::sync::LazyLock::new(|| PrefixCode::from_frequencies(&[1]));

/// Writes symbols in the codes of some tables.
pub struct Packer<'a> {
    /// Where bits go.
    pub writer: &'a mut BitWriter,
    /// The codes in force.
    pub tables: &'a Tables,
}

impl Sink for Packer<'_> {
    #[inline(always)]
    fn symbol(&mut self, context: usize, symbol: usize) {
        self.tables.word(context, symbol).append_to(self.writer);
    }

    #[inline]
    fn raw(&mut self, value: u32, bits: u32) {
        self.writer.write(value, bits);
    }

    #[inline(always)]
    fn number(&mut self, context: usize, number: u32) {
        let (symbol, raw_bits) = number_symbol(number);
        self.tables.word(context, symbol).append_with(self.writer, number, raw_bits);
    }
}

/// How often each symbol of a family is met in a game that nobody has seen.
#[must_use]
pub(crate) fn typical_frequencies(family: Family) -> Vec<u64> {
    match family {
        Family::Gap => heavy_tail(3),
        Family::Residual { class } => heavy_tail(TYPICAL_RESIDUAL.get(usize::from(class)).copied().unwrap_or(4)),
        Family::Speed => heavy_tail(16),
        Family::Code { bits } => evenly(bits),
        Family::Class | Family::Kind { .. } | Family::PastMask { .. } | Family::Past => vec![1; family.symbols()],
        // Few parts changed is likelier than many.
        Family::Mask { parts, lone } => (usize::from(lone)..1 << parts)
            .map(|mask: usize| 1 << (2 * (u32::from(parts) - mask.count_ones())))
            .collect(),
    }
}

fn typical(family: Family) -> PrefixCode {
    PrefixCode::from_frequencies(&typical_frequencies(family))
}

/// Typical size of the next residual, by class of the last.
const TYPICAL_RESIDUAL: [u64; CLASSES] = [4, 2, 4, 10, 40, 400];

/// A number near `typical` or below is common, ten times as large ones a hundred times rarer.
fn heavy_tail(typical: u64) -> Vec<u64> {
    (0..NUMBER_SYMBOLS)
        .map(|symbol| {
            let (low, count) = number_range(symbol);
            let distance = typical + low + count / 2;
            ((1 << 20) * typical * count / (distance * distance)).max(1)
        })
        .collect()
}

/// Every number of `bits` bits is as likely as any other.
fn evenly(bits: u8) -> Vec<u64> {
    (0..NUMBER_SYMBOLS)
        .map(|symbol| {
            let (low, count) = number_range(symbol);
            if low >> bits == 0 { (count << 8 >> bits.saturating_sub(8)).max(1) } else { 0 }
        })
        .collect()
}
