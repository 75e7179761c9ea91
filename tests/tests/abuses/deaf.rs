//! Clients that never read. What waits for them is bounded, they are let go in time, and their places are given back although they do
//! not even notice.

use super::client::{Client, End, frame};
use super::line::Keeps::{NoRoom, Place};
use super::line::{Gets, Got, Line, Scene, Sends};
use client_sim::session::{Session, SessionConfig};
use shared::limits::UNCONFIRMED_SECONDS;
use shared::wire::CloseCode::{self, HelloTimeout, Silent};
use std::thread;
use std::time::{Duration, Instant};

/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(20);

const fn line(what: &'static str, story: fn(&Scene<'_>) -> Result<Got, String>, code: CloseCode) -> Line {
    Line { what, sends: Sends::Story(story), gets: Gets::Close(code), keeps: Place }
}

pub(crate) const LINES: &[Line] = &[
    line("a player who never reads, and says that it lives", never_reads, Silent),
    line(
        "one who never reads after the upgrade",
        |scene| unread(scene, scene.target.upgraded(&scene.path(), None)?, 5),
        HelloTimeout,
    ),
    Line {
        what: "a page asked for three hundred times, and never read",
        sends: Sends::Story(pages),
        gets: Gets::Gone,
        keeps: NoRoom,
    },
];

/// It pongs each second and takes nothing. Its place is given back before it reads anything.
fn never_reads(scene: &Scene<'_>) -> Result<Got, String> {
    let mut session = Session::new(SessionConfig::named("mallory"));
    let client = scene.target.seated(&scene.path(), None, &mut session)?;
    unread(scene, client, UNCONFIRMED_SECONDS)
}

/// It says that it lives and reads nothing, until its place is free; then how it ended.
fn unread(scene: &Scene<'_>, mut client: Client, seconds: u32) -> Result<Got, String> {
    let began = Instant::now();
    let lives = Duration::from_secs(seconds.saturating_sub(2).into());
    // A seat is kept for whom the path failed.
    let most = Duration::from_secs((seconds + super::line::KEPT_S).into()) + SLACK;
    while scene.server.rooms().iter().any(|listed| listed.name == scene.room && listed.players > 0) {
        if began.elapsed() > most {
            return Err(format!("its place is taken for {} s", began.elapsed().as_secs()));
        }
        // Whoever goes on talking behind the end loses what was said to it.
        if began.elapsed() < lives {
            client.send(&frame(0x8A, b""));
        }
        thread::sleep(Duration::from_millis(500));
    }
    let (end, _) = client.end(Duration::from_secs(2));
    Ok(Got { end, text: String::new(), took: began.elapsed() })
}

/// As much as a connection may ask; it is cut when an answer could not be given in time.
fn pages(scene: &Scene<'_>) -> Result<Got, String> {
    let mut client = scene.target.connect();
    let began = Instant::now();
    let page = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", scene.target.address());
    client.send(page.repeat(300).as_bytes());
    thread::sleep(Duration::from_secs(20));
    // Whatever was on its way is there to be read; then comes the end.
    let mut end = End::Open;
    while end == End::Open && began.elapsed() < Duration::from_secs(40) {
        let _ = client.answer(Duration::from_millis(50));
        if client.is_over() {
            end = End::Gone;
        }
    }
    Ok(Got { end, text: String::new(), took: began.elapsed() })
}
