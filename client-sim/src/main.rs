//! The command line of the headless client.
//!
//! Exit codes: 0 all was well; 1 a bot held a wrong world, was dropped or never came in, abuse was not refused as it must be, or a
//! `--fail-if` holds; 2 the command line makes no sense.

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand, ValueEnum};
use client_sim::behaviour::{AtRandom, Behaviour, Idle};
use client_sim::fail_if::FailIf;
use client_sim::game::bots;
use client_sim::link::LinkSpec;
use client_sim::swarm::options::{Mode, Rooms, Sources, SwarmOptions};
use client_sim::swarm::progress::Progress;
use client_sim::trust::Trust;
use client_sim::{swarm, transport};
use shared::schema::Schema;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Plays Tickwire without a screen: one bot or a thousand, each proving every frame it gets.
#[derive(Parser)]
#[command(name = "client-sim", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sends bots to a server and reports what they saw.
    Swarm(Box<SwarmArguments>),
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
    /// The room they join; without it, wherever the server puts them.
    #[arg(long, conflicts_with = "rooms")]
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
    /// The seed of all chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Connections per second, all bots together (behaviour handshakes).
    #[arg(long, default_value = "50/s", value_parser = per_second)]
    rate: f64,
    /// All 64 bits of every digest travel, not 16.
    #[arg(long)]
    full_digest: bool,
    /// Writes the report as JSON; - is standard output.
    #[arg(long, value_name = "FILE|-")]
    json: Option<PathBuf>,
    /// Fails the run if a number of the report is above (or below: <) a bound. May be repeated.
    #[arg(long, value_name = "KEY>NUMBER")]
    fail_if: Vec<FailIf>,
}

/// What the report's `null`s mean.
const NOT_MEASURED: &str = "In the report null means: not measured. These clients do not predict or interpolate yet, so \
mispredictions, prediction_error, corrections and interpolation_underruns are null. moved, shots, kills and respawns come from \
the game's schema: the field with the position mark, and the component Score. Each bot has a replica of its own.";

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
    fn choose(self, schema: &Schema, seed: u64) -> Box<dyn Behaviour> {
        let own = if schema.game == bots::GAME { bots::behaviour(self.name(), seed) } else { None };
        match (own, self) {
            (Some(own), _) => own,
            (None, Self::Idle) => Box::new(Idle),
            (None, _) => Box::new(AtRandom::new(seed)),
        }
    }
}

fn per_second(text: &str) -> Result<f64, String> {
    positive(text.strip_suffix("/s").unwrap_or(text)).map_err(|_| "say a number per second: 100/s".to_owned())
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').and_then(|number| number.parse::<f64>().ok());
    match number {
        Some(number) if (0.0..=100.0).contains(&number) => Ok(number / 100.0),
        _ => Err("say a percentage: 20%".to_owned()),
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("say a number above 0".to_owned()),
    }
}

fn main() -> ExitCode {
    let Command::Swarm(arguments) = Arguments::parse().command;
    match run_swarm(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("client-sim: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn options(arguments: &SwarmArguments) -> Result<SwarmOptions> {
    let tls = if transport::needs_tls(&arguments.url) {
        Some(Trust::choose(arguments.ca.as_deref(), arguments.insecure)?.tls()?)
    } else {
        None
    };
    let behaviour = arguments.behaviour;
    let mode = match behaviour {
        BehaviourName::Hostile => Mode::Hostile,
        BehaviourName::Handshakes => Mode::Handshakes { per_second: arguments.rate },
        _ => Mode::Play(Arc::new(move |schema: &Schema, seed: u64| behaviour.choose(schema, seed))),
    };
    let rooms = match (&arguments.room, arguments.rooms) {
        (Some(room), _) => Rooms::Named(room.clone()),
        (None, Some(count)) => Rooms::Spread(count as usize),
        (None, None) => Rooms::Any,
    };
    Ok(SwarmOptions {
        url: arguments.url.clone(),
        tls,
        bots: arguments.bots as usize,
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
    })
}

fn run_swarm(arguments: &SwarmArguments) -> Result<ExitCode> {
    let options = options(arguments)?;
    // Two threads carry a thousand bots; the rest of the machine is the server's.
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(2));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let progress = Progress::new(options.bots);
    let interrupted = async {
        // Where there is no such signal, nothing interrupts.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let mut report = runtime.block_on(swarm::run(options, progress, interrupted))?;
    let value = report.to_value();
    report.failures.extend(arguments.fail_if.iter().filter_map(|condition| condition.verdict(&value)));
    eprint!("{}", report.to_table());
    match &arguments.json {
        Some(file) if file.as_os_str() == "-" => println!("{}", report.to_json()),
        Some(file) => std::fs::write(file, report.to_json() + "\n").with_context(|| file.display().to_string())?,
        None => {}
    }
    Ok(if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
