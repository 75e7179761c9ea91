//! Everything that a replica holds, and how a frame changes it, section by section.
//!
//! ```text
//!   all leaves ─► everyone's ─► teams' ─► owners' ─► references
//! ```
//!
//! All leaves come first, because a slot may be used again in another section. The inverse of all this is the server's
//! `replicate/assemble.rs`.
//!
//! Never here: what is held of one section (see `holding`), headers, digests that travelled, what a frame means for the client
//! (see `replica`).

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use crate::commons::Commons;
use crate::epochs::Epochs;
use crate::holding::{Held, Holding, SectionChange};
use shared::bits::BitReader;
use shared::codec::Lanes;
use shared::ids::{Slot, Tick};
use shared::schema::{FacetKind, Kind, Layout, Section};
use shared::wire::state_frame::step_epoch;
use shared::wire::{DecodeError, FrameHeader, FrameKind};
use std::sync::Arc;

/// Everything that is held: of each section by itself, each of which may be held together with others.
#[derive(Clone, Debug)]
pub(crate) struct Holdings {
    pub(crate) layout: Arc<Layout>,
    everyone: Arc<Holding>,
    /// The other sections, in order.
    narrower: [Arc<Holding>; 3],
    /// What left with the newest change.
    left: Vec<Slot>,
}

/// How a frame's sections are to be read, as its header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Ticks covered; `None`: drop everything first.
    covered: Option<u32>,
    /// The newest tick covered.
    to: Tick,
    epoch: u8,
    leaves: u8,
    sections: u8,
}

impl Change {
    /// The change that a frame with this header makes; a keep-alive makes none.
    pub(crate) const fn of(header: &FrameHeader) -> Option<Self> {
        let covered = match header.kind {
            FrameKind::KeepAlive => return None,
            FrameKind::Full => None,
            FrameKind::Step { covered, .. } => Some(covered),
        };
        Some(Self { covered, to: header.tick, epoch: header.epoch, leaves: header.leaves, sections: header.sections })
    }

    const fn has_leaves(self, section: Section) -> bool {
        self.leaves & 1 << section.index() != 0
    }

    const fn has(self, section: Section) -> bool {
        self.sections & 1 << section.index() != 0
    }
}

impl Holdings {
    pub(crate) fn new(layout: Arc<Layout>) -> Self {
        let holding = |section| Arc::new(Holding::new(layout.clone(), section));
        let everyone = holding(Section::Everyone);
        let narrower = [Section::Team, Section::Owner, Section::References].map(holding);
        Self { everyone, narrower, left: Vec::new(), layout }
    }

    /// What is held, section by section.
    pub(crate) fn sections(&self) -> impl Iterator<Item = &Holding> + Clone {
        std::iter::once(&self.everyone).chain(&self.narrower).map(|holding| &**holding)
    }

    /// What left with the newest change: whoever knew one of these by its slot knows it no more, for another may have it now.
    pub(crate) fn left(&self) -> &[Slot] {
        &self.left
    }

    /// The sum of the hashes of all that is held.
    pub(crate) fn sum(&self) -> Lanes {
        let mut sum = Lanes::default();
        self.sections().for_each(|holding| sum += holding.sum());
        sum
    }

    /// Every facet held, by section and slot.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Held> + '_ {
        self.sections().flat_map(Holding::iter)
    }

    pub(crate) fn is_fresh(&self, slot: Slot) -> bool {
        self.sections().any(|holding| holding.fresh().contains(slot))
    }

    pub(crate) fn held_count(&self) -> usize {
        self.sections().map(|holding| holding.slots().count()).sum()
    }

    pub(crate) fn fresh_count(&self) -> usize {
        self.sections().map(|holding| holding.fresh().count()).sum()
    }

    /// The facet of an anchor.
    pub(crate) fn anchor(&self, anchor: Slot) -> Option<&Held> {
        self.everyone.held(anchor)
    }

    /// The anchors of all entities held.
    pub(crate) fn anchors(&self) -> impl Iterator<Item = &Held> + '_ {
        self.everyone.iter()
    }

    /// What the entity of an anchor is.
    pub(crate) fn kind(&self, anchor: Slot) -> Option<Kind> {
        self.everyone.kind(anchor)
    }

    /// The facet of one kind of the entity with this anchor.
    pub(crate) fn member(&self, anchor: Slot, kind: FacetKind) -> Option<&Held> {
        let section = self.layout.facet(kind)?.section;
        self.anchor(anchor)?;
        self.sections().find(|holding| holding.section() == section)?.member(anchor, kind)
    }

    /// Changes what is held as a frame's sections say, which are all of `bytes`. What others in `commons` have come to is taken
    /// from there.
    ///
    /// # Errors
    /// [`DecodeError`]: what is held is not to be relied on until everything is dropped.
    pub(crate) fn change(
        &mut self,
        commons: Option<&Commons>,
        tables: &Epochs,
        change: Change,
        bytes: &[u8],
    ) -> Result<(), DecodeError> {
        let newest = tables.at(change.to);
        let epoch = if change.covered.is_some() { step_epoch(newest.epoch) } else { newest.epoch };
        if epoch != change.epoch {
            return Err(DecodeError::Inconsistent { field: "table epoch" });
        }
        let mut reader = BitReader::new(bytes);
        self.left.clear();
        let mut leaving: [Box<[Slot]>; 4] = Default::default();
        for (holding, leaving) in std::iter::once(&self.everyone).chain(&self.narrower).zip(&mut leaving) {
            if change.has_leaves(holding.section()) {
                let slots = holding.read_leaves(&mut reader, newest)?;
                reader.align()?;
                self.left.extend_from_slice(&slots);
                *leaving = slots.into();
            }
        }
        let [of_everyone, of_narrower @ ..] = leaving;
        let section = |section, leaving| {
            let Change { covered, to, .. } = change;
            SectionChange { covered, to, leaving, present: change.has(section) }
        };
        let of_everyone = section(Section::Everyone, of_everyone);
        change_one(&mut self.everyone, commons, tables, of_everyone, None, &mut reader)?;
        for (holding, leaving) in self.narrower.iter_mut().zip(of_narrower) {
            let of_section = section(holding.section(), leaving);
            change_one(holding, commons, tables, of_section, Some(&self.everyone), &mut reader)?;
        }
        self.is_sound()?;
        reader.finish()
    }

    /// A slot that came with this frame is held once.
    fn is_sound(&self) -> Result<(), DecodeError> {
        for entered in self.sections().filter(|holding| holding.has_entered()) {
            for other in self.sections().filter(|other| other.section() != entered.section()) {
                let mut words = entered.slots().words().iter().zip(other.slots().words());
                if words.any(|(one, other)| one & other != 0) {
                    return Err(DecodeError::Inconsistent { field: "record" });
                }
            }
        }
        Ok(())
    }

    /// Flips the lowest bit of the first code of some fresh facet that has one; false if there is none.
    #[cfg(feature = "sabotage")]
    pub(crate) fn sabotage_flip_bit(&mut self) -> bool {
        let mut sections = std::iter::once(&mut self.everyone).chain(&mut self.narrower);
        sections.any(|holding| Arc::make_mut(holding).sabotage_flip_bit())
    }
}

/// Changes what is held of one section, if there is anything to change: alone, or as others did.
fn change_one(
    holding: &mut Arc<Holding>,
    commons: Option<&Commons>,
    tables: &Epochs,
    change: SectionChange,
    anchors: Option<&Holding>,
    reader: &mut BitReader<'_>,
) -> Result<(), DecodeError> {
    if holding.stays(&change) {
        return Ok(());
    }
    match commons {
        Some(commons) => commons.change(holding, tables, change, anchors, reader),
        None => Arc::make_mut(holding).change(reader, tables, &change, anchors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::bits::BitWriter;
    use shared::codec::contexts::{Sink, Use, number};
    use shared::codec::record::write_record;
    use shared::codec::{Packer, PartState, Record, Tables};
    use shared::game::{PLAYER, schema};

    /// A full frame's sections: one player's facets for everyone and for its owner, in these slots.
    fn one_player(layout: &Layout, tables: &Tables, anchor: Slot, own: Slot) -> (Change, Vec<u8>) {
        let (mut writer, mut sections) = (BitWriter::new(), 0);
        for section in [Section::Everyone, Section::Owner] {
            sections |= 1 << section.index();
            let is_it = |kind: &&FacetKind| layout.facet(**kind).is_some_and(|facet| facet.section == section);
            let kind = *layout.facets_of(PLAYER).iter().find(is_it).expect("players have one");
            let slot = if section == Section::Everyone { anchor } else { own };
            let parts = &layout.facet(kind).expect("it is the layout's").parts;
            let states: Vec<_> = parts.iter().map(|part| PartState::new(part, 0)).collect();
            let mut packer = Packer { writer: &mut writer, tables };
            packer.number(number(Use::RecordCount), 1);
            packer.writer.write_bool(true);
            write_record(&mut packer, layout, Record { slot, kind, anchor }, &states);
            writer.align();
        }
        (Change { covered: None, to: Tick(1), epoch: tables.epoch, leaves: 0, sections }, writer.into_bytes())
    }

    #[test]
    fn a_slot_is_held_in_one_section_only() {
        let layout = Arc::new(Layout::new(&schema(), 6).unwrap());
        let tables = Tables::untrained(&layout);
        for (own, sound) in [(Slot(4), true), (Slot(3), false)] {
            let (change, bytes) = one_player(&layout, &tables, Slot(3), own);
            let mut holdings = Holdings::new(layout.clone());
            let epochs = Epochs::new(tables.clone());
            assert_eq!(holdings.change(None, &epochs, change, &bytes).is_ok(), sound, "slot {}", own.0);
        }
    }
}
