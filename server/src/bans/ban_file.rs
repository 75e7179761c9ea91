//! From a file of bans and to one: a line each, empty lines and such that begin with `#` aside.
//!
//! ```text
//!   write   NAME.new ─► written, synced ─► renamed over NAME ─► the folder synced: whoever reads sees the old file or the new one
//! ```
//!
//! Never here: what becomes of a line that cannot be read (see `register`, `watched_file`).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use shared::limits::BAN_FILE_BYTES_MAX;

use super::ban::{BadBan, Ban};
use crate::plain_file;

/// Lines that cannot be read and are remembered one by one; the rest is counted.
const BAD_LINES_MAX: usize = 10;

/// Why a file of bans cannot be taken. The operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum BanFileError {
    /// It cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is larger than any list of bans.
    #[error("{}: it has more than {BAN_FILE_BYTES_MAX} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// It has more bans than may be.
    #[error("{}: it has more than {most} bans (bans.entries_max)", path.display())]
    TooMany {
        /// The file.
        path: PathBuf,
        /// How many there may be.
        most: usize,
    },
    /// A line of it is no ban.
    #[error("{}:{line}: {why}{}", path.display(), and_more(*.more))]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line; the first is 1.
        line: usize,
        /// What is wrong with it.
        why: BadBan,
        /// How many lines are wrong besides.
        more: usize,
    },
}

fn and_more(more: usize) -> String {
    if more == 0 { String::new() } else { format!(" (and {more} more)") }
}

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) bans: Vec<Ban>,
    /// Lines that cannot be read, by number, up to [`BAD_LINES_MAX`] of them.
    pub(super) bad: Vec<(usize, BadBan)>,
    /// How many there are in all.
    pub(super) bad_count: usize,
}

/// Reads what is in a file, at most `most` bans.
///
/// # Errors
/// It cannot be read at all: [`BanFileError::File`], [`BanFileError::TooLarge`] or [`BanFileError::TooMany`].
pub(super) fn read_lines(path: &Path, most: usize) -> Result<Lines, BanFileError> {
    let wrong = |source| BanFileError::File { path: path.to_owned(), source };
    let bytes = plain_file::read(path, BAN_FILE_BYTES_MAX).map_err(wrong)?;
    if bytes.len() as u64 > BAN_FILE_BYTES_MAX {
        return Err(BanFileError::TooLarge { path: path.to_owned() });
    }
    let mut lines = Lines::default();
    for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let text = str::from_utf8(line).map_err(|_| BadBan::NotJson("it is not UTF-8".to_owned()));
        match text.and_then(Ban::from_line) {
            Ok(_) if lines.bans.len() >= most => return Err(BanFileError::TooMany { path: path.to_owned(), most }),
            Ok(ban) => lines.bans.push(ban),
            Err(why) => {
                lines.bad_count += 1;
                if lines.bad.len() < BAD_LINES_MAX {
                    lines.bad.push((at + 1, why));
                }
            }
        }
    }
    Ok(lines)
}

/// Replaces a file: it is the old one or the new one, whenever the power goes.
///
/// # Errors
/// [`BanFileError::File`]; the old one stays.
pub(super) fn write_lines<'a>(path: &Path, bans: impl Iterator<Item = &'a Ban>) -> Result<(), BanFileError> {
    let mut text = String::new();
    for ban in bans {
        text.push_str(&ban.to_line());
        text.push('\n');
    }
    let beside = beside(path, ".new");
    let replaced = replace(path, &beside, text.as_bytes());
    replaced.map_err(|source| BanFileError::File { path: path.to_owned(), source })
}

/// Copies a file that cannot be read as a whole, so that what it said is not lost when it is written again. Gives where to.
///
/// # Errors
/// [`BanFileError::File`].
pub(super) fn set_aside(path: &Path) -> Result<PathBuf, BanFileError> {
    let aside = beside(path, ".refused");
    fs::copy(path, &aside).map_err(|source| BanFileError::File { path: aside.clone(), source })?;
    Ok(aside)
}

fn replace(path: &Path, beside: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // Who was banned from where is nobody's business.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(beside, path)?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
