//! One client's frame: chosen and spliced from what was made once.
//!
//! ```text
//!   header · per section [ leaves ] · per section [ per covered tick: positions, pieces · demotions · records ] · events
//! ```
//!
//! Leaves are positions in `held` as after the previous frame; pieces and demotions are positions in `fresh` after this
//! frame's leaves, one list for all covered ticks; records carry slots and come last. Sections are whole bytes, each with its
//! own positions (PROTOCOL.md, "Sections"). The inverse is `client_sim::replica`.

use super::budget::Budget;
use super::events::EventLane;
use super::facets::Facets;
use super::pieces::Ring;
use super::records::Records;
use super::shadow::Shadow;
use super::view::View;
use shared::bits::{BitSpan, BitWriter};
use shared::codec::contexts::{Sink, Use, number};
use shared::codec::positions::{PositionsOf, write_positions};
use shared::codec::{Lanes, Packer, Tables};
use shared::ids::{EntityId, Slot, Tick};
use shared::limits::CATCH_UP_TICKS;
use shared::schema::{Layout, Schema, Section};
use shared::slot_set::SlotSet;
use shared::wire::state_frame::Proof;
use shared::wire::{Digest, FrameHeader, FrameKind};

/// What all frames of a tick are made of.
pub struct Shared<'a> {
    /// The tick.
    pub tick: Tick,
    /// What the game declares.
    pub schema: &'a Schema,
    /// Its layout.
    pub layout: &'a Layout,
    /// The codes in force.
    pub tables: &'a Tables,
    /// Who is alive.
    pub facets: &'a Facets,
    /// Their states.
    pub shadow: &'a Shadow,
    /// The changes of the last ticks.
    pub ring: &'a Ring,
    /// Whole states, made on demand.
    pub records: &'a mut Records,
    /// Bytes of records per frame.
    pub record_bytes: usize,
}

/// What is said of the client itself.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Per tick, newest in the lowest bit: its own input was used.
    pub applied: u32,
    /// How early its newest input came, in 1/16 tick.
    pub early: Option<i8>,
    /// The entity it drives.
    pub entity: Option<EntityId>,
    /// How much of the digest it gets.
    pub digest: Digest,
}

/// A record that was chosen for a frame.
#[derive(Clone, Copy, Debug)]
struct Chosen {
    slot: Slot,
    span: BitSpan,
    new: bool,
}

/// Builds the frame of this tick for one client and commits its view to it. Returns the frame and whether it is full.
pub fn assemble(
    shared: &mut Shared<'_>,
    view: &mut View,
    events: &mut EventLane,
    about: About,
) -> (Vec<u8>, FrameKind) {
    let covered =
        view.tick().map(|from| shared.tick.since(from)).filter(|&ticks| (1..=CATCH_UP_TICKS).contains(&ticks));
    if covered.is_none() {
        view.clear();
    }
    let own = about.entity.and_then(|entity| shared.facets.anchor(entity));
    let chosen = choose_records(shared, view, about.entity);
    let mut body = BitWriter::new();
    let (mut leaves, mut sections) = (0, 0);
    for section in Section::ALL {
        if write_leaves(&mut body, shared, view, section, &chosen[section.index()]) {
            leaves |= 1 << section.index();
        }
    }
    for section in Section::ALL {
        if write_section(&mut body, shared, view, section, covered, &chosen[section.index()]) {
            sections |= 1 << section.index();
        }
    }
    view.commit(shared.tick);
    let kind = match covered {
        Some(covered) => FrameKind::Step { covered, applied: oldest_first(about.applied, covered) },
        None => FrameKind::Full,
    };
    let header = FrameHeader {
        kind,
        tick: shared.tick,
        epoch: shared.tables.epoch,
        early: about.early,
        me: view.learn_me(own),
        complete: view.is_complete(shared.facets),
        leaves,
        sections,
        events: !events.is_empty(),
        proof: Proof::of(digest(shared, view), about.digest),
    };
    if header.events {
        events.write(&mut body, shared.tables, shared.schema, view, shared.facets);
    }
    let mut frame = BitWriter::new();
    header.write(&mut frame);
    frame.write_bytes(body.bytes());
    (frame.into_bytes(), kind)
}

/// The sum of what the client holds after this frame.
fn digest(shared: &Shared<'_>, view: &View) -> Lanes {
    let mut sum = Lanes::default();
    for section in Section::ALL {
        let holding = view.holding(section);
        sum += shared.shadow.sum(shared.facets, &holding.held, &holding.fresh);
    }
    sum
}

/// Which records go into this frame: the client's own entity first, then by section and slot, within the budget. Takes them
/// into `held` and (by [`write_section`]) `fresh`.
fn choose_records(shared: &mut Shared<'_>, view: &mut View, own: Option<EntityId>) -> [Vec<Chosen>; 4] {
    let mut chosen: [Vec<Chosen>; 4] = Default::default();
    let mut budget = Budget::of_bytes(shared.record_bytes);
    let mut own_slots = SlotSet::new(shared.layout.slots());
    if let Some(tracked) = own.and_then(|own| shared.facets.get(own)) {
        tracked.slots.iter().flatten().for_each(|&slot| {
            own_slots.insert(slot);
        });
        for section in Section::ALL {
            let wanted = wanted(shared.facets, view, section, |word, at| word & own_slots.words()[at]);
            take_records(shared, view, section, &wanted, &mut budget, &mut chosen);
        }
    }
    for section in Section::ALL {
        let wanted = wanted(shared.facets, view, section, |word, at| word & !own_slots.words()[at]);
        take_records(shared, view, section, &wanted, &mut budget, &mut chosen);
    }
    chosen
}

/// What the client may see of a section and does not hold fresh, ascending.
fn wanted(facets: &Facets, view: &View, section: Section, only: impl Fn(u64, usize) -> u64) -> Vec<Slot> {
    let Some(visible) = view.visible(section, facets) else { return Vec::new() };
    let fresh = view.holding(section).fresh.words();
    let mut slots = Vec::new();
    for (at, (&visible, &fresh)) in visible.words().iter().zip(fresh).enumerate() {
        let mut word = only(visible & !fresh, at);
        while word != 0 {
            slots.push(Slot((at * 64) as u16 + word.trailing_zeros() as u16));
            word &= word - 1;
        }
    }
    slots
}

fn take_records(
    shared: &mut Shared<'_>,
    view: &mut View,
    section: Section,
    wanted: &[Slot],
    budget: &mut Budget,
    chosen: &mut [Vec<Chosen>; 4],
) {
    for &slot in wanted {
        let Some(alive) = shared.facets.alive(slot) else { continue };
        let anchor = alive.record.anchor;
        // Who does not have the anchor has nothing to hang the rest on.
        if anchor != slot && !view.holding(Section::Everyone).held.contains(anchor) {
            continue;
        }
        let Some(span) = shared.records.of(slot, shared.layout, shared.tables, shared.facets, shared.shadow) else {
            continue;
        };
        if !budget.take(span.length + 1) {
            return;
        }
        let new = view.holding_mut(section).held.insert(slot);
        chosen[section.index()].push(Chosen { slot, span, new });
    }
}

/// Writes one section, whole bytes; false, and nothing, if there is nothing to say.
fn write_section(
    out: &mut BitWriter,
    shared: &Shared<'_>,
    view: &mut View,
    section: Section,
    covered: Option<u32>,
    chosen: &[Chosen],
) -> bool {
    if !covered.is_some_and(|covered| has_changes(shared, view, section, covered)) && chosen.is_empty() {
        return false;
    }
    if let Some(covered) = covered {
        write_changes(out, shared, view, section, covered);
    }
    Packer { writer: out, tables: shared.tables }.number(number(Use::RecordCount), chosen.len() as u32);
    let fresh = &mut view.holding_mut(section).fresh;
    for chosen in chosen {
        out.write_bool(chosen.new);
        out.append(shared.records.bytes(), chosen.span);
        fresh.insert(chosen.slot);
    }
    out.align();
    true
}

fn has_changes(shared: &Shared<'_>, view: &View, section: Section, covered: u32) -> bool {
    let holding = view.holding(section);
    let fresh = holding.fresh.words();
    let touched = |tick: Tick| {
        shared.ring.of(tick).is_some_and(|pieces| {
            pieces.section(section).changed.words().iter().zip(fresh).any(|(changed, fresh)| changed & fresh != 0)
        })
    };
    view.is_demoting(section) || covered_ticks(shared.tick, covered).any(touched)
}

/// Writes what leaves a section, whole bytes; false, and nothing, if nothing does. All leaves stand before all records: a slot
/// may be used again in another section.
fn write_leaves(out: &mut BitWriter, shared: &Shared<'_>, view: &View, section: Section, chosen: &[Chosen]) -> bool {
    let holding = view.holding(section);
    if holding.leaving.is_empty() {
        return false;
    }
    // `held` as after the previous frame: what is left of it, without this frame's new records, and what is leaving.
    let mut before = holding.held.clone();
    for chosen in chosen.iter().filter(|chosen| chosen.new) {
        before.remove(chosen.slot);
    }
    before.unite(&holding.leaving);
    let mut positions = Vec::new();
    before.ranks(&holding.leaving, &mut positions);
    let mut packer = Packer { writer: out, tables: shared.tables };
    write_positions(&mut packer, PositionsOf::Leaves, &positions, before.count() as u32);
    out.align();
    true
}

/// Pieces tick by tick, demotions.
fn write_changes(out: &mut BitWriter, shared: &Shared<'_>, view: &mut View, section: Section, covered: u32) {
    let holding = view.holding(section);
    let mut positions = Vec::new();
    let fresh_count = holding.fresh.count() as u32;
    let mut packer = Packer { writer: out, tables: shared.tables };
    for tick in covered_ticks(shared.tick, covered) {
        positions.clear();
        if let Some(pieces) = shared.ring.of(tick) {
            let pieces_of = pieces.section(section);
            holding.fresh.ranks(&pieces_of.changed, &mut positions);
            write_positions(&mut packer, PositionsOf::Pieces, &positions, fresh_count);
            pieces_of.of(&holding.fresh, |piece| packer.writer.append(pieces.bytes(), piece.span));
        } else {
            write_positions(&mut packer, PositionsOf::Pieces, &positions, fresh_count);
        }
    }
    // All pieces of fresh slots were sent, so only tests demote; a budget that cannot carry them will.
    write_positions(&mut packer, PositionsOf::Demotions, &view.demote(section), fresh_count);
}

fn covered_ticks(to: Tick, covered: u32) -> impl Iterator<Item = Tick> {
    (0..covered).rev().map(move |back| Tick(to.0 - back))
}

/// The newest `covered` bits (newest lowest) as they travel: oldest lowest.
fn oldest_first(newest_lowest: u32, covered: u32) -> u16 {
    (newest_lowest.reverse_bits() >> (32 - covered)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applied_bits_travel_oldest_first() {
        assert_eq!(oldest_first(0b001, 3), 0b100);
        assert_eq!(oldest_first(0b110, 3), 0b011);
        assert_eq!(oldest_first(0b1, 1), 1);
    }

    #[test]
    fn covered_ticks_ascend_to_the_frame() {
        assert_eq!(covered_ticks(Tick(9), 3).collect::<Vec<_>>(), [Tick(7), Tick(8), Tick(9)]);
    }
}
