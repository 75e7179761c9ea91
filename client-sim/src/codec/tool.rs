//! The tool from end to end: a trace in, a report out.

use super::choose::choose;
use super::declare::{Declared, Guess};
use super::error::CodecError;
use super::frames::{FramesHeader, FramesWriter};
use super::meter::piece_bits;
use super::options::{Asked, CodecOptions, TickRangeError};
use super::progress::Progress;
use super::report::{CodecReport, InterestReport};
use super::running::Run;
use super::trace::Trace;
use super::train::train;
use super::world::World;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::PathBuf;

/// Reads the trace and does what is asked for.
///
/// # Errors
/// [`CodecError`] says whose fault it is. Mismatches are no error: they are in the report.
pub fn run(options: &CodecOptions, progress: &Progress) -> Result<CodecReport, CodecError> {
    let trace =
        Trace::open(&options.trace).map_err(|source| CodecError::Trace { path: options.trace.clone(), source })?;
    let create = |path: &PathBuf| {
        let created = File::create(path).map(BufWriter::new);
        created.map_err(|source| CodecError::Create { path: path.clone(), source })
    };
    let frames = options.frames.as_ref().map(create).transpose()?;
    let report = measure(trace, options.asked, frames, progress);
    progress.end();
    report
}

/// Chooses predictors, trains tables, measures and compares; writes the frames of who sees all to `frames`.
///
/// # Errors
/// [`CodecError`] says whose fault it is. Mismatches are no error: they are in the report.
pub fn measure(
    trace: Trace,
    asked: Asked,
    frames: Option<impl Write>,
    progress: &Progress,
) -> Result<CodecReport, CodecError> {
    let world = World::new(trace);
    let (training, measured) = ranges(&world, asked)?;
    // What the codec cannot carry is refused before any work is done.
    let holding = world.header.archetypes.iter().map(|archetype| vec![Guess::Hold; archetype.fields.len()]);
    Declared::new(&world.header, holding.collect(), world.entities.len())?;
    progress.begin("choosing predictors", world.header.archetypes.len());
    let guesses = choose(&world, training.clone(), || progress.step())?;
    let declared = Declared::new(&world.header, guesses, world.entities.len())?;

    let tables = train(&world, &declared, training.clone(), None, progress)?;
    let run = Run { world: &world, declared: &declared, tables: &tables, ticks: measured.clone(), interest: None };
    let open = |full: &[u8]| {
        let header = frames_header(&world, &declared, measured.clone());
        frames.map(|frames| FramesWriter::new(frames, &header, &tables, full)).transpose()
    };
    let all = run.measure(open, progress)?;
    let pieces = piece_bits(&world, &declared, &tables, measured.clone());
    let bytes = tables.to_bytes().len();
    let ranges = (training.clone(), measured.clone());
    let mut report = CodecReport::new(&world.header, ranges, &declared, bytes, &all, &pieces);
    if let Some(interest) = asked.interest {
        let tables = train(&world, &declared, training, Some(interest), progress)?;
        let run = Run { tables: &tables, ticks: measured, interest: Some(interest), ..run };
        let boxes = run.measure(|_| Ok(None::<FramesWriter<Vec<u8>>>), progress)?;
        let bytes = tables.to_bytes().len();
        report.mismatches += boxes.mismatches;
        report.interest = Some(InterestReport::new(&world.header, interest, &declared, bytes, &boxes));
    }
    Ok(report)
}

/// The ticks to train on and those to measure.
fn ranges(world: &World, asked: Asked) -> Result<(Range<usize>, Range<usize>), TickRangeError> {
    let ticks = world.ticks();
    let half = ticks / 2;
    let training = asked.train.map_or(Ok(0..half), |range| range.within("--train", ticks))?;
    let measured = asked.measure.map_or(Ok(half..ticks), |range| range.within("--measure", ticks))?;
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
