//! What operators do to players, and what is kept of it: bans, tokens of the admin port, the log of acts.
//!
//! ```text
//!   admin API ─┐                     ┌─► closed at once: those on the list of who is connected (see `sessions`)
//!   a file ────┼─► act (see `acts`) ─┼─► refused from now on, and after a restart: `bans`
//!   a signal ──┘                     └─► written down: `audit_log`
//! ```
//!
//! Never here: what a request looks like (see `admin`).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
use tokio::time::sleep;

use super::admin::attempts::Attempts;
use super::admin::tokens::Tokens;
use super::{Front, acts};
use crate::audit_log::AuditLog;
use crate::bans::{Ban, Bans, Look, WatchedFile};
use crate::config::Config;
use crate::error::OperationError;
use crate::utc::Utc;

/// How often the operator's file is looked at: with what closing takes, a ban in it holds within half a second.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How many looks later bans that are over are dropped.
const PRUNE_AFTER_LOOKS: u32 = 240;

/// See the head of this file.
pub(crate) struct Operation {
    pub(super) bans: Bans,
    watched: Option<Mutex<WatchedFile>>,
    pub(super) audit: AuditLog,
    pub(super) tokens: Tokens,
    pub(super) attempts: Attempts,
    /// Whether who is banned is told until when.
    pub(super) tell_until: bool,
    /// Somebody asked for the server to drain.
    pub(super) drain_asked: Notify,
    look_now: Notify,
}

impl Operation {
    /// Reads what is kept and what the operator gives.
    ///
    /// # Errors
    /// The operator's: a file cannot be used.
    pub(crate) fn open(config: &Config) -> Result<Self, OperationError> {
        let bans = Bans::open(&config.data, config.bans.entries_max, Utc::now())?;
        let watched = watched(config)?.map(|(file, read)| {
            bans.replace_file(read);
            Mutex::new(file)
        });
        Ok(Self {
            bans,
            watched,
            audit: AuditLog::new(&config.data, config.admin.audit_bytes_max),
            tokens: Tokens::open(config.admin.token_file.as_deref(), &config.data)?,
            attempts: Attempts::new(config.admin.wrong_tokens_max),
            tell_until: config.bans.tell_until,
            drain_asked: Notify::new(),
            look_now: Notify::new(),
        })
    }

    /// Whether what the operator gives can be used; nothing is made.
    ///
    /// # Errors
    /// The operator's: a file cannot be used.
    pub(crate) fn try_files(config: &Config) -> Result<(), OperationError> {
        watched(config)?;
        if let Some(file) = &config.admin.token_file {
            Tokens::open(Some(file), &config.data)?;
        }
        Ok(())
    }

    /// Somebody asked for the server to drain: who waits for this returns once.
    pub(crate) async fn until_drain_is_asked(&self) {
        self.drain_asked.notified().await;
    }

    /// The operator's files are read again: tokens now, bans within a moment.
    pub(super) fn reread(&self) {
        match self.tokens.reload() {
            Ok(()) => tracing::info!("the admin port's tokens were read again"),
            Err(error) => tracing::error!(%error, "the admin port's tokens were not read again; the old ones stay"),
        }
        if let Some(watched) = &self.watched {
            watched.lock().unwrap_or_else(PoisonError::into_inner).forget();
            self.look_now.notify_one();
        }
    }

    /// One look at the operator's file of bans. Blocks; not for tokio's threads.
    fn look(&self) -> Option<(WatchedPath, Look)> {
        let mut watched = self.watched.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        let look = watched.look(SystemTime::now());
        Some((watched.path().to_owned(), look))
    }
}

/// The operator's file of bans, and what is in it.
fn watched(config: &Config) -> Result<Option<(WatchedFile, Vec<Ban>)>, OperationError> {
    let Some(path) = config.bans.file.clone() else { return Ok(None) };
    let mut file = WatchedFile::new(path, config.bans.entries_max);
    match file.look(SystemTime::now()) {
        Look::Read(bans) => Ok(Some((file, bans))),
        Look::Refused(error) => Err(error.into()),
        Look::Same => Ok(Some((file, Vec::new()))),
    }
}

/// Where the operator's file is.
type WatchedPath = std::path::PathBuf;

/// Looks at the operator's file and drops what is over, until it is aborted.
pub(crate) async fn watch(front: std::sync::Arc<Front>) {
    let mut looks = 0_u32;
    loop {
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            () = front.operation.look_now.notified() => {}
        }
        looks = looks.wrapping_add(1);
        let front = front.clone();
        let looked = tokio::task::spawn_blocking(move || {
            if looks.is_multiple_of(PRUNE_AFTER_LOOKS) {
                front.operation.bans.prune(Utc::now());
                acts::save(&front);
            }
            if let Some((path, look)) = front.operation.look() {
                acts::take_file(&front, path, look);
            }
        });
        if looked.await.is_err() {
            tracing::error!("looking at the file of bans panicked: this is a bug");
        }
    }
}
