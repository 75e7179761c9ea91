//! What an entity does that a client may not see leaves no trace in the client's bytes: two matches that differ in nothing else are
//! compared, frame by frame, by random seeds.

use client_sim::dice::Dice;
use server::replicate::replicator::Leak;
use tests::link::LinkOptions;
use tests::moment::Moment;
use tests::player::{idle_players, zoo_players};
use tests::zoo::Zoo;
use tests::{Arena, seeds};

/// How long each match lasts.
const TICKS: u32 = 120;

/// A match in which ghosts do this; everything else is the seed's. Perhaps a rule is broken.
fn haunted(seed: u64, mischief: u64, aloof: bool, leak: Option<Leak>) -> Arena {
    let mut dice = Dice::new(seed, 77);
    let zoo = Zoo {
        crowd: dice.below(20),
        deaths: if aloof { 0 } else { dice.below(40) },
        whims: if aloof { 0 } else { dice.below(50) },
        turns: 50 + dice.below(300),
        shyness: if aloof { 0 } else { dice.below(30) },
        ghosts: 1 + dice.below(6),
        mischief,
        aloof,
        still: false,
    };
    // The farthest of the middle that a player who stands still can look: to where ghosts begin.
    let view = if aloof { 20 + dice.below(200) } else { [0, 30, 100, 400][dice.below(4) as usize] };
    let link = LinkOptions { delay_us: u64::from(dice.below(60_000)), jitter_us: 20_000, ..LinkOptions::default() };
    let players = if aloof { idle_players() } else { zoo_players() };
    let mut arena = Arena::seeded(seed).zoo(zoo).clients(3).behaviours(Some(players)).view(view).link(link).start();
    if let Some(leak) = leak {
        arena.tolerate();
        arena.room.sabotage_replicator().sabotage_leak(leak);
    }
    for tick in 0..TICKS {
        if dice.once_in(30) {
            arena.stall(dice.below(3) as usize, 1 + dice.below(25));
        }
        if tick == 60 {
            arena.clients[1].session.pause(dice.once_in(2));
        }
        arena.step();
    }
    arena
}

fn compare(seed: u64, aloof: bool) {
    let (one, other) = (haunted(seed, 1, aloof, None), haunted(seed, 2, aloof, None));
    assert_ne!(one.room.sim().hash(), other.room.sim().hash(), "the matches differ");
    for client in 0..3 {
        let (one, other) = (&one.clients[client].log, &other.clients[client].log);
        assert!(one.frames.len() > 20, "somebody was told something");
        let first = one.frames.iter().zip(&other.frames).find(|(one, other)| one != other);
        assert_eq!(first, None, "client {client}");
        assert_eq!((one.frames.len(), &one.events), (other.frames.len(), &other.events));
    }
    let last = |arena: &Arena| arena.moment(arena.tick()).map(shadow_of).unwrap_or_default();
    assert_ne!(last(&one), last(&other), "what clients could have been told differs");
}

/// All that any client could be told.
fn shadow_of(moment: &Moment) -> Vec<String> {
    moment.facets.values().map(|live| format!("{live:?}")).collect()
}

#[test]
fn what_the_games_own_rule_hides_leaves_no_trace_whatever_it_does() {
    let name = "what_the_games_own_rule_hides_leaves_no_trace_whatever_it_does";
    seeds::each("secrecy", name, 6, |seed| compare(seed, false));
}

#[test]
fn where_a_rule_is_broken_what_was_hidden_leaves_its_trace() {
    for (aloof, leak) in [(false, Leak::Sight), (true, Leak::Distance)] {
        let frames = |mischief| {
            let arena = haunted(7, mischief, aloof, Some(leak));
            arena.clients.into_iter().map(|client| client.log.frames).collect::<Vec<_>>()
        };
        assert_ne!(frames(1), frames(2), "{leak:?}");
    }
}

#[test]
fn what_is_too_far_away_leaves_no_trace_whatever_it_does() {
    let name = "what_is_too_far_away_leaves_no_trace_whatever_it_does";
    seeds::each("secrecy", name, 6, |seed| compare(seed, true));
}
