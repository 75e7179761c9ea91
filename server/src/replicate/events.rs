//! What the game told, waiting for one client: reliable, in order, bounded.
//!
//! Events ride on state frames: who gets a frame now is told this tick's events in it, as many as [`EVENT_BYTES_WAITING_MAX`] bytes
//! hold; the rest waits, in order, and so does everything while a client is skipped. What *waits* after a tick is bounded: more than
//! [`EVENTS_WAITING_MAX`] events or that many bytes, and the client is closed with a code that says so, and may come again.
//!
//! ```text
//!   pushed ─► waiting ─► a frame
//!                └─ too many: slow ─► closed     paused ─► dropped, all of them; the next frame says so
//! ```
//!
//! Who paused did nothing wrong: a hidden tab in a lively match must find its place again. It is told that it missed something.

use super::lane::Shared;
use super::view::View;
use shared::bits::BitWriter;
use shared::codec::contexts::{Use, number};
use shared::ids::EntityId;
use shared::limits::{EVENT_BYTES_WAITING_MAX, EVENTS_WAITING_MAX};
use shared::schema::Section;
use shared::wire::values::{NO_REFERENCE, is_reference, write_values};
use std::collections::VecDeque;
use std::sync::Arc;

/// One event; shared by all lanes that it waits in.
#[derive(Debug)]
pub struct Told {
    /// Position in the schema's events.
    pub kind: u8,
    /// Its codes; a reference is an `EntityId`'s number.
    pub codes: Vec<i32>,
}

/// One client's events.
#[derive(Clone, Debug, Default)]
pub struct EventLane {
    waiting: VecDeque<Arc<Told>>,
    bytes: usize,
    /// It paused since its last frame: what waits may be dropped.
    paused: bool,
    /// What waited was dropped since its last frame.
    lost: bool,
}

/// A lane that overflowed: its client cannot be told everything any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

impl Told {
    /// How much of a lane it takes, and at most of a frame.
    const fn bytes(&self) -> usize {
        1 + self.codes.len() * 4
    }
}

impl EventLane {
    /// The lane of a client that was away: what was told meanwhile is lost, and its first frame says so.
    #[must_use]
    pub fn broken() -> Self {
        Self { lost: true, ..Self::default() }
    }

    /// An event goes with the next frame, perhaps with this tick's.
    pub fn push(&mut self, told: &Arc<Told>) {
        self.bytes += told.bytes();
        self.waiting.push_back(Arc::clone(told));
    }

    /// From now until its next frame the client takes no events, because it said so.
    pub const fn pause(&mut self) {
        self.paused = true;
    }

    /// A tick is over, its frame written or not: what waits now is bounded.
    ///
    /// # Errors
    /// [`Overflow`] if more waits than may, and the client did not pause.
    pub fn settle(&mut self) -> Result<(), Overflow> {
        if self.waiting.len() <= EVENTS_WAITING_MAX && self.bytes <= EVENT_BYTES_WAITING_MAX {
            return Ok(());
        }
        if !self.paused {
            return Err(Overflow);
        }
        self.waiting.clear();
        self.bytes = 0;
        self.lost = true;
        Ok(())
    }

    /// There is nothing to say, not even that something was lost.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && !self.lost
    }

    /// Writes whether some were lost, then what waits, as much as a frame may take, and lets go of it. A reference to what this
    /// client does not hold reads "none". `codes` is scratch.
    pub(super) fn write(&mut self, out: &mut BitWriter, codes: &mut Vec<i32>, shared: Shared<'_>, view: &View) {
        let Shared { tables, schema, facets, .. } = shared;
        let count = self.fitting();
        out.write_bool(std::mem::take(&mut self.lost));
        self.paused = false;
        tables.code(number(Use::EventCount)).write_number(out, count as u32);
        for told in self.waiting.drain(..count) {
            self.bytes -= told.bytes();
            let Some(declaration) = schema.events.get(usize::from(told.kind)) else { continue };
            out.write(u32::from(told.kind), 8);
            codes.clear();
            codes.extend_from_slice(&told.codes);
            let mut at = 0;
            for field in &declaration.fields {
                if is_reference(field) {
                    let held = |&slot: &shared::ids::Slot| view.holding(Section::Everyone).held.contains(slot);
                    let slot = facets.anchor(EntityId(codes[at] as u32)).filter(held);
                    codes[at] = slot.map_or(NO_REFERENCE, |slot| i32::from(slot.0));
                }
                at += field.part_count();
            }
            write_values(out, declaration, codes);
        }
    }

    /// How many of those that wait one frame takes.
    fn fitting(&self) -> usize {
        if self.bytes <= EVENT_BYTES_WAITING_MAX {
            return self.waiting.len();
        }
        let mut bytes = 0;
        let fits = |told: &&Arc<Told>| {
            bytes += told.bytes();
            bytes <= EVENT_BYTES_WAITING_MAX
        };
        self.waiting.iter().take_while(fits).count()
    }
}
