//! ② The only door between what waits and what plays: admitted connections and commands, in that direction only.
//!
//! ```text
//!   front (tokio) ── try_send ──► bounded queue ── recv, try_recv ──► worker (thread)
//!                        │
//!                        └ full: the letter comes back, the client gets 503 and Retry-After
//! ```
//!
//! The queue is bounded: at its bound a newcomer is refused, told to come again, and counted (`refusals`, reason
//! `busy`); nobody who plays notices. Orders to stop wait for room instead, for the worker always drains its mail.
//!
//! Never here: what a letter leads to (see `worker`), who may come in (see `front` and `directory`).

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use shared::wire::close_code::CloseCode;

use crate::directory::{Place, RoomName};

/// Letters that may wait for one worker. A worker takes 64 per turn, so a full box means one that is seconds behind.
pub const LETTERS_MAX: usize = 256;

/// A connection that has passed the upgrade and left tokio for good.
#[derive(Debug)]
pub struct Admitted {
    /// The socket and what was already read from it.
    pub socket: HandedOver,
    /// The reserved place in a room; dropping it gives the place back.
    pub place: Place,
    /// The other end.
    pub peer: SocketAddr,
    /// Its number in this process, for logs.
    pub connection: u64,
    /// The connection's span: its life events go inside.
    pub span: tracing::Span,
}

/// A socket at the moment when it changes hands.
#[derive(Debug)]
pub struct HandedOver {
    /// Non-blocking, and no longer known to tokio.
    pub tcp: TcpStream,
    /// The TLS session, its handshake finished. None with `--plain`.
    pub tls: Option<rustls::ServerConnection>,
    /// Plaintext after the upgrade that had already been read; usually empty.
    pub early: Vec<u8>,
}

/// What a worker can be sent.
#[derive(Debug)]
pub enum Mail {
    /// A newcomer.
    Admitted(Box<Admitted>),
    /// Close everybody in this room and end it.
    Close {
        /// Which.
        room: RoomName,
        /// What its players are told.
        code: CloseCode,
    },
    /// Close everybody, end every room, end the thread.
    Stop {
        /// What all players are told.
        code: CloseCode,
    },
}

/// Why a letter was not taken; it comes back to its sender.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// The worker is behind. Come again.
    #[error("the worker's mailbox is full")]
    Full(Box<Mail>),
    /// The worker has ended: the server stops, or it has a bug.
    #[error("the worker has ended")]
    Ended(Box<Mail>),
}

/// What both ends know of the queue.
#[derive(Debug, Default)]
struct Gauge {
    waiting: AtomicUsize,
    ended: AtomicBool,
}

/// The end that the front holds.
#[derive(Clone, Debug)]
pub struct MailboxSender {
    queue: SyncSender<Mail>,
    gauge: Arc<Gauge>,
}

/// The end that the worker holds.
#[derive(Debug)]
pub struct MailboxReceiver {
    queue: Receiver<Mail>,
    gauge: Arc<Gauge>,
}

/// A mailbox for one worker.
#[must_use]
pub fn mailbox() -> (MailboxSender, MailboxReceiver) {
    let (sender, receiver) = sync_channel(LETTERS_MAX);
    let gauge = Arc::new(Gauge::default());
    (MailboxSender { queue: sender, gauge: gauge.clone() }, MailboxReceiver { queue: receiver, gauge })
}

impl MailboxSender {
    /// Leaves a letter without waiting.
    ///
    /// # Errors
    /// The letter itself, when the box is full or the worker has ended.
    pub fn try_send(&self, mail: Mail) -> Result<(), NotSent> {
        // Counted first: the worker may take the letter before we come back.
        self.gauge.waiting.fetch_add(1, Ordering::Relaxed);
        self.queue.try_send(mail).map_err(|refused| {
            self.gauge.waiting.fetch_sub(1, Ordering::Relaxed);
            match refused {
                TrySendError::Full(mail) => NotSent::Full(Box::new(mail)),
                TrySendError::Disconnected(mail) => NotSent::Ended(Box::new(mail)),
            }
        })
    }

    /// How many letters wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.gauge.waiting.load(Ordering::Relaxed)
    }

    /// Whether the worker has let go of its end.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.gauge.ended.load(Ordering::Acquire)
    }
}

impl MailboxReceiver {
    /// Waits for a letter. None: nobody is left who could send one.
    #[must_use]
    pub fn recv(&self) -> Option<Mail> {
        self.taken(self.queue.recv().ok())
    }

    /// Waits for a letter, but not for ever. None: none came, or nobody is left who could send one.
    #[must_use]
    pub fn recv_timeout(&self, limit: Duration) -> Option<Mail> {
        self.taken(self.queue.recv_timeout(limit).ok())
    }

    /// A letter, if one is there.
    #[must_use]
    pub fn try_recv(&self) -> Option<Mail> {
        self.taken(self.queue.try_recv().ok())
    }

    fn taken(&self, mail: Option<Mail>) -> Option<Mail> {
        if mail.is_some() {
            self.gauge.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        mail
    }
}

impl Drop for MailboxReceiver {
    fn drop(&mut self) {
        self.gauge.ended.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop() -> Mail {
        Mail::Stop { code: CloseCode::GoingAway }
    }

    #[test]
    fn a_full_box_gives_the_letter_back_and_counts_what_waits() {
        let (sender, receiver) = mailbox();
        for _ in 0..LETTERS_MAX {
            sender.try_send(stop()).expect("there is room");
        }
        assert!(matches!(sender.try_send(stop()), Err(NotSent::Full(_))));
        assert_eq!(sender.waiting(), LETTERS_MAX);
        assert!(receiver.try_recv().is_some());
        assert_eq!(sender.waiting(), LETTERS_MAX - 1);
        sender.try_send(stop()).expect("there is room again");
    }

    #[test]
    fn an_ended_worker_is_seen_by_its_senders() {
        let (sender, receiver) = mailbox();
        assert!(!sender.has_ended());
        drop(receiver);
        assert!(sender.has_ended());
        assert!(matches!(sender.try_send(stop()), Err(NotSent::Ended(_))));
        assert_eq!(sender.waiting(), 0);
    }

    #[test]
    fn a_box_without_senders_says_so_after_its_last_letter() {
        let (sender, receiver) = mailbox();
        sender.try_send(stop()).expect("there is room");
        drop(sender);
        assert!(receiver.recv().is_some());
        assert!(receiver.recv().is_none());
        assert!(receiver.recv_timeout(Duration::from_millis(1)).is_none());
    }
}
