//! Frames in a file: what a client would have got, to be restored by another process.
//!
//! ```text
//!   TWFRAME1 · u32 length · JSON · u32 length · tables · u32 length · full frame of the tick before
//!   per tick: u32 length · header · u32 length · body
//! ```
//!
//! The JSON is the header of the measured part of the trace and what else a client knows from joining: the entity numbers by
//! slot, the predictors. Files come from anywhere: nothing is believed before it is read, and every frame is checked as a client
//! checks it.

use super::declare::{DeclareError, Declared, Guess, places, zero_of};
use super::header::{HeaderError, TraceHeader};
use super::trace::{TRACE_BYTES_MAX, TraceWriter};
use crate::replica::{Replica, ReplicaError};
use serde::{Deserialize, Serialize};
use shared::codec::Tables;
use shared::ids::Tick;
use shared::schema::Layout;
use shared::wire::{DecodeError, Digest};
use std::io::{self, Read, Write};
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"TWFRAME1";
/// Bytes of one part of the file. Over it: refused.
const PART_BYTES_MAX: u32 = 1 << 24;

/// What stands before the frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FramesHeader {
    /// The header of the measured part of the trace.
    #[serde(flatten)]
    pub(super) trace: TraceHeader,
    /// The number of its first tick, as recorded.
    pub(super) first_tick: u32,
    /// The numbers of all its ticks, where one does not follow the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tick_numbers: Vec<u32>,
    /// Entity numbers by slot.
    pub(super) entities: Vec<u32>,
    /// Predictors by archetype and field.
    pub(super) predictors: Vec<Vec<Guess>>,
}

/// Why frames could not be restored.
#[derive(Debug, thiserror::Error)]
pub enum FramesError {
    /// The file, or the machine.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file: something else.
    #[error("these are no frames: they do not begin with TWFRAME1")]
    NotFrames,
    /// The file: cut off.
    #[error("the file ends in the middle of {what}")]
    Truncated {
        /// Of what.
        what: &'static str,
    },
    /// The file: a part that is too large.
    #[error("{what} has {bytes} bytes, at most {PART_BYTES_MAX} are read")]
    TooLarge {
        /// Which.
        what: &'static str,
        /// How large.
        bytes: u32,
    },
    /// The file: what stands before the frames.
    #[error("its JSON is not as the format says: {0}")]
    Json(#[from] serde_json::Error),
    /// The file: the world.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The file: the world.
    #[error(transparent)]
    Declare(#[from] DeclareError),
    /// The file: tables.
    #[error("its tables do not fit its world: {0}")]
    Tables(DecodeError),
    /// The file: a frame.
    #[error(transparent)]
    Frame(#[from] ReplicaError),
    /// The file: more or fewer frames than it says, or entities that it does not name.
    #[error("{what}")]
    Inconsistent {
        /// What does not fit.
        what: &'static str,
    },
    /// The file: what comes out of it.
    #[error("what comes out is larger than {TRACE_BYTES_MAX} bytes: nothing reads such a trace")]
    Swollen,
}

/// Writes frames.
pub(super) struct FramesWriter<W> {
    output: W,
}

impl<W: Write> FramesWriter<W> {
    pub(super) fn new(mut output: W, header: &FramesHeader, tables: &Tables, full: &[u8]) -> io::Result<Self> {
        output.write_all(MAGIC)?;
        let mut writer = Self { output };
        writer.part(&serde_json::to_vec(header)?)?;
        writer.part(&tables.to_bytes())?;
        writer.part(full)?;
        Ok(writer)
    }

    pub(super) fn frame(&mut self, header: &[u8], body: &[u8]) -> io::Result<()> {
        self.part(header)?;
        self.part(body)
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.output.flush()
    }

    fn part(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.output.write_all(&(bytes.len() as u32).to_le_bytes())?;
        self.output.write_all(bytes)
    }
}

/// Restores the world of some frames as a trace.
///
/// # Errors
/// [`FramesError`]: what is wrong with the file.
pub fn restore(mut frames: impl Read, trace: impl Write) -> Result<usize, FramesError> {
    let mut magic = [0; 8];
    frames.read_exact(&mut magic).map_err(|_| FramesError::NotFrames)?;
    if &magic != MAGIC {
        return Err(FramesError::NotFrames);
    }
    let json = part(&mut frames, "the JSON")?;
    let header: FramesHeader = serde_json::from_slice(&json)?;
    TraceHeader::from_json(&serde_json::to_vec(&header.trace)?)?;
    let ticks = header.trace.ticks;
    if !header.tick_numbers.is_empty() && header.tick_numbers.len() != ticks {
        return Err(FramesError::Inconsistent { what: "it numbers more or fewer ticks than it has" });
    }
    if !header.entities.is_sorted_by(|one, next| one < next) {
        return Err(FramesError::Inconsistent { what: "its entity numbers do not ascend" });
    }
    let declared = Declared::new(&header.trace, header.predictors.clone(), header.entities.len())?;
    let tables = part(&mut frames, "the tables")?;
    let tables = Tables::from_bytes(&tables, &declared.layout).map_err(FramesError::Tables)?;
    let mut replica = replica(&declared, tables);
    apply(&mut replica, &part(&mut frames, "the full frame")?)?;
    let mut output = Restorer::new(&header, Arc::clone(&declared.layout), trace)?;
    for tick in 0..ticks {
        let mut frame = part(&mut frames, "a frame's header")?;
        frame.extend(part(&mut frames, "a frame's body")?);
        apply(&mut replica, &frame)?;
        output.tick(tick, &replica)?;
    }
    if frames.read(&mut [0])? != 0 {
        return Err(FramesError::Inconsistent { what: "something follows the last frame" });
    }
    output.writer.finish()?;
    Ok(ticks)
}

/// The client that reads such frames.
pub(super) fn replica(declared: &Declared, tables: Tables) -> Replica {
    let (schema, layout) = (Arc::clone(&declared.schema), Arc::clone(&declared.layout));
    Replica::new(schema, layout, tables, Tick(0), Digest::Folded)
}

/// Takes in a frame that must prove what is held after it: one that says nothing of that, or follows no full one, restores nothing.
fn apply(replica: &mut Replica, frame: &[u8]) -> Result<(), FramesError> {
    let proven = replica.apply(frame)?.checked;
    proven.then_some(()).ok_or(FramesError::Inconsistent { what: "a frame proves nothing" })
}

fn part(frames: &mut impl Read, what: &'static str) -> Result<Vec<u8>, FramesError> {
    let mut length = [0; 4];
    let truncated = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => FramesError::Truncated { what },
        _ => FramesError::Io(error),
    };
    frames.read_exact(&mut length).map_err(truncated)?;
    let length = u32::from_le_bytes(length);
    if length > PART_BYTES_MAX {
        return Err(FramesError::TooLarge { what, bytes: length });
    }
    let mut bytes = Vec::new();
    if frames.take(u64::from(length)).read_to_end(&mut bytes)? < length as usize {
        return Err(FramesError::Truncated { what });
    }
    Ok(bytes)
}

/// Turns what a replica holds into rows.
struct Restorer<'a, W> {
    header: &'a FramesHeader,
    layout: Arc<Layout>,
    writer: TraceWriter<W>,
    left: u64,
    values: Vec<i32>,
}

impl<'a, W: Write> Restorer<'a, W> {
    fn new(header: &'a FramesHeader, layout: Arc<Layout>, output: W) -> io::Result<Self> {
        let writer = TraceWriter::new(output, &header.trace)?;
        Ok(Self { header, layout, writer, left: TRACE_BYTES_MAX, values: Vec::new() })
    }

    fn tick(&mut self, tick: usize, replica: &Replica) -> Result<(), FramesError> {
        let counted = self.header.first_tick.checked_add(tick as u32);
        let number = self.header.tick_numbers.get(tick).copied().or(counted);
        let number = number.ok_or(FramesError::Inconsistent { what: "its ticks have no numbers" })?;
        self.writer.begin_tick(number, replica.held_count())?;
        for (record, states, _) in replica.facets() {
            let unknown = FramesError::Inconsistent { what: "a slot has no entity number" };
            let Some(&entity) = self.header.entities.get(record.slot.index()) else { return Err(unknown) };
            let Some(archetype) = self.header.trace.archetypes.get(usize::from(record.kind.0)) else {
                return Err(unknown);
            };
            self.left = self.left.checked_sub(6 + 4 * states.len() as u64).ok_or(FramesError::Swollen)?;
            self.values.clear();
            self.values.extend(archetype.fields.iter().map(zero_of));
            for (field, part) in places(&self.layout, usize::from(record.kind.0)) {
                let (Some(value), Some(state)) = (self.values.get_mut(field), states.get(part)) else {
                    return Err(unknown);
                };
                *value = value.wrapping_add(state.code);
            }
            self.writer.push(entity, record.kind.0 as u8, &self.values)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::measure;
    use crate::codec::options::Asked;
    use crate::codec::progress::Progress;
    use crate::codec::trace::Trace;
    use shared::bits::BitWriter;
    use shared::wire::FrameHeader;

    const HEADER: &str =
        r#"{"name":"w","ticks":8,"archetypes":[{"name":"a","fields":[{"name":"x","min":0,"max":99}]}]}"#;

    /// The frames of something that moves.
    fn frames() -> Vec<u8> {
        let mut trace = Trace::new(TraceHeader::from_json(HEADER.as_bytes()).unwrap());
        for tick in 0..8 {
            trace.begin_tick(tick);
            trace.push(3, 0, &[7 * tick as i32]);
        }
        let mut frames = Vec::new();
        measure(trace, Asked::default(), Some(&mut frames), &Progress::silent()).unwrap();
        frames
    }

    #[test]
    fn without_the_full_frame_nothing_is_proven_and_nothing_restored() {
        let frames = frames();
        assert_eq!(restore(frames.as_slice(), Vec::new()).unwrap(), 4);
        let mut left = &frames[8..];
        let [json, tables, _] = ["JSON", "tables", "full"].map(|what| part(&mut left, what).unwrap());
        let mut nothing = BitWriter::new();
        FrameHeader::keep_alive(Tick(1)).write(&mut nothing);
        let mut writer = FramesWriter { output: MAGIC.to_vec() };
        [json, tables, nothing.into_bytes()].iter().for_each(|bytes| writer.part(bytes).unwrap());
        let changed = [writer.output.as_slice(), left].concat();
        assert!(matches!(restore(changed.as_slice(), Vec::new()), Err(FramesError::Inconsistent { .. })));
    }
}
