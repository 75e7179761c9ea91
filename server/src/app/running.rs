//! A server that runs in this process, and its end.
//!
//! ```text
//!   nobody new ─► Stop to every worker: each client gets its close code ─► their threads ─► the runtime, and with it the ports
//! ```
//!
//! Never here: how it is built (see `start`), who tells it to end (see [`super::run`]).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use shared::wire::close_code::CloseCode;
use tokio::runtime::Runtime;

use crate::directory::Directory;
use crate::front::Front;
use crate::front::tls::Tls;
use crate::greeting::Greeting;
use crate::mailbox::{Mail, MailboxSender};
use crate::metrics::Metrics;

/// What workers may take to say goodbye to everybody; with the rest it stays below two seconds.
const STOP_MAX: Duration = Duration::from_millis(1500);

/// What the runtime may take to let go of what it was doing.
pub(super) const RUNTIME_MAX: Duration = Duration::from_millis(100);

/// A server that runs in this process.
pub struct Running {
    pub(super) addr: SocketAddr,
    pub(super) admin_addr: SocketAddr,
    pub(super) front: Arc<Front>,
    pub(super) directory: Arc<Directory>,
    pub(super) metrics: Metrics,
    pub(super) boxes: Vec<MailboxSender>,
    /// The workers, and the trainer if there is one.
    pub(super) threads: Vec<thread::JoinHandle<()>>,
    pub(super) runtime: Option<Runtime>,
}

impl Running {
    /// The game port.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The admin port.
    #[must_use]
    pub const fn admin_addr(&self) -> SocketAddr {
        self.admin_addr
    }

    /// The certificate to trust, if the server made its own.
    #[must_use]
    pub fn authority(&self) -> Option<PathBuf> {
        self.front.tls().and_then(Tls::development_authority)
    }

    /// Which rooms there are.
    #[must_use]
    pub const fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// What it counts.
    #[must_use]
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Ends it: every client gets its close code. Takes less than two seconds.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let began = Instant::now();
        self.directory.drain();
        for (number, mailbox) in self.boxes.iter().enumerate() {
            order_to_stop(number, mailbox, began + STOP_MAX / 3);
        }
        let is_late = || began.elapsed() > STOP_MAX;
        while !is_late() && !self.threads.iter().all(thread::JoinHandle::is_finished) {
            thread::sleep(Duration::from_millis(2));
        }
        for thread in self.threads.drain(..) {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            if !thread.is_finished() {
                tracing::error!(thread = name, "it does not end; the process does");
            } else if thread.join().is_err() {
                tracing::error!(thread = name, "it panicked: this is a bug");
            }
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(RUNTIME_MAX);
            tracing::info!(took_ms = began.elapsed().as_millis() as u64, "ended");
        }
    }

    /// What a person wants to know who has just started it.
    pub(super) fn greeting(&self) -> String {
        let tls = self.front.tls();
        Greeting {
            addr: reached_from_here(self.addr),
            admin: reached_from_here(self.admin_addr),
            page: self.front.page(),
            plain: tls.is_none(),
            authority: tls.and_then(Tls::development_authority),
        }
        .text(Path::new("."))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// Orders have room of their own in a mailbox; a worker that has not taken those before is given a moment.
fn order_to_stop(number: usize, mailbox: &MailboxSender, until: Instant) {
    while mailbox.try_send(Mail::Stop { code: CloseCode::GoingAway }).is_err() && !mailbox.has_ended() {
        if Instant::now() > until {
            tracing::error!(worker = number, "it does not take its mail");
            return;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Who listens on every address is reached on loopback from this machine.
pub(crate) fn reached_from_here(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, addr.port())
}
