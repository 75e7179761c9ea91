//! The two programs as a stranger starts them: the server and swarms beside this program, each a process of its own.
//!
//! ```text
//!   target/release/examples/THIS ─► ../tickwire-server, in a folder of its own that goes with it
//!                                 └► ../client-sim swarm … ─► its JSON report
//! ```
//!
//! What an example measures is then what the programs do, not what a harness does. Never here: what is measured.

use serde_json::Value;
use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Servers that this process has started: each has a folder of its own.
static STARTED: AtomicU32 = AtomicU32::new(0);

/// What could not be had, and why.
pub fn said(what: &'static str) -> impl Fn(std::io::Error) -> String {
    move |error| format!("{what}: {error}")
}

/// The numbers on the command line, each with what it is where it is missing.
///
/// # Errors
/// Something is no number: then what is to be given.
pub fn numbers<const COUNT: usize>(defaults: [usize; COUNT], usage: &str) -> Result<[usize; COUNT], String> {
    let mut numbers = defaults;
    for (number, argument) in numbers.iter_mut().zip(env::args().skip(1)) {
        *number = argument.parse().map_err(|_| usage.to_owned())?;
    }
    Ok(numbers)
}

/// The one in the middle.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The folder of the two programs: that above this program's.
fn programs() -> Result<PathBuf, String> {
    let own = env::current_exe().map_err(said("this program"))?;
    let folder = own.parent().and_then(Path::parent).ok_or_else(|| "no folder of programs".to_owned())?;
    Ok(folder.to_owned())
}

/// A server and its folder, gone when this is dropped.
#[derive(Debug)]
pub struct Server {
    started: Child,
    folder: PathBuf,
    url: String,
}

impl Server {
    /// Starts one with these environment variables on free ports.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(settings: &[(&str, &str)]) -> Result<Self, String> {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("tickwire-example-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).map_err(said("a folder"))?;
        let log = File::create(folder.join("server.log")).map_err(said("a log"))?;
        let mut started = Command::new(programs()?.join("tickwire-server"))
            .args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log-format", "json", "--data"])
            .arg(&folder)
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(said("the server"))?;
        let output = started.stdout.take().ok_or_else(|| "the server says nothing".to_owned())?;
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let url = lines.find_map(|line| {
            let address = line.split_whitespace().find(|word| word.starts_with("https://"))?;
            Some(address.trim_end_matches('/').replacen("https", "wss", 1))
        });
        let Some(url) = url else {
            let _ = started.kill();
            return Err("the server does not say where it listens".to_owned());
        };
        // It goes on talking; nobody may let its pipe fill.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { started, folder, url })
    }

    /// Where it is joined.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The certificate to trust.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.join("dev-ca.pem")
    }

    /// Bytes that it has logged.
    #[must_use]
    pub fn log_bytes(&self) -> u64 {
        fs::metadata(self.folder.join("server.log")).map_or(0, |log| log.len())
    }

    /// KB of memory that it uses, where the system tells it.
    #[must_use]
    pub fn resident_kb(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.started.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(0)
    }

    /// Whether it runs still.
    #[must_use]
    pub fn runs(&mut self) -> bool {
        matches!(self.started.try_wait(), Ok(None))
    }

    /// Starts a swarm against it.
    ///
    /// # Errors
    /// It does not start.
    pub fn swarm(&self, flags: &[&str]) -> Result<Swarm, String> {
        let started = Command::new(programs()?.join("client-sim"))
            .args(["swarm", "--url", &self.url, "--json", "-", "--ca"])
            .arg(self.authority())
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(said("the swarm"))?;
        Ok(Swarm(Some(started)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already, and what is left of the folder is the system's to clean.
        let _ = self.started.kill();
        let _ = self.started.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A swarm that runs; ended when this is dropped.
#[derive(Debug)]
pub struct Swarm(Option<Child>);

impl Swarm {
    /// Waits for its end: what it reports, and whether all went as it should.
    ///
    /// # Errors
    /// There is no report.
    pub fn report(mut self) -> Result<(Report, bool), String> {
        let started = self.0.take().ok_or_else(|| "no swarm".to_owned())?;
        let output = started.wait_with_output().map_err(said("the swarm"))?;
        let report = serde_json::from_slice(&output.stdout).map_err(|error| format!("the swarm's report: {error}"))?;
        Ok((Report(report), output.status.success()))
    }
}

impl Drop for Swarm {
    fn drop(&mut self) {
        if let Some(mut started) = self.0.take() {
            let _ = started.kill();
            let _ = started.wait();
        }
    }
}

/// What a swarm reports.
#[derive(Clone, Debug)]
pub struct Report(Value);

impl Report {
    /// The number at `/this/path`; 0 where there is none.
    #[must_use]
    pub fn number(&self, path: &str) -> f64 {
        self.0.pointer(path).and_then(Value::as_f64).unwrap_or_default()
    }

    /// What went wrong.
    #[must_use]
    pub fn failures(&self) -> String {
        self.0["failures"].to_string()
    }
}
