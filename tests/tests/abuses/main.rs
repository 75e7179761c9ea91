//! A table of abuses, tried on a real server over real sockets: what is sent, what must come back, what must not change.
//!
//! ```text
//!   handshake.rs     TCP, TLS, HTTP, the upgrade                        no room is made
//!   framing.rs       RFC 6455, and what is no message                   its place is given back
//!   messages         by one who has a seat (`tests::hostile::ABUSES`)   it happens in the room of one who plays
//!   tickets.rs       forged, confused, out of time, for something else
//!   coming_back.rs   secrets of seats: wrong, old, stolen, too many     whose seat it is notices nothing
//!   bans.rs          at the upgrade, at the return, while playing
//!   names.rs         markup, escape codes, directions, look-alikes      what others read; nothing raw in log and metrics
//!   deaf.rs          who never reads
//! ```
//!
//! All are tried side by side, each from an address of its own, while somebody plays: none of them may take a frame from that one or
//! show it another world. The server limits loopback addresses like all others, and logs all it can.

// How they are tried, by what client, and beside whom.
mod bystander;
mod client;
mod line;

// The table.
mod bans;
mod coming_back;
mod deaf;
mod framing;
mod handshake;
mod names;
mod tickets;

use bystander::{Bystander, Marks};
use client::{End, Target};
use line::{Gets, Got, KEPT_S, Keeps, Line, Scene, Sends};
use server::config::{LogFormat, RawLog};
use server::logging;
use shared::wire::CloseCode;
use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tests::hostile::ABUSES;
use tests::loopback::Loopback;
use tests::tickets::Pen;

/// Lines that are tried at once. What went wrong then is tried again with fewer beside it, and at last alone: on a busy machine a line may
/// fail for the others' sake, and what is a line's own fault it shows alone, too.
const AT_ONCE: [usize; 3] = [16, 4, 1];
/// One that needs a room older than ten seconds: the hostile bots of `client-sim` wait for that.
const NEEDS_AN_OLD_ROOM: &str = "inputs from the far past";
/// Bytes that all of it may write into the log, with every line that there is switched on.
const LOG_BYTES_MAX: usize = 2 << 20;

/// The whole table.
fn lines() -> Vec<Line> {
    let by_message = ABUSES.iter().filter(|abuse| abuse.name != NEEDS_AN_OLD_ROOM).map(|abuse| Line {
        what: abuse.name,
        sends: Sends::Messages(abuse.says),
        gets: Gets::Close(abuse.closes),
        keeps: Keeps::Player,
    });
    let tables = [handshake::LINES, framing::LINES, tickets::LINES, coming_back::LINES, bans::LINES, names::LINES];
    let slow = |line: &Line| matches!(line.gets, Gets::CloseAfter(..) | Gets::GoneAfter(_));
    let mut all: Vec<Line> = deaf::LINES.to_vec();
    let mut others: Vec<Line> = by_message.chain(tables.into_iter().flatten().cloned()).collect();
    // What takes long begins first.
    others.sort_by_key(|line| !slow(line));
    all.append(&mut others);
    all
}

/// What the server writes, kept.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics with it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An address for each line.
fn address(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 64, (number >> 8) as u8, number as u8)
}

/// What all lines are tried with.
struct Trial<'a> {
    target: Target,
    server: &'a Loopback,
    pen: &'a Pen,
    beside: &'a Bystander,
}

impl Trial<'_> {
    /// Tries lines, so many at a time. Those with which something went otherwise, and what.
    fn tried<'a>(&self, lines: &[&'a Line], turn: usize) -> Vec<(&'a Line, String)> {
        let next = AtomicUsize::new(0);
        let wrong = Mutex::new(Vec::new());
        thread::scope(|scope| {
            let one_after_the_other = || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(line) = lines.get(number) else { break };
                    // Rooms and addresses are new each time: what was banned or charged stays so.
                    let number = number + turn * 1_000;
                    let (target, room) = (self.target.at(address(number)), line.room(number));
                    let scene = Scene { target, server: self.server, pen: self.pen, room };
                    if let Err(why) = line.tried(&scene, self.beside) {
                        wrong.lock().expect("nobody panics in here").push((*line, why));
                    }
                }
            };
            let trying: Vec<_> = (0..AT_ONCE[turn]).map(|_| scope.spawn(one_after_the_other)).collect();
            let panicked = trying.into_iter().filter_map(|trying| trying.join().err()).count();
            assert_eq!(panicked, 0);
        });
        wrong.into_inner().expect("nobody panicked in there")
    }

    /// Tries all lines, those that fail once more. What is wrong, each time.
    fn tried_thrice(&self, lines: &[Line]) -> Vec<String> {
        let mut left: Vec<&Line> = lines.iter().collect();
        let mut wrong = Vec::new();
        for turn in 0..AT_ONCE.len() {
            let failed = self.tried(&left, turn);
            wrong = failed.iter().map(|(line, why)| format!("{}: {why}", line.what)).collect();
            wrong.iter().for_each(|why| println!("turn {}: {why}", turn + 1));
            left = failed.into_iter().map(|(line, _)| line).collect();
        }
        wrong
    }
}

#[test]
fn every_abuse_gets_what_it_must_and_nobody_who_plays_notices() {
    let written = Log::default();
    let log = RawLog { format: LogFormat::Human, filter: "debug".to_owned(), lines_per_second: 0, kib_per_minute: 0 };
    let logging = logging::start_to(&log, written.clone(), false).expect("a thread");
    let pen = Arc::new(Pen::take());
    let known = pen.clone();
    let server = Loopback::start_as(move |config| {
        config.rooms.keep_seats_s = KEPT_S;
        config.limits.loopback = true;
        known.introduce(config);
    });
    let target = Target::of(&server);
    let lines = lines();
    assert!(lines.len() >= 200, "{} lines", lines.len());
    let beside = Bystander::join(&target, "/play/main", "witness", None).expect("it plays");
    let wrong = Trial { target, server: &server, pen: &pen, beside: &beside }.tried_thrice(&lines);
    assert!(wrong.is_empty(), "{} of {} lines:\n{}", wrong.len(), lines.len(), wrong.join("\n"));
    let marks = beside.marks();
    assert!(marks.frames > 100 && marks.wrong == 0 && marks.ended.is_none(), "{marks:?}");
    beside.leave();
    let began = Instant::now();
    while server.place_count() > 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "{} places are not given back", server.place_count());
        thread::sleep(Duration::from_millis(20));
    }
    let metrics = server.metrics();
    drop(server);
    drop(logging);
    let written = written.0.lock().expect("nobody panicked with it").clone();
    assert!((1_000..LOG_BYTES_MAX).contains(&written.len()), "{} bytes of log", written.len());
    let log = String::from_utf8(written).expect("text");
    for (what, text) in [("log", &log), ("metrics", &metrics)] {
        for raw in names::RAW {
            assert!(!text.contains(raw), "{raw:?} stands raw in the {what}");
        }
        // The first part of every ticket.
        assert!(!text.contains("eyJ"), "a ticket stands in the {what}");
    }
    println!("{} abuses, each as it must; who played beside them: {marks:?}; {} bytes of log", lines.len(), log.len());
}

#[test]
fn no_line_takes_an_answer_for_another() {
    for line in lines() {
        let ends = [End::Open, End::Gone, End::Close(None), End::Close(Some(CloseCode::RoomEnded.number()))];
        let texts =
            ["", "HTTP/1.1 200 OK\r\n\r\n{}", "HTTP/1.1 101 x\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"];
        let taken: Vec<_> = ends
            .iter()
            .flat_map(|end| {
                texts.map(|text| Got { end: end.clone(), text: text.to_owned(), took: Duration::from_secs(2) })
            })
            .filter(|got| line.judge(got.clone()).is_ok())
            .collect();
        // The end without a word is what some must get, and a close without a code another.
        let allowed = |got: &Got| match line.gets {
            Gets::Gone => got.end == End::Gone && !got.text.contains("101"),
            Gets::StatusOrGone(_) => got.end == End::Gone && got.text.is_empty(),
            _ => false,
        };
        assert!(taken.iter().all(allowed), "{}: takes {taken:?}", line.what);
    }
}

#[test]
fn who_is_disturbed_says_so() {
    let server = Loopback::start_as(|config| config.rooms.keep_seats_s = KEPT_S);
    let target = Target::of(&server);
    let beside = Bystander::join(&target, "/play/main", "witness", None).expect("it plays");
    let before = beside.marks();
    assert_eq!(beside.is_undisturbed_since(&before), Ok(()));
    let door = server.door();
    let clients = door.ask("GET", "/api/clients", None).expect("answered");
    let kick = serde_json::json!({ "connection": clients["clients"][0]["connection"] });
    door.ask("POST", "/api/kick", Some(&kick)).expect("done");
    let why = beside.is_undisturbed_since(&before).expect_err("it is gone");
    assert!(why.contains(&CloseCode::Kicked.number().to_string()), "{why}");
    for (now, words) in [
        (Marks { wrong: before.wrong + 1, ..before.clone() }, "another world"),
        (Marks { skipped: before.skipped + 3, ..before.clone() }, "not sent 3 frames"),
    ] {
        assert!(now.disturbed_since(&before).is_err_and(|why| why.contains(words)));
    }
}
