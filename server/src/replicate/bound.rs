//! No frame is larger than a message may be: what a step would take is summed up before a bit of it is written.
//!
//! ```text
//!   all pieces of the covered ticks, every slot addressed by a bitmap    fits: a step                 (nearly always)
//!   the pieces of what the client holds fresh, positions among these     fits: a step; else a full frame
//! ```
//!
//! A full frame is small: its records stand under the frame's budget, and what does not fit comes with the next frames.

use super::lane::Shared;
use super::view::View;
use shared::ids::Tick;
use shared::limits::{EVENT_BYTES_WAITING_MAX, SERVER_MESSAGE_BYTES_MAX};
use shared::schema::Section;

/// Bytes of records that a frame may have, whatever the operator allows.
pub(super) const RECORD_BYTES_MAX: usize = SERVER_MESSAGE_BYTES_MAX / 4;

/// Bytes of the header and the largest record, which always fits.
const HEADER_AND_RECORD_BYTES: usize = 2 * 1024;
/// Bytes that a count and the padding behind a list take.
const COUNT_BYTES: usize = 8;

/// Whether a step over some ticks is sure to fit a message.
pub(super) fn step_fits(shared: Shared<'_>, view: &View, ticks: impl Iterator<Item = Tick> + Clone) -> bool {
    let lists = Section::ALL.len() * list_bytes(shared.layout.slots());
    let rest = HEADER_AND_RECORD_BYTES + shared.record_bytes + 2 * EVENT_BYTES_WAITING_MAX + lists;
    let roughly: usize = ticks
        .clone()
        .map(|tick| {
            let bits = |section| shared.ring.of(tick).map_or(0, |pieces| pieces.section(section).bits);
            lists + Section::ALL.into_iter().map(bits).sum::<usize>() / 8
        })
        .sum();
    if rest + roughly <= SERVER_MESSAGE_BYTES_MAX {
        return true;
    }
    let exactly: usize =
        Section::ALL.into_iter().map(|section| section_bytes(shared, view, section, ticks.clone())).sum();
    rest + exactly <= SERVER_MESSAGE_BYTES_MAX
}

/// What the pieces and positions of a section take at most.
fn section_bytes(shared: Shared<'_>, view: &View, section: Section, ticks: impl Iterator<Item = Tick>) -> usize {
    let fresh = &view.holding(section).fresh;
    let list = list_bytes(fresh.count());
    let of_tick = |tick| {
        let mut bits = 0;
        if let Some(pieces) = shared.ring.of(tick) {
            pieces.section(section).of(fresh, |piece| bits += piece.span.length);
        }
        list + bits / 8
    };
    ticks.map(of_tick).sum()
}

/// What positions take at most: no more than a bit each.
const fn list_bytes(among: usize) -> usize {
    among / 8 + COUNT_BYTES
}
