//! Abuses of tickets: forged, confused, out of time, for something else, for more than they are for.

use super::bystander::Bystander;
use super::client::{End, frame};
use super::line::Keeps::{NoRoom, Place};
use super::line::{Gets, Got, Line, Scene, Sends, said_by};
use client_sim::session::{Session, SessionConfig};
use serde_json::{Value, json};
use shared::wire::{ClientMessage, CloseCode, Role};
use std::time::{Duration, Instant};
use tests::hostile::{Knows, hello, input};
use tests::tickets::{By, Pen, now_s};

/// A ticket that is refused.
const fn bad(what: &'static str, ticket: fn(&Pen) -> String, status: u16, reason: &'static str) -> Line {
    Line { what, sends: Sends::Ticket(ticket), gets: Gets::Status(status, reason), keeps: NoRoom }
}

/// One whose ticket is good, and who does what it may not.
const fn beyond(what: &'static str, story: fn(&Scene<'_>) -> Result<Got, String>, gets: Gets) -> Line {
    Line { what, sends: Sends::Story(story), gets, keeps: Place }
}

/// Good but for one claim.
fn but(pen: &Pen, claim: &str, value: Value) -> String {
    pen.but("mallory", &[(claim, value)])
}

fn long(pen: &Pen, bytes: usize) -> String {
    but(pen, "padding", json!("x".repeat(bytes)))
}

/// The first parts of one, with the last of another.
fn mixed(one: &str, other: &str) -> String {
    let (message, signature) = (one.rsplit_once('.'), other.rsplit_once('.'));
    format!("{}.{}", message.expect("three parts").0, signature.expect("three parts").1)
}

const NONE: &str = r#"{"alg":"none","kid":"ed"}"#;
const HS_BY_ED: &str = r#"{"alg":"HS256","kid":"ed"}"#;

pub(crate) const LINES: &[Line] = &[
    bad("a ticket that nobody signed", |pen| pen.under(NONE, &By::Nobody), 401, "ticket_algorithm"),
    bad("the same in capitals", |pen| pen.under(r#"{"alg":"NONE","kid":"ed"}"#, &By::Nobody), 401, "ticket_algorithm"),
    bad(
        "a public key taken for a secret, as bytes",
        |pen| pen.under(HS_BY_ED, &By::Secret(pen.public_key())),
        401,
        "ticket_algorithm",
    ),
    bad(
        "a public key taken for a secret, as its file",
        |pen| pen.under(HS_BY_ED, &By::Secret(pen.public_pem().into_bytes())),
        401,
        "ticket_algorithm",
    ),
    bad(
        "a secret taken for a key pair",
        |pen| pen.under(r#"{"alg":"EdDSA","kid":"hs"}"#, &By::Hs),
        401,
        "ticket_algorithm",
    ),
    bad(
        "RS256, which is not spoken",
        |pen| pen.under(r#"{"alg":"RS256","kid":"ed"}"#, &By::Ed),
        401,
        "ticket_algorithm",
    ),
    bad("a key that is not known", |pen| pen.under(r#"{"alg":"EdDSA","kid":"other"}"#, &By::Ed), 401, "ticket_key"),
    bad("no key", |pen| pen.under(r#"{"alg":"EdDSA"}"#, &By::Ed), 401, "ticket_key"),
    bad(
        "a key that is a path",
        |pen| pen.under(r#"{"alg":"HS256","kid":"../../dev/null"}"#, &By::Secret(Vec::new())),
        401,
        "ticket_key",
    ),
    bad(
        "the server's own key, with another secret",
        |pen| pen.under(r#"{"alg":"HS256","kid":"guest"}"#, &By::Hs),
        401,
        "ticket_signature",
    ),
    bad(
        "a key that the ticket brings along",
        |pen| pen.under(r#"{"alg":"HS256","kid":"hs","jwk":{"kty":"oct","k":"AAAA"}}"#, &By::Secret(vec![0; 3])),
        401,
        "ticket_signature",
    ),
    bad(
        "a header that must be understood",
        |pen| pen.under(r#"{"alg":"EdDSA","kid":"ed","crit":["b64"]}"#, &By::Ed),
        401,
        "ticket_malformed",
    ),
    bad("a ticket without its signature", |pen| mixed(&pen.ticket("anna"), "a.b."), 401, "ticket_signature"),
    bad(
        "a ticket with another's signature",
        |pen| mixed(&pen.ticket("anna"), &pen.ticket("bob")),
        401,
        "ticket_signature",
    ),
    bad("two parts", |_| "a.b".to_owned(), 401, "ticket_malformed"),
    bad("no ticket at all, where one should stand", |_| String::new(), 401, "ticket_malformed"),
    bad("a ticket of somebody else's", |pen| but(pen, "iss", json!("https://evil.example")), 401, "ticket_issuer"),
    bad("a ticket that nobody issued", |pen| but(pen, "iss", json!(null)), 401, "ticket_issuer"),
    bad("a ticket for something else", |pen| but(pen, "aud", json!("shop")), 401, "ticket_audience"),
    bad("a ticket for much else", |pen| but(pen, "aud", json!(["shop", "mail"])), 401, "ticket_audience"),
    bad("a ticket that has run out", |pen| but(pen, "exp", json!(now_s() - 60)), 401, "ticket_expired"),
    bad("a ticket of the future", |pen| but(pen, "nbf", json!(now_s() + 600)), 401, "ticket_not_yet"),
    bad("a ticket without end", |pen| but(pen, "exp", json!(null)), 401, "ticket_claims"),
    bad("a ticket that ends after all time", |pen| but(pen, "exp", json!(1e300)), 401, "ticket_claims"),
    bad("an end that is a text", |pen| but(pen, "exp", json!("tomorrow")), 401, "ticket_claims"),
    bad("a player without a name", |pen| but(pen, "sub", json!("")), 401, "ticket_claims"),
    bad("a player of two lines", |pen| but(pen, "sub", json!("anna\nadmin")), 401, "ticket_claims"),
    bad("a player with an escape code", |pen| but(pen, "sub", json!("\u{1b}[2J")), 401, "ticket_claims"),
    bad("a guest whom the server did not make", |pen| but(pen, "sub", json!("guest:1")), 401, "ticket_claims"),
    bad("a role that there is not", |pen| but(pen, "role", json!("root")), 401, "ticket_claims"),
    bad("thirty-three rooms", |pen| but(pen, "rooms", json!(vec!["a"; 33])), 401, "ticket_claims"),
    bad("a name of a hundred letters", |pen| but(pen, "name", json!("x".repeat(100))), 401, "ticket_claims"),
    bad(
        "a claim that stands there twice",
        |pen| {
            let twice = Pen::claims("anna").to_string().replacen('{', r#"{"sub":"admin","#, 1);
            pen.write(r#"{"alg":"EdDSA","kid":"ed"}"#, &twice, &By::Ed)
        },
        401,
        "ticket_claims",
    ),
    bad("a ticket of four thousand bytes and some", |pen| long(pen, 3_000), 401, "ticket_too_long"),
    Line {
        what: "a ticket of a megabyte",
        sends: Sends::Ticket(|pen| long(pen, 1 << 20)),
        gets: Gets::StatusOrGone(431),
        keeps: NoRoom,
    },
    bad("two tickets", |pen| format!("{0}, ticket.{0}", pen.ticket("mallory")), 401, "ticket_unclear"),
    bad("a ticket for another room", |pen| but(pen, "rooms", json!(["main", "cup-*"])), 403, "room_not_allowed"),
    Line {
        what: "a ticket in the address",
        sends: Sends::Story(|scene| {
            Ok(answered(scene, &format!("{}?ticket={}", scene.path(), scene.pen.ticket("m")), None))
        }),
        gets: Gets::Status(401, "ticket_in_query"),
        keeps: NoRoom,
    },
    Line {
        what: "a password in place of a ticket",
        sends: Sends::But(&[("Authorization", "Basic bWFsbG9yeTptYWxsb3J5")]),
        gets: Gets::Status(401, "ticket_unclear"),
        keeps: NoRoom,
    },
    Line {
        what: "an operator's act on the players' port, with an admin's ticket",
        sends: Sends::Story(|scene| {
            let admin = scene.pen.but("mallory", &[("role", json!("admin"))]);
            Ok(answered(scene, "/api/clients", Some(&admin)))
        }),
        gets: Gets::Status(404, "not_found"),
        keeps: NoRoom,
    },
    beyond("a spectator's ticket, to play", a_spectator_who_wants_to_play, Gets::Close(CloseCode::NotAllowed)),
    beyond("a spectator's input", |scene| watches(scene, an_input), Gets::Close(CloseCode::OutOfPlace)),
    beyond("a spectator's request", |scene| watches(scene, a_request), Gets::Close(CloseCode::OutOfPlace)),
    beyond("a player who is there twice", there_twice, Gets::Close(CloseCode::Replaced)),
    beyond("tickets of others over a live socket, thrice", renews, Gets::Close(CloseCode::OutOfPlace)),
    beyond("a renewed ticket of a megabyte", a_large_renewal, Gets::Close(CloseCode::TooBig)),
];

fn answered(scene: &Scene<'_>, path: &str, ticket: Option<&str>) -> Got {
    Got::said(scene.target.asked(path, ticket).1)
}

fn spectators(scene: &Scene<'_>) -> String {
    scene.pen.but(&scene.own("sue"), &[("role", json!("spectator"))])
}

fn a_spectator_who_wants_to_play(scene: &Scene<'_>) -> Result<Got, String> {
    let player = Bystander::join(&scene.target, &scene.path(), "player", None)?;
    let mut client = scene.target.upgraded(&scene.path(), Some(&spectators(scene)))?;
    let end = client.greet(hello("sue")).map_or_else(|end| end, |_| End::Open);
    player.leave_undisturbed()?;
    Ok(Got { end, ..Got::said("") })
}

/// A spectator beside a player, who says something.
fn watches(scene: &Scene<'_>, says: fn(&Knows<'_>) -> Vec<Vec<u8>>) -> Result<Got, String> {
    let player = Bystander::join(&scene.target, &scene.path(), "player", None)?;
    let mut session = Session::new(SessionConfig { role: Role::Spectator, ..SessionConfig::named("sue") });
    let mut client = scene.target.seated(&scene.path(), Some(&spectators(scene)), &mut session)?;
    client.send(&said_by(&session, says));
    let got = Got::end_of(client);
    player.leave_undisturbed()?;
    Ok(got)
}

fn an_input(knows: &Knows<'_>) -> Vec<Vec<u8>> {
    vec![ClientMessage::Input(input(knows, knows.next)).to_bytes(knows.schema)]
}

fn a_request(knows: &Knows<'_>) -> Vec<Vec<u8>> {
    let codes = vec![0; knows.schema.requests[0].part_count()];
    vec![ClientMessage::Request { number: 1, kind: 0, codes }.to_bytes(knows.schema)]
}

/// The older connection goes, and the newer one plays.
fn there_twice(scene: &Scene<'_>) -> Result<Got, String> {
    let mallory = || scene.pen.ticket(&scene.own("mallory"));
    let mut session = Session::new(SessionConfig::named("mallory"));
    let older = scene.target.seated(&scene.path(), Some(&mallory()), &mut session)?;
    let newer = Bystander::join(&scene.target, &scene.path(), "mallory", Some(&mallory()))?;
    let got = Got::end_of(older);
    newer.leave_undisturbed()?;
    Ok(got)
}

/// Beside her whose tickets they are.
fn renews(scene: &Scene<'_>) -> Result<Got, String> {
    let hers = scene.pen.ticket(&scene.own("anna"));
    let anna = Bystander::join(&scene.target, &scene.path(), "anna", Some(&hers))?;
    let got = renewed(scene, &scene.pen.ticket(&scene.own("mallory")), &hers);
    anna.leave_undisturbed()?;
    got
}

/// Somebody who came with one ticket renews with another, as often as that is borne.
pub(crate) fn renewed(scene: &Scene<'_>, ticket: &str, another: &str) -> Result<Got, String> {
    let mut session = Session::new(SessionConfig::named("mallory"));
    let mut client = scene.target.seated(&scene.path(), Some(ticket), &mut session)?;
    let (began, mut next) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(30) {
        // Not too fast by the server's own time, which is late on a busy machine.
        let tick = session.replica().map_or(0, |replica| replica.tick().0);
        if tick >= next {
            session.renew(another);
            next = tick + 45;
        }
        if client.play(&mut session, began).is_err() {
            return Ok(Got::end_of(client));
        }
    }
    Ok(Got::said("it is borne"))
}

fn a_large_renewal(scene: &Scene<'_>) -> Result<Got, String> {
    let mut session = Session::new(SessionConfig::named("mallory"));
    let mut client =
        scene.target.seated(&scene.path(), Some(&scene.pen.ticket(&scene.own("mallory"))), &mut session)?;
    client.send(&frame(0x82, &[&[9][..], &vec![b'x'; 1 << 20]].concat()));
    Ok(Got::end_of(client))
}
