//! The tool from end to end: a trace in, a report out.

use super::choose::choose;
use super::declare::{DeclareError, Declared};
use super::frames::{FramesHeader, FramesWriter};
use super::interest::{Interest, InterestError};
use super::measure::{Run, RunError};
use super::meter::piece_bits;
use super::options::{CodecOptions, TickRangeError};
use super::progress::Progress;
use super::report::{CodecReport, InterestReport};
use super::trace::{Trace, TraceError};
use super::train::train;
use super::world::World;
use shared::codec::Tables;
use shared::schema::SchemaError;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The trace.
    #[error("{}: {source}", path.display())]
    Trace {
        /// Which.
        path: PathBuf,
        /// Why.
        source: TraceError,
    },
    /// The trace: the codec cannot carry it.
    #[error(transparent)]
    Declare(#[from] DeclareError),
    /// The caller: ranges.
    #[error(transparent)]
    Range(#[from] TickRangeError),
    /// The caller: viewers.
    #[error(transparent)]
    Interest(#[from] InterestError),
    /// The machine: the frames cannot be written.
    #[error("{}: {source}", path.display())]
    Frames {
        /// Where to.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl From<SchemaError> for CodecError {
    fn from(error: SchemaError) -> Self {
        Self::Declare(error.into())
    }
}

/// Trains, measures, compares.
///
/// # Errors
/// [`CodecError`] says whose fault it is. Mismatches are no error: they are in the report.
pub fn run(options: &CodecOptions, progress: &Progress) -> Result<CodecReport, CodecError> {
    let trace = Trace::open(&options.trace)
        .map_err(|source| CodecError::Trace { path: options.trace.clone(), source })?;
    let report = measure(trace, options, progress);
    progress.end();
    report
}

fn measure(trace: Trace, options: &CodecOptions, progress: &Progress) -> Result<CodecReport, CodecError> {
    let world = World::new(trace);
    let (training, measured) = ranges(&world, options)?;
    let archetypes = world.header.archetypes.len();
    // Refused before any work is done.
    let holding = world.header.archetypes.iter().map(|archetype| vec![super::declare::Guess::Hold; archetype.fields.len()]);
    Declared::new(&world.header, holding.collect(), world.entities.len())?;
    progress.begin("choosing predictors", archetypes);
    let guesses = choose(&world, training.clone(), || progress.step())?;
    let declared = Declared::new(&world.header, guesses, world.entities.len())?;
    let of = |interest: Option<Interest>| -> Result<_, CodecError> {
        let tables = train(&world, &declared, training.clone(), interest, progress)?;
        let run = Run { world: &world, declared: &declared, tables: &tables, ticks: measured.clone(), interest };
        let path = options.frames.as_deref().filter(|_| interest.is_none());
        let open = |full: &[u8]| {
            let header = || frames_header(&world, &declared, measured.clone());
            path.map(|path| create(path, &header(), &tables, full)).transpose()
        };
        let run = run.measure(open, progress).map_err(|error| match error {
            RunError::Interest(error) => error.into(),
            RunError::Frames(source) => {
                CodecError::Frames { path: path.unwrap_or_else(|| Path::new("")).to_owned(), source }
            }
        })?;
        Ok((tables, run))
    };
    let (tables, all) = of(None)?;
    let pieces = piece_bits(&world, &declared, &tables, measured.clone());
    let bytes = tables.to_bytes().len();
    let ranges = (training.clone(), measured.clone());
    let mut report = CodecReport::new(&world.header, ranges, &declared, bytes, &all, &pieces);
    if let Some(interest) = options.interest {
        let (tables, boxes) = of(Some(interest))?;
        let asked = (interest.size, interest.viewers);
        report.mismatches += boxes.mismatches;
        report.interest =
            Some(InterestReport::new(&world.header, asked, &declared, tables.to_bytes().len(), &boxes));
    }
    Ok(report)
}

/// The ticks to train on and those to measure.
fn ranges(world: &World, options: &CodecOptions) -> Result<(Range<usize>, Range<usize>), TickRangeError> {
    let ticks = world.ticks();
    let half = ticks / 2;
    let training = options.train.map_or(Ok(0..half), |range| range.within("--train", ticks))?;
    let measured = options.measure.map_or(Ok(half..ticks), |range| range.within("--measure", ticks))?;
    if training.is_empty() || !measured.clone().any(|tick| world.header.counts(tick)) {
        return Err(TickRangeError::Empty);
    }
    Ok((training, measured))
}

fn frames_header(world: &World, declared: &Declared, measured: Range<usize>) -> FramesHeader {
    let numbers: Vec<u32> = measured.clone().map(|tick| world.number(tick)).collect();
    let first_tick = numbers.first().copied().unwrap_or(0);
    let in_step = numbers.iter().zip(first_tick..).all(|(&number, expected)| number == expected);
    FramesHeader {
        trace: world.header.cut(measured),
        first_tick,
        tick_numbers: if in_step { Vec::new() } else { numbers },
        entities: world.entities.clone(),
        predictors: declared.guesses.clone(),
    }
}

fn create(
    path: &Path,
    header: &FramesHeader,
    tables: &Tables,
    full: &[u8],
) -> io::Result<FramesWriter<impl Write + use<>>> {
    FramesWriter::new(BufWriter::new(File::create(path)?), header, tables, full)
}
