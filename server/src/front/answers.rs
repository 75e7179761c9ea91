//! What answers and refusals look like.
//!
//! A refusal is a status that a person understands, a reason that a program can act on, and a counter: the body is
//! `{"error": "room_full", "message": "the room is full"}`, the error one of [`crate::metrics::REFUSAL_REASONS`].
//!
//! Never here: who is answered what (see `http`, `upgrade`, `admin`).

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use crate::bans::Ban;
use crate::directory::Refused;
use crate::sessions::AlreadyIn;
use crate::tickets::BadTicket;

/// What a client that was refused for lack of room is told to wait.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Why a request is not granted.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// One of [`crate::metrics::REFUSAL_REASONS`].
    pub(super) reason: &'static str,
    message: Cow<'static, str>,
    /// What the status asks for: what is allowed, what to upgrade to, when to come again.
    header: Option<Box<(HeaderName, HeaderValue)>>,
    /// What a program may want to know besides.
    details: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, reason: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, reason, message: message.into(), header: None, details: Vec::new() }
    }

    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }

    /// No room for now: 503 and when to come again.
    pub(super) fn try_again(reason: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        let seconds = HeaderValue::from(RETRY_AFTER.as_secs());
        Self::new(StatusCode::SERVICE_UNAVAILABLE, reason, message).with(header::RETRY_AFTER, seconds)
    }

    /// It is banned; the time is told if the operator wants it to be.
    pub(super) fn banned(ban: &Ban, tell_until: bool) -> Self {
        let kind = ban.target.kind();
        let until = ban.until.filter(|_| tell_until && kind != "ticket").map(|until| until.to_string());
        let message = match (kind, &until) {
            ("ticket", _) => "this ticket was revoked: ask for a new one".to_owned(),
            (_, Some(until)) => format!("you are banned from this server until {until}"),
            (_, None) => "you are banned from this server".to_owned(),
        };
        let mut refusal = Self::new(StatusCode::FORBIDDEN, "banned", message);
        refusal.details.push(("by", kind.to_owned()));
        refusal.details.extend(until.map(|until| ("until", until)));
        refusal
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
    }

    pub(super) fn method_not_allowed(allowed: &'static str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", format!("only {allowed} is allowed here"))
            .with(header::ALLOW, HeaderValue::from_static(allowed))
    }

    /// It asks faster than any page does.
    pub(super) fn too_many() -> Self {
        let message = "this connection asks for too much; come again on a new one";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message)
            .with(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER.as_secs()))
    }

    /// Its address begins connections faster than it may.
    pub(super) fn too_fast() -> Self {
        Self::try_again("handshakes_fast", "connections are begun too fast from this address, or from all; come again")
    }

    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let mut body = serde_json::json!({ "error": self.reason, "message": self.message });
        for (name, value) in self.details {
            body[name] = value.into();
        }
        let mut response = json(self.status, &body);
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            // Who comes again comes on a new connection; this one's memory is needed.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some((name, value)) = self.header.map(|header| *header) {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let reason = match refused {
            Refused::RoomFull => "room_full",
            Refused::NoRoom => "no_room",
            Refused::RoomsFull => "rooms_full",
            Refused::Busy => "busy",
            Refused::ConnectionsFull => "connections_full",
            Refused::AddressFull => "address_full",
            Refused::UnseatedFull => "unseated_full",
            Refused::Draining => "draining",
        };
        Self::try_again(reason, refused.to_string())
    }
}

impl From<BadTicket> for Refusal {
    fn from(bad: BadTicket) -> Self {
        Self::unauthorized(bad.reason(), bad.to_string())
    }
}

impl From<AlreadyIn> for Refusal {
    fn from(refused: AlreadyIn) -> Self {
        Self::new(StatusCode::CONFLICT, "already_in", refused.to_string())
    }
}

/// A JSON answer that nobody keeps and no browser takes for something else.
pub(super) fn json(status: StatusCode, body: &serde_json::Value) -> Response<Full<Bytes>> {
    json_bytes(status, Bytes::from(format!("{body}\n")))
}

/// See [`json`]; the body is written down already.
pub(super) fn json_bytes(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::REFUSAL_REASONS;

    #[test]
    fn every_fault_of_a_ticket_is_a_401_with_a_word_and_a_counter_of_its_own() {
        let all = [
            BadTicket::TooLong,
            BadTicket::Malformed,
            BadTicket::Algorithm,
            BadTicket::Key,
            BadTicket::Signature,
            BadTicket::Claims("sub"),
            BadTicket::Issuer,
            BadTicket::Audience,
            BadTicket::Expired,
            BadTicket::NotYet,
        ];
        let mut words: Vec<_> = all.iter().map(|bad| bad.reason()).collect();
        for bad in all {
            let refusal = Refusal::from(bad);
            assert!(REFUSAL_REASONS.contains(&refusal.reason), "{}", refusal.reason);
            let response = refusal.into_response();
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
            assert!(response.headers().contains_key(header::WWW_AUTHENTICATE));
        }
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), all.len());
    }

    #[test]
    fn every_cap_is_a_503_that_says_when_to_come_again_and_has_a_counter() {
        let all = [
            Refused::RoomFull,
            Refused::NoRoom,
            Refused::RoomsFull,
            Refused::Busy,
            Refused::ConnectionsFull,
            Refused::AddressFull,
            Refused::UnseatedFull,
            Refused::Draining,
        ];
        for refused in all {
            let refusal = Refusal::from(refused);
            assert!(REFUSAL_REASONS.contains(&refusal.reason), "{}", refusal.reason);
            let response = refusal.into_response();
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(response.headers()[header::RETRY_AFTER], "5");
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        }
    }

    #[test]
    fn who_is_banned_is_told_until_when_if_the_operator_wants_it_and_never_why() {
        let told = |line: &str, tell_until| {
            let response = Refusal::banned(&Ban::from_line(line).expect("a ban"), tell_until).into_response();
            assert_eq!(response.status(), StatusCode::FORBIDDEN);
            format!("{:?}", response.body())
        };
        let line = r#"{"player":"anna","reason":"aimbot","until":"2031-05-04T12:00:00Z"}"#;
        assert!(told(line, true).contains("2031-05-04T12:00:00Z") && told(line, true).contains("banned"));
        assert!(!told(line, false).contains("2031"));
        assert!(!told(line, true).contains("aimbot") && !told(line, true).contains("anna"));
        assert!(told(r#"{"ticket":"t1","until":"2031-05-04T12:00:00Z"}"#, true).contains("revoked"));
    }
}
