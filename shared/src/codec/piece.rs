//! One facet's change in one tick: what was not as predicted, as one bit string that serves every client.
//!
//! ```text
//!   per group of parts:  mask symbol                 which parts were guessed wrong
//!   per such part:       residual - 1, zigzagged     by how much, in the code of its last residual's size class
//! ```
//!
//! A facet that moved exactly as predicted has no piece. PROTOCOL.md, "Pieces".

use super::mask::{read_mask, write_mask};
use super::predictor::PartState;
use super::tables::Tables;
use crate::bits::varint::{unzigzag, zigzag};
use crate::bits::{BitReader, BitWriter, DecodeError};
use crate::schema::facet::FacetLayout;

/// Moves every part to its guess: once per facet and tick, before its piece (if it has one) is written or read.
#[inline]
pub fn advance(facet: &FacetLayout, states: &mut [PartState]) {
    for (part, state) in facet.parts.iter().zip(states) {
        state.advance(part);
    }
}

/// Writes what was not as predicted and corrects `states` (advanced before) to `row`; false, and not a bit, if all was.
/// Constant parts are left alone. Inverse of [`read_piece`].
///
/// # Panics
/// If `row` or `states` are shorter than the facet: our own bug.
pub fn write_piece(
    writer: &mut BitWriter,
    tables: &Tables,
    facet: &FacetLayout,
    states: &mut [PartState],
    row: &[i32],
) -> bool {
    assert!(row.len() >= facet.parts.len() && states.len() >= facet.parts.len(), "a row shorter than its facet");
    let changed = facet
        .groups
        .iter()
        .flat_map(|group| &group.parts)
        .any(|&part| states.get(usize::from(part)).map(|state| state.code) != row.get(usize::from(part)).copied());
    if !changed {
        return false;
    }
    for group in &facet.groups {
        let mut mask = 0;
        for (bit, &part) in group.parts.iter().enumerate() {
            let part = usize::from(part);
            if states.get(part).map(|state| state.code) != row.get(part).copied() {
                mask |= 1 << bit;
            }
        }
        write_mask(writer, tables, facet, group, mask);
        for (bit, &place) in group.parts.iter().enumerate() {
            let at = usize::from(place);
            let (Some(part), Some(state), Some(&code)) = (facet.parts.get(at), states.get_mut(at), row.get(at)) else {
                continue;
            };
            if mask & 1 << bit != 0 {
                let residual = state.residual_to(part, code);
                tables.residual(facet.context + at, state.class).write_number(writer, zigzag(residual) - 1);
                state.correct(part, residual);
            }
        }
    }
    true
}

/// Reads a piece and corrects `states`, which were advanced before.
///
/// # Errors
/// [`DecodeError`]: truncated, or a value outside its part's range. The states are then half corrected: resync.
pub fn read_piece(
    reader: &mut BitReader<'_>,
    tables: &Tables,
    facet: &FacetLayout,
    states: &mut [PartState],
) -> Result<(), DecodeError> {
    for group in &facet.groups {
        let mask = read_mask(reader, tables, facet, group)?;
        for (bit, &place) in group.parts.iter().enumerate() {
            if mask & 1 << bit == 0 {
                continue;
            }
            let at = usize::from(place);
            let (Some(part), Some(state)) = (facet.parts.get(at), states.get_mut(at)) else {
                return Err(DecodeError::Inconsistent { field: "piece" });
            };
            let number = tables.residual(facet.context + at, state.class).read_number(reader, "residual")?;
            let residual = unzigzag(number.wrapping_add(1));
            if residual == 0 || !state.accepts(part, residual) {
                let got = i64::from(state.code) + i64::from(residual);
                return Err(DecodeError::OutOfRange { field: "residual", got, min: 0, max: i64::from(part.codes) - 1 });
            }
            state.correct(part, residual);
        }
    }
    Ok(())
}
