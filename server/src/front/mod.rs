//! ① What waits: accept, TLS, HTTP, upgrade, admin. The only folder that knows tokio.
//!
//! ```text
//!   listener ─ accept ─► one task per connection, one deadline from accept to upgrade
//!      │                   │ first byte: TLS or not?          not: 400 that names the https URL
//!      │ caps              ▼
//!      └► closed        tls ─► http ─┬► pages, maps, /api/rooms (stays here, closed when idle)
//!                                    └► upgrade ─► 101 ─► leaves tokio ─► mailbox ─► worker
//!   admin  (another port) /healthz /readyz /metrics · /api/… ─► acts ─► bans, who is connected, audit log
//! ```
//!
//! Who cancels whom: a connection's task ends by its deadline; the listeners' tasks end when they are told to stop, and
//! with the runtime goes whatever is left. Nothing here outlives a hand-over: the front never sees a playing connection
//! again.
//!
//! Never here: what is said after the upgrade, worlds, rooms' contents.

// TCP in: limits, deadlines, and what becomes of a connection.
pub(crate) mod listener;

// How often an address may begin.
mod throttle;

// Who asks, where a proxy stands between.
mod forwarded;

// What is spoken, and with which certificates.
pub(crate) mod tls;

// Which certificate a name gets.
mod certificates;

// New files, and ends.
pub(crate) mod certificate_watch;

// A certificate authority for this machine.
pub(crate) mod dev_certificate;

// Which path leads where.
mod http;

// The list of rooms, kept for a second.
mod room_list;

// Which file stands for a path.
pub(crate) mod pages;

// The files that are compiled in.
mod built_in;

// All built-in files under one name.
mod edition;

// As what a file is sent.
mod file_type;

// What belongs to a page and is built in.
#[cfg(test)]
mod page_files;

// How a file is answered.
mod document;

// What a page may do.
mod policy;

// What pages of other origins may read.
mod cross_origin;

// From a request to a place in a room.
mod upgrade;

// Where in a request a ticket stands.
mod bearer;

// Who comes without one.
mod guests;

// What is done now and then: who must go, keys that have changed.
pub(crate) mod keeper;

// What the client calls us.
mod host;

// What answers and refusals look like.
mod answers;

// For the operator.
pub(crate) mod admin;

// What operators can do.
mod acts;

// What is kept of it.
pub(crate) mod operation;

// Doors for fuzzers.
#[cfg(feature = "fuzzing")]
pub mod fuzzing;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::{Notify, Semaphore};

use crate::audit_log::Who;
use crate::config::{Config, LimitsConfig, Transport};
use crate::directory::Directory;
use crate::mailbox::MailboxSender;
use crate::metrics::Metrics;
use crate::sessions::Sessions;
use crate::tickets::Tickets;

/// What every connection's task needs.
pub(crate) struct Front {
    limits: LimitsConfig,
    /// `https`, or `http` for a plain server.
    scheme: &'static str,
    origins: Vec<String>,
    pages: pages::Pages,
    policy: policy::Policy,
    tls: Option<tls::Tls>,
    directory: Arc<Directory>,
    mailboxes: Vec<MailboxSender>,
    sessions: Arc<Sessions>,
    operation: operation::Operation,
    tickets: Tickets,
    guests: guests::Guests,
    /// Whether players who were cut may come back to their seats.
    keeps_seats: bool,
    /// The keys of tickets could not be read the last time.
    keys_failed: AtomicBool,
    metrics: Metrics,
    handshakes: Arc<Semaphore>,
    beginnings: throttle::AddressBuckets,
    all_beginnings: throttle::AddressBuckets,
    proxies: forwarded::Proxies,
    room_list: room_list::RoomList,
    connections: AtomicU64,
    reload_asked: Notify,
    started: Instant,
}

impl Front {
    /// A front for these workers.
    pub(crate) fn new(
        config: &Config,
        (tls, tickets): (Option<tls::Tls>, Tickets),
        operation: operation::Operation,
        directory: Arc<Directory>,
        mailboxes: Vec<MailboxSender>,
        metrics: Metrics,
        pages: pages::Pages,
    ) -> Arc<Self> {
        let LimitsConfig { handshakes_per_s, handshakes_burst, handshakes_total_per_s: total, .. } = config.limits;
        Arc::new(Self {
            beginnings: throttle::AddressBuckets::new(handshakes_per_s, handshakes_burst),
            all_beginnings: throttle::AddressBuckets::new(total, total.saturating_mul(2)),
            proxies: forwarded::Proxies::new(config.proxies.clone(), config.forwarded),
            limits: config.limits.clone(),
            keeps_seats: config.rooms.keep_seats_s > 0,
            scheme: if config.transport == Transport::Plain { "http" } else { "https" },
            origins: config.origins.clone(),
            pages,
            policy: policy::Policy::new(config),
            tls,
            operation,
            directory,
            sessions: Sessions::new(mailboxes.clone(), tickets.config().again),
            tickets,
            guests: guests::Guests::new(&config.guests),
            keys_failed: AtomicBool::new(false),
            mailboxes,
            metrics,
            handshakes: Arc::new(Semaphore::new(config.limits.handshakes_max)),
            room_list: room_list::RoomList::default(),
            connections: AtomicU64::new(0),
            reload_asked: Notify::new(),
            started: Instant::now(),
        })
    }

    /// The path of the page to play on.
    pub(crate) const fn page(&self) -> &'static str {
        self.pages.home()
    }

    /// The game port's TLS; none for a plain server.
    pub(crate) const fn tls(&self) -> Option<&tls::Tls> {
        self.tls.as_ref()
    }

    /// Reads the certificate and the keys of tickets again; keeps the old ones if the new ones cannot be used.
    pub(crate) fn reload(&self) {
        self.operation.reread();
        self.reload_keys(true);
        match self.tls.as_ref().map(tls::Tls::reload) {
            Some(Ok(())) => {
                self.metrics.reloads.increment(1);
                tracing::info!("certificate reloaded");
            }
            Some(Err(error)) => {
                self.metrics.reloads_failed.increment(1);
                tracing::error!(%error, "certificate not reloaded; the old one stays");
            }
            None => tracing::info!("no certificate to reload: this server is plain"),
        }
    }

    /// What operators do, and what is kept of it.
    pub(crate) const fn operation(&self) -> &operation::Operation {
        &self.operation
    }

    /// A signal told the server to end or to drain: written down like an operator's other acts. Blocks for a moment.
    pub(crate) fn note_signal(&self, signal: &'static str) {
        acts::drain(self, &Who::Signal(signal));
    }

    /// Whether somebody may begin a connection now who is counted under `address`: first as one of that address, then as one of all.
    fn may_begin(&self, address: Option<IpAddr>) -> bool {
        let now = Instant::now();
        let everybody = Ipv4Addr::UNSPECIFIED.into();
        address.is_none_or(|address| self.beginnings.take(address, now) && self.all_beginnings.take(everybody, now))
    }

    /// The next connection's number.
    fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed)
    }

    /// Sets the gauges that are looked up rather than counted.
    fn observe(&self) {
        let metrics = &self.metrics;
        metrics.connections.set(self.directory.connection_count() as f64);
        let free = self.handshakes.available_permits();
        metrics.handshakes.set(self.limits.handshakes_max.saturating_sub(free) as f64);
        metrics.letters.set(self.mailboxes.iter().map(MailboxSender::waiting).sum::<usize>() as f64);
        metrics.rooms.set(self.directory.room_count() as f64);
        metrics.bans.set(self.operation.bans.count() as f64);
        metrics.places.set(self.directory.place_count() as f64);
        metrics.sessions.set(self.sessions.count() as f64);
        metrics.ticket_keys.set(self.tickets.key_count() as f64);
        metrics.uptime_seconds.set(self.started.elapsed().as_secs_f64());
        if let Some(bytes) = resident_bytes() {
            metrics.resident_bytes.set(bytes as f64);
        }
    }
}

/// Memory in use, where the system tells it in `/proc`.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}
