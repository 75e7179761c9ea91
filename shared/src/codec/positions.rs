//! Ascending positions in a list that both sides know, as gaps or as a bitmap, whichever is shorter.
//!
//! A client's `held` and `fresh` slots, in order, are such lists: a position among 40 is shorter than a slot among 4,096.
//!
//! ```text
//!   count · 0 · gap gap gap …       (position minus the one before, minus 1)
//!   count · 1 · one bit per position of the list
//! ```
//!
//! A count of 0 ends there. PROTOCOL.md, "Positions".

use super::contexts::{Sink, Use, number};
use super::tables::{Packer, Tables};
use crate::bits::{BitReader, BitWriter, DecodeError};

/// What a list of positions says of them: its contexts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PositionsOf {
    /// What has a piece.
    Pieces,
    /// What leaves.
    Leaves,
    /// What becomes stale.
    Demotions,
}

impl PositionsOf {
    const fn contexts(self) -> (usize, usize) {
        match self {
            Self::Pieces => (number(Use::PieceCount), number(Use::PieceGap)),
            Self::Leaves => (number(Use::LeaveCount), number(Use::LeaveGap)),
            Self::Demotions => (number(Use::DemotionCount), number(Use::DemotionGap)),
        }
    }
}

/// Writes ascending positions below `among`. Inverse of [`read_positions`].
///
/// # Panics
/// If they do not ascend or one is not below `among`: our own bug.
pub fn write_positions(packer: &mut Packer<'_>, of: PositionsOf, positions: &[u32], among: u32) {
    let (count, gap) = of.contexts();
    packer.number(count, positions.len() as u32);
    if positions.is_empty() {
        return;
    }
    let code = packer.tables.code(gap);
    let (mut bits, mut next) = (0u32, 0u32);
    for &position in positions {
        assert!(next <= position && position < among, "positions must ascend");
        bits = bits.saturating_add(code.number_bits(position.wrapping_sub(next)));
        next = position.wrapping_add(1);
    }
    let as_bitmap = bits > among;
    packer.writer.write_bool(as_bitmap);
    if as_bitmap {
        return write_bitmap(packer.writer, positions, among);
    }
    next = 0;
    for &position in positions {
        code.write_number(packer.writer, position.wrapping_sub(next));
        next = position.wrapping_add(1);
    }
}

/// A bit for each of so many positions. Inverse of [`read_bitmap`].
fn write_bitmap(writer: &mut BitWriter, positions: &[u32], among: u32) {
    let (mut from, mut bits) = (0, 0);
    for &position in positions {
        while position - from >= 32 {
            writer.write(bits, 32);
            (from, bits) = (from + 32, 0);
        }
        bits |= 1 << (position - from);
    }
    while among - from > 32 {
        writer.write(bits, 32);
        (from, bits) = (from + 32, 0);
    }
    writer.write(bits, among - from);
}

/// The positions below `among` whose bits are set.
fn read_bitmap(reader: &mut BitReader<'_>, among: u32, positions: &mut Vec<u32>) -> Result<(), DecodeError> {
    for at in 0..among {
        if reader.read_bool("bitmap")? {
            positions.push(at);
        }
    }
    Ok(())
}

/// Counts what positions would be written as, by gaps.
pub fn tally_positions(sink: &mut impl Sink, of: PositionsOf, positions: &[u32]) {
    let (count, gap) = of.contexts();
    sink.number(count, positions.len() as u32);
    for step in gaps(positions) {
        sink.number(gap, step);
    }
}

fn gaps(positions: &[u32]) -> impl Iterator<Item = u32> + '_ {
    let before = [None].into_iter().chain(positions.iter().map(Some));
    positions.iter().zip(before).map(|(&position, before)| before.map_or(position, |&before| position - before - 1))
}

/// Reads ascending positions below `among` into `positions`, which is cleared first. Work and memory are bounded by
/// `among`, whatever the bytes say.
///
/// # Errors
/// [`DecodeError`]: truncated, or a position that is not below `among`.
pub fn read_positions(
    reader: &mut BitReader<'_>,
    tables: &Tables,
    of: PositionsOf,
    among: u32,
    positions: &mut Vec<u32>,
) -> Result<(), DecodeError> {
    positions.clear();
    let (count, gap) = of.contexts();
    let gap = tables.code(gap);
    let count = tables.code(count).read_number(reader, "count")?;
    if count > among {
        return Err(DecodeError::Inconsistent { field: "count" });
    }
    if count == 0 {
        return Ok(());
    }
    if reader.read_bool("bitmap")? {
        read_bitmap(reader, among, positions)?;
        if positions.len() != count as usize {
            return Err(DecodeError::Inconsistent { field: "bitmap" });
        }
        return Ok(());
    }
    let mut next = 0u32;
    for _ in 0..count {
        let position = next.saturating_add(gap.read_number(reader, "gap")?);
        if position >= among {
            return Err(DecodeError::Inconsistent { field: "position" });
        }
        positions.push(position);
        next = position + 1;
    }
    Ok(())
}
