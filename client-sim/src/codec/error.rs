//! Why there is no report, and whose fault it is.

use super::declare::DeclareError;
use super::interest::InterestError;
use super::options::TickRangeError;
use super::trace::TraceError;
use shared::schema::SchemaError;
use std::io;
use std::path::PathBuf;

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
    /// The machine: there can be no such file.
    #[error("{}: {source}", path.display())]
    Create {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The machine: the frames cannot be written.
    #[error("the frames cannot be written: {0}")]
    Frames(#[from] io::Error),
}

impl From<SchemaError> for CodecError {
    fn from(error: SchemaError) -> Self {
        Self::Declare(error.into())
    }
}
