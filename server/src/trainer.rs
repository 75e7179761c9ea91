//! A plain thread that makes better code tables of what rooms send.
//!
//! ```text
//!   worker: a room's counts, now and then ─► bounded queue ─► trainer: sums them up, trains ─┬─► every worker: replace
//!                                                                                             └─► a file, at the end
//! ```
//!
//! Rooms of one process play one game, so they learn together. Tables are replaced only where that makes what was sent
//! clearly shorter. At the queue's bound counts are let go: they are a sample anyhow.
//!
//! Never here: counting (see `replicate::study`), when a room takes new tables (see `room::tables`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use shared::codec::{Tables, Tally};
use shared::schema::Layout;

use crate::mailbox::{Mail, MailboxSender};
use crate::metrics::Metrics;

/// Counts that may wait for the trainer. Over it they are let go.
const STUDIES_MAX: usize = 64;

/// New tables take the place of those in force if what was sent would be shorter by one part in so many.
const GAIN: u64 = 50;

/// Symbols below which nothing is trained: too little was seen.
const SYMBOLS_MIN: u64 = 5_000;

/// The end that workers hold.
#[derive(Clone, Debug)]
pub struct StudySender(SyncSender<Tally>);

/// The end that the trainer holds.
#[derive(Debug)]
pub struct StudyReceiver(Receiver<Tally>);

/// A queue for what rooms counted.
#[must_use]
pub fn studies() -> (StudySender, StudyReceiver) {
    let (sender, receiver) = sync_channel(STUDIES_MAX);
    (StudySender(sender), StudyReceiver(receiver))
}

impl StudySender {
    /// Hands counts over; false if they were let go.
    pub fn offer(&self, tally: Tally) -> bool {
        self.0.try_send(tally).is_ok()
    }
}

/// What a trainer is given once.
pub struct TrainerSetup {
    /// The layout of the game's schema.
    pub layout: Arc<Layout>,
    /// The schema's name.
    pub schema_fingerprint: u64,
    /// The tables that rooms begin with.
    pub tables: Arc<Tables>,
    /// How often to train while rooms play; `None`: never.
    pub every: Option<Duration>,
    /// Where tables trained on everything go at the end.
    pub save: Option<PathBuf>,
    /// The workers.
    pub boxes: Vec<MailboxSender>,
    /// Told what was done.
    pub metrics: Metrics,
}

/// Starts the trainer. It ends when no worker is left.
///
/// # Errors
/// The operating system gives no thread.
pub fn spawn(studies: StudyReceiver, setup: TrainerSetup) -> io::Result<JoinHandle<()>> {
    Builder::new().name("trainer".to_owned()).spawn(move || Trainer::new(setup).run(&studies))
}

struct Trainer {
    setup: TrainerSetup,
    /// What was sent lately; what is older weighs less.
    recent: Tally,
    /// Everything.
    all: Tally,
}

impl Trainer {
    fn new(setup: TrainerSetup) -> Self {
        let tally = Tally::new(&setup.layout);
        Self { recent: tally.clone(), all: tally, setup }
    }

    fn run(mut self, studies: &StudyReceiver) {
        let mut due = self.setup.every.map(|every| Instant::now() + every);
        loop {
            let wait = due.map_or(Duration::MAX, |due| due.saturating_duration_since(Instant::now()));
            match studies.0.recv_timeout(wait) {
                Ok(tally) => {
                    self.recent.absorb(&tally);
                    self.all.absorb(&tally);
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.retrain();
                    due = self.setup.every.map(|every| Instant::now() + every);
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if let Some(path) = &self.setup.save {
            self.save(path);
        }
    }

    /// Trains on what was sent lately, and tells the workers if that is worth it.
    fn retrain(&mut self) {
        let symbols = self.recent.symbols();
        if symbols < SYMBOLS_MIN {
            tracing::debug!(symbols, "too little was sent to train code tables on");
            return;
        }
        let before = &self.setup.tables;
        let tables = self.recent.train(before.epoch.wrapping_add(1));
        let (bits_before, bits) = (self.recent.bits(before), self.recent.bits(&tables));
        self.recent.fade();
        let worth_it = bits + bits / GAIN < bits_before;
        tracing::info!(symbols, bits_before, bits, worth_it, "code tables trained");
        if !worth_it {
            return;
        }
        self.setup.tables = Arc::new(tables);
        self.setup.metrics.tables_trained.increment(1);
        for (worker, mailbox) in self.setup.boxes.iter().enumerate() {
            if mailbox.try_send(Mail::Tables(self.setup.tables.clone())).is_err() {
                tracing::warn!(worker, "it does not take its mail: its rooms keep their code tables");
            }
        }
    }

    /// Writes tables trained on everything that was seen.
    fn save(&self, path: &Path) {
        let symbols = self.all.symbols();
        if symbols < SYMBOLS_MIN {
            tracing::warn!(symbols, "too little was sent to train code tables on: none are written");
            return;
        }
        let tables = self.all.train(1);
        let (bits_before, bits) = (self.all.bits(&self.setup.tables), self.all.bits(&tables));
        let file = path.display();
        match write_whole(path, &tables.to_file(self.setup.schema_fingerprint)) {
            Ok(()) => tracing::info!(%file, symbols, bits_before, bits, "code tables written"),
            Err(error) => tracing::error!(%file, %error, "code tables could not be written"),
        }
    }
}

/// Puts a file in its place only when it is whole.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    fs::write(&beside, bytes)?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::mailbox;
    use shared::codec::contexts::{Sink, Use, number};
    use shared::game::schema;

    fn setup(save: Option<PathBuf>, boxes: Vec<MailboxSender>) -> TrainerSetup {
        let layout = Arc::new(Layout::new(&schema(), 8).unwrap());
        let tables = Arc::new(Tables::untrained(&layout));
        let metrics = Metrics::new(1);
        let schema_fingerprint = schema().fingerprint();
        TrainerSetup { layout, schema_fingerprint, tables, every: None, save, boxes, metrics }
    }

    /// Symbols that untrained tables do not expect.
    fn odd(layout: &Layout) -> Tally {
        let mut tally = Tally::new(layout);
        for _ in 0..SYMBOLS_MIN {
            tally.number(number(Use::PieceGap), 13);
        }
        tally
    }

    #[test]
    fn what_helps_is_sent_to_every_worker_and_what_does_not_is_kept_back() {
        let (sender, receiver) = mailbox();
        let mut trainer = Trainer::new(setup(None, vec![sender]));
        trainer.retrain();
        assert!(receiver.try_recv().is_none(), "nothing was seen");
        trainer.recent.absorb(&odd(&trainer.setup.layout));
        trainer.retrain();
        let Some(Mail::Tables(tables)) = receiver.try_recv() else { panic!("better tables") };
        assert_eq!(tables.epoch, 1);
        trainer.recent.absorb(&odd(&trainer.setup.layout));
        trainer.retrain();
        assert!(receiver.try_recv().is_none(), "the same again is not better");
    }

    #[test]
    fn when_no_worker_is_left_everything_that_was_seen_is_saved() {
        let folder = std::env::temp_dir().join(format!("tickwire-{}-trainer", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("odd.tables");
        let (sender, receiver) = studies();
        let setup = setup(Some(path.clone()), Vec::new());
        let (layout, fingerprint) = (setup.layout.clone(), setup.schema_fingerprint);
        let trainer = spawn(receiver, setup).unwrap();
        assert!(sender.offer(odd(&layout)));
        drop(sender);
        trainer.join().unwrap();
        let tables = Tables::from_file(&fs::read(&path).unwrap(), fingerprint, &layout).unwrap();
        let tally = odd(&layout);
        assert!(2 * tally.bits(&tables) < tally.bits(&Tables::untrained(&layout)));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn counts_beyond_the_bound_are_let_go() {
        let (sender, _receiver) = studies();
        let layout = Layout::new(&schema(), 6).unwrap();
        let taken = (0..2 * STUDIES_MAX).filter(|_| sender.offer(Tally::new(&layout))).count();
        assert_eq!(taken, STUDIES_MAX);
    }
}
