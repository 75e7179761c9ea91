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
    let (players, limit_s) = (directory.place_count(), drain_limit.as_secs());
    tracing::info!(players, limit_s, "draining: nobody new is let in");
    let until = Instant::now() + drain_limit;
    while directory.place_count() > 0 {
        tokio::select! {
            signal = signals.next() => match signal {
                Signal::Hangup => hear(signal),
                Signal::Interrupt | Signal::Terminate => break,
            },
            () = sleep(LOOK_EVERY) => {}
            () = sleep_until(until) => {
                tracing::info!(players = directory.place_count(), "the time to drain is over");
                break;
            }
        }
    }
}
