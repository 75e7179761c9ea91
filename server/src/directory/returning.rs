//! Places for players who say that their seat is kept: who has none there must not hold the way back shut for who has.
//!
//! ```text
//!   ?resume ─┬─ there is space ─► a place like everybody's
//!            └─ full, draining, or the older connection is still believed in
//!                  └─► one that is good for coming back, and for nothing else: so many per room, few per address
//! ```
//!
//! Never here: whose seat it is (the room decides that by a secret).

use std::net::IpAddr;
use std::sync::Arc;

use super::presence::{count_in, count_out};
use super::{Directory, Place, Refused, RoomName, State};
use crate::standing::Standing;

/// How many of an address may come back at once, at least; where more of its seats are kept, as many as that.
pub(super) const RETURNING_PER_ADDRESS: usize = 2;

/// How many may come back to a room at once, for each player that it may have: those who have a seat there, and who only say so.
const RETURNING_PER_PLAYER: usize = 4;

/// Somebody on the way back to a seat, counted. Dropping it takes it off.
#[derive(Debug)]
pub(super) struct Returning {
    directory: Arc<Directory>,
    /// What it is counted under; none if its address is not limited.
    address: Option<IpAddr>,
}

impl Directory {
    /// Reserves a place for a player who says that its seat in that room is kept. Where all are taken, one of them perhaps by that
    /// seat, or the server drains, it gets one that is good for coming back and for nothing else.
    ///
    /// # Errors
    /// As [`Directory::admit`]; of such places, too, there are only so many per room and per address.
    pub fn admit_again(self: &Arc<Self>, name: &RoomName, address: IpAddr) -> Result<Place, Refused> {
        let mut state = self.lock();
        match state.reserve(name, Standing::Player, &self.caps) {
            Ok((room_id, worker)) => Ok(self.place(name.clone(), room_id, worker, Standing::Player)),
            Err(refused @ (Refused::RoomFull | Refused::Draining)) => {
                self.return_to(&mut state, name, address).ok_or(refused)
            }
            Err(refused) => Err(refused),
        }
    }

    /// A place that is good for coming back and for nothing else, whether there are others or not. None: there is no such room, or as
    /// many are on the way back already as may be.
    #[must_use]
    pub fn admit_to_return(self: &Arc<Self>, name: &RoomName, address: IpAddr) -> Option<Place> {
        self.return_to(&mut self.lock(), name, address)
    }

    fn return_to(self: &Arc<Self>, state: &mut State, name: &RoomName, address: IpAddr) -> Option<Place> {
        let State { names, rooms, away, returning, .. } = state;
        let id = *names.get(name)?;
        let listed = rooms.get_mut(&id)?;
        let address = self.limited(address);
        let kept = address.and_then(|address| away.get(&address)).copied().unwrap_or_default();
        if listed.returning >= RETURNING_PER_PLAYER * self.caps.players_max
            || !count_in(returning, address, RETURNING_PER_ADDRESS.max(kept))
        {
            return None;
        }
        listed.returning += 1;
        let mut place = self.place(name.clone(), id, listed.worker, Standing::Player);
        place.returning = Some(Returning { directory: self.clone(), address });
        Some(place)
    }
}

impl Drop for Returning {
    fn drop(&mut self) {
        count_out(&mut self.directory.lock().returning, self.address);
    }
}
