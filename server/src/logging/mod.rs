//! Where log lines go: through a bounded queue to a thread that may wait for the terminal, so that nobody else does.
//!
//! ```text
//!   front, workers ─ one line each ─► limiter ─► harmless ─► queue of LINES_MAX ─► thread ─► standard error
//!                                        │                     └ full: the line is dropped, and how many is said as soon as there is room
//!                                        └ too many of a kind, or in all: counted, and how many is said every few seconds
//! ```
//!
//! A worker that logged straight to a pipe nobody reads would stop its rooms. What others wrote, a name or a header, comes out as letters:
//! whatever would move a terminal is escaped on the way into the queue, so that no line has to think of it.
//!
//! Never here: what is worth a line.

// How many of each kind.
mod limiter;

// How many bytes of all kinds.
mod volume;

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use limiter::{Limited, Limiter, Numbers, Suppressed};
use shared::plain_text::{escaped, is_unsafe};
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, fmt, registry};
use volume::Volume;

use crate::config::{LogFormat, RawLog};
use crate::utc::Utc;

/// Lines that may wait to be written.
const LINES_MAX: usize = 4096;

/// What the end of the process waits for the last lines.
const FLUSH_MAX: Duration = Duration::from_millis(300);

/// How often it is said what was not written.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// What the formatter's colours look like: nothing else that begins with an escape is let through.
const COLOURS: [&str; 9] = [
    "\u{1b}[0m",
    "\u{1b}[1m",
    "\u{1b}[2m",
    "\u{1b}[3m",
    "\u{1b}[31m",
    "\u{1b}[32m",
    "\u{1b}[33m",
    "\u{1b}[34m",
    "\u{1b}[35m",
];

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
    volume: Volume,
    /// Lines have colours.
    ansi: bool,
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
    start_to(log, io::stderr(), io::stderr().is_terminal())
}

/// The same, to somewhere else; `terminal`: with colours, unless JSON is asked for.
///
/// # Errors
/// The system gives no thread.
pub fn start_to(log: &RawLog, to: impl Write + Send + 'static, terminal: bool) -> io::Result<Logging> {
    let human = match log.format {
        LogFormat::Auto => terminal,
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    let (lines, waiting) = sync_channel(LINES_MAX);
    let volume = Volume::new(log.kib_per_minute, Instant::now());
    let queue = Queue { lines, dropped: Arc::default(), volume: volume.clone(), ansi: human && terminal };
    let limiter = Limiter::new(log.lines_per_second, volume);
    let _ = tracing::subscriber::set_global_default(subscriber(log, human, queue.clone(), limiter.clone()));
    let mut writer = Writer { to, human, dropped: queue.dropped.clone(), limiter, told: Instant::now() };
    let thread = thread::Builder::new().name("log".into()).spawn(move || writer.write_out(&waiting))?;
    Ok(Logging { queue, thread: Some(thread) })
}

fn subscriber(log: &RawLog, human: bool, queue: Queue, limiter: Limiter) -> impl Subscriber + Send + Sync {
    let ansi = queue.ansi;
    let layer = if human {
        let inner = fmt::format().with_ansi(ansi).with_target(false);
        fmt::layer().with_writer(queue).with_ansi(ansi).event_format(Limited { inner, limiter }).boxed()
    } else {
        let inner = fmt::format().json().flatten_event(true).with_current_span(true).with_span_list(false);
        let fields = fmt::format::JsonFields::new();
        fmt::layer().with_writer(queue).fmt_fields(fields).event_format(Limited { inner, limiter }).boxed()
    };
    let filter: Targets = log.filter.parse().unwrap_or_default();
    registry().with(Numbers.with_filter(filter_fn(Numbers::concerns))).with(layer.with_filter(filter))
}

/// What the writing thread has.
struct Writer<W> {
    to: W,
    human: bool,
    dropped: Arc<AtomicU64>,
    limiter: Limiter,
    /// When it was last said what the limiter held back.
    told: Instant,
}

impl<W: Write> Writer<W> {
    fn write_out(&mut self, waiting: &Receiver<Line>) {
        loop {
            match waiting.recv_timeout(TELL_EVERY) {
                Ok(Line::Text(text)) => {
                    // Nobody is left to be told that standard error is gone.
                    let _ = self.to.write_all(&text);
                    let lost = self.dropped.swap(0, Ordering::Relaxed);
                    if lost > 0 {
                        self.say(Level::WARN, "log lines were dropped: nobody reads them fast enough", "", lost);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Line::End) | Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.told.elapsed() >= TELL_EVERY {
                self.tell_suppressed();
            }
        }
        self.tell_suppressed();
        let _ = self.to.flush();
    }

    fn tell_suppressed(&mut self) {
        self.told = Instant::now();
        for Suppressed { level, target, line, count } in self.limiter.take_suppressed() {
            self.say(level, "log lines of one kind were suppressed", &format!("{target}:{line}"), count);
        }
    }

    /// A line of the log's own.
    fn say(&mut self, level: Level, message: &str, kind: &str, lines: u64) {
        let (now, level) = (Utc::now(), level.as_str());
        let _ = if self.human {
            let kind = if kind.is_empty() { String::new() } else { format!(" kind={kind}") };
            writeln!(self.to, "{now} {level:>5} {message}{kind} lines={lines}")
        } else {
            let line = serde_json::json!({ "timestamp": now.to_string(), "level": level, "message": message, "kind": kind, "lines": lines });
            writeln!(self.to, "{line}")
        };
    }
}

impl Write for Queue {
    /// One call is one line: that is how the formatter writes.
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let line = self.harmless(text);
        let bytes = line.len();
        match self.lines.try_send(Line::Text(line)) {
            Ok(()) => self.volume.spend(bytes),
            Err(_) => _ = self.dropped.fetch_add(1, Ordering::Relaxed),
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Queue {
    /// The line with nothing in it that would move a terminal, its end and our own colours aside.
    fn harmless(&self, line: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(line);
        let body = text.strip_suffix('\n').unwrap_or(&text);
        if !body.contains(is_unsafe) {
            return line.to_vec();
        }
        let mut plain = String::with_capacity(line.len() + 16);
        let mut rest = body;
        while let Some(letter) = rest.chars().next() {
            let colour = COLOURS.iter().find(|colour| self.ansi && rest.starts_with(**colour));
            let length = colour.map_or_else(|| letter.len_utf8(), |colour| colour.len());
            match colour {
                Some(colour) => plain.push_str(colour),
                None if is_unsafe(letter) => plain.push_str(&escaped(&rest[..length])),
                None => plain.push(letter),
            }
            rest = &rest[length..];
        }
        plain.push('\n');
        plain.into_bytes()
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
    use tracing::subscriber::with_default;

    /// What is written while `work` runs.
    fn written(log: &RawLog, human: bool, ansi: bool, work: impl FnOnce()) -> String {
        let (lines, waiting) = sync_channel(LINES_MAX);
        let volume = Volume::new(log.kib_per_minute, Instant::now());
        let queue = Queue { lines, dropped: Arc::default(), volume: volume.clone(), ansi };
        let limiter = Limiter::new(log.lines_per_second, volume);
        let mut writer = Writer {
            to: Vec::new(),
            human,
            dropped: queue.dropped.clone(),
            limiter: limiter.clone(),
            told: Instant::now(),
        };
        with_default(subscriber(log, human, queue, limiter), work);
        writer.write_out(&waiting);
        String::from_utf8(writer.to).expect("text")
    }

    #[test]
    fn lines_that_find_no_room_are_dropped_and_their_number_is_said() {
        let (lines, waiting) = sync_channel(2);
        let volume = Volume::new(0, Instant::now());
        let mut queue = Queue { lines, dropped: Arc::default(), volume: volume.clone(), ansi: false };
        for number in 0..5 {
            queue.write_all(format!("line {number}\n").as_bytes()).expect("never waits, never fails");
        }
        let (limiter, dropped) = (Limiter::new(5, volume), queue.dropped.clone());
        drop(queue);
        let mut writer = Writer { to: Vec::new(), human: false, dropped, limiter, told: Instant::now() };
        writer.write_out(&waiting);
        let written = String::from_utf8(writer.to).expect("text");
        assert!(written.contains("line 0\n") && !written.contains("line 4"), "{written}");
        assert!(written.contains("dropped") && written.contains("\"lines\":3"), "{written}");
    }

    #[test]
    fn a_flood_of_one_kind_is_cut_off_and_counted_and_no_other_kind_is() {
        let log = RawLog { lines_per_second: 1, ..RawLog::default() };
        let written = written(&log, false, false, || {
            for number in 0..1000 {
                tracing::info!(number, "flood");
            }
            tracing::warn!("something else");
        });
        let floods = written.lines().filter(|line| line.contains("\"flood\"")).count();
        assert!((100..=110).contains(&floods), "{floods}");
        assert!(written.contains("something else"));
        let told = written.lines().last().expect("a line");
        let told: serde_json::Value = serde_json::from_str(told).expect("JSON");
        assert_eq!((told["level"].as_str(), told["lines"].as_u64()), (Some("INFO"), Some(1000 - floods as u64)));
        assert!(told["kind"].as_str().is_some_and(|kind| kind.starts_with("server::logging::tests:")), "{told}");
    }

    #[test]
    fn one_connection_cannot_use_up_the_lines_of_all() {
        let written = written(&RawLog::default(), false, false, || {
            for connection in [7_u64, 8] {
                let span = tracing::info_span!("connection", id = connection);
                let lines = if connection == 7 { 400 } else { 3 };
                for _ in 0..lines {
                    span.in_scope(|| tracing::info!("said"));
                }
            }
        });
        let of =
            |connection: u64| written.lines().filter(|line| line.contains(&format!("\"id\":{connection}"))).count();
        assert_eq!((of(7), of(8)), (20, 3), "and each line says whose it is");
        assert!(written.contains("\"lines\":380"), "{written}");
    }

    #[test]
    fn all_kinds_together_stay_below_what_a_minute_may_have_but_warnings_are_never_spared() {
        let log = RawLog { lines_per_second: 1000, kib_per_minute: 64, ..RawLog::default() };
        let written = written(&log, false, false, || {
            for number in 0..1000 {
                tracing::info!(number, "one kind");
                tracing::debug!(number, "that is not asked for");
                tracing::info!(number, "another kind");
            }
            tracing::warn!("what the operator must know");
        });
        assert!((30 * 1024..=34 * 1024).contains(&written.len()), "half at once: {}", written.len());
        assert!(written.contains("what the operator must know"));
        let lines: Vec<serde_json::Value> =
            written.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let told: u64 = lines.iter().filter_map(|line| line["lines"].as_u64()).sum();
        let shown = lines.iter().filter(|line| line["number"].is_u64()).count() as u64;
        assert_eq!(told + shown, 2000, "what was held back is counted");
    }

    #[test]
    fn no_bound_where_the_operator_wants_none() {
        let log = RawLog { lines_per_second: 0, kib_per_minute: 0, ..RawLog::default() };
        let written = written(&log, false, false, || (0..2000).for_each(|_| tracing::info!("all")));
        assert_eq!(written.lines().count(), 2000);
    }

    #[test]
    fn what_others_wrote_moves_no_terminal_in_any_form() {
        let name = "\u{1b}[2J\u{202e}Eve\n\u{9b}31m";
        for (human, ansi) in [(false, false), (true, false), (true, true)] {
            let written = written(&RawLog::default(), human, ansi, || {
                tracing::info!(name, shown = %name, debug = ?name, "{name} came");
            });
            let body = written.strip_suffix('\n').expect("a whole line");
            let own = COLOURS.iter().filter(|_| ansi);
            let without_colours = own.fold(body.to_owned(), |text, colour| text.replace(colour, ""));
            assert!(!without_colours.contains(is_unsafe), "{written:?}");
            assert_eq!(ansi, body.contains("\u{1b}[2m"), "the formatter's own colours stay");
            if !human {
                let line: serde_json::Value = serde_json::from_str(body).expect("still JSON");
                assert_eq!(line["name"], name);
            }
        }
    }
}
