//! Names that are more than names: markup, escape codes, directions, invisible letters, look-alikes. What others read instead.

use super::bystander::{Bystander, plate};
use super::line::Keeps::Place;
use super::line::{Gets, Got, Line, Scene, Sends};
use client_sim::session::{Session, SessionConfig};
use serde_json::json;
use shared::wire::ClientMessage;
use shared::wire::CloseCode::Malformed;
use tests::hostile::hello;

/// All that is asked for: none of it may stand raw in a log, in the metrics or on a terminal.
pub(crate) const RAW: &[&str] = &["<script", "\u{1b}", "\u{7}", "\u{202e}", "\u{2066}", "\u{200b}", "\0", "<b>"];

const fn line(what: &'static str, story: fn(&Scene<'_>) -> Result<Got, String>, others_read: &'static str) -> Line {
    Line { what, sends: Sends::Story(story), gets: Gets::Said(others_read), keeps: Place }
}

pub(crate) const LINES: &[Line] = &[
    line("a name that is markup", |scene| called(scene, "<script>alert(1)"), "scriptalert1"),
    line("a name that is markup, by a ticket", |scene| ticketed(scene, "<b>x</b>"), "bxb"),
    line("a name that clears the screen", |scene| called(scene, "\u{1b}[2J\u{1b}[1;1Hx"), "2J11Hx"),
    line("a name that sets a terminal's title", |scene| called(scene, "\u{1b}]0;owned\u{7}"), "0owned"),
    line(
        "a name of two lines, the second of which looks like the log's",
        |scene| called(scene, "x\nERROR gone"),
        "xERROR gone",
    ),
    line("a name that turns around", |scene| called(scene, "\u{202e}gpj.exe"), "gpj.exe"),
    line("a name that isolates what follows", |scene| called(scene, "\u{2066}admin"), "admin"),
    line("a name with invisible letters", |scene| called(scene, "ad\u{200b}min\u{feff}"), "admin"),
    line("a name with a zero in it", |scene| called(scene, "a\0b"), "ab"),
    line("a name of nothing that can be seen", |scene| called(scene, "\u{200f}\u{2066}\u{3164}"), "player"),
    line("a name that is a quote and more", |scene| called(scene, "\"},{\"admin\":1"), "admin1"),
    line("a Cyrillic letter among Latin ones", |scene| called(scene, "аdmin"), "dmin"),
    line("a name that another has", |scene| beside(scene, "Anna", "Anna"), "Anna 2"),
    line("the same in small letters", |scene| beside(scene, "Anna", "anna"), "anna 2"),
    line("a name that looks like another's in another script", |scene| beside(scene, "PACE", "РАСЕ"), "РАСЕ 2"),
    line("a capital I for a small l", |scene| beside(scene, "Paul", "PauI"), "PauI 2"),
    line(
        "marks without end",
        |scene| called(scene, "Z\u{307}\u{307}\u{307}\u{307}\u{307}\u{307}\u{307}\u{307}"),
        "Ż\u{307}\u{307}\u{307}\u{307}",
    ),
    Line {
        what: "a name of a byte too many, thrice",
        sends: Sends::Story(|scene| thrice(scene, &"x".repeat(33))),
        gets: Gets::Close(Malformed),
        keeps: Place,
    },
    Line {
        what: "a name that is no UTF-8, thrice",
        sends: Sends::Frames(|| super::client::frame(0x82, &[1, 4, 4, 0, 0, 0, 0, 2, 0xC3, 0x28, 0, 0]).repeat(3)),
        gets: Gets::Close(Malformed),
        keeps: Place,
    },
];

/// What others read of whom calls itself so.
fn called(scene: &Scene<'_>, name: &str) -> Result<Got, String> {
    read(scene, name, None)
}

fn ticketed(scene: &Scene<'_>, name: &str) -> Result<Got, String> {
    let ticket = scene.pen.but(&scene.own("mallory"), &[("name", json!(name))]);
    read(scene, "somebody", Some(&ticket))
}

/// The same where somebody is called `first` already.
fn beside(scene: &Scene<'_>, first: &str, name: &str) -> Result<Got, String> {
    let there = Bystander::join(&scene.target, &scene.path(), first, None)?;
    let got = called(scene, name);
    there.leave_undisturbed()?;
    got
}

fn read(scene: &Scene<'_>, name: &str, ticket: Option<&str>) -> Result<Got, String> {
    let mut session = Session::new(SessionConfig::named(name));
    let mut client = scene.target.seated(&scene.path(), ticket, &mut session)?;
    let began = std::time::Instant::now();
    let name = loop {
        if let Some(plate) = plate(&session).filter(|_| session.counters().digests_checked > 3) {
            break plate;
        }
        if began.elapsed().as_secs() > 10 {
            return Err("it has no plate".to_owned());
        }
        client.play(&mut session, began)?;
    };
    session.leave();
    while client.play(&mut session, began).is_ok() && began.elapsed().as_secs() < 12 {}
    Ok(Got::said(name))
}

fn thrice(scene: &Scene<'_>, name: &str) -> Result<Got, String> {
    let mut client = scene.target.upgraded(&scene.path(), None)?;
    let hello = ClientMessage::Hello(Box::new(hello(name))).to_bytes(&shared::game::schema());
    client.send(&super::client::frame(0x82, &hello).repeat(3));
    Ok(Got::end_of(client))
}
