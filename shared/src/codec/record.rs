//! One facet's whole state, for who does not have it: made at most once per tick, shared by all who need it.
//!
//! ```text
//!   facet kind · slot · anchor's slot (unless it is the anchor) · per part: code · as born or not
//!   if not: per group: mask of the last piece · per part of it: [speed] [fraction] class
//! ```
//!
//! It is the state *after* its tick, with everything that the next guess and the next context depend on: forgetting one
//! of these would part only those who joined late. PROTOCOL.md, "Records".

use super::contexts::{self, Sink};
use super::predictor::{CLASSES, PartState, fraction_bits, has_speed, speed_max};
use super::tables::Tables;
use crate::bits::varint::{unzigzag, zigzag};
use crate::bits::{BitReader, DecodeError};
use crate::ids::Slot;
use crate::limits::GROUP_PARTS_MAX;
use crate::schema::facet::{FacetKind, FacetLayout, Layout};
use crate::schema::field::Part;

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

/// Writes a record. Inverse of [`read_record`].
pub fn write_record(sink: &mut impl Sink, layout: &Layout, record: Record, states: &[PartState]) {
    let Some(facet) = layout.facet(record.kind) else { return };
    sink.symbol(contexts::kind(), usize::from(record.kind.0));
    sink.raw(u32::from(record.slot.0), layout.slot_bits());
    if !facet.anchor {
        sink.raw(u32::from(record.anchor.0), layout.slot_bits());
    }
    for (at, (part, state)) in facet.parts.iter().zip(states).enumerate() {
        let code = if part.zero == 0 { state.code as u32 } else { zigzag(part.value(state.code)) };
        sink.number(contexts::code(facet.context + at), code);
    }
    let born = facet.parts.iter().zip(states).all(|(part, state)| *state == PartState::new(part, state.code));
    sink.symbol(contexts::past(layout, record.kind), usize::from(!born));
    if born {
        return;
    }
    let mut parts = facet.parts.iter().zip(states).enumerate();
    for (group, first) in facet.groups.iter().zip(states.iter().step_by(GROUP_PARTS_MAX)) {
        sink.symbol(contexts::past_mask(layout, group), usize::from(first.mask));
        for (at, (part, state)) in parts.by_ref().take(group.parts) {
            if has_speed(part.motion) {
                sink.number(contexts::speed(facet.context + at), zigzag(state.speed));
            }
            sink.raw(state.fraction as u32, fraction_bits(part.motion));
            sink.symbol(contexts::class(facet.context + at), usize::from(state.class));
        }
    }
}

/// Reads a record; its states are put into `states`, which is cleared first.
///
/// # Errors
/// [`DecodeError`]: truncated, no such facet, or a value out of range.
pub fn read_record(
    reader: &mut BitReader<'_>,
    layout: &Layout,
    tables: &Tables,
    states: &mut Vec<PartState>,
) -> Result<Record, DecodeError> {
    let kind = FacetKind(tables.code(contexts::kind()).read_symbol(reader, "facet kind")? as u16);
    let facet = layout.facet(kind).ok_or(DecodeError::Inconsistent { field: "facet kind" })?;
    let slot = Slot(reader.read(layout.slot_bits(), "slot")? as u16);
    let anchor = if facet.anchor { slot } else { Slot(reader.read(layout.slot_bits(), "anchor")? as u16) };
    states.clear();
    for (at, part) in facet.parts.iter().enumerate() {
        let number = tables.code(contexts::code(facet.context + at)).read_number(reader, "code")?;
        states.push(PartState::new(part, code_of(part, number)?));
    }
    if tables.code(contexts::past(layout, kind)).read_symbol(reader, "past")? != 0 {
        read_past(reader, layout, tables, facet, states)?;
    }
    Ok(Record { slot, kind, anchor })
}

/// The code that a number stands for.
fn code_of(part: &Part, number: u32) -> Result<i32, DecodeError> {
    let code = if part.zero == 0 { number } else { unzigzag(number).wrapping_add(part.zero) as u32 };
    if code > part.last {
        let (got, max) = (i64::from(code), i64::from(part.last));
        return Err(DecodeError::OutOfRange { field: "code", got, min: 0, max });
    }
    Ok(code as i32)
}

/// What a facet went through since it was born.
fn read_past(
    reader: &mut BitReader<'_>,
    layout: &Layout,
    tables: &Tables,
    facet: &FacetLayout,
    states: &mut [PartState],
) -> Result<(), DecodeError> {
    let mut parts = facet.parts.iter().zip(states).enumerate();
    for group in &facet.groups {
        let mut mask = tables.code(contexts::past_mask(layout, group)).read_symbol(reader, "last mask")? as u8;
        for (at, (part, state)) in parts.by_ref().take(group.parts) {
            state.mask = std::mem::take(&mut mask);
            if has_speed(part.motion) {
                let context = contexts::speed(facet.context + at);
                state.speed = unzigzag(tables.code(context).read_number(reader, "speed")?);
                let max = i64::from(speed_max(part));
                let got = i64::from(state.speed);
                if !(-max..=max).contains(&got) {
                    return Err(DecodeError::OutOfRange { field: "speed", got, min: -max, max });
                }
            }
            state.fraction = reader.read(fraction_bits(part.motion), "fraction")? as i16;
            let class = tables.code(contexts::class(facet.context + at)).read_symbol(reader, "class")?;
            state.class = class.min(CLASSES - 1) as u8;
        }
    }
    Ok(())
}
