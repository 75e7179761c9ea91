//! One client's frame: chosen and spliced from what was made once.
//!
//! ```text
//!   header · events · per section [ leaves ] · per section [ per covered tick: positions, pieces · demotions · records ]
//! ```
//!
//! Leaves are positions in `held` as after the previous frame; pieces and demotions are positions in `fresh` after this
//! frame's leaves, one list for all covered ticks; records carry slots and come last. Sections are whole bytes, each with its
//! own positions (PROTOCOL.md, "Sections"). The inverse is `client_sim::replica`.

use super::audiences::GENERATION_OF_NOBODY;
use super::budget::Budget;
use super::choose::{Waits, choose_records};
use super::events::EventLane;
use super::lane::{Lane, Shared};
use super::parking::{Parking, Scope};
use super::sections::Key;
use super::survey::Survey;
use super::view::View;
use shared::codec::contexts::{Sink, Use, number};
use shared::codec::positions::{PositionsOf, write_positions};
use shared::codec::{Lanes, Packer};
use shared::ids::{EntityId, Tick};
use shared::limits::{CATCH_UP_TICKS, ENTITY_FACETS_MAX};
use shared::schema::Section;
use shared::wire::state_frame::Proof;
use shared::wire::{Digest, FrameHeader, FrameKind};

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
    /// Bytes that it may have for each tick that the frame covers.
    pub bytes_per_tick: usize,
}

/// What is kept of one client only because it cannot have everything at once.
#[derive(Clone, Debug, Default)]
pub struct Scarcity {
    /// Since when it waits for what did not fit.
    pub waits: Waits,
    /// What it gets no pieces of.
    pub parking: Parking,
}

/// Builds the frame of this tick for one client, in its lane's writer, and commits its view to it. Says what it is.
pub fn assemble(
    shared: Shared<'_>,
    lane: &mut Lane,
    view: &mut View,
    scarcity: &mut Scarcity,
    events: &mut EventLane,
    about: About,
) -> FrameKind {
    let Scarcity { waits, parking } = scarcity;
    let covered =
        view.tick().map(|from| shared.tick.since(from)).filter(|&ticks| (1..=CATCH_UP_TICKS).contains(&ticks));
    let own = about.entity.map_or([None; ENTITY_FACETS_MAX], |entity| shared.facets.slots_of(entity, view.me()));
    let mut budget = Budget::of_frame(about.bytes_per_tick, covered.unwrap_or(0));
    lane.demoting.clear();
    survey(shared, lane, view, covered);
    match covered {
        Some(covered) => {
            let scope = Scope { covered, own, bits_per_tick: about.bytes_per_tick * 8 };
            parking.decide(shared, lane, view, &mut budget, scope);
            #[cfg(feature = "sabotage")]
            view.sabotage_demoting(&mut lane.demoting);
            view.demote(&lane.demoting);
        }
        None => {
            view.clear();
            parking.clear();
        }
    }
    let complete = choose_records(shared, lane, view, (waits, parking), &mut budget, &own);
    let kind = match covered {
        Some(covered) => FrameKind::Step { covered, applied: oldest_first(about.applied, covered) },
        None => FrameKind::Full,
    };
    let (mut leaves, mut sections) = (0, 0);
    for &section in shared.layout.sections() {
        leaves |= u8::from(view.holding(section).has_leaves()) << section.index();
        sections |= u8::from(has_section(shared, lane, view, section, covered)) << section.index();
    }
    let header = FrameHeader {
        kind,
        tick: shared.tick,
        epoch: kind.epoch(shared.tables.epoch),
        early: about.early,
        me: view.learn_me(own[0]),
        complete,
        leaves,
        sections,
        events: !events.is_empty(),
        proof: Proof::of(digest(shared, lane, view), about.digest),
    };
    header.write(&mut lane.writer);
    if header.events {
        write_events(lane, shared, view, events);
    }
    for &section in shared.layout.sections().iter().filter(|&&section| header.has_leaves(section)) {
        write_leaves(shared, lane, view, section);
    }
    for &section in shared.layout.sections().iter().filter(|&&section| header.has(section)) {
        match lane.made[section.index()] {
            Some(made) => lane.writer.write_bytes(lane.sections.bytes(made)),
            None => write_section(shared, lane, view, section, covered),
        }
    }
    view.commit(shared.tick);
    kind
}

/// Looks at what is held where no other client's look says it: of a step that covers one tick.
fn survey(shared: Shared<'_>, lane: &mut Lane, view: &View, covered: Option<u32>) {
    lane.surveys.iter_mut().for_each(Survey::forget);
    lane.like = [None; 4];
    if covered != Some(1) {
        return;
    }
    let whole = view.is_whole();
    for &section in shared.layout.sections() {
        let holding = view.holding(section);
        // Who wants records needs to know of all pieces.
        if holding.level().is_some_and(|level| whole || level == GENERATION_OF_NOBODY) {
            continue;
        }
        let may_share = shared.far && section != Section::Owner && !holding.has_stale();
        let like = may_share.then(|| lane.alike.find(section, &holding.fresh)).flatten();
        if like.is_none() {
            lane.surveys[section.index()].look(shared, holding, section);
        }
        lane.like[section.index()] = like;
    }
}

/// Where in [`Lane::alike`] is what changes of a section of which nothing is demoted.
fn like(lane: &Lane, section: Section) -> Option<usize> {
    lane.like[section.index()].filter(|_| lane.demoting.of(section).is_none())
}

/// What was looked at of a section of which nothing is demoted.
fn undemoted(lane: &Lane, section: Section) -> Option<&Survey> {
    lane.surveys[section.index()].found().filter(|_| lane.demoting.of(section).is_none())
}

/// Writes what is told, whole bytes behind their number. It stands in front of all that a lost client cannot read: events are
/// told once.
fn write_events(lane: &mut Lane, shared: Shared<'_>, view: &View, events: &mut EventLane) {
    let Lane { writer, telling, codes, .. } = lane;
    telling.clear();
    events.write(telling, codes, shared, view);
    telling.align();
    writer.write(telling.bytes().len() as u32, 16);
    writer.write_bytes(telling.bytes());
}

/// The sum of what the client holds after this frame. Called before its records are written: they are held, not yet fresh;
/// what it demotes is fresh yet.
fn digest(shared: Shared<'_>, lane: &Lane, view: &View) -> Lanes {
    let mut sum = Lanes::default();
    for &section in shared.layout.sections() {
        let holding = view.holding(section);
        if holding.level().is_some() {
            sum += view
                .audience(section, shared.facets)
                .map_or_else(Lanes::default, |all| shared.shadow.sum_of(shared.facets, all));
            continue;
        }
        let like = like(lane, section).map(|place| lane.alike.at(place).sum);
        if let Some(looked_at) = like.or_else(|| undemoted(lane, section).map(|found| found.sum)) {
            sum += looked_at;
            for chosen in &lane.chosen[section.index()] {
                sum += match chosen.new {
                    true => shared.shadow.fresh(chosen.slot),
                    false => shared.shadow.freshened(shared.facets, chosen.slot),
                };
            }
            continue;
        }
        sum += shared.shadow.sum(shared.facets, &holding.held, &holding.fresh);
        for chosen in &lane.chosen[section.index()] {
            sum += shared.shadow.freshened(shared.facets, chosen.slot);
        }
        let demoting = lane.demoting.of(section).into_iter().flat_map(|slots| slots.iter());
        for slot in demoting.filter(|&slot| holding.fresh.contains(slot)) {
            sum -= shared.shadow.freshened(shared.facets, slot);
        }
    }
    sum
}

/// Whether there is anything to say of a section. If it is what others get, too, it is in [`Lane::made`] or [`Lane::like`]
/// afterwards.
fn has_section(shared: Shared<'_>, lane: &mut Lane, view: &mut View, section: Section, covered: Option<u32>) -> bool {
    lane.made[section.index()] = None;
    let has_records = !lane.chosen[section.index()].is_empty();
    let Some(covered) = covered else { return has_records };
    match view.holding(section).level().filter(|_| !has_records) {
        Some(GENERATION_OF_NOBODY) => return false,
        // An owner shares with nobody.
        Some(generation) if section != Section::Owner => {
            return share_section(shared, lane, view, section, (generation, covered));
        }
        _ => keep_alike(shared, lane, view, section),
    }
    has_records
        || match (like(lane, section), undemoted(lane, section)) {
            (Some(place), _) => lane.alike.at(place).pieces > 0,
            (None, Some(found)) => !found.changed.is_empty(),
            (None, None) => lane.demoting.of(section).is_some() || has_changes(shared, view, section, covered),
        }
}

/// What was looked at for this client is written for all others, too, who hold just what it holds.
fn keep_alike(shared: Shared<'_>, lane: &mut Lane, view: &mut View, section: Section) {
    let may_share = shared.far && section != Section::Owner && !lane.alike.is_full();
    if !may_share || undemoted(lane, section).is_none() || view.holding(section).has_stale() {
        return;
    }
    lane.alike.begin(&mut lane.writer);
    write_changes(shared, lane, view, section, 1);
    let Lane { writer, alike, surveys, .. } = lane;
    let bits = writer.bit_length();
    Packer { writer: &mut *writer, tables: shared.tables }.number(number(Use::RecordCount), 0);
    let looked_at = (&view.holding(section).fresh, &surveys[section.index()]);
    lane.like[section.index()] = Some(alike.finish(writer, bits, section, looked_at));
}

/// The same for a client that holds all there is, exactly, and gets no record: its section is made once per tick.
fn share_section(
    shared: Shared<'_>,
    lane: &mut Lane,
    view: &mut View,
    section: Section,
    (generation, covered): (u64, u32),
) -> bool {
    let key = Key { section, generation, covered };
    let made = match lane.sections.find(key) {
        Some(made) => made,
        None if lane.sections.are_full() => return has_changes(shared, view, section, covered),
        None => {
            lane.sections.begin(&mut lane.writer);
            if has_changes(shared, view, section, covered) {
                write_section(shared, lane, view, section, Some(covered));
            }
            lane.sections.finish(&mut lane.writer, key)
        }
    };
    lane.made[section.index()] = Some(made);
    !lane.sections.bytes(made).is_empty()
}

fn has_changes(shared: Shared<'_>, view: &View, section: Section, covered: u32) -> bool {
    let fresh = view.holding(section).fresh.words();
    let touched = |tick: Tick| {
        shared.ring.of(tick).is_some_and(|pieces| {
            pieces.section(section).changed.words().iter().zip(fresh).any(|(changed, fresh)| changed & fresh != 0)
        })
    };
    covered_ticks(shared.tick, covered).any(touched)
}

/// Writes one section, whole bytes; its records are fresh from then on.
fn write_section(shared: Shared<'_>, lane: &mut Lane, view: &mut View, section: Section, covered: Option<u32>) {
    if let Some(place) = like(lane, section).filter(|_| lane.chosen[section.index()].is_empty()) {
        return lane.alike.write_whole(place, &mut lane.writer);
    }
    if let Some(covered) = covered {
        write_changes(shared, lane, view, section, covered);
    }
    let fresh = &mut view.holding_mut(section).fresh;
    let Lane { writer, records, chosen, .. } = lane;
    let chosen = &chosen[section.index()];
    Packer { writer: &mut *writer, tables: shared.tables }.number(number(Use::RecordCount), chosen.len() as u32);
    for chosen in chosen {
        writer.write_bool(chosen.new);
        writer.append(records.bytes(), chosen.span);
        fresh.insert(chosen.slot);
    }
    writer.align();
}

/// Writes what leaves a section, whole bytes. All leaves stand before all records: a slot may be used again in another
/// section.
fn write_leaves(shared: Shared<'_>, lane: &mut Lane, view: &mut View, section: Section) {
    let Lane { writer, positions, chosen, surveys, .. } = lane;
    if let Some(found) = surveys[section.index()].found() {
        let packer = &mut Packer { writer, tables: shared.tables };
        write_positions(packer, PositionsOf::Leaves, &found.leaves, found.held);
        return writer.align();
    }
    let holding = view.holding_mut(section);
    // `held` as after the previous frame: what is left of it, without this frame's new records, and what is leaving.
    let news = || chosen[section.index()].iter().filter(|chosen| chosen.new);
    for chosen in news() {
        holding.held.remove(chosen.slot);
    }
    positions.clear();
    let among = holding.held.ranks_with(&holding.leaving, positions);
    for chosen in news() {
        holding.held.insert(chosen.slot);
    }
    write_positions(&mut Packer { writer, tables: shared.tables }, PositionsOf::Leaves, positions, among);
    writer.align();
}

/// Pieces tick by tick, demotions.
fn write_changes(shared: Shared<'_>, lane: &mut Lane, view: &mut View, section: Section, covered: u32) {
    if let Some(place) = like(lane, section) {
        return lane.alike.write_changes(place, &mut lane.writer);
    }
    if write_surveyed(shared, lane, section) {
        return;
    }
    let Lane { writer, positions, demoting, sending, .. } = lane;
    let demoting = demoting.of(section);
    let fresh = &mut view.holding_mut(section).fresh;
    let mut packer = Packer { writer, tables: shared.tables };
    for tick in covered_ticks(shared.tick, covered) {
        positions.clear();
        let Some(pieces) = shared.ring.of(tick) else {
            write_positions(&mut packer, PositionsOf::Pieces, &[], 0);
            continue;
        };
        let pieces_of = pieces.section(section);
        let mut sent = &*fresh;
        let among = if let Some(demoting) = demoting {
            sending.words_mut().copy_from_slice(fresh.words());
            sending.subtract(demoting);
            sending.intersect(&pieces_of.changed);
            sent = sending;
            fresh.ranks(sending, positions)
        } else {
            fresh.ranks(&pieces_of.changed, positions)
        };
        write_positions(&mut packer, PositionsOf::Pieces, positions, among);
        pieces_of.of(sent, |piece| packer.writer.append(pieces.bytes(), piece.span));
    }
    positions.clear();
    let mut among = 0;
    if let Some(demoting) = demoting {
        among = fresh.ranks(demoting, positions);
        fresh.subtract(demoting);
        lane.counts.demotions += positions.len() as u64;
    }
    write_positions(&mut packer, PositionsOf::Demotions, positions, among);
}

/// The same for a section that was looked at and of which nothing is demoted; false if it is not.
fn write_surveyed(shared: Shared<'_>, lane: &mut Lane, section: Section) -> bool {
    if undemoted(lane, section).is_none() {
        return false;
    }
    let Lane { writer, surveys, .. } = lane;
    let found = &surveys[section.index()];
    let Some(pieces) = shared.ring.of(shared.tick) else { return false };
    let packer = &mut Packer { writer, tables: shared.tables };
    write_positions(packer, PositionsOf::Pieces, &found.changed, found.fresh);
    for &span in &found.pieces {
        packer.writer.append(pieces.bytes(), span);
    }
    write_positions(packer, PositionsOf::Demotions, &[], 0);
    true
}

fn covered_ticks(to: Tick, covered: u32) -> impl Iterator<Item = Tick> + Clone {
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
