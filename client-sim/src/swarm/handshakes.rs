//! Only opens connections: what do TCP, TLS and the upgrade cost, and how many per second does the front take?
//!
//! Each connection is closed as soon as it stands. The bots share the asked rate evenly; a bot that is still connecting when its
//! next turn comes leaves that turn out, so that a slow server is not buried.
//!
//! Never here: what is played over a connection (see `bot`).

use super::Stage;
use super::bot::Company;
use super::options::path_of;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// What one bot did.
#[derive(Debug, Default)]
pub(super) struct Opened {
    pub(super) done: u64,
    pub(super) failed: BTreeMap<String, u64>,
}

/// Opens and closes connections as bot number `bot` until the run ends.
pub(super) async fn knock(mut company: Company, bot: usize, per_second: f64) -> Opened {
    let mut opened = Opened::default();
    let options = company.options.clone();
    let period = Duration::from_secs_f64(options.bots as f64 / per_second);
    let first = Instant::now() + period.mul_f64(bot as f64 / options.bots as f64);
    let mut turns = interval_at(first, period);
    turns.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let path = path_of(&options.rooms.of(bot));
    let from = options.from.map(|sources| sources.of(bot));
    loop {
        tokio::select! {
            biased;
            _ = company.stage.wait_for(|stage| *stage == Stage::Ending) => return opened,
            _ = turns.tick() => {}
        }
        let began_ms = company.epoch.now_ms();
        match company.target_of(bot).connect(&path, from).await {
            Ok(connection) => {
                let took_ms = company.epoch.now_ms() - began_ms;
                company.live.samples(|samples| samples.handshake.record(took_ms));
                company.live.attempts.fetch_add(1, Ordering::Relaxed);
                opened.done += 1;
                connection.close(1000).await;
            }
            Err(error) => *opened.failed.entry(error.to_string()).or_default() += 1,
        }
    }
}
