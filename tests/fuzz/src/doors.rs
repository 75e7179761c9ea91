//! What comes before and below messages: requests to upgrade, frames of WebSocket, names.

use client_sim::plain_text::{Plain, in_json};
use hyper::{Request, Version};
use server::front::fuzzing::{check, plain_host, room_of};
use server::game::names::choose;
use server::metrics::REFUSAL_REASONS;
use server::worker::fuzzing::{End, metered, read_stream, whole_frame};
use shared::limits::CLIENT_MESSAGE_BYTES_MAX;
use shared::wire::CloseCode;
use std::io::{Cursor, Read, Write};
use std::time::Instant;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

/// The one page that is let in beside our own.
const ORIGIN: &str = "https://play.example";

/// A request to upgrade: `path`, then a header to a line.
pub fn upgrade(bytes: &[u8]) {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    let Some(path) = lines.next().and_then(|path| std::str::from_utf8(path).ok()) else { return };
    if let Some(Ok(Some(room))) = room_of(path) {
        assert_eq!(path.strip_prefix("/play/"), Some(room.as_str()), "a room is asked for by its own name");
        assert!(room.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }
    let mut request = Request::builder().uri(path).version(Version::HTTP_11);
    for line in lines {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        request = request.header(&line[..colon], line[colon + 1..].trim_ascii());
    }
    let Ok(request) = request.body(()) else { return };
    if let Some(host) = plain_host(&request) {
        assert!(host.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>&;,/\\".contains(&byte)));
    }
    for scheme in ["https", "http"] {
        match check(&request, scheme, &[ORIGIN.to_owned()]) {
            Ok(accept) => {
                let one = |name: &str| {
                    let mut all = request.headers().get_all(name).iter();
                    all.next().filter(|_| all.next().is_none()).and_then(|value| value.to_str().ok())
                };
                let key = one("sec-websocket-key").expect("one key").trim();
                assert_eq!(accept, derive_accept_key(key.as_bytes()));
                assert_eq!(one("sec-websocket-version").map(str::trim), Some("13"));
                if request.headers().contains_key("origin") {
                    let origin = one("origin").expect("one origin").trim().to_ascii_lowercase();
                    let host = request.headers().get("host").and_then(|host| host.to_str().ok());
                    let authority = request.uri().authority().map(|authority| authority.as_str());
                    let host = host.or(authority).unwrap_or_default().to_ascii_lowercase();
                    assert!(origin == ORIGIN || origin == format!("{scheme}://{host}"), "{origin} is let in");
                }
            }
            Err((status, reason)) => {
                assert!((400..500).contains(&status), "{status} is not the client's fault");
                assert!(REFUSAL_REASONS.contains(&reason), "{reason} is not counted");
            }
        }
    }
}

/// A stream of frames: the first byte says how much of it came with the upgrade, the second how it is cut.
pub fn websocket(bytes: &[u8]) {
    let [early, cut, stream @ ..] = bytes else { return };
    let (piece_bytes, early_bytes) = (usize::from(*cut) + 1, usize::from(*early).min(stream.len()));
    let (early, rest) = stream.split_at(early_bytes);
    let (messages, end) = read_stream(early, rest.chunks(piece_bytes), Instant::now());
    let (expected, expected_end) = library(stream);
    if end == End::Closed(CloseCode::TooFast.number()) {
        assert!(expected.starts_with(&messages), "what came before it was too fast is what the library reads");
    } else {
        assert_eq!((&messages, end), (&expected, expected_end), "the library reads the same");
    }
    let counted = metered(stream, piece_bytes);
    assert_eq!(counted, metered(stream, stream.len()), "the count does not depend on where the stream is cut");
    if expected_end == End::Lost {
        assert_eq!(counted.2, expected.len() as u64, "each message is counted");
    }
    if let Some((message, length)) = whole_frame(stream) {
        assert_eq!(library(&stream[..length]), (vec![message], End::Lost), "the short way is the library's");
    }
}

/// What the library reads of a stream, with our limits.
fn library(stream: &[u8]) -> (Vec<Vec<u8>>, End) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(CLIENT_MESSAGE_BYTES_MAX))
        .max_frame_size(Some(CLIENT_MESSAGE_BYTES_MAX));
    let mut ws = WebSocket::from_raw_socket(Deaf(Cursor::new(stream)), Role::Server, Some(config));
    let mut messages = Vec::new();
    let end = loop {
        match ws.read() {
            Ok(Message::Binary(message)) => messages.push(message.to_vec()),
            Ok(Message::Text(_)) => break End::Closed(CloseCode::NotBinary.number()),
            Ok(Message::Close(frame)) => break End::Left(frame.map(|frame| frame.code.into())),
            Ok(_) => {}
            Err(Error::Capacity(_)) => break End::Closed(CloseCode::TooBig.number()),
            Err(Error::Utf8(_)) => break End::Closed(CloseCode::InvalidText.number()),
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => break End::Lost,
            Err(Error::Protocol(_)) => break End::Closed(CloseCode::ProtocolError.number()),
            Err(Error::ConnectionClosed | Error::AlreadyClosed) => break End::Left(None),
            Err(_) => break End::Lost,
        }
    };
    (messages, end)
}

/// A stream that can be read; what is written to it is gone.
struct Deaf<'a>(Cursor<&'a [u8]>);

impl Read for Deaf<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Deaf<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The name that a player wishes for, then those that others have, a line each.
pub fn name(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines = text.split('\n');
    let wished = lines.next().unwrap_or_default();
    // Those of others were chosen, too.
    let mut taken: Vec<String> = Vec::new();
    for other in lines.take(8) {
        let other = choose(other, taken.iter().map(String::as_str)).as_str().to_owned();
        taken.push(other);
    }
    let chosen = choose(wished, taken.iter().map(String::as_str)).as_str().to_owned();
    assert!(!chosen.is_empty() && chosen.len() <= 16 && chosen.trim() == chosen, "{chosen:?}");
    assert!(!chosen.chars().any(char::is_control) && !taken.contains(&chosen), "{chosen:?} of {taken:?}");
    assert_eq!(choose(&chosen, taken.iter().map(String::as_str)).as_str(), chosen, "who has a name keeps it");
    shown(text);
}

/// What others wrote does nothing to a terminal, and no more the second time.
fn shown(text: &str) {
    let plain = Plain::of(text);
    assert!(!plain.as_str().chars().any(char::is_control));
    assert_eq!(Plain::of(plain.as_str()), plain);
    for width in 0..8 {
        assert!(Plain::of(plain.cut(width)).width() <= width);
    }
    let document = serde_json::to_string(text).expect("a text is JSON");
    let harmless = in_json(&document);
    assert!(!harmless.chars().any(char::is_control));
    assert_eq!(serde_json::from_str::<String>(&harmless).expect("it is JSON still"), text);
}
