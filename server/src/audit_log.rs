//! What was done to whom by whom, kept beside the bans: one JSON object per line, added at the end and never changed.
//!
//! ```text
//!   act ─► audit.log ── over admin.audit_bytes_max ─► audit.log.1 ─► … ─► audit.log.4 ─► gone
//! ```
//!
//! A line that cannot be written is said in the log and counted; the act is done all the same, because whoever closes somebody must not
//! be kept from it by a full disk.
//!
//! Never here: what an act does (see `front`), what the server says about itself (see `logging`).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use shared::plain_text::in_json;

use crate::utc::Utc;

/// The file in the data directory.
const FILE: &str = "audit.log";

/// Files kept besides the one that is written.
const OLDER_MAX: u32 = 4;

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// Whoever has that token, from there.
    Token {
        /// What the token is called.
        name: String,
        /// Where it came from.
        from: SocketAddr,
    },
    /// The operator's file of bans.
    File(PathBuf),
    /// A signal of the system's.
    Signal(&'static str),
}

/// One act.
#[derive(Clone, Debug, Serialize)]
pub struct Act<'a> {
    /// When.
    #[serde(serialize_with = "as_text")]
    pub when: Utc,
    /// Who.
    pub who: &'a Who,
    /// What: `ban`, `unban`, `revoke`, `kick`, `drain`, `bans_file`.
    pub act: &'static str,
    /// Whom, if it was about somebody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whom: Option<String>,
    /// Why, as it was said.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub reason: &'a str,
    /// Until when, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What came of it: `done`, or what went wrong.
    pub result: &'a str,
    /// How many connections were closed for it.
    pub closed: usize,
}

fn as_text<S: serde::Serializer>(when: &Utc, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(when)
}

#[derive(Debug, Default)]
struct Open {
    file: Option<File>,
    bytes: u64,
}

/// The file.
#[derive(Debug)]
pub struct AuditLog {
    path: PathBuf,
    bytes_max: u64,
    open: Mutex<Open>,
}

impl AuditLog {
    /// The log in that folder; its file is opened when something is written.
    #[must_use]
    pub fn new(folder: &Path, bytes_max: u64) -> Self {
        Self { path: folder.join(FILE), bytes_max, open: Mutex::default() }
    }

    /// Writes a line. Blocks; not for tokio's threads.
    ///
    /// # Errors
    /// The machine's: no room, no right. The next line is tried anew.
    pub fn record(&self, act: &Act<'_>) -> io::Result<()> {
        let mut line = in_json(&serde_json::to_string(act)?);
        line.push('\n');
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let written = self.write(&mut open, line.as_bytes());
        if written.is_err() {
            // What was half-written is ended by the next line's own beginning: see `open_file`.
            *open = Open::default();
        }
        written
    }

    fn write(&self, open: &mut Open, line: &[u8]) -> io::Result<()> {
        if open.file.is_none() {
            *open = self.open_file()?;
        }
        if open.bytes > 0 && open.bytes + line.len() as u64 > self.bytes_max {
            *open = Open::default();
            self.rotate()?;
            *open = self.open_file()?;
        }
        let Some(file) = &mut open.file else { return Ok(()) };
        file.write_all(line)?;
        open.bytes += line.len() as u64;
        Ok(())
    }

    fn open_file(&self) -> io::Result<Open> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        options.append(true).read(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path)?;
        let mut bytes = file.metadata()?.len();
        if bytes > 0 && !ends_in_a_line(&mut file)? {
            file.write_all(b"\n")?;
            bytes += 1;
        }
        Ok(Open { file: Some(file), bytes })
    }

    fn rotate(&self) -> io::Result<()> {
        for number in (0..OLDER_MAX).rev() {
            match fs::rename(self.older(number), self.older(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// The file itself, and those before it.
    fn older(&self, number: u32) -> PathBuf {
        if number == 0 {
            return self.path.clone();
        }
        let mut name = self.path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        name.into()
    }
}

/// A line that was cut off by the end of a process must not swallow the next one.
fn ends_in_a_line(file: &mut File) -> io::Result<bool> {
    use std::io::{Read, Seek, SeekFrom};
    let mut last = [0; 1];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn act<'a>(who: &'a Who, whom: &str, reason: &'a str) -> Act<'a> {
        let whom = Some(whom.to_owned());
        Act { when: Utc::now(), who, act: "ban", whom, reason, until: None, result: "done", closed: 1 }
    }

    fn anna() -> Who {
        Who::Token { name: "anna".to_owned(), from: ([127, 0, 0, 1], 5000).into() }
    }

    #[test]
    fn every_act_is_a_line_that_says_who_did_what_to_whom_and_moves_no_terminal() {
        let folder = Scratch::new("audit");
        let log = AuditLog::new(folder.path(), 1 << 20);
        log.record(&act(&anna(), "player steam:42", "\u{1b}[2J\u{202e}aimbot")).expect("written");
        log.record(&act(&Who::Signal("SIGTERM"), "player b", "")).expect("written");
        let text = fs::read_to_string(folder.path().join(FILE)).expect("there");
        assert!(text.chars().all(|letter| letter == '\n' || (letter.is_ascii() && !letter.is_control())), "{text}");
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines[0]["who"]["token"]["name"], "anna");
        assert_eq!((lines[0]["act"].as_str(), lines[0]["whom"].as_str()), (Some("ban"), Some("player steam:42")));
        assert_eq!(lines[0]["reason"], "\u{1b}[2J\u{202e}aimbot");
        assert_eq!(lines[1]["who"]["signal"], "SIGTERM");
    }

    #[test]
    fn the_log_goes_on_in_a_new_file_and_the_oldest_is_dropped() {
        let folder = Scratch::new("rotated");
        let log = AuditLog::new(folder.path(), 300);
        for number in 0..20 {
            log.record(&act(&anna(), &format!("player p{number:03}"), "")).expect("written");
        }
        let mut files: Vec<_> =
            fs::read_dir(folder.path()).expect("there").map(|entry| entry.expect("there").path()).collect();
        files.sort();
        assert_eq!(files.len(), 1 + OLDER_MAX as usize);
        assert!(files.iter().all(|file| fs::metadata(file).expect("there").len() <= 300));
        assert!(fs::read_to_string(&files[0]).expect("there").contains("p019"), "the newest is where it always is");
    }

    #[test]
    fn a_line_that_was_cut_off_does_not_swallow_the_next() {
        let folder = Scratch::new("cut");
        fs::write(folder.path().join(FILE), "{\"when\":\"20").expect("written");
        AuditLog::new(folder.path(), 1 << 20).record(&act(&anna(), "player b", "")).expect("written");
        let text = fs::read_to_string(folder.path().join(FILE)).expect("there");
        let last = text.lines().last().expect("a line");
        assert!(serde_json::from_str::<serde_json::Value>(last).is_ok(), "{text}");
    }

    #[test]
    fn what_cannot_be_written_is_an_error_and_the_next_line_is_tried_anew() {
        let folder = Scratch::new("unwritable");
        let path = folder.path().join("file");
        fs::write(&path, "").expect("written");
        let log = AuditLog::new(&path, 1 << 20);
        assert!(log.record(&act(&anna(), "player b", "")).is_err(), "a file is no folder");
        fs::remove_file(&path).expect("it was there");
        assert!(log.record(&act(&anna(), "player b", "")).is_ok());
    }
}
