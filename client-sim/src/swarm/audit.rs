//! `--audit`: an auditor in each room before the first bot comes, and every bot compared with it.
//!
//! ```text
//!   auditor (a task per room) ─► Ledger, by the room's incarnation ◄─ each bot: Witness, after each of its frames
//! ```
//!
//! Never here: the rule (see `crate::audit`).

use super::bot::{Company, describe};
use super::options::path_of;
use super::{Stage, SwarmError};
use crate::agreement::Agreement;
use crate::audit::{Compared, Game, Ledger, Witness};
use crate::replica::Applied;
use crate::session::{Session, SessionConfig, SessionEvent};
use crate::transport::{Ended, Observer, drive};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long all auditors may take to come in.
const COME_IN: Duration = Duration::from_secs(20);
/// Findings of one bot that are told in words; all are counted.
const TOLD_MAX: usize = 5;

/// The ledgers of all rooms, by incarnation.
#[derive(Debug, Default)]
pub(super) struct Ledgers(Mutex<BTreeMap<u64, Arc<Ledger>>>);

impl Ledgers {
    fn add(&self, agreement: &Agreement) -> Arc<Ledger> {
        let leave_units = agreement.limits.view_leave_units;
        let game = Game::new(&agreement.schema, agreement.layout.clone(), leave_units);
        let ledger = Arc::new(Ledger::new(game));
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(agreement.incarnation).or_insert(ledger).clone()
    }

    fn of(&self, agreement: &Agreement) -> Option<Arc<Ledger>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&agreement.incarnation).cloned()
    }
}

/// What an audit of a bot came to.
#[derive(Clone, Debug, Default)]
pub(super) struct AuditRecord {
    /// What was compared.
    pub(super) tally: Compared,
    /// The first findings.
    pub(super) findings: Vec<String>,
}

impl AuditRecord {
    /// What was found with what was found before.
    pub(super) fn after(mut self, before: &Self) -> Self {
        self.tally.add(&before.tally);
        self.findings.splice(0..0, before.findings.iter().cloned());
        self
    }
}

/// A bot that is compared with the auditor of its room.
#[derive(Debug)]
pub(super) struct Audited {
    ledger: Arc<Ledger>,
    witness: Witness,
    findings: Vec<String>,
}

impl Audited {
    /// A bot that was just welcomed; `None` where its room has no auditor.
    pub(super) fn begin(ledgers: &Ledgers, agreement: &Agreement) -> Option<Self> {
        let witness = Witness::new(agreement.player, agreement.tick);
        Some(Self { ledger: ledgers.of(agreement)?, witness, findings: Vec::new() })
    }

    /// It got a frame.
    pub(super) fn frame(&mut self, session: &Session, applied: &Applied) {
        let Some(replica) = session.replica() else { return };
        self.witness.saw(replica, applied);
        let mut found = Vec::new();
        self.witness.compare(&self.ledger, &mut found);
        let room = TOLD_MAX.saturating_sub(self.findings.len());
        self.findings.extend(found.iter().take(room).map(|breach| format!("tick {}: {breach}", applied.tick)));
    }

    /// What it came to.
    pub(super) fn record(&self) -> AuditRecord {
        AuditRecord { tally: *self.witness.tally(), findings: self.findings.clone() }
    }
}

/// Where the run is audited, sends an auditor into each room and waits until all of them are in. They stay until the run ends; each says then how it ended.
///
/// # Errors
/// [`SwarmError::NoAuditor`]: one was not let in.
pub(super) async fn begin(company: &Company) -> Result<JoinSet<Option<Ended>>, SwarmError> {
    let mut auditors = JoinSet::new();
    let Some(ledgers) = &company.ledgers else { return Ok(auditors) };
    let (told, mut hears) = mpsc::channel(1);
    let rooms = company.options.rooms.all(company.options.bots);
    let count = rooms.len();
    for room in rooms {
        auditors.spawn(audit(company.clone(), ledgers.clone(), room, told.clone()));
    }
    drop(told);
    let all = async {
        for _ in 0..count {
            hears.recv().await.unwrap_or_else(|| Err("it came to an end".to_owned()))?;
        }
        Ok(())
    };
    let come = timeout(COME_IN, all).await.unwrap_or_else(|_| Err("it took too long".to_owned()));
    come.map(|()| auditors).map_err(|cause| SwarmError::NoAuditor { cause })
}

/// What went wrong with auditors until the run ended.
pub(super) async fn end(mut auditors: JoinSet<Option<Ended>>) -> Vec<String> {
    let mut failures = Vec::new();
    while let Ok(Some(ended)) = timeout(COME_IN, auditors.join_next()).await {
        let dropped = ended.ok().flatten().map(|ended| format!("an auditor was dropped: {}", describe(&ended)));
        failures.extend(dropped);
    }
    failures
}

type Told = mpsc::Sender<Result<(), String>>;

/// One auditor: how it ended, unless it was we who ended it.
async fn audit(company: Company, ledgers: Arc<Ledgers>, room: String, told: Told) -> Option<Ended> {
    let connection = match company.target_of(format!("auditor-{room}")).connect(&path_of(&room), None).await {
        Ok(connection) => connection,
        Err(error) => {
            let _ = told.send(Err(error.to_string())).await;
            return None;
        }
    };
    let mut session = Session::new(SessionConfig { audit: true, ..SessionConfig::named("auditor") });
    let mut watcher = Auditor { stage: company.stage.clone(), ledgers, ledger: None, told: Some(told), failed: None };
    let ended = drive(connection.into(), &mut session, company.epoch, &mut watcher).await;
    if let Some(told) = watcher.told {
        let cause = watcher.failed.unwrap_or_else(|| describe(&ended));
        let _ = told.send(Err(cause)).await;
    }
    (*company.stage.borrow() != Stage::Ending).then_some(ended)
}

/// Looks on while an auditor audits.
struct Auditor {
    stage: watch::Receiver<Stage>,
    ledgers: Arc<Ledgers>,
    ledger: Option<Arc<Ledger>>,
    /// Who waits for it to be in.
    told: Option<Told>,
    failed: Option<String>,
}

impl Observer for Auditor {
    fn event(&mut self, session: &Session, event: SessionEvent, _: f64) {
        match event {
            SessionEvent::Welcomed => self.ledger = session.agreement().map(|agreement| self.ledgers.add(agreement)),
            SessionEvent::Audit(audit) => {
                if let (Some(ledger), Some(replica)) = (&self.ledger, session.replica()) {
                    ledger.note(replica, &audit);
                    // Whoever waits takes it at once: there is room for one word.
                    if let Some(told) = self.told.take()
                        && let Err(full) = told.try_send(Ok(()))
                    {
                        self.told = matches!(full, mpsc::error::TrySendError::Full(_)).then_some(told);
                    }
                }
            }
            SessionEvent::Failed(error) => self.failed = Some(error.to_string()),
            _ => {}
        }
    }

    fn goes_on(&mut self, _: &Session) -> bool {
        *self.stage.borrow_and_update() != Stage::Ending
    }

    async fn news(&mut self) {
        // The sender lives as long as the run; without it there is no news, ever.
        if self.stage.changed().await.is_err() {
            std::future::pending().await
        }
    }
}
