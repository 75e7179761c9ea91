//! Players whose input has been the same for long: told that they will be closed, and closed.
//!
//! ```text
//!   an input that differs from the one before, a request ─► changed ──── after − notice ───► Notice ─── notice ───► closed
//!                                                              ▲                                │                  (Unchanged)
//!                                                              └─────────── it changes ─────────┘
//! ```
//!
//! Only where the operator wants it: there are games in which doing nothing is a move. Who has no input of its own (a tab in the background,
//! a path that stands still) changes nothing either. Who is away or looks on is not asked. Counted in ticks.
//!
//! Never here: silence of a connection (see `worker::patience`).

use super::Room;
use crate::exchange::Outgoing;
use crate::standing::Standing;
use shared::ids::Tick;
use shared::wire::{CloseCode, NoticeReason, ServerMessage};

impl Room {
    /// Tells those who should change something, and closes those who did not. Once per tick.
    pub(super) fn close_unchanged(&mut self, tick: Tick, out: &mut Outgoing) {
        let (limit, rate) = (self.options.unchanged, u32::from(self.options.tick_rate_hz));
        if limit.after_s == 0 {
            return;
        }
        let (after, notice) = (limit.after_s * rate, limit.notice_s * rate);
        for seat in self.seats.iter_mut() {
            let (Some(connection), Standing::Player) = (seat.connection, seat.standing()) else { continue };
            let unchanged = tick.since(*seat.changed.get_or_insert(tick));
            if unchanged >= after {
                out.closes.push((connection, CloseCode::Unchanged));
                self.counts.unchanged_closed += 1;
            } else if unchanged + notice == after {
                let seconds = limit.notice_s as u16;
                out.send(connection, &ServerMessage::Notice { reason: NoticeReason::Unchanged, seconds });
                self.counts.unchanged_told += 1;
            }
        }
    }
}
