//! How many log lines each kind may write: so that nobody who knocks, floods or breaks rules all day fills a disk.
//!
//! ```text
//!   event ─► of which kind (its place in the code)? ─┬─ in a connection's span: at most CONNECTION_LINES_MAX of it per WINDOW ─┐
//!                                                    └────────────────────────────────────────────────────────────────────────┴─► bucket
//!                                                of the kind ─► all together (see `volume`) ─► written, or counted and told every few seconds
//! ```
//!
//! It stands where all lines pass, so nobody who writes one can forget it. Never here: where lines go (see the head of this folder).

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::volume::Volume;

/// Lines of one kind that one connection may write in a [`WINDOW`].
const CONNECTION_LINES_MAX: u32 = 20;
/// See [`CONNECTION_LINES_MAX`].
const WINDOW: Duration = Duration::from_secs(10);
/// Connections that are counted apart in a window; the rest share their kind's bucket only.
const CONNECTIONS_MAX: usize = 4096;
/// So many seconds' worth may come at once: hundreds of players join at the same time.
const BURST_SECONDS: u32 = 100;

/// The span whose `id` is a connection's number.
const CONNECTION: &str = "connection";

/// Lines of a kind that were not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suppressed {
    pub(super) level: Level,
    /// The module.
    pub(super) target: &'static str,
    /// The line of its file.
    pub(super) line: u32,
    pub(super) count: u64,
}

#[derive(Debug)]
struct Kind {
    suppressed: Suppressed,
    /// Lines that it may write now, in millionths.
    credit: u64,
    since: Instant,
    window: Instant,
    connections: BTreeMap<u64, u32>,
}

/// Decides; clones share what they count.
#[derive(Clone, Debug)]
pub(super) struct Limiter {
    /// 0: any number.
    lines_per_second: u32,
    volume: Volume,
    kinds: Arc<Mutex<HashMap<Identifier, Kind>>>,
}

/// Kept with a connection's span.
struct Number(u64);

impl Limiter {
    /// So many lines per kind and second, after a burst; all together no more than `volume` has room for.
    pub(super) fn new(lines_per_second: u32, volume: Volume) -> Self {
        Self { lines_per_second, volume, kinds: Arc::default() }
    }

    /// Whether a line of this kind, about this connection, may be written at `now`.
    fn may_write(&self, kind: &Metadata<'static>, connection: Option<u64>, now: Instant) -> bool {
        const LINE: u64 = 1_000_000;
        let can_be_spared = *kind.level() > Level::WARN;
        let has_room = !can_be_spared || self.volume.has_room(now);
        if self.lines_per_second == 0 && has_room {
            return true;
        }
        let full = LINE * u64::from(self.lines_per_second) * u64::from(BURST_SECONDS);
        let mut kinds = self.lock();
        let state = kinds.entry(kind.callsite()).or_insert_with(|| {
            let (level, line) = (*kind.level(), kind.line().unwrap_or(0));
            let suppressed = Suppressed { level, target: kind.module_path().unwrap_or(""), line, count: 0 };
            Kind { suppressed, credit: full, since: now, window: now, connections: BTreeMap::new() }
        });
        let passed = now.saturating_duration_since(state.since);
        let earned = u64::try_from(passed.as_micros()).unwrap_or(u64::MAX).saturating_mul(self.lines_per_second.into());
        state.credit = state.credit.saturating_add(earned).min(full);
        state.since = now;
        if now.saturating_duration_since(state.window) >= WINDOW {
            state.window = now;
            state.connections.clear();
        }
        let many = connection.is_some_and(|number| {
            let is_new = !state.connections.contains_key(&number);
            if is_new && state.connections.len() >= CONNECTIONS_MAX {
                return false;
            }
            let lines = state.connections.entry(number).or_insert(0);
            *lines = lines.saturating_add(1);
            *lines > CONNECTION_LINES_MAX
        });
        let too_fast = self.lines_per_second > 0 && (many || state.credit < LINE);
        if too_fast || !has_room {
            state.suppressed.count += 1;
            return false;
        }
        state.credit = state.credit.saturating_sub(LINE);
        true
    }

    /// What was not written since this was last asked.
    pub(super) fn take_suppressed(&self) -> Vec<Suppressed> {
        let mut kinds = self.lock();
        let kinds = kinds.values_mut().filter(|kind| kind.suppressed.count > 0);
        let mut all: Vec<Suppressed> = kinds
            .map(|kind| {
                let told = kind.suppressed;
                kind.suppressed.count = 0;
                told
            })
            .collect();
        all.sort_unstable_by_key(|suppressed| (suppressed.target, suppressed.line));
        all
    }

    /// A panic under the lock cannot leave it half-changed: nothing in here panics between two changes.
    fn lock(&self) -> MutexGuard<'_, HashMap<Identifier, Kind>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes an event as `inner` does, or nothing at all.
pub(super) struct Limited<F> {
    pub(super) inner: F,
    pub(super) limiter: Limiter,
}

impl<S, N, F> FormatEvent<S, N> for Limited<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let number = |span: SpanRef<'_, S>| span.extensions().get().map(|Number(id)| *id);
        let connection = context.event_scope().and_then(|mut scope| scope.find_map(number));
        if self.limiter.may_write(event.metadata(), connection, Instant::now()) {
            return self.inner.format_event(context, writer, event);
        }
        Ok(())
    }
}

/// Keeps a connection's number with its span.
pub(super) struct Numbers;

impl Numbers {
    /// Whether it has to do with something.
    pub(super) fn concerns(what: &Metadata<'_>) -> bool {
        what.is_span() && what.name() == CONNECTION
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Numbers {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut found = FindId(None);
        attributes.record(&mut found);
        if let (Some(number), Some(span)) = (found.0, context.span(id)) {
            span.extensions_mut().replace(Number(number));
        }
    }
}

/// Looks for the field `id`.
struct FindId(Option<u64>);

impl Visit for FindId {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "id" {
            self.0 = Some(value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
