//! What the game told, waiting for one client: reliable, in order, bounded.
//!
//! Events ride on state frames, so they wait while a client is skipped. A lane holds at most [`EVENTS_WAITING_MAX`] events or
//! [`EVENT_BYTES_WAITING_MAX`] bytes; beyond it the client is closed with a code that says so, and may come again.

use super::facets::Facets;
use super::view::View;
use shared::bits::BitWriter;
use shared::codec::Tables;
use shared::codec::contexts::{Use, number};
use shared::ids::EntityId;
use shared::limits::{EVENT_BYTES_WAITING_MAX, EVENTS_WAITING_MAX};
use shared::schema::{Schema, Section};
use shared::wire::values::{NO_REFERENCE, is_reference, write_values};
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
    waiting: Vec<Arc<Told>>,
    bytes: usize,
}

/// A lane that overflowed: its client cannot be told everything any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

impl EventLane {
    /// An event waits for the next frame.
    ///
    /// # Errors
    /// [`Overflow`] if the lane is full.
    pub fn push(&mut self, told: &Arc<Told>) -> Result<(), Overflow> {
        let bytes = 1 + told.codes.len() * 4;
        if self.waiting.len() >= EVENTS_WAITING_MAX || self.bytes + bytes > EVENT_BYTES_WAITING_MAX {
            return Err(Overflow);
        }
        self.bytes += bytes;
        self.waiting.push(Arc::clone(told));
        Ok(())
    }

    /// Nothing waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Writes all that waits, and empties the lane. A reference to what this client does not hold reads "none".
    pub fn write(&mut self, out: &mut BitWriter, tables: &Tables, schema: &Schema, view: &View, facets: &Facets) {
        tables.code(number(Use::EventCount)).write_number(out, self.waiting.len() as u32);
        for told in self.waiting.drain(..) {
            let Some(declaration) = schema.events.get(usize::from(told.kind)) else { continue };
            out.write(u32::from(told.kind), 8);
            let mut codes = told.codes.clone();
            let mut at = 0;
            for field in &declaration.fields {
                if is_reference(field) {
                    let held = |&slot: &shared::ids::Slot| view.holding(Section::Everyone).held.contains(slot);
                    let slot = facets.anchor(EntityId(codes[at] as u32)).filter(held);
                    codes[at] = slot.map_or(NO_REFERENCE, |slot| i32::from(slot.0));
                }
                at += field.part_count();
            }
            write_values(out, declaration, &codes);
        }
        self.bytes = 0;
    }
}
