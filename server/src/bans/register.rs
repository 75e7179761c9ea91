//! Both lists of bans: our own, which acts change and which is kept in the data directory, and that of the operator's file.
//!
//! A change holds at once, for whoever asks next; it is on the disk when [`Bans::save`] returns. Several that change it at the same time
//! share one write.
//!
//! Never here: who may change it (see `front::admin`).

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::ban::{Ban, Target};
use super::ban_file::{BanFileError, read_lines, set_aside, write_lines};
use super::list::List;
use crate::identity::Identity;
use crate::utc::Utc;

/// The file in the data directory.
const FILE: &str = "bans.jsonl";

/// Where a ban comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// An act.
    Own,
    /// The operator's file.
    File,
}

impl Source {
    /// How it is called in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "api",
            Self::File => "file",
        }
    }
}

/// What putting one in came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// There was none for this target.
    New,
    /// There was one, which it replaces.
    Replaced,
}

/// What taking one out came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// It is gone.
    Gone,
    /// It is gone from our list, and the operator's file has one, which goes on to hold.
    StillInFile,
    /// There was none.
    None,
}

/// There are as many bans as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are as many bans as may be, {most} (bans.entries_max): remove some, or give them an end")]
pub struct BansFull {
    /// How many.
    pub most: usize,
}

/// What a new version of the operator's file changed.
#[derive(Debug, Default)]
pub struct FileChange {
    /// Bans that it has and had not, or had otherwise.
    pub added: Vec<Arc<Ban>>,
    /// Bans that it had and has no more.
    pub removed: Vec<Arc<Ban>>,
}

/// One line of the list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// What the next page begins after.
    pub number: u64,
    /// Where it comes from.
    pub source: Source,
    /// The ban.
    pub ban: Arc<Ban>,
}

#[derive(Debug, Default)]
struct Lists {
    own: List,
    file: List,
}

/// All bans.
#[derive(Debug)]
pub struct Bans {
    lists: RwLock<Lists>,
    entries_max: usize,
    path: PathBuf,
    /// How often our own list has changed; counted under the lists' lock.
    changes: AtomicU64,
    /// Up to which change it is on the disk. Held while it is written.
    saved: Mutex<u64>,
}

impl Bans {
    /// Reads what is kept in `folder`. Lines that cannot be read are said, and set aside with the file; the rest holds.
    ///
    /// # Errors
    /// The file is there and cannot be read at all.
    pub fn open(folder: &Path, entries_max: usize, now: Utc) -> Result<Self, BanFileError> {
        let path = folder.join(FILE);
        let mut own = List::default();
        match read_lines(&path, entries_max) {
            Ok(lines) => {
                for (line, why) in &lines.bad {
                    tracing::error!(file = %path.display(), line, %why, "a ban cannot be read and does not hold");
                }
                if lines.bad_count > 0 {
                    let aside = set_aside(&path)?;
                    let (bad, kept) = (lines.bad_count, lines.bans.len());
                    tracing::error!(bad, kept, aside = %aside.display(), "the file of bans is damaged: mend the lines of the copy and ban anew");
                }
                lines.bans.into_iter().for_each(|ban| drop(own.insert(Arc::new(ban))));
            }
            Err(BanFileError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        own.prune(now);
        let lists = RwLock::new(Lists { own, file: List::default() });
        Ok(Self { lists, entries_max, path, changes: AtomicU64::new(0), saved: Mutex::new(0) })
    }

    /// The ban that is for this one and lasts longest, if there is one that holds.
    #[must_use]
    pub fn check(&self, identity: &Identity, now: Utc) -> Option<Arc<Ban>> {
        let lists = self.read();
        let all = lists.own.for_one(identity).chain(lists.file.for_one(identity));
        let longest = |ban: &&Arc<Ban>| ban.until.map_or(u64::MAX, Utc::seconds);
        all.filter(|ban| ban.holds(now)).max_by_key(longest).cloned()
    }

    /// Puts one into our own list; it holds from now on.
    ///
    /// # Errors
    /// The list is full: the operator must make room.
    pub fn add(&self, ban: Ban, now: Utc) -> Result<Added, BansFull> {
        let mut lists = self.write();
        if lists.own.len() >= self.entries_max && lists.own.of(&ban.target).is_none() && lists.own.prune(now) == 0 {
            return Err(BansFull { most: self.entries_max });
        }
        let replaced = lists.own.insert(Arc::new(ban));
        self.changes.fetch_add(1, Ordering::Relaxed);
        Ok(if replaced.is_some() { Added::Replaced } else { Added::New })
    }

    /// Takes one out of our own list.
    pub fn remove(&self, target: &Target) -> Removed {
        let mut lists = self.write();
        let removed = lists.own.remove(target);
        if removed.is_some() {
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
        match (removed, lists.file.of(target)) {
            (_, Some(_)) => Removed::StillInFile,
            (Some(_), None) => Removed::Gone,
            (None, None) => Removed::None,
        }
    }

    /// What the operator's file says now, in place of what it said before.
    pub fn replace_file(&self, bans: Vec<Ban>) -> FileChange {
        let mut next = List::default();
        bans.into_iter().for_each(|ban| drop(next.insert(Arc::new(ban))));
        let mut lists = self.write();
        let missing = |from: &List, in_list: &List| -> Vec<Arc<Ban>> {
            let there = |ban: &Arc<Ban>| in_list.of(&ban.target).is_some_and(|other| other == ban);
            from.after(None).map(|(_, ban)| ban).filter(|ban| !there(ban)).cloned().collect()
        };
        let (added, mut removed) = (missing(&next, &lists.file), missing(&lists.file, &next));
        removed.retain(|ban| next.of(&ban.target).is_none());
        lists.file = next;
        FileChange { added, removed }
    }

    /// Drops those of our own list that are over.
    pub fn prune(&self, now: Utc) {
        let mut lists = self.write();
        if lists.own.prune(now) > 0 {
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Writes our own list down, as it is now or later. Blocks; not for tokio's threads.
    ///
    /// # Errors
    /// [`BanFileError::File`]: what was changed holds only until the server ends.
    pub fn save(&self) -> Result<(), BanFileError> {
        let wanted = self.changes.load(Ordering::Relaxed);
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        if *saved >= wanted {
            return Ok(());
        }
        let (changes, bans) = {
            let lists = self.read();
            let bans: Vec<Arc<Ban>> = lists.own.after(None).map(|(_, ban)| ban.clone()).collect();
            (self.changes.load(Ordering::Relaxed), bans)
        };
        write_lines(&self.path, bans.iter().map(|ban| &**ban))?;
        *saved = changes;
        Ok(())
    }

    /// So many of one list, after that number.
    #[must_use]
    pub fn page(&self, source: Source, after: Option<u64>, most: usize) -> Vec<Listed> {
        let lists = self.read();
        let list = match source {
            Source::Own => &lists.own,
            Source::File => &lists.file,
        };
        let listed = |(number, ban): (u64, &Arc<Ban>)| Listed { number, source, ban: ban.clone() };
        list.after(after).take(most).map(listed).collect()
    }

    /// How many there are, of our own and of the file.
    #[must_use]
    pub fn count(&self) -> usize {
        let lists = self.read();
        lists.own.len() + lists.file.len()
    }

    /// A panic under the lock cannot leave the lists half-changed: nothing in here panics between two changes.
    fn read(&self) -> RwLockReadGuard<'_, Lists> {
        self.lists.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Lists> {
        self.lists.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::PlayerKey;
    use crate::scratch::Scratch;
    use std::fs;

    fn ban(line: &str) -> Ban {
        Ban::from_line(line).expect("a ban")
    }

    fn somebody(player: &str) -> Identity {
        Identity::guest(PlayerKey::new(player).expect("a player"), None, [192, 0, 2, 1].into())
    }

    fn time(text: &str) -> Utc {
        text.parse().expect("a time")
    }

    fn open(folder: &Scratch, entries_max: usize) -> Bans {
        Bans::open(folder.path(), entries_max, Utc::now()).expect("it opens")
    }

    #[test]
    fn what_is_saved_holds_again_after_a_restart_and_what_was_removed_does_not() {
        let folder = Scratch::new("saved");
        let bans = open(&folder, 10);
        for line in [r#"{"player":"anna","by":"operator"}"#, r#"{"player":"bert"}"#] {
            assert_eq!(bans.add(ban(line), Utc::now()), Ok(Added::New));
        }
        assert_eq!(bans.remove(&ban(r#"{"player":"bert"}"#).target), Removed::Gone);
        bans.save().expect("written");
        let again = open(&folder, 10);
        let found = again.check(&somebody("anna"), Utc::now()).expect("banned");
        assert_eq!(*found, ban(r#"{"player":"anna","by":"operator"}"#));
        assert_eq!(again.check(&somebody("bert"), Utc::now()), None);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join(FILE)).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_is_written_only_when_something_has_changed_and_never_half() {
        let folder = Scratch::new("group");
        let bans = open(&folder, 10);
        bans.save().expect("nothing to do");
        assert!(!folder.path().join(FILE).exists());
        bans.add(ban(r#"{"player":"anna"}"#), Utc::now()).expect("there is room");
        bans.save().expect("written");
        fs::remove_file(folder.path().join(FILE)).expect("it was there");
        bans.save().expect("nothing to do");
        assert!(!folder.path().join(FILE).exists());
        assert!(!folder.path().join("bans.jsonl.new").exists());
    }

    #[test]
    fn a_torn_line_is_set_aside_and_the_rest_holds() {
        let folder = Scratch::new("torn");
        fs::write(folder.path().join(FILE), "{\"player\":\"anna\"}\n{\"player\":\"be").expect("written");
        let bans = open(&folder, 10);
        assert!(bans.check(&somebody("anna"), Utc::now()).is_some());
        assert_eq!(bans.count(), 1);
        let aside = fs::read_to_string(folder.path().join("bans.jsonl.refused")).expect("set aside");
        assert!(aside.ends_with("{\"player\":\"be"));
    }

    #[test]
    fn the_list_is_bounded_and_what_is_over_makes_room() {
        let folder = Scratch::new("bounded");
        let bans = open(&folder, 2);
        let now = time("2031-05-04T12:00:00Z");
        bans.add(ban(r#"{"player":"a","until":"2031-05-04T13:00:00Z"}"#), now).expect("there is room");
        bans.add(ban(r#"{"player":"b"}"#), now).expect("there is room");
        assert_eq!(bans.add(ban(r#"{"player":"c"}"#), now), Err(BansFull { most: 2 }));
        assert_eq!(bans.add(ban(r#"{"player":"b","reason":"again"}"#), now), Ok(Added::Replaced));
        assert_eq!(bans.add(ban(r#"{"player":"c"}"#), time("2031-05-04T13:00:00Z")), Ok(Added::New));
        assert_eq!(bans.count(), 2);
    }

    #[test]
    fn of_several_bans_the_longest_is_told_and_one_that_is_over_none() {
        let folder = Scratch::new("longest");
        let bans = open(&folder, 10);
        let now = time("2031-05-04T12:00:00Z");
        bans.add(ban(r#"{"player":"anna","until":"2031-05-04T13:00:00Z"}"#), now).expect("there is room");
        bans.replace_file(vec![ban(r#"{"address":"192.0.2.0/24","until":"2031-05-04T14:00:00Z"}"#)]);
        let until = |now| bans.check(&somebody("anna"), now).and_then(|ban| ban.until).map(|until| until.to_string());
        assert_eq!(until(now).as_deref(), Some("2031-05-04T14:00:00Z"));
        assert_eq!(until(time("2031-05-04T14:00:00Z")), None);
    }

    #[test]
    fn a_new_version_of_the_file_says_what_it_changes() {
        let folder = Scratch::new("versions");
        let bans = open(&folder, 10);
        let first = bans.replace_file(vec![ban(r#"{"player":"a"}"#), ban(r#"{"player":"b"}"#)]);
        assert_eq!((first.added.len(), first.removed.len()), (2, 0));
        let second = bans.replace_file(vec![ban(r#"{"player":"b","reason":"now"}"#), ban(r#"{"player":"c"}"#)]);
        assert_eq!((second.added.len(), second.removed.len()), (2, 1));
        assert!(bans.check(&somebody("a"), Utc::now()).is_none() && bans.check(&somebody("c"), Utc::now()).is_some());
        let same = bans.replace_file(vec![ban(r#"{"player":"c"}"#), ban(r#"{"player":"b","reason":"now"}"#)]);
        assert!(same.added.is_empty() && same.removed.is_empty());
        assert_eq!(bans.remove(&ban(r#"{"player":"c"}"#).target), Removed::StillInFile);
        assert_eq!(bans.remove(&ban(r#"{"player":"z"}"#).target), Removed::None);
    }
}
