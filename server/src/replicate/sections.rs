//! Sections that several clients get: those who hold all they may see, exactly, and were last told of the same tick, get the
//! same bytes. They are written once per tick and lane, and copied.
//!
//! ```text
//!   section · generation of the audience · ticks covered  ─►  whole bytes, or nothing to say
//! ```
//!
//! A generation names the content of an audience ([`super::audiences::Audience`]), so equal keys mean equal sets, and no set is
//! compared. Where the game's own rule hides somebody from some, there are a few sets and many who hold each: these are
//! compared.

use shared::bits::BitWriter;
use shared::codec::Lanes;
use shared::schema::Section;
use shared::slot_set::SlotSet;

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

/// A section of those who hold just this.
#[derive(Debug)]
struct Alike {
    section: Section,
    fresh: SlotSet,
    sum: Lanes,
    made: Made,
}

/// The sections of this tick that were made so far.
#[derive(Debug, Default)]
pub(super) struct Sections {
    made: Vec<(Key, Made)>,
    /// The same by what is held, of frames that cover one tick; those beyond `alike_count` are of an older tick.
    alike: Vec<Alike>,
    alike_count: usize,
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
        self.alike_count = 0;
        self.bytes.clear();
    }

    /// What was made for a key.
    pub(super) fn find(&self, key: Key) -> Option<Made> {
        self.made.iter().find(|(known, _)| *known == key).map(|&(_, made)| made)
    }

    /// What was made for those who hold just this of a section, and the sum of it.
    pub(super) fn find_alike(&self, section: Section, fresh: &SlotSet) -> Option<(Made, Lanes)> {
        let known = &self.alike[..self.alike_count];
        known
            .iter()
            .find(|known| known.section == section && known.fresh == *fresh)
            .map(|known| (known.made, known.sum))
    }

    /// No more of these are kept in this tick.
    pub(super) const fn are_full_of_alike(&self) -> bool {
        self.alike_count >= KEPT_MAX
    }

    /// What was made is for all who hold just this of a section, the sum of which this is.
    pub(super) fn keep_alike(&mut self, section: Section, fresh: &SlotSet, (made, sum): (Made, Lanes)) {
        match self.alike.get_mut(self.alike_count) {
            Some(old) => {
                old.fresh.words_mut().copy_from_slice(fresh.words());
                (old.section, old.sum, old.made) = (section, sum, made);
            }
            None => self.alike.push(Alike { section, fresh: fresh.clone(), sum, made }),
        }
        self.alike_count += 1;
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
        let made = self.finish_alike(writer);
        self.made.push((key, made));
        made
    }

    /// What was written since [`Sections::begin`] is kept for this tick; the writer goes on where it was.
    pub(super) fn finish_alike(&mut self, writer: &mut BitWriter) -> Made {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(writer.bytes());
        writer.clear();
        std::mem::swap(writer, &mut self.aside);
        Made { start, end: self.bytes.len() }
    }

    /// The bytes of a section.
    pub(super) fn bytes(&self, made: Made) -> &[u8] {
        &self.bytes[made.start..made.end]
    }
}
