//! A worker without rooms: whoever is connected hears its own messages again, text and binary.
//!
//! ```text
//!   mailbox ─► visits ── read ─► queue ─► flush ──► ended? leaving ─► over
//!                 ▲                          │
//!                 └── busy: not read, until its socket has taken what was said last
//! ```
//!
//! So suites that know WebSocket and TLS, and no game, can be pointed at the very connection that players have: transport, frame
//! meter, the straight path, patience, farewell. Milliseconds stand for ticks.
//!
//! Never here: what a game needs.

use std::io;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use shared::ids::Tick;

use super::allowance::PeerLimits;
use super::connection::{Connection, Ending, Said};
use super::leaving::{LINGER, Leaving};
use super::read_pass::guarded;
use super::schedule::{self, Sleeper};
use super::tally::Tally;
use super::visit::{Visit, Visits};
use crate::exchange::ConnectionId;
use crate::mailbox::{Mail, MailboxReceiver};
use crate::metrics::Metrics;

/// Ticks are milliseconds.
const TICK_RATE_HZ: u16 = 1_000;
/// What a turn waits in which nobody said anything.
const PAUSE: Duration = Duration::from_millis(1);

/// Starts a worker that echoes within these limits. It ends after [`Mail::Stop`].
///
/// # Errors
/// The operating system gives no thread.
pub fn spawn_echo(mail: MailboxReceiver, metrics: Metrics, limits: PeerLimits) -> io::Result<JoinHandle<()>> {
    Builder::new().name("echo".to_owned()).spawn(move || Echo::new(mail, metrics, limits).run())
}

/// All that hear themselves.
struct Echo {
    mail: MailboxReceiver,
    metrics: Metrics,
    limits: PeerLimits,
    sleeper: Sleeper,
    began: Instant,
    visits: Visits,
    leaving: Leaving,
    tally: Tally,
    scratch: Vec<u8>,
    /// Told to stop: until when those are waited for who leave.
    stopping: Option<Instant>,
}

impl Echo {
    fn new(mail: MailboxReceiver, metrics: Metrics, limits: PeerLimits) -> Self {
        Self {
            mail,
            metrics,
            limits,
            sleeper: Sleeper::for_this_thread(),
            began: schedule::now(),
            visits: Visits::default(),
            leaving: Leaving::default(),
            tally: Tally::default(),
            scratch: Vec::new(),
            stopping: None,
        }
    }

    fn run(mut self) {
        while self.turn() {}
        self.leaving.end_all(schedule::now(), &mut self.tally);
        self.tally.report(&self.metrics);
    }

    /// One turn of the loop. False: it was the last.
    fn turn(&mut self) -> bool {
        let mut now = schedule::now();
        self.metrics.pulse(0).beat(now, 0);
        if self.visits.count() == 0 && self.leaving.is_empty() {
            match self.mail.recv() {
                Some(mail) => self.take(mail),
                None => return false,
            }
            now = schedule::now();
        }
        while let Some(mail) = self.mail.try_recv() {
            self.take(mail);
        }
        let spoke = self.echo_all(now);
        self.leaving.serve(now, &mut self.tally);
        self.tally.report(&self.metrics);
        if !spoke {
            self.sleeper.sleep_until(now + PAUSE);
        }
        self.stopping.is_none_or(|until| now < until && !self.leaving.is_empty())
    }

    fn take(&mut self, mail: Mail) {
        let now = schedule::now();
        match mail {
            Mail::Admitted(admitted) => {
                if let Ok(visit) = Visit::new(self.limits, *admitted, TICK_RATE_HZ, self.tick(now), now) {
                    self.visits.insert(visit);
                }
            }
            Mail::Stop { code } => {
                for visit in self.visits.drain() {
                    self.leaving.add(visit, Ending::Closed(code, "the worker stops"), now, &mut self.tally);
                }
                self.stopping = Some(now + LINGER);
            }
            // Orders about rooms and players: there are none.
            _ => {}
        }
    }

    fn tick(&self, now: Instant) -> Tick {
        Tick(now.saturating_duration_since(self.began).as_millis() as u32)
    }

    /// Serves everybody once. True: somebody said something.
    fn echo_all(&mut self, now: Instant) -> bool {
        let tick = self.tick(now);
        let mut spoke = false;
        let mut endings: Vec<(ConnectionId, Ending)> = Vec::new();
        let Self { visits, scratch, .. } = self;
        for mut part in visits.parts(1) {
            for (id, visit) in part.each() {
                let echoed = guarded(&mut visit.connection, |connection| {
                    spoke |= echo(connection, tick, now, scratch)?;
                    Ok(())
                });
                endings.extend(echoed.err().map(|ending| (id, ending)));
            }
        }
        for (id, ending) in endings {
            if let Some(visit) = self.visits.remove(id) {
                self.leaving.add(visit, ending, now, &mut self.tally);
            }
        }
        spoke
    }
}

/// Reads what has come and says it again, in order and before what comes next is read. True: there was something.
fn echo(connection: &mut Connection, tick: Tick, now: Instant, scratch: &mut Vec<u8>) -> Result<bool, Ending> {
    let mut spoke = false;
    connection.flush(tick)?;
    if !connection.is_busy() {
        connection.read_any(tick, now, scratch, |connection, said, bytes, _| {
            spoke = true;
            match (said, std::str::from_utf8(bytes)) {
                (Said::Text, Ok(text)) => connection.queue_text(text),
                _ => connection.queue(bytes),
            }
        })?;
    }
    connection.wait(tick)?;
    connection.flush(tick)?;
    Ok(spoke)
}
