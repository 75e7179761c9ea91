//! What operators can do: ban, unban, revoke, kick, drain. Each closes first, is kept then, and is written down last.
//!
//! ```text
//!   ban ─► list ─► those who are in and covered are told to go ─► data/bans.jsonl ─► audit.log
//! ```
//!
//! Nothing that can fail stands before the closing: a full disk must not keep anybody in. All of this blocks: it is called on threads
//! that may.
//!
//! Never here: what a request looks like (see `admin`), how a connection is closed (see `sessions`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use shared::wire::close_code::CloseCode;

use super::Front;
use crate::audit_log::{Act, Who};
use crate::bans::{Added, Ban, BanFileError, BansFull, Look, Removed, Target};
use crate::identity::{Identity, TicketId};
use crate::utc::Utc;

/// How long a revoked ticket is remembered after its end, where that is known: clocks differ, and a grace may follow.
const REMEMBERED_AFTER_END: Duration = Duration::from_secs(24 * 3600);

/// Acts of one version of the operator's file that are written down one by one; the rest is counted.
const WRITTEN_DOWN_MAX: usize = 1000;

/// What a ban came to.
#[derive(Debug)]
pub(super) struct Banned {
    pub(super) added: Added,
    pub(super) until: Option<Utc>,
    /// Connections that were closed for it.
    pub(super) closed: usize,
    /// Why it will not hold after a restart.
    pub(super) not_kept: Option<BanFileError>,
}

/// Whom a kick is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kicked {
    /// That connection.
    Connection(u64),
    /// All of a target.
    All(Target),
}

impl Front {
    /// The ban that keeps this one out, if there is one.
    pub(super) fn ban_of(&self, identity: &Identity) -> Option<std::sync::Arc<Ban>> {
        self.operation.bans.check(identity, Utc::now())
    }

    fn write_down(&self, act: &Act<'_>) {
        tracing::info!(who = ?act.who, act = act.act, whom = act.whom.as_deref(), closed = act.closed, "an operator's act");
        if let Err(error) = self.operation.audit.record(act) {
            self.metrics.audit_failures.increment(1);
            tracing::error!(%error, "an act could not be written down in the audit log");
        }
    }
}

/// What somebody is told who is closed for such a ban.
pub(super) const fn code_of(target: &Target) -> CloseCode {
    match target {
        Target::Ticket(_) => CloseCode::TicketEnded,
        Target::Player(_) | Target::Address(_) => CloseCode::Kicked,
    }
}

/// Bans somebody: closed now, refused from now on.
pub(super) fn ban(front: &Front, who: &Who, ban: Ban) -> Result<Banned, BansFull> {
    let (target, reason, until) = (ban.target.clone(), ban.reason.clone(), ban.until);
    let act = if matches!(target, Target::Ticket(_)) { "revoke" } else { "ban" };
    let now = Utc::now();
    let write_down = |result: &str, closed| {
        let (whom, until) = (Some(target.to_string()), until.map(|until| until.to_string()));
        front.write_down(&Act { when: now, who, act, whom, reason: &reason, until, result, closed });
    };
    let added = front.operation.bans.add(ban, now);
    // Those who are in are closed even if the list is full.
    let covered = front.sessions.find(|identity| target.is(identity));
    let closed = front.sessions.dismiss(&covered, code_of(&target), false);
    let added = added.inspect_err(|full| write_down(&full.to_string(), closed))?;
    let not_kept = save(front);
    match &not_kept {
        None => write_down("done", closed),
        Some(error) => write_down(&format!("holds until the server ends: {error}"), closed),
    }
    Ok(Banned { added, until, closed, not_kept })
}

/// Revokes tickets: whoever came with one is closed, and it is refused for as long as it would have been good, or for good if that is
/// not known.
pub(super) fn revoke(front: &Front, who: &Who, tickets: &[TicketId], reason: &str) -> Result<Banned, BansFull> {
    let now = Utc::now();
    let ends = ends_of(front, tickets);
    let add = |ticket: &TicketId| {
        let (target, until) = (Target::Ticket(ticket.clone()), ends.get(ticket).copied());
        front
            .operation
            .bans
            .add(Ban { target, reason: reason.to_owned(), when: Some(now), by: name_of(who), until }, now)
    };
    let added: Vec<_> = tickets.iter().map(add).collect();
    // Those who are in are closed even if the list is full.
    let mut closed: BTreeMap<&TicketId, usize> = tickets.iter().map(|ticket| (ticket, 0)).collect();
    let covered = front.sessions.find(|identity| {
        let mut is_covered = false;
        for (ticket, _) in identity.tickets() {
            if let Some(count) = closed.get_mut(ticket) {
                *count += 1;
                is_covered = true;
            }
        }
        is_covered
    });
    let closed_in_all = front.sessions.dismiss(&covered, CloseCode::TicketEnded, false);
    let not_kept = save(front);
    for (ticket, added) in tickets.iter().zip(&added) {
        let result = match (added, &not_kept) {
            (Err(full), _) => full.to_string(),
            (Ok(_), Some(error)) => format!("holds until the server ends: {error}"),
            (Ok(_), None) => "done".to_owned(),
        };
        let (whom, until) = (Some(Target::Ticket(ticket.clone()).to_string()), ends.get(ticket).map(Utc::to_string));
        let closed = closed.get(ticket).copied().unwrap_or(0);
        front.write_down(&Act { when: now, who, act: "revoke", whom, reason, until, result: &result, closed });
    }
    let is_new = added.contains(&Ok(Added::New));
    match added.into_iter().find_map(Result::err) {
        Some(full) => Err(full),
        None => {
            let added = if is_new { Added::New } else { Added::Replaced };
            Ok(Banned { added, until: None, closed: closed_in_all, not_kept })
        }
    }
}

/// Until when each of those that are in has to be remembered.
fn ends_of(front: &Front, tickets: &[TicketId]) -> BTreeMap<TicketId, Utc> {
    let tickets: BTreeSet<&TicketId> = tickets.iter().collect();
    let ends = front.sessions.find_each(|identity| {
        let meant = identity.tickets().filter(|(ticket, _)| tickets.contains(ticket));
        let ends =
            meant.filter_map(|(ticket, ends)| Some((ticket.clone(), Utc::from(ends?).after(REMEMBERED_AFTER_END))));
        Some(ends.collect::<Vec<_>>())
    });
    ends.into_iter().flat_map(|(_, ends)| ends).collect()
}

/// Lets somebody in again.
pub(super) fn unban(front: &Front, who: &Who, target: &Target) -> (Removed, Option<BanFileError>) {
    let removed = front.operation.bans.remove(target);
    let not_kept = save(front);
    let result = match (&not_kept, removed) {
        (Some(error), _) => format!("holds until the server ends: {error}"),
        (None, Removed::Gone) => "done".to_owned(),
        (None, Removed::StillInFile) => "the operator's file has one that goes on to hold".to_owned(),
        (None, Removed::None) => "there was none".to_owned(),
    };
    let whom = Some(target.to_string());
    let act = Act { when: Utc::now(), who, act: "unban", whom, reason: "", until: None, result: &result, closed: 0 };
    front.write_down(&act);
    (removed, not_kept)
}

/// Closes somebody, who may come again.
pub(super) fn kick(front: &Front, who: &Who, kicked: &Kicked, reason: &str) -> usize {
    let (connections, whom) = match kicked {
        Kicked::Connection(number) => (vec![*number], format!("connection {number}")),
        Kicked::All(target) => (front.sessions.find(|identity| target.is(identity)), target.to_string()),
    };
    let closed = front.sessions.dismiss(&connections, CloseCode::Kicked, false);
    let result = if closed > 0 { "done" } else { "nobody is connected as that" };
    let whom = Some(whom);
    front.write_down(&Act { when: Utc::now(), who, act: "kick", whom, reason, until: None, result, closed });
    closed
}

/// From now on nobody is let in, and the server ends when all have left or the time for it is over.
pub(super) fn drain(front: &Front, who: &Who) {
    front.directory.drain();
    front.operation.drain_asked.notify_one();
    let act =
        Act { when: Utc::now(), who, act: "drain", whom: None, reason: "", until: None, result: "done", closed: 0 };
    front.write_down(&act);
}

/// What the operator's file says now holds, if it can be read; those whom it covers are closed.
pub(super) fn take_file(front: &Front, path: PathBuf, look: Look) {
    let bans = match look {
        Look::Same => return,
        Look::Refused(error) => {
            front.metrics.bans_refused.increment(1);
            return tracing::error!(%error, "the file of bans is refused; what it said before goes on to hold");
        }
        Look::Read(bans) => bans,
    };
    let count = bans.len();
    let change = front.operation.bans.replace_file(bans);
    if change.added.is_empty() && change.removed.is_empty() {
        return;
    }
    let closed = close_covered(front);
    let (added, removed) = (change.added.len(), change.removed.len());
    tracing::info!(file = %path.display(), bans = count, added, removed, closed, "the file of bans was read");
    let who = Who::File(path);
    let now = Utc::now();
    let all = change.added.iter().map(|ban| (ban, "ban")).chain(change.removed.iter().map(|ban| (ban, "unban")));
    for (ban, act) in all.take(WRITTEN_DOWN_MAX) {
        let (whom, until) = (Some(ban.target.to_string()), ban.until.map(|until| until.to_string()));
        let reason = ban.reason.as_str();
        let act = Act { when: now, who: &who, act, whom, reason, until, result: "done", closed: 0 };
        if let Err(error) = front.operation.audit.record(&act) {
            front.metrics.audit_failures.increment(1);
            tracing::error!(%error, "an act could not be written down in the audit log");
            break;
        }
    }
    let result = format!("{added} added, {removed} removed");
    let act =
        Act { when: now, who: &who, act: "bans_file", whom: None, reason: "", until: None, result: &result, closed };
    front.write_down(&act);
}

/// Closes all who are in and banned; gives how many.
fn close_covered(front: &Front) -> usize {
    let mut codes = BTreeMap::<CloseCode, Vec<_>>::new();
    let now = Utc::now();
    let code = |identity: &Identity| Some(code_of(&front.operation.bans.check(identity, now)?.target));
    for (connection, code) in front.sessions.find_each(code) {
        codes.entry(code).or_default().push(connection);
    }
    codes.iter().map(|(code, connections)| front.sessions.dismiss(connections, *code, false)).sum()
}

/// Writes our own bans down; says what went wrong.
pub(super) fn save(front: &Front) -> Option<BanFileError> {
    let error = front.operation.bans.save().err()?;
    front.metrics.bans_not_saved.increment(1);
    tracing::error!(%error, "bans could not be saved; they hold until the server ends");
    Some(error)
}

/// What a ban says who wanted it.
pub(super) fn name_of(who: &Who) -> String {
    match who {
        Who::Token { name, .. } => name.clone(),
        Who::File(_) => "file".to_owned(),
        Who::Signal(signal) => (*signal).to_owned(),
    }
}
