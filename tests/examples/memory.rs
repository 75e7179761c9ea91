//! What does a connection cost in memory? As many as you like, idle, and then each as costly as it can be.
//!
//! ```text
//!   cargo build --release && cargo run --release -p tests --example memory -- [CONNECTIONS]
//! ```
//!
//! The server is the program beside this one, one for each line below, and what is told is by how much its memory grew for each connection:
//! at the most, or for players that stand still as soon as all are in. A player holds a seat, an entity and what its client holds, besides its connection; two rooms of the same kind are compared
//! to that end, one with a tenth of the players.
//!
//! Exit code 1 if an idle one took more than 64 KiB, or a costly one more than 512 KiB.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use shared::limits::CLIENT_MESSAGE_BYTES_MAX;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tests::programs::{Server, numbers, said};

const IDLE_KB_MAX: f64 = 64.0;
const WORST_KB_MAX: f64 = 512.0;
/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// For how long, when all are there: a server bears the worst for 5 s.
const LOOK_FOR: Duration = Duration::from_secs(6);
/// Seconds that players stand still.
const IDLE_S: &str = "8";
/// The head of a TLS record of the largest size, with application data.
const LARGEST_RECORD: [u8; 5] = [23, 3, 3, 0x40, 0x00];

fn main() -> ExitCode {
    match measure() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("memory: {why}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<bool, String> {
    let [count] = numbers([500], "[CONNECTIONS]")?;
    let few = (count / 10).max(1);
    println!("KB per connection, {count} of them");
    let silent = of_each(count, |stranger| Ok(Box::new(stranger.tcp()?)))?;
    println!("  nothing said yet              {silent:>6.1}");
    let half = of_each(count, |stranger| {
        let mut line = stranger.line()?;
        let head = format!("GET /play HTTP/1.1\r\nhost: localhost\r\nx: {}", "x".repeat(7_000));
        line.write_all(head.as_bytes()).map_err(said("half a request"))?;
        Ok(Box::new(line))
    })?;
    println!("  TLS, and half a request       {half:>6.1}");
    let (of_few, of_all) = (players(few)?, players(count)?);
    let idle = (of_all - of_few) / (count - few).max(1) as f64;
    println!("  a player who stands still     {idle:>6.1}   of {of_all:.0} KB in all");
    let worst = of_each(count, costly)?;
    println!("  one that does its worst       {worst:>6.1}");
    Ok(silent <= IDLE_KB_MAX && half <= IDLE_KB_MAX && idle <= IDLE_KB_MAX && worst <= WORST_KB_MAX)
}

/// A server that has played already: what is made once for all is made.
fn warm_server(count: usize) -> Result<Server, String> {
    let players_max = (count + 10).to_string();
    let slot_bits = if count <= 1_000 { "12" } else { "16" };
    let server =
        Server::start(&[("TICKWIRE_ROOMS__PLAYERS_MAX", &players_max), ("TICKWIRE_ROOMS__SLOT_BITS", slot_bits)])?;
    server.swarm(&["--bots", "10", "--seconds", "2"])?.report()?;
    sleep(Duration::from_secs(1));
    Ok(server)
}

/// KB by which a server grew at the most while `done` was false.
fn growth(server: &Server, before_kb: u64, mut done: impl FnMut() -> bool) -> f64 {
    let mut most = before_kb;
    while !done() {
        most = most.max(server.resident_kb());
        sleep(LOOK_EVERY);
    }
    most.saturating_sub(before_kb) as f64
}

/// KB by which a server has grown when so many players are in that stand still, confirm what they get, and send an input per tick.
fn players(count: usize) -> Result<f64, String> {
    let server = warm_server(count)?;
    let before = server.resident_kb();
    let swarm = server.swarm(&["--bots", &count.to_string(), "--seconds", IDLE_S, "--behaviour", "idle"])?;
    let (report, _) = swarm.report()?;
    let were_in = report.number("/bots_connected");
    if were_in < count as f64 {
        return Err(format!("{were_in} of {count} came in"));
    }
    Ok(report.number("/server_rss_bytes/middle") / 1024.0 - before as f64)
}

/// KB by which a server grows for each of so many connections, opened one after the other by `open` and then left alone.
fn of_each(count: usize, open: impl Fn(&Stranger) -> Result<Open, String> + Sync) -> Result<f64, String> {
    let server = warm_server(count)?;
    let stranger = Stranger::new(&server)?;
    let before = server.resident_kb();
    // Four at a time: the server bears them for some seconds only.
    let (opened, until) = std::thread::scope(|scope| {
        let openers: Vec<_> = (0..4_usize)
            .map(|opener| {
                let (stranger, open) = (&stranger, &open);
                scope.spawn(move || (opener..count).step_by(4).map(|_| open(stranger)).collect::<Result<Vec<_>, _>>())
            })
            .collect();
        let mut most = 0.0_f64;
        while !openers.iter().all(|opener| opener.is_finished()) {
            most = most.max(server.resident_kb().saturating_sub(before) as f64);
            sleep(LOOK_EVERY);
        }
        let opened: Vec<_> = openers.into_iter().map(|opener| opener.join().expect("it does not panic")).collect();
        (opened, most)
    });
    let opened: Vec<Vec<Open>> = opened.into_iter().collect::<Result<_, _>>()?;
    let began = Instant::now();
    let grown = growth(&server, before, || began.elapsed() >= LOOK_FOR);
    drop(opened);
    Ok(grown.max(until) / count as f64)
}

type Line = StreamOwned<ClientConnection, TcpStream>;

/// A connection that is kept open, and that is all.
type Open = Box<dyn Send>;

/// Who opens connections.
struct Stranger {
    address: String,
    tls: Arc<ClientConfig>,
}

impl Stranger {
    fn new(server: &Server) -> Result<Self, String> {
        let pem = std::fs::read(server.authority()).map_err(said("the authority"))?;
        let authority = CertificateDer::from_pem_slice(&pem).map_err(|error| format!("the authority: {error}"))?;
        let mut roots = RootCertStore::empty();
        roots.add(authority).map_err(|error| format!("the authority: {error}"))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS: {error}"))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { address: server.url().trim_start_matches("wss://").to_owned(), tls: Arc::new(tls) })
    }

    fn tcp(&self) -> Result<TcpStream, String> {
        let tcp = TcpStream::connect(&self.address).map_err(said("a connection"))?;
        tcp.set_read_timeout(Some(Duration::from_secs(10))).map_err(said("a connection"))?;
        Ok(tcp)
    }

    fn line(&self) -> Result<Line, String> {
        let name = ServerName::try_from("localhost").map_err(|error| format!("TLS: {error}"))?;
        let tls = ClientConnection::new(self.tls.clone(), name).map_err(|error| format!("TLS: {error}"))?;
        Ok(StreamOwned::new(tls, self.tcp()?))
    }
}

/// A frame as a client sends it, with a mask of zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u16;
    let mut bytes = if length < 126 { vec![first, 0x80 | length as u8] } else { vec![first, 0x80 | 126] };
    if length >= 126 {
        bytes.extend(length.to_be_bytes());
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

/// A player that reads nothing from its first frame on, has pings answered that it never hears of, begins a message in parts that never
/// ends, and a TLS record behind it.
fn costly(stranger: &Stranger) -> Result<Open, String> {
    let mut line = stranger.line()?;
    let ask = "GET /play HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
               sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: tickwire.v1\r\n\r\n";
    line.write_all(ask.as_bytes()).map_err(said("the upgrade"))?;
    let mut answer = [0; 12];
    line.read_exact(&mut answer).map_err(said("the upgrade"))?;
    if &answer != b"HTTP/1.1 101" {
        return Err(format!("the upgrade: {}", String::from_utf8_lossy(&answer)));
    }
    let hello = client_sim::agreement::hello("mallory", shared::wire::Digest::Whole, None);
    let hello = shared::wire::ClientMessage::Hello(Box::new(hello)).to_bytes(&shared::game::schema());
    let part = vec![7; CLIENT_MESSAGE_BYTES_MAX / 4];
    let mut attack = frame(0x82, &hello);
    for _ in 0..10 {
        attack.extend(frame(0x89, &[b'p'; 125]));
    }
    for first in [0x02, 0x00, 0x00] {
        attack.extend(frame(first, &part));
    }
    line.write_all(&attack).and_then(|()| line.flush()).map_err(said("the attack"))?;
    line.sock.write_all(&LARGEST_RECORD).map_err(said("the attack"))?;
    line.sock.write_all(&[0x5A; 16_000]).map_err(said("the attack"))?;
    Ok(Box::new(line))
}
