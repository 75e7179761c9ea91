//! The programs that are measured, each a process of its own, and the folder that they share.
//!
//! ```text
//!   Scratch    a temporary folder: data/ (certificate, made by the first server), server.log     gone when it is dropped
//!   Child      what it printed when it was ready, its processor time                             killed when it is dropped
//! ```
//!
//! Never here: what is measured when (see `capacity`).

use super::CapacityError;
use super::options::CapacityOptions;
use crate::process::Process;
use crate::trust::DEV_CA;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child as Started, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a program may take until it says where it listens; the first server makes a certificate.
const READY: Duration = Duration::from_secs(20);
/// Lines of a log that are shown when a program does not start.
const LOG_LINES: usize = 5;

/// A folder of our own.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    /// A new one in the system's folder for temporary things.
    pub(super) fn new() -> Result<Self, CapacityError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(format!("tickwire-capacity-{process}-{count}"));
        match fs::create_dir_all(&folder) {
            Ok(()) => Ok(Self { folder }),
            Err(source) => Err(CapacityError::Scratch { folder, source }),
        }
    }

    /// The authority that vouches for server and floor.
    pub(super) fn authority(&self) -> PathBuf {
        self.folder.join(DEV_CA)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed stays for the system to clean: nothing depends on it.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A program that runs; it is ended when this is dropped.
#[derive(Debug)]
pub(super) struct Child {
    started: Started,
    address: SocketAddr,
}

impl Child {
    /// The server, with a room for so many players.
    pub(super) fn server(options: &CapacityOptions, players: usize, scratch: &Scratch) -> Result<Self, CapacityError> {
        let mut command = Command::new(&options.server);
        // What the operator's environment says is for another server.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TICKWIRE_")) {
            command.env_remove(name);
        }
        command
            .args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log-format", "human"])
            .args(["--game", options.game.name(), "--view", &options.view.to_string()])
            .arg("--data")
            .arg(scratch.data())
            .env("TICKWIRE_ROOMS__TICK_RATE_HZ", options.tick_rate_hz.to_string())
            .env("TICKWIRE_ROOMS__PLAYERS_MAX", players.to_string())
            .env("TICKWIRE_ROOMS__SLOT_BITS", options.slot_bits(players).to_string());
        if options.movers(players) > 0 {
            command.env("TICKWIRE_GAME__SETTINGS__MOVERS", options.movers(players).to_string());
        }
        Self::start(command, scratch, "the server", game_address)
    }

    /// The floor for so many players, with frames of so many bytes.
    pub(super) fn floor(
        options: &CapacityOptions,
        players: usize,
        frame_bytes: usize,
        scratch: &Scratch,
    ) -> Result<Self, CapacityError> {
        let mut command = Command::new(&options.floor);
        command
            .args(["floor", "--clients", &players.to_string(), "--frame-bytes", &frame_bytes.to_string()])
            .args(["--tick-rate", &options.tick_rate_hz.to_string()])
            .args([OsStr::new("--certificate"), scratch.data().join("dev-cert.pem").as_os_str()])
            .args([OsStr::new("--key"), scratch.data().join("dev-key.pem").as_os_str()]);
        Self::start(command, scratch, "the floor", |line| line.trim().parse().ok())
    }

    /// Starts a program and waits for the line in which it says where it listens.
    fn start(
        mut command: Command,
        scratch: &Scratch,
        what: &'static str,
        address: fn(&str) -> Option<SocketAddr>,
    ) -> Result<Self, CapacityError> {
        let log = scratch.folder.join("program.log");
        let file = File::create(&log).map_err(|source| CapacityError::Scratch { folder: log.clone(), source })?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file);
        let mut started = command.spawn().map_err(|source| CapacityError::Start { what, source })?;
        let output = started.stdout.take();
        let (said, heard) = mpsc::sync_channel(1);
        // Reads to the end, so that a program that goes on talking never finds its pipe full.
        thread::spawn(move || {
            for line in output.into_iter().flat_map(|output| BufReader::new(output).lines()).map_while(Result::ok) {
                if let Some(address) = address(&line) {
                    let _ = said.try_send(address);
                }
            }
        });
        match heard.recv_timeout(READY) {
            Ok(address) => Ok(Self { started, address }),
            Err(_) => {
                let _ = started.kill();
                let _ = started.wait();
                Err(CapacityError::NotReady { what, log: last_lines(&log) })
            }
        }
    }

    /// Where it listens.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the kernel tells of it.
    pub(super) fn process(&self) -> Process {
        Process::numbered(self.started.id())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It has nothing to lose, and may have ended by itself.
        let _ = self.started.kill();
        let _ = self.started.wait();
    }
}

/// The game port in a line of the server's greeting: `game     wss://127.0.0.1:4433/play`.
fn game_address(line: &str) -> Option<SocketAddr> {
    line.trim().strip_prefix("game")?.trim().strip_prefix("wss://")?.strip_suffix("/play")?.parse().ok()
}

fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_game_port_is_read_off_the_greeting() {
        let greeting = "Tickwire 0.1.0\n\n  page     https://127.0.0.1:40001/\n  game     wss://127.0.0.1:40001/play\n";
        let found: Vec<_> = greeting.lines().filter_map(game_address).collect();
        assert_eq!(found, ["127.0.0.1:40001".parse().unwrap()]);
    }

    #[test]
    fn a_program_that_ends_at_once_is_told_with_what_it_said() {
        let scratch = Scratch::new().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo it is broken >&2; exit 2"]);
        let error = Child::start(command, &scratch, "the test", game_address).unwrap_err();
        assert!(error.to_string().contains("it is broken"), "{error}");
        let nothing = Command::new("no/such/program");
        assert!(
            Child::start(nothing, &scratch, "the test", game_address).unwrap_err().to_string().contains("the test")
        );
    }

    #[test]
    fn a_child_ends_and_a_folder_goes_when_they_are_dropped() {
        let scratch = Scratch::new().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo 127.0.0.1:9; exec sleep 60"]);
        let child = Child::start(command, &scratch, "the test", |line| line.parse().ok()).unwrap();
        let process = child.process();
        assert_eq!(child.address().port(), 9);
        drop(child);
        assert_eq!(process.cpu_us(), None, "it is gone");
    }
}
