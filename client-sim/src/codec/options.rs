//! What the codec tool is asked for.
//!
//! Never here: how flags are written (see `main`).

use super::interest::Interest;
use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;

/// What the codec tool is asked for, files and all.
#[derive(Clone, Debug)]
pub struct CodecOptions {
    /// The recorded world.
    pub trace: PathBuf,
    /// What to do with it.
    pub asked: Asked,
    /// Where the frames are written.
    pub frames: Option<PathBuf>,
}

/// What is to be measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Asked {
    /// Ticks to train on. None: the first half.
    pub train: Option<TickRange>,
    /// Ticks to measure. None: the second half.
    pub measure: Option<TickRange>,
    /// Viewers that see only what is near. None: not measured.
    pub interest: Option<Interest>,
}

/// A half-open range of tick indexes: `A..B`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickRange {
    /// The first.
    pub start: usize,
    /// The one behind the last.
    pub end: usize,
}

/// What is wrong with a range. The caller's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TickRangeError {
    /// No range.
    #[error("{text:?}: say two numbers of ticks, the second behind the last: 0..900")]
    NoRange {
        /// What was said.
        text: String,
    },
    /// Beyond the trace.
    #[error("{name} {start}..{end}: the trace has {ticks} ticks")]
    Beyond {
        /// Which range.
        name: &'static str,
        /// Its start.
        start: usize,
        /// Its end.
        end: usize,
        /// Ticks of the trace.
        ticks: usize,
    },
    /// There is nothing to measure in it.
    #[error("there is no tick to measure")]
    Empty,
}

impl FromStr for TickRange {
    type Err = TickRangeError;

    fn from_str(text: &str) -> Result<Self, TickRangeError> {
        let range = text.split_once("..").and_then(|(start, end)| Some((start.parse().ok()?, end.parse().ok()?)));
        match range {
            Some((start, end)) if start < end => Ok(Self { start, end }),
            _ => Err(TickRangeError::NoRange { text: text.to_owned() }),
        }
    }
}

impl TickRange {
    /// The range within a trace of `ticks` ticks.
    ///
    /// # Errors
    /// [`TickRangeError::Beyond`] if it is longer.
    pub(super) fn within(self, name: &'static str, ticks: usize) -> Result<Range<usize>, TickRangeError> {
        let Self { start, end } = self;
        if end > ticks { Err(TickRangeError::Beyond { name, start, end, ticks }) } else { Ok(start..end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_two_numbers() {
        assert_eq!("0..900".parse(), Ok(TickRange { start: 0, end: 900 }));
        for wrong in ["", "5", "5..", "..5", "5..5", "9..5", "-1..5", "0..=5"] {
            assert!(wrong.parse::<TickRange>().is_err(), "{wrong}");
        }
        assert!(TickRange { start: 0, end: 10 }.within("--train", 9).is_err());
    }
}
