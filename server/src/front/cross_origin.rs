//! What pages of other origins may read here: the SDK, the list of rooms and the maps, if the operator allows the origin.
//!
//! A browser asks on behalf of any page and sends what it wants; what it is told here decides whether that page gets to see the
//! answer. No page is let in as somebody: nothing here knows who asks.
//!
//! Never here: who may connect to a game (see `upgrade`).

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

/// What there is for pages of other origins: a whole path, or all below it.
const SHARED: &[&str] = &["/api/rooms", "/sdk/", "/maps/"];

/// How long a browser may remember that it may ask, in seconds.
const REMEMBERED_S: HeaderValue = HeaderValue::from_static("600");

/// A request for something that pages of other origins may read.
#[derive(Debug)]
pub(super) struct Sharing {
    /// The origin that may read it, as it was sent; none: it has none, or it is not allowed.
    origin: Option<HeaderValue>,
}

impl Sharing {
    /// None: this is for our own pages.
    pub(super) fn of<B>(request: &Request<B>, origins: &[String]) -> Option<Self> {
        let path = request.uri().path();
        let is_shared = |shared: &&str| if shared.ends_with('/') { path.starts_with(shared) } else { path == *shared };
        SHARED.iter().find(|shared| is_shared(shared))?;
        let mut sent = request.headers().get_all(header::ORIGIN).iter();
        let origin = sent.next().filter(|_| sent.next().is_none());
        let is_allowed =
            |origin: &&HeaderValue| origin.to_str().is_ok_and(|origin| origins.contains(&origin.to_ascii_lowercase()));
        Some(Self { origin: origin.filter(is_allowed).cloned() })
    }

    /// Says in an answer who may read it.
    pub(super) fn apply(self, headers: &mut HeaderMap) {
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = self.origin {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
    }
}

/// Whether it is the question that a browser asks first where a request is not a plain one.
pub(super) fn is_question<B>(request: &Request<B>) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to it; for whom it holds is said by [`Sharing::apply`].
pub(super) fn may_read() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, REMEMBERED_S);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, sent: &[&str]) -> Option<HeaderMap> {
        let origins = ["https://play.example".to_owned()];
        let mut request = Request::builder().uri(path);
        for origin in sent {
            request = request.header("origin", *origin);
        }
        let sharing = Sharing::of(&request.body(()).expect("valid"), &origins)?;
        let mut headers = HeaderMap::new();
        sharing.apply(&mut headers);
        Some(headers)
    }

    #[test]
    fn only_allowed_origins_may_read_and_only_what_is_for_them() {
        for path in ["/sdk/index.js", "/api/rooms", "/maps/gardens.tmx"] {
            let headers = told(path, &["https://Play.example"]).expect("shared");
            assert_eq!(headers["access-control-allow-origin"], "https://Play.example", "{path}");
            assert_eq!(headers["vary"], "origin");
            for sent in
                [&[][..], &["https://evil.example"], &["null"], &["https://play.example", "https://play.example"]]
            {
                let headers = told(path, sent).expect("shared");
                assert!(!headers.contains_key("access-control-allow-origin"), "{path} {sent:?}");
                assert_eq!(headers["vary"], "origin", "who asks decides, whoever does");
            }
        }
        for path in ["/", "/game/main.js", "/api/rooms/x", "/play/main", "/sdk"] {
            assert!(told(path, &["https://play.example"]).is_none(), "{path}");
        }
    }

    #[test]
    fn a_browsers_question_is_one_only_with_its_header() {
        let asks = |method: &str, header: &str| {
            is_question(&Request::builder().method(method).header(header, "GET").body(()).expect("valid"))
        };
        assert!(asks("OPTIONS", "access-control-request-method"));
        assert!(!asks("OPTIONS", "accept") && !asks("GET", "access-control-request-method"));
    }
}
