//! What the banned try: to come in, to come back to their seats, to go on. Bans are by player, ticket or address, by the operator's act.

use super::bystander::Bystander;
use super::line::Keeps::{NoRoom, Place};
use super::line::{Gets, Got, Line, Scene, Sends};
use serde_json::{Value, json};
use shared::wire::CloseCode;

const fn line(what: &'static str, story: fn(&Scene<'_>) -> Result<Got, String>) -> Line {
    Line { what, sends: Sends::Story(story), gets: Gets::Status(403, "banned"), keeps: NoRoom }
}

/// A room was made before.
const fn back(what: &'static str, story: fn(&Scene<'_>) -> Result<Got, String>) -> Line {
    Line { keeps: Place, ..line(what, story) }
}

pub(crate) const LINES: &[Line] = &[
    line("a banned player", |scene| comes(scene, player)),
    line("a banned player with another ticket, from elsewhere", |scene| {
        ban(scene, &player(scene))?;
        let ticket = scene.pen.but(&scene.own("mallory"), &[("jti", json!(scene.own("another")))]);
        let [_, _, high, low] = scene.target.from().octets();
        Ok(Got::said(scene.target.at([127, 98, high, low].into()).asked(&scene.path(), Some(&ticket)).1))
    }),
    line("a revoked ticket", |scene| comes(scene, number)),
    line("a ticket from a banned address", |scene| comes(scene, address)),
    line("a guest from a banned address", |scene| {
        ban(scene, &address(scene))?;
        Ok(Got::said(scene.target.asked(&scene.path(), None).1))
    }),
    line("a guest from a banned range of addresses", |scene| {
        let from = scene.target.from();
        let [a, b, c, _] = scene.target.from().octets();
        // Nobody else is there: each line has an address of its own, and this one a range.
        let target = scene.target.at([a, b | 128, c, from.octets()[3]].into());
        ban(scene, &json!({ "address": format!("{a}.{}.{c}.0/24", b | 128) }))?;
        Ok(Got::said(target.asked(&scene.path(), None).1))
    }),
    back("a banned player, to its seat", |scene| comes_back(scene, player)),
    back("a revoked ticket, to its seat", |scene| comes_back(scene, number)),
    back("a ticket from a banned address, to its seat", |scene| comes_back(scene, address)),
    back("a guest from a banned address, to its seat", |scene| {
        let guest = Bystander::join(&scene.target, &scene.path(), "mallory", None)?;
        drop(guest.cut());
        ban(scene, &address(scene))?;
        Ok(Got::said(scene.target.asked(&format!("{}?resume", scene.path()), None).1))
    }),
    Line {
        what: "a player who is banned while it plays",
        sends: Sends::Story(while_it_plays),
        gets: Gets::Close(CloseCode::Kicked),
        keeps: Place,
    },
    Line {
        what: "a player who renews with a revoked ticket, thrice",
        sends: Sends::Story(renews),
        gets: Gets::Close(CloseCode::OutOfPlace),
        keeps: Place,
    },
];

fn player(scene: &Scene<'_>) -> Value {
    json!({ "player": scene.own("mallory") })
}

fn number(scene: &Scene<'_>) -> Value {
    json!({ "ticket": scene.own("number") })
}

fn address(scene: &Scene<'_>) -> Value {
    json!({ "address": scene.target.from().to_string() })
}

fn ban(scene: &Scene<'_>, whom: &Value) -> Result<Value, String> {
    scene.server.door().ask("POST", "/api/ban", Some(whom)).map_err(|error| format!("not banned: {error}"))
}

fn ticket(scene: &Scene<'_>) -> String {
    scene.pen.but(&scene.own("mallory"), &[("jti", json!(scene.own("number")))])
}

fn comes(scene: &Scene<'_>, whom: fn(&Scene<'_>) -> Value) -> Result<Got, String> {
    ban(scene, &whom(scene))?;
    Ok(Got::said(scene.target.asked(&scene.path(), Some(&ticket(scene))).1))
}

/// Cut, banned, and there again.
fn comes_back(scene: &Scene<'_>, whom: fn(&Scene<'_>) -> Value) -> Result<Got, String> {
    let mallory = Bystander::join(&scene.target, &scene.path(), "mallory", Some(&ticket(scene)))?;
    drop(mallory.cut());
    ban(scene, &whom(scene))?;
    Ok(Got::said(scene.target.asked(&format!("{}?resume", scene.path()), Some(&ticket(scene))).1))
}

fn while_it_plays(scene: &Scene<'_>) -> Result<Got, String> {
    let mut session = client_sim::session::Session::new(client_sim::session::SessionConfig::named("mallory"));
    let client = scene.target.seated(&scene.path(), Some(&ticket(scene)), &mut session)?;
    let done = ban(scene, &player(scene))?;
    if done["closed"] != 1 {
        return Ok(Got::said(format!("not one was closed: {done}")));
    }
    Ok(Got::end_of(client))
}

fn renews(scene: &Scene<'_>) -> Result<Got, String> {
    let other = scene.own("other");
    ban(scene, &json!({ "ticket": other }))?;
    let revoked = scene.pen.but(&scene.own("mallory"), &[("jti", json!(other))]);
    super::tickets::renewed(scene, &ticket(scene), &revoked)
}
