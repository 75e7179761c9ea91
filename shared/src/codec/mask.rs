//! Which of a facet's parts were not as predicted, by groups of up to six: one symbol a group.

use super::tables::Tables;
use crate::bits::{BitReader, BitWriter, DecodeError};
use crate::schema::facet::{FacetLayout, Group};

/// Writes one group's mask (bit i: the group's i-th part changed). Inverse of [`read_mask`].
///
/// # Panics
/// If the mask is empty and the facet has no other group: our own bug, for then there is no piece.
#[inline]
pub fn write_mask(writer: &mut BitWriter, tables: &Tables, facet: &FacetLayout, group: &Group, mask: u32) {
    let lone = usize::from(facet.groups.len() == 1);
    assert!(mask as usize >= lone, "an empty mask in a facet of one group");
    tables.mask(group.context).write_symbol(writer, mask as usize - lone);
}

/// Reads one group's mask.
///
/// # Errors
/// [`DecodeError::Truncated`] at the end.
#[inline]
pub fn read_mask(
    reader: &mut BitReader<'_>,
    tables: &Tables,
    facet: &FacetLayout,
    group: &Group,
) -> Result<u32, DecodeError> {
    let lone = usize::from(facet.groups.len() == 1);
    Ok((tables.mask(group.context).read_symbol(reader, "change mask")? + lone) as u32)
}
