//! Auditors: they see everything, are told who may see what, play nothing, and nobody notices them.

use client_sim::audit::Breach;
use server::replicate::replicator::Leak;
use shared::schema::Section;
use shared::wire::control::FEATURE_AUDIT;
use shared::wire::{ClientMessage, CloseCode, Hello};
use std::collections::BTreeSet;
use tests::Arena;
use tests::builder::ArenaBuilder;
use tests::checks::Fault;
use tests::hostile::{Knows, hello, input};
use tests::link::LinkOptions;
use tests::player::idle_players;
use tests::zoo::{Tell, Whom, Zoo};

fn lively() -> ArenaBuilder {
    Arena::seeded(0xA0D1).zoo(Zoo { whims: 60, ..Zoo::default() }).clients(4)
}

#[test]
fn an_auditor_holds_every_facet_whoever_it_is_for_exactly_and_is_complete() {
    let mut arena = lively().start();
    let auditor = arena.join_auditor();
    arena.run(3);
    let (mut owned, mut of_teams) = (0, BTreeSet::new());
    for _ in 0..200 {
        // The checkers compare facet by facet.
        arena.step();
        let replica = arena.clients[auditor].session.replica().expect("it is in");
        assert!(replica.complete() && !replica.lost());
        let truth = arena.moment(replica.tick()).expect("it was just now");
        assert_eq!((replica.held_count(), replica.fresh_count()), (truth.facets.len(), truth.facets.len()));
        owned += truth.facets.values().filter(|live| live.section == Section::Owner).count();
        of_teams.extend(truth.facets.values().filter_map(|live| live.team));
    }
    assert!(owned > 200 && of_teams.len() == 3, "there was something to see: {owned}, {of_teams:?}");
}

#[test]
fn what_an_auditor_is_told_is_who_is_who_and_whose_is_what() {
    let mut arena = lively().start();
    let auditor = arena.join_auditor();
    arena.run(5);
    for _ in 0..100 {
        // Idle links: what was told with a tick's frame is heard before the next.
        let tick = arena.tick();
        arena.step();
        let audit = arena.clients[auditor].audit.as_deref().expect("one comes with each frame");
        assert_eq!((audit.tick, audit.gap), (tick.0, false));
        let moment = arena.moment(tick).expect("it was just now");
        let players: Vec<_> = audit.players.iter().map(|player| (player.player, player.entity, player.team)).collect();
        let known = moment.players.iter().map(|(player, standing)| {
            let anchor = standing.entity.and_then(|entity| moment.anchors.get(&entity));
            (player.0, anchor.map(|slot| slot.0), standing.team)
        });
        assert!(known.eq(players), "tick {tick}");
        for live in moment.facets.values().filter(|live| live.record.anchor == live.record.slot) {
            let said = audit.entities.iter().find(|entity| entity.anchor == live.record.slot.0);
            let said = said.map_or((None, None), |entity| (entity.owner, entity.team));
            assert_eq!(said, (live.owner.map(|owner| owner.0), live.team), "tick {tick}");
        }
        assert_eq!(audit.events.len(), moment.told.len());
    }
}

#[test]
fn nobody_notices_an_auditor() {
    let play = |audited: bool| {
        let mut arena = lively().players_max(4).start();
        if audited {
            arena.join_auditor();
        }
        arena.run(120);
        let hash = arena.room.sim().hash();
        let frames: Vec<_> = (0..4).map(|client| arena.clients[client].log.frames.clone()).collect();
        (hash, frames, arena.room.counts().players, arena.room.counts().joins)
    };
    assert_eq!(play(true), play(false));
}

#[test]
fn an_auditor_takes_no_players_place_and_there_are_two_at_most() {
    let mut arena = lively().clients(2).players_max(2).start();
    let auditors = [arena.join_auditor(), arena.join_auditor()];
    arena.run(5);
    assert_eq!((arena.room.counts().players, arena.room.counts().auditors), (2, 2));
    let third = arena.join_auditor();
    arena.expect_close(third, CloseCode::RoomFull);
    arena.run(5);
    assert_eq!(arena.clients[third].log.closed, Some(CloseCode::RoomFull));
    arena.leave(auditors[0]);
    arena.cut(auditors[1]);
    arena.run(5);
    assert_eq!((arena.room.counts().players, arena.room.counts().auditors), (2, 0));
    assert_eq!((arena.room.counts().joins, arena.room.counts().leaves), (2, 0));
    let again = arena.join_auditor();
    arena.run(5);
    assert!(arena.clients[again].session.is_in());
}

#[test]
fn who_may_not_audit_and_asks_for_it_is_closed_and_gets_no_seat() {
    let mut arena = lively().forbid_audit().start();
    let place = arena.join_auditor();
    arena.expect_close(place, CloseCode::NotAllowed);
    arena.run(5);
    let client = &arena.clients[place];
    assert_eq!((client.log.closed, client.log.frames.len()), (Some(CloseCode::NotAllowed), 0));
    assert_eq!((arena.room.counts().players, arena.room.counts().joins), (4, 4));
    // So does whoever asks for it together with everything else.
    let stranger = arena.stranger();
    let all = Hello { features: u32::MAX, ..hello("all") };
    let all = arena.message(&ClientMessage::Hello(Box::new(all)));
    arena.strangers[stranger].say(all);
    arena.run(2);
    assert_eq!(
        (arena.strangers[stranger].closed, arena.strangers[stranger].heard.len()),
        (Some(CloseCode::NotAllowed), 0)
    );
}

#[test]
fn an_auditor_that_plays_is_closed() {
    let neutral = |arena: &Arena| {
        let schema = arena.room.replicator().schema().clone();
        let knows = Knows { schema: &schema, next: arena.tick().next(), newest: arena.tick() };
        arena.message(&ClientMessage::Input(input(&knows, knows.next)))
    };
    let request = |arena: &Arena| {
        let codes = vec![0; arena.room.replicator().schema().requests[0].part_count()];
        arena.message(&ClientMessage::Request { number: 0, kind: 0, codes })
    };
    let pause = |arena: &Arena| arena.message(&ClientMessage::Pause { on: true });
    let plays: [&dyn Fn(&Arena) -> Vec<u8>; 3] = [&neutral, &request, &pause];
    for play in plays {
        let mut arena = lively().start();
        let stranger = arena.strange_auditor();
        arena.run(2);
        assert!(arena.strangers[stranger].welcome().is_some_and(|welcome| welcome.features == FEATURE_AUDIT));
        let said = play(&arena);
        arena.strangers[stranger].say(said);
        arena.run(2);
        assert_eq!(arena.strangers[stranger].closed, Some(CloseCode::OutOfPlace));
        assert_eq!(arena.room.counts().leaves, 0, "the World never knew it");
    }
}

#[test]
fn an_auditor_whose_path_stands_still_is_told_all_that_happened_meanwhile() {
    let link = LinkOptions { socket_bytes: 0, ..LinkOptions::default() };
    let mut arena = Arena::seeded(3).zoo(Zoo::steady(8)).clients(2).behaviours(Some(idle_players())).link(link).start();
    let auditor = arena.join_auditor();
    arena.run(10);
    arena.stall(auditor, 8);
    for _ in 0..4 {
        arena.request(0, &Tell { whom: Whom::Me, count: 3, about: Default::default() });
        arena.run(2);
    }
    let mut told = Vec::new();
    for _ in 0..4 {
        arena.step();
        let audit = arena.clients[auditor].audit.as_deref().expect("one comes with each frame");
        assert!(!audit.gap);
        told.extend(audit.events.iter().map(|event| event.codes[0]));
        arena.clients[auditor].audit = Some(Box::default());
    }
    assert_eq!(told, (1..=12).collect::<Vec<i32>>());
}

/// A zoo where something is out of sight of somebody: by distance, by the rule, or both.
fn dim(view: u32, shyness: u32) -> ArenaBuilder {
    Arena::seeded(0xD1).zoo(Zoo { crowd: 20, whims: 60, shyness, ..Zoo::default() }).clients(4).view(view)
}

/// A zoo with an auditor, and a rule broken from tick 20 on; what was found.
fn broken(builder: ArenaBuilder, leak: Option<Leak>) -> (Arena, Vec<Fault>) {
    let mut arena = builder.start();
    arena.join_auditor();
    arena.run(20);
    arena.tolerate();
    leak.into_iter().for_each(|leak| arena.room.sabotage_replicator().sabotage_leak(leak));
    arena.run(100);
    let found = arena.take_findings().into_iter().map(|finding| finding.fault).collect();
    (arena, found)
}

#[test]
fn every_client_is_compared_with_the_auditor_facet_by_facet_and_event_by_event() {
    for builder in [lively(), dim(100, 0), dim(0, 40), dim(60, 20)] {
        let (arena, found) = broken(builder, None);
        assert_eq!(found, []);
        for client in 0..4 {
            let compared = arena.clients[client].audited();
            assert!(compared.frames_checked > 100 && compared.facets_checked > 2_000, "{compared:?}");
            assert!(compared.events_checked > 20, "{compared:?}");
            let left_out = (compared.frames_unchecked, compared.events_unchecked, compared.leaks);
            assert_eq!(left_out, (0, 0, 0), "{compared:?}");
        }
    }
}

#[test]
fn a_rule_that_is_broken_on_purpose_is_found_by_the_auditor_and_by_the_harness() {
    type Is<T> = fn(&T) -> bool;
    let cases: [(ArenaBuilder, Leak, Is<Breach>, Is<Fault>); 6] = [
        (lively(), Leak::Teams, |breach| matches!(breach, Breach::OtherTeam(_)), is_leak),
        (lively(), Leak::Owners, |breach| matches!(breach, Breach::OtherOwner(_)), is_leak),
        (
            lively(),
            Leak::Events,
            |breach| matches!(breach, Breach::Event(_)),
            |fault| matches!(fault, Fault::WrongEvents(_)),
        ),
        (dim(60, 0), Leak::Distance, |breach| matches!(breach, Breach::OutOfSight(_)), is_leak),
        (dim(0, 60), Leak::Sight, |breach| matches!(breach, Breach::OutOfSight(_)), is_leak),
        (dim(60, 0), Leak::References, |breach| matches!(breach, Breach::PointsOutOfSight(_)), is_leak),
    ];
    for (builder, leak, is_breach, is_fault) in cases {
        let (arena, found) = broken(builder, Some(leak));
        let breached = |fault: &Fault| matches!(fault, Fault::Breach(breach) if is_breach(breach));
        assert!(found.iter().any(breached), "{leak:?}: {found:?}");
        assert!(found.iter().any(is_fault), "{leak:?}: {found:?}");
        assert!((0..4).any(|client| arena.clients[client].audited().leaks > 0));
        if leak != Leak::Events {
            assert!(found.iter().any(|fault| matches!(fault, Fault::BadView(_))), "{leak:?}: {found:?}");
        }
    }
}

fn is_leak(fault: &Fault) -> bool {
    matches!(fault, Fault::Leak(_))
}
