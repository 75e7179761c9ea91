//! ② The only door between what waits and what plays: admitted connections and commands, in that direction only.
//!
//! ```text
//!   front (tokio) ── reserve, send ──► bounded queue ── recv, try_recv ──► worker (thread)
//!                       │
//!                       └ full: the client gets 503 and Retry-After, before anything was promised to it
//! ```
//!
//! The queue is bounded: at its bound a newcomer is refused, told to come again, and counted (`refusals`, reason
//! `busy`); nobody who plays notices. An upgrade reserves its letter before it answers 101, so that a promise once made
//! is kept. Orders to close and to stop have a few letters of their own.
//!
//! Never here: what a letter leads to (see `worker`), who may come in (see `front` and `directory`).

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use shared::codec::Tables;
use shared::wire::close_code::CloseCode;

use crate::directory::{Place, RoomName};
use crate::sessions::Session;

/// Letters that may wait for one worker. A worker takes 64 per turn, so a full box means one that is seconds behind.
pub const LETTERS_MAX: usize = 256;

/// Letters kept free for orders, which newcomers cannot take.
const ORDERS_MAX: usize = 16;

/// A connection that has passed the upgrade and left tokio for good.
#[derive(Debug)]
pub struct Admitted {
    /// The socket and what was already read from it.
    pub socket: HandedOver,
    /// The reserved place in a room; dropping it gives the place back.
    pub place: Place,
    /// Who it is; dropping it takes it off the list of those who are connected.
    pub session: Session,
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
    /// Better code tables, for all rooms.
    Tables(Arc<Tables>),
    /// Close these connections at once.
    Dismiss {
        /// Their numbers in this process.
        connections: Vec<u64>,
        /// What they are told.
        code: CloseCode,
        /// Whether their players may come back to their seats.
        keep_seat: bool,
    },
    /// Tell these that their tickets end.
    TicketsEnd {
        /// Their numbers in this process, and in how many seconds they will be closed.
        connections: Vec<(u64, u16)>,
    },
    /// These brought a ticket that is no good: a strike each.
    BadRenewals {
        /// Their numbers in this process.
        connections: Vec<u64>,
    },
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

/// Why a letter is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// The worker is behind. Come again.
    #[error("the worker's mailbox is full")]
    Full,
    /// The worker has ended: the server stops, or it has a bug.
    #[error("the worker has ended")]
    Ended,
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

/// The right to send one letter. Dropping it gives the right back.
#[derive(Debug)]
#[must_use = "a letter that is not sent was reserved for nothing"]
pub struct Letter {
    mailbox: MailboxSender,
    sent: bool,
}

/// A mailbox for one worker.
#[must_use]
pub fn mailbox() -> (MailboxSender, MailboxReceiver) {
    let (sender, receiver) = sync_channel(LETTERS_MAX + ORDERS_MAX);
    let gauge = Arc::new(Gauge::default());
    (MailboxSender { queue: sender, gauge: gauge.clone() }, MailboxReceiver { queue: receiver, gauge })
}

impl MailboxSender {
    /// Reserves a letter for a newcomer.
    ///
    /// # Errors
    /// The box is full or the worker has ended.
    pub fn reserve(&self) -> Result<Letter, NotTaken> {
        self.reserve_below(LETTERS_MAX)
    }

    /// Leaves an order without waiting; orders go in even when newcomers do not.
    ///
    /// # Errors
    /// The worker has ended, or is so far behind that the orders before this one still wait.
    pub fn try_send(&self, mail: Mail) -> Result<(), NotTaken> {
        self.reserve_below(LETTERS_MAX + ORDERS_MAX)?.send(mail)
    }

    fn reserve_below(&self, limit: usize) -> Result<Letter, NotTaken> {
        if self.has_ended() {
            return Err(NotTaken::Ended);
        }
        let one_more = |waiting: usize| (waiting < limit).then_some(waiting + 1);
        match self.gauge.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more) {
            Ok(_) => Ok(Letter { mailbox: self.clone(), sent: false }),
            Err(_) => Err(NotTaken::Full),
        }
    }

    /// How many letters wait or are reserved.
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

impl Letter {
    /// Sends it. There is room: it was reserved.
    ///
    /// # Errors
    /// The worker has ended.
    pub fn send(mut self, mail: Mail) -> Result<(), NotTaken> {
        match self.mailbox.queue.try_send(mail) {
            Ok(()) => {
                // From now on it is the receiver that counts it off.
                self.sent = true;
                Ok(())
            }
            Err(TrySendError::Full(_)) => Err(NotTaken::Full),
            Err(TrySendError::Disconnected(_)) => Err(NotTaken::Ended),
        }
    }
}

impl Drop for Letter {
    fn drop(&mut self) {
        if !self.sent {
            self.mailbox.gauge.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl MailboxReceiver {
    /// Waits for a letter. None: nobody is left who could send one.
    #[must_use]
    pub fn recv(&self) -> Option<Mail> {
        self.taken(self.queue.recv().ok())
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
    fn a_full_box_refuses_newcomers_but_not_orders() {
        let (sender, receiver) = mailbox();
        for _ in 0..LETTERS_MAX {
            sender.reserve().and_then(|letter| letter.send(stop())).expect("there is room");
        }
        assert_eq!(sender.reserve().err(), Some(NotTaken::Full));
        sender.try_send(stop()).expect("orders have room of their own");
        assert_eq!(sender.waiting(), LETTERS_MAX + 1);
        assert!(receiver.try_recv().is_some() && receiver.try_recv().is_some());
        assert_eq!(sender.waiting(), LETTERS_MAX - 1);
        assert!(sender.reserve().is_ok());
    }

    #[test]
    fn a_reserved_letter_holds_its_room_until_it_is_sent_or_dropped() {
        let (sender, _receiver) = mailbox();
        let reserved: Vec<Letter> = (0..LETTERS_MAX).filter_map(|_| sender.reserve().ok()).collect();
        assert_eq!(reserved.len(), LETTERS_MAX);
        assert_eq!(sender.reserve().err(), Some(NotTaken::Full));
        drop(reserved);
        assert_eq!(sender.waiting(), 0);
    }

    #[test]
    fn an_ended_worker_is_seen_by_its_senders() {
        let (sender, receiver) = mailbox();
        let letter = sender.reserve().expect("there is room");
        assert!(!sender.has_ended());
        drop(receiver);
        assert!(sender.has_ended());
        assert_eq!(sender.try_send(stop()), Err(NotTaken::Ended));
        assert_eq!(letter.send(stop()), Err(NotTaken::Ended));
        assert_eq!(sender.waiting(), 0);
    }

    #[test]
    fn a_box_without_senders_says_so_after_its_last_letter() {
        let (sender, receiver) = mailbox();
        sender.try_send(stop()).expect("there is room");
        drop(sender);
        assert!(receiver.recv().is_some());
        assert!(receiver.recv().is_none());
        assert!(receiver.try_recv().is_none());
    }
}
