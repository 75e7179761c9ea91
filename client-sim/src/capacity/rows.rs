//! Single runs to rows of medians, rows to a table and to JSON.
//!
//! ```text
//!   per size: run of the server, run of the floor, again and again ─► medians ─► Row ─► Capacity ─► table · JSON
//! ```
//!
//! The ratio is that of the two medians. Single runs stand in the JSON, so that anyone can see how far they scatter.
//!
//! Never here: processes and sockets.

use crate::report::Report;
use serde::Serialize;
use std::fmt::Write as _;

/// The share of the due ticks from which on a rate counts as held.
pub const HELD: f64 = 0.95;

/// The whole report.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Capacity {
    /// The game.
    pub game: String,
    /// Ticks per second.
    pub tick_rate_hz: u16,
    /// Length of each window.
    pub seconds: f64,
    /// Pairs of runs for each row.
    pub rounds: usize,
    /// Entities in all, where more than the players were asked for.
    pub entities: Option<usize>,
    /// How far a player saw, in world units; 0: everything.
    pub view: u32,
    /// One for each number of players.
    pub rows: Vec<Row>,
    /// What went wrong; empty if nothing did. A rate that is not held is none of it.
    pub failures: Vec<String>,
}

/// One number of players: medians over the runs, counts summed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Row {
    /// Players in the room.
    pub players: usize,
    /// Frames delivered to each client ÷ ticks due.
    pub rate_held: Option<f64>,
    /// The same of the client that got the fewest.
    pub rate_held_slowest: Option<f64>,
    /// Microseconds of the server's processor time for each frame delivered.
    pub server_us_per_client_tick: Option<f64>,
    /// The same of the floor.
    pub floor_us_per_client_tick: Option<f64>,
    /// The first by the second.
    pub ratio_to_floor: Option<f64>,
    /// Frames that the floor delivered to each client ÷ ticks due.
    pub floor_rate_held: Option<f64>,
    /// Bytes of state frames.
    pub state_bytes_per_client_per_second: Option<f64>,
    /// Bytes out of the socket, TLS and all.
    pub wire_bytes_per_client_per_second: Option<f64>,
    /// From sending an input to holding its effect.
    pub input_to_state_ms: Latency,
    /// Resident memory of the server at the end of the window.
    pub server_rss_bytes: Option<u64>,
    /// Digests compared in all runs.
    pub digests_checked: u64,
    /// Digests that differed in all runs.
    pub digest_mismatches: u64,
    /// Each run by itself.
    pub runs: Vec<Pair>,
}

/// Percentiles in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Half are below.
    pub p50: Option<f64>,
    /// 99 of 100 are below.
    pub p99: Option<f64>,
}

/// A run of the server and the run of the floor after it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Pair {
    /// The server's.
    pub server: ServerRun,
    /// The floor's.
    pub floor: FloorRun,
}

/// One run of the server.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ServerRun {
    /// Frames delivered to each client ÷ ticks due.
    pub rate_held: Option<f64>,
    /// The same of the client that got the fewest.
    pub rate_held_slowest: Option<f64>,
    /// Microseconds of processor time for each frame delivered.
    pub us_per_client_tick: Option<f64>,
    /// Bytes of state frames per client and second.
    pub state_bytes_per_client_per_second: Option<f64>,
    /// Bytes out of the socket per client and second.
    pub wire_bytes_per_client_per_second: Option<f64>,
    /// Bytes of a frame: the floor's are as long.
    pub bytes_per_frame: Option<f64>,
    /// Bytes of an input: the floor's are as long.
    pub bytes_per_input: Option<f64>,
    /// From sending an input to holding its effect.
    pub input_to_state_ms: Latency,
    /// Resident memory at the end of the window.
    pub rss_bytes: Option<u64>,
    /// Digests compared.
    pub digests_checked: u64,
    /// Digests that differed.
    pub digest_mismatches: u64,
}

/// One run of the floor.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct FloorRun {
    /// Frames delivered to each client ÷ ticks due.
    pub rate_held: Option<f64>,
    /// Microseconds of processor time for each frame delivered.
    pub us_per_client_tick: Option<f64>,
}

impl ServerRun {
    /// What a swarm's report says of the server.
    #[must_use]
    pub fn of(report: &Report, tick_rate_hz: u16) -> Self {
        let due = f64::from(tick_rate_hz);
        let frames_per_second = report.frames_per_bot_per_second;
        let delivered = frames_per_second.map(|rate| rate * report.seconds * report.bots_connected as f64);
        Self {
            rate_held: frames_per_second.map(|rate| rate / due),
            rate_held_slowest: report.frames_per_second_slowest_bot.map(|rate| rate / due),
            us_per_client_tick: quotient(report.server_cpu_us.map(|us| us as f64), delivered),
            state_bytes_per_client_per_second: report.state_bytes_per_bot_per_second,
            wire_bytes_per_client_per_second: report.wire_bytes_per_bot_per_second,
            bytes_per_frame: quotient(report.state_bytes_per_bot_per_second, frames_per_second),
            bytes_per_input: report.bytes_per_input,
            input_to_state_ms: Latency { p50: report.input_to_state_ms.p50, p99: report.input_to_state_ms.p99 },
            rss_bytes: report.server_rss_bytes.end,
            digests_checked: report.digests_checked,
            digest_mismatches: report.digest_mismatches,
        }
    }
}

impl Row {
    /// The medians of these runs.
    #[must_use]
    pub fn of(players: usize, runs: Vec<Pair>) -> Self {
        let server = |field: fn(&ServerRun) -> Option<f64>| median(runs.iter().map(|pair| field(&pair.server)));
        let floor = |field: fn(&FloorRun) -> Option<f64>| median(runs.iter().map(|pair| field(&pair.floor)));
        let server_us = server(|run| run.us_per_client_tick);
        let floor_us = floor(|run| run.us_per_client_tick);
        Self {
            players,
            rate_held: server(|run| run.rate_held),
            rate_held_slowest: server(|run| run.rate_held_slowest),
            server_us_per_client_tick: server_us,
            floor_us_per_client_tick: floor_us,
            ratio_to_floor: quotient(server_us, floor_us),
            floor_rate_held: floor(|run| run.rate_held),
            state_bytes_per_client_per_second: server(|run| run.state_bytes_per_client_per_second),
            wire_bytes_per_client_per_second: server(|run| run.wire_bytes_per_client_per_second),
            input_to_state_ms: Latency {
                p50: server(|run| run.input_to_state_ms.p50),
                p99: server(|run| run.input_to_state_ms.p99),
            },
            server_rss_bytes: server(|run| run.rss_bytes.map(|bytes| bytes as f64)).map(|bytes| bytes as u64),
            digests_checked: runs.iter().map(|pair| pair.server.digests_checked).sum(),
            digest_mismatches: runs.iter().map(|pair| pair.server.digest_mismatches).sum(),
            runs,
        }
    }

    fn cells(&self) -> [String; 10] {
        let held = match self.rate_held {
            Some(held) if held < HELD => format!("{held:.2} NOT"),
            held => shown(held, 2),
        };
        let latency = self.input_to_state_ms;
        [
            self.players.to_string(),
            held,
            shown(self.server_us_per_client_tick, 1),
            shown(self.floor_us_per_client_tick, 1),
            shown(self.ratio_to_floor, 2),
            shown(self.state_bytes_per_client_per_second, 0),
            shown(self.wire_bytes_per_client_per_second, 0),
            format!("{} / {}", shown(latency.p50, 0), shown(latency.p99, 0)),
            shown(self.server_rss_bytes.map(|bytes| bytes as f64 / f64::from(1 << 20)), 1),
            format!("{} / {}", self.digests_checked, self.digest_mismatches),
        ]
    }
}

impl Capacity {
    /// The report as one JSON document, numbers with three places.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists: nothing in it can fail to be written.
        let value = serde_json::to_value(self).unwrap_or_default();
        serde_json::to_string_pretty(&crate::report::rounded(value)).unwrap_or_default()
    }

    /// The report as a table for people.
    #[must_use]
    pub fn to_table(&self) -> String {
        const HEAD: [&str; 10] = [
            "players",
            "rate held",
            "server µs",
            "floor µs",
            "ratio",
            "state B/s",
            "wire B/s",
            "input ms p50 / p99",
            "MiB",
            "digests / wrong",
        ];
        let rows: Vec<[String; 10]> = self.rows.iter().map(Row::cells).collect();
        let widths: Vec<usize> = (0..HEAD.len())
            .map(|column| {
                rows.iter().map(|row| row[column].chars().count()).chain([HEAD[column].chars().count()]).max()
            })
            .map(Option::unwrap_or_default)
            .collect();
        let line = |cells: &[String]| {
            cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}")).collect::<Vec<_>>().join("  ")
        };
        let mut table = String::new();
        let entities = self.entities.map_or_else(String::new, |entities| format!(", {entities} entities"));
        let view = if self.view > 0 { format!(", seen as far as {} units", self.view) } else { String::new() };
        // Writing into a String cannot fail.
        let _ = writeln!(
            table,
            "{} at {} Hz{entities}{view}: medians of {} runs of {} s, the floor beside each; µs are processor time per client \
             and tick, bytes per client",
            self.game, self.tick_rate_hz, self.rounds, self.seconds
        );
        let _ = writeln!(table, "{}", line(&HEAD.map(str::to_owned)));
        for row in &rows {
            let _ = writeln!(table, "{}", line(row));
        }
        if self.rows.iter().any(|row| row.rate_held.is_some_and(|held| held < HELD)) {
            let _ = writeln!(
                table,
                "NOT: less than {:.0} % of the ticks came as frames of their own. The clients share this machine; where they \
                 cannot follow, the server skips them, and their µs say little.",
                HELD * 100.0
            );
        }
        for failure in &self.failures {
            let _ = writeln!(table, "FAILED  {failure}");
        }
        table
    }
}

fn shown(value: Option<f64>, places: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.places$}"))
}

fn quotient(over: Option<f64>, under: Option<f64>) -> Option<f64> {
    over.zip(under).filter(|(_, under)| *under > 0.0).map(|(over, under)| over / under)
}

/// The middle one of those that there are; of an even number, the mean of the two in the middle.
fn median(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let mut values: Vec<f64> = values.flatten().collect();
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.len().checked_sub(1)? / 2, values.len() / 2);
    Some((values.get(low)? + values.get(high)?) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::ServerRss;

    fn pair(server_us: f64, floor_us: f64, held: f64) -> Pair {
        let server = ServerRun {
            rate_held: Some(held),
            us_per_client_tick: Some(server_us),
            digests_checked: 10,
            digest_mismatches: 1,
            ..ServerRun::default()
        };
        Pair { server, floor: FloorRun { rate_held: Some(1.0), us_per_client_tick: Some(floor_us) } }
    }

    #[test]
    fn a_median_is_the_middle_one() {
        let of = |values: &[f64]| median(values.iter().copied().map(Some));
        assert_eq!(of(&[3.0, 1.0, 9.0]), Some(3.0));
        assert_eq!(of(&[4.0, 1.0]), Some(2.5));
        assert_eq!(of(&[7.0]), Some(7.0));
        assert_eq!(of(&[]), None);
        assert_eq!(median([None, Some(2.0), None].into_iter()), Some(2.0));
    }

    #[test]
    fn a_row_is_medians_and_sums_and_the_ratio_is_that_of_the_medians() {
        let row = Row::of(50, vec![pair(30.0, 10.0, 1.0), pair(14.0, 12.0, 0.9), pair(15.0, 20.0, 0.99)]);
        assert_eq!((row.server_us_per_client_tick, row.floor_us_per_client_tick), (Some(15.0), Some(12.0)));
        assert_eq!((row.ratio_to_floor, row.rate_held), (Some(1.25), Some(0.99)));
        assert_eq!((row.digests_checked, row.digest_mismatches, row.runs.len()), (30, 3, 3));
    }

    #[test]
    fn a_swarms_report_becomes_processor_time_per_frame_delivered() {
        let report = Report {
            bots_connected: 10,
            seconds: 2.0,
            frames_per_bot_per_second: Some(27.0),
            state_bytes_per_bot_per_second: Some(2_700.0),
            server_cpu_us: Some(5_400),
            server_rss_bytes: ServerRss { end: Some(7), ..ServerRss::default() },
            ..Report::default()
        };
        let run = ServerRun::of(&report, 30);
        assert_eq!((run.rate_held, run.us_per_client_tick), (Some(0.9), Some(10.0)));
        assert_eq!((run.bytes_per_frame, run.rss_bytes), (Some(100.0), Some(7)));
        assert_eq!(ServerRun::of(&Report::default(), 30).us_per_client_tick, None);
    }

    #[test]
    fn a_rate_that_is_not_held_is_said_so_and_every_promised_key_is_there() {
        let row = Row::of(50, vec![pair(30.0, 10.0, 0.7)]);
        let capacity = Capacity { rows: vec![row, Row::default()], ..Capacity::default() };
        let table = capacity.to_table();
        assert!(table.contains("0.70 NOT") && table.contains("3.00"), "{table}");
        let json: serde_json::Value = serde_json::from_str(&capacity.to_json()).unwrap();
        let promised = [
            "players",
            "rate_held",
            "server_us_per_client_tick",
            "floor_us_per_client_tick",
            "ratio_to_floor",
            "state_bytes_per_client_per_second",
            "wire_bytes_per_client_per_second",
            "input_to_state_ms",
            "server_rss_bytes",
            "digests_checked",
            "digest_mismatches",
        ];
        for key in promised {
            assert!(json["rows"][0].get(key).is_some(), "{key}");
        }
    }
}
