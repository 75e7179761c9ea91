//! Builds the parts, starts them, waits, stops them in order.
//!
//! ```text
//!   command line ─► configuration ─► logging ─► start ─► Running ── signal ──► stop
//!
//!   start:  certificate ─► directory ─► a mailbox and a thread per worker ─► ports ─► front
//!   stop:   nobody new ─► ports closed ─► Stop to every worker ─► their threads ─► the runtime
//! ```
//!
//! [`main`] is a whole program around a game: `main.rs` is one line of it, and so is a server for another game.
//! [`start`] runs a server inside another program: tests and examples do.
//!
//! Never here: what a game is, what a connection says.

// Our front and our connections without a game: for suites that know WebSocket.
pub mod echo;

use std::env;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use shared::wire::close_code::CloseCode;
use tokio::runtime::{self, Runtime};

use crate::code_tables::CodeTables;
use crate::config::cli::{Command, CommandLine};
use crate::config::{Config, check, load};
use crate::directory::{Directory, RoomName};
use crate::error::StartupError;
use crate::front::operation::{self, Operation};
use crate::front::pages::Pages;
use crate::front::tls::Tls;
use crate::front::{Front, admin, certificate_watch, keeper, listener};
use crate::greeting::Greeting;
use crate::logging;
use crate::mailbox::{Mail, MailboxSender, mailbox};
use crate::map_folder::{self, OnMaps};
use crate::metrics::Metrics;
use crate::operator::{self, Wish};
use crate::renewals::{RenewalReceiver, renewals};
use crate::room::{Room, RoomEntropy};
use crate::schema_json;
use crate::schema_typescript;
use crate::shutdown::{self, Signal, Signals};
use crate::sim::{RoomGame, map_files};
use crate::ticket_command;
use crate::tickets::Tickets;
use crate::trainer::{self, TrainerSetup, studies};
use crate::worker::{self, WorkerSetup};

/// Threads of the front. Handshakes are what they compute; two go on when one is busy with a burst of them.
const FRONT_THREADS: usize = 2;

/// How much nicer the front's threads are than the workers': under load they get a tenth of what a worker gets.
const FRONT_NICENESS: i32 = 10;

/// What workers may take to say goodbye to everybody; with the rest it stays below two seconds.
const STOP_MAX: Duration = Duration::from_millis(1500);

/// What the runtime may take to let go of what it was doing.
const RUNTIME_MAX: Duration = Duration::from_millis(100);

/// File descriptors that the process uses besides connections.
const FILES_BESIDES: u64 = 64;

/// A game that a program can serve.
#[derive(Clone, Copy)]
pub struct Offer {
    /// What it is called in the configuration.
    pub name: &'static str,
    /// Makes it.
    pub make: fn() -> Arc<dyn RoomGame>,
    /// Makes it on maps in place of its own; none: it has no maps.
    pub maps: Option<OnMaps>,
    /// Code tables that were trained on what it sends, as `--train-tables` writes them; empty: none yet.
    pub tables: &'static [u8],
    /// The page that plays it, where `/` leads: `/` itself, or one that is built in.
    pub page: &'static str,
}

/// The page that draws any game from its schema.
const ANY_GAME: &str = "/examples/any_game.html";

impl Offer {
    /// A game without maps and tables, on the page that draws any game.
    #[must_use]
    pub const fn new(name: &'static str, make: fn() -> Arc<dyn RoomGame>) -> Self {
        Self { name, make, maps: None, tables: &[], page: ANY_GAME }
    }
}

/// What a program brings for a game besides its rules.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// See [`Offer::tables`].
    pub tables: &'static [u8],
    /// See [`Offer::page`].
    pub page: &'static str,
}

/// A whole server program around these games, of which the first is the default. Returns 0 when all went well, 1 when
/// it failed while running, 2 when usage or configuration was wrong.
#[must_use]
pub fn main(offers: &[Offer]) -> ExitCode {
    match obey(&CommandLine::parse(), offers) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn obey(line: &CommandLine, offers: &[Offer]) -> Result<ExitCode, StartupError> {
    if let Some(wish) = line.wish() {
        return fulfil(wish);
    }
    if let Some(Command::Ticket(asked)) = &line.command {
        say(&mut io::stdout(), &ticket_command::obey(asked)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let raw = load::load(line.flags(), env::vars_os())?;
    if line.flags().print_config {
        say(&mut io::stdout(), &load::to_toml(&raw))?;
    }
    let config = check::check(raw)?;
    let Offer { make, maps, tables, page, .. } = chosen(&config.game, offers)?;
    let mut game = make();
    match &line.command {
        Some(Command::Healthcheck(_)) => return Ok(healthcheck(config.admin_listen)),
        Some(Command::Schema(asked)) => {
            let schema = game.schema();
            let text = if asked.typescript {
                schema_typescript::to_typescript(&schema)
            } else {
                format!("{:#}\n", schema_json::to_json(&schema))
            };
            say(&mut io::stdout(), &text)?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(_) | None => {}
    }
    if let Some(folder) = &config.maps {
        game =
            map_folder::open(folder, maps).map_err(|source| StartupError::Maps { folder: folder.clone(), source })?;
    }
    if line.flags().print_config || line.flags().check_config {
        try_room(&config, &game)?;
        CodeTables::begin(&config, &*game, tables)?;
        open_tickets(&config)?;
        if line.flags().check_config {
            eprintln!("the configuration is good");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let logging = logging::start(&config.log)?;
    let done = run(config, game, Shipped { tables, page });
    drop(logging);
    done.map(|()| ExitCode::SUCCESS)
}

/// Asks a running server for something.
fn fulfil(wish: Wish<'_>) -> Result<ExitCode, StartupError> {
    match operator::fulfil(wish) {
        Ok(text) => {
            say(&mut io::stdout(), &text)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("error: {error}");
            Ok(ExitCode::from(error.exit_code()))
        }
    }
}

/// Runs a server until it is told to stop: says where it is, then waits for a signal.
///
/// # Errors
/// It could not start.
pub fn run(config: Config, game: Arc<dyn RoomGame>, shipped: Shipped) -> Result<(), StartupError> {
    let drain_limit = config.drain_limit;
    let mut running = start_with(config, game, shipped)?;
    let Some(runtime) = running.runtime.take() else { return Ok(()) };
    let mut signals = {
        let _inside = runtime.enter();
        Signals::new()?
    };
    say(&mut io::stdout(), &running.greeting())?;
    let front = running.front.clone();
    let hear = |signal| match signal {
        Signal::Hangup => front.reload(),
        Signal::Interrupt => {}
        Signal::Terminate => front.note_signal("SIGTERM"),
    };
    let asked = || front.operation().until_drain_is_asked();
    runtime.block_on(shutdown::until_told(&mut signals, &running.directory, drain_limit, hear, asked));
    // Who asks once more while we say goodbye does not want to wait.
    runtime.spawn(async move {
        signals.next().await;
        process::exit(1);
    });
    running.runtime = Some(runtime);
    running.stop();
    Ok(())
}

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
    let (renewal_sender, renewal_receiver) = renewals();
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

/// The keys that tickets are signed with, and one of our own for guests.
fn open_tickets(config: &Config) -> Result<Tickets, StartupError> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    Ok(Tickets::new(&config.tickets, &secret)?)
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
    runtime.spawn(certificate_watch::watch(front.clone()));
    Ok((addr, admin_addr))
}

/// A server that runs in this process.
pub struct Running {
    addr: SocketAddr,
    admin_addr: SocketAddr,
    front: Arc<Front>,
    directory: Arc<Directory>,
    metrics: Metrics,
    boxes: Vec<MailboxSender>,
    /// The workers, and the trainer if there is one.
    threads: Vec<thread::JoinHandle<()>>,
    runtime: Option<Runtime>,
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
    fn greeting(&self) -> String {
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

/// Who listens on every address is reached on loopback from this machine.
pub(crate) fn reached_from_here(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, addr.port())
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

/// Writes to whoever reads. Who has read enough and hung up (`| head`) is no failure of ours.
fn say(out: &mut impl Write, text: &str) -> io::Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

fn chosen(name: &str, offers: &[Offer]) -> Result<Offer, StartupError> {
    let offer = offers.iter().find(|offer| name.is_empty() || offer.name == name);
    offer.copied().ok_or_else(|| {
        let known: Vec<&str> = offers.iter().map(|offer| offer.name).collect();
        StartupError::UnknownGame { name: name.to_owned(), known: known.join(", ") }
    })
}

/// A room is made and dropped: what a game refuses, it refuses now and not when the first player comes.
fn try_room(config: &Config, game: &Arc<dyn RoomGame>) -> Result<(), StartupError> {
    let entropy = RoomEntropy { seed: 0, incarnation: 0, slots: 0 };
    Room::new(game.clone(), &config.rooms.options(&sample_room()), entropy, None)?;
    Ok(())
}

/// All rooms are made with the same options but for the name.
fn sample_room() -> RoomName {
    RoomName::new("main").expect("a valid name")
}

fn healthcheck(admin: SocketAddr) -> ExitCode {
    match admin::ask_health(admin) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("the server at {admin} is not healthy");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("the server at {admin} does not answer: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Who plays goes before who comes: a flood of handshakes must not make a tick late. Where a processor is free it makes no difference.
fn yield_to_workers() {
    #[cfg(target_os = "linux")]
    if rustix::process::setpriority_process(None, FRONT_NICENESS).is_err() {
        tracing::debug!("the front's threads cannot be made nicer");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = FRONT_NICENESS;
}

/// Each connection is a file descriptor, and the usual limit of 1024 is for interactive programs.
fn raise_file_limit(wanted: u64) {
    #[cfg(unix)]
    {
        use nix::sys::resource::{Resource, getrlimit, setrlimit};
        let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return };
        let raised = wanted.min(hard);
        if soft < raised && setrlimit(Resource::RLIMIT_NOFILE, raised, hard).is_err() || raised < wanted {
            tracing::warn!(wanted, hard, "the limit on open files is below limits.connections_max");
        }
    }
    #[cfg(not(unix))]
    let _ = wanted;
}

#[cfg(test)]
mod tests;
