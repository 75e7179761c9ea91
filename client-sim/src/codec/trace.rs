//! A recorded world as it lies in a file: per tick the rows of all entities, already quantised.
//!
//! ```text
//!   TWTRACE1 · u32 length · JSON header · per tick: u32 tick · u32 rows · per row: u32 entity · u8 archetype · u8 fields · i32 …
//! ```
//!
//! All little-endian, rows by entity; perhaps compressed with xz, which is seen by its first bytes. Files come from anywhere:
//! memory grows with what was really read and never beyond [`TRACE_BYTES_MAX`], and every number is checked against the header.
//!
//! Never here: what the codec makes of it (see `world`).

use super::header::{HeaderError, TraceHeader};
use lzma_rust2::XzReader;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::ops::Range;
use std::path::Path;

/// Bytes of a trace, unpacked. Over it: refused, cut the trace.
pub const TRACE_BYTES_MAX: u64 = 1 << 29;
/// Bytes of a header. Over it: refused.
const HEADER_BYTES_MAX: u32 = 1 << 22;
/// Ticks of a trace: nine hours at 30 Hz. Over it: refused, cut the trace.
const TICKS_MAX: usize = 1 << 20;
/// KiB that unpacking xz may take: its largest preset needs half of it.
const XZ_MEMORY_KIB_MAX: u32 = 128 * 1024;

const MAGIC: &[u8; 8] = b"TWTRACE1";
const XZ_MAGIC: &[u8] = b"\xFD7zXZ\0";

/// A recorded world.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// What it says of itself.
    pub header: TraceHeader,
    ticks: Vec<TraceTick>,
    rows: Vec<TraceRow>,
    values: Vec<i32>,
}

/// One tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TraceTick {
    /// Its number.
    pub(super) number: u32,
    /// Its rows.
    pub(super) rows: Range<usize>,
}

/// One entity in one tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TraceRow {
    /// Which.
    pub(super) entity: u32,
    /// What it is.
    pub(super) archetype: u8,
    /// Where its values begin.
    pub(super) at: u32,
}

/// Why a trace cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The caller: there is no such file.
    #[error("it cannot be opened: {0}")]
    Open(#[source] io::Error),
    /// The file, or the machine.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The file: something else.
    #[error("it is no recorded world: it does not begin with TWTRACE1 (nor is it one packed with xz)")]
    NotATrace,
    /// The file: its header.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The file: cut off.
    #[error("it ends in the middle of tick {tick}; was it copied whole?")]
    Truncated {
        /// How many ticks were whole.
        tick: usize,
    },
    /// The file: too large.
    #[error("it has more {what} than fit ({max}): cut it into shorter ones")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// How much fits.
        max: u64,
    },
    /// The file: more or fewer ticks than it says.
    #[error("it has {got} ticks and says {said}")]
    Ticks {
        /// How many there are.
        got: usize,
        /// How many there should be.
        said: usize,
    },
    /// The file: a number that cannot be.
    #[error("tick {tick}, entity {entity}: {what}")]
    Row {
        /// How many ticks were before.
        tick: usize,
        /// Which entity.
        entity: u32,
        /// What is wrong.
        what: &'static str,
    },
}

impl Trace {
    /// A world in which nothing has happened yet.
    #[must_use]
    pub const fn new(header: TraceHeader) -> Self {
        Self { header, ticks: Vec::new(), rows: Vec::new(), values: Vec::new() }
    }

    /// Reads a file, packed with xz or not.
    ///
    /// # Errors
    /// [`TraceError`] says whose fault it is and what to do.
    pub fn open(path: &Path) -> Result<Self, TraceError> {
        let opened = File::open(path).map_err(TraceError::Open)?;
        Self::read(BufReader::with_capacity(1 << 16, opened))
    }

    /// Reads bytes, packed with xz or not. Inverse of [`Trace::write`].
    ///
    /// # Errors
    /// [`TraceError`] says whose fault it is and what to do.
    pub fn read(mut input: impl BufRead) -> Result<Self, TraceError> {
        if input.fill_buf()?.starts_with(XZ_MAGIC) {
            let unpacked = XzReader::new_mem_limit(input, false, XZ_MEMORY_KIB_MAX);
            read_plain(BufReader::with_capacity(1 << 16, unpacked))
        } else {
            read_plain(input)
        }
    }

    /// Writes it, not packed. Inverse of [`Trace::read`].
    ///
    /// # Errors
    /// What `output` says.
    pub fn write(&self, output: impl Write) -> io::Result<()> {
        let mut writer = TraceWriter::new(output, &self.header)?;
        for tick in &self.ticks {
            writer.begin_tick(tick.number, tick.rows.len())?;
            for row in &self.rows[tick.rows.clone()] {
                writer.push(row.entity, row.archetype, self.values_of(row))?;
            }
        }
        writer.finish()
    }

    /// Adds a tick; its rows come with [`Trace::push`].
    pub fn begin_tick(&mut self, number: u32) {
        self.ticks.push(TraceTick { number, rows: self.rows.len()..self.rows.len() });
    }

    /// Adds a row to the last tick, after those of smaller entities.
    ///
    /// # Panics
    /// If there is no tick, the archetype is none, or it has another number of fields: our own bug.
    pub fn push(&mut self, entity: u32, archetype: u8, values: &[i32]) {
        assert_eq!(self.header.archetypes[usize::from(archetype)].fields.len(), values.len(), "a row is as declared");
        let tick = self.ticks.last_mut().expect("a tick was begun");
        self.rows.push(TraceRow { entity, archetype, at: self.values.len() as u32 });
        tick.rows.end = self.rows.len();
        self.values.extend_from_slice(values);
    }

    /// Number of ticks so far.
    #[must_use]
    pub const fn tick_count(&self) -> usize {
        self.ticks.len()
    }

    /// The part of this world that is `ticks`.
    #[must_use]
    pub fn cut(&self, ticks: Range<usize>) -> Self {
        let mut cut = Self::new(self.header.cut(ticks.clone()));
        for tick in &self.ticks[ticks] {
            cut.copy_tick(self, tick, tick.number);
        }
        cut
    }

    /// Goes on as `other` does, whose ticks are numbered from `number` on. It must have the same archetypes.
    pub fn append(&mut self, other: &Self, number: u32) {
        for (tick, number) in other.ticks.iter().zip(number..) {
            self.copy_tick(other, tick, number);
        }
    }

    fn copy_tick(&mut self, other: &Self, tick: &TraceTick, number: u32) {
        self.begin_tick(number);
        for row in &other.rows[tick.rows.clone()] {
            self.push(row.entity, row.archetype, other.values_of(row));
        }
    }

    pub(super) fn into_parts(self) -> (TraceHeader, Vec<TraceTick>, Vec<TraceRow>, Vec<i32>) {
        (self.header, self.ticks, self.rows, self.values)
    }

    fn values_of(&self, row: &TraceRow) -> &[i32] {
        let count = self.header.archetypes[usize::from(row.archetype)].fields.len();
        &self.values[row.at as usize..][..count]
    }
}

/// Writes a trace row by row: for what need not be in memory as a whole. Whoever writes sees to it that ticks and rows ascend.
pub(super) struct TraceWriter<W> {
    output: W,
}

impl<W: Write> TraceWriter<W> {
    pub(super) fn new(mut output: W, header: &TraceHeader) -> io::Result<Self> {
        let header = serde_json::to_vec(header)?;
        output.write_all(MAGIC)?;
        output.write_all(&(header.len() as u32).to_le_bytes())?;
        output.write_all(&header)?;
        Ok(Self { output })
    }

    pub(super) fn begin_tick(&mut self, number: u32, rows: usize) -> io::Result<()> {
        self.output.write_all(&number.to_le_bytes())?;
        self.output.write_all(&(rows as u32).to_le_bytes())
    }

    pub(super) fn push(&mut self, entity: u32, archetype: u8, values: &[i32]) -> io::Result<()> {
        self.output.write_all(&entity.to_le_bytes())?;
        self.output.write_all(&[archetype, values.len() as u8])?;
        values.iter().try_for_each(|value| self.output.write_all(&value.to_le_bytes()))
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.output.flush()
    }
}

fn read_plain(input: impl Read) -> Result<Trace, TraceError> {
    let mut source = Source { input, left: TRACE_BYTES_MAX, tick: 0 };
    let mut magic = [0; 8];
    source.fill(&mut magic).map_err(|error| match error {
        TraceError::Truncated { .. } => TraceError::NotATrace,
        other => other,
    })?;
    if &magic != MAGIC {
        return Err(TraceError::NotATrace);
    }
    let length = source.number()?;
    if length > HEADER_BYTES_MAX {
        return Err(TraceError::TooLarge { what: "bytes of header", max: u64::from(HEADER_BYTES_MAX) });
    }
    let mut json = vec![0; length as usize];
    source.fill(&mut json)?;
    let mut trace = Trace::new(TraceHeader::from_json(&json)?);
    while let Some(number) = source.number_or_end()? {
        read_tick(&mut source, &mut trace, number)?;
        source.tick += 1;
    }
    if source.tick != trace.header.ticks {
        return Err(TraceError::Ticks { got: source.tick, said: trace.header.ticks });
    }
    Ok(trace)
}

fn read_tick(source: &mut Source<impl Read>, trace: &mut Trace, number: u32) -> Result<(), TraceError> {
    if source.tick == TICKS_MAX {
        return Err(TraceError::TooLarge { what: "ticks", max: TICKS_MAX as u64 });
    }
    let tick = source.tick;
    if trace.ticks.last().is_some_and(|last| last.number >= number) {
        return Err(TraceError::Row { tick, entity: 0, what: "the ticks do not ascend" });
    }
    let count = source.number()?;
    trace.begin_tick(number);
    let mut last = None;
    let (mut bytes, mut values) = ([0; 4 * u8::MAX as usize], Vec::new());
    for _ in 0..count {
        let entity = source.number()?;
        let refuse = |what| Err(TraceError::Row { tick, entity, what });
        if last.is_some_and(|last| last >= entity) {
            return refuse("the rows do not ascend by entity");
        }
        last = Some(entity);
        let mut head = [0; 2];
        source.fill(&mut head)?;
        let [archetype, fields] = head;
        let Some(declared) = trace.header.archetypes.get(usize::from(archetype)) else {
            return refuse("its archetype is not in the header");
        };
        if declared.fields.len() != usize::from(fields) {
            return refuse("it has more or fewer fields than its archetype");
        }
        let bytes = &mut bytes[..4 * usize::from(fields)];
        source.fill(bytes)?;
        values.clear();
        values.extend(bytes.chunks_exact(4).map(|four| i32::from_le_bytes([four[0], four[1], four[2], four[3]])));
        if declared.fields.iter().zip(&values).any(|(field, value)| !(field.min..=field.max).contains(value)) {
            return refuse("a value lies outside its field's range");
        }
        trace.push(entity, archetype, &values);
    }
    Ok(())
}

/// Bytes that are counted, so that a small file cannot unpack to a large one.
struct Source<R> {
    input: R,
    left: u64,
    tick: usize,
}

impl<R: Read> Source<R> {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), TraceError> {
        let Some(left) = self.left.checked_sub(bytes.len() as u64) else {
            return Err(TraceError::TooLarge { what: "bytes", max: TRACE_BYTES_MAX });
        };
        self.left = left;
        self.input.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => TraceError::Truncated { tick: self.tick },
            _ => TraceError::Io(error),
        })
    }

    fn number(&mut self) -> Result<u32, TraceError> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// The next number, or nothing if there is not even a byte.
    fn number_or_end(&mut self) -> Result<Option<u32>, TraceError> {
        let mut first = [0];
        loop {
            match self.input.read(&mut first) {
                Ok(0) => return Ok(None),
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut rest = [0; 3];
        self.fill(&mut rest)?;
        Ok(Some(u32::from_le_bytes([first[0], rest[0], rest[1], rest[2]])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"name":"w","tick_hz":30,"ticks":2,"archetypes":[{"name":"a","fields":[{"name":"x","min":-5,"max":9}]},
        {"name":"b","fields":[{"name":"x","min":-2147483648,"max":2147483647},{"name":"y","min":3,"max":3}]}]}"#;

    fn small() -> Trace {
        let mut trace = Trace::new(TraceHeader::from_json(HEADER.as_bytes()).unwrap());
        trace.begin_tick(7);
        trace.push(3, 0, &[-5]);
        trace.push(900, 1, &[i32::MIN, 3]);
        trace.begin_tick(8);
        trace.push(3, 0, &[9]);
        trace
    }

    fn bytes_of(trace: &Trace) -> Vec<u8> {
        let mut bytes = Vec::new();
        trace.write(&mut bytes).unwrap();
        bytes
    }

    fn why(bytes: &[u8]) -> String {
        Trace::read(bytes).unwrap_err().to_string()
    }

    #[test]
    fn a_trace_survives_its_bytes() {
        let bytes = bytes_of(&small());
        assert_eq!(Trace::read(bytes.as_slice()).unwrap(), small());
    }

    #[test]
    fn a_trace_that_lies_is_refused_with_what_is_wrong() {
        let bytes = bytes_of(&small());
        let rows = bytes.len() - (8 + 10 + 14) - (8 + 10);
        let with = |at: usize, byte: u8| {
            let mut changed = bytes.clone();
            changed[at] = byte;
            why(&changed)
        };
        assert!(why(b"TWTRACE").contains("TWTRACE1"));
        assert!(why(b"TWTRACE2aaaaaaaaa").contains("TWTRACE1"));
        assert!(why(&bytes[..bytes.len() - 1]).contains("middle of tick 1"));
        assert!(why(&bytes[..bytes.len() - 18]).contains("1 ticks and says 2"));
        assert!(with(11, 0xFF).contains("header"));
        assert!(with(rows + 8 + 4, 2).contains("archetype"));
        assert!(with(rows + 8 + 5, 2).contains("fields"));
        assert!(with(rows + 8 + 6, 0).contains("range"));
        assert!(with(rows + 8 + 2, 9).contains("rows do not ascend"));
        assert!(with(rows + 8 + 10 + 14, 7).contains("ticks do not ascend"));
    }

    #[test]
    fn a_count_alone_takes_no_memory() {
        let mut bytes = bytes_of(&small());
        let rows = bytes.len() - (8 + 10 + 14) - (8 + 10);
        bytes[rows + 4..rows + 8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(Trace::read(bytes.as_slice()).is_err());
    }

    #[test]
    fn a_broken_archive_is_an_error() {
        assert!(Trace::read(&b"\xFD7zXZ\0\x00\x04aaaaaaaaaaaaaaaaaaaaaaaa"[..]).is_err());
    }
}
