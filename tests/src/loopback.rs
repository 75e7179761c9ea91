//! A real server on loopback with a certificate of its own, for stories that are about sockets, TLS and close codes.
//!
//! Few of these: what is about the game or the wire is told over the virtual link (see [`crate::arena`]). No story here
//! depends on how long something takes, only on that it happens.

use client_sim::behaviour::{AtRandom, Behaviour};
use client_sim::session::{Session, SessionConfig, SessionEvent};
use client_sim::transport::{Arrival, ConnectError, Connection, Ended, Epoch, Target};
use client_sim::trust::Trust;
use server::app::{Running, start};
use server::config::Config;
use server::directory::RoomSummary;
use server::game::Arena;
use server::operator::Door;
use shared::schema::Schema;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::Message;

/// A running server and the folder of its data, which goes with it.
pub struct Loopback {
    running: Option<Running>,
    data: PathBuf,
    change: Box<dyn Fn(&mut Config) + Send + Sync>,
}

impl Loopback {
    /// Starts the server with the Arena game on free ports.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_as(|_| {})
    }

    /// The same, with another configuration.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start_as(change: impl Fn(&mut Config) + Send + Sync + 'static) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let data = std::env::temp_dir().join(format!("tickwire-{}-{number}", std::process::id()));
        let mut server = Self { running: None, data, change: Box::new(change) };
        server.start_again();
        server
    }

    /// Stops it if it runs, and starts it with the same data.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_again(&mut self) {
        self.stop();
        let mut config = Config::local(self.data.clone());
        (self.change)(&mut config);
        let running = start(config, Arc::new(Arena::default())).expect("the defaults start");
        self.running = Some(running);
    }

    /// Stops it: every client gets its close code.
    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }

    /// Where its data is.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Its admin port.
    ///
    /// # Panics
    /// If it does not run.
    #[must_use]
    pub fn admin_addr(&self) -> SocketAddr {
        self.running.as_ref().expect("it runs").admin_addr()
    }

    /// Its admin port, and the token for it.
    ///
    /// # Panics
    /// If it does not run.
    #[must_use]
    pub fn door(&self) -> Door {
        let token = std::fs::read_to_string(self.data.join("admin.token")).expect("made on the first start");
        Door::new(self.admin_addr(), token.trim().to_owned())
    }

    /// The development authority that vouches for it.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.data.join("dev-ca.pem")
    }

    /// How many players' places are taken.
    ///
    /// # Panics
    /// If it does not run.
    #[must_use]
    pub fn place_count(&self) -> usize {
        self.running.as_ref().expect("it runs").directory().place_count()
    }

    /// What it counts, as Prometheus reads it.
    ///
    /// # Panics
    /// If it does not run.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.running.as_ref().expect("it runs").metrics().render()
    }

    /// Its rooms as they are listed.
    ///
    /// # Panics
    /// If it does not run.
    #[must_use]
    pub fn rooms(&self) -> Vec<RoomSummary> {
        self.running.as_ref().expect("it runs").directory().rooms()
    }

    /// Where it is.
    ///
    /// # Panics
    /// If it does not run.
    #[must_use]
    pub fn url(&self) -> String {
        format!("wss://127.0.0.1:{}", self.running.as_ref().expect("it runs").addr().port())
    }

    /// A connection to `path`, the certificate fully checked.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn connect(&self, path: &str) -> Connection {
        self.try_connect(path, None).await.expect("a connection")
    }

    /// The same for somebody with that ticket, or for a guest.
    ///
    /// # Errors
    /// It is refused.
    ///
    /// # Panics
    /// If it does not run.
    pub async fn try_connect(&self, path: &str, ticket: Option<String>) -> Result<Connection, ConnectError> {
        let trust = Trust::choose(Some(&self.authority()), false).expect("there is an authority");
        let target = Target::resolve(&self.url(), Some(trust.tls().expect("a certificate"))).await.expect("an address");
        target.bearing(ticket).connect(path, None).await
    }

    /// The same for a guest from an address of its own.
    ///
    /// # Errors
    /// It is refused.
    ///
    /// # Panics
    /// If the server does not run.
    pub async fn try_connect_from(&self, path: &str, from: IpAddr) -> Result<Connection, ConnectError> {
        let trust = Trust::choose(Some(&self.authority()), false).expect("there is an authority");
        let target = Target::resolve(&self.url(), Some(trust.tls().expect("a certificate"))).await.expect("an address");
        target.connect(path, Some(from)).await
    }

    /// The JSON that is answered to `GET path`, whatever the status.
    ///
    /// # Panics
    /// If there is none.
    pub async fn get(&self, path: &str) -> serde_json::Value {
        let trust = Trust::choose(Some(&self.authority()), false).expect("there is an authority");
        let connector = TlsConnector::from(trust.tls().expect("a certificate"));
        let tcp = TcpStream::connect(self.running.as_ref().expect("it runs").addr()).await.expect("it listens");
        let name = "127.0.0.1".try_into().expect("an address");
        let mut tls = connector.connect(name, tcp).await.expect("TLS");
        let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        tls.write_all(request.as_bytes()).await.expect("taken");
        let mut answer = Vec::new();
        let _ = tls.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).expect("text");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        serde_json::from_str(body).expect("JSON")
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

/// Runs a story about sockets to its end. The server lives outside: stopping it blocks.
///
/// # Panics
/// If there is no runtime to be had.
pub fn run<T>(story: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(story)
}

/// The same, on so many threads.
///
/// # Panics
/// If there is no runtime to be had.
pub fn run_on<T>(threads: usize, story: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(threads).enable_all().build().expect("a runtime").block_on(story)
}

/// A client that plays any valid input.
#[must_use]
pub fn anybody(name: &str) -> Session {
    let by_chance = |_: &Schema, seed: u64| -> Box<dyn Behaviour> { Box::new(AtRandom::new(seed)) };
    Session::new(SessionConfig { behaviours: Some(Arc::new(by_chance)), ..SessionConfig::named(name) })
}

/// Plays until `enough` frames were proven, or the connection ends; panics if a frame breaks the replica.
///
/// # Panics
/// If a frame was wrong.
pub async fn play(socket: &mut Connection, session: &mut Session, enough: u32) -> Option<Ended> {
    let clock = Epoch::begin();
    let mut proven = 0;
    while proven < enough {
        session.handle_tick(clock.now_ms());
        while let Some(frame) = session.poll_frame() {
            let _ = socket.feed(Message::Binary(frame.into())).await;
        }
        let _ = socket.flush().await;
        while let Some(event) = session.poll_event() {
            match event {
                SessionEvent::Frame(applied) => proven += u32::from(applied.checked),
                SessionEvent::Lost(error) => panic!("a wrong world: {error}"),
                SessionEvent::Failed(error) => panic!("{error}"),
                _ => {}
            }
        }
        tokio::select! {
            arrival = socket.receive() => match arrival {
                Arrival::Message(bytes) => session.handle_frame(&bytes, clock.now_ms()),
                Arrival::Nothing => {}
                Arrival::End(ended) => return Some(ended),
            },
            () = tokio::time::sleep_until(clock.at(session.next_wake_ms(clock.now_ms()))) => {}
        }
    }
    None
}

/// How a connection ends, whatever comes before.
pub async fn end_of(socket: &mut Connection) -> Ended {
    loop {
        if let Arrival::End(ended) = socket.receive().await {
            return ended;
        }
    }
}
