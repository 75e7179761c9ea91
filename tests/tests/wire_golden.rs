//! Golden bytes: one file for each message, equal to what the code writes and to what PROTOCOL.md shows.
//!
//! ```text
//!   examples() ─► bytes ─┬─ equal? ─ tests/golden/NAME.hex ─ equal? ─ PROTOCOL.md, "Examples"
//!                        └─ read back: messages by `read`, state frames by a replica that checks their digests
//! ```
//!
//! The frames are written here step by step as PROTOCOL.md says, not by the server's `assemble`: a second hand.
//! `UPDATE_GOLDEN=1 cargo test -p tests --test wire_golden` writes the files and the page's examples anew. What it never
//! writes is the page's table of versions: there a hash of all golden bytes stands beside each version, and who changes
//! the wire changes it by hand, knowing what it means for clients that are out there.

// A game that never changes.
#[path = "wire_golden/game.rs"]
mod game;

// Messages, with what they say.
#[path = "wire_golden/messages.rs"]
mod messages;

// State frames, by the page.
#[path = "wire_golden/frames.rs"]
mod frames;

// Golden files and the page.
#[path = "wire_golden/pages.rs"]
mod pages;

use crate::game::{Following, Found, Look, Place, Purse, STONE, TICK, WALKER, layout, schema};
use crate::messages::{client_messages, examples, server_messages};
use crate::pages::{EXAMPLES, READ, bytes_of, file_text, golden_hash, table};
use client_sim::replica::Replica;
use glam::IVec2;
use shared::Replicated;
use shared::codec::Tables;
use shared::ids::{EntityId, Slot};
use shared::schema::{Schema, Text};
use shared::wire::close_code::CloseCode;
use shared::wire::version::PROTOCOL;
use shared::wire::{ClientMessage, Digest, FrameKind, ServerMessage};
use std::sync::Arc;

#[test]
fn every_golden_file_is_what_the_code_writes() {
    let all = examples();
    let names: Vec<&String> = READ.1.keys().collect();
    let mut expected: Vec<&str> = all.iter().map(|example| example.name).collect();
    expected.sort_unstable();
    assert_eq!(names, expected, "UPDATE_GOLDEN=1 writes the files anew");
    for example in &all {
        let file = &READ.1[example.name];
        assert_eq!(
            bytes_of(file),
            example.bytes,
            "{}: the wire changed; if it was meant: UPDATE_GOLDEN=1",
            example.name
        );
        assert_eq!(*file, file_text(example), "{}: UPDATE_GOLDEN=1 writes the file anew", example.name);
    }
}

#[test]
fn the_page_shows_every_golden_file() {
    let shown = READ.0.split(EXAMPLES).nth(1).expect("the page has examples");
    for example in examples() {
        let heading = format!("### {}.hex", example.name);
        let mut lines =
            shown.lines().skip_while(|&line| line != heading).skip(1).take_while(|line| !line.starts_with('#'));
        lines.find(|line| line.starts_with("```")).unwrap_or_else(|| panic!("no block under {heading}"));
        let block: Vec<&str> = lines.take_while(|line| !line.starts_with("```")).collect();
        assert_eq!(bytes_of(&block.join("\n")), example.bytes, "{heading}");
    }
}

#[test]
fn every_golden_message_is_read_as_it_was_meant() {
    let schema = schema();
    for (name, _, message) in client_messages() {
        assert_eq!(ClientMessage::read(&bytes_of(&READ.1[name]), &schema, TICK), Ok(message), "{name}");
    }
    let (layout, tables) = (layout(), bytes_of(&READ.1["tables"]));
    let mut better = Tables::untrained(&layout);
    assert_eq!(Tables::from_bytes(&tables, &layout).as_ref(), Ok(&better));
    better.epoch = 1;
    for (name, _, message) in server_messages(&better.to_bytes()) {
        assert_eq!(ServerMessage::read(&bytes_of(&READ.1[name])), Ok(message), "{name}");
    }
    assert_eq!(Schema::from_bytes(&bytes_of(&READ.1["schema"])), Ok(schema));
}

fn replica(digest: Digest) -> Replica {
    let layout = layout();
    let tables = Tables::untrained(&layout);
    Replica::new(Arc::new(schema()), Arc::new(layout), tables, TICK, digest)
}

#[test]
fn the_golden_frames_make_the_world_that_they_tell_of() {
    let mut replica = replica(Digest::Folded);
    let full = replica.apply(&bytes_of(&READ.1["state_full"])).unwrap();
    assert!(full.checked && full.complete && full.kind == FrameKind::Full);
    assert_eq!((replica.tick(), replica.me()), (TICK, Some(Slot(5))));
    assert_eq!(replica.anchors().collect::<Vec<_>>(), [(Slot(5), WALKER), (Slot(17), STONE)]);
    assert_eq!(replica.read(Slot(5)), Some(Place { at: IVec2::new(1_000, 2_000) }));
    assert_eq!(replica.read(Slot(5)), Some(Look { angle: 0x4000, awake: true, name: Text::new("Ada") }));
    assert_eq!(replica.read(Slot(5)), Some(Purse { coins: 12 }));
    assert_eq!(replica.read(Slot(5)), Some(Following { whom: EntityId(17) }));
    assert_eq!(replica.read(Slot(17)), Some(Place { at: IVec2::new(4_095, 0) }));

    let step = replica.apply(&bytes_of(&READ.1["state_step"])).unwrap();
    assert!(step.checked);
    assert_eq!((step.early, step.applied_own, step.stand_ins), (Some(-3), 1, 1));
    assert_eq!(replica.tick(), TICK.after(2));
    assert_eq!(replica.read(Slot(5)), Some(Place { at: IVec2::new(1_006, 1_998) }));
    assert_eq!(replica.read(Slot(5)), Some(Look { angle: 0x4100, awake: true, name: Text::new("Ada") }));
    assert_eq!(replica.read(Slot(5)), Some(Purse { coins: 62 }));
    assert_eq!(replica.read(Slot(5)), Some(Following { whom: EntityId(u32::MAX) }));
    assert_eq!(replica.read(Slot(17)), Some(Place { at: IVec2::new(16, 32) }));
    let [event] = step.events.as_slice() else { panic!("one event") };
    assert_eq!((event.kind, Found::read_codes(&event.codes)), (0, Found { who: EntityId(5), coins: 50 }));

    assert!(!step.events_lost);

    let resumed = replica.apply(&bytes_of(&READ.1["state_events_lost"])).unwrap();
    assert!(resumed.checked && resumed.events_lost && resumed.events.is_empty());
    assert_eq!(replica.tick(), TICK.after(3));

    let bytes = bytes_of(&READ.1["state_ordinary"]);
    let ordinary = replica.apply(&bytes).unwrap();
    assert!(ordinary.checked && ordinary.complete && bytes[0] >= 128);
    assert_eq!((ordinary.early, ordinary.applied_own, ordinary.stand_ins), (Some(18), 1, 0));
    assert_eq!(replica.read(Slot(5)), Some(Place { at: IVec2::new(1_014, 1_996) }));

    let alive = replica.apply(&bytes_of(&READ.1["state_keep_alive"])).unwrap();
    assert_eq!((alive.kind, alive.tick), (FrameKind::KeepAlive, TICK.after(32)));
    assert_eq!(replica.tick(), TICK.after(4), "a keep-alive changes nothing");
}

#[test]
fn the_golden_full_digest_proves_the_same_world() {
    let mut whole = replica(Digest::Whole);
    assert!(whole.apply(&bytes_of(&READ.1["state_full_digest"])).unwrap().checked);
    assert_eq!(whole.read(Slot(5)), Some(Purse { coins: 12 }));
}

#[test]
fn any_bit_of_a_golden_frame_that_is_turned_is_seen_or_changes_nothing_that_is_held() {
    let mut right = replica(Digest::Whole);
    let bytes = bytes_of(&READ.1["state_full_digest"]);
    right.apply(&bytes).unwrap();
    let world = |replica: &Replica| {
        replica.facets().map(|(record, states, fresh)| (record, states.to_vec(), fresh)).collect::<Vec<_>>()
    };
    for bit in 0..bytes.len() * 8 {
        let mut wrong = bytes.clone();
        wrong[bit / 8] ^= 1 << (bit % 8);
        let mut replica = replica(Digest::Whole);
        if replica.apply(&wrong).is_ok_and(|applied| applied.checked) {
            assert_eq!(world(&replica), world(&right), "bit {bit}");
        }
    }
}

#[test]
fn the_page_lists_the_close_codes_as_they_are() {
    let expected: Vec<[String; 5]> = CloseCode::ALL
        .iter()
        .map(|code| {
            let (fault, retry) = (format!("{:?}", code.fault()), format!("{:?}", code.retry()));
            [code.number().to_string(), code.name().to_owned(), fault, retry, code.reason().to_owned()]
        })
        .collect();
    assert_eq!(table("Close codes"), expected);
}

#[test]
fn the_page_records_the_golden_bytes_of_this_version() {
    let versions = table("Versions");
    for (row, number) in versions.iter().zip(1..) {
        assert_eq!(row.len(), 4, "version, date, what, golden bytes");
        assert_eq!(row[0], number.to_string(), "versions count up");
    }
    let newest = versions.last().expect("there is a version");
    assert_eq!(newest[0], PROTOCOL.to_string(), "PROTOCOL.md's newest version and `wire::version::PROTOCOL` differ");
    let hash = golden_hash(&examples());
    assert_eq!(
        newest[3],
        format!("`{hash}`"),
        "the golden bytes are not those of version {PROTOCOL} any more. If clients of version {PROTOCOL} are out there and the \
         wire changed, raise PROTOCOL and add a line with `{hash}` to PROTOCOL.md's versions; else put it into the last line"
    );
}
