//! The command line of the reference client.
//!
//! Exit codes: 0 all was well; 1 a game ended otherwise than by leaving it, a bot held a wrong world, was dropped, was told nothing or never
//! came in, abuse was not refused as it must be, or a `--fail-if` holds; 2 the command line makes no sense.

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand, ValueEnum};
use client_sim::behaviour::{AtRandom, Behaviour, Idle};
use client_sim::capacity;
use client_sim::capacity::options::{CapacityOptions, PlayersList, Workload};
use client_sim::codec;
use client_sim::codec::frames::restore;
use client_sim::codec::interest::Interest;
use client_sim::codec::options::{Asked, CodecOptions, TickRange};
use client_sim::fail_if::FailIf;
use client_sim::figures::{per_second, percent, positive, seconds};
use client_sim::floor::{Floor, FloorOptions};
use client_sim::game::bots;
use client_sim::game::steady::{self, Steady};
use client_sim::game::terminal::farewell::Farewell;
use client_sim::game::terminal::options::{PlayOptions, WatchOptions};
use client_sim::game::terminal::play::{PlayError, play};
use client_sim::game::terminal::watch::watch;
use client_sim::game::twin::twins;
use client_sim::link::LinkSpec;
use client_sim::map_folder;
use client_sim::plain_text::{self, Plain, in_json};
use client_sim::process::yield_to_players;
use client_sim::swarm::options::{Mode, Rooms, Sources, SwarmOptions, room_name};
use client_sim::swarm::progress::Progress;
use client_sim::ticket_key::TicketOptions;
use client_sim::trust::Trust;
use client_sim::{swarm, transport};
use shared::game::maps::Maps;
use shared::schema::Schema;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

/// Plays Tickwire without a screen: one bot or a thousand, each proving every frame it gets.
#[derive(Parser)]
#[command(name = "client-sim", version, about)]
struct Arguments {
    /// Maps of a folder in place of those in the box: for a server that was started with the same.
    #[arg(long, global = true, value_name = "DIR")]
    maps: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays Arena in this terminal.
    Play(PlayOptions),
    /// Watches a game of Arena: in this terminal, or in lines.
    Watch(WatchOptions),
    /// Sends bots to a server and reports what they saw.
    Swarm(Box<SwarmArguments>),
    /// Measures what a server costs per client and tick, beside a floor that only reads and writes its sockets.
    Capacity(CapacityArguments),
    /// Measures the codec on a recorded world: trains on one half, packs and decodes the other.
    Codec(CodecArguments),
    /// The floor that `capacity` starts: a ready frame to every socket, once per tick.
    #[command(hide = true)]
    Floor(FloorArguments),
}

#[derive(clap::Args)]
#[command(after_help = NOT_MEASURED)]
struct SwarmArguments {
    /// The server.
    #[arg(long, default_value = "wss://127.0.0.1:4433")]
    url: String,
    /// How many bots.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    bots: u32,
    /// Length of the measuring window, which begins when all bots are in.
    #[arg(long, default_value = "10", value_parser = positive)]
    seconds: f64,
    /// How fast bots come.
    #[arg(long, default_value = "100/s", value_parser = per_second)]
    ramp: f64,
    /// What they do. A game without behaviours of its own is played from its schema (random), or not at all (idle).
    #[arg(long, value_enum, default_value_t = BehaviourName::Wander)]
    behaviour: BehaviourName,
    /// The room they join: 1 to 32 of a-z, 0-9, - and _; without it, wherever the server puts them.
    #[arg(long, conflicts_with = "rooms", value_parser = room_name)]
    room: Option<String>,
    /// Spreads them evenly over so many rooms.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rooms: Option<u32>,
    /// A worse network: delay=50ms,jitter=10ms,stall=2s/20s,rate=256kbit. Delay and jitter count once per direction;
    /// stall=A/B reads nothing for A in every B.
    #[arg(long)]
    link: Option<LinkSpec>,
    /// The share of bots that get it.
    #[arg(long, default_value = "100%", value_parser = percent, requires = "link")]
    link_share: f64,
    /// The authority that signed the server's certificate (PEM). Without it ./data/dev-ca.pem, if it is there.
    #[arg(long, conflicts_with = "insecure")]
    ca: Option<PathBuf>,
    /// Believe any certificate.
    #[arg(long)]
    insecure: bool,
    /// Source addresses: 127.0.0.2/24 gives each bot one of its own.
    #[arg(long, value_name = "ADDR[/BITS]")]
    from: Option<Sources>,
    /// Tickets.
    #[command(flatten)]
    tickets: TicketOptions,
    /// Cuts the connections of all bots at once, as a network would, so long after the window has opened: 10s. They come back to their
    /// seats; who does not, or finds another entity or score there, fails the run. May be repeated. The server must keep seats (resume.keep_s).
    #[arg(long, value_name = "AT", value_parser = seconds)]
    cut: Vec<f64>,
    /// The seed of all chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Connections per second, all bots together (behaviour handshakes).
    #[arg(long, default_value = "50/s", value_parser = per_second)]
    rate: f64,
    /// All 64 bits of every digest travel, not 16.
    #[arg(long)]
    full_digest: bool,
    /// Each bot holds a replica of its own. Without it, bots that hold the same and are sent the same hold it together; each
    /// checks every digest of its own either way.
    #[arg(long)]
    no_share: bool,
    /// Compares every bot with an auditor in its room, who sees everything and is told who may see what: a facet or an event that a bot
    /// has no right to fails the run. The server must run on this machine, with --allow-audit.
    #[arg(long)]
    audit: bool,
    /// Writes the report as JSON; - is standard output.
    #[arg(long, value_name = "FILE|-")]
    json: Option<PathBuf>,
    /// Fails the run if a number of the report is above (or below: <) a bound. May be repeated.
    #[arg(long, value_name = "KEY>NUMBER")]
    fail_if: Vec<FailIf>,
}

#[derive(clap::Args)]
#[command(after_help = CAPACITY_EXPLAINED)]
struct CapacityArguments {
    /// How many players, one row for each.
    #[arg(long, value_name = "LIST", default_value = "50,100,200,400")]
    players: PlayersList,
    /// Length of each measuring window.
    #[arg(long, default_value = "5", value_parser = positive)]
    seconds: f64,
    /// What is played: the bare workload, or the game in the box with all its rules.
    #[arg(long, value_enum, default_value_t = WorkloadName::ArenaN)]
    game: WorkloadName,
    /// How far a player sees, in world units (the world is 1000 by 1000); 0: everything.
    #[arg(long, value_name = "UNITS", default_value_t = 0)]
    view: u32,
    /// Entities in all: those beyond the players are moved by the server.
    #[arg(long, value_name = "N")]
    entities: Option<usize>,
    /// Simulation steps and frames per second.
    #[arg(long, value_name = "HZ", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=128))]
    tick_rate: u16,
    /// Pairs of runs, server and floor, of which the medians are taken.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=99))]
    rounds: u8,
    /// The server's program; without it, the tickwire-server beside this one.
    #[arg(long, value_name = "PATH")]
    server: Option<PathBuf>,
    /// Writes the report as JSON; - is standard output.
    #[arg(long, value_name = "FILE|-")]
    json: Option<PathBuf>,
}

#[derive(clap::Args)]
struct CodecArguments {
    /// The recorded world: .twt, or .twt.xz.
    #[arg(long, value_name = "FILE", required_unless_present = "decode")]
    trace: Option<PathBuf>,
    /// Ticks to train on, half-open; without it, the first half.
    #[arg(long, value_name = "A..B")]
    train: Option<TickRange>,
    /// Ticks to measure, half-open; without it, the second half.
    #[arg(long, value_name = "C..D")]
    measure: Option<TickRange>,
    /// Measures viewers, too, that see a box with sides of so many units.
    #[arg(long, value_name = "SIZE", value_parser = positive, requires = "viewers")]
    interest: Option<f64>,
    /// How many viewers: the first entities of the first archetype.
    #[arg(long, value_name = "N", requires = "interest", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    viewers: Option<u32>,
    /// Writes the frames that a client who sees all would get.
    #[arg(long, value_name = "OUT")]
    frames: Option<PathBuf>,
    /// Restores a world from such frames; nothing is measured.
    #[arg(long, value_name = "FRAMES", requires = "twt", conflicts_with_all = ["trace", "train", "measure", "interest", "frames", "json"])]
    decode: Option<PathBuf>,
    /// Where the restored world is written.
    #[arg(long, value_name = "FILE", requires = "decode")]
    twt: Option<PathBuf>,
    /// Writes the report as JSON; - is standard output.
    #[arg(long, value_name = "FILE|-")]
    json: Option<PathBuf>,
}

/// How to read a capacity report.
const CAPACITY_EXPLAINED: &str = "Server and floor run in turns, each as a process of its own beside the bots of this one. The ratio is that \
of the medians and is the figure to compare: absolute times differ between machines and from minute to minute. Processor time is utime + \
stime of all threads. A rate below 0.95 of the \
ticks is not held; bots that share the machine with the server may be the reason.";

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WorkloadName {
    /// Everything moves, nothing is decided.
    ArenaN,
    /// Bots fight.
    Arena,
}

#[derive(clap::Args)]
struct FloorArguments {
    /// Clients that it waits for.
    #[arg(long)]
    clients: usize,
    /// Bytes of a frame.
    #[arg(long)]
    frame_bytes: usize,
    /// Frames per second.
    #[arg(long, value_name = "HZ", default_value_t = 30)]
    tick_rate: u16,
    /// The certificate chain (PEM).
    #[arg(long)]
    certificate: PathBuf,
    /// Its key (PEM).
    #[arg(long)]
    key: PathBuf,
}

/// What the report's `null`s mean.
const NOT_MEASURED: &str = "In the report null means: not measured. Only games with a twin in this client (arena) are predicted; for others \
mispredictions, prediction_error, ghosts and corrections are null. Bots draw others 60 times per second, each from the frames that it got: \
interpolation_underruns is the share of these for which the newer frame was missing. prediction_error is in world units, over all frames that said \
where we are: how far from it we were first shown. moved, shots, kills and respawns come from \
the game's schema: the field with the position mark, and the component Score. replicas_held counts replicas: what bots hold together is one.";

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BehaviourName {
    /// Goes here and there.
    Wander,
    /// Seeks others and shoots.
    Fight,
    /// Sends neutral inputs.
    Idle,
    /// Valid inputs by chance, from the schema, whatever the game.
    Random,
    /// Misbehaves in every way it knows; each must be refused with its code.
    Hostile,
    /// Only opens connections, --rate of them per second.
    Handshakes,
}

impl BehaviourName {
    const fn name(self) -> &'static str {
        match self {
            Self::Wander => "wander",
            Self::Fight => "fight",
            Self::Idle => "idle",
            Self::Random => "random",
            Self::Hostile => "hostile",
            Self::Handshakes => "handshakes",
        }
    }

    /// The behaviour for the game with this schema.
    fn choose(self, schema: &Schema, seed: u64, maps: &Maps) -> Box<dyn Behaviour> {
        let own: Option<Box<dyn Behaviour>> = match schema.game.as_str() {
            bots::GAME => bots::behaviour(self.name(), seed, maps),
            steady::GAME if self != Self::Idle => Some(Box::new(Steady::new(seed))),
            _ => None,
        };
        match (own, self) {
            (Some(own), _) => own,
            (None, Self::Idle) => Box::new(Idle),
            (None, _) => Box::new(AtRandom::new(seed)),
        }
    }
}

fn main() -> ExitCode {
    let Arguments { maps, command } = Arguments::parse();
    let maps = maps.map_or_else(|| Ok(Maps::in_the_box()), |folder| maps_of(&folder));
    let done = maps.and_then(|maps| match command {
        Command::Play(options) => run_alone(play(&options, maps, interrupted())),
        Command::Watch(options) => run_alone(watch(&options, maps, interrupted())),
        Command::Swarm(arguments) => run_swarm(&arguments, maps),
        Command::Capacity(arguments) => run_capacity(arguments, maps),
        Command::Codec(arguments) => run_codec(arguments),
        Command::Floor(arguments) => run_floor(arguments),
    });
    match done {
        Ok(code) => code,
        Err(error) => {
            // It may name what a server or the author of a file wrote.
            eprintln!("client-sim: {}", plain_text::causes(error.as_ref()));
            ExitCode::from(2)
        }
    }
}

/// The maps of a folder, as the server reads them.
fn maps_of(folder: &Path) -> Result<Maps> {
    let files = map_folder::read(folder).with_context(|| format!("--maps {}", folder.display()))?;
    Maps::of(files).with_context(|| format!("--maps {}", folder.display()))
}

fn options(arguments: &SwarmArguments, maps: Maps) -> Result<SwarmOptions> {
    let tls = if transport::needs_tls(&arguments.url) {
        Some(Trust::choose(arguments.ca.as_deref(), arguments.insecure)?.tls()?)
    } else {
        None
    };
    let (behaviour, known) = (arguments.behaviour, maps.clone());
    let mode = match behaviour {
        BehaviourName::Hostile => Mode::Hostile,
        BehaviourName::Handshakes => Mode::Handshakes { per_second: arguments.rate },
        _ => Mode::Play(Arc::new(move |schema: &Schema, seed: u64| behaviour.choose(schema, seed, &known))),
    };
    if arguments.audit && !matches!(mode, Mode::Play(_)) {
        anyhow::bail!("--audit compares bots that play: choose another --behaviour");
    }
    if !arguments.cut.is_empty() && !matches!(mode, Mode::Play(_)) {
        anyhow::bail!("--cut is for bots that play: choose another --behaviour");
    }
    if arguments.cut.iter().any(|at_s| *at_s >= arguments.seconds) {
        anyhow::bail!("--cut must come within the window of {} s", arguments.seconds);
    }
    let rooms = match (&arguments.room, arguments.rooms) {
        (Some(room), _) => Rooms::Named(room.clone()),
        (None, Some(count)) => Rooms::Spread(count as usize),
        (None, None) => Rooms::Any,
    };
    Ok(SwarmOptions {
        cuts_s: arguments.cut.clone(),
        tickets: arguments.tickets.key()?,
        url: arguments.url.clone(),
        tls,
        bots: arguments.bots as usize,
        settle_seconds: 0.0,
        seconds: arguments.seconds,
        ramp_per_second: arguments.ramp,
        mode,
        behaviour: behaviour.name().to_owned(),
        rooms,
        link: arguments.link,
        link_share: arguments.link_share,
        from: arguments.from,
        seed: arguments.seed,
        full_digest: arguments.full_digest,
        audit: arguments.audit,
        share: !arguments.no_share,
        twins: Some(twins(maps)),
    })
}

/// Two threads carry a thousand bots; the rest of the machine is the server's.
fn runtime() -> Result<Runtime> {
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(2));
    Builder::new_multi_thread().worker_threads(threads).enable_all().build().context("starting the runtime")
}

/// Completes when somebody asks the program to stop.
async fn interrupted() {
    // Where there is no such signal, nothing interrupts.
    #[cfg(unix)]
    if let Ok(mut term) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            Some(()) = term.recv() => return,
            Ok(()) = tokio::signal::ctrl_c() => return,
            else => {}
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn write_json(file: Option<&Path>, json: &str) -> Result<()> {
    match file {
        Some(file) if file.as_os_str() == "-" => println!("{}", in_json(json)),
        Some(file) => std::fs::write(file, format!("{json}\n")).with_context(|| file.display().to_string())?,
        None => {}
    }
    Ok(())
}

fn verdict(failures: &[String]) -> ExitCode {
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn run_alone(game: impl Future<Output = Result<Farewell, PlayError>>) -> Result<ExitCode> {
    // One thread: the keys, the socket and the screen of one person.
    let runtime = Builder::new_current_thread().enable_all().build().context("starting the runtime")?;
    match runtime.block_on(game) {
        Ok(farewell) => {
            // Who does not read any more need not be told.
            let _ = writeln!(std::io::stdout(), "{}", Plain::of(&farewell.words));
            Ok(ExitCode::from(u8::from(!farewell.is_well)))
        }
        Err(error) => {
            eprintln!("client-sim: {}", Plain::of(&error.to_string()));
            Ok(ExitCode::from(if error.is_usage() { 2 } else { 1 }))
        }
    }
}

fn run_swarm(arguments: &SwarmArguments, maps: Maps) -> Result<ExitCode> {
    let options = options(arguments, maps)?;
    if matches!(options.mode, Mode::Hostile | Mode::Handshakes { .. }) {
        yield_to_players();
    }
    let progress = Progress::new(options.bots);
    let mut report = runtime()?.block_on(swarm::run(options, progress, interrupted()))?;
    let value = report.to_value();
    report.failures.extend(arguments.fail_if.iter().filter_map(|condition| condition.verdict(&value)));
    eprint!("{}", report.to_table());
    write_json(arguments.json.as_deref(), &report.to_json())?;
    Ok(verdict(&report.failures))
}

fn run_capacity(arguments: CapacityArguments, maps: Maps) -> Result<ExitCode> {
    let this = std::env::current_exe().context("where this program is")?;
    let (game, behaviour) = match arguments.game {
        WorkloadName::ArenaN => (Workload::ArenaN, BehaviourName::Wander),
        WorkloadName::Arena => (Workload::Arena, BehaviourName::Fight),
    };
    let options = CapacityOptions {
        players: arguments.players.0,
        seconds: arguments.seconds,
        game,
        entities: arguments.entities,
        view: arguments.view,
        tick_rate_hz: arguments.tick_rate,
        rounds: usize::from(arguments.rounds),
        server: arguments.server.unwrap_or_else(|| beside(&this, "tickwire-server")),
        floor: this,
        behaviours: Arc::new(move |schema: &Schema, seed: u64| behaviour.choose(schema, seed, &maps)),
    };
    options.check()?;
    if cfg!(debug_assertions) {
        eprintln!("this is a debug build: its figures say nothing about a server (cargo run --release)");
    }
    let capacity = runtime()?.block_on(capacity::run(options, interrupted()))?;
    eprint!("{}", plain_text::lines(&capacity.to_table()));
    write_json(arguments.json.as_deref(), &capacity.to_json())?;
    Ok(verdict(&capacity.failures))
}

fn run_codec(arguments: CodecArguments) -> Result<ExitCode> {
    let CodecArguments { trace, train, measure, interest, viewers, frames, decode, twt, json } = arguments;
    if let (Some(decode), Some(twt)) = (decode, twt) {
        let input = BufReader::new(File::open(&decode).with_context(|| decode.display().to_string())?);
        let output = BufWriter::new(File::create(&twt).with_context(|| twt.display().to_string())?);
        let ticks = restore(input, output).with_context(|| decode.display().to_string())?;
        eprintln!("{ticks} ticks restored, every digest checked");
        return Ok(ExitCode::SUCCESS);
    }
    let trace = trace.context("--trace FILE is missing")?;
    let interest = interest.zip(viewers).map(|(size, viewers)| Interest { size, viewers: viewers as usize });
    if cfg!(debug_assertions) {
        eprintln!("this is a debug build: bytes are right, times say nothing (cargo run --release)");
    }
    let options = CodecOptions { trace, asked: Asked { train, measure, interest }, frames };
    let report = codec::run(&options, &codec::progress::Progress::new())?;
    eprint!("{}", plain_text::lines(&report.to_table()));
    write_json(json.as_deref(), &report.to_json())?;
    Ok(if report.mismatches == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// A program in the same folder as this one.
fn beside(this: &Path, name: &str) -> PathBuf {
    this.with_file_name(name).with_extension(std::env::consts::EXE_EXTENSION)
}

fn run_floor(arguments: FloorArguments) -> Result<ExitCode> {
    let FloorArguments { clients, frame_bytes, tick_rate: tick_rate_hz, certificate, key } = arguments;
    let floor = Floor::open(FloorOptions { clients, tick_rate_hz, frame_bytes, certificate, key })?;
    println!("{}", floor.address()?);
    floor.run()?;
    Ok(ExitCode::SUCCESS)
}
