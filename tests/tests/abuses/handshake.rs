//! Abuses before anybody plays: TCP, TLS, HTTP, the upgrade.

use super::line::Keeps::NoRoom;
use super::line::{Gets, Level, Line, Sends};

/// A line of a request that goes wrong.
const fn but(
    what: &'static str,
    headers: &'static [(&'static str, &'static str)],
    status: u16,
    reason: &'static str,
) -> Line {
    Line { what, sends: Sends::But(headers), gets: Gets::Status(status, reason), keeps: NoRoom }
}

const fn asks(what: &'static str, text: fn() -> String, status: u16, reason: &'static str) -> Line {
    Line { what, sends: Sends::Request(text), gets: Gets::Status(status, reason), keeps: NoRoom }
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {{host}}\r\n{headers}\r\n")
}

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: tickwire.v1\r\n";

const KEY: &str = "Sec-WebSocket-Key";
const VERSION: &str = "Sec-WebSocket-Version";
const PROTOCOL: &str = "Sec-WebSocket-Protocol";

pub(crate) const LINES: &[Line] = &[
    but("no word of an upgrade", &[("Upgrade", "")], 426, "no_upgrade"),
    but("an upgrade to HTTP/2", &[("Upgrade", "h2c")], 426, "no_upgrade"),
    but("an upgrade that the connection does not name", &[("Connection", "keep-alive")], 426, "no_upgrade"),
    but("no version", &[(VERSION, "")], 426, "websocket_version"),
    but("a version of the past", &[(VERSION, "8")], 426, "websocket_version"),
    but("a version of the future", &[(VERSION, "14")], 426, "websocket_version"),
    but("two versions", &[(VERSION, "13"), (VERSION, "13")], 400, "bad_request"),
    but("no key", &[(KEY, "")], 400, "bad_key"),
    but("a short key", &[(KEY, "c2hvcnQ=")], 400, "bad_key"),
    but("a key that is no base64", &[(KEY, "!!!!!!!!!!!!!!!!!!!!!!==")], 400, "bad_key"),
    but("two keys", &[(KEY, "dGhlIHNhbXBsZSBub25jZQ=="), (KEY, "AAAAAAAAAAAAAAAAAAAAAA==")], 400, "bad_request"),
    but("a page of another site", &[("Origin", "https://evil.example")], 403, "origin"),
    but("a page without a site", &[("Origin", "null")], 403, "origin"),
    but("our own page without TLS", &[("Origin", "http://127.0.0.1")], 403, "origin"),
    but("a site that ends in our name", &[("Origin", "https://evil.example/127.0.0.1")], 403, "origin"),
    but("two origins", &[("Origin", "https://evil.example"), ("Origin", "null")], 400, "bad_request"),
    but("no sub-protocol", &[(PROTOCOL, "")], 400, "subprotocol"),
    but("a sub-protocol of others", &[(PROTOCOL, "chat, tickwire.v0")], 400, "subprotocol"),
    asks("another method", || get("{path}", UPGRADE).replace("GET", "POST"), 405, "method"),
    asks("a method that there is not", || get("{path}", UPGRADE).replace("GET", "BREW"), 405, "method"),
    asks("HTTP/1.0", || get("{path}", UPGRADE).replace("HTTP/1.1", "HTTP/1.0"), 426, "no_upgrade"),
    asks("a room's name in capitals", || get("/play/MAIN", UPGRADE), 404, "room_name"),
    asks("a room's name that climbs", || get("/play/..%2fmain", UPGRADE), 404, "room_name"),
    asks("a room's name with markup", || get("/play/%3Cscript%3E", UPGRADE), 404, "room_name"),
    asks("a room's name without end", || get(&format!("/play/{}", "a".repeat(33)), UPGRADE), 404, "room_name"),
    asks("a room in a room", || get("/play/a/b", UPGRADE), 404, "room_name"),
    asks("a path that climbs", || get("/../../etc/passwd", ""), 404, "not_found"),
    asks("a path that climbs in disguise", || get("/%2e%2e/%2e%2e/etc/passwd", ""), 404, "not_found"),
    asks("the operator's metrics on the players' port", || get("/metrics", ""), 404, "not_found"),
    asks("a header of nine thousand bytes", || get("{path}", &format!("X: {}\r\n", "x".repeat(9_000))), 431, ""),
    asks("a path of nine thousand bytes", || get(&format!("/{}", "x".repeat(9_000)), ""), 431, ""),
    asks("a hundred headers", || get("{path}", &"X: y\r\n".repeat(100)), 431, ""),
    asks("a header without a name", || get("{path}", ": x\r\n"), 400, ""),
    asks("a header with a zero in it", || get("{path}", "X: a\0b\r\n"), 400, ""),
    asks("a header with a space before its colon", || get("{path}", "Upgrade : websocket\r\n"), 400, ""),
    asks("two lengths", || get("{path}", "Content-Length: 3\r\nContent-Length: 4\r\n"), 400, ""),
    asks("no HTTP at all", || "\u{1}\u{2}\u{3}\r\n\r\n".to_owned(), 400, ""),
    Line {
        what: "a compression that is not offered",
        sends: Sends::But(&[("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")]),
        gets: Gets::Granted,
        keeps: super::line::Keeps::Place,
    },
    Line {
        what: "HTTP where TLS is spoken",
        sends: Sends::Tcp(|| b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".to_vec()),
        gets: Gets::Status(400, "plain_http"),
        keeps: NoRoom,
    },
    Line {
        what: "rubbish where TLS is spoken",
        sends: Sends::Tcp(|| vec![0xFF; 300]),
        gets: Gets::Status(400, ""),
        keeps: NoRoom,
    },
    Line {
        what: "a TLS record full of rubbish",
        sends: Sends::Tcp(|| [&[0x16, 3, 1, 0, 200][..], &[0x55; 200]].concat()),
        gets: Gets::Gone,
        keeps: NoRoom,
    },
    Line {
        what: "a TLS record longer than may be",
        sends: Sends::Tcp(|| [&[0x16, 3, 1, 0xFF, 0xFF][..], &[0; 100]].concat()),
        gets: Gets::Gone,
        keeps: NoRoom,
    },
    Line {
        what: "TLS 1.1",
        sends: Sends::Tcp(|| {
            let body = [&[3, 2][..], &[7; 32], &[0, 0, 2, 0xC0, 0x13, 1, 0]].concat();
            let hello = [&[1, 0, 0, body.len() as u8][..], &body].concat();
            [&[0x16, 3, 1, 0, hello.len() as u8][..], &hello].concat()
        }),
        gets: Gets::Gone,
        keeps: NoRoom,
    },
    Line {
        what: "a connection that says nothing",
        sends: Sends::Tcp(Vec::new),
        gets: Gets::GoneAfter(5),
        keeps: NoRoom,
    },
    Line {
        what: "half a TLS handshake",
        sends: Sends::Tcp(|| vec![0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]),
        gets: Gets::GoneAfter(5),
        keeps: NoRoom,
    },
    Line {
        what: "a TLS handshake that drips",
        sends: Sends::Drip(Level::Tcp, || [&[0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3][..], &[0; 100]].concat()),
        gets: Gets::GoneAfter(5),
        keeps: NoRoom,
    },
    Line {
        what: "half a request",
        sends: Sends::Request(|| "GET / HTTP/1.1\r\nHost: x\r\nX-A: ".to_owned()),
        gets: Gets::GoneAfter(5),
        keeps: NoRoom,
    },
    Line {
        what: "a request that drips",
        sends: Sends::Drip(Level::Http, || b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: bcdefghij\r\n".to_vec()),
        gets: Gets::GoneAfter(5),
        keeps: NoRoom,
    },
];
