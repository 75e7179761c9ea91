//! A place in a room that somebody holds, until it is dropped.
//!
//! Never here: who gets one (see `directory`).

use super::presence::count_in;
use super::{Absence, Approach, Directory, Presence, Returning, RoomId, RoomName};
use crate::standing::Standing;
use std::sync::Arc;

/// A reserved place in a room. Dropping it gives the place back.
#[derive(Debug)]
pub struct Place {
    /// The room's name.
    pub room: RoomName,
    /// The life of the room that the place is in.
    pub room_id: RoomId,
    /// The worker that owns the room.
    pub worker: usize,
    pub(super) directory: Arc<Directory>,
    /// Among whom it counts. Whoever does not play takes no player's place, and keeps its room.
    pub(super) standing: Standing,
    /// It is no place of a player yet: whose it is may come back to a seat that has one, and nothing else.
    pub(super) returning: Option<Returning>,
    /// A seat has it now.
    pub(super) given_away: bool,
    /// The connection's own count goes where the connection goes.
    pub(super) presence: Option<Presence>,
    /// Until it has a seat.
    pub(super) approach: Option<Approach>,
    /// For as long as it is a seat's whose player is away.
    pub(super) absence: Option<Absence>,
}

impl Place {
    /// Lets the connection's own count live as long as its place.
    pub fn keep(&mut self, presence: Presence) {
        self.presence = Some(presence);
    }

    /// Whether it is good for coming back to a seat and for nothing else.
    #[must_use]
    pub const fn only_returns(&self) -> bool {
        self.returning.is_some()
    }

    /// The place stays with the seat, which outlives the connection; the connection's own count stays with that. None: as many are kept
    /// for that address as may be, and the place goes with the connection.
    #[must_use]
    pub fn leave_to_seat(&mut self) -> Option<Self> {
        let Self { room, room_id, worker, directory, standing, presence, .. } = self;
        let address = presence.as_ref().and_then(Presence::address);
        let mut state = directory.lock();
        if !count_in(&mut state.away, address, directory.caps.away_per_address_max) {
            return None;
        }
        state.away_count += 1;
        drop(state);
        let mut kept = directory.place(room.clone(), *room_id, *worker, *standing);
        kept.absence = Some(Absence { directory: directory.clone(), address });
        self.given_away = true;
        Some(kept)
    }

    /// Lets the connection count as being on its way for as long as it has no seat.
    pub fn await_seat(&mut self, approach: Approach) {
        self.approach = Some(approach);
    }

    /// The connection has its seat, and this is what it turned out to be: who does not play leaves its place to a player, and the room
    /// stays as long as it does.
    pub fn seated(&mut self, standing: Standing) {
        self.approach = None;
        let returning = self.returning.take().is_some();
        if let Some(listed) = self.directory.lock().rooms.get_mut(&self.room_id) {
            *listed.counted_mut(self.standing, returning) -= 1;
            *listed.count_mut(standing) += 1;
            self.standing = standing;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.directory.lock();
        let Some(listed) = state.rooms.get_mut(&self.room_id).filter(|_| !self.given_away) else { return };
        *listed.counted_mut(self.standing, self.returning.is_some()) -= 1;
        if listed.is_empty() && !listed.made {
            state.strike_off(self.room_id);
        }
    }
}
