//! A whole program around games: reads the command line, does what it asks, runs a server until it is told to stop.
//!
//! ```text
//!   command line ─► configuration ─► logging ─► start ─► Running ── signal ──► stop
//! ```
//!
//! [`main`] is a whole program around a game: `main.rs` is one line of it, and so is a server for another game.
//! [`start()`] runs a server inside another program: tests and examples do.
//!
//! Never here: what a game is, what a connection says.

// From a configuration to parts that run.
mod start;

// What the machine gives.
mod machine;

// A server that runs, and its end.
mod running;

// Our front and our connections without a game: for suites that know WebSocket.
pub mod echo;

pub use running::Running;
pub(crate) use running::reached_from_here;
pub use start::{start, start_with};

use std::env;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::{self, ExitCode};
use std::sync::Arc;

use clap::Parser;

use crate::code_tables::CodeTables;
use crate::config::cli::{Command, CommandLine};
use crate::config::{Config, check, load};
use crate::error::StartupError;
use crate::front::admin;
use crate::logging;
use crate::map_folder::{self, OnMaps};
use crate::operator::{self, Wish};
use crate::schema_json;
use crate::schema_typescript;
use crate::shutdown::{self, Signal, Signals};
use crate::sim::RoomGame;
use crate::ticket_command;
use start::{open_tickets, try_files, try_room};

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
            try_files(&config)?;
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
        Signal::Hangup => front.ask_for_reload(),
        Signal::Interrupt => {}
        Signal::Terminate => front.note_signal("SIGTERM"),
    };
    let asked = || front.operation().until_drain_is_asked();
    runtime.block_on(shutdown::until_told(&mut signals, &running.directory, drain_limit, hear, asked));
    // Who asks once more while we say goodbye does not want to wait.
    runtime.spawn(async move {
        while signals.next().await == Signal::Hangup {}
        process::exit(1);
    });
    running.runtime = Some(runtime);
    running.stop();
    Ok(())
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

#[cfg(test)]
mod tests;
