//! From a request to a place in a room: everything is checked before anything is made.
//!
//! ```text
//!   path ─► method ─► upgrade? ─► version 13 ─► key ─► origin ─► sub-protocol ─► ticket ─► place ─► player ─► letter ─► 101
//!    404     405        426          426        400     403         400        401, 403, 429  503     409      503
//! ```
//!
//! The order is from what costs nothing to what takes something. A place and a letter are taken last and given back by
//! being dropped, whatever happens. A browser always says its origin: its own page's is allowed, others only by the
//! operator's list; who says none is no browser.
//!
//! Never here: what happens after 101 (see `listener`).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, StatusCode, Version};
use shared::wire::version::SUBPROTOCOL;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::Front;
use super::answers::Refusal;
use super::bearer::{parts, ticket_of};
use super::host::host_of;
use crate::directory::{Place, RoomName};
use crate::identity::Identity;
use crate::mailbox::{Letter, NotTaken};
use crate::sessions::Session;
use crate::standing::Standing;

/// Length of a `Sec-WebSocket-Key`: 16 bytes in base64.
const KEY_LETTERS: usize = 24;

/// The connection that asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comer {
    /// Its number in this process.
    pub(super) connection: u64,
    /// Where it comes from.
    pub(super) address: IpAddr,
    /// Whether a proxy of the operator's stands between.
    pub(super) behind_proxy: bool,
}

/// An upgrade that was granted: what its connection takes with it.
pub(super) struct Granted {
    pub(super) upgrade: OnUpgrade,
    pub(super) place: Place,
    pub(super) session: Session,
    pub(super) letter: Letter,
}

/// The room that a path asks for: `/play` for any, `/play/{room}` for that one. None: the path is not one of ours.
pub(super) fn room_of(path: &str) -> Option<Result<Option<RoomName>, Refusal>> {
    match path.strip_prefix("/play")? {
        "" | "/" => Some(Ok(None)),
        rest => {
            let name = RoomName::new(rest.strip_prefix('/')?);
            Some(name.map(Some).map_err(|bad| Refusal::new(StatusCode::NOT_FOUND, "room_name", bad.to_string())))
        }
    }
}

/// Grants an upgrade or says why not. Gives the answer, and what the connection keeps until it is out.
///
/// # Errors
/// The client's fault, or a cap is reached.
pub(super) fn grant(
    front: &Front,
    from: Comer,
    room: Option<RoomName>,
    mut request: Request<Incoming>,
) -> Result<(Response<Full<Bytes>>, Granted), Refusal> {
    let accept = check(&request, front.scheme, &front.origins)?;
    let identity = identify(front, from.address, room.as_ref(), &request)?;
    let approach = front.directory.approach(from.address)?;
    let standing = if identity.role.may_play() { standing_of(&request) } else { Standing::Spectator };
    let comes_back = standing == Standing::Player && parts(&request).any(|part| part == "resume");
    let (mut place, session) = enter(front, from, room.as_ref(), identity, (standing, comes_back))?;
    place.await_seat(approach);
    // Not before it is on the list: a ban that comes now finds it there, and one that came before is found here.
    if let Some(ban) = front.ban_of(session.identity()) {
        return Err(Refusal::banned(&ban, front.operation.tell_until));
    }
    let mailbox = front.mailboxes.get(place.worker);
    let letter = mailbox.ok_or(NotTaken::Ended).and_then(|mailbox| mailbox.reserve());
    let letter = letter.map_err(|why| Refusal::try_again("busy", why.to_string()))?;
    let upgrade = hyper::upgrade::on(&mut request);

    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    Ok((response, Granted { upgrade, place, session, letter }))
}

/// Who comes: whom its ticket says, or a guest.
fn identify<B>(
    front: &Front,
    address: IpAddr,
    room: Option<&RoomName>,
    request: &Request<B>,
) -> Result<Arc<Identity>, Refusal> {
    let now = SystemTime::now();
    let identity = match ticket_of(request, front.tickets.config().query)? {
        Some(ticket) => front.tickets.verify(ticket, address, now)?,
        None => front.guests.admit(address, front.directory.limited(address), (Instant::now(), now))?,
    };
    if room.is_some_and(|room| !identity.rooms.has(room)) {
        return Err(room_not_allowed());
    }
    Ok(Arc::new(identity))
}

fn room_not_allowed() -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, "room_not_allowed", "the ticket is for other rooms")
}

/// A place, and on the list of who is connected. Where a second connection is refused and the first may be one that is only believed in,
/// who says that its seat is kept there may come and show it: the first is not touched before.
fn enter(
    front: &Front,
    from: Comer,
    room: Option<&RoomName>,
    identity: Arc<Identity>,
    (standing, comes_back): (Standing, bool),
) -> Result<(Place, Session), Refusal> {
    let place = place(front, (room, from.address), &identity, (standing, comes_back))?;
    let already_in = match front.sessions.enter(from.connection, &place, identity.clone()) {
        Ok(session) => return Ok((place, session)),
        Err(already_in) => already_in,
    };
    let room = room.filter(|_| comes_back && front.keeps_seats).ok_or(already_in)?;
    drop(place);
    let place = front.directory.admit_to_return(room, from.address).ok_or(already_in)?;
    let session = front.sessions.enter_to_return(from.connection, &place, identity)?;
    Ok((place, session))
}

/// A place in that room, or in any that the ticket is for: in one that it names, or as everybody gets one.
fn place(
    front: &Front,
    (room, address): (Option<&RoomName>, IpAddr),
    identity: &Identity,
    (standing, comes_back): (Standing, bool),
) -> Result<Place, Refusal> {
    if let Some(room) = room {
        // Its seat may hold the last place that there is.
        if comes_back {
            return Ok(front.directory.admit_again(room, address)?);
        }
        return Ok(front.directory.admit(room, standing)?);
    }
    let mut last = None;
    for room in identity.rooms.named() {
        match front.directory.admit(room, standing) {
            Ok(place) => return Ok(place),
            Err(refused) => last = Some(refused.into()),
        }
    }
    if let Some(refusal) = last {
        return Err(refusal);
    }
    let place = front.directory.admit_anywhere(standing)?;
    if identity.rooms.has(&place.room) { Ok(place) } else { Err(room_not_allowed()) }
}

/// Who says `?watch` asks for a spectator's place: there may be one where all places of players are taken. What it is the room decides.
fn standing_of<B>(request: &Request<B>) -> Standing {
    if parts(request).any(|part| part == "watch") { Standing::Spectator } else { Standing::Player }
}

/// Everything that the request alone decides; gives the answer to its key.
pub(super) fn check<B>(request: &Request<B>, scheme: &str, origins: &[String]) -> Result<HeaderValue, Refusal> {
    let headers = request.headers();
    let wants_websocket =
        lists(headers, &header::UPGRADE, "websocket") && lists(headers, &header::CONNECTION, "upgrade");
    if request.version() != Version::HTTP_11 || !wants_websocket {
        let message = "this is a WebSocket address: connect with wss, or open / in a browser";
        let refusal = Refusal::new(StatusCode::UPGRADE_REQUIRED, "no_upgrade", message);
        return Err(refusal.with(header::UPGRADE, HeaderValue::from_static("websocket")));
    }
    // It would be read as the first bytes of what is said afterwards, or by a proxy as another request.
    let is_body = |length: &HeaderValue| length.as_bytes() != b"0";
    if headers.contains_key(header::TRANSFER_ENCODING) || headers.get_all(header::CONTENT_LENGTH).iter().any(is_body) {
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "bad_request", "an upgrade has no body"));
    }
    if only(headers, &header::SEC_WEBSOCKET_VERSION)? != Some("13") {
        let refusal =
            Refusal::new(StatusCode::UPGRADE_REQUIRED, "websocket_version", "only WebSocket version 13 is spoken");
        return Err(refusal.with(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")));
    }
    let key = only(headers, &header::SEC_WEBSOCKET_KEY)?.filter(|key| is_key(key));
    let bad_key = || Refusal::new(StatusCode::BAD_REQUEST, "bad_key", "Sec-WebSocket-Key is not 16 bytes in base64");
    let key = key.ok_or_else(bad_key)?;
    if let Some(origin) = only(headers, &header::ORIGIN)?
        && !is_allowed(origin, scheme, host_of(request), origins)
    {
        let message = "pages of this origin may not connect; the operator can allow it with server.origins";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "origin", message));
    }
    if !lists(headers, &header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
        let message = format!("the sub-protocol {SUBPROTOCOL} must be offered");
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "subprotocol", message));
    }
    derive_accept_key(key.as_bytes()).parse().map_err(|_| bad_key())
}

/// The header's value if it stands there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let unclear =
        || Refusal::new(StatusCode::BAD_REQUEST, "bad_request", format!("{name} must stand there once, in plain text"));
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(|value| Some(value.trim())).map_err(|_| unclear()),
        (Some(_), Some(_)) => Err(unclear()),
    }
}

/// Whether a header, which may be a list and stand there more than once, has `wanted`.
fn lists(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    let texts = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|item| item.trim().eq_ignore_ascii_case(wanted))
}

/// 22 letters of base64 and two signs of padding.
fn is_key(key: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == KEY_LETTERS && key.strip_suffix("==").is_some_and(|letters| letters.bytes().all(letter))
}

/// Its own page, or one that the operator allows.
fn is_allowed(origin: &str, scheme: &str, host: Option<&str>, origins: &[String]) -> bool {
    let origin = origin.to_ascii_lowercase();
    let own = host.is_some_and(|host| origin == format!("{scheme}://{}", host.to_ascii_lowercase()));
    own || origins.contains(&origin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::REFUSAL_REASONS;

    /// What a browser on our own page sends.
    const GOOD: &[(&str, &str)] = &[
        ("host", "127.0.0.1:4433"),
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", "tickwire.v1"),
        ("origin", "https://127.0.0.1:4433"),
    ];

    fn request(headers: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().uri("/play/main");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).expect("valid")
    }

    /// The good request with one header replaced, or left out where the value is empty.
    fn but(name: &str, value: &str) -> Request<()> {
        let mut headers: Vec<(&str, &str)> = GOOD.iter().copied().filter(|(other, _)| *other != name).collect();
        if !value.is_empty() {
            headers.push((name, value));
        }
        request(&headers)
    }

    fn checked(request: &Request<()>) -> Result<HeaderValue, (u16, &'static str)> {
        let origins = ["https://play.example".to_owned()];
        check(request, "https", &origins).map_err(|refusal| (refusal.status.as_u16(), refusal.reason))
    }

    #[test]
    fn a_good_request_gets_the_answer_of_the_standard() {
        assert_eq!(checked(&request(GOOD)).expect("good"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn what_is_missing_or_wrong_is_refused_with_its_own_status_and_reason() {
        let table: &[(&str, &str, u16, &str)] = &[
            ("upgrade", "", 426, "no_upgrade"),
            ("upgrade", "h2c", 426, "no_upgrade"),
            ("connection", "keep-alive", 426, "no_upgrade"),
            ("sec-websocket-version", "", 426, "websocket_version"),
            ("sec-websocket-version", "8", 426, "websocket_version"),
            ("sec-websocket-key", "", 400, "bad_key"),
            ("sec-websocket-key", "short", 400, "bad_key"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=!", 400, "bad_key"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==", 400, "bad_key"),
            ("origin", "https://evil.example", 403, "origin"),
            ("origin", "http://127.0.0.1:4433", 403, "origin"),
            ("origin", "https://127.0.0.1", 403, "origin"),
            ("origin", "null", 403, "origin"),
            ("sec-websocket-protocol", "", 400, "subprotocol"),
            ("sec-websocket-protocol", "tickwire.v2, chat", 400, "subprotocol"),
        ];
        for (name, value, status, reason) in table {
            assert_eq!(checked(&but(name, value)), Err((*status, *reason)), "{name}: {value:?}");
            assert!(REFUSAL_REASONS.contains(reason), "{reason}");
        }
    }

    #[test]
    fn what_is_allowed_is_allowed() {
        for (name, value) in [
            ("origin", ""),
            ("origin", "https://play.example"),
            ("origin", "HTTPS://PLAY.EXAMPLE"),
            ("sec-websocket-protocol", "chat, tickwire.v1, ticket.abc"),
            ("upgrade", "WebSocket"),
            ("connection", "upgrade"),
        ] {
            assert!(checked(&but(name, value)).is_ok(), "{name}: {value:?}");
        }
    }

    #[test]
    fn a_header_that_must_be_clear_stands_there_once() {
        for (name, value) in [("origin", "https://127.0.0.1:4433"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")] {
            let mut headers = GOOD.to_vec();
            headers.push((name, value));
            assert_eq!(checked(&request(&headers)), Err((400, "bad_request")), "{name}");
        }
    }

    #[test]
    fn http_1_0_cannot_upgrade() {
        let mut old = request(GOOD);
        *old.version_mut() = Version::HTTP_10;
        assert_eq!(checked(&old), Err((426, "no_upgrade")));
    }

    #[test]
    fn a_path_asks_for_a_room_or_for_any_or_is_not_ours() {
        let asked = |path| room_of(path).map(|room| room.map(|room| room.map(|room| room.to_string())).ok());
        assert_eq!(asked("/play"), Some(Some(None)));
        assert_eq!(asked("/play/"), Some(Some(None)));
        assert_eq!(asked("/play/main-2"), Some(Some(Some("main-2".to_owned()))));
        assert_eq!(asked("/play/Main"), Some(None), "no such name");
        assert_eq!(asked("/play/a/b"), Some(None));
        assert_eq!(asked("/player"), None);
        assert_eq!(asked("/"), None);
    }
}
