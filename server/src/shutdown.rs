//! One signal, a deadline, a polite end.
//!
//! ```text
//!   SIGTERM ─► drain: nobody new, readyz says 503 ─┬─ all have left ───┐
//!                                                  ├─ drain.limit_s ───┤
//!   SIGINT ────────────────────────────────────────┴─ another signal ──┴─► end: every client gets its close code
//!                                                                            └─ another signal: exit at once
//!   SIGHUP ─► certificates, bans and tokens are read again
//! ```
//!
//! The admin port can ask for what SIGTERM asks for.
//!
//! Never here: what ends and in which order (see `app`).

use std::io;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use crate::directory::Directory;

/// How often a drain looks whether everybody has left.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What the system tells us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// End at once.
    Interrupt,
    /// Let players finish, then end.
    Terminate,
    /// Read the operator's files again.
    Hangup,
}

/// The signals of this process, from now on no longer deadly.
#[derive(Debug)]
pub struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
}

impl Signals {
    /// Takes the signals. Called inside a tokio runtime.
    ///
    /// # Errors
    /// The system does not let us.
    pub fn new() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hangup: signal(SignalKind::hangup())?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> Signal {
        #[cfg(unix)]
        {
            tokio::select! {
                _ = self.interrupt.recv() => Signal::Interrupt,
                _ = self.terminate.recv() => Signal::Terminate,
                _ = self.hangup.recv() => Signal::Hangup,
            }
        }
        #[cfg(not(unix))]
        {
            // Without a way to hear Ctrl-C there is nothing to wait for but the end of the process.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            Signal::Interrupt
        }
    }
}

/// Waits until the server should end; drains first if it was asked to, by a signal or by whoever makes what `asked` gives return. `hear`
/// is told each signal.
pub async fn until_told<Asked: Future<Output = ()>>(
    signals: &mut Signals,
    directory: &Directory,
    drain_limit: Duration,
    hear: impl Fn(Signal),
    asked: impl Fn() -> Asked,
) {
    loop {
        let signal = tokio::select! {
            signal = signals.next() => signal,
            () = asked() => break,
        };
        hear(signal);
        match signal {
            Signal::Hangup => {}
            Signal::Interrupt => {
                tracing::info!("interrupted: ending now");
                return;
            }
            Signal::Terminate => break,
        }
    }
    directory.drain();
    let (players, limit_s) = (directory.present_count(), drain_limit.as_secs());
    tracing::info!(players, limit_s, "draining: nobody new is let in");
    let until = Instant::now() + drain_limit;
    while directory.present_count() > 0 {
        tokio::select! {
            signal = signals.next() => match signal {
                Signal::Hangup => hear(signal),
                Signal::Interrupt | Signal::Terminate => break,
            },
            () = sleep(LOOK_EVERY) => {}
            () = sleep_until(until) => {
                tracing::info!(players = directory.present_count(), "the time to drain is over");
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::directory::RoomName;
    use crate::standing::Standing;
    use std::future::ready;
    use tokio::time::timeout;

    #[tokio::test]
    async fn a_drain_waits_for_who_is_there_and_not_for_seats_whose_players_are_away() {
        let caps = Config::local(std::env::temp_dir()).caps();
        let directory = Directory::new(caps);
        let room = RoomName::new("a").expect("a good name");
        let mut signals = Signals::new().expect("signals");
        let mut place = directory.admit(&room, Standing::Player).expect("space");
        let limit = Duration::from_secs(60);
        let drained = until_told(&mut signals, &directory, limit, |_| {}, || ready(()));
        assert!(timeout(Duration::from_millis(300), drained).await.is_err(), "somebody plays");
        let _kept = place.leave_to_seat().expect("kept");
        let drained = until_told(&mut signals, &directory, limit, |_| {}, || ready(()));
        timeout(Duration::from_secs(20), drained).await.expect("nobody is there");
    }
}
