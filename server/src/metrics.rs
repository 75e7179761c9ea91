//! Every counter, gauge and histogram, declared once with its unit and what it means.
//!
//! Names begin with `tickwire_` and end in their unit, or in `_total` after it where they only grow, as Prometheus
//! wants it. Each handle is registered once at start-up, so counting is one atomic addition without a look-up; the
//! worker adds what it has counted in plain numbers once per turn, never inside a pass. Labels come from fixed lists:
//! nothing that a player can choose is ever one.
//!
//! | group | what it tells | asked when |
//! |---|---|---|
//! | front | connections, handshakes, refusals by reason | nobody can join |
//! | workers | ticks, how late they begin, how long they take | it stutters for everybody |
//! | sockets | bytes, messages, system calls, closes by code | it stutters for one, or costs too much |
//! | inputs | in time, late, missing; what was refused | players feel a lag, or somebody cheats |
//! | replication | frames, skips by cause, bytes, resyncs | the world looks wrong, or costs too much |
//!
//! [`CATALOGUE`] is the list itself, for documents and tests. Never here: when something is counted.

// Why somebody was refused.
mod reasons;

// Whether workers live.
mod pulse;

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder, Unit};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use shared::wire::close_code::CloseCode;

pub use pulse::{PULSE_MAX, Pulse};
pub use reasons::REFUSAL_REASONS;

/// How a connection can end besides with one of our codes; further labels of `tickwire_closes_total`.
pub const OTHER_ENDINGS: &[&str] = &["Left", "Lost"];

/// Bounds of the histograms of time, in seconds: a tick at 128 Hz has 7.8 ms, at 30 Hz 33 ms.
const SECONDS_BUCKETS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002, 0.004, 0.008, 0.016, 0.033, 0.066, 0.133, 0.25, 0.5, 1.0, 2.5,
    5.0,
];

/// What kind of thing a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// A number as of now.
    Gauge,
    /// How values are distributed.
    Histogram,
}

/// One metric as declared.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What kind of thing it is.
    pub kind: MetricKind,
    /// Its labels, if it has fixed ones.
    pub labels: &'static [(&'static str, &'static str)],
    /// What it tells.
    pub meaning: &'static str,
}

macro_rules! catalogue {
    ($($(#[doc = $doc:literal])+ $kind:ident $field:ident = $name:literal $({ $($label:ident = $value:literal),+ })?;)+) => {
        /// The handles. Reached through [`Metrics`].
        #[derive(Debug)]
        pub struct Handles {
            $($(#[doc = $doc])+ pub $field: $kind,)+
            by_label: ByLabel,
            pulses: Vec<Pulse>,
            prometheus: Option<PrometheusHandle>,
            registry: Registry,
        }

        /// Every metric that has a handle of its own.
        pub const CATALOGUE: &[Metric] = &[$(Metric {
            name: $name,
            kind: MetricKind::$kind,
            labels: &[$($((stringify!($label), $value)),+)?],
            meaning: concat!($($doc),+),
        },)+];

        impl Handles {
            fn new(registry: Registry, by_label: ByLabel, pulses: Vec<Pulse>) -> Self {
                Self {
                    $($field: <$kind as Registered>::register(
                        &registry, $name, &[$($((stringify!($label), $value)),+)?], concat!($($doc),+),
                    ),)+
                    by_label,
                    pulses,
                    prometheus: registry.0.as_ref().map(PrometheusRecorder::handle),
                    registry,
                }
            }
        }
    };
}

catalogue! {
    /// Connections now, from accept to close, pages included.
    Gauge connections = "tickwire_connections";
    /// Connections accepted.
    Counter accepted = "tickwire_connections_accepted_total";
    /// TLS handshakes under way.
    Gauge handshakes = "tickwire_handshakes";
    /// TLS handshakes done from the beginning.
    Counter handshakes_full = "tickwire_tls_handshakes_total" { kind = "full" };
    /// TLS handshakes done by resuming a session.
    Counter handshakes_resumed = "tickwire_tls_handshakes_total" { kind = "resumed" };
    /// TLS handshakes, from their first byte to their last, the client's part included.
    Histogram tls_handshake_seconds = "tickwire_tls_handshake_seconds";
    /// From TCP accept to the finished upgrade.
    Histogram handshake_seconds = "tickwire_handshake_seconds";
    /// HTTP requests answered, upgrades and refusals included.
    Counter requests_answered = "tickwire_http_requests_total";
    /// Connections handed over to a worker.
    Counter handed_over = "tickwire_connections_handed_over_total";
    /// Certificate reloads that worked.
    Counter reloads = "tickwire_certificate_reloads_total" { result = "done" };
    /// Certificate reloads that failed; the old certificate stays.
    Counter reloads_failed = "tickwire_certificate_reloads_total" { result = "failed" };
    /// Bans now, by act and of the operator's file.
    Gauge bans = "tickwire_bans";
    /// Versions of the operator's file of bans that were refused; what it said before goes on to hold.
    Counter bans_refused = "tickwire_bans_file_refused_total";
    /// Times that bans could not be saved: they hold only until the server ends. Above 0 the disk needs care.
    Counter bans_not_saved = "tickwire_bans_not_saved_total";
    /// Acts of operators that could not be written down in the audit log; they were done all the same.
    Counter audit_failures = "tickwire_audit_failures_total";
    /// Keys that tickets may be signed with.
    Gauge ticket_keys = "tickwire_ticket_keys";
    /// Times that these were read anew because they had changed.
    Counter ticket_keys_reloads = "tickwire_ticket_keys_reloads_total" { result = "done" };
    /// Times that they could not be; the old ones stay.
    Counter ticket_keys_reloads_failed = "tickwire_ticket_keys_reloads_total" { result = "failed" };
    /// Connections now, each somebody's, that passed the upgrade and were not told to go.
    Gauge sessions = "tickwire_sessions";
    /// Connections closed because their tickets had run out.
    Counter tickets_run_out = "tickwire_tickets_ended_total" { cause = "run_out" };
    /// Connections closed because the keys of their tickets are gone.
    Counter tickets_unkeyed = "tickwire_tickets_ended_total" { cause = "key_gone" };
    /// New tickets over live sockets that were good.
    Counter renewals_good = "tickwire_ticket_renewals_total" { result = "good" };
    /// Those that were not: of another player, role or room, or bad.
    Counter renewals_bad = "tickwire_ticket_renewals_total" { result = "bad" };
    /// Those that were let go because too many waited; their clients bring others.
    Counter renewals_lost = "tickwire_ticket_renewals_total" { result = "lost" };
    /// Letters waiting in the workers' mailboxes.
    Gauge letters = "tickwire_mailbox_letters";

    /// Rooms now.
    Gauge rooms = "tickwire_rooms";
    /// Places held in rooms now.
    Gauge places = "tickwire_places";
    /// Rooms made.
    Counter rooms_made = "tickwire_rooms_made_total";
    /// What making a room takes its worker.
    Histogram room_making_seconds = "tickwire_room_making_seconds";
    /// Rooms ended in order.
    Counter rooms_ended = "tickwire_rooms_ended_total";
    /// Rooms that panicked or could not be made.
    Counter rooms_failed = "tickwire_rooms_failed_total";
    /// Ticks run, of all rooms.
    Counter ticks = "tickwire_ticks_total";
    /// One tick of one room, from its sockets to its sockets.
    Histogram tick_seconds = "tickwire_tick_seconds";
    /// How much later than its deadline a tick began.
    Histogram tick_start_error_seconds = "tickwire_tick_start_error_seconds";
    /// Ticks that were not over when the next was due: they took too long, or the worker was busy with something else.
    Counter overruns = "tickwire_tick_overruns_total";
    /// Times that deadlines were moved because a worker was too far behind.
    Counter rebases = "tickwire_tick_rebases_total";
    /// Tick periods given up by that.
    Counter forgiven_periods = "tickwire_tick_periods_forgiven_total";

    /// Bytes received from playing sockets, TLS included.
    Counter bytes_in = "tickwire_socket_in_bytes_total";
    /// Bytes sent to playing sockets, TLS included.
    Counter bytes_out = "tickwire_socket_out_bytes_total";
    /// Receive calls on playing sockets.
    Counter recvs = "tickwire_socket_receive_calls_total";
    /// Send calls on playing sockets.
    Counter sends = "tickwire_socket_send_calls_total";
    /// Messages that reached a room.
    Counter messages_in = "tickwire_messages_in_total";
    /// Messages that a room sent.
    Counter messages_out = "tickwire_messages_out_total";

    /// Players now.
    Gauge players = "tickwire_players";
    /// Players now whose connection was cut and whose seat is kept.
    Gauge players_away = "tickwire_players_away";
    /// Players whose connection was cut and whose seat was kept.
    Counter absences = "tickwire_absences_total";
    /// Players that came back to their seats.
    Counter resumes = "tickwire_resumes_total";
    /// Secrets that gave no seat back: too late, old, wrong, another player's, or too often.
    Counter resumes_refused = "tickwire_resumes_refused_total";
    /// Seats that were given up because their players did not come back in time, or may not.
    Counter seats_given_up = "tickwire_seats_given_up_total";
    /// Of these, those that were not kept because their players' addresses had as many as may be.
    Counter seats_not_kept = "tickwire_seats_not_kept_total";
    /// Auditors now, who see everything and are no players.
    Gauge auditors = "tickwire_auditors";
    /// Spectators now, who are no players.
    Gauge spectators = "tickwire_spectators";
    /// What is kept because spectators have not seen it yet.
    Gauge spectator_ring_bytes = "tickwire_spectator_ring_bytes";
    /// Times that this was more than may be, and a room let no spectators in for a while.
    Counter spectator_feeds_dropped = "tickwire_spectator_feeds_dropped_total";
    /// State frames handed over to spectators; no other count has them.
    Counter spectator_frames = "tickwire_spectator_frames_total";
    /// Bytes of these.
    Counter spectator_state_bytes = "tickwire_spectator_state_bytes_total";
    /// Spectators that got no frame because their socket was busy or their window full.
    Counter spectator_frames_skipped = "tickwire_spectator_frames_skipped_total";
    /// Players that came.
    Counter joins = "tickwire_joins_total";
    /// Players that left.
    Counter leaves = "tickwire_leaves_total";
    /// Inputs taken for the tick they were named for.
    Counter inputs_in_time = "tickwire_inputs_total" { timing = "in_time" };
    /// Inputs that came after their tick.
    Counter inputs_late = "tickwire_inputs_total" { timing = "late" };
    /// Inputs of ticks that had one already.
    Counter inputs_duplicate = "tickwire_inputs_total" { timing = "duplicate" };
    /// Ticks and players without an input of their own.
    Counter inputs_missing = "tickwire_inputs_total" { timing = "missing" };
    /// Inputs whose player cannot be judged by what it saw: it was too long ago.
    Counter views_too_old = "tickwire_views_refused_total" { reason = "too_old" };
    /// The same: it names frames that were not sent to it, or that it has not confirmed.
    Counter views_not_sent = "tickwire_views_refused_total" { reason = "not_sent" };
    /// Requests taken.
    Counter requests = "tickwire_requests_total";
    /// Clients and ticks: it had said all that one tick takes of it, and the rest was left for the next.
    Counter work_spent = "tickwire_client_work_spent_total";
    /// Pings that came too fast and were not answered.
    Counter pings_unanswered = "tickwire_pings_unanswered_total";
    /// Players that were told that their inputs have been the same for long.
    Counter unchanged_told = "tickwire_unchanged_told_total";
    /// Players that were closed for it.
    Counter unchanged_closed = "tickwire_unchanged_closed_total";
    /// New tickets that came over live sockets.
    Counter tickets_renewed = "tickwire_tickets_renewed_total";
    /// Messages that could not be decoded.
    Counter malformed = "tickwire_messages_refused_total" { reason = "malformed" };
    /// Messages that were decoded and made no sense.
    Counter out_of_place = "tickwire_messages_refused_total" { reason = "out_of_place" };

    /// State frames handed over.
    Counter frames = "tickwire_frames_total";
    /// State frames handed over that were full ones.
    Counter full_frames = "tickwire_full_frames_total";
    /// Bytes of all state frames handed over.
    Counter state_bytes = "tickwire_state_bytes_total";
    /// Ticks that frames covered beyond their own.
    Counter caught_up_ticks = "tickwire_caught_up_ticks_total";
    /// Clients that got no frame because too many were unconfirmed.
    Counter skipped_window = "tickwire_frames_skipped_total" { cause = "window" };
    /// Clients that got no frame because their socket had not taken the last.
    Counter skipped_busy = "tickwire_frames_skipped_total" { cause = "busy" };
    /// Clients that got no frame because they asked for a pause.
    Counter skipped_paused = "tickwire_frames_skipped_total" { cause = "paused" };
    /// Pieces packed.
    Counter pieces = "tickwire_pieces_total";
    /// State frames made for a path that was taken for narrow: it drains less than the budget allows.
    Counter frames_narrowed = "tickwire_frames_narrowed_total";
    /// Facets that a client held exactly and does not any more, for want of bytes.
    Counter demotions = "tickwire_demotions_total";
    /// Records made.
    Counter records_made = "tickwire_records_made_total";
    /// Times that better code tables were trained on what rooms sent.
    Counter tables_trained = "tickwire_tables_trained_total";
    /// Times that a room's code tables were replaced by better ones.
    Counter tables_replaced = "tickwire_tables_replaced_total";
    /// Clients that found a wrong digest and asked for everything anew. Above 0 is a bug.
    Counter resyncs = "tickwire_resyncs_total";
    /// Values that did not fit their declared range. Above 0 the game's declaration is wrong.
    Counter clamps = "tickwire_clamps_total";
    /// Events that a game told beyond what it may tell in one tick; they were not sent. Above 0 the game is wrong.
    Counter events_dropped = "tickwire_events_dropped_total";
    /// Changes that extract had missed and the scrub found. Above 0 is a bug.
    Counter missed_extracts = "tickwire_missed_extracts_total";
    /// Facets renewed because a constant field changed.
    Counter renewals = "tickwire_renewals_total";
    /// Facets alive now.
    Gauge facets = "tickwire_facets";
    /// Entities with something that waits for a slot. Above 0 the pool is too small.
    Gauge unplaced = "tickwire_facets_unplaced";

    /// Memory that the process has in use.
    Gauge resident_bytes = "tickwire_process_resident_bytes";
    /// How long the process has been running.
    Gauge uptime_seconds = "tickwire_process_uptime_seconds";
}

/// All metrics of one server. Cloning is cheap; clones count into the same numbers.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Handles>);

impl Deref for Metrics {
    type Target = Handles;

    fn deref(&self) -> &Handles {
        &self.0
    }
}

impl Metrics {
    /// The metrics of a server with that many workers. Several may live in one process: nothing is global.
    #[must_use]
    pub fn new(workers: usize) -> Self {
        let mut builder = PrometheusBuilder::new();
        for metric in CATALOGUE.iter().filter(|metric| metric.kind == MetricKind::Histogram) {
            builder = builder
                .set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), SECONDS_BUCKETS)
                .expect("the list of buckets is not empty");
        }
        Self::with(Registry(Some(builder.build_recorder())), workers)
    }

    /// Metrics that nobody reads; the pulses beat.
    #[must_use]
    pub fn unread(workers: usize) -> Self {
        Self::with(Registry(None), workers)
    }

    /// How long a certificate is good for, by the name that the operator's configuration has for it.
    pub fn certificate_remaining(&self, name: &str, left: Duration) {
        let Some(recorder) = &self.0.registry.0 else { return };
        let metric = "tickwire_certificate_remaining_seconds";
        recorder.describe_gauge(metric.into(), unit_of(metric), "How long a certificate is good for.".into());
        let key = Key::from_parts(metric, vec![Label::new("name", name.to_owned())]);
        recorder.register_gauge(&key, &METADATA).set(left.as_secs_f64());
    }

    fn with(registry: Registry, workers: usize) -> Self {
        let start = Instant::now();
        let pulses = (0..workers.max(1)).map(|_| Pulse::new(start)).collect();
        let by_label = ByLabel::new(&registry);
        Self(Arc::new(Handles::new(registry, by_label, pulses)))
    }

    /// Counts the end of a connection: a [`CloseCode::name`] or one of [`OTHER_ENDINGS`].
    pub fn closed(&self, ending: &'static str) {
        count(&self.by_label.closes, ending);
    }

    /// Counts a refusal: one of [`REFUSAL_REASONS`].
    pub fn refused(&self, reason: &'static str) {
        count(&self.by_label.refusals, reason);
    }

    /// The pulse of a worker.
    ///
    /// # Panics
    /// There is no such worker.
    #[must_use]
    pub fn pulse(&self, worker: usize) -> &Pulse {
        &self.pulses[worker]
    }

    /// Every worker's pulse, in order.
    #[must_use]
    pub fn pulses(&self) -> &[Pulse] {
        &self.pulses
    }

    /// Everything as Prometheus reads it.
    #[must_use]
    pub fn render(&self) -> String {
        self.prometheus.as_ref().map_or_else(String::new, PrometheusHandle::render)
    }

    /// Folds what histograms have recorded; to be called every few seconds, or they keep every value until somebody
    /// reads them.
    pub fn fold(&self) {
        if let Some(prometheus) = &self.prometheus {
            prometheus.run_upkeep();
        }
    }
}

/// Metrics with one counter for each of a list of labels.
#[derive(Debug)]
struct ByLabel {
    closes: BTreeMap<&'static str, Counter>,
    refusals: BTreeMap<&'static str, Counter>,
}

impl ByLabel {
    fn new(registry: &Registry) -> Self {
        let counters = |name, label, values: &mut dyn Iterator<Item = &'static str>, meaning| {
            values.map(|value| (value, Counter::register(registry, name, &[(label, value)], meaning))).collect()
        };
        let codes = CloseCode::ALL.iter().map(|code| code.name());
        Self {
            closes: counters(
                "tickwire_closes_total",
                "code",
                &mut codes.chain(OTHER_ENDINGS.iter().copied()),
                "Connections that ended after they had been handed over, by how.",
            ),
            refusals: counters(
                "tickwire_refusals_total",
                "reason",
                &mut REFUSAL_REASONS.iter().copied(),
                "Connections and requests refused before they could play.",
            ),
        }
    }
}

fn count(counters: &BTreeMap<&'static str, Counter>, label: &'static str) {
    let counter = counters.get(label);
    debug_assert!(counter.is_some(), "{label:?} is not in the list of labels");
    if let Some(counter) = counter {
        counter.increment(1);
    }
}

/// Where handles come from; without a recorder they lead nowhere.
#[derive(Debug)]
struct Registry(Option<PrometheusRecorder>);

/// A kind of handle.
trait Registered: Sized {
    fn register(
        registry: &Registry,
        name: &'static str,
        labels: &[(&'static str, &'static str)],
        meaning: &'static str,
    ) -> Self;
}

macro_rules! registered {
    ($($kind:ident: $describe:ident, $register:ident;)+) => {$(
        impl Registered for $kind {
            fn register(
                registry: &Registry,
                name: &'static str,
                labels: &[(&'static str, &'static str)],
                meaning: &'static str,
            ) -> Self {
                let Some(recorder) = &registry.0 else { return Self::noop() };
                let labels: Vec<Label> = labels.iter().map(|(key, value)| Label::new(*key, *value)).collect();
                recorder.$describe(name.into(), unit_of(name), meaning.trim().into());
                recorder.$register(&Key::from_parts(name, labels), &METADATA)
            }
        }
    )+};
}

registered! {
    Counter: describe_counter, register_counter;
    Gauge: describe_gauge, register_gauge;
    Histogram: describe_histogram, register_histogram;
}

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// The unit that a name ends in.
fn unit_of(name: &str) -> Option<Unit> {
    match name.trim_end_matches("_total").rsplit('_').next() {
        Some("seconds") => Some(Unit::Seconds),
        Some("bytes") => Some(Unit::Bytes),
        _ => Some(Unit::Count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_with_the_product_and_end_in_what_they_count() {
        for metric in CATALOGUE {
            assert!(metric.name.starts_with("tickwire_"), "{}", metric.name);
            assert_eq!(metric.kind == MetricKind::Counter, metric.name.ends_with("_total"), "{}", metric.name);
            assert!(metric.meaning.len() > 10, "{} says too little", metric.name);
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            assert!(metric.name.bytes().all(plain), "{}", metric.name);
            if metric.kind == MetricKind::Histogram {
                assert!(metric.name.ends_with("_seconds"), "{}: its buckets are seconds", metric.name);
            }
        }
    }

    #[test]
    fn what_is_counted_is_read_with_its_labels_and_its_meaning() {
        let metrics = Metrics::new(1);
        metrics.ticks.increment(3);
        metrics.skipped_busy.increment(2);
        metrics.tick_seconds.record(0.003);
        metrics.closed(CloseCode::Kicked.name());
        metrics.closed("Lost");
        metrics.refused("origin");
        metrics.fold();
        let text = metrics.render();
        for line in [
            "# TYPE tickwire_ticks_total counter",
            "tickwire_ticks_total 3",
            "tickwire_frames_skipped_total{cause=\"busy\"} 2",
            "tickwire_frames_skipped_total{cause=\"window\"} 0",
            "tickwire_tick_seconds_bucket{le=\"0.004\"} 1",
            "tickwire_tick_seconds_bucket{le=\"0.002\"} 0",
            "tickwire_closes_total{code=\"Kicked\"} 1",
            "tickwire_closes_total{code=\"Lost\"} 1",
            "tickwire_refusals_total{reason=\"origin\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in:\n{text}");
        }
    }

    #[test]
    fn two_servers_in_one_process_count_apart() {
        let (one, other) = (Metrics::new(1), Metrics::new(1));
        one.ticks.increment(1);
        assert!(other.render().contains("tickwire_ticks_total 0"));
        assert!(Metrics::unread(1).render().is_empty());
    }
}
