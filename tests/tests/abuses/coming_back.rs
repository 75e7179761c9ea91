//! Abuses of coming back: secrets that are wrong, old, somebody else's, brought twice or too often. Whoever asks gets a seat of its own,
//! as if it had brought none; whose seat it is notices nothing.

use super::bystander::{Bystander, Marks};
use super::client::{Client, End, Target, frame};
use super::line::Keeps::{NoRoom, Place};
use super::line::{Gets, Got, Line, SOON, Scene, Sends};
use serde_json::json;
use shared::limits::RESUMES_AT_ONCE;
use shared::wire::{ClientMessage, CloseCode, Hello, Role, SeatSecret, Secret};
use std::thread;
use std::time::{Duration, Instant};
use tests::hostile::hello;

/// What comes of a secret that is none.
const OWN: Gets = Gets::Said("a seat of its own");

/// A secret that gives nothing.
const fn line(what: &'static str, story: fn(&Scene<'_>) -> Result<Got, String>) -> Line {
    Line { what, sends: Sends::Story(story), gets: OWN, keeps: Place }
}

const fn told(what: &'static str, story: fn(&Scene<'_>) -> Result<Got, String>, gets: Gets) -> Line {
    Line { what, sends: Sends::Story(story), gets, keeps: Place }
}

pub(crate) const LINES: &[Line] = &[
    line("a secret of chance", |scene| beside_anna(scene, None, |_| Secret([0x5A; 16]))),
    line("a secret of zeros", |scene| beside_anna(scene, None, |_| Secret([0; 16]))),
    line("a secret that is wrong in one bit", |scene| {
        beside_anna(scene, None, |mut secret| {
            secret.0[15] ^= 1;
            secret
        })
    }),
    line("a stolen secret, by a guest", |scene| beside_anna(scene, None, |secret| secret)),
    line("a stolen secret, with a ticket of one's own", |scene| beside_anna(scene, Some("mallory"), |secret| secret)),
    line("a stolen secret of one who is away", of_one_who_is_away),
    line("a secret that was used", |scene| repeated(scene, 1)),
    line("a secret of two times ago", |scene| repeated(scene, 2)),
    line("a secret after a goodbye", after_a_goodbye),
    line("a secret in another room", in_another_room),
    line("a stolen secret, by a spectator", by_a_spectator),
    told("a seat that is asked back nine times in a row", nine_times, Gets::Close(CloseCode::TooFast)),
    told("a Hello with a megabyte of a secret", a_megabyte, Gets::Close(CloseCode::TooBig)),
    told("Hellos with half a secret, thrice", |scene| mangled(scene, -8), Gets::Close(CloseCode::Malformed)),
    told("Hellos with a secret and a half, thrice", |scene| mangled(scene, 8), Gets::Close(CloseCode::Malformed)),
    told("seventeen who ask for seats and say no Hello", without_a_hello, Gets::Status(503, "unseated_full")),
    told("guesses, one guest after the other", guesses, Gets::Status(429, "guests_too_fast")),
    Line {
        what: "guesses faster than an address may begin",
        sends: Sends::Story(faster_than_an_address_may),
        gets: Gets::Gone,
        keeps: NoRoom,
    },
];

/// The player's number that this secret gives, by whom that ticket names.
fn present(scene: &Scene<'_>, ticket: Option<&str>, hello: Hello) -> Result<(u32, Client), Got> {
    let (mut client, answer) = scene.target.asked(&format!("{}?resume", scene.path()), ticket);
    if !answer.starts_with("HTTP/1.1 101") {
        return Err(Got::said(answer));
    }
    match client.greet(hello) {
        Ok(welcome) => Ok((welcome.player, client)),
        Err(end) => Err(Got { end, ..Got::said("") }),
    }
}

fn with(secret: SeatSecret) -> Hello {
    Hello { resume: Some(secret), ..hello("mallory") }
}

/// What somebody else gets by it.
fn judged(got: Result<(u32, Client), Got>, victim: u32) -> Result<Got, String> {
    match got {
        Ok((player, _)) if player == victim => Ok(Got::said("the victim's seat")),
        Ok(_) => Ok(Got::said("a seat of its own")),
        Err(got) => Ok(got),
    }
}

/// Somebody with a ticket plays, and somebody else brings a secret.
fn beside_anna(scene: &Scene<'_>, ticket: Option<&str>, secret: fn(SeatSecret) -> SeatSecret) -> Result<Got, String> {
    let anna = Bystander::join(&scene.target, &scene.path(), "anna", Some(&scene.pen.ticket(&scene.own("anna"))))?;
    let ticket = ticket.map(|player| scene.pen.ticket(&scene.own(player)));
    let got = judged(present(scene, ticket.as_deref(), with(secret(anna.secret))), anna.player);
    anna.is_undisturbed_since(&Marks::default())?;
    anna.leave_undisturbed()?;
    got
}

fn of_one_who_is_away(scene: &Scene<'_>) -> Result<Got, String> {
    let ticket = scene.pen.ticket(&scene.own("anna"));
    let anna = Bystander::join(&scene.target, &scene.path(), "anna", Some(&ticket))?;
    let (player, secret) = (anna.player, anna.secret);
    let session = anna.cut();
    let got = judged(present(scene, Some(&scene.pen.ticket(&scene.own("mallory"))), with(secret)), player);
    let anna = Bystander::come_back(&scene.target, &scene.path(), Some(&ticket), session)?;
    if anna.player != player {
        return Ok(Got::said("anna's seat was given up"));
    }
    anna.leave_undisturbed()?;
    got
}

/// A guest, who has nothing but its secret, comes back so often; then somebody brings the first.
fn repeated(scene: &Scene<'_>, times: u32) -> Result<Got, String> {
    let mut guest = Bystander::join(&scene.target, &scene.path(), "guest", None)?;
    let (player, first) = (guest.player, guest.secret);
    for _ in 0..times {
        guest = Bystander::come_back(&scene.target, &scene.path(), None, guest.cut())?;
        if guest.player != player || guest.secret == first {
            return Ok(Got::said("the guest is somebody else, or its secret is the same"));
        }
    }
    let before = guest.marks();
    let got = judged(present(scene, None, with(first)), player);
    guest.is_undisturbed_since(&before)?;
    guest.leave_undisturbed()?;
    got
}

fn after_a_goodbye(scene: &Scene<'_>) -> Result<Got, String> {
    let guest = Bystander::join(&scene.target, &scene.path(), "guest", None)?;
    let (player, secret) = (guest.player, guest.secret);
    guest.leave_undisturbed()?;
    judged(present(scene, None, with(secret)), player)
}

fn in_another_room(scene: &Scene<'_>) -> Result<Got, String> {
    let guest = Bystander::join(&scene.target, &scene.path(), "guest", None)?;
    let (player, secret) = (guest.player, guest.secret);
    let session = guest.cut();
    let elsewhere = Scene { room: format!("{}-b", scene.room), target: scene.target.clone(), ..*scene };
    // Both are the first of their rooms: only what they are called tells them apart.
    let first = Bystander::join(&elsewhere.target, &elsewhere.path(), "first", None)?;
    let got = judged(present(&elsewhere, None, with(secret)), first.player);
    first.leave_undisturbed()?;
    let guest = Bystander::come_back(&scene.target, &scene.path(), None, session)?;
    if guest.player != player {
        return Ok(Got::said("the guest's seat was given up"));
    }
    guest.leave_undisturbed()?;
    got
}

fn by_a_spectator(scene: &Scene<'_>) -> Result<Got, String> {
    let anna = Bystander::join(&scene.target, &scene.path(), "anna", Some(&scene.pen.ticket(&scene.own("anna"))))?;
    let ticket = scene.pen.but(&scene.own("sue"), &[("role", json!("spectator"))]);
    let hello = Hello { role: Role::Spectator, ..with(anna.secret) };
    let got = judged(present(scene, Some(&ticket), hello), anna.player);
    anna.is_undisturbed_since(&Marks::default())?;
    anna.leave_undisturbed()?;
    got
}

/// One who has the right secret, each time. The seat outlives it.
fn nine_times(scene: &Scene<'_>) -> Result<Got, String> {
    let guest = Bystander::join(&scene.target, &scene.path(), "guest", None)?;
    let (player, mut secret) = (guest.player, guest.secret);
    drop(guest.cut());
    for _ in 0..RESUMES_AT_ONCE {
        let mut client = scene.target.upgraded(&format!("{}?resume", scene.path()), None)?;
        let welcome = client.greet(with(secret)).map_err(|end| format!("too soon: {end:?}"))?;
        if welcome.player != player {
            return Ok(Got::said("a seat of its own"));
        }
        secret = welcome.resume.ok_or("no secret")?;
    }
    let got = judged(present(scene, None, with(secret)), player)?;
    // The asker's place goes, that of the seat stays.
    let began = Instant::now();
    let players =
        || scene.server.rooms().iter().find(|listed| listed.name == scene.room).map_or(0, |room| room.players);
    while players() > 1 && began.elapsed() < SOON {
        thread::sleep(Duration::from_millis(10));
    }
    if players() != 1 {
        return Ok(Got::said("the seat is gone"));
    }
    Ok(got)
}

fn a_megabyte(scene: &Scene<'_>) -> Result<Got, String> {
    let mut client = scene.target.upgraded(&format!("{}?resume", scene.path()), None)?;
    client.send(&frame(0x82, &[&[1, 4, 4, 0, 0, 0, 0, 3, 65, 100, 97, 1][..], &vec![7; 1 << 20]].concat()));
    Ok(Got::end_of(client))
}

/// A Hello whose end is so many bytes off.
fn mangled(scene: &Scene<'_>, by: isize) -> Result<Got, String> {
    let mut client = scene.target.upgraded(&format!("{}?resume", scene.path()), None)?;
    let mut bytes = ClientMessage::Hello(Box::new(with(Secret([7; 16])))).to_bytes(&shared::game::schema());
    bytes.resize(bytes.len().saturating_add_signed(by), 7);
    client.send(&frame(0x82, &bytes).repeat(3));
    Ok(Got::end_of(client))
}

fn without_a_hello(scene: &Scene<'_>) -> Result<Got, String> {
    let anna = Bystander::join(&annas(scene), &scene.path(), "anna", None)?;
    let before = anna.marks();
    let ticket = |number: u32| scene.pen.ticket(&scene.own(&format!("mallory-{number}")));
    let mut silent = Vec::new();
    let mut last = String::new();
    for number in 0..17 {
        let (client, answer) = scene.target.asked(&format!("{}?resume", scene.path()), Some(&ticket(number)));
        silent.push(client);
        last = answer;
    }
    anna.is_undisturbed_since(&before)?;
    // From her own address she comes back all the same.
    let player = anna.player;
    let anna = Bystander::come_back(&annas(scene), &scene.path(), None, anna.cut())?;
    if anna.player != player {
        return Ok(Got::said("anna's seat was given up"));
    }
    anna.leave_undisturbed()?;
    Ok(Got::said(last))
}

/// Another address.
fn annas(scene: &Scene<'_>) -> Target {
    let [_, _, high, low] = scene.target.from().octets();
    scene.target.at([127, 99, high, low].into())
}

/// Each guess is another guest, and an address brings only so many.
fn guesses(scene: &Scene<'_>) -> Result<Got, String> {
    let guest = Bystander::join(&annas(scene), &scene.path(), "guest", None)?;
    let before = guest.marks();
    let mut last = Got::said("never refused");
    for number in 0..40_u8 {
        match present(scene, None, with(Secret([number; 16]))) {
            Ok((player, _)) if player == guest.player => return Ok(Got::said("the victim's seat")),
            Ok((_, client)) => drop(client),
            Err(got) => {
                last = got;
                break;
            }
        }
    }
    guest.is_undisturbed_since(&before)?;
    guest.leave_undisturbed()?;
    Ok(last)
}

/// The bucket of an address is charged before any TLS is spoken.
fn faster_than_an_address_may(scene: &Scene<'_>) -> Result<Got, String> {
    let begun: Vec<_> = (0..120).map(|_| scene.target.tcp()).collect();
    let (client, answer) = scene.target.asked(&format!("{}?resume", scene.path()), None);
    drop(begun);
    let end = if client.is_over() { End::Gone } else { End::Open };
    Ok(Got { end, ..Got::said(answer) })
}
