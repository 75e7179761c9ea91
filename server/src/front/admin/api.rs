//! What operators ask of the admin port, and what they are answered: JSON, with a token.
//!
//! | request | what it does |
//! |---|---|
//! | `GET /api/rooms` | the rooms and who is in them, by number |
//! | `GET /api/clients?room=…&player=…&after=N&limit=N` | who is connected |
//! | `GET /api/bans?source=api\|file&after=N&limit=N` | who is banned |
//! | `POST /api/kick` | closes `connection`, `player`, `ticket` or `address`; they may come again |
//! | `POST /api/ban`, `DELETE /api/ban` | for `player`, `address` or `ticket`, with `reason`, `until` or `for_s` |
//! | `POST /api/revoke` | a `ticket`, or `tickets` |
//! | `POST /api/drain` | as SIGTERM does |
//!
//! A page of another origin can make a browser send none of these: an Origin that is not ours is refused, and so is whatever changes
//! something without the content type `application/json`, which such a page may not send unasked.
//!
//! Never here: what an act does (see `acts`).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Body;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::limits::{ACT_TARGETS_MAX, BAN_TEXT_BYTES_MAX};
use shared::plain_text::in_json;

use super::super::Front;
use super::super::acts::{self, Banned, Kicked};
use super::super::answers::{Refusal, json_bytes};
use super::super::host::host_of;
use super::lists;
use crate::audit_log::Who;
use crate::bans::{Added, Ban, BanFileError, BansFull, Removed, Target, WrittenBan};
use crate::identity::TicketId;
use crate::utc::Utc;

/// Bytes of a request's body at most: as many tickets as one act may name fit.
const BODY_BYTES_MAX: usize = 128 * 1024;

/// Answers a request below `/api/` from `peer`.
///
/// # Errors
/// The operator's: no token, no such thing, not understood.
pub(super) async fn answer<B>(
    front: &Arc<Front>,
    peer: SocketAddr,
    request: Request<B>,
) -> Result<Response<Full<Bytes>>, Refusal>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    check_origin(&request)?;
    let who = authorise(front, peer, &request)?;
    let path = request.uri().path().to_owned();
    let allowed = match path.as_str() {
        "/api/rooms" | "/api/clients" | "/api/bans" => "GET",
        "/api/kick" | "/api/revoke" | "/api/drain" => "POST",
        "/api/ban" => "POST, DELETE",
        _ => return Err(Refusal::not_found()),
    };
    if !allowed.split(", ").any(|method| method == request.method().as_str()) {
        return Err(Refusal::method_not_allowed(allowed));
    }
    let query = request.uri().query().unwrap_or("").to_owned();
    match path.as_str() {
        "/api/rooms" => return Ok(told(&json!({ "rooms": front.directory.rooms() }))),
        "/api/clients" => return Ok(told(&lists::clients(front, &query)?)),
        "/api/bans" => return Ok(told(&lists::bans(front, &query)?)),
        _ => {}
    }
    check_content_type(&request)?;
    let method = request.method().clone();
    let body = body_of(request).await?;
    let front = front.clone();
    let done = tokio::task::spawn_blocking(move || match (path.as_str(), method) {
        ("/api/kick", _) => kick(&front, &who, &body),
        ("/api/ban", Method::DELETE) => unban(&front, &who, &body),
        ("/api/ban", _) => ban(&front, &who, &body),
        ("/api/revoke", _) => revoke(&front, &who, &body),
        _ => drain(&front, &who, &body),
    });
    let broken = |_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", "the act failed: this is a bug");
    done.await.map_err(broken)?.map(|done| told(&done))
}

/// A page says its origin: only one that this port served itself may ask.
fn check_origin<B>(request: &Request<B>) -> Result<(), Refusal> {
    let own = host_of(request).map(|host| format!("http://{host}"));
    let is_own =
        |origin: &HeaderValue| own.as_ref().is_some_and(|own| origin.as_bytes().eq_ignore_ascii_case(own.as_bytes()));
    if request.headers().get_all(header::ORIGIN).iter().all(is_own) {
        return Ok(());
    }
    Err(Refusal::new(StatusCode::FORBIDDEN, "origin", "pages of other origins may not use the admin port"))
}

/// Whose token it is. A request without one is no attempt to guess one.
fn authorise<B>(front: &Front, peer: SocketAddr, request: &Request<B>) -> Result<Who, Refusal> {
    let operation = &front.operation;
    let now = Instant::now();
    if let Err(wait) = operation.attempts.check(peer.ip(), now) {
        let message = "too many wrong tokens from this address";
        let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", message);
        return Err(refusal.with(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1)));
    }
    let mut shown = request.headers().get_all(header::AUTHORIZATION).iter();
    let token = match (shown.next(), shown.next()) {
        (Some(value), None) => value.as_bytes().split_at_checked(7),
        _ => None,
    };
    let Some((_, token)) = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer ")) else {
        return Err(no_token(
            "Authorization: Bearer TOKEN is asked for; the token is in admin.token_file, or admin.token in the data directory",
        ));
    };
    match operation.tokens.name_of(token.trim_ascii()) {
        Some(name) => Ok(Who::Token { name: name.to_string(), from: peer }),
        None => {
            operation.attempts.note_wrong(peer.ip(), now);
            tracing::warn!(%peer, "a wrong token was shown to the admin port");
            Err(no_token("this is no token of the admin port's"))
        }
    }
}

fn no_token(message: &'static str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, "token", message)
        .with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

fn check_content_type<B>(request: &Request<B>) -> Result<(), Refusal> {
    let said = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = said.split(';').next().unwrap_or("").trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let message = "what changes something is asked for with Content-Type: application/json";
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type", message))
}

async fn body_of<B>(request: Request<B>) -> Result<Bytes, Refusal>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let whole = Limited::new(request.into_body(), BODY_BYTES_MAX).collect().await;
    let too_large = |_| {
        let message = format!("the body did not come whole, or has more than {BODY_BYTES_MAX} bytes");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "bad_body", message)
    };
    Ok(whole.map_err(too_large)?.to_bytes())
}

/// What an operator gets: nothing in it moves a terminal.
fn told(body: &Value) -> Response<Full<Bytes>> {
    json_bytes(StatusCode::OK, Bytes::from(in_json(&format!("{body}\n"))))
}

pub(super) fn bad_body(message: impl std::fmt::Display) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "bad_body", in_json(&message.to_string()))
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(bad_body)
}

fn checked_reason(reason: String) -> Result<String, Refusal> {
    if reason.len() <= BAN_TEXT_BYTES_MAX {
        return Ok(reason);
    }
    Err(bad_body(format!("reason: it has at most {BAN_TEXT_BYTES_MAX} bytes")))
}

impl From<BansFull> for Refusal {
    fn from(full: BansFull) -> Self {
        Self::new(StatusCode::CONFLICT, "bans_full", full.to_string())
    }
}

/// The act is done, and will not outlive the server.
fn not_kept(error: &BanFileError) -> Refusal {
    let message = format!("done, but it holds only until the server ends: {error}");
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "not_kept", message)
}

/// A ban as it is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BanAsked {
    ticket: Option<String>,
    player: Option<String>,
    address: Option<String>,
    #[serde(default)]
    reason: String,
    until: Option<String>,
    for_s: Option<u64>,
}

fn ban(front: &Front, who: &Who, body: &[u8]) -> Result<Value, Refusal> {
    let BanAsked { ticket, player, address, reason, until, for_s } = parsed(body)?;
    if until.is_some() && for_s.is_some() {
        return Err(bad_body("until and for_s say the same: leave one out"));
    }
    let now = Utc::now();
    let until = until.or_else(|| for_s.map(|for_s| now.after(Duration::from_secs(for_s)).to_string()));
    let when = Some(now.to_string());
    let written = WrittenBan { ticket, player, address, reason, until, when, by: acts::name_of(who) };
    let ban = Ban::meant(written).map_err(bad_body)?;
    if !ban.holds(now) {
        return Err(bad_body("until: it is over already"));
    }
    let banned = acts::ban(front, who, ban)?;
    banned_to_json(banned)
}

fn banned_to_json(banned: Banned) -> Result<Value, Refusal> {
    let Banned { added, until, closed, not_kept: error } = banned;
    if let Some(error) = error {
        return Err(not_kept(&error));
    }
    let until = until.map(|until| until.to_string());
    Ok(json!({ "done": true, "new": added == Added::New, "until": until, "closed": closed }))
}

fn unban(front: &Front, who: &Who, body: &[u8]) -> Result<Value, Refusal> {
    let written: WrittenBan = parsed(body)?;
    let target = written.target().map_err(bad_body)?;
    match acts::unban(front, who, &target) {
        (_, Some(error)) => Err(not_kept(&error)),
        (Removed::Gone, None) => Ok(json!({ "done": true })),
        (Removed::StillInFile, None) => {
            let message = "the operator's file (bans.file) has a ban for it that goes on to hold: remove it there";
            Err(Refusal::new(StatusCode::CONFLICT, "in_file", message))
        }
        (Removed::None, None) => {
            Err(Refusal::new(StatusCode::NOT_FOUND, "not_found", format!("there is no ban for exactly {target}")))
        }
    }
}

/// A kick as it is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KickAsked {
    connection: Option<u64>,
    ticket: Option<String>,
    player: Option<String>,
    address: Option<String>,
    #[serde(default)]
    reason: String,
}

fn kick(front: &Front, who: &Who, body: &[u8]) -> Result<Value, Refusal> {
    let KickAsked { connection, ticket, player, address, reason } = parsed(body)?;
    let reason = checked_reason(reason)?;
    let named = WrittenBan { ticket, player, address, ..WrittenBan::default() };
    let kicked = match (connection, &named) {
        (Some(number), WrittenBan { ticket: None, player: None, address: None, .. }) => Kicked::Connection(number),
        (Some(_), _) => return Err(bad_body("exactly one of connection, player, ticket and address says whom")),
        (None, named) => Kicked::All(named.target().map_err(bad_body)?),
    };
    match acts::kick(front, who, &kicked, &reason) {
        0 => Err(Refusal::new(StatusCode::NOT_FOUND, "not_found", "nobody is connected as that")),
        closed => Ok(json!({ "done": true, "closed": closed })),
    }
}

/// Tickets as they are asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokeAsked {
    ticket: Option<String>,
    #[serde(default)]
    tickets: Vec<String>,
    #[serde(default)]
    reason: String,
}

fn revoke(front: &Front, who: &Who, body: &[u8]) -> Result<Value, Refusal> {
    let RevokeAsked { ticket, tickets, reason } = parsed(body)?;
    let reason = checked_reason(reason)?;
    let ids: Vec<String> = ticket.into_iter().chain(tickets).collect();
    if !(1..=ACT_TARGETS_MAX).contains(&ids.len()) {
        return Err(bad_body(format!("1 to {ACT_TARGETS_MAX} tickets are named by ticket or tickets")));
    }
    let written = |id: &String| WrittenBan { ticket: Some(id.clone()), ..WrittenBan::default() };
    let mut tickets: Vec<TicketId> = Vec::new();
    for id in &ids {
        match written(id).target().map_err(bad_body)? {
            Target::Ticket(ticket) if !tickets.contains(&ticket) => tickets.push(ticket),
            _ => {}
        }
    }
    banned_to_json(acts::revoke(front, who, &tickets, &reason)?)
}

/// Nothing is asked for but the act itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NothingAsked {}

fn drain(front: &Front, who: &Who, body: &[u8]) -> Result<Value, Refusal> {
    let NothingAsked {} = parsed(body)?;
    acts::drain(front, who);
    Ok(json!({ "done": true, "players": front.directory.place_count() }))
}
