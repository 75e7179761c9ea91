//! All that must stay secret goes through a server that logs all it can, and is looked for in what it wrote.
//!
//! In a program of its own, because what is logged is set once per process.

use client_sim::session::{Session, SessionConfig};
use serde_json::{Value, json};
use server::config::{LogFormat, RawLog, Transport};
use server::logging;
use server::operator::Door;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use tests::loopback::{Loopback, play, run};

/// What is written, kept.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked with it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Secrets as they are brought: none of these texts may be in the log.
const SUBPROTOCOL_TICKET: &str = "eyJzZWNyZXQtb2YtdGhlLXN1YnByb3RvY29s";
const HEADER_TICKET: &str = "eyJzZWNyZXQtb2YtdGhlLWhlYWRlcg";
const QUERY_TICKET: &str = "eyJzZWNyZXQtb2YtdGhlLXF1ZXJ5";
const WRONG_TOKEN: &str = "a-token-that-is-wrong-and-secret-all-the-same";
const QUERY_TOKEN: &str = "a-token-in-the-query-where-none-belongs";

/// A name that would clear the screen and turn the line around.
const NAME: &str = "\u{1b}[2J\u{202e}Eve";

fn ask(server: &Loopback, path: &str, headers: &str) -> String {
    let address = server.url().rsplit_once('/').expect("a URL").1.to_owned();
    let mut tcp = TcpStream::connect(address).expect("it listens");
    write!(
        tcp,
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    )
    .expect("taken");
    let mut answer = [0; 64];
    let length = tcp.read(&mut answer).expect("answered");
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

/// Does everything that secrets are needed for. Gives those that came about on the way.
fn use_all_of_them() -> Vec<String> {
    let plain = Loopback::start_as(|config| config.transport = Transport::Plain);
    let offered = format!("Sec-WebSocket-Protocol: tickwire.v1, ticket.{SUBPROTOCOL_TICKET}\r\n");
    let bearer = format!("Sec-WebSocket-Protocol: tickwire.v1\r\nAuthorization: Bearer {HEADER_TICKET}\r\n");
    let only = "Sec-WebSocket-Protocol: tickwire.v1\r\n";
    for (path, headers) in [
        ("/play/main", offered.as_str()),
        ("/play/main", bearer.as_str()),
        (&format!("/play/main?ticket={QUERY_TICKET}"), only),
        (&format!("/api/rooms?token={QUERY_TOKEN}"), bearer.as_str()),
        (&format!("/nothing/{QUERY_TICKET}"), offered.as_str()),
    ] {
        assert!(ask(&plain, path, headers).starts_with("HTTP/1.1 "), "{path}");
    }

    let server = Loopback::start();
    run(async {
        let mut socket = server.connect("/play/main").await;
        let mut session = Session::new(SessionConfig::named(NAME));
        assert_eq!(play(&mut socket, &mut session, 3).await, None);
        let stranger = Door::new(server.admin_addr(), WRONG_TOKEN.to_owned());
        assert!(stranger.ask("GET", "/api/clients", None).is_err());
        assert!(stranger.ask("GET", &format!("/api/clients?token={QUERY_TOKEN}"), None).is_err());
        let door = server.door();
        let clients = door.ask("GET", "/api/clients", None).expect("answered");
        let number = &clients["clients"][0]["connection"];
        let ban = json!({ "player": "somebody", "reason": NAME });
        door.ask("POST", "/api/ban", Some(&ban)).expect("done");
        door.ask("POST", "/api/kick", Some(&json!({ "connection": number, "reason": NAME }))).expect("done");
        assert!(play(&mut socket, &mut session, u32::MAX).await.is_some(), "it is closed");
    });
    let token = std::fs::read_to_string(server.data().join("admin.token")).expect("made on the first start");
    vec![token.trim().to_owned()]
}

#[test]
fn no_ticket_token_or_name_stands_raw_in_a_log_that_says_all_it_can() {
    let kept = Kept::default();
    let log = RawLog { format: LogFormat::Json, filter: "trace".to_owned(), lines_per_second: 0, kib_per_minute: 0 };
    let logging = logging::start_to(&log, kept.clone(), false).expect("a thread");
    let mut secrets = use_all_of_them();
    drop(logging);
    secrets.extend([SUBPROTOCOL_TICKET, HEADER_TICKET, QUERY_TICKET, WRONG_TOKEN, QUERY_TOKEN].map(str::to_owned));

    let written = String::from_utf8(kept.0.lock().expect("nobody panicked with it").clone()).expect("text");
    assert!(written.lines().count() > 25 && written.contains("\"DEBUG\""), "it says a lot:\n{written}");
    for secret in secrets {
        assert!(!written.contains(&secret), "{secret} is in the log");
    }
    assert!(!written.contains('\u{1b}') && !written.contains('\u{202e}'), "a name stands raw in the log");
    let mut of_connections = 0;
    for line in written.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let message = line["message"].as_str().unwrap_or("");
        if ["accepted", "upgraded and handed over", "attached", "closed", "left", "lost"].contains(&message) {
            of_connections += 1;
            assert!(line["span"]["id"].is_u64(), "whose is it? {line}");
        }
    }
    assert!(of_connections >= 6, "{of_connections}");
}
