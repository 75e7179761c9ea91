//! One facet's change in one tick: what was not as predicted, as one bit string that serves every client.
//!
//! ```text
//!   per group of parts:  mask symbol                 which parts were guessed wrong; context: the mask of its last piece
//!   per such part:       residual - 1, zigzagged     by how much; context: the size class of its last residual
//! ```
//!
//! A facet that moved exactly as predicted has no piece. PROTOCOL.md, "Pieces".

use super::contexts::{self, Sink};
use super::predictor::PartState;
use super::tables::Tables;
use crate::bits::varint::{unzigzag, zigzag};
use crate::bits::{BitReader, DecodeError};
use crate::limits::{FACET_PARTS_MAX, GROUP_PARTS_MAX};
use crate::schema::facet::{FacetLayout, Group};
use crate::schema::field::Motion;
use crate::schema::{Layout, Part};

/// Groups that one facet may have.
const GROUPS_MAX: usize = FACET_PARTS_MAX.div_ceil(GROUP_PARTS_MAX);

/// What was not as predicted in one facet and tick: the stuff of its piece.
#[derive(Clone, Debug)]
pub struct Misses {
    /// Per group: which parts were guessed wrong, and which the last piece had corrected.
    masks: [(u8, u8); GROUPS_MAX],
    /// Per wrong part, in order: its residual and the class of the one before.
    residuals: [(i32, u8); FACET_PARTS_MAX],
}

impl Default for Misses {
    fn default() -> Self {
        Self { masks: [(0, 0); GROUPS_MAX], residuals: [(0, 0); FACET_PARTS_MAX] }
    }
}

/// Moves every part to its guess: once per tick for a facet that has no piece. Says whether anything moved.
#[inline]
pub fn advance(facet: &FacetLayout, states: &mut [PartState]) -> bool {
    let mut moved = false;
    for &at in facet.groups.iter().flat_map(|group| &group.parts) {
        moved |= advance_part(facet, states, usize::from(at));
    }
    moved
}

/// Moves one part to its guess; who leads it was moved, and corrected, before.
#[inline]
fn advance_part(facet: &FacetLayout, states: &mut [PartState], at: usize) -> bool {
    let Some(part) = facet.parts.get(at) else { return false };
    let lead = lead_of(facet, part, states);
    let Some(state) = states.get_mut(at) else { return false };
    if !state.moves(part) {
        return false;
    }
    state.advance(part, lead);
    true
}

/// The value of the part that leads this one; 0 if none does.
#[inline]
fn lead_of(facet: &FacetLayout, part: &Part, states: &[PartState]) -> i32 {
    let Motion::Follow { lead, .. } = part.motion else { return 0 };
    match (facet.parts.get(usize::from(lead)), states.get(usize::from(lead))) {
        (Some(part), Some(state)) => part.value(state.code),
        _ => 0,
    }
}

/// What [`predict`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Predicted {
    /// The states are not as they were.
    pub moved: bool,
    /// Something was guessed wrong: there is a piece.
    pub missed: bool,
}

/// Moves every part to its guess, compares with `row`, corrects, and leaves in `misses` what must be sent. Constant parts
/// are left alone; a part that moves may be off by its tolerance.
///
/// # Panics
/// If `row` or `states` are shorter than the facet: our own bug.
#[inline]
pub fn predict(facet: &FacetLayout, states: &mut [PartState], row: &[i32], misses: &mut Misses) -> Predicted {
    assert!(row.len() >= facet.parts.len() && states.len() >= facet.parts.len(), "a row shorter than its facet");
    let mut moved = false;
    let mut found = 0;
    for (group, masks) in facet.groups.iter().zip(&mut misses.masks) {
        let (mut mask, mut last) = (0, 0);
        for (bit, &at) in group.parts.iter().enumerate() {
            let at = usize::from(at);
            let (Some(part), Some(&code)) = (facet.parts.get(at), row.get(at)) else { continue };
            let lead = lead_of(facet, part, states);
            let Some(state) = states.get_mut(at) else { continue };
            last |= u8::from(state.missed) << bit;
            if state.moves(part) {
                state.advance(part, lead);
                moved = true;
            }
            let residual = state.residual_to(part, code);
            if residual == 0 || (state.speed != 0 && residual.unsigned_abs() <= u32::from(part.tolerance)) {
                continue;
            }
            mask |= 1 << bit;
            if let Some(place) = misses.residuals.get_mut(found) {
                *place = (residual, state.class);
            }
            found += 1;
            state.correct(part, residual);
        }
        *masks = (mask, last);
    }
    if found == 0 {
        return Predicted { moved, missed: false };
    }
    for (group, masks) in facet.groups.iter().zip(&misses.masks) {
        remember_mask(group, states, u32::from(masks.0));
    }
    Predicted { moved: true, missed: true }
}

/// Writes what [`predict`] left, if there is a piece. Inverse of [`read_piece`].
#[inline]
pub fn write_piece(sink: &mut impl Sink, layout: &Layout, facet: &FacetLayout, misses: &Misses) {
    let lone = usize::from(facet.groups.len() == 1);
    let mut residuals = misses.residuals.iter();
    for (group, &(mask, last)) in facet.groups.iter().zip(&misses.masks) {
        sink.symbol(contexts::mask(layout, group.context, usize::from(last)), usize::from(mask) - lone);
        for (bit, &at) in group.parts.iter().enumerate() {
            if mask & 1 << bit == 0 {
                continue;
            }
            let Some(&(residual, class)) = residuals.next() else { return };
            sink.number(contexts::residual(facet.context + usize::from(at), class), zigzag(residual) - 1);
        }
    }
}

/// Reads a piece: moves every part to its guess and corrects those that the piece names.
///
/// # Errors
/// [`DecodeError`]: truncated, or a value outside its part's range. The states are then half corrected: resync.
pub fn read_piece(
    reader: &mut BitReader<'_>,
    layout: &Layout,
    tables: &Tables,
    facet: &FacetLayout,
    states: &mut [PartState],
) -> Result<(), DecodeError> {
    let lone = usize::from(facet.groups.len() == 1);
    let mut any = false;
    for group in &facet.groups {
        let context = contexts::mask(layout, group.context, last_mask(group, states));
        let mask = (tables.code(context).read_symbol(reader, "change mask")? + lone) as u32;
        any |= mask != 0;
        for (bit, &at) in group.parts.iter().enumerate() {
            let at = usize::from(at);
            advance_part(facet, states, at);
            if mask & 1 << bit == 0 {
                continue;
            }
            let (Some(part), Some(state)) = (facet.parts.get(at), states.get_mut(at)) else {
                return Err(DecodeError::Inconsistent { field: "piece" });
            };
            read_residual(reader, tables, part, facet.context + at, state)?;
        }
        remember_mask(group, states, mask);
    }
    if any { Ok(()) } else { Err(DecodeError::Inconsistent { field: "change mask" }) }
}

fn read_residual(
    reader: &mut BitReader<'_>,
    tables: &Tables,
    part: &Part,
    context: usize,
    state: &mut PartState,
) -> Result<(), DecodeError> {
    let number = tables.code(contexts::residual(context, state.class)).read_number(reader, "residual")?;
    let residual = unzigzag(number.wrapping_add(1));
    if residual == 0 || !state.accepts(part, residual) {
        let got = i64::from(state.code) + i64::from(residual);
        return Err(DecodeError::OutOfRange { field: "residual", got, min: 0, max: i64::from(part.last) });
    }
    state.correct(part, residual);
    Ok(())
}

/// Which parts of a group the facet's last piece corrected.
#[inline]
pub(crate) fn last_mask(group: &Group, states: &[PartState]) -> usize {
    let missed = |at: &u8| states.get(usize::from(*at)).is_some_and(|state| state.missed);
    group.parts.iter().enumerate().map(|(bit, at)| usize::from(missed(at)) << bit).sum()
}

#[inline]
pub(crate) fn remember_mask(group: &Group, states: &mut [PartState], mask: u32) {
    for (bit, &at) in group.parts.iter().enumerate() {
        if let Some(state) = states.get_mut(usize::from(at)) {
            state.missed = mask & 1 << bit != 0;
        }
    }
}
