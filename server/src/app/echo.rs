//! A server without rooms: our front and our connections, and whoever is connected hears its own messages again.
//!
//! ```text
//!   listener ─► TLS ─► upgrade at /play ─► mailbox ─► worker::echo
//! ```
//!
//! Suites that test WebSocket and TLS know no game and want an echo; this lets them test what players are served by, and nothing
//! made for them. `ws-echo`, a program of the tests, is one line around it.
//!
//! Never here: rooms, a game; what an echo is (see `worker::echo`).

use std::net::SocketAddr;

use shared::wire::close_code::CloseCode;
use tokio::runtime::{self, Runtime};

use super::running::RUNTIME_MAX;
use super::start::open_tickets;
use crate::config::Config;
use crate::directory::Directory;
use crate::error::StartupError;
use crate::front::operation::Operation;
use crate::front::pages::Pages;
use crate::front::tls::Tls;
use crate::front::{Front, listener};
use crate::mailbox::{Mail, MailboxSender, mailbox};
use crate::metrics::Metrics;
use crate::worker::{PeerLimits, spawn_echo};

/// A server of echoes. Dropping it ends it.
pub struct Echoing {
    addr: SocketAddr,
    mailbox: MailboxSender,
    runtime: Option<Runtime>,
}

/// Starts one, configured like a server that plays; all that is upgraded comes to one worker.
///
/// # Errors
/// It could not start.
pub fn start(config: &Config, limits: PeerLimits) -> Result<Echoing, StartupError> {
    let tls = Tls::new(config)?;
    let directory = Directory::new(config.caps());
    let metrics = Metrics::new(1);
    let (sender, receiver) = mailbox();
    spawn_echo(receiver, metrics.clone(), limits)?;
    let pages = Pages::new(config.web.clone(), Vec::new(), "/");
    let operation = Operation::open(config)?;
    let tickets = open_tickets(config)?;
    let front = Front::new(config, (tls, tickets), operation, directory, vec![sender.clone()], metrics, pages);
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).thread_name("front").enable_all().build()?;
    let addr = {
        let _inside = runtime.enter();
        let (key, address) = ("server.listen", config.listen);
        let port = listener::bind(address).map_err(|source| StartupError::Listen { key, address, source })?;
        let addr = port.local_addr()?;
        runtime.spawn(listener::accept(front, port));
        addr
    };
    Ok(Echoing { addr, mailbox: sender, runtime: Some(runtime) })
}

impl Echoing {
    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Echoing {
    fn drop(&mut self) {
        let _ = self.mailbox.try_send(Mail::Stop { code: CloseCode::GoingAway });
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(RUNTIME_MAX);
        }
    }
}
