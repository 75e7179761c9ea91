//! A table of abuses, tried on a real server over real sockets: what is sent, what must come back, what must not change.
//!
//! ```text
//!   handshake.rs   TCP, TLS, HTTP, the upgrade            no room is made
//!   framing.rs     RFC 6455, and what is no message       its place is given back
//!   messages       by one who has a seat (`tests::hostile::ABUSES`)   who plays beside it notices nothing
//! ```
//!
//! All are tried side by side, while one player plays in the room that some of them are in.

// How they are tried, and by what client.
mod client;
mod line;

// The table.
mod framing;
mod handshake;

use client::Target;
use line::{Gets, Keeps, Line, Sends};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tests::hostile::ABUSES;
use tests::loopback::Loopback;

/// Lines that are tried at once.
const AT_ONCE: usize = 16;
/// One that needs a room older than ten seconds: the hostile bots of `client-sim` wait for that.
const NEEDS_AN_OLD_ROOM: &str = "inputs from the far past";

/// The whole table.
fn lines() -> Vec<Line> {
    let by_message = ABUSES.iter().filter(|abuse| abuse.name != NEEDS_AN_OLD_ROOM).map(|abuse| Line {
        what: abuse.name,
        sends: Sends::Messages(abuse.says),
        gets: Gets::Close(abuse.closes),
        keeps: Keeps::Player,
    });
    let slow = |line: &Line| matches!(line.gets, Gets::CloseAfter(..) | Gets::GoneAfter(_));
    let mut all: Vec<Line> = by_message.collect();
    all.extend(handshake::LINES.iter().chain(framing::LINES).cloned());
    // What takes long begins first.
    all.sort_by_key(|line| !slow(line));
    all
}

/// Plays until told to stop; how many frames it proved, or how it was disturbed.
fn witness(target: &Target, stop: &AtomicBool) -> Result<u32, String> {
    let (mut client, mut session) = target.seated("/play/main", "witness")?;
    let began = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        client.play(&mut session, began)?;
    }
    let counters = session.counters();
    match (counters.digest_mismatches, counters.resyncs) {
        (0, 0) => u32::try_from(counters.digests_checked).map_err(|error| error.to_string()),
        disturbed => Err(format!("{disturbed:?} wrong digests and resyncs")),
    }
}

#[test]
fn every_abuse_gets_what_it_must_and_nobody_who_plays_notices() {
    // A seat that is kept for its player holds its place: two seconds are enough to see it given back.
    let server = Loopback::start_as(|config| config.rooms.keep_seats_s = 2);
    let target = Target::of(&server);
    let lines = lines();
    assert!(lines.len() >= 80, "{} lines", lines.len());
    let (stop, next) = (AtomicBool::new(false), AtomicUsize::new(0));
    let wrong = Mutex::new(Vec::new());
    let witnessed = thread::scope(|scope| {
        let watching = scope.spawn(|| witness(&target, &stop));
        let trying: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    while let Some(line) = lines.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let number = lines.iter().position(|other| std::ptr::eq(other, line)).unwrap_or_default();
                        if let Err(why) = line.tried(number, &target, &server) {
                            wrong.lock().expect("nobody panics in here").push(format!("{}: {why}", line.what));
                        }
                    }
                })
            })
            .collect();
        let panicked = trying.into_iter().filter_map(|trying| trying.join().err()).count();
        stop.store(true, Ordering::Relaxed);
        assert_eq!(panicked, 0);
        watching.join().expect("the witness did not panic")
    });
    let wrong = wrong.into_inner().expect("nobody panicked in there");
    assert!(wrong.is_empty(), "{} of {} lines:\n{}", wrong.len(), lines.len(), wrong.join("\n"));
    assert!(witnessed.expect("it noticed nothing") > 100);
    let began = Instant::now();
    while server.place_count() > 0 {
        assert!(began.elapsed() < Duration::from_secs(20), "{} places are not given back", server.place_count());
        thread::sleep(Duration::from_millis(20));
    }
    println!("{} abuses, each as it must", lines.len());
}
