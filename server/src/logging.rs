//! Where log lines go: through a bounded queue to a thread that may wait for the terminal, so that nobody else does.
//!
//! ```text
//!   front, workers ─ one line each ─► queue of LINES_MAX ─► thread ─► standard error
//!                                        └ full: the line is dropped, and how many is said as soon as there is room
//! ```
//!
//! A worker that logged straight to a pipe nobody reads would stop its rooms.
//!
//! Never here: what is worth a line.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, fmt, registry};

use crate::config::{LogFormat, RawLog};

/// Lines that may wait to be written.
const LINES_MAX: usize = 4096;

/// What the end of the process waits for the last lines.
const FLUSH_MAX: Duration = Duration::from_millis(300);

/// Something for the writing thread.
enum Line {
    Text(Vec<u8>),
    End,
}

/// Writes lines into the queue.
#[derive(Clone, Debug)]
struct Queue {
    lines: SyncSender<Line>,
    dropped: Arc<AtomicU64>,
}

/// Logging while this lives; dropping it writes what waits.
#[derive(Debug)]
#[must_use = "dropping it ends logging"]
pub struct Logging {
    queue: Queue,
    thread: Option<JoinHandle<()>>,
}

/// Starts logging for the process. What is already set up (a test's own) stays.
///
/// # Errors
/// The system gives no thread.
pub fn start(log: &RawLog) -> io::Result<Logging> {
    let (lines, waiting) = sync_channel(LINES_MAX);
    let queue = Queue { lines, dropped: Arc::default() };
    let dropped = queue.dropped.clone();
    let thread =
        thread::Builder::new().name("log".into()).spawn(move || write_out(&waiting, &dropped, io::stderr()))?;

    let terminal = io::stderr().is_terminal();
    let human = match log.format {
        LogFormat::Auto => terminal,
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    let lines = fmt::layer().with_writer(queue.clone());
    let layer = if human {
        lines.with_ansi(terminal).with_target(false).boxed()
    } else {
        lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
    };
    let filter: Targets = log.filter.parse().unwrap_or_default();
    let _ = tracing::subscriber::set_global_default(registry().with(layer.with_filter(filter)));
    Ok(Logging { queue, thread: Some(thread) })
}

fn write_out(waiting: &Receiver<Line>, dropped: &AtomicU64, mut to: impl Write) {
    while let Ok(Line::Text(text)) = waiting.recv() {
        // Nobody is left to be told that standard error is gone.
        let _ = to.write_all(&text);
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = writeln!(to, "{{\"level\":\"WARN\",\"message\":\"log lines were dropped\",\"lines\":{lost}}}");
        }
    }
    let _ = to.flush();
}

impl Write for Queue {
    /// One call is one line: that is how the formatter writes.
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if self.lines.try_send(Line::Text(text.to_vec())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Queue {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        let give_up = Instant::now() + FLUSH_MAX;
        while self.queue.lines.try_send(Line::End).is_err() && Instant::now() < give_up {
            thread::sleep(Duration::from_millis(1));
        }
        let Some(thread) = self.thread.take() else { return };
        while !thread.is_finished() && Instant::now() < give_up {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_find_no_room_are_dropped_and_their_number_is_said() {
        let (lines, waiting) = sync_channel(2);
        let mut queue = Queue { lines, dropped: Arc::default() };
        for number in 0..5 {
            queue.write_all(format!("line {number}\n").as_bytes()).expect("never waits, never fails");
        }
        let dropped = queue.dropped.clone();
        drop(queue);
        let mut written = Vec::new();
        write_out(&waiting, &dropped, &mut written);
        let written = String::from_utf8(written).expect("text");
        assert!(written.contains("line 0\n") && !written.contains("line 4"), "{written}");
        assert!(written.contains("dropped") && written.contains("\"lines\":"), "{written}");
    }
}
