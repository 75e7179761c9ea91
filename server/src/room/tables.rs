//! How code tables are replaced while the room plays: at a marked tick, which every client is told before its frames need them.
//!
//! ```text
//!   better tables ─► wait until those in force are old enough ─► this tick: Tables to everybody seated · new Welcomes have them
//! ```
//!
//! A frame that covers ticks before the mark, too, has their pieces in the codes of their own time, so nothing is encoded again.
//!
//! Never here: what tables are made of (see `replicate::study` and `shared::codec::training`).

use super::Room;
use crate::exchange::Outgoing;
use shared::codec::{Tables, Tally};
use shared::ids::Tick;
use shared::limits::TABLES_SECONDS_MIN;
use shared::wire::ServerMessage;
use std::sync::Arc;

impl Room {
    /// Better tables than those in force, for the same layout. They come into force with the next tick, or when those before
    /// are `TABLES_SECONDS_MIN` old; who comes later takes the place of who waits.
    pub fn replace_tables(&mut self, tables: Arc<Tables>) {
        self.better = Some(tables);
    }

    /// From now on what is sent is counted, for [`Room::take_study`].
    pub fn begin_study(&mut self) {
        self.replicator.begin_study();
    }

    /// Takes away what was counted since the last time.
    pub fn take_study(&mut self) -> Option<Tally> {
        self.replicator.take_study()
    }

    /// A tick begins: better tables come into force if there are any and it is time.
    pub(super) fn renew_tables(&mut self, tick: Tick, out: &mut Outgoing) {
        let apart = TABLES_SECONDS_MIN * u32::from(self.options.tick_rate_hz);
        let too_soon = self.tables_replaced.is_some_and(|last| tick.since(last) < apart);
        let Some(better) = self.better.take_if(|_| !too_soon) else { return };
        if better.epoch == self.replicator.tables().epoch {
            return;
        }
        let bytes = better.to_bytes();
        self.replicator.replace_tables(better);
        self.tables_replaced = Some(tick);
        self.counts.tables_replaced += 1;
        // Spectators' frames go on in the codes that they began in.
        for seat in self.seats.iter_mut().filter(|seat| !seat.spectates()) {
            if let Some(connection) = seat.connection {
                out.send(connection, &ServerMessage::Tables { from: tick, bytes: &bytes });
            }
        }
    }
}
