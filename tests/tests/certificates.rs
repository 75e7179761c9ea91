//! Certificates change under players: nobody is dropped, newcomers see the new one, and what does not fit is refused in one clear line.
//!
//! `TICKWIRE_BOTS=200 cargo test --release -p tests --test certificates -- --nocapture` is the long form; it also says what a whole
//! handshake takes, and a resumed one.

use client_sim::swarm;
use client_sim::swarm::options::{Mode, Rooms, SwarmOptions};
use client_sim::swarm::progress::Progress;
use client_sim::trust::Trust;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned};
use server::config::Transport;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tests::loopback::{Loopback, run};
use tests::player::fighters;
use tracing_subscriber::fmt::MakeWriter;

/// How long what must come is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the server logs, of all its threads.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics in here").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    /// Other servers of this program log, too: only lines that name this folder count.
    fn lines_with(&self, words: &str, folder: &str) -> usize {
        let bytes = self.0.lock().expect("nobody panics in here").clone();
        String::from_utf8_lossy(&bytes).lines().filter(|line| line.contains(words) && line.contains(folder)).count()
    }
}

/// A certificate and its key, as an operator has them.
struct Pair {
    der: CertificateDer<'static>,
    certificate: String,
    key: String,
}

impl Pair {
    fn new(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).expect("made");
        let der = made.cert.der().clone();
        Self { der, certificate: made.cert.pem(), key: made.signing_key.serialize_pem() }
    }
}

/// Where the server looks.
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("tickwire-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).expect("writable");
        Self { certificate: folder.join("cert.pem"), key: folder.join("key.pem") }
    }

    /// One after the other, as a renewal does it.
    fn write(&self, pair: &Pair) {
        fs::write(&self.certificate, &pair.certificate).expect("writable");
        std::thread::sleep(Duration::from_millis(30));
        fs::write(&self.key, &pair.key).expect("writable");
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = self.certificate.parent().map(fs::remove_dir_all);
    }
}

fn client_of(certificates: &[&Pair]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    certificates.iter().for_each(|pair| roots.add(pair.der.clone()).expect("usable"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Arc::new(versions.expect("supported").with_root_certificates(roots).with_no_client_auth())
}

/// A handshake with the server; the certificate that it showed, if it showed one that `config` believes, and how it was made.
fn shake(url: &str, config: &Arc<ClientConfig>, name: &str) -> Option<(CertificateDer<'static>, HandshakeKind)> {
    let address = url.strip_prefix("wss://").expect("a URL");
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let tls = ClientConnection::new(config.clone(), name).expect("valid");
    let tcp = TcpStream::connect(address).expect("it listens");
    tcp.set_nodelay(true).expect("a socket");
    let mut stream = StreamOwned::new(tls, tcp);
    stream.write_all(b"GET /api/rooms HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    // A ticket comes behind the handshake.
    let _ = stream.read_to_end(&mut Vec::new());
    let shown = stream.conn.peer_certificates().and_then(<[_]>::first)?.clone().into_owned();
    Some((shown, stream.conn.handshake_kind()?))
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < give_up, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn serve(files: &Files) -> Loopback {
    let (certificate, key) = (files.certificate.clone(), files.key.clone());
    Loopback::start_as(move |config| {
        config.transport = Transport::Files { certificate: certificate.clone(), key: key.clone() };
        config.tls.watch = Some(Duration::from_millis(100));
        config.rooms.players_max = 256;
    })
}

fn bots() -> usize {
    std::env::var("TICKWIRE_BOTS").ok().map_or(40, |bots| bots.parse().expect("a number of bots"))
}

/// Swaps the certificate ten times, and tries one whose key is another's; all newcomers see what they should.
fn swap_ten_times(files: &Files, server: &Loopback, log: &Log) {
    let url = &server.url();
    for swap in 1..=10 {
        let pair = Pair::new(&["localhost"]);
        files.write(&pair);
        let believed = client_of(&[&pair]);
        until("the new certificate", || shake(url, &believed, "localhost").is_some_and(|(shown, _)| shown == pair.der));
        let counted = format!("tickwire_certificate_reloads_total{{result=\"done\"}} {swap}");
        until("the count", || server.metrics().lines().any(|line| line == counted));
    }
    let kept = fs::read(&files.certificate).expect("there");
    let stranger = Pair::new(&["localhost"]);
    let refused = || log.lines_with("cannot be used; the old certificates stay", "swapped");
    // A renewal that was looked at twice in its midst, on a machine that is busy, has one, too.
    let before = refused();
    fs::write(&files.certificate, &stranger.certificate).expect("writable");
    until("a line that says so", || refused() == before + 1);
    let stranger = client_of(&[&stranger]);
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(50));
        assert!(shake(url, &stranger, "localhost").is_none(), "the old one is shown");
    }
    assert_eq!(refused(), before + 1, "said once");
    fs::write(&files.certificate, kept).expect("writable");
}

#[test]
fn ten_new_certificates_under_players_drop_nobody_and_a_mismatched_key_is_refused_in_one_line() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).expect("the only one of this program");
    let files = Files::new("swapped");
    files.write(&Pair::new(&["localhost"]));
    let server = serve(&files);
    let options = SwarmOptions {
        cuts_s: Vec::new(),
        url: server.url(),
        tls: Some(Trust::Anybody.tls().expect("TLS")),
        bots: bots(),
        settle_seconds: 0.0,
        seconds: 3_600.0,
        ramp_per_second: 1_000.0,
        mode: Mode::Play(fighters()),
        behaviour: "fight".to_owned(),
        rooms: Rooms::Any,
        link: None,
        link_share: 1.0,
        from: None,
        seed: 1,
        full_digest: false,
        audit: false,
        share: true,
        twins: None,
        tickets: None,
    };
    let report = run(async {
        let swapped = tokio::task::spawn_blocking(move || {
            until("all bots", || server.place_count() == bots());
            swap_ten_times(&files, &server, &log);
            // Long enough for whoever was cut to be missed.
            std::thread::sleep(Duration::from_millis(500));
            assert_eq!(server.place_count(), bots());
            server
        });
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let swarm = swarm::run(options, Progress::silent(), async { ended.await.unwrap_or_default() });
        let story = async {
            let server = swapped.await;
            drop(end);
            server
        };
        let (report, server) = tokio::join!(swarm, story);
        let report = report.expect("it ran");
        tokio::task::spawn_blocking(move || drop(server.expect("the story went well"))).await.expect("it stops");
        report
    });
    assert_eq!(report.bots_connected, bots());
    assert_eq!((report.disconnects.len(), report.digest_mismatches), (0, 0), "{:?}", report.disconnects);
    println!("{} bots saw ten swaps: {} digests, no drop", report.bots_connected, report.digests_checked);
}

#[test]
fn each_name_is_shown_its_own_certificate() {
    let (files, other) = (Files::new("names"), Files::new("other-name"));
    let (default, named) = (Pair::new(&["localhost"]), Pair::new(&["play.example"]));
    files.write(&default);
    other.write(&named);
    let (certificate, key) = (files.certificate.clone(), files.key.clone());
    let (other_certificate, other_key) = (other.certificate.clone(), other.key.clone());
    let server = Loopback::start_as(move |config| {
        config.transport = Transport::Files { certificate: certificate.clone(), key: key.clone() };
        let (certificate, key) = (other_certificate.clone(), other_key.clone());
        config.tls.names = vec![server::config::NamedCertificate { name: "play.example".to_owned(), certificate, key }];
    });
    let believed = client_of(&[&default, &named]);
    let shown = |name| shake(&server.url(), &believed, name).map(|(shown, _)| shown);
    assert_eq!(shown("play.example"), Some(named.der.clone()));
    assert_eq!(shown("localhost"), Some(default.der.clone()));
}

#[test]
fn who_comes_again_resumes_its_session_in_either_version_until_the_certificate_is_another() {
    let files = Files::new("resumed");
    let pair = Pair::new(&["localhost"]);
    files.write(&pair);
    let server = serve(&files);
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let mut roots = RootCertStore::empty();
        roots.add(pair.der.clone()).expect("usable");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]);
        let config = Arc::new(versions.expect("supported").with_root_certificates(roots).with_no_client_auth());
        let timed = |count: u32, config: &dyn Fn() -> Arc<ClientConfig>, kind| {
            let began = Instant::now();
            for _ in 0..count {
                let (_, made) = shake(&server.url(), &config(), "localhost").expect("believed");
                assert_eq!(made, kind, "{version:?}");
            }
            began.elapsed().as_secs_f64() * 1e3 / f64::from(count)
        };
        let whole = timed(1, &|| config.clone(), HandshakeKind::Full);
        let fresh = || {
            let mut fresh = (*config).clone();
            fresh.resumption = rustls::client::Resumption::disabled();
            Arc::new(fresh)
        };
        let full = timed(20, &fresh, HandshakeKind::Full);
        let resumed = timed(20, &|| config.clone(), HandshakeKind::Resumed);
        println!("{version:?}: first {whole:.2} ms, whole {full:.2} ms, resumed {resumed:.2} ms, both sides");
    }
    let before = client_of(&[&pair]);
    assert!(shake(&server.url(), &before, "localhost").is_some());
    let new = Pair::new(&["localhost"]);
    files.write(&new);
    until("the new certificate", || shake(&server.url(), &before, "localhost").is_none());
}

#[test]
fn how_long_a_certificate_is_good_for_is_counted_down() {
    let server = Loopback::start();
    let wanted = "tickwire_certificate_remaining_seconds{name=\"default\"} ";
    let mut left = None;
    until("the gauge", || {
        left = server.metrics().lines().find_map(|line| line.strip_prefix(wanted)?.parse::<f64>().ok());
        left.is_some()
    });
    let days = left.expect("it was there") / 86_400.0;
    assert!((300.0..400.0).contains(&days), "{days} days");
}
