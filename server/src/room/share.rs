//! A part of a room's clients, whose frames are made by one lane: all of them, or each lane's.
//!
//! ```text
//!   step_tick ─► shares ─┬─ lane 0: publish ─► frames, closes ─┐
//!    (the owner)         ├─ lane 1: publish ─► frames, closes ─┼─► settle_tick
//!                        └─ …                                  ┘    (the owner)
//! ```
//!
//! Between the two nothing of the room changes but what a share has for itself: its seats and its lane. So shares may be
//! worked off side by side, and give the same bytes in any order.
//!
//! Never here: threads and sockets (see `worker`).

use super::Room;
use crate::exchange::ConnectionId;
use crate::replicate::{Lane, Published, Replicator};
use crate::seats::Seat;
use crate::sim::Sight;
use shared::ids::Tick;
use shared::limits::UNCONFIRMED_SECONDS;
use shared::wire::CloseCode;

/// Some of a room's seats, after its step.
pub struct Share<'a> {
    replicator: &'a Replicator,
    sight: Option<Sight<'a>>,
    seats: &'a mut [Box<Seat>],
    lane: &'a mut Lane,
    /// What spectators' frames are made of, if they see anything yet, and by what.
    delayed: Option<(&'a Replicator, &'a mut Lane)>,
    tick: Tick,
    unconfirmed_ticks_max: u32,
}

impl Room {
    /// All seats in so many shares of about the same size, in the order of players. Between [`step_tick`](super::step_tick)
    /// and [`settle_tick`](super::settle_tick) each is to be published once.
    pub fn shares(&mut self, lanes: usize) -> Vec<Share<'_>> {
        let lanes = lanes.max(1);
        while self.lanes.len() < lanes {
            self.lanes.push(self.replicator.lane());
        }
        let unconfirmed_ticks_max = UNCONFIRMED_SECONDS * u32::from(self.options.tick_rate_hz);
        let Self { replicator, sim, seats, lanes: all, stepping: tick, spectators, .. } = self;
        let (replicator, sight, tick) = (&*replicator, sim.sight(), *tick);
        let seats = seats.as_mut_slice();
        let length = seats.len().div_ceil(lanes).max(1);
        let delayed = spectators.lanes(lanes);
        let delayed = delayed.into_iter().flat_map(|(feed, lanes)| lanes.iter_mut().map(move |lane| (feed, lane)));
        let delayed = delayed.map(Some).chain(std::iter::repeat_with(|| None));
        let parts = seats.chunks_mut(length).zip(all).zip(delayed);
        let share =
            |((seats, lane), delayed)| Share { replicator, sight, seats, lane, delayed, tick, unconfirmed_ticks_max };
        parts.map(share).collect()
    }
}

impl Share<'_> {
    /// The connection of each seat, in the order in which frames come.
    pub fn connections(&self) -> impl Iterator<Item = Option<ConnectionId>> + '_ {
        self.seats.iter().map(|seat| seat.connection)
    }

    /// Makes each client's frame and calls `each` with the place of its seat in the share: with the frame, or without where
    /// the client gets none now. Who cannot go on is noted in `closes`.
    pub fn publish(
        &mut self,
        mut each: impl FnMut(usize, ConnectionId, Option<&[u8]>),
        closes: &mut Vec<(ConnectionId, CloseCode)>,
    ) {
        for (place, seat) in self.seats.iter_mut().enumerate() {
            let Some(connection) = seat.connection else { continue };
            let (replicator, sight, lane) = match &mut self.delayed {
                _ if !seat.spectates() => (self.replicator, self.sight, &mut *self.lane),
                Some((replicator, lane)) => (*replicator, None, &mut **lane),
                None => {
                    each(place, connection, None);
                    continue;
                }
            };
            let published = replicator.publish(sight, &mut seat.client, lane);
            seat.client.busy = false;
            match published {
                Published::Frame => each(place, connection, Some(lane.frame())),
                Published::Skipped(_) => each(place, connection, None),
                Published::EventsOverflow => {
                    closes.push((connection, CloseCode::EventsOverflow));
                    each(place, connection, None);
                    continue;
                }
            }
            let window = &seat.client.window;
            let now = seat.client.shown_at(self.tick);
            if window.under_way() > 0 && now.since(window.confirmed()) > self.unconfirmed_ticks_max {
                closes.push((connection, CloseCode::Silent));
            }
        }
    }
}
