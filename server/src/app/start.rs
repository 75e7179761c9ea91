//! Builds a server's parts and starts them.
//!
//! ```text
//!   a room on trial ─► code tables ─► certificate, bans, tokens, keys ─► directory ─► a mailbox and a thread per worker ─► front ─► ports
//! ```
//!
//! Never here: how it ends (see `running`).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::runtime::{self, Runtime};

use super::machine::{raise_file_limit, yield_to_workers};
use super::{Running, Shipped};
use crate::code_tables::CodeTables;
use crate::config::{Config, Transport};
use crate::directory::{Directory, RoomName};
use crate::error::StartupError;
use crate::front::operation::{self, Operation};
use crate::front::pages::Pages;
use crate::front::tls::Tls;
use crate::front::{Front, admin, certificate_watch, keeper, listener};
use crate::mailbox::mailbox;
use crate::metrics::Metrics;
use crate::renewals::{RenewalReceiver, renewals};
use crate::room::{Room, RoomEntropy};
use crate::sim::{RoomGame, map_files};
use crate::tickets::Tickets;
use crate::trainer::{self, TrainerSetup, studies};
use crate::worker::{self, WorkerSetup};

/// Threads of the front. Handshakes are what they compute; two go on when one is busy with a burst of them.
const FRONT_THREADS: usize = 2;

/// File descriptors that the process uses besides connections.
const FILES_BESIDES: u64 = 64;

/// Starts a server in this process, for a game that ships no code tables and is played on the page at `/`. Port 0 takes a free one; dropping the [`Running`]
/// stops it.
///
/// # Errors
/// It could not start; nothing of it is left running.
pub fn start(config: Config, game: Arc<dyn RoomGame>) -> Result<Running, StartupError> {
    start_with(config, game, Shipped { tables: &[], page: "/" })
}

/// The same for one that ships something.
///
/// # Errors
/// It could not start; nothing of it is left running.
pub fn start_with(config: Config, game: Arc<dyn RoomGame>, shipped: Shipped) -> Result<Running, StartupError> {
    try_room(&config, &game)?;
    let maps = map_files(&*game, &config.rooms.options(&sample_room()))?;
    let CodeTables { layout, schema_fingerprint, tables } = CodeTables::begin(&config, &*game, shipped.tables)?;
    raise_file_limit(config.limits.connections_max as u64 + FILES_BESIDES);
    let tls = Tls::new(&config)?;
    let operation = Operation::open(&config)?;
    let tickets = open_tickets(&config)?;
    let directory = Directory::new(config.caps());
    let metrics = Metrics::new(config.workers);
    let (study_sender, study_receiver) = studies();
    let (renewal_sender, renewal_receiver) = renewals(config.limits.connections_max);
    let mut boxes = Vec::new();
    let mut threads = Vec::new();
    for number in 0..config.workers {
        let (sender, receiver) = mailbox();
        let setup = WorkerSetup {
            game: game.clone(),
            rooms: config.rooms.clone(),
            directory: directory.clone(),
            metrics: metrics.clone(),
            allow_audit: config.allow_audit,
            tables: tables.clone(),
            renewals: Some(renewal_sender.clone()),
            studies: config.tables.studies().then(|| study_sender.clone()),
            #[cfg(feature = "sabotage")]
            leak: config.leak,
        };
        boxes.push(sender);
        threads.push(worker::spawn(number, receiver, setup)?);
    }
    drop(study_sender);
    if config.tables.studies() {
        let (every, save) = (config.tables.retrain, config.tables.save.clone());
        let (boxes, metrics) = (boxes.clone(), metrics.clone());
        let setup = TrainerSetup { layout, schema_fingerprint, tables, every, save, boxes, metrics };
        threads.push(trainer::spawn(study_receiver, setup)?);
    }
    let pages = Pages::new(config.web.clone(), maps, shipped.page);
    let front =
        Front::new(&config, (tls, tickets), operation, directory.clone(), boxes.clone(), metrics.clone(), pages);
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(FRONT_THREADS)
        .thread_name("front")
        .on_thread_start(yield_to_workers)
        .enable_all()
        .build()?;
    let (addr, admin_addr) = open(&runtime, &config, &front, renewal_receiver)?;
    tracing::info!(%addr, %admin_addr, workers = config.workers, "listening");
    Ok(Running { addr, admin_addr, front, directory, metrics, boxes, threads, runtime: Some(runtime) })
}

/// Opens both ports and starts what listens to them.
fn open(
    runtime: &Runtime,
    config: &Config,
    front: &Arc<Front>,
    renewals: RenewalReceiver,
) -> Result<(SocketAddr, SocketAddr), StartupError> {
    let _inside = runtime.enter();
    let opened = |key, address| {
        let listener = listener::bind(address).map_err(|source| StartupError::Listen { key, address, source })?;
        let address = listener.local_addr()?;
        Ok::<_, StartupError>((listener, address))
    };
    let (game_port, addr) = opened("server.listen", config.listen)?;
    let (admin_port, admin_addr) = opened("server.admin_listen", config.admin_listen)?;
    let local_only = config.admin_listen.ip().to_canonical().is_loopback();
    runtime.spawn(listener::accept(front.clone(), game_port));
    runtime.spawn(admin::accept(front.clone(), admin_port, local_only));
    runtime.spawn(admin::fold(front.clone()));
    runtime.spawn(operation::watch(front.clone()));
    runtime.spawn(keeper::keep(front.clone(), renewals));
    runtime.spawn(keeper::reload_when_asked(front.clone()));
    runtime.spawn(certificate_watch::watch(front.clone()));
    Ok((addr, admin_addr))
}

/// The keys that tickets are signed with, and one of our own for guests.
pub(super) fn open_tickets(config: &Config) -> Result<Tickets, StartupError> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    Ok(Tickets::new(&config.tickets, &secret)?)
}

/// Reads the operator's certificates, bans and tokens, and makes nothing: what stops a start is known without one.
pub(super) fn try_files(config: &Config) -> Result<(), StartupError> {
    if config.transport != Transport::Development {
        Tls::new(config)?;
    }
    Ok(Operation::try_files(config)?)
}

/// A room is made and dropped: what a game refuses, it refuses now and not when the first player comes.
pub(super) fn try_room(config: &Config, game: &Arc<dyn RoomGame>) -> Result<(), StartupError> {
    let entropy = RoomEntropy { seed: 0, incarnation: 0, slots: 0 };
    Room::new(game.clone(), &config.rooms.options(&sample_room()), entropy, None)?;
    Ok(())
}

/// All rooms are made with the same options but for the name.
fn sample_room() -> RoomName {
    RoomName::new("main").expect("a valid name")
}
