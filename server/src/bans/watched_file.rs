//! A file of bans that the operator keeps, looked at several times a second: taken as a whole or not at all.
//!
//! ```text
//!   look ─► as it was? ── same ──────────────────────────────► nothing
//!              └ changed, or told to ─► every line is a ban? ─► all of it, in place of what it said before
//!                                              └ no ─► refused, with the first line that is wrong; said once
//! ```
//!
//! Never here: when it is looked at (see `front`).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::ban::Ban;
use super::ban_file::{BanFileError, Lines, read_lines};

/// A file that was written so shortly ago may be written once more without a newer time: it is read again.
const STILL_WARM: Duration = Duration::from_millis(100);

/// What tells one state of a file from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
    inode: u64,
}

/// A file of the operator's.
#[derive(Debug)]
pub struct WatchedFile {
    path: PathBuf,
    entries_max: usize,
    /// How it was when it was last read; the outer none: read it in any case, the inner: it was not there.
    seen: Option<Option<Stamp>>,
}

/// What a look finds.
#[derive(Debug)]
pub enum Look {
    /// As before.
    Same,
    /// All its bans.
    Read(Vec<Ban>),
    /// It cannot be taken: what held before goes on to hold.
    Refused(BanFileError),
}

impl WatchedFile {
    /// That file, not looked at yet.
    #[must_use]
    pub const fn new(path: PathBuf, entries_max: usize) -> Self {
        Self { path, entries_max, seen: None }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The next look reads it, changed or not.
    pub const fn forget(&mut self) {
        self.seen = None;
    }

    /// Reads it if it has changed.
    pub fn look(&mut self, now: SystemTime) -> Look {
        let stamp = stamp_of(&self.path);
        if self.seen == Some(stamp) {
            return Look::Same;
        }
        let is_warm = |modified| now.duration_since(modified).is_ok_and(|age| age < STILL_WARM);
        let warm = stamp.and_then(|stamp| stamp.modified).is_some_and(is_warm);
        self.seen = (!warm).then_some(stamp);
        match read_lines(&self.path, self.entries_max) {
            Ok(Lines { bad, bad_count, bans }) => match bad.into_iter().next() {
                None => Look::Read(bans),
                Some((line, why)) => {
                    Look::Refused(BanFileError::Line { path: self.path.clone(), line, why, more: bad_count - 1 })
                }
            },
            Err(error) => Look::Refused(error),
        }
    }
}

fn stamp_of(path: &Path) -> Option<Stamp> {
    let about = fs::metadata(path).ok()?;
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&about);
    #[cfg(not(unix))]
    let inode = 0;
    Some(Stamp { modified: about.modified().ok(), bytes: about.len(), inode })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    const LATER: Duration = Duration::from_secs(60);

    fn read(look: Look) -> usize {
        match look {
            Look::Read(bans) => bans.len(),
            other => panic!("not read: {other:?}"),
        }
    }

    fn refused(look: Look) -> String {
        match look {
            Look::Refused(error) => error.to_string(),
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn a_file_is_read_when_it_has_changed_and_when_it_is_told_to() {
        let folder = Scratch::new("watched");
        let path = folder.path().join("bans.jsonl");
        fs::write(&path, "# by hand\n\n{\"player\":\"a\"}\r\n{\"ticket\":\"b\"}").expect("written");
        let mut file = WatchedFile::new(path.clone(), 10);
        let later = SystemTime::now() + LATER;
        assert_eq!(read(file.look(later)), 2);
        assert!(matches!(file.look(later), Look::Same));
        file.forget();
        assert_eq!(read(file.look(later)), 2);
        fs::write(&path, "{\"player\":\"a\"}\n").expect("written");
        assert_eq!(read(file.look(later)), 1);
        assert!(matches!(file.look(later), Look::Same));
    }

    #[test]
    fn a_file_that_was_written_just_now_is_read_once_more() {
        let folder = Scratch::new("warm");
        let path = folder.path().join("bans.jsonl");
        fs::write(&path, "").expect("written");
        let mut file = WatchedFile::new(path.clone(), 10);
        let written = fs::metadata(&path).and_then(|about| about.modified()).expect("it has a time");
        assert_eq!(read(file.look(written)), 0);
        assert_eq!(read(file.look(written + LATER)), 0, "the time of the file may stand still for a moment");
        assert!(matches!(file.look(written + LATER), Look::Same));
    }

    #[test]
    fn one_bad_line_refuses_the_file_once_with_its_number() {
        let folder = Scratch::new("bad");
        let path = folder.path().join("bans.jsonl");
        fs::write(&path, "{\"player\":\"a\"}\n{\"player\":\n{}\n").expect("written");
        let mut file = WatchedFile::new(path.clone(), 10);
        let later = SystemTime::now() + LATER;
        let said = refused(file.look(later));
        assert!(said.contains("bans.jsonl:2: ") && said.contains("(and 1 more)"), "{said}");
        assert!(matches!(file.look(later), Look::Same), "it is said once");
        fs::write(&path, "{\"player\":\"a\"}\n").expect("written");
        assert_eq!(read(file.look(later)), 1);
    }

    #[test]
    fn a_file_that_is_gone_too_large_or_too_long_is_refused() {
        let folder = Scratch::new("gone");
        let path = folder.path().join("bans.jsonl");
        let mut file = WatchedFile::new(path.clone(), 2);
        let later = SystemTime::now() + LATER;
        assert!(refused(file.look(later)).contains("bans.jsonl"));
        assert!(matches!(file.look(later), Look::Same), "it is said once");
        fs::write(&path, "{\"player\":\"a\"}\n{\"player\":\"b\"}\n{\"player\":\"c\"}\n").expect("written");
        assert!(refused(file.look(later)).contains("more than 2 bans"));
        fs::write(&path, [0xff, b'\n']).expect("written");
        assert!(refused(file.look(later)).contains("UTF-8"));
        #[cfg(unix)]
        assert!(refused(WatchedFile::new("/dev/zero".into(), 2).look(later)).contains("no plain file"));
    }
}
