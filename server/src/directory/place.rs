//! A place in a room that somebody holds, until it is dropped.
//!
//! Never here: who gets one (see `directory`).

use super::{Approach, Directory, Presence, RoomId, RoomName};
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
    pub(super) returning: bool,
    /// A seat has it now.
    pub(super) given_away: bool,
    /// The connection's own count goes where the connection goes.
    pub(super) presence: Option<Presence>,
    /// Until it has a seat.
    pub(super) approach: Option<Approach>,
}

impl Place {
    /// Lets the connection's own count live as long as its place.
    pub fn keep(&mut self, presence: Presence) {
        self.presence = Some(presence);
    }

    /// Whether it is good for coming back to a seat and for nothing else.
    #[must_use]
    pub const fn only_returns(&self) -> bool {
        self.returning
    }

    /// The place stays with the seat, which outlives the connection; the connection's own count stays with that.
    #[must_use]
    pub fn leave_to_seat(&mut self) -> Self {
        let Self { room, room_id, worker, directory, standing, .. } = self;
        let kept = directory.place(room.clone(), *room_id, *worker, *standing);
        self.given_away = true;
        kept
    }

    /// Lets the connection count as being on its way for as long as it has no seat.
    pub fn await_seat(&mut self, approach: Approach) {
        self.approach = Some(approach);
    }

    /// The connection has its seat, and this is what it turned out to be: who does not play leaves its place to a player, and the room
    /// stays as long as it does.
    pub fn seated(&mut self, standing: Standing) {
        self.approach = None;
        if let Some(listed) = self.directory.lock().rooms.get_mut(&self.room_id) {
            *listed.counted_mut(self.standing, self.returning) -= 1;
            *listed.count_mut(standing) += 1;
            (self.standing, self.returning) = (standing, false);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.directory.lock();
        let Some(listed) = state.rooms.get_mut(&self.room_id).filter(|_| !self.given_away) else { return };
        *listed.counted_mut(self.standing, self.returning) -= 1;
        if listed.is_empty() && !listed.made {
            state.strike_off(self.room_id);
        }
    }
}
