//! Whole matches as one client heard them, and what it must hold after each message: what a replica in another language is held to.
//!
//! ```text
//!   story ─► messages to one client ─┬─► tests/golden/match_NAME.json
//!                                    └─► client_sim::replica ─► world after each ─ equal? ─ the same file
//! ```
//!
//! `UPDATE_GOLDEN=1 cargo test -p tests --test golden_match` plays the stories and writes the files anew; else what was heard once is read again,
//! whatever a server of today would say. A line is a message; a state frame's has what it did and a hash of all facets that are held after
//! it; the last line has the codes of all components, entity by entity. While a story is played the harness compares what is held with
//! the server's World, in every tick.

use client_sim::agreement::Agreement;
use client_sim::replica::{Applied, Replica};
use serde_json::{Value, json};
use shared::ids::EntityId;
use shared::schema::Schema;
use shared::wire::{FrameKind, ServerMessage};
use std::path::PathBuf;
use std::sync::Arc;
use tests::Arena;
use tests::golden::{hexadecimal, hold_to};
use tests::link::LinkOptions;
use tests::zoo::{BEAST, STONE, Tell, Whom, Zoo};

/// FNV-1a over words, as twins compute it.
struct Hash(u32);

impl Hash {
    fn add(&mut self, word: i32) {
        self.0 = (self.0 ^ word as u32).wrapping_mul(0x0100_0193);
    }
}

/// Every facet that is held, by slot, with all that is remembered of it.
fn world(replica: &Replica) -> u32 {
    let mut hash = Hash(0x811C_9DC5);
    let mut facets: Vec<_> = replica.facets().collect();
    facets.sort_by_key(|(record, ..)| record.slot);
    for (record, states, fresh) in facets {
        for word in [i32::from(record.slot.0), i32::from(record.kind.0), i32::from(record.anchor.0), i32::from(fresh)] {
            hash.add(word);
        }
        for state in states {
            for word in [state.code, state.speed, state.fraction.into(), state.class.into(), state.mask.into()] {
                hash.add(word);
            }
        }
    }
    hash.0
}

fn line(bytes: &[u8], replica: &Replica, applied: &Applied) -> Value {
    let (kind, covered) = match applied.kind {
        FrameKind::Full => ("full", 0),
        FrameKind::KeepAlive => ("keep-alive", 0),
        FrameKind::Step { covered, .. } => ("step", covered),
    };
    let events: Vec<Value> = applied.events.iter().map(|event| json!([event.kind, event.codes])).collect();
    json!({
        "bytes": hexadecimal(bytes), "kind": kind, "tick": applied.tick.0, "covered": covered, "own": applied.applied_own,
        "early": applied.early, "complete": applied.complete, "events": events, "me": replica.me().map(|me| me.0),
        "held": replica.held_count(), "fresh": replica.fresh_count(), "world": world(replica),
    })
}

/// The codes of all components of all entities.
fn rows(schema: &Schema, replica: &Replica) -> Vec<Value> {
    let entities = replica.anchors().map(|(slot, kind)| {
        let kind = &schema.kinds[usize::from(kind.0)];
        let rows: Vec<Value> = kind
            .components
            .iter()
            .map(|&component| json!([component, replica.row(slot, usize::from(component))]))
            .collect();
        json!([slot.0, kind.name, rows])
    });
    entities.collect()
}

/// Plays what was heard to a replica.
fn replayed(heard: &[Vec<u8>]) -> Vec<Value> {
    let mut playing: Option<(Agreement, Replica)> = None;
    let mut lines = Vec::new();
    for bytes in heard {
        let message = ServerMessage::read(bytes).unwrap();
        match (&mut playing, message) {
            (None, ServerMessage::Welcome(welcome)) => {
                let agreement = Agreement::new(*welcome, false, None).unwrap();
                let Agreement { schema, layout, tables, tick, digest, .. } = agreement.clone();
                playing = Some((agreement, Replica::new(schema, layout, Arc::clone(&tables), tick, digest)));
                lines.push(json!({ "bytes": hexadecimal(bytes) }));
            }
            (Some((_, replica)), ServerMessage::State(frame)) => {
                let applied = replica.apply(frame).expect("nothing was lost on the way");
                lines.push(line(bytes, replica, &applied));
            }
            (Some((_, replica)), ServerMessage::Tables { from, bytes: tables }) => {
                replica.take_tables(from, tables).unwrap();
                lines.push(json!({ "bytes": hexadecimal(bytes) }));
            }
            _ => lines.push(json!({ "bytes": hexadecimal(bytes) })),
        }
    }
    let (agreement, replica) = playing.expect("it was welcomed");
    lines.push(json!({ "rows": rows(&agreement.schema, &replica) }));
    lines
}

/// What was heard: in the story if the file is to be written anew, else as the file says.
fn heard(file: &str, story: impl FnOnce() -> Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return story();
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(file);
    let lines: Vec<Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let messages = lines.iter().filter_map(|line| line["bytes"].as_str());
    messages.map(|text| text.as_bytes().chunks(2).map(byte).collect()).collect()
}

fn count(lines: &[Value], which: impl Fn(&Value) -> bool) -> usize {
    lines.iter().filter(|line| which(line)).count()
}

/// A late joiner, events, a reply, steps that catch up, demotions, better tables, a full frame after a stall, a pause.
fn in_a_zoo() -> Vec<Vec<u8>> {
    let link = LinkOptions { socket_bytes: 0, ..LinkOptions::default() };
    let mut arena = Arena::seeded(0x6A7C).zoo(Zoo::steady(6)).clients(2).link(link).start();
    arena.clients[0].heard = Some(Vec::new());
    arena.room.begin_study();
    arena.run(25);
    let late = arena.join();
    arena.run(5);
    let about = EntityId(u32::from(arena.any(BEAST).1.0));
    arena.request(1, &Tell { whom: Whom::All, count: 3, about });
    arena.request(0, &Tell { whom: Whom::Me, count: 0, about });
    arena.run(3);
    arena.stall(0, 5);
    arena.run(8);
    let player = arena.player(0);
    let slots = [STONE, BEAST].map(|kind| arena.any(kind).1);
    for slot in slots {
        arena.room.sabotage_view(player).expect("client 0 has a seat").sabotage_demote(slot);
    }
    arena.run(3);
    arena.leave(late);
    arena.run(3);
    arena.stall(0, 6);
    arena.run(2);
    let better = arena.room.take_study().expect("it is studied").train(1);
    arena.room.replace_tables(Arc::new(better));
    arena.run(12);
    arena.stall(0, 25);
    arena.run(30);
    arena.clients[0].session.pause(true);
    arena.run(45);
    arena.clients[0].session.pause(false);
    arena.run(8);
    arena.clients[0].heard.take().unwrap_or_default()
}

#[test]
fn a_match_in_a_zoo_with_everything_that_can_happen_is_read_the_same_for_ever() {
    let heard = heard("match_zoo.json", in_a_zoo);
    let lines = replayed(&heard);
    assert!(count(&lines, |line| line["kind"] == "full") >= 3, "it begins, and begins anew after a stall and a pause");
    assert!(count(&lines, |line| line["kind"] == "keep-alive") >= 1);
    assert!(count(&lines, |line| line["covered"].as_u64() > Some(4)) >= 2, "steps that catch up");
    assert!(count(&lines, |line| line["fresh"].as_u64() < line["held"].as_u64()) >= 1, "something was not exact");
    assert!(count(&lines, |line| line["events"].as_array().is_some_and(|events| !events.is_empty())) >= 1);
    assert_eq!(heard.iter().filter(|bytes| bytes[0] == 6).count(), 1, "better tables");
    hold_to("match_zoo.json", &lines, "what a client makes of a match changed");
}

fn in_the_arena() -> Vec<Vec<u8>> {
    let mut arena = Arena::seeded(0xA2E4).built_in().clients(3).start();
    arena.clients[0].heard = Some(Vec::new());
    arena.run(90);
    arena.clients[0].heard.take().unwrap_or_default()
}

#[test]
fn a_match_in_the_arena_is_read_the_same_for_ever() {
    let lines = replayed(&heard("match_arena.json", in_the_arena));
    assert!(count(&lines, |line| line["own"] == 1) > 60, "its inputs were used");
    hold_to("match_arena.json", &lines, "what a client makes of a match changed");
}
