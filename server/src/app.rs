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

use std::env;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use shared::wire::close_code::CloseCode;
use tokio::runtime::{self, Runtime};

use crate::config::cli::{Command, CommandLine};
use crate::config::{Config, check, load};
use crate::directory::{Directory, RoomName};
use crate::error::StartupError;
use crate::front::tls::Tls;
use crate::front::{Front, admin, listener};
use crate::game_api::RoomGame;
use crate::logging;
use crate::mailbox::{Mail, MailboxSender, mailbox};
use crate::metrics::Metrics;
use crate::room::{Room, RoomEntropy};
use crate::schema_json;
use crate::shutdown::{self, Signals};
use crate::worker::{self, WorkerSetup};

/// Threads of the front. Handshakes are what they compute; two go on when one is busy with a burst of them.
const FRONT_THREADS: usize = 2;

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
    let raw = load::load(line.flags(), variables())?;
    if line.flags().print_config {
        print!("{}", load::to_toml(&raw));
    }
    let config = check::check(raw)?;
    let game = chosen(&config.game, offers)?;
    match &line.command {
        Some(Command::Healthcheck(_)) => return Ok(healthcheck(config.admin_listen)),
        Some(Command::Schema(_)) => {
            println!("{:#}", schema_json::to_json(&game.schema()));
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::Serve(_)) | None => {}
    }
    if line.flags().print_config || line.flags().check_config {
        try_room(&config, &game)?;
        if line.flags().check_config {
            eprintln!("the configuration is good");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let logging = logging::start(&config.log)?;
    let done = run(config, game);
    drop(logging);
    done.map(|()| ExitCode::SUCCESS)
}

/// Runs a server until it is told to stop: says where it is, then waits for a signal.
///
/// # Errors
/// It could not start.
pub fn run(config: Config, game: Arc<dyn RoomGame>) -> Result<(), StartupError> {
    let drain_limit = config.drain_limit;
    let mut running = start(config, game)?;
    let Some(runtime) = running.runtime.take() else { return Ok(()) };
    let mut signals = {
        let _inside = runtime.enter();
        Signals::new()?
    };
    print!("{}", running.greeting());
    let front = running.front.clone();
    runtime.block_on(shutdown::until_told(&mut signals, &running.directory, drain_limit, || front.reload()));
    // Who asks once more while we say goodbye does not want to wait.
    runtime.spawn(async move {
        signals.next().await;
        process::exit(1);
    });
    running.runtime = Some(runtime);
    running.stop();
    Ok(())
}

/// Starts a server in this process. Port 0 takes a free one; dropping the [`Running`] stops it.
///
/// # Errors
/// It could not start; nothing of it is left running.
pub fn start(config: Config, game: Arc<dyn RoomGame>) -> Result<Running, StartupError> {
    try_room(&config, &game)?;
    raise_file_limit(config.limits.connections_max as u64 + FILES_BESIDES);
    let tls = Tls::new(&config)?;
    let directory = Directory::new(config.caps());
    let metrics = Metrics::new(config.workers);
    let mut boxes = Vec::new();
    let mut workers = Vec::new();
    for number in 0..config.workers {
        let (sender, receiver) = mailbox();
        let setup = WorkerSetup {
            game: game.clone(),
            rooms: config.rooms.clone(),
            directory: directory.clone(),
            metrics: metrics.clone(),
        };
        boxes.push(sender);
        workers.push(worker::spawn(number, receiver, setup)?);
    }
    let front = Front::new(&config, tls, directory.clone(), boxes.clone(), metrics.clone());
    let runtime =
        runtime::Builder::new_multi_thread().worker_threads(FRONT_THREADS).thread_name("front").enable_all().build()?;
    let (addr, admin_addr) = open(&runtime, &config, &front)?;
    tracing::info!(%addr, %admin_addr, workers = config.workers, "listening");
    Ok(Running { addr, admin_addr, front, directory, metrics, boxes, workers, runtime: Some(runtime) })
}

/// Opens both ports and starts what listens to them.
fn open(runtime: &Runtime, config: &Config, front: &Arc<Front>) -> Result<(SocketAddr, SocketAddr), StartupError> {
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
    workers: Vec<thread::JoinHandle<()>>,
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
        while !is_late() && !self.workers.iter().all(thread::JoinHandle::is_finished) {
            thread::sleep(Duration::from_millis(2));
        }
        for (number, worker) in self.workers.drain(..).enumerate() {
            if !worker.is_finished() {
                tracing::error!(worker = number, "it does not end; the process does");
            } else if worker.join().is_err() {
                tracing::error!(worker = number, "it panicked: this is a bug");
            }
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(RUNTIME_MAX);
            tracing::info!(took_ms = began.elapsed().as_millis() as u64, "ended");
        }
    }

    /// What a person wants to know who has just started it.
    fn greeting(&self) -> String {
        let (addr, admin) = (reached_from_here(self.addr), reached_from_here(self.admin_addr));
        let version = env!("CARGO_PKG_VERSION");
        let Some(tls) = self.front.tls() else {
            return format!(
                "Tickwire {version}, without TLS (--plain)\n\n  \
                 page     http://{addr}/\n  game     ws://{addr}/play\n  admin    http://{admin}/metrics\n\n  \
                 bots     cargo run --release -p client-sim -- swarm --url ws://{addr} --bots 20\n  \
                 end      Ctrl-C\n\n"
            );
        };
        let certificate = match tls.development_authority() {
            Some(authority) => {
                let authority = authority.canonicalize().unwrap_or(authority);
                format!(
                    "\n  The certificate was made on this machine, so a browser warns that the connection is not private\n  \
                     (\"Your connection is not private\", \"Potential security risk ahead\"). Choose \"Advanced\" and proceed:\n  \
                     it is your own server. To get rid of the warning, import this authority into the browser or\n  \
                     system as trusted for websites; it can vouch for nothing but this machine:\n    {}\n",
                    authority.display()
                )
            }
            None => String::new(),
        };
        let url = if addr.port() == 4433 { String::new() } else { format!(" --url wss://{addr}") };
        format!(
            "Tickwire {version}\n\n  \
             page     https://{addr}/\n  game     wss://{addr}/play\n  admin    http://{admin}/metrics\n{certificate}\n  \
             bots     cargo run --release -p client-sim -- swarm --bots 20{url}\n  \
             end      Ctrl-C\n\n"
        )
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// Who listens on every address is reached on loopback from this machine.
fn reached_from_here(addr: SocketAddr) -> SocketAddr {
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

/// The environment, as far as it is text.
fn variables() -> impl Iterator<Item = (String, String)> {
    env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn chosen(name: &str, offers: &[Offer]) -> Result<Arc<dyn RoomGame>, StartupError> {
    let offer = offers.iter().find(|offer| name.is_empty() || offer.name == name);
    offer.map(|offer| (offer.make)()).ok_or_else(|| {
        let known: Vec<&str> = offers.iter().map(|offer| offer.name).collect();
        StartupError::UnknownGame { name: name.to_owned(), known: known.join(", ") }
    })
}

/// A room is made and dropped: what a game refuses, it refuses now and not when the first player comes.
fn try_room(config: &Config, game: &Arc<dyn RoomGame>) -> Result<(), StartupError> {
    let name = RoomName::new("main").expect("a valid name");
    Room::new(game.clone(), &config.rooms.options(&name), RoomEntropy { seed: 0, incarnation: 0, slots: 0 })?;
    Ok(())
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
