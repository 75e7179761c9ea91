//! Which path leads where.
//!
//! | path | what |
//! |---|---|
//! | `/play`, `/play/{room}` | the upgrade to WebSocket (see `upgrade`) |
//! | `/api/rooms` | the rooms as JSON |
//! | `/api/guest` | a ticket for a guest (see `guests`) |
//! | `/maps/{file}` | a map of the rooms (see `pages`) |
//! | anything else | a file of a page (see `pages`), or 404 |
//!
//! Pages of other origins may read some of it (see `cross_origin`).
//!
//! Never here: sockets and deadlines (see `listener`), what an answer looks like (see `answers`).

use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};

use super::answers::{Refusal, json, json_bytes};
use super::cross_origin::{self, Sharing};
use super::host::{check_host, check_one_host, plain_host_of};
use super::upgrade::{Comer, Granted};
use super::{Front, upgrade};

/// What a request comes to.
pub(super) struct Answer {
    pub(super) response: Response<Full<Bytes>>,
    /// What its connection takes with it, if that was upgraded.
    pub(super) granted: Option<Granted>,
}

impl From<Response<Full<Bytes>>> for Answer {
    fn from(response: Response<Full<Bytes>>) -> Self {
        Self { response, granted: None }
    }
}

/// Answers one request of a connection; counts it, and logs a refusal. Called inside the connection's span.
pub(super) async fn answer(front: &Front, from: Comer, request: Request<Incoming>) -> Answer {
    front.metrics.requests_answered.increment(1);
    let sharing = Sharing::of(&request, &front.origins);
    let mut answer = match route(front, from, request, sharing.is_some()).await {
        Ok(answer) => answer,
        Err(refusal) => refuse(front, refusal),
    };
    let headers = answer.response.headers_mut();
    if let Some(sharing) = sharing {
        sharing.apply(headers);
    }
    front.policy.insist(headers);
    answer
}

/// Answers one request of a connection that is not to be heard, whatever it asks.
pub(super) fn answer_no(front: &Front, refusal: Refusal) -> Answer {
    front.metrics.requests_answered.increment(1);
    refuse(front, refusal)
}

fn refuse(front: &Front, refusal: Refusal) -> Answer {
    front.metrics.refused(refusal.reason);
    // Browsers ask for pages that are not there by themselves.
    if refusal.status != StatusCode::NOT_FOUND {
        tracing::info!(reason = refusal.reason, "refused");
    }
    refusal.into_response().into()
}

async fn route(front: &Front, from: Comer, request: Request<Incoming>, is_shared: bool) -> Result<Answer, Refusal> {
    // What a proxy of the operator's is called is the operator's business.
    if from.behind_proxy {
        check_one_host(&request)?;
    } else {
        check_host(front.scheme, &request)?;
    }
    let path = request.uri().path();
    if let Some(room) = upgrade::room_of(path) {
        let room = room?;
        allow(&request, &[Method::GET], "GET")?;
        let (response, granted) = upgrade::grant(front, from, room, request)?;
        return Ok(Answer { response, granted: Some(granted) });
    }
    if is_shared && cross_origin::is_question(&request) {
        return Ok(cross_origin::may_read().into());
    }
    if path == "/api/guest" {
        allow(&request, &[Method::GET, Method::POST], "GET, POST")?;
        return Ok(guest(front, from)?.into());
    }
    if path == "/api/rooms" {
        allow(&request, &[Method::GET, Method::HEAD], "GET, HEAD")?;
        return Ok(rooms(front).into());
    }
    let mut page = front.pages.find(path, request.headers()).await.ok_or_else(Refusal::not_found)?;
    allow(&request, &[Method::GET, Method::HEAD], "GET, HEAD")?;
    front.policy.apply(plain_host_of(&request), page.headers_mut());
    Ok(page.into())
}

fn allow<B>(request: &Request<B>, methods: &[Method], names: &'static str) -> Result<(), Refusal> {
    if methods.contains(request.method()) { Ok(()) } else { Err(Refusal::method_not_allowed(names)) }
}

/// A ticket for a new guest, who stays the same player as long as it is good.
fn guest(front: &Front, from: Comer) -> Result<Response<Full<Bytes>>, Refusal> {
    let now = SystemTime::now();
    let guest = front.guests.admit(from.address, front.directory.limited(from.address), (Instant::now(), now));
    let guest = guest.map_err(|refusal| match refusal.reason {
        "ticket_missing" => Refusal::new(StatusCode::FORBIDDEN, "no_guests", "guests are not let in here"),
        _ => refusal,
    })?;
    let expires = front.guests.ticket_end(&guest, now);
    let busy = || Refusal::try_again("busy", "no ticket could be made");
    let ticket = front.tickets.guest(&guest.player, expires).ok_or_else(busy)?;
    let seconds = expires.duration_since(now).map_or(0, |left| left.as_secs());
    let body = serde_json::json!({ "ticket": ticket, "player": guest.player.as_str(), "expires_s": seconds });
    Ok(json(StatusCode::OK, &body))
}

fn rooms(front: &Front) -> Response<Full<Bytes>> {
    let list = || serde_json::json!({ "rooms": front.directory.rooms() });
    json_bytes(StatusCode::OK, front.room_list.json(Instant::now(), list))
}
