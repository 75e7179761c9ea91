//! What was counted since the metrics were last told: plain numbers in the passes, atomics once per turn.
//!
//! ```text
//!   sockets ─► Tally ──────────────────────────┐
//!                                              ├─► report, once per turn ─► metrics
//!   room ────► Counts, against what was told ──┘
//! ```
//!
//! Never here: names and units (see `metrics`).

use std::time::Duration;

use shared::wire::close_code::CloseCode;
use tracing::warn;

use super::connection::Ending;
use super::schedule::TickStart;
use super::transport::Traffic;
use crate::counts::Counts;
use crate::metrics::Metrics;

/// Counts since the last report.
#[derive(Default)]
pub(super) struct Tally {
    /// What went through the sockets.
    pub(super) traffic: Traffic,
    /// Messages that reached a room.
    pub(super) messages_in: u64,
    /// Messages that a room sent.
    pub(super) messages_out: u64,
    /// New tickets that nobody took.
    pub(super) renewals_lost: u64,
    /// Seats that were not kept, because their players' addresses had as many as may be.
    pub(super) seats_not_kept: u64,
    endings: Vec<Ending>,
}

impl Tally {
    /// Adds what a lane counted, which begins anew.
    pub(super) fn take_from(&mut self, lane: &mut Self) {
        self.traffic.add(std::mem::take(&mut lane.traffic));
        self.messages_in += std::mem::take(&mut lane.messages_in);
        self.messages_out += std::mem::take(&mut lane.messages_out);
        self.endings.append(&mut lane.endings);
    }

    /// A connection has come to its end.
    pub(super) fn ended(&mut self, ending: Ending) {
        self.endings.push(ending);
    }

    /// Tells what was counted and begins anew.
    pub(super) fn report(&mut self, metrics: &Metrics) {
        let Traffic { bytes_in, bytes_out, recvs, sends, spent } = std::mem::take(&mut self.traffic);
        if recvs + sends + bytes_in > 0 {
            metrics.bytes_in.increment(bytes_in);
            metrics.bytes_out.increment(bytes_out);
            metrics.recvs.increment(recvs);
            metrics.sends.increment(sends);
            metrics.work_spent.increment(spent);
            metrics.messages_in.increment(std::mem::take(&mut self.messages_in));
            metrics.messages_out.increment(std::mem::take(&mut self.messages_out));
        }
        if self.seats_not_kept > 0 {
            metrics.seats_not_kept.increment(std::mem::take(&mut self.seats_not_kept));
        }
        if self.renewals_lost > 0 {
            metrics.renewals_lost.increment(std::mem::take(&mut self.renewals_lost));
        }
        for ending in self.endings.drain(..) {
            metrics.closed(name_of(ending));
        }
    }
}

/// What an ending is counted as. A peer's own code is not trusted to name one of ours.
fn name_of(ending: Ending) -> &'static str {
    match ending {
        Ending::Closed(code, _) => CloseCode::name(code),
        Ending::Left(_) => "Left",
        Ending::Lost(_) => "Lost",
    }
}

/// Tells of a tick that began at `start` and took `took` of its `period`.
pub(super) fn report_tick(metrics: &Metrics, start: &TickStart, took: Duration, period: Duration) {
    metrics.ticks.increment(1);
    metrics.tick_seconds.record(took);
    metrics.tick_start_error_seconds.record(start.late);
    metrics.overruns.increment(u64::from(start.late + took > period));
    metrics.rebases.increment(u64::from(start.forgiven > 0));
    metrics.forgiven_periods.increment(u64::from(start.forgiven));
}

/// Tells what has happened in a room since `told`.
pub(super) fn report_counts(metrics: &Metrics, told: &Counts, now: &Counts) {
    if told.events_dropped == 0 && now.events_dropped > 0 {
        warn!(
            dropped = now.events_dropped,
            "the game tells more events in a tick than there may be; said once per room"
        );
    }
    let grown = [
        (&metrics.frames, told.frames, now.frames),
        (&metrics.full_frames, told.full_frames, now.full_frames),
        (&metrics.state_bytes, told.state_bytes, now.state_bytes),
        (&metrics.caught_up_ticks, told.caught_up_ticks, now.caught_up_ticks),
        (&metrics.skipped_busy, told.skipped_busy, now.skipped_busy),
        (&metrics.skipped_window, told.skipped_window, now.skipped_window),
        (&metrics.skipped_paused, told.skipped_paused, now.skipped_paused),
        (&metrics.pieces, told.pieces, now.pieces),
        (&metrics.frames_narrowed, told.frames_narrowed, now.frames_narrowed),
        (&metrics.demotions, told.demotions, now.demotions),
        (&metrics.records_made, told.records_made, now.records_made),
        (&metrics.tables_replaced, told.tables_replaced, now.tables_replaced),
        (&metrics.clamps, told.clamps, now.clamps),
        (&metrics.events_dropped, told.events_dropped, now.events_dropped),
        (&metrics.missed_extracts, told.missed_extracts, now.missed_extracts),
        (&metrics.renewals, told.renewals, now.renewals),
        (&metrics.malformed, told.malformed, now.malformed),
        (&metrics.out_of_place, told.out_of_place, now.out_of_place),
        (&metrics.inputs_in_time, told.inputs_in_time, now.inputs_in_time),
        (&metrics.inputs_late, told.inputs_late, now.inputs_late),
        (&metrics.inputs_duplicate, told.inputs_duplicate, now.inputs_duplicate),
        (&metrics.inputs_missing, told.inputs_missing, now.inputs_missing),
        (&metrics.views_too_old, told.views_too_old, now.views_too_old),
        (&metrics.views_not_sent, told.views_not_sent, now.views_not_sent),
        (&metrics.requests, told.requests, now.requests),
        (&metrics.pings_unanswered, told.pings_unanswered, now.pings_unanswered),
        (&metrics.unchanged_told, told.unchanged_told, now.unchanged_told),
        (&metrics.unchanged_closed, told.unchanged_closed, now.unchanged_closed),
        (&metrics.tickets_renewed, told.tickets_renewed, now.tickets_renewed),
        (&metrics.absences, told.absences, now.absences),
        (&metrics.resumes, told.resumes, now.resumes),
        (&metrics.resumes_refused, told.resumes_refused, now.resumes_refused),
        (&metrics.seats_given_up, told.seats_given_up, now.seats_given_up),
        (&metrics.resyncs, told.resyncs, now.resyncs),
        (&metrics.spectator_frames, told.spectator_frames, now.spectator_frames),
        (&metrics.spectator_state_bytes, told.spectator_state_bytes, now.spectator_state_bytes),
        (&metrics.spectator_frames_skipped, told.spectator_frames_skipped, now.spectator_frames_skipped),
        (&metrics.spectator_feeds_dropped, told.spectator_feeds_dropped, now.spectator_feeds_dropped),
        (&metrics.joins, told.joins, now.joins),
        (&metrics.leaves, told.leaves, now.leaves),
    ];
    for (counter, told, now) in grown {
        if now > told {
            counter.increment(now - told);
        }
    }
    // Gauges are sums over rooms on several workers, so each tells only what has changed.
    let changed = [
        (&metrics.players, told.players, now.players),
        (&metrics.players_away, told.away, now.away),
        (&metrics.auditors, told.auditors, now.auditors),
        (&metrics.spectators, told.spectators, now.spectators),
        (&metrics.spectator_ring_bytes, told.spectator_ring_bytes, now.spectator_ring_bytes),
        (&metrics.facets, told.facets, now.facets),
        (&metrics.unplaced, told.unplaced, now.unplaced),
    ];
    for (gauge, told, now) in changed {
        if now != told {
            gauge.increment(now as f64 - told as f64);
        }
    }
}

/// The last that is told of a room: nobody and nothing is in it any more.
pub(super) fn report_room_gone(metrics: &Metrics, told: &Counts) {
    let nobody = Counts {
        players: 0,
        away: 0,
        auditors: 0,
        spectators: 0,
        spectator_ring_bytes: 0,
        facets: 0,
        unplaced: 0,
        ..*told
    };
    report_counts(metrics, told, &nobody);
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::ids::Tick;

    #[test]
    fn what_is_told_adds_up_and_is_told_once() {
        let metrics = Metrics::new(1);
        let mut tally = Tally::default();
        tally.traffic.add(Traffic { bytes_in: 10, bytes_out: 20, recvs: 1, sends: 2, spent: 0 });
        tally.messages_in = 3;
        tally.ended(Ending::Closed(CloseCode::TooFast, "too many pings"));
        tally.ended(Ending::Left(Some(4003)));
        tally.ended(Ending::Lost("cut"));
        tally.report(&metrics);
        tally.report(&metrics);
        let text = metrics.render();
        for line in [
            "tickwire_socket_in_bytes_total 10",
            "tickwire_socket_send_calls_total 2",
            "tickwire_messages_in_total 3",
            "tickwire_closes_total{code=\"TooFast\"} 1",
            "tickwire_closes_total{code=\"Left\"} 1",
            "tickwire_closes_total{code=\"Lost\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in:\n{text}");
        }
    }

    #[test]
    fn a_tick_overran_if_it_was_not_over_when_the_next_was_due_whatever_held_it_up() {
        const PERIOD: Duration = Duration::from_millis(33);
        let metrics = Metrics::new(1);
        let now = std::time::Instant::now();
        let tick = |late_ms, took_ms| {
            let late = Duration::from_millis(late_ms);
            let start = TickStart { tick: Tick(1), deadline: now, now: now + late, late, owed: 0, forgiven: 0 };
            report_tick(&metrics, &start, Duration::from_millis(took_ms), PERIOD);
        };
        tick(0, 2);
        tick(20, 2);
        tick(0, 34);
        tick(32, 2);
        tick(200, 2);
        let text = metrics.render();
        assert!(text.lines().any(|found| found == "tickwire_tick_overruns_total 3"), "{text}");
    }

    #[test]
    fn gauges_are_sums_over_rooms_and_a_room_that_ends_takes_its_part_away() {
        let metrics = Metrics::new(1);
        let none = Counts::default();
        let one = Counts { players: 5, joins: 6, leaves: 1, ..none };
        let other = Counts { players: 2, joins: 2, ..none };
        report_counts(&metrics, &none, &one);
        report_counts(&metrics, &none, &other);
        report_counts(&metrics, &other, &Counts { players: 1, leaves: 1, ..other });
        report_room_gone(&metrics, &one);
        let text = metrics.render();
        for line in ["tickwire_players 1", "tickwire_joins_total 8", "tickwire_leaves_total 2"] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in:\n{text}");
        }
    }
}
