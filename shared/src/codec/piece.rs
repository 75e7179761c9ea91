//! One facet's change in one tick: what was not as predicted, as one bit string that serves every client.
//!
//! ```text
//!   per group of parts:  mask symbol                 which parts were guessed wrong; context: the mask of its last piece
//!   per such part:       residual - 1, zigzagged     by how much; context: the size class of its last residual
//! ```
//!
//! A facet that moved exactly as predicted has no piece. PROTOCOL.md, "Pieces".

use super::contexts::{self, Sink};
use super::predictor::{PartState, class_of};
use super::tables::Tables;
use super::turn;
use crate::bits::varint::{unzigzag, zigzag};
use crate::bits::{BitReader, DecodeError};
use crate::limits::GROUP_PARTS_MAX;
use crate::schema::facet::{FacetLayout, Step};
use crate::schema::field::Motion;
use crate::schema::{Layout, Part};

/// What was not as predicted in one facet and tick. Its states stay at the guess until [`write_piece`] corrects them.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misses {
    /// The bits of the parts that were guessed wrong.
    found: u64,
}

impl Misses {
    /// There is something to be sent.
    #[must_use]
    pub const fn any(self) -> bool {
        self.found != 0
    }
}

/// What [`predict`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Predicted {
    /// The states are not as they were.
    pub moved: bool,
    /// What was guessed wrong: if there is any, there is a piece.
    pub misses: Misses,
}

/// Moves every part to its guess: once per tick for a facet that has no piece. Says whether anything moved.
#[inline]
pub fn advance(facet: &FacetLayout, states: &mut [PartState]) -> bool {
    let mut moved = false;
    let leading = facet.parts.iter().take(facet.steps.len());
    for (part, state) in leading.zip(states.iter_mut()) {
        moved |= state.advance(part);
    }
    for at in facet.steps.len()..facet.following {
        let lead = lead_of(facet, at, states, &[], 0);
        moved |= follow(facet, states, at, lead);
    }
    for at in facet.turns() {
        if let (Some(part), Some(states)) = (facet.parts.get(at + 1), states.get_mut(at..at + 4)) {
            moved |= turn::advance(part, states);
        }
    }
    moved
}

/// Moves a part that follows another to its guess.
fn follow(facet: &FacetLayout, states: &mut [PartState], at: usize, lead: i32) -> bool {
    let (Some(part), Some(state)) = (facet.parts.get(at), states.get_mut(at)) else { return false };
    state.follow(part, lead);
    true
}

/// The value, in this tick, of the part that the one at `at` follows: if it is one of those that were `found` wrong, the row's.
fn lead_of(facet: &FacetLayout, at: usize, states: &[PartState], row: &[i32], found: u64) -> i32 {
    let Some(Motion::Follow { lead, .. }) = facet.parts.get(at).map(|part| part.motion) else { return 0 };
    let lead = usize::from(lead);
    let (Some(part), Some(state)) = (facet.parts.get(lead), states.get(lead)) else { return 0 };
    let corrected = row.get(lead).filter(|_| found & bit(lead) != 0);
    part.value(corrected.copied().unwrap_or(state.code))
}

/// A part's bit in a mask of all groups, the first group's lowest.
const fn bit(at: usize) -> u64 {
    1 << (at % u64::BITS as usize)
}

/// Moves every part to its guess and compares with `row`; [`write_piece`] then corrects what was wrong. Constant parts are
/// left alone; a part that moves may be off by its tolerance.
///
/// # Panics
/// If `row` or `states` are shorter than the facet: our own bug.
#[inline]
pub fn predict(facet: &FacetLayout, states: &mut [PartState], row: &[i32]) -> Predicted {
    let (mut moving, mut found) = guess(facet, states, row);
    if !facet.simple {
        (moving, found) = predict_more(facet, states, row, (moving, found));
    }
    Predicted { moved: moving != 0 || found != 0, misses: Misses { found } }
}

/// What simple facets do not take: tolerances, parts that follow others, rotations.
#[inline(never)]
fn predict_more(
    facet: &FacetLayout,
    states: &mut [PartState],
    row: &[i32],
    (mut moving, mut found): (i32, u64),
) -> (i32, u64) {
    if found != 0 {
        found = beyond_tolerance(facet, states, row, found);
    }
    if facet.steps.len() < facet.following {
        moving = 1;
        found = predict_followers(facet, states, row, found);
    }
    if facet.following < facet.moving {
        let (turned, wrong) = predict_turns(facet, states, row);
        moving |= i32::from(turned);
        found |= wrong;
    }
    (moving, found)
}

/// Moves the parts that follow nobody. Gives something other than 0 if any moved, and the bits of those that are not as in the
/// row.
#[inline]
fn guess(facet: &FacetLayout, states: &mut [PartState], row: &[i32]) -> (i32, u64) {
    let (mut moving, mut found) = (0, 0);
    let count = facet.steps.len();
    assert!(row.len() >= count && states.len() >= count, "a row shorter than its facet");
    let (Some(states), Some(row)) = (states.get_mut(..count), row.get(..count)) else { return (0, 0) };
    // Backwards, so that the first part's bit is the last to be put in.
    for ((step, state), &code) in facet.steps.iter().zip(states).zip(row).rev() {
        moving |= state.speed;
        // Speeds in parts of a code have the fraction added, of which what runs over is whole codes.
        let along = state.speed.wrapping_add(i32::from(state.fraction));
        let next = state.code.wrapping_add(along.wrapping_shr(step.fraction_bits));
        if (next as u32) < step.codes {
            state.code = next;
            state.fraction = (along & 1i32.wrapping_shl(step.fraction_bits).wrapping_sub(1)) as i16;
        } else {
            moving |= i32::from(state.advance(&step.part));
        }
        found = found << 1 | u64::from(state.code != code);
    }
    (moving, found)
}

/// Those of the parts that were `found` wrong which clients may not be left to.
fn beyond_tolerance(facet: &FacetLayout, states: &[PartState], row: &[i32], found: u64) -> u64 {
    let mut beyond = 0;
    for (at, ((part, state), &code)) in facet.parts.iter().zip(states).zip(row).enumerate() {
        let off = state.residual_to(part, code).unsigned_abs();
        let tolerated = state.speed != 0 && off <= u32::from(part.tolerance);
        beyond |= if tolerated { 0 } else { found & bit(at) };
    }
    beyond
}

/// Moves the parts that follow others, and adds the bits of those that are not as in the row.
fn predict_followers(facet: &FacetLayout, states: &mut [PartState], row: &[i32], mut found: u64) -> u64 {
    for at in facet.steps.len()..facet.following {
        let lead = lead_of(facet, at, states, row, found);
        follow(facet, states, at, lead);
        if let (Some(state), Some(&code)) = (states.get(at), row.get(at))
            && state.code != code
        {
            found |= bit(at);
        }
    }
    found
}

/// Moves rotations; where another part than guessed is the largest, the guess leaves that one out from here on. Says whether any
/// moved, and which parts are not as in the row.
fn predict_turns(facet: &FacetLayout, states: &mut [PartState], row: &[i32]) -> (bool, u64) {
    let (mut moved, mut found) = (false, 0);
    for at in facet.turns() {
        let (Some(part), Some(states), Some(row)) =
            (facet.parts.get(at + 1), states.get_mut(at..at + 4), row.get(at..at + 4))
        else {
            continue;
        };
        moved |= turn::advance(part, states);
        if let (&[guessed, ..], &[which, ..]) = (&*states, row) {
            turn::leave_out(part, states, guessed.code, which);
        }
        for (place, (state, &code)) in states.iter().zip(row).enumerate() {
            if state.code != code {
                found |= bit(at + place);
            }
        }
    }
    (moved, found)
}

/// Corrects the rotations, if there are any, of which something was found wrong; which part is the largest is corrected already.
#[inline(never)]
fn correct_turns(facet: &FacetLayout, states: &mut [PartState], row: &[i32], found: u64) {
    for at in facet.turns().filter(|&at| found >> (at % 64) & 0xF != 0) {
        if let (Some(part), Some(states), Some(&[_, x, y, z])) =
            (facet.parts.get(at + 1), states.get_mut(at..at + 4), row.get(at..at + 4))
            && let &mut [_, a, b, c] = &mut *states
        {
            let residuals = [x.wrapping_sub(a.code), y.wrapping_sub(b.code), z.wrapping_sub(c.code)];
            turn::correct(part, states, residuals);
        }
    }
}

/// Writes what [`predict`] left to be written, and corrects it. Inverse of [`read_piece`].
pub fn write_piece(
    sink: &mut impl Sink,
    layout: &Layout,
    facet: &FacetLayout,
    states: &mut [PartState],
    row: &[i32],
    misses: Misses,
) {
    let lone = u64::from(facet.groups.len() == 1);
    let mut found = misses.found;
    let mut first = 0usize;
    for group in &facet.groups {
        let Some(state) = states.get_mut(first) else { return };
        let mut mask = found & GROUP_BITS;
        let before = std::mem::replace(&mut state.mask, mask as u8);
        sink.symbol(contexts::mask(layout, group.context, before), mask.wrapping_sub(lone) as usize);
        while mask != 0 {
            let at = first.wrapping_add(mask.trailing_zeros() as usize);
            mask &= mask.wrapping_sub(1);
            let (Some(state), Some(&code)) = (states.get_mut(at), row.get(at)) else { return };
            let context = contexts::residual(facet.context.wrapping_add(at), state.class);
            let residual = match facet.steps.get(at) {
                Some(step) if step.plain => correct_plain(step, state, code),
                _ => correct(facet, state, code, at),
            };
            sink.number(context, zigzag(residual).wrapping_sub(1));
        }
        first = first.wrapping_add(GROUP_PARTS_MAX);
        found >>= GROUP_PARTS_MAX;
    }
    if !facet.simple {
        correct_turns(facet, states, row, misses.found);
    }
}

/// [`PartState::correct`] where that only adds. Gives the residual.
#[inline]
fn correct_plain(step: &Step, state: &mut PartState, code: i32) -> i32 {
    // Codes of what does not wrap are below 2^26, and so are speeds: nothing here is over 2^28.
    let residual = code.wrapping_sub(state.code);
    let speed = state.speed.wrapping_add(residual);
    state.speed = if speed.unsigned_abs() > step.speed_max { 0 } else { speed };
    state.code = code;
    state.class = class_of(residual);
    residual
}

/// Corrects any part. Gives the residual.
#[inline(never)]
fn correct(facet: &FacetLayout, state: &mut PartState, code: i32, at: usize) -> i32 {
    let Some(part) = facet.parts.get(at) else { return 0 };
    let residual = state.residual_to(part, code);
    // The three of a rotation are corrected together.
    if !matches!(part.motion, Motion::Turn { axis: 1.., .. }) {
        state.correct(part, residual);
    }
    residual
}

/// A group's bits of a mask of all groups.
const GROUP_BITS: u64 = (1 << GROUP_PARTS_MAX) - 1;

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
    let inconsistent = DecodeError::Inconsistent { field: "piece" };
    let (mut any, mut at, mut turned) = (0, 0, [0; 3]);
    for group in &facet.groups {
        let first = states.get_mut(at).ok_or(inconsistent)?;
        let context = contexts::mask(layout, group.context, first.mask);
        let mut mask = tables.code(context).read_symbol(reader, "change mask")? + lone;
        first.mask = mask as u8;
        any |= mask;
        for _ in 0..group.parts {
            let missed = mask & 1 != 0;
            if at >= facet.following {
                read_turn((reader, tables), facet, states, at, missed, &mut turned)?;
            } else {
                let lead = if at < facet.steps.len() { 0 } else { lead_of(facet, at, states, &[], 0) };
                let (Some(part), Some(state)) = (facet.parts.get(at), states.get_mut(at)) else {
                    return Err(inconsistent);
                };
                if at < facet.steps.len() {
                    state.advance(part);
                } else {
                    state.follow(part, lead);
                }
                if missed {
                    let residual = read_residual(reader, tables, part, facet.context + at, state)?;
                    state.correct(part, residual);
                }
            }
            mask >>= 1;
            at += 1;
        }
    }
    if any != 0 { Ok(()) } else { Err(DecodeError::Inconsistent { field: "change mask" }) }
}

/// Reads what a piece says of one of a rotation's four parts. `turned` keeps what it says of the three, until all are read.
fn read_turn(
    (reader, tables): (&mut BitReader<'_>, &Tables),
    facet: &FacetLayout,
    states: &mut [PartState],
    at: usize,
    missed: bool,
    turned: &mut [i32; 3],
) -> Result<(), DecodeError> {
    let place = (at - facet.following) % 4;
    let first = at - place;
    let (Some(parts), Some(states)) = (facet.parts.get(first..first + 4), states.get_mut(first..first + 4)) else {
        return Err(DecodeError::Inconsistent { field: "piece" });
    };
    let (&[_, three, ..], Some(part)) = (parts, parts.get(place)) else { return Ok(()) };
    if place == 0 {
        turn::advance(&three, states);
        *turned = [0; 3];
    }
    let Some(&state) = states.get(place) else { return Ok(()) };
    if missed {
        let residual = read_residual(reader, tables, part, facet.context + at, &state)?;
        match turned.get_mut(place.wrapping_sub(1)) {
            Some(turned) => *turned = residual,
            None => {
                let which = state.code.wrapping_add(residual);
                turn::leave_out(&three, states, state.code, which);
                if let Some(state) = states.first_mut() {
                    state.correct(part, residual);
                }
            }
        }
    }
    if place == 3 {
        turn::correct(&three, states, *turned);
    }
    Ok(())
}

fn read_residual(
    reader: &mut BitReader<'_>,
    tables: &Tables,
    part: &Part,
    number: usize,
    state: &PartState,
) -> Result<i32, DecodeError> {
    let number = tables.code(contexts::residual(number, state.class)).read_number(reader, "residual")?;
    let residual = unzigzag(number.wrapping_add(1));
    if residual == 0 || !state.accepts(part, residual) {
        let got = i64::from(state.code) + i64::from(residual);
        return Err(DecodeError::OutOfRange { field: "residual", got, min: 0, max: i64::from(part.last) });
    }
    Ok(residual)
}
