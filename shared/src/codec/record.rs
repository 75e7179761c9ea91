//! One facet's whole state, for who does not have it: made at most once per tick, shared by all who need it.
//!
//! ```text
//!   slot · facet kind · anchor's slot (unless it is the anchor) · per part: code [· delta] [· class]
//! ```
//!
//! It is the state *after* its tick, with everything that the next guess and the next context depend on: forgetting one
//! of these would part only those who joined late. PROTOCOL.md, "Records".

use super::predictor::{CLASSES, PartState};
use crate::bits::varint::{read_number, unzigzag, write_number, zigzag};
use crate::bits::{BitReader, BitWriter, DecodeError};
use crate::ids::Slot;
use crate::schema::facet::{FacetKind, Layout};
use crate::schema::field::Predictor;

/// What a record names, before its states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The facet's slot.
    pub slot: Slot,
    /// What it is.
    pub kind: FacetKind,
    /// The slot of its entity's anchor; its own, if it is the anchor.
    pub anchor: Slot,
}

/// Bits of a residual class.
const CLASS_BITS: u32 = 3;

/// Writes a record. Inverse of [`read_record`].
pub fn write_record(writer: &mut BitWriter, layout: &Layout, record: Record, states: &[PartState]) {
    writer.write(u32::from(record.slot.0), layout.slot_bits());
    writer.write(u32::from(record.kind.0), layout.facet_bits());
    let Some(facet) = layout.facet(record.kind) else { return };
    if !facet.anchor {
        writer.write(u32::from(record.anchor.0), layout.slot_bits());
    }
    for ((part, state), constant) in facet.parts.iter().zip(states).zip(&facet.constant) {
        writer.write(state.code as u32, part.bits);
        if *constant {
            continue;
        }
        if part.predictor == Predictor::Linear {
            write_number(writer, zigzag(state.delta));
        }
        writer.write(u32::from(state.class), CLASS_BITS);
    }
}

/// Reads a record; its states are put into `states`, which is cleared first.
///
/// # Errors
/// [`DecodeError`]: truncated, no such facet, or a value out of range.
pub fn read_record(
    reader: &mut BitReader<'_>,
    layout: &Layout,
    states: &mut Vec<PartState>,
) -> Result<Record, DecodeError> {
    let slot = Slot(reader.read(layout.slot_bits(), "slot")? as u16);
    let kinds = layout.facets().len() as u32;
    let kind = FacetKind(reader.read_at_most(kinds.saturating_sub(1), layout.facet_bits(), "facet kind")? as u16);
    let facet = layout.facet(kind).ok_or(DecodeError::Inconsistent { field: "facet kind" })?;
    let anchor = if facet.anchor { slot } else { Slot(reader.read(layout.slot_bits(), "anchor")? as u16) };
    states.clear();
    for (part, constant) in facet.parts.iter().zip(&facet.constant) {
        let mut state = PartState::new(reader.read_at_most(part.codes - 1, part.bits, "code")? as i32);
        if !*constant {
            if part.predictor == Predictor::Linear {
                state.delta = unzigzag(read_number(reader, "delta")?);
                let bound = part.codes as i32;
                if !(-bound..=bound).contains(&state.delta) {
                    let got = i64::from(state.delta);
                    let (min, max) = (-i64::from(bound), i64::from(bound));
                    return Err(DecodeError::OutOfRange { field: "delta", got, min, max });
                }
            }
            state.class = reader.read_at_most(CLASSES as u32 - 1, CLASS_BITS, "class")? as u8;
        }
        states.push(state);
    }
    Ok(Record { slot, kind, anchor })
}
