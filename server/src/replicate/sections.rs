//! Sections that several clients get: those who hold all they may see, exactly, and were last told of the same tick, get the
//! same bytes. They are written once per tick and lane, and copied.
//!
//! ```text
//!   section · generation of the audience · ticks covered  ─►  whole bytes, or nothing to say
//! ```
//!
//! A generation names the content of an audience ([`super::audiences::Audience`]), so equal keys mean equal sets, and no set is
//! compared.

use shared::bits::BitWriter;
use shared::schema::Section;

/// What makes two clients' sections equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) section: Section,
    pub(super) generation: u64,
    pub(super) covered: u32,
}

/// Where a section's bytes are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made {
    start: usize,
    end: usize,
}

/// The sections of this tick that were made so far.
#[derive(Debug, Default)]
pub(super) struct Sections {
    made: Vec<(Key, Made)>,
    bytes: Vec<u8>,
    /// While one is written: the frame that it is for, so far.
    aside: BitWriter,
}

/// Sections that are kept: as many teams as a game has, and a few who missed some ticks. Beyond, each client's is written for it
/// alone.
const KEPT_MAX: usize = 32;

impl Sections {
    /// A new tick: what was made is old.
    pub(super) fn next_tick(&mut self) {
        self.made.clear();
        self.bytes.clear();
    }

    /// What was made for a key.
    pub(super) fn find(&self, key: Key) -> Option<Made> {
        self.made.iter().find(|(known, _)| *known == key).map(|&(_, made)| made)
    }

    /// No more are kept in this tick.
    pub(super) fn are_full(&self) -> bool {
        self.made.len() >= KEPT_MAX
    }

    /// What is written until [`Sections::finish`] is a section.
    pub(super) fn begin(&mut self, writer: &mut BitWriter) {
        std::mem::swap(writer, &mut self.aside);
    }

    /// What was written since [`Sections::begin`] is kept for a key; the writer goes on where it was.
    pub(super) fn finish(&mut self, writer: &mut BitWriter, key: Key) -> Made {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(writer.bytes());
        writer.clear();
        std::mem::swap(writer, &mut self.aside);
        let made = Made { start, end: self.bytes.len() };
        self.made.push((key, made));
        made
    }

    /// The bytes of a section.
    pub(super) fn bytes(&self, made: Made) -> &[u8] {
        &self.bytes[made.start..made.end]
    }
}
