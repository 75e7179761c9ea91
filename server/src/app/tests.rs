//! A whole server in this process, asked over real sockets: its two ports, its limits, its end.

use super::*;
use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::game::Arena;
use crate::game_api::Game;
use crate::scratch::Scratch;
use shared::wire::{ClientMessage, Hello, version};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server of a test, in a folder of its own.
struct Server {
    running: Option<Running>,
    addr: SocketAddr,
    folder: PathBuf,
}

impl Server {
    fn start(name: &str, change: impl FnOnce(&mut Config)) -> Self {
        let folder = env::temp_dir().join(format!("tickwire-{}-app-{name}", process::id()));
        let mut config = Config::local(folder.clone());
        config.workers = 1;
        change(&mut config);
        let running = start(config, Arc::new(Arena::default())).expect("starts");
        Self { addr: running.addr(), running: Some(running), folder }
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("not stopped yet")
    }

    fn tcp(&self) -> TcpStream {
        connect(self.addr)
    }

    /// A client that trusts the development authority and nothing else.
    fn tls(&self) -> StreamOwned<ClientConnection, TcpStream> {
        let authority = self.running().authority().expect("made its own certificate");
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(authority).expect("a certificate")).expect("usable");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("supported")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = "127.0.0.1".try_into().expect("a name");
        StreamOwned::new(ClientConnection::new(Arc::new(config), name).expect("valid"), self.tcp())
    }

    fn join(&self, room: &str) -> WebSocket<StreamOwned<ClientConnection, TcpStream>> {
        websocket(&format!("wss://{}/play/{room}", self.addr), self.tls())
    }

    /// What the game port answers to a whole request; it closes afterwards.
    fn ask(&self, request: &str) -> String {
        let mut tls = self.tls();
        tls.write_all(request.as_bytes()).expect("taken");
        read_all(&mut tls)
    }

    fn ask_admin(&self, path: &str) -> String {
        let mut tcp = connect(self.running().admin_addr());
        write!(tcp, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("taken");
        read_all(&mut tcp)
    }

    /// Waits until a line of the metrics says so.
    fn await_metric(&self, line: &str) {
        let give_up = Instant::now() + PATIENCE;
        while !self.running().metrics().render().lines().any(|found| found == line) {
            assert!(Instant::now() < give_up, "{line} does not come:\n{}", self.running().metrics().render());
            thread::yield_now();
        }
    }

    fn stop(&mut self) -> Duration {
        let began = Instant::now();
        self.running.take().expect("not stopped yet").stop();
        began.elapsed()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.running.take());
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn connect(addr: SocketAddr) -> TcpStream {
    let tcp = TcpStream::connect(addr).expect("listens");
    tcp.set_read_timeout(Some(PATIENCE)).expect("settable");
    tcp
}

fn websocket<S: Read + Write>(url: &str, stream: S) -> WebSocket<S> {
    let mut request = url.into_client_request().expect("valid");
    request.headers_mut().insert("sec-websocket-protocol", "tickwire.v1".parse().expect("valid"));
    let (socket, response) = tungstenite::client(request, stream).map_err(|e| e.to_string()).expect("upgraded");
    assert_eq!(response.headers()["sec-websocket-protocol"], "tickwire.v1");
    socket
}

/// Everything until the end of the stream, in order or not.
fn read_all(stream: &mut impl Read) -> String {
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    String::from_utf8_lossy(&all).into_owned()
}

fn close_code<S: Read + Write>(socket: &mut WebSocket<S>) -> (u16, String) {
    loop {
        match socket.read() {
            Ok(Message::Close(Some(frame))) => return (frame.code.into(), frame.reason.to_string()),
            Ok(_) => {}
            Err(error) => panic!("no close frame: {error}"),
        }
    }
}

fn upgrade_request(room: &str) -> String {
    format!(
        "GET /play/{room} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: tickwire.v1\r\n\r\n"
    )
}

const PAGE: &str = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";

#[test]
fn one_port_has_the_page_the_list_and_the_game_and_its_end_tells_everybody_why() {
    let mut server = Server::start("whole", |_| {});
    let page = server.ask(PAGE);
    assert!(page.starts_with("HTTP/1.1 200 OK") && page.contains("content-security-policy"), "{page}");
    let mut players = [server.join("a"), server.join("a"), server.join("b")];
    let rooms = server.ask(&PAGE.replace("GET / ", "GET /api/rooms "));
    assert!(
        rooms.contains(r#"{"rooms":[{"cap":128,"name":"a","players":2,"spectators":0,"tick_rate_hz":30},{"#),
        "{rooms}"
    );
    server.await_metric("tickwire_connections_handed_over_total 3");
    let took = server.stop();
    assert!(took < Duration::from_secs(2), "{took:?}");
    for player in &mut players {
        assert_eq!(close_code(player), (1001, "the server is shutting down".to_owned()));
    }
}

/// The value of a header of an answer.
fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    head.lines().filter_map(|line| line.split_once(": ")).find(|(known, _)| *known == name).map(|(_, value)| value)
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

#[test]
fn a_page_is_sent_whole_packed_or_not_at_all_as_its_reader_needs_it() {
    let server = Server::start("forms", |_| {});
    let asked = |method: &str, more: &str| {
        server.ask(&PAGE.replace("GET", method).replace("Connection", &format!("{more}Connection")))
    };
    let whole = asked("GET", "");
    let length = |answer: &str| header(answer, "content-length").and_then(|length| length.parse().ok());
    assert_eq!(length(&whole), Some(body(&whole).len()));
    let tag = header(&whole, "etag").expect("it has a tag");
    assert_eq!(header(&whole, "cache-control"), Some("no-cache"));

    let head = asked("HEAD", "");
    assert!(head.starts_with("HTTP/1.1 200") && body(&head).is_empty(), "{head}");
    assert_eq!((length(&head), header(&head, "etag")), (length(&whole), Some(tag)));

    let packed = asked("GET", "Accept-Encoding: gzip\r\n");
    assert_eq!(header(&packed, "content-encoding"), Some("gzip"));
    assert!(length(&packed) < length(&whole) && header(&packed, "etag") != Some(tag));
    assert!([&whole, &packed, &head].iter().all(|answer| header(answer, "vary") == Some("accept-encoding")));

    for method in ["GET", "HEAD"] {
        let known = asked(method, &format!("If-None-Match: {tag}\r\n"));
        assert!(known.starts_with("HTTP/1.1 304") && body(&known).is_empty(), "{known}");
        assert_eq!((header(&known, "etag"), header(&known, "content-length")), (Some(tag), None));
    }
    let refused = asked("POST", "");
    assert!(refused.starts_with("HTTP/1.1 405") && header(&refused, "allow") == Some("GET, HEAD"), "{refused}");
}

#[test]
fn a_page_is_told_what_it_may_do_and_that_this_is_the_game_it_may_connect_to() {
    let server = Server::start("policy", |_| {});
    let policy = |host: &str| {
        let page = server.ask(&PAGE.replace("127.0.0.1", host));
        header(&page, "content-security-policy").expect("each page has one").to_owned()
    };
    assert!(policy("127.0.0.1:4433").ends_with("connect-src 'self' wss://127.0.0.1:4433"));
    assert!(policy("play.example; script-src *").ends_with("connect-src 'self'"), "nobody writes it for us");
    let page = server.ask(PAGE);
    assert_eq!(header(&page, "x-content-type-options"), Some("nosniff"));
    assert_eq!(header(&page, "strict-transport-security"), None, "a development certificate promises nothing");
}

#[test]
fn pages_of_an_origin_that_the_operator_allows_read_rooms_and_maps_and_others_do_not() {
    let server = Server::start("origins", |config| config.origins = vec!["https://play.example".to_owned()]);
    let asked = |method: &str, path: &str, origin: &str| {
        let more = format!("Origin: {origin}\r\nAccess-Control-Request-Method: GET\r\nConnection");
        server.ask(&PAGE.replace("GET / ", &format!("{method} {path} ")).replace("Connection", &more))
    };
    for path in ["/api/rooms", "/maps/crossroads.tmx", "/maps/nowhere.tmx"] {
        let answer = asked("GET", path, "https://play.example");
        assert_eq!(header(&answer, "access-control-allow-origin"), Some("https://play.example"), "{path}");
        let other = asked("GET", path, "https://evil.example");
        assert_eq!(header(&other, "access-control-allow-origin"), None, "{path}");
        let question = asked("OPTIONS", path, "https://play.example");
        assert!(question.starts_with("HTTP/1.1 204"), "{question}");
        assert_eq!(header(&question, "access-control-allow-methods"), Some("GET, HEAD"));
    }
    let page = asked("GET", "/", "https://play.example");
    assert_eq!(header(&page, "access-control-allow-origin"), None);
    assert!(asked("OPTIONS", "/", "https://play.example").starts_with("HTTP/1.1 405"));
}

#[test]
fn the_maps_that_the_rooms_are_played_on_can_be_loaded() {
    let server = Server::start("maps", |config| {
        config.rooms.settings.insert("maps".to_owned(), "gardens, courtyard".to_owned());
    });
    let asked = |name: &str| server.ask(&PAGE.replace("GET / ", &format!("GET /maps/{name} ")));
    for name in ["gardens.tmx", "courtyard.tmx"] {
        let map = asked(name);
        assert!(map.starts_with("HTTP/1.1 200") && body(&map).contains("<map "), "{map}");
    }
    assert!(asked("crossroads.tmx").starts_with("HTTP/1.1 404"), "no room is played on it");
}

#[test]
fn who_starts_it_reads_how_to_play_and_how_to_send_bots_to_this_very_server() {
    let (tls, plain) = (
        Server::start("greets", |_| {}),
        Server::start("greets-plain", |config| config.transport = crate::config::Transport::Plain),
    );
    for (server, scheme) in [(&tls, "wss"), (&plain, "ws")] {
        let (greeting, url) = (server.running().greeting(), format!("--url {scheme}://{}", server.addr));
        for what in ["play     ", "bots     "] {
            let line = greeting.lines().find(|line| line.contains(what)).unwrap_or_default();
            assert!(line.contains(&url), "{what} {url}: {greeting}");
        }
    }
}

#[test]
fn a_plain_server_speaks_ws_to_its_own_names_only() {
    let server = Server::start("plain", |config| config.transport = crate::config::Transport::Plain);
    let mut socket = websocket(&format!("ws://{}/play", server.addr), server.tcp());
    let mut other = server.tcp();
    other.write_all(PAGE.replace("127.0.0.1", "evil.example").as_bytes()).expect("taken");
    assert!(read_all(&mut other).starts_with("HTTP/1.1 400"));
    server.await_metric("tickwire_connections_handed_over_total 1");
    socket.close(None).expect("open");
}

#[test]
fn what_a_client_sends_right_behind_its_upgrade_is_not_lost() {
    let server = Server::start("early", |_| {});
    let mut tls = server.tls();
    let mut bytes = upgrade_request("a").into_bytes();
    // A ping with the payload "hi", masked with zeros.
    bytes.extend([0x89, 0x82, 0, 0, 0, 0, b'h', b'i']);
    tls.write_all(&bytes).expect("taken");
    let mut answer = Vec::new();
    let pong = [0x8A, 2, b'h', b'i'];
    while !answer.windows(pong.len()).any(|window| window == pong) {
        let mut some = [0; 256];
        let count = tls.read(&mut some).expect("the pong comes");
        assert!(count > 0, "closed before the pong: {}", String::from_utf8_lossy(&answer));
        answer.extend(&some[..count]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"));
}

#[test]
fn plain_http_on_the_tls_port_is_told_where_to_ask() {
    let server = Server::start("instead", |_| {});
    let mut tcp = server.tcp();
    tcp.write_all(PAGE.replace("127.0.0.1", "play.example:4433").as_bytes()).expect("taken");
    let answer = read_all(&mut tcp);
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("https://play.example:4433/"), "{answer}");
    server.await_metric("tickwire_refusals_total{reason=\"plain_http\"} 1");
}

#[test]
fn whoever_is_too_slow_is_let_go_at_one_deadline() {
    let server = Server::start("slow", |config| config.limits.upgrade = Duration::from_millis(300));
    let mut silent = server.tcp();
    let mut half_hello = server.tcp();
    half_hello.write_all(&[0x16, 3, 1, 2, 0, 1]).expect("taken");
    let mut half_request = server.tls();
    half_request.write_all(b"GET / HTTP/1.1\r\nHost: 127.").expect("taken");
    for stream in [&mut silent as &mut dyn Read, &mut half_hello, &mut half_request] {
        let mut byte = [0];
        assert!(!matches!(stream.read(&mut byte), Ok(1)));
    }
    server.await_metric("tickwire_refusals_total{reason=\"slow\"} 3");
    assert!(server.ask(PAGE).starts_with("HTTP/1.1 200"), "others are still served");
}

#[test]
fn a_page_that_asks_for_nothing_more_is_closed_when_idle() {
    let server = Server::start("idle", |config| {
        config.limits.upgrade = Duration::from_millis(400);
        config.limits.idle = Duration::from_millis(500);
    });
    let began = Instant::now();
    let page = server.ask(&PAGE.replace("close", "keep-alive"));
    assert!(page.starts_with("HTTP/1.1 200") && began.elapsed() > Duration::from_millis(450));
    assert!(!server.running().metrics().render().contains("reason=\"slow\"} 1"));
}

#[test]
fn a_connection_that_asks_without_end_is_told_so_and_closed() {
    let server = Server::start("greedy", |config| config.limits.requests_max = 20);
    let answers = server.ask(&PAGE.replace("GET / ", "GET /api/rooms ").replace("close", "keep-alive").repeat(50));
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 20);
    assert_eq!(answers.matches("HTTP/1.1 429").count(), 1);
    server.await_metric("tickwire_refusals_total{reason=\"too_many_requests\"} 1");
    assert!(server.ask(PAGE).starts_with("HTTP/1.1 200"), "a new connection may ask again");
}

#[test]
fn connections_over_a_cap_are_closed_and_counted_and_come_back_when_there_is_room() {
    let server = Server::start("caps", |config| {
        config.limits.connections_per_address_max = 2;
        config.limits.loopback = true;
    });
    let player = server.join("a");
    let second = server.tcp();
    assert_eq!(read_all(&mut server.tcp()), "");
    server.await_metric("tickwire_refusals_total{reason=\"address_full\"} 1");
    drop((player, second));
    let give_up = Instant::now() + PATIENCE;
    while server.running().directory().connection_count() > 0 {
        assert!(Instant::now() < give_up, "connections are not given back");
        thread::yield_now();
    }
    assert!(server.ask(PAGE).starts_with("HTTP/1.1 200"));
}

#[test]
fn an_address_whose_connections_never_say_hello_gets_no_more_places_until_one_does() {
    let server = Server::start("unseated", |config| {
        config.limits.unseated_per_address_max = 2;
        config.limits.loopback = true;
    });
    let mut silent = [server.join("a"), server.join("b")];
    let answer = server.ask(&upgrade_request("c"));
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("unseated_full"), "{answer}");
    server.await_metric("tickwire_refusals_total{reason=\"unseated_full\"} 1");
    let (protocol_min, protocol_max) = (version::PROTOCOL, version::PROTOCOL);
    let hello = Hello { protocol_min, protocol_max, name: "late".to_owned(), ..Hello::default() };
    let hello = ClientMessage::Hello(Box::new(hello)).to_bytes(&Game::schema(&Arena::default()));
    silent[0].send(Message::Binary(hello.into())).expect("open");
    assert!(matches!(silent[0].read(), Ok(Message::Binary(_))), "welcome");
    server.join("c");
}

#[test]
fn a_full_room_and_a_draining_server_are_a_503_that_says_so() {
    let server = Server::start("full", |config| {
        config.rooms.players_max = 1;
        config.rooms.rooms_max = 1;
    });
    assert!(server.ask_admin("/readyz").starts_with("HTTP/1.1 200"));
    let _player = server.join("a");
    for (room, reason) in [("a", "room_full"), ("b", "rooms_full")] {
        let answer = server.ask(&upgrade_request(room));
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 5"), "{answer}");
        assert!(answer.contains(reason), "{answer}");
    }
    assert!(server.ask_admin("/readyz").starts_with("HTTP/1.1 503"));
    server.running().directory().drain();
    assert!(server.ask_admin("/readyz").contains("draining"));
    assert!(server.ask_admin("/healthz").starts_with("HTTP/1.1 200"), "it is well, it only goes away");
}

#[test]
fn a_worker_that_is_behind_with_its_mail_gets_no_newcomers() {
    let server = Server::start("busy", |_| {});
    let mailbox = &server.running().boxes[0];
    let letters: Vec<_> = std::iter::from_fn(|| mailbox.reserve().ok()).collect();
    let answer = server.ask(&upgrade_request("a"));
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("busy"), "{answer}");
    assert_eq!(server.running().directory().place_count(), 0, "the place was given back");
    drop(letters);
    server.join("a");
}

#[test]
fn a_request_with_too_long_a_head_is_a_431() {
    let server = Server::start("head", |_| {});
    let long = PAGE.replace("Connection", &format!("X: {}\r\nConnection", "x".repeat(9000)));
    assert!(server.ask(&long).starts_with("HTTP/1.1 431"));
    let many = PAGE.replace("Connection", &format!("{}Connection", "X: x\r\n".repeat(100)));
    assert!(server.ask(&many).starts_with("HTTP/1.1 431"));
}

#[test]
fn the_admin_port_has_health_and_metrics_and_the_game_port_has_not() {
    let server = Server::start("admin", |_| {});
    let _player = server.join("a");
    server.await_metric("tickwire_rooms_made_total 1");
    assert!(server.ask_admin("/healthz").contains(r#""healthy":true"#));
    let metrics = server.ask_admin("/metrics");
    for line in ["tickwire_rooms 1", "tickwire_places 1", "# TYPE tickwire_tick_seconds histogram"] {
        assert!(metrics.lines().any(|found| found == line), "{line} is missing:\n{metrics}");
    }
    assert!(server.ask_admin("/").starts_with("HTTP/1.1 404"));
    assert!(server.ask(&PAGE.replace("GET / ", "GET /metrics ")).starts_with("HTTP/1.1 404"));
    assert!(admin::ask_health(server.running().admin_addr()).expect("answers"));
}

#[test]
fn who_says_nothing_to_the_admin_port_does_not_keep_a_probe_waiting_for_long() {
    let server = Server::start("probe", |_| {});
    let _silent: Vec<_> = (0..40).map(|_| connect(server.running().admin_addr())).collect();
    let mut half = connect(server.running().admin_addr());
    half.write_all(b"GET /healthz HTTP/1.1\r\nHost: loc").expect("taken");
    let began = Instant::now();
    assert!(server.ask_admin("/healthz").starts_with("HTTP/1.1 200"));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[test]
fn what_cannot_start_says_which_key_and_leaves_nothing_behind() {
    let server = Server::start("taken", |_| {});
    let mut config = Config::local(server.folder.clone());
    config.listen = server.addr;
    let error = start(config, Arc::new(Arena::default())).err().expect("the port is taken");
    assert!(error.to_string().contains("server.listen") && error.exit_code() == 1, "{error}");
    let mut config = Config::local(server.folder.clone());
    config.rooms.settings.insert("gravity".to_owned(), "9".to_owned());
    let error = start(config, Arc::new(Arena::default())).err().expect("no such setting");
    assert!(error.to_string().contains("gravity") && error.exit_code() == 2, "{error}");
}

#[test]
fn a_reader_that_has_hung_up_is_no_failure_but_a_full_disk_is() {
    struct Pipe(io::ErrorKind);
    impl Write for Pipe {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    assert!(say(&mut Pipe(io::ErrorKind::BrokenPipe), "a schema").is_ok());
    assert!(say(&mut Pipe(io::ErrorKind::StorageFull), "a schema").is_err());
}

#[test]
fn a_game_is_chosen_by_name_and_the_first_is_the_default() {
    let offer = |name| Offer::new(name, || Arc::new(Arena::default()));
    let offers = [offer("one"), offer("two")];
    assert!(chosen("", &offers).is_ok() && chosen("two", &offers).is_ok());
    let error = chosen("three", &offers).err().expect("not offered");
    assert_eq!(error.to_string(), "game.name: there is no game \"three\"; this program has one, two");
}

#[test]
fn a_configuration_is_not_good_whose_files_would_stop_the_start_and_checking_it_makes_none() {
    let folder = Scratch::new("check-config");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let (bad, good) = (file("bad", "rubbish"), file("bans", "{\"player\":\"anna\"}\n"));
    let checked = |text: &str| {
        let mut raw = load::lay(Some((folder.path(), text)), []).expect("understood");
        raw.server.data = folder.path().join("data");
        try_files(&check::check(raw).expect("in range")).map_err(|error| error.exit_code())
    };
    for text in ["", &format!("[bans]\nfile = {good:?}\n")] {
        assert_eq!(checked(text), Ok(()), "{text}");
    }
    for text in [
        format!("[tls]\ncertificate = {bad:?}\nkey = {bad:?}\n"),
        format!("[bans]\nfile = {bad:?}\n"),
        format!("[bans]\nfile = {:?}\n", format!("{bad}-is-not-there")),
        format!("[admin]\ntoken_file = {bad:?}\n"),
    ] {
        assert_eq!(checked(&text), Err(2), "{text}");
    }
    assert!(!folder.path().join("data").exists());
}
