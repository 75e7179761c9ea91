//! What a worker has counted since it last told the metrics: plain numbers, no atomics in the passes.
//!
//! Never here: names and units (see `metrics`).

use shared::wire::close_code::CloseCode;

use super::connection::Ending;
use super::transport::Traffic;

/// Counts since the last report.
#[derive(Default)]
pub(super) struct Tally {
    /// What went through the sockets.
    pub(super) traffic: Traffic,
    /// Messages that reached a room.
    pub(super) messages_in: u64,
    /// Messages that a room sent.
    pub(super) messages_out: u64,
    /// How connections ended.
    endings: Vec<Ending>,
}

impl Tally {
    /// A connection has come to its end.
    pub(super) fn ended(&mut self, ending: Ending) {
        self.endings.push(ending);
    }

    /// Takes the endings: each a name for the metrics.
    pub(super) fn take_endings(&mut self) -> impl Iterator<Item = &'static str> {
        self.endings.drain(..).map(|ending| match ending {
            Ending::Closed(code, _) => code.name(),
            Ending::Left(number) => match number.and_then(CloseCode::from_number) {
                Some(code) => code.name(),
                None => "Left",
            },
            Ending::Lost(_) => "Lost",
        })
    }
}
