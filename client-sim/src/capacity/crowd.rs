//! The floor's clients: TLS and nothing else. Each counts the bytes it gets and sends an input's worth once per tick.
//!
//! They live in this process, on the same threads as the bots that play: server and floor face the same kind of peers.
//!
//! Never here: the floor itself (see `floor`).

use super::CapacityError;
use crate::dice::Dice;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Clients that shake hands at the same time.
const AT_ONCE: usize = 16;
/// How long one handshake may take, the wait for the floor's attention included.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// Most that is taken off a connection at once.
const READ_BYTES: usize = 4 * 1024;

/// Clients that are in. They leave when this is dropped.
pub(super) struct Crowd {
    received: Arc<AtomicU64>,
    clients: JoinSet<io::Result<()>>,
}

/// What each client does.
#[derive(Clone, Copy, Debug)]
pub(super) struct CrowdOptions {
    /// How many clients.
    pub(super) clients: usize,
    /// Bytes of an input, before TLS.
    pub(super) input_bytes: usize,
    /// Inputs per second.
    pub(super) rate_hz: u16,
}

impl Crowd {
    /// Connects all of them.
    pub(super) async fn connect(
        options: CrowdOptions,
        address: SocketAddr,
        tls: Arc<ClientConfig>,
    ) -> Result<Self, CapacityError> {
        let connector = TlsConnector::from(tls);
        let mut arriving = JoinSet::new();
        let mut arrived = Vec::with_capacity(options.clients);
        for _ in 0..AT_ONCE.min(options.clients) {
            arriving.spawn(shake_hands(connector.clone(), address));
        }
        while let Some(stream) = arriving.join_next().await {
            let broken = |source| CapacityError::Crowd { source };
            arrived.push(stream.map_err(io::Error::other).map_err(broken)?.map_err(broken)?);
            if arrived.len() + arriving.len() < options.clients {
                arriving.spawn(shake_hands(connector.clone(), address));
            }
        }
        let received = Arc::new(AtomicU64::new(0));
        let mut clients = JoinSet::new();
        for (client, stream) in arrived.into_iter().enumerate() {
            clients.spawn(play(stream, options, received.clone(), Dice::new(0, client as u64)));
        }
        Ok(Self { received, clients })
    }

    /// Bytes that all of them have got so far, TLS taken off.
    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Clients whose connection stands.
    pub(super) fn count(&mut self) -> usize {
        while self.clients.try_join_next().is_some() {}
        self.clients.len()
    }
}

async fn shake_hands(connector: TlsConnector, address: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
    let shaken = async {
        let tcp = TcpStream::connect(address).await?;
        tcp.set_nodelay(true)?;
        connector.connect(ServerName::from(address.ip()), tcp).await
    };
    timeout(HANDSHAKE, shaken).await?
}

/// Takes what comes and sends inputs, at a moment of the tick that is its own.
async fn play(
    mut stream: TlsStream<TcpStream>,
    options: CrowdOptions,
    received: Arc<AtomicU64>,
    mut dice: Dice,
) -> io::Result<()> {
    let period = Duration::from_secs(1) / u32::from(options.rate_hz.max(1));
    let mut turns = interval_at(Instant::now() + period.mul_f64(dice.part()), period);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let input = vec![0xA5; options.input_bytes];
    let mut bytes = vec![0; READ_BYTES];
    loop {
        tokio::select! {
            got = stream.read(&mut bytes) => match got? {
                0 => return Ok(()),
                count => {
                    received.fetch_add(count as u64, Ordering::Relaxed);
                }
            },
            _ = turns.tick() => {
                stream.write_all(&input).await?;
                stream.flush().await?;
            }
        }
    }
}
