//! What must be true after every step of every story, by paths of our own: not by digests, which are what is checked.
//!
//! ```text
//!   server   World = shadow (strays, nothing missed) · sets within one another · windows and seats within bounds
//!   client   every facet held = the shadow of the client's own tick = the World of that tick · nothing of others
//!            ticks ascend · events once, in order, to their audience · applied bits tell the truth
//! ```

use crate::moment::{Moment, Sight};
use client_sim::agreement::Agreement;
use client_sim::audit::{Breach, Game, Ledger};
use client_sim::replica::{Applied, Event, Replica, ReplicaError};
use server::counts::Counts;
use server::room::Room;
use server::seats::Seat;
use server::sim::{InputSource, Sent};
use shared::ids::{PlayerId, Slot, Tick};
use shared::limits::{
    EVENT_BYTES_WAITING_MAX, EVENTS_WAITING_MAX, FRAME_BUDGET_BYTES_MAX, SERVER_MESSAGE_BYTES_MAX, WINDOW_FRAMES_MAX,
    WINDOW_FRAMES_MIN,
};
use shared::schema::{Declaration, Section};
use shared::wire::values::{NO_REFERENCE, is_reference};
use shared::wire::{CloseCode, FrameKind};
use std::collections::{BTreeSet, VecDeque};

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The server's tick when it was seen.
    pub tick: Tick,
    /// At which client; `None`: at the server.
    pub client: Option<usize>,
    /// What.
    pub fault: Fault,
}

/// What a checker can find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The client itself found that it holds a wrong world, or could not read a frame.
    Lost(ReplicaError),
    /// A fresh facet's state differs from the shadow's at the client's tick.
    WrongState(Slot),
    /// A facet is held that is not alive, or under another name.
    Ghost(Slot),
    /// A facet is held that this client has no right to.
    Leak(Slot),
    /// Something is held or was told that this client has no right to, says the auditor's rule.
    Breach(Breach),
    /// The client believes to be complete, and lacks this.
    Missing(Slot),
    /// The client's idea of which entity is its own.
    WrongMe(Option<Slot>),
    /// What the client reads is not what the World has.
    WrongWorld(String),
    /// Events that were not told, or not in this order, or are missing.
    WrongEvents(String),
    /// A covered tick's applied bit is a lie.
    WrongApplied(Tick),
    /// A frame's tick is not after the one before.
    TickWentBack(Tick),
    /// The tick that a client holds lies before all that was kept.
    TooOld(Tick),
    /// A facet of the shadow is not what the World says.
    Stray(Slot),
    /// Extract missed a change.
    MissedExtract(u64),
    /// An entity of the World that is not replicated, or not whole.
    NotReplicated(String),
    /// What the server notes of a client's holdings cannot be.
    BadView(&'static str),
    /// Windows, seats, bytes: something is beyond its bound.
    Bound(String),
    /// A connection was closed, and the story did not say so.
    Closed(CloseCode),
}

/// Checks one client's replica against the truth of its tick.
pub fn replica(replica: &Replica, moment: &Moment, player: PlayerId, found: &mut Vec<Fault>) {
    let team = moment.team(player);
    let mut held = 0;
    for (record, states, fresh) in replica.facets() {
        held += 1;
        let slot = record.slot;
        match moment.facets.get(&slot) {
            Some(live) if live.record != record => found.push(Fault::Ghost(slot)),
            None => found.push(Fault::Ghost(slot)),
            Some(live) if !moment.may_hold(player, live) => found.push(Fault::Leak(slot)),
            Some(live) if fresh && live.states != states => found.push(Fault::WrongState(slot)),
            Some(_) => {}
        }
    }
    if held != replica.held_count() || replica.fresh_count() > held {
        found.push(Fault::Bound(format!(
            "{held} facets, {} held, {} fresh",
            replica.held_count(),
            replica.fresh_count()
        )));
    }
    if replica.complete() {
        let seen: BTreeSet<Slot> = replica.facets().map(|(record, ..)| record.slot).collect();
        let visible = moment.facets.values().filter(|live| moment.may_hold(player, live)).map(|live| live.record.slot);
        found.extend(visible.filter(|slot| !seen.contains(slot)).map(Fault::Missing));
    }
    let own = moment.players.get(&player).and_then(|standing| standing.entity);
    let own = own.and_then(|entity| moment.anchors.get(&entity)).copied();
    if replica.me() != own.filter(|&slot| replica.kind(slot).is_some()) {
        found.push(Fault::WrongMe(replica.me()));
    }
    let sight = Sight { replica, moment, player, team, all_teams: false };
    found.extend(moment.things.differences(&sight).into_iter().map(Fault::WrongWorld));
}

/// Where an auditor's word is kept.
#[must_use]
pub fn ledger(agreement: &Agreement) -> Ledger {
    let leave_units = agreement.limits.view_leave_units;
    Ledger::new(Game::new(&agreement.schema, agreement.layout.clone(), leave_units))
}

/// Checks an auditor's replica: it holds all that is alive, whoever that is for, and is told its events elsewhere.
pub fn auditor(replica: &Replica, moment: &Moment, applied: &Applied, found: &mut Vec<Fault>) {
    for (record, states, fresh) in replica.facets() {
        match moment.facets.get(&record.slot) {
            Some(live) if live.record != record => found.push(Fault::Ghost(record.slot)),
            None => found.push(Fault::Ghost(record.slot)),
            Some(live) if !fresh || live.states != states => found.push(Fault::WrongState(record.slot)),
            Some(_) => {}
        }
    }
    if replica.held_count() != moment.facets.len() {
        found.push(Fault::Bound(format!("an auditor holds {} of {}", replica.held_count(), moment.facets.len())));
    }
    if !applied.events.is_empty() || replica.me().is_some() {
        found.push(Fault::Bound("an auditor is told events, or who it is".to_owned()));
    }
}

/// Checks a spectator's replica against what it is shown: all that is everyone's and every team's, and nothing that is an owner's.
pub fn spectator(replica: &Replica, moment: &Moment, found: &mut Vec<Fault>) {
    for (record, states, fresh) in replica.facets() {
        match moment.facets.get(&record.slot) {
            Some(live) if live.record != record => found.push(Fault::Ghost(record.slot)),
            None => found.push(Fault::Ghost(record.slot)),
            Some(live) if live.section == Section::Owner => found.push(Fault::Leak(record.slot)),
            Some(live) if fresh && live.states != states => found.push(Fault::WrongState(record.slot)),
            Some(_) => {}
        }
    }
    let held = |slot: Slot| replica.facets().any(|(record, ..)| record.slot == slot);
    let visible = moment.facets.values().filter(|live| replica.complete() && live.section != Section::Owner);
    found.extend(visible.map(|live| live.record.slot).filter(|&slot| !held(slot)).map(Fault::Missing));
    if replica.me().is_some() {
        found.push(Fault::WrongMe(replica.me()));
    }
    let sight = Sight { replica, moment, player: PlayerId(u32::MAX), team: None, all_teams: true };
    found.extend(moment.things.differences(&sight).into_iter().map(Fault::WrongWorld));
}

/// Checks that the events of a frame are those that were told and not heard yet, once and in order, and that none was left behind
/// for which the frame had room. Where the frame says that some were lost, those are the oldest, and more than may wait were told.
/// Takes what was heard or lost out of `untold`, where each stands with its tick.
pub fn events(
    applied: &Applied,
    untold: &mut VecDeque<(Tick, Sent)>,
    now: &Moment,
    replica: &Replica,
    declarations: &[Declaration],
    found: &mut Vec<Fault>,
) {
    let got = applied.events.as_slice();
    let bytes = |codes: &[i32]| 1 + 4 * codes.len();
    let mut due = untold.iter().take_while(|(tick, _)| *tick <= now.tick).count();
    if applied.events_lost {
        let waited: usize = untold.iter().take(due).map(|(_, sent)| bytes(&sent.codes)).sum();
        if due <= EVENTS_WAITING_MAX && waited <= EVENT_BYTES_WAITING_MAX {
            found.push(Fault::WrongEvents(format!("none of {due} events had to be lost")));
        }
        untold.drain(..due.saturating_sub(got.len()));
        due = due.min(got.len());
    }
    let mut told = Vec::new();
    for (_, sent) in untold.drain(..due.min(got.len())) {
        let mut codes = sent.codes.clone();
        let mut at = 0;
        for field in &declarations[usize::from(sent.kind)].fields {
            if is_reference(field) {
                let slot = now.anchors.get(&shared::ids::EntityId(codes[at] as u32));
                let held = slot.filter(|&&slot| replica.kind(slot).is_some());
                codes[at] = held.map_or(NO_REFERENCE, |slot| i32::from(slot.0));
            }
            at += field.part_count();
        }
        told.push(Event { kind: sent.kind, codes });
    }
    if told != got {
        found.push(Fault::WrongEvents(format!("got {got:?}, told {told:?}")));
    }
    let taken: usize = got.iter().map(|event| bytes(&event.codes)).sum();
    if let Some((_, left)) = untold.front().filter(|(tick, _)| *tick <= now.tick)
        && taken + bytes(&left.codes) <= EVENT_BYTES_WAITING_MAX
    {
        found.push(Fault::WrongEvents(format!("got {got:?} and not {left:?}")));
    }
}

/// Checks that a client that could not use a frame heard what was told by it: all that was due, in order, and no references.
pub fn events_of_lost(
    tick: Tick,
    got: &[Event],
    untold: &mut VecDeque<(Tick, Sent)>,
    declarations: &[Declaration],
    found: &mut Vec<Fault>,
) {
    let due = untold.iter().take_while(|(told, _)| *told <= tick).count();
    let told: Vec<Event> = untold.drain(..due).map(|(_, sent)| unnamed(sent, declarations)).collect();
    if told != got {
        found.push(Fault::WrongEvents(format!("lost, got {got:?}, told {told:?}")));
    }
}

/// An event as somebody hears it who holds nothing.
fn unnamed(mut sent: Sent, declarations: &[Declaration]) -> Event {
    let mut at = 0;
    for field in &declarations[usize::from(sent.kind)].fields {
        if is_reference(field) {
            sent.codes[at] = NO_REFERENCE;
        }
        at += field.part_count();
    }
    Event { kind: sent.kind, codes: sent.codes }
}

/// Checks the applied bits of a step against where the inputs came from.
pub fn applied<'a>(
    covered: u32,
    bits: u16,
    tick: Tick,
    player: PlayerId,
    moment_of: impl Fn(Tick) -> Option<&'a Moment>,
    found: &mut Vec<Fault>,
) {
    for place in 0..covered {
        let of = Tick(tick.0 - (covered - 1 - place));
        let standing = moment_of(of).and_then(|moment| moment.players.get(&player));
        let Some(source) = standing.and_then(|standing| standing.source) else { continue };
        if (source == InputSource::Own) != (bits >> place & 1 == 1) {
            found.push(Fault::WrongApplied(of));
        }
    }
}

/// The most that a frame may have, in bytes: its budget for the ticks that it covers, one record more, what leaves, and all that
/// waits to be told.
#[must_use]
pub fn frame_bytes_max(room: &Room, kind: FrameKind, bytes_per_tick: usize) -> usize {
    const HEADER: usize = 32;
    const LIST: usize = 4;
    let covered = match kind {
        FrameKind::KeepAlive => return 8,
        FrameKind::Full => 0,
        FrameKind::Step { covered, .. } => covered,
    };
    let replicator = room.replicator();
    let budget = (bytes_per_tick * covered.max(1) as usize).min(FRAME_BUDGET_BYTES_MAX);
    let record = 16 + 6 * replicator.layout().parts_max();
    // Positions take a bit for each facet at the most: of the living, and of those that left while somebody was skipped.
    let positions = replicator.layout().slots() / 8 + Section::ALL.len() * LIST;
    let events = 2 * EVENT_BYTES_WAITING_MAX;
    (HEADER + budget + record + positions + events).min(SERVER_MESSAGE_BYTES_MAX)
}

/// Checks the server: the World against the shadow, and every bound.
pub fn server(room: &Room, moment: &Moment, before: &Counts, found: &mut Vec<Fault>) {
    found.extend(room.replicator().strays(room.sim()).into_iter().map(Fault::Stray));
    let missed = room.counts().missed_extracts - before.missed_extracts;
    if missed > 0 {
        found.push(Fault::MissedExtract(missed));
    }
    whole_entities(room, moment, found);
    for seat in room.seats().iter() {
        // Nobody looks through the eyes of who is away.
        if room.seats().is_away(seat.player) {
            continue;
        }
        let window = &seat.client.window;
        let frames = window.frames();
        // A window that closes does not call back what is under way.
        if window.under_way() > WINDOW_FRAMES_MAX as usize || !(WINDOW_FRAMES_MIN..=WINDOW_FRAMES_MAX).contains(&frames)
        {
            found.push(Fault::Bound(format!("window of {frames} with {} under way", window.under_way())));
        }
        // Who looks on has slots of its own.
        let Some(facets) = (if seat.spectates() {
            room.feed().map(|feed| feed.replicator().facets())
        } else {
            Some(room.replicator().facets())
        }) else {
            found.push(Fault::BadView("a spectator without a feed"));
            continue;
        };
        for section in Section::ALL {
            if !seat.spectates() {
                views(room, moment, seat, section, found);
            }
            let holding = seat.client.view.holding(section);
            let sets = holding.held.words().iter().zip(holding.fresh.words()).zip(holding.leaving.words());
            let visible = seat.client.view.visible(section, facets);
            for (at, ((held, fresh), leaving)) in sets.enumerate() {
                if fresh & !held != 0 {
                    found.push(Fault::BadView("fresh and not held"));
                }
                if held & leaving != 0 {
                    found.push(Fault::BadView("held and leaving"));
                }
                if held & !visible.map_or(0, |visible| visible.words()[at]) != 0 {
                    found.push(Fault::BadView("held and not to be seen"));
                }
            }
        }
    }
}

/// What the server says that a client may see of a section is what it may see, no less and no more.
fn views(room: &Room, moment: &Moment, seat: &Seat, section: Section, found: &mut Vec<Fault>) {
    let facets = room.replicator().facets();
    let visible = seat.client.view.visible(section, facets);
    let of_section = moment.facets.values().filter(|live| live.section == section);
    for live in of_section {
        let says = visible.is_some_and(|visible| visible.contains(live.record.slot));
        let may = seat.audits() || moment.may_hold(seat.player, live);
        match (says, may) {
            (true, false) => found.push(Fault::BadView("shows what may not be seen")),
            (false, true) => found.push(Fault::BadView("hides what may be seen")),
            _ => {}
        }
    }
}

/// Every entity of the World has an anchor, and a facet for its owner and its team; unless some found no slot in this tick.
fn whole_entities(room: &Room, moment: &Moment, found: &mut Vec<Fault>) {
    let facets = room.replicator().facets();
    let layout = room.replicator().layout();
    let tracked = facets.tracked().count();
    if tracked != moment.entities {
        found.push(Fault::NotReplicated(format!("{} entities, {tracked} tracked", moment.entities)));
    }
    for (id, tracked) in facets.tracked().filter(|_| !moment.crowded) {
        for (place, kind) in layout.facets_of(tracked.kind).iter().enumerate() {
            let wanted = match layout.facets()[usize::from(kind.0)].section {
                Section::Everyone => true,
                Section::Team => tracked.team.is_some(),
                Section::Owner => tracked.owner.is_some(),
                Section::References => continue,
            };
            if wanted != tracked.slots[place].is_some() {
                found.push(Fault::NotReplicated(format!("{id:?} place {place}: wanted {wanted}")));
            }
        }
    }
    if facets.alive_count() != moment.facets.len() {
        found.push(Fault::Bound(format!("{} facets alive, {} listed", facets.alive_count(), moment.facets.len())));
    }
}
