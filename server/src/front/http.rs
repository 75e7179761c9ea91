//! Which path leads where, and what answers and refusals look like.
//!
//! | path | what |
//! |---|---|
//! | `/play`, `/play/{room}` | the upgrade to WebSocket (see `upgrade`) |
//! | `/api/rooms` | the rooms as JSON |
//! | anything else | a file of the page (see `pages`), or 404 |
//!
//! A refusal is a status that a person understands, a reason that a program can act on, and a counter: the body is
//! `{"error": "room_full", "message": "the room is full"}`, the error one of [`crate::metrics::REFUSAL_REASONS`].
//!
//! Never here: sockets and deadlines (see `listener`).

use std::borrow::Cow;
use std::net::IpAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use super::listener::Visitor;
use super::{Front, RETRY_AFTER, pages, upgrade};
use crate::directory::Refused;

/// Why a request is not granted.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// One of [`crate::metrics::REFUSAL_REASONS`].
    pub(super) reason: &'static str,
    message: Cow<'static, str>,
    /// What the status asks for: what is allowed, what to upgrade to, when to come again.
    header: Option<(HeaderName, HeaderValue)>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, reason: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, reason, message: message.into(), header: None }
    }

    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some((name, value));
        self
    }

    /// No room for now: 503 and when to come again.
    pub(super) fn try_again(reason: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        let seconds = HeaderValue::from(RETRY_AFTER.as_secs());
        Self::new(StatusCode::SERVICE_UNAVAILABLE, reason, message).with(header::RETRY_AFTER, seconds)
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
    }

    pub(super) fn method_not_allowed(allowed: &'static str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", format!("only {allowed} is allowed here"))
            .with(header::ALLOW, HeaderValue::from_static(allowed))
    }

    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let body = serde_json::json!({ "error": self.reason, "message": self.message });
        let mut response = json(self.status, &body);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            // Who comes again comes on a new connection; this one's memory is needed.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let reason = match refused {
            Refused::RoomFull => "room_full",
            Refused::RoomsFull => "rooms_full",
            Refused::ConnectionsFull => "connections_full",
            Refused::AddressFull => "address_full",
            Refused::Draining => "draining",
        };
        Self::try_again(reason, refused.to_string())
    }
}

/// Answers one request; counts it, and logs a refusal inside the connection's span.
pub(super) async fn answer(visitor: &Visitor, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let front = visitor.front();
    front.metrics.requests_answered.increment(1);
    match route(visitor, request).await {
        Ok(response) => response,
        Err(refusal) => {
            front.metrics.refused(refusal.reason);
            // Browsers ask for pages that are not there by themselves.
            if refusal.status != StatusCode::NOT_FOUND {
                visitor.tell_refused(refusal.reason);
            }
            refusal.into_response()
        }
    }
}

async fn route(visitor: &Visitor, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Refusal> {
    let front = visitor.front();
    check_host(front.scheme, &request)?;
    let path = request.uri().path();
    if let Some(room) = upgrade::room_of(path) {
        let room = room?;
        allow(&request, &[Method::GET], "GET")?;
        return upgrade::answer(visitor, room, request);
    }
    if path == "/api/rooms" {
        allow(&request, &[Method::GET, Method::HEAD], "GET, HEAD")?;
        return Ok(rooms(front));
    }
    let page = pages::find(front.web.as_deref(), path).await.ok_or_else(Refusal::not_found)?;
    allow(&request, &[Method::GET, Method::HEAD], "GET, HEAD")?;
    Ok(page)
}

fn allow<B>(request: &Request<B>, methods: &[Method], names: &'static str) -> Result<(), Refusal> {
    if methods.contains(request.method()) { Ok(()) } else { Err(Refusal::method_not_allowed(names)) }
}

fn rooms(front: &Front) -> Response<Full<Bytes>> {
    json(StatusCode::OK, &serde_json::json!({ "rooms": front.directory.rooms() }))
}

/// A JSON answer that nobody keeps and no browser takes for something else.
pub(super) fn json(status: StatusCode, body: &serde_json::Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(format!("{body}\n")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Without TLS nothing proves that a name is ours: a page elsewhere could point its own name at this machine and read
/// what it likes. So a plain server answers only to addresses and to `localhost`.
///
/// # Errors
/// The client's: another name.
pub(super) fn check_host<B>(scheme: &str, request: &Request<B>) -> Result<(), Refusal> {
    if scheme == "https" || host_of(request).is_none_or(is_local_name) {
        return Ok(());
    }
    Err(Refusal::new(StatusCode::BAD_REQUEST, "bad_request", "this server is called by its address or localhost"))
}

/// What the client calls us, with the port if it said one.
pub(super) fn host_of<B>(request: &Request<B>) -> Option<&str> {
    let said = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    said.or_else(|| request.uri().authority().map(hyper::http::uri::Authority::as_str))
}

fn is_local_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(""),
        None => host.split(':').next().unwrap_or(""),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::REFUSAL_REASONS;

    #[test]
    fn a_plain_server_answers_only_to_addresses_and_localhost() {
        for host in ["localhost", "localhost:4433", "127.0.0.1:4433", "[::1]:4433", "192.0.2.1"] {
            assert!(is_local_name(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:4433", "", "[evil]:1"] {
            assert!(!is_local_name(host), "{host}");
        }
        let request = Request::builder().header("host", "evil.example").body(()).expect("valid");
        assert!(check_host("http", &request).is_err());
        assert!(check_host("https", &request).is_ok());
    }

    #[test]
    fn every_cap_is_a_503_that_says_when_to_come_again_and_has_a_counter() {
        let all =
            [Refused::RoomFull, Refused::RoomsFull, Refused::ConnectionsFull, Refused::AddressFull, Refused::Draining];
        for refused in all {
            let refusal = Refusal::from(refused);
            assert!(REFUSAL_REASONS.contains(&refusal.reason), "{}", refusal.reason);
            let response = refusal.into_response();
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(response.headers()[header::RETRY_AFTER], "5");
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        }
    }
}
